use sip::header::{CSeq, Contact, From, To, Via};
use sip::message::Message;

use crate::{Engine, Field, Sink};

/// Ours.
pub struct Sip;

impl Engine for Sip {
    const NAME: &'static str = "sip (ours)";
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
        let from: From = headers.get().ok()?;
        sink.take(Field::FromTag, &from.tag()?);
        sink.take(Field::FromUri, &from.0.uri);
        sink.touch(&from);
        let to: To = headers.get().ok()?;
        sink.take(Field::ToUri, &to.0.uri);
        sink.touch(&to);
        let via: Via = headers.get().ok()?;
        sink.take(Field::Branch, &via.branch()?);
        sink.touch(&via);
        let cseq: CSeq = headers.get().ok()?;
        sink.take(Field::CSeq, &cseq.seq);
        sink.touch(&cseq);
        if let Some(contact) = headers.find::<Contact>().ok()? {
            sink.take(Field::Contact, &contact.address()?.uri);
            sink.touch(&contact);
        }
        Some(())
    }

    fn write(message: &Message) -> Option<Vec<u8>> {
        Some(message.to_bytes())
    }
}
