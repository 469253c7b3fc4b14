//! Carol, whose phones are played by the tests: each is known by the tag that it gives.

use super::flows::start;
use super::{ALICE, Net, request};
use sip::header::{CSeq, CallId, From, RAck, RSeq, To};
use sip::message::{HeaderName, Message, Method, Response, Status};

/// Everybody is there, and Carol is played.
pub(super) fn begin(net: &mut Net) {
    net.exchange.played.push("carol".into());
    start(net);
}

/// Everybody is there, and Alice called Carol.
pub(super) fn dialled(net: &mut Net) {
    begin(net);
    net.dial(ALICE, "carol");
    net.settle();
}

/// As [`dialled`], in a network of its own.
pub(super) fn dialling() -> Net {
    let mut net = super::net();
    dialled(&mut net);
    net
}

/// A response of Carol's phone `tag` to the last INVITE.
pub(super) fn response(net: &Net, code: u16, tag: &str, lines: &str, body: &str) -> Response {
    let invite = net.exchange.requests(&Method::Invite).last().copied().expect("an INVITE").clone();
    let mut response = Response::to_request(&invite, Status::new(code).unwrap());
    if code > 100 {
        response.set_to_tag(tag);
        response.headers.push_raw("Contact", &format!("<sip:{tag}@carol.invalid>")).unwrap();
    }
    for line in lines.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        response.headers.push_raw(name, value).unwrap();
    }
    if !body.is_empty() {
        response.headers.push_raw("Content-Type", "application/sdp").unwrap();
        response.body = body.into();
    }
    response
}

/// Carol's phone `tag` answers the last INVITE.
pub(super) fn says(net: &mut Net, code: u16, tag: &str, body: &str) {
    let response = response(net, code, tag, "", body);
    net.say(ALICE, response.to_bytes());
    net.settle();
}

/// As [`says`], reliably, with this number.
pub(super) fn says_reliably(net: &mut Net, code: u16, tag: &str, rseq: u32, body: &str) {
    let mut response = response(net, code, tag, "Require: 100rel", body);
    response.headers.push(&RSeq(rseq));
    net.say(ALICE, response.to_bytes());
    net.settle();
}

/// Carol answers the last request of this method.
pub(super) fn replies(net: &mut Net, method: &Method, code: u16) {
    let request = net.exchange.requests(method).last().copied().expect("such a request").clone();
    let mut response = Response::to_request(&request, Status::new(code).unwrap());
    response.set_to_tag("carol");
    net.say(ALICE, response.to_bytes());
    net.settle();
}

/// A request of Carol's phone `tag` in its dialog of the call that Alice began.
pub(super) fn asks(net: &mut Net, method: Method, tag: &str, seq: u32, body: &str) {
    let invite = net.exchange.requests(&Method::Invite)[0].clone();
    let mut to = invite.headers.get::<To>().unwrap();
    let (from, call_id) = (invite.headers.get::<From>().unwrap(), invite.headers.get::<CallId>().unwrap());
    to.0.params.set("tag", Some(tag)).unwrap();
    let body_type = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let text = format!(
        "{method} sip:alice-page@alice.invalid SIP/2.0\r\nVia: SIP/2.0/WSS carol.invalid;branch=z9hG4bK{tag}{seq}\r\n\
         From: {to}\r\nTo: {from}\r\nCall-ID: {call_id}\r\nCSeq: {seq} {method}\r\n\
         Contact: <sip:{tag}-moved@carol.invalid>\r\n{body_type}\r\n{body}"
    );
    net.say(ALICE, request(&text).to_bytes());
    net.settle();
}

/// Carol calls Alice, with these lines more.
pub(super) fn calls(net: &mut Net, lines: &str, body: &str) {
    let body_type = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let text = format!(
        "INVITE sip:alice-page@alice.invalid SIP/2.0\r\nVia: SIP/2.0/WSS carol.invalid;branch=z9hG4bKcarol\r\n\
         From: \"Carol\" <sip:carol@example.com>;tag=carol\r\nTo: <sip:alice@example.com>\r\nCall-ID: of-carol\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:desk@carol.invalid>\r\n{lines}{body_type}\r\n{body}"
    );
    net.say(ALICE, request(&text).to_bytes());
    net.settle();
}

/// Alice rings, as Carol called her.
pub(super) fn called(lines: &str, body: &str) -> Net {
    let mut net = super::net();
    begin(&mut net);
    calls(&mut net, lines, body);
    net
}

/// A request of Carol in the call that she began: an ACK has the number of the INVITE, CANCEL its branch and no tag.
pub(super) fn goes_on(net: &mut Net, method: Method, seq: u32, lines: &str, body: &str) {
    let tag = last_to(net);
    let same = matches!(method, Method::Cancel);
    let to = if same { "<sip:alice@example.com>".into() } else { tag.to_string() };
    let branch = if same { "z9hG4bKcarol".into() } else { format!("z9hG4bKcarol{method}{seq}") };
    let body_type = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let text = format!(
        "{method} sip:alice-page@alice.invalid SIP/2.0\r\nVia: SIP/2.0/WSS carol.invalid;branch={branch}\r\n\
         From: \"Carol\" <sip:carol@example.com>;tag=carol\r\nTo: {to}\r\nCall-ID: of-carol\r\nCSeq: {seq} {method}\r\n\
         Contact: <sip:moved@carol.invalid>\r\n{lines}{body_type}\r\n{body}"
    );
    net.say(ALICE, request(&text).to_bytes());
    net.settle();
}

/// Carol acknowledges the reliable response that Alice sent last.
pub(super) fn pracks(net: &mut Net, seq: u32) {
    let RSeq(rseq) = sent(net).iter().rev().find_map(|response| response.headers.get::<RSeq>().ok()).expect("an RSeq");
    let rack = RAck { rseq, seq: 1, method: Method::Invite };
    goes_on(net, Method::Prack, seq, &format!("RAck: {rack}\r\n"), "");
}

/// All responses that Alice sent.
pub(super) fn sent(net: &Net) -> Vec<Response> {
    let responses = net.exchange.received.iter().filter_map(|message| match message {
        Message::Response(response) => Some(response.clone()),
        Message::Request(_) => None,
    });
    responses.collect()
}

/// The statuses of all responses that Alice sent to requests of this method.
pub(super) fn statuses(net: &Net, method: &Method) -> Vec<u16> {
    let of = |response: &Response| response.headers.get::<CSeq>().is_ok_and(|cseq| cseq.method == *method);
    sent(net).iter().filter(|response| of(response)).map(|response| response.status.code()).collect()
}

fn last_to(net: &Net) -> To {
    let of_carol = |response: &&Response| {
        response.headers.contains(HeaderName::To) && response.headers.get::<To>().is_ok_and(|to| to.tag().is_some())
    };
    let responses = sent(net);
    match responses.iter().rev().find(of_carol) {
        Some(response) => response.headers.get::<To>().unwrap(),
        // Nothing with a tag left yet: the tag is in the call.
        None => {
            let tag = net.phone(ALICE).agent.calls().next().expect("a call").local_tag;
            format!("<sip:alice@example.com>;tag={tag}").parse().unwrap()
        }
    }
}

/// The descriptions that Alice was told of.
pub(super) fn described(net: &Net) -> Vec<String> {
    net.phone(ALICE).described()
}
