use std::fmt;

use bytes::Bytes;
use sipx_sip::headers::{CSeq, ContactValue, From, To, Via};
use sipx_sip::{Limits, Message, parse_datagram};

use crate::{Engine, Field, Sink};

/// <https://crates.io/crates/sipx-sip>. Lazy, over a copy of the bytes that all values share.
pub struct Sipx;

impl Engine for Sipx {
    const NAME: &'static str = "sipx-sip 1.0.1";
    type Message<'a> = Message;

    fn parse(bytes: &[u8]) -> Option<Message> {
        parse_datagram(Bytes::copy_from_slice(bytes), &Limits::datagram()).ok()
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
        let from = headers.typed::<From>()?.ok()?;
        sink.take(Field::FromTag, &Text(from.0.tag()?));
        sink.take(Field::FromUri, &from.0.uri);
        sink.touch(&from);
        let to = headers.typed::<To>()?.ok()?;
        sink.take(Field::ToUri, &to.0.uri);
        sink.touch(&to);
        let via = headers.typed::<Via>()?.ok()?;
        sink.take(Field::Branch, &Text(via.branch()?));
        sink.touch(&via);
        let cseq = headers.typed::<CSeq>()?.ok()?;
        sink.take(Field::CSeq, &cseq.sequence);
        sink.touch(&cseq);
        if let Some(contact) = headers.typed::<ContactValue>() {
            let ContactValue::Address(contact) = contact.ok()? else { return None };
            sink.take(Field::Contact, &contact.uri);
            sink.touch(&contact);
        }
        Some(())
    }

    fn write(message: &Message) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        message.write_to(&mut out);
        Some(out)
    }
}

struct Text<'a>(&'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.0))
    }
}
