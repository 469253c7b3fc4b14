//! Saving and restoring, beyond what every flow checks.

use super::network::config;
use super::{ALICE, BOB, Net, established, net, ready, ringing};
use sip::agent::{Agent, Cause, Event, Input, Output, Phase, Question, RestoreError, Snapshot};
use sip::header::CSeq;
use sip::message::{Message, Method, Response, Status};
use sip::{Duration, Instant};

#[test]
fn only_a_drained_agent_is_saved() {
    let now = Instant::from_millis(0);
    let mut agent = Agent::new(config("alice"), [1; 32], now);
    agent.start(now);
    assert!(agent.snapshot(now).is_none());
    assert_eq!(agent.poll(), Some(Output::Connect(0)));
    while agent.poll().is_some() {}
    assert!(agent.snapshot(now).is_some());
}

#[test]
fn a_snapshot_of_another_version_is_refused() {
    let now = Instant::from_millis(0);
    let agent = Agent::new(config("alice"), [1; 32], now);
    let mut json = serde_json::to_value(agent.snapshot(now).unwrap()).unwrap();
    json["version"] = 99.into();
    let snapshot: Snapshot = serde_json::from_value(json).unwrap();
    let restored = Agent::restore(snapshot, config("alice"), Duration::ZERO, [2; 32], now);
    assert_eq!(restored.map(|_| ()), Err(RestoreError::Version(99)));
}

#[test]
fn the_next_request_of_a_restored_dialog_jumps_its_number() {
    let mut net = established();
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    net.settle();
    net.hang_up(ALICE);
    net.settle();
    let bye = net.exchange.requests(&Method::Bye)[0].headers.get::<CSeq>().unwrap();
    assert_eq!(bye.seq, 1002);
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
}

#[test]
fn the_identity_of_the_registration_stays() {
    let mut net = ready();
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    net.settle();
    let all = net.exchange.requests(&Method::Register);
    let (first, last) = (all[0], all[all.len() - 1]);
    for name in ["Call-ID", "Contact"] {
        let name = name.parse().unwrap();
        assert!(first.headers.raw(&name).eq(last.headers.raw(&name)));
    }
    assert!(last.headers.get::<CSeq>().unwrap().seq > 1000);
}

#[test]
fn the_time_away_counts() {
    let mut net = ringing();
    let now = net.now;
    let snapshot = net.phone(BOB).agent.snapshot(now).unwrap();
    // The driver's clock is another one now.
    let now = Instant::from_millis(5);
    let mut away = Agent::restore(snapshot.clone(), config("bob"), Duration::from_secs(31), [3; 32], now).unwrap();
    away.handle(Input::Timeout, now + Duration::from_secs(30));
    assert_eq!(away.calls().count(), 0, "it rang out meanwhile");
    let back = Agent::restore(snapshot, config("bob"), Duration::from_secs(10), [3; 32], now).unwrap();
    assert_eq!(back.calls().next().map(|call| call.phase), Some(Phase::RingingHere));
    assert!(back.deadline() > Some(now));
    net.settle();
}

#[test]
fn a_bye_that_was_being_signed_jumps_its_number() {
    let mut net = established();
    net.phone_mut(ALICE).password = Some("secret".into());
    for _ in 0..2 {
        net.exchange.answer(Method::Bye, |bye| {
            let mut response = Response::to_request(bye, Status::UNAUTHORIZED);
            response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
            response
        });
    }
    net.phone_mut(ALICE).holds = true;
    net.hang_up(ALICE);
    net.settle();
    let saved = net.phone(ALICE).agent.snapshot(net.now).unwrap();
    // This page sends it after it was saved, and so does the next one.
    net.answer_held(ALICE);
    net.settle();
    let config = net.phone(ALICE).agent.config().clone();
    net.phone_mut(ALICE).agent = Agent::restore(saved, config, Duration::ZERO, [3; 32], net.now).unwrap();
    net.phone_mut(ALICE).holds = false;
    net.answer_questions(ALICE);
    net.settle();
    let numbers: Vec<u32> =
        net.exchange.requests(&Method::Bye).iter().map(|bye| bye.headers.get::<CSeq>().unwrap().seq).collect();
    assert!(numbers.len() >= 3 && numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
}

#[test]
fn open_questions_are_asked_again() {
    let mut net = net();
    net.start(ALICE);
    net.phone_mut(ALICE).holds = true;
    net.dial(ALICE, "bob");
    let asked = net.phone(ALICE).held.clone();
    assert_eq!(asked.len(), 1);
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    assert_eq!(net.phone(ALICE).held, asked);
}

/// What an agent says that was away for an hour: how its calls ended, what it asks, and what it sends once it is
/// connected, but for REGISTER.
fn after_an_hour(net: &Net, phone: usize) -> (Vec<Cause>, Vec<Question>, Vec<String>) {
    let snapshot = net.phone(phone).agent.snapshot(net.now).unwrap();
    let config = net.phone(phone).agent.config().clone();
    let mut agent = Agent::restore(snapshot, config, Duration::from_secs(3600), [3; 32], net.now).unwrap();
    assert_eq!(agent.calls().count(), 0);
    let (mut causes, mut questions, mut sent) = (Vec::new(), Vec::new(), Vec::new());
    for input in [None, Some(Input::Connected)] {
        if let Some(input) = input {
            agent.handle(input, net.now);
        }
        while let Some(output) = agent.poll() {
            match output {
                Output::Event(Event::Ended { cause, .. }) => causes.push(cause),
                Output::Ask(_, question) => questions.push(question),
                Output::Transmit(bytes) => sent.push(match Message::parse(&bytes).unwrap() {
                    Message::Request(request) => request.method.to_string(),
                    Message::Response(response) => response.status.to_string(),
                }),
                Output::Event(_) | Output::Connect(_) | Output::Disconnect => {}
            }
        }
    }
    sent.retain(|method| method != "REGISTER");
    (causes, questions, sent)
}

#[test]
fn calls_do_not_come_back_to_life() {
    let nothing = Vec::<Question>::new;
    assert_eq!(after_an_hour(&established(), ALICE), (vec![Cause::Network], nothing(), vec!["BYE".into()]));
    assert_eq!(after_an_hour(&established(), BOB), (vec![Cause::Network], nothing(), vec!["BYE".into()]));
    assert_eq!(after_an_hour(&ringing(), ALICE), (vec![Cause::Network], nothing(), vec!["CANCEL".into()]));
    assert_eq!(after_an_hour(&ringing(), BOB), (vec![Cause::Network], nothing(), vec!["480".into()]));

    let mut preparing = ready();
    preparing.phone_mut(ALICE).holds = true;
    preparing.dial(ALICE, "bob");
    assert_eq!(after_an_hour(&preparing, ALICE), (vec![Cause::CancelledHere], nothing(), vec![]));

    let mut answering = ringing();
    answering.phone_mut(BOB).holds = true;
    answering.answer(BOB);
    assert_eq!(after_an_hour(&answering, BOB), (vec![Cause::Network], nothing(), vec!["480".into()]));
    assert_eq!(after_an_hour(&ready(), ALICE), (vec![], nothing(), vec![]));
}

#[test]
fn a_call_that_was_prepared_jumps_its_number() {
    let mut net = ready();
    net.phone_mut(ALICE).holds = true;
    net.dial(ALICE, "bob");
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    net.settle();
    net.answer_held(ALICE);
    net.settle();
    let invite = net.exchange.requests(&Method::Invite)[0].headers.get::<CSeq>().unwrap();
    assert_eq!(invite.seq, 1001, "the page before may have sent it");
    assert_eq!(net.phone(BOB).phase(), Some(Phase::RingingHere));
}

#[test]
fn the_configuration_is_the_one_of_now() {
    let net = ready();
    let snapshot = net.phone(ALICE).agent.snapshot(net.now).unwrap();
    let mut config = config("alice");
    config.register_cseq = 500_000;
    config.register_expires = Duration::from_secs(1234);
    config.user_agent = "Newer".into();
    let mut agent = Agent::restore(snapshot, config.clone(), Duration::ZERO, [3; 32], net.now).unwrap();
    assert_eq!(agent.config(), &config);
    agent.handle(Input::Connected, net.now);
    let register = std::iter::from_fn(|| agent.poll()).find_map(|output| match output {
        Output::Transmit(bytes) => Some(super::request(&String::from_utf8(bytes).unwrap())),
        Output::Event(_) | Output::Connect(_) | Output::Disconnect | Output::Ask(..) => None,
    });
    let register = register.expect("it registers");
    assert_eq!(register.headers.get::<CSeq>().unwrap().seq, 500_000);
    assert_eq!(register.headers.get::<sip::header::Expires>().unwrap().0, 1234);
    assert_eq!(register.headers.raw(&sip::message::HeaderName::UserAgent).collect::<Vec<_>>(), ["Newer"]);
}

#[test]
fn a_fresh_agent_begins_with_the_number_it_is_given() {
    let mut net = net();
    net.phone_mut(ALICE).configure(|config| config.register_cseq = 186_000_000);
    net.start(ALICE);
    let register = net.exchange.requests(&Method::Register)[0].headers.get::<CSeq>().unwrap();
    assert_eq!(register.seq, 186_000_000);
}

#[test]
fn a_call_that_was_being_signed_jumps_its_number() {
    let mut net = ready();
    net.exchange.answer(Method::Invite, |invite| {
        let mut response = Response::to_request(invite, Status::PROXY_AUTHENTICATION_REQUIRED);
        response.headers.push_raw("Proxy-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        response
    });
    net.phone_mut(ALICE).password = Some("secret".into());
    net.dial(ALICE, "bob");
    net.phone_mut(ALICE).holds = true;
    net.settle();
    net.replace_after(ALICE, net.phone(ALICE).inputs + 1);
    net.hint(ALICE);
    net.settle();
    net.answer_held(ALICE);
    net.settle();
    let invites = net.exchange.requests(&Method::Invite);
    assert_eq!(invites[1].headers.get::<CSeq>().unwrap().seq, 1002, "the page before may have sent it");
    assert_eq!(net.phone(BOB).phase(), Some(Phase::RingingHere));
}

/// Snapshots as version 2 wrote them: Alice in a call (`established`), being signed for (`signing`), and refused by the
/// registrar (`refused`); Bob while it rings (`ringing`).
const VERSION_2: &str = include_str!("version-2.json");

/// Goes on from one of them.
fn from_version_2(name: &str, user: &str) -> Agent {
    let mut all: serde_json::Value = serde_json::from_str(VERSION_2).unwrap();
    let snapshot: Snapshot = serde_json::from_value(all[name].take()).unwrap();
    let now = Instant::from_millis(200);
    Agent::restore(snapshot, config(user), Duration::ZERO, [3; 32], now).unwrap()
}

#[test]
fn a_snapshot_of_version_2_is_read() {
    let now = Instant::from_millis(200);
    for (name, user, phase) in [
        ("established", "alice", Some(Phase::Established)),
        ("ringing", "bob", Some(Phase::RingingHere)),
        ("signing", "alice", Some(Phase::Calling)),
        ("refused", "alice", None),
    ] {
        let mut agent = from_version_2(name, user);
        assert_eq!(agent.calls().next().map(|call| call.phase), phase, "{name}");
        agent.handle(Input::Connected, now);
        let sent = std::iter::from_fn(|| agent.poll()).filter_map(|output| match output {
            Output::Transmit(bytes) => Some(String::from_utf8(bytes).unwrap()),
            Output::Event(_) | Output::Connect(_) | Output::Disconnect | Output::Ask(..) => None,
        });
        let sent: Vec<String> = sent.collect();
        assert!(sent.iter().any(|message| message.starts_with("REGISTER ")), "{name}: it registers");
        let again = agent.snapshot(now).unwrap();
        assert_eq!(serde_json::to_value(again).unwrap()["version"], 3, "{name}");
    }
}

#[test]
fn a_question_of_version_2_says_who_signs() {
    let mut agent = from_version_2("signing", "alice");
    let asked = std::iter::from_fn(|| agent.poll()).find_map(|output| match output {
        Output::Ask(_, Question::Digest { username, nc, .. }) => Some((username, nc)),
        Output::Ask(..) | Output::Event(_) | Output::Connect(_) | Output::Disconnect | Output::Transmit(_) => None,
    });
    assert_eq!(asked, Some(("alice".into(), 1)));
}

#[test]
fn a_call_of_version_2_is_hung_up() {
    let now = Instant::from_millis(200);
    let mut agent = from_version_2("established", "alice");
    agent.handle(Input::Connected, now);
    let call = agent.calls().next().unwrap().id;
    agent.hangup(call, now).unwrap();
    let bye = std::iter::from_fn(|| agent.poll()).find_map(|output| match output {
        Output::Transmit(bytes) if bytes.starts_with(b"BYE ") => Some(String::from_utf8(bytes).unwrap()),
        Output::Ask(..) | Output::Event(_) | Output::Connect(_) | Output::Disconnect | Output::Transmit(_) => None,
    });
    let bye = super::request(&bye.expect("a BYE"));
    assert_eq!(bye.uri.to_string(), "sip:bob-page@bob.invalid;transport=ws;ob");
    assert_eq!(bye.headers.get::<CSeq>().unwrap().seq, 1002);
}
