//! What is said on the command line about calls: rules and numbers.

use crate::store::calling::{Calling, RulesChange};
use crate::store::calling::{CallingError, parse_ringing};
use clap::Args;
use sip::proxy::Rules;
use std::fmt::Write as _;
use std::time::Duration;

/// What an option that can be taken away is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted<T> {
    /// This.
    Some(T),
    /// Nothing any more.
    Off,
}

/// Neither on nor off.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("say on or off")]
pub(super) struct NotASwitch;

/// Neither a time nor off.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(super) enum NotATime {
    /// Not a whole number.
    #[error("say a number of seconds, or off")]
    Form,
    /// Too short or too long.
    #[error("{}", CallingError::Ringing)]
    Length,
}

/// What becomes of a person's calls. A number is what the person would dial; `off` takes it away.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct RulesArgs {
    /// No call rings; calls go where those go that come while busy.
    #[arg(long, value_name = "on|off", value_parser = switch)]
    do_not_disturb: Option<bool>,
    /// With off, whoever calls while a call is up finds the person busy; calls go where those go that come while busy.
    #[arg(long, value_name = "on|off", value_parser = switch)]
    call_waiting: Option<bool>,
    /// All calls go to this number at once.
    #[arg(long, value_name = "NUMBER|off", value_parser = number)]
    divert_always: Option<Wanted<String>>,
    /// Calls go to this number while the person is busy, or not to be disturbed.
    #[arg(long, value_name = "NUMBER|off", value_parser = number)]
    divert_busy: Option<Wanted<String>>,
    /// Calls go to this number when nobody answered them.
    #[arg(long, value_name = "NUMBER|off", value_parser = number)]
    divert_unanswered: Option<Wanted<String>>,
    /// Calls go to this number while no phone of the person is on.
    #[arg(long, value_name = "NUMBER|off", value_parser = number)]
    divert_unreachable: Option<Wanted<String>>,
    /// How long calls ring before they count as unanswered; off means the server's own time.
    #[arg(long, visible_alias = "after", value_name = "SECONDS|off", value_parser = time)]
    ringing: Option<Wanted<Duration>>,
}

impl<T> From<Wanted<T>> for Option<T> {
    fn from(wanted: Wanted<T>) -> Self {
        match wanted {
            Wanted::Some(value) => Some(value),
            Wanted::Off => None,
        }
    }
}

impl From<RulesArgs> for RulesChange {
    fn from(args: RulesArgs) -> Self {
        Self {
            do_not_disturb: args.do_not_disturb,
            no_call_waiting: args.call_waiting.map(|on| !on),
            always: args.divert_always.map(Into::into),
            busy: args.divert_busy.map(Into::into),
            unanswered: args.divert_unanswered.map(Into::into),
            unreachable: args.divert_unreachable.map(Into::into),
            ringing: args.ringing.map(Into::into),
        }
    }
}

/// The rules in a few words; nothing when there are none.
pub(super) fn rules(rules: &Rules) -> String {
    let quiet = rules.do_not_disturb.then(|| "do not disturb".to_owned());
    let to = |words: &str, number: &Option<String>| number.as_ref().map(|number| format!("{words} to {number}"));
    let parts = [
        quiet,
        rules.no_call_waiting.then(|| "no call waiting".to_owned()),
        to("all calls", &rules.always),
        to("when busy", &rules.busy),
        to("unanswered", &rules.unanswered),
        to("unreachable", &rules.unreachable),
        rules.ringing.map(|time| format!("rings for {} s", time.as_secs())),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A line for each of these numbers that is nobody's: calls that go there are lost.
pub(super) async fn cautions<'a>(
    calling: &Calling,
    numbers: impl IntoIterator<Item = &'a String>,
) -> Result<String, CallingError> {
    let mut said = String::new();
    let mut seen = Vec::new();
    for number in numbers {
        if !seen.contains(&number) && !calling.is_known(number).await? {
            // Writing to a String does not fail.
            let _ = writeln!(said, "Careful: nobody has the number {number}, so calls that go there are lost.");
        }
        seen.push(number);
    }
    Ok(said)
}

pub(super) fn switch(text: &str) -> Result<bool, NotASwitch> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(NotASwitch),
    }
}

/// Whether it is a number is looked at when it is known whose calls go there.
#[expect(clippy::unnecessary_wraps, reason = "what a value parser of clap looks like")]
pub(super) fn number(text: &str) -> Result<Wanted<String>, CallingError> {
    Ok(if text == "off" { Wanted::Off } else { Wanted::Some(text.to_owned()) })
}

pub(super) fn time(text: &str) -> Result<Wanted<Duration>, NotATime> {
    if text == "off" {
        return Ok(Wanted::Off);
    }
    let seconds = text.parse().map_err(|_| NotATime::Form)?;
    parse_ringing(Duration::from_secs(seconds)).map(Wanted::Some).map_err(|_| NotATime::Length)
}
