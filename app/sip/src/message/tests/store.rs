//! What becomes of fields that are changed.

use std::format;

use super::*;

/// A list that is taken apart value by value leaves nothing behind, whatever letters are in it.
#[test]
fn taking_values_away_needs_no_memory() {
    let route = format!("Route: {}\r\n", ["\"é\" <sip:a>"; 500].join(", "));
    let mut request = request(&format!("OPTIONS sip:a SIP/2.0\r\n{}\r\n", route.repeat(3)));
    let before = request.to_bytes().capacity();
    for left in (0..1500).rev() {
        assert!(request.headers.pop_front::<Route>());
        let first = (left > 0).then(|| "\"é\" <sip:a>".parse::<Route>().unwrap());
        assert_eq!(request.headers.find::<Route>(), Ok(first));
    }
    assert!(!request.headers.pop_front::<Route>());
    assert!(request.to_bytes().capacity() <= before + 256);
    assert_eq!(text(&request), "OPTIONS sip:a SIP/2.0\r\n\r\n");
}

/// What is forwarded reads alike everywhere.
#[test]
fn fields_are_made_plain() {
    let mut request = request(
        "OPTIONS sip:a SIP/2.0\r\nTo : a\r\nX: a\r\n \r\nY:b\r\n  c\r\nZ:\td\r\nl: 0\r\nContent-Length\t: 00\r\n\r\n",
    );
    request.headers.normalize();
    assert_eq!(
        text(&request),
        "OPTIONS sip:a SIP/2.0\r\nTo: a\r\nX: a\r\nY: b c\r\nZ:\td\r\nContent-Length: 00\r\n\r\n"
    );
}

/// A message as large as may be comes back also when fields of ours were added to it.
#[test]
fn what_grew_is_saved_and_comes_back() {
    let fields = "A: b\r\n".repeat(limits::FIELDS);
    let mut request = request(&format!("OPTIONS sip:a SIP/2.0\r\n{fields}\r\n"));
    request.headers.push_front(&"SIP/2.0/WSS d.invalid;branch=z9hG4bK4".parse::<Via>().unwrap());
    let large = format!("B: {}\r\n", "b".repeat(limits::FIELD - 5)).repeat(3);
    let mut long = self::request(&format!("OPTIONS sip:a SIP/2.0\r\n{large}\r\n"));
    long.headers.push_raw("C", &"c".repeat(limits::FIELD - 10)).unwrap();
    for message in [request, long] {
        let saved = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Request>(&saved).unwrap(), message);
    }
}
