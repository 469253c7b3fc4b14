//! Telling who asked for a transfer how far it is (RFC 3515 2.4.4): each row of the state table.

use super::transfer::{talking, transfer};
use super::transferee::{accept, asked, calling, from_alice, is_asked, refer, told};
use super::{ALICE, BOB, CAROL, Net, last_response};
use sip::Duration;
use sip::agent::{Cause, Phase, TransferProgress as Progress};
use sip::header::{CSeq, Expires, ReferSub, SubscriptionState};
use sip::message::{Message, Method, Response, Status};

#[test]
fn sent_481() {
    let mut net = talking();
    net.exchange.refuse(Method::Notify, Status::CALL_DOES_NOT_EXIST);
    transfer(&mut net, ALICE, "carol");
    net.settle();
    assert!(is_asked(&net));
    accept(&mut net);
    net.settle();
    net.answer(CAROL);
    net.settle();
    assert_eq!(told(&net).len(), 1);
    assert_eq!(net.phone(BOB).calls().len(), 2, "the transfer itself goes on");
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::Transferred]);
}

#[test]
fn sent_nothing_in_4_s() {
    let mut net = talking();
    net.exchange.lose(Method::Notify);
    transfer(&mut net, ALICE, "carol");
    net.run(Duration::from_secs(5));
    assert_eq!(told(&net), [(100, "active".into()), (100, "active".into())], "it may have got lost");
    assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Trying));

    let mut net = talking();
    for _ in 0..10 {
        net.exchange.lose(Method::Notify);
    }
    transfer(&mut net, ALICE, "carol");
    net.settle();
    accept(&mut net);
    net.run(Duration::from_secs(35));
    net.answer(CAROL);
    net.run(Duration::from_secs(100));
    let times = |status| told(&net).iter().filter(|(told, _)| *told == status).count();
    assert_eq!((times(100), times(180), times(200)), (1, 4, 4), "not for ever");
    assert_eq!(net.phone(BOB).calls().len(), 2, "the transfer itself goes on");
}

#[test]
fn sent_refused_otherwise_and_again() {
    let mut net = talking();
    net.exchange.refuse(Method::Notify, Status::TEMPORARILY_UNAVAILABLE);
    transfer(&mut net, ALICE, "carol");
    net.run(Duration::from_secs(3));
    assert_eq!(told(&net), [(100, "active".into()), (100, "active".into())], "who asked is there again");
    assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Trying));

    let mut net = calling();
    for _ in 0..4 {
        net.exchange.refuse(Method::Notify, Status::NOT_FOUND);
    }
    net.answer(CAROL);
    net.run(Duration::from_secs(60));
    let last = (200, "terminated noresource".to_owned());
    assert_eq!(told(&net).iter().filter(|told| **told == last).count(), 4, "and no more");
    assert_eq!(net.phone(BOB).calls().len(), 2);
}

#[test]
fn sent_once_news() {
    let mut net = talking();
    transfer(&mut net, ALICE, "carol");
    net.settle();
    accept(&mut net);
    // The NOTIFY with 180 stays unanswered while she answers, and hangs up.
    net.exchange.answer(Method::Notify, |notify| Response::to_request(notify, Status::TRYING));
    net.settle();
    let told_180 = (*net.exchange.requests(&Method::Notify).last().unwrap()).clone();
    net.answer(CAROL);
    net.settle();
    net.hang_up(CAROL);
    net.settle();
    assert_eq!(told(&net).last(), Some(&(180, "active".into())), "one at a time");
    net.inject(BOB, &Response::to_request(&told_180, Status::OK).to_bytes());
    net.settle();
    assert_eq!(told(&net).last(), Some(&(200, "terminated noresource".into())), "an answer stays one");
}

#[test]
fn any_and_silent_subscribe() {
    let mut net = asked();
    let seq = net.exchange.requests(&Method::Refer)[0].headers.get::<CSeq>().unwrap().seq;
    let headers = format!("Event: refer;id={seq}\r\nExpires: 300\r\n");
    net.inject(BOB, &from_alice(&net, "SUBSCRIBE", 500, &headers));
    net.settle();
    let responses = |net: &Net| -> Vec<Response> {
        let of = |message: &Message| match message {
            Message::Response(response)
                if response.headers.get::<CSeq>().is_ok_and(|cseq| cseq.method == Method::Subscribe) =>
            {
                Some(response.clone())
            }
            Message::Response(_) | Message::Request(_) => None,
        };
        net.exchange.received.iter().filter_map(of).collect()
    };
    let response = responses(&net).pop().unwrap();
    assert_eq!((response.status, response.headers.get::<Expires>().unwrap().0), (Status::OK, 300));
    let notify = *net.exchange.requests(&Method::Notify).last().unwrap();
    assert_eq!(notify.headers.get::<SubscriptionState>().unwrap().expires(), Some(300));
    assert_eq!(told(&net).len(), 2);

    net.inject(BOB, &from_alice(&net, "SUBSCRIBE", 501, "Event: refer;id=999\r\n"));
    net.settle();
    assert_eq!(responses(&net).pop().unwrap().status, Status::CALL_DOES_NOT_EXIST, "of another REFER");
    net.inject(BOB, &from_alice(&net, "SUBSCRIBE", 502, "Event: presence\r\n"));
    net.settle();
    // A call's dialog is for its own subscriptions only (RFC 6665 4.5.2).
    assert_eq!(responses(&net).pop().unwrap().status, Status::CALL_DOES_NOT_EXIST);

    // And now it is not wanted any more.
    let headers = format!("Event: refer;id={seq}\r\nExpires: 0\r\n");
    net.inject(BOB, &from_alice(&net, "SUBSCRIBE", 503, &headers));
    net.settle();
    assert_eq!(told(&net).last(), Some(&(100, "terminated timeout".into())));
    let before = told(&net).len();
    accept(&mut net);
    net.settle();
    assert_eq!(told(&net).len(), before, "silent");
    assert_eq!(net.phone(CAROL).phase(), Some(Phase::RingingHere));

    let headers = format!("Event: refer;id={seq}\r\nExpires: 60\r\n");
    net.inject(BOB, &from_alice(&net, "SUBSCRIBE", 504, &headers));
    net.settle();
    assert_eq!(responses(&net).pop().unwrap().status, Status::CALL_DOES_NOT_EXIST, "it is over");
}

#[test]
fn without_subscription_nothing_is_told() {
    let mut net = talking();
    let response = refer(&mut net, 500, "Refer-Sub: false\r\nRefer-To: <sip:carol@example.com>\r\n");
    assert!(!response.headers.get::<ReferSub>().unwrap().wanted);
    accept(&mut net);
    net.settle();
    net.answer(CAROL);
    net.settle();
    assert_eq!(told(&net), []);
    assert_eq!(net.phone(BOB).calls().len(), 2);
    net.inject(BOB, &from_alice(&net, "BYE", 501, ""));
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::Transferred]);
}

#[test]
fn the_subscription_outlives_the_call_but_nothing_else_of_the_dialog_does() {
    let mut net = asked();
    net.hang_up(ALICE);
    net.settle();
    for (seq, method) in (600..).zip(["INVITE", "BYE", "OPTIONS", "REFER"]) {
        let request = from_alice(&net, method, seq, "Refer-To: <sip:dave@example.com>\r\n");
        net.inject(BOB, &request);
        net.settle();
        assert_eq!(last_response(&net).status.code(), 481, "{method}");
    }
}
