//! Messages of the page that has the line.

use super::*;
use app::lease::FromTab;
use app::messages::{Failure, Outcome, Sent, ToSend};
use sip::message::{HeaderName, Message, Request, Response, Status};

const MESSAGE: &str = "MESSAGE sip:u@x.invalid SIP/2.0\r\n\
    Via: SIP/2.0/WS far.invalid;branch=z9hG4bKm\r\n\
    Max-Forwards: 70\r\n\
    From: <sip:1002@tabphone>;tag=far\r\n\
    To: <sip:1001@tabphone>\r\n\
    Call-ID: came\r\n\
    CSeq: 1 MESSAGE\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 5\r\n\r\nHello";

/// A page that is registered.
fn registered(events: &Events) -> (Holding, Screen) {
    let mut holding = begin(events);
    let (_phone, line) = phone::pair(phone::LineState::default(), 0);
    holding.handle(Input::Connected, NOW);
    let register = requests(drain(&mut holding), "REGISTER").remove(0);
    let mut response = Response::to_request(&register, Status::OK);
    let contact = register.headers.raw(&HeaderName::Contact).next().unwrap().to_owned();
    response.headers.push_raw("Contact", &contact).unwrap();
    response.headers.push_raw("Expires", "600").unwrap();
    holding.handle(Input::Received(&response.to_bytes()), NOW);
    drain(&mut holding);
    assert_eq!(holding.agent.registration(), Registration::Registered);
    (holding, Screen::new(&line))
}

fn requests(outputs: Vec<Output>, method: &str) -> Vec<Request> {
    let request = |output: Output| match output {
        Output::Transmit(bytes) => match Message::parse(&bytes) {
            Ok(Message::Request(request)) if request.method.as_str() == method => Some(request),
            Ok(_) | Err(_) => None,
        },
        Output::Connect(_) | Output::Disconnect | Output::Ask(..) | Output::Event(_) => None,
    };
    outputs.into_iter().filter_map(request).collect()
}

/// What leaves once the agent was listened to.
fn leaves(holding: &mut Holding, screen: &Screen, method: &str) -> Vec<Request> {
    let opening = Opening { domain: "tabphone".into(), ..Opening::default() };
    holding.listen(&opening, screen, NOW);
    let outward = core::mem::take(&mut holding.outward);
    let transmitted = outward.into_iter().filter_map(|outward| match outward {
        Outward::Transmit(bytes) => Some(Output::Transmit(bytes)),
        Outward::Connect | Outward::Disconnect => None,
    });
    requests(transmitted.collect(), method)
}

fn wanted(attempt: u32, to: &str) -> Vec<ToSend> {
    vec![ToSend { call_id: "draft".into(), attempt, to: to.into(), text: "Grüße".into() }]
}

fn told(attempt: u32, outcome: Outcome) -> FromTab {
    FromTab::Sent(Sent { call_id: "draft".into(), attempt, outcome })
}

#[test]
fn what_is_wanted_is_sent_once_and_told_until_it_is_not_wanted_any_more() {
    let (events, _receiver) = Events::channel();
    let (mut holding, screen) = registered(&events);
    holding.want_sent(wanted(1, "1002"));
    let sent = leaves(&mut holding, &screen, "MESSAGE");
    let [message] = &*sent else { panic!("{sent:?}") };
    assert_eq!(message.headers.raw(&HeaderName::CallId).collect::<Vec<_>>(), ["draft"]);
    assert_eq!(message.body, "Grüße".as_bytes());
    holding.want_sent(wanted(1, "1002"));
    assert_eq!(leaves(&mut holding, &screen, "MESSAGE"), [], "it is under way");
    assert_eq!(holding.take_words(), []);

    let response = Response::to_request(message, Status::ACCEPTED);
    holding.handle(Input::Received(&response.to_bytes()), NOW);
    leaves(&mut holding, &screen, "MESSAGE");
    for _ in 0..2 {
        // The server did not hear it.
        holding.want_sent(wanted(1, "1002"));
        assert_eq!(leaves(&mut holding, &screen, "MESSAGE"), []);
        assert!(holding.take_words().contains(&told(1, Outcome::Kept)));
    }
    holding.want_sent(wanted(2, "1002"));
    let again = leaves(&mut holding, &screen, "MESSAGE");
    assert_eq!(again.len(), 1, "the person wants it sent again");
    assert_eq!(again[0].headers.raw(&HeaderName::CallId).collect::<Vec<_>>(), ["draft"]);
}

#[test]
fn what_cannot_be_sent_is_told_at_once() {
    let (events, _receiver) = Events::channel();
    let (mut holding, screen) = registered(&events);
    holding.want_sent(wanted(1, "no number"));
    assert_eq!(leaves(&mut holding, &screen, "MESSAGE"), []);
    assert_eq!(holding.take_words(), [told(1, Outcome::Failed(Failure::Unsendable))]);
}

#[test]
fn what_came_is_answered_when_the_server_has_it() {
    let (events, _receiver) = Events::channel();
    let (mut holding, screen) = registered(&events);
    holding.handle(Input::Received(MESSAGE.as_bytes()), NOW);
    leaves(&mut holding, &screen, "");
    let words = holding.take_words();
    let [FromTab::Message(received)] = &*words else { panic!("{words:?}") };
    assert_eq!((&*received.from.number, &*received.body), ("1002", b"Hello".as_slice()));
    holding.tell_again();
    assert_eq!(holding.take_words(), words);
    holding.answer_message(received.id, 200, NOW);
    let answered = drain(&mut holding)
        .iter()
        .any(|output| matches!(output, Output::Transmit(message) if message.starts_with(b"SIP/2.0 200 ")));
    assert!(answered);
    holding.tell_again();
    assert_eq!(holding.take_words(), []);
}

#[test]
fn what_is_refused_is_told_what_would_be_read() {
    let (events, _receiver) = Events::channel();
    let (mut holding, screen) = registered(&events);
    holding.handle(Input::Received(MESSAGE.as_bytes()), NOW);
    leaves(&mut holding, &screen, "");
    let words = holding.take_words();
    let [FromTab::Message(received)] = &*words else { panic!("{words:?}") };
    holding.answer_message(received.id, 415, NOW);
    let refused = drain(&mut holding).into_iter().find_map(|output| match output {
        Output::Transmit(message) => Some(String::from_utf8(message).unwrap()),
        Output::Connect(_) | Output::Disconnect | Output::Ask(..) | Output::Event(_) => None,
    });
    let refused = refused.unwrap();
    assert!(refused.starts_with("SIP/2.0 415 ") && refused.contains("\r\nAccept: text/plain\r\n"), "{refused}");
    assert!(!refused.contains("sdp"), "{refused}");
}
