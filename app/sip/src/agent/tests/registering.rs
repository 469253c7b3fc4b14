//! The rows of [`super::super::registering::Registering`]'s table.

use super::super::{Input, Phase, Refusal, Registration};
use super::phone::{Table, asking, bound, idle, of_two, refreshing, refused, unbinding, waiting};
use crate::header::{Contact, Expires, MinExpires};
use crate::message::{Method, Status};

#[test]
fn rg1_start() {
    let mut table = idle();
    assert!(table.is(Registration::Idle));
    table.start();
    assert_eq!(table.wanted(), ["connect"]);
    assert!(table.is(Registration::Connecting));
    table.start();
    assert_eq!(table.wanted(), [""; 0], "it is wanted already");
    table.stop();
    table.start();
    assert_eq!(table.wanted(), ["disconnect", "connect"]);
}

#[test]
fn rg2_start_while_unbinding() {
    let mut table = unbinding();
    table.start();
    assert!(table.is(Registration::Registering));
    assert_eq!(table.last().headers.get::<Expires>(), Ok(Expires(600)));
    table.accept();
    assert!(table.is(Registration::Registered));
    assert_eq!(table.stopped, 0);
}

#[test]
fn rg3_transport_is_up() {
    let mut table = waiting();
    table.on(Input::Connected);
    assert!(table.is(Registration::Registering));
    assert_eq!(table.registers(), 1);
}

#[test]
fn rg4_2xx() {
    let mut table = asking();
    table.accept();
    assert!(table.is(Registration::Registered));
}

#[test]
fn rg5_423_with_a_longer_time() {
    let brief = |table: &mut Table, least: u32| {
        let register = table.last().clone();
        table.answer(&register, Status::INTERVAL_TOO_BRIEF, |response| response.headers.push(&MinExpires(least)));
    };
    let mut table = asking();
    brief(&mut table, 1800);
    assert!(table.is(Registration::Registering));
    assert_eq!(table.last().headers.get::<Expires>(), Ok(Expires(1800)));
    brief(&mut table, 1800);
    assert!(table.is(Registration::Refused(Refusal::Misconfigured(Status::INTERVAL_TOO_BRIEF))), "that is no longer");

    let mut refreshing = refreshing();
    brief(&mut refreshing, 1800);
    assert!(refreshing.is(Registration::Registered), "the binding still holds");
}

#[test]
fn rg6_439() {
    for (mut table, registration) in [(asking(), Registration::Registering), (refreshing(), Registration::Registered)] {
        assert_eq!(table.last().headers.get::<Contact>().unwrap().reg_id(), Some(1));
        table.refuse(Status::FIRST_HOP_LACKS_OUTBOUND_SUPPORT);
        assert!(table.is(registration));
        let plain = table.last().headers.get::<Contact>().unwrap();
        assert_eq!(plain.reg_id(), None);
        assert!(plain.instance().is_some(), "it is the same phone");
        table.refuse(Status::FIRST_HOP_LACKS_OUTBOUND_SUPPORT);
        let refusal = Refusal::Misconfigured(Status::FIRST_HOP_LACKS_OUTBOUND_SUPPORT);
        assert!(table.is(Registration::Refused(refusal)), "once");
    }
}

#[test]
fn rg7_430() {
    let mut table = asking();
    table.wanted();
    table.refuse(Status::FLOW_FAILED);
    assert_eq!(table.wanted(), ["disconnect", "connect"]);
    assert!(table.is(Registration::Unreachable));
}

#[test]
fn rg8_5xx_and_the_round_has_another_server() {
    let mut table = of_two();
    table.wanted();
    table.refuse(Status::SERVICE_UNAVAILABLE);
    assert_eq!(table.wanted(), ["disconnect", "connect"]);
    assert!(table.is(Registration::Connecting));
}

#[test]
fn rg9_other_refusals() {
    let in_trouble = Refusal::ServerFailure(Status::SERVICE_UNAVAILABLE);
    let mut table = of_two();
    table.refuse(Status::FORBIDDEN);
    assert!(
        table.is(Registration::Refused(Refusal::NotAllowed(Status::FORBIDDEN))),
        "another server would say the same"
    );
    let mut table = of_two();
    table.refuse(Status::SERVICE_UNAVAILABLE);
    table.on(Input::Connected);
    table.refuse(Status::SERVICE_UNAVAILABLE);
    assert!(table.is(Registration::Refused(in_trouble)), "that was the last server");
    assert!(refused(Status::SERVICE_UNAVAILABLE).is(Registration::Refused(in_trouble)));
}

#[test]
fn rg10_nothing_came() {
    let mut table = asking();
    table.wanted();
    table.pass(31);
    assert_eq!(table.wanted(), [""; 0], "the transport is alive");
    table.pass(1);
    assert_eq!(table.wanted(), ["disconnect", "connect"]);
}

#[test]
fn rg11_the_binding_ran_out() {
    let mut table = bound();
    table.pass(570);
    assert_eq!(table.wanted(), ["connect", "disconnect", "connect"], "the refresh was not answered");
    let mut slow = refreshing();
    // Each challenge begins a transaction of its own; here the registrar takes its time between them.
    for least in [900, 1000] {
        slow.pass(28);
        let register = slow.last().clone();
        slow.answer(&register, Status::INTERVAL_TOO_BRIEF, |response| response.headers.push(&MinExpires(least)));
    }
    slow.pass(10);
    assert!(slow.is(Registration::Registered));
    slow.pass(3);
    assert!(slow.is(Registration::Registering));
}

#[test]
fn rg12_its_time_came() {
    let mut table = bound();
    table.pass(529);
    assert_eq!(table.registers(), 1);
    table.pass(1);
    assert_eq!(table.registers(), 2);
    assert!(table.is(Registration::Registered));
}

#[test]
fn rg13_another_request_was_answered_430() {
    let mut table = bound();
    table.call_that_fails();
    assert_eq!(table.registers(), 2);
    assert!(table.is(Registration::Registered));
    assert_eq!(table.all(&Method::Invite).len(), 1);
}

#[test]
fn rg14_a_request_waits_for_a_new_flow() {
    let mut table = bound();
    let call = table.call_that_fails();
    table.accept();
    let invites = table.all(&Method::Invite);
    assert_eq!(invites.len(), 2);
    let again = invites[1].clone();
    assert_eq!(table.agent.calls().next().map(|call| call.phase), Some(Phase::Calling));
    table.answer(&again, Status::FLOW_FAILED, |_| {});
    assert_eq!(table.ended, [call], "once");
}

#[test]
fn rg15_its_time_came_after_a_refusal() {
    let mut table = refused(Status::FORBIDDEN);
    table.pass(14);
    assert_eq!(table.registers(), 1);
    table.pass(32);
    assert_eq!(table.registers(), 2);
    assert!(table.is(Registration::Registering));
}

#[test]
fn rg16_its_time_came_and_there_are_several_servers() {
    let mut table = of_two();
    table.refuse(Status::SERVICE_UNAVAILABLE);
    table.on(Input::Connected);
    table.refuse(Status::SERVICE_UNAVAILABLE);
    table.wanted();
    table.pass(46);
    assert!(table.wanted().starts_with(&["disconnect", "connect"]), "it does not stay with the last server for good");
}

#[test]
fn rg17_transport_lost() {
    for mut table in [asking(), bound(), refused(Status::FORBIDDEN)] {
        table.wanted();
        table.on(Input::Disconnected);
        assert!(table.is(Registration::Unreachable));
        assert_eq!(table.wanted(), ["connect"]);
        let before = table.registers();
        table.on(Input::Connected);
        assert_eq!(table.registers(), before + 1);
        assert!(table.is(Registration::Registering));
    }
}

#[test]
fn rg18_stop() {
    for mut table in [asking(), bound()] {
        table.stop();
        assert!(table.is(Registration::Unregistering));
        assert_eq!(table.last().headers.get::<Expires>(), Ok(Expires(0)));
        assert_eq!(table.stopped, 0);
    }
}

#[test]
fn rg19_stop_with_nothing_to_unbind() {
    for mut table in [idle(), waiting(), refused(Status::FORBIDDEN)] {
        let before = table.registers();
        table.stop();
        assert!(table.is(Registration::Stopped));
        assert_eq!((table.stopped, table.registers()), (1, before));
        assert_eq!(table.agent.deadline(), None);
    }
}

#[test]
fn rg20_unbound() {
    let ends: [fn(&mut Table); 4] = [
        |table| table.refuse(Status::OK),
        |table| table.refuse(Status::SERVICE_UNAVAILABLE),
        |table| table.pass(2),
        |table| table.on(Input::Disconnected),
    ];
    for end in ends {
        let mut table = unbinding();
        end(&mut table);
        assert!(table.is(Registration::Stopped));
        assert_eq!(table.stopped, 1);
        assert_eq!(table.agent.deadline(), None, "nothing is left over");
    }
}
