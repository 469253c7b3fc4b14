use std::string::{String, ToString as _};
use std::{assert, assert_eq};

use super::*;

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

fn sip(text: &str) -> SipUri {
    text.parse().unwrap()
}

#[test]
fn parsed_uris_print_as_they_were_written() {
    for text in [
        "sip:alice@atlanta.com",
        "sip:alice:secretword@atlanta.com;transport=tcp",
        "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        "sips:1212@gateway.com",
        "sip:alice@192.0.2.4",
        "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
        "sip:alice;day=tuesday@atlanta.com",
        "sip:user;par=u%40example.net@example.com",
        "sip:*98#@pbx.example.com",
        "sip:[2001:db8::10]:5070;lr",
        "SIP:alice@AtLanTa.CoM;Transport=udp",
        "sip:[2001:0DB8:0::0010]:05060",
        "sip:a:@b",
        "sip:a@b?",
        "sip:%00alice@example.com",
        "sip:jörg@example.com",
        "tel:+1-201-555-0123",
        "TEL:7042;phone-context=example.com",
        "nobodyKnowsThisScheme:totallyopaquecontent",
        "http://example.com/?a=b",
        "urn:service:sos",
    ] {
        assert_eq!(uri(text).to_string(), text);
    }
}

#[test]
fn what_is_no_uri_is_refused() {
    for (text, at) in [
        ("", 0),
        ("alice", 0),
        ("sip:", 4),
        ("sip:alice@", 10),
        ("sip:alice@exa mple.com", 13),
        ("sip:alice@example.com:port", 21),
        ("sip:alice@example.com:99999", 21),
        ("sip:alice@example.com;", 21),
        ("sip:alice@[2001:db8::g]", 21),
        ("sip:alice@[2001::db8::1]", 10),
        ("<sip:alice@example.com>", 0),
        ("sip:alice@a@b", 11),
        ("sip:a@b;x=\r\ny", 10),
        ("tel:", 4),
        ("x:", 2),
    ] {
        assert_eq!(text.parse::<Uri>(), Err(UriError { at }), "{text:?}");
    }
}

#[test]
fn a_changed_uri_prints_what_it_became() {
    let mut uri = sip("SIP:alice@[2001:DB8::1]:05060");
    uri.port = Some(5070);
    assert_eq!(uri.to_string(), "sip:alice@[2001:db8::1]:5070");
}

#[test]
fn a_new_uri_escapes_its_user_and_takes_no_other_host() {
    let uri = SipUri::new("a b@c:\r\n\0é", "example.com:5070").unwrap();
    assert_eq!(uri.to_string(), "sip:a%20b%40c%3A%0D%0A%00%C3%A9@example.com:5070");
    assert_eq!(uri.user_unescaped().as_deref(), Some("a b@c:\r\n\0é"));
    assert_eq!(SipUri::new("", "example.com").unwrap().to_string(), "sip:example.com");
    for host in ["", "a b", "a\r\nb", "a@b", "a;b", "a:", "a:b", "[::1"] {
        assert!(SipUri::new("a", host).is_err(), "{host:?}");
    }
}

/// The examples of RFC 3261 19.1.4.
#[test]
fn uris_are_equivalent_as_the_standard_says() {
    for (one, two) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
    ] {
        assert!(uri(one).equivalent(&uri(two)), "{one} {two}");
        assert!(uri(two).equivalent(&uri(one)), "{two} {one}");
    }
    for (one, two) in [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=off", "sip:carol@chicago.com;security=on"),
        ("sip:a@b", "sips:a@b"),
        ("sip:a@b", "tel:1"),
    ] {
        assert!(!uri(one).equivalent(&uri(two)), "{one} {two}");
        assert!(!uri(two).equivalent(&uri(one)), "{two} {one}");
    }
    assert!(uri("tel:+1-201-555-0123").equivalent(&uri("tel:+12015550123")));
}

#[test]
fn params_are_found_and_changed_without_regard_to_case() {
    let mut params = sip("sip:a;LR;b=c").params;
    assert_eq!(params.get("lr"), Some(None));
    assert_eq!(params.get("B"), Some(Some("c")));
    assert_eq!(params.get("d"), None);
    params.set("B", Some("e")).unwrap();
    params.set("new", None).unwrap();
    assert_eq!(params.to_string(), ";LR;B=e;new");
    assert!(params.remove("lr"));
    assert!(!params.remove("lr"));
    assert_eq!(params.to_string(), ";B=e;new");
}

#[test]
fn params_let_nothing_out() {
    let mut params = Params::new();
    for value in ["", "a b", "a\r\nb", "a\0", "a;b", "a,b", "a\"", "<a>", "a?b", "a@b"] {
        assert_eq!(params.set("name", Some(value)), Err(InvalidParam), "{value:?}");
    }
    for name in ["", "a b", "a=b", "a;b", "a\r\n"] {
        assert_eq!(params.set(name, None), Err(InvalidParam), "{name:?}");
    }
    assert!(params.is_empty());
    params.set_text("text", &crate::message::Text::new("a \"b\" \\;c").unwrap()).unwrap();
    params.set("x", Some("y")).unwrap();
    assert_eq!(params.to_string(), r#";text="a \"b\" \\;c";x=y"#);
    assert_eq!(params.text("text").unwrap(), "a \"b\" \\;c");
    assert_eq!(params.get("x"), Some(Some("y")));
}

#[test]
fn hosts_compare_without_regard_to_case() {
    let host = |text: &str| text.parse::<Host>().unwrap();
    assert_eq!(host("Example.COM"), host("example.com"));
    assert_eq!(host("192.0.2.1"), Host::V4([192, 0, 2, 1].into()));
    assert_eq!(host("[2001:DB8::1]").to_string(), "[2001:db8::1]");
    assert!("".parse::<Host>().is_err());
    assert!("a b".parse::<Host>().is_err());
}

#[test]
fn pieces_refuse_what_would_end_them() {
    for text in ["a@b", "a:b", "a b", "a\r\nb", "a\0", "<", ">", "\""] {
        assert!(Part::new(text).is_err(), "{text:?}");
    }
    for text in ["a b", "a\r\nb", "a\0", "<", ">", "\""] {
        assert!(Opaque::new(text).is_err(), "{text:?}");
    }
    assert!(UriHeaders::new("a=b@c").is_err());
    assert_eq!(Part::escape("100%").unescape(), Some(String::from("100%")));
    assert_eq!(Part::new("%zz%4").unwrap().unescape(), Some(String::from("%zz%4")));
    assert_eq!(Part::new("%ff").unwrap().unescape(), None);
}
