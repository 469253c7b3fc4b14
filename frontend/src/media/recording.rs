use crate::clock;
use crate::gesture::AtGesture;
use app::phone::RecordingFailure;
use futures::channel::mpsc::UnboundedSender;
use leptos::task::spawn_local;
use sip::Instant;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    AudioContext, Blob, BlobEvent, MediaRecorder, MediaRecorderOptions, MediaStream, MediaStreamAudioDestinationNode,
    MediaStreamAudioSourceNode, MediaStreamTrack, RecordingState,
};

/// How often a piece is had, in milliseconds: so much is lost when a page crashes.
const PIECE: i32 = 1_000;
/// How much a second of two voices takes, in bits.
const BITS: u32 = 48_000;
/// What a browser may write, the best first: what the server keeps of these.
const KINDS: [&str; 3] = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

/// What a recorder gives, in order.
pub(crate) enum Tape {
    /// It runs.
    Begun,
    /// The next piece, with which the recording is so long, in milliseconds.
    Piece(Blob, u32),
    /// Nothing follows.
    Ended,
}

/// Records what several tracks play together (MediaStream Recording). Dropping it ends the recording, and what is left of it
/// is still given.
pub(crate) struct Recorder(Rc<Deck>);

/// What is recorded, and as what it goes into the mix.
type Source = (MediaStreamTrack, MediaStreamAudioSourceNode);

/// What is told by the browser.
type Listener = Closure<dyn FnMut(JsValue)>;

struct Deck {
    context: AudioContext,
    mix: MediaStreamAudioDestinationNode,
    recorder: MediaRecorder,
    kind: &'static str,
    heard: RefCell<Vec<Source>>,
    tape: UnboundedSender<Tape>,
    begun: Cell<Option<Instant>>,
    ended: Cell<bool>,
    unlock: RefCell<Option<AtGesture>>,
    listeners: RefCell<Vec<Listener>>,
}

impl Recorder {
    /// Begins as soon as the browser lets the page make sound.
    ///
    /// # Errors
    /// The browser cannot record.
    pub(crate) fn begin(tape: UnboundedSender<Tape>) -> Result<Self, RecordingFailure> {
        let deck = Deck::new(tape).ok_or(RecordingFailure::Unsupported)?;
        let deck = Rc::new(deck);
        deck.listen();
        let resumed = deck.context.clone();
        deck.unlock.replace(Some(AtGesture::new(move || _ = resumed.resume())));
        let starting = deck.clone();
        spawn_local(async move {
            // Kept while it may not run, until somebody clicks.
            if let Ok(resuming) = starting.context.resume()
                && resuming.await.is_ok()
            {
                starting.start();
            }
        });
        Ok(Self(deck))
    }

    /// What it writes (`audio/webm` and the like).
    pub(crate) fn kind(&self) -> &'static str {
        self.0.kind.split(';').next().unwrap_or_default()
    }

    /// Records these from now on.
    pub(crate) fn hear(&self, tracks: &[MediaStreamTrack]) {
        let mut heard = self.0.heard.borrow_mut();
        heard.retain(|(track, source)| {
            let stays = tracks.contains(track);
            if !stays {
                let _ = source.disconnect();
            }
            stays
        });
        for track in tracks {
            if heard.iter().all(|(known, _)| known != track)
                && let Ok(source) = self.0.source(track)
            {
                // Another name of the same track; its own `clone` makes another track.
                heard.push((Clone::clone(track), source));
            }
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Deck {
    fn new(tape: UnboundedSender<Tape>) -> Option<Self> {
        js_sys::Reflect::has(&js_sys::global(), &"MediaRecorder".into()).ok().filter(|has| *has)?;
        let kind = KINDS.into_iter().find(|kind| MediaRecorder::is_type_supported(kind))?;
        let context = AudioContext::new().ok()?;
        let mix = context.create_media_stream_destination().ok()?;
        mix.set_channel_count(1);
        let options = MediaRecorderOptions::new();
        options.set_mime_type(kind);
        options.set_audio_bits_per_second(BITS);
        let recorder = MediaRecorder::new_with_media_stream_and_media_recorder_options(&mix.stream(), &options).ok()?;
        Some(Self {
            context,
            mix,
            recorder,
            kind,
            heard: RefCell::default(),
            tape,
            begun: Cell::new(None),
            ended: Cell::new(false),
            unlock: RefCell::default(),
            listeners: RefCell::default(),
        })
    }

    /// What the recorder tells, until it has stopped.
    fn listen(self: &Rc<Self>) {
        let listener = |act: fn(&Rc<Self>, JsValue)| {
            let deck = self.clone();
            Closure::<dyn FnMut(JsValue)>::new(move |event| act(&deck, event))
        };
        let data = listener(|deck, event| {
            let blob = event.unchecked_into::<BlobEvent>().data();
            if let Some(blob) = blob.filter(|blob| blob.size() > 0.0) {
                let until = deck.begun.get().map_or(0, |begun| clock::now().since(begun).as_millis());
                let _ = deck.tape.unbounded_send(Tape::Piece(blob, u32::try_from(until).unwrap_or(u32::MAX)));
            }
        });
        let stopped = listener(|deck, _| deck.close());
        // The page is about to go, and runs on for a moment: what would be in the next piece leaves now.
        let leaving = listener(|deck, _| {
            if deck.recorder.state() == RecordingState::Recording {
                let _ = deck.recorder.request_data();
            }
        });
        self.recorder.set_ondataavailable(Some(data.as_ref().unchecked_ref()));
        self.recorder.set_onstop(Some(stopped.as_ref().unchecked_ref()));
        if let Some(window) = web_sys::window() {
            let _ = window.add_event_listener_with_callback("beforeunload", leaving.as_ref().unchecked_ref());
        }
        self.listeners.replace(vec![data, stopped, leaving]);
    }

    fn start(&self) {
        self.unlock.take();
        if self.ended.get() || self.recorder.start_with_time_slice(PIECE).is_err() {
            return;
        }
        self.begun.set(Some(clock::now()));
        let _ = self.tape.unbounded_send(Tape::Begun);
    }

    fn source(&self, track: &MediaStreamTrack) -> Result<MediaStreamAudioSourceNode, JsValue> {
        let stream = MediaStream::new()?;
        stream.add_track(track);
        let source = self.context.create_media_stream_source(&stream)?;
        source.connect_with_audio_node(&self.mix)?;
        Ok(source)
    }

    fn end(self: &Rc<Self>) {
        if self.ended.replace(true) {
            return;
        }
        // It gives the last piece, and says then that it has stopped.
        if self.recorder.state() == RecordingState::Inactive || self.recorder.stop().is_err() {
            self.close();
        }
    }

    /// Nothing follows. It may have stopped by itself.
    fn close(self: &Rc<Self>) {
        self.ended.set(true);
        self.unlock.take();
        let _ = self.tape.unbounded_send(Tape::Ended);
        self.recorder.set_ondataavailable(None);
        self.recorder.set_onstop(None);
        let listeners = self.listeners.take();
        if let (Some(window), Some(leaving)) = (web_sys::window(), listeners.last()) {
            let _ = window.remove_event_listener_with_callback("beforeunload", leaving.as_ref().unchecked_ref());
        }
        self.heard.take();
        let closing = self.context.close();
        spawn_local(async move {
            // One of them may be what runs now.
            drop(listeners);
            if let Ok(closing) = closing {
                let _ = closing.await;
            }
        });
    }
}
