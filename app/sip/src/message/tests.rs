use std::format;
use std::string::{String, ToString as _};
use std::vec::Vec;

use super::*;
use crate::header::{Allow, CSeq, Contact, MaxForwards, RecordRoute, Route, Supported, To, UserAgent, Via};

mod store;

const INVITE: &str = "INVITE sip:bob@example.com SIP/2.0\r\n\
    v: SIP/2.0/WS a.invalid;branch=z9hG4bK1,\r\n  SIP/2.0/WS b.invalid;branch=z9hG4bK2\r\n\
    Via:SIP/2.0/WS c.invalid;branch=z9hG4bK3\r\n\
    FROM : \"Al, ice\" <sip:alice@example.com>;tag=1\r\n\
    t: <sip:bob@example.com>\r\n\
    i: call@a.invalid\r\n\
    CSeq: 1 INVITE\r\n\
    Record-Route: <sip:p1;lr>, <sip:p2;lr>\r\n\
    X-Thing:   kept \t\r\n\
    Content-Length: 4\r\n\r\nbody";

fn parse(text: &str) -> Message {
    Message::parse(text.as_bytes()).unwrap()
}

fn request(text: &str) -> Request {
    match parse(text) {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a response"),
    }
}

fn text(message: &impl ToBytes) -> String {
    String::from_utf8(message.bytes()).unwrap()
}

trait ToBytes {
    fn bytes(&self) -> Vec<u8>;
}

impl ToBytes for Request {
    fn bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }
}

impl ToBytes for Response {
    fn bytes(&self) -> Vec<u8> {
        self.to_bytes()
    }
}

#[test]
fn a_message_prints_as_it_was_written() {
    assert_eq!(text(&request(INVITE)), INVITE);
}

#[test]
fn every_name_is_known_in_full_and_in_short() {
    for name in HeaderName::KNOWN {
        assert_eq!(HeaderName::known(name.as_str()), Some(name));
        assert_eq!(HeaderName::known(&name.as_str().to_uppercase()), Some(name));
        if let Some(compact) = name.compact() {
            assert_eq!(HeaderName::known(&compact.to_string()), Some(name));
            assert_eq!(HeaderName::known(&compact.to_uppercase().to_string()), Some(name));
        }
    }
    assert_eq!("x-thing".parse::<HeaderName>(), "X-THING".parse::<HeaderName>());
    assert!("a b".parse::<HeaderName>().is_err());
    assert!("Call\rID".parse::<HeaderName>().is_err());
}

#[test]
fn values_of_several_fields_and_lists_are_one_list() {
    let request = request(INVITE);
    let branches: Vec<_> = request.headers.all::<Via>().unwrap();
    let branches: Vec<_> = branches.iter().filter_map(Via::branch).collect();
    assert_eq!(branches, ["z9hG4bK1", "z9hG4bK2", "z9hG4bK3"]);
    assert_eq!(request.headers.raw(&"x-thing".parse().unwrap()).collect::<Vec<_>>(), ["kept"]);
}

#[test]
fn the_first_value_is_taken_out_of_a_list_and_the_rest_stays() {
    let mut headers = request(INVITE).headers;
    assert!(headers.pop_front::<Via>());
    assert_eq!(headers.iter().next(), Some(("v", "SIP/2.0/WS b.invalid;branch=z9hG4bK2")));
    assert!(headers.pop_front::<Via>());
    assert_eq!(headers.get::<Via>().unwrap().branch(), Some("z9hG4bK3"));
    assert!(headers.pop_front::<Via>());
    assert!(!headers.pop_front::<Via>());
    assert_eq!(headers.get::<Via>(), Err(HeaderError::Missing { name: HeaderName::Via }));
}

#[test]
fn fields_go_where_they_belong() {
    let mut request = request(INVITE);
    request.headers.push_front(&"SIP/2.0/WSS d.invalid;branch=z9hG4bK4".parse::<Via>().unwrap());
    request.headers.push_front(&"<sip:p0;lr>".parse::<Route>().unwrap());
    request.headers.set(&CSeq::new(2, Method::Invite));
    request.headers.push(&MaxForwards(70));
    request.headers.remove(HeaderName::RecordRoute);
    let text = text(&request);
    assert!(text.starts_with(
        "INVITE sip:bob@example.com SIP/2.0\r\nRoute: <sip:p0;lr>\r\nVia: SIP/2.0/WSS d.invalid;branch=z9hG4bK4\r\nv: "
    ));
    assert!(text.contains("i: call@a.invalid\r\nCSeq: 2 INVITE\r\nX-Thing"));
    assert!(text.ends_with("Content-Length: 4\r\nMax-Forwards: 70\r\n\r\nbody"));
}

#[test]
fn copied_fields_stay_as_they_are_written() {
    let request = request(INVITE);
    let response = Response::to_request(&request, Status::RINGING);
    let text = text(&response);
    assert!(text.starts_with(
        "SIP/2.0 180 Ringing\r\nv: SIP/2.0/WS a.invalid;branch=z9hG4bK1,\r\n  SIP/2.0/WS b.invalid;branch=z9hG4bK2\r\nVia:SIP"
    ));
    assert!(text.contains("\r\nFROM : \"Al, ice\" <sip:alice@example.com>;tag=1\r\n"));
    assert_eq!(response.headers.all::<Via>().unwrap().len(), 3);
    assert_eq!(response.headers.all::<RecordRoute>().unwrap().len(), 2);
    assert!(!Response::to_request(&request, Status::BUSY_HERE).headers.contains(HeaderName::RecordRoute));
}

#[test]
fn a_tag_is_added_to_to_once() {
    let mut response = Response::to_request(&request(INVITE), Status::OK);
    response.set_to_tag("a\r\nb");
    assert_eq!(response.headers.get::<To>().unwrap().tag(), None);
    response.set_to_tag("first");
    response.set_to_tag("second");
    assert_eq!(response.headers.get::<To>().unwrap().tag(), Some("first"));
}

#[test]
fn content_length_says_the_truth() {
    let mut request = request(INVITE);
    request.body = b"longer body".to_vec();
    assert!(text(&request).ends_with("Content-Length: 11\r\n\r\nlonger body"));
    request.headers.push_raw("l", "99").unwrap();
    assert!(!text(&request).contains("99"));
    request.headers.remove(HeaderName::ContentLength);
    assert!(text(&request).ends_with("Content-Length: 11\r\n\r\nlonger body"));
}

#[test]
fn the_body_is_as_long_as_is_said() {
    let message = |length: &str, body: &str| {
        Message::parse(format!("OPTIONS sip:a SIP/2.0\r\n{length}\r\n{body}").as_bytes())
            .map(|message| message.body().to_vec())
            .map_err(|error| (error.kind, error.status()))
    };
    let bad = Some(Status::BAD_REQUEST);
    assert_eq!(message("", "rest"), Ok(b"rest".to_vec()));
    assert_eq!(message("Content-Length: 2\r\n", "rest"), Ok(b"re".to_vec()));
    assert_eq!(message("l:0\r\n", "rest"), Ok(b"".to_vec()));
    assert_eq!(message("Content-Length: 5\r\n", "rest"), Err((ParseErrorKind::Truncated, bad)));
    assert_eq!(message("Content-Length: 99999999999999999999999\r\n", ""), Err((ParseErrorKind::Truncated, bad)));
    for value in ["-1", "", "+4", "4, 4", "4 4", "four"] {
        let field = format!("Content-Length: {value}\r\n");
        assert_eq!(message(&field, "rest"), Err((ParseErrorKind::ContentLength, bad)), "{value}");
    }
    assert_eq!(message("l: 2\r\nl: 3\r\n", "rest"), Err((ParseErrorKind::ContentLength, bad)));
}

#[test]
fn what_is_no_message_says_why_and_where() {
    use ParseErrorKind::*;
    let cases: &[(&[u8], ParseErrorKind, usize)] = &[
        (b"", Empty, 0),
        (b"\r\n\r\n", Empty, 4),
        (b"hello", Unterminated, 5),
        (b"hello\r\n\r\n", StartLine, 5),
        (b"GET / HTTP/1.1\r\n\r\n", RequestUri, 4),
        (b"INVITE sip:a\r\n\r\n", StartLine, 12),
        (b"INVITE  sip:a SIP/2.0\r\n\r\n", StartLine, 7),
        (b"INVITE sip:a SIP/2.0 \r\n\r\n", StartLine, 20),
        (b"INVITE <sip:a> SIP/2.0\r\n\r\n", RequestUri, 7),
        (b"INVITE sip:a; lr SIP/2.0\r\n\r\n", RequestUri, 12),
        (b"INVITE sip:a SIP/7.0\r\n\r\n", Version, 13),
        (b"IN(VITE sip:a SIP/2.0\r\n\r\n", StartLine, 2),
        (b"SIP/2.0 42 Answer\r\n\r\n", StatusCode, 8),
        (b"SIP/2.0 4294967301 better not break\r\n\r\n", StatusCode, 8),
        (b"SIP/2.0 700 High\r\n\r\n", StatusCode, 8),
        (b"SIP/2.0 2000\r\n\r\n", StatusCode, 8),
        (b"SIP/3.0 200 OK\r\n\r\n", Version, 0),
        (b"OPTIONS sip:a SIP/2.0\r\nTo\r\n\r\n", Field, 23),
        (b"OPTIONS sip:a SIP/2.0\r\nT o: x\r\n\r\n", Field, 23),
        (b"OPTIONS sip:a SIP/2.0\r\n: x\r\n\r\n", Field, 23),
        (b"OPTIONS sip:a SIP/2.0\r\n fold: x\r\n\r\n", Field, 23),
        (b"OPTIONS sip:a SIP/2.0\r\nTo: a\nb: c\r\n\r\n", LineEnd, 28),
        (b"OPTIONS sip:a SIP/2.0\r\nTo: a\rb\r\n\r\n", LineEnd, 28),
        (b"OPTIONS sip:a SIP/2.0\n\n", LineEnd, 21),
        (b"OPTIONS sip:a SIP/2.0\r\nTo: a\0\r\n\r\n", Control, 28),
        (b"OPTIONS sip:a SIP/2.0\r\nTo: a\x1bb\r\n\r\n", Control, 28),
        (b"OPTIONS sip:a SIP/2.0\r\nTo: a\\\0b\r\n\r\n", Control, 29),
        (b"SIP/2.0 200 a\\\0b\r\n\r\n", Control, 14),
        (b"OPTIONS sip:a SIP/2.0\r\nTo: a\xff\r\n\r\n", Encoding, 28),
    ];
    for (bytes, kind, offset) in cases {
        let error = Message::parse(bytes).unwrap_err();
        assert_eq!(error, ParseError { kind: *kind, offset: *offset }, "{}", bytes.escape_ascii());
    }
    assert_eq!(ParseError { kind: Version, offset: 0 }.status(), Some(Status::VERSION_NOT_SUPPORTED));
    assert_eq!(ParseError { kind: Empty, offset: 0 }.status(), None);
}

#[test]
fn limits_hold() {
    let with = |fields: &str| Message::parse(format!("OPTIONS sip:a SIP/2.0\r\n{fields}\r\n").as_bytes());
    let too_large = Err(ParseErrorKind::HeadersTooLarge);
    let kind = |result: Result<Message, ParseError>| result.map(|_| ()).map_err(|error| error.kind);
    assert_eq!(kind(with(&"A: b\r\n".repeat(limits::FIELDS))), Ok(()));
    assert_eq!(kind(with(&"A: b\r\n".repeat(limits::FIELDS + 1))), too_large);
    assert_eq!(kind(with(&format!("A: {}\r\n", "b".repeat(limits::FIELD - 5)))), Ok(()));
    assert_eq!(kind(with(&format!("A: {}\r\n", "b".repeat(limits::FIELD)))), too_large);
    assert_eq!(kind(with(&format!("A: {}\r\n", "b".repeat(8000)).repeat(5))), too_large);
    let uri = format!("OPTIONS sip:{} SIP/2.0\r\n\r\n", "a".repeat(limits::START_LINE));
    assert_eq!(kind(Message::parse(uri.as_bytes())), too_large);
    let body = [b"OPTIONS sip:a SIP/2.0\r\n\r\n".as_slice(), &[0; limits::MESSAGE]].concat();
    assert_eq!(kind(Message::parse(&body)), Err(ParseErrorKind::TooLarge));
    let vias = with(&"Via: SIP/2.0/UDP a, SIP/2.0/UDP b\r\n".repeat(40)).unwrap();
    assert_eq!(vias.headers().all::<Via>(), Err(HeaderError::TooMany { name: HeaderName::Via }));
}

#[test]
fn keep_alives_are_no_messages() {
    assert_eq!(is_keepalive(b"\r\n\r\n"), Some(KeepAlive::Ping));
    assert_eq!(is_keepalive(b"\r\n"), Some(KeepAlive::Pong));
    assert_eq!(is_keepalive(b""), Some(KeepAlive::Empty));
    assert_eq!(is_keepalive(b"\r\n\r\nOPTIONS"), None);
    assert!(Message::parse(format!("\r\n\r\n{INVITE}").as_bytes()).is_ok());
}

#[test]
fn a_status_line_may_lack_its_phrase() {
    for line in ["SIP/2.0 200 OK", "SIP/2.0 100 ", "SIP/2.0 183", "SIP/2.0 299 = 2**3 * 37 – все хорошо"] {
        let text_in = format!("{line}\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(String::from_utf8(parse(&text_in).to_bytes()).unwrap(), text_in);
    }
    let mut response = Response::new(Status::OK);
    assert!(response.set_reason("a\r\nVia: b").is_err());
    assert_eq!(response.reason(), "OK");
}

#[test]
fn refusals_answer_what_can_be_answered() {
    let refused = |bytes: &str| {
        let error = Message::parse(bytes.as_bytes()).unwrap_err();
        refusal(bytes.as_bytes(), &error).map(|response| text(&response))
    };
    let broken = INVITE.replace("Content-Length: 4", "Content-Length: -4");
    let answer = refused(&broken).unwrap();
    assert!(answer.starts_with("SIP/2.0 400 Bad Request\r\nv: SIP/2.0/WS a.invalid;branch=z9hG4bK1, SIP/2.0/WS b"));
    assert!(answer.contains("\r\ni: call@a.invalid\r\n"));
    assert!(answer.ends_with("\r\nContent-Length: 0\r\n\r\n"));
    let version = INVITE.replace(" SIP/2.0\r\n", " SIP/7.0\r\n");
    assert!(refused(&version).unwrap().starts_with("SIP/2.0 505 "));
    let uri = INVITE.replace("INVITE sip:bob@example.com", "INVITE <sip:bob@example.com>");
    assert!(refused(&uri).unwrap().starts_with("SIP/2.0 400 "));
    for hopeless in [
        broken.replace("INVITE", "ACK"),
        broken.replace("INVITE sip:bob@example.com SIP/2.0", "SIP/2.0 200 OK"),
        broken.replace("i: call@a.invalid\r\n", ""),
        broken.replace("CSeq", "X-CSeq"),
        broken.replace("FROM :", "X-From:"),
        String::from("\0"),
        String::from("hello"),
    ] {
        assert_eq!(refused(&hopeless), None, "{hopeless}");
    }
}

#[test]
fn messages_have_what_they_must() {
    assert_eq!(parse(INVITE).validate(), Ok(()));
    let missing = |line: &str, name: HeaderName| {
        assert_eq!(parse(&INVITE.replace(line, "\r\nX-")).validate(), Err(HeaderError::Missing { name }));
    };
    missing("\r\nFROM ", HeaderName::From);
    missing("\r\nt", HeaderName::To);
    missing("\r\ni", HeaderName::CallId);
    missing("\r\nCSeq", HeaderName::CSeq);
    let invalid = |from: &str, to: &str| parse(&INVITE.replace(from, to)).validate();
    let malformed = |name, at| Err(HeaderError::Malformed { name, at });
    assert_eq!(invalid("CSeq: 1 INVITE", "CSeq: 1 BYE"), malformed(HeaderName::CSeq, 2));
    assert_eq!(invalid("CSeq: 1", "CSeq: 36893488147419103232"), malformed(HeaderName::CSeq, 0));
    assert_eq!(invalid("ice\"", "ice"), malformed(HeaderName::From, 0));
    assert_eq!(invalid(";tag=1", ";tag=1;TAG=2"), malformed(HeaderName::From, 39));
    assert_eq!(invalid("branch=z9hG4bK1", "branch=z9hG4bK1;branch=z9hG4bK9"), malformed(HeaderName::Via, 74));
    assert_eq!(
        invalid("X-Thing: ", "t: <sip:carol@example.com>\r\nX-Thing: "),
        Err(HeaderError::Repeated { name: HeaderName::To })
    );
}

#[test]
fn nothing_gets_out_of_a_field() {
    let mut headers = Headers::new();
    for value in ["a\r\nb", "a\nb", "a\rb", "a\0b", "\r\n fold"] {
        assert!(matches!(headers.push_raw("X", value), Err(InvalidHeader::Control { .. })), "{value:?}");
    }
    for name in ["", "a b", "a:b", "a\r\nb", "é"] {
        assert_eq!(headers.push_raw(name, "value"), Err(InvalidHeader::Name), "{name:?}");
    }
    assert_eq!(headers.push_raw("X", &"a".repeat(limits::FIELD)), Err(InvalidHeader::TooLarge));
    assert!(headers.is_empty());
    assert!(UserAgent::new("a\r\nb").is_err());
}

/// A header type of someone else, which is not as careful.
struct Careless;

impl core::fmt::Display for Careless {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a\r\nInjected: b\0")
    }
}

impl Header for Careless {
    const NAME: HeaderName = HeaderName::Subject;
    const LIST: bool = false;

    fn parse(_: &str) -> Result<Self, Malformed> {
        Ok(Self)
    }
}

#[test]
fn a_careless_header_type_cannot_break_the_frame() {
    let mut response = Response::new(Status::OK);
    response.headers.push(&Careless);
    response.headers.push_front(&Careless);
    response.headers.set(&Careless);
    let parsed = Message::parse(&response.to_bytes()).unwrap();
    assert_eq!(parsed.headers().iter().map(|(name, _)| name).collect::<Vec<_>>(), ["Subject", "Content-Length"]);
}

#[test]
fn token_lists_of_several_fields_are_one() {
    let request = request("OPTIONS sip:a SIP/2.0\r\nAllow: INVITE, ACK\r\nk: path\r\nallow: X\r\nSupported:\r\n\r\n");
    let allow: Allow = request.headers.get().unwrap();
    assert_eq!(allow.0, [Method::Invite, Method::Ack, "X".parse().unwrap()]);
    assert!(request.headers.get::<Supported>().unwrap().has("PATH"));
    assert_eq!(request.headers.find::<Contact>(), Ok(None));
}

#[test]
fn saved_messages_come_back_as_they_were() {
    let mut binary = request(INVITE);
    binary.body = [0, 159, 146, 150].into();
    let mut response = Response::to_request(&binary, Status::OK);
    response.set_reason("Fine").unwrap();
    for message in
        [parse(INVITE), binary.into(), response.into(), Request::new(Method::Bye, "sip:a".parse().unwrap()).into()]
    {
        let saved = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<Message>(&saved).unwrap(), message, "{saved}");
    }
    let headers = request(INVITE).headers;
    let saved = serde_json::to_string(&headers).unwrap();
    assert_eq!(serde_json::from_str::<Headers>(&saved).unwrap(), headers);
}
