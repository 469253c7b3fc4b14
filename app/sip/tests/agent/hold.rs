//! Hold and resume, by the rows of the state table.

use super::flows::check;
use super::{ALICE, BOB, Net, established, holds, last_response, of_alice, sdp, talk, talking, to_bob, trio};
use sip::Duration;
use sip::agent::{MediaFailure, Phase, Question, VerbError};
use sip::header::To;
use sip::message::{Method, Response, Status};
use sip::sdp::SessionDescription;

/// The directions of the descriptions in the requests of this method, oldest first.
fn offered(net: &Net) -> Vec<&'static str> {
    let requests = net.exchange.requests(&Method::Invite);
    requests.iter().filter_map(|invite| super::network::direction(&invite.body)).collect()
}

fn last_heard(net: &Net, phone: usize) -> &'static str {
    let heard = net.phone(phone).described().pop();
    super::network::direction(heard.unwrap().as_bytes()).unwrap()
}

#[test]
fn call_hold() {
    // RFC 5359 2.1, as far as the phones take part.
    check("hold", |net| {
        talk(net);
        net.hold(BOB);
        net.settle();
        net.resume(BOB);
        net.settle();
        net.hang_up(ALICE);
        net.settle();
    });
}

#[test]
fn hold_by_both() {
    check("hold_by_both", |net| {
        talk(net);
        net.hold(ALICE);
        net.settle();
        net.hold(BOB);
        net.settle();
        net.resume(ALICE);
        net.settle();
        net.resume(BOB);
        net.settle();
    });
}

#[test]
fn consultation_hold() {
    // RFC 5359 2.2: Alice asks somebody else meanwhile, and comes back.
    let mut net = trio();
    net.phone_mut(ALICE).configure(|config| config.max_calls = 2);
    for phone in [ALICE, BOB, 2] {
        net.phone_mut(phone).says = Some(sdp("sendrecv"));
        net.start(phone);
    }
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.settle();
    net.hold(ALICE);
    net.settle();
    let carol = net.dial(ALICE, "carol");
    net.settle();
    net.answer(2);
    net.settle();
    assert_eq!(net.phone(ALICE).agent.calls().map(|call| call.held_here).collect::<Vec<_>>(), [true, false]);
    assert_eq!((holds(&net, BOB), holds(&net, 2)), ((false, true), (false, false)));
    let now = net.now;
    net.with_call(ALICE, |agent, _| agent.hangup(carol, now));
    net.settle();
    net.resume(ALICE);
    net.settle();
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((false, false), (false, false)));
    insta::assert_snapshot!(net.ladder());
}

#[test]
fn agreed_hold_offers_what_only_sends() {
    let mut net = talking();
    net.hold(ALICE);
    assert_eq!(holds(&net, ALICE), (true, false), "it is shown at once");
    net.settle();
    assert_eq!(offered(&net), ["sendrecv", "sendonly"]);
    assert_eq!(last_heard(&net, ALICE), "recvonly");
    assert_eq!(holds(&net, BOB), (false, true));
    let invite = net.exchange.requests(&Method::Invite)[1];
    assert!(!String::from_utf8_lossy(&invite.body).contains("0.0.0.0"));
}

#[test]
fn agreed_resume_offers_both_ways() {
    let mut net = talking();
    net.hold(ALICE);
    net.settle();
    net.resume(ALICE);
    net.settle();
    assert_eq!(offered(&net), ["sendrecv", "sendonly", "sendrecv"]);
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((false, false), (false, false)));
}

#[test]
fn agreed_the_same_again_is_nothing() {
    let mut net = talking();
    net.hold(ALICE);
    net.settle();
    net.hold(ALICE);
    net.settle();
    assert_eq!(offered(&net).len(), 2);
}

#[test]
fn what_only_receives_is_inactive_on_hold() {
    let mut net = talking();
    net.phone_mut(ALICE).says = Some(sdp("recvonly"));
    net.hold(ALICE);
    net.settle();
    assert_eq!(offered(&net), ["sendrecv", "inactive"]);
    assert_eq!(last_heard(&net, ALICE), "inactive");
}

#[test]
fn the_driver_is_told_what_is_wanted() {
    let mut net = talking();
    net.phone_mut(ALICE).holds = true;
    net.phone_mut(BOB).holds = true;
    net.hold(ALICE);
    net.settle();
    assert!(matches!(net.phone(ALICE).held[0].1, Question::Offer { hold: true, .. }));
    net.answer_held(ALICE);
    net.settle();
    assert!(matches!(net.phone(BOB).held[0].1, Question::Answer { hold: false, .. }));
    net.hold(BOB);
    net.answer_held(BOB);
    net.settle();
    assert!(matches!(net.phone(BOB).held[0].1, Question::Offer { hold: true, .. }), "after their change comes ours");
}

#[test]
fn both_hold_and_nothing_flows() {
    let mut net = talking();
    net.hold(ALICE);
    net.settle();
    net.hold(BOB);
    net.settle();
    assert_eq!(last_heard(&net, BOB), "inactive");
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((true, true), (true, true)));
    net.resume(ALICE);
    net.settle();
    assert_eq!(last_heard(&net, ALICE), "sendonly", "Bob still holds");
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((false, true), (true, false)));
}

#[test]
fn wanted_while_another_change_is_under_way_is_done_after_it() {
    let mut net = talking();
    net.reoffer(ALICE);
    net.hold(ALICE);
    net.settle();
    assert_eq!(offered(&net), ["sendrecv", "sendrecv", "sendonly"]);
    assert_eq!(holds(&net, BOB), (false, true));
}

#[test]
fn wanted_the_last_wish_wins() {
    let mut net = talking();
    for _ in 0..3 {
        net.hold(ALICE);
        net.resume(ALICE);
    }
    net.hold(ALICE);
    net.settle();
    assert_eq!(offered(&net), ["sendrecv", "sendonly"]);
    let mut net = talking();
    net.hold(ALICE);
    net.resume(ALICE);
    net.settle();
    assert_eq!(offered(&net), ["sendrecv", "sendonly", "sendrecv"]);
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((false, false), (false, false)));
}

#[test]
fn wanted_before_the_ack_came_waits_for_it() {
    let mut net = Net::new(super::Wire::default(), &["alice", "bob"]);
    for phone in [ALICE, BOB] {
        net.phone_mut(phone).says = Some(sdp("sendrecv"));
        net.start(phone);
    }
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.hold(BOB);
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 1);
    net.settle();
    assert_eq!(offered(&net), ["sendrecv", "sendonly"]);
    assert_eq!(holds(&net, ALICE), (false, true));
}

#[test]
fn wanted_and_refused_stays_as_it_was() {
    let mut net = talking();
    net.exchange.refuse(Method::Invite, Status::NOT_ACCEPTABLE_HERE);
    net.hold(ALICE);
    net.settle();
    assert_eq!(holds(&net, ALICE), (false, false));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    net.hold(ALICE);
    net.settle();
    net.exchange.refuse(Method::Invite, Status::NOT_ACCEPTABLE_HERE);
    net.resume(ALICE);
    net.settle();
    assert_eq!(holds(&net, ALICE), (true, false), "what could not be resumed stays on hold");
}

#[test]
fn wanted_and_not_offered_stays_as_it_was() {
    let mut net = talking();
    net.phone_mut(ALICE).media = Err(MediaFailure::DeviceBusy);
    net.hold(ALICE);
    net.settle();
    assert_eq!(holds(&net, ALICE), (false, false));
    assert_eq!(offered(&net).len(), 1);
}

#[test]
fn wanted_and_491_is_tried_again_by_itself() {
    let mut net = talking();
    net.exchange.refuse(Method::Invite, Status::REQUEST_PENDING);
    net.hold(ALICE);
    net.settle();
    assert_eq!(holds(&net, ALICE), (true, false), "it is on its way to be");
    net.run(Duration::from_secs(5));
    assert_eq!(offered(&net), ["sendrecv", "sendonly", "sendonly"]);
    assert_eq!(holds(&net, BOB), (false, true));
}

#[test]
fn wanted_and_withdrawn_while_it_waits_is_nothing() {
    let mut net = talking();
    net.exchange.refuse(Method::Invite, Status::REQUEST_PENDING);
    net.hold(ALICE);
    net.settle();
    net.resume(ALICE);
    net.run(Duration::from_secs(5));
    assert_eq!(offered(&net), ["sendrecv", "sendonly"]);
    assert_eq!(holds(&net, ALICE), (false, false));
}

#[test]
fn wanted_and_agreed_by_our_answer_to_theirs() {
    let mut net = talking();
    net.exchange.refuse(Method::Invite, Status::REQUEST_PENDING);
    net.hold(ALICE);
    net.settle();
    net.reoffer(BOB);
    net.settle();
    assert_eq!(last_heard(&net, BOB), "sendonly");
    net.run(Duration::from_secs(5));
    assert_eq!(offered(&net), ["sendrecv", "sendonly", "sendrecv"], "nothing is left to be done");
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((true, false), (false, true)));
}

#[test]
fn held_by_the_address_of_old() {
    let mut net = talking();
    let old = sdp("sendrecv").replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0");
    let invite = of_alice(&net, &Method::Invite, "Content-Type: application/sdp", &old);
    let response = to_bob(&mut net, &invite);
    assert_eq!(super::network::direction(&response.body), Some("recvonly"));
    assert!(!String::from_utf8_lossy(&response.body).contains("0.0.0.0"));
    assert_eq!(holds(&net, BOB), (false, true));
}

#[test]
fn not_held_by_what_flows_one_way_beside_it() {
    let mut net = talking();
    let shared = sdp("sendrecv") + "m=video 40002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=sendonly\r\n";
    let invite = of_alice(&net, &Method::Invite, "Content-Type: application/sdp", &shared);
    to_bob(&mut net, &invite);
    assert_eq!(holds(&net, BOB), (false, false));
}

#[test]
fn no_answer_goes_beyond_the_offer() {
    for (offer, answer) in
        [("sendrecv", "sendrecv"), ("sendonly", "recvonly"), ("recvonly", "sendonly"), ("inactive", "inactive")]
    {
        let mut net = talking();
        let invite = of_alice(&net, &Method::Invite, "Content-Type: application/sdp", &sdp(offer));
        let response = to_bob(&mut net, &invite);
        assert_eq!(super::network::direction(&response.body), Some(answer), "{offer}");
    }
}

#[test]
fn a_hold_keeps_the_origin_and_counts_its_version() {
    let mut net = talking();
    // Another page, with a connection of its own, says it.
    let page = sdp("sendrecv").replace("o=- 7 1", "o=- 99 1");
    net.phone_mut(ALICE).says = Some(page);
    net.hold(ALICE);
    net.settle();
    let invite = net.exchange.requests(&Method::Invite)[1];
    let description = SessionDescription::parse(&invite.body).unwrap();
    assert_eq!((description.origin().session_id, description.origin().version), ("7", "2"));
}

#[test]
fn a_hold_before_the_answer_does_not_fit() {
    let mut net = super::ringing();
    let call = net.phone(ALICE).agent.calls().next().unwrap().id;
    let now = net.now;
    assert_eq!(net.phone_mut(ALICE).agent.hold(call, now), Err(VerbError::WrongPhase));
    assert_eq!(net.phone_mut(ALICE).agent.resume(call, now), Err(VerbError::WrongPhase));
}

#[test]
fn descriptions_that_are_none_go_as_they_are() {
    let mut net = established();
    net.hold(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Invite)[1].body, b"offer of alice");
    assert_eq!(holds(&net, ALICE), (true, false));
}

#[test]
fn a_late_offer_on_hold_holds() {
    let mut net = talking();
    net.hold(BOB);
    net.settle();
    let invite = of_alice(&net, &Method::Invite, "", "");
    let response = to_bob(&mut net, &invite);
    assert_eq!(super::network::direction(&response.body), Some("sendonly"));
    assert!(response.headers.get::<To>().is_ok());
    assert!(matches!(last_response(&net), Response { status: Status::OK, .. }));
}

#[test]
fn theirs_held_who_offers_anew_offers_to_send_nothing_and_stays_held() {
    let mut net = talking();
    net.hold(ALICE);
    net.settle();
    net.reoffer(BOB);
    net.settle();
    assert_eq!(offered(&net), ["sendrecv", "sendonly", "recvonly"]);
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((true, false), (false, true)));
    net.resume(ALICE);
    net.settle();
    assert_eq!(last_heard(&net, ALICE), "sendrecv", "Bob sends again");
    assert_eq!((holds(&net, ALICE), holds(&net, BOB)), ((false, false), (false, false)));
}
