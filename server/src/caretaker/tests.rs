//! A charge in virtual time, by the rows of its table: with the phone at the other end of its calls, a real agent, and a
//! registrar that says yes. Nothing takes any time but what the tests let pass.

mod world;

use super::charge::{Input, Unreadable};
use crate::ports;
use app::phone;
use sip::Duration;
use sip::agent::{
    Body, Cause, Digit, Event, Input as AgentInput, Output as AgentOutput, Phase, Question, TransferProgress,
};
use sip::message::{HeaderName, Method, Status};
use sip::sdp::SessionDescription;
use world::*;

#[test]
fn ct1_ct3_ct4_it_registers_as_the_page_did() {
    let world = World::talking().minded();
    let register = world.requests(&Method::Register)[0];
    assert_eq!(raw(register, HeaderName::CallId), "registration-of-1001");
    assert!(raw(register, HeaderName::Contact).contains("page-of-1001"));
    let call = &world.shown().calls[0];
    assert_eq!((call.phase, call.answered_at, call.muted), (phone::Phase::Returning, Some(7), true));
    assert_eq!(world.shown().registration, phone::Registration::Away);
    assert_eq!(world.bobs().unwrap().phase, Phase::Established, "and Bob noticed nothing");
}

#[test]
fn ct2_what_is_no_snapshot_is_not_kept() {
    let mut world = World::talking();
    let charge = ports::Charge { snapshot: vec![3, 1, 4], ..world.charge() };
    assert!(matches!(world.begin(charge), Err(Unreadable::Snapshot(_))));
}

#[test]
fn ct5_it_comes_back_over_another_uplink() {
    let mut world = World::talking().minded();
    world.log.clear();
    let Holder::Caretaker(charge) = &mut world.alice else { panic!("nobody keeps it") };
    charge.handle(Input::Closed, world.now);
    world.settle();
    world.pass(3 * SECOND);
    assert!(world.said_this("REGISTER"));
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    assert!(world.said_this("200 BYE"));
}

#[test]
fn ct6_hold_and_resume_are_answered() {
    let mut world = World::talking().minded();
    for (hold, direction) in [(true, "recvonly"), (false, "sendrecv")] {
        world.bob_does(|bob, call, now| if hold { bob.hold(call, now) } else { bob.resume(call, now) }.unwrap());
        let heard = SessionDescription::parse(world.heard.last().unwrap().as_bytes()).unwrap();
        assert_eq!(heard.direction(0).unwrap().as_str(), direction);
        assert_eq!(heard.transport(0).unwrap().ufrag, Some("alice"));
    }
    assert_eq!(world.causes, []);
}

#[test]
fn ct7_another_transport_is_for_the_page_that_comes() {
    let mut world = World::talking().minded();
    world.bob_ufrag = "fresh";
    world.bob_does(|bob, call, now| bob.reoffer(call, now).unwrap());
    world.pass(5 * SECOND);
    assert_eq!(world.heard.len(), 1, "only what was agreed at first");
    let asked = world.page();
    let is_asked =
        |output: &AgentOutput| matches!(output, AgentOutput::Ask(_, Question::Answer { offer: Some(_), .. }));
    assert!(asked.iter().any(is_asked), "{asked:?}");
}

#[test]
fn ct7_nobody_is_home_to_answer_the_telephone() {
    let mut world = World::ringing().minded();
    world.pass(10 * SECOND);
    assert_eq!(world.bobs().unwrap().phase, Phase::RingingThere, "it rings on");
    assert_eq!(world.shown().calls[0].phase, phone::Phase::RingingHere);
    world.page();
    let now = world.now;
    let Holder::Page(page) = &mut world.alice else { panic!("no page") };
    page.handle(AgentInput::Connected, now);
    let call = page.calls().next().unwrap().id;
    page.answer(call, now).unwrap();
    world.settle();
    assert_eq!(world.bobs().unwrap().phase, Phase::Established);
}

#[test]
fn ct8_a_digest_is_signed_for_this_epoch() {
    let mut world = World::talking();
    world.challenge = true;
    let mut world = world.minded();
    let (id, wanted) = world.asked.remove(0);
    assert_eq!((wanted.epoch, wanted.method.as_str(), wanted.nc), (8, "REGISTER", 1));
    let challenge = wanted.challenges[0].parse().unwrap();
    let signed = sip::digest::sign(&challenge, "00", "1001", &Method::Register, &wanted.uri, &wanted.body, "c", 1);
    let Holder::Caretaker(charge) = &mut world.alice else { panic!("nobody keeps it") };
    charge.handle(Input::Signed(id, Some(signed)), world.now);
    world.settle();
    let registers = world.requests(&Method::Register);
    assert!(raw(registers[1], HeaderName::Authorization).contains("nonce=\"n\""));
}

#[test]
fn ct9_a_transfer_waits_for_the_page_that_comes() {
    let mut world = World::talking().minded();
    world.bob_does(|bob, call, now| bob.transfer(call, "sip:1003@tabphone".parse().unwrap(), now).unwrap());
    assert!(world.said_this("202 REFER") && world.said_this("NOTIFY"));
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    let asked = world.page();
    let is_asked = |output: &AgentOutput| matches!(output, AgentOutput::Event(Event::TransferAsked { .. }));
    assert!(asked.iter().any(is_asked), "{asked:?}");
}

#[test]
fn ct9_a_transfer_that_nobody_follows_is_refused_at_the_deadline() {
    let mut world = World::talking().minded();
    world.bob_does(|bob, call, now| bob.transfer(call, "sip:1003@tabphone".parse().unwrap(), now).unwrap());
    world.pass(UNTIL);
    assert_eq!(world.progress.last(), Some(&TransferProgress::Failed(Status::SERVICE_UNAVAILABLE)));
}

#[test]
fn ct10_a_second_call_is_told_that_the_line_is_busy() {
    let mut world = World::talking().minded();
    let invite = format!(
        "INVITE sip:page-of-1001@x.invalid SIP/2.0\r\nVia: SIP/2.0/WS c.invalid;branch=z9hG4bKsecond\r\n\
         Max-Forwards: 70\r\nFrom: <sip:1003@tabphone>;tag=c\r\nTo: <sip:1001@tabphone>\r\nCall-ID: second\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:c@c.invalid>\r\nContent-Type: application/sdp\r\n\r\n{}",
        browser("carol", "actpass")
    );
    world.under_way.push_back((To::Alice, invite.into_bytes()));
    world.settle();
    assert!(world.said_this("486 INVITE"));
    let ended = world.shown().ended.clone().unwrap();
    assert_eq!((ended.remote.number.as_str(), ended.cause), ("1003", phone::Cause::Busy), "who comes back reads it");
    assert_eq!(world.shown().calls.len(), 1);
}

#[test]
fn ct10_who_gives_up_is_a_missed_call() {
    let mut world = World::ringing().minded();
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    assert!(world.said_this("200 CANCEL") && world.said_this("487 INVITE"));
    assert_eq!(world.over.unwrap().ended.unwrap().cause, phone::Cause::CancelledThere);
}

#[test]
fn what_is_said_in_a_call_is_answered() {
    let mut world = World::talking().minded();
    world.bob_does(|bob, call, now| bob.send_digit(call, Digit::new('5').unwrap(), SECOND, now).unwrap());
    assert!(world.said_this("200 INFO"));
    world.said(&Method::Options);
    assert!(world.said_this("200 OPTIONS"));
    assert_eq!(world.bobs().unwrap().phase, Phase::Established);
}

#[test]
fn who_answers_a_call_of_ours_meanwhile_is_connected_by_the_page_that_comes() {
    let mut world = World::calling().minded();
    world.bob_does(|bob, call, now| bob.answer(call, now).unwrap());
    assert!(world.said_this("ACK"));
    let call = &world.shown().calls[0];
    assert_eq!(call.phase, phone::Phase::Connecting);
    world.pass(5 * SECOND);
    assert_eq!(world.bobs().unwrap().phase, Phase::Established);
}

#[test]
fn ct11_what_is_sent_was_kept_before() {
    let mut world = World::talking().minded();
    world.bob_does(|bob, call, now| bob.hold(call, now).unwrap());
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    let first = world.log.iter().position(|said| said != "keep").unwrap();
    assert!(first > 0, "{:?}", world.log);
    for answer in ["200 INVITE", "200 BYE"] {
        let at = world.log.iter().position(|said| said == answer).unwrap();
        assert_eq!(world.log[at - 1], "keep", "{:?}", world.log);
    }
}

#[test]
fn ct12_when_the_line_moved_nothing_is_said() {
    let mut world = World::talking().minded();
    world.log.clear();
    world.current = false;
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    world.pass(UNTIL);
    assert_eq!(world.log, ["keep"]);
    assert!(world.over.is_none());
}

#[test]
fn ct13_when_they_hang_up_nothing_is_left() {
    let mut world = World::talking().minded();
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    assert!(world.said_this("200 BYE"));
    let over = world.over.as_ref().unwrap();
    assert_eq!((over.calls.len(), over.registration), (0, phone::Registration::Unknown));
    assert_eq!(over.ended.as_ref().unwrap().cause, phone::Cause::HungUpThere);
    let last = world.requests(&Method::Register).pop().unwrap();
    assert!(raw(last, HeaderName::Contact).contains("expires=0") || raw(last, HeaderName::Expires) == "0");
}

#[test]
fn ct14_at_the_deadline_the_other_end_is_told_why() {
    let mut world = World::talking().minded();
    world.pass(UNTIL - 3 * SECOND - Duration::from_millis(1));
    assert_eq!(world.causes, [], "not before");
    world.pass(Duration::from_millis(1));
    assert_eq!(world.causes, [Cause::HungUpThere]);
    let bye = world.requests(&Method::Bye)[0];
    assert_eq!(raw(bye, HeaderName::Reason), "SIP;cause=480;text=\"The other phone is gone\"");
    let over = world.over.unwrap();
    assert_eq!((over.calls.len(), over.ended.unwrap().cause), (0, phone::Cause::Away));
}

#[test]
fn ct14_what_rings_is_refused_or_cancelled() {
    let mut world = World::ringing().minded();
    world.pass(UNTIL);
    assert!(world.said_this("480 INVITE"));
    assert_eq!(world.causes, [Cause::NoAnswer]);
    let mut world = World::calling().minded();
    world.pass(UNTIL);
    assert!(raw(world.requests(&Method::Cancel)[0], HeaderName::Reason).starts_with("SIP;cause=480"));
    assert_eq!(world.causes, [Cause::CancelledThere]);
}

#[test]
fn ct14_a_deadline_that_is_over_ends_it_once_it_is_registered() {
    let mut world = World::talking();
    let charge = ports::Charge { until: LOST.as_millis(), ..world.charge() };
    world.begin(charge).unwrap();
    world.settle();
    assert_eq!(world.causes, [Cause::HungUpThere]);
    assert!(world.over.is_some());
}

#[test]
fn ct15_who_cannot_be_reached_is_waited_for_a_while() {
    let mut world = World::talking();
    let charge = ports::Charge { until: LOST.as_millis(), ..world.charge() };
    world.reachable = false;
    world.begin(charge).unwrap();
    world.settle();
    world.pass(Duration::from_millis(3_999));
    assert!(world.over.is_none());
    world.pass(Duration::from_millis(1));
    assert_eq!(world.over.unwrap().ended.unwrap().cause, phone::Cause::Away);
}

#[test]
fn ct16_who_does_not_answer_is_not_waited_for() {
    let mut world = World::talking().minded();
    world.answers = false;
    world.pass(UNTIL - 3 * SECOND);
    assert!(world.over.is_none());
    world.pass(4 * SECOND);
    assert!(world.over.is_some());
}

#[test]
fn ct17_what_never_comes_to_rest_is_over() {
    let mut world = World::talking().minded();
    let Holder::Caretaker(charge) = &mut world.alice else { panic!("nobody keeps it") };
    assert!((1..200).all(|_| charge.may_go_on(world.now)));
    assert!(!charge.may_go_on(world.now));
    assert!(charge.may_go_on(world.now + Duration::from_millis(1)), "time passed");
}

#[test]
fn a_goodbye_that_was_not_heard_is_said_again() {
    let mut world = World::talking();
    let now = world.now;
    let Holder::Page(page) = &mut world.alice else { panic!("no page") };
    let call = page.calls().next().unwrap().id;
    page.hangup(call, now).unwrap();
    // It closes in this very moment.
    while page.poll().is_some() {}
    assert!(page.has_something_to_lose());
    let world = world.minded();
    assert_eq!(world.causes, [Cause::HungUpThere]);
    assert!(world.over.is_some());
}

#[test]
fn ct18_what_its_page_had_not_reported_is_written_before_the_line_is_over() {
    let mut world = World::talking();
    let left = world.report_of_the_page();
    world.left.push(left.clone());
    let mut world = world.minded();
    assert_eq!(world.reported, [left]);
    let first = world.log.iter().position(|said| said == "report").unwrap();
    assert!(world.log[..first].contains(&"keep".to_owned()), "{:?}", world.log);
    assert!(world.kept_reports().is_empty(), "who goes on does not tell it again");
    world.bob_does(|bob, call, now| bob.hangup(call, now).unwrap());
    assert_eq!(world.reported.len(), 2);
    let told = &world.reported[1];
    assert_eq!((told.answered, &told.cause), (Some(7), &phone::Cause::HungUpThere));
    assert!(world.over.is_some());
}

#[test]
fn ct18_at_the_deadline_the_call_is_in_the_history() {
    let mut world = World::talking().minded();
    world.pass(UNTIL);
    let [told] = world.reported.as_slice() else { panic!("{:?}", world.reported) };
    assert_eq!((&told.cause, &*told.remote.number), (&phone::Cause::Away, "1002"));
    let mut world = World::ringing().minded();
    world.pass(UNTIL);
    let [told] = world.reported.as_slice() else { panic!("{:?}", world.reported) };
    assert_eq!(told.direction, phone::Direction::Incoming);
    assert!(app::history::Reason::Cause(told.cause.clone()).is_missed(), "{:?}", told.cause);
}

#[test]
fn ct18_a_call_that_found_the_line_busy_is_missed() {
    let mut world = World::talking().minded();
    let invite = format!(
        "INVITE sip:page-of-1001@x.invalid SIP/2.0\r\nVia: SIP/2.0/WS c.invalid;branch=z9hG4bKsecond\r\n\
         Max-Forwards: 70\r\nFrom: <sip:1003@tabphone>;tag=c\r\nTo: <sip:1001@tabphone>\r\nCall-ID: second\r\n\
         CSeq: 1 INVITE\r\nContact: <sip:c@c.invalid>\r\nContent-Type: application/sdp\r\n\r\n{}",
        browser("carol", "actpass")
    );
    world.under_way.push_back((To::Alice, invite.into_bytes()));
    world.settle();
    let [told] = world.reported.as_slice() else { panic!("{:?}", world.reported) };
    assert_eq!((&*told.call_id, &told.cause), ("second", &phone::Cause::Busy));
}

fn letter(text: &str) -> Body {
    Body { content_type: line::mail::TEXT.into(), bytes: text.into() }
}

#[test]
fn ct19_a_message_is_kept_before_it_is_answered() {
    let mut world = World::talking().minded();
    world.log.clear();
    let to = "sip:1001@tabphone".parse().unwrap();
    world.bob.message_as("letter", to, letter("Are you there?"), world.now).unwrap();
    world.settle();
    let log = world.log.iter().filter(|what| *what != "keep").collect::<Vec<_>>();
    assert_eq!(log, ["kept Are you there?", "200 MESSAGE"]);
}

#[test]
fn ct19_a_message_that_its_page_had_not_kept_is_kept() {
    let mut world = World::talking();
    let to = "sip:1001@tabphone".parse().unwrap();
    world.bob.message_as("letter", to, letter("Hello"), world.now).unwrap();
    world.settle();
    let world = world.minded();
    assert!(world.said_this("kept Hello") && world.said_this("200 MESSAGE"), "{:?}", world.log);
}

#[test]
fn ct20_what_became_of_a_message_of_its_page_is_told() {
    let mut world = World::talking();
    let now = world.now;
    let Holder::Page(page) = &mut world.alice else { panic!("no page") };
    page.message_as("letter", "sip:1002@tabphone".parse().unwrap(), letter("Hello"), now).unwrap();
    world.settle();
    let mut world = world.minded();
    world.settle();
    // Bob keeps it only now.
    let id = world.letters[0];
    world.bob.accept_message(id, world.now).unwrap();
    world.settle();
    assert!(world.said_this("letter Accepted"), "{:?}", world.log);
}
