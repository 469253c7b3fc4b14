use xylosip::header::{ContactValue, FromParam, Header, ViaParam};
use xylosip::{Message, Method};

use crate::{Engine, Field, Sink};

/// <https://crates.io/crates/xylosip>. Eager, and borrows; URIs stay text that was checked. It reads only requests,
/// and does not write messages.
pub struct XyloSip;

impl Engine for XyloSip {
    const NAME: &'static str = "xylosip 0.1.0";
    type Message<'a> = Message<'a>;

    fn parse(bytes: &[u8]) -> Option<Message<'_>> {
        Message::parse(bytes).ok()
    }

    fn read(message: &Message<'_>, sink: &mut impl Sink) -> Option<()> {
        let Message::Request(request) = message else { return None };
        sink.take(Field::Method, &method(request.request_line.method));
        sink.take(Field::Uri, &request.request_line.uri);
        let headers = &request.headers;
        let from = find(headers, |header| if let Header::From(from) = header { Some(from) } else { None })?;
        let tag = from.params.iter().find_map(|param| if let FromParam::Tag(tag) = param { Some(tag) } else { None });
        sink.take(Field::FromTag, tag?);
        sink.take(Field::FromUri, &from.addr);
        let to = find(headers, |header| if let Header::To(to) = header { Some(to) } else { None })?;
        sink.take(Field::ToUri, &to.addr);
        let via = find(headers, |header| if let Header::Via(via) = header { via.first() } else { None })?;
        let branch =
            via.params.iter().find_map(|param| if let ViaParam::Branch(name) = param { Some(name) } else { None });
        sink.take(Field::Branch, branch?);
        let cseq = find(headers, |header| if let Header::CSeq(cseq, _) = header { Some(cseq) } else { None })?;
        sink.take(Field::CSeq, cseq);
        let contact = find(headers, |header| if let Header::Contact(contact) = header { Some(contact) } else { None });
        if let Some(contact) = contact {
            let ContactValue::Specific(contacts) = contact else { return None };
            sink.take(Field::Contact, &contacts.first()?.addr);
        }
        Some(())
    }

    fn write(_message: &Message<'_>) -> Option<Vec<u8>> {
        None
    }
}

fn find<'a, 'b, T>(headers: &'b [Header<'a>], which: impl Fn(&'b Header<'a>) -> Option<T>) -> Option<T> {
    headers.iter().find_map(which)
}

fn method(method: Method<'_>) -> &str {
    match method {
        Method::Invite => "INVITE",
        Method::Ack => "ACK",
        Method::Options => "OPTIONS",
        Method::Bye => "BYE",
        Method::Cancel => "CANCEL",
        Method::Register => "REGISTER",
        Method::Extension(name) => name,
    }
}
