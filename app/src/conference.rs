//! The calls of one line that are joined: what pages make of them.

use crate::phone::{self, Call, CallKey};

/// The calls of the conference, oldest first.
pub fn joined(calls: &[Call]) -> Vec<CallKey> {
    calls.iter().filter(|call| call.joined).map(|call| call.key).collect()
}

/// The calls that a person talks in together with this one, itself among them.
pub fn together(calls: &[Call], key: CallKey) -> Vec<CallKey> {
    let all = joined(calls);
    if all.contains(&key) { all } else { vec![key] }
}

/// Whether our screen is shared in this call, or in one that is joined with it.
pub fn shares(calls: &[Call], key: CallKey) -> bool {
    let with = together(calls, key);
    calls.iter().any(|call| with.contains(&call.key) && call.picture.screen)
}

/// The call to go on with in place of the [active](phone::active) one, or to join with it: the newest one that is answered
/// and not joined with it.
pub fn beside(calls: &[Call]) -> Option<&Call> {
    let with = phone::active(calls).map(|call| together(calls, call.key)).unwrap_or_default();
    calls.iter().rev().find(|call| !with.contains(&call.key) && call.phase.has_microphone())
}

/// The answered call that this one can be joined with: the active one.
pub fn joins(calls: &[Call], key: CallKey) -> Option<CallKey> {
    let answered = |key: CallKey| calls.iter().any(|call| call.key == key && call.phase.has_microphone());
    let active = phone::active(calls)?.key;
    (answered(active) && answered(key) && !together(calls, active).contains(&key)).then_some(active)
}

/// Several names in one line.
pub fn names(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => [&first.join(", "), " and ", last].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::{Direction, Hold, Party, Phase};

    fn call(key: CallKey, held: bool, joined: bool) -> Call {
        let hold = Hold { here: held, there: false };
        Call { hold, joined, ..Call::new(key, Direction::Incoming, Party::default(), Phase::Talking) }
    }

    #[test]
    fn a_conference_is_one_beside_a_call() {
        let calls = [call(1, false, true), call(2, true, false), call(3, false, true)];
        assert_eq!(together(&calls, 3), [1, 3]);
        assert_eq!(together(&calls, 2), [2]);
        assert_eq!(beside(&calls).map(|call| call.key), Some(2), "none of those who talk already");
        assert_eq!((joins(&calls, 2), joins(&calls, 1)), (Some(3), None));
        let held = [call(1, true, true), call(2, false, false), call(3, true, true)];
        assert_eq!(beside(&held).map(|call| call.key), Some(3));
        assert_eq!((joins(&held, 1), joins(&held, 2)), (Some(2), None));
        assert_eq!(beside(&[call(1, false, true), call(2, false, true)]), None);
    }

    #[test]
    fn only_who_has_answered_is_joined() {
        let calling = Call { phase: Phase::Calling, ..call(2, false, false) };
        assert_eq!(joins(&[call(1, true, false), calling.clone()], 1), None, "the active one rings there");
        assert_eq!(joins(&[call(1, false, false), calling], 2), None);
    }

    #[test]
    fn names_are_told_in_one_line() {
        let told = |parts: &[&str]| names(&parts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(told(&["You", "Ben"]), "You and Ben");
        assert_eq!(told(&["You", "Ben", "Clara"]), "You, Ben and Clara");
    }
}
