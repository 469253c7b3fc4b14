use super::*;

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn leader(epoch: Epoch) -> Leader {
    let address = Some("192.0.2.1:9000".to_owned());
    Leader { epoch, address, fingerprint: vec![1; 32], token: "token".to_owned() }
}

/// One that won epoch 7 by what it asked at 100 seconds.
fn taking() -> Election {
    let mut election = Election::new(false);
    let done = election.handle(Event::Won { epoch: 7, asked: at(100) }, at(101));
    assert_eq!(done, [Effect::Follow(None), Effect::Extend(at(104)), Effect::Open(7)]);
    election
}

fn leading() -> Election {
    let mut election = taking();
    assert_eq!(election.handle(Event::Opened, at(101)), [Effect::Lead(7)]);
    election
}

#[test]
fn cl1_requests_go_to_who_leads_and_wait_while_nobody_does() {
    let mut election = Election::new(false);
    assert_eq!(election.handle(Event::Looked(None), at(1)), []);
    assert_eq!(election.handle(Event::Looked(Some(leader(3))), at(2)), [Effect::Follow(Some(leader(3)))]);
    assert_eq!(election.handle(Event::Looked(Some(leader(3))), at(3)), [], "it is known");
    assert_eq!(election.handle(Event::Looked(Some(leader(4))), at(4)), [Effect::Follow(Some(leader(4)))]);
    assert_eq!(election.handle(Event::Looked(None), at(5)), [Effect::Follow(None)]);
}

#[test]
fn cl2_who_has_the_lock_opens_everything() {
    assert_eq!(taking().deadline(), Some(at(104)));
}

#[test]
fn cl3_who_led_is_still_asked_while_the_database_is_away() {
    let mut election = Election::new(false);
    election.handle(Event::Looked(Some(leader(3))), at(1));
    assert_eq!(election.handle(Event::Lost, at(2)), []);
    assert_eq!(election.handle(Event::Looked(Some(leader(3))), at(9)), []);
}

#[test]
fn cl4_who_has_everything_open_leads() {
    assert_eq!(leading().deadline(), Some(at(104)));
}

#[test]
fn cl5_who_cannot_lead_leaves_it_to_others_for_a_while() {
    let mut election = taking();
    assert_eq!(election.handle(Event::Failed, at(102)), [Effect::Cut(Why::Failed)]);
    assert_eq!(election.handle(Event::Ended, at(102)), [Effect::Follow(None)]);
    assert!(!election.is_candidate(at(106)));
    assert!(election.is_candidate(at(107)));
}

#[test]
fn cl6_the_lease_counts_from_when_it_was_asked_for() {
    for mut election in [taking(), leading()] {
        let done = election.handle(Event::Beat { epoch: 7, asked: at(101) }, at(102));
        assert_eq!(done, [Effect::Extend(at(105))]);
        assert_eq!(election.deadline(), Some(at(105)));
    }
}

#[test]
fn cl6_an_answer_that_comes_late_does_not_shorten_it() {
    let mut election = leading();
    election.handle(Event::Beat { epoch: 7, asked: at(102) }, at(102));
    assert_eq!(election.handle(Event::Beat { epoch: 7, asked: at(101) }, at(102)), [Effect::Extend(at(106))]);
}

#[test]
fn cl7_who_lost_the_lock_stops_at_once() {
    for (event, now, why) in [
        (Event::Lost, 102, Why::Lost),
        (Event::Beat { epoch: 8, asked: at(101) }, 102, Why::Deposed),
        (Event::Timeout, 104, Why::Silent),
        // What it waited for comes, but it stood still meanwhile.
        (Event::Beat { epoch: 7, asked: at(101) }, 115, Why::Silent),
    ] {
        let mut election = leading();
        assert_eq!(election.handle(event, at(now)), [Effect::Cut(why)]);
        assert_eq!(election.deadline(), None);
        assert!(!election.is_candidate(at(now)), "not before everything has ended");
    }
    assert_eq!(leading().handle(Event::Timeout, at(103)), [], "too early");
    assert_eq!(taking().handle(Event::Opened, at(104)), [Effect::Cut(Why::Silent)], "too late");
}

#[test]
fn cl7_who_is_stopped_when_it_is_too_late_stops_for_good() {
    let mut election = leading();
    assert_eq!(election.handle(Event::Stop, at(104)), [Effect::Cut(Why::Silent)]);
    assert_eq!(election.handle(Event::Ended, at(104)), [Effect::Finish]);
}

#[test]
fn cl7_a_leader_stops_before_another_can_begin() {
    // The database hears the last question when it was asked, or later.
    assert!(HOLD < FREED);
}

#[test]
fn cl8_who_stopped_leading_may_lead_again() {
    let mut election = leading();
    election.handle(Event::Lost, at(102));
    assert_eq!(election.handle(Event::Looked(Some(leader(8))), at(102)), []);
    assert_eq!(election.handle(Event::Ended, at(102)), [Effect::Follow(None)]);
    assert!(election.is_candidate(at(102)));
    assert_eq!(election.handle(Event::Looked(Some(leader(8))), at(102)), [Effect::Follow(Some(leader(8)))]);
}

#[test]
fn cl9_who_does_not_lead_just_stops() {
    let mut election = Election::new(false);
    assert_eq!(election.handle(Event::Stop, at(1)), [Effect::Follow(None), Effect::Finish]);
    let mut election = leading();
    election.handle(Event::Lost, at(102));
    assert_eq!(election.handle(Event::Stop, at(102)), []);
    assert_eq!(election.handle(Event::Ended, at(102)), [Effect::Finish]);
}

#[test]
fn cl10_a_leader_keeps_the_lock_while_it_closes() {
    for mut election in [taking(), leading()] {
        assert_eq!(election.handle(Event::Stop, at(102)), [Effect::Close]);
        let done = election.handle(Event::Beat { epoch: 7, asked: at(102) }, at(102));
        assert_eq!(done, [Effect::Extend(at(106))]);
    }
}

#[test]
fn cl11_a_leader_that_closed_gives_the_lock_back() {
    let mut election = leading();
    election.handle(Event::Stop, at(102));
    assert_eq!(election.handle(Event::Ended, at(102)), [Effect::Resign, Effect::Finish]);
}

#[test]
fn cl7_a_leader_that_loses_the_lock_while_it_closes_ends_at_once() {
    let mut election = leading();
    election.handle(Event::Stop, at(102));
    assert_eq!(election.handle(Event::Timeout, at(104)), [Effect::Cut(Why::Silent)]);
    assert_eq!(election.handle(Event::Ended, at(104)), [Effect::Finish]);
}

#[test]
fn cl12_an_outage_ends_nothing_where_nobody_could_take_over() {
    let mut election = Election::new(true);
    let done = election.handle(Event::Won { epoch: 7, asked: at(100) }, at(101));
    assert_eq!(done, [Effect::Follow(None), Effect::Open(7)], "there is no end to it");
    assert_eq!(election.handle(Event::Opened, at(101)), [Effect::Lead(7)]);
    assert_eq!((election.deadline(), election.kept()), (None, Some(7)));
    assert_eq!(election.handle(Event::Lost, at(102)), []);
    assert_eq!(election.handle(Event::Timeout, at(200)), []);
    assert_eq!(election.handle(Event::Beat { epoch: 7, asked: at(300) }, at(300)), []);
    assert_eq!(election.handle(Event::Beat { epoch: 8, asked: at(301) }, at(301)), [Effect::Cut(Why::Deposed)]);
    assert_eq!(election.kept(), None);
}
