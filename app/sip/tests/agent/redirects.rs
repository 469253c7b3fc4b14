//! Calls that are sent elsewhere (RFC 3261 8.1.3.4): a test for each row.

use super::flows::check_played as check;
use super::peer::{begin, response, says};
use super::{ALICE, Net};
use sip::agent::{Cause, Phase};
use sip::header::{CSeq, CallId, From, To, Via};
use sip::message::{HeaderName, Method, Request};

/// Alice, who goes where she is sent, called Carol.
fn dialled(net: &mut Net) {
    net.phone_mut(ALICE).configure(|config| config.redirects = true);
    begin(net);
    net.dial(ALICE, "carol");
    net.settle();
}

fn dialling() -> Net {
    let mut net = super::net();
    dialled(&mut net);
    net
}

/// The last INVITE is answered with a redirection to these.
fn redirect(net: &mut Net, code: u16, contacts: &[&str]) {
    let mut response = response(net, code, "proxy", "", "");
    response.headers.remove(HeaderName::Contact);
    for contact in contacts {
        response.headers.push_raw("Contact", contact).unwrap();
    }
    net.say(ALICE, response.to_bytes());
    net.settle();
}

fn targets(net: &Net) -> Vec<String> {
    net.exchange.requests(&Method::Invite).iter().map(|invite| invite.uri.to_string()).collect()
}

fn last(net: &Net) -> Request {
    net.exchange.requests(&Method::Invite).last().copied().unwrap().clone()
}

/// The addresses that Alice learned at the end.
fn learned(net: &Net) -> Vec<String> {
    match &net.phone(ALICE).causes()[..] {
        [Cause::Redirected(addresses)] => addresses.iter().map(|address| address.uri.to_string()).collect(),
        causes => panic!("{causes:?}"),
    }
}

#[test]
fn rd1_the_best_target_is_called() {
    for code in [300, 301, 302] {
        let mut net = dialling();
        let first = last(&net);
        redirect(&mut net, code, &["<sip:low@carol.invalid>;q=0.1", "<sip:high@carol.invalid>;q=0.9"]);
        let second = last(&net);
        assert_eq!(second.uri.to_string(), "sip:high@carol.invalid");
        assert_eq!(second.headers.get::<CSeq>().unwrap().seq, first.headers.get::<CSeq>().unwrap().seq + 1);
        assert_eq!(second.headers.get::<CallId>(), first.headers.get::<CallId>());
        assert_eq!(second.headers.get::<From>(), first.headers.get::<From>());
        assert_eq!(second.headers.get::<To>(), first.headers.get::<To>());
        assert_ne!(second.headers.get::<Via>(), first.headers.get::<Via>());
        assert_eq!(second.body, first.body);
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::Calling));
        says(&mut net, 200, "desk", "voice");
        assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    }
}

#[test]
fn rd2_a_target_that_refuses_is_followed_by_the_next() {
    for code in [404, 480, 486, 503] {
        let mut net = dialling();
        redirect(&mut net, 302, &["<sip:one@carol.invalid>;q=0.9", "<sip:two@carol.invalid>;q=0.8"]);
        says(&mut net, code, "one", "");
        assert_eq!(targets(&net)[1..], ["sip:one@carol.invalid", "sip:two@carol.invalid"]);
        says(&mut net, 404, "two", "");
        assert_eq!(net.phone(ALICE).causes(), [Cause::NotFound], "the last one has the last word");
    }
}

#[test]
fn rd2_one_redirection_leads_to_another() {
    let mut net = dialling();
    redirect(&mut net, 302, &["<sip:one@carol.invalid>", "<sip:two@carol.invalid>;q=0.5"]);
    redirect(&mut net, 302, &["<sip:three@carol.invalid>"]);
    says(&mut net, 486, "three", "");
    let uris = ["sip:one@carol.invalid", "sip:three@carol.invalid", "sip:two@carol.invalid"];
    assert_eq!(targets(&net)[1..], uris);
}

#[test]
fn rd3_who_is_refused_everywhere_tries_no_further() {
    let mut net = dialling();
    redirect(&mut net, 302, &["<sip:one@carol.invalid>", "<sip:two@carol.invalid>"]);
    says(&mut net, 603, "one", "");
    assert_eq!(targets(&net).len(), 2);
    assert_eq!(net.phone(ALICE).causes(), [Cause::DeclinedThere]);
}

#[test]
fn rd4_an_answer_ends_the_search() {
    let mut net = dialling();
    redirect(&mut net, 302, &["<sip:one@carol.invalid>", "<sip:two@carol.invalid>"]);
    says(&mut net, 200, "one", "voice");
    net.hang_up(ALICE);
    net.settle();
    assert_eq!(targets(&net).len(), 2);
    assert_eq!(net.phone(ALICE).causes(), [Cause::HungUpHere]);
}

#[test]
fn rd5_a_redirection_to_nowhere() {
    let mut net = dialling();
    redirect(&mut net, 302, &[]);
    assert_eq!(learned(&net), Vec::<String>::new());
    for code in [305, 380] {
        let mut net = dialling();
        redirect(&mut net, code, &["<sip:proxy@carol.invalid>"]);
        assert_eq!(learned(&net), ["sip:proxy@carol.invalid"], "{code}");
        assert_eq!(targets(&net).len(), 1);
    }
}

#[test]
fn rd6_who_does_not_follow_learns_where_it_leads() {
    let mut net = super::peer::dialling();
    redirect(&mut net, 302, &["\"Desk\" <sip:one@carol.invalid>;q=0.1", "<tel:+431234>"]);
    assert_eq!(learned(&net), ["tel:+431234", "sip:one@carol.invalid"]);
    assert_eq!(targets(&net).len(), 1);
    let mut net = super::peer::dialling();
    let many: Vec<String> = (0..40).map(|number| format!("<sip:{number}@carol.invalid>")).collect();
    redirect(&mut net, 302, &many.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(learned(&net).len(), 5);
}

#[test]
fn rd7_five_are_enough() {
    let mut net = dialling();
    for number in 0..10 {
        if net.phone(ALICE).phase().is_some() {
            redirect(&mut net, 302, &[&format!("<sip:{number}@carol.invalid>")]);
        }
    }
    assert_eq!(targets(&net).len(), 5);
    assert_eq!(learned(&net), ["sip:4@carol.invalid"]);
}

#[test]
fn rd8_nobody_is_called_twice() {
    let mut net = dialling();
    redirect(&mut net, 302, &["<sip:one@carol.invalid>"]);
    redirect(&mut net, 302, &["<sip:carol@example.com>", "<sip:one@CAROL.invalid>"]);
    assert_eq!(targets(&net).len(), 2);
    assert_eq!(learned(&net).len(), 2);
}

#[test]
fn rd9_only_phones_are_called() {
    let mut net = dialling();
    let contacts =
        ["<mailto:carol@example.com>", "<https://example.com>", "<sip:one@carol.invalid;method=BYE?Replaces=x>"];
    redirect(&mut net, 302, &contacts);
    assert_eq!(targets(&net)[1..], ["sip:one@carol.invalid"], "and nothing is done that the address asks for");
    assert!(!last(&net).headers.contains(HeaderName::Replaces));
}

#[test]
fn what_was_signed_for_one_is_not_for_the_next() {
    let mut net = dialling();
    net.phone_mut(ALICE).password = Some("secret".into());
    let challenge = "Proxy-Authenticate: Digest realm=\"example.com\", nonce=\"n\"";
    for contact in ["<sip:one@carol.invalid>", "<sip:two@carol.invalid>"] {
        let response = response(&net, 407, "proxy", challenge, "");
        net.say(ALICE, response.to_bytes());
        net.settle();
        assert!(last(&net).headers.contains(HeaderName::ProxyAuthorization));
        redirect(&mut net, 302, &[contact]);
        assert!(!last(&net).headers.contains(HeaderName::ProxyAuthorization));
    }
    let seqs: Vec<u32> =
        net.exchange.requests(&Method::Invite).iter().map(|invite| invite.headers.get::<CSeq>().unwrap().seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
}

#[test]
fn a_hook_sees_a_call_once() {
    let mut net = dialling();
    redirect(&mut net, 302, &["<sip:one@carol.invalid>"]);
    let (first, second) = (net.exchange.requests(&Method::Invite)[0].clone(), last(&net));
    assert_eq!(first.headers.iter().count(), second.headers.iter().count());
}

#[test]
fn a_call_that_was_withdrawn_goes_nowhere() {
    let mut net = dialling();
    says(&mut net, 180, "desk", "");
    net.hang_up(ALICE);
    net.settle();
    redirect(&mut net, 302, &["<sip:one@carol.invalid>"]);
    assert_eq!(targets(&net).len(), 1);
    assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledHere]);
}

#[test]
fn redirected() {
    check("redirected", |net| {
        dialled(net);
        redirect(net, 302, &["<sip:one@carol.invalid>;q=0.9", "<sip:two@carol.invalid>;q=0.8"]);
        says(net, 180, "one", "");
        says(net, 486, "one", "");
        says(net, 180, "two", "");
        says(net, 200, "two", "voice");
        net.hang_up(ALICE);
        net.settle();
        super::peer::replies(net, &Method::Bye, 200);
    });
}
