//! Whole flows, as they go between the notifier, phones and the rest of the exchange.

use crate::bench::{Bench, benches, call};
use crate::messages::{person, pidf, publish, within};
use sip::body::dialog_info::Direction;
use sip::header::SipETag;
use sip::notifier::Progress;

/// Runs a flow as it is and with restores, which nobody notices.
fn play(act: impl Fn(&mut Bench)) -> String {
    let [one, other] = benches().map(|mut bench| {
        act(&mut bench);
        bench.ladder.clone()
    });
    assert_eq!(one, other);
    one
}

/// A colleague from morning to noon.
#[test]
fn presence() {
    let ladder = play(|bench| {
        let (request, response) = bench.watch("1002", "1001", "presence");
        bench.heard();
        bench.pass(10_000);
        let desk = bench.register("1001", "desk", 1, 3600);
        bench.heard();
        bench.pass(10_000);
        let said = publish("1001", "a", Some(&pidf("open", &person("meeting"))), &["Expires: 3600"]);
        let tag = bench.ask_from("1001", &desk, &said).unwrap().headers.get::<SipETag>().unwrap();
        bench.heard();
        bench.pass(10_000);
        bench.call("1001", vec![call(1, Direction::Initiator, Progress::Trying)]);
        let notify = bench.one();
        bench.call("1001", vec![]);
        bench.pass(100);
        bench.respond(&notify, 200);
        bench.pass(10_000);
        bench.heard();
        let back = publish("1001", "b", None, &[&format!("SIP-If-Match: {tag}"), "Expires: 0"]);
        bench.ask_from("1001", &desk, &back);
        bench.heard();
        bench.pass(10_000);
        bench.answer("1002", &within(&request, &response, 2, 0));
        bench.heard();
    });
    insta::assert_snapshot!(ladder);
}

/// A busy lamp, whose phone has trouble.
#[test]
fn dialog() {
    let ladder = play(|bench| {
        bench.watch("1002", "1001", "dialog");
        bench.heard();
        bench.pass(10_000);
        bench.call("1001", vec![call(1, Direction::Recipient, Progress::Trying)]);
        let notify = bench.one();
        bench.call("1001", vec![call(1, Direction::Recipient, Progress::Early)]);
        bench.respond(&notify, 200);
        bench.pass(1000);
        bench.heard();
        bench.call("1001", vec![call(1, Direction::Recipient, Progress::Confirmed)]);
        bench.pass(1000);
        let notify = bench.one();
        bench.respond(&notify, 503);
        bench.pass(1000);
        bench.call("1001", vec![]);
        bench.pass(1000);
        bench.heard();
        bench.pass(600_000);
        bench.heard();
    });
    insta::assert_snapshot!(ladder);
}
