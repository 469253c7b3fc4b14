use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    AnalyserNode, AudioContext, MediaStream, MediaStreamAudioDestinationNode, MediaStreamAudioSourceNode,
    MediaStreamTrack,
};

/// When an announcement begins: by then what is sent goes through the mixer. Seconds.
const LEAD: f64 = 0.25;
/// How loud it is, 1 being full scale.
const LOUDNESS: f32 = 0.15;

/// What goes into a channel, and what comes out; dropping it ends what goes in.
pub(super) struct Lines {
    out: MediaStreamAudioDestinationNode,
    microphone: Option<Source>,
    theirs: Option<Source>,
    /// How loud they are.
    meter: AnalyserNode,
}

/// A track as the mixer hears it.
struct Source {
    track: MediaStreamTrack,
    node: MediaStreamAudioSourceNode,
}

impl Lines {
    /// Nothing goes in yet.
    pub(super) fn begin(context: &AudioContext) -> Result<Self, JsValue> {
        let out = context.create_media_stream_destination()?;
        // A voice.
        out.set_channel_count(1);
        let meter = context.create_analyser()?;
        Ok(Self { out, microphone: None, theirs: None, meter })
    }

    /// What comes out, once this goes in as what we say.
    pub(super) fn send(&mut self, context: &AudioContext, microphone: Option<&MediaStreamTrack>) -> MediaStream {
        if turn(&mut self.microphone, context, microphone)
            && let Some(source) = &self.microphone
        {
            let _ = source.node.connect_with_audio_node(&self.out);
        }
        self.out.stream()
    }

    /// They say this from now on, which goes nowhere yet.
    pub(super) fn receive(&mut self, context: &AudioContext, theirs: Option<&MediaStreamTrack>) {
        if turn(&mut self.theirs, context, theirs)
            && let Some(source) = &self.theirs
        {
            let _ = source.node.connect_with_audio_node(&self.meter);
        }
    }

    /// What they say goes to these, too, or does not.
    pub(super) fn route(&self, to: &Self, connect: bool) {
        let Some(source) = &self.theirs else { return };
        let _ = if connect {
            source.node.connect_with_audio_node(&to.out).map(drop)
        } else {
            source.node.disconnect_with_audio_node(&to.out)
        };
    }

    /// How loud they are.
    pub(super) const fn meter(&self) -> &AnalyserNode {
        &self.meter
    }

    /// Lets a tone of so many hertz out: notes that begin and end so many seconds from now. `ended` is called after the last.
    pub(super) fn announce(
        &self,
        context: &AudioContext,
        hertz: f32,
        notes: &[(f64, f64)],
        ended: &JsValue,
    ) -> Result<(), JsValue> {
        let (tone, gain) = (context.create_oscillator()?, context.create_gain()?);
        let begin = context.current_time() + LEAD;
        tone.frequency().set_value(hertz);
        gain.gain().set_value(0.0);
        for (from, to) in notes {
            gain.gain().set_value_at_time(LOUDNESS, begin + from)?;
            gain.gain().set_value_at_time(0.0, begin + to)?;
        }
        tone.connect_with_audio_node(&gain)?.connect_with_audio_node(&self.out)?;
        tone.set_onended(Some(ended.unchecked_ref()));
        tone.start_with_when(begin)?;
        tone.stop_with_when(begin + notes.iter().map(|(_, to)| *to).fold(0.0, f64::max))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        for source in self.microphone.iter().chain(&self.theirs) {
            let _ = source.node.disconnect();
        }
    }
}

impl Source {
    fn of(context: &AudioContext, track: &MediaStreamTrack) -> Result<Self, JsValue> {
        let stream = MediaStream::new()?;
        stream.add_track(track);
        let node = context.create_media_stream_source(&stream)?;
        // Another name of the same track; its own `clone` makes another track.
        Ok(Self { track: Clone::clone(track), node })
    }
}

/// Has this track heard in place of another one; whether it is another one.
fn turn(source: &mut Option<Source>, context: &AudioContext, track: Option<&MediaStreamTrack>) -> bool {
    if source.as_ref().map(|source| &source.track) == track {
        return false;
    }
    if let Some(before) = source.take() {
        let _ = before.node.disconnect();
    }
    *source = track.and_then(|track| Source::of(context, track).ok());
    true
}
