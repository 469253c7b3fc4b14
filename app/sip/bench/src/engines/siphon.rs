//! <https://crates.io/crates/siphon-sip>. Lazy: header values stay text until they are asked for.

use siphon::sip::headers::cseq::CSeq;
use siphon::sip::headers::nameaddr::NameAddr;
use siphon::sip::headers::via::Via;
use siphon::sip::message::SipMessage;
use siphon::sip::parser::parse_sip_message_bytes;

use crate::{Engine, Field, Sink};

/// A proxy with 400 dependencies, which is why only the feature `siphon` builds it.
pub struct Siphon;

impl Engine for Siphon {
    const NAME: &'static str = "siphon-sip 1.15.11";
    type Message<'a> = SipMessage;

    fn parse(bytes: &[u8]) -> Option<SipMessage> {
        parse_sip_message_bytes(bytes).ok()
    }

    fn read(message: &SipMessage, sink: &mut impl Sink) -> Option<()> {
        match message.status_code() {
            Some(status) => sink.take(Field::Status, &status),
            None => {
                sink.take(Field::Method, &message.method()?.as_str());
                sink.take(Field::Uri, message.request_uri()?);
            }
        }
        let from = NameAddr::parse(message.headers.from()?).ok()?;
        sink.take(Field::FromTag, from.tag.as_ref()?);
        sink.take(Field::FromUri, &from.uri);
        sink.touch(&from);
        let to = NameAddr::parse(message.headers.to()?).ok()?;
        sink.take(Field::ToUri, &to.uri);
        sink.touch(&to);
        let via = Via::parse(message.headers.via()?).ok()?;
        sink.take(Field::Branch, via.branch.as_ref()?);
        sink.touch(&via);
        let cseq = CSeq::parse(message.headers.cseq()?).ok()?;
        sink.take(Field::CSeq, &cseq.sequence);
        sink.touch(&cseq);
        if let Some(contact) = message.headers.contact() {
            let contact = NameAddr::parse(contact).ok()?;
            sink.take(Field::Contact, &contact.uri);
            sink.touch(&contact);
        }
        Some(())
    }

    fn write(message: &SipMessage) -> Option<Vec<u8>> {
        Some(message.to_bytes())
    }
}
