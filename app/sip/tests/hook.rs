//! What a hook may do to a message, and what not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use sip::header::{CSeq, CallId, Contact, From, To, Via};
use sip::hook::{Draft, DraftError, Start};
use sip::message::{HeaderName, InvalidHeader, Message, Method, Request, Response, Status, limits};

const INVITE: &str = "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK1\r\n\
    Max-Forwards: 70\r\nRoute: <sip:p;lr>\r\nFrom: \"A\" <sip:a@example.com>;tag=f\r\nTo: <sip:bob@example.com>\r\n\
    Call-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@a.invalid>\r\nRequire: 100rel\r\nSubject: one\r\ns: two\r\n\
    Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\noffer";

/// What is not a hook's, in full and compact.
const GUARDED: [&str; 47] = [
    "Via",
    "v",
    "From",
    "f",
    "To",
    "t",
    "Call-ID",
    "i",
    "CSEQ",
    "Max-Forwards",
    "Content-Length",
    "l",
    "Content-Type",
    "c",
    "Content-Encoding",
    "e",
    "MIME-Version",
    "Route",
    "Record-Route",
    "Path",
    "Service-Route",
    "Contact",
    "m",
    "RSeq",
    "RAck",
    "Session-Expires",
    "x",
    "Min-SE",
    "Event",
    "o",
    "Subscription-State",
    "SIP-ETag",
    "sip-if-match",
    "Min-Expires",
    "Flow-Timer",
    "Replaces",
    "Join",
    "Target-Dialog",
    "Refer-To",
    "r",
    "Refer-Sub",
    "Unsupported",
    "Authorization",
    "proxy-authorization",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Authentication-Info",
];

fn invite() -> Request {
    match Message::parse(INVITE.as_bytes()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => unreachable!("it is a request"),
    }
}

fn values(request: &Request, name: &str) -> Vec<String> {
    request.headers.raw(&name.parse().unwrap()).map(String::from).collect()
}

#[test]
fn everything_can_be_read() {
    let mut request = invite();
    let draft = Draft::of_request(&mut request);
    assert_eq!(draft.start(), Start::Request { method: &Method::Invite, uri: &"sip:bob@example.com".parse().unwrap() });
    assert_eq!((draft.method(), draft.body()), (Some(Method::Invite), b"offer".as_slice()));
    assert_eq!(draft.headers().get::<CSeq>().unwrap().seq, 1);
    let mut response = Response::to_request(&request, Status::OK);
    let draft = Draft::of_response(&mut response);
    assert_eq!(draft.start(), Start::Response { status: Status::OK, reason: "OK" });
    assert_eq!((draft.method(), draft.body()), (Some(Method::Invite), b"".as_slice()));
}

#[test]
fn fields_are_added_replaced_and_taken_away() {
    let mut request = invite();
    let mut draft = Draft::of_request(&mut request);
    draft.add("X-Ticket", " 4711 ").unwrap();
    draft.add("x-ticket", "4712").unwrap();
    draft.set("SUBJECT", "three").unwrap();
    draft.add("Proxy-Require", "sec-agree").unwrap();
    assert_eq!(draft.remove("Organization"), Ok(false));
    assert_eq!(values(&request, "X-Ticket"), ["4711", "4712"]);
    assert_eq!(values(&request, "Subject"), ["three"]);
    assert_eq!(Draft::of_request(&mut request).remove("X-TICKET"), Ok(true));
    assert!(values(&request, "X-Ticket").is_empty());
}

#[test]
fn what_frames_routes_or_proves_is_guarded() {
    let mut request = invite();
    for name in GUARDED {
        let known: HeaderName = name.parse().unwrap();
        let refused = Err(DraftError::Guarded { name: known });
        let mut draft = Draft::of_request(&mut request);
        assert_eq!(draft.add(name, "x"), refused);
        assert_eq!(draft.set(name, "x"), refused);
        assert_eq!(draft.remove(name).map(|_| ()), refused);
    }
    assert_eq!(request.to_bytes(), INVITE.as_bytes());
}

#[test]
fn what_is_required_stays_required() {
    for name in ["Require", "Proxy-Require"] {
        let mut request = invite();
        let mut draft = Draft::of_request(&mut request);
        assert!(draft.set(name, "x").is_err() && draft.remove(name).is_err());
        assert_eq!(draft.add(name, "x"), Ok(()));
        for method in [Method::Ack, Method::Cancel] {
            request.method = method;
            assert!(Draft::of_request(&mut request).add(name, "x").is_err());
        }
    }
}

#[test]
fn what_is_supported_is_only_added_to() {
    let mut request = invite();
    let mut draft = Draft::of_request(&mut request);
    for name in ["Supported", "k"] {
        assert!(draft.set(name, "x").is_err() && draft.remove(name).is_err());
        assert_eq!(draft.add(name, "x"), Ok(()));
    }
}

#[test]
fn how_long_something_lives_is_the_agents() {
    let mut request = invite();
    for (method, free) in [
        (Method::Register, false),
        (Method::Subscribe, false),
        (Method::Publish, false),
        (Method::Refer, false),
        (Method::Invite, true),
        (Method::Message, true),
    ] {
        request.headers.set(&CSeq { seq: 1, method: method.clone() });
        let mut response = Response::to_request(&request, Status::OK);
        request.method = method;
        assert_eq!(Draft::of_request(&mut request).set("Expires", "0").is_ok(), free, "{}", request.method);
        assert_eq!(Draft::of_response(&mut response).add("Expires", "0").is_ok(), free, "{}", request.method);
    }
}

#[test]
fn what_breaks_out_is_refused() {
    let mut request = invite();
    let mut draft = Draft::of_request(&mut request);
    for value in ["a\rb", "a\nb", "a\r\nVia: x", "a\0"] {
        assert_eq!(draft.add("Z", value), Err(DraftError::Invalid(InvalidHeader::Control { at: 1 })));
        assert_eq!(draft.set("Subject", value), Err(DraftError::Invalid(InvalidHeader::Control { at: 1 })));
        assert!(draft.add_contact_param("x", Some(value)).is_err());
        assert!(draft.set_body(value, b"x".to_vec()).is_err());
    }
    for name in ["", "a b", "X:", "X\r\nVia", "Via ", "é"] {
        assert_eq!(draft.add(name, "x"), Err(DraftError::Invalid(InvalidHeader::Name)));
        assert!(draft.add_contact_param(name, Some("x")).is_err());
    }
    assert_eq!(request.to_bytes(), INVITE.as_bytes());
}

#[test]
fn limits_hold_and_leave_room_for_a_signature() {
    let mut request = invite();
    let mut draft = Draft::of_request(&mut request);
    assert_eq!(draft.add("Z", &"x".repeat(limits::FIELD)), Err(DraftError::TooLarge));
    assert_eq!(draft.set_body("text/plain", vec![b'x'; limits::MESSAGE]), Err(DraftError::TooLarge));
    assert_eq!(draft.add_contact_param("x", Some(&"x".repeat(limits::FIELD))), Err(DraftError::TooLarge));
    let long = "x".repeat(limits::FIELD - 10);
    let added = (0..9).take_while(|_| draft.add("Z", &long).is_ok()).count();
    assert_eq!(added, 3);
    let added = (0..999).take_while(|_| draft.add("Z", "x").is_ok()).count();
    assert_eq!(added, limits::FIELDS - 8 - 13 - 3);
    // What is refused leaves all as it was, and what is there can be sent, with a signature of the usual size.
    assert_eq!(draft.body(), b"offer");
    request.headers.push_raw("Authorization", &"x".repeat(2000)).unwrap();
    assert!(Message::parse(&request.to_bytes()).is_ok());
}

#[test]
fn a_body_is_replaced_with_its_type_and_length() {
    let mut request = invite();
    request.headers.push_raw("e", "gzip").unwrap();
    let mut draft = Draft::of_request(&mut request);
    assert_eq!(draft.set_body("application/sdp", Vec::new()), Err(DraftError::EmptyBody));
    assert_eq!(draft.set_body("nonsense", b"x".to_vec()), Err(DraftError::Invalid(InvalidHeader::Syntax)));
    draft.set_body("multipart/mixed;boundary=b", b"--b--".repeat(3)).unwrap();
    assert_eq!(values(&request, "Content-Encoding"), [""; 0]);
    let text = String::from_utf8(request.to_bytes()).unwrap();
    assert!(
        text.ends_with("Content-Type: multipart/mixed;boundary=b\r\nContent-Length: 15\r\n\r\n--b----b----b--"),
        "{text}"
    );
}

#[test]
fn a_contact_is_only_added_to() {
    let mut request = invite();
    let mut draft = Draft::of_request(&mut request);
    draft.add_contact_param("+sip.message", None).unwrap();
    draft.add_contact_param("audio", Some("TRUE")).unwrap();
    draft.add_contact_param("description", Some("<a \"b\">, c;d")).unwrap();
    assert_eq!(draft.add_contact_param("Audio", None), Err(DraftError::TakenParam));
    assert_eq!(draft.add_contact_param("Expires", Some("0")), Err(DraftError::TakenParam));
    assert_eq!(
        values(&request, "Contact"),
        ["<sip:a@a.invalid>;+sip.message;audio=TRUE;description=\"<a \\\"b\\\">, c;d\""]
    );
    assert_eq!(request.headers.all::<Contact>().unwrap().len(), 1);
    for contact in ["*", "<sip:a>, <sip:b>"] {
        request.headers.remove(HeaderName::Contact);
        request.headers.push_raw("Contact", contact).unwrap();
        assert_eq!(Draft::of_request(&mut request).add_contact_param("x", None), Err(DraftError::NoContact));
    }
}

/// Names that are added to, or free.
const OTHERS: [&str; 6] = ["Require", "Supported", "k", "X-Mark", "expires", "tag"];

/// What a hook tries.
#[derive(Clone, Debug)]
enum Try {
    Add(String, String),
    Set(String, String),
    Remove(String),
    Body(String, Vec<u8>),
    Param(String, Option<String>),
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let name = || {
        prop_oneof![
            prop::sample::select([&GUARDED[..], &OTHERS].concat()).prop_map(String::from),
            "[A-Za-z-]{1,8}",
            "\\PC{0,6}",
            "[A-Za-z]{1,3}[\r\n\0: ]{1,2}[A-Za-z]{0,4}",
        ]
    };
    let value = || prop_oneof!["[ -~]{0,20}", "[\\PC\r\n\0\"<>;,]{0,20}", "[a-z]{2000}"];
    let one = prop_oneof![
        (name(), value()).prop_map(|(name, value)| Try::Add(name, value)),
        (name(), value()).prop_map(|(name, value)| Try::Set(name, value)),
        name().prop_map(Try::Remove),
        (
            prop_oneof!["[a-z]{1,5}/[a-z]{1,5}(;[a-z]=[a-z\"]{1,3})?", value()],
            prop::collection::vec(any::<u8>(), 0..40)
        )
            .prop_map(|(kind, body)| Try::Body(kind, body)),
        (name(), prop::option::of(value())).prop_map(|(name, value)| Try::Param(name, value)),
    ];
    prop::collection::vec(one, 0..12)
}

fn apply(draft: &mut Draft<'_>, tries: &[Try]) {
    for one in tries {
        let _ = match one {
            Try::Add(name, value) => draft.add(name, value),
            Try::Set(name, value) => draft.set(name, value),
            Try::Remove(name) => draft.remove(name).map(|_| ()),
            Try::Body(kind, body) => draft.set_body(kind, body.clone()),
            Try::Param(name, value) => draft.add_contact_param(name, value.as_deref()),
        };
    }
}

/// What makes a message this message.
fn identity(message: &Message) -> (Vec<String>, usize) {
    let headers = message.headers();
    let mut fields = vec![
        format!("{:?}", headers.all::<Via>().unwrap()),
        format!("{:?}", headers.get::<From>().unwrap()),
        format!("{:?}", headers.get::<To>().unwrap()),
        headers.get::<CallId>().unwrap().to_string(),
        headers.get::<CSeq>().unwrap().to_string(),
    ];
    for name in [HeaderName::Route, HeaderName::MaxForwards, HeaderName::Authorization] {
        fields.push(headers.raw(&name).collect::<Vec<_>>().join("|"));
    }
    let contacts = headers.all::<Contact>().unwrap();
    fields.extend(contacts.iter().map(|contact| contact.address().unwrap().uri.to_string()));
    (fields, message.body().len())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_hook_tries_the_message_stays_itself(tries in tries()) {
        let mut request = invite();
        apply(&mut Draft::of_request(&mut request), &tries);
        let mut response = Response::to_request(&invite(), Status::OK);
        response.headers.push_raw("Contact", "<sip:b@b.invalid>").unwrap();
        let plain = Message::from(response.clone());
        apply(&mut Draft::of_response(&mut response), &tries);
        for (changed, plain) in [(Message::from(request), Message::from(invite())), (response.into(), plain)] {
            let bytes = changed.to_bytes();
            let read = Message::parse(&bytes);
            prop_assert!(read.is_ok(), "{:?} of {}", read, bytes.escape_ascii());
            let read = read.unwrap();
            prop_assert!(read.validate().is_ok(), "{:?}", read.validate());
            prop_assert_eq!(&identity(&read).0, &identity(&plain).0);
            prop_assert_eq!(read.body(), changed.body());
            // One field is one field: what came before the length is all that was there.
            let fields = |message: &Message| {
                let all = message.headers().iter().filter(|(name, _)| !name.eq_ignore_ascii_case("Content-Length"));
                all.map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>()
            };
            prop_assert_eq!(fields(&read), fields(&changed));
            match (&read, &plain) {
                (Message::Request(read), Message::Request(plain)) => {
                    prop_assert_eq!((&read.method, &read.uri), (&plain.method, &plain.uri));
                }
                (Message::Response(read), Message::Response(plain)) => prop_assert_eq!(read.status, plain.status),
                (Message::Request(_), Message::Response(_)) | (Message::Response(_), Message::Request(_)) => {
                    prop_assert!(false, "a request became a response");
                }
            }
        }
    }
}
