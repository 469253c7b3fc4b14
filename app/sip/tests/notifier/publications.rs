//! PUBLISH: rows E1 to E10.

use crate::bench::{Bench, benches, config};
use crate::messages::{numbered, person, pidf, publish, request};
use sip::body::pidf::Activity;
use sip::header::{Accept, AllowEvents, Expires, MinExpires, RetryAfter, SipETag};
use sip::message::{HeaderName, Response};

fn tag(response: &Response) -> String {
    response.headers.get::<SipETag>().unwrap().0.to_string()
}

fn matching(tag: &str) -> String {
    format!("SIP-If-Match: {tag}")
}

#[track_caller]
fn activities(bench: &Bench) -> Vec<Activity> {
    bench.presence.last().unwrap().1.person.activities.clone()
}

/// E1, E5, E6, E7
#[test]
fn it_is_said_refreshed_changed_and_taken_back() {
    for mut bench in benches() {
        let said = pidf("open", &person("away"));
        let first = bench.answer("1001", &publish("1001", "a", Some(&said), &["Expires: 600"]));
        assert_eq!((first.status.code(), first.headers.get()), (200, Ok(Expires(600))));
        assert_eq!(activities(&bench), [Activity::Away]);
        bench.pass(500_000);
        let refresh = publish("1001", "b", None, &[&matching(&tag(&first)), "Expires: 600"]);
        let second = bench.answer("1001", &refresh);
        assert_ne!(tag(&second), tag(&first));
        bench.pass(500_000);
        assert_eq!(activities(&bench), [Activity::Away]);
        let other = pidf("open", &person("lunch"));
        let change = publish("1001", "c", Some(&other), &[&matching(&tag(&second))]);
        let third = bench.answer("1001", &change);
        assert_eq!(third.headers.get(), Ok(Expires(3600)));
        assert_eq!(activities(&bench), [Activity::Lunch]);
        let back = publish("1001", "d", None, &[&matching(&tag(&third)), "Expires: 0"]);
        let last = bench.answer("1001", &back);
        assert_eq!((last.status.code(), last.headers.get()), (200, Ok(Expires(0))));
        assert_eq!(activities(&bench), []);
        assert_eq!((bench.notifier.known(), bench.notifier.deadline()), (0, None));
    }
}

/// E2
#[test]
fn what_cannot_be_kept_is_refused() {
    for mut bench in benches() {
        let said = pidf("open", "");
        let mut refused = |request: sip::message::Request, code: u16| {
            let response = bench.answer("1001", &request);
            assert_eq!(response.status.code(), code, "{}", String::from_utf8_lossy(&request.to_bytes()));
            response
        };
        let with = |name: &str, value: &str| {
            let mut changed = publish("1001", "a", Some(&said), &[]);
            changed.headers.remove(name.parse::<HeaderName>().unwrap());
            if !value.is_empty() {
                changed.headers.push_raw(name, value).unwrap();
            }
            changed
        };
        let of = |document: &str| publish("1001", "a", Some(document), &[]);
        assert!(refused(with("Event", "dialog"), 489).headers.get::<AllowEvents>().unwrap().has("presence"));
        refused(with("Event", ""), 489);
        refused(publish("1001", "a", None, &[]), 400);
        let accepted = refused(with("Content-Type", "text/plain"), 415).headers.all::<Accept>().unwrap();
        assert!(accepted.iter().any(|range| range.takes("application/pidf+xml")));
        refused(with("Content-Type", ""), 415);
        refused(with("Content-Encoding", "gzip"), 415);
        refused(of("<presence"), 400);
        refused(of("<dialog-info xmlns=\"x\"/>"), 400);
        refused(of("<!DOCTYPE presence [<!ENTITY a \"b\">]><presence>&a;</presence>"), 400);
        refused(of(&pidf("open", &format!("<note>{}</note>", "x".repeat(5000)))), 413);
        refused(of(&pidf("open", &format!("<note><![CDATA[{}]]></note>", "&".repeat(3000)))), 413);
        let brief = refused(publish("1001", "a", Some(&said), &["Expires: 59"]), 423);
        assert_eq!(brief.headers.get(), Ok(MinExpires(60)));
        refused(publish("1001", "a", Some(&said), &["Require: x"]), 420);
        refused(publish("1002", "a", Some(&said), &[]), 403);
        refused(request("PUBLISH sip:tabphone", "1001", "1001", "a", &["Event: presence"]), 403);
        assert_eq!((bench.notifier.known(), bench.presence.len()), (0, 0));
    }
}

/// E3
#[test]
fn for_no_time_nothing_is_kept() {
    for mut bench in benches() {
        let response = bench.answer("1001", &publish("1001", "a", Some(&pidf("open", "")), &["Expires: 0"]));
        assert_eq!((response.status.code(), response.headers.get()), (200, Ok(Expires(0))));
        assert_eq!((bench.notifier.known(), bench.presence.len()), (0, 0));
    }
}

/// E4
#[test]
fn nobody_touches_what_is_anothers() {
    for mut bench in benches() {
        let said = pidf("open", &person("away"));
        let tag = tag(&bench.answer("1001", &publish("1001", "a", Some(&said), &[])));
        assert_eq!(bench.code("1002", &publish("1002", "b", None, &[&matching(&tag), "Expires: 0"])), 412);
        assert_eq!(bench.code("1002", &publish("1002", "c", Some(&said), &[&matching(&tag)])), 412);
        assert_eq!(bench.code("1001", &publish("1001", "d", None, &[&matching("guess")])), 412);
        assert_eq!(bench.code("1001", &publish("1001", "e", None, &[&matching(&tag), &matching("guess")])), 400);
        assert_eq!(bench.code("1001", &publish("1001", "f", None, &[&matching("a, b")])), 400);
        assert_eq!(bench.code("1001", &publish("1001", "g", None, &[&matching(&tag)])), 200);
        assert_eq!(bench.code("1001", &publish("1001", "h", None, &[&matching(&tag)])), 412, "each is good once");
        assert_eq!(activities(&bench), [Activity::Away]);
    }
}

/// A change that cannot be read changes nothing.
#[test]
fn a_change_is_made_whole_or_not_at_all() {
    for mut bench in benches() {
        let said = pidf("open", &person("away"));
        let tag = tag(&bench.answer("1001", &publish("1001", "a", Some(&said), &[])));
        assert_eq!(bench.code("1001", &publish("1001", "b", Some("<presence"), &[&matching(&tag)])), 400);
        assert_eq!(bench.code("1001", &publish("1001", "c", None, &[&matching(&tag), "Expires: 1"])), 423);
        assert_eq!(bench.code("1001", &publish("1001", "d", None, &[&matching(&tag)])), 200);
        assert_eq!(activities(&bench), [Activity::Away]);
    }
}

/// E8, also while the exchange is away.
#[test]
fn it_runs_out() {
    for mut bench in benches() {
        let said = pidf("open", &person("away"));
        let first = bench.answer("1001", &publish("1001", "a", Some(&said), &["Expires: 60"]));
        bench.pass(59_999);
        assert_eq!(activities(&bench), [Activity::Away]);
        bench.pass(1);
        assert_eq!(activities(&bench), []);
        assert_eq!(bench.code("1001", &publish("1001", "b", None, &[&matching(&tag(&first))])), 412);
        bench.answer("1001", &publish("1001", "c", Some(&said), &["Expires: 60"]));
        bench.restore(sip::Duration::from_secs(60));
        bench.pass(0);
        assert_eq!((activities(&bench), bench.notifier.known()), (vec![], 0));
    }
}

/// E9
#[test]
fn what_was_answered_is_answered_again() {
    for mut bench in benches() {
        let asked = publish("1001", "a", Some(&pidf("open", "")), &[]);
        let first = bench.answer("1001", &asked);
        assert_eq!(tag(&bench.answer("1001", &asked)), tag(&first));
        let refresh = publish("1001", "b", None, &[&matching(&tag(&first))]);
        let second = bench.answer("1001", &refresh);
        assert_eq!(tag(&bench.answer("1001", &refresh)), tag(&second), "though its entity-tag is used up");
    }
}

/// E2, E10
#[test]
fn there_are_not_too_many() {
    let mut config = config();
    config.max_publications_per_user = 2;
    config.max_publications = 3;
    for restoring in [false, true] {
        let mut bench = Bench::with(config.clone(), restoring);
        let devices = ["a", "b", "c"].map(|phone| bench.register("1001", phone, 1, 600));
        let mut seq = 0;
        let mut say = |bench: &mut Bench, user: &str, device: &str| {
            seq += 1;
            let said = publish(user, "x", Some(&pidf("open", "")), &[]);
            bench.ask_from(user, device, &numbered(&said, seq)).unwrap()
        };
        let first = say(&mut bench, "1001", &devices[0]);
        assert_eq!(say(&mut bench, "1001", &devices[1]).status.code(), 200);
        let full = say(&mut bench, "1001", &devices[2]);
        assert_eq!((full.status.code(), full.headers.get()), (480, Ok(RetryAfter::new(30))));
        assert_eq!(say(&mut bench, "1001", &devices[0]).status.code(), 200, "its own gives way");
        assert_eq!(bench.code("1001", &publish("1001", "y", None, &[&matching(&tag(&first))])), 412);
        bench.register("1001", "b", 2, 0);
        assert_eq!(say(&mut bench, "1001", &devices[2]).status.code(), 200, "that of a phone that is gone gives way");
        assert_eq!(say(&mut bench, "1002", "~1").status.code(), 200);
        let full = say(&mut bench, "1003", "~1");
        assert_eq!((full.status.code(), full.headers.get()), (503, Ok(RetryAfter::new(30))));
    }
}
