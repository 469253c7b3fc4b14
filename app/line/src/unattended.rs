//! Which call may be answered by itself: what a stranger sends never opens a microphone.

use app::media::AutoAnswer;
use sip::Duration;
use sip::agent::{Call, CallId, Phase};
use sip::uri::Uri;

/// How long the caller may make the person wait for it; what rings longer is answered by a person.
pub const LONGEST: Duration = Duration::from_secs(20);

/// Whether this one of these calls may be: it asks for it and rings, there is no other call, the server vouches for the caller,
/// who says who they are, is of our domain and `allowed`, and called nobody else. `domain`: our own.
pub fn may(calls: &[Call], call: CallId, domain: &str, allowed: &AutoAnswer) -> bool {
    let [known] = calls else { return false };
    known.id == call
        && known.phase == Phase::RingingHere
        && known.replaces.is_none()
        && known.auto_answer.is_some_and(|after| after <= LONGEST)
        && of_domain(known, domain).is_some_and(|number| allowed.allows(&number))
}

/// The number of the caller, if all of that is so.
fn of_domain(call: &Call, domain: &str) -> Option<String> {
    let known = call.identity.asserted && !call.identity.anonymous && call.identity.diverted_by.is_empty();
    match &call.remote.uri {
        Uri::Sip(uri) if known && uri.host.to_string().eq_ignore_ascii_case(domain) => uri.user_unescaped(),
        Uri::Sip(_) | Uri::Tel(..) | Uri::Other { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip::agent::{Direction, DiversionReason, Diverted, Identity};

    /// 1002 calls, and asks for it.
    fn asking() -> Call {
        Call {
            id: CallId(1),
            direction: Direction::Incoming,
            remote: "<sip:1002@TABPHONE>".parse().unwrap(),
            phase: Phase::RingingHere,
            call_id: String::new(),
            local_tag: String::new(),
            replaces: None,
            transfer: None,
            transfer_asked: false,
            identity: Identity { asserted: true, ..Identity::default() },
            auto_answer: Some(Duration::ZERO),
            alert: None,
            status: None,
            reason: None,
            held_here: false,
            held_there: false,
            trickles: false,
        }
    }

    fn may_be(call: Call, allowed: &AutoAnswer) -> bool {
        may(&[call], CallId(1), "tabphone", allowed)
    }

    fn refused(why: &str, change: impl FnOnce(&mut Call)) {
        let mut call = asking();
        change(&mut call);
        assert!(!may_be(call, &AutoAnswer::Domain), "{why}");
    }

    #[test]
    fn who_is_allowed_is() {
        assert!(may_be(asking(), &AutoAnswer::Domain));
        assert!(may_be(asking(), &AutoAnswer::Numbers(vec!["1003".into(), "1002".into()])));
    }

    #[test]
    fn nobody_else_is() {
        assert!(!may_be(asking(), &AutoAnswer::Nobody), "not allowed, or the person does not want it");
        for numbers in [vec![], vec!["1003".into()], vec!["100".into(), "10022".into()]] {
            assert!(!may_be(asking(), &AutoAnswer::Numbers(numbers)));
        }
        refused("it does not ask for it", |call| call.auto_answer = None);
        refused("it asks for it much later", |call| call.auto_answer = Some(Duration::from_secs(21)));
        refused("nobody vouches for the caller", |call| call.identity.asserted = false);
        refused("nobody knows the caller", |call| call.identity.anonymous = true);
        for other in ["<sip:1002@elsewhere.example>", "<sip:1002@tabphone.example>", "<tel:1002>", "<sip:tabphone>"] {
            refused(other, |call| call.remote = other.parse().unwrap());
        }
        refused("it was somebody else who was called", |call| {
            call.identity.diverted_by = vec![Diverted { by: None, reason: DiversionReason::Unconditional }];
        });
        refused("it takes the place of another call", |call| call.replaces = Some(CallId(7)));
        for phase in [Phase::Answering, Phase::Established, Phase::Ending, Phase::Calling] {
            refused("it does not ring", |call| call.phase = phase);
        }
    }

    #[test]
    fn never_beside_another_call() {
        for phase in [Phase::Preparing, Phase::Calling, Phase::RingingThere, Phase::RingingHere, Phase::Established] {
            for held_here in [false, true] {
                let other = Call { id: CallId(2), phase, held_here, ..asking() };
                for calls in [[asking(), other.clone()], [other, asking()]] {
                    assert!(!may(&calls, CallId(1), "tabphone", &AutoAnswer::Domain), "{phase:?}");
                }
            }
        }
    }
}
