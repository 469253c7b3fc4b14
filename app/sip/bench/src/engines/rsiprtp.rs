use rsiprtp::sip::SipUri;
use rsiprtp::sip::parser::typed::{CSeq, Contact, From, To, Via};
use rsiprtp::sip::parser::{Headers, Message};

use crate::{Engine, Field, Sink};

/// <https://crates.io/crates/rsiprtp>. Lazy; the Request-URI too is text until it is asked for.
pub struct RsipRtp;

impl Engine for RsipRtp {
    const NAME: &'static str = "rsiprtp 0.4.1";
    type Message<'a> = Message;

    fn parse(bytes: &[u8]) -> Option<Message> {
        Message::parse(bytes).ok()
    }

    fn read(message: &Message, sink: &mut impl Sink) -> Option<()> {
        let headers = match message {
            Message::Request(request) => {
                sink.take(Field::Method, &request.method.as_str());
                let uri = SipUri::parse(&request.uri).ok()?;
                sink.take(Field::Uri, &uri);
                &request.headers
            }
            Message::Response(response) => {
                sink.take(Field::Status, &response.status_code.as_u16());
                &response.headers
            }
        };
        let from = From::parse(value(headers, "From")?).ok()?;
        sink.take(Field::FromTag, &from.tag()?);
        sink.take(Field::FromUri, &from.uri);
        sink.touch(&from);
        let to = To::parse(value(headers, "To")?).ok()?;
        sink.take(Field::ToUri, &to.uri);
        sink.touch(&to);
        let via = Via::parse(value(headers, "Via")?).ok()?;
        sink.take(Field::Branch, &via.branch()?);
        sink.touch(&via);
        let cseq = CSeq::parse(value(headers, "CSeq")?).ok()?;
        sink.take(Field::CSeq, &cseq.seq);
        sink.touch(&cseq);
        if let Some(contact) = value(headers, "Contact") {
            let Contact::Addr(contact) = Contact::parse(contact).ok()? else { return None };
            sink.take(Field::Contact, &contact.uri);
            sink.touch(&contact);
        }
        Some(())
    }

    fn write(message: &Message) -> Option<Vec<u8>> {
        Some(message.to_bytes())
    }
}

fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.get_first_value(name)
}
