//! What was parsed prints as it came: from the start line to the end of the body, byte for byte.

use crate::cases::{CASES, Case, Reads};
use crate::corpus;
use sip::message::Message;

/// Each file that can be parsed, whatever else is wrong with it.
fn parsed() -> impl Iterator<Item = (&'static Case, Vec<u8>, Message)> {
    CASES.iter().filter(|case| !matches!(case.reads, Reads::Unread(..))).filter_map(|case| {
        let bytes = corpus::bytes(case.name);
        Message::parse(&bytes).ok().map(|message| (case, bytes, message))
    })
}

#[test]
fn what_is_printed_is_parsed_as_the_same() {
    for (case, _, message) in parsed() {
        assert_eq!(Message::parse(&message.to_bytes()).as_ref(), Ok(&message), "{}", case.name);
    }
}

#[test]
fn what_is_printed_is_what_came() {
    for (case, bytes, message) in parsed() {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let end = head + message.body().len();
        assert!(case.name == "dblreq" || end == bytes.len(), "{}: only dblreq goes on after its body", case.name);
        let (printed, came) = (String::from_utf8_lossy(&message.to_bytes()).into_owned(), &bytes[..end]);
        assert_eq!(printed, String::from_utf8_lossy(came), "{}", case.name);
        assert_eq!(message.to_bytes(), came, "{}", case.name);
    }
}

#[cfg(feature = "serde")]
#[test]
fn what_is_saved_is_what_came() {
    for (case, _, message) in parsed() {
        let saved = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&saved).unwrap(), message, "{}", case.name);
    }
}
