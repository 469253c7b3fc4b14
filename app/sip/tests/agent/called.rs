//! Being called.

use super::network::Seen;
use super::{ALICE, BOB, Net, established, last_response, ready, request, ringing};
use sip::Duration;
use sip::agent::{Cause, Direction, Event, Input, Output, Phase, Question};
use sip::header::{Allow, CSeq, Reason, RetryAfter, To, Via, Warning};
use sip::message::{Message, Method, Request, Response, Status};

/// An INVITE for Bob from a phone that the network does not know, with these lines added.
fn foreign(branch: &str, lines: &str, body: &str) -> Request {
    request(&format!(
        "INVITE sip:bob-page@bob.invalid SIP/2.0\r\n\
         Via: SIP/2.0/WSS carol.invalid;branch=z9hG4bK{branch}\r\n\
         From: \"Carol\" <sip:carol@example.com>;tag=c\r\n\
         To: <sip:bob@example.com>\r\n\
         Call-ID: foreign\r\n\
         CSeq: 1 INVITE\r\n\
         Contact: <sip:carol-page@carol.invalid>\r\n\
         {lines}\r\n{body}"
    ))
}

fn derived(invite: &Request, method: Method) -> Request {
    let mut request = invite.clone();
    request.headers.set(&CSeq::new(1, method.clone()));
    request.method = method;
    request.body.clear();
    request
}

fn responses(net: &Net, status: Status) -> usize {
    let of = |message: &&Message| matches!(message, Message::Response(response) if response.status == status);
    net.exchange.received.iter().filter(of).count()
}

/// The ACK of the 2xx that Bob sent.
fn acknowledge(net: &mut Net, invite: &Request, body: &str) {
    let mut ack = derived(invite, Method::Ack);
    ack.headers.set(&last_response(net).headers.get::<To>().unwrap());
    let mut via = ack.headers.get::<Via>().unwrap();
    via.params.set("branch", Some("z9hG4bKack")).unwrap();
    ack.headers.set(&via);
    ack.headers.push_raw("Content-Type", "application/sdp").unwrap();
    ack.body = body.into();
    net.inject(BOB, &ack.to_bytes());
    net.settle();
}

#[test]
fn the_caller_has_a_name() {
    let net = ringing();
    let Some(Seen::Incoming(_, caller)) = net.phone(BOB).seen.first() else { panic!("it rings") };
    assert_eq!(caller, "\"ALICE\" <sip:alice@example.com>");
}

#[test]
fn whom_the_network_vouches_for_comes_first() {
    let mut net = ready();
    let invite = foreign("1", "P-Asserted-Identity: <sip:+49301234@example.com>\r\n", "offer");
    net.inject(BOB, &invite.to_bytes());
    let call = net.phone(BOB).agent.calls().next().unwrap();
    assert_eq!(call.remote.uri.to_string(), "sip:+49301234@example.com");
    assert_eq!(call.remote.display(), None, "the name is not of that number");
    let mut net = ready();
    let invite = foreign("1", "P-Asserted-Identity: <sip:carol@example.com>\r\n", "offer");
    net.inject(BOB, &invite.to_bytes());
    let call = net.phone(BOB).agent.calls().next().unwrap();
    assert_eq!(call.remote.display(), Some("Carol"), "the name is of that number");
}

#[test]
fn who_called_meanwhile_is_told() {
    let mut net = established();
    let invite = foreign("1", "", "offer");
    let now = net.now;
    let agent = &mut net.phone_mut(BOB).agent;
    agent.handle(Input::Received(&invite.to_bytes()), now);
    let events: Vec<Event> = std::iter::from_fn(|| agent.poll())
        .filter_map(|output| match output {
            Output::Event(event) => Some(event),
            Output::Connect(_) | Output::Disconnect | Output::Transmit(_) | Output::Ask(..) => None,
        })
        .collect();
    let [Event::Ended { call, last, cause: Cause::Busy }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((last.id, last.direction), (*call, Direction::Incoming));
    assert_eq!(last.remote.to_string(), "\"Carol\" <sip:carol@example.com>");
    assert_eq!((&*last.call_id, last.local_tag.is_empty()), ("foreign", false));
    let up = agent.calls().next().expect("the call goes on");
    assert_eq!((up.phase, up.id == *call), (Phase::Established, false));
}

#[test]
fn a_description_that_is_too_large_is_refused() {
    for (size, rings) in [(16 * 1024, true), (16 * 1024 + 1, false)] {
        let mut net = ready();
        net.inject(BOB, &foreign("1", "", &"x".repeat(size)).to_bytes());
        net.settle();
        assert_eq!(net.phone(BOB).phase().is_some(), rings);
        assert_eq!(responses(&net, Status::REQUEST_ENTITY_TOO_LARGE), usize::from(!rings));
    }
}

#[test]
fn a_reoffer_that_is_never_answered_is_given_up() {
    let mut net = established();
    net.phone_mut(BOB).holds = true;
    net.reoffer(ALICE);
    net.settle();
    let trying = Response::to_request(net.exchange.requests(&Method::Invite)[1], Status::TRYING);
    net.inject(ALICE, &trying.to_bytes());
    net.run(Duration::from_secs(33));
    assert_eq!(net.exchange.requests(&Method::Cancel).len(), 1);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established), "the call goes on");
    net.phone_mut(BOB).holds = false;
    let before = net.exchange.requests(&Method::Invite).len();
    net.reoffer(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Invite).len(), before + 1, "its media can be changed again");
    let Some(Seen::Remote(_, answer)) = net.phone(ALICE).seen.last() else { panic!("an answer") };
    assert_eq!(answer, "answer of bob");
}

#[test]
fn taken_by_another_phone() {
    let mut net = ready();
    let invite = foreign("1", "", "offer");
    net.inject(BOB, &invite.to_bytes());
    let mut cancel = derived(&invite, Method::Cancel);
    cancel.headers.push(&Reason::sip(Status::OK, None));
    net.inject(BOB, &cancel.to_bytes());
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::AnsweredElsewhere]);
    assert_eq!(responses(&net, Status::REQUEST_TERMINATED), 1);
}

#[test]
fn a_cancel_of_nothing() {
    let mut net = ready();
    net.inject(BOB, &derived(&foreign("1", "", ""), Method::Cancel).to_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::CALL_DOES_NOT_EXIST);
}

#[test]
fn a_cancel_after_the_answer_has_no_effect() {
    let mut net = established();
    let invite = net.exchange.requests(&Method::Invite)[0].clone();
    net.inject(BOB, &derived(&invite, Method::Cancel).to_bytes());
    net.settle();
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
}

#[test]
fn the_2xx_is_repeated_until_its_ack() {
    let mut net = ready();
    let invite = foreign("1", "", "offer");
    net.inject(BOB, &invite.to_bytes());
    net.answer(BOB);
    // T1, doubling up to T2: after 0.5, 1.5, 3.5 and 7.5 seconds.
    net.run(Duration::from_secs(10));
    assert_eq!(responses(&net, Status::OK), 1 + 4);
    acknowledge(&mut net, &invite, "");
    net.run(Duration::from_secs(60));
    assert_eq!(responses(&net, Status::OK), 5);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
}

#[test]
fn without_an_ack_the_call_ends() {
    let mut net = ready();
    net.inject(BOB, &foreign("1", "", "offer").to_bytes());
    net.answer(BOB);
    net.run(Duration::from_secs(33));
    assert_eq!(net.phone(BOB).causes(), [Cause::Network]);
    assert_eq!(net.exchange.requests(&Method::Bye).len(), 1);
}

#[test]
fn bye_waits_for_the_ack() {
    let mut net = ready();
    let invite = foreign("1", "", "offer");
    net.inject(BOB, &invite.to_bytes());
    net.answer(BOB);
    net.hang_up(BOB);
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpHere]);
    assert!(net.exchange.requests(&Method::Bye).is_empty());
    acknowledge(&mut net, &invite, "");
    assert_eq!(net.exchange.requests(&Method::Bye).len(), 1);
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut net = ready();
    let invite = foreign("1", "", "");
    net.inject(BOB, &invite.to_bytes());
    net.phone_mut(BOB).holds = true;
    net.answer(BOB);
    assert!(matches!(net.phone(BOB).held[0].1, Question::Answer { offer: None, .. }));
    net.answer_held(BOB);
    net.settle();
    assert_eq!(last_response(&net).body, b"offer of bob");
    acknowledge(&mut net, &invite, "their answer");
    let call = net.phone(BOB).agent.calls().next().unwrap().id;
    assert_eq!(net.phone(BOB).seen.last(), Some(&Seen::Remote(call, "their answer".into())));
}

#[test]
fn a_late_offer_without_an_answer_ends_the_call() {
    let mut net = ready();
    let invite = foreign("1", "", "");
    net.inject(BOB, &invite.to_bytes());
    net.answer(BOB);
    net.settle();
    acknowledge(&mut net, &invite, "");
    assert_eq!(net.phone(BOB).phase(), None);
    assert_eq!(net.exchange.requests(&Method::Bye).len(), 1);
}

#[test]
fn an_invite_that_comes_by_two_ways_rings_once() {
    let mut net = ready();
    net.phone_mut(BOB).configure(|config| config.max_calls = 3);
    net.start(BOB);
    net.inject(BOB, &foreign("1", "", "offer").to_bytes());
    net.inject(BOB, &foreign("2", "", "offer").to_bytes());
    net.settle();
    assert_eq!(net.phone(BOB).agent.calls().count(), 1);
    assert_eq!(last_response(&net).status, Status::LOOP_DETECTED);
}

#[test]
fn a_repeated_invite_rings_once() {
    let mut net = ready();
    let invite = foreign("1", "", "offer").to_bytes();
    net.inject(BOB, &invite);
    net.inject(BOB, &invite);
    net.settle();
    assert_eq!(net.phone(BOB).agent.calls().count(), 1);
    assert_eq!(responses(&net, Status::RINGING), 2);
}

#[test]
fn why_the_microphone_is_not_there_is_said() {
    let mut net = ringing();
    net.fail(BOB, sip::agent::MediaFailure::DeviceBusy);
    net.settle();
    let response = last_response(&net);
    assert_eq!(response.status, Status::NOT_ACCEPTABLE_HERE);
    let warning = response.headers.get::<Warning>().unwrap();
    assert_eq!((warning.code, &*warning.text), (399, "microphone unavailable"));
    assert_eq!(net.phone(ALICE).causes(), [Cause::NotAcceptable("microphone unavailable".into())]);
}

#[test]
fn what_cannot_be_had_is_refused() {
    for (lines, status) in [
        ("Require: precondition\r\n", Status::BAD_EXTENSION),
        ("Content-Type: text/plain\r\n", Status::UNSUPPORTED_MEDIA_TYPE),
    ] {
        let mut net = ready();
        net.inject(BOB, &foreign("1", lines, "offer").to_bytes());
        net.settle();
        assert_eq!(last_response(&net).status, status);
        assert_eq!(net.phone(BOB).phase(), None);
    }
}

#[test]
fn a_reoffer_is_answered_while_the_call_goes_on() {
    let mut net = established();
    net.reoffer(ALICE);
    net.settle();
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
    let Some(Seen::Remote(_, answer)) = net.phone(ALICE).seen.last() else { panic!("an answer") };
    assert_eq!(answer, "answer of bob");
}

#[test]
fn both_offer_at_once_and_one_gives_way() {
    let mut net = established();
    net.reoffer(ALICE);
    net.reoffer(BOB);
    net.settle();
    assert_eq!(responses(&net, Status::REQUEST_PENDING), 2);
    let before = net.exchange.requests(&Method::Invite).len();
    net.run(Duration::from_secs(5));
    assert_eq!(net.exchange.requests(&Method::Invite).len(), before + 2, "each tries again, one after the other");
    assert_eq!(responses(&net, Status::REQUEST_PENDING), 2);
    for phone in [ALICE, BOB] {
        assert_eq!(net.phone(phone).phase(), Some(Phase::Established));
    }
}

#[test]
fn overlapping_offers_are_told_to_wait() {
    let mut net = established();
    net.phone_mut(BOB).holds = true;
    net.reoffer(ALICE);
    net.settle();
    let mut again = net.exchange.requests(&Method::Invite)[1].clone();
    again.headers.set(&CSeq::new(9, Method::Invite));
    let mut via = again.headers.get::<Via>().unwrap();
    via.params.set("branch", Some("z9hG4bKagain")).unwrap();
    again.headers.set(&via);
    net.inject(BOB, &again.to_bytes());
    net.settle();
    let response = last_response(&net);
    assert_eq!(response.status, Status::SERVER_INTERNAL_ERROR);
    assert!(response.headers.get::<RetryAfter>().unwrap().seconds <= 10);
}

#[test]
fn a_reoffer_that_cannot_be_answered_changes_nothing() {
    let mut net = established();
    net.phone_mut(BOB).media = Err(sip::agent::MediaFailure::DeviceBusy);
    net.reoffer(ALICE);
    net.settle();
    for phone in [ALICE, BOB] {
        assert_eq!(net.phone(phone).phase(), Some(Phase::Established));
    }
}

#[test]
fn methods_that_are_not_there() {
    for (method, status) in [
        (Method::Register, Status::METHOD_NOT_ALLOWED),
        (Method::Publish, Status::METHOD_NOT_ALLOWED),
        ("FLY".parse().unwrap(), Status::NOT_IMPLEMENTED),
    ] {
        let mut net = ready();
        net.inject(BOB, &derived(&foreign("1", "", ""), method).to_bytes());
        net.settle();
        let response = last_response(&net);
        assert_eq!(response.status, status);
        assert!(response.headers.get::<Allow>().unwrap().has(&Method::Invite));
    }
}

#[test]
fn options_tell_what_is_there() {
    let mut net = ready();
    net.inject(BOB, &derived(&foreign("1", "", ""), Method::Options).to_bytes());
    net.settle();
    let response = last_response(&net);
    assert_eq!(response.status, Status::OK);
    assert!(response.headers.get::<Allow>().unwrap().has(&Method::Invite));
}
