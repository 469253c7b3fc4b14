//! What a phone says of itself, and by which names it can be called.

use super::network::config;
use super::{ALICE, BOB, last_response, ready, request};
use sip::Random;
use sip::agent::{Config, Phase};
use sip::header::{Accept, Allow, Supported};
use sip::message::{Headers, Method, Status, Token};

fn supports(headers: &Headers, tags: &[&str]) {
    let supported = headers.get::<Supported>().unwrap().0;
    let has = |tag: &&&str| supported.iter().any(|own: &Token| own.eq_ignore_ascii_case(&Token::new(tag).unwrap()));
    let missing: Vec<_> = tags.iter().filter(|tag| !has(tag)).collect();
    assert!(missing.is_empty(), "{missing:?} of {supported:?}");
}

#[test]
fn register_invite_and_their_answers_say_what_is_supported() {
    let mut net = ready();
    supports(&net.exchange.requests(&Method::Register)[0].headers, &["path", "outbound", "gruu"]);
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.settle();
    let invite = &net.exchange.requests(&Method::Invite)[0].headers;
    let answer = &last_response(&net).headers;
    for headers in [invite, answer] {
        supports(headers, &["outbound", "gruu"]);
        let allow = headers.get::<Allow>().unwrap();
        for method in [Method::Invite, Method::Ack, Method::Cancel, Method::Bye, Method::Options] {
            assert!(allow.has(&method), "{method}");
        }
    }
    assert!(answer.all::<Accept>().unwrap().iter().any(|range| range.takes("application/sdp")));
}

#[test]
fn a_fresh_phone_is_another_one_each_time() {
    let fresh = |seed| {
        let old = config("alice");
        Config::new(old.address, old.registrar, &mut Random::new([seed; 32]))
    };
    let (one, two) = (fresh(1), fresh(2));
    for config in [&one, &two] {
        let uuid = config.instance.strip_prefix("urn:uuid:").unwrap();
        let groups: Vec<_> = uuid.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{uuid}");
        assert!(uuid.chars().all(|c| c == '-' || c.is_ascii_hexdigit() && !c.is_ascii_uppercase()), "{uuid}");
        assert!(groups[2].starts_with('4') && groups[3].starts_with(['8', '9', 'a', 'b']), "random: {uuid}");
        assert!(config.contact_host.ends_with(".invalid"));
    }
    assert_ne!(one.instance, two.instance);
    assert_ne!(one.contact_user, two.contact_user);
    assert_ne!(one.register_call_id, two.register_call_id);
    assert_eq!(one.instance, fresh(1).instance, "the same randomness makes the same phone");
}

#[test]
fn sips_is_a_way_to_call_and_to_be_called() {
    let mut net = ready();
    let invite = |uri: &str| {
        request(&format!(
            "INVITE {uri} SIP/2.0\r\n\
             Via: SIP/2.0/WSS carol.invalid;branch=z9hG4bKsips\r\n\
             From: <sips:carol@example.com>;tag=c\r\n\
             To: <sips:bob@example.com>\r\n\
             Call-ID: sips\r\n\
             CSeq: 1 INVITE\r\n\
             Contact: <sips:carol-page@carol.invalid>\r\n\
             \r\noffer"
        ))
    };
    net.inject(BOB, &invite("tel:+49301234").to_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::UNSUPPORTED_URI_SCHEME);
    let mut invite = invite("sips:bob-page@bob.invalid");
    let mut via = invite.headers.get::<sip::header::Via>().unwrap();
    via.params.set("branch", Some("z9hG4bKagain")).unwrap();
    invite.headers.set(&via);
    net.inject(BOB, &invite.to_bytes());
    net.settle();
    assert_eq!(net.phone(BOB).phase(), Some(Phase::RingingHere));

    let now = net.now;
    net.phone_mut(ALICE).agent.call("sips:dora@example.com".parse().unwrap(), now).unwrap();
    net.hint(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Invite)[0].uri.to_string(), "sips:dora@example.com");
}

#[test]
fn whoever_is_asked_for_over_this_connection_is_this_phone() {
    for uri in [
        "sip:bob-page@bob.invalid;transport=ws;fs_nat=yes;fs_path=sip%3Abob%40203.0.113.9%3A54321%3Btransport%3Dws",
        "sip:alias@203.0.113.9:54321",
        "sip:bob.invalid",
    ] {
        let mut net = ready();
        let invite = request(&format!(
            "INVITE {uri} SIP/2.0\r\n\
             Via: SIP/2.0/WSS pbx.invalid;branch=z9hG4bKuri\r\n\
             From: <sip:carol@example.com>;tag=c\r\n\
             To: <sip:bob@example.com>\r\n\
             Call-ID: uri\r\n\
             CSeq: 1 INVITE\r\n\
             Contact: <sip:carol@pbx.invalid>\r\n\
             \r\noffer"
        ));
        net.inject(BOB, &invite.to_bytes());
        net.settle();
        assert_eq!(net.phone(BOB).phase(), Some(Phase::RingingHere), "{uri}");
    }
}
