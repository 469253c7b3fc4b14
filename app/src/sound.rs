//! What a person wants of sound and pictures: devices, volumes, how it rings. Kept by the server, for every browser.

use crate::phone::MediaFailure;
use serde::{Deserialize, Serialize};

/// The id of the element in which a person sees themselves without a call.
pub const MIRROR: &str = "mirror";

/// Which device is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceKind {
    /// What hears us.
    Microphone,
    /// Where calls are heard.
    Speaker,
    /// Where it rings.
    Ringer,
    /// What sees us.
    Camera,
}

/// A device of this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What it can be used as; a speaker can ring, too.
    pub kind: DeviceKind,
    /// Its name in this browser, which means nothing elsewhere.
    pub id: String,
    /// Its name for people.
    pub label: String,
}

/// How a call rings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ringtone {
    /// Two short bursts of a third.
    #[default]
    Office,
    /// A bell of two strokes a second.
    Bell,
    /// A rising chord.
    Chord,
    /// One soft low tone.
    Soft,
}

impl Ringtone {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Office, Self::Bell, Self::Chord, Self::Soft];

    /// Its name for people, which is its name in forms and in the storage, too.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Office => "Office",
            Self::Bell => "Bell",
            Self::Chord => "Chord",
            Self::Soft => "Soft",
        }
    }

    /// The one with this name; the usual one if there is none.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|tone| tone.name() == name).unwrap_or_default()
    }
}

/// What a person wants of sound and pictures. Devices by the names that people read, as those of browsers differ; empty
/// for the browser's own choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaSettings {
    /// What hears us.
    pub microphone: String,
    /// Where calls are heard.
    pub speaker: String,
    /// Where it rings.
    pub ringer: String,
    /// What sees us.
    pub camera: String,
    /// Take what the loudspeaker plays out of what the microphone hears.
    pub echo_cancellation: bool,
    /// Take even noise out of what the microphone hears.
    pub noise_suppression: bool,
    /// Make what the microphone hears equally loud.
    pub auto_gain: bool,
    /// Keep the microphone open between calls.
    pub keep_open: bool,
    /// How loud calls are, in per cent.
    pub call_volume: u8,
    /// How loud it rings, in per cent.
    pub ring_volume: u8,
    /// How it rings.
    pub ringtone: Ringtone,
}

impl Default for MediaSettings {
    fn default() -> Self {
        Self {
            microphone: String::new(),
            speaker: String::new(),
            ringer: String::new(),
            camera: String::new(),
            echo_cancellation: true,
            noise_suppression: true,
            auto_gain: true,
            keep_open: false,
            call_volume: 100,
            ring_volume: 100,
            ringtone: Ringtone::default(),
        }
    }
}

impl MediaSettings {
    /// The name of the device that was chosen, empty if none was.
    #[must_use]
    pub fn device(&self, kind: DeviceKind) -> &str {
        match kind {
            DeviceKind::Microphone => &self.microphone,
            DeviceKind::Speaker => &self.speaker,
            DeviceKind::Ringer => &self.ringer,
            DeviceKind::Camera => &self.camera,
        }
    }

    /// Chooses the device with this name, or none.
    pub fn choose(&mut self, kind: DeviceKind, label: &str) {
        let chosen = match kind {
            DeviceKind::Microphone => &mut self.microphone,
            DeviceKind::Speaker => &mut self.speaker,
            DeviceKind::Ringer => &mut self.ringer,
            DeviceKind::Camera => &mut self.camera,
        };
        label.clone_into(chosen);
    }

    /// As a form is sent (`/settings/sound`): name and value, of a box that is not ticked nothing.
    pub fn form(&self) -> Vec<(&'static str, String)> {
        let mut form = vec![
            ("microphone", self.microphone.clone()),
            ("speaker", self.speaker.clone()),
            ("ringer", self.ringer.clone()),
            ("camera", self.camera.clone()),
            ("call-volume", self.call_volume.to_string()),
            ("ring-volume", self.ring_volume.to_string()),
            ("ringtone", self.ringtone.name().to_owned()),
        ];
        for (name, on) in [
            ("echo-cancellation", self.echo_cancellation),
            ("noise-suppression", self.noise_suppression),
            ("auto-gain", self.auto_gain),
            ("keep-open", self.keep_open),
        ] {
            if on {
                form.push((name, "on".to_owned()));
            }
        }
        form
    }
}

/// Whether the browser shows a call that rings while the page is not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notify {
    /// It cannot.
    #[default]
    Unable,
    /// The person was not asked yet.
    NotAsked,
    /// It does.
    Allowed,
    /// The person does not want it.
    Refused,
}

/// What only this page knows of its sound, beside what the server keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sound {
    /// What the person wants.
    pub settings: MediaSettings,
    /// The devices of this browser, as far as it tells.
    pub devices: Vec<Device>,
    /// The device that went away last, if it did not come back.
    pub gone: Option<(DeviceKind, String)>,
    /// The browser does not ring until somebody clicks.
    pub blocked: bool,
    /// The browser can ring elsewhere than where it plays everything.
    pub rings_elsewhere: bool,
    /// Whether it shows a call that rings while it is not looked at.
    pub notify: Notify,
    /// The server did not keep what was set last.
    pub unsaved: bool,
    /// The person listens to themselves.
    pub trial: bool,
    /// The person looks at themselves.
    pub mirror: bool,
    /// Why they cannot.
    pub unseen: Option<MediaFailure>,
}

impl Sound {
    /// The devices that can be this, by id and name, and whether they are chosen; the browser's choice first, and one that
    /// was chosen but is not there last.
    #[must_use]
    pub fn options(&self, kind: DeviceKind) -> Vec<(String, String, bool)> {
        let wanted = self.settings.device(kind);
        let mut options = vec![(String::new(), "The browser's choice".to_owned(), wanted.is_empty())];
        options.extend(self.of(kind).map(|device| (device.id.clone(), device.label.clone(), device.label == wanted)));
        if options.iter().all(|(.., chosen)| !chosen) {
            options.push((String::from("-"), format!("{wanted} (not there)"), true));
        }
        options
    }

    /// The devices that can be this.
    pub fn of(&self, kind: DeviceKind) -> impl Iterator<Item = &Device> {
        let found = match kind {
            DeviceKind::Microphone | DeviceKind::Camera | DeviceKind::Speaker => kind,
            DeviceKind::Ringer => DeviceKind::Speaker,
        };
        self.devices.iter().filter(move |device| device.kind == found)
    }

    /// What is to be said of it at once, and the words of the button under it.
    #[must_use]
    pub fn notice(&self) -> Option<(String, &'static str)> {
        if let Some((kind, label)) = &self.gone {
            let goes_on = match kind {
                DeviceKind::Microphone => "You are heard over another microphone, if there is one.",
                DeviceKind::Speaker => "Calls are heard where the browser plays everything else.",
                DeviceKind::Ringer => "It rings where the browser plays everything else.",
                DeviceKind::Camera => "You are seen by another camera, if there is one.",
            };
            return Some((format!("“{label}” is not there any more. {goes_on}"), "All right"));
        }
        let blocked = "The browser makes no sound before you click in this page: a call would not be heard ringing.";
        self.blocked.then(|| (blocked.to_owned(), "Allow sound"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headset(kind: DeviceKind) -> Device {
        Device { kind, id: "abc".to_owned(), label: "Headset".to_owned() }
    }

    #[test]
    fn a_device_that_is_not_there_stays_chosen_and_says_so() {
        let mut sound = Sound { devices: vec![headset(DeviceKind::Speaker)], ..Sound::default() };
        sound.settings.choose(DeviceKind::Ringer, "Headset");
        sound.settings.choose(DeviceKind::Microphone, "Table");
        let chosen =
            |kind| sound.options(kind).into_iter().find(|(.., chosen)| *chosen).map(|(id, label, _)| (id, label));
        assert_eq!(chosen(DeviceKind::Ringer), Some(("abc".to_owned(), "Headset".to_owned())));
        assert_eq!(chosen(DeviceKind::Microphone), Some(("-".to_owned(), "Table (not there)".to_owned())));
        assert_eq!(chosen(DeviceKind::Speaker), Some((String::new(), "The browser's choice".to_owned())));
    }

    #[test]
    fn what_went_away_is_told_before_that_it_does_not_ring() {
        let mut sound = Sound { blocked: true, ..Sound::default() };
        assert_eq!(sound.notice().map(|(_, button)| button), Some("Allow sound"));
        sound.gone = Some((DeviceKind::Microphone, "Headset".to_owned()));
        assert_eq!(sound.notice().map(|(_, button)| button), Some("All right"));
    }

    #[test]
    fn a_ringtone_is_found_by_its_name() {
        for tone in Ringtone::ALL {
            assert_eq!(Ringtone::named(tone.name()), tone);
        }
        assert_eq!(Ringtone::named("?"), Ringtone::Office);
    }
}
