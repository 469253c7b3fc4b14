use crate::store::calling::{CallingError, RINGING, parse_number};
use crate::store::sound::LONGEST_LABEL;
use app::offers::{Offer, Setting};
use app::sound::Ringtone;
use std::fmt::Write as _;

/// Not anywhere, or not any.
pub(super) const NONE: &str = "none";
/// So it is.
pub(super) const ON: &str = "on";
const OFF: &str = "off";

/// Not a setting, or not what it can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    /// There is no such setting.
    #[error("there is no setting {name:?}: say one of {}", names())]
    Name {
        /// What was said.
        name: String,
    },
    /// Not a switch.
    #[error("say on or off")]
    Switch,
    /// Not where calls can go.
    #[error("{0}, or none")]
    Number(String),
    /// Not how long calls can ring.
    #[error("say {} to {} (seconds), or none for the server's own time", RINGING.start(), RINGING.end())]
    Ringing,
    /// Not how loud it can be.
    #[error("say 0 to 100 (per cent)")]
    Volume,
    /// There is no such tone.
    #[error("say one of {}", Ringtone::ALL.map(Ringtone::name).join(", "))]
    Ringtone,
    /// Not the name of a device.
    #[error(
        "say the name of the device as browsers show it, 1 to {LONGEST_LABEL} characters, or none for their own choice"
    )]
    Device,
}

/// Reads the name of a setting.
///
/// # Errors
/// [`InvalidSetting::Name`].
pub fn parse_setting(name: &str) -> Result<Setting, InvalidSetting> {
    Setting::named(name).ok_or_else(|| InvalidSetting::Name { name: name.chars().take(64).collect() })
}

/// Reads what a setting is to be, and gives it as it is kept.
///
/// # Errors
/// [`InvalidSetting`] says what it can be.
pub fn parse_value(setting: Setting, text: &str) -> Result<String, InvalidSetting> {
    let is_value = match setting {
        Setting::DoNotDisturb
        | Setting::CallWaiting
        | Setting::EchoCancellation
        | Setting::NoiseSuppression
        | Setting::AutoGain
        | Setting::KeepOpen
        | Setting::MessageTexts => matches!(text, ON | OFF).then_some(()).ok_or(InvalidSetting::Switch),
        Setting::DivertAlways | Setting::DivertBusy | Setting::DivertUnanswered | Setting::DivertUnreachable => {
            number(text)
        }
        Setting::Ringing => {
            let fits = text == NONE || text.parse().is_ok_and(|seconds| RINGING.contains(&seconds));
            fits.then_some(()).ok_or(InvalidSetting::Ringing)
        }
        Setting::CallVolume | Setting::RingVolume => {
            let fits = text.parse().is_ok_and(|volume: u8| volume <= 100);
            fits.then_some(()).ok_or(InvalidSetting::Volume)
        }
        Setting::Ringtone => {
            let known = Ringtone::ALL.into_iter().any(|tone| tone.name() == text);
            known.then_some(()).ok_or(InvalidSetting::Ringtone)
        }
        Setting::Microphone | Setting::Speaker | Setting::Ringer | Setting::Camera => {
            let plain = !text.trim().is_empty() && !text.chars().any(char::is_control);
            (plain && text.chars().count() <= LONGEST_LABEL).then_some(()).ok_or(InvalidSetting::Device)
        }
    };
    is_value.map(|()| text.trim().to_owned())
}

/// As it stands in the database.
pub(super) const fn offer_name(offer: Offer) -> &'static str {
    match offer {
        Offer::Offered => "offered",
        Offer::Fixed => "fixed",
        Offer::Hidden => "hidden",
    }
}

/// What stands there.
pub(super) fn offer(name: &str) -> Option<Offer> {
    [Offer::Offered, Offer::Fixed, Offer::Hidden].into_iter().find(|offer| offer_name(*offer) == name)
}

/// Whose calls go there is everybody's: nobody's own number is refused.
fn number(text: &str) -> Result<(), InvalidSetting> {
    if text == NONE {
        return Ok(());
    }
    parse_number(text, "").map(drop).map_err(|error: CallingError| InvalidSetting::Number(error.to_string()))
}

fn names() -> String {
    let mut names = String::new();
    for setting in Setting::ALL {
        // Writing to a String does not fail.
        let _ = write!(names, "{}{}", if names.is_empty() { "" } else { ", " }, setting.name());
    }
    names
}
