//! How a call wants to be taken: answered by itself, or with a ring of its own.

use super::Config;
use crate::header::{AlertInfo, AnswerMode, PrivAnswerMode, answer_after};
use crate::message::{Headers, Token};
use alloc::string::{String, ToString};
use core::time::Duration;

/// The longest name of a ring, in bytes.
const MAX_ALERT: usize = 128;

/// After how long the caller asks that its call is answered by itself; `None` if it does not, or is not to be believed.
/// Anybody can write that, so it counts only where the network is trusted, and never for who does not say who they are.
pub(super) fn after(config: &Config, headers: &Headers, anonymous: bool) -> Option<Duration> {
    if !config.trusts_identity || anonymous {
        return None;
    }
    let seconds = answer_after(headers)?;
    Some(Duration::from_secs(u64::from(seconds)).min(config.ringing))
}

/// The option tag of Answer-Mode (RFC 5373 8.3).
pub(super) const ANSWER_MODE: Token = Token::literal("answermode");

/// Whether the caller wants the call refused unless it is answered by itself (RFC 5373 4.1.2).
pub(super) fn is_required(headers: &Headers) -> bool {
    let answer = headers.find::<AnswerMode>().ok().flatten();
    let privileged = headers.find::<PrivAnswerMode>().ok().flatten();
    answer.is_some_and(|mode| mode.is_auto() && mode.is_required())
        || privileged.is_some_and(|mode| mode.is_auto() && mode.is_required())
}

/// Whether that is so, and it will not be. `alone`: there is no other call.
pub(super) fn is_refused(config: &Config, headers: &Headers, alone: bool, anonymous: bool) -> bool {
    let may = alone && (config.auto_answer || config.decides_auto_answer);
    is_required(headers) && !(may && after(config, headers, anonymous).is_some())
}

/// How it wants to ring (RFC 3261 20.4, RFC 7462): a URN such as `urn:alert:source:internal`, the name of a ring, or
/// what `info` says. It is theirs to say and ours to do.
pub(super) fn alert(headers: &Headers) -> Option<String> {
    let all = headers.all::<AlertInfo>().ok()?;
    let named = |alert: &AlertInfo| match (alert.params.text("info"), alert.target()) {
        (Some(info), _) => Some(info.to_string()),
        (None, Some(target)) => Some(target.to_string()),
        (None, None) => None,
    };
    all.iter().find_map(named).filter(|alert| !alert.is_empty() && alert.len() <= MAX_ALERT)
}
