//! A phone, which gets what is in the files.

use crate::cases::Does;
use sip::agent::{Agent, Config, Event, Input, Output};
use sip::message::{Message, Response};
use sip::{Instant, Random};

const NOW: Instant = Instant::from_millis(0);

/// What a phone did with a message.
pub struct Phone {
    /// What it sent.
    pub sent: Vec<Response>,
    /// Whether its user was told of a call.
    pub rings: bool,
}

/// A phone that is connected gets these bytes.
pub fn receives(bytes: &[u8]) -> Phone {
    let mut agent = Agent::new(config(), [1; 32], NOW);
    agent.start(NOW);
    agent.handle(Input::Connected, NOW);
    while agent.poll().is_some() {}
    agent.handle(Input::Received(bytes), NOW);
    let mut phone = Phone { sent: Vec::new(), rings: false };
    while let Some(output) = agent.poll() {
        match output {
            Output::Transmit(bytes) => match Message::parse(&bytes).expect("what is sent can be read") {
                Message::Response(response) => phone.sent.push(response),
                Message::Request(request) => panic!("it sends {}", request.method),
            },
            Output::Event(Event::Incoming(_)) => phone.rings = true,
            Output::Event(_) => {}
            Output::Connect(_) | Output::Disconnect | Output::Ask(..) => panic!("{output:?}"),
        }
    }
    phone
}

impl Phone {
    pub fn did(&self) -> Does {
        match (self.sent.as_slice(), self.rings) {
            ([], false) => Does::Drops,
            ([response], true) if response.status.code() == 180 => Does::Rings,
            ([response], false) => Does::Answers(response.status.code()),
            (several, rings) => panic!("{several:?} {rings}"),
        }
    }
}

fn config() -> Config {
    let address = "<sip:user@example.com>".parse().unwrap();
    let registrar = "sip:example.com".parse().unwrap();
    Config {
        contact_user: "page".into(),
        contact_host: "page.invalid".into(),
        instance: "urn:uuid:00000000-0000-4000-8000-000000000000".into(),
        register_call_id: "registration".into(),
        messages: false,
        ..Config::new(address, registrar, &mut Random::new([0; 32]))
    }
}
