//! Phones that speak plain SIP, as they and the pages notice it.

mod attacks;
mod baresip;
mod engine;
mod page;
mod phone;
mod real;
mod rtpengine;
mod sipp;
mod sound;

use crate::house::{ALICE, BOB, House};
use crate::ports::free_address as free;
use crate::tls::{Issued, trusting};
use engine::Engine;
use page::Page;
use phone::PlainPhone;
use serde_json::{Value, json};
use server::exchange::plain::{Addresses, Digests};
use sip::digest::{self, Algorithm};
use sip::header::{Via, Warning};
use sip::message::{HeaderName, Request, Status};
use std::net::SocketAddr;

/// What a page offers.
const WEBRTC: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
                      c=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\n";
/// What a plain phone offers.
const RTP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5004 RTP/AVP 8\r\n";
/// What a phone says of its source of sound, which the engine replaces.
const SOURCE: &str = "a=ssrc:1 cname:bob\r\n";
/// The same, behind a NAT.
const NATTED: &str =
    "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 5004 RTP/AVP 8\r\n";
/// What the engine puts in.
const RELAYED: &str = "a=by-the-engine\r\n";

/// A server for phones over UDP and TCP at one port.
async fn house(engine: Option<SocketAddr>) -> (House, SocketAddr) {
    let address = free();
    let addresses = Addresses { udp: Some(address), tcp: Some(address), engine, ..Addresses::default() };
    (House::open_with(|options| options.plain = addresses).await, address)
}

fn raw(headers: &sip::message::Headers, name: HeaderName) -> Vec<String> {
    headers.raw(&name).map(str::to_owned).collect()
}

fn text(body: &[u8]) -> String {
    String::from_utf8(body.to_vec()).unwrap()
}

/// What of a question is about ways and not about sound.
fn about(question: &Value) -> Value {
    let mut about = json!({});
    for name in ["command", "from-tag", "to-tag", "transport-protocol", "ICE"] {
        if let Some(value) = question.get(name) {
            about[name] = value.clone();
        }
    }
    about
}

/// A page calls a phone: the phone sees RTP, the page WebRTC, and each finds the exchange where it is.
async fn a_page_calls(engine: &Engine, alice: &mut Page, bob: &mut PlainPhone, transport: &str) {
    alice.invite(BOB.0, "call", WEBRTC).await;
    let invite = bob.request("INVITE").await;
    assert_eq!(text(&invite.body), format!("{WEBRTC}{RELAYED}"));
    let via = invite.headers.get::<Via>().unwrap();
    assert_eq!(via.transport.as_str(), transport);
    let route = &raw(&invite.headers, HeaderName::RecordRoute)[0];
    let port = via.port.unwrap();
    let way = format!("@127.0.0.1:{port};lr;transport={}>", transport.to_lowercase());
    assert!(route.ends_with(&way), "{route}");
    assert!(!text(&invite.to_bytes()).contains("Tabphone-Origin"));
    bob.answer(&invite, Status::RINGING, "").await;
    assert_eq!(alice.response().await.status, Status::RINGING);
    bob.answer(&invite, Status::OK, RTP).await;
    let accepted = alice.response().await;
    assert_eq!((accepted.status, text(&accepted.body)), (Status::OK, format!("{RTP}{RELAYED}")));
    assert!(raw(&accepted.headers, HeaderName::RecordRoute)[0].contains("@tabphone;lr"), "{accepted:?}");
    alice.within("ACK", &accepted, "").await;
    bob.request("ACK").await;

    let asked = engine.asked(2).await;
    let answerer = format!("of{}", bob.own.port());
    assert_eq!(
        asked.iter().map(about).collect::<Vec<_>>(),
        [
            json!({ "command": "offer", "from-tag": "call", "transport-protocol": "RTP/AVP", "ICE": "remove" }),
            json!({ "command": "answer", "from-tag": "call", "to-tag": answerer, "ICE": "force" }),
        ]
    );
    assert_eq!(asked[0]["via-branch"], via.branch().unwrap());
    assert_eq!(asked[1]["via-branch"], via.branch().unwrap());

    // Hold: a description within the call has its tags.
    let held = alice.within("INVITE", &accepted, WEBRTC).await;
    let again = bob.request("INVITE").await;
    assert!(text(&again.body).ends_with(RELAYED), "{held}");
    bob.answer(&again, Status::OK, RTP).await;
    let resumed = alice.response().await;
    assert!(text(&resumed.body).ends_with(RELAYED));
    alice.within("ACK", &accepted, "").await;
    bob.request("ACK").await;
    let asked = engine.asked(2).await;
    let tags = |question: &Value| (question["from-tag"].clone(), question["to-tag"].clone());
    assert_eq!(tags(&asked[0]), (json!("call"), json!(answerer)));
    assert_eq!(tags(&asked[1]), (json!("call"), json!(answerer)));
    assert_eq!(asked[0].get("via-branch"), None);

    alice.within("BYE", &accepted, "").await;
    let bye = bob.request("BYE").await;
    bob.answer(&bye, Status::OK, "").await;
    assert_eq!(alice.response().await.status, Status::OK);
    assert_eq!(engine.asked(1).await, [json!({ "command": "delete", "call-id": "call", "delete-delay": 0 })]);
}

#[tokio::test]
async fn a_page_and_a_phone_over_udp_call_each_other() {
    let engine = Engine::start().await;
    let (house, address) = house(Some(engine.address)).await;
    let (mut alice, mut bob) = (Page::of(&house, ALICE).await, PlainPhone::udp(address, BOB).await);
    bob.register().await;
    a_page_calls(&engine, &mut alice, &mut bob, "UDP").await;

    // And back: RTP is WebRTC for the page.
    assert_eq!(bob.invite(ALICE.0, "back", &format!("{RTP}{SOURCE}")).await.status, Status::TRYING);
    let invite = alice.request("INVITE").await;
    assert_eq!(text(&invite.body), format!("{RTP}{RELAYED}"));
    assert!(raw(&invite.headers, HeaderName::RecordRoute)[0].contains("@tabphone;lr"));
    alice.answer(&invite, Status::OK, WEBRTC).await;
    let accepted = bob.outcome().await;
    assert_eq!(text(&accepted.body), format!("{WEBRTC}{RELAYED}"));
    bob.within("ACK", &accepted, "", "").await;
    alice.request("ACK").await;
    let asked = engine.asked(2).await;
    assert_eq!(
        asked.iter().map(about).collect::<Vec<_>>(),
        [
            json!({
                "command": "offer", "from-tag": "back", "transport-protocol": "UDP/TLS/RTP/SAVPF", "ICE": "force",
            }),
            json!({ "command": "answer", "from-tag": "back", "to-tag": "page", "ICE": "remove" }),
        ]
    );
    bob.within("BYE", &accepted, "", "").await;
    let bye = alice.request("BYE").await;
    alice.answer(&bye, Status::OK, "").await;
    assert_eq!(bob.outcome().await.status, Status::OK);
    engine.asked(1).await;
}

#[tokio::test]
async fn a_page_calls_a_phone_over_tcp() {
    let engine = Engine::start().await;
    let (house, address) = house(Some(engine.address)).await;
    let (mut alice, mut bob) = (Page::of(&house, ALICE).await, PlainPhone::tcp(address, BOB).await);
    bob.register().await;
    // A keep-alive is answered (RFC 5626 4.4.1).
    bob.say(b"\r\n\r\n").await;
    assert_eq!(bob.read().await, b"\r\n");
    a_page_calls(&engine, &mut alice, &mut bob, "TCP").await;
}

#[tokio::test]
async fn phones_over_tls_and_udp_reach_each_other_directly() {
    let folder = tempfile::tempdir().unwrap();
    let issued = Issued::in_folder(folder.path());
    let (tls, udp) = (free(), free());
    let house = House::open_with(|options| {
        options.listen.tls = issued.tls();
        options.plain = Addresses { udp: Some(udp), tls: Some(tls), ..Addresses::default() };
    })
    .await;
    let mut alice = PlainPhone::tls(tls, trusting(issued.root(), &[]), ALICE).await;
    let mut bob = PlainPhone::udp(udp, BOB).await;
    alice.register().await;
    bob.register().await;
    alice.invite(BOB.0, "call", RTP).await;
    let invite = bob.request("INVITE").await;
    assert_eq!(text(&invite.body), RTP, "no engine is needed");
    bob.answer(&invite, Status::OK, RTP).await;
    let accepted = alice.outcome().await;
    assert_eq!(text(&accepted.body), RTP);
    let route = &raw(&accepted.headers, HeaderName::RecordRoute)[0];
    assert!(route.contains(&format!("@127.0.0.1:{}", tls.port())) && route.contains("transport=tls"), "{route}");
    alice.within("ACK", &accepted, "", "").await;
    bob.request("ACK").await;
    alice.within("BYE", &accepted, "", "").await;
    let bye = bob.request("BYE").await;
    bob.answer(&bye, Status::OK, "").await;
    assert_eq!(alice.outcome().await.status, Status::OK);
    drop(house);
}

#[tokio::test]
async fn a_response_goes_to_where_the_request_came_from_or_says() {
    let (_house, address) = house(None).await;
    let mut bob = PlainPhone::udp(address, BOB).await;
    bob.inside = Some("10.0.0.9:5070");
    let registered = bob.register().await;
    let via = &raw(&registered.headers, HeaderName::Via)[0];
    assert!(via.contains(&format!("rport={}", bob.own.port())) && via.contains("received=127.0.0.1"), "{via}");
    // Without rport it goes to the port of Via (RFC 3261 18.2.2).
    let other = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = other.local_addr().unwrap().to_string();
    let at: &'static str = at.leak();
    (bob.via, bob.inside) = ("", Some(at));
    bob.send("OPTIONS", &format!("sip:{address}"), "<sip:tabphone>", "options", "", "").await;
    let mut bytes = [0; 4096];
    let length = other.recv(&mut bytes).await.unwrap();
    assert!(text(&bytes[..length]).starts_with("SIP/2.0 407"));
    assert!(bob.hears_nothing().await);
}

#[tokio::test]
async fn without_an_engine_a_page_is_told_why() {
    let (house, address) = house(None).await;
    let (mut alice, mut bob) = (Page::of(&house, ALICE).await, PlainPhone::udp(address, BOB).await);
    bob.register().await;
    let refused = refused(&mut alice, &mut bob).await;
    assert!(refused.contains("rtpengine"), "{refused}");
    // One that is not there: the same, in other words.
    let nobody = free();
    let house = house.restart_with(|options| {
        options.plain = Addresses { udp: Some(address), engine: Some(nobody), ..Addresses::default() };
    });
    let house = house.await;
    let (mut alice, mut bob) = (Page::of(&house, ALICE).await, PlainPhone::udp(address, BOB).await);
    bob.register().await;
    let refused = self::refused(&mut alice, &mut bob).await;
    assert!(refused.contains("does not answer"), "{refused}");
}

/// What a page is told that calls a phone in vain.
async fn refused(alice: &mut Page, bob: &mut PlainPhone) -> String {
    alice.invite(BOB.0, "call", WEBRTC).await;
    let refused = alice.response().await;
    assert_eq!(refused.status, Status::NOT_ACCEPTABLE_HERE);
    // That the exchange acknowledges it is nothing to the phone; it did not ring.
    if let Ok(bytes) = tokio::time::timeout(std::time::Duration::from_millis(200), bob.read()).await {
        assert!(text(&bytes).starts_with("ACK "));
    }
    refused.headers.get::<Warning>().unwrap().text.to_string()
}

#[tokio::test]
async fn what_is_sent_again_is_the_same_and_nobody_is_asked_twice() {
    let engine = Engine::start().await;
    let (house, address) = house(Some(engine.address)).await;
    let (mut alice, mut bob) = (Page::of(&house, ALICE).await, PlainPhone::udp(address, BOB).await);
    bob.register().await;
    alice.invite(BOB.0, "call", WEBRTC).await;
    let first = bob.request("INVITE").await;
    // Over UDP it comes again after half a second (RFC 3261 17.1.1.2).
    assert_eq!(bob.request("INVITE").await, first);
    let accepted = bob.answer(&first, Status::OK, RTP).await;
    let heard = alice.response().await;
    // Our ACK was lost: the phone repeats itself, and the page hears it as it was.
    bob.say(&accepted.to_bytes()).await;
    assert_eq!(alice.response().await, heard);
    engine.asked(2).await;
}

#[tokio::test]
async fn each_way_of_a_call_is_a_branch_and_the_engine_forgets_what_nobody_took() {
    let engine = Engine::start().await;
    let (house, address) = house(Some(engine.address)).await;
    let mut alice = Page::of(&house, ALICE).await;
    let mut phones = [PlainPhone::udp(address, BOB).await, PlainPhone::tcp(address, BOB).await];
    let mut branches = Vec::new();
    for phone in &mut phones {
        phone.register().await;
    }
    alice.invite(BOB.0, "call", WEBRTC).await;
    let mut invites: Vec<Request> = Vec::new();
    for phone in &mut phones {
        invites.push(phone.request("INVITE").await);
    }
    for question in engine.asked(2).await {
        branches.push(question["via-branch"].as_str().unwrap().to_owned());
    }
    let mut seen: Vec<_> =
        invites.iter().map(|invite| invite.headers.get::<Via>().unwrap().branch().unwrap().to_owned()).collect();
    branches.sort();
    seen.sort();
    assert_eq!(branches, seen);
    // Early sound of one of them.
    let [udp, tcp] = &mut phones;
    udp.answer(&invites[0], Status::SESSION_PROGRESS, RTP).await;
    let early = alice.response().await;
    assert_eq!((early.status, text(&early.body)), (Status::SESSION_PROGRESS, format!("{RTP}{RELAYED}")));
    let asked = engine.asked(1).await;
    assert_eq!(asked[0]["via-branch"], invites[0].headers.get::<Via>().unwrap().branch().unwrap());
    for (phone, invite) in [(udp, &invites[0]), (tcp, &invites[1])] {
        phone.answer(invite, Status::BUSY_HERE, "").await;
        phone.request("ACK").await;
    }
    assert_eq!(alice.response().await.status, Status::BUSY_HERE);
    assert_eq!(engine.asked(1).await, [json!({ "command": "delete", "call-id": "call", "delete-delay": 0 })]);
}

#[tokio::test]
async fn an_offer_may_come_in_the_answer() {
    let engine = Engine::start().await;
    let (house, address) = house(Some(engine.address)).await;
    let (mut alice, mut bob) = (Page::of(&house, ALICE).await, PlainPhone::udp(address, BOB).await);
    bob.register().await;
    bob.invite(ALICE.0, "late", "").await;
    let invite = alice.request("INVITE").await;
    alice.answer(&invite, Status::OK, WEBRTC).await;
    let accepted = bob.outcome().await;
    assert!(text(&accepted.body).ends_with(RELAYED));
    bob.within("ACK", &accepted, "Content-Type: application/sdp\r\n", RTP).await;
    assert!(text(&alice.request("ACK").await.body).ends_with(RELAYED));
    assert_eq!(
        engine.asked(2).await.iter().map(about).collect::<Vec<_>>(),
        [
            json!({
                "command": "offer", "from-tag": "page", "to-tag": "late", "transport-protocol": "RTP/AVP",
                "ICE": "remove",
            }),
            json!({ "command": "answer", "from-tag": "page", "to-tag": "late", "ICE": "force" }),
        ]
    );
}

#[tokio::test]
async fn sound_between_phones_goes_directly_unless_a_nat_is_in_between() {
    let engine = Engine::start().await;
    let (_house, address) = house(Some(engine.address)).await;
    let (mut alice, mut bob) = (PlainPhone::tcp(address, ALICE).await, PlainPhone::udp(address, BOB).await);
    alice.register().await;
    bob.register().await;
    for (id, offer, passes) in [("direct", RTP, false), ("nat", NATTED, true)] {
        alice.invite(BOB.0, id, offer).await;
        let invite = bob.request("INVITE").await;
        assert_eq!(text(&invite.body).ends_with(RELAYED), passes);
        bob.answer(&invite, Status::OK, RTP).await;
        let accepted = alice.outcome().await;
        assert_eq!(text(&accepted.body).ends_with(RELAYED), passes);
        alice.within("ACK", &accepted, "", "").await;
        bob.request("ACK").await;
        let asked = engine.asked(if passes { 2 } else { 0 }).await;
        if passes {
            assert_eq!(asked[0]["received-from"], json!(["IP4", "127.0.0.1"]));
            assert_eq!(asked[0]["transport-protocol"], json!("RTP/AVP"));
        }
        alice.within("BYE", &accepted, "", "").await;
        let bye = bob.request("BYE").await;
        bob.answer(&bye, Status::OK, "").await;
        assert_eq!(alice.outcome().await.status, Status::OK);
        // Whoever hangs up a plain phone tells it, in case the server was restarted meanwhile.
        engine.asked(1).await;
    }
}

#[tokio::test]
async fn a_phone_is_asked_for_a_digest_that_it_may_know() {
    for (digests, asked) in [
        (Digests::Md5, [Algorithm::Md5].as_slice()),
        (Digests::Sha256, &[Algorithm::Sha256]),
        (Digests::Both, &[Algorithm::Sha256, Algorithm::Md5]),
    ] {
        let address = free();
        let plain = Addresses { udp: Some(address), digests, ..Addresses::default() };
        let _house = House::open_with(|options| options.plain = plain).await;
        let mut bob = PlainPhone::udp(address, BOB).await;
        bob.send("REGISTER", &format!("sip:{address}"), "<sip:1002@tabphone>", "first", "", "").await;
        let challenges = digest::offered(&bob.response().await);
        assert_eq!(challenges.iter().map(digest::Challenge::algorithm).collect::<Vec<_>>(), asked);
        bob.register().await;
        let mut mallory = PlainPhone::udp(address, (BOB.0, "a guess")).await;
        assert_eq!(mallory.try_register().await.status, Status::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn all_sound_goes_through_the_engine_where_phones_are_said_to_be_apart() {
    let engine = Engine::start().await;
    let address = free();
    let plain = Addresses { udp: Some(address), engine: Some(engine.address), relay_all: true, ..Addresses::default() };
    let _house = House::open_with(|options| options.plain = plain).await;
    let (mut alice, mut bob) = (PlainPhone::udp(address, ALICE).await, PlainPhone::udp(address, BOB).await);
    alice.register().await;
    bob.register().await;
    alice.invite(BOB.0, "call", RTP).await;
    let invite = bob.request("INVITE").await;
    assert_eq!(text(&invite.body), format!("{RTP}{RELAYED}"));
    bob.answer(&invite, Status::OK, RTP).await;
    assert_eq!(text(&alice.outcome().await.body), format!("{RTP}{RELAYED}"));
    engine.asked(2).await;
}

#[tokio::test]
async fn phones_call_each_other_directly_while_the_engine_is_away() {
    let address = free();
    let plain = Addresses { udp: Some(address), engine: Some(free()), relay_all: true, ..Addresses::default() };
    let _house = House::open_with(|options| options.plain = plain).await;
    let (mut alice, mut bob) = (PlainPhone::udp(address, ALICE).await, PlainPhone::udp(address, BOB).await);
    alice.register().await;
    bob.register().await;
    alice.invite(BOB.0, "call", RTP).await;
    let invite = bob.request("INVITE").await;
    assert_eq!(text(&invite.body), RTP);
    bob.answer(&invite, Status::OK, RTP).await;
    assert_eq!(text(&alice.outcome().await.body), RTP);
}
