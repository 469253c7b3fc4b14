//! The messages that the tests' phones send.

use crate::bench::DOMAIN;
use sip::header::{CSeq, To, Via};
use sip::message::{Message, Request, Response};

/// A request from its lines; what is left out is what every request has.
pub fn request(line: &str, user: &str, to: &str, call_id: &str, headers: &[&str]) -> Request {
    let method = line.split(' ').next().unwrap();
    let cseq = if headers.iter().any(|header| header.starts_with("CSeq: ")) { "" } else { "CSeq: 1 " };
    let cseq = if cseq.is_empty() { String::new() } else { format!("{cseq}{method}\r\n") };
    let branch: String = format!("{call_id}{method}").chars().filter(char::is_ascii_alphanumeric).collect();
    let rest: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let text = format!(
        "{line} SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:{user}@{DOMAIN}>;tag=of-{user}\r\nTo: <sip:{to}@{DOMAIN}>\r\nCall-ID: {call_id}\r\n{cseq}{rest}\r\n"
    );
    match Message::parse(text.as_bytes()).expect("the test's own request") {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!("it was written as a request"),
    }
}

/// A SUBSCRIBE that begins a dialog.
pub fn subscribe(user: &str, to: &str, event: &str, headers: &[&str]) -> Request {
    let event_line = format!("Event: {event}");
    let contact = format!("Contact: <sip:{user}-page@{user}.invalid;transport=ws>");
    let all: Vec<&str> = [event_line.as_str(), contact.as_str()].into_iter().chain(headers.iter().copied()).collect();
    let name = event.split(';').next().unwrap();
    request(&format!("SUBSCRIBE sip:{to}@{DOMAIN}"), user, to, &format!("{name}-of-{to}-for-{user}"), &all)
}

/// A SUBSCRIBE in the dialog that this response made of that request.
pub fn within(request: &Request, response: &Response, seq: u32, expires: u32) -> Request {
    let mut next = request.clone();
    next.headers.set(&response.headers.get::<To>().unwrap());
    next.headers.set(&sip::header::Expires(expires));
    numbered(&next, seq)
}

/// The request as a new transaction, with this CSeq.
pub fn numbered(request: &Request, seq: u32) -> Request {
    let mut next = request.clone();
    next.headers.set(&CSeq::new(seq, request.method.clone()));
    let mut via = next.headers.get::<Via>().unwrap();
    let branch = format!("{}x{seq}", via.branch().unwrap());
    via.params.set("branch", Some(&branch)).unwrap();
    next.headers.set(&via);
    next
}

/// A PUBLISH of a document, or of none.
pub fn publish(user: &str, name: &str, document: Option<&str>, headers: &[&str]) -> Request {
    let mut all = vec!["Event: presence"];
    if document.is_some() {
        all.push("Content-Type: application/pidf+xml");
    }
    all.extend(headers);
    let line = format!("PUBLISH sip:{user}@{DOMAIN}");
    let mut request = request(&line, user, user, &format!("publication-{name}-of-{user}"), &all);
    request.body = document.unwrap_or_default().as_bytes().to_vec();
    request
}

/// A REGISTER of a user's phone.
pub fn register(user: &str, phone: &str, seq: u32, expires: u32, reg_id: u32) -> Request {
    let cseq = format!("CSeq: {seq} REGISTER");
    let contact = format!(
        "Contact: <sip:{user}-{phone}@{phone}.invalid;transport=ws>;+sip.instance=\"<urn:uuid:{phone}>\";\
         reg-id={reg_id}"
    );
    let expires = format!("Expires: {expires}");
    let flow = if reg_id == 1 { String::new() } else { format!("-{reg_id}") };
    let call_id = format!("registration-of-{user}-{phone}{flow}");
    request(
        &format!("REGISTER sip:{DOMAIN}"),
        user,
        user,
        &call_id,
        &[&cseq, &contact, &expires, "Supported: outbound"],
    )
}

/// A document with one tuple and these pieces behind it.
pub fn pidf(basic: &str, rest: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" \
         xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\" xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" \
         entity=\"sip:x@y\"><tuple id=\"t\"><status><basic>{basic}</basic></status></tuple>{rest}</presence>"
    )
}

/// A person who does this.
pub fn person(activity: &str) -> String {
    format!("<dm:person id=\"p\"><rpid:activities><rpid:{activity}/></rpid:activities></dm:person>")
}
