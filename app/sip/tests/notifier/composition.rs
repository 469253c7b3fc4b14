//! What watchers see of somebody: rows C1 to C14.

use crate::bench::{Bench, DOMAIN, benches, call};
use crate::messages::{person, pidf, publish};
use sip::body::pidf::{Activity, Availability, Basic, Presence};
use sip::notifier::{Direction, Progress};

/// What the page's server was told last, and what a watcher sees at that moment: it is the same.
#[track_caller]
fn seen(bench: &mut Bench) -> Presence {
    bench.hear_all();
    let request = crate::messages::subscribe("1009", "1001", "presence", &["Expires: 0"]);
    assert_eq!(bench.code("1009", &request), 200);
    let seen = bench.heard().presence();
    if let Some((user, told)) = bench.presence.last() {
        assert_eq!((user.as_str(), told), ("1001", &seen));
    }
    let mut ids: Vec<_> = seen.tuples.iter().map(|tuple| tuple.id.clone().unwrap()).collect();
    assert!(ids.iter().all(|id| id.starts_with(|first: char| first.is_ascii_alphabetic())), "{ids:?}");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), seen.tuples.len(), "each has a name of its own");
    seen
}

fn basics(presence: &Presence) -> Vec<Basic> {
    presence.tuples.iter().map(|tuple| tuple.basic.unwrap()).collect()
}

#[track_caller]
fn say(bench: &mut Bench, device: &str, name: &str, document: &str) {
    let response = bench.ask_from("1001", device, &publish("1001", name, Some(document), &[])).unwrap();
    assert_eq!(response.status.code(), 200);
}

/// C1
#[test]
fn nobody_is_there() {
    for mut bench in benches() {
        let presence = seen(&mut bench);
        assert_eq!(presence.entity, Some(format!("sip:1001@{DOMAIN}")));
        assert_eq!((basics(&presence), presence.state()), (vec![Basic::Closed], Availability::Offline));
        assert!(bench.presence.is_empty(), "that is nothing new");
    }
}

/// C2
#[test]
fn phones_are_there() {
    for mut bench in benches() {
        bench.register("1001", "desk", 1, 600);
        let presence = seen(&mut bench);
        assert_eq!((basics(&presence), presence.state()), (vec![Basic::Open], Availability::Available));
        assert_eq!(
            presence.tuples[0].contact,
            Some(format!("sip:1001@{DOMAIN}")),
            "no phone's own address is given away"
        );
        bench.register("1001", "page", 1, 600);
        assert_eq!(basics(&seen(&mut bench)), [Basic::Open; 2]);
        let told = bench.presence.len();
        bench.register("1001", "page", 2, 600);
        assert_eq!(bench.presence.len(), told, "a refresh is nothing new");
        bench.register("1001", "desk", 2, 0);
        bench.register("1001", "page", 3, 0);
        assert_eq!(seen(&mut bench).state(), Availability::Offline);
    }
}

/// C2: a phone that does not come back is gone when its binding is.
#[test]
fn a_phone_runs_out() {
    for mut bench in benches() {
        bench.register("1001", "desk", 1, 60);
        bench.pass(60_000);
        assert_eq!(seen(&mut bench).state(), Availability::Offline);
    }
}

/// C3
#[test]
fn a_phone_says_more_of_itself() {
    for mut bench in benches() {
        let desk = bench.register("1001", "desk", 1, 600);
        bench.register("1001", "page", 1, 600);
        let two = "<tuple id=\"u\"><status/><contact priority=\"0.8\">sip:x@y</contact></tuple>";
        say(&mut bench, &desk, "a", &pidf("closed", two));
        let presence = seen(&mut bench);
        assert_eq!(basics(&presence), [Basic::Closed, Basic::Open, Basic::Open]);
        assert_eq!(presence.tuples[1].contact.as_deref(), Some("sip:x@y"));
        assert_eq!(presence.tuples[1].priority.map(|priority| priority.thousandths()), Some(800));
        say(
            &mut bench,
            &desk,
            "b",
            &format!("<presence xmlns=\"urn:ietf:params:xml:ns:pidf\">{}</presence>", person("away")),
        );
        assert_eq!(basics(&seen(&mut bench)), [Basic::Open; 2], "it says nothing of itself any more");
    }
}

/// C4
#[test]
fn a_phone_that_is_gone_is_closed_but_what_the_person_said_stays() {
    for mut bench in benches() {
        let desk = bench.register("1001", "desk", 1, 600);
        say(&mut bench, &desk, "a", &pidf("open", &person("vacation")));
        bench.register("1001", "desk", 2, 0);
        let presence = seen(&mut bench);
        assert_eq!((basics(&presence), presence.person.activities), (vec![Basic::Closed], vec![Activity::Vacation]));
        bench.pass(3_600_000);
        assert_eq!(seen(&mut bench).person.activities, []);
    }
}

/// C5
#[test]
fn who_never_registered_does_not_make_anybody_reachable() {
    for mut bench in benches() {
        say(&mut bench, "~5", "a", &pidf("open", &person("meeting")));
        let presence = seen(&mut bench);
        assert_eq!((basics(&presence), presence.state()), (vec![Basic::Closed], Availability::Offline));
        bench.register("1001", "desk", 1, 600);
        let presence = seen(&mut bench);
        assert_eq!((basics(&presence), presence.state()), (vec![Basic::Open; 2], Availability::Busy));
        say(&mut bench, "~5", "b", &pidf("closed", ""));
        assert_eq!(basics(&seen(&mut bench)), [Basic::Open, Basic::Closed]);
    }
}

/// C6
#[test]
fn the_newest_of_a_phone_counts() {
    for mut bench in benches() {
        let page = bench.register("1001", "page", 1, 600);
        say(&mut bench, &page, "a", &pidf("open", &person("meeting")));
        say(&mut bench, &page, "b", &pidf("closed", ""));
        let presence = seen(&mut bench);
        assert_eq!((basics(&presence), presence.person.activities), (vec![Basic::Closed], vec![]));
    }
}

/// C7
#[test]
fn what_was_said_last_of_the_person_counts() {
    for mut bench in benches() {
        let desk = bench.register("1001", "desk", 1, 3600);
        let page = bench.register("1001", "page", 1, 3600);
        let first = publish("1001", "a", Some(&pidf("open", &person("away"))), &[]);
        let tag = bench.ask_from("1001", &desk, &first).unwrap().headers.get::<sip::header::SipETag>().unwrap();
        let noted = "<dm:person id=\"p\"><rpid:activities><rpid:lunch/></rpid:activities><dm:note>Back at one</dm:note></dm:person>";
        let brief = publish("1001", "b", Some(&pidf("open", noted)), &["Expires: 60"]);
        bench.ask_from("1001", &page, &brief);
        let presence = seen(&mut bench);
        assert_eq!(
            (presence.person.activities.as_slice(), presence.note()),
            (&[Activity::Lunch][..], Some("Back at one"))
        );
        bench.pass(30_000);
        let refresh = publish("1001", "c", None, &[&format!("SIP-If-Match: {tag}")]);
        assert_eq!(bench.ask_from("1001", &desk, &refresh).unwrap().status.code(), 200);
        assert_eq!(seen(&mut bench).note(), Some("Back at one"), "a refresh says nothing");
        bench.pass(30_000);
        let presence = seen(&mut bench);
        assert_eq!((presence.person.activities.as_slice(), presence.note()), (&[Activity::Away][..], None));
    }
}

/// C8, C9
#[test]
fn who_calls_is_on_the_phone() {
    for mut bench in benches() {
        let desk = bench.register("1001", "desk", 1, 600);
        say(&mut bench, &desk, "a", &pidf("open", &person("meeting")));
        for (direction, state, engaged) in [
            (Direction::Recipient, Progress::Trying, false),
            (Direction::Recipient, Progress::Early, false),
            (Direction::Recipient, Progress::Confirmed, true),
            (Direction::Initiator, Progress::Trying, true),
            (Direction::Initiator, Progress::Early, true),
            (Direction::Initiator, Progress::Confirmed, true),
        ] {
            bench.call("1001", vec![call(1, direction, state)]);
            let presence = seen(&mut bench);
            let expected =
                if engaged { vec![Activity::OnThePhone, Activity::Meeting] } else { vec![Activity::Meeting] };
            assert_eq!(presence.person.activities, expected, "{direction:?} {state:?}");
            assert_eq!(basics(&presence), [Basic::Open], "another call may still come");
        }
        bench.call("1001", vec![]);
        assert_eq!(seen(&mut bench).state(), Availability::Busy);
    }
}

/// C10
#[test]
fn who_does_not_want_to_be_disturbed() {
    for mut bench in benches() {
        bench.register("1001", "desk", 1, 600);
        bench.disturb("1001", true);
        let presence = seen(&mut bench);
        assert_eq!(presence.person.activities, [Activity::Busy, Activity::DoNotDisturb]);
        assert_eq!((basics(&presence), presence.state()), (vec![Basic::Open], Availability::DoNotDisturb));
        bench.disturb("1001", false);
        assert_eq!(seen(&mut bench).state(), Availability::Available);
    }
}

/// C11
#[test]
fn what_the_exchange_knows_better_is_left_out() {
    for mut bench in benches() {
        let desk = bench.register("1001", "desk", 1, 600);
        let said = "<dm:person id=\"p\" xmlns:ce=\"urn:cisco:params:xml:ns:pidf:rpid\"><rpid:activities>\
                    <ce:available/><rpid:unknown/><rpid:on-the-phone/><rpid:travel/></rpid:activities></dm:person>";
        say(&mut bench, &desk, "a", &pidf("open", said));
        assert_eq!(seen(&mut bench).person.activities.len(), 4);
        bench.call("1001", vec![call(1, Direction::Initiator, Progress::Confirmed)]);
        assert_eq!(seen(&mut bench).person.activities, [Activity::OnThePhone, Activity::Travel]);
    }
}

/// C12
#[test]
fn the_newest_notes_count() {
    for mut bench in benches() {
        let desk = bench.register("1001", "desk", 1, 600);
        let page = bench.register("1001", "page", 1, 600);
        say(&mut bench, &desk, "a", &pidf("open", "<note>old</note>"));
        say(&mut bench, &page, "b", &pidf("open", "<note>new</note>"));
        assert_eq!(seen(&mut bench).notes, ["new"]);
    }
}

/// C13, C14
#[test]
fn what_the_user_states_stands_before_what_their_phones_say() {
    for mut bench in benches() {
        let desk = bench.register("1001", "desk", 1, 600);
        let said = "<note>at the desk</note><dm:person id=\"p\"><rpid:activities><rpid:meeting/></rpid:activities>\
                    <dm:note>in room 3</dm:note></dm:person>";
        say(&mut bench, &desk, "a", &pidf("open", said));
        bench.state("1001", Some(Activity::Away), "back at two");
        let presence = seen(&mut bench);
        assert_eq!((presence.state(), presence.note()), (Availability::Away, Some("back at two")));
        assert_eq!(presence.person.notes, ["back at two", "in room 3"]);
        assert_eq!(presence.person.activities, [Activity::Away]);
        bench.call("1001", vec![call(1, Direction::Initiator, Progress::Confirmed)]);
        bench.disturb("1001", true);
        assert_eq!(seen(&mut bench).state(), Availability::DoNotDisturb);
        let alone = bench.notifier.said("1001").unwrap();
        assert_eq!((alone.state(), alone.note()), (Availability::Away, Some("back at two")), "without call and wish");
        bench.call("1001", vec![]);
        bench.disturb("1001", false);
        bench.state("1001", None, "");
        assert_eq!(seen(&mut bench).person.activities, [Activity::Meeting]);
        assert_eq!(bench.notifier.sayers().collect::<Vec<_>>(), ["1001"]);
    }
}

/// C13: who says something is told of, also if nobody watches; and who is told of once is told of when it ends.
#[test]
fn who_says_something_is_told_of_although_nobody_watches() {
    for mut bench in benches() {
        bench.register("1001", "desk", 1, 600);
        bench.presence.clear();
        bench.state("1001", Some(Activity::Busy), "");
        assert_eq!(bench.presence.last().map(|(_, told)| told.state()), Some(Availability::Busy));
        bench.state("1001", None, "");
        assert_eq!(bench.presence.last().map(|(_, told)| told.state()), Some(Availability::Available));
        assert!(bench.notifier.said("1001").is_none());
    }
}
