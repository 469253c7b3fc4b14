//! The laws of a phone: whatever comes in whatever order, it says little, and what it sends can be read.

use super::script::{OUTPUTS, STEPS, Script, answer, readable};
use sip::agent::{Agent, Answer, Body, CallId, Config, Input, MediaFailure, Output, Question, QuestionId};
use sip::digest;
use sip::{Duration, Instant, Random};

/// A script of what happens to an agent.
pub fn agent(data: &[u8]) {
    let mut script = Script(data);
    let mut phone = Phone {
        agent: Agent::new(config(), [1; 32], Instant::from_millis(0)),
        now: Instant::from_millis(0),
        questions: Vec::new(),
        sent: Vec::new(),
        calls: Vec::new(),
    };
    phone.agent.start(phone.now);
    phone.drain();
    for _ in 0..STEPS {
        if script.0.is_empty() {
            break;
        }
        phone.step(&mut script);
        phone.drain();
    }
    // In the end it comes to rest.
    phone.agent.stop(phone.now);
    phone.drain();
    for _ in 0..400 {
        let Some(deadline) = phone.agent.deadline() else { return };
        phone.now = phone.now.max(deadline);
        phone.agent.handle(Input::Timeout, phone.now);
        phone.drain();
    }
    panic!("timers without end");
}

struct Phone {
    agent: Agent,
    now: Instant,
    questions: Vec<(QuestionId, Question)>,
    sent: Vec<Vec<u8>>,
    calls: Vec<CallId>,
}

impl Phone {
    fn step(&mut self, script: &mut Script<'_>) {
        let now = self.now;
        match script.byte() % 16 {
            0 => self.agent.handle(Input::Connected, now),
            1 => self.agent.handle(Input::Disconnected, now),
            2 => self.agent.handle(Input::Hint, now),
            3 => self.timeout(),
            4 => self.now = now + Duration::from_millis(script.millis()),
            5 => self.agent.handle(Input::Received(script.chunk()), now),
            6 | 7 => {
                // The last requests are the ones that are waiting.
                let index = self.sent.len().wrapping_sub(1 + usize::from(script.byte() % 4));
                let response = self.sent.get(index).cloned().and_then(|sent| answer(&sent, script));
                if let Some(bytes) = response {
                    self.agent.handle(Input::Received(&bytes), now);
                }
            }
            8 => self.received(script),
            9 | 10 => self.answered(script),
            11 => {
                if let Ok(target) = script.text().parse() {
                    let _ = self.agent.call(target, now);
                }
            }
            12 => {
                let calls: Vec<_> = self.agent.calls().map(|call| call.id).collect();
                let Some(call) = calls.get(usize::from(script.byte()) % calls.len().max(1)) else { return };
                let _ = match script.byte() % 5 {
                    0 => self.agent.answer(*call, now),
                    1 => self.agent.decline(*call, now),
                    2 => self.agent.hangup(*call, now),
                    3 => self.agent.fail(*call, MediaFailure::Connectivity, now),
                    _ => self.agent.reoffer(*call, now),
                };
            }
            13 => self.restored(),
            14 => self.agent.stop(now),
            _ => self.agent.start(now),
        }
    }

    fn timeout(&mut self) {
        if let Some(deadline) = self.agent.deadline() {
            self.now = self.now.max(deadline);
            self.agent.handle(Input::Timeout, self.now);
        }
    }

    /// A request that could be for this phone, with lines of the script.
    fn received(&mut self, script: &mut Script<'_>) {
        let methods = ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "MESSAGE", "NOTIFY", "UPDATE", "INFO", "X"];
        let method = methods[usize::from(script.byte()) % methods.len()];
        let (branch, seq) = (script.byte() % 4, script.byte() % 4);
        // The tag of ours is in what was sent last.
        let tag = self.agent.calls().map(|call| call.local_tag).find(|tag| !tag.is_empty());
        let tag = tag.filter(|_| branch > 1).map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let lines = script.text().replace('\n', "\r\n");
        let mut bytes = format!(
            "{method} sip:alice-page@alice.invalid SIP/2.0\r\nVia: SIP/2.0/WS b.invalid;branch=z9hG4bK{branch}\r\n\
             From: <sip:bob@example.com>;tag=there\r\nTo: <sip:alice@example.com>{tag}\r\nCall-ID: one\r\n\
             CSeq: {seq} {method}\r\nContact: <sip:bob@b.invalid>\r\nContent-Type: application/sdp\r\n{lines}\r\n\r\n"
        )
        .into_bytes();
        bytes.extend_from_slice(script.chunk());
        self.agent.handle(Input::Received(&bytes), self.now);
    }

    fn answered(&mut self, script: &mut Script<'_>) {
        if self.questions.is_empty() {
            return;
        }
        let (id, question) = self.questions.remove(usize::from(script.byte()) % self.questions.len());
        let answer = match (script.byte() % 4, question) {
            (0, _) => Answer::Media(MediaFailure::Denied),
            (1, _) => Answer::NoCredentials,
            (_, Question::Digest { challenges, method, uri, body, .. }) => {
                let Some(challenge) = digest::choose(&challenges, digest::Policy::default()) else { return };
                let ha1 = digest::ha1(&challenge.algorithm(), "alice", &challenge.realm, "password");
                Answer::Credentials(digest::sign(challenge, &ha1, "alice", &method, &uri, &body, "c", 1))
            }
            (_, Question::Token { .. }) => Answer::Token("a.b.c==".parse().expect("a token")),
            (_, Question::Offer { .. } | Question::Answer { .. }) => {
                Answer::Description(Body { content_type: "application/sdp".into(), bytes: script.chunk().into() })
            }
        };
        self.agent.handle(Input::Answer(id, answer), self.now);
    }

    /// It goes on from what was saved, as text.
    fn restored(&mut self) {
        let snapshot = self.agent.snapshot(self.now).expect("it is drained");
        let saved = serde_json::to_string(&snapshot).expect("it can be saved");
        let snapshot = serde_json::from_str(&saved).unwrap_or_else(|error| panic!("{error} of {saved}"));
        self.questions.clear();
        self.agent = Agent::restore(snapshot, config(), Duration::ZERO, [2; 32], self.now).expect("its own version");
    }

    fn drain(&mut self) {
        let mut count = 0;
        while let Some(output) = self.agent.poll() {
            count += 1;
            assert!(count < OUTPUTS, "{output:?}");
            match output {
                Output::Transmit(bytes) => {
                    readable(&bytes);
                    if bytes.len() > 4 {
                        self.sent.push(bytes);
                    }
                }
                Output::Ask(id, question) => self.questions.push((id, question)),
                Output::Event(_) | Output::Connect(_) | Output::Disconnect => {}
            }
        }
    }
}

pub fn config() -> Config {
    let address = "\"Alice\" <sip:alice@example.com>".parse().expect("an address");
    let registrar = "sip:example.com".parse().expect("a URI");
    Config {
        contact_user: "alice-page".into(),
        contact_host: "alice.invalid".into(),
        instance: "urn:uuid:00000000-0000-4000-8000-000000000001".into(),
        register_call_id: "registration".into(),
        max_calls: 2,
        packages: vec![sip::agent::Package::Presence],
        ..Config::new(address, registrar, &mut Random::new([0; 32]))
    }
}
