//! What a phone sees of the registrar (RFC 3261 10.3).

use crate::bench::Bench;
use crate::messages::{again, contact, register, request, signed};
use sip::digest::{self, Algorithm};
use sip::header::{Contact, Expires, MinExpires, Require};
use sip::message::{HeaderName, Request, Response};
use sip::registrar::Flow;

/// The contacts of a 200, each as `user-phone:expires`.
fn contacts(response: &Response) -> Vec<String> {
    assert_eq!(response.status.code(), 200, "{}", response.reason());
    let all = response.headers.all::<Contact>().unwrap();
    let one = |contact: &Contact| {
        let uri = contact.address().unwrap().uri.as_sip().unwrap().user_unescaped().unwrap();
        format!("{uri}:{}", contact.expires().unwrap())
    };
    all.iter().map(one).collect()
}

fn ask(bench: &mut Bench, flow: Flow, request: &Request) -> Response {
    bench.send(flow, request.clone());
    bench.response(flow)
}

/// A REGISTER without Contact.
fn query(user: &str) -> Request {
    let own = format!("<sip:{user}@tabphone>");
    request("REGISTER sip:tabphone", &format!("{own};tag=q"), &own, "query", &[])
}

#[test]
fn registers_refreshes_expires() {
    for mut bench in [Bench::new(), Bench::restoring()] {
        let flow = bench.open("1001");
        assert_eq!(contacts(&ask(&mut bench, flow, &register("1001", "a", 1, 120))), ["1001-a:120"]);
        assert_eq!(bench.bound, [("1001".into(), 1, 1)]);
        bench.pass(100_000);
        assert_eq!(contacts(&ask(&mut bench, flow, &query("1001"))), ["1001-a:20"]);
        assert_eq!(contacts(&ask(&mut bench, flow, &register("1001", "a", 2, 120))), ["1001-a:120"]);
        bench.pass(119_999);
        assert_eq!(bench.registrar.bindings("1001").len(), 1);
        bench.pass(1);
        assert_eq!(bench.registrar.bindings("1001").len(), 0);
        assert_eq!(bench.bound.last(), Some(&("1001".into(), 0, 0)));
        assert_eq!(bench.bound.len(), 2, "a refresh is no news");
    }
}

#[test]
fn the_answer_shows_the_phone_its_own_parameters() {
    let mut bench = Bench::new();
    let flow = bench.open("1001");
    let response = ask(&mut bench, flow, &register("1001", "a", 1, 120));
    let shown = response.headers.get::<Contact>().unwrap().to_string();
    assert!(shown.starts_with(contact("1001", "a").trim_start_matches("Contact: ")), "{shown}");
}

#[test]
fn unregisters_one_phone_or_all() {
    let mut bench = Bench::new();
    let (one, two) = (bench.open("1001"), bench.open("1001"));
    ask(&mut bench, one, &register("1001", "a", 1, 120));
    assert_eq!(contacts(&ask(&mut bench, two, &register("1001", "b", 1, 300))), ["1001-a:120", "1001-b:300"]);
    assert_eq!(contacts(&ask(&mut bench, one, &register("1001", "a", 2, 0))), ["1001-b:300"]);
    let own = "<sip:1001@tabphone>";
    let all = request("REGISTER sip:tabphone", "<sip:1001@tabphone>;tag=s", own, "star", &["Contact: *", "Expires: 0"]);
    assert_eq!(contacts(&ask(&mut bench, two, &all)), [""; 0]);
    let bad =
        request("REGISTER sip:tabphone", "<sip:1001@tabphone>;tag=s2", own, "star", &["Contact: *", "Expires: 60"]);
    assert_eq!(ask(&mut bench, two, &bad).status.code(), 400);
}

#[test]
fn the_server_unbinds_one_phone() {
    let mut bench = Bench::new();
    let (one, two) = (bench.open("1001"), bench.open("1001"));
    ask(&mut bench, one, &register("1001", "a", 1, 120));
    ask(&mut bench, two, &register("1001", "b", 1, 120));
    bench.registrar.unbind("1001", "urn:uuid:a");
    assert_eq!(contacts(&ask(&mut bench, two, &query("1001"))), ["1001-b:120"]);
}

#[test]
fn a_phone_that_comes_back_takes_its_binding_over() {
    for mut bench in [Bench::new(), Bench::restoring()] {
        let flow = bench.open("1001");
        ask(&mut bench, flow, &register("1001", "a", 1, 600));
        bench.close(flow);
        assert_eq!(bench.bound.last(), Some(&("1001".into(), 1, 0)));
        bench.pass(31_999);
        let back = bench.open("1001");
        assert_eq!(contacts(&ask(&mut bench, back, &register("1001", "a", 2, 600))), ["1001-a:600"]);
        assert_eq!(bench.registrar.bindings("1001").first().and_then(|binding| binding.flow()), Some(back));
        bench.close(back);
        bench.pass(32_000);
        assert_eq!(bench.bound.last(), Some(&("1001".into(), 0, 0)), "one that stays away is forgotten");
    }
}

#[test]
fn a_phone_that_moves_before_its_old_connection_is_seen_to_be_dead_keeps_the_new_one() {
    let mut bench = Bench::new();
    let old = bench.open("1001");
    ask(&mut bench, old, &register("1001", "a", 1, 600));
    let new = bench.open("1001");
    // The very same request, as its response was lost with the connection.
    ask(&mut bench, new, &register("1001", "a", 1, 600));
    bench.close(old);
    assert_eq!(bench.registrar.bindings("1001").first().and_then(|binding| binding.flow()), Some(new));
}

#[test]
fn an_old_request_changes_nothing() {
    let mut bench = Bench::new();
    let flow = bench.open("1001");
    ask(&mut bench, flow, &register("1001", "a", 5, 600));
    assert_eq!(ask(&mut bench, flow, &register("1001", "a", 4, 0)).status.code(), 500);
    assert_eq!(contacts(&ask(&mut bench, flow, &query("1001"))), ["1001-a:600"]);
}

#[test]
fn times_are_kept_within_limits() {
    let mut bench = Bench::new();
    let flow = bench.open("1001");
    let brief = ask(&mut bench, flow, &register("1001", "a", 1, 59));
    assert_eq!((brief.status.code(), brief.headers.get::<MinExpires>().unwrap()), (423, MinExpires(60)));
    assert_eq!(contacts(&ask(&mut bench, flow, &register("1001", "a", 2, 100_000))), ["1001-a:3600"]);
}

#[test]
fn nobody_registers_somebody_else() {
    let mut bench = Bench::new();
    let flow = bench.open("1001");
    assert_eq!(ask(&mut bench, flow, &register("1002", "a", 1, 600)).status.code(), 403);
    let third = request("REGISTER sip:tabphone", "<sip:1001@tabphone>;tag=1", "<sip:1002@tabphone>", "x", &[]);
    assert_eq!(ask(&mut bench, flow, &third).status.code(), 403);
    let foreign =
        request("REGISTER sip:elsewhere.example", "<sip:1001@tabphone>;tag=1", "<sip:1001@tabphone>", "y", &[]);
    assert_eq!(ask(&mut bench, flow, &foreign).status.code(), 404);
}

#[test]
fn the_domain_has_many_names() {
    let mut bench = Bench::new();
    let flow = bench.open("1001");
    for host in ["tabphone", "TabPhone", "alias.example", "localhost", "127.0.0.1:8080", "[::1]", "phone.example.com"] {
        let own = format!("<sip:1001@{host}>");
        let request = request(&format!("REGISTER sip:{host}"), &format!("{own};tag=1"), &own, "names", &[]);
        assert_eq!(ask(&mut bench, flow, &request).status.code(), 200, "{host}");
    }
}

#[test]
fn ten_phones_are_enough() {
    let mut bench = Bench::new();
    let first = bench.open("1001");
    ask(&mut bench, first, &register("1001", "p0", 1, 600));
    let flow = bench.open("1001");
    for number in 1..10 {
        ask(&mut bench, flow, &register("1001", &format!("p{number}"), 1, 600));
    }
    assert_eq!(ask(&mut bench, flow, &register("1001", "p10", 1, 600)).status.code(), 403);
    bench.close(first);
    assert_eq!(
        contacts(&ask(&mut bench, flow, &register("1001", "p10", 2, 600))).len(),
        10,
        "one that is away gives way"
    );
}

#[test]
fn unknown_extensions_are_named() {
    let mut bench = Bench::new();
    let flow = bench.open("1001");
    let own = "<sip:1001@tabphone>";
    let request = request("REGISTER sip:tabphone", "<sip:1001@tabphone>;tag=1", own, "x", &["Require: foo, bar"]);
    let response = ask(&mut bench, flow, &request);
    assert_eq!(response.status.code(), 420);
    assert_eq!(response.headers.iter().find(|(name, _)| *name == "Unsupported").map(|(_, v)| v), Some("foo, bar"));
}

#[test]
fn digest_with_either_algorithm() {
    for algorithm in [Algorithm::Sha256, Algorithm::Md5] {
        let mut bench = Bench::new();
        let flow = bench.open_digest();
        let first = register("1002", "a", 1, 600);
        let challenge = ask(&mut bench, flow, &first);
        assert_eq!(challenge.status.code(), 401);
        let offered: Vec<_> = digest::offered(&challenge).iter().map(|c| c.algorithm()).collect();
        assert_eq!(offered, [Algorithm::Sha256, Algorithm::Md5], "in this order");
        let second = signed(&first, &challenge, algorithm.clone(), "1002", "secret of two");
        assert_eq!(contacts(&ask(&mut bench, flow, &second)), ["1002-a:600"]);
        assert_eq!(bench.rejected, 0);
    }
}

#[test]
fn a_signature_from_before_a_restart_is_asked_for_again() {
    let mut bench = Bench::restoring();
    let flow = bench.open_digest();
    let first = register("1002", "a", 1, 600);
    let challenge = ask(&mut bench, flow, &first);
    let second = signed(&first, &challenge, Algorithm::Md5, "1002", "secret of two");
    let stale = ask(&mut bench, flow, &second);
    assert_eq!(stale.status.code(), 401);
    assert!(digest::offered(&stale).iter().all(|challenge| challenge.stale), "the phone signs again by itself");
    assert_eq!(bench.rejected, 0, "that was no guess");
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let mut bench = Bench::new();
    let flow = bench.open_digest();
    let refused = |bench: &mut Bench, user: &str, password: &str| {
        let first = register(user, "a", 1, 600);
        let challenge = ask(bench, flow, &first);
        let response = ask(bench, flow, &signed(&first, &challenge, Algorithm::Md5, user, password));
        assert!(digest::offered(&response).iter().all(|challenge| !challenge.stale));
        (response.status.code(), response.headers.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>())
    };
    let wrong = refused(&mut bench, "1002", "a guess");
    assert_eq!(wrong.0, 401);
    assert_eq!(refused(&mut bench, "4711", "a guess"), wrong);
    assert_eq!(bench.rejected, 2);
    assert!(bench.bound.is_empty());
}

/// No user is looked up by a hash that nobody offered: who names itself so is asked again, and that is no guess.
#[test]
fn a_hashed_user_name_is_asked_for_in_clear() {
    let mut bench = Bench::new();
    let flow = bench.open_digest();
    let first = register("1002", "a", 1, 600);
    let mut challenge = ask(&mut bench, flow, &first);
    let offered = digest::offered(&challenge);
    assert!(offered.iter().all(|challenge| !challenge.userhash));
    let value = format!("{}, userhash=true", offered[0]);
    challenge.headers.remove(sip::message::HeaderName::WwwAuthenticate);
    challenge.headers.push_raw("WWW-Authenticate", &value).unwrap();
    let second = signed(&first, &challenge, Algorithm::Sha256, "1002", "secret of two");
    let refused = ask(&mut bench, flow, &second);
    assert_eq!((refused.status.code(), bench.rejected), (401, 0));
    let third = signed(&first, &refused, Algorithm::Sha256, "1002", "secret of two");
    assert_eq!(ask(&mut bench, flow, &third).status.code(), 200);
}

#[test]
fn who_signs_as_one_cannot_register_another() {
    let mut bench = Bench::new();
    let flow = bench.open_digest();
    let first = register("1002", "a", 1, 600);
    let challenge = ask(&mut bench, flow, &first);
    let second = signed(&first, &challenge, Algorithm::Md5, "1001", "secret of one");
    assert_eq!(ask(&mut bench, flow, &second).status.code(), 403);
}

#[test]
fn an_old_nonce_is_replaced_without_asking_for_the_password() {
    let mut bench = Bench::new();
    let flow = bench.open_digest();
    let first = register("1002", "a", 1, 600);
    let challenge = ask(&mut bench, flow, &first);
    let second = signed(&first, &challenge, Algorithm::Sha256, "1002", "secret of two");
    bench.pass(301_000);
    let stale = ask(&mut bench, flow, &second);
    assert_eq!(stale.status.code(), 401);
    assert!(digest::offered(&stale).iter().all(|challenge| challenge.stale));
    assert_eq!(bench.rejected, 0, "that was no guess");
    let third = signed(&first, &stale, Algorithm::Sha256, "1002", "secret of two");
    assert_eq!(ask(&mut bench, flow, &third).status.code(), 200);
    let replay = ask(&mut bench, flow, &again(&third));
    assert_eq!(replay.status.code(), 401, "credentials are good once");
}

#[test]
fn a_phone_that_knows_flows_is_told_that_it_has_one() {
    let required = |change: fn(&mut Request)| {
        let mut bench = Bench::new();
        let flow = bench.open("1001");
        let mut request = register("1001", "a", 1, 120);
        let mut known = request.headers.get::<Contact>().unwrap().address().unwrap().clone();
        let _ = known.params.set("reg-id", Some("1"));
        request.headers.set(&Contact::Addr(known));
        request.headers.push_raw("Supported", "path, OUTBOUND").unwrap();
        change(&mut request);
        let response = ask(&mut bench, flow, &request);
        assert_eq!(response.status.code(), 200);
        response.headers.all::<Require>().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(required(|_| {}), ["outbound"]);
    assert_eq!(required(|request| request.headers.push_raw("Require", "outbound").unwrap()), ["outbound"]);
    let none = [""; 0];
    assert_eq!(required(|request| request.headers.remove(HeaderName::Supported)), none, "it would not understand");
    assert_eq!(required(|request| request.headers.set(&Expires(0))), none, "nothing is bound any more");
    assert_eq!(required(|request| strip(request, "reg-id")), none);
    assert_eq!(required(|request| strip(request, "+sip.instance")), none);
}

fn strip(request: &mut Request, param: &str) {
    let mut contact = request.headers.get::<Contact>().unwrap().address().unwrap().clone();
    contact.params.remove(param);
    request.headers.set(&Contact::Addr(contact));
}
