//! What comes from whom nobody knows, or from who means harm.

use super::phone::PlainPhone;
use super::{RTP, house};
use crate::house::{ALICE, BOB};
use sip::message::{Message, Response, Status};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test]
async fn strangers_are_few_and_who_is_known_is_not_in_their_way() {
    let (_house, address) = house(None).await;
    let mut known = PlainPhone::udp(address, BOB).await;
    known.register().await;
    let (mut strangers, mut answered) = (Vec::new(), 0);
    for _ in 0..80 {
        let mut stranger = PlainPhone::udp(address, ("1009", "nothing")).await;
        stranger.send("OPTIONS", &format!("sip:{address}"), "<sip:tabphone>", "options", "", "").await;
        strangers.push(stranger);
    }
    for stranger in &mut strangers {
        answered += usize::from(!stranger.hears_nothing().await);
    }
    assert_eq!(answered, 64, "of one address");
    known.register().await;
}

fn is_challenge(response: &Response) -> bool {
    [401, 407].contains(&response.status.code())
}

#[tokio::test]
async fn what_is_no_sip_is_dropped_and_a_stream_of_it_is_closed() {
    let (_house, address) = house(None).await;
    let mut datagrams = PlainPhone::udp(address, BOB).await;
    for junk in [b"\0\x01\0\0stun".as_slice(), b"GET / HTTP/1.1\r\n\r\n", &[0xff; 2000], b"\0\0\0\0"] {
        datagrams.say(junk).await;
    }
    datagrams.send("OPTIONS", &format!("sip:{address}"), "<sip:tabphone>", "options", "", "").await;
    loop {
        let message = datagrams.next().await;
        if matches!(&message, Message::Response(response) if is_challenge(response)) {
            break;
        }
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut bytes = Vec::new();
    stream.write_all(b"BYE sip:a SIP/2.0\r\nContent-Length: much\r\n\r\n").await.unwrap();
    let closed = timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await;
    assert!(closed.is_ok() && bytes.is_empty(), "{bytes:?}");
}

#[tokio::test]
async fn who_floods_is_answered_slowly_and_nobody_waits_for_it() {
    let (_house, address) = house(None).await;
    let (mut known, mut flood) = (PlainPhone::udp(address, BOB).await, PlainPhone::udp(address, ALICE).await);
    known.register().await;
    for _ in 0..1_000 {
        flood.send("OPTIONS", &format!("sip:{address}"), "<sip:tabphone>", "options", "", "").await;
    }
    known.register().await;
    let mut answered = 0;
    while !flood.hears_nothing().await {
        answered += 1;
    }
    assert!((1..100).contains(&answered), "{answered} answers: 40 at once, and 10 a second");
}

#[tokio::test]
async fn who_writes_the_address_of_another_ends_no_call() {
    let (_house, address) = house(None).await;
    let (mut alice, mut bob) = (PlainPhone::udp(address, ALICE).await, PlainPhone::udp(address, BOB).await);
    alice.register().await;
    bob.register().await;
    alice.invite(BOB.0, "call", RTP).await;
    let invite = bob.request("INVITE").await;
    bob.answer(&invite, Status::OK, RTP).await;
    let accepted = alice.outcome().await;
    alice.within("ACK", &accepted, "", "").await;
    bob.request("ACK").await;

    // Everything is right but the password, and then also where it comes from.
    for person in [(ALICE.0, "a guess"), (BOB.0, "a guess")] {
        let mut mallory = PlainPhone::udp(address, person).await;
        mallory.within("BYE", &accepted, "", "").await;
        let refused = mallory.response().await;
        assert!(is_challenge(&refused) || refused.status.code() == 403, "{refused:?}");
    }
    // An answer to a question that nobody asked.
    let mut mallory = PlainPhone::udp(address, BOB).await;
    mallory.answer(&invite, Status::BUSY_HERE, "").await;
    assert!(mallory.hears_nothing().await && alice.hears_nothing().await && bob.hears_nothing().await);

    alice.within("BYE", &accepted, "", "").await;
    let bye = bob.request("BYE").await;
    bob.answer(&bye, Status::OK, "").await;
    assert_eq!(alice.outcome().await.status, Status::OK);
}

#[tokio::test]
async fn guesses_have_to_wait_and_who_is_registered_goes_on() {
    let (_house, address) = house(None).await;
    let mut bob = PlainPhone::udp(address, BOB).await;
    bob.register().await;
    let mut mallory = PlainPhone::tcp(address, (BOB.0, "a guess")).await;
    for _ in 0..8 {
        assert_ne!(mallory.try_register().await.status, Status::OK);
    }
    // The right one is no better now.
    let mut guessed = PlainPhone::tcp(address, BOB).await;
    assert_ne!(guessed.try_register().await.status, Status::OK);
    bob.register().await;
}

#[tokio::test]
async fn what_is_too_large_hurts_nobody() {
    let (_house, address) = house(None).await;
    let mut bob = PlainPhone::udp(address, BOB).await;
    let large = "x".repeat(60_000);
    bob.say(format!("OPTIONS sip:{address} SIP/2.0\r\nSubject: {large}\r\n\r\n").as_bytes()).await;
    // It may be told so, or not; it is not asked again for what it is.
    while !bob.hears_nothing().await {}
    bob.register().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut bytes = Vec::new();
    // Who is cut off may notice it while it writes.
    let _ = stream.write_all(format!("OPTIONS sip:{address} SIP/2.0\r\nSubject: {large}{large}").as_bytes()).await;
    let closed = timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await;
    assert!(closed.is_ok() && bytes.is_empty(), "{bytes:?}");
}
