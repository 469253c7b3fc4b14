//! A call that goes on in another dialog: each row of the state table.

use super::flows::check;
use super::network::with_cuts;
use super::{ALICE, BOB, Net, holds, last_response, of_alice, sdp, talk, talking, to_bob};
use sip::Duration;
use sip::agent::{Cause, MediaFailure, Phase, Question, VerbError};
use sip::header::{From, Replaces, Require, To};
use sip::message::{Message, Method, Response, Status};

/// Alice asked for the new dialog, and her offer is not made yet.
fn asked() -> Net {
    let mut net = talking();
    net.phone_mut(ALICE).holds = true;
    net.replace_own(ALICE);
    net.settle();
    net
}

/// The INVITE is with Bob, whose answer is not made yet.
fn invited() -> Net {
    let mut net = talking();
    net.phone_mut(BOB).holds = true;
    net.replace_own(ALICE);
    net.settle();
    net
}

fn invites(net: &Net) -> usize {
    net.exchange.requests(&Method::Invite).len()
}

fn byes(net: &Net) -> usize {
    net.exchange.requests(&Method::Bye).len()
}

/// Both still talk, in one call, and nobody was told of another.
fn goes_on(net: &Net) {
    for phone in [ALICE, BOB] {
        assert_eq!(net.phone(phone).phase(), Some(Phase::Established), "{}", net.ladder());
        assert_eq!(net.phone(phone).calls().len(), 1);
    }
    assert_eq!(net.phone(ALICE).causes(), [], "{}", net.ladder());
}

#[test]
fn a_call_goes_on_in_another_dialog() {
    let flow = |net: &mut Net| {
        talk(net);
        net.replace_own(ALICE);
        net.settle();
        net.hang_up(BOB);
        net.settle();
    };
    check("a_call_goes_on_in_another_dialog", flow);
    with_cuts(&["alice", "bob"], flow);
}

#[test]
fn su1_its_name_stays_and_the_offer_is_asked_for_by_it() {
    let net = asked();
    let call = net.phone(ALICE).calls();
    assert_eq!(call.len(), 1, "one call, whatever is under way");
    let questions: Vec<&Question> = net.phone(ALICE).held.iter().map(|(_, question)| question).collect();
    assert_eq!(questions, [&Question::Offer { call: call[0], hold: false }]);
}

#[test]
fn su1_what_changes_or_is_over_cannot_go_elsewhere() {
    let mut net = talking();
    let call = net.phone(ALICE).calls()[0];
    net.phone_mut(ALICE).holds = true;
    net.reoffer(ALICE);
    let tried = net.on(ALICE, "tries", |agent, now| agent.replace_own(call, now));
    assert_eq!(tried, Err(VerbError::WrongPhase));
    let mut net = asked();
    let tried = net.on(ALICE, "tries again", |agent, now| agent.replace_own(call, now));
    assert_eq!(tried, Err(VerbError::WrongPhase));
    let tried = net.on(ALICE, "offers", |agent, now| agent.reoffer(call, now));
    assert_eq!(tried, Err(VerbError::WrongPhase));
    net.hang_up(ALICE);
    let tried = net.on(ALICE, "too late", |agent, now| agent.replace_own(call, now));
    assert_eq!(tried, Err(VerbError::NoCall));
}

#[test]
fn su2_the_invite_names_the_dialog_as_the_other_end_sees_it() {
    let net = invited();
    let sent = net.exchange.requests(&Method::Invite);
    let (first, second) = (sent[0], sent[1]);
    let (from, to) = (first.headers.get::<From>().unwrap(), second.headers.get::<To>().unwrap());
    let replaces = second.headers.get::<Replaces>().unwrap();
    assert_eq!(replaces.from_tag(), from.tag().unwrap());
    assert_eq!(to.tag(), None, "it is a dialog of its own");
    assert_eq!(to.0.uri, first.headers.get::<To>().unwrap().0.uri, "and with whom the call is");
    let Require(required) = second.headers.get::<Require>().unwrap();
    assert_eq!(required.len(), 1, "who does not know it is to refuse it");
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn su3_refused_it_goes_on_as_it_was() {
    for status in [404, 420, 481, 486, 488, 501, 503, 603] {
        let mut net = talking();
        net.exchange.refuse(Method::Invite, Status::new(status).unwrap());
        net.replace_own(ALICE);
        net.settle();
        goes_on(&net);
        assert_eq!(byes(&net), 0);
        net.reoffer(ALICE);
        net.settle();
        assert_eq!(invites(&net), 3, "and the other way is open: {status}");
        goes_on(&net);
    }
}

#[test]
fn su3_without_an_offer_it_goes_on_as_it_was() {
    let mut net = talking();
    net.phone_mut(ALICE).media = Err(MediaFailure::DeviceBusy);
    net.replace_own(ALICE);
    net.settle();
    goes_on(&net);
    assert_eq!(invites(&net), 1);
}

#[test]
fn su3_without_an_answer_it_goes_on_as_it_was() {
    let mut net = talking();
    net.exchange.lose(Method::Invite);
    net.replace_own(ALICE);
    net.run(Duration::from_secs(40));
    goes_on(&net);
    net.replace_own(ALICE);
    net.settle();
    goes_on(&net);
    assert_eq!(net.phone(BOB).causes(), [Cause::Replaced]);
}

#[test]
fn su4_it_is_the_same_call_to_who_has_it() {
    let mut net = talking();
    let before = net.phone(ALICE).agent.calls().next().unwrap();
    net.replace_own(ALICE);
    net.settle();
    goes_on(&net);
    let after = net.phone(ALICE).agent.calls().next().unwrap();
    assert_eq!((after.id, after.direction, &after.remote), (before.id, before.direction, &before.remote));
    assert_ne!(after.call_id, before.call_id);
    assert_eq!(net.phone(BOB).causes(), [Cause::Replaced], "who is called drops the old dialog");
    assert_eq!(byes(&net), 1, "and says so: nobody else has to");
    net.run(Duration::from_secs(10));
    assert_eq!(byes(&net), 1);
    goes_on(&net);
    net.hold(BOB);
    net.settle();
    assert_eq!(holds(&net, ALICE), (false, true));
}

#[test]
fn su4_who_was_called_can_do_so_too() {
    let mut net = talking();
    let before = net.phone(BOB).agent.calls().next().unwrap();
    net.replace_own(BOB);
    net.settle();
    let after = net.phone(BOB).agent.calls().next().unwrap();
    assert_eq!((after.id, after.direction, &after.remote), (before.id, before.direction, &before.remote));
    assert_eq!(net.phone(BOB).causes(), []);
    assert_eq!(net.phone(ALICE).causes(), [Cause::Replaced]);
    for _ in 0..3 {
        net.replace_own(BOB);
        net.settle();
        assert_eq!(net.phone(BOB).calls(), [before.id], "as often as need be");
    }
}

#[test]
fn su4_what_is_challenged_is_signed() {
    let mut net = talking();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.exchange.answer(Method::Invite, |request| {
        let mut response = Response::to_request(request, Status::PROXY_AUTHENTICATION_REQUIRED);
        response.headers.push_raw("Proxy-Authenticate", "Digest realm=\"x\", nonce=\"n\", algorithm=MD5").unwrap();
        response
    });
    net.replace_own(ALICE);
    net.settle();
    goes_on(&net);
    assert_eq!(net.phone(BOB).causes(), [Cause::Replaced]);
}

/// The INVITE waits at Bob's; he says BYE in the dialog that there is, and then this to the INVITE.
fn left_early(answer: impl FnOnce(&mut Net)) -> Net {
    let mut net = invited();
    let old = net.exchange.requests(&Method::Ack)[0].clone();
    let (from, to) = (old.headers.get::<From>().unwrap(), old.headers.get::<To>().unwrap());
    let mut bye = of_alice(&net, &Method::Bye, "", "");
    bye.headers.set(&From(to.0));
    bye.headers.set(&To(from.0));
    net.inject(ALICE, &bye.to_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::OK);
    assert_eq!(net.phone(ALICE).causes(), [], "it may go on in the other dialog");
    answer(&mut net);
    net.settle();
    net
}

#[test]
fn su5_su6_their_bye_may_come_before_their_answer() {
    let net = left_early(|net| net.answer_held(BOB));
    goes_on(&net);
}

#[test]
fn su5_su7_or_they_hung_up() {
    let net = left_early(|net| {
        net.phone_mut(BOB).media = Err(MediaFailure::DeviceBusy);
        net.answer_held(BOB);
    });
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpThere]);
    assert_eq!(net.phone(ALICE).phase(), None);
}

#[test]
fn su8_who_hangs_up_hangs_up_both() {
    let mut net = asked();
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
    assert_eq!(invites(&net), 1, "nothing leaves any more");

    let mut net = invited();
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpHere]);
    assert_eq!(net.phone(BOB).phase(), None, "{}", net.ladder());
    assert_eq!(net.exchange.requests(&Method::Cancel).len(), 1);
}

#[test]
fn su9_a_new_offer_of_theirs_waits() {
    let mut net = talking();
    net.phone_mut(BOB).holds = true;
    net.replace_own(BOB);
    net.settle();
    let offer = of_alice(&net, &Method::Invite, "Content-Type: application/sdp", &sdp("sendonly"));
    assert_eq!(to_bob(&mut net, &offer).status, Status::REQUEST_PENDING);
}

#[test]
fn su9_who_is_to_be_handed_over_meanwhile_is_asked_again_later() {
    let mut net = talking();
    net.phone_mut(BOB).holds = true;
    net.replace_own(BOB);
    net.settle();
    let refer = of_alice(&net, &Method::Refer, "Refer-To: <sip:carol@example.com>", "");
    assert_eq!(to_bob(&mut net, &refer).status, Status::REQUEST_PENDING);
}

#[test]
fn su9_both_may_try_at_once() {
    let mut net = talking();
    let (alice, bob) = (net.phone(ALICE).calls(), net.phone(BOB).calls());
    for (phone, call) in [(ALICE, alice[0]), (BOB, bob[0])] {
        net.on(phone, "goes elsewhere", |agent, now| agent.replace_own(call, now)).unwrap();
    }
    net.settle();
    goes_on(&net);
    assert_eq!(net.phone(BOB).calls(), bob, "the dialog that there was goes on");
    let pending = |message: &&Message| matches!(message, Message::Response(response) if response.status.code() == 491);
    assert_eq!(net.exchange.received.iter().filter(pending).count(), 2);
}

#[test]
fn su10_what_is_wished_meanwhile_is_done_afterwards() {
    let mut net = talking();
    net.hold(ALICE);
    net.settle();
    net.phone_mut(BOB).holds = true;
    net.replace_own(ALICE);
    net.settle();
    net.resume(ALICE);
    net.settle();
    assert_eq!(invites(&net), 3, "not in the dialog that is left");
    let hold = super::network::direction(&net.exchange.requests(&Method::Invite)[2].body);
    assert_eq!(hold, Some("sendonly"), "it was on hold when it was offered");
    net.phone_mut(BOB).holds = false;
    net.answer_held(BOB);
    net.settle();
    goes_on(&net);
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((false, false), (false, false)));
    assert_eq!(invites(&net), 4);
}

#[test]
fn su12_who_does_not_leave_the_old_dialog_is_told_to() {
    let mut net = talking();
    net.exchange.lose(Method::Bye);
    net.replace_own(ALICE);
    net.settle();
    assert_eq!(byes(&net), 1, "theirs, which got lost");
    net.run(Duration::from_secs(6));
    assert_eq!(byes(&net), 2, "ours");
    goes_on(&net);
}
