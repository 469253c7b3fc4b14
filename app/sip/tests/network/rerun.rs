//! A flow run again, with everything that a browser does to a page in its middle.

use super::{Network, Seen, Wire};
use sip::Duration;
use sip::agent::{Phase, Registration};
use sip::header::CSeq;
use sip::message::{Message, Method};

/// What is left to notice at the end of a flow.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    seen: Vec<Seen>,
    registration: Registration,
    /// Where each call stands, and who holds it.
    calls: Vec<(Phase, bool, bool)>,
}

/// Runs a flow (a) as it is, (b) with the page of each phone replaced after each of its inputs, and (c) with the pages
/// of one phone, and of all, replaced after every input: all users must notice the same, and the other ends must
/// get no message more or less. Registering anew, and sending the same bytes again, is nobody's business.
///
/// What ran as it is, for its ladder.
pub fn with_replacements(users: &[&str], flow: impl Fn(&mut Network<Wire>)) -> Network<Wire> {
    let run = |replace: &dyn Fn(&mut Network<Wire>)| {
        let mut network = Network::new(Wire::default(), users);
        replace(&mut network);
        flow(&mut network);
        network
    };
    let plain = run(&|_| {});
    let expected = (outcomes(&plain), sent(&plain));
    let check = |what: &str, replaced: &Network<Wire>| {
        assert_eq!(outcomes(replaced), expected.0, "{what}\n{}", replaced.ladder());
        assert_eq!(sent(replaced), expected.1, "{what}\n{}", replaced.ladder());
    };
    for (phone, user) in users.iter().enumerate() {
        for inputs in 1..=plain.phone(phone).inputs {
            let replaced = run(&|network| network.replace_after(phone, inputs));
            check(&format!("{user} replaced after input {inputs}"), &replaced);
        }
        let replaced = run(&|network| network.replace_always(phone));
        check(&format!("{user} replaced after every input"), &replaced);
    }
    let replaced = run(&|network| (0..users.len()).for_each(|phone| network.replace_always(phone)));
    check("all replaced after every input", &replaced);
    plain
}

/// How long it takes until a dead connection is found, is replaced, and what was lost is sent again.
const PATIENCE: Duration = Duration::from_secs(9);

/// Runs a flow with the connection of each phone cut after each of its inputs, so that it notices and so that it does
/// not: whatever was under way is lost. All users must notice the same as in a run without that.
pub fn with_cuts(users: &[&str], flow: impl Fn(&mut Network<Wire>)) {
    let run = |cut: &dyn Fn(&mut Network<Wire>)| {
        let mut network = Network::new(Wire::default(), users);
        network.exchange.keeps = true;
        network.patience = PATIENCE;
        cut(&mut network);
        flow(&mut network);
        network.run(Duration::from_secs(30));
        network
    };
    let plain = run(&|_| {});
    let expected = outcomes(&plain);
    for (phone, user) in users.iter().enumerate() {
        for (inputs, silently) in (1..=plain.phone(phone).inputs).flat_map(|inputs| [(inputs, false), (inputs, true)]) {
            let how = if silently { "cut silently" } else { "cut" };
            let what = format!("{user} {how} after input {inputs}");
            let _running = Running(&what);
            let cut = run(&|network| {
                network.phone_mut(phone).cut_after = Some(inputs);
                network.phone_mut(phone).cuts_silently = silently;
            });
            assert_eq!(outcomes(&cut), expected, "{what}\n{}", cut.ladder());
        }
    }
}

/// Says what was run when it panics in the middle.
struct Running<'a>(&'a str);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.0);
        }
    }
}

fn outcomes(network: &Network<Wire>) -> Vec<Outcome> {
    let of = |phone: usize| {
        let phone = network.phone(phone);
        let registration = match phone.registration() {
            // It tries to get there.
            Registration::Connecting | Registration::Unreachable => Registration::Unreachable,
            other @ (Registration::Idle
            | Registration::Registering
            | Registration::Registered
            | Registration::Refused(_)
            | Registration::Unregistering
            | Registration::Stopped) => other,
        };
        let calls = phone.agent.calls().map(|call| (call.phase, call.held_here, call.held_there)).collect();
        Outcome { seen: phone.seen.clone(), registration, calls }
    };
    (0..network.phones()).map(of).collect()
}

/// What each phone sent, each message once and without order, but for what keeps it registered.
fn sent(network: &Network<Wire>) -> Vec<Vec<String>> {
    let of = |phone: usize| {
        let mut all: Vec<&Vec<u8>> = network.phone(phone).sent.iter().collect();
        all.sort_unstable();
        all.dedup();
        let mut names: Vec<String> = all.into_iter().filter_map(|bytes| name(bytes)).collect();
        names.sort_unstable();
        names
    };
    (0..network.phones()).map(of).collect()
}

fn name(bytes: &[u8]) -> Option<String> {
    match Message::parse(bytes).ok()? {
        Message::Request(request) if request.method == Method::Register => None,
        // Asks whether the connection is alive.
        Message::Request(request) if request.uri.to_string() == "sip:example.com" => None,
        Message::Request(request) => Some(request.method.to_string()),
        Message::Response(response) => {
            let method = response.headers.get::<CSeq>().ok()?.method;
            Some(format!("{} ({method})", response.status))
        }
    }
}
