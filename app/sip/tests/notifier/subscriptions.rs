//! How subscriptions begin, last and are refused: rows W1 to W13 and W21.

use crate::bench::{Bench, benches, config};
use crate::messages::{numbered, request, subscribe, within};
use sip::body::pidf::{Availability, Basic};
use sip::header::{
    AllowEvents, CSeq, Contact, Event, Expires, From, MinExpires, RecordRoute, RetryAfter, Route, SubscriptionState, To,
};
use sip::message::{HeaderName, Method, Request};
use sip::notifier::{Answer, Input, Question};

/// W1, W4
#[test]
fn somebody_who_exists_can_be_watched() {
    for mut bench in benches() {
        bench.holds = true;
        let request = subscribe("1002", "1001", "presence", &["Expires: 600"]);
        assert_eq!(bench.ask("1002", &request), None, "nothing is said before it is known");
        let [(id, Question::Account { user })] = bench.open.clone().try_into().unwrap();
        assert_eq!(user, "1001");
        bench.open.clear();
        bench.tell(Input::Answer(id, Answer::Account(Some(sip::registrar::Party { user, name: None }))));
        let notify = bench.heard();
        assert_eq!((notify.user.as_str(), notify.device.as_str(), notify.state().as_str()), ("1002", "~1", "active"));
        assert_eq!(notify.header::<SubscriptionState>().expires(), Some(600));
        assert_eq!(notify.presence().basic(), Some(Basic::Closed));
    }
}

/// W5
#[test]
fn somebody_who_does_not_exist_is_not_found() {
    for mut bench in benches() {
        assert_eq!(bench.code("1002", &subscribe("1002", "9999", "presence", &[])), 404);
        let nobody = request("SUBSCRIBE sip:tabphone", "1002", "1002", "x", &["Event: presence", "Contact: <sip:a@b>"]);
        assert_eq!(bench.code("1002", &nobody), 404);
        assert!(bench.take().is_empty());
        assert_eq!((bench.notifier.subscriptions(), bench.notifier.known()), (0, 0));
    }
}

/// Another number of somebody is somebody.
#[test]
fn a_number_leads_to_its_user() {
    for mut bench in benches() {
        bench.watch("1002", "2001", "presence");
        bench.hear_all();
        bench.pass(1000);
        bench.register("1001", "desk", 1, 600);
        assert_eq!(bench.heard().presence().state(), Availability::Available);
    }
}

/// W2
#[test]
fn what_is_ones_own_is_told_at_once() {
    for mut bench in benches() {
        for event in ["presence", "dialog", "reg", "message-summary"] {
            bench.holds = true;
            let (_, response) = bench.watch("1001", "1001", event);
            assert_eq!(response.headers.get::<Expires>(), Ok(Expires(600)));
            let notify = bench.heard();
            assert_eq!(notify.header::<Event>().event_type.as_str(), event);
            assert!(!notify.request.body.is_empty(), "{event}");
        }
    }
}

/// What is needed to send on: the dialog of RFC 3261 12.
#[test]
fn notify_goes_through_the_dialog_that_was_made() {
    for mut bench in benches() {
        let routes = ["Record-Route: <sip:near.example;lr>", "Record-Route: <sip:far.example;lr>"];
        let request = subscribe("1002", "1001", "dialog;id=7", &routes);
        let response = bench.answer("1002", &request);
        assert_eq!(response.headers.all::<RecordRoute>().unwrap().len(), 2, "the phone gets its routes from it");
        let tag = response.headers.get::<To>().unwrap().tag().unwrap().to_string();
        assert!(tag.len() > 20, "nobody guesses it");
        let Contact::Addr(contact) = response.headers.get::<Contact>().unwrap() else { panic!("a star") };
        assert_eq!(contact.uri.to_string(), "sip:1001@tabphone");
        let notify = bench.heard();
        assert_eq!(notify.request.uri.to_string(), "sip:1002-page@1002.invalid;transport=ws");
        let hops: Vec<String> =
            notify.request.headers.all::<Route>().unwrap().iter().map(|Route(hop)| hop.uri.to_string()).collect();
        assert_eq!(hops, ["sip:near.example;lr", "sip:far.example;lr"]);
        assert_eq!(notify.header::<From>().tag(), Some(tag.as_str()));
        assert_eq!(notify.header::<To>().tag(), Some("of-1002"));
        assert_eq!(notify.header::<Event>().to_string(), "dialog;id=7");
        assert!(notify.request.headers.contains(HeaderName::Contact), "RFC 6665 8.1.1 wants it");
        assert_eq!(notify.header::<CSeq>(), CSeq::new(1, Method::Notify));
        bench.disturb("1001", true);
        assert!(bench.take().is_empty(), "that is no matter of calls");
        let next = within(&request, &response, 2, 600);
        bench.ask("1002", &next);
        assert_eq!(bench.heard().header::<CSeq>().seq, 2);
    }
}

/// W3: what is refused, and what is said with it.
#[test]
fn what_cannot_be_had_is_refused() {
    for mut bench in benches() {
        let mut code = |event: &str, headers: &[&str]| {
            let response = bench.answer("1002", &subscribe("1002", "1001", event, headers));
            assert!(response.headers.get::<To>().unwrap().tag().is_some());
            response
        };
        let unknown = code("conference", &[]);
        assert_eq!(unknown.status.code(), 489);
        let events = unknown.headers.get::<AllowEvents>().unwrap();
        assert!(["presence", "dialog", "message-summary", "reg"].iter().all(|event| events.has(event)));
        assert_eq!(code("presence.winfo", &[]).status.code(), 489);
        assert_eq!(code("presence", &["Accept: application/xpidf+xml"]).status.code(), 406);
        assert_eq!(code("presence", &["Accept: application/pidf+xml;q=0"]).status.code(), 406);
        let brief = code("presence", &["Expires: 59"]);
        assert_eq!((brief.status.code(), brief.headers.get()), (423, Ok(MinExpires(60))));
        assert_eq!(code("reg", &[]).status.code(), 403);
        assert_eq!(code("message-summary", &[]).status.code(), 403);
        assert_eq!(code("presence", &["Require: eventlist"]).status.code(), 420);
        assert_eq!(code("presence", &["Expires: soon"]).status.code(), 400);
        let line = "SUBSCRIBE sip:1001@tabphone";
        let no_contact = request(line, "1002", "1001", "y", &["Event: presence"]);
        assert_eq!(bench.code("1002", &no_contact), 400);
        assert_eq!(bench.code("1002", &request(line, "1002", "1001", "y", &["Contact: <sip:a@b>"])), 489);
        assert_eq!(bench.code("1002", &request("OPTIONS sip:1001@tabphone", "1002", "1001", "y", &[])), 405);
        assert!(bench.take().is_empty());
        assert_eq!(bench.notifier.subscriptions(), 0);
    }
}

/// The ways of JsSIP, SIP.js and desk phones.
#[test]
fn what_is_written_in_many_ways_is_taken() {
    for mut bench in benches() {
        for (event, headers, expires) in [
            ("presence", vec![], 3600),
            ("presence;id=17", vec!["Accept: */*"], 3600),
            ("Presence", vec!["Accept: application/*", "Expires: 999999999999"], 3600),
            ("dialog", vec!["Accept: application/dialog-info+xml, multipart/related", "Expires: 60"], 60),
            ("dialog;sla", vec!["Accept:", "Supported: eventlist"], 3600),
        ] {
            let mut asked = subscribe("1002", "1001", event, &headers);
            asked.headers.remove(HeaderName::CallId);
            asked.headers.push_raw("Call-ID", &format!("{event}@x").replace([';', '='], "")).unwrap();
            let response = bench.answer("1002", &asked);
            assert_eq!((response.status.code(), response.headers.get()), (200, Ok(Expires(expires))), "{event}");
            assert_eq!(bench.heard().header::<Event>().to_string(), event);
        }
    }
}

/// What is one's own can be asked of the domain, too.
#[test]
fn a_phone_asks_the_domain_for_its_own_mailbox() {
    for mut bench in benches() {
        let headers = ["Event: message-summary", "Contact: <sip:a@b>"];
        assert_eq!(bench.code("1001", &request("SUBSCRIBE sip:tabphone", "1001", "1001", "m", &headers)), 200);
        assert!(bench.heard().text().contains("Message-Account: sip:1001@tabphone\r\n"));
    }
}

/// W6
#[test]
fn for_no_time_the_state_is_told_once() {
    for mut bench in benches() {
        for user in ["1001", "1002"] {
            let response = bench.answer(user, &subscribe(user, "1001", "presence", &["Expires: 0"]));
            assert_eq!((response.status.code(), response.headers.get()), (200, Ok(Expires(0))));
            let notify = bench.one();
            assert_eq!(notify.state(), "terminated timeout");
            assert_eq!(notify.presence().basic(), Some(Basic::Closed));
            assert_eq!(bench.notifier.subscriptions(), 1, "it waits for the response");
            bench.respond(&notify, 200);
            assert_eq!(bench.notifier.subscriptions(), 0);
        }
    }
}

/// W7
#[test]
fn it_is_refreshed() {
    for mut bench in benches() {
        let (request, response) = bench.watch("1002", "1001", "presence");
        bench.hear_all();
        bench.pass(500_000);
        let refresh = within(&request, &response, 2, 9000);
        let again = bench.answer("1002", &refresh);
        assert_eq!((again.status.code(), again.headers.get()), (200, Ok(Expires(3600))));
        assert_eq!(bench.heard().header::<SubscriptionState>().expires(), Some(3600));
        bench.pass(3_599_000);
        assert_eq!(bench.notifier.subscriptions(), 1);
        bench.pass(1000);
        assert_eq!(bench.heard().state(), "terminated timeout");
    }
}

/// W7: the phone may have moved meanwhile.
#[test]
fn a_refresh_takes_it_to_another_page() {
    for mut bench in benches() {
        let (request, response) = bench.watch("1002", "1001", "presence");
        bench.hear_all();
        let mut refresh = within(&request, &response, 2, 600);
        refresh.headers.set(&"<sip:other@new.invalid>".parse::<Contact>().unwrap());
        bench.ask_from("1002", "~2", &refresh);
        let notify = bench.heard();
        assert_eq!((notify.device.as_str(), notify.request.uri.to_string().as_str()), ("~2", "sip:other@new.invalid"));
    }
}

/// W8
#[test]
fn it_is_ended_by_the_watcher() {
    for mut bench in benches() {
        let (request, response) = bench.watch("1002", "1001", "presence");
        bench.hear_all();
        let end = bench.answer("1002", &within(&request, &response, 2, 0));
        assert_eq!((end.status.code(), end.headers.get()), (200, Ok(Expires(0))));
        let last = bench.heard();
        assert_eq!((last.state().as_str(), last.request.body.is_empty()), ("terminated timeout", false));
        assert_eq!(bench.notifier.subscriptions(), 0);
        assert_eq!(bench.code("1002", &within(&request, &response, 3, 600)), 481);
    }
}

/// W9, W11
#[test]
fn a_refresh_that_does_not_fit_changes_nothing() {
    for mut bench in benches() {
        let (request, response) = bench.watch("1002", "1001", "presence");
        bench.hear_all();
        assert_eq!(bench.code("1002", &within(&request, &response, 5, 30)), 423);
        assert_eq!(bench.code("1002", &within(&request, &response, 4, 600)), 500);
        let mut foreign = within(&request, &response, 6, 0);
        assert_eq!(bench.code("1003", &foreign), 481, "a dialog is its watcher's");
        foreign.headers.set(&"dialog".parse::<Event>().unwrap());
        assert_eq!(bench.code("1002", &foreign), 481, "of another package");
        let mut unknown = within(&request, &response, 7, 0);
        let to = unknown.headers.get::<To>().unwrap();
        let tag = to.tag().unwrap().to_string();
        for wrong in ["guess".to_string(), "guess.1".into(), format!("x{tag}"), tag.replace('.', "")] {
            let mut other = sip::header::To(to.0.clone());
            other.0.params.set("tag", Some(&wrong)).unwrap();
            unknown.headers.set(&other);
            assert_eq!(bench.code("1002", &unknown), 481, "{wrong}");
        }
        assert!(bench.take().is_empty());
        bench.pass(1000);
        bench.disturb("1001", true);
        assert_eq!(bench.heard().state(), "active");
    }
}

/// W10
#[test]
fn what_was_answered_is_answered_again() {
    for mut bench in benches() {
        let (request, response) = bench.watch("1002", "1001", "presence");
        bench.hear_all();
        let again = bench.answer("1002", &request);
        assert_eq!(again.headers.get::<To>(), response.headers.get::<To>(), "it is the same dialog");
        let refresh = within(&request, &response, 2, 600);
        assert_eq!(bench.code("1002", &refresh), 200);
        bench.hear_all();
        assert_eq!(bench.code("1002", &refresh), 200);
        assert!(bench.take().is_empty(), "nothing follows a second time");
        assert_eq!(bench.code("1002", &numbered(&request, 1)), 482, "the same request by another way");
        assert_eq!(bench.notifier.subscriptions(), 1);
        assert_eq!(
            bench.code("1002", &numbered(&request, 3)),
            200,
            "a new one of a phone that knows no dialog any more"
        );
        assert_eq!(bench.notifier.subscriptions(), 2);
    }
}

/// W12, W13
#[test]
fn a_burst_of_changes_is_folded() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "presence");
        let first = bench.one();
        bench.disturb("1001", true);
        bench.register("1001", "desk", 1, 600);
        assert!(bench.take().is_empty(), "one is under way");
        bench.pass(3000);
        bench.respond(&first, 200);
        let newest = bench.heard().presence();
        assert_eq!((newest.basic(), newest.state()), (Some(Basic::Open), Availability::DoNotDisturb));
        bench.disturb("1001", false);
        bench.disturb("1001", true);
        bench.disturb("1001", false);
        assert!(bench.take().is_empty(), "it was told a moment ago");
        bench.pass(499);
        assert!(bench.take().is_empty());
        bench.pass(1);
        assert_eq!(bench.heard().presence().state(), Availability::Available);
        bench.pass(10_000);
        assert!(bench.take().is_empty());
        bench.disturb("1001", true);
        assert_eq!(bench.heard().presence().state(), Availability::DoNotDisturb, "after a while at once");
    }
}

/// Who refreshes wants to know now.
#[test]
fn a_refresh_is_not_held_back() {
    for mut bench in benches() {
        let (request, response) = bench.watch("1002", "1001", "presence");
        bench.hear_all();
        bench.answer("1002", &within(&request, &response, 2, 600));
        assert_eq!(bench.heard().header::<CSeq>().seq, 2);
    }
}

/// W12: whoever watches is told of what they watch, and of nothing else.
#[test]
fn a_change_is_told_to_whom_it_concerns() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "presence");
        bench.watch("1003", "1001", "presence");
        bench.watch("1003", "1002", "presence");
        bench.watch("1003", "1001", "dialog");
        bench.watch("1001", "1001", "message-summary");
        bench.hear_all();
        bench.pass(1000);
        bench.disturb("1001", true);
        let told: Vec<String> = bench.hear_all().iter().map(|notify| notify.user.clone()).collect();
        assert_eq!(told, ["1002", "1003"]);
        bench.pass(1000);
        bench.mailbox("1001", 1, 0);
        bench.mailbox("1001", 1, 0);
        let told = bench.hear_all();
        assert_eq!(told.len(), 1);
        assert!(told[0].text().starts_with("Messages-Waiting: yes\r\n"));
        bench.pass(1000);
        bench.disturb("1001", true);
        assert!(bench.take().is_empty(), "it is nothing new");
    }
}

/// W3: the limits, and who gives way.
#[test]
fn there_are_not_too_many() {
    let mut config = config();
    config.max_subscriptions_per_user = 3;
    config.max_subscriptions = 5;
    for restoring in [false, true] {
        let mut bench = Bench::with(config.clone(), restoring);
        let named = |user: &str, to: &str, number: u32| -> Request {
            let mut request = subscribe(user, to, "presence", &[]);
            request.headers.remove(HeaderName::CallId);
            request.headers.push_raw("Call-ID", &format!("{user}-{to}-{number}")).unwrap();
            numbered(&request, number)
        };
        for number in 1..=3 {
            assert_eq!(bench.code("1002", &named("1002", "1001", number)), 200);
            bench.pass(1);
        }
        let full = bench.answer("1002", &named("1002", "1003", 4));
        assert_eq!((full.status.code(), full.headers.get()), (480, Ok(RetryAfter::new(30))));
        bench.hear_all();
        bench.pass(1000);
        assert_eq!(bench.code("1002", &named("1002", "1001", 5)), 200, "the oldest one of that phone gives way");
        assert_eq!(
            bench.ask_from("1002", "~2", &named("1002", "1001", 6)).unwrap().status.code(),
            480,
            "of that alone"
        );
        bench.hear_all();
        bench.pass(1000);
        bench.disturb("1001", true);
        assert_eq!(bench.hear_all().len(), 3);
        for (to, code) in [("1001", 200), ("1002", 200), ("1004", 503)] {
            let response = bench.answer("1003", &named("1003", to, 1));
            assert_eq!(response.status.code(), code);
            assert_eq!(response.headers.contains(HeaderName::RetryAfter), code == 503);
        }
    }
}

/// W21, and what is asked of the notifier again after its asker was restored.
#[test]
fn an_open_question_is_asked_again() {
    for mut bench in benches() {
        bench.holds = true;
        let asked = subscribe("1002", "1001", "presence", &[]);
        assert_eq!(bench.ask("1002", &asked), None);
        bench.restore(sip::Duration::from_secs(5));
        assert_eq!(bench.open.len(), 1);
        let from = sip::registrar::Party { user: "1002".into(), name: None };
        let id = sip::registrar::QuestionId(1);
        bench.tell(Input::Received { id, from, device: "~1".into(), request: asked });
        assert_eq!(bench.open.len(), 1, "it is asked already");
    }
}
