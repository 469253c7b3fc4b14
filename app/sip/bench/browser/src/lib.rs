//! `sip` for a page that measures it. Strings come and go as wasm-bindgen copies them: that is part of what a
//! phone in a browser pays.

use sip::header::{Allow, CSeq, CallId, Contact, ContentType, From, MaxForwards, NameAddr, Supported, To, UserAgent};
use sip::header::{Via, ViaTransport};
use sip::message::{Method, Request};
use sip::uri::Uri;
use sip_bench::engines::sip::Sip;
use sip_bench::{Engine, Seen, Sink, Spent};
use wasm_bindgen::prelude::wasm_bindgen;

/// Parses, reads the fields typed, and gives the length of the body; -1 if that cannot be done.
#[wasm_bindgen]
pub fn read(text: &str) -> i32 {
    let Some(message) = parsed(text, &mut Spent) else { return -1 };
    i32::try_from(message.body().len()).unwrap_or(-1)
}

/// What [`read`] reads: a line for each field, `NAME VALUE`, in the order of the names.
#[wasm_bindgen]
pub fn seen(text: &str) -> Option<String> {
    let mut seen = Seen::default();
    parsed(text, &mut seen)?;
    let mut lines: Vec<_> = seen.0.iter().map(|(field, value)| format!("{field:?} {value}")).collect();
    lines.sort();
    Some(lines.join("\n"))
}

/// Writes INVITEs of one phone to one other.
#[wasm_bindgen]
pub struct Writer {
    target: Uri,
    from: NameAddr,
    contact: Contact,
    allow: Allow,
    supported: Supported,
    agent: UserAgent,
}

#[wasm_bindgen]
impl Writer {
    /// With what is the same in every INVITE.
    pub fn new(target: &str, from: &str, contact: &str) -> Option<Self> {
        Some(Self {
            target: target.parse().ok()?,
            from: NameAddr::new(from.parse().ok()?).with_display("Alice").ok()?,
            contact: NameAddr::new(contact.parse().ok()?).into(),
            allow: "INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY".parse().ok()?,
            supported: "timer,ice,replaces,outbound".parse().ok()?,
            agent: UserAgent::new("Tabphone").ok()?,
        })
    }

    /// Builds one of what is new in it, and writes it.
    pub fn write(&self, tag: &str, branch: &str, call_id: &str, seq: u32, sdp: &str) -> Option<String> {
        let mut request = Request::new(Method::Invite, self.target.clone());
        let headers = &mut request.headers;
        headers.push(&Via::new(ViaTransport::Wss, "p4kv0u1nq7ds.invalid".parse().ok()?, None, branch));
        headers.push(&MaxForwards(69));
        headers.push(&To::new(NameAddr::new(self.target.clone())));
        headers.push(&From::new(self.from.clone()).with_tag(tag));
        headers.push(&CallId::new(call_id).ok()?);
        headers.push(&CSeq::new(seq, Method::Invite));
        headers.push(&self.contact);
        headers.push(&ContentType::SDP);
        headers.push(&self.allow);
        headers.push(&self.supported);
        headers.push(&self.agent);
        request.body = sdp.as_bytes().to_vec();
        String::from_utf8(request.to_bytes()).ok()
    }
}

fn parsed(text: &str, sink: &mut impl Sink) -> Option<sip::message::Message> {
    let message = Sip::parse(text.as_bytes())?;
    Sip::read(&message, sink)?;
    Some(message)
}
