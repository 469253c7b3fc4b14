//! re-INVITE and UPDATE of theirs (RFC 3311).

use super::flows::check;
use super::network::Seen;
use super::{ALICE, BOB, established, holds, of_alice, sdp, talk, talking, to_bob};
use sip::Duration;
use sip::agent::{MediaFailure, Phase, Question};
use sip::header::{Allow, CSeq, Contact, Via};
use sip::message::{Method, Response, Status};

#[test]
fn any_an_update_without_a_description_is_answered_at_once() {
    let mut net = talking();
    net.phone_mut(BOB).holds = true;
    let update = of_alice(&net, &Method::Update, "", "");
    let response = to_bob(&mut net, &update);
    assert_eq!(response.status, Status::OK);
    assert!(response.body.is_empty());
    assert!(response.headers.contains(sip::header::HeaderName::Contact));
    assert!(response.headers.get::<Allow>().unwrap().has(&Method::Update));
    assert!(net.phone(BOB).held.is_empty(), "nobody is asked");
}

#[test]
fn not_an_update_with_an_offer_is_answered_with_an_answer() {
    let mut net = talking();
    let update = of_alice(&net, &Method::Update, "Content-Type: application/sdp", &sdp("sendonly"));
    let response = to_bob(&mut net, &update);
    assert_eq!(response.status, Status::OK);
    assert_eq!(super::network::direction(&response.body), Some("recvonly"));
    assert_eq!(holds(&net, BOB), (false, true));
    // It has no ACK: nothing is repeated, and the next change can begin.
    net.run(Duration::from_secs(60));
    net.hold(BOB);
    net.settle();
    assert_eq!(holds(&net, BOB), (true, false), "her phone knows nothing of the hold that was said in her name");
}

#[test]
fn answering_an_update_that_cannot_be_answered_is_488() {
    let mut net = talking();
    net.phone_mut(BOB).media = Err(MediaFailure::NoDevice);
    let update = of_alice(&net, &Method::Update, "Content-Type: application/sdp", &sdp("sendonly"));
    assert_eq!(to_bob(&mut net, &update).status, Status::NOT_ACCEPTABLE_HERE);
    assert_eq!(holds(&net, BOB), (false, false));
}

#[test]
fn an_update_with_something_else_is_refused() {
    let mut net = talking();
    let update = of_alice(&net, &Method::Update, "Content-Type: text/html", "<p>");
    assert_eq!(to_bob(&mut net, &update).status, Status::UNSUPPORTED_MEDIA_TYPE);
    let update = of_alice(&net, &Method::Update, "Content-Type: application/sdp", &"v".repeat(20_000));
    assert_eq!(to_bob(&mut net, &update).status, Status::REQUEST_ENTITY_TOO_LARGE);
}

#[test]
fn an_update_that_is_out_of_order_is_refused() {
    let mut net = talking();
    let mut update = of_alice(&net, &Method::Update, "", "");
    assert_eq!(to_bob(&mut net, &update).status, Status::OK);
    let mut via = update.headers.get::<Via>().unwrap();
    via.params.set("branch", Some("z9hG4bKlater")).unwrap();
    update.headers.set(&via);
    assert_eq!(to_bob(&mut net, &update).status, Status::SERVER_INTERNAL_ERROR);
}

#[test]
fn an_update_moves_the_target() {
    let mut net = talking();
    let mut update = of_alice(&net, &Method::Update, "", "");
    update.headers.set(&"<sip:alice-moved@alice.invalid>".parse::<Contact>().unwrap());
    to_bob(&mut net, &update);
    net.hang_up(BOB);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Bye)[0].uri.to_string(), "sip:alice-moved@alice.invalid");
    assert_eq!(net.phone(ALICE).phase(), None);
}

#[test]
fn a_reinvite_and_its_2xx_move_the_target() {
    let mut net = talking();
    let mut invite = of_alice(&net, &Method::Invite, "Content-Type: application/sdp", &sdp("sendrecv"));
    invite.headers.set(&"<sip:alice-moved@alice.invalid>".parse::<Contact>().unwrap());
    to_bob(&mut net, &invite);
    net.exchange.answer(Method::Invite, |invite| {
        let mut response = Response::to_request(invite, Status::OK);
        response.headers.push(&"<sip:bob-moved@bob.invalid>".parse::<Contact>().unwrap());
        response.headers.push_raw("Content-Type", "application/sdp").unwrap();
        response.body = sdp("sendrecv").into();
        response
    });
    net.hold(ALICE);
    net.settle();
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Bye)[0].uri.to_string(), "sip:bob-moved@bob.invalid");
}

#[test]
fn not_a_reinvite_without_an_offer_gets_one() {
    let mut net = talking();
    let invite = of_alice(&net, &Method::Invite, "", "");
    net.phone_mut(BOB).holds = true;
    net.inject(BOB, &invite.to_bytes());
    assert!(matches!(net.phone(BOB).held[0].1, Question::Answer { offer: None, .. }));
    net.answer_held(BOB);
    net.settle();
    let response = super::last_response(&net);
    assert_eq!((response.status, super::network::direction(&response.body)), (Status::OK, Some("sendrecv")));
    let seq = invite.headers.get::<CSeq>().unwrap().seq;
    let mut ack = of_alice(&net, &Method::Ack, "Content-Type: application/sdp", &sdp("sendonly"));
    ack.headers.set(&CSeq::new(seq, Method::Ack));
    net.inject(BOB, &ack.to_bytes());
    net.settle();
    assert_eq!(holds(&net, BOB), (false, true), "their answer is in the ACK");
    assert!(matches!(net.phone(BOB).seen.last(), Some(Seen::Remote(..))));
}

#[test]
fn a_controller_connects_two_calls() {
    // RFC 3725 4.4, as far as a called phone takes part: it is asked for an offer, and learns the answer by ACK.
    check("late_offer_in_a_call", |net| {
        talk(net);
        let invite = of_alice(net, &Method::Invite, "", "");
        net.inject(BOB, &invite.to_bytes());
        net.settle();
        let mut ack = of_alice(net, &Method::Ack, "Content-Type: application/sdp", &sdp("sendrecv"));
        ack.headers.set(&CSeq::new(invite.headers.get::<CSeq>().unwrap().seq, Method::Ack));
        net.inject(BOB, &ack.to_bytes());
        net.run(Duration::from_secs(5));
    });
}

#[test]
fn challenged_reinvite_is_signed() {
    check("hold_challenged", |net| {
        net.phone_mut(ALICE).password = Some("secret".into());
        talk(net);
        net.exchange.answer(Method::Invite, |invite| {
            let mut response = Response::to_request(invite, Status::PROXY_AUTHENTICATION_REQUIRED);
            response.headers.push_raw("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
            response
        });
        net.hold(ALICE);
        net.settle();
    });
}

#[test]
fn cancelled_reinvite_leaves_the_call_as_it_was() {
    let mut net = talking();
    net.phone_mut(BOB).holds = true;
    let invite = of_alice(&net, &Method::Invite, "Content-Type: application/sdp", &sdp("sendonly"));
    net.inject(BOB, &invite.to_bytes());
    let mut cancel = invite.clone();
    cancel.method = Method::Cancel;
    cancel.headers.set(&CSeq::new(invite.headers.get::<CSeq>().unwrap().seq, Method::Cancel));
    cancel.body.clear();
    net.inject(BOB, &cancel.to_bytes());
    net.settle();
    assert_eq!(super::last_response(&net).status, Status::REQUEST_TERMINATED);
    assert_eq!((net.phone(BOB).phase(), holds(&net, BOB)), (Some(Phase::Established), (false, false)));
}

#[test]
fn an_update_of_no_call_is_refused() {
    let mut net = established();
    let mut update = of_alice(&net, &Method::Update, "", "");
    net.hang_up(BOB);
    net.settle();
    update.headers.set(&CSeq::new(500, Method::Update));
    assert_eq!(to_bob(&mut net, &update).status, Status::CALL_DOES_NOT_EXIST);
}
