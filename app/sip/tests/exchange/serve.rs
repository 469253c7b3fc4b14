//! What services of the exchange answer, and messages that it keeps: the rows of the proxy's table.

use crate::bench::{Bench, benches, phone};
use crate::messages::{again, answer, register, request};
use sip::header::{PAssertedIdentity, RetryAfter};
use sip::message::{HeaderName, Message, Method, Request, Response, Status};
use sip::proxy::{Answer, Flow, Question, Refusal};

const OWN: &str = "<sip:1001@tabphone>;tag=1";

fn subscribe(target: &str, package: &str) -> Request {
    let contact = "Contact: <sip:1001-a@a.invalid;transport=ws>";
    let event = format!("Event: {package}");
    request(&format!("SUBSCRIBE {target}"), OWN, "<sip:1002@tabphone>", "s", &[&event, contact])
}

pub fn message(to: &str) -> Request {
    let mut message = request(&format!("MESSAGE sip:{to}@tabphone"), OWN, &format!("<sip:{to}@tabphone>"), "m", &[]);
    message.headers.push_raw("Content-Type", "text/plain").unwrap();
    message.headers.push_raw("P-Asserted-Identity", "<sip:boss@tabphone>").unwrap();
    message.body = b"Hello".to_vec();
    message
}

/// The service's response, with its tag and its contact.
fn served(asked: &Request, status: u16) -> Answer {
    let mut response = Response::to_request(asked, Status::new(status).unwrap());
    response.set_to_tag("service");
    response.headers.push_raw("Contact", "<sip:1002@tabphone>").unwrap();
    Answer::Served(response)
}

/// The subscription's request as the service sees it, and its answer to it.
#[track_caller]
fn serve(bench: &mut Bench, status: u16) -> Request {
    let (id, question) = bench.question();
    let Question::Serve { request, .. } = question else { panic!("{question:?}") };
    bench.answer(id, served(&request, status));
    request
}

/// The NOTIFY that a service makes of the subscription that it took.
fn notify(subscribe: &Request) -> Request {
    let mut notify = Request::new(Method::Notify, "sip:1001-a@a.invalid;transport=ws".parse().unwrap());
    for (name, value) in [
        ("From", "<sip:1002@tabphone>;tag=service"),
        ("To", "<sip:1001@tabphone>;tag=1"),
        ("CSeq", "1 NOTIFY"),
        ("Contact", "<sip:1002@tabphone>"),
        ("Event", "presence"),
        ("Subscription-State", "active;expires=600"),
    ] {
        notify.headers.push_raw(name, value).unwrap();
    }
    notify.headers.copy_from(&subscribe.headers, HeaderName::CallId);
    notify
}

#[test]
fn sv1_sv3_a_subscription_and_its_notifications() {
    let ladders = benches().map(|mut bench| {
        let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
        bench.ladder.begin(&[(a, "1001"), (b, "1002")]);
        bench.send(a, subscribe("sip:1002@tabphone", "presence"));
        let (id, question) = bench.question();
        let Question::Serve { caller, device, request } = question else { panic!("{question:?}") };
        assert_eq!((caller.user.as_str(), caller.name.as_deref()), ("1001", Some("Alice")));
        assert_eq!(request.headers.get::<PAssertedIdentity>().unwrap().to_string(), "\"Alice\" <sip:1001@tabphone>");
        bench.answer(id, served(&request, 200));
        let accepted = bench.response(a);
        assert!(!accepted.headers.contains(HeaderName::RecordRoute), "the service is the other end");

        bench.serve(7, "1001", Some(&device), notify(&request));
        let arrived = bench.request(a);
        assert_eq!(arrived.uri.to_string(), "sip:1001-a@a.invalid;transport=ws");
        assert!(!arrived.headers.contains(HeaderName::RecordRoute));
        bench.send(a, answer(&arrived, 200, "1001", "a"));
        assert_eq!(bench.sent(), [(7, Some(200))]);

        // The phone refreshes within the dialog: the target is the service's contact.
        let mut refresh = again(&subscribe("sip:1002@tabphone", "presence"));
        refresh.headers.copy_from(&accepted.headers, HeaderName::To);
        let to = accepted.headers.get::<sip::header::To>().unwrap();
        refresh.headers.set(&to);
        bench.send(a, refresh);
        serve(&mut bench, 200);
        assert_eq!(bench.response(a).status.code(), 200);
        assert_eq!(bench.first_lines(b), [""; 0], "phones hear nothing of it");
        bench.ladder.text()
    });
    assert_eq!(ladders[0], ladders[1]);
    insta::assert_snapshot!(ladders[0]);
}

#[test]
fn sv2_for_the_domain() {
    for mut bench in benches() {
        let a = phone(&mut bench, "1001", "a");
        bench.send(a, subscribe("sip:tabphone", "presence"));
        serve(&mut bench, 404);
        assert_eq!(bench.response(a).status.code(), 404);
    }
}

#[test]
fn what_is_not_served() {
    let mut bench = Bench::new();
    let (a, b) = (phone(&mut bench, "1001", "a"), phone(&mut bench, "1002", "b"));
    bench.send(a, subscribe("sip:1002@tabphone", "weather"));
    let arrived = bench.request(b);
    assert_eq!(arrived.method, Method::Subscribe, "the phone answers for packages that nobody here knows");
    bench.send(b, answer(&arrived, 489, "1002", "b"));
    assert_eq!(bench.response(a).status.code(), 489);
    bench.send(a, again(&subscribe("sip:4711@tabphone", "presence")));
    assert_eq!(bench.response(a).status.code(), 404, "there is nobody to be watched");
    for (package, target) in [("weather", "sip:1002@tabphone"), ("presence", "sip:1002@elsewhere.example")] {
        let mut within = subscribe(target, package);
        let to = "<sip:1002@tabphone>;tag=service".parse::<sip::header::To>().unwrap();
        within.headers.set(&to);
        within.headers.set(&format!("within-{package}").parse::<sip::header::CallId>().unwrap());
        let mut via = within.headers.get::<sip::header::Via>().unwrap();
        via.params.set("branch", Some(&format!("z9hG4bK{package}"))).unwrap();
        within.headers.set(&via);
        bench.send(a, within);
        assert_eq!(bench.response(a).status.code(), 481, "{package} {target}");
    }
    assert!(bench.asked.is_empty());
}

/// Bob's phones, a message to him, and the message as each got it.
fn messaged(bench: &mut Bench, phones: &[&str]) -> (Flow, Vec<(Flow, Request)>) {
    bench.keeping = true;
    let a = phone(bench, "1001", "a");
    let flows: Vec<Flow> = phones.iter().map(|name| phone(bench, "1002", name)).collect();
    bench.send(a, message("1002"));
    let at = flows.into_iter().map(|flow| (flow, bench.request(flow))).collect();
    (a, at)
}

#[test]
fn sv4_sv7_nobody_is_there_and_the_message_is_kept_and_sent_later() {
    let ladders = benches().map(|mut bench| {
        bench.keeping = true;
        let a = phone(&mut bench, "1001", "a");
        bench.ladder.begin(&[(a, "1001"), (Flow(2), "1002")]);
        bench.send(a, message("1002"));
        assert_eq!(bench.first_lines(a), [""; 0]);
        bench.send(a, message("1002"));
        let (id, question) = bench.question();
        let Question::Keep { to, from, request } = question else { panic!("{question:?}") };
        assert_eq!((to.as_str(), from.user.as_str(), request.body.as_slice()), ("1002", "1001", &b"Hello"[..]));
        assert_eq!(request.headers.get::<PAssertedIdentity>().unwrap().to_string(), "\"Alice\" <sip:1001@tabphone>");
        bench.answer(id, Answer::Kept(Ok(())));
        assert_eq!(bench.response(a).status.code(), 202);

        let b = bench.open("1002");
        bench.send(b, register("1002", "b", 1, 3600));
        bench.take(b);
        bench.serve(1, "1002", None, request);
        let arrived = bench.request(b);
        assert_eq!(arrived.uri.to_string(), "sip:1002-b@b.invalid;transport=ws");
        assert_eq!(arrived.headers.all::<sip::header::Via>().unwrap().len(), 1);
        assert_eq!(arrived.body, b"Hello");
        bench.send(b, answer(&arrived, 200, "1002", "b"));
        assert_eq!(bench.sent(), [(1, Some(200))]);
        bench.ladder.text()
    });
    assert_eq!(ladders[0], ladders[1]);
    insta::assert_snapshot!(ladders[0]);
}

#[test]
fn sv5_no_phone_took_it() {
    for statuses in [[480, 480], [503, 500], [408, 430]] {
        for mut bench in benches() {
            let (a, at) = messaged(&mut bench, &["b", "c"]);
            for ((flow, arrived), status) in at.iter().zip(statuses) {
                assert!(bench.asked.is_empty(), "the other one may take it");
                bench.send(*flow, answer(arrived, status, "1002", "b"));
            }
            let (id, _) = bench.question();
            bench.answer(id, Answer::Kept(Ok(())));
            assert_eq!(bench.response(a).status.code(), 202);
        }
    }
}

#[test]
fn a_phone_that_took_it_or_refused_it_decides() {
    for (statuses, status) in [([200, 480], 200), ([480, 200], 200), ([415, 480], 415), ([480, 603], 603)] {
        for mut bench in benches() {
            let (a, at) = messaged(&mut bench, &["b", "c"]);
            for ((flow, arrived), status) in at.iter().zip(statuses) {
                bench.send(*flow, answer(arrived, status, "1002", "b"));
            }
            assert!(bench.asked.is_empty(), "{statuses:?}");
            assert_eq!(bench.response(a).status.code(), status);
            bench.pass(40_000);
            assert!(bench.asked.is_empty(), "not later either");
        }
    }
}

#[test]
fn sv5_the_phones_are_gone() {
    for mut bench in benches() {
        let (a, at) = messaged(&mut bench, &["b"]);
        bench.close(at[0].0);
        bench.pass(27_000);
        assert!(bench.asked.is_empty(), "it may come back");
        bench.pass(6_000);
        let (id, _) = bench.question();
        bench.answer(id, Answer::Kept(Ok(())));
        assert_eq!(bench.response(a).status.code(), 202);
    }
}

#[test]
fn sv6_dead_phones_do_not_keep_the_sender_waiting() {
    for mut bench in benches() {
        let (a, at) = messaged(&mut bench, &["b", "c"]);
        bench.send(at[0].0, answer(&at[0].1, 480, "1002", "b"));
        bench.pass(28_000);
        let (id, _) = bench.question();
        bench.send(at[1].0, answer(&at[1].1, 200, "1002", "c"));
        assert_eq!(bench.first_lines(a), [""; 0]);
        bench.answer(id, Answer::Kept(Ok(())));
        assert_eq!(bench.first_lines(a), ["202 Accepted"], "once");
    }
}

#[test]
fn sv8_it_is_not_kept() {
    for (refusal, status) in [(Refusal::Full, 480), (Refusal::Unavailable, 503)] {
        for mut bench in benches() {
            let (a, _) = messaged(&mut bench, &[]);
            let (id, _) = bench.question();
            bench.answer(id, Answer::Kept(Err(refusal)));
            let refused = bench.response(a);
            assert_eq!(refused.status.code(), status);
            assert_eq!(refused.headers.get::<RetryAfter>().is_ok(), status == 480, "when to try again");
        }
    }
}

#[test]
fn sv9_the_sender_is_gone() {
    for mut bench in benches() {
        let (a, _) = messaged(&mut bench, &[]);
        bench.send(a, subscribe("sip:1002@tabphone", "presence"));
        assert_eq!(bench.asked.len(), 2);
        bench.close(a);
        bench.pass(32_000);
        let asked = std::mem::take(&mut bench.asked);
        for (id, _) in asked {
            bench.answer(id, Answer::Kept(Ok(())));
        }
        assert_eq!(bench.first_lines(a), [""; 0]);
    }
}

#[test]
fn an_answer_to_another_question_is_none() {
    let mut bench = Bench::new();
    let (a, _) = messaged(&mut bench, &[]);
    let (id, question) = bench.question();
    let Question::Keep { request, .. } = question else { panic!("{question:?}") };
    bench.answer(id, Answer::Served(Response::to_request(&request, Status::OK)));
    bench.answer(id, Answer::Route(None));
    assert_eq!(bench.first_lines(a), [""; 0]);
    bench.answer(id, Answer::Kept(Ok(())));
    assert!(matches!(bench.take(a).as_slice(), [Message::Response(accepted)] if accepted.status.code() == 202));
    bench.answer(id, Answer::Kept(Ok(())));
    assert_eq!(bench.first_lines(a), [""; 0], "once");
}
