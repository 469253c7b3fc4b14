//! Who calls: a test for each row of what is shown, and how a call of ours shows us.

use super::peer::{begin, called, calls, dialling, goes_on, response};
use super::{ALICE, BOB, Net, net, ready};
use sip::agent::{Agent, Call, CallOptions, DiversionReason, Diverted, Event, Input, Output};
use sip::header::{From, PPreferredIdentity, Privacy};
use sip::message::{HeaderName, Method};

fn call(net: &Net) -> Call {
    net.phone(ALICE).agent.calls().next().expect("it rings")
}

fn shown(lines: &str) -> Call {
    call(&called(lines, "offer"))
}

/// As [`shown`], to a phone that does not trust its network.
fn shown_to_wary(lines: &str) -> Call {
    let mut net = net();
    net.phone_mut(ALICE).configure(|config| config.trusts_identity = false);
    super::peer::begin(&mut net);
    super::peer::calls(&mut net, lines, "offer");
    call(&net)
}

fn diversions(lines: &str) -> Vec<(String, DiversionReason)> {
    let text = |diverted: &Diverted| diverted.by.as_ref().map_or_else(|| "nobody".into(), |by| by.uri.to_string());
    shown(lines).identity.diverted_by.iter().map(|diverted| (text(diverted), diverted.reason)).collect()
}

const ASSERTED: &str = "P-Asserted-Identity: <sip:+49301234@example.com>\r\n";
const HIDDEN: (&str, &str) = ("Anonymous", "sip:anonymous@anonymous.invalid");

fn is_hidden(call: &Call) -> bool {
    let shown = (call.remote.display().unwrap_or_default(), &*call.remote.uri.to_string());
    call.identity.anonymous && !call.identity.asserted && shown == HIDDEN
}

#[test]
fn i1_who_they_say_they_are() {
    let call = shown("");
    assert_eq!(call.remote.to_string(), "\"Carol\" <sip:carol@example.com>");
    assert!(!call.identity.asserted && !call.identity.anonymous);
}

#[test]
fn i2_whom_the_network_vouches_for() {
    let call = shown(ASSERTED);
    assert_eq!(call.remote.to_string(), "<sip:+49301234@example.com>");
    assert!(call.identity.asserted);
    let call = shown("P-Asserted-Identity: <sip:carol@example.com>, <tel:+431>\r\n");
    assert_eq!(call.remote.to_string(), "\"Carol\" <sip:carol@example.com>");
}

#[test]
fn i3_who_is_not_trusted_is_not_believed() {
    let lines = format!(
        "{ASSERTED}Remote-Party-ID: <sip:boss@example.com>;party=calling\r\n\
         Diversion: <sip:dave@example.com>;reason=user-busy\r\n"
    );
    let call = shown_to_wary(&lines);
    assert_eq!(call.remote.to_string(), "\"Carol\" <sip:carol@example.com>");
    assert!(!call.identity.asserted && call.identity.diverted_by.is_empty());
    assert_eq!(shown_to_wary("Call-Info: <sip:x>;answer-after=0\r\n").auto_answer, None);
}

#[test]
fn i4_remote_party_id() {
    let call = shown("Remote-Party-ID: \"Carol C\" <sip:77@example.com>;party=calling;screen=yes;privacy=off\r\n");
    assert_eq!(call.remote.to_string(), "\"Carol C\" <sip:77@example.com>");
    assert!(call.identity.asserted);
    let call = shown("Remote-Party-ID: <sip:77@example.com>;party=calling;screen=no\r\n");
    assert!(!call.identity.asserted && call.remote.uri.to_string() == "sip:77@example.com");
    let call = shown("Remote-Party-ID: <sip:alice@example.com>;party=called\r\n");
    assert_eq!(call.remote.uri.to_string(), "sip:carol@example.com", "that is us");
    let call = shown(&format!("{ASSERTED}Remote-Party-ID: <sip:77@example.com>;party=calling;screen=yes\r\n"));
    assert_eq!(call.remote.uri.to_string(), "sip:+49301234@example.com", "the newer one comes first");
}

#[test]
fn i5_who_wants_to_be_hidden_is() {
    for privacy in ["id", "user", "critical;ID", "id;header"] {
        assert!(is_hidden(&shown(&format!("{ASSERTED}Privacy: {privacy}\r\n"))), "{privacy}");
        assert!(is_hidden(&shown_to_wary(&format!("Privacy: {privacy}\r\n"))), "{privacy}");
    }
    assert!(!shown("Privacy: none\r\n").identity.anonymous);
}

#[test]
fn i6_a_remote_party_id_that_is_private() {
    assert!(is_hidden(&shown("Remote-Party-ID: <sip:77@example.com>;party=calling;privacy=full\r\n")));
}

/// An INVITE of nobody.
fn from_nobody(from: &str, lines: &str) -> Call {
    let mut net = ready();
    let text = format!(
        "INVITE sip:alice-page@alice.invalid SIP/2.0\r\nVia: SIP/2.0/WSS c.invalid;branch=z9hG4bKn\r\n\
         From: {from};tag=n\r\nTo: <sip:alice@example.com>\r\nCall-ID: n\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:x@c.invalid>\r\n{lines}\r\noffer"
    );
    net.inject(ALICE, text.as_bytes());
    call(&net)
}

#[test]
fn i7_nobody() {
    for from in ["<sip:anonymous@anonymous.invalid>", "\"?\" <sip:Anonymous@example.com>", "<sip:x@ANONYMOUS.invalid>"]
    {
        assert!(is_hidden(&from_nobody(from, "")), "{from}");
    }
}

#[test]
fn i8_nobody_whom_the_network_knows() {
    let call = from_nobody("<sip:anonymous@anonymous.invalid>", ASSERTED);
    assert_eq!(call.remote.uri.to_string(), "sip:+49301234@example.com");
    assert!(call.identity.asserted && !call.identity.anonymous);
}

#[test]
fn i9_diversion() {
    use DiversionReason::{Busy, Deflected, NoAnswer, Unavailable, Unconditional, Unknown};
    let lines = "Diversion: \"Dave\" <sip:dave@example.com>;reason=\"user-busy\";counter=1\r\n\
                 Diversion: <tel:+431>;reason=NO-ANSWER, <sip:erin@example.com>;privacy=full;reason=unconditional\r\n";
    let expected = [("sip:dave@example.com", Busy), ("tel:+431", NoAnswer), ("nobody", Unconditional)];
    assert_eq!(diversions(lines), expected.map(|(by, reason)| (by.to_owned(), reason)));
    for (word, reason) in [("unavailable", Unavailable), ("deflection", Deflected), ("time-of-day", Unknown)] {
        assert_eq!(diversions(&format!("Diversion: <sip:d@e.f>;reason={word}\r\n"))[0].1, reason);
    }
}

#[test]
fn i10_history_info() {
    use DiversionReason::{Busy, NoAnswer, Unconditional};
    let reason_in_uri = "History-Info: <sip:dave@example.com?Reason=SIP%3Bcause%3D486>;index=1\r\n\
                         History-Info: <sip:alice@example.com>;index=1.1;mp=1\r\n";
    assert_eq!(diversions(reason_in_uri), [("sip:dave@example.com".to_owned(), Busy)]);
    let cause_in_uri = "History-Info: <sip:dave@example.com>;index=1, <sip:erin@example.com;cause=302>;index=1.1;mp=1,\
                        <sip:alice@example.com;cause=408>;index=1.2;mp=1.1\r\n";
    let expected = [("sip:erin@example.com", NoAnswer), ("sip:dave@example.com", Unconditional)];
    let found = diversions(cause_in_uri);
    assert_eq!(found.iter().map(|(by, _)| by.split(';').next().unwrap()).collect::<Vec<_>>(), expected.map(|e| e.0));
    assert_eq!(found.iter().map(|found| found.1).collect::<Vec<_>>(), expected.map(|e| e.1));
    let registered = "History-Info: <sip:alice@example.com>;index=1, <sip:alice-page@alice.invalid>;index=1.1;rc=1\r\n";
    assert!(diversions(registered).is_empty(), "a contact of the same user is no diversion");
    let private = "History-Info: <sip:dave@example.com?Reason=SIP%3Bcause%3D486&Privacy=history>;index=1\r\n";
    assert_eq!(diversions(private), [("nobody".to_owned(), Busy)]);
}

#[test]
fn what_is_kept_has_bounds() {
    let many: String = (0..50).map(|n| format!("Diversion: <sip:{n}@example.com>\r\n")).collect();
    assert_eq!(diversions(&many).len(), 8);
    let long = format!("Diversion: <sip:{}@example.com>\r\n", "d".repeat(1000));
    assert_eq!(diversions(&long), [("nobody".to_owned(), DiversionReason::Unknown)]);
    for garbage in
        ["Diversion: <<>\r\n", "Privacy: \"\r\n", "P-Asserted-Identity: nobody at all\r\n", "History-Info: ;;\r\n"]
    {
        assert_eq!(shown(garbage).remote.uri.to_string(), "sip:carol@example.com", "{garbage}");
    }
}

/// Alice calls Carol with these options.
fn dialled_as(options: CallOptions) -> sip::message::Request {
    let mut net = net();
    super::peer::begin(&mut net);
    let now = net.now;
    let agent: &mut Agent = &mut net.phone_mut(ALICE).agent;
    agent.call_as("sip:carol@example.com".parse().unwrap(), options, now).unwrap();
    net.answer_questions(ALICE);
    net.settle();
    net.exchange.requests(&Method::Invite)[0].clone()
}

#[test]
fn who_calls_may_hide() {
    let invite = dialled_as(CallOptions { anonymous: true, ..CallOptions::default() });
    let From(from) = invite.headers.get().unwrap();
    assert_eq!((from.display(), &*from.uri.to_string()), (Some(HIDDEN.0), HIDDEN.1));
    assert!(from.tag().is_some());
    assert!(invite.headers.get::<Privacy>().unwrap().has("id"));
    assert!(!String::from_utf8(invite.to_bytes()).unwrap().contains("alice@example.com"), "not anywhere");
}

#[test]
fn who_calls_may_choose_an_address() {
    let preferred = "\"Sales\" <sip:sales@example.com>".parse().unwrap();
    let invite = dialled_as(CallOptions { preferred: Some(preferred), ..CallOptions::default() });
    let PPreferredIdentity(preferred) = invite.headers.get().unwrap();
    assert_eq!(preferred.to_string(), "\"Sales\" <sip:sales@example.com>");
    assert_eq!(invite.headers.get::<From>().unwrap().0.uri.to_string(), "sip:alice@example.com");
    assert!(!invite.headers.contains(HeaderName::Privacy));
}

#[test]
fn a_call_of_ours_says_nothing_of_its_caller() {
    let net = dialling();
    assert_eq!(call(&net).identity, sip::agent::Identity::default());
}

#[test]
fn who_was_busy_knows_who_called() {
    let mut net = super::established();
    let now = net.now;
    let invite = format!(
        "INVITE sip:bob-page@bob.invalid SIP/2.0\r\nVia: SIP/2.0/WSS c.invalid;branch=z9hG4bKn\r\n\
         From: <sip:c@example.com>;tag=n\r\nTo: <sip:bob@example.com>\r\nCall-ID: n\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:x@c.invalid>\r\n{ASSERTED}\r\noffer"
    );
    let agent = &mut net.phone_mut(BOB).agent;
    agent.handle(Input::Received(invite.as_bytes()), now);
    let ended = std::iter::from_fn(|| agent.poll())
        .find_map(|output| if let Output::Event(Event::Ended { last, .. }) = output { Some(last) } else { None });
    assert!(ended.unwrap().identity.asserted);
}

const RECEPTION: &str = "P-Asserted-Identity: \"Reception\" <sip:+4930@example.com>\r\n";

#[test]
fn i11_whom_the_network_says_that_answered() {
    let mut net = dialling();
    let answer = response(&net, 200, "desk", RECEPTION.trim_end(), "voice");
    net.say(ALICE, answer.to_bytes());
    net.settle();
    assert_eq!(call(&net).remote.to_string(), "\"Reception\" <sip:+4930@example.com>");
    assert!(call(&net).identity.asserted);
}

#[test]
fn i11_who_it_was_passed_on_to() {
    for (trusts, lines, expected) in [
        (true, RECEPTION.to_owned(), "\"Reception\" <sip:+4930@example.com>"),
        (true, format!("{RECEPTION}Privacy: id\r\n"), "\"Carol\" <sip:carol@example.com>"),
        (true, "Remote-Party-ID: <sip:dave@example.com>;party=calling;screen=yes\r\n".into(), "<sip:dave@example.com>"),
        (false, RECEPTION.to_owned(), "\"Carol\" <sip:carol@example.com>"),
    ] {
        let mut net = net();
        net.phone_mut(ALICE).configure(|config| config.trusts_identity = trusts);
        begin(&mut net);
        calls(&mut net, "", "offer");
        net.answer(ALICE);
        net.settle();
        goes_on(&mut net, Method::Ack, 1, "", "");
        goes_on(&mut net, Method::Update, 2, &lines, "");
        assert_eq!(call(&net).remote.to_string(), expected);
        goes_on(&mut net, Method::Invite, 3, "P-Asserted-Identity: <sip:erin@example.com>\r\n", "offer");
        assert_eq!(call(&net).remote.to_string() == "<sip:erin@example.com>", trusts);
    }
}
