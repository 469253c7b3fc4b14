use super::{Hostile, MALLORY, MARK, get};
use sip::header::{CSeq, CallId, Contact, From, RecordRoute, Route, To};
use sip::message::{Headers, Message};

/// A dialog of others, as it was overheard.
pub(super) struct Dialog {
    pub(super) call_id: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) from_tag: String,
    pub(super) to_tag: String,
    /// The exchange's own Route in it, as its ends write it.
    pub(super) route: String,
    /// Where its ends can be reached.
    pub(super) contact: String,
    pub(super) seq: u32,
}

/// What one request is to be.
pub(super) struct Draft<'a> {
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) call_id: &'a str,
    pub(super) seq: u32,
    /// Further lines.
    pub(super) more: &'a str,
    pub(super) body: &'a str,
}

impl Hostile {
    /// A request, with a branch of its own.
    pub(super) fn write(&mut self, draft: &Draft<'_>) -> Vec<u8> {
        let branch = format!("z9hG4bKmallory{}", self.fresh());
        Self::write_as(draft, &branch)
    }

    /// A request with this branch.
    pub(super) fn write_as(draft: &Draft<'_>, branch: &str) -> Vec<u8> {
        let Draft { method, uri, from, to, call_id, seq, more, body } = draft;
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS mallory.invalid;branch={branch}\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {seq} {method}\r\n{MARK}\r\n{more}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    /// A request of their own to somebody, outside of dialogs.
    pub(super) fn own(&mut self, method: &str, to: &str, more: &str, body: &str) -> Vec<u8> {
        let number = self.fresh();
        let (uri, call_id) = (address(to), format!("{MALLORY}-{number}"));
        let (from, to) = (format!("<{}>;tag=m{number}", address(MALLORY)), format!("<{uri}>"));
        let more = format!("{CONTACT}{more}");
        let call_id = &call_id;
        self.write(&Draft { method, uri: &uri, from: &from, to: &to, call_id, seq: 1, more: &more, body })
    }

    /// A dialog of others.
    pub(super) fn dialog(&mut self) -> Option<Dialog> {
        (0..6).find_map(|_| {
            let message = self.overheard()?;
            let headers = match &message {
                Message::Request(request) => &request.headers,
                Message::Response(response) => &response.headers,
            };
            let call_id = get::<CallId>(headers)?.to_string();
            let (from, to) = (get::<From>(headers)?, get::<To>(headers)?);
            let (from_tag, to_tag) = (from.tag()?.to_string(), to.tag()?.to_string());
            let (from, to) = (from.to_string(), to.to_string());
            let hers = self.is_in(&call_id);
            let (route, contact, seq) = (route(headers), contact(headers), get::<CSeq>(headers)?.seq);
            (!hers).then_some(Dialog { call_id, from, to, from_tag, to_tag, route, contact, seq })
        })
    }
}

/// The Contact of who is hostile.
pub(super) const CONTACT: &str = "Contact: <sip:mallory-0@mallory.invalid;transport=ws>\r\n";

pub(super) fn address(user: &str) -> String {
    format!("sip:{user}@example.com")
}

/// The Route that the ends of a dialog write, as a line.
fn route(headers: &Headers) -> String {
    let own = get::<Route>(headers).map(|route| route.to_string());
    let recorded = || get::<RecordRoute>(headers).map(|route| route.to_string());
    own.or_else(recorded).map(|route| format!("Route: {route}\r\n")).unwrap_or_default()
}

fn contact(headers: &Headers) -> String {
    let contact = get::<Contact>(headers).and_then(|contact| Some(contact.address()?.uri.to_string()));
    contact.unwrap_or_else(|| address("alice"))
}
