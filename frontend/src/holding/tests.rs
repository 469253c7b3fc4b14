use super::*;
use app::lease::RegistrationIdentity;
use sip::agent::{Cause, Phase};

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

fn begin(events: &Events) -> Holding {
    let mut opening = Opening { domain: "tabphone".into(), ringing_seconds: 60, ..Opening::default() };
    opening.me.extension = "1001".into();
    opening.me.name = "Anna".into();
    let identity =
        RegistrationIdentity { instance: "urn:uuid:1".into(), contact_user: "u".into(), call_id: "c".into() };
    let grant = Grant { epoch: 1, identity, snapshot: None };
    let moment = Moment { now: NOW, wall: 1_800_000_000_000, seed: [7; 32] };
    Holding::begin(grant, &opening, events, &moment).unwrap()
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
