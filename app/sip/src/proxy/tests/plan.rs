//! The rows of [`Plan`]'s table, and those of the response context's that tell it how a number ended.

use super::call::{Call, RINGING};
use crate::proxy::plan::Plan;
use crate::proxy::response_context::ResponseContext;
use crate::proxy::{Destination, Order, Party, Route, Rules};
use crate::time::Instant;
use alloc::vec::Vec;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};

fn to(number: &str) -> Option<String> {
    Some(number.into())
}

#[test]
fn p1_nobody_has_it() {
    let mut call = Call::new().rules("100", Rules { always: to("nobody"), ..Rules::default() });
    assert_eq!(call.begin(), ["reply 181", "reply 404"]);
    let mut call = Call::new().rules("100", Rules { busy: to("nobody"), ..Rules::default() });
    call.begin();
    assert_eq!(call.on("100", 486), ["reply 181", "forward 486 of 0"], "what they said says more");
}

#[test]
fn p1_a_service_is_for_who_dials_it() {
    let mut call = Call::new().rules("100", Rules { always: to("101"), ..Rules::default() });
    let party = Party { user: "101".into(), name: None };
    call.directory.insert("101".into(), Route { party, destination: Destination::Service });
    assert_eq!(call.begin(), ["reply 181", "reply 404"]);
}

#[test]
fn p2_always() {
    let mut call = Call::new().rules("100", Rules { always: to("101"), do_not_disturb: true, ..Rules::default() });
    assert_eq!(call.begin(), ["reply 181", "101 rings"]);
    assert_eq!(call.on("101", 200), ["forward 200 of 0"]);
    assert_eq!(call.context.deadline(), None);
}

#[test]
fn p3_do_not_disturb() {
    let rules = Rules { do_not_disturb: true, ..Rules::default() };
    assert_eq!(Call::new().rules("100", rules.clone()).begin(), ["reply 486"]);
    let rules = Rules { busy: to("101"), ..rules };
    assert_eq!(Call::new().rules("100", rules).begin(), ["reply 181", "101 rings"]);
}

#[test]
fn p4_phones_ring_for_the_time_of_the_person() {
    for (own, time) in [(None, RINGING), (Some(20_000), 20_000), (Some(90_000), 90_000)] {
        let ringing = own.map(Duration::from_millis);
        let mut call = Call::new().rules("100", Rules { ringing, ..Rules::default() });
        assert_eq!(call.begin(), ["100 rings"]);
        call.on("100", 180);
        assert_eq!(call.at(time), ["cancel 100: time"]);
        assert_eq!(call.on("100", 487), ["reply 408"]);
    }
}

#[test]
fn p5_a_member_who_is_not_to_be_disturbed_is_left_out() {
    let mut call = Call::new()
        .group("100", Order::AtOnce, &["101", "102"], None)
        .rules("101", Rules { do_not_disturb: true, busy: to("103"), ..Rules::default() });
    assert_eq!(call.begin(), ["102 rings"]);
    let mut call = Call::new()
        .group("100", Order::InTurn, &["101", "102"], None)
        .rules("101", Rules { do_not_disturb: true, ..Rules::default() });
    assert_eq!(call.begin(), ["102 rings"]);
}

#[test]
fn p6_each_member_once_and_never_the_caller() {
    for order in [Order::AtOnce, Order::InTurn] {
        let mut call = Call::new().group("100", order, &["900", "101", "101", "100", "900"], None);
        assert_eq!(call.begin(), ["101 rings"]);
        assert_eq!(call.on("101", 486), ["forward 486 of 0"]);
    }
    assert_eq!(Call::new().group("100", Order::AtOnce, &["900"], None).begin(), ["reply 480"]);
    assert_eq!(Call::new().group("100", Order::InTurn, &[], Some("105")).begin(), ["reply 181", "105 rings"]);
}

#[test]
fn p6_groups_in_groups() {
    let mut call = Call::new().group("100", Order::InTurn, &["110", "105"], None).group(
        "110",
        Order::AtOnce,
        &["111", "112", "100"],
        Some("119"),
    );
    assert_eq!(call.begin(), ["111 rings", "112 rings"]);
    call.on("111", 180);
    call.on("112", 486);
    assert_eq!(
        call.at(20_000),
        ["cancel 111: time", "105 rings"],
        "what a group inside would do otherwise is not done"
    );
}

#[test]
fn p6_groups_in_groups_in_groups_end() {
    let mut call = Call::new();
    for depth in 0..6 {
        call = call.group(&(100 + depth).to_string(), Order::AtOnce, &[&(101 + depth).to_string()], None);
    }
    assert_eq!(call.begin(), ["reply 482"]);
}

#[test]
fn p7_busy() {
    for code in [486, 600, 603] {
        let mut call = Call::new().phones("100", 2).rules("100", Rules { busy: to("101"), ..Rules::default() });
        call.begin();
        call.on_branch(0, 180);
        call.on_branch(1, 180);
        let all = call.on_branch(0, code);
        if code == 486 {
            assert!(all.is_empty(), "the other phone still rings");
            assert_eq!(call.on_branch(1, 486), ["reply 181", "101 rings"]);
        } else {
            assert_eq!(all, [format!("cancel 100: {code}"), "reply 181".into(), "101 rings".into()]);
            assert!(call.on_branch(1, 487).is_empty());
        }
        assert_eq!(call.on("101", 200), ["forward 200 of 2"]);
    }
}

#[test]
fn p7_unanswered() {
    let rules = Rules { unanswered: to("101"), unreachable: to("102"), ..Rules::default() };
    let mut call = Call::new().rules("100", rules.clone());
    call.begin();
    call.on("100", 180);
    assert_eq!(call.at(RINGING), ["cancel 100: time", "reply 181", "101 rings"]);
    assert!(call.on("100", 487).is_empty());
    let mut call = Call::new().rules("100", rules);
    call.begin();
    call.on("100", 180);
    assert_eq!(call.on("100", 480), ["reply 181", "101 rings"], "it rang out by its own clock");
}

#[test]
fn p7_unreachable() {
    let rules = Rules { unanswered: to("101"), unreachable: to("102"), ..Rules::default() };
    assert_eq!(Call::new().phones("100", 0).rules("100", rules.clone()).begin(), ["reply 181", "102 rings"]);
    for code in [408, 430, 480] {
        let mut call = Call::new().rules("100", rules.clone());
        call.begin();
        assert_eq!(call.on("100", code), ["reply 181", "102 rings"]);
    }
    let mut call = Call::new().rules("100", rules.clone());
    call.begin();
    call.on("100", 180);
    assert_eq!(call.vanishes("100"), ["reply 181", "102 rings"]);
    let mut call = Call::new().rules("100", rules);
    call.begin();
    assert_eq!(call.at(RINGING), ["reply 181", "102 rings"], "it never rang");
    assert_eq!(call.on("100", 180), ["cancel 100: time"], "and stops when it begins");
    let mut call = Call::new().rules("100", Rules { unanswered: to("101"), ..Rules::default() });
    call.begin();
    assert_eq!(call.at(RINGING), ["reply 181", "101 rings"], "the next best");
}

#[test]
fn p8_over() {
    let rules = Rules { unanswered: to("101"), ..Rules::default() };
    for code in [486, 603, 488, 404, 500] {
        let mut call = Call::new().rules("100", rules.clone());
        call.begin();
        assert_eq!(call.on("100", code), [format!("forward {code} of 0")]);
    }
    let rules = Rules { always: to("109"), busy: to("109"), unanswered: to("109"), ..Rules::default() };
    let mut call = Call::new().group("100", Order::AtOnce, &["101"], None).rules("101", rules);
    assert_eq!(call.begin(), ["101 rings"], "a member's own diversions are not for the group");
    assert_eq!(call.on("101", 486), ["forward 486 of 0"]);
}

#[test]
fn p9_rc18_a_phone_names_other_numbers() {
    let mut call = Call::new().phones("100", 2).rules("100", Rules { busy: to("109"), ..Rules::default() });
    call.begin();
    call.on_branch(1, 180);
    let moved = call.moves("100", &[&["101", "102"], &["103"]]);
    assert_eq!(moved, ["reply 181", "101 rings", "reply 181", "102 rings"]);
    assert!(call.on_branch(1, 486).is_empty(), "the others ring");
    assert!(call.on("101", 480).is_empty());
    assert_eq!(call.on("102", 480), ["reply 181", "103 rings"], "less preferred");
    assert_eq!(call.on("103", 480), ["reply 181", "109 rings"], "and after all of them what the person wants");
    assert_eq!(call.on("109", 486), ["forward 486 of 1"]);
}

#[test]
fn p9_rc21_a_person_sends_it_elsewhere_from_all_their_phones() {
    let rules = Rules { busy: to("109"), unanswered: to("109"), ..Rules::default() };
    let mut call = Call::new().phones("100", 3).rules("100", rules);
    call.begin();
    call.on_branch(0, 180);
    call.on_branch(1, 180);
    assert_eq!(call.deflects(0, "101"), ["cancel 100: 302", "reply 181", "101 rings"]);
    assert_eq!(call.on_branch(2, 180), ["cancel 100: 302"], "as soon as it may");
    assert!(call.on_branch(1, 487).is_empty());
    assert!(call.on_branch(2, 487).is_empty());
    assert!(call.on("101", 180) == ["forward 180 of 3"]);
    assert_eq!(call.on("101", 480), ["forward 480 of 3"], "what they decided is all that is done");
}

#[test]
fn p9_rc21_a_member_who_decides_sends_away_only_their_own() {
    let mut call = Call::new().group("100", Order::AtOnce, &["101", "102"], None).phones("101", 2);
    assert_eq!(call.begin(), ["101 rings", "102 rings"]);
    call.on_branch(1, 180);
    call.on("102", 180);
    assert_eq!(call.deflects(0, "103"), ["cancel 101: 302", "reply 181", "103 rings"]);
    assert_eq!(call.on("103", 200), ["forward 200 of 3", "cancel 102: elsewhere"]);
}

#[test]
fn p9_a_phone_that_names_its_own_number_leads_nowhere() {
    let mut call = Call::new();
    call.begin();
    assert_eq!(call.moves("100", &[&["100"]]), ["reply 482"]);
}

#[test]
fn p10_rc16_a_number_is_given_up() {
    let mut call = Call::new().phones("100", 2).rules("100", Rules { unanswered: to("101"), ..Rules::default() });
    call.begin();
    call.on_branch(0, 180);
    assert_eq!(call.at(RINGING), ["cancel 100: time", "reply 181", "101 rings"]);
    assert_eq!(call.on_branch(1, 100), ["cancel 100: time"], "as soon as it may");
    assert!(call.on_branch(1, 487).is_empty());
    assert_eq!(call.on_branch(0, 200), ["forward 200 of 0"], "it crossed the CANCEL");
    assert_eq!(call.on("101", 180), ["cancel 101: elsewhere"]);
}

#[test]
fn p11_in_turn() {
    let mut call = Call::new().group("100", Order::InTurn, &["101", "102", "103"], None).phones("102", 0);
    assert_eq!(call.begin(), ["101 rings"]);
    call.on("101", 180);
    assert_eq!(call.at(20_000), ["cancel 101: time", "103 rings"]);
    call.on("103", 180);
    call.on("101", 487);
    assert_eq!(call.at(40_000), ["cancel 103: time"]);
    assert_eq!(call.on("103", 487), ["reply 408"]);
}

#[test]
fn p12_at_once() {
    let mut call = Call::new().group("100", Order::AtOnce, &["101", "102", "103"], Some("109"));
    assert_eq!(call.begin(), ["101 rings", "102 rings", "103 rings"]);
    call.on("101", 180);
    call.on("102", 180);
    assert!(call.on("103", 603).is_empty(), "the others may want it");
    assert!(call.on("102", 486).is_empty());
    assert_eq!(call.at(20_000), ["cancel 101: time", "reply 181", "109 rings"]);
    assert_eq!(call.on("109", 200), ["forward 200 of 3"]);
}

#[test]
fn p12_the_first_answer_wins() {
    let mut call = Call::new().group("100", Order::AtOnce, &["101", "102"], Some("109"));
    call.begin();
    call.on("101", 180);
    call.on("102", 180);
    assert_eq!(call.on("101", 200), ["forward 200 of 0", "cancel 102: elsewhere"]);
    assert!(call.on("102", 487).is_empty());
}

#[test]
fn rc8_a_6xx_speaks_for_one_person() {
    let mut call = Call::new().group("100", Order::AtOnce, &["101", "102"], None).phones("101", 2);
    call.begin();
    call.on_branch(0, 180);
    call.on_branch(2, 180);
    assert_eq!(call.on_branch(1, 603), ["cancel 101: 603"]);
    assert!(call.on_branch(0, 487).is_empty());
    assert_eq!(call.on("102", 200), ["forward 200 of 2"]);
}

#[test]
fn rc19_a_member_does_not_send_the_others_call_away() {
    let mut call = Call::new().group("100", Order::AtOnce, &["101", "102"], None);
    call.begin();
    assert!(!call.context.follows(0, false));
    assert!(call.on("101", 302).is_empty());
    assert_eq!(call.on("102", 486), ["forward 486 of 1"]);
}

#[test]
fn p13_p14_in_a_circle() {
    let around = |to: &str| Rules { always: Some(to.into()), ..Rules::default() };
    let mut call = Call::new().rules("100", around("101")).rules("101", around("100"));
    assert_eq!(call.begin(), ["reply 181", "reply 482"]);
    let busy = |to: &str| Rules { busy: Some(to.into()), ..Rules::default() };
    let mut call = Call::new().rules("100", busy("101")).rules("101", busy("100"));
    call.begin();
    assert_eq!(call.on("100", 486), ["reply 181", "101 rings"]);
    assert_eq!(call.on("101", 486), ["forward 486 of 0"], "the best failure so far");
}

#[test]
fn p15_five_times() {
    let mut call = Call::new();
    for number in 100..110 {
        let rules = Rules { always: Some((number + 1).to_string()), ..Rules::default() };
        call = call.rules(&number.to_string(), rules);
    }
    let told = call.begin();
    assert_eq!(told.iter().filter(|told| *told == "reply 181").count(), 5);
    assert_eq!(told.last().map(String::as_str), Some("reply 483"));
}

#[test]
fn p16_cancelled_at_each_step() {
    let rules = Rules { busy: to("101"), ..Rules::default() };
    let mut call = Call::new().rules("100", rules);
    call.begin();
    call.on("100", 486);
    call.on("101", 180);
    assert_eq!(call.cancel(), ["cancel 101"]);
    assert_eq!(call.on("101", 487), ["reply 487"], "not what the first one said");
    assert_eq!(call.context.deadline(), None);
}

#[test]
fn p16_cancelled_while_a_number_is_looked_up() {
    let mut call = Call::new().rules("100", Rules { always: to("101"), ..Rules::default() });
    let mut actions = Vec::new();
    let route = call.route("100");
    call.context.located(0, route, call.now, &mut actions);
    actions.clear();
    assert_eq!(call.cancel(), ["reply 487"]);
    call.context.located(1, call.route("101"), call.now, &mut actions);
    assert!(actions.is_empty(), "it is too late for that");
}

#[test]
fn rc17_timer_c_is_an_end_too() {
    let rules = Rules { unreachable: to("101"), ..Rules::default() };
    let plan = Plan::new("100".into(), "900".into(), true, None);
    let mut call = Call::new().rules("100", rules);
    call.context = ResponseContext::planned(Some(plan), Some(Duration::from_secs(181)), None);
    call.begin();
    call.on("100", 100);
    assert_eq!(call.at(181_000), ["cancel 100: time", "reply 181", "101 rings"]);
}

#[test]
fn rc14_the_callers_time_ends_all_steps() {
    let rules = Rules { unanswered: to("101"), ringing: Some(Duration::from_secs(20)), ..Rules::default() };
    let plan = Plan::new("100".into(), "900".into(), true, None);
    let mut call = Call::new().rules("100", rules);
    let expires = Some(Instant::from_millis(30_000));
    call.context = ResponseContext::planned(Some(plan), Some(Duration::from_secs(181)), expires);
    call.begin();
    call.on("100", 180);
    call.at(20_000);
    call.on("101", 180);
    call.on("100", 487);
    assert_eq!(call.at(30_000), ["cancel 101: time"]);
    assert_eq!(call.on("101", 487), ["reply 408"]);
}

#[test]
fn other_requests_follow_no_rules() {
    let mut call =
        Call::with(false).rules("100", Rules { always: to("101"), do_not_disturb: true, ..Rules::default() });
    assert_eq!(call.begin(), ["100 rings"]);
    assert_eq!(call.context.deadline(), None);
    assert_eq!(call.on("100", 486), ["forward 486 of 0"]);
    let mut call = Call::with(false).group("100", Order::InTurn, &["101", "102"], Some("109"));
    assert_eq!(call.begin(), ["101 rings", "102 rings"]);
    assert_eq!(call.on("101", 200), ["forward 200 of 0"]);
}
