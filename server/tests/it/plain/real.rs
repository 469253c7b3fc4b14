//! Sound between plain phones through the real rtpengine, where it and they are installed.

use super::baresip::{Baresip, Setup};
use super::house;
use super::phone::PlainPhone;
use super::rtpengine::{Rtpengine, is_installed};
use super::sipp::Sipp;
use super::sound::Sound;
use crate::house::{ALICE, BOB, House, accounts};
use crate::ports::free_address as free;
use crate::tls::Issued;
use server::exchange::plain::Addresses;
use server::exchange::relay;
use sip::message::Status;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

const CAROL: (&str, &str) = ("1003", "chandelier");

#[tokio::test]
async fn phones_without_a_common_codec_hear_each_other_through_a_nat() {
    let Some(rtpengine) = Rtpengine::start().await else { return };
    let (_house, address) = house(Some(rtpengine.address)).await;
    let (mut alice, mut bob) = (PlainPhone::tcp(address, ALICE).await, PlainPhone::udp(address, BOB).await);
    alice.register().await;
    bob.register().await;
    let (a_law, mu_law) = (Sound::new(8, 400.0).await, Sound::new(0, 900.0).await);

    // Alice believes to be at an address that nobody can reach.
    alice.invite(BOB.0, "call", &a_law.describe("10.0.0.9")).await;
    let invite = bob.request("INVITE").await;
    bob.answer(&invite, Status::OK, &mu_law.describe("127.0.0.1")).await;
    let accepted = alice.outcome().await;
    assert_eq!(accepted.status, Status::OK, "{accepted:?}");
    alice.within("ACK", &accepted, "", "").await;
    bob.request("ACK").await;
    let offered = String::from_utf8(invite.body).unwrap();
    let answered = String::from_utf8(accepted.body.clone()).unwrap();
    tokio::join!(a_law.hears(900.0, &answered, "Alice"), mu_law.hears(400.0, &offered, "Bob"));

    let engine = relay::Engine::open(rtpengine.address).await.unwrap();
    let known = || async { engine.ask(&serde_json::json!({ "command": "query", "call-id": "call" })).await };
    known().await.expect("the engine has the call");
    alice.within("BYE", &accepted, "", "").await;
    let bye = bob.request("BYE").await;
    bob.answer(&bye, Status::OK, "").await;
    let forgotten = async {
        while known().await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(5), forgotten).await.expect("the engine still has the call");
}

#[tokio::test]
async fn baresip_phones_hear_each_other_at_8_16_and_48_khz() {
    let Some(rtpengine) = Rtpengine::start().await.filter(|_| is_installed("baresip")) else { return };
    let server = free();
    let plain =
        Addresses { udp: Some(server), engine: Some(rtpengine.address), relay_all: true, ..Addresses::default() };
    let _house = House::open_with(|options| options.plain = plain).await;
    // Tones that a codec with fewer samples a second would not carry.
    for (codec, low, high) in
        [("PCMU/8000/1", 440.0, 1_000.0), ("G722/16000/1", 5_000.0, 6_000.0), ("opus/48000/2", 9_000.0, 10_000.0)]
    {
        let setup = Setup { person: ALICE, server, transport: "udp", issued: None, codec, tone: low };
        let mut alice = Baresip::start(setup).await;
        let mut bob = Baresip::start(Setup { person: BOB, tone: high, ..setup }).await;
        alice.dial(BOB.0).await;
        bob.has("CALL_ESTABLISHED").await;
        tokio::join!(alice.hears(high), bob.hears(low));
        alice.hang_up().await;
        bob.has("CALL_CLOSED").await;
    }
}

#[tokio::test]
async fn baresip_phones_over_udp_tcp_and_tls_hold_and_hand_over_without_a_common_codec() {
    let Some(rtpengine) = Rtpengine::start().await.filter(|_| is_installed("baresip")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let issued = Issued::in_folder(folder.path());
    let (server, tls) = (free(), free());
    let house = House::open_with(|options| {
        options.listen.tls = issued.tls();
        options.plain = Addresses {
            udp: Some(server),
            tcp: Some(server),
            tls: Some(tls),
            engine: Some(rtpengine.address),
            relay_all: true,
            ..Addresses::default()
        };
    })
    .await;
    let added = accounts(house.data.path()).await.add(CAROL.0, "Carol Chen", Zeroizing::new(CAROL.1.to_owned())).await;
    added.unwrap();
    let setup = Setup { person: ALICE, server, transport: "udp", issued: None, codec: "PCMU/8000/1", tone: 440.0 };
    let mut alice = Baresip::start(setup).await;
    let mut bob =
        Baresip::start(Setup { person: BOB, transport: "tcp", codec: "G722/16000/1", tone: 1_000.0, ..setup }).await;
    let over_tls = Setup { server: tls, transport: "tls", issued: Some(&issued), ..setup };
    let mut carol = Baresip::start(Setup { person: CAROL, codec: "opus/48000/2", tone: 700.0, ..over_tls }).await;

    alice.dial(BOB.0).await;
    bob.has("CALL_ESTABLISHED").await;
    tokio::join!(alice.hears(1_000.0), bob.hears(440.0));
    alice.hold().await;
    tokio::join!(alice.hears_nothing(), bob.hears_nothing());
    alice.resume().await;
    tokio::join!(alice.hears(1_000.0), bob.hears(440.0));

    alice.transfer(CAROL.0).await;
    carol.has("CALL_ESTABLISHED").await;
    tokio::join!(carol.hears(1_000.0), bob.hears(700.0));
    alice.has("CALL_CLOSED").await;
    carol.hang_up().await;
    // The call with Alice, and the one with Carol.
    bob.has("CALL_CLOSED").await;
    bob.has("CALL_CLOSED").await;
}

#[tokio::test]
async fn sipp_registers_and_echoes_what_it_hears() {
    let Some(rtpengine) = Rtpengine::start().await.filter(|_| is_installed("sipp")) else { return };
    let (_house, address) = house(Some(rtpengine.address)).await;
    let mut sipp = Sipp::start(address).await;
    let mut alice = PlainPhone::udp(address, ALICE).await;
    alice.register().await;
    let sound = Sound::new(8, 400.0).await;
    alice.invite(BOB.0, "call", &sound.describe("10.0.0.9")).await;
    let accepted = alice.outcome().await;
    assert_eq!(accepted.status, Status::OK, "{accepted:?}");
    alice.within("ACK", &accepted, "", "").await;
    sound.hears(400.0, &String::from_utf8(accepted.body.clone()).unwrap(), "Alice").await;
    alice.within("BYE", &accepted, "", "").await;
    assert_eq!(alice.outcome().await.status, Status::OK);
    assert!(sipp.is_content().await);
}
