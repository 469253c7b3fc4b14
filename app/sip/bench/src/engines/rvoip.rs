use rvoip_sip_core::prelude::{CSeq, Contact, From, HeaderName, To, TypedHeader};
use rvoip_sip_core::types::sip_message::Message;
use rvoip_sip_core::types::via::Via;

use crate::{Engine, Field, Sink};

/// <https://crates.io/crates/rvoip-sip-core>. Eager: every header is typed when it is parsed.
pub struct Rvoip;

impl Engine for Rvoip {
    const NAME: &'static str = "rvoip-sip-core 0.4.0";
    type Message<'a> = Message;

    fn parse(bytes: &[u8]) -> Option<Message> {
        rvoip_sip_core::parse_message(bytes).ok()
    }

    fn read(message: &Message, sink: &mut impl Sink) -> Option<()> {
        match message {
            Message::Request(request) => {
                sink.take(Field::Method, &request.method);
                sink.take(Field::Uri, &request.uri);
            }
            Message::Response(response) => sink.take(Field::Status, &response.status_code()),
        }
        let from: &From = message.from()?;
        sink.take(Field::FromTag, &from.tag()?);
        sink.take(Field::FromUri, &from.0.uri);
        let to: &To = message.to()?;
        sink.take(Field::ToUri, &to.0.uri);
        let TypedHeader::Via(via) = message.header(&HeaderName::Via)? else { return None };
        let via: &Via = via;
        sink.take(Field::Branch, &via.branch()?);
        let TypedHeader::CSeq(cseq) = message.header(&HeaderName::CSeq)? else { return None };
        let cseq: &CSeq = cseq;
        sink.take(Field::CSeq, &cseq.seq);
        if let Some(contact) = message.header(&HeaderName::Contact) {
            let TypedHeader::Contact(contact) = contact else { return None };
            let contact: &Contact = contact;
            sink.take(Field::Contact, &contact.address()?.uri);
        }
        Some(())
    }

    fn write(message: &Message) -> Option<Vec<u8>> {
        Some(message.to_bytes())
    }
}
