//! The laws of the answer to what cannot be parsed.

use sip::message::{HeaderName, Message, ParseError, ParseErrorKind, refusal as refuse};

/// Any bytes, with any fault.
pub fn refusal(data: &[u8]) {
    let kinds = [ParseErrorKind::Field, ParseErrorKind::Version, ParseErrorKind::TooLarge, ParseErrorKind::Empty];
    for kind in kinds {
        law(data, &ParseError { kind, offset: 0 });
    }
}

/// The answer can be read, says what is wrong and repeats what tells its request.
pub fn law(data: &[u8], error: &ParseError) {
    let Some(response) = refuse(data, error) else { return };
    assert_eq!(Some(response.status), error.status());
    let bytes = response.to_bytes();
    // Bytes that are no UTF-8 become three.
    assert!(bytes.len() <= 3 * data.len() + 256);
    match Message::parse(&bytes) {
        Ok(Message::Response(again)) => {
            for name in [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
                assert_eq!(again.headers.raw(&name).count(), 1, "{name} of {}", bytes.escape_ascii());
            }
            assert!(again.headers.contains(HeaderName::Via));
            assert_eq!(again, response_with_length(&response));
        }
        other => panic!("{other:?} of the answer to {}", data.escape_ascii()),
    }
}

fn response_with_length(response: &sip::message::Response) -> sip::message::Response {
    let mut response = response.clone();
    response.headers.push(&sip::header::ContentLength(0));
    response
}
