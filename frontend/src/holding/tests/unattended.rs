//! Calls that will have nothing but an answer that they give by themselves (RFC 5373 `Auto;require`).

use super::*;
use app::media::AutoAnswer;

/// What the page knows of who called last, and what it says to the one who calls.
fn called(auto_answer: AutoAnswer, more: &str) -> (Holding, Screen, Vec<String>) {
    let (events, _receiver) = Events::channel();
    let mut holding = begin(&events);
    holding.change(Media { auto_answer, ..Media::default() });
    let (_phone, line) = phone::pair(phone::LineState::default(), 0);
    let screen = Screen::new(&line);
    screen.show_ended(Some(earlier()));
    let lines = "Answer-Mode: Auto;require\r\nP-Asserted-Identity: <sip:1002@tabphone>\r\nContent-Length";
    let invite = INVITE.replace("Content-Length", &[more, lines].concat());
    holding.handle(Input::Connected, NOW);
    holding.handle(Input::Received(invite.as_bytes()), NOW);
    holding.settle(&opening(), &screen, NOW);
    let said = said(&holding);
    (holding, screen, said)
}

/// How the call before ended.
fn earlier() -> phone::Ended {
    phone::Ended {
        key: 7,
        direction: phone::Direction::Outgoing,
        remote: phone::Party::default(),
        cause: phone::Cause::Busy,
    }
}

/// The first lines of what is said, but for REGISTER.
fn said(holding: &Holding) -> Vec<String> {
    let said = holding.outward.iter().filter_map(|outward| match outward {
        Outward::Transmit(message) => String::from_utf8_lossy(message).lines().next().map(str::to_owned),
        Outward::Connect | Outward::Disconnect => None,
    });
    said.filter(|line| !line.starts_with("REGISTER")).collect()
}

#[test]
fn who_is_allowed_is_announced_and_answered_without_having_rung() {
    let (mut holding, screen, said) = called(AutoAnswer::Domain, "");
    assert_eq!(said, ["SIP/2.0 100 Trying"]);
    assert!(holding.is_announced());
    assert_eq!(screen.state().calls.iter().map(|call| call.unattended).collect::<Vec<_>>(), [true]);
    assert_eq!(holding.announcement(), Some(NOW + Duration::from_millis(1_200)), "the tone is heard first");
    holding.agent.answer(CallId(1), NOW).unwrap();
    assert_eq!(phases(&holding), [(1, Phase::Answering)]);
}

#[test]
fn ua6_who_is_not_allowed_is_refused_and_nobody_learns_of_it() {
    for (allowed, more) in [
        (AutoAnswer::Nobody, ""),
        (AutoAnswer::Numbers(vec!["1003".into()]), ""),
        (AutoAnswer::Domain, "Diversion: <sip:1004@tabphone>;reason=unconditional\r\n"),
    ] {
        let (holding, screen, said) = called(allowed, more);
        assert_eq!(said, ["SIP/2.0 100 Trying", "SIP/2.0 403 Forbidden"]);
        assert!(holding.tone().is_none());
        assert_eq!(screen.state().ended, Some(earlier()), "what was told before is told on");
        assert!(screen.state().calls.iter().all(|call| call.phase == phone::Phase::Ending));
    }
}

#[test]
fn ua6_who_cannot_be_announced_any_more_is_refused() {
    let (mut holding, screen, _) = called(AutoAnswer::Domain, "");
    holding.ring_instead();
    holding.settle(&opening(), &screen, NOW);
    assert_eq!(said(&holding), ["SIP/2.0 100 Trying", "SIP/2.0 403 Forbidden"], "the browser makes no sound");
    let (mut holding, screen, _) = called(AutoAnswer::Domain, "");
    holding.change(Media::default());
    holding.settle(&opening(), &screen, NOW);
    assert_eq!(said(&holding), ["SIP/2.0 100 Trying", "SIP/2.0 403 Forbidden"], "it is not allowed any more");
}
