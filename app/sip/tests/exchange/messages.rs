//! The messages that the tests' phones send.

use crate::bench::DOMAIN;
use sip::digest::{self, Algorithm, Policy};
use sip::message::{HeaderName, Message, Method, Request, Response};

/// The request again, signed with this password for the challenge of that algorithm.
pub fn signed(request: &Request, response: &Response, algorithm: Algorithm, user: &str, password: &str) -> Request {
    let offered = digest::offered(response);
    let wanted: Vec<_> = offered.into_iter().filter(|challenge| challenge.algorithm() == algorithm).collect();
    let challenge = digest::choose(&wanted, Policy::default()).expect("that algorithm is offered");
    let ha1 = digest::ha1(&algorithm, user, DOMAIN, password);
    let uri = request.uri.to_string();
    let credentials = digest::sign(challenge, &ha1, user, &request.method, &uri, &request.body, "a cnonce", 1);
    let mut next = request.clone();
    let header = if response.status.code() == 401 { "Authorization" } else { "Proxy-Authorization" };
    next.headers.push_raw(header, &credentials.to_string()).unwrap();
    again(&next)
}

/// The request as a new transaction: the next CSeq, a new branch.
pub fn again(request: &Request) -> Request {
    let mut next = request.clone();
    let mut cseq = next.headers.get::<sip::header::CSeq>().unwrap();
    cseq.seq += 1;
    next.headers.set(&cseq);
    let mut via = next.headers.get::<sip::header::Via>().unwrap();
    let branch = format!("{}n", via.branch().unwrap());
    via.params.set("branch", Some(&branch)).unwrap();
    next.headers.set(&via);
    next
}

/// A request from its lines; what is left out is what every request has.
pub fn request(line: &str, from: &str, to: &str, call_id: &str, headers: &[&str]) -> Request {
    let method: Method = line.split(' ').next().unwrap().parse().unwrap();
    let cseq = headers.iter().find(|header| header.starts_with("CSeq: ")).map_or("CSeq: 1 ", |_| "");
    let cseq = if cseq.is_empty() { String::new() } else { format!("{cseq}{method}\r\n") };
    let branch = format!("{call_id}{method}{}", headers.concat().len() + from.len() * 7 + to.len());
    let branch: String = branch.chars().filter(char::is_ascii_alphanumeric).collect();
    let rest: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let text = format!(
        "{line} SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
         From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\n{cseq}{rest}\r\n"
    );
    match Message::parse(text.as_bytes()).expect("the test's own request") {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!("it was written as a request"),
    }
}

/// A REGISTER of a user's phone.
pub fn register(user: &str, phone: &str, seq: u32, expires: u32) -> Request {
    let own = format!("<sip:{user}@{DOMAIN}>");
    request(
        &format!("REGISTER sip:{DOMAIN}"),
        &format!("{own};tag=r{phone}"),
        &own,
        &format!("reg-{user}-{phone}"),
        &[&format!("CSeq: {seq} REGISTER"), &contact(user, phone), &format!("Expires: {expires}")],
    )
}

pub fn contact(user: &str, phone: &str) -> String {
    format!("Contact: <sip:{user}-{phone}@{phone}.invalid;transport=ws>;+sip.instance=\"<urn:uuid:{phone}>\";reg-id=1")
}

/// An INVITE that begins a call.
pub fn invite(user: &str, phone: &str, to: &str) -> Request {
    request(
        &format!("INVITE sip:{to}@{DOMAIN}"),
        &format!("\"me\" <sip:{user}@{DOMAIN}>;tag=c{phone}"),
        &format!("<sip:{to}@{DOMAIN}>"),
        &format!("call-{user}-{phone}-{to}"),
        &[&format!("Contact: <sip:{user}-{phone}@{phone}.invalid;transport=ws>")],
    )
}

/// The response of a phone, with its tag and contact.
pub fn answer(request: &Request, status: u16, user: &str, phone: &str) -> Response {
    let mut response = Response::to_request(request, sip::message::Status::new(status).unwrap());
    response.set_to_tag(&format!("t{phone}"));
    if request.method == Method::Invite {
        let contact = format!("<sip:{user}-{phone}@{phone}.invalid;transport=ws>");
        response.headers.push_raw("Contact", &contact).unwrap();
    }
    response
}

/// A request within the dialog that this response made, from the one who called.
pub fn within(method: &str, invite: &Request, response: &Response, seq: u32) -> Request {
    let mut next = from_dialog(method, seq, response);
    next.headers.copy_from(&invite.headers, HeaderName::From);
    next.headers.copy_from(&response.headers, HeaderName::To);
    next
}

/// A request within the dialog, from the one who was called: `invite` as it arrived there.
pub fn within_back(method: &str, invite: &Request, response: &Response, seq: u32) -> Request {
    let mut next = from_dialog(method, seq, &{
        let mut seen = response.clone();
        seen.headers.remove(HeaderName::Contact);
        seen.headers.copy_from(&invite.headers, HeaderName::Contact);
        seen
    });
    let from = response.headers.get::<sip::header::To>().unwrap();
    let to = response.headers.get::<sip::header::From>().unwrap();
    next.headers.push_raw("From", &from.to_string()).unwrap();
    next.headers.push_raw("To", &to.to_string()).unwrap();
    next
}

fn from_dialog(method: &str, seq: u32, response: &Response) -> Request {
    let target = response.headers.get::<sip::header::Contact>().unwrap();
    let method: Method = method.parse().unwrap();
    let mut next = Request::new(method.clone(), target.address().unwrap().uri.clone());
    next.headers.push_raw("Via", &format!("SIP/2.0/WS d.invalid;branch=z9hG4bKd{method}{seq}")).unwrap();
    let route = response.headers.get::<sip::header::RecordRoute>().unwrap();
    next.headers.push_raw("Route", &route.to_string()).unwrap();
    next.headers.copy_from(&response.headers, HeaderName::CallId);
    next.headers.push_raw("CSeq", &format!("{seq} {method}")).unwrap();
    next
}

pub fn first_line(message: &Message) -> String {
    match message {
        Message::Request(request) => format!("{} {}", request.method, request.uri),
        Message::Response(response) => format!("{} {}", response.status, response.reason()),
    }
}

pub fn lines(messages: &[Message]) -> String {
    messages.iter().map(first_line).collect::<Vec<_>>().join(", ")
}
