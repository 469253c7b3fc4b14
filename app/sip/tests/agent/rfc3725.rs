//! Third party call control (RFC 3725), seen from the phone that the controller calls: offers that come late, and
//! descriptions without media in between.

use super::flows::check_played as check;
use super::peer::{begin, calls, described, goes_on};
use super::{ALICE, Net};
use sip::Duration;
use sip::agent::Phase;
use sip::message::Method;

/// The controller calls without an offer; the phone is answered, and offers.
fn asked_to_offer(net: &mut Net) {
    begin(net);
    calls(net, "", "");
    net.answer(ALICE);
    net.settle();
}

/// The controller offers in the call, and acknowledges the answer.
fn offered(net: &mut Net, seq: u32, offer: &str) {
    goes_on(net, Method::Invite, seq, "", offer);
    goes_on(net, Method::Ack, seq, "", "");
}

fn over(net: &mut Net) {
    assert_eq!(net.phone(ALICE).phase(), Some(Phase::Established));
    goes_on(net, Method::Bye, 9, "", "");
}

#[test]
fn flow_1_called_first() {
    check("rfc3725_flow_1_called_first", |net| {
        asked_to_offer(net);
        // The other phone takes its time: the 200 is repeated until the answer is there.
        net.run(Duration::from_secs(2));
        goes_on(net, Method::Ack, 1, "", "answer of the other");
        assert_eq!(described(net), ["answer of the other"]);
        over(net);
    });
}

#[test]
fn flow_1_called_second() {
    check("rfc3725_flow_1_called_second", |net| {
        begin(net);
        calls(net, "", "offer of the other");
        net.answer(ALICE);
        net.settle();
        goes_on(net, Method::Ack, 1, "", "");
        over(net);
    });
}

#[test]
fn flow_2_called_first() {
    check("rfc3725_flow_2_called_first", |net| {
        begin(net);
        calls(net, "", "black hole");
        net.answer(ALICE);
        net.settle();
        goes_on(net, Method::Ack, 1, "", "");
        offered(net, 2, "offer of the other");
        over(net);
    });
}

#[test]
fn flow_3_called_first() {
    check("rfc3725_flow_3_called_first", |net| {
        asked_to_offer(net);
        goes_on(net, Method::Ack, 1, "", "black hole");
        offered(net, 2, "offer of the other");
        over(net);
    });
}

#[test]
fn flow_3_called_second() {
    check("rfc3725_flow_3_called_second", |net| {
        asked_to_offer(net);
        // The first phone was asked again meanwhile.
        net.run(Duration::from_secs(1));
        goes_on(net, Method::Ack, 1, "", "answer of the other");
        over(net);
    });
}

#[test]
fn flow_4_called_first() {
    check("rfc3725_flow_4_called_first", |net| {
        asked_to_offer(net);
        goes_on(net, Method::Ack, 1, "", "no media");
        // The controller wants an offer again, and then gives one.
        goes_on(net, Method::Invite, 2, "", "");
        goes_on(net, Method::Ack, 2, "", "answer of the other");
        offered(net, 3, "offer of the other");
        assert_eq!(described(net), ["no media", "answer of the other"]);
        over(net);
    });
}
