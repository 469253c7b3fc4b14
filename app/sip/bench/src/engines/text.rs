//! Engines that leave the values of headers as text. What others read is cut out of it here, and not checked:
//! less work than the others do. A dagger marks them in the tables.

use sip::message::{HeaderName, Message};

use crate::{Engine, Field, Sink};

/// Ours, left as text in the same way: what the engines here are to be compared with.
pub struct SipAsText;

impl Engine for SipAsText {
    const NAME: &'static str = "sip (ours) †";
    type Message<'a> = Message;

    fn parse(bytes: &[u8]) -> Option<Message> {
        Message::parse(bytes).ok()
    }

    fn read(message: &Message, sink: &mut impl Sink) -> Option<()> {
        match message {
            Message::Request(request) => {
                sink.take(Field::Method, &request.method);
                sink.take(Field::Uri, &request.uri);
            }
            Message::Response(response) => sink.take(Field::Status, &response.status),
        }
        let headers = message.headers();
        let from = headers.raw(&HeaderName::From).next()?;
        sink.take(Field::FromTag, &param(from, "tag")?);
        sink.take(Field::FromUri, &uri(from)?);
        sink.take(Field::ToUri, &uri(headers.raw(&HeaderName::To).next()?)?);
        sink.take(Field::Branch, &param(headers.raw(&HeaderName::Via).next()?, "branch")?);
        let cseq: u32 = headers.raw(&HeaderName::CSeq).next()?.split(' ').next()?.parse().ok()?;
        sink.take(Field::CSeq, &cseq);
        if let Some(contact) = headers.raw(&HeaderName::Contact).next() {
            sink.take(Field::Contact, &uri(contact)?);
        }
        Some(())
    }

    fn write(message: &Message) -> Option<Vec<u8>> {
        Some(message.to_bytes())
    }
}

/// <https://crates.io/crates/sip-core>. It can cut out a tag and a URI itself.
pub struct SipCore;

impl Engine for SipCore {
    const NAME: &'static str = "sip-core 0.3.0 †";
    type Message<'a> = sip_core::SipMessage;

    fn parse(bytes: &[u8]) -> Option<sip_core::SipMessage> {
        sip_core::SipMessage::parse(std::str::from_utf8(bytes).ok()?).ok()
    }

    fn read(message: &sip_core::SipMessage, sink: &mut impl Sink) -> Option<()> {
        use sip_core::SipMessage;
        use sip_core::header::{HeaderName, extract_tag, extract_uri};

        match message {
            SipMessage::Request(request) => {
                sink.take(Field::Method, &request.method.as_str());
                sink.take(Field::Uri, &request.uri);
            }
            SipMessage::Response(response) => sink.take(Field::Status, &response.status.0),
        }
        let value = |name| message.headers().get(&name).map(|value| value.as_str());
        let from = value(HeaderName::From)?;
        sink.take(Field::FromTag, &extract_tag(from)?);
        sink.take(Field::FromUri, &extract_uri(from)?);
        sink.take(Field::ToUri, &extract_uri(value(HeaderName::To)?)?);
        sink.take(Field::Branch, &param(value(HeaderName::Via)?, "branch")?);
        sink.take(Field::CSeq, &message.cseq()?.0);
        if let Some(contact) = value(HeaderName::Contact) {
            sink.take(Field::Contact, &extract_uri(contact)?);
        }
        Some(())
    }

    fn write(message: &sip_core::SipMessage) -> Option<Vec<u8>> {
        Some(message.to_bytes())
    }
}

/// <https://crates.io/crates/xphone>. It can cut out From's tag and the branch, and reads CSeq.
pub struct Xphone;

impl Engine for Xphone {
    const NAME: &'static str = "xphone 0.6.0 †";
    type Message<'a> = xphone::sip::message::Message;

    fn parse(bytes: &[u8]) -> Option<xphone::sip::message::Message> {
        xphone::sip::message::parse(bytes).ok()
    }

    fn read(message: &xphone::sip::message::Message, sink: &mut impl Sink) -> Option<()> {
        if message.is_response() {
            sink.take(Field::Status, &message.status_code);
        } else {
            sink.take(Field::Method, &message.method);
            sink.take(Field::Uri, &message.request_uri);
        }
        sink.take(Field::FromTag, &message.from_tag());
        sink.take(Field::FromUri, &uri(message.header("From"))?);
        sink.take(Field::ToUri, &uri(message.header("To"))?);
        sink.take(Field::Branch, &message.via_branch());
        sink.take(Field::CSeq, &message.cseq().0);
        if let Some(contact) = uri(message.header("Contact")) {
            sink.take(Field::Contact, &contact);
        }
        Some(())
    }

    fn write(message: &xphone::sip::message::Message) -> Option<Vec<u8>> {
        Some(message.to_bytes())
    }
}

/// <https://crates.io/crates/parsip>. It only splits into lines, names and values, and borrows all. It does not
/// write messages.
pub struct Parsip;

/// The start line and the fields, with room for 32.
pub struct ParsipMessage<'a> {
    method: Option<&'a str>,
    uri: Option<&'a str>,
    status: Option<u16>,
    headers: [parsip::Header<'a>; 32],
}

impl Engine for Parsip {
    const NAME: &'static str = "parsip 0.1.0 †";
    type Message<'a> = ParsipMessage<'a>;

    fn parse(bytes: &[u8]) -> Option<ParsipMessage<'_>> {
        let mut headers = [parsip::EMPTY_HEADER; 32];
        if bytes.starts_with(b"SIP/") {
            let mut response = parsip::Response::new(&mut headers);
            response.parse(bytes).to_result().ok()?;
            let status = response.code;
            return Some(ParsipMessage { method: None, uri: None, status, headers });
        }
        let mut request = parsip::Request::new(&mut headers);
        request.parse(bytes).to_result().ok()?;
        let (method, uri) = (request.method, request.path);
        Some(ParsipMessage { method, uri, status: None, headers })
    }

    fn read(message: &ParsipMessage<'_>, sink: &mut impl Sink) -> Option<()> {
        if let Some(status) = message.status {
            sink.take(Field::Status, &status);
        } else {
            sink.take(Field::Method, &message.method?);
            sink.take(Field::Uri, &message.uri?);
        }
        let value = |name: &str| {
            let header = message.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(header.value).ok()
        };
        let from = value("From")?;
        sink.take(Field::FromTag, &param(from, "tag")?);
        sink.take(Field::FromUri, &uri(from)?);
        sink.take(Field::ToUri, &uri(value("To")?)?);
        sink.take(Field::Branch, &param(value("Via")?, "branch")?);
        let cseq: u32 = value("CSeq")?.split(' ').next()?.parse().ok()?;
        sink.take(Field::CSeq, &cseq);
        if let Some(contact) = value("Contact") {
            sink.take(Field::Contact, &uri(contact)?);
        }
        Some(())
    }

    fn write(_message: &ParsipMessage<'_>) -> Option<Vec<u8>> {
        None
    }
}

/// What stands between angle brackets.
fn uri(value: &str) -> Option<&str> {
    value.split_once('<')?.1.split_once('>').map(|(uri, _)| uri)
}

/// The value of a parameter behind the address.
fn param<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let behind = value.rsplit_once('>').map_or(value, |(_, behind)| behind);
    behind.split(';').find_map(|param| param.strip_prefix(name)?.strip_prefix('='))
}
