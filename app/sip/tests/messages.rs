//! What must hold for every message: parsing never panics, printing what was parsed is the identity, what comes
//! from outside cannot break the frame, and what was built can be read again.
//!
//! `PROPTEST_CASES` says how many cases of each are tried.

#![allow(clippy::expect_used, reason = "a test may fail")]

use proptest::prelude::*;
use sip::header::{
    CSeq, CallId, Contact, ContentType, From, MaxForwards, NameAddr, Reason, Route, Supported, To, UserAgent, Via,
    ViaTransport, Warning,
};
use sip::message::{Header, HeaderName, Headers, Message, Method, Request, Response, Status, Text, refusal};
use sip::uri::{Params, Part, SipUri, Uri, UriHeaders};

const REAL: [&[u8]; 2] = [include_bytes!("messages/invite.sip"), include_bytes!("messages/challenge.sip")];

/// Reads all that can be read of bytes: nothing of it may panic.
fn read_all(bytes: &[u8]) {
    match Message::parse(bytes) {
        Ok(message) => {
            let _ = message.validate();
            read_headers(message.headers());
            if let Message::Request(request) = &message {
                let mut response = Response::to_request(request, Status::OK);
                response.set_to_tag("tag");
                let again = Message::parse(&response.to_bytes());
                assert!(again.is_ok(), "{again:?} of {}", bytes.escape_ascii());
                let _ = sip::digest::presented(request, "tabphone");
            }
        }
        Err(error) => {
            assert!(error.offset <= bytes.len());
            if let Some(response) = refusal(bytes, &error) {
                let again =
                    Message::parse(&response.to_bytes()).map(|message| message.headers().contains(HeaderName::Via));
                assert_eq!(again, Ok(true), "{}", bytes.escape_ascii());
            }
        }
    }
}

fn read_headers(headers: &Headers) {
    use sip::header::*;
    fn typed<H: Header>(headers: &Headers) {
        match headers.all::<H>() {
            // What can be read can be written and read again, and stays the same from then on.
            Ok(all) => all.iter().for_each(|header| {
                let text = header.to_string();
                let again = H::parse(&text).map(|header| header.to_string());
                assert_eq!(again.as_ref(), Ok(&text));
            }),
            Err(HeaderError::Malformed { name, at }) => {
                assert!(headers.raw(&name).any(|value| at <= value.len()), "{name} {at}");
            }
            Err(HeaderError::Missing { .. } | HeaderError::Repeated { .. } | HeaderError::TooMany { .. }) => {}
        }
        let mut changed = headers.clone();
        let before = changed.all::<H>().map(|all| all.len());
        if changed.pop_front::<H>()
            && let (Ok(before), Ok(after)) = (before, changed.all::<H>().map(|all| all.len()))
        {
            assert_eq!(before, after + 1);
        }
    }
    macro_rules! each {
        ($($header:ident)+) => { $(typed::<$header>(headers);)+ };
    }
    sip::for_each_header!(each);
}

/// A message as other software might write it: any case, compact forms, folds, white space, binary bodies.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let start = prop_oneof![
        ("[A-Z]{2,9}", uri()).prop_map(|(method, uri)| format!("{method} {uri} SIP/2.0")),
        (100_u16..700, "[ -~é]{0,20}").prop_map(|(code, reason)| format!("SIP/2.0 {code} {reason}")),
    ];
    let fields = prop::collection::vec(field(), 0..20);
    let body = prop::collection::vec(any::<u8>(), 0..60);
    (start, fields, body, any::<prop::sample::Index>()).prop_map(|(start, mut fields, body, place)| {
        fields.insert(place.index(fields.len() + 1), format!("l : {}\r\n", body.len()));
        [format!("{start}\r\n{}\r\n", fields.concat()).as_bytes(), &body].concat()
    })
}

fn uri() -> impl Strategy<Value = String> {
    prop_oneof![
        "(sip|sips|SIP|Sips):([a-z0-9%#;?é]{1,9}(:[a-z]{0,4})?@)?[a-zA-Z0-9.-]{1,12}(:0?[1-9][0-9]{0,3})?(;[a-z]{1,4}(=[a-z%]{1,4})?){0,3}([?][a-z=&%]{0,9})?",
        "sip:\\[[0-9A-F]{1,4}:0::[0-9a-f]{1,4}\\];lr",
        "tel:[+]?[0-9-]{1,9}(;ext=[0-9]{1,3})?",
        "[a-z][a-z+.]{0,5}:[!#-;=?-~]{1,20}".prop_filter("another scheme", |uri| {
            !["sip:", "sips:", "tel:"].iter().any(|scheme| uri.starts_with(scheme))
        }),
    ]
}

fn field() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        "[A-Za-z-]{1,12}".prop_filter("not Content-Length", |name| !name.eq_ignore_ascii_case("l")),
        prop::sample::select(vec!["Via", "v", "FROM", "t", "Contact", "CSeq", "Call-ID", "Record-Route", "Warning"])
            .prop_map(String::from),
    ];
    let value = prop_oneof![
        "[ -~é]{0,40}",
        ("(\"[a-z<>;,\\\\é]{0,9}\")?", uri(), "(;[a-z]{1,3}(=(\"[;, ]{0,3}\"|[a-z]{1,3}))?){0,3}")
            .prop_map(|(display, uri, params)| format!("{display}<{uri}>{params}")),
        "SIP *(/) *2[.]0 */(WS|udp|Tls) [a-z.]{1,9}( ?: ?[1-9][0-9]{0,3})?(;[a-z]{1,6}(=[a-z0-9]{1,9})?){0,3}",
    ];
    let white = "[ \t]{0,2}";
    (name, white, white, value, "(\r\n[ \t]{1,2})?", "[ -~]{0,9}", white).prop_map(
        |(name, before, after, value, fold, more, end)| format!("{name}{before}:{after}{value}{fold}{more}{end}\r\n"),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printing_what_was_parsed_is_the_identity(bytes in message()) {
        let parsed = Message::parse(&bytes);
        prop_assert!(parsed.is_ok(), "{:?} of {}", parsed, bytes.escape_ascii());
        let printed = parsed.map(|message| message.to_bytes()).unwrap_or_default();
        prop_assert_eq!(printed.escape_ascii().to_string(), bytes.escape_ascii().to_string());
    }

    #[test]
    fn generated_messages_are_read_without_panic(bytes in message()) {
        read_all(&bytes);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn any_header_values_are_read_without_panic(value in "[ -~\t]{0,60}") {
        each_reads(&value);
    }

    #[test]
    fn values_that_look_like_headers_are_read_without_panic(value in likely()) {
        each_reads(&value);
    }

    #[test]
    fn damaged_messages_are_read_without_panic(
        real in prop::sample::select(REAL.to_vec()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..8),
    ) {
        let mut bytes = real.to_vec();
        for (place, byte, how) in damage {
            let place = place.index(bytes.len().max(1));
            if place >= bytes.len() {
                bytes.push(byte);
            }
            match how {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                2 => { bytes.remove(place); }
                _ => bytes.truncate(place.max(1)),
            }
        }
        read_all(&bytes);
    }

    #[test]
    fn nothing_from_outside_breaks_the_frame(texts in prop::collection::vec("[\\PC\r\n\0;,<>\"\\\\@:= ]{0,12}", 16)) {
        let request = built(&texts);
        let bytes = request.to_bytes();
        let head = bytes.strip_suffix(b"the body").expect("the body is at the end");
        // Line ends are ours, and there are no other control characters that frame anything.
        prop_assert_eq!(head.windows(4).filter(|four| four == b"\r\n\r\n").count(), 1);
        let lone = head.iter().enumerate().any(|(at, byte)| match byte {
            b'\r' => head.get(at + 1) != Some(&b'\n'),
            b'\n' => at == 0 || head[at - 1] != b'\r',
            0 => true,
            _ => false,
        });
        prop_assert!(!lone, "{}", bytes.escape_ascii());
        let parsed = Message::parse(&bytes);
        prop_assert!(parsed.is_ok(), "{:?} of {}", parsed, bytes.escape_ascii());
        let parsed = parsed.expect("checked");
        let count = request.headers.len() + 1;
        prop_assert_eq!(parsed.headers().len(), count, "{}", bytes.escape_ascii());
        prop_assert_eq!(parsed.body(), b"the body");
        read_headers(parsed.headers());
    }

    #[test]
    fn what_is_built_is_read_again(user in "\\PC{1,20}", display in "\\PC{1,20}", seq in 0..1_u32 << 31) {
        let uri = SipUri::new(&user, "example.com").expect("the host is one");
        prop_assert_eq!(uri.to_string().parse::<SipUri>().ok().and_then(|uri| uri.user_unescaped()), Some(user));
        let from = From(NameAddr::new(uri.into()).with_display(&display).expect("no line ends")).with_tag("tag");
        let mut headers = Headers::new();
        headers.push(&from);
        headers.push(&CSeq::new(seq, Method::Invite));
        prop_assert_eq!(headers.get::<From>(), Ok(from));
        prop_assert_eq!(headers.get::<CSeq>().map(|cseq| cseq.seq), Ok(seq));
    }
}

/// Reads a value as every header there is.
fn each_reads(value: &str) {
    macro_rules! names {
        ($($header:ident)+) => { [$(<sip::header::$header as Header>::NAME),+] };
    }
    let fields = sip::for_each_header!(names).map(|name| format!("{name}: {value}\r\n"));
    let (length, fields): (Vec<_>, Vec<_>) = fields.into_iter().partition(|field| field.starts_with("Content-Length"));
    assert_eq!(length.len(), 1);
    read_all(format!("OPTIONS sip:a SIP/2.0\r\n{}\r\n", fields.concat()).as_bytes());
}

/// What headers are made of, in an order that is often one.
fn likely() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        ";",
        ",",
        "=",
        " ",
        "\t",
        "\"",
        "<",
        ">",
        "(",
        ")",
        "\\",
        "*",
        ".",
        "/",
        ":",
        "?",
        "&",
        "%3B",
        "%",
        "@",
        "1",
        "90",
        "9999999999",
        "1.0",
        "0.",
        "a",
        "INVITE",
        "sip:a@b",
        "<sip:a@b>",
        "<sip:a@b?Replaces=1%3Bto-tag%3D2>",
        "\"é\\\"\"",
        "<urn:uuid:1>",
        "tag",
        "to-tag",
        "from-tag",
        "local-tag",
        "remote-tag",
        "q",
        "info",
        "true",
        "auto answer",
        "SIP/2.0/UDP",
        "Digest realm=\"a\"",
        "Sat, 13 Nov 2010 23:29:00 GMT",
        "399 a \"b\"",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// A request into which texts from outside went wherever the types let them.
fn built(texts: &[String]) -> Request {
    let text = |index: usize| texts[index].as_str();
    let mut uri = SipUri::new(text(0), text(1)).unwrap_or_else(|_| SipUri::new(text(0), "a").expect("a host"));
    uri.user = Part::new(text(2)).ok().or(uri.user);
    uri.headers = UriHeaders::new(text(3)).ok();
    let _ = uri.params.set(text(4), Some(text(5)));
    let any_uri: Uri = text(6).parse().unwrap_or_else(|_| uri.clone().into());
    let method = text(7).parse().unwrap_or(Method::Options);
    let mut request = Request::new(method, any_uri);
    request.body = b"the body".to_vec();
    let address = NameAddr::new(uri.into());
    let named = address.clone().with_display(text(8)).unwrap_or_else(|_| address.clone());
    let mut params = Params::new();
    let _ = params.set_text(text(9), &Text::lossy(text(10)));
    let headers = &mut request.headers;
    headers.push(&From(named.clone()).with_tag(text(11)));
    headers.push(&To(NameAddr { params, ..address.clone() }).with_tag(text(12)));
    headers.push(&Contact::Addr(NameAddr { display: Some(Text::lossy(text(13))), ..address }));
    let host = text(1).parse().unwrap_or_else(|_| "a".parse().expect("a host"));
    headers.push_front(&Via::new(ViaTransport::Ws, host, None, text(11)));
    let _ = headers.push_raw(text(14), text(15)).is_ok() || headers.push_raw("X-Text", text(15)).is_ok();
    push(headers, CallId::new(text(12)).ok());
    push(headers, UserAgent::new(text(8)).ok());
    push(headers, ContentType::new(text(9)).ok());
    push(headers, Warning::new(399, text(1), text(10)).ok());
    push(headers, Some(Reason::sip(Status::OK, Some(&Text::lossy(text(13))))));
    push(headers, Route::parse(text(14)).ok());
    push(headers, Supported::parse(text(15)).ok());
    push(headers, MaxForwards::parse(text(7)).ok());
    let challenge = format!("Digest realm=\"{}\", nonce=\"{}\"", text(0), text(1)).parse();
    if let Ok(challenge) = challenge {
        let ha1 = sip::digest::ha1(&sip::digest::Algorithm::Md5, text(2), text(3), text(4));
        let credentials = sip::digest::sign(&challenge, &ha1, text(2), &Method::Register, text(5), b"", text(6), 1);
        push(headers, Some(sip::header::Authorization(credentials)));
    }
    push_extensions(headers, texts, &named);
    // A Content-Length that was smuggled in is corrected, and is not a field too many.
    headers.remove(HeaderName::ContentLength);
    request
}

/// The same for the headers of the extensions.
fn push_extensions(headers: &mut Headers, texts: &[String], address: &NameAddr) {
    use sip::header::*;
    use sip::message::Token;
    let text = |index: usize| texts[index].as_str();
    let mut params = Params::new();
    let _ = params.set_text(text(0), &Text::lossy(text(1)));
    let _ = params.set(text(2), Some(text(3)));
    let call = CallId::new(text(4)).unwrap_or_else(|_| CallId::new("a").expect("a Call-ID"));
    let replaces = Replaces::new(&call, text(5), text(6)).ok();
    if let Some(replaces) = &replaces {
        push(headers, ReferTo::with_replaces(address.uri.clone(), replaces).ok());
    }
    push(headers, replaces);
    push(headers, TargetDialog::new(&call, text(7), text(8)).ok());
    push(headers, Some(InReplyTo::new([call.clone(), call])));
    push(headers, Some(ReferredBy(address.clone())));
    push(headers, Subject::new(text(9)).ok());
    push(headers, ContentId::new(text(10)).ok());
    push(headers, Some(UserToUser { params: params.clone(), ..UserToUser::new(Text::lossy(text(11))) }));
    push(headers, Some(AlertInfo::of_params(params.clone())).filter(|_| !params.is_empty()));
    let mut info = CallInfo::new(&address.uri);
    info.params = params.clone();
    push(headers, Some(info));
    push(headers, Some(SessionExpires { params: params.clone(), ..SessionExpires::new(90) }));
    push(headers, Some(AcceptContact { params: params.clone() }));
    push(headers, Token::new(text(12)).ok().map(|event_type| Event { params, ..Event::new(event_type) }));
    push(headers, AlertInfo::parse(text(13)).ok());
    push(headers, Identity::parse(text(14)).ok());
    push(headers, Privacy::parse(text(15)).ok());
}

fn push<H: Header>(headers: &mut Headers, header: Option<H>) {
    if let Some(header) = header {
        // What was built is one value, and can be read again.
        let mut alone = Headers::new();
        alone.push(&header);
        assert_eq!(alone.all::<H>().map(|all| all.len()), Ok(1), "{alone:?}");
        headers.push(&header);
    }
}
