//! Which settings a person has a say in: what an administrator decided about each.

use crate::sound::DeviceKind;
use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};

/// Something that a person can set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// Whether no call is to ring.
    DoNotDisturb,
    /// Whether a second call rings beside the first.
    CallWaiting,
    /// Where all calls go.
    DivertAlways,
    /// Where calls go while the person is busy.
    DivertBusy,
    /// Where calls go that nobody answered.
    DivertUnanswered,
    /// Where calls go while no phone is on.
    DivertUnreachable,
    /// How long calls ring.
    Ringing,
    /// What hears us.
    Microphone,
    /// Where calls are heard.
    Speaker,
    /// Where it rings.
    Ringer,
    /// What sees us.
    Camera,
    /// Whether what the loudspeaker plays is taken out of what the microphone hears.
    EchoCancellation,
    /// Whether even noise is.
    NoiseSuppression,
    /// Whether what the microphone hears is made equally loud.
    AutoGain,
    /// Whether the microphone is kept open between calls.
    KeepOpen,
    /// How loud calls are.
    CallVolume,
    /// How loud it rings.
    RingVolume,
    /// How it rings.
    Ringtone,
    /// Whether notifications show the texts of messages.
    MessageTexts,
}

/// What an administrator decided about a setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offer {
    /// Each person sets it.
    #[default]
    Offered,
    /// It is shown, and nobody changes it.
    Fixed,
    /// It is not shown either.
    Hidden,
}

/// What holds for the settings of one person, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offers {
    fixed: u32,
    hidden: u32,
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::DoNotDisturb,
        Self::CallWaiting,
        Self::DivertAlways,
        Self::DivertBusy,
        Self::DivertUnanswered,
        Self::DivertUnreachable,
        Self::Ringing,
        Self::Microphone,
        Self::Speaker,
        Self::Ringer,
        Self::Camera,
        Self::EchoCancellation,
        Self::NoiseSuppression,
        Self::AutoGain,
        Self::KeepOpen,
        Self::CallVolume,
        Self::RingVolume,
        Self::Ringtone,
        Self::MessageTexts,
    ];

    /// Its name on the command line and in the storage.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DoNotDisturb => "do-not-disturb",
            Self::CallWaiting => "call-waiting",
            Self::DivertAlways => "divert-always",
            Self::DivertBusy => "divert-busy",
            Self::DivertUnanswered => "divert-unanswered",
            Self::DivertUnreachable => "divert-unreachable",
            Self::Ringing => "ringing",
            Self::Microphone => "microphone",
            Self::Speaker => "speaker",
            Self::Ringer => "ringer",
            Self::Camera => "camera",
            Self::EchoCancellation => "echo-cancellation",
            Self::NoiseSuppression => "noise-suppression",
            Self::AutoGain => "auto-gain",
            Self::KeepOpen => "keep-open",
            Self::CallVolume => "call-volume",
            Self::RingVolume => "ring-volume",
            Self::Ringtone => "ringtone",
            Self::MessageTexts => "message-texts",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.name() == name)
    }

    const fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

impl From<DeviceKind> for Setting {
    fn from(kind: DeviceKind) -> Self {
        match kind {
            DeviceKind::Microphone => Self::Microphone,
            DeviceKind::Speaker => Self::Speaker,
            DeviceKind::Ringer => Self::Ringer,
            DeviceKind::Camera => Self::Camera,
        }
    }
}

impl Offers {
    /// Those of the page that is drawn.
    pub(crate) fn of_page() -> Self {
        use_context().unwrap_or_default()
    }

    /// What was decided about a setting.
    #[must_use]
    pub const fn of(self, setting: Setting) -> Offer {
        if self.hidden & setting.bit() != 0 {
            Offer::Hidden
        } else if self.fixed & setting.bit() != 0 {
            Offer::Fixed
        } else {
            Offer::Offered
        }
    }

    /// Whether it is shown.
    #[must_use]
    pub const fn shows(self, setting: Setting) -> bool {
        !matches!(self.of(setting), Offer::Hidden)
    }

    /// Whether the person sets it.
    #[must_use]
    pub const fn offers(self, setting: Setting) -> bool {
        matches!(self.of(setting), Offer::Offered)
    }

    /// With this decision.
    #[must_use]
    pub const fn with(mut self, setting: Setting, offer: Offer) -> Self {
        self.fixed &= !setting.bit();
        self.hidden &= !setting.bit();
        match offer {
            Offer::Offered => {}
            Offer::Fixed => self.fixed |= setting.bit(),
            Offer::Hidden => self.hidden |= setting.bit(),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_decided_by_itself_and_found_by_its_name() {
        let mut offers = Offers::default();
        for setting in Setting::ALL {
            assert!(offers.offers(setting));
            assert_eq!(Setting::named(setting.name()), Some(setting));
            offers = offers.with(setting, Offer::Fixed);
            assert_eq!(offers.of(setting), Offer::Fixed);
            offers = offers.with(setting, Offer::Hidden);
        }
        assert_eq!(offers.with(Setting::Ringtone, Offer::Offered).of(Setting::Ringtone), Offer::Offered);
        assert!(Setting::ALL.iter().all(|setting| !offers.shows(*setting) && !offers.offers(*setting)));
    }
}
