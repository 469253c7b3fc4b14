//! What an attacker who has an account can do: nothing to others, and nothing without end.

use crate::bench::{Bench, benches, config};
use crate::messages::{numbered, pidf, publish, subscribe};
use sip::header::SipETag;
use sip::message::{HeaderName, Message};
use sip::notifier::{Input, Notifier, SendId};
use sip::registrar::{Party, QuestionId};
use sip::{Duration, Instant};

fn size(bench: &Bench) -> usize {
    serde_json::to_string(&bench.notifier.snapshot(bench.at()).unwrap()).unwrap().len()
}

/// A flood of SUBSCRIBEs, each with a dialog of its own: the others are served as before.
#[test]
fn a_flood_of_subscriptions() {
    let mut bench = Bench::with(config(), false);
    let mut codes = Vec::new();
    for number in 0..2000 {
        let mut request = numbered(&subscribe("1002", "1001", "dialog", &[]), number + 1);
        request.headers.remove(HeaderName::CallId);
        request.headers.push_raw("Call-ID", &format!("flood-{number}")).unwrap();
        codes.push(bench.ask_from("1002", &format!("~{number}"), &request).unwrap().status.code());
        if number == 300 {
            assert_eq!(bench.notifier.subscriptions(), 256);
        }
    }
    assert_eq!(codes.iter().filter(|code| **code == 200).count(), 256);
    assert!(codes[256..].iter().all(|code| *code == 480));
    assert!(size(&bench) < 1_000_000, "{}", size(&bench));
    bench.take();
    bench.watch("1003", "1001", "dialog");
    bench.heard();
    // None of them is ever answered.
    bench.pass(4_000_000);
    for notify in bench.take() {
        bench.respond_with(&notify, None);
    }
    bench.pass(200_000);
    assert_eq!((bench.notifier.subscriptions(), bench.notifier.deadline()), (0, None));
}

/// What is kept for an hour is not large.
#[test]
fn requests_that_are_too_large() {
    for mut bench in benches() {
        let routes = format!("Record-Route: <sip:{}.example;lr>", "x".repeat(3000));
        let large = [routes.as_str(), routes.as_str(), routes.as_str()];
        assert_eq!(bench.code("1002", &subscribe("1002", "1001", "dialog", &large)), 513);
        assert_eq!(bench.code("1001", &publish("1001", "a", Some(&pidf("open", "")), &large)), 513);
        let mut filter = subscribe("1002", "1001", "dialog", &["Content-Type: application/simple-filter+xml"]);
        filter.body = vec![b'x'; 30_000];
        assert_eq!(bench.code("1002", &filter), 200);
        assert!(size(&bench) < 10_000);
    }
}

/// Open questions are bounded, too.
#[test]
fn a_flood_of_questions() {
    for mut bench in benches() {
        bench.holds = true;
        let mut refused = 0;
        for number in 0..60 {
            let request = numbered(&subscribe("1002", &format!("x{number}"), "presence", &[]), number + 1);
            refused += bench.ask("1002", &request).map_or(0, |response| usize::from(response.status.code() == 503));
        }
        assert_eq!((bench.open.len(), refused), (32, 28));
        assert_eq!(bench.ask("1003", &subscribe("1003", "1001", "presence", &[])), None, "others are asked for");
    }
}

/// Guessing entity-tags, and publishing without end.
#[test]
fn a_flood_of_publications() {
    for mut bench in benches() {
        let theirs = bench.answer("1001", &publish("1001", "a", Some(&pidf("open", "")), &[]));
        let tag = theirs.headers.get::<SipETag>().unwrap();
        let before = bench.presence.clone();
        for number in 1..200 {
            let guess = format!("SIP-If-Match: {}", if number == 7 { tag.to_string() } else { format!("{number}") });
            let request = numbered(&publish("1002", "b", Some(&pidf("closed", "")), &[&guess]), number);
            assert_eq!(bench.code("1002", &request), 412);
        }
        assert_eq!(bench.presence, before);
        let large = pidf("open", &format!("<note>{}</note>", "x".repeat(3000)));
        for number in 1..100 {
            let request = numbered(&publish("1002", "c", Some(&large), &[]), number);
            bench.ask_from("1002", &format!("~{number}"), &request).unwrap();
        }
        assert!(size(&bench) < 200_000);
        bench.watch("1003", "1002", "presence");
        assert!(bench.heard().request.body.len() < 8 * 4096 + 1000);
    }
}

/// Documents that are deep, wide, or no documents.
#[test]
fn documents_that_are_meant_to_hurt() {
    for mut bench in benches() {
        let many = |piece: &str, count: usize| pidf("open", &piece.repeat(count));
        for document in [
            many("<tuple id=\"a\"><status/></tuple>", 100),
            many("<a>", 40) + &"</a>".repeat(40),
            many("<note>n</note>", 100),
            "\u{0}".into(),
            "<?xml version=\"1.0\" encoding=\"utf-7\"?><presence/>".into(),
        ] {
            let code = bench.code("1001", &publish("1001", "a", Some(&document), &[]));
            assert!([400, 413, 415].contains(&code), "{code} for {document}");
        }
        assert_eq!(bench.notifier.known(), 0);
    }
}

/// Words that look like markup or headers stay words.
#[test]
fn words_stay_words() {
    for mut bench in benches() {
        let note = "&lt;/note&gt;&lt;tuple id='x'/&gt;&#13;&#10;Evil: yes";
        bench.answer("1001", &publish("1001", "a", Some(&pidf("open", &format!("<note>{note}</note>"))), &[]));
        bench.watch("1002", "1001", "presence");
        let notify = bench.heard();
        let presence = notify.presence();
        assert_eq!(presence.tuples.len(), 1);
        assert!(presence.notes[0].starts_with("</note><tuple id='x'/>"), "{:?}", presence.notes);
        let parsed = Message::parse(&notify.request.to_bytes()).unwrap();
        assert_eq!(parsed.headers().raw(&"Evil".parse().unwrap()).count(), 0);
    }
}

/// What is said of what was never sent is nothing.
#[test]
fn answers_to_nothing() {
    for mut bench in benches() {
        bench.watch("1002", "1001", "presence");
        let notify = bench.one();
        for id in [0, 1, notify.id.0 + 1, u64::MAX, notify.id.0 | 1 << 63] {
            bench.tell(Input::Sent { id: SendId(id), response: None });
        }
        bench.tell(Input::Answer(QuestionId(77), sip::notifier::Answer::Account(None)));
        assert_eq!(bench.notifier.subscriptions(), 1);
        assert_eq!(notify.id.0 >> 63, 0, "the top bit is another's");
        bench.respond(&notify, 200);
    }
}

/// A snapshot of a version that is not known is not used.
#[test]
fn a_foreign_snapshot_is_refused() {
    let bench = Bench::with(config(), false);
    let snapshot = bench.notifier.snapshot(bench.at()).unwrap();
    let mut value = serde_json::to_value(&snapshot).unwrap();
    value["version"] = 99.into();
    let snapshot = serde_json::from_value(value).unwrap();
    let restored = Notifier::restore(snapshot, config(), Duration::ZERO, [1; 32], Instant::from_millis(0));
    assert!(restored.is_err());
}

/// Whatever is sent: it is answered once, and what is sent can be read.
#[test]
fn pieces_of_requests() {
    let mut bench = Bench::with(config(), false);
    let whole = subscribe("1002", "1001", "presence", &["Accept: application/pidf+xml", "Expires: 600"]).to_bytes();
    let text = String::from_utf8(whole).unwrap();
    let lines: Vec<&str> = text.trim_end().lines().collect();
    for without in 1..lines.len() {
        for damage in ["", "X", ";;", "<", "\"", "99999999999999999999"] {
            let mut changed: Vec<String> = lines.iter().map(ToString::to_string).collect();
            let (name, _) = changed[without].split_once(':').unwrap();
            changed[without] = if damage.is_empty() { "X: y".into() } else { format!("{name}: {damage}") };
            let Ok(Message::Request(request)) = Message::parse((changed.join("\r\n") + "\r\n\r\n").as_bytes()) else {
                continue;
            };
            let from = Party { user: "1001".into(), name: None };
            let id = QuestionId(10_000 + u64::try_from(without * 10 + damage.len()).unwrap());
            bench.notifier.handle(Input::Received { id, from, device: "~1".into(), request }, bench.at());
            let mut answers = 0;
            while let Some(output) = bench.notifier.poll() {
                answers += usize::from(matches!(output, sip::notifier::Output::Answer(..)));
            }
            assert_eq!(answers, 1, "{changed:?}");
        }
    }
}
