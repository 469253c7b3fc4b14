use super::*;

const WALL: u64 = 1_800_000_000_000;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

fn link() -> Link {
    Link::new(Random::new([7; 32]))
}

/// Opened, greeted and answered at `0`: the next Alive is due at the renewal time.
fn open() -> Link {
    let mut link = link();
    link.opening(at(0));
    link.opened(at(0));
    link.heard(&ToTab::Watching, at(0), WALL);
    link
}

#[test]
fn a_waiting_link_opens_in_time_or_at_a_hint() {
    assert_eq!(link().timeout(at(0)), Due::Open);
    let mut link = link();
    link.refused(at(0));
    assert_eq!(link.timeout(at(5_999)), Due::Nothing);
    assert_eq!(link.hint(at(10)), Due::Open);
    assert_eq!(link.probe(at(10)), Due::Nothing, "nothing can be opened while the network is gone");
    assert_eq!(link.timeout(at(6_000)), Due::Open);
}

#[test]
fn what_does_not_open_is_opened_anew() {
    let mut link = link();
    link.opening(at(0));
    assert_eq!(link.hint(at(10)), Due::Nothing);
    assert_eq!(link.timeout(at(9_999)), Due::Nothing);
    assert_eq!(link.timeout(at(10_000)), Due::Open);
    assert!(!link.is_open());
}

#[test]
fn an_open_link_says_alive_at_its_time_and_is_given_up_when_silent() {
    let mut link = open();
    assert!(link.is_open());
    assert_eq!(link.timeout(at(2_999)), Due::Nothing);
    assert_eq!(link.timeout(at(3_000)), Due::SayAlive);
    assert_eq!(link.timeout(at(6_000)), Due::Nothing, "one at a time");
    link.heard(&ToTab::Alive, at(6_500), WALL + 6_500);
    assert_eq!(link.vouched_until(), Some(at(13_000)), "what counts is when it was asked");
    assert_eq!(link.timeout(at(6_500)), Due::SayAlive);
    assert_eq!(link.timeout(at(16_500)), Due::OpenAnew);
}

#[test]
fn a_probe_leaves_a_short_time() {
    let mut link = open();
    assert_eq!(link.probe(at(100)), Due::SayAlive);
    assert_eq!(link.timeout(at(2_599)), Due::Nothing);
    assert_eq!(link.timeout(at(2_600)), Due::OpenAnew);

    let mut link = open();
    assert_eq!(link.timeout(at(3_000)), Due::SayAlive);
    assert_eq!(link.probe(at(4_000)), Due::Nothing, "it is asked already");
    assert_eq!(link.timeout(at(6_500)), Due::OpenAnew);

    let mut link = open();
    link.probe(at(100));
    link.heard(&ToTab::Alive, at(200), WALL + 200);
    assert_eq!(link.timeout(at(2_600)), Due::Nothing, "a sign of life came");
}

#[test]
fn every_third_attempt_in_vain_asks_about_the_session() {
    let mut link = link();
    let asked: Vec<bool> = (0..9).map(|_| link.closed(at(0))).collect();
    assert_eq!(asked, [false, false, true, false, false, true, false, false, true]);
    link.opening(at(0));
    link.opened(at(0));
    link.heard(&ToTab::Watching, at(0), WALL);
    assert!(!link.closed(at(0)), "who was heard is counted anew");
}

#[test]
fn the_pause_between_attempts_grows_to_its_longest() {
    let mut link = link();
    link.closed(at(0));
    assert_eq!(link.deadline(), Some(at(0)), "the first attempt is made at once");
    for _ in 0..20 {
        link.closed(at(0));
        assert!(link.deadline().is_some_and(|until| at(0) < until && until <= at(9_000)));
    }
}

#[test]
fn a_shut_link_stays_shut() {
    let mut link = open();
    link.shut();
    assert_eq!(link.deadline(), None);
    for due in [link.timeout(at(60_000)), link.hint(at(60_000)), link.probe(at(60_000))] {
        assert_eq!(due, Due::Nothing);
    }
}

#[test]
fn the_servers_word_lapses_by_either_clock() {
    assert!(!link().lapsed(at(60_000), WALL), "nothing was promised");
    assert!(!open().lapsed(at(9_999), WALL + 9_999));
    assert!(open().lapsed(at(10_000), WALL));
    assert!(!open().lapsed(at(1_000), WALL + 20_000));
    assert!(open().lapsed(at(1_000), WALL + 20_001));
}
