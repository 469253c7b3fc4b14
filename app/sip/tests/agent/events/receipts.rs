//! Receipts for messages (RFC 5438).

use super::{ALICE, BOB, Net, check, uri};
use sip::agent::Body;
use sip::body::cpim::Cpim;
use sip::body::imdn::{Disposition, Receipt, ReceiptError, Wanted, ask, asks};
use sip::body::multipart::Part;

fn send(net: &mut Net, from: usize, to: &str, what: &str, message: &Cpim) {
    let body = Body { content_type: Cpim::MEDIA_TYPE.into(), bytes: message.compose() };
    net.on(from, what, |agent, now| agent.message(uri(to), body, now)).unwrap();
    net.settle();
}

/// The last message that a user got, which is kept.
fn read(net: &mut Net, phone: usize, from: &str) -> Cpim {
    let id = *net.phone(phone).messages.last().expect("a message came");
    net.on(phone, "keeps it", |agent, now| agent.accept_message(id, now)).unwrap();
    net.settle();
    let prefix = format!("message from {from}: \"");
    let mut lines = net.phone(phone).noticed.iter().rev();
    let body = lines.find_map(|line| line.strip_prefix(&prefix)?.strip_suffix('"')).expect("it is told");
    Cpim::parse(body.as_bytes()).expect("it is well-formed")
}

/// Bob's user tells what became of a message; gives what Alice's reads.
fn answer(net: &mut Net, message: &Cpim, disposition: Disposition, id: &str) -> Cpim {
    let receipt = Receipt::for_message(message, disposition, id, "2026-04-04T12:17:03Z").unwrap();
    send(net, BOB, "sip:alice@example.com", &format!("tells: {disposition:?}"), &receipt);
    read(net, ALICE, "sip:bob@example.com")
}

fn delivered_and_read(net: &mut Net) {
    net.start(ALICE);
    net.start(BOB);
    let hello = Part::new("text/plain;charset=utf-8", b"Watson, come here.").unwrap();
    let mut message = Cpim::new("Alice <sip:alice@example.com>", "<sip:bob@example.com>", hello).unwrap();
    let wanted = Wanted { positive_delivery: true, display: true, ..Wanted::default() };
    ask(&mut message, "34jk324j", "2026-04-04T12:16:49Z", wanted).unwrap();
    send(net, ALICE, "sip:bob@example.com", "says something and asks for receipts", &message);

    let came = read(net, BOB, "sip:alice@example.com");
    assert_eq!((came.part.body.as_slice(), asks(&came)), (b"Watson, come here.".as_slice(), wanted));
    for (disposition, id) in [(Disposition::Delivered, "r1"), (Disposition::Displayed, "r2")] {
        let told = answer(net, &came, disposition, id);
        let receipt = Receipt::find(&told).unwrap().expect("it is a receipt");
        assert_eq!((receipt.message_id.as_str(), receipt.disposition), ("34jk324j", disposition));
        assert_eq!(receipt.datetime.as_deref(), Some("2026-04-04T12:16:49Z"));
        let again = Receipt::for_message(&told, Disposition::Displayed, "r3", "2026-04-04T12:18:00Z");
        assert_eq!(again, Err(ReceiptError::NotAsked), "a receipt has none");
    }
}

#[test]
fn a_message_is_delivered_and_read_and_its_sender_is_told() {
    check("delivered_and_read", delivered_and_read);
}
