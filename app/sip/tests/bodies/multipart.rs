use sip::body::multipart::{Part, Wanted, compose, find, parse};
use sip::body::{BodyErrorKind, limits};
use sip::header::{ContentType, MediaType};
use sip::message::{Headers, Message, Status};

fn media_type(text: &str) -> MediaType {
    text.parse().expect(text)
}

fn bodies(media: &str, body: &[u8]) -> Result<Vec<Vec<u8>>, BodyErrorKind> {
    let parts = parse(&media_type(media), body).map_err(|error| error.kind)?;
    Ok(parts.into_iter().map(|part| part.body).collect())
}

/// What a phone finds in a body of these parts.
fn session(subtype: &str, parts: &[Part]) -> Result<Option<Vec<u8>>, Status> {
    let composed = compose(subtype, parts).expect("a subtype");
    let mut headers = Headers::new();
    headers.set(&ContentType(composed.media_type));
    let found = find(&headers, &composed.body, &Wanted::SESSION);
    found.map(|part| part.map(|part| part.body)).map_err(|error| error.status())
}

fn sdp(body: &[u8]) -> Part {
    Part::new("application/sdp", body).unwrap()
}

fn isup() -> Part {
    Part::new("application/isup;version=itu-t92+", b"\x01\x00\r\n--\xff").unwrap()
}

#[test]
fn the_example_of_rfc_2046_is_read() {
    let body = b"This is the preamble.\r\n\
        --simple boundary\r\n\r\nImplicitly typed.\r\n--not-it\r\n\
        --simple boundary   \r\nContent-type: text/plain; charset=us-ascii\r\n\r\nDoes end with a line end.\r\n\r\n\
        --simple boundary--\r\n\r\nThis is the epilogue.\r\n--simple boundary\r\n";
    let parts = parse(&media_type("multipart/mixed; boundary=\"simple boundary\""), body).expect("it is well-formed");
    let [implicit, explicit] = parts.as_slice() else { panic!("{parts:?}") };
    assert_eq!(implicit.body, b"Implicitly typed.\r\n--not-it");
    assert_eq!((implicit.media_type(), implicit.headers.len()), (None, 0));
    assert_eq!(explicit.body, b"Does end with a line end.\r\n");
    assert!(explicit.media_type().is_some_and(|media_type| media_type.is("text/plain")));
}

#[test]
fn an_invite_of_a_pbx_is_read() {
    let message = b"INVITE sip:alice@example.com SIP/2.0\r\n\
        c: multipart/mixed;boundary=unique-boundary-1\r\nMIME-Version: 1.0\r\n\r\n\
        --unique-boundary-1\r\nContent-Type: application/sdp; charset=ISO-10646\r\n\r\nv=0\r\no=a\r\n\r\n\
        --unique-boundary-1\r\nContent-Type: application/ISUP; version=nxv3\r\n\
        Content-Disposition: signal; handling=optional\r\n\
        Content-ID: <isup@example.com>\r\nContent-Transfer-Encoding: binary\r\n\r\n\
        \x01\x00\n\xff\r\n--unique-boundary-1--";
    let message = Message::parse(message).expect("it is a message");
    let found = find(message.headers(), message.body(), &Wanted::SESSION).expect("it is well-formed");
    assert_eq!(found.map(|part| part.body).as_deref(), Some(&b"v=0\r\no=a\r\n"[..]));
    let content_type: ContentType = message.headers().get().unwrap();
    let parts = parse(&content_type.0, message.body()).unwrap();
    let isup = &parts[1];
    assert_eq!(isup.body, b"\x01\x00\n\xff");
    assert_eq!(isup.content_id().map(|id| id.to_string()).as_deref(), Some("<isup@example.com>"));
    assert_eq!(isup.transfer_encoding(), Some("binary"));
    assert_eq!((isup.disposition().kind.as_str(), isup.disposition().required), ("signal", false));
}

#[test]
fn line_ends_may_be_bare_and_the_last_boundary_missing() {
    let body = b"--b\nContent-Type: text/plain\n\none\n--b\n\ntwo";
    assert_eq!(bodies("multipart/mixed;boundary=b", body), Ok(vec![b"one".to_vec(), b"two".to_vec()]));
    assert_eq!(bodies("multipart/mixed;boundary=b", b"--b\r\n\r\n--b--"), Ok(vec![vec![]]));
    assert_eq!(bodies("multipart/mixed;boundary=b", b"--b--"), Ok(vec![]));
}

#[test]
fn what_has_no_boundary_is_refused() {
    let long = format!("multipart/mixed;boundary={}", "b".repeat(limits::BOUNDARY + 1));
    for media in [
        "multipart/mixed",
        "multipart/mixed;boundary=\"\"",
        "multipart/mixed;boundary=\"b \"",
        "text/plain;boundary=b",
        &long,
    ] {
        assert_eq!(bodies(media, b"--b\r\n\r\n--b--"), Err(BodyErrorKind::Boundary), "{media}");
    }
    assert_eq!(bodies("multipart/mixed;boundary=b", b"b\r\n--bb\r\n"), Err(BodyErrorKind::Boundary));
    let error = parse(&media_type("multipart/mixed;boundary=b"), b"--b\r\nno field\r\n\r\n").expect_err("no field");
    assert_eq!((error.kind, error.offset, error.line), (BodyErrorKind::Field, 5, 2));
}

#[test]
fn the_session_is_found_in_any_multipart() {
    assert_eq!(session("mixed", &[isup(), sdp(b"v=0")]), Ok(Some(b"v=0".to_vec())));
    assert_eq!(session("mixed", &[sdp(b"first"), sdp(b"second")]), Ok(Some(b"first".to_vec())));
    assert_eq!(session("alternative", &[sdp(b"plain"), sdp(b"rich"), isup()]), Ok(Some(b"rich".to_vec())));
    assert_eq!(
        session("related", &[sdp(b"v=0"), isup().with_disposition("x", true).unwrap()]),
        Ok(Some(b"v=0".to_vec()))
    );
    assert_eq!(session("mixed", &[isup()]), Ok(None));
    let nested = compose("alternative", &[sdp(b"nested")]).unwrap();
    let nested = Part::new(&nested.media_type.to_string(), &nested.body).unwrap();
    assert_eq!(session("mixed", &[isup(), nested]), Ok(Some(b"nested".to_vec())));
}

#[test]
fn what_must_be_understood_and_is_not_is_refused() {
    let required = isup().with_disposition("signal", true).unwrap();
    assert_eq!(session("mixed", &[sdp(b"v=0"), required.clone()]), Err(Status::UNSUPPORTED_MEDIA_TYPE));
    assert_eq!(session("mixed", &[required]), Err(Status::UNSUPPORTED_MEDIA_TYPE));
    let optional = isup().with_disposition("signal", false).unwrap();
    assert_eq!(session("mixed", &[optional, sdp(b"v=0")]), Ok(Some(b"v=0".to_vec())));
    let mut unsaid = isup();
    unsaid.headers.push_raw("Content-Disposition", "signal").unwrap();
    assert_eq!(session("mixed", &[unsaid, sdp(b"v=0")]), Err(Status::UNSUPPORTED_MEDIA_TYPE), "RFC 3261 20.11");
    let text = Part::new("text/plain", b"hi").unwrap().with_disposition("render", true).unwrap();
    assert_eq!(session("mixed", &[text, sdp(b"v=0")]), Ok(Some(b"v=0".to_vec())));
}

#[test]
fn early_media_of_its_own_is_not_the_session() {
    let early = sdp(b"early").with_disposition("early-session", false).unwrap();
    assert_eq!(session("mixed", &[early.clone(), sdp(b"v=0")]), Ok(Some(b"v=0".to_vec())));
    assert_eq!(session("mixed", &[early]), Ok(None));
    let said = sdp(b"v=0").with_disposition("Session", true).unwrap();
    assert_eq!(session("mixed", &[said]), Ok(Some(b"v=0".to_vec())));
}

#[test]
fn a_body_that_is_not_in_parts_is_found_too() {
    let mut headers = Headers::new();
    assert_eq!(find(&headers, b"v=0", &Wanted::SESSION), Ok(None), "nobody says what it is");
    headers.set(&ContentType::SDP);
    assert_eq!(
        find(&headers, b"v=0", &Wanted::SESSION).map(|part| part.map(|part| part.body)),
        Ok(Some(b"v=0".to_vec()))
    );
    assert_eq!(find(&headers, b"", &Wanted::SESSION), Ok(None));
    headers.set(&ContentType::new("application/isup").unwrap());
    assert_eq!(find(&headers, b"v=0", &Wanted::SESSION), Ok(None));
    headers.push_raw("Content-Disposition", "signal;handling=required").unwrap();
    assert_eq!(find(&headers, b"v=0", &Wanted::SESSION).map_err(|error| error.kind), Err(BodyErrorKind::Unsupported));
}

#[test]
fn the_boundary_occurs_in_no_part() {
    let first = compose("mixed", &[sdp(b"a")]).unwrap();
    assert_eq!(first.media_type.to_string(), "multipart/mixed;boundary=part-00000000");
    assert_eq!(compose("mixed", &[sdp(b"a")]), Ok(first), "the same parts give the same bytes");
    let hostile =
        sdp(b"\r\n--part-00000000\r\n\r\nInjected\r\n--part-00000001--\r\n--part-000000029\r\n--part-00000004");
    let composed = compose("mixed", core::slice::from_ref(&hostile)).unwrap();
    assert_eq!(composed.media_type.params.value("boundary"), Some("part-00000003"));
    assert_eq!(parse(&composed.media_type, &composed.body), Ok(vec![hostile]));
}

#[test]
fn parts_and_depth_are_bounded() {
    let many = "--b\r\n\r\n".repeat(limits::PARTS + 1);
    assert_eq!(bodies("multipart/mixed;boundary=b", many.as_bytes()), Err(BodyErrorKind::TooMany));
    let mut part = sdp(b"v=0");
    for depth in 0..=limits::MULTIPART_DEPTH {
        let outcome = session("mixed", &[part.clone()]);
        let expected = if depth < limits::MULTIPART_DEPTH {
            Ok(Some(b"v=0".to_vec()))
        } else {
            Err(Status::REQUEST_ENTITY_TOO_LARGE)
        };
        assert_eq!(outcome, expected, "{depth}");
        let wrapped = compose("mixed", &[part]).unwrap();
        part = Part::new(&wrapped.media_type.to_string(), &wrapped.body).unwrap();
    }
}
