//! The example `inspect`: bytes in, a view out, or what is wrong with them.

#[path = "../examples/inspect.rs"]
#[allow(dead_code, reason = "the example's `main` is not called here")]
mod example;

/// What is printed, and the exit code.
fn inspect(message: &[u8]) -> (String, i32) {
    match example::inspect(message) {
        Ok(view) => (view, 0),
        Err(view) => (view, 1),
    }
}

#[test]
fn a_request_is_shown_with_its_types() {
    let (view, code) = inspect(include_bytes!("messages/invite.sip"));
    assert_eq!(code, 0, "{view}");
    insta::assert_snapshot!(view);
}

#[test]
fn a_challenge_is_shown_with_its_types() {
    let (view, code) = inspect(include_bytes!("messages/challenge.sip"));
    assert_eq!(code, 0, "{view}");
    insta::assert_snapshot!(view);
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_status() {
    let invite = include_str!("messages/invite.sip");
    let cases = [
        ("SIP/2.0\r\nVia", "SIP/7.0\r\nVia", "505 Version Not Supported: the SIP version is not 2.0 at byte 25\n"),
        ("INVITE sip", "INVITE  sip", "400 Bad Request: the start line is not well-formed at byte 7\n"),
        ("Max-Forwards:", "Max-Forwards", "400 Bad Request: a line is not a header field at byte "),
        ("1 INVITE", "1 BYE", "400 Bad Request: CSeq is not well-formed at byte 2 of its value\n"),
        ("tag=a73", "tag=a73 \"", "400 Bad Request: From is not well-formed at byte "),
        (
            "Max-Forwards: 70",
            "Max-Forwards: 700",
            "400 Bad Request: Max-Forwards is not well-formed at byte 0 of its value\n",
        ),
        ("Expires: 120", "Expires: soon", "400 Bad Request: Expires is not well-formed at byte 0 of its value\n"),
    ];
    for (from, to, error) in cases {
        assert!(invite.contains(from), "{from}");
        let (view, code) = inspect(invite.replacen(from, to, 1).as_bytes());
        assert!(view.contains(error), "{view}");
        assert_eq!(code, 1, "{view}");
    }
}

#[test]
fn headers_of_the_extensions_are_shown_and_checked() {
    let with = |field: &str| {
        include_str!("messages/invite.sip").replacen("Max-Forwards", &format!("{field}\r\nMax-Forwards"), 1)
    };
    let (view, code) = inspect(with("j: *;a , * ; b").as_bytes());
    assert!(view.contains("Reject-Contact") && view.contains("*;a, *;b"), "{view}");
    assert_eq!(code, 0, "{view}");
    let (view, code) = inspect(with("Replaces: a@b;to-tag=1").as_bytes());
    assert!(view.contains("400 Bad Request: Replaces is not well-formed at byte 12 of its value\n"), "{view}");
    assert_eq!(code, 1, "{view}");
}

#[test]
fn it_reads_bytes() {
    let (view, code) = inspect(b"MESSAGE sip:\xff SIP/2.0\r\n\r\n");
    assert_eq!((view.as_str(), code), ("400 Bad Request: the header section is not UTF-8 at byte 12\n", 1));
    let (view, code) = inspect(&[0; 70_000]);
    assert_eq!((view.as_str(), code), ("513 Message Too Large: the message is too large at byte 65536\n", 1));
    let (view, code) = inspect(b"");
    assert_eq!((view.as_str(), code), ("dropped without an answer: no start line at byte 0\n", 1));
    let (view, code) = inspect(b"\r\n\r\n");
    assert_eq!((view.as_str(), code), ("a keep-alive: ping (RFC 5626 3.5.1)\n", 0));
}

#[test]
fn what_would_steer_a_terminal_is_escaped() {
    let invite = include_str!("messages/invite.sip").replace("Alice Müller", "\u{9b}2J");
    let (view, _) = inspect(invite.as_bytes());
    assert!(view.contains(r"\u{9b}2J") && !view.contains('\u{9b}'), "{view}");
}
