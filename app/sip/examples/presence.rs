//! Presence: a phone publishes how its user is (RFC 3903), and tells those who watch it (RFC 6665, RFC 3856).
//!
//! What is published is kept by a small event server of the office. Who watches asks the phone itself, which decides.
//!
//! ```text
//! cargo run -p sip --example presence
//! ```

#![allow(clippy::print_stdout, clippy::expect_used, reason = "this is what it is for")]

mod office;

use office::Office;
use sip::Duration;
use sip::agent::{Agent, Body, Event, Notice, Package, PublicationPhase, SubscriptionEnd, SubscriptionPhase};
use sip::body::pidf::{Activity, Availability, Basic, Person, Presence, Tuple};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn runs() {
    main();
}

/// How Bob is.
fn bob(activities: &[Activity]) -> Body {
    let presence = Presence {
        entity: Some("sip:bob@example.com".into()),
        tuples: vec![Tuple { id: Some("phone".into()), basic: Some(Basic::Open), ..Tuple::default() }],
        person: Person { activities: activities.into(), ..Person::default() },
        notes: Vec::new(),
    };
    Body { content_type: Presence::MEDIA_TYPE.into(), bytes: presence.compose().into() }
}

/// What Alice was told last.
fn seen_by_alice(office: &mut Office) -> Availability {
    let told = office
        .phone("alice")
        .events
        .iter()
        .rev()
        .find_map(|event| if let Event::Notified { body, .. } = event { Notice::read(body).ok() } else { None });
    match told {
        Some(Notice::Presence(presence)) => presence.state(),
        _ => Availability::Unknown,
    }
}

fn main() {
    let mut office = Office::new(&["alice", "bob"]);
    let now = office.now;
    // Bob's phone lets others ask for his presence, which no phone does by itself.
    let mut config = office.phone("bob").agent.config().clone();
    config.packages = vec![Package::Presence];
    office.phone("bob").agent = Agent::new(config, [3; 32], now);
    for user in ["alice", "bob"] {
        office.phone(user).agent.start(now);
        office.settle();
    }

    // Bob publishes that he may be called.
    let agent = &mut office.phone("bob").agent;
    let publication = agent.publish(Package::Presence, bob(&[]), HOUR, now).expect("it is the first");
    office.settle();
    let published = |event: &Event| matches!(event, Event::Publication { phase: PublicationPhase::Published, .. });
    assert!(office.phone("bob").noticed(published));
    assert!(office.event_server.state("bob").is_some());

    // Alice watches him. His page is asked, and says yes.
    let target = "sip:bob@example.com".parse().expect("it is a URI");
    let agent = &mut office.phone("alice").agent;
    let watching = agent.subscribe(target, Package::Presence, HOUR, now).expect("it is the first");
    office.settle();
    let asked = office.phone("bob").events.iter().find_map(|event| {
        if let Event::SubscriptionAsked { id, by, .. } = event { Some((*id, by.clone())) } else { None }
    });
    let (watched, by) = asked.expect("Bob is asked");
    println!("{by} watches Bob");
    office.phone("bob").agent.accept_subscription(watched, bob(&[]), now).expect("it is open");
    office.settle();
    let active = |event: &Event| matches!(event, Event::Subscription { id, phase: SubscriptionPhase::Active } if *id == watching);
    assert!(office.phone("alice").noticed(active));
    assert_eq!(seen_by_alice(&mut office), Availability::Available);

    // He is on the phone: the event server keeps that, and Alice is told.
    let busy = bob(&[Activity::OnThePhone]);
    office.phone("bob").agent.republish(publication, busy.clone(), now).expect("it is published");
    office.phone("bob").agent.notify(watched, busy.clone(), now).expect("she watches");
    office.settle();
    assert_eq!(office.event_server.state("bob"), Some(&*busy.bytes));
    assert_eq!(seen_by_alice(&mut office), Availability::OnThePhone);

    // Both last, and are refreshed, until they are taken back.
    office.wait(HOUR);
    let now = office.now;
    office.phone("bob").agent.unpublish(publication, now).expect("it is published");
    office.phone("alice").agent.unsubscribe(watching, now).expect("she watches");
    office.settle();
    assert_eq!(office.event_server.state("bob"), None);
    let ended = SubscriptionPhase::Ended(SubscriptionEnd::EndedThere);
    let gone = |event: &Event| matches!(event, Event::Subscription { id, phase } if *id == watched && *phase == ended);
    assert!(office.phone("bob").noticed(gone));
    println!("{}", office.ladder.join("\n"));
}
