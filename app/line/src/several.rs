//! What several calls of one person do to each other: a person talks in one at a time, or in those that are joined in a
//! conference, and the others are on hold.
//!
//! | What happens | To the other calls that are answered |
//! | --- | --- |
//! | One is dialled, answered, or gone on with | they are put on hold, if they are not |
//! | One that was dialled is answered there, while another one is talked in | they stay as they are: that one is put on hold |
//! | One ends, or is put on hold | nothing: who is on hold stays there until a person goes on with them |
//! | One takes the place of another | nothing: it begins as that one stood, joined or not |
//! | One rings here | nothing: it rings quietly |
//! | One of the conference is gone on with, or put on hold | so are the others of it |
//! | Two are joined | those joined with either are in one conference; who of it is on hold is gone on with, who is not in it is put on hold |
//! | One is split off | it is put on hold, and the conference goes on without it |
//! | One of the conference ends, or is split off | the last one that is left is a plain call again |
//! | They put us on hold in one of the conference | nothing: the others hear each other |

use sip::agent::{Call, CallId, Direction, Phase};
use sip::uri::Uri;

/// How many calls a person may have at once; one more hears that they are busy.
pub const MOST: usize = 8;

/// The calls that a person talks in together with this one, itself among them: those of the conference, if it is `joined`.
pub fn together(call: CallId, joined: &[CallId]) -> Vec<CallId> {
    if joined.contains(&call) { joined.to_vec() } else { vec![call] }
}

/// Which of these calls are in the conference, of those that are to be: who has answered, and nobody alone.
pub fn conference(calls: &[Call], joined: &[CallId]) -> Vec<CallId> {
    let up = calls.iter().filter(|call| call.phase == Phase::Established && joined.contains(&call.id));
    let up: Vec<CallId> = up.map(|call| call.id).collect();
    if up.len() > 1 { up } else { Vec::new() }
}

/// Whether nobody has answered this call yet: one that takes the place of another keeps that one's place in the conference.
pub fn is_coming_up(call: &Call) -> bool {
    match call.phase {
        Phase::Preparing | Phase::Calling | Phase::RingingThere | Phase::RingingHere | Phase::Answering => true,
        Phase::Established | Phase::Ending => false,
    }
}

/// Who is in the conference once these two calls are joined: those joined with either stay. `None` if one has not answered,
/// or they are joined already.
pub fn merged(calls: &[Call], one: CallId, other: CallId, joined: &[CallId]) -> Option<Vec<CallId>> {
    let mut all = together(one, joined);
    if all.contains(&other) {
        return None;
    }
    all.extend(together(other, joined));
    let answered = |id: &CallId| calls.iter().any(|call| call.id == *id && call.phase == Phase::Established);
    all.iter().all(answered).then_some(all)
}

/// Which calls are to be put on hold because a person turns to this one, or to one that does not exist yet.
pub fn to_hold(calls: &[Call], turned_to: Option<CallId>, joined: &[CallId]) -> Vec<CallId> {
    let stays = turned_to.map(|call| together(call, joined)).unwrap_or_default();
    calls.iter().filter(|call| is_talked_in(call) && !stays.contains(&call.id)).map(|call| call.id).collect()
}

/// Whether this call was just answered at the other end too late: the person talks in another one by now. `instead_of`: the
/// call whose place it takes, which ends by itself.
pub fn is_late(calls: &[Call], answered: &Call, instead_of: Option<CallId>, joined: &[CallId]) -> bool {
    let beside = together(answered.id, joined);
    let other = |call: &Call| is_talked_in(call) && !beside.contains(&call.id) && Some(call.id) != instead_of;
    answered.direction == Direction::Outgoing && is_talked_in(answered) && calls.iter().any(other)
}

/// Whether there is a call besides this one that a person is busy with: it is not to ring aloud then.
pub fn is_beside_another(calls: &[Call], ringing: CallId) -> bool {
    calls.iter().any(|call| {
        call.id != ringing
            && match call.phase {
                Phase::Preparing | Phase::Calling | Phase::RingingThere | Phase::Answering | Phase::Established => true,
                Phase::RingingHere | Phase::Ending => false,
            }
    })
}

/// Whether this address is being called already: who clicks twice wants one call.
pub fn is_called(calls: &[Call], target: &Uri) -> bool {
    calls.iter().any(|call| {
        call.direction == Direction::Outgoing
            && call.remote.uri.equivalent(target)
            && match call.phase {
                Phase::Preparing | Phase::Calling | Phase::RingingThere => true,
                Phase::RingingHere | Phase::Answering | Phase::Established | Phase::Ending => false,
            }
    })
}

/// Who is asked to call whom, when the parties of these two calls are to talk to each other: the first is asked, and has to
/// have answered. `None` if neither has.
pub fn handed_over(calls: &[Call], one: CallId, other: CallId) -> Option<(CallId, CallId)> {
    let answered = |id| calls.iter().any(|call| call.id == id && call.phase == Phase::Established);
    if answered(one) {
        Some((one, other))
    } else if answered(other) {
        Some((other, one))
    } else {
        None
    }
}

/// Whether a person talks in this call, as far as it is on them.
pub fn is_talked_in(call: &Call) -> bool {
    call.phase == Phase::Established && !call.held_here
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: u64, direction: Direction, phase: Phase, held_here: bool) -> Call {
        Call {
            id: CallId(id),
            direction,
            remote: format!("<sip:100{id}@tabphone>").parse().unwrap(),
            phase,
            call_id: String::new(),
            local_tag: String::new(),
            replaces: None,
            transfer: None,
            transfer_asked: false,
            identity: sip::agent::Identity::default(),
            auto_answer: None,
            alert: None,
            status: None,
            reason: None,
            held_here,
            held_there: false,
            trickles: false,
        }
    }

    fn talked_in(id: u64) -> Call {
        call(id, Direction::Outgoing, Phase::Established, false)
    }

    fn held(id: u64) -> Call {
        call(id, Direction::Incoming, Phase::Established, true)
    }

    #[test]
    fn who_turns_to_a_call_holds_the_others() {
        let ringing = call(3, Direction::Incoming, Phase::RingingHere, false);
        let calls = [talked_in(1), held(2), ringing, talked_in(4)];
        assert_eq!(to_hold(&calls, Some(CallId(2)), &[]), [CallId(1), CallId(4)]);
        assert_eq!(to_hold(&calls, Some(CallId(1)), &[]), [CallId(4)]);
        assert_eq!(to_hold(&calls, None, &[]), [CallId(1), CallId(4)]);
        assert_eq!(to_hold(&[held(2)], None, &[]), []);
    }

    #[test]
    fn one_of_the_conference_is_gone_on_with_and_held_with_the_others() {
        let joined = [CallId(1), CallId(2)];
        let calls = [talked_in(1), talked_in(2), held(3), talked_in(4)];
        assert_eq!(together(CallId(2), &joined), joined);
        assert_eq!(together(CallId(3), &joined), [CallId(3)]);
        assert_eq!(to_hold(&calls, Some(CallId(1)), &joined), [CallId(4)], "those who are joined go on");
        assert_eq!(to_hold(&calls, Some(CallId(3)), &joined), [CallId(1), CallId(2), CallId(4)]);
        assert_eq!(to_hold(&calls, None, &joined), [CallId(1), CallId(2), CallId(4)], "who dials holds all of them");
    }

    #[test]
    fn two_that_are_joined_are_one_conference_with_those_joined_before() {
        let calling = call(5, Direction::Outgoing, Phase::RingingThere, false);
        let calls = [talked_in(1), held(2), held(3), held(4), calling];
        assert_eq!(merged(&calls, CallId(1), CallId(2), &[]), Some(vec![CallId(1), CallId(2)]));
        let joined = [CallId(1), CallId(2)];
        let three = vec![CallId(1), CallId(2), CallId(3)];
        assert_eq!(merged(&calls, CallId(2), CallId(3), &joined), Some(three));
        let three = vec![CallId(3), CallId(1), CallId(2)];
        assert_eq!(merged(&calls, CallId(3), CallId(1), &joined), Some(three));
        assert_eq!(merged(&calls, CallId(1), CallId(2), &joined), None, "they are");
        assert_eq!(merged(&calls, CallId(1), CallId(1), &[]), None);
        assert_eq!(merged(&calls, CallId(1), CallId(5), &[]), None, "nobody has answered there");
        assert_eq!(merged(&calls, CallId(1), CallId(9), &[]), None);
    }

    #[test]
    fn the_last_one_of_a_conference_is_a_plain_call() {
        let joined = [CallId(1), CallId(2), CallId(3)];
        let ending = call(2, Direction::Outgoing, Phase::Ending, false);
        assert_eq!(conference(&[talked_in(1), talked_in(2), held(4)], &joined), [CallId(1), CallId(2)]);
        assert_eq!(conference(&[held(1), held(3)], &joined), [CallId(1), CallId(3)], "all on hold, too");
        assert_eq!(conference(&[talked_in(1), ending], &joined), []);
        assert_eq!(conference(&[talked_in(1), talked_in(4)], &joined), []);
    }

    #[test]
    fn who_takes_the_place_of_one_of_the_conference_is_in_it() {
        let late = talked_in(3);
        let calls = [talked_in(1), talked_in(2), late.clone()];
        assert!(is_late(&calls, &late, Some(CallId(1)), &[CallId(1), CallId(2)]));
        assert!(!is_late(&calls, &late, Some(CallId(1)), &[CallId(1), CallId(2), CallId(3)]));
    }

    #[test]
    fn a_call_that_is_answered_there_while_another_is_talked_in_waits() {
        let late = talked_in(1);
        assert!(is_late(&[late.clone(), talked_in(2)], &late, None, &[]));
        assert!(!is_late(&[late.clone(), held(2)], &late, None, &[]), "the other one was put on hold for it");
        assert!(!is_late(&[late.clone(), talked_in(2)], &late, Some(CallId(2)), &[]), "it takes the place of that one");
        assert!(!is_late(core::slice::from_ref(&late), &late, None, &[]));
        let answered_here = call(3, Direction::Incoming, Phase::Established, false);
        assert!(!is_late(&[answered_here.clone(), talked_in(2)], &answered_here, None, &[]), "a person chose it");
    }

    #[test]
    fn a_call_rings_aloud_only_where_it_disturbs_none() {
        let ringing = call(1, Direction::Incoming, Phase::RingingHere, false);
        let another = call(2, Direction::Incoming, Phase::RingingHere, false);
        assert!(!is_beside_another(&[ringing.clone(), another], CallId(1)));
        for other in [talked_in(2), held(2), call(2, Direction::Outgoing, Phase::Calling, false)] {
            assert!(is_beside_another(&[ringing.clone(), other], CallId(1)));
        }
    }

    #[test]
    fn who_clicks_twice_calls_once() {
        let calling = call(2, Direction::Outgoing, Phase::Calling, false);
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        assert!(is_called(core::slice::from_ref(&calling), &uri("sip:1002@tabphone")));
        assert!(!is_called(&[calling], &uri("sip:1003@tabphone")));
        assert!(!is_called(&[talked_in(2)], &uri("sip:1002@tabphone")), "a second call to them is theirs to take");
    }

    #[test]
    fn whoever_has_answered_is_asked_to_call_the_other() {
        let calling = call(2, Direction::Outgoing, Phase::RingingThere, false);
        let calls = [held(1), calling, talked_in(3)];
        assert_eq!(handed_over(&calls, CallId(3), CallId(1)), Some((CallId(3), CallId(1))));
        assert_eq!(handed_over(&calls, CallId(2), CallId(1)), Some((CallId(1), CallId(2))));
        assert_eq!(handed_over(&calls, CallId(2), CallId(9)), None);
    }
}
