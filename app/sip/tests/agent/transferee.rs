//! Being asked to call somebody else: each row of the state table, and what a hostile REFER gets.

use super::transfer::{talking, transfer};
use super::{ALICE, BOB, CAROL, Net, last_response};
use sip::Duration;
use sip::agent::{CallId, Cause, Direction, Phase, TransferProgress as Progress, VerbError};
use sip::body::sipfrag::SipFrag;
use sip::header::{CSeq, Contact, Event, Expires, ReferSub, ReferredBy, Replaces, SubscriptionState, To};
use sip::message::{HeaderName, Message, Method, Request, Response, Status};

/// Alice asked Bob to call Carol.
fn asked() -> Net {
    let mut net = talking();
    transfer(&mut net, ALICE, "carol");
    net.settle();
    net
}

/// Carol's phone rings.
fn calling() -> Net {
    let mut net = asked();
    accept(&mut net);
    net.settle();
    net
}

pub(crate) fn accept(net: &mut Net) -> CallId {
    let call = net.phone(BOB).calls()[0];
    net.on(BOB, "accepts the transfer", |agent, now| agent.accept_transfer(call, now)).unwrap()
}

fn reject(net: &mut Net) {
    let call = net.phone(BOB).calls()[0];
    net.on(BOB, "rejects the transfer", |agent, now| agent.reject_transfer(call, now)).unwrap();
}

/// All that Bob told: the status, and the state of the subscription.
fn told(net: &Net) -> Vec<(u16, String)> {
    let notifies = net.exchange.requests(&Method::Notify);
    let one = |notify: &&Request| {
        let state = notify.headers.get::<SubscriptionState>().unwrap();
        let reason = state.reason().map(|reason| format!(" {reason}")).unwrap_or_default();
        (SipFrag::status(&notify.body).unwrap().code(), format!("{}{reason}", state.state))
    };
    notifies.iter().map(one).collect()
}

fn is_asked(net: &Net) -> bool {
    net.phone(BOB).agent.calls().any(|call| call.transfer_asked)
}

/// A request of Alice in the dialog with Bob, with these headers.
fn from_alice(net: &Net, method: &str, seq: u32, headers: &str) -> Vec<u8> {
    let invite = net.exchange.requests(&Method::Invite)[0];
    let from = invite.headers.raw(&HeaderName::From).next().unwrap();
    let call_id = invite.headers.raw(&HeaderName::CallId).next().unwrap();
    let ok = net.exchange.received.iter().find_map(|message| match message {
        Message::Response(response) if response.status == Status::OK => response.headers.get::<To>().ok(),
        Message::Response(_) | Message::Request(_) => None,
    });
    let to = ok.unwrap();
    format!(
        "{method} sip:bob-page@bob.invalid SIP/2.0\r\nVia: SIP/2.0/WSS alice.invalid;branch=z9hG4bK-{method}-{seq}\r\n\
         Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {seq} {method}\r\n\
         Contact: <sip:alice-page@alice.invalid>\r\n{headers}Content-Length: 0\r\n\r\n",
    )
    .into_bytes()
}

/// What Bob answers to a REFER with these headers.
fn refer(net: &mut Net, seq: u32, headers: &str) -> Response {
    let refer = from_alice(net, "REFER", seq, headers);
    net.inject(BOB, &refer);
    let before = net.exchange.received.len();
    net.settle();
    let response = net.exchange.received[before..].iter().find_map(|message| match message {
        Message::Response(response)
            if response.headers.get::<CSeq>().is_ok_and(|cseq| cseq.method == Method::Refer) =>
        {
            Some(response.clone())
        }
        Message::Response(_) | Message::Request(_) => None,
    });
    response.expect("REFER is answered")
}

#[test]
fn none_refer() {
    let mut net = talking();
    let response =
        refer(&mut net, 500, "Refer-To: \"Carol\" <sip:carol@example.com>\r\nReferred-By: <sip:alice@example.com>\r\n");
    assert_eq!(response.status, Status::ACCEPTED);
    assert!(response.headers.get::<Contact>().is_ok());
    assert!(is_asked(&net));
    assert_eq!(told(&net), [(100, "active".into())]);
    let notify = net.exchange.requests(&Method::Notify)[0];
    assert_eq!(notify.headers.get::<Event>().unwrap().to_string(), "refer;id=500");
    assert_eq!(notify.headers.raw(&HeaderName::ContentType).next(), Some("message/sipfrag;version=2.0"));
    assert_eq!(notify.headers.get::<SubscriptionState>().unwrap().expires(), Some(180));
    assert!(net.ladder().contains("bob: <sip:alice@example.com> wants a call to \"Carol\" <sip:carol@example.com>"));
}

#[test]
fn none_refer_that_cannot_be_followed() {
    let long = format!("Refer-To: <sip:{}@example.com>\r\n", "a".repeat(3000));
    for (headers, code) in [
        ("", 400),
        ("Refer-To: <sip:carol@example.com>\r\nRefer-To: <sip:dave@example.com>\r\n", 400),
        ("Refer-To: <sip:carol@example.com>, <sip:dave@example.com>\r\n", 400),
        ("Refer-To: what is this\r\n", 400),
        (long.as_str(), 400),
        ("Refer-To: <http://example.com>\r\n", 416),
        ("Refer-To: <mailto:carol@example.com>\r\n", 416),
        ("Refer-To: <sip:carol@example.com;method=BYE>\r\n", 403),
        ("Refer-To: <sip:carol@example.com;method=SUBSCRIBE>\r\n", 403),
        ("Refer-To: <sip:bob-page@bob.invalid;transport=ws>\r\n", 403),
        ("Refer-To: <sip:carol@example.com?Replaces=nothing>\r\n", 400),
        (
            "Refer-To: <sip:c@example.com?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc&Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>\r\n",
            400,
        ),
    ] {
        let mut net = talking();
        assert_eq!(refer(&mut net, 500, headers).status.code(), code, "{headers}");
        assert!(!is_asked(&net));
        assert_eq!(told(&net), []);
        assert_eq!(net.phone(BOB).phase(), Some(Phase::Established), "the call goes on");
    }
}

#[test]
fn none_refer_that_is_followed() {
    for headers in [
        "Refer-To: sip:carol@example.com\r\n",
        "r: <sip:carol@example.com;method=INVITE>\r\n",
        "Refer-To: <tel:+4930123>\r\n",
        "Refer-To: <sips:carol@example.com>\r\n",
        "Refer-To: <sip:carol@example.com>\r\nReferred-By: what is this\r\n",
        "Require: norefersub\r\nRefer-Sub: false\r\nRefer-To: <sip:carol@example.com>\r\n",
    ] {
        let mut net = talking();
        assert_eq!(refer(&mut net, 500, headers).status, Status::ACCEPTED, "{headers}");
        assert!(is_asked(&net));
    }
}

#[test]
fn asked_and_calling_refer() {
    let mut net = asked();
    let again = refer(&mut net, 500, "Refer-To: <sip:dave@example.com>\r\n");
    assert_eq!(again.status, Status::REQUEST_PENDING);
    let mut net = calling();
    let again = refer(&mut net, 500, "Refer-To: <sip:dave@example.com>\r\n");
    assert_eq!(again.status, Status::REQUEST_PENDING);
    for seq in 501..600 {
        refer(&mut net, seq, "Refer-To: <sip:dave@example.com>\r\n");
    }
    assert_eq!(net.exchange.requests(&Method::Notify).len(), 2, "a storm of them asks nothing");
    assert_eq!(net.phone(BOB).calls().len(), 2);
}

#[test]
fn asked_accept() {
    let net = calling();
    let calls: Vec<_> = net.phone(BOB).agent.calls().collect();
    assert_eq!(calls[0].phase, Phase::Established, "the old call goes on");
    assert!(!calls[0].transfer_asked);
    assert_eq!((calls[1].direction, calls[1].phase), (Direction::Outgoing, Phase::RingingThere));
    assert_eq!(net.phone(CAROL).phase(), Some(Phase::RingingHere));
    let invite = net.exchange.requests(&Method::Invite)[1];
    assert_eq!(invite.headers.get::<ReferredBy>().unwrap().to_string(), "\"ALICE\" <sip:alice@example.com>");
    assert!(!invite.headers.contains(HeaderName::Replaces));
}

#[test]
fn asked_reject() {
    let mut net = asked();
    reject(&mut net);
    net.settle();
    assert_eq!(told(&net), [(100, "active".into()), (603, "terminated noresource".into())]);
    assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Failed(Status::DECLINE)));
    assert!(!is_asked(&net));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    let call = net.phone(BOB).calls()[0];
    let again = net.on(BOB, "accepts it after all", |agent, now| agent.accept_transfer(call, now));
    assert_eq!(again, Err(VerbError::WrongPhase));
    let again = net.on(BOB, "rejects it again", |agent, now| agent.reject_transfer(call, now));
    assert_eq!(again, Err(VerbError::WrongPhase));
}

#[test]
fn asked_restored() {
    for over in [false, true] {
        let mut net = asked();
        let call = net.phone(BOB).calls()[0];
        if over {
            net.hang_up(ALICE);
            net.settle();
        }
        let wanted = "wants a call to <sip:carol@example.com>";
        let before = net.ladder().matches(wanted).count();
        net.replace_after(BOB, net.phone(BOB).inputs + 1);
        net.hint(BOB);
        net.settle();
        assert_eq!(net.ladder().matches(wanted).count(), before + 1, "who was asked is gone");
        net.on(BOB, "accepts the transfer", |agent, now| agent.accept_transfer(call, now)).unwrap();
        net.settle();
        assert_eq!(net.exchange.requests(&Method::Invite).len(), 2);
    }
}

#[test]
fn asked_the_ringing_time() {
    let mut net = asked();
    net.run(Duration::from_secs(59));
    assert!(is_asked(&net));
    net.run(Duration::from_secs(2));
    assert!(!is_asked(&net));
    assert_eq!(told(&net).last(), Some(&(408, "terminated noresource".into())));
    assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Failed(Status::REQUEST_TIMEOUT)));
}

#[test]
fn asked_bye() {
    let mut net = asked();
    let call = net.phone(BOB).calls()[0];
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::HungUpThere]);
    // Phones that hang up at once still mean it.
    let new = net.on(BOB, "accepts the transfer", |agent, now| agent.accept_transfer(call, now)).unwrap();
    net.settle();
    net.answer(CAROL);
    net.settle();
    assert_eq!(net.phone(BOB).calls(), [new]);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));

    let mut net = asked();
    let call = net.phone(BOB).calls()[0];
    net.hang_up(ALICE);
    net.run(Duration::from_secs(61));
    let late = net.on(BOB, "accepts it too late", |agent, now| agent.accept_transfer(call, now));
    assert_eq!(late, Err(VerbError::NoCall));
}

#[test]
fn calling_the_target_rings() {
    let net = calling();
    assert_eq!(told(&net), [(100, "active".into()), (180, "active".into())]);
    assert_eq!(net.phone(ALICE).transfers(), [Progress::Sent, Progress::Accepted, Progress::Trying, Progress::Ringing]);
}

#[test]
fn calling_the_target_answers() {
    let mut net = calling();
    net.answer(CAROL);
    net.settle();
    assert_eq!(told(&net).last(), Some(&(200, "terminated noresource".into())));
    assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Answered));
    assert_eq!(net.phone(ALICE).causes(), [Cause::Transferred]);
    assert_eq!(net.phone(BOB).causes(), [Cause::Transferred]);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established), "with Carol");
    assert_eq!(net.phone(CAROL).phase(), Some(Phase::Established));
}

#[test]
fn calling_the_target_refuses() {
    let mut net = calling();
    net.decline(CAROL);
    net.settle();
    assert_eq!(told(&net).last(), Some(&(603, "terminated noresource".into())));
    assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Failed(Status::DECLINE)));
    assert_eq!(net.phone(BOB).calls().len(), 1, "the old call goes on");

    for code in [302, 404, 486, 503] {
        let status = Status::new(code).unwrap();
        let mut net = asked();
        net.exchange.refuse(Method::Invite, status);
        accept(&mut net);
        net.settle();
        assert_eq!(told(&net).last(), Some(&(code, "terminated noresource".into())));
        assert_eq!(net.phone(ALICE).transfers().last(), Some(&Progress::Failed(status)));
    }
}

#[test]
fn calling_the_target_says_nothing() {
    let mut net = asked();
    for _ in 0..10 {
        net.exchange.lose(Method::Invite);
    }
    accept(&mut net);
    net.run(Duration::from_secs(35));
    assert_eq!(told(&net).last(), Some(&(408, "terminated noresource".into())));
}

#[test]
fn calling_it_is_given_up_here() {
    let mut net = calling();
    let new = net.phone(BOB).calls()[1];
    net.on(BOB, "gives it up", |agent, now| agent.hangup(new, now)).unwrap();
    net.settle();
    assert_eq!(told(&net).last(), Some(&(487, "terminated noresource".into())));
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
}

#[test]
fn calling_the_subscriptions_time() {
    let mut net = asked();
    net.phone_mut(BOB).holds = true;
    net.inject(BOB, &from_alice(&net, "SUBSCRIBE", 500, "Event: refer\r\nExpires: 5\r\n"));
    net.settle();
    accept(&mut net);
    net.run(Duration::from_secs(6));
    assert_eq!(told(&net).last(), Some(&(100, "terminated timeout".into())));
    let before = told(&net).len();
    net.answer_held(BOB);
    net.settle();
    assert_eq!(net.phone(CAROL).phase(), Some(Phase::RingingHere), "the new call goes on");
    assert_eq!(told(&net).len(), before, "and nobody is told");
}

#[test]
fn calling_and_over_after_an_answer_bye() {
    let mut net = calling();
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(net.phone(BOB).causes(), [Cause::Transferred]);
    // Who hung up does not know the dialog any more, and is told nothing further.
    net.answer(CAROL);
    net.settle();
    assert_eq!(told(&net).last(), Some(&(200, "terminated noresource".into())));
    assert_eq!(last_response(&net).status, Status::CALL_DOES_NOT_EXIST);
    assert_eq!(net.phone(BOB).phase(), Some(Phase::Established));
    let seqs: Vec<u32> =
        net.exchange.requests(&Method::Notify).iter().map(|notify| notify.headers.get::<CSeq>().unwrap().seq).collect();
    assert!(seqs.is_sorted());
}

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
fn only_harmless_headers_reach_the_invite() {
    let mut net = talking();
    let uri = "sip:carol@example.com;method=INVITE?Replaces=12%40x%3Bto-tag%3Da%3Bfrom-tag%3Db%3Bearly-only&Require=replaces\
               &Subject=Hello%20you&From=%3Csip%3Aking%40example.com%3E&Route=%3Csip%3Aevil.example%3Blr%3E\
               &Call-ID=1&Via=x&body=v%3D0&Contact=%3Csip%3Aevil%40example.com%3E&Authorization=Digest&X-A=1%0d%0aEvil%3A+1\
               &Content-Type=text%2Fplain&P-Asserted-Identity=%3Csip%3Aking%40example.com%3E";
    let headers = format!("Refer-To: <{uri}>\r\nReferred-By: <sip:alice@example.com>;cid=\"1@a\"\r\n");
    assert_eq!(refer(&mut net, 500, &headers).status, Status::ACCEPTED);
    accept(&mut net);
    net.settle();
    let invite = net.exchange.requests(&Method::Invite)[1];
    assert_eq!(invite.uri.to_string(), "sip:carol@example.com");
    let replaces = invite.headers.get::<Replaces>().unwrap();
    assert_eq!(replaces.to_string(), "12@x;to-tag=a;from-tag=b;early-only");
    let raw = |name: &str| -> Vec<String> {
        let name = name.parse().unwrap();
        invite.headers.raw(&name).map(ToOwned::to_owned).collect()
    };
    assert_eq!(raw("Require"), ["replaces"]);
    assert_eq!(raw("Subject"), ["Hello you"]);
    assert_eq!(raw("Referred-By"), ["<sip:alice@example.com>"]);
    for name in ["Route", "Authorization", "X-A", "Evil", "P-Asserted-Identity"] {
        assert_eq!(raw(name), [""; 0], "{name}");
    }
    assert!(raw("From")[0].contains("bob@example.com"));
    assert_eq!(raw("Contact").len(), 1);
    assert!(!String::from_utf8_lossy(&invite.to_bytes()).contains("evil"));
}

#[test]
fn who_does_not_take_transfers_refuses_them() {
    let mut net = super::network::Network::new(super::network::Wire::default(), &["alice", "bob", "carol"]);
    net.phone_mut(BOB).configure(|config| config.transfers = false);
    for phone in [ALICE, BOB, CAROL] {
        net.start(phone);
    }
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.settle();
    transfer(&mut net, ALICE, "carol");
    net.settle();
    let response = last_response(&net);
    assert_eq!(response.status, Status::METHOD_NOT_ALLOWED);
    assert!(!response.headers.raw(&HeaderName::Allow).any(|allow| allow.contains("REFER")));
    assert_eq!(net.phone(ALICE).transfers(), [Progress::Sent, Progress::Failed(Status::METHOD_NOT_ALLOWED)]);
}

#[test]
fn nobody_outside_of_a_call_may_have_us_call() {
    let mut net = talking();
    let refer = "REFER sip:bob-page@bob.invalid SIP/2.0\r\nVia: SIP/2.0/WSS alice.invalid;branch=z9hG4bK-1\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\n\
                 CSeq: 1 REFER\r\nContact: <sip:a@alice.invalid>\r\nRefer-To: <sip:carol@example.com>\r\n\
                 Content-Length: 0\r\n\r\n";
    net.inject(BOB, refer.as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::FORBIDDEN);
    net.inject(BOB, refer.replace("REFER", "SUBSCRIBE").replace("z9hG4bK-1", "z9hG4bK-2").as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::BAD_EVENT);
    net.inject(
        BOB,
        refer
            .replace("REFER", "NOTIFY")
            .replace("z9hG4bK-1", "z9hG4bK-3")
            .replace("Refer-To: <sip:carol@example.com>", "Event: refer\r\nSubscription-State: active")
            .as_bytes(),
    );
    net.settle();
    assert_eq!(last_response(&net).status, Status::CALL_DOES_NOT_EXIST);
}

#[test]
fn a_call_that_is_not_answered_is_not_passed_on() {
    let mut net = super::transfer::three();
    net.dial(ALICE, "bob");
    net.settle();
    let ringing = last_response(&net);
    let (from, to) = (ringing.headers.raw(&HeaderName::From).next(), ringing.headers.raw(&HeaderName::To).next());
    let call_id = ringing.headers.raw(&HeaderName::CallId).next();
    let refer = format!(
        "REFER sip:bob-page@bob.invalid SIP/2.0\r\nVia: SIP/2.0/WSS alice.invalid;branch=z9hG4bK-1\r\nMax-Forwards: 70\r\n\
         From: {}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 500 REFER\r\nRefer-To: <sip:carol@example.com>\r\n\
         Content-Length: 0\r\n\r\n",
        from.unwrap(),
        to.unwrap(),
        call_id.unwrap(),
    );
    net.inject(BOB, refer.as_bytes());
    net.settle();
    assert_eq!(last_response(&net).status, Status::FORBIDDEN);
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

#[test]
fn all_is_forgotten_at_the_end() {
    for accepted in [true, false] {
        let mut net = asked();
        let call = net.phone(BOB).calls()[0];
        net.hang_up(ALICE);
        net.settle();
        net.on(BOB, "decides", |agent, now| {
            if accepted { agent.accept_transfer(call, now).map(drop) } else { agent.reject_transfer(call, now) }
        })
        .unwrap();
        net.run(Duration::from_secs(300));
        assert_eq!(net.phone(BOB).calls(), [], "Carol did not answer");
        let snapshot = net.phone(BOB).agent.snapshot(net.now).unwrap();
        let snapshot = serde_json::to_value(&snapshot).unwrap();
        assert_eq!(snapshot["sessions"].as_array().map(Vec::len), Some(0));
    }
}
