use sip::body::BodyErrorKind;
use sip::body::message_summary::{MessageClass, MessageCount, MessageSummary};
use sip::body::sipfrag::{SipFrag, StartLine};
use sip::header::{CSeq, ContentType};
use sip::message::{Method, Status, Token};

fn count(class: MessageClass, new: u32, old: u32, urgent: Option<(u32, u32)>) -> MessageCount {
    MessageCount { class, new, old, urgent }
}

#[test]
fn the_example_of_rfc_3842_is_read() {
    let body = b"Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\nVoice-Message: 2/8 (0/2)\r\n\
        \r\nTo: <alice@atlanta.example.com>\r\nVoice-Message: 9/9\r\n";
    let summary = MessageSummary::parse(body).expect("it is well-formed");
    assert!(summary.waiting);
    assert_eq!(summary.account.as_deref(), Some("sip:alice@vmail.example.com"));
    assert_eq!(summary.counts, [count(MessageClass::Voice, 2, 8, Some((0, 2)))]);
    assert_eq!(MessageSummary::parse(summary.compose().as_bytes()).as_ref(), Ok(&summary));
}

#[test]
fn mailboxes_are_read_as_servers_write_them() {
    let summary = MessageSummary::parse(
        b"messages-waiting : NO\nvoice-message: 0/3\nfax-message:1/0(0/0)\nx-sms: 7/99999999999\n",
    );
    let summary = summary.expect("it is well-formed");
    assert!(!summary.waiting, "the server says so, whatever its numbers are");
    let sms = MessageClass::Other(Token::new("x-sms").unwrap());
    let counts = [
        count(MessageClass::Voice, 0, 3, None),
        count(MessageClass::Fax, 1, 0, Some((0, 0))),
        count(sms, 7, u32::MAX, None),
    ];
    assert_eq!(summary.counts, counts);
    let unsaid = MessageSummary::parse(b"Voice-Message: 1/0").expect("a number says it");
    assert!(unsaid.waiting);
}

#[test]
fn a_summary_that_says_nothing_is_refused() {
    let kind = |body: &[u8]| MessageSummary::parse(body).map_err(|error| error.kind);
    assert_eq!(kind(b""), Err(BodyErrorKind::Missing));
    assert_eq!(kind(b"Messages-Waiting: perhaps\r\nVoice-Message: many\r\n"), Err(BodyErrorKind::Missing));
    assert_eq!(kind(b"Messages-Waiting: \xff"), Err(BodyErrorKind::Encoding));
    assert_eq!(kind("a: 1/1\n".repeat(99).as_bytes()), Err(BodyErrorKind::TooMany));
}

#[test]
fn the_progress_of_a_transfer_is_read() {
    for (body, status) in [
        (&b"SIP/2.0 200 OK"[..], Some(Status::OK)),
        (b"SIP/2.0 100 Trying\r\n", Some(Status::TRYING)),
        (b"\r\nSIP/2.0 486 Busy Here\nTo: what: <is> \xff this", Some(Status::BUSY_HERE)),
        (b"SIP/2.0 503\r\n\r\n", Some(Status::SERVICE_UNAVAILABLE)),
        (b"SIP/2.0 99 Low\r\n", None),
        (b"INVITE sip:a@example.com SIP/2.0\r\n", None),
        (b"To: <sip:a@example.com>\r\n", None),
        (b"", None),
    ] {
        assert_eq!(SipFrag::status(body), status, "{}", body.escape_ascii());
    }
}

#[test]
fn fragments_of_rfc_3420_are_read() {
    let invite = b"INVITE sip:alice@atlanta.com SIP/2.0\r\nCSeq: 7 INVITE\r\nSubject: a\r\n folded\r\n one\r\n\
        Content-Type: text/plain\r\n\
        Content-Length: 500\r\n\r\nhello";
    let fragment = SipFrag::parse(invite).expect("it is well-formed");
    let Some(StartLine::Request { method, uri }) = &fragment.start else { panic!("{fragment:?}") };
    assert_eq!((method, uri.to_string().as_str()), (&Method::Invite, "sip:alice@atlanta.com"));
    assert_eq!(fragment.headers.get::<CSeq>().map(|cseq| cseq.seq), Ok(7));
    assert!(fragment.headers.get::<ContentType>().is_ok_and(|media_type| media_type.is("text/plain")));
    assert_eq!(fragment.headers.iter().nth(1), Some(("Subject", "a folded one")));
    assert_eq!(fragment.body, b"hello");
    assert_eq!(SipFrag::parse(&fragment.compose()).as_ref(), Ok(&fragment));

    let only_headers =
        SipFrag::parse(b"From: Alice <sip:alice@atlanta.com>\r\nCall-ID: a\r\n").expect("it is well-formed");
    assert_eq!((only_headers.start, only_headers.headers.len()), (None, 2));
}

#[test]
fn a_fragment_that_is_none_is_refused() {
    let error = |body: &[u8]| SipFrag::parse(body).map_err(|error| (error.kind, error.offset, error.line));
    assert_eq!(error(b""), Err((BodyErrorKind::StartLine, 0, 1)));
    assert_eq!(error(b"\r\nGET / HTTP/1.1\r\n"), Err((BodyErrorKind::StartLine, 2, 2)));
    assert_eq!(error(b"SIP/2.0 200 OK\r\nno colon\r\n"), Err((BodyErrorKind::Field, 16, 2)));
    assert_eq!(error(b"SIP/2.0 200 OK\r\nA: \xff\r\n"), Err((BodyErrorKind::Encoding, 19, 2)));
    assert_eq!(error(&[b'a'; 70_000]), Err((BodyErrorKind::TooLarge, 65536, 1)));
}
