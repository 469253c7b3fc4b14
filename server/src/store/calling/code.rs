//! Feature codes: what a phone without a page dials to say what is to be done with its calls.

use super::{Calling, CallingError, RulesChange, parse_number};
use crate::ports::Dialled;
use sip::message::Status;

/// What is dialled. The codes are those that phones elsewhere know (`*72` and `*73` are North America's vertical
/// service codes, the others are usual with Asterisk).
///
/// | dialled | what it does |
/// | --- | --- |
/// | `*78`, `*79` | do not disturb: on, off |
/// | `*70`, `*71` | call waiting: on, off |
/// | `*72NUMBER`, `*73` | all calls go to the number, or ring here again |
/// | `*90NUMBER`, `*91` | the same with calls while the person is busy |
/// | `*92NUMBER`, `*93` | the same with calls that nobody answered |
/// | `*94NUMBER`, `*95` | the same with calls while no phone is on |
/// | `*8NUMBER` | picks up the call that rings at the number |
///
/// A `#` at the end, by which some phones know that a number is complete, is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// Do not disturb, on or off.
    DoNotDisturb(bool),
    /// Whether a second call rings beside the first.
    CallWaiting(bool),
    /// Calls of a kind go to a number (an empty one is still to be dialled), or nowhere else any more.
    Divert(Calls, Option<String>),
    /// The call that rings at this number is picked up: the proxy does it.
    PickUp(String),
}

/// Which calls a code diverts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// All.
    All,
    /// Those that come while the person is busy.
    Busy,
    /// Those that nobody answers.
    Unanswered,
    /// Those that come while no phone is on.
    Unreachable,
}

impl Code {
    /// Reads what was dialled; `None` when it is no code.
    #[must_use]
    pub fn parse(dialled: &str) -> Option<Self> {
        let dialled = dialled.strip_suffix('#').unwrap_or(dialled);
        let (code, number) = dialled.split_at_checked(3)?;
        let on = |calls| Some(Self::Divert(calls, Some(number.to_owned())));
        let off = |calls| number.is_empty().then_some(Self::Divert(calls, None));
        match code {
            "*70" if number.is_empty() => Some(Self::CallWaiting(true)),
            "*71" if number.is_empty() => Some(Self::CallWaiting(false)),
            "*78" if number.is_empty() => Some(Self::DoNotDisturb(true)),
            "*79" if number.is_empty() => Some(Self::DoNotDisturb(false)),
            "*72" => on(Calls::All),
            "*73" => off(Calls::All),
            "*90" => on(Calls::Busy),
            "*91" => off(Calls::Busy),
            "*92" => on(Calls::Unanswered),
            "*93" => off(Calls::Unanswered),
            "*94" => on(Calls::Unreachable),
            "*95" => off(Calls::Unreachable),
            _ => {
                let number = dialled.strip_prefix("*8").filter(|number| !number.is_empty());
                number.map(|number| Self::PickUp(number.to_owned()))
            }
        }
    }

    /// What it changes.
    fn change(&self) -> RulesChange {
        let mut change = RulesChange::default();
        match self {
            Self::PickUp(_) => {}
            Self::CallWaiting(on) => change.no_call_waiting = Some(!*on),
            Self::DoNotDisturb(on) => change.do_not_disturb = Some(*on),
            Self::Divert(calls, number) => {
                let slot = match calls {
                    Calls::All => &mut change.always,
                    Calls::Busy => &mut change.busy,
                    Calls::Unanswered => &mut change.unanswered,
                    Calls::Unreachable => &mut change.unreachable,
                };
                *slot = Some(number.clone());
            }
        }
        change
    }

    /// What is the case once it is done.
    fn done(&self) -> String {
        match self {
            Self::CallWaiting(true) => "Call waiting is on".to_owned(),
            Self::CallWaiting(false) => "Call waiting is off".to_owned(),
            Self::DoNotDisturb(true) => "Do not disturb is on".to_owned(),
            Self::DoNotDisturb(false) => "Do not disturb is off".to_owned(),
            Self::Divert(calls, Some(number)) => format!("{} go to {number}", calls.words()),
            Self::Divert(calls, None) => format!("{} stay here", calls.words()),
            Self::PickUp(_) => "No call rings there".to_owned(),
        }
    }
}

impl Calls {
    const fn words(self) -> &'static str {
        match self {
            Self::All => "All calls",
            Self::Busy => "Calls while busy",
            Self::Unanswered => "Unanswered calls",
            Self::Unreachable => "Calls while unreachable",
        }
    }
}

impl Calling {
    /// Does what a person's phone dialled, and says what is the case then; `None` when it is no code.
    ///
    /// There is no sound to confirm with, as the exchange has no media, and no 2xx to an INVITE without a session. So
    /// the answer is a refusal whose reason phrase is read on the phone's display: 480 for what was done, which no
    /// phone tries again by itself or takes for a busy or declining person, and other statuses for what was not.
    pub async fn dialled(&self, caller: &str, number: &str) -> Option<Dialled> {
        let code = Code::parse(number)?;
        if let Code::Divert(_, Some(to)) = &code {
            if to.is_empty() {
                return Some(Dialled::new(Status::ADDRESS_INCOMPLETE, "Dial the code and the number in one"));
            }
            // Nobody reads a caution on a phone, so calls are not sent where nobody is.
            match self.target(to, caller).await {
                Ok(true) => {}
                Ok(false) => return Some(Dialled::new(Status::NOT_FOUND, format!("Nobody has the number {to}"))),
                Err(error) => return Some(refused(&error)),
            }
        }
        Some(match self.wish(caller, code.change()).await {
            Ok(_) => Dialled::new(Status::TEMPORARILY_UNAVAILABLE, code.done()),
            Err(error) => refused(&error),
        })
    }

    async fn target(&self, number: &str, own: &str) -> Result<bool, CallingError> {
        let number = parse_number(number, own)?;
        self.is_known(&number).await
    }
}

fn refused(error: &CallingError) -> Dialled {
    match error {
        CallingError::Storage(error) => {
            tracing::error!(%error, "what a phone dialled could not be done");
            Dialled::new(Status::SERVICE_UNAVAILABLE, "Not now, try again later")
        }
        CallingError::Own(_) => Dialled::new(Status::FORBIDDEN, "That is your own number"),
        CallingError::Decided => Dialled::new(Status::FORBIDDEN, "Your administrator set this"),
        CallingError::Missing(_) => Dialled::new(Status::FORBIDDEN, "You have no extension here"),
        CallingError::Number(_)
        | CallingError::Code(_)
        | CallingError::Ringing
        | CallingError::NoGroup(_)
        | CallingError::Extension
        | CallingError::Name
        | CallingError::Taken(_)
        | CallingError::Members
        | CallingError::Twice(_) => Dialled::new(Status::NOT_FOUND, "Calls cannot go to that number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_phones_dial_them() {
        let to = |calls, number: &str| Some(Code::Divert(calls, Some(number.to_owned())));
        for (dialled, code) in [
            ("*78", Some(Code::DoNotDisturb(true))),
            ("*79", Some(Code::DoNotDisturb(false))),
            ("*79#", Some(Code::DoNotDisturb(false))),
            ("*70", Some(Code::CallWaiting(true))),
            ("*71#", Some(Code::CallWaiting(false))),
            ("*701", None),
            ("*721002", to(Calls::All, "1002")),
            ("*721002#", to(Calls::All, "1002")),
            ("*72", to(Calls::All, "")),
            ("*73", Some(Code::Divert(Calls::All, None))),
            ("*90600", to(Calls::Busy, "600")),
            ("*91", Some(Code::Divert(Calls::Busy, None))),
            ("*921003", to(Calls::Unanswered, "1003")),
            ("*93", Some(Code::Divert(Calls::Unanswered, None))),
            ("*941003", to(Calls::Unreachable, "1003")),
            ("*95", Some(Code::Divert(Calls::Unreachable, None))),
            ("*781", None),
            ("*731", None),
            ("78", None),
            ("*", None),
            ("*99", None),
            ("*81002", Some(Code::PickUp("1002".to_owned()))),
            ("*8", None),
            ("1001", None),
            ("", None),
            ("ääää", None),
        ] {
            assert_eq!(Code::parse(dialled), code, "{dialled}");
        }
    }
}
