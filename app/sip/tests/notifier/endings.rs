//! How subscriptions end, and what becomes of NOTIFYs that fail: rows W14 to W20 and W22.

use crate::bench::{Bench, Notify, benches};
use sip::Duration;
use sip::header::{RetryAfter, SubscriptionState};
use sip::message::{Response, Status};
use sip::notifier::Input;

/// W14, W20
#[test]
fn it_runs_out() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "presence");
        bench.hear_all();
        bench.pass(599_999);
        assert!(bench.take().is_empty());
        bench.pass(1);
        let last = bench.one();
        assert_eq!((last.state().as_str(), last.request.body.is_empty()), ("terminated timeout", false));
        bench.respond_with(&last, None);
        assert_eq!((bench.notifier.subscriptions(), bench.notifier.known()), (0, 0));
        assert_eq!(bench.notifier.deadline(), None);
    }
}

/// W14: the time away counts.
#[test]
fn it_runs_out_while_the_exchange_is_away() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "presence");
        bench.hear_all();
        bench.restore(Duration::from_secs(599));
        bench.pass(999);
        assert!(bench.take().is_empty());
        bench.pass(1);
        assert_eq!(bench.heard().state(), "terminated timeout");
        bench.watch("1003", "1001", "presence");
        bench.hear_all();
        bench.restore(Duration::from_secs(5000));
        bench.pass(0);
        assert_eq!(bench.heard().state(), "terminated timeout");
    }
}

/// W15
#[test]
fn who_is_removed_is_not_watched_any_more() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "presence");
        bench.watch("1001", "1002", "presence");
        bench.register("1001", "desk", 1, 600);
        bench.hear_all();
        bench.pass(1000);
        bench.tell(Input::Removed { user: "1001".into() });
        let last = bench.hear_all().pop().unwrap();
        assert_eq!((last.user.as_str(), last.state().as_str()), ("1002", "terminated noresource"));
        assert!(last.request.body.is_empty());
        assert_eq!((bench.notifier.subscriptions(), bench.notifier.known()), (0, 0));
    }
}

/// W15: with one under way, the last one follows it.
#[test]
fn the_exchange_goes() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "presence");
        bench.hear_all();
        bench.watch("1003", "1001", "presence");
        let under_way = bench.one();
        bench.tell(Input::Stop);
        assert_eq!(bench.heard().state(), "terminated deactivated");
        bench.respond(&under_way, 200);
        assert_eq!(bench.heard().state(), "terminated deactivated");
        assert_eq!(bench.notifier.subscriptions(), 0);
    }
}

/// W17
#[test]
fn nobody_listens_any_more() {
    for mut bench in benches() {
        for status in [481, 404, 405, 489, 603, 401, 302] {
            bench.watch("1002", "1001", "presence");
            let notify = bench.one();
            bench.respond(&notify, status);
            assert_eq!(bench.notifier.subscriptions(), 0, "{status}");
        }
        bench.watch("1002", "1001", "presence");
        let notify = bench.one();
        bench.respond_with(&notify, None);
        assert_eq!(bench.notifier.subscriptions(), 0, "no phone is there");
        bench.pass(1_000_000);
        assert!(bench.take().is_empty());
    }
}

/// W16, W18, W19: the phone answers, but cannot take it.
#[test]
fn a_phone_in_trouble_gets_it_later() {
    for mut bench in benches() {
        for status in [408, 430, 500, 502, 503, 504] {
            let notify = failing(&mut bench, &[2000, 4000, 8000], |bench, notify| bench.respond(notify, status));
            assert_eq!(notify.state(), "terminated probation", "{status}");
            assert_eq!(notify.header::<SubscriptionState>().retry_after(), Some(60));
            bench.respond(&notify, status);
            assert_eq!(bench.notifier.subscriptions(), 0);
        }
        // When it gets better, all is forgotten.
        bench.watch("1002", "1001", "presence");
        for _ in 0..5 {
            let notify = bench.one();
            bench.respond(&notify, 500);
            bench.pass(2000);
            bench.heard();
            bench.pass(1000);
            bench.disturb("1001", bench.presence.len().is_multiple_of(2));
        }
        assert_eq!(bench.notifier.subscriptions(), 1);
    }
}

/// W18: the phone says when.
#[test]
fn a_phone_says_when_it_wants_it() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "presence");
        let notify = bench.one();
        let mut response = Response::to_request(&notify.request, Status::TEMPORARILY_UNAVAILABLE);
        response.headers.push(&RetryAfter::new(20));
        bench.respond_with(&notify, Some(response));
        bench.pass(19_999);
        bench.disturb("1001", true);
        assert!(bench.take().is_empty());
        bench.pass(1);
        assert_eq!(bench.heard().presence().person.activities.len(), 2, "by then it is newer");
    }
}

/// W18, W19: a phone whose page is being loaded anew.
#[test]
fn a_registered_phone_is_waited_for() {
    for mut bench in benches() {
        let device = bench.register("1002", "page", 1, 3600);
        let start = |bench: &mut Bench| {
            let request = crate::messages::subscribe("1002", "1001", "presence", &[]);
            bench.ask_from("1002", &device, &request);
        };
        start(&mut bench);
        for wait in [2000, 4000, 8000] {
            let notify = bench.one();
            assert_eq!(notify.device, device);
            bench.respond_with(&notify, None);
            bench.pass(wait - 1);
            assert!(bench.take().is_empty());
            bench.pass(1);
        }
        let last = bench.one();
        bench.respond_with(&last, None);
        assert_eq!(bench.notifier.subscriptions(), 0, "it does not come back");
        start(&mut bench);
        let notify = bench.one();
        bench.register("1002", "page", 2, 0);
        bench.respond_with(&notify, None);
        assert_eq!(bench.notifier.subscriptions(), 0, "it went away for good");
    }
}

/// W22
#[test]
fn a_notify_that_got_lost_is_sent_again() {
    for mut bench in benches() {
        let device = bench.register("1002", "page", 1, 3600);
        bench.ask_from("1002", &device, &crate::messages::subscribe("1002", "1001", "presence", &[]));
        let lost = bench.one();
        bench.pass(91_999);
        assert!(bench.take().is_empty());
        bench.pass(1);
        bench.heard();
        bench.respond(&lost, 481);
        assert_eq!(bench.notifier.subscriptions(), 1, "what is said of it later counts no more");
    }
}

/// The response to a NOTIFY still comes after a restore.
#[test]
fn what_was_under_way_before_a_restore_is_answered_after_it() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "presence");
        let notify = bench.one();
        bench.disturb("1001", true);
        bench.restore(Duration::from_secs(3));
        bench.respond(&notify, 200);
        assert_eq!(bench.heard().presence().person.activities.len(), 2);
    }
}

/// A subscription whose NOTIFYs fail, each after this time; the one that follows them.
fn failing(bench: &mut Bench, waits: &[u64], fail: impl Fn(&mut Bench, &Notify)) -> Notify {
    bench.watch("1002", "1001", "presence");
    for wait in waits {
        let notify = bench.one();
        assert_eq!(notify.state(), "active");
        fail(bench, &notify);
        bench.pass(wait - 1);
        assert!(bench.take().is_empty(), "not before {wait}");
        bench.pass(1);
    }
    let notify = bench.one();
    fail(bench, &notify);
    bench.one()
}
