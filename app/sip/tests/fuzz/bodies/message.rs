//! The laws of a whole message.

use super::memory::{Bound, bounded};
use super::oracle::{self, Frame};
use super::{header, refusal};
use sip::header::ContentLength;
use sip::message::{HeaderName, Message, ParseErrorKind, Request, Response, Status, limits};

/// What parsing a message may take, and printing it.
pub const PARSE: Bound = Bound { per_byte: 8, fixed: 24 * 1024 };
const PRINT: Bound = Bound { per_byte: 8, fixed: 1024 };

/// One message, as it arrives.
pub fn message(data: &[u8]) {
    let frame = oracle::frame(data);
    match (bounded("Message::parse", data.len(), PARSE, || Message::parse(data)), frame) {
        (Ok(message), Some(frame)) => accepted(&message, &frame),
        (Ok(message), None) => panic!("{message:?} of a frame that is not well-formed: {}", data.escape_ascii()),
        (Err(error), frame) => {
            assert!(error.offset <= data.len(), "{error} of {}", data.escape_ascii());
            let start_line = matches!(
                error.kind,
                ParseErrorKind::StartLine
                    | ParseErrorKind::RequestUri
                    | ParseErrorKind::Version
                    | ParseErrorKind::StatusCode
            );
            assert!(frame.is_none() || start_line, "{error} of a well-formed frame: {}", data.escape_ascii());
            refusal::law(data, &error);
        }
    }
}

fn accepted(message: &Message, frame: &Frame) {
    let fields: Vec<_> = message.headers().iter().map(|(name, value)| (name.into(), value.into())).collect();
    assert_eq!(fields, frame.fields);
    assert_eq!(message.headers().len(), fields.len());
    assert_eq!(message.body().escape_ascii().to_string(), frame.body.escape_ascii().to_string());
    printed(message, frame);
    saved(message);
    let _ = message.validate();
    header::all(message.headers());
    if let Message::Request(request) = message {
        answered(request);
    }
}

/// What is printed is what came, and reads as the same.
fn printed(message: &Message, frame: &Frame) {
    let bytes = bounded("Message::to_bytes", frame.bytes.len(), PRINT, || message.to_bytes());
    assert_eq!(bytes.escape_ascii().to_string(), as_printed(frame).escape_ascii().to_string());
    let again = Message::parse(&bytes).unwrap_or_else(|error| panic!("{error} of {}", bytes.escape_ascii()));
    assert_eq!(&again, message);
    framed(message, frame);
}

/// A Content-Length can be added to what came without one, for a stream.
fn framed(message: &Message, frame: &Frame) {
    let mut framed = message.clone();
    framed.headers_mut().state_length();
    let bytes = framed.to_bytes();
    let length = message.body().len().try_into().unwrap_or(u32::MAX);
    if !message.headers().contains(HeaderName::ContentLength) {
        framed.headers_mut().push(&ContentLength(length));
    }
    // With it, the message may be too large by a field.
    let full = frame.fields.len() == limits::FIELDS || bytes.len() + 32 > limits::HEADER_SECTION;
    match Message::parse(&bytes) {
        Ok(again) => assert_eq!(again, framed),
        Err(error) => assert!(full && &framed != message, "{error} of {}", bytes.escape_ascii()),
    }
}

/// The version is always written alike.
fn as_printed(frame: &Frame) -> Vec<u8> {
    let line = &frame.start_line;
    let start = match line.get(..7).filter(|start| start.eq_ignore_ascii_case("SIP/2.0")) {
        Some(_) => format!("SIP/2.0{}", &line[7..]),
        None => format!("{}SIP/2.0", &line[..line.len() - 7]),
    };
    [start.as_bytes(), &frame.bytes[line.len()..]].concat()
}

/// What is saved comes back as it was.
fn saved(message: &Message) {
    let form = serde_json::to_string(message).expect("a message can be saved");
    let again: Message = serde_json::from_str(&form).unwrap_or_else(|error| panic!("{error} of {form}"));
    assert_eq!(&again, message);
}

/// Every request can be answered.
fn answered(request: &Request) {
    let mut response = Response::to_request(request, Status::OK);
    response.set_to_tag("tag");
    let bytes = response.to_bytes();
    let again = Message::parse(&bytes).unwrap_or_else(|error| panic!("{error} of {}", bytes.escape_ascii()));
    for name in [HeaderName::Via, HeaderName::From, HeaderName::CallId, HeaderName::CSeq] {
        assert!(again.headers().raw(&name).eq(request.headers.raw(&name)), "{name}");
    }
    let _ = sip::digest::presented(request, "tabphone");
}
