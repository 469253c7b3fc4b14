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
fn tl1_the_first_socket_is_opened_at_once() {
    assert_eq!(link().timeout(at(0)), Due::Open);
}

#[test]
fn tl2_tl3_after_a_loss_probes_go_out_one_after_the_other_and_the_first_that_comes_through_opens() {
    let mut link = open();
    link.closed(at(100));
    assert_eq!(link.timeout(at(100)), Due::Open, "a server that began anew is there already");
    link.opening(at(100));
    link.closed(at(101));
    let first = link.deadline().unwrap();
    assert_eq!(link.timeout(first), Due::Probe);
    let second = link.deadline().unwrap();
    assert!(second > first);
    assert_eq!(link.timeout(second), Due::Probe, "the one before may hang");
    assert_eq!(link.reached(second), Due::Open);
}

#[test]
fn tl2_a_hint_does_not_wait() {
    let mut link = link();
    link.refused(at(0));
    assert_eq!(link.timeout(at(5_999)), Due::Nothing);
    assert_eq!(link.hint(at(10)), Due::Probe);
    assert_eq!(link.doubt(at(10)), Due::Nothing, "nothing is open that could be doubted");
}

#[test]
fn tl2_in_a_call_the_way_back_is_looked_for_several_times_a_second() {
    let mut link = open();
    link.busy(true);
    link.closed(at(0));
    link.closed(at(0));
    let mut now = at(0);
    for _ in 0..50 {
        let next = link.deadline().unwrap();
        assert!(next.since(now) <= Duration::from_millis(300), "{:?}", next.since(now));
        assert_eq!(link.timeout(next), Due::Probe);
        now = next;
    }
    let later = at(60_000);
    link.timeout(later);
    link.timeout(link.deadline().unwrap());
    assert!(link.deadline().unwrap().since(later) > Duration::from_millis(300), "but not for ever");
}

#[test]
fn tl4_tl5_what_does_not_open_is_probed_for() {
    let mut link = link();
    link.opening(at(0));
    assert_eq!(link.hint(at(10)), Due::Nothing);
    assert_eq!(link.timeout(at(1_999)), Due::Nothing);
    assert_eq!(link.timeout(at(2_000)), Due::Probe);
    assert!(!link.is_open());
    link.opening(at(2_100));
    assert_eq!(link.timeout(at(6_099)), Due::Nothing, "a slow network has longer the next time");
    link.opened(at(6_099));
    assert!(link.is_open());
}

#[test]
fn tl5_in_a_call_what_is_opened_without_a_probe_has_a_moment_only() {
    let mut link = open();
    link.busy(true);
    link.closed(at(0));
    assert_eq!(link.timeout(at(0)), Due::Open);
    link.opening(at(0));
    assert_eq!(link.timeout(at(399)), Due::Nothing);
    assert_eq!(link.timeout(at(400)), Due::Probe);
    assert_eq!(link.reached(at(420)), Due::Open);
    link.opening(at(420));
    assert_eq!(
        link.timeout(at(8_419)),
        Due::Nothing,
        "a slow network has its time once the server is known to be there"
    );
    assert_eq!(link.timeout(at(8_420)), Due::Probe);
}

#[test]
fn tl7_tl8_an_open_link_says_alive_at_its_time() {
    let mut link = open();
    assert!(link.is_open());
    assert_eq!(link.timeout(at(2_999)), Due::Nothing);
    assert_eq!(link.timeout(at(3_000)), Due::SayAlive);
    assert_eq!(link.timeout(at(5_000)), Due::Nothing, "one at a time");
    link.heard(&ToTab::Alive, at(5_200), WALL + 5_200);
    assert_eq!(link.vouched_until(), Some(at(13_000)), "what counts is when it was asked");
    assert_eq!(link.timeout(at(6_000)), Due::SayAlive);
    let mut link = open();
    link.busy(true);
    assert_eq!(link.timeout(at(3_000)), Due::SayAlive);
    link.heard(&ToTab::Alive, at(3_100), WALL);
    assert_eq!(link.timeout(at(4_000)), Due::SayAlive, "in a call each second");
}

#[test]
fn tl9_tl13_tl15_a_black_hole_is_given_up() {
    for (busy, patience) in [(false, 2_500), (true, 1_000)] {
        let mut link = open();
        link.busy(busy);
        assert_eq!(link.timeout(at(3_000)), Due::SayAlive);
        assert_eq!(link.timeout(at(3_000 + patience - 1)), Due::Nothing);
        assert_eq!(link.timeout(at(3_000 + patience)), Due::Probe);
        let mut said = Vec::new();
        while link.is_open() {
            let next = link.deadline().unwrap();
            said.push(link.timeout(next));
            assert!(next <= at(3_000 + patience + 1_500));
        }
        assert!(said.len() > 4 && said[..said.len() - 1].iter().all(|due| *due == Due::Probe), "{said:?}");
        assert_eq!(said.last(), Some(&Due::GiveUp));
        let now = link.deadline().unwrap();
        assert_eq!(link.reached(now), Due::Open, "probes go on");
    }
}

#[test]
fn tl10_tl11_a_hint_asks_the_open_socket_and_a_probe_beside_it() {
    let mut link = open();
    assert_eq!(link.hint(at(100)), Due::SayAliveAndProbe);
    link.heard(&ToTab::Alive, at(120), WALL);
    assert_eq!(link.reached(at(130)), Due::Nothing);
    assert_eq!(link.timeout(at(1_000)), Due::Nothing, "a sign of life came");
    assert_eq!(link.timeout(at(3_100)), Due::SayAlive);
}

#[test]
fn tl12_who_says_something_else_has_a_little_longer() {
    let mut link = open();
    link.hint(at(100));
    link.heard(&ToTab::Presence(Vec::new()), at(200), WALL);
    assert_eq!(link.reached(at(250)), Due::Nothing);
    assert_eq!(link.timeout(at(2_699)), Due::Nothing);
    assert_eq!(link.timeout(at(2_700)), Due::Probe);
}

#[test]
fn tl14_where_a_probe_comes_through_and_the_socket_is_silent_it_is_opened_anew() {
    let mut link = open();
    assert_eq!(link.doubt(at(100)), Due::SayAliveAndProbe);
    assert_eq!(link.reached(at(150)), Due::Nothing);
    assert_eq!(link.timeout(at(449)), Due::Nothing);
    assert_eq!(link.timeout(at(450)), Due::OpenAnew);
    let mut link = open();
    link.doubt(at(100));
    link.reached(at(1_550));
    assert_eq!(link.timeout(at(1_850)), Due::OpenAnew, "late, but not in vain");
}

#[test]
fn tl6_every_third_attempt_in_vain_asks_about_the_session() {
    let mut link = link();
    let asked: Vec<bool> = (0..9).map(|_| link.closed(at(0))).collect();
    assert_eq!(asked, [false, false, true, false, false, true, false, false, true]);
    link.opening(at(0));
    link.opened(at(0));
    link.heard(&ToTab::Watching, at(0), WALL);
    assert!(!link.closed(at(0)), "who was heard is counted anew");
}

#[test]
fn tl6_the_pause_between_attempts_grows_to_its_longest() {
    let mut link = link();
    link.closed(at(0));
    assert_eq!(link.deadline(), Some(at(0)), "the first attempt is made at once");
    assert_eq!(link.timeout(at(0)), Due::Open);
    for _ in 0..20 {
        link.closed(at(0));
        assert!(link.deadline().is_some_and(|until| at(0) < until && until <= at(9_000)));
    }
}

#[test]
fn tl16_a_shut_link_stays_shut() {
    let mut link = open();
    link.shut();
    assert_eq!(link.deadline(), None);
    for due in [link.timeout(at(60_000)), link.hint(at(60_000)), link.doubt(at(60_000)), link.reached(at(60_000))] {
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
