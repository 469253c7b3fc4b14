//! Calls that are joined: what is asked of the agent, and what travels with the snapshot.

use super::*;

/// The first call is on hold, and the person talks in the second.
fn two(events: &Events) -> (Holding, CallId, CallId) {
    let (mut holding, one) = in_call(events);
    let _ = holding.agent.hold(one.id, NOW);
    described(&mut holding, true);
    let body = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len());
    let other =
        |text: &str| text.replace("Call-ID: ringing", "Call-ID: other").replace("K1", "K9").replace("1002", "1003");
    let offering = other(&INVITE.replace("Content-Length: 0\r\n\r\n", &body));
    holding.handle(Input::Received(offering.as_bytes()), NOW);
    let second = holding.agent.calls().find(|call| call.id != one.id).unwrap();
    holding.agent.answer(second.id, NOW).unwrap();
    described(&mut holding, false);
    holding.handle(Input::Received(other(&in_dialog("ACK", 1, &second)).as_bytes()), NOW);
    drain(&mut holding);
    assert_eq!(talked_in(&holding), [second.id]);
    (holding, one.id, second.id)
}

/// Describes whatever is to be described, and has it accepted if it is an offer; `answered`: it is.
fn described(holding: &mut Holding, answered: bool) {
    loop {
        let outputs = drain(holding);
        let invite = outputs.iter().rev().find_map(|output| match output {
            Output::Transmit(message) if message.starts_with(b"INVITE ") => String::from_utf8(message.clone()).ok(),
            Output::Transmit(_) | Output::Connect(_) | Output::Disconnect | Output::Ask(..) | Output::Event(_) => None,
        });
        let question = outputs.iter().find_map(|output| match output {
            Output::Ask(id, Question::Offer { .. } | Question::Answer { .. }) => Some(*id),
            Output::Ask(..) | Output::Connect(_) | Output::Disconnect | Output::Transmit(_) | Output::Event(_) => None,
        });
        let body = Body { content_type: "application/sdp".into(), bytes: SDP.as_bytes().to_vec() };
        match (question, invite) {
            (Some(question), _) => holding.handle(Input::Answer(question, Answer::Description(body)), NOW),
            (None, Some(invite)) if answered => {
                let head = invite.split("\r\n\r\n").next().unwrap();
                let kept =
                    |line: &&str| ["Via", "From", "To", "Call-ID", "CSeq"].iter().any(|name| line.starts_with(name));
                let kept: Vec<&str> = head.lines().skip(1).filter(kept).collect();
                let ok = format!(
                    "SIP/2.0 200 OK\r\n{}\r\nContact: <sip:far@far.invalid;transport=ws>\r\nContent-Type: application/sdp\r\n\
                     Content-Length: {}\r\n\r\n{SDP}",
                    kept.join("\r\n"),
                    SDP.len()
                );
                holding.handle(Input::Received(ok.as_bytes()), NOW);
            }
            (None, _) => return,
        }
    }
}

fn talked_in(holding: &Holding) -> Vec<CallId> {
    holding.agent.calls().filter(line::several::is_talked_in).map(|call| call.id).collect()
}

#[test]
fn who_is_joined_is_gone_on_with_and_muted_as_where_the_person_talks() {
    let (events, _receiver) = Events::channel();
    let (mut holding, one, other) = two(&events);
    holding.mute(one, true);
    holding.join(one, other, NOW);
    assert_eq!(holding.calls.joined(), [one, other]);
    assert_eq!(talked_in(&holding), [one, other]);
    assert!(!holding.calls.facts_of(one).muted, "they heard us in the other call");

    holding.mute(other, true);
    assert!(holding.calls.facts_of(one).muted && holding.calls.facts_of(other).muted);
    holding.picture(one, Subject::Camera, true);
    assert!(holding.calls.picture_of(other).camera, "all see us");
    assert!(holding.calls.facts().iter().all(|(_, facts)| facts.joined), "the next page knows");
}

#[test]
fn a_conference_is_held_and_gone_on_with_as_one() {
    let (events, _receiver) = Events::channel();
    let (mut holding, one, other) = two(&events);
    holding.join(one, other, NOW);
    described(&mut holding, true);
    holding.hold(one, true, NOW);
    assert_eq!(talked_in(&holding), []);
    described(&mut holding, true);
    holding.hold(other, false, NOW);
    assert_eq!(talked_in(&holding), [one, other]);
}

#[test]
fn who_is_split_off_is_on_hold_and_the_others_go_on() {
    let (events, _receiver) = Events::channel();
    let (mut holding, one, other) = two(&events);
    holding.join(one, other, NOW);
    described(&mut holding, true);
    holding.split(one, NOW);
    assert_eq!(talked_in(&holding), [other]);
    assert_eq!(holding.calls.joined(), [other]);
    holding.split(one, NOW);
    holding.hold(one, false, NOW);
    assert_eq!(talked_in(&holding), [one], "who is in no conference is a call of its own");
}

#[test]
fn who_takes_the_place_of_one_of_the_conference_takes_it_there_too() {
    let (events, _receiver) = Events::channel();
    let (mut holding, one, other) = two(&events);
    holding.join(one, other, NOW);
    let next = CallId(99);
    holding.calls.replace(next, one, false);
    assert_eq!(holding.calls.together(other), [one, other, next]);
}
