use super::*;
use app::lease::RegistrationIdentity;
use sip::agent::Body;

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

#[test]
fn a_call_that_takes_the_place_of_another_begins_muted_as_that_one_was_and_nothing_is_over() {
    let (events, _receiver) = Events::channel();
    let mut holding = begin(&events);
    let (_phone, line) = phone::pair(phone::LineState::default());
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
