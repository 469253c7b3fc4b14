//! What phones in browsers make of the descriptions that come.

use super::network::Seen;
use super::{ALICE, BOB, Net, last_response, net};
use sip::agent::{Cause, Config, Event, Input, Output, Phase, Question};
use sip::header::{ContentType, To, Via, Warning};
use sip::message::{Message, Method, Request, Response, Status};
use sip::sdp::Unfit;

/// What a browser can take, in short.
const GOOD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
    c=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n\
    a=fingerprint:sha-256 0A:1B\r\na=setup:actpass\r\na=rtcp-mux\r\n";
/// What phones without a browser offer.
const PLAIN: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 8 0\r\n";
const WHY: &str = "plain RTP instead of DTLS-SRTP; no ICE (ice-ufrag, ice-pwd); no rtcp-mux";

/// Both registered; Bob's phone is in a browser.
fn ready() -> Net {
    let mut net = net();
    net.phone_mut(BOB).configure(|config: &mut Config| config.webrtc = true);
    net.start(ALICE);
    net.start(BOB);
    net
}

fn says(net: &mut Net, phone: usize, description: &str) {
    net.phone_mut(phone).says = Some(description.into());
}

fn established() -> Net {
    let mut net = ready();
    says(&mut net, ALICE, GOOD);
    says(&mut net, BOB, GOOD);
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.settle();
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    net
}

/// Sound that a browser can take rings, whatever stands beside it: what is unfit is refused in the answer.
#[test]
fn a_picture_that_no_browser_can_take_does_not_cost_the_call() {
    let mut net = ready();
    says(&mut net, ALICE, &format!("{GOOD}m=video 5000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"));
    says(&mut net, BOB, GOOD);
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(net.phone(BOB).phase(), Some(Phase::RingingHere));
    net.answer(BOB);
    net.settle();
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

/// A page that was loaded anew has another connection, which may know less than the session had (RFC 3264 8).
#[test]
fn an_offer_of_a_fresh_connection_keeps_the_places_of_the_session() {
    let mut net = ready();
    let video = GOOD.replace("m=audio", "m=video").split_once("m=").map(|(_, video)| format!("m={video}")).unwrap();
    says(&mut net, ALICE, &format!("{GOOD}{video}"));
    says(&mut net, BOB, &format!("{GOOD}{video}"));
    net.dial(ALICE, "bob");
    net.settle();
    let call = net.phone(BOB).agent.calls().next().unwrap().id;
    let offered = net.phone(BOB).agent.offered(call).unwrap();
    assert_eq!(offered.media().len(), 2, "it rings with a picture");
    net.answer(BOB);
    net.settle();
    assert_eq!(net.phone(BOB).agent.offered(call), None, "it is answered");
    assert_eq!(net.phone(BOB).agent.description(call).unwrap().media().len(), 2);

    says(&mut net, BOB, &GOOD.replace("o=- 1 1", "o=- 77 1"));
    net.reoffer(BOB);
    net.settle();
    let invites = net.exchange.requests(&Method::Invite);
    let offer = sip::sdp::SessionDescription::parse(&invites.last().unwrap().body).unwrap();
    let kinds: Vec<(&str, bool)> = offer.media().iter().map(|media| (media.kind(), media.is_rejected())).collect();
    assert_eq!(kinds, [("audio", false), ("video", true)]);
}

fn unfit(net: &Net, phone: usize) -> Vec<Unfit> {
    match net.phone(phone).causes().pop() {
        Some(Cause::Unfit(unfit)) => unfit.reasons().to_vec(),
        other => panic!("{other:?}"),
    }
}

fn responses(net: &Net, status: Status) -> Vec<&Response> {
    let responses = net.exchange.received.iter().filter_map(|message| match message {
        Message::Response(response) => Some(response),
        Message::Request(_) => None,
    });
    responses.filter(|response| response.status == status).collect()
}

fn warning(response: &Response) -> String {
    response.headers.get::<Warning>().unwrap().text.to_string()
}

#[test]
fn what_no_browser_can_take_does_not_ring_and_both_learn_why() {
    let mut net = ready();
    says(&mut net, ALICE, PLAIN);
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(responses(&net, Status::RINGING).len(), 0);
    let [refusal] = responses(&net, Status::NOT_ACCEPTABLE_HERE)[..] else { panic!("one refusal") };
    assert_eq!(warning(refusal), WHY);
    assert_eq!(net.phone(ALICE).causes(), [Cause::NotAcceptable(WHY.into())]);
    assert!(!net.phone(BOB).seen.iter().any(|seen| matches!(seen, Seen::Incoming(..))), "it does not ring");
    assert_eq!(unfit(&net, BOB), [Unfit::PlainRtp, Unfit::NoIce, Unfit::NoRtcpMux]);
    assert_eq!(net.phone(BOB).phase(), None);
    insta::assert_snapshot!(net.ladder());
}

#[test]
fn what_is_no_description_at_all_is_refused_with_its_place() {
    let mut net = ready();
    net.dial(ALICE, "bob");
    net.settle();
    let [refusal] = responses(&net, Status::NOT_ACCEPTABLE_HERE)[..] else { panic!("one refusal") };
    assert_eq!(warning(refusal), "malformed SDP: the version is not v=0 in line 1, at byte 0");
}

#[test]
fn an_answer_that_no_browser_can_take_ends_the_call() {
    let mut net = ready();
    says(&mut net, BOB, GOOD);
    says(&mut net, ALICE, PLAIN);
    net.dial(BOB, "alice");
    net.settle();
    net.answer(ALICE);
    net.settle();
    assert_eq!(unfit(&net, BOB), [Unfit::PlainRtp, Unfit::NoIce, Unfit::NoRtcpMux]);
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpThere]);
    assert_eq!(net.exchange.requests(&Method::Ack).len(), 1);
    insta::assert_snapshot!(net.ladder());
}

#[test]
fn a_reoffer_that_no_browser_can_take_is_refused_and_the_call_goes_on() {
    let mut net = established();
    says(&mut net, ALICE, PLAIN);
    net.reoffer(ALICE);
    net.settle();
    let [refusal] = responses(&net, Status::NOT_ACCEPTABLE_HERE)[..] else { panic!("one refusal") };
    assert_eq!(warning(refusal), WHY);
    assert_eq!([ALICE, BOB].map(|phone| net.phone(phone).phase()), [Some(Phase::Established); 2]);
    says(&mut net, ALICE, GOOD);
    net.reoffer(ALICE);
    net.settle();
    assert_eq!(responses(&net, Status::OK).len(), 2, "the next one is answered");
}

#[test]
fn a_reoffer_that_is_answered_with_what_no_browser_can_take_ends_the_call() {
    let mut net = established();
    says(&mut net, ALICE, PLAIN);
    net.reoffer(BOB);
    net.settle();
    assert_eq!(unfit(&net, BOB).len(), 3);
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpThere]);
}

/// An INVITE for Bob whose body is of this type.
fn invite(content_type: &str, body: &str) -> Request {
    let mut invite = super::request(
        "INVITE sip:bob-page@bob.invalid SIP/2.0\r\nVia: SIP/2.0/WSS carol.invalid;branch=z9hG4bKmixed\r\n\
         From: <sip:carol@example.com>;tag=c\r\nTo: <sip:bob@example.com>\r\nCall-ID: mixed\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:carol-page@carol.invalid>\r\n\r\n",
    );
    invite.headers.set(&content_type.parse::<ContentType>().unwrap());
    invite.body = body.into();
    invite
}

fn mixed(parts: &[(&str, &str)]) -> Request {
    let parts: String =
        parts.iter().map(|(kind, body)| format!("--b\r\nContent-Type: {kind}\r\n\r\n{body}\r\n")).collect();
    invite("multipart/mixed;boundary=b", &format!("{parts}--b--\r\n"))
}

/// What Bob's page is asked to answer when it takes the call.
fn asked(net: &mut Net) -> Option<Question> {
    let now = net.now;
    let agent = &mut net.phone_mut(BOB).agent;
    let id = agent.calls().next()?.id;
    agent.answer(id, now).unwrap();
    std::iter::from_fn(|| agent.poll()).find_map(|output| match output {
        Output::Ask(_, question) => Some(question),
        Output::Connect(_) | Output::Disconnect | Output::Transmit(_) | Output::Event(_) => None,
    })
}

#[test]
fn an_offer_among_other_parts_is_understood() {
    let mut net = ready();
    let invite = mixed(&[("text/plain", "a photo of you"), ("application/sdp", GOOD)]);
    net.inject(BOB, &invite.to_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::RINGING);
    let Some(Question::Answer { offer: Some(offer), .. }) = asked(&mut net) else { panic!("an offer") };
    assert_eq!((&*offer.content_type, core::str::from_utf8(&offer.bytes).unwrap()), ("application/sdp", GOOD));
}

#[test]
fn an_offer_among_other_parts_is_checked_like_any_other() {
    let mut net = ready();
    net.inject(BOB, &mixed(&[("application/sdp", PLAIN)]).to_bytes());
    net.settle();
    assert_eq!(warning(&last_response(&net)), WHY);
}

#[test]
fn parts_without_an_offer_ask_for_ours() {
    let mut net = ready();
    let invite = mixed(&[("text/plain", "hello")]);
    net.inject(BOB, &invite.to_bytes());
    net.settle();
    says(&mut net, BOB, GOOD);
    net.answer(BOB);
    net.settle();
    let mut ack = invite.clone();
    ack.method = Method::Ack;
    ack.headers.set(&sip::header::CSeq::new(1, Method::Ack));
    ack.headers.set(&last_response(&net).headers.get::<To>().unwrap());
    let mut via = ack.headers.get::<Via>().unwrap();
    via.params.set("branch", Some("z9hG4bKack")).unwrap();
    ack.headers.set(&via);
    ack.body = mixed(&[("application/sdp", GOOD)]).body;
    let now = net.now;
    let agent = &mut net.phone_mut(BOB).agent;
    agent.handle(Input::Received(&ack.to_bytes()), now);
    let told = std::iter::from_fn(|| agent.poll()).any(|output| {
        matches!(output, Output::Event(Event::Remote { answer, early: false, .. }) if answer.bytes == GOOD.as_bytes())
    });
    assert!(told, "the answer in the ACK is applied");
}

#[test]
fn parts_that_must_be_understood_and_are_not_make_a_415() {
    for request in [
        mixed(&[("application/sdp", GOOD), ("application/isup\r\nContent-Disposition: signal;handling=required", "x")]),
        invite("application/isup", "x"),
    ] {
        let mut net = ready();
        net.inject(BOB, &request.to_bytes());
        net.settle();
        assert_eq!(last_response(&net).status, Status::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(net.phone(BOB).phase(), None);
    }
}
