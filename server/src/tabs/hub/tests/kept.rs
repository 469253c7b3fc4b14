//! What becomes of a line whose page is gone or yields.

use super::*;

const NOTHING: [&str; 0] = [];

fn kept(snapshot: &str) -> LineKept {
    LineKept { state: LineState::default(), snapshot: snapshot.into() }
}

/// A tab in a call, and one of the same and one of another session that watch.
fn three() -> Hub {
    let mut hub = hub();
    hello(&mut hub, 1, "a", None, 0);
    hello(&mut hub, 2, "b", None, 0);
    hello_of(&mut hub, TWO, 3, "c", None, 0);
    say(&mut hub, 1, in_call(1, "s"), 0);
    hub
}

/// The two that watch live.
fn alive(hub: &mut Hub, now: u64) {
    say(hub, 2, FromTab::Alive, now);
    say(hub, 3, FromTab::Alive, now);
}

#[test]
fn hb3_who_is_asked_for_the_line_says_its_last_word() {
    let mut hub = three();
    assert_eq!(say(&mut hub, 3, FromTab::Take, 100), ["1 yield"]);
    assert!(hub.is_current(1), "until then it acts");
    assert_eq!(hub.deadline(), Some(100 + YIELD));
    let told = say(&mut hub, 1, last(1, "l"), 110);
    assert_eq!(told[2..], ["1 watching", "1 line", "3 granted 2 with l of 0 ms"]);
    assert!(hub.is_current(2) && !hub.is_current(1));
}

#[test]
fn hb4_who_was_not_heard_for_long_is_not_asked() {
    let mut hub = three();
    assert_eq!(say(&mut hub, 3, FromTab::Take, LIVELY), ["1 watching", "1 line", "3 granted 2 with s of 4000 ms"]);
}

#[test]
fn hb12_who_does_not_answer_loses_the_line_all_the_same() {
    let mut hub = three();
    say(&mut hub, 2, FromTab::Take, 100);
    assert_eq!(wait(&mut hub, 100 + YIELD - 1), NOTHING);
    assert_eq!(wait(&mut hub, 100 + YIELD), ["1 watching", "1 line", "2 granted 2 with s of 250 ms"]);
    say(&mut hub, 1, FromTab::Take, 300);
    assert_eq!(close(&mut hub, 2, 310), ["1 granted 3 with s of 310 ms"]);
}

#[test]
fn hb13_who_was_asked_goes_on_when_the_other_is_gone_or_it_is_told_to() {
    let mut hub = three();
    say(&mut hub, 2, FromTab::Take, 100);
    say(&mut hub, 1, in_call(1, "t"), 110);
    assert_eq!(close(&mut hub, 2, 120), ["1 resumed 1"]);
    say(&mut hub, 3, FromTab::Take, 200);
    assert_eq!(say(&mut hub, 1, FromTab::Take, 210), ["1 resumed 1"]);
    say(&mut hub, 3, FromTab::Take, 300);
    assert_eq!(end(&mut hub, TWO, 310), ["3 closed LoggedOut", "1 resumed 1"]);
    assert_eq!(hub.deadline(), Some(310 + GRACE));
}

#[test]
fn hb14_the_last_one_to_ask_gets_it() {
    let mut hub = three();
    say(&mut hub, 2, FromTab::Take, 100);
    assert_eq!(say(&mut hub, 3, FromTab::Take, 200), NOTHING);
    assert_eq!(wait(&mut hub, 100 + YIELD), ["1 watching", "1 line", "3 granted 2 with s of 250 ms"]);
}

#[test]
fn hb12_the_end_of_the_session_of_who_was_asked_is_its_last_word() {
    let mut hub = three();
    say(&mut hub, 3, FromTab::Take, 100);
    let told = ["1 closed LoggedOut", "2 closed LoggedOut", "3 granted 2 with s of 110 ms"];
    assert_eq!(end(&mut hub, ONE, 110), told);
}

#[test]
fn a_page_that_comes_back_while_it_is_asked_is_asked_again() {
    let mut hub = three();
    say(&mut hub, 3, FromTab::Take, 100);
    assert_eq!(hello(&mut hub, 4, "a", Some(1), 110), ["1 closed Replaced", "4 yield"]);
    assert_eq!(say(&mut hub, 4, last(1, "l"), 120)[2..], ["4 watching", "4 line", "3 granted 2 with l of 0 ms"]);
}

#[test]
fn hb15_the_heir_has_the_line_at_once_and_nobody_else_of_the_session() {
    let mut hub = three();
    close(&mut hub, 1, 1000);
    assert_eq!(again(&mut hub, ONE, 4, "d", 1100), ["4 watching", "4 line away"], "it only came back to watch");
    assert_eq!(hello_of(&mut hub, TWO, 5, "e", None, 1200), ["5 watching", "5 line away"], "another session");
    assert_eq!(hello(&mut hub, 6, "f", None, 1300), ["6 granted 2 with s of 1300 ms"]);
}

#[test]
fn hb15_a_person_may_take_what_is_waited_for() {
    let mut hub = three();
    close(&mut hub, 1, 1000);
    assert_eq!(say(&mut hub, 3, FromTab::Take, 1500), ["3 granted 2 with s of 1500 ms"]);
    assert_eq!(hello(&mut hub, 4, "a", Some(1), 1600), ["4 watching", "4 line"]);
}

#[test]
fn hb16_after_three_seconds_the_caretaker_has_what_can_be_lost() {
    let mut hub = three();
    close(&mut hub, 1, 1000);
    assert_eq!(hub.deadline(), Some(1000 + MINDS));
    let told = ["minded 2 until 21000", "2 line away", "3 line away"];
    assert_eq!(wait(&mut hub, 1000 + MINDS), told);
    assert!(hub.is_current(2) && hub.is_minded(2) && !hub.is_current(1));
    assert_eq!(hub.lease().minded_until, Some(1000 + KEEPS));
}

#[test]
fn hb17_a_line_with_nothing_to_lose_is_not_kept_but_who_watches_is_told() {
    let mut hub = three();
    say(&mut hub, 1, publish(1, "s"), 0);
    close(&mut hub, 1, 1000);
    assert_eq!(wait(&mut hub, 1000 + MINDS), ["2 line away", "3 line away"]);
    assert!(hub.is_current(1));
    alive(&mut hub, 9000);
    assert_eq!(wait(&mut hub, 1000 + GRACE), ["3 granted 3 with s of 11000 ms"], "of any session");
}

#[test]
fn hb24_a_page_resumes_what_the_caretaker_was_called_for_but_did_not_touch() {
    let mut hub = three();
    close(&mut hub, 1, 1000);
    wait(&mut hub, 1000 + MINDS);
    assert_eq!(hello(&mut hub, 4, "a", Some(1), 4100), ["4 resumed 3"]);
    assert!(!hub.keep(2, kept("k"), 4200), "the caretaker must not act any more");
    assert_eq!(hub.lease().minded_until, None);
}

#[test]
fn hb15_a_page_gets_back_what_the_caretaker_made_of_its_line() {
    let mut hub = three();
    close(&mut hub, 1, 1000);
    wait(&mut hub, 1000 + MINDS);
    assert!(!hub.keep(1, kept("old"), 4100));
    assert!(hub.keep(2, kept("k"), 4100));
    assert_eq!(drain(&mut hub), ["2 line away", "3 line away"]);
    assert_eq!(hello(&mut hub, 4, "a", Some(1), 5000), ["4 line", "4 granted 3 with k of 900 ms"]);
    assert!(!hub.keep(2, kept("late"), 5100));
    assert_eq!(hub.lease().snapshot, Some((b"k".to_vec(), 4100)));
}

#[test]
fn hb20_after_the_grace_a_tab_of_the_same_session_gets_it_and_one_of_another_does_not() {
    let mut hub = three();
    close(&mut hub, 1, 1000);
    alive(&mut hub, 9000);
    wait(&mut hub, 1000 + MINDS);
    assert_eq!(wait(&mut hub, 1000 + GRACE), ["2 granted 3 with s of 11000 ms"]);

    let mut hub = three();
    close(&mut hub, 2, 0);
    close(&mut hub, 1, 1000);
    wait(&mut hub, 12_000);
    for now in [12_000, 15_000, 20_000] {
        assert_eq!(say(&mut hub, 3, FromTab::Alive, now), ["3 alive"]);
    }
    assert_eq!(again(&mut hub, TWO, 4, "d", 20_100), ["4 watching", "4 line away"]);
    assert_eq!(again(&mut hub, ONE, 5, "e", 20_200), ["5 granted 3 with s of 20200 ms"]);
}

#[test]
fn hb22_when_the_caretaker_is_done_the_line_is_the_next_tabs_of_any_session() {
    let mut hub = three();
    close(&mut hub, 2, 0);
    close(&mut hub, 1, 1000);
    wait(&mut hub, 1000 + MINDS);
    hub.keep(2, kept("k"), 4100);
    say(&mut hub, 3, FromTab::Alive, 20_000);
    hub.over(1, LineState::default(), 21_400);
    assert_eq!(drain(&mut hub), NOTHING, "another epoch");
    hub.over(2, LineState::default(), 21_500);
    assert_eq!(drain(&mut hub), ["3 line", "3 granted 4"], "it begins afresh");
    assert!(!hub.keep(2, kept("late"), 21_600));
}

#[test]
fn hb22_a_caretaker_that_does_not_say_that_it_is_done_is_not_waited_for() {
    let mut hub = three();
    close(&mut hub, 1, 1000);
    close(&mut hub, 2, 1000);
    close(&mut hub, 3, 1000);
    wait(&mut hub, 1000 + MINDS);
    wait(&mut hub, 1000 + KEEPS + FAREWELL - 1);
    assert!(hub.is_minded(2));
    wait(&mut hub, 1000 + KEEPS + FAREWELL);
    assert_eq!((hub.deadline(), hub.lease().snapshot.clone(), hub.lease().to_lose), (None, None, false));
    assert_eq!(hello_of(&mut hub, TWO, 4, "d", None, 40_000), ["4 granted 4"]);
}

#[test]
fn hb8_a_silent_holder_in_a_call_is_fenced_and_its_calls_are_kept_from_then_on() {
    let mut hub = three();
    close(&mut hub, 2, 0);
    say(&mut hub, 3, FromTab::Alive, GRACE - 1);
    assert_eq!(wait(&mut hub, GRACE), ["minded 2 until 30000", "3 line away"], "not a tab of another session");
    assert!(!hub.is_current(1));
    assert_eq!(say(&mut hub, 1, FromTab::Alive, GRACE + 5), ["1 resumed 3", "1 alive"]);

    let mut hub = three();
    close(&mut hub, 2, 0);
    wait(&mut hub, GRACE);
    hub.keep(2, kept("k"), GRACE + 1);
    drain(&mut hub);
    let told = say(&mut hub, 1, in_call(1, "late"), GRACE + 5);
    assert_eq!(told, ["1 line", "1 granted 3 with k of 4 ms"], "hb18");
}

#[test]
fn hb7_a_silent_holder_in_a_call_loses_it_to_a_tab_of_the_same_session() {
    let mut hub = three();
    alive(&mut hub, GRACE - 1);
    assert_eq!(wait(&mut hub, GRACE), ["1 watching", "1 line", "2 granted 2 with s of 10000 ms"]);
}

#[test]
fn hb25_a_page_that_was_loaded_anew_has_its_line_at_once_although_the_old_socket_seems_open() {
    let mut hub = three();
    assert_eq!(hello(&mut hub, 4, "a", None, 500), ["1 closed Replaced", "4 granted 2 with s of 500 ms"]);
    assert_eq!(close(&mut hub, 1, 600), NOTHING);
    assert_eq!(hub.holder(), Some(SocketId(4)));
    say(&mut hub, 3, FromTab::Take, 700);
    let told = ["4 closed Replaced", "3 granted 3 with s of 710 ms", "5 watching", "5 line"];
    assert_eq!(hello(&mut hub, 5, "a", None, 710), told, "who asked gets it");
}

#[test]
fn hb11_who_leaves_with_a_call_lets_the_caretaker_end_it() {
    let mut hub = three();
    let told = say(&mut hub, 1, FromTab::Release { epoch: 1 }, 100);
    assert_eq!(told, ["minded 2 until 100", "1 line away", "2 line away", "3 line away"]);
    assert_eq!(say(&mut hub, 3, FromTab::Take, 200), NOTHING, "hb23");
    assert_eq!(hello(&mut hub, 4, "d", None, 300), ["4 watching", "4 line away"], "hb23");
    assert!(hub.keep(2, kept("k"), 350), "hb21");
    drain(&mut hub);
    hub.over(2, LineState::default(), 400);
    assert_eq!(drain(&mut hub), ["3 granted 4"], "who asked gets it");
}

#[test]
fn hb27_the_end_of_the_holders_session_ends_its_calls() {
    for gone in [false, true] {
        let mut hub = three();
        if gone {
            close(&mut hub, 1, 50);
            wait(&mut hub, 50 + MINDS);
        }
        let epoch = hub.lease().epoch + 1;
        let told = end(&mut hub, ONE, 4000);
        assert_eq!(told[told.len() - 2..], [format!("minded {epoch} until 4000"), "3 line away".to_owned()]);
        say(&mut hub, 3, FromTab::Alive, 4050);
        assert_eq!(wait(&mut hub, 4000 + FAREWELL - 1), NOTHING);
        assert_eq!(wait(&mut hub, 4000 + FAREWELL), [format!("3 granted {}", epoch + 2)]);
        assert_eq!(hub.line(4000 + FAREWELL), None);
    }
}

#[test]
fn a_restart_keeps_what_was_kept_and_ends_what_was_being_ended() {
    let mut before = three();
    close(&mut before, 1, 1000);
    wait(&mut before, 1000 + MINDS);
    before.keep(2, kept("k"), 4100);
    for (start, until) in [(5000, 21_000), (18_000, 28_000), (90_000, 100_000), (100, 20_100)] {
        let mut hub = Hub::new(before.lease().clone(), start);
        assert_eq!(drain(&mut hub), [format!("minded 3 until {until}")], "at {start}");
        assert!(hub.is_minded(3));
    }
    let mut hub = Hub::new(before.lease().clone(), 5000);
    drain(&mut hub);
    assert_eq!(hello(&mut hub, 1, "a", Some(1), 6000), ["1 line", "1 granted 4 with k of 1900 ms"]);

    let mut before = three();
    say(&mut before, 1, FromTab::Release { epoch: 1 }, 100);
    let mut hub = Hub::new(before.lease().clone(), 5000);
    assert_eq!(drain(&mut hub), ["minded 3 until 5000"]);
    assert_eq!(hello(&mut hub, 1, "a", Some(1), 6000), ["1 watching", "1 line away"]);
}

#[test]
fn a_restart_waits_for_the_page_of_a_call_and_then_keeps_it() {
    let before = three();
    let mut hub = Hub::new(before.lease().clone(), 5000);
    assert_eq!(wait(&mut hub, 5000 + MINDS), ["minded 2 until 25000"]);
    let mut lost = before.lease().clone();
    lost.snapshot = None;
    let mut hub = Hub::new(lost, 5000);
    assert_eq!(wait(&mut hub, 5000 + MINDS), NOTHING, "what cannot be read cannot be kept");
}

#[test]
fn a_line_is_fresh_as_long_as_its_calls_are_kept() {
    let mut hub = three();
    close(&mut hub, 1, 1000);
    assert_eq!(hub.line(3000), Some((LineState::default(), 0)));
    wait(&mut hub, 1000 + MINDS);
    let away = LineState { registration: Registration::Away, ..LineState::default() };
    assert_eq!(hub.line(1000 + KEEPS - 1), Some((away, 0)));
    let hub = Hub::new(hub.lease().clone(), 500_000);
    assert_eq!(hub.line(509_000).map(|(_, age)| age), Some(0));
}

#[test]
fn a_server_that_slept_leaves_time_for_a_goodbye() {
    let mut hub = three();
    close(&mut hub, 1, 1000);
    let told = wait(&mut hub, 3_600_000);
    assert_eq!(told, ["minded 2 until 3600000", "2 line away", "3 line away"]);
    assert!(hub.is_minded(2));
}

#[test]
fn hb25_the_dead_socket_of_a_page_that_was_loaded_anew_never_has_the_line() {
    let mut hub = three();
    assert_eq!(hello(&mut hub, 4, "b", None, 100), ["2 closed Replaced", "4 watching", "4 line"]);
    say(&mut hub, 4, FromTab::Take, 200);
    assert_eq!(hello(&mut hub, 5, "b", None, 210), ["4 closed Replaced", "5 watching", "5 line"]);
    assert_eq!(say(&mut hub, 1, last(1, "l"), 220)[2..], ["1 watching", "1 line", "5 granted 2 with l of 0 ms"]);
    assert_eq!(close(&mut hub, 5, 300), NOTHING);
}
