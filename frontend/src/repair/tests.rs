use super::*;

const CALLED: Around = Around { established: true, caller: false, due: true, path: true, describing: false };
const CALLER: Around = Around { caller: true, ..CALLED };
const HELD: Around = Around { due: false, ..CALLER };

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// Media flows since `0`.
fn sound() -> Repair {
    let mut repair = Repair::new();
    assert_eq!(repair.offering(at(0)), Some(Way::Fresh));
    repair.state(State::Connected, CALLER, at(0));
    assert!(repair.is_heard());
    repair
}

/// Lets time pass up to `until`, counting `arriving` packets at every sample: when the call was given up, if it was.
fn pass(repair: &mut Repair, around: Around, until: u64, arriving: u64) -> Option<Instant> {
    let mut packets = 1_000;
    while let Some(now) = repair.deadline(around).filter(|now| *now <= at(until)) {
        match repair.timeout(around, now) {
            Some(Step::Sample) => {
                repair.counted(packets, around, now);
                packets += arriving;
            }
            Some(Step::GiveUp) => return Some(now),
            None => {}
        }
    }
    None
}

#[test]
fn mr1_mr2_a_network_that_changed_is_no_matter_while_media_arrives() {
    let mut repair = sound();
    repair.moved(CALLED, at(1_000));
    assert!(repair.is_heard(), "nobody heard anything yet");
    pass(&mut repair, CALLED, 60_000, 12);
    assert_eq!((repair.is_heard(), repair.wants()), (true, None));
}

/// Media flows since `0`, and stops at one second: whether it is asked if the server can be reached, and when.
fn stops(repair: &mut Repair, around: Around, until: u64) -> Vec<u64> {
    let mut asked = Vec::new();
    while let Some(now) = repair.deadline(around).filter(|now| *now <= at(until)) {
        if repair.timeout(around, now) == Some(Step::Sample) {
            let packets = now.since(at(0)).as_millis().min(1_000) as u64 / 20;
            if repair.counted(packets, around, now) {
                asked.push(now.since(at(0)).as_millis() as u64);
            }
        }
    }
    asked
}

#[test]
fn mr0_what_does_not_arrive_is_asked_for_once_and_nothing_else_follows() {
    let mut repair = sound();
    let asked = stops(&mut repair, CALLED, 10_000);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!((1_700..=2_100).contains(&asked[0]), "{asked:?}");
    assert_eq!((repair.is_heard(), repair.wants()), (true, None), "who is silent is not repaired");
    let mut repair = sound();
    assert_eq!(stops(&mut repair, HELD, 10_000), [0; 0], "nothing is due on hold");
}

#[test]
fn mr1_a_network_that_changed_after_a_silence_is_not_waited_for() {
    let mut repair = sound();
    stops(&mut repair, CALLED, 2_000);
    repair.moved(CALLED, at(2_000));
    assert_eq!(repair.wants(), Some((at(2_000), Way::Restart)));
    let mut repair = sound();
    stops(&mut repair, CALLER, 2_500);
    repair.state(State::Disconnected, CALLER, at(2_500));
    assert_eq!(repair.wants(), Some((at(2_500), Way::Restart)));
}

#[test]
fn mr14_a_browser_that_does_not_know_its_network_offers_a_fresh_connection_at_once() {
    let mut repair = sound();
    stops(&mut repair, CALLED, 2_000);
    repair.moved(CALLED, at(2_000));
    assert_eq!(repair.offering(at(2_000)), Some(Way::Restart));
    repair.stranded(at(2_150));
    assert_eq!(repair.wants(), None, "the offer is under way");
    repair.state(State::Connected, CALLED, at(2_400));
    repair.counted(10, CALLED, at(2_400));
    repair.counted(20, CALLED, at(2_650));
    assert!(repair.is_heard());
    // Once more, in vain: another dialog is next, as after every fresh connection.
    repair.moved(CALLED, at(3_000));
    pass(&mut repair, CALLED, 3_500, 0);
    assert_eq!(repair.offering(at(3_500)), Some(Way::Restart));
    repair.state(State::Connecting, CALLED, at(3_500));
    repair.stranded(at(3_600));
    pass(&mut repair, CALLED, 7_600, 0);
    assert_eq!(repair.wants().map(|(_, way)| way), Some(Way::Replace));
}

#[test]
fn mr2_a_path_that_is_back_by_itself_is_not_repaired() {
    let mut repair = sound();
    repair.state(State::Disconnected, CALLER, at(1_000));
    repair.state(State::Connected, CALLER, at(1_500));
    pass(&mut repair, CALLER, 60_000, 0);
    assert_eq!((repair.is_heard(), repair.wants()), (true, None));
}

#[test]
fn mr2_a_call_on_hold_is_not_repaired_for_its_silence() {
    let mut repair = sound();
    repair.moved(CALLED, at(1_000));
    pass(&mut repair, HELD, 60_000, 0);
    assert_eq!(repair.wants(), None);
}

#[test]
fn mr3_ice_restarts_after_a_silence_by_whose_network_changed_or_who_called() {
    let mut repair = sound();
    repair.moved(CALLED, at(1_000));
    pass(&mut repair, CALLED, 2_000, 0);
    assert_eq!(repair.wants(), Some((at(1_500), Way::Restart)));

    for (around, due) in [(CALLER, 2_000), (CALLED, 5_000)] {
        let mut repair = sound();
        repair.state(State::Disconnected, around, at(1_000));
        pass(&mut repair, around, 2_000, 0);
        assert_eq!(repair.wants(), Some((at(due), Way::Restart)));
    }
}

#[test]
fn mr4_what_failed_is_not_waited_for() {
    let mut repair = sound();
    repair.state(State::Failed, CALLER, at(1_000));
    assert_eq!(repair.wants(), Some((at(1_000), Way::Restart)));
    let mut repair = sound();
    repair.state(State::Beyond, CALLER, at(1_000));
    assert_eq!(repair.wants(), Some((at(1_000), Way::Fresh)));
}

#[test]
fn mr5_their_offer_is_their_repair() {
    let mut repair = sound();
    repair.state(State::Failed, CALLED, at(1_000));
    repair.answering(at(2_000));
    assert_eq!(repair.wants(), None);
    repair.state(State::Connected, CALLED, at(2_100));
    pass(&mut repair, CALLED, 2_700, 12);
    assert!(repair.is_heard());
    let mut repair = sound();
    repair.answering(at(1_000));
    assert!(repair.is_heard(), "a hold is no repair");
    assert_eq!(repair.offering(at(1_000)), None);
}

#[test]
fn mr6_mr8_ice_restarts_and_what_arrives_counts() {
    let mut repair = sound();
    repair.state(State::Failed, CALLER, at(1_000));
    assert_eq!(repair.offering(at(1_000)), Some(Way::Restart));
    repair.state(State::Connected, CALLER, at(1_200));
    assert!(!repair.is_heard(), "it says so, and nothing arrived");
    pass(&mut repair, CALLER, 2_000, 12);
    assert!(repair.is_heard() && !repair.is_returning());
}

#[test]
fn mr7_the_agent_is_not_asked_in_a_loop() {
    let mut repair = Repair::inherited();
    assert!(repair.wants().is_some_and(|(due, way)| due <= at(1_000) && way == Way::Fresh));
    repair.asked(at(1_000));
    assert_eq!(repair.wants(), Some((at(1_500), Way::Fresh)));
}

#[test]
fn mr9_mr10_where_ice_does_not_help_a_fresh_connection_does() {
    let mut repair = sound();
    repair.state(State::Failed, CALLER, at(1_000));
    repair.offering(at(1_000));
    pass(&mut repair, CALLER, 3_499, 0);
    assert_eq!(repair.wants(), None);
    pass(&mut repair, CALLER, 3_500, 0);
    assert_eq!(repair.wants(), Some((at(3_500), Way::Fresh)));
    assert_eq!(repair.offering(at(3_500)), Some(Way::Fresh));
    repair.state(State::Failed, CALLER, at(5_000));
    assert_eq!(repair.wants(), Some((at(5_000), Way::Replace)));
    assert_eq!(repair.offering(at(5_000)), Some(Way::Replace));
    pass(&mut repair, CALLER, 8_000, 0);
    assert_eq!(repair.wants(), Some((at(12_000), Way::Fresh)), "not in a loop");
    assert_eq!(pass(&mut repair, CALLER, 60_000, 0), Some(at(46_000)), "and not for ever");
}

/// A page that another one left the call to, and an other end that takes no connection but in another dialog.
fn elsewhere() -> Repair {
    let mut repair = Repair::inherited();
    repair.offering(at(0));
    pass(&mut repair, CALLER, 4_000, 0);
    assert_eq!(repair.offering(at(4_000)), Some(Way::Replace));
    repair.state(State::Connected, CALLER, at(4_200));
    pass(&mut repair, CALLER, 5_000, 12);
    assert!(repair.is_heard(), "what arrives counts");
    repair
}

#[test]
fn mr10_who_takes_another_dialog_is_asked_for_it_first_the_next_time() {
    let mut repair = elsewhere();
    repair.state(State::Failed, CALLER, at(10_000));
    assert_eq!(repair.wants(), Some((at(10_000), Way::Restart)), "the same connection costs nothing");
    repair.offering(at(10_000));
    pass(&mut repair, CALLER, 12_500, 0);
    assert_eq!(repair.wants(), Some((at(12_500), Way::Replace)));
    let mut repair = elsewhere();
    repair.state(State::Beyond, CALLER, at(10_000));
    assert_eq!(repair.wants(), Some((at(10_000), Way::Replace)));
}

#[test]
fn mr10_but_not_only_for_that() {
    let mut repair = elsewhere();
    repair.state(State::Beyond, CALLER, at(10_000));
    repair.offering(at(10_000));
    pass(&mut repair, CALLER, 13_000, 0);
    assert_eq!(repair.wants(), Some((at(17_000), Way::Fresh)));
    repair.offering(at(17_000));
    repair.state(State::Connected, CALLER, at(17_200));
    pass(&mut repair, CALLER, 18_000, 12);
    assert!(repair.is_heard());
    repair.state(State::Beyond, CALLER, at(20_000));
    assert_eq!(repair.wants(), Some((at(20_000), Way::Fresh)), "what helped last goes first");
}

#[test]
fn mr9_nobody_is_hurried_who_is_asked_for_the_microphone() {
    let mut repair = Repair::inherited();
    repair.offering(at(0));
    let asked = Around { describing: true, ..CALLER };
    pass(&mut repair, asked, 40_000, 0);
    assert_eq!(repair.wants(), None);
}

#[test]
fn mr10_the_first_connection_of_a_call_takes_as_long_as_it_takes() {
    let mut repair = Repair::new();
    repair.offering(at(0));
    assert_eq!(pass(&mut repair, CALLER, 29_000, 0), None);
    assert_eq!(repair.wants(), None);
}

#[test]
fn mr11_who_sends_nothing_at_all_is_left_alone() {
    let mut repair = Repair::inherited();
    for begun in [0, 8_000] {
        assert_eq!(repair.offering(at(begun)), Some(Way::Fresh));
        repair.state(State::Connected, CALLER, at(begun + 100));
        pass(&mut repair, CALLER, begun + 4_000, 0);
    }
    assert!(repair.is_heard());
}

#[test]
fn mr12_the_network_is_back() {
    let mut repair = sound();
    repair.state(State::Failed, CALLED, at(1_000));
    assert_eq!(repair.wants(), Some((at(4_000), Way::Restart)));
    repair.moved(CALLED, at(2_000));
    assert_eq!(repair.wants(), Some((at(2_000), Way::Restart)));
}

#[test]
fn mr13_a_call_without_media_ends_at_its_time_and_not_while_the_server_is_gone() {
    let mut repair = Repair::new();
    repair.offering(at(0));
    repair.timeout(CALLER, at(0));
    assert_eq!(pass(&mut repair, CALLER, 60_000, 0), Some(at(30_000)));

    let mut repair = sound();
    repair.state(State::Failed, CALLER, at(1_000));
    assert_eq!(pass(&mut repair, CALLER, 60_000, 0), Some(at(46_000)));

    let mut repair = sound();
    repair.state(State::Failed, CALLER, at(1_000));
    let gone = Around { path: false, ..CALLER };
    assert_eq!(pass(&mut repair, gone, 300_000, 0), None);
    repair.moved(CALLED, at(300_000));
    assert_eq!(pass(&mut repair, CALLER, 400_000, 0), Some(at(345_000)), "its time begins anew");
}

#[test]
fn a_person_is_told_of_a_break_only_after_a_moment() {
    let mut repair = sound();
    repair.state(State::Connecting, CALLED, at(1_000));
    pass(&mut repair, CALLED, 1_999, 0);
    assert!(repair.is_sound() && !repair.is_returning());
    repair.state(State::Connected, CALLED, at(1_999));
    pass(&mut repair, CALLED, 60_000, 0);
    assert!(repair.is_sound(), "they came back over another connection");

    repair.state(State::Failed, CALLED, at(70_000));
    pass(&mut repair, CALLED, 70_999, 0);
    assert!(repair.is_sound());
    pass(&mut repair, CALLED, 71_000, 0);
    assert!(!repair.is_sound() && repair.is_returning());
    assert!(Repair::inherited().is_returning(), "a page that was loaded anew knows nothing else");
}
