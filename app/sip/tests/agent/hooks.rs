//! A user's hook on messages.

use super::network::{Seen, config};
use super::{ALICE, BOB, Net, established, net, ready, ringing};
use sip::agent::{Agent, Cause, Event, Input, Output, Phase};
use sip::digest::{Ha1s, presented, sign};
use sip::header::{CSeq, Contact, From, ProxyAuthorization};
use sip::hook::{Draft, Hook, Start};
use sip::message::{HeaderName, Message, Method, Request, Response, Status};
use sip::{Duration, Instant};
use std::sync::{Arc, Mutex};

/// What a hook saw: `> INVITE` was sent, `< INVITE 200` was received.
type Log = Arc<Mutex<Vec<String>>>;

/// A hook that notes what it sees, and does something.
struct Probe {
    log: Log,
    sending: fn(&mut Draft<'_>),
    received: fn(&mut Draft<'_>),
}

impl Hook for Probe {
    fn sending(&mut self, message: &mut Draft<'_>) {
        self.log.lock().unwrap().push(format!("> {}", name(message)));
        (self.sending)(message);
    }

    fn received(&mut self, message: &mut Draft<'_>) {
        self.log.lock().unwrap().push(format!("< {}", name(message)));
        (self.received)(message);
    }
}

fn name(message: &Draft<'_>) -> String {
    let method = message.method().unwrap();
    match message.start() {
        Start::Request { .. } => method.to_string(),
        Start::Response { status, .. } => format!("{method} {status}"),
    }
}

const fn nothing(_: &mut Draft<'_>) {}

fn mark(message: &mut Draft<'_>) {
    message.add("X-Mark", "one").unwrap();
}

/// Gives a phone a hook.
fn hook(net: &mut Net, phone: usize, sending: fn(&mut Draft<'_>), received: fn(&mut Draft<'_>)) -> Log {
    let log = Log::default();
    let probe = Probe { log: log.clone(), sending, received };
    net.phone_mut(phone).agent.set_hook(Some(Box::new(probe)));
    log
}

fn marks(request: &Request) -> usize {
    request.headers.iter().filter(|(name, _)| *name == "X-Mark").count()
}

fn challenge(request: &Request, status: Status, value: &str) -> Response {
    let mut response = Response::to_request(request, status);
    let name = if status == Status::UNAUTHORIZED { "WWW-Authenticate" } else { "Proxy-Authenticate" };
    response.headers.push_raw(name, value).unwrap();
    response
}

#[test]
fn a_header_is_on_every_message_once() {
    let mut net = net();
    let log = hook(&mut net, ALICE, mark, nothing);
    net.start(ALICE);
    net.start(BOB);
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.settle();
    net.hang_up(ALICE);
    net.settle();
    for method in [Method::Register, Method::Invite, Method::Ack, Method::Bye] {
        let of_alice = |request: &&&Request| request.headers.get::<From>().unwrap().to_string().contains("alice");
        let requests = net.exchange.requests(&method);
        let marked: Vec<_> = requests.iter().filter(of_alice).map(|request| marks(request)).collect();
        assert_eq!(marked, [1], "{method}");
    }
    let expected =
        ["> REGISTER", "< REGISTER 200", "> INVITE", "< INVITE 180", "< INVITE 200", "> ACK", "> BYE", "< BYE 200"];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[test]
fn responses_and_cancel_are_hooked() {
    let mut net = ringing();
    hook(&mut net, ALICE, mark, nothing);
    let log = hook(&mut net, BOB, mark, nothing);
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(marks(net.exchange.requests(&Method::Cancel)[0]), 1);
    assert_eq!(*log.lock().unwrap(), ["< CANCEL", "> CANCEL 200", "> INVITE 487", "< ACK"]);
    assert_eq!(net.phone(BOB).causes(), [Cause::CancelledThere]);
}

#[test]
fn what_is_signed_is_hooked_once_and_the_digest_is_over_the_hooked_body() {
    let mut net = ready();
    net.phone_mut(ALICE).password = Some("secret".into());
    fn rewrite(message: &mut Draft<'_>) {
        mark(message);
        if !message.body().is_empty() {
            let body = [message.body(), b" rewritten"].concat();
            message.set_body("application/sdp", body).unwrap();
        }
    }
    let log = hook(&mut net, ALICE, rewrite, nothing);
    let asked = "Digest realm=\"example.com\", nonce=\"n\", qop=\"auth-int\", algorithm=SHA-256";
    net.exchange.answer(Method::Invite, move |invite| challenge(invite, Status::UNAUTHORIZED, asked));
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(net.phone(BOB).phase(), Some(Phase::RingingHere));
    let invites = net.exchange.requests(&Method::Invite);
    assert_eq!(invites.iter().map(|invite| marks(invite)).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(invites[1].body, b"offer of alice rewritten");
    assert_eq!(invites[0].body, invites[1].body);
    let credentials = presented(invites[1], "example.com").unwrap();
    let ha1 = Ha1s::new("alice", "example.com", "secret").sha256.unwrap();
    let uri = "sip:bob@example.com";
    let body = b"offer of alice rewritten";
    let right = sign(&asked.parse().unwrap(), &ha1, "alice", &Method::Invite, uri, body, "cnonce", 1);
    assert_eq!(credentials.response, right.response, "over what was sent");
    assert_eq!(log.lock().unwrap().iter().filter(|line| *line == "> INVITE").count(), 1);
}

#[test]
fn an_answer_is_rewritten_and_repeated_as_it_was_sent() {
    let mut net = ringing();
    fn narrow(message: &mut Draft<'_>) {
        if message.body() == b"answer of bob" {
            message.set_body("application/sdp", b"answer of bob, opus only".to_vec()).unwrap();
            message.set("Content-Disposition", "session").unwrap();
        }
    }
    hook(&mut net, BOB, narrow, nothing);
    net.exchange.lose(Method::Ack);
    net.answer(BOB);
    net.settle();
    net.run(Duration::from_secs(2));
    let answers: Vec<_> = net.exchange.received.iter().filter(|message| !message.body().is_empty()).skip(1).collect();
    assert!(answers.len() > 1, "the 2xx is repeated until its ACK comes");
    for answer in &answers {
        assert_eq!(answer.to_bytes(), answers[0].to_bytes());
        assert_eq!(answer.body(), b"answer of bob, opus only");
        assert_eq!(answer.headers().raw(&HeaderName::ContentDisposition).collect::<Vec<_>>(), ["session"]);
    }
    let told = Seen::Remote(net.phone(ALICE).agent.calls().next().unwrap().id, "answer of bob, opus only".into());
    assert!(net.phone(ALICE).seen.contains(&told), "{:?}", net.phone(ALICE).seen);
}

#[test]
fn what_is_received_is_rewritten_before_anybody_is_told() {
    let mut net = ready();
    fn directory(message: &mut Draft<'_>) {
        if message.method() == Some(Method::Invite) {
            message.set("P-Asserted-Identity", "\"Alice of the directory\" <sip:alice@example.com>").unwrap();
        }
        if message.body() == b"answer of bob" {
            message.set_body("application/sdp", b"answer, rewritten".to_vec()).unwrap();
        }
    }
    hook(&mut net, BOB, nothing, directory);
    hook(&mut net, ALICE, nothing, directory);
    net.dial(ALICE, "bob");
    net.settle();
    let rings = net.phone(BOB).seen.iter().any(
        |seen| matches!(seen, Seen::Incoming(_, caller) if caller == "\"Alice of the directory\" <sip:alice@example.com>"),
    );
    assert!(rings, "{:?}", net.phone(BOB).seen);
    net.answer(BOB);
    net.settle();
    let told =
        net.phone(ALICE).seen.iter().any(|seen| matches!(seen, Seen::Remote(_, text) if text == "answer, rewritten"));
    assert!(told, "{:?}", net.phone(ALICE).seen);
}

#[test]
fn the_contact_says_what_the_phone_can() {
    let mut net = net();
    fn caps(message: &mut Draft<'_>) {
        if message.headers().contains(HeaderName::Contact) {
            message.add_contact_param("+g.oma.sip-im", None).unwrap();
            message.add_contact_param("language", Some("en,fr")).unwrap();
            for own in ["+sip.instance", "REG-ID", "expires", "language"] {
                assert!(message.add_contact_param(own, Some("1")).is_err(), "{own}");
            }
        }
    }
    hook(&mut net, ALICE, caps, nothing);
    net.start(ALICE);
    let register = net.exchange.requests(&Method::Register)[0];
    let contact = register.headers.get::<Contact>().unwrap().to_string();
    assert!(contact.starts_with("<sip:alice-page@alice.invalid;transport=ws>;+sip.instance="), "{contact}");
    assert!(contact.ends_with(";reg-id=1;+g.oma.sip-im;language=\"en,fr\""), "{contact}");
    net.run(Duration::from_secs(3000));
    assert!(net.exchange.requests(&Method::Register).len() > 2, "the binding is found, and refreshed");
}

#[test]
fn a_hook_is_not_saved_and_can_be_given_to_what_is_restored() {
    let mut net = established();
    hook(&mut net, ALICE, mark, nothing);
    let now = net.now;
    let saved = serde_json::to_string(&net.phone(ALICE).agent.snapshot(now).unwrap()).unwrap();
    let farewell = |hooked: bool| {
        let probe = Probe { log: Log::default(), sending: mark, received: nothing };
        let hook = hooked.then(|| Box::new(probe) as Box<dyn Hook + Send>);
        let snapshot = serde_json::from_str(&saved).unwrap();
        // For so long that the calls are over.
        let away = Duration::from_secs(60);
        let mut agent = Agent::restore_with(snapshot, config("alice"), hook, away, [9; 32], now).unwrap();
        agent.handle(Input::Connected, now);
        let outputs = std::iter::from_fn(|| agent.poll());
        let bye = outputs.filter_map(|output| match output {
            Output::Transmit(bytes) => Message::parse(&bytes).ok(),
            Output::Event(Event::Ended { .. }) => None,
            Output::Connect(_) | Output::Disconnect | Output::Ask(..) | Output::Event(_) => None,
        });
        let bye = bye.filter_map(|message| match message {
            Message::Request(request) if request.method == Method::Bye => Some(marks(&request)),
            Message::Request(_) | Message::Response(_) => None,
        });
        bye.collect::<Vec<_>>()
    };
    assert_eq!(farewell(true), [1]);
    assert_eq!(farewell(false), [0]);
}

#[test]
fn what_is_no_valid_message_is_not_seen() {
    let mut net = established();
    let log = hook(&mut net, ALICE, nothing, nothing);
    net.inject(ALICE, b"OPTIONS sip:alice SIP/2.0\r\nVia: SIP/2.0/WS a;branch=z9hG4bK1\r\n\r\n");
    net.inject(ALICE, b"\r\n\r\n");
    net.inject(ALICE, b"nonsense\r\n\r\n");
    let bye = net.exchange.requests(&Method::Ack)[0].to_bytes();
    net.inject(
        ALICE,
        &String::from_utf8(bye).unwrap().replace("ACK", "BYE").replace("CSeq: 1 BYE", "CSeq: x").into_bytes(),
    );
    net.settle();
    assert_eq!(*log.lock().unwrap(), [""; 0]);
}

/// Two proxies on the way, each with a realm of its own (RFC 3261 22.3).
#[test]
fn each_proxy_keeps_its_credentials() {
    let mut net = ready();
    net.phone_mut(ALICE).password = Some("secret".into());
    for realm in ["one.example.com", "two.example.com", "one.example.com"] {
        let stale = if realm.starts_with("one") { ", stale=true" } else { "" };
        let value = format!("Digest realm=\"{realm}\", nonce=\"n\", qop=\"auth\"{stale}");
        net.exchange
            .answer(Method::Invite, move |invite| challenge(invite, Status::PROXY_AUTHENTICATION_REQUIRED, &value));
    }
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(net.phone(BOB).phase(), Some(Phase::RingingHere));
    let realms = |invite: &&Request| {
        let all = invite.headers.all::<ProxyAuthorization>().unwrap();
        all.iter().map(|header| header.0.realm.to_string()).collect::<Vec<_>>()
    };
    let invites = net.exchange.requests(&Method::Invite);
    let expected: [&[&str]; 4] =
        [&[], &["one.example.com"], &["one.example.com", "two.example.com"], &["two.example.com", "one.example.com"]];
    assert_eq!(invites.iter().map(realms).collect::<Vec<_>>(), expected);
    assert_eq!(invites[3].headers.get::<CSeq>().unwrap().seq, 4);
}

/// A fork of two branches that both ask: the one that was refused does not keep the other one from being answered.
#[test]
fn a_refused_realm_does_not_hide_another() {
    let mut net = net();
    net.phone_mut(ALICE).password = Some("secret".into());
    let both = |request: &Request| {
        let mut response = challenge(request, Status::UNAUTHORIZED, "Digest realm=\"one\", nonce=\"n\"");
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"two\", nonce=\"n\"").unwrap();
        response
    };
    net.exchange.answer(Method::Register, both);
    net.exchange.answer(Method::Register, both);
    net.start(ALICE);
    let registers = net.exchange.requests(&Method::Register);
    assert_eq!(registers.len(), 3);
    assert!(presented(registers[2], "one").is_some() && presented(registers[2], "two").is_some());
    assert_eq!(net.phone(ALICE).registration(), sip::agent::Registration::Registered);
}

/// The first bytes that an agent with this hook sends: the same ones, but for the hook.
fn first_request(hook: Option<Box<dyn Hook + Send>>) -> Request {
    let now = Instant::from_millis(0);
    let mut agent = Agent::new(config("alice"), [5; 32], now);
    agent.set_hook(hook);
    agent.start(now);
    agent.handle(Input::Connected, now);
    let sent = std::iter::from_fn(|| agent.poll()).find_map(|output| match output {
        Output::Transmit(bytes) => Message::parse(&bytes).ok(),
        Output::Connect(_) | Output::Disconnect | Output::Ask(..) | Output::Event(_) => None,
    });
    match sent {
        Some(Message::Request(request)) => request,
        Some(Message::Response(_)) | None => panic!("a request was expected"),
    }
}

#[test]
fn an_agent_stays_who_it_is_whatever_a_hook_tries() {
    struct Vandal;
    impl Hook for Vandal {
        fn sending(&mut self, message: &mut Draft<'_>) {
            for (name, value) in [
                ("Via", "SIP/2.0/WS evil"),
                ("v", "SIP/2.0/WS evil"),
                ("CALL-ID", "evil"),
                ("X", "a\r\nVia: SIP/2.0/WS evil"),
                ("X\r\nVia", "SIP/2.0/WS evil"),
                ("Content-Length", "3"),
                ("l", "3"),
                ("Contact", "<sip:evil@example.com>"),
                ("Authorization", "Digest x=y"),
            ] {
                assert!(message.add(name, value).is_err(), "{name}");
                assert!(message.set(name, value).is_err(), "{name}");
                assert!(message.remove(name).is_err() || name == "X", "{name}");
            }
            message.set_body("text/plain", b"\r\n\r\nVia: SIP/2.0/WS evil\r\n\r\n".to_vec()).unwrap();
        }
    }
    let (plain, tried) = (first_request(None), first_request(Some(Box::new(Vandal))));
    let without = |request: &Request| {
        let fields = request.headers.iter().filter(|(name, _)| !name.starts_with("Content"));
        fields.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>()
    };
    assert_eq!(without(&tried), without(&plain));
    assert_eq!(tried.body, b"\r\n\r\nVia: SIP/2.0/WS evil\r\n\r\n");
}
