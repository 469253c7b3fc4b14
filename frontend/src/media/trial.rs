use super::inputs::{Devices, Input, Kind};
use super::output::Output;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::{ArcRwSignal, Set as _};
use leptos::task::spawn_local;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AnalyserNode, AudioContext, AudioNode, HtmlAudioElement, MediaStream};

/// How long a person waits for their own words, in seconds: long enough to have spoken them.
const DELAY: f64 = 2.0;
/// How often the levels are looked at, in milliseconds.
const TICK: u32 = 100;

/// A person hears themselves, and sees how loud they and the other end are. Dropping it ends it and closes the microphone.
pub(crate) struct Trial {
    ended: Rc<Cell<bool>>,
    sounding: Rc<RefCell<Option<Sounding>>>,
}

struct Sounding {
    context: AudioContext,
    output: Output,
    /// The microphone, and what the far ends say.
    ours: AnalyserNode,
    theirs: Vec<(HtmlAudioElement, AnalyserNode)>,
    _microphone: Input,
}

impl Trial {
    /// Begins, once the browser gives the microphone. `sink`: where it is heard. The levels are told in per cent: ours and
    /// that of who is louder of the other ends.
    pub(crate) fn begin(devices: &Devices, sink: String, levels: ArcRwSignal<(u8, u8)>) -> Self {
        let trial = Self { ended: Rc::default(), sounding: Rc::default() };
        let (ended, sounding, devices) = (trial.ended.clone(), trial.sounding.clone(), devices.clone());
        spawn_local(async move {
            let Ok(microphone) = devices.open(Kind::Microphone).await else { return };
            if ended.get() {
                return;
            }
            let Ok(begun) = Sounding::begin(microphone, &sink, devices.output()) else { return };
            sounding.replace(Some(begun));
            while !ended.get() {
                if let Some(sounding) = &mut *sounding.borrow_mut() {
                    sounding.listen();
                    let theirs = sounding.theirs.iter().map(|(_, theirs)| level(theirs)).max();
                    levels.set((level(&sounding.ours), theirs.unwrap_or_default()));
                }
                TimeoutFuture::new(TICK).await;
            }
        });
        trial
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        self.ended.set(true);
        self.sounding.take();
    }
}

impl Sounding {
    fn begin(microphone: Input, sink: &str, output: &Output) -> Result<Self, JsValue> {
        let context = AudioContext::new()?;
        super::output::sink(&context, sink);
        let source = context.create_media_stream_source(microphone.stream())?;
        let ours = context.create_analyser()?;
        source.connect_with_audio_node(&ours)?;
        let delay: AudioNode = call(&context, "createDelay", DELAY)?.unchecked_into();
        let time = js_sys::Reflect::get(&delay, &"delayTime".into())?;
        js_sys::Reflect::set(&time, &"value".into(), &DELAY.into())?;
        ours.connect_with_audio_node(&delay)?;
        delay.connect_with_audio_node(&context.destination())?;
        Ok(Self { context, output: output.clone(), ours, theirs: Vec::new(), _microphone: microphone })
    }

    /// Listens to the calls that are up by now.
    fn listen(&mut self) {
        let playing = self.output.playing();
        self.theirs.retain(|(element, _)| playing.contains(element));
        for element in playing {
            if self.theirs.iter().any(|(known, _)| *known == element) {
                continue;
            }
            let Some(stream) = element.src_object() else { continue };
            if let Ok(analyser) = self.analyse(&stream) {
                self.theirs.push((element, analyser));
            }
        }
    }

    fn analyse(&self, stream: &MediaStream) -> Result<AnalyserNode, JsValue> {
        let analyser = self.context.create_analyser()?;
        self.context.create_media_stream_source(stream)?.connect_with_audio_node(&analyser)?;
        Ok(analyser)
    }
}

impl Drop for Sounding {
    fn drop(&mut self) {
        if let Ok(closing) = self.context.close() {
            spawn_local(async move {
                let _ = closing.await;
            });
        }
    }
}

/// Calls a method with one number: what no binding is loaded for.
fn call(of: &JsValue, name: &str, argument: f64) -> Result<JsValue, JsValue> {
    let method: js_sys::Function = js_sys::Reflect::get(of, &name.into())?.dyn_into()?;
    method.call1(of, &argument.into())
}

/// How loud it is, in per cent: silence is 0, and what begins to be distorted is 100.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 100")]
pub(super) fn level(analyser: &AnalyserNode) -> u8 {
    let mut wave = [0.0_f32; 1024];
    analyser.get_float_time_domain_data(&mut wave);
    let mean = wave.iter().map(|sample| sample * sample).sum::<f32>() / 1024.0;
    // The ear's scale: from 60 dB below the loudest.
    let decibels = 10.0 * mean.max(1e-9).log10();
    ((decibels + 60.0) * 100.0 / 60.0).clamp(0.0, 100.0) as u8
}
