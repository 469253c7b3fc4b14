use crate::gesture::AtGesture;
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
    /// It rings at the other end.
    Ringback,
}

/// Rings, or does not.
#[derive(Default)]
pub(crate) struct Ringer(Option<Sounding>);

struct Sounding {
    tone: Tone,
    context: AudioContext,
    _unlock: AtGesture,
}

/// A cadence: for each burst of one period when it begins and ends, in seconds; and the period.
struct Cadence {
    frequencies: [f32; 2],
    level: f32,
    bursts: &'static [(f64, f64)],
    period: f64,
}

const RINGING: Cadence =
    Cadence { frequencies: [659.3, 830.6], level: 0.12, bursts: &[(0.0, 0.4), (0.6, 1.0)], period: 3.0 };
const WAITING: Cadence =
    Cadence { frequencies: [425.0, 425.0], level: 0.02, bursts: &[(0.0, 0.15), (0.35, 0.5)], period: 5.0 };
const RINGBACK: Cadence = Cadence { frequencies: [425.0, 425.0], level: 0.03, bursts: &[(0.0, 1.0)], period: 5.0 };

impl Ringer {
    /// Sounds this tone for at most this long, or none; going on with the same one is not a new beginning.
    pub(crate) fn sound(&mut self, tone: Option<Tone>, longest: Duration) {
        if self.0.as_ref().map(|sounding| sounding.tone) != tone {
            // A browser without Web Audio rings on the screen only.
            self.0 = tone.and_then(|tone| Sounding::begin(tone, longest).ok());
        }
    }
}

impl Sounding {
    fn begin(tone: Tone, longest: Duration) -> Result<Self, JsValue> {
        let context = AudioContext::new()?;
        let blocked = context.clone();
        // Where sound is not allowed yet, the context's time stands still, and the cadence begins with the first gesture.
        let unlock = AtGesture::new(move || forget(blocked.resume()));
        // Whole from here on, so that what fails closes the context: a page gets only a few of them.
        let sounding = Self { tone, context, _unlock: unlock };
        sounding.play(longest)?;
        Ok(sounding)
    }

    fn play(&self, longest: Duration) -> Result<(), JsValue> {
        let cadence = match self.tone {
            Tone::Ringing => RINGING,
            Tone::Waiting => WAITING,
            Tone::Ringback => RINGBACK,
        };
        let gain = self.context.create_gain()?;
        gain.gain().set_value(0.0);
        gain.connect_with_audio_node(&self.context.destination())?;
        for frequency in cadence.frequencies {
            let oscillator = self.context.create_oscillator()?;
            oscillator.frequency().set_value(frequency);
            oscillator.connect_with_audio_node(&gain)?;
            oscillator.start()?;
        }
        cadence.schedule(&gain.gain(), self.context.current_time(), longest.as_secs_f64())
    }
}

impl Drop for Sounding {
    fn drop(&mut self) {
        forget(self.context.close());
    }
}

impl Cadence {
    /// The whole ringing time is written down at once, so that no timer of the page is needed.
    fn schedule(&self, level: &AudioParam, from: f64, longest: f64) -> Result<(), JsValue> {
        /// How long the sound takes to swell: a sudden one clicks.
        const EDGE: f64 = 0.015;
        let mut start = from + 0.02;
        while start < from + longest {
            for (begin, end) in self.bursts {
                level.set_target_at_time(self.level, start + begin, EDGE)?;
                level.set_target_at_time(0.0, start + end, EDGE)?;
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
