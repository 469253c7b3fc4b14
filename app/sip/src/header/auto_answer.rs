use super::param_values::seconds_of;
use super::{AlertInfo, AnswerMode, CallInfo, PrivAnswerMode};
use crate::message::Headers;
use crate::uri::Params;

/// After how many seconds the caller asks that its call is answered by itself; `None` if it does not. Read are the
/// standard (RFC 5373 Answer-Mode, Priv-Answer-Mode) and what different makers write into Alert-Info and Call-Info:
/// `info=alert-autoanswer`, perhaps with `delay=5`; `answer-after=5`; `intercom=true`; and words like `Auto Answer`.
///
/// Anyone can write that. Whether the call may be answered so is for the one who is called to decide.
#[must_use]
pub fn answer_after(headers: &Headers) -> Option<u32> {
    let at_once = headers.find::<AnswerMode>().is_ok_and(|mode| mode.is_some_and(|mode| mode.is_auto()))
        || headers.find::<PrivAnswerMode>().is_ok_and(|mode| mode.is_some_and(|mode| mode.is_auto()));
    if at_once {
        return Some(0);
    }
    // What is malformed asks for nothing.
    let alert = headers.all::<AlertInfo>().unwrap_or_default();
    let call = headers.all::<CallInfo>().unwrap_or_default();
    let alert = alert.iter().find_map(AlertInfo::answer_after);
    alert.or_else(|| call.iter().find_map(CallInfo::answer_after))
}

macro_rules! answered {
    ($($header:ident)+) => {$(
        impl $header {
            /// After how many seconds this asks that the call is answered by itself, as [`answer_after`] reads it.
            #[must_use]
            pub fn answer_after(&self) -> Option<u32> {
                read(self.target(), &self.params)
            }
        }
    )+};
}

answered!(AlertInfo CallInfo);

/// Words that say it, in front of the parameters, as the value of `info`, or as the name of a parameter.
const WORDS: [&str; 5] = ["alert-autoanswer", "auto answer", "auto-answer", "ring answer", "intercom"];

fn read(target: Option<&str>, params: &Params) -> Option<u32> {
    let is = |text: &str| WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    let is_flag = |(name, value): (&str, Option<&str>)| {
        is(name) && value.is_none_or(|value| value.trim_matches('"').eq_ignore_ascii_case("true"))
    };
    if let Some(seconds) = seconds_of(params, "answer-after") {
        return Some(seconds);
    }
    let asked =
        target.is_some_and(is) || params.text("info").is_some_and(|info| is(&info)) || params.iter().any(is_flag);
    asked.then(|| seconds_of(params, "delay").unwrap_or(0))
}
