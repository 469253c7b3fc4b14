use std::fmt::Display;
use std::str::from_utf8;

use bytes::Bytes;
use ezk_sip_types::header::typed::{CSeq, Contact, ContentLength, FromTo, Via};
use ezk_sip_types::msg::{Line, MessageLine, PullParser};
use ezk_sip_types::parse::Parse;
use ezk_sip_types::print::{AppendCtx, PrintCtx, UriContext};
use ezk_sip_types::uri::SipUri;
use ezk_sip_types::{Headers, Name};

use crate::{Engine, Field, Sink};

/// <https://crates.io/crates/ezk-sip-types>. Lazy. It is the types only: a message is put together here as its
/// transport does (`ezk-sip-core`), from a copy of the bytes that all values then share.
pub struct Ezk;

/// A message.
pub struct EzkMessage {
    line: MessageLine,
    headers: Headers,
    body: Bytes,
}

impl Engine for Ezk {
    const NAME: &'static str = "ezk-sip-types 0.6.5";
    type Message<'a> = EzkMessage;

    fn parse(bytes: &[u8]) -> Option<EzkMessage> {
        let buffer = Bytes::copy_from_slice(bytes);
        let mut parser = PullParser::new(&buffer, 0);
        let line = from_utf8(parser.next()?.ok()?).ok()?;
        let (_, line) = MessageLine::parse(&buffer)(line).ok()?;
        let mut headers = Headers::new();
        for field in &mut parser {
            let (_, field) = Line::parse(&buffer, from_utf8(field.ok()?).ok()?).ok()?;
            headers.insert(field.name, field.value);
        }
        let start = parser.head_end();
        let length = headers.get_named::<ContentLength>().ok()?.0;
        let body = buffer.get(start..start + length).map(|_| buffer.slice(start..start + length))?;
        Some(EzkMessage { line, headers, body })
    }

    fn read(message: &EzkMessage, sink: &mut impl Sink) -> Option<()> {
        match &message.line {
            MessageLine::Request(line) => {
                sink.take(Field::Method, &line.method);
                sink.take(Field::Uri, &shown(&line.uri, UriContext::ReqUri));
            }
            MessageLine::Response(line) => sink.take(Field::Status, &line.code.into_u16()),
        }
        let headers = &message.headers;
        let from: FromTo = headers.get(Name::FROM).ok()?;
        sink.take(Field::FromTag, from.tag.as_ref()?);
        sink.take(Field::FromUri, &shown(&from.uri.uri, UriContext::FromTo));
        sink.touch(&from);
        let to: FromTo = headers.get(Name::TO).ok()?;
        sink.take(Field::ToUri, &shown(&to.uri.uri, UriContext::FromTo));
        sink.touch(&to);
        let via: Via = headers.get_named().ok()?;
        sink.take(Field::Branch, via.params.get_val("branch")?);
        sink.touch(&via);
        let cseq: CSeq = headers.get_named().ok()?;
        sink.take(Field::CSeq, &cseq.cseq);
        sink.touch(&cseq);
        if let Some(contact) = headers.try_get_named::<Contact>() {
            let contact = contact.ok()?;
            sink.take(Field::Contact, &shown(&contact.uri.uri, UriContext::Contact));
            sink.touch(&contact);
        }
        Some(())
    }

    fn write(message: &EzkMessage) -> Option<Vec<u8>> {
        use std::fmt::Write as _;
        let mut text = String::with_capacity(message.headers.printed_len() + message.body.len() + 128);
        write!(text, "{}\r\n{}\r\n", message.line.default_print_ctx(), message.headers).ok()?;
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&message.body);
        Some(bytes)
    }
}

fn shown(uri: &SipUri, place: UriContext) -> impl Display {
    uri.print_ctx(PrintCtx { method: None, uri: Some(place) })
}
