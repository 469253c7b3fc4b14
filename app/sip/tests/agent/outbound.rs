//! What the registrar says with a binding: flows (RFC 5626), GRUU (RFC 5627), Service-Route (RFC 3608).

use super::flows::check;
use super::{ALICE, BOB, Net, net, text};
use sip::agent::{Phase, Registration};
use sip::header::{CSeq, Contact, Route, Supported};
use sip::message::{Method, Request, Response, Status};
use sip::{Duration, agent::Cause};

/// The next REGISTER is answered 200 with these headers, and these parameters of the binding.
fn grant(net: &mut Net, headers: &'static [(&'static str, &'static str)], params: &'static str) {
    net.exchange.answer(Method::Register, move |request| {
        let mut response = Response::to_request(request, Status::OK);
        let own = request.headers.get::<Contact>().unwrap();
        response.headers.push_raw("Contact", &format!("{own};expires=600{params}")).unwrap();
        for (name, value) in headers {
            response.headers.push_raw(name, value).unwrap();
        }
        response
    });
}

fn invite(net: &Net) -> &Request {
    net.exchange.requests(&Method::Invite)[0]
}

fn routes(request: &Request) -> Vec<String> {
    request.headers.all::<Route>().unwrap().iter().map(ToString::to_string).collect()
}

fn contact_of_a_call(net: &mut Net) -> String {
    net.dial(ALICE, "bob");
    net.settle();
    invite(net).headers.get::<Contact>().unwrap().to_string()
}

#[test]
fn a_call_names_its_flow_when_the_registrar_does_outbound() {
    let mut net = net();
    grant(&mut net, &[("Require", "outbound")], "");
    net.start(ALICE);
    let contact = contact_of_a_call(&mut net);
    assert!(contact.starts_with("<sip:alice-page@alice.invalid;transport=ws;ob>"), "{contact}");
    assert!(contact.contains(";+sip.instance=\"<urn:uuid:") && contact.ends_with(";reg-id=1"), "{contact}");
}

#[test]
fn a_call_names_no_flow_otherwise() {
    let mut net = net();
    net.start(ALICE);
    assert_eq!(contact_of_a_call(&mut net), "<sip:alice-page@alice.invalid;transport=ws>");
}

#[test]
fn a_refresh_without_outbound_ends_it() {
    let mut net = net();
    grant(&mut net, &[("Require", "outbound")], "");
    net.start(ALICE);
    net.run(Duration::from_secs(545));
    assert_eq!(contact_of_a_call(&mut net), "<sip:alice-page@alice.invalid;transport=ws>");
}

const GRUUS: &str = ";pub-gruu=\"sip:alice@example.com;gr=urn:x\";temp-gruu=\"sip:tgruu.7h@example.com;gr\"";

fn gruu(net: &mut Net) {
    grant(net, &[], GRUUS);
    net.start(ALICE);
    net.start(BOB);
    net.dial(ALICE, "bob");
    net.settle();
}

#[test]
fn a_gruu_is_the_contact_of_calls() {
    check("gruu", gruu);
    let mut net = net();
    gruu(&mut net);
    assert_eq!(invite(&net).headers.get::<Contact>().unwrap().to_string(), "<sip:alice@example.com;gr=urn:x>");
    let register = net.exchange.requests(&Method::Register)[0];
    assert!(register.headers.get::<Supported>().unwrap().0.iter().any(|tag| **tag == *"gruu"));
}

#[test]
fn a_temporary_gruu_hides_who_calls() {
    let contact = |temporary: bool| {
        let mut net = net();
        net.phone_mut(ALICE).configure(|config| config.temporary_contact = temporary);
        grant(&mut net, &[("Require", "outbound")], GRUUS);
        net.start(ALICE);
        contact_of_a_call(&mut net)
    };
    let public = contact(false);
    assert!(public.starts_with("<sip:alice@example.com;gr=urn:x>;+sip.instance="), "{public}");
    assert!(public.ends_with(";reg-id=1"), "{public}");
    assert_eq!(contact(true), "<sip:tgruu.7h@example.com;gr>", "no instance, either");
}

fn service_route(net: &mut Net) {
    grant(net, &[("Service-Route", "<sip:one.example.com;lr>, <sip:two.example.com;lr>")], "");
    grant(net, &[("Service-Route", "<sip:three.example.com;lr>")], "");
    net.start(ALICE);
    net.start(BOB);
    net.dial(ALICE, "bob");
    net.settle();
}

#[test]
fn a_service_route_leads_requests_outside_of_dialogs() {
    check("service_route", service_route);
    let mut net = net();
    service_route(&mut net);
    assert_eq!(routes(invite(&net)), ["<sip:one.example.com;lr>", "<sip:two.example.com;lr>"]);
    assert_eq!(routes(net.exchange.requests(&Method::Register)[0]), [""; 0]);
}

#[test]
fn each_refresh_replaces_the_service_route() {
    let mut net = net();
    grant(&mut net, &[("Service-Route", "<sip:one.example.com;lr>")], "");
    grant(&mut net, &[("Service-Route", "<sip:two.example.com;lr>")], "");
    net.start(ALICE);
    net.run(Duration::from_secs(545));
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(routes(invite(&net)), ["<sip:two.example.com;lr>"]);
}

#[test]
fn the_outbound_proxy_comes_before_the_service_route_and_once() {
    let services: [&'static [(&str, &str)]; 2] = [
        &[("Service-Route", "<sip:home.example.com;lr>")],
        &[("Service-Route", "<sip:edge.example.com;lr>, <sip:home.example.com;lr>")],
    ];
    let routed = services.map(|service| {
        let mut net = net();
        net.phone_mut(ALICE).configure(|config| {
            config.outbound_proxy = Some("sip:edge.example.com".parse().unwrap());
        });
        grant(&mut net, service, "");
        net.start(ALICE);
        net.dial(ALICE, "bob");
        net.settle();
        routes(invite(&net))
    });
    let both = ["<sip:edge.example.com;lr>", "<sip:home.example.com;lr>"];
    assert_eq!(routed, [both, both]);
}

fn flow_failed(net: &mut Net) {
    net.start(ALICE);
    net.start(BOB);
    net.exchange.refuse(Method::Invite, Status::FLOW_FAILED);
    net.dial(ALICE, "bob");
    net.settle();
}

#[test]
fn a_call_whose_flow_failed_goes_again_over_a_new_one() {
    check("flow_failed", flow_failed);
    let mut net = net();
    flow_failed(&mut net);
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::RingingThere));
    assert_eq!(net.exchange.requests(&Method::Register).len(), 3);
    let seqs =
        net.exchange.requests(&Method::Invite).iter().map(|one| one.headers.get::<CSeq>().unwrap().seq).collect();
    let seqs: Vec<u32> = seqs;
    assert_eq!(seqs, [1, 2]);
}

#[test]
fn a_call_over_a_new_flow_takes_the_new_service_route() {
    let mut net = net();
    grant(&mut net, &[("Service-Route", "<sip:flow1@edge.example.com;lr>")], "");
    grant(&mut net, &[("Service-Route", "<sip:flow2@edge.example.com;lr>")], "");
    net.exchange.refuse(Method::Invite, Status::FLOW_FAILED);
    net.start(ALICE);
    net.dial(ALICE, "bob");
    net.settle();
    let ways: Vec<_> = net.exchange.requests(&Method::Invite).into_iter().map(routes).collect();
    assert_eq!(ways, [["<sip:flow1@edge.example.com;lr>"], ["<sip:flow2@edge.example.com;lr>"]]);
}

#[test]
fn a_flow_that_fails_again_ends_the_call() {
    let mut net = net();
    net.exchange.refuse(Method::Invite, Status::FLOW_FAILED);
    net.exchange.refuse(Method::Invite, Status::FLOW_FAILED);
    net.start(ALICE);
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
}

#[test]
fn a_call_that_waits_for_a_new_flow_can_be_given_up() {
    let mut net = net();
    net.start(ALICE);
    net.start(BOB);
    net.exchange.refuse(Method::Invite, Status::FLOW_FAILED);
    net.exchange.lose(Method::Register);
    net.dial(ALICE, "bob");
    net.settle();
    net.hang_up(ALICE);
    net.run(Duration::from_secs(60));
    assert_eq!(net.phone(ALICE).causes(), [Cause::CancelledHere]);
    assert_eq!(net.exchange.requests(&Method::Invite).len(), 1);
}

#[test]
fn a_call_ends_when_no_new_flow_can_be_had() {
    let mut net = net();
    net.start(ALICE);
    net.exchange.refuse(Method::Invite, Status::FLOW_FAILED);
    net.exchange.refuse(Method::Register, Status::FORBIDDEN);
    net.dial(ALICE, "bob");
    net.settle();
    assert_eq!(net.phone(ALICE).causes(), [Cause::Network]);
}

fn no_outbound(net: &mut Net) {
    net.exchange.refuse(Method::Register, Status::FIRST_HOP_LACKS_OUTBOUND_SUPPORT);
    net.start(ALICE);
}

#[test]
fn a_first_hop_without_outbound_gets_a_plain_register() {
    check("no_outbound", no_outbound);
    let mut net = net();
    no_outbound(&mut net);
    assert_eq!(net.phone(ALICE).registration(), Registration::Registered);
    let plain = net.exchange.requests(&Method::Register)[1];
    assert!(!text(plain).contains("reg-id"));
    assert!(!text(plain).contains("outbound"));
}

/// When a phone refreshes whose registrar lists these contacts.
fn refreshed_after(contacts: &'static str) -> u64 {
    let mut net = net();
    net.exchange.answer(Method::Register, move |request| {
        let mut response = Response::to_request(request, Status::OK);
        response.headers.push_raw("Contact", contacts).unwrap();
        response
    });
    net.start(ALICE);
    let bound = net.now;
    while net.exchange.requests(&Method::Register).len() == 1 {
        net.run(Duration::from_secs(1));
    }
    net.now.since(bound).as_secs()
}

#[test]
fn a_binding_that_the_registrar_rewrote_is_found() {
    const OTHER: &str = "<sip:desk@192.0.2.9:5060>;expires=3600";
    let asterisk =
        "<sip:desk@192.0.2.9:5060>;expires=3600, <sip:alice-page@203.0.113.7:50123;transport=ws>;expires=100";
    let freeswitch = "<sip:desk@192.0.2.9:5060>;expires=3600, \
        <sip:alice-page@alice.invalid;transport=ws;fs_nat=yes;fs_path=sip%3Aalice%40203.0.113.7>;expires=100";
    let instance = "<sip:alice-page@elsewhere.invalid>;expires=3600;+sip.instance=\"<urn:uuid:other>\", \
        <sip:mangled@203.0.113.7>;+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-000000000005>\";expires=100";
    let second_flow = "<sip:a@b.invalid>;+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-000000000005>\";reg-id=2;expires=3600, \
        <sip:a@b.invalid>;+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-000000000005>\";reg-id=1;expires=100";
    for contacts in [asterisk, freeswitch, instance, second_flow] {
        assert!((50..=51).contains(&refreshed_after(contacts)), "{contacts}");
    }
    assert!((530..=531).contains(&refreshed_after(OTHER)), "without ours, what was asked for counts");
}

#[test]
fn a_flow_timer_is_kept() {
    let mut net = net();
    grant(&mut net, &[("Flow-Timer", "10")], "");
    net.start(ALICE);
    net.run(Duration::from_secs(60));
    let pings: Vec<u64> = net
        .ladder()
        .lines()
        .filter(|line| line.ends_with("alice -> exchange: ping"))
        .map(|line| line.trim_start().split(' ').next().unwrap().parse().unwrap())
        .collect();
    assert!(pings.len() >= 6, "{pings:?}");
    assert!(pings[0] <= 10_010 && pings.windows(2).all(|pair| pair[1] - pair[0] <= 10_000), "{pings:?}");
}
