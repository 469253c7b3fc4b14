//! RFC 5118: addresses of version 6, where they can be mistaken for something else.

use crate::corpus::{message, request};
use crate::exchange;
use sip::header::{Contact, To, Via};
use sip::uri::{Host, SipUri, Uri};
use std::net::{IpAddr, Ipv6Addr};

fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn sip(uri: &Uri) -> &SipUri {
    uri.as_sip().unwrap()
}

/// Host and port of the Request-URI.
fn target(name: &str) -> (Host, Option<u16>) {
    let request = request(name);
    let uri = sip(&request.uri);
    (uri.host.clone(), uri.port)
}

/// Host and port of each Via.
fn vias(name: &str) -> Vec<(Host, Option<u16>)> {
    let vias: Vec<Via> = message(name).headers().all().unwrap();
    vias.into_iter().map(|via| (via.host, via.port)).collect()
}

fn contact(name: &str) -> Host {
    let contact: Contact = message(name).headers().get().unwrap();
    sip(&contact.address().unwrap().uri).host.clone()
}

#[test]
fn a_reference_is_read_wherever_it_stands() {
    assert_eq!(target("ipv6-good"), (Host::V6(v6("2001:db8::10")), None));
    assert_eq!(vias("ipv6-good"), [(Host::V6(v6("2001:db8::9:1")), None)]);
    assert_eq!(contact("ipv6-good"), Host::V6(v6("2001:db8::1")));
}

#[test]
fn what_is_in_brackets_is_the_address_and_what_follows_is_the_port() {
    assert_eq!(target("port-ambiguous"), (Host::V6(v6("2001:db8::10:5070")), None));
    assert_eq!(target("port-unambiguous"), (Host::V6(v6("2001:db8::10")), Some(5070)));
}

#[test]
fn received_is_read_with_and_without_brackets() {
    for (name, branch) in
        [("via-received-param-with-delim", "z9hG4bKas3-111"), ("via-received-param-no-delim", "z9hG4bKas3")]
    {
        let via: Via = message(name).headers().get().unwrap();
        assert_eq!(via.received(), Some(IpAddr::V6(v6("2001:db8::9:255"))), "{name}");
        assert_eq!((via.host.clone(), via.branch()), (Host::V6(v6("2001:db8::9:1")), Some(branch)), "{name}");
    }
}

#[test]
fn both_kinds_of_addresses_stand_side_by_side() {
    let version_4 = Host::V4("192.0.2.1".parse().unwrap());
    let expected =
        [(Host::V6(v6("2001:db8::9:1")), Some(6050)), (version_4, None), (Host::V6(v6("2001:db8::9:255")), None)];
    assert_eq!(vias("mult-ip-in-header"), expected);
    let last: Vec<Via> = message("mult-ip-in-header").headers().all().unwrap();
    assert_eq!(last[2].received(), "192.0.2.200".parse().ok());
}

#[test]
fn mapped_addresses_are_of_version_6() {
    let expected = [(Host::V6(v6("::ffff:192.0.2.10")), Some(19_823)), (Host::V6(v6("::ffff:192.0.2.2")), None)];
    assert_eq!(vias("ipv4-mapped-ipv6"), expected);
    assert_eq!(contact("ipv4-mapped-ipv6"), Host::V6(v6("::ffff:192.0.2.2")));
}

/// RFC 3261's grammar let a third colon in: both are to be read, and mean the same.
#[test]
fn a_colon_too_many_is_tolerated() {
    for name in ["ipv6-correct-abnf-2-colons", "ipv6-bug-abnf-3-colons"] {
        assert_eq!(target(name), (Host::V6(v6("2001:db8::192.0.2.1")), None), "{name}");
        let To(to) = message(name).headers().get().unwrap();
        assert_eq!(sip(&to.uri).host, Host::V6(v6("2001:db8::192.0.2.1")), "{name}");
    }
}

/// An exchange does not look into descriptions: what is in them arrives as it was sent.
#[test]
fn descriptions_with_addresses_of_version_6_arrive() {
    for name in ["ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6"] {
        let sent = request(name);
        assert!(
            sent.body.starts_with(b"v=0\r\no=") && sent.body.ends_with(b"a=rtpmap:107 H263-1998/90000\r\n"),
            "{name}"
        );
        assert_eq!(exchange::receives(&sent.to_bytes()).forwarded().body, sent.body, "{name}");
    }
}
