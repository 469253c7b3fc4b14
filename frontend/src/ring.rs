use crate::gesture::AtGesture;
use crate::media;
use app::sound::{DeviceKind, Ringtone};
use std::time::Duration;
use wasm_bindgen::JsValue;
use web_sys::{AudioContext, AudioParam};

/// Which sound tells of a call that is not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It rings here.
    Ringing,
    /// It rings here, beside another call: a quiet tone in the ear.
    Waiting,
    /// It answers by itself in a moment.
    Announced,
    /// It rings at the other end.
    Ringback,
}

/// The full volume, in per cent.
const LOUDEST: u8 = 100;

/// How it rings, and where.
#[derive(Clone, Debug)]
pub(crate) struct Ringing {
    pub(crate) ringtone: Ringtone,
    /// Of a call that rings here, in per cent.
    pub(crate) volume: u8,
    /// The device for a call that rings here, empty for the browser's choice.
    pub(crate) ringer: String,
    /// The one for all other sounds.
    pub(crate) speaker: String,
}

/// Rings, or does not.
#[derive(Default)]
pub(crate) struct Ringer(Option<Sounding>);

struct Sounding {
    tone: Option<Tone>,
    context: AudioContext,
    _unlock: AtGesture,
}

/// A cadence: the notes of one period, and its length in seconds.
struct Cadence {
    frequencies: [f32; 2],
    level: f32,
    notes: &'static [Note],
    period: f64,
}

/// When a note begins and ends, in seconds, and how much higher it is than the first one.
type Note = (f64, f64, f32);

const RINGBACK: Cadence = Cadence { frequencies: [425.0, 425.0], level: 0.03, notes: &[(0.0, 1.0, 1.0)], period: 5.0 };
const WAITING: Cadence =
    Cadence { frequencies: [425.0, 425.0], level: 0.02, notes: &[(0.0, 0.15, 1.0), (0.35, 0.5, 1.0)], period: 5.0 };
const ANNOUNCED: Cadence =
    Cadence { frequencies: [1000.0, 1000.0], level: 0.1, notes: &[(0.0, 0.2, 1.0), (0.3, 0.5, 1.0)], period: 30.0 };
const TEST: Cadence = Cadence { frequencies: [440.0, 440.0], level: 0.1, notes: &[(0.0, 1.0, 1.0)], period: 1.5 };

/// How a call rings here.
const fn ringing(ringtone: Ringtone) -> Cadence {
    match ringtone {
        Ringtone::Office => Cadence {
            frequencies: [659.3, 830.6],
            level: 0.12,
            notes: &[(0.0, 0.4, 1.0), (0.6, 1.0, 1.0)],
            period: 3.0,
        },
        Ringtone::Bell => Cadence {
            frequencies: [880.0, 1760.0],
            level: 0.1,
            notes: &[
                (0.0, 0.09, 1.0),
                (0.13, 0.22, 1.25),
                (0.26, 0.35, 1.0),
                (0.39, 0.48, 1.25),
                (0.52, 0.61, 1.0),
                (0.65, 0.74, 1.25),
            ],
            period: 2.5,
        },
        Ringtone::Chord => Cadence {
            frequencies: [523.3, 1046.5],
            level: 0.1,
            notes: &[(0.0, 0.22, 1.0), (0.25, 0.47, 1.26), (0.5, 0.95, 1.498)],
            period: 3.0,
        },
        Ringtone::Soft => Cadence { frequencies: [349.2, 440.0], level: 0.08, notes: &[(0.0, 1.2, 1.0)], period: 4.0 },
    }
}

impl Ringer {
    /// Sounds this tone for at most this long, or none; going on with the same one is not a new beginning.
    pub(crate) fn sound(&mut self, tone: Option<Tone>, longest: Duration, how: impl FnOnce() -> Ringing) {
        if self.0.as_ref().and_then(|sounding| sounding.tone) != tone {
            // A browser without Web Audio rings on the screen only.
            self.0 = tone.and_then(|tone| {
                let how = how();
                match tone {
                    Tone::Ringing => {
                        Sounding::begin(Some(tone), &ringing(how.ringtone), how.volume, &how.ringer, longest)
                    }
                    Tone::Waiting => Sounding::begin(Some(tone), &WAITING, LOUDEST, &how.speaker, longest),
                    Tone::Announced => Sounding::begin(Some(tone), &ANNOUNCED, LOUDEST, &how.speaker, longest),
                    Tone::Ringback => Sounding::begin(Some(tone), &RINGBACK, LOUDEST, &how.speaker, longest),
                }
                .ok()
            });
        }
    }

    /// Lets one period of what rings be heard at the ringer, or a tone at the speaker.
    pub(crate) fn try_out(&mut self, kind: DeviceKind, how: &Ringing) {
        let (cadence, volume, sink) = match kind {
            DeviceKind::Ringer => (ringing(how.ringtone), how.volume, &how.ringer),
            DeviceKind::Speaker | DeviceKind::Microphone | DeviceKind::Camera => (TEST, LOUDEST, &how.speaker),
        };
        let period = Duration::from_secs_f64(cadence.period * 0.9);
        self.0 = Sounding::begin(None, &cadence, volume, sink, period).ok();
    }
}

impl Sounding {
    fn begin(
        tone: Option<Tone>,
        cadence: &Cadence,
        volume: u8,
        sink: &str,
        longest: Duration,
    ) -> Result<Self, JsValue> {
        let context = AudioContext::new()?;
        media::sink(&context, sink);
        let blocked = context.clone();
        // Where sound is not allowed yet, the context's time stands still, and the cadence begins with the first gesture.
        let unlock = AtGesture::new(move || forget(blocked.resume()));
        // Whole from here on, so that what fails closes the context: a page gets only a few of them.
        let sounding = Self { tone, context, _unlock: unlock };
        sounding.play(cadence, volume, longest.as_secs_f64())?;
        Ok(sounding)
    }

    fn play(&self, cadence: &Cadence, volume: u8, longest: f64) -> Result<(), JsValue> {
        let from = self.context.current_time() + 0.02;
        let gain = self.context.create_gain()?;
        gain.gain().set_value(0.0);
        gain.connect_with_audio_node(&self.context.destination())?;
        // What is twice as loud for the ear has four times the level.
        let loud = f32::from(volume.min(LOUDEST)) / f32::from(LOUDEST);
        cadence.schedule(&gain.gain(), cadence.level * loud * loud, from, longest)?;
        for frequency in cadence.frequencies {
            let oscillator = self.context.create_oscillator()?;
            cadence.tune(&oscillator.frequency(), frequency, from, longest)?;
            oscillator.connect_with_audio_node(&gain)?;
            oscillator.start()?;
            oscillator.stop_with_when(from + longest + 1.0)?;
        }
        Ok(())
    }
}

impl Drop for Sounding {
    fn drop(&mut self) {
        forget(self.context.close());
    }
}

impl Cadence {
    /// The whole ringing time is written down at once, so that no timer of the page is needed.
    fn schedule(&self, gain: &AudioParam, level: f32, from: f64, longest: f64) -> Result<(), JsValue> {
        /// How long the sound takes to swell: a sudden one clicks.
        const EDGE: f64 = 0.015;
        self.each(from, longest, |(begin, end, _)| {
            gain.set_target_at_time(level, begin, EDGE)?;
            gain.set_target_at_time(0.0, end, EDGE)?;
            Ok(())
        })
    }

    fn tune(&self, pitch: &AudioParam, frequency: f32, from: f64, longest: f64) -> Result<(), JsValue> {
        pitch.set_value(frequency);
        self.each(from, longest, |(begin, _, higher)| pitch.set_value_at_time(frequency * higher, begin).map(|_| ()))
    }

    fn each(&self, from: f64, longest: f64, mut act: impl FnMut(Note) -> Result<(), JsValue>) -> Result<(), JsValue> {
        let mut start = from;
        while start < from + longest {
            for (begin, end, higher) in self.notes {
                act((start + begin, start + end, *higher))?;
            }
            start += self.period;
        }
        Ok(())
    }
}

/// Whether it worked is of no interest, but an unhandled rejection would be logged.
fn forget(promise: Result<js_sys::Promise, JsValue>) {
    if let Ok(promise) = promise {
        leptos::task::spawn_local(async move {
            let _ = promise.await;
        });
    }
}
