mod conference;
mod messages;
mod unattended;

use super::*;
use crate::dial;
use app::lease::RegistrationIdentity;
use app::media::Media;
use sip::agent::{Body, Cause, Event as AgentEvent, Output, Question};

const NOW: Instant = Instant::from_millis(1_000);
const INVITE: &str = "INVITE sip:u@x.invalid SIP/2.0\r\n\
    Via: SIP/2.0/WS far.invalid;branch=z9hG4bK1\r\n\
    Max-Forwards: 70\r\n\
    From: <sip:1002@tabphone>;tag=far\r\n\
    To: <sip:1001@tabphone>\r\n\
    Call-ID: ringing\r\n\
    CSeq: 1 INVITE\r\n\
    Contact: <sip:1002@far.invalid;transport=ws>\r\n\
    Content-Length: 0\r\n\r\n";

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
    m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n\
    a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n\
    a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n\
    a=setup:actpass\r\na=rtcp-mux\r\na=candidate:1 1 UDP 2130706431 192.0.2.1 4000 typ host\r\n";

fn begin(events: &Events) -> Holding {
    let mut opening = Opening { domain: "tabphone".into(), ringing_seconds: 60, ..Opening::default() };
    opening.me.extension = "1001".into();
    opening.me.name = "Anna".into();
    let identity =
        RegistrationIdentity { instance: "urn:uuid:1".into(), contact_user: "u".into(), call_id: "c".into() };
    let grant = Grant { epoch: 1, identity, snapshot: None };
    let moment = Moment { now: NOW, wall: 1_800_000_000_000, seed: [7; 32] };
    Holding::begin(grant, &opening, events, &Devices::new(events), &moment).unwrap()
}

fn drain(holding: &mut Holding) -> Vec<Output> {
    core::iter::from_fn(|| holding.agent.poll()).collect()
}

#[test]
fn who_stops_while_it_rings_lets_their_other_phones_ring_on() {
    let (events, _receiver) = Events::channel();
    let mut holding = begin(&events);
    holding.handle(Input::Connected, NOW);
    holding.handle(Input::Received(INVITE.as_bytes()), NOW);
    assert_eq!(holding.agent.calls().map(|call| call.phase).collect::<Vec<_>>(), [Phase::RingingHere]);
    drain(&mut holding);

    holding.stop(NOW);
    let outputs = drain(&mut holding);
    let said = |start: &[u8]| {
        outputs.iter().any(|output| matches!(output, Output::Transmit(message) if message.starts_with(start)))
    };
    assert!(said(b"SIP/2.0 480 "), "{outputs:?}");
    assert!(!said(b"SIP/2.0 603 "), "a call that is declined stops ringing everywhere: {outputs:?}");
    let ended =
        |output: &Output| matches!(output, Output::Event(AgentEvent::Ended { cause, .. }) if *cause == Cause::NoAnswer);
    assert!(outputs.iter().any(ended), "{outputs:?}");
}

#[test]
fn an_open_page_follows_when_candidates_are_not_to_follow_any_more() {
    let (events, _receiver) = Events::channel();
    let mut holding = begin(&events);
    for trickle in [false, true] {
        holding.change(Media { trickle, ..Media::default() });
        holding.agent.call(dial::target("1002", "tabphone").unwrap(), NOW).unwrap();
        let asked = drain(&mut holding).into_iter().find_map(|output| match output {
            Output::Ask(id, Question::Offer { .. }) => Some(id),
            Output::Connect(_) | Output::Disconnect | Output::Transmit(_) | Output::Ask(..) | Output::Event(_) => None,
        });
        let body = Body { content_type: "application/sdp".into(), bytes: SDP.as_bytes().to_vec() };
        holding.handle(Input::Connected, NOW);
        holding.handle(Input::Answer(asked.unwrap(), Answer::Description(body)), NOW);
        let invite = |output: &Output| match output {
            Output::Transmit(message) => {
                message.starts_with(b"INVITE ").then(|| String::from_utf8_lossy(message).into_owned())
            }
            Output::Connect(_) | Output::Disconnect | Output::Ask(..) | Output::Event(_) => None,
        };
        let said = drain(&mut holding).iter().find_map(invite).unwrap();
        assert_eq!(said.contains("trickle-ice"), trickle, "{said}");
    }
}

#[test]
fn an_answer_for_an_earlier_holding_is_not_taken() {
    let (events, _receiver) = Events::channel();
    let (before, mut holding) = (begin(&events), begin(&events));
    assert_ne!(before.number, holding.number);
    let target = dial::target("1002", "tabphone").unwrap();
    holding.agent.call(target, NOW).unwrap();
    let asked = drain(&mut holding).into_iter().find_map(|output| match output {
        Output::Ask(id, Question::Offer { .. }) => Some(id),
        Output::Connect(_) | Output::Disconnect | Output::Transmit(_) | Output::Ask(..) | Output::Event(_) => None,
    });
    let question = asked.unwrap();
    let failure = || Answer::Media(MediaFailure::Denied);
    holding.answered_elsewhere(before.number, question, failure(), NOW);
    assert_eq!(holding.agent.calls().count(), 1, "it was another agent's question");
    holding.answered_elsewhere(holding.number, question, failure(), NOW);
    assert_eq!(holding.agent.calls().count(), 0);
}

#[test]
fn a_call_that_takes_the_place_of_another_begins_muted_as_that_one_was_and_nothing_is_over() {
    let (events, _receiver) = Events::channel();
    let mut holding = begin(&events);
    let (_phone, line) = phone::pair(phone::LineState::default(), 0);
    let (opening, screen) = (Opening::default(), Screen::new(&line));
    let describe = |holding: &mut Holding, id| {
        let body = Body { content_type: "application/sdp".into(), bytes: SDP.as_bytes().to_vec() };
        holding.handle(Input::Answer(id, Answer::Description(body)), NOW);
    };
    let asked = |outputs: &[Output]| {
        outputs.iter().find_map(|output| {
            let Output::Ask(id, question @ Question::Answer { .. }) = output else { return None };
            Some((*id, question.clone()))
        })
    };
    let body = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len());
    let offering = INVITE.replace("Content-Length: 0\r\n\r\n", &body);
    holding.handle(Input::Connected, NOW);
    holding.handle(Input::Received(offering.as_bytes()), NOW);
    let old = holding.agent.calls().next().unwrap();
    holding.agent.answer(old.id, NOW).unwrap();
    let (id, _) = asked(&drain(&mut holding)).unwrap();
    describe(&mut holding, id);
    let ack = INVITE.replace("INVITE ", "ACK ").replace(" INVITE", " ACK").replace("K1", "K2");
    let ack = ack.replace("1001@tabphone>", &format!("1001@tabphone>;tag={}", old.local_tag));
    holding.handle(Input::Received(ack.as_bytes()), NOW);
    holding.mute(old.id, true);
    drain(&mut holding);

    let replaces = format!("Replaces: ringing;to-tag={};from-tag=far\r\nContent-Length", old.local_tag);
    let invite = offering.replace("Content-Length", &replaces).replace("Call-ID: ringing", "Call-ID: other");
    let invite = invite.replace("K1", "K3").replace("1002", "1003");
    holding.handle(Input::Received(invite.as_bytes()), NOW);
    let (id, question) = asked(&drain(&mut holding)).expect("it does not ring");
    holding.inherit(&question);
    describe(&mut holding, id);
    for output in drain(&mut holding) {
        if let Output::Event(event) = output {
            holding.happened(event, &opening, &screen, NOW);
        }
    }
    let calls: Vec<Call> = holding.agent.calls().collect();
    assert_eq!(
        calls.iter().map(|call| (call.phase, call.replaces)).collect::<Vec<_>>(),
        [(Phase::Established, Some(old.id))]
    );
    assert!(holding.calls.facts_of(calls[0].id).muted);
    assert_eq!(screen.state().ended, None);
}

#[test]
fn a_camera_is_wanted_by_the_next_page_too_and_a_screen_wants_a_click() {
    let (events, _receiver) = Events::channel();
    let (mut holding, call) = in_call(&events);
    holding.picture(call.id, Subject::Camera, true);
    holding.picture(call.id, Subject::Screen, true);
    let facts = holding.calls.facts();
    let next = Calls::new(&events, &Devices::new(&events), &Media::default(), facts);
    let picture = next.picture_of(call.id);
    assert!(picture.camera && !picture.screen && picture.interrupted);

    // The camera cannot be had, and that is said until it is tried again.
    holding.unpictured(call.id, Subject::Screen, None, NOW);
    holding.unpictured(call.id, Subject::Camera, Some(phone::MediaFailure::DeviceBusy), NOW);
    let picture = holding.calls.picture_of(call.id);
    assert_eq!((picture.camera, picture.failure), (false, Some(phone::MediaFailure::DeviceBusy)));
    assert_eq!(holding.agent.calls().count(), 1, "the call goes on");
    holding.picture(call.id, Subject::Camera, true);
    assert_eq!(holding.calls.picture_of(call.id).failure, None);
}

/// A page in a call with 1002, as the agent of this line knows it.
fn in_call(events: &Events) -> (Holding, Call) {
    let mut holding = begin(events);
    let body = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len());
    let offering = INVITE.replace("Content-Length: 0\r\n\r\n", &body);
    holding.handle(Input::Connected, NOW);
    holding.handle(Input::Received(offering.as_bytes()), NOW);
    let call = holding.agent.calls().next().unwrap();
    holding.agent.answer(call.id, NOW).unwrap();
    let question = drain(&mut holding).into_iter().find_map(|output| {
        let Output::Ask(id, Question::Answer { .. }) = output else { return None };
        Some(id)
    });
    let body = Body { content_type: "application/sdp".into(), bytes: SDP.as_bytes().to_vec() };
    holding.handle(Input::Answer(question.unwrap(), Answer::Description(body)), NOW);
    holding.handle(Input::Received(in_dialog("ACK", 1, &call).as_bytes()), NOW);
    drain(&mut holding);
    let call = holding.agent.calls().next().unwrap();
    assert_eq!(call.phase, Phase::Established);
    (holding, call)
}

/// A request of 1002 in the dialog of that call.
fn in_dialog(method: &str, cseq: u32, call: &Call) -> String {
    let request =
        INVITE.replace("INVITE sip", &format!("{method} sip")).replace("1 INVITE", &format!("{cseq} {method}"));
    let request = request.replace("z9hG4bK1", &format!("z9hG4bK{method}{cseq}"));
    request.replace("1001@tabphone>", &format!("1001@tabphone>;tag={}", call.local_tag))
}

fn grant(epoch: u64, snapshot: Option<Vec<u8>>) -> Grant {
    let identity =
        RegistrationIdentity { instance: "urn:uuid:1".into(), contact_user: "u".into(), call_id: "c".into() };
    Grant { epoch, identity, snapshot: snapshot.map(|snapshot| (snapshot, 3_000)) }
}

fn opening() -> Opening {
    let mut opening = Opening { domain: "tabphone".into(), ringing_seconds: 60, ..Opening::default() };
    opening.me.extension = "1001".into();
    opening.me.name = "Anna".into();
    opening
}

fn adopt(holding: Holding, snapshot: Option<Vec<u8>>, ended: Option<&phone::Ended>) -> (Holding, Option<phone::Ended>) {
    adopt_knowing(&[1], holding, snapshot, ended)
}

/// The server knew of these calls.
fn adopt_knowing(
    known: &[phone::CallKey],
    holding: Holding,
    snapshot: Option<Vec<u8>>,
    ended: Option<&phone::Ended>,
) -> (Holding, Option<phone::Ended>) {
    let (_phone, line) = phone::pair(phone::LineState::default(), 0);
    let screen = Screen::new(&line);
    let moment = Moment { now: NOW + Duration::from_secs(4), wall: 1_800_000_004_000, seed: [8; 32] };
    let absence = Absence { known, ended };
    let holding = holding.adopt(grant(2, snapshot), &absence, &opening(), &screen, &moment).unwrap();
    (holding, screen.state().ended)
}

fn phases(holding: &Holding) -> Vec<(u64, Phase)> {
    holding.agent.calls().map(|call| (call.id.0, call.phase)).collect()
}

#[test]
fn a_call_goes_on_muted_as_it_is_here_when_somebody_else_acted_for_the_line() {
    let (events, _receiver) = Events::channel();
    let (mut holding, call) = in_call(&events);
    let snapshot = holding.snapshot(NOW);
    holding.rest(NOW);
    holding.mute(call.id, true);
    let (holding, ended) = adopt(holding, snapshot, None);
    assert_eq!((phases(&holding), ended), (vec![(call.id.0, Phase::Established)], None));
    assert!(holding.calls.facts_of(call.id).muted && !holding.is_resting());
    assert_eq!(holding.epoch(), 2);
}

#[test]
fn what_was_hung_up_while_nobody_heard_it_is_hung_up_again() {
    let (events, _receiver) = Events::channel();
    let (mut holding, call) = in_call(&events);
    let snapshot = holding.snapshot(NOW);
    holding.rest(NOW);
    holding.hang_up(call.id, NOW);
    drain(&mut holding);
    let (mut holding, ended) = adopt(holding, snapshot, None);
    assert_eq!(ended, None);
    holding.handle(Input::Connected, NOW + Duration::from_secs(4));
    let byes = |output: &Output| matches!(output, Output::Transmit(message) if message.starts_with(b"BYE "));
    assert!(drain(&mut holding).iter().any(byes));
}

#[test]
fn what_was_dialled_while_nobody_heard_it_is_dialled_again_and_what_ended_meanwhile_is_not() {
    let (events, _receiver) = Events::channel();
    for (known, calls) in [(&[][..], 1), (&[1], 0)] {
        let mut holding = begin(&events);
        holding.handle(Input::Connected, NOW);
        drain(&mut holding);
        let snapshot = holding.snapshot(NOW);
        holding.rest(NOW);
        holding.agent.call(dial::target("1003", "tabphone").unwrap(), NOW).unwrap();
        let (holding, ended) = adopt_knowing(known, holding, snapshot, None);
        let remotes: Vec<_> = holding.agent.calls().map(|call| call.remote.uri.to_string()).collect();
        assert_eq!((remotes.len(), ended.is_some()), (calls, calls == 0));
        assert!(remotes.iter().all(|remote| remote.starts_with("sip:1003@")), "{remotes:?}");
    }
}

#[test]
fn a_call_that_ended_meanwhile_is_told_with_the_cause_that_is_known() {
    let (events, _receiver) = Events::channel();
    let hung_up = |key| phone::Ended {
        key,
        direction: phone::Direction::Incoming,
        remote: phone::Party::default(),
        cause: phone::Cause::HungUpThere,
    };
    for (told, cause) in [
        (None, phone::Cause::Away),
        (Some(hung_up(1)), phone::Cause::HungUpThere),
        (Some(hung_up(9)), phone::Cause::Away),
    ] {
        let (mut holding, call) = in_call(&events);
        assert_eq!(call.id.0, 1);
        let (mut caretaker, _) = in_call(&events);
        let dialog = caretaker.agent.calls().next().unwrap();
        caretaker.handle(Input::Received(in_dialog("BYE", 2, &dialog).as_bytes()), NOW);
        drain(&mut caretaker);
        let left = caretaker.snapshot(NOW);
        holding.rest(NOW);
        let (holding, ended) = adopt(holding, left, told.as_ref());
        assert_eq!((phases(&holding), ended.map(|ended| ended.cause)), (Vec::new(), Some(cause)));
    }
    let (holding, _) = in_call(&events);
    let (holding, ended) = adopt(holding, None, None);
    assert_eq!((phases(&holding), ended.map(|ended| ended.cause)), (Vec::new(), Some(phone::Cause::Away)));
}

#[test]
fn another_call_of_the_same_number_is_not_taken_for_this_one() {
    let (events, _receiver) = Events::channel();
    let (mut holding, call) = in_call(&events);
    holding.hang_up(call.id, NOW);
    let mut other = begin(&events);
    other.handle(Input::Connected, NOW);
    other.handle(Input::Received(INVITE.replace("Call-ID: ringing", "Call-ID: another").as_bytes()), NOW);
    drain(&mut other);
    let (holding, _) = adopt(holding, other.snapshot(NOW), None);
    assert_eq!(phases(&holding), [(1, Phase::RingingHere)]);
}

#[test]
fn a_page_that_goes_on_under_another_epoch_keeps_its_calls() {
    let (events, _receiver) = Events::channel();
    let (mut holding, call) = in_call(&events);
    holding.rest(NOW);
    holding.resume(7, NOW);
    assert_eq!((holding.epoch(), holding.is_resting()), (7, false));
    assert_eq!(phases(&holding), [(call.id.0, Phase::Established)]);
}

#[test]
fn what_only_a_clock_changed_is_no_news() {
    let (events, _receiver) = Events::channel();
    let (mut holding, call) = in_call(&events);
    let later = NOW + Duration::from_secs(1);
    let before = (holding.content(), holding.snapshot(NOW));
    holding.handle(Input::Received(b"\r\n"), later);
    drain(&mut holding);
    assert_eq!(holding.content(), before.0);
    assert_ne!(holding.snapshot(later), before.1);
    holding.mute(call.id, true);
    assert_ne!(holding.content(), before.0);
}

#[test]
fn nothing_leaves_before_the_server_can_know_what_led_to_it() {
    let (events, _receiver) = Events::channel();
    let (mut holding, call) = in_call(&events);
    let (_phone, line) = phone::pair(phone::LineState::default(), 0);
    let screen = Screen::new(&line);
    holding.hang_up(call.id, NOW);
    holding.settle(&opening(), &screen, NOW);
    let waits = |holding: &Holding| {
        holding
            .outward
            .iter()
            .any(|outward| matches!(outward, Outward::Transmit(message) if message.starts_with(b"BYE ")))
    };
    assert!(waits(&holding) && holding.snapshot(NOW).is_some(), "it is said, and the snapshot can be made");
    assert!(!holding.flush(NOW) && !waits(&holding));
}

#[test]
fn who_dials_puts_the_running_call_on_hold_and_who_clicks_twice_calls_once() {
    let (events, _receiver) = Events::channel();
    let (mut holding, running) = in_call(&events);
    let (_phone, line) = phone::pair(phone::LineState::default(), 0);
    let screen = Screen::new(&line);
    let held = |holding: &Holding| {
        holding.agent.calls().map(|call| (call.remote.uri.to_string(), call.held_here)).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        holding.dial("1003", phone::Sends::Voice, &opening(), &screen, NOW);
        assert_eq!(held(&holding), [("sip:1002@tabphone".to_owned(), true), ("sip:1003@tabphone".to_owned(), false)]);
    }
    assert_eq!(screen.state().dialled, "1003");
    holding.hold(running.id, false, NOW);
    assert_eq!(held(&holding).iter().map(|(_, held)| *held).collect::<Vec<_>>(), [false, false]);
}

#[test]
fn a_number_that_cannot_be_called_is_not_handed_over_to_and_the_call_goes_on() {
    let (events, _receiver) = Events::channel();
    let (mut holding, call) = in_call(&events);
    holding.transfer(call.id, "no number", "tabphone", NOW);
    assert_eq!(holding.calls.refused(call.id), Some(404));
    holding.transfer(call.id, "1003", "tabphone", NOW);
    let held = |holding: &Holding| holding.agent.calls().next().unwrap().held_here;
    assert!(held(&holding) && holding.calls.refused(call.id).is_none(), "they hear nothing meanwhile");
    let failed = |status| sip::agent::TransferProgress::Failed(status);
    holding.handing_over(call.id, failed(sip::message::Status::BUSY_HERE), NOW);
    assert_eq!((held(&holding), holding.calls.refused(call.id)), (false, Some(486)));
}

#[test]
fn a_call_that_is_over_is_reported_until_the_server_has_it_and_travels_with_the_snapshot() {
    let (events, _receiver) = Events::channel();
    let mut holding = begin(&events);
    let (_phone, line) = phone::pair(phone::LineState::default(), 0);
    let (opening, screen) = (Opening::default(), Screen::new(&line));
    holding.handle(Input::Connected, NOW);
    holding.handle(Input::Received(INVITE.as_bytes()), NOW);
    let call = holding.agent.calls().next().unwrap();
    holding.agent.decline(call.id, NOW).unwrap();
    for output in drain(&mut holding) {
        if let Output::Event(event) = output {
            holding.happened(event, &opening, &screen, NOW);
        }
    }
    let [report] = holding.reports().cloned().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((&report.call_id, &report.local_tag), (&call.call_id, &call.local_tag));
    assert_eq!((report.cause, report.direction), (phone::Cause::DeclinedHere, phone::Direction::Incoming));
    assert!(holding.has_something_to_lose(), "else nobody would report it");
    let saved = holding.snapshot(NOW).unwrap();
    let (_, (_, reports)) = line::snapshot::read(&saved).unwrap();
    assert_eq!(reports.iter().count(), 1, "the next page does");
    holding.recorded("of another call");
    assert_eq!(holding.reports().count(), 1);
    holding.take_touched();
    holding.recorded(&report.local_tag);
    assert_eq!(holding.reports().count(), 0);
    assert!(holding.take_touched(), "the server is told that it need not be reported any more");
}
