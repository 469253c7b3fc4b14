//! Real phones and the whole exchange: presence both ways, busy lamps, and a call that is picked up from one. Each flow is
//! run again with the exchange saved and restored after each of its inputs, and with each phone's page replaced.

use crate::network::Network;
use crate::real::Real;
use sip::Duration;
use sip::agent::{Body, Notice, Package, Phase};
use sip::body::dialog_info::{Dialog, DialogState};
use sip::body::pidf::{Activity, Availability, Basic, Person, Presence, Tuple};
use sip::body::reginfo::ContactState;
use sip::header::{CallId, Replaces};
use sip::message::{Message, Method};
use sip::notifier::{Input, Waiting};
use sip::uri::Uri;

/// How long is asked for.
const TIME: Duration = Duration::from_secs(600);

/// Runs a flow as it is; then with the exchange restored after each input, and with pages replaced now and then.
fn play(users: &[&str], act: impl Fn(&mut Network<Real>)) -> String {
    let run = |prepare: &dyn Fn(&mut Network<Real>)| {
        let mut network = Network::new(Real::with_notifier(), users);
        for (phone, user) in users.iter().enumerate().filter(|(phone, user)| users[..*phone].contains(user)) {
            let instance = format!("urn:uuid:another-phone-of-{user}");
            network.phone_mut(phone).configure(|config| config.instance = instance);
        }
        prepare(&mut network);
        for phone in 0..users.len() {
            network.start(phone);
        }
        act(&mut network);
        network
    };
    let network = run(&|_| {});
    for input in 1..=network.exchange.inputs {
        run(&|network| network.exchange.restore_after = Some(input));
    }
    for phone in 0..users.len() {
        for input in 1..=network.phone(phone).inputs {
            run(&|network| network.replace_after(phone, input));
        }
    }
    network.ladder().to_string()
}

fn watch(network: &mut Network<Real>, phone: usize, whom: &str, package: Package) {
    let what = format!("watches {} of {whom}", package.name());
    let target: Uri = format!("sip:{whom}@example.com").parse().unwrap();
    network.on(phone, &what, |agent, now| agent.subscribe(target, package, TIME, now)).unwrap();
    network.settle();
}

fn wait(network: &mut Network<Real>) {
    network.settle();
    network.run(Duration::from_secs(2));
}

/// What a phone was told last of a package.
fn told(network: &Network<Real>, phone: usize, package: &Package) -> Option<Notice> {
    network.phone(phone).received.iter().rev().find_map(|bytes| {
        let Ok(Message::Request(request)) = Message::parse(bytes) else { return None };
        let event = request.headers.get::<sip::header::Event>().ok()?;
        if request.method != Method::Notify || Package::named(&event.event_type) != *package {
            return None;
        }
        let content_type = request.headers.get::<sip::header::ContentType>().ok()?.to_string();
        Notice::read(&Body { content_type, bytes: request.body }).ok()
    })
}

#[track_caller]
fn sees(network: &Network<Real>, phone: usize, availability: Availability) {
    let Some(Notice::Presence(presence)) = told(network, phone, &Package::Presence) else {
        panic!("it was told nothing: {}", network.ladder())
    };
    assert_eq!(presence.state(), availability, "{}", network.ladder());
}

#[track_caller]
fn lamp(network: &Network<Real>, phone: usize) -> Vec<Dialog> {
    let Some(Notice::Dialogs(info)) = told(network, phone, &Package::Dialog) else {
        panic!("it was told nothing: {}", network.ladder())
    };
    info.dialogs
}

fn document(activity: Activity) -> Body {
    let presence = Presence {
        entity: None,
        tuples: vec![Tuple { id: Some("a".into()), basic: Some(Basic::Open), ..Tuple::default() }],
        person: Person { activities: vec![activity], ..Person::default() },
        notes: Vec::new(),
    };
    Body { content_type: Presence::MEDIA_TYPE.into(), bytes: presence.compose().into() }
}

#[test]
fn presence_both_ways() {
    let ladder = play(&["alice", "bob"], |network| {
        watch(network, 0, "bob", Package::Presence);
        watch(network, 1, "alice", Package::Presence);
        wait(network);
        sees(network, 0, Availability::Available);
        sees(network, 1, Availability::Available);
        let said = network.on(0, "is in a meeting", |agent, now| {
            agent.publish(Package::Presence, document(Activity::Meeting), TIME, now)
        });
        let said = said.unwrap();
        wait(network);
        sees(network, 1, Availability::Busy);
        network.on(0, "is back", |agent, now| agent.unpublish(said, now)).unwrap();
        wait(network);
        sees(network, 1, Availability::Available);
        network.run(TIME);
        sees(network, 1, Availability::Available);
        network.stop(1);
        wait(network);
        sees(network, 0, Availability::Offline);
        assert_eq!(network.exchange.presence.last(), Some(&("bob".to_string(), Availability::Offline)));
        network.run(Duration::from_secs(100));
        let left = network.exchange.subscriptions();
        assert_eq!(left, 1, "who stops ends what it asked for: {}", network.ladder());
    });
    let shown: Vec<&str> = ladder.lines().filter(|line| !line.ends_with("ping") && !line.ends_with("pong")).collect();
    let told = shown.iter().take_while(|line| !line.contains("bob stops")).filter(|line| !line.contains("REGISTER"));
    assert!(told.clone().any(|line| line.contains("NOTIFY")));
}

#[test]
fn a_call_is_seen_and_over() {
    play(&["alice", "bob", "carol"], |network| {
        watch(network, 2, "bob", Package::Presence);
        watch(network, 2, "bob", Package::Dialog);
        network.dial(0, "bob");
        wait(network);
        sees(network, 2, Availability::Available);
        let [ringing] = lamp(network, 2).try_into().unwrap();
        assert_eq!(ringing.state, Some(DialogState::Early));
        assert_eq!(ringing.remote.identity.as_deref(), Some("sip:alice@example.com"));
        network.answer(1);
        wait(network);
        sees(network, 2, Availability::OnThePhone);
        assert_eq!(lamp(network, 2)[0].state, Some(DialogState::Confirmed));
        network.hang_up(0);
        wait(network);
        sees(network, 2, Availability::Available);
        assert!(lamp(network, 2).iter().all(|dialog| dialog.state == Some(DialogState::Terminated)));
    });
}

/// RFC 5359 2.10: what rings elsewhere is picked up with what the lamp tells.
#[test]
fn a_call_is_picked_up() {
    play(&["alice", "bob", "carol"], |network| {
        watch(network, 2, "bob", Package::Dialog);
        network.dial(0, "bob");
        wait(network);
        let [ringing] = lamp(network, 2).try_into().unwrap();
        let call_id: CallId = ringing.call_id.unwrap().parse().unwrap();
        // The tags as the caller sees them, who is to get the INVITE.
        let (theirs, bobs) = (ringing.remote_tag.unwrap(), ringing.local_tag.unwrap());
        let replaces = Replaces::new(&call_id, &theirs, &bobs).unwrap().with_early_only();
        let caller: Uri = ringing.remote.identity.unwrap().parse().unwrap();
        network.on(2, "picks it up", |agent, now| agent.replace(caller, replaces, now)).unwrap();
        wait(network);
        assert_eq!(network.phone(2).phase(), Some(Phase::Established), "{}", network.ladder());
        assert_eq!(network.phone(0).phase(), Some(Phase::Established), "{}", network.ladder());
        assert_eq!(network.phone(1).phase(), None, "it rings no more: {}", network.ladder());
        assert!(lamp(network, 2).iter().all(|dialog| dialog.state == Some(DialogState::Terminated)));
    });
}

#[test]
fn ones_own_mailbox_and_registrations() {
    play(&["alice", "alice"], |network| {
        watch(network, 0, "alice", Package::MessageSummary);
        watch(network, 0, "alice", Package::Reg);
        let now = network.now;
        let waiting = Waiting { new: 2, old: 0 };
        network.exchange.tell(Input::Mailbox { user: "alice".into(), waiting }, now);
        wait(network);
        wait(network);
        let Some(Notice::Messages(summary)) = told(network, 0, &Package::MessageSummary) else {
            panic!("it was told nothing: {}", network.ladder())
        };
        assert!(summary.waiting);
        network.stop(1);
        wait(network);
        let Some(Notice::Registrations(info)) = told(network, 0, &Package::Reg) else {
            panic!("it was told nothing: {}", network.ladder())
        };
        let contacts = &info.registrations[0].contacts;
        let active = contacts.iter().filter(|contact| contact.state == Some(ContactState::Active)).count();
        assert_eq!(active, 1, "the other one is gone: {}", network.ladder());
    });
}

#[test]
fn nobody_is_not_watched() {
    play(&["alice"], |network| {
        let target: Uri = "sip:nobody@example.com".parse().unwrap();
        network.on(0, "watches nobody", |agent, now| agent.subscribe(target, Package::Presence, TIME, now)).unwrap();
        wait(network);
        assert_eq!(network.exchange.subscriptions(), 0);
    });
}
