//! The headers of RFC 3261 section 20, with its examples.

use super::*;
use crate::message::{Headers, Message, Token};
use std::vec::Vec;

#[test]
fn the_examples_of_section_20_print_as_they_are_written() {
    for (value, again) in [
        ("gzip", again::<AcceptEncoding> as fn(&str) -> String),
        ("da", again::<AcceptLanguage>),
        ("en-gb;q=0.8", again::<AcceptLanguage>),
        ("<http://www.example.com/sounds/moo.wav>", again::<AlertInfo>),
        ("INVITE, ACK, OPTIONS, CANCEL, BYE", again::<Allow>),
        ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6@biloxi.com", again::<CallId>),
        ("<http://wwww.example.com/alice/photo.jpg>;purpose=icon", again::<CallInfo>),
        ("\"Mr. Watson\" <sip:watson@worcester.bell-telephone.com>;q=0.7;expires=3600", again::<Contact>),
        ("session", again::<ContentDisposition>),
        ("gzip", again::<ContentEncoding>),
        ("fr", again::<ContentLanguage>),
        ("349", again::<ContentLength>),
        ("application/sdp", again::<ContentType>),
        ("text/html;charset=ISO-8859-4", again::<ContentType>),
        ("4711 INVITE", again::<CSeq>),
        ("Sat, 13 Nov 2010 23:29:00 GMT", again::<Date>),
        ("<sip:not-in-service-recording@atlanta.com>", again::<ErrorInfo>),
        ("5", again::<Expires>),
        ("\"A. G. Bell\" <sip:agb@bell-telephone.com>;tag=a48s", again::<From>),
        ("70710@saturn.bell-tel.com, 17320@saturn.bell-tel.com", again::<InReplyTo>),
        ("6", again::<MaxForwards>),
        ("60", again::<MinExpires>),
        ("1.0", again::<MimeVersion>),
        ("Boxes by Bob", again::<Organization>),
        ("emergency", again::<Priority>),
        ("foo", again::<ProxyRequire>),
        ("<sip:server10.biloxi.com;lr>", again::<RecordRoute>),
        ("\"Bob\" <sip:bob@biloxi.com>", again::<ReplyTo>),
        ("100rel", again::<Require>),
        ("18000;duration=3600", again::<RetryAfter>),
        ("120 (I'm in a meeting)", again::<RetryAfter>),
        ("<sip:bigbox3.site3.atlanta.com;lr>", again::<Route>),
        ("HomeServer v2", again::<Server>),
        ("Need more boxes", again::<Subject>),
        ("100rel", again::<Supported>),
        ("54", again::<Timestamp>),
        ("\"The Operator\" <sip:operator@cs.columbia.edu>;tag=287447", again::<To>),
        ("foo", again::<Unsupported>),
        ("Softphone Beta1.5", again::<UserAgent>),
        ("SIP/2.0/UDP 192.0.2.1:5060;received=192.0.2.207;branch=z9hG4bK77asjd", again::<Via>),
        ("307 isi.edu \"Session parameter 'foo' not understood\"", again::<Warning>),
    ] {
        assert_eq!(again(value), value);
    }
}

#[test]
fn a_tag_is_the_same_whether_the_address_is_read_or_passed_over() {
    for (value, tag) in [
        ("<sip:a@b>;tag=1", Some("1")),
        ("sip:a@b;tag=1;x=y", Some("1")),
        ("sip:a@b ; x ; TAG = 1", Some("1")),
        ("Bell, Alexander <sip:a@b>;tag=1", None),
        ("A. G. Bell <sip:a@b;tag=uri>;x=y;tag=\"quoted;tag=0\"", Some("\"quoted;tag=0\"")),
        ("\"<sip:x>;tag=\\\"name\" <sip:a@b;tag=uri>;x=\";tag=0\";tag=1;tag=2", Some("1")),
        ("\" \"<sip:a@b;tag=uri>", None),
        ("<sip:a@b>;tag;tag=2", None),
        ("<sip:a@b>;tags=2", None),
        ("<sip:a@b", None),
        ("", None),
    ] {
        let mut headers = Headers::new();
        headers.push_raw("f", value).unwrap();
        assert_eq!(From::tag_of(&headers), tag, "{value}");
        assert_eq!(value.parse().ok().as_ref().and_then(From::tag), tag, "{value}");
    }
    assert_eq!(To::tag_of(&Headers::new()), None);
}

#[test]
fn what_is_malformed_is_refused_where_it_goes_wrong() {
    let message = b"INVITE sip:a SIP/2.0\r\nDate: Sat, 13 Nov 2010 23:29:00 EST\r\nSubject: still here\r\n\r\n";
    let message = Message::parse(message).unwrap();
    // Only the header itself is lost.
    assert_eq!(message.headers().get::<Date>(), Err(HeaderError::Malformed { name: HeaderName::Date, at: 25 }));
    assert_eq!(message.headers().get::<Subject>().unwrap().0, *"still here");

    assert_eq!(refused::<AcceptEncoding>("gzip;"), 5);
    assert_eq!(refused::<AcceptLanguage>(""), 0);
    assert_eq!(refused::<AlertInfo>("<sip:a"), 0);
    assert_eq!(refused::<ContentDisposition>("a b"), 2);
    assert_eq!(refused::<ContentLanguage>("fr de"), 2);
    assert_eq!(refused::<InReplyTo>("a@b, c d"), 6);
    assert_eq!(refused::<MimeVersion>("1"), 1);
    assert_eq!(refused::<MimeVersion>("1.0.0"), 3);
    assert_eq!(refused::<MimeVersion>("1.99999999999"), 2);
    assert_eq!(refused::<MimeVersion>("1.0 (a"), 6);
    assert_eq!(refused::<Priority>("very urgent"), 4);
    assert_eq!(refused::<ReplyTo>("bob"), 0);
    assert_eq!(refused::<Timestamp>("-1"), 0);
    assert_eq!(refused::<Timestamp>("1 x"), 1);
    assert_eq!(refused::<Timestamp>(".5"), 0);
}

#[test]
fn a_version_of_mime_may_have_comments_anywhere() {
    for value in ["1.0 (produced by MetaSend Vx.x)", "(a (b) \\)) 1.0", "1.(a)0", " 1 ( ) . 0(a)\t(b)"] {
        assert_eq!(read::<MimeVersion>(value), MimeVersion::V1_0, "{value}");
    }
}

#[test]
fn a_list_may_be_empty() {
    for fields in ["Accept:\r\n", "Accept: \r\nAccept: ,\r\n"] {
        let message = Message::parse(format!("OPTIONS sip:a SIP/2.0\r\n{fields}\r\n").as_bytes()).unwrap();
        assert_eq!(message.headers().all::<Accept>(), Ok(Vec::new()), "{fields:?}");
        assert_eq!(message.headers().find::<Accept>(), Ok(None), "{fields:?}");
        assert!(message.headers().contains(HeaderName::Accept), "{fields:?}");
    }
}

#[test]
fn preferences_are_read_in_thousandths() {
    assert_eq!(read::<AcceptLanguage>("en; Q = 0.75").q(), Some(750));
    assert_eq!(read::<AcceptEncoding>("*;q=0").q(), Some(0));
    assert_eq!(read::<Accept>("application/sdp;level=1;q=1.000").q(), Some(1000));
    for (q, thousandths) in [("0.", Some(0)), ("1.", Some(1000)), ("0.001", Some(1))] {
        assert_eq!(read::<AcceptEncoding>(&format!("gzip;q={q}")).q(), thousandths, "{q}");
    }
    for q in ["1.001", "0.0001", "2", "-1", "x", ".5", "\"0.5\"", "0.5.5"] {
        assert_eq!(read::<AcceptEncoding>(&format!("gzip;q={q}")).q(), None, "{q}");
    }
    assert_eq!(read::<AcceptEncoding>("gzip").q(), None);
}

#[test]
fn a_body_that_is_not_understood_is_refused_unless_it_is_optional() {
    assert!(read::<ContentDisposition>("session").is_required());
    assert!(read::<ContentDisposition>("session;handling=required").is_required());
    assert!(!read::<ContentDisposition>("render;handling=Optional").is_required());
    assert!(read::<ContentDisposition>("Icon").is("icon"));
}

#[test]
fn priorities_have_no_case() {
    assert_eq!(read::<Priority>(" Non-Urgent "), Priority::NonUrgent);
    assert_eq!(read::<Priority>("other-urgency"), Priority::Other(Token::literal("other-urgency")));
}

#[test]
fn timestamps_are_given_back_as_they_came() {
    let sent: Timestamp = read("54.1");
    assert_eq!((sent.millis(), sent.delay_millis()), (54_100, None));
    let answered = sent.with_delay(1_050);
    assert_eq!(answered.to_string(), "54.1 1.050");
    assert_eq!(read::<Timestamp>("54.1   1.05 "), read("54.1 1.05"));
    assert_eq!(read::<Timestamp>("007. .25").delay_millis(), Some(250));
    assert_eq!(again::<Timestamp>("007. .25"), "007. .25");
    assert_eq!(Timestamp::new(61_002).to_string(), "61.002");
    assert_eq!(read::<Timestamp>("99999999999999999999999.9").millis(), u64::MAX);
}

#[test]
fn calls_that_are_answered_are_a_list_over_all_fields() {
    let message = b"INVITE sip:a SIP/2.0\r\nIn-Reply-To: a@b,<c\"d>\r\nIN-REPLY-TO: e,\r\n\r\n";
    let message = Message::parse(message).unwrap();
    let calls = message.headers().get::<InReplyTo>().unwrap();
    assert_eq!(calls.calls().iter().map(CallId::as_str).collect::<Vec<_>>(), ["a@b", "<c\"d>", "e"]);
    // A Call-ID with a comma would be read as two.
    let two = [CallId::new("a,b").unwrap(), CallId::new("c").unwrap()];
    assert_eq!(InReplyTo::new(two).to_string(), "c");
}

#[test]
fn a_known_name_is_itself_however_it_is_written() {
    let written = HeaderName::Other(Token::literal("remote-party-id"));
    assert_eq!(written, HeaderName::RemotePartyId);
    assert_eq!(HeaderName::RemotePartyId, written);
    assert_ne!(HeaderName::To, HeaderName::Other(Token::literal("From")));
    let mut headers = Headers::new();
    headers.push(&read::<RemotePartyId>("<sip:a@b>"));
    headers.remove(&written);
    assert!(headers.is_empty());
}

#[test]
fn every_known_name_has_a_type_of_that_name() {
    macro_rules! names {
        ($($header:ident)+) => { [$($header::NAME),+] };
    }
    let typed = crate::for_each_header!(names);
    for name in HeaderName::KNOWN {
        assert_eq!(typed.iter().filter(|typed| *typed == name).count(), 1, "{name}");
    }
}
