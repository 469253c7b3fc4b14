use std::string::{String, ToString as _};
use std::{assert_eq, format};

use super::*;
use crate::message::{Method, Status, Text};
use crate::uri::{Host, Uri};

mod calls;
mod core_headers;
mod extensions;
mod whole_grammar;

fn read<H: Header>(value: &str) -> H {
    H::parse(value).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// What a value is written as once it was read.
fn again<H: Header>(value: &str) -> String {
    read::<H>(value).to_string()
}

fn refused<H: Header>(value: &str) -> usize {
    match H::parse(value) {
        Ok(header) => panic!("{value} was read as {header}"),
        Err(error) => error.at,
    }
}

#[test]
fn addresses_have_a_name_a_uri_and_params() {
    let from: From = read("\"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\t;\ttag = 98asjd8 ; x=\"a;b\"");
    assert_eq!(from.0.display(), Some("J Rosenberg \\\""));
    assert_eq!(from.tag(), Some("98asjd8"));
    assert_eq!(from.0.params.text("x").unwrap(), "a;b");
    assert_eq!(from.to_string(), "\"J Rosenberg \\\\\\\"\" <sip:jdrosen@example.com>;tag=98asjd8;x=\"a;b\"");
    assert_eq!(again::<To>("Mr.  Watson <sip:w@example.com;lr>"), "\"Mr. Watson\" <sip:w@example.com;lr>");
    assert_eq!(again::<To>("<sip:w@example.com>"), "<sip:w@example.com>");
    assert_eq!(again::<To>("\"\" <tel:+1>"), "<tel:+1>");
    assert_eq!(read::<To>("\"nul \\\0\" <tel:+1>").0.display(), Some("nul \u{fffd}"));
}

#[test]
fn without_brackets_params_are_the_headers() {
    let to: To = read("sip:bob@example.com;tag=9;x");
    assert_eq!(to.tag(), Some("9"));
    assert_eq!(to.0.uri.to_string(), "sip:bob@example.com");
    let to: To = read("<sip:bob@example.com;tag=9>");
    assert_eq!(to.tag(), None);
}

#[test]
fn what_is_no_address_says_where() {
    assert_eq!(refused::<To>(""), 0);
    assert_eq!(refused::<To>("\"Mr. J. User <sip:j.user@example.com>"), 0);
    assert_eq!(refused::<To>("<sip:bob@example.com"), 20);
    assert_eq!(refused::<To>("<sip:bob@exa mple.com>"), 12);
    assert_eq!(refused::<Contact>("sip:user@example.com?Route=%3Csip:sip.example.com%3E"), 20);
    assert_eq!(refused::<To>("<sip:bob@example.com> x"), 22);
    assert_eq!(refused::<To>("<sip:bob@example.com>;tag=a\r\nb"), 27);
}

#[test]
fn contacts_say_how_long_and_how_much() {
    let contact: Contact = read("<sip:a@b>;expires=60;q=0.7");
    assert_eq!((contact.expires(), contact.q()), (Some(60), Some(700)));
    let contact: Contact = read("<sip:a@b>;expires=99999999999;q=1.5");
    assert_eq!((contact.expires(), contact.q()), (Some(u32::MAX), None));
    assert_eq!(read::<Contact>(" * "), Contact::Star);
    assert_eq!(again::<Contact>("*"), "*");
    let instance: Contact = read("<sip:a@b>;+sip.instance=\"<urn:uuid:1>\";reg-id=1");
    assert_eq!(instance.address().unwrap().params.text("+sip.instance").unwrap(), "<urn:uuid:1>");
}

#[test]
fn via_takes_white_space_where_the_standard_has_it() {
    let via: Via =
        read("SIP  / 2.0\t/UDP  first.example.com: 4000 ;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1");
    assert_eq!(via.transport, ViaTransport::Udp);
    assert_eq!((via.host.to_string().as_str(), via.port), ("first.example.com", Some(4000)));
    assert_eq!(via.branch(), Some("z9hG4bKa7c6a8dlze.1"));
    assert_eq!(again::<Via>("sip/2.0/wss [2001:db8::1]:443;rport"), "SIP/2.0/WSS [2001:db8::1]:443;rport");
    assert_eq!(again::<Via>("SIP/2.0/TLS-SCTP a"), "SIP/2.0/TLS-SCTP a");
    let mut via: Via = read("SIP/2.0/UDP a;rport;branch=z9hG4bK1");
    via.set_rport(5070);
    via.set_received([192, 0, 2, 1].into());
    assert_eq!(via.to_string(), "SIP/2.0/UDP a;rport=5070;branch=z9hG4bK1;received=192.0.2.1");
    assert_eq!((via.rport(), via.received()), (Some(5070), Some([192, 0, 2, 1].into())));
    let six: Via = read("SIP/2.0/UDP a;received=[2001:db8::9]");
    assert_eq!(six.received(), Some("2001:db8::9".parse().unwrap()));
    for bad in ["", "SIP/2.0/UDP", "SIP/1.0/UDP a", "UDP a", "SIP/2.0/UDP a;", "SIP/2.0/UDP a;;b", "SIP/2.0/UDP a:0x5"]
    {
        refused::<Via>(bad);
    }
    let new = Via::new(ViaTransport::Ws, Host::V4([127, 0, 0, 1].into()), None, "z9hG4bKx");
    assert_eq!(new.to_string(), "SIP/2.0/WS 127.0.0.1;branch=z9hG4bKx");
}

#[test]
fn numbers_and_their_edges() {
    assert_eq!(read::<CSeq>("0009 \t INVITE"), CSeq::new(9, Method::Invite));
    assert_eq!(read::<CSeq>("2147483647 X").seq, 2_147_483_647);
    for bad in ["", "1", "INVITE 1", "2147483648 INVITE", "-1 INVITE", "1INVITE", "1 IN VITE"] {
        refused::<CSeq>(bad);
    }
    assert_eq!(read::<MaxForwards>("070"), MaxForwards(70));
    refused::<MaxForwards>("256");
    assert_eq!(read::<Expires>("99999999999"), Expires(u32::MAX));
    refused::<Expires>("soon");
    assert_eq!(again::<MinExpires>("60"), "60");
    assert_eq!(read::<CallId>("a@b:c").as_str(), "a@b:c");
    assert!(CallId::new("a b").is_err());
    assert!(CallId::new("a\r\n").is_err());
    refused::<CallId>("");
}

#[test]
fn warnings_and_reasons_carry_words() {
    let warning: Warning = read("399 pbx.example.com:5060 \"no, \\\"really\\\"\"");
    assert_eq!((warning.code, warning.agent(), warning.text.as_str()), (399, "pbx.example.com:5060", "no, \"really\""));
    assert_eq!(warning.to_string(), "399 pbx.example.com:5060 \"no, \\\"really\\\"\"");
    assert!(Warning::new(399, "a b", "c").is_err());
    assert!(Warning::new(399, "a", "c\r\n").is_err());
    refused::<Warning>("1812 overture \"In Progress\"");
    refused::<Warning>("399 a unquoted");
    let reason: Reason = read("SIP ;cause=200 ;text=\"Call completed elsewhere\"");
    assert!(reason.is_sip(Status::OK));
    assert_eq!(reason.text.as_ref().unwrap(), &"Call completed elsewhere");
    assert_eq!(
        reason,
        read(&Reason::sip(Status::OK, Some(&Text::new("Call completed elsewhere").unwrap())).to_string())
    );
    assert_eq!(again::<Reason>("Q.850;cause=16"), "Q.850;cause=16");
    // What else is said, and a cause that is no number, is written again.
    assert_eq!(again::<Reason>("Q.850 ;location=RPN; cause=16"), "Q.850;cause=16;location=RPN");
    assert_eq!(again::<Reason>("SIP;cause=high;text=\"a\""), "SIP;text=\"a\";cause=high");
}

#[test]
fn media_types() {
    assert!(read::<ContentType>("Application / SDP ; charset=\"utf-8\"").is("application/sdp"));
    assert_eq!(ContentType::SDP.to_string(), "application/sdp");
    assert!(ContentType::new("a/b\r\n").is_err());
    assert!(ContentType::new("text").is_err());
    assert!(read::<Accept>("application/*;q=0.2").takes("application/sdp"));
    assert!(!read::<Accept>("text/plain").takes("application/sdp"));
}

#[test]
fn retry_after_with_words() {
    let retry: RetryAfter = read("18000 (in a (long) meeting \\)) ;duration=3600");
    assert_eq!((retry.seconds, retry.params.value("duration")), (18000, Some("3600")));
    assert_eq!(retry.comment.as_ref().unwrap(), &"in a (long) meeting )");
    assert_eq!(read::<RetryAfter>(&retry.to_string()), retry);
    assert_eq!(RetryAfter::new(5).to_string(), "5");
    refused::<RetryAfter>("5 (open");
}

#[test]
fn dates_there_and_back() {
    for (text, unix) in [
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Sat, 13 Nov 2010 23:29:00 GMT", 1_289_690_940),
        ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
    ] {
        assert_eq!(read::<Date>(text).as_unix(), unix);
        assert_eq!(Date::from_unix(unix).to_string(), text);
    }
    for day in 0..80_000 {
        let date = Date::from_unix(day * 86_400 + 4711);
        assert_eq!(read::<Date>(&date.to_string()), date);
    }
    for bad in ["Fri, 01 Jan 2010 16:00:00 EST", "Mon, 29 Feb 2023 00:00:00 GMT", "Sat, 01 Jan 2010 16:00:00 GMT", ""] {
        refused::<Date>(bad);
    }
}

#[test]
fn text_headers_keep_their_text() {
    assert_eq!(again::<UserAgent>("Tabphone/1.0 (é, \"x\")"), "Tabphone/1.0 (é, \"x\")");
    assert!(Server::new("a\0").is_err());
    assert_eq!(again::<PAssertedIdentity>("\"A\" <tel:+1>"), "\"A\" <tel:+1>");
    assert!(read::<Route>("<sip:p;lr>").is_loose());
    assert!(!read::<Route>("<sip:p>;lr").is_loose());
}

#[test]
fn headers_are_saved_as_their_text() {
    let contact: Contact = read("\"A\" <sip:a@b;x=y>;expires=5");
    let saved = serde_json::to_string(&contact).unwrap();
    assert_eq!(saved, format!("{:?}", contact.to_string()));
    assert_eq!(serde_json::from_str::<Contact>(&saved).unwrap(), contact);
    assert!(serde_json::from_str::<Contact>("\"a\\r\\nb\"").is_err());
    let params = &contact.address().unwrap().params;
    assert_eq!(&serde_json::from_str::<crate::uri::Params>(&serde_json::to_string(params).unwrap()).unwrap(), params);
    let uri: Uri = "SIP:A@B".parse().unwrap();
    assert_eq!(serde_json::from_str::<Uri>(&serde_json::to_string(&uri).unwrap()).unwrap(), uri);
}
