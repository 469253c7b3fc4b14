//! Calls that are joined, and those that can be.

use super::*;

/// Ben and Clara are joined, and Dana is on hold.
pub(super) fn conferring() -> LineState {
    let talking = |key, number| Call::new(key, Direction::Outgoing, party(number, ""), Phase::Talking);
    let joined = |key, number| Call { joined: true, ..talking(key, number) };
    let held = Call { hold: Hold { here: true, there: false }, ..talking(9, "1004") };
    LineState { calls: vec![joined(7, "1002"), joined(8, "1003"), held], ..ready() }
}

#[test]
fn calls_that_are_joined_are_one_group_with_one_mute_for_all() {
    for seat in [Seat::Holding, Seat::Watching, Seat::Unknown] {
        let html = page(seat, conferring());
        assert!(shows(&html, "Conference") && shows(&html, "You, Ben Okafor and Clara Ruiz"), "{html}");
        let group =
            html.split_once("aria-labelledby=\"conference-name\"").unwrap().1.split_once("</section>").unwrap().0;
        assert_eq!(group.matches("call call--small call--member").count(), 2);
        assert!(!group.contains("Dana"), "who waits is beside it");
        for name in [
            "Mute",
            "Hold",
            "Share screen",
            "Leave",
            "Hang up all",
            "Split off Ben Okafor",
            "Keypad for Ben Okafor",
            "End the call with Clara Ruiz",
        ] {
            assert_eq!(enabled(group, name), Some(seat == Seat::Holding), "{name}");
        }
        assert_eq!((html.matches(">Mute<").count(), html.matches("Devices and volume").count()), (1, 1));
        assert_eq!(enabled(&html, "Join"), Some(seat == Seat::Holding), "who waits can be joined");
    }
    let mut line = conferring();
    line.calls[1].picture.screen = true;
    let html = page(Seat::Holding, line);
    assert_eq!((enabled(&html, "Stop sharing"), enabled(&html, "Share screen")), (Some(true), None), "it is for all");
    assert_eq!(enabled(&page(Seat::Holding, conferring()), "Stop sharing"), None);
    let html = render(Seat::Holding, conferring(), || view! { <PhonePage /> });
    assert_eq!(html.matches(">Join<").count(), 1, "who is joined cannot be joined again");
}

#[test]
fn a_conference_on_hold_waits_beside_the_call_that_is_up() {
    let mut line = conferring();
    for call in &mut line.calls {
        call.hold.here = call.joined;
    }
    let html = page(Seat::Holding, line.clone());
    assert!(html.contains("conference conference--small"));
    assert!(shows(&html, "On hold") && !shows(&html, "All hear one another"));
    for name in ["Resume", "Join", "Hang up all", "Mute", "Hang up"] {
        assert_eq!(enabled(&html, name), Some(true), "{name}");
    }

    // One that rings beside a conference that is up says what an answer does.
    let mut line = conferring();
    line.calls.push(Call::new(10, Direction::Incoming, party("1005", "Eve"), Phase::RingingHere));
    let html = page(Seat::Holding, line);
    assert!(shows(&html, "Answer puts the conference on hold."));
    assert_eq!(enabled(&html, "End the conference and answer"), Some(true));
}

#[test]
fn two_calls_that_are_answered_can_be_joined_and_no_others() {
    let mut line = conferring();
    line.calls.remove(0);
    line.calls[0].joined = false;
    let html = page(Seat::Holding, line.clone());
    assert_eq!(enabled(&html, "Join"), Some(true));
    assert!(!shows(&html, "Conference"));
    line.calls[0].phase = Phase::RingingThere;
    assert_eq!(enabled(&page(Seat::Holding, line.clone()), "Join"), None, "nobody has answered there");
    line.calls.remove(0);
    assert_eq!(enabled(&page(Seat::Holding, line), "Join"), None, "there is no other");
}
