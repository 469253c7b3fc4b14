use rsip::headers::ToTypedHeader;
use rsip::message::{HasHeaders, HeadersExt};
use rsip::{Header, SipMessage};

use crate::{Engine, Field, Sink};

/// <https://crates.io/crates/rsip>. Lazy: header values stay text until they are asked for.
pub struct Rsip;

impl Engine for Rsip {
    const NAME: &'static str = "rsip 0.4.0";
    type Message<'a> = SipMessage;

    fn parse(bytes: &[u8]) -> Option<SipMessage> {
        SipMessage::try_from(bytes).ok()
    }

    fn read(message: &SipMessage, sink: &mut impl Sink) -> Option<()> {
        match message {
            SipMessage::Request(request) => {
                sink.take(Field::Method, &request.method);
                sink.take(Field::Uri, &request.uri);
            }
            SipMessage::Response(response) => sink.take(Field::Status, &response.status_code.code()),
        }
        let from = message.from_header().ok()?.typed().ok()?;
        sink.take(Field::FromTag, from.tag()?);
        sink.take(Field::FromUri, &from.uri);
        sink.touch(&from);
        let to = message.to_header().ok()?.typed().ok()?;
        sink.take(Field::ToUri, &to.uri);
        sink.touch(&to);
        let via = message.via_header().ok()?.typed().ok()?;
        sink.take(Field::Branch, via.branch()?);
        sink.touch(&via);
        let cseq = message.cseq_header().ok()?.typed().ok()?;
        sink.take(Field::CSeq, &cseq.seq);
        sink.touch(&cseq);
        let contact = message.headers().iter().find_map(|header| match header {
            Header::Contact(contact) => Some(contact),
            _ => None,
        });
        if let Some(contact) = contact {
            let contact = contact.typed().ok()?;
            sink.take(Field::Contact, &contact.uri);
            sink.touch(&contact);
        }
        Some(())
    }

    fn write(message: &SipMessage) -> Option<Vec<u8>> {
        Some(message.clone().into())
    }
}
