use super::mixer::Mixer;
use super::output::Output;
use crate::event::{Event, Events};
use app::phone::MediaFailure;
use futures::channel::oneshot;
use leptos::task::spawn_local;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    DomException, MediaDevices, MediaStream, MediaStreamConstraints, MediaStreamTrack, MediaStreamTrackState,
};

/// What a page can capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sound.
    Microphone,
    /// Pictures.
    Camera,
}

/// From which device, and how it is to be captured. Nothing of it is required of the browser: a device that is not there
/// is none to wait for, and the browser takes another one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Wanted {
    /// The device's name in this browser (`deviceId`); the default one if there is none.
    pub(crate) device: Option<String>,
    /// The constraints by their names, as ideal values (Media Capture and Streams, 11).
    pub(crate) ideal: Vec<(&'static str, JsValue)>,
}

/// The one owner of the devices that this page uses, shared by all calls. What captures is opened when the first call
/// needs it, and closed with the last one.
#[derive(Clone)]
pub(crate) struct Devices(Rc<Slots>);

struct Slots {
    events: Events,
    microphone: Rc<Slot>,
    camera: Rc<Slot>,
    output: Output,
    mixer: Mixer,
}

/// One kind of device.
#[derive(Default)]
struct Slot {
    wanted: RefCell<Wanted>,
    /// What was opened under an earlier one is to be opened anew.
    generation: Cell<u32>,
    open: RefCell<Weak<Source>>,
    /// Open although no call needs it.
    kept: RefCell<Option<Rc<Source>>>,
    keeps: Cell<bool>,
    /// Who waits for it to be opened. The browser is asked once for all of them.
    waiting: RefCell<Vec<oneshot::Sender<Opened>>>,
}

/// What came of opening a device.
type Opened = Result<Rc<Source>, MediaFailure>;

/// An open device; dropping the last hold of it closes it.
struct Source {
    track: MediaStreamTrack,
    generation: u32,
    _ended: Closure<dyn FnMut()>,
}

/// One call's own track of a device, which is muted without the others; dropping it ends it.
pub(crate) struct Input {
    slot: Rc<Slot>,
    source: RefCell<Option<Rc<Source>>>,
    stream: MediaStream,
    track: MediaStreamTrack,
}

impl Devices {
    /// Nothing is open. When a device is gone, or another one was chosen, [`Event::Input`] is told.
    pub(crate) fn new(events: &Events) -> Self {
        Self(Rc::new(Slots {
            events: events.clone(),
            microphone: Rc::default(),
            camera: Rc::default(),
            output: Output::new(),
            mixer: Mixer::new(events),
        }))
    }

    /// Opens it, unless it is open; the browser may ask the person first.
    ///
    /// # Errors
    /// Why the browser does not give it.
    pub(crate) async fn open(&self, kind: Kind) -> Result<Input, MediaFailure> {
        let slot = self.0.slot(kind);
        let open = slot.open.borrow().upgrade().filter(|source| slot.is_current(source));
        let source = match open {
            Some(source) => source,
            None => {
                let (opened, receiver) = oneshot::channel();
                let asked = !slot.waiting.borrow().is_empty();
                slot.waiting.borrow_mut().push(opened);
                if !asked {
                    spawn_local(Rc::clone(&self.0).fill(kind));
                }
                receiver.await.map_err(|_| MediaFailure::Unsupported)??
            }
        };
        Input::of(source, slot.clone()).ok_or(MediaFailure::Unsupported)
    }

    /// Wants this from now on: what is open otherwise is to be opened anew by who uses it, as [`Event::Input`] tells.
    pub(crate) fn want(&self, kind: Kind, wanted: Wanted) {
        let slot = self.0.slot(kind);
        if *slot.wanted.borrow() != wanted {
            slot.wanted.replace(wanted);
            self.0.renew(kind);
        }
    }

    /// Whether the device stays open between calls, once it was opened.
    pub(crate) fn keep(&self, kind: Kind, keeps: bool) {
        let slot = self.0.slot(kind);
        slot.keeps.set(keeps);
        if !keeps {
            slot.kept.take();
        }
    }

    /// Plays calls at the device with this id, empty for the browser's choice, so loud (per cent).
    pub(crate) fn play(&self, sink: String, volume: u8) {
        self.0.output.choose(sink, volume);
    }

    /// Where calls are heard.
    pub(super) fn output(&self) -> &Output {
        &self.0.output
    }

    /// Where what is sent in several calls is mixed.
    pub(crate) fn mixer(&self) -> &Mixer {
        &self.0.mixer
    }

    /// Closes what no call needs.
    pub(crate) fn rest(&self) {
        self.0.microphone.kept.take();
        self.0.camera.kept.take();
    }
}

impl Slots {
    const fn slot(&self, kind: Kind) -> &Rc<Slot> {
        match kind {
            Kind::Microphone => &self.microphone,
            Kind::Camera => &self.camera,
        }
    }

    /// Opens a device for all who wait for it; when none of them is left it is closed again at once.
    async fn fill(self: Rc<Self>, kind: Kind) {
        let slot = self.slot(kind);
        let generation = slot.generation.get();
        let wanted = slot.wanted.borrow().clone();
        let opened = match capture(kind, &wanted).await {
            Ok(track) => {
                let source = Rc::new(Source::new(&self, kind, track, generation));
                slot.open.replace(Rc::downgrade(&source));
                if slot.keeps.get() {
                    slot.kept.replace(Some(source.clone()));
                }
                self.events.tell(Event::Captured(kind));
                Ok(source)
            }
            Err(failure) => Err(failure),
        };
        for waiting in slot.waiting.take() {
            let _ = waiting.send(opened.clone());
        }
    }

    /// What is open is to be opened anew.
    fn renew(&self, kind: Kind) {
        let slot = self.slot(kind);
        slot.generation.set(slot.generation.get().wrapping_add(1));
        slot.kept.take();
        self.events.tell(Event::Input(kind));
    }
}

impl Slot {
    fn is_current(&self, source: &Source) -> bool {
        source.generation == self.generation.get() && source.track.ready_state() == MediaStreamTrackState::Live
    }
}

impl Source {
    fn new(slots: &Rc<Slots>, kind: Kind, track: MediaStreamTrack, generation: u32) -> Self {
        let slots = Rc::downgrade(slots);
        // Told when the device is gone or was taken away, and not when the track is stopped (Media Capture, 4.3.1).
        let label = track.label();
        let ended = Closure::<dyn FnMut()>::new(move || {
            if let Some(slots) = slots.upgrade()
                && slots.slot(kind).generation.get() == generation
            {
                slots.events.tell(Event::Unplugged(kind, label.clone()));
                slots.renew(kind);
            }
        });
        track.set_onended(Some(ended.as_ref().unchecked_ref()));
        Self { track, generation, _ended: ended }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.track.set_onended(None);
        self.track.stop();
    }
}

impl Input {
    fn of(source: Rc<Source>, slot: Rc<Slot>) -> Option<Self> {
        // The browser's clone, which has its own state; not another name of the same track.
        let track = MediaStreamTrack::clone(&source.track);
        let stream = MediaStream::new().ok()?;
        stream.add_track(&track);
        Some(Self { slot, source: RefCell::new(Some(source)), stream, track })
    }

    /// The stream that the track is told to belong to.
    pub(crate) const fn stream(&self) -> &MediaStream {
        &self.stream
    }

    /// What it captures.
    pub(crate) const fn track(&self) -> &MediaStreamTrack {
        &self.track
    }

    /// Whether it captures anything, and what is wanted: not once it is closed, was unplugged, or another device was chosen.
    pub(crate) fn is_current(&self) -> bool {
        self.source.borrow().as_ref().is_some_and(|source| self.slot.is_current(source))
    }

    /// Closes it, whoever still holds it.
    pub(crate) fn close(&self) {
        self.track.stop();
        self.source.take();
    }

    /// Lets the other end have it or not.
    pub(crate) fn mute(&self, muted: bool) {
        self.track.set_enabled(!muted);
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.close();
    }
}

/// The devices of this browser, on a page that may have any.
pub(crate) fn devices() -> Result<MediaDevices, MediaFailure> {
    let window = web_sys::window().ok_or(MediaFailure::Unsupported)?;
    if !window.is_secure_context() {
        return Err(MediaFailure::Insecure);
    }
    window.navigator().media_devices().map_err(|_| MediaFailure::Unsupported)
}

async fn capture(kind: Kind, wanted: &Wanted) -> Result<MediaStreamTrack, MediaFailure> {
    let asked = js_sys::Object::new();
    let set = |name: &str, value: &JsValue| js_sys::Reflect::set(&asked, &name.into(), value).is_ok();
    if let Some(device) = &wanted.device {
        set("deviceId", &device.into());
    }
    for (name, value) in &wanted.ideal {
        set(name, value);
    }
    let constraints = MediaStreamConstraints::new();
    match kind {
        Kind::Microphone => constraints.set_audio(&asked),
        Kind::Camera => constraints.set_video(&asked),
    }
    let promise = devices()?.get_user_media_with_constraints(&constraints).map_err(|error| failure(&error))?;
    let stream: MediaStream = promise.await.map_err(|error| failure(&error))?.unchecked_into();
    let tracks = stream.get_tracks();
    tracks.get(0).dyn_into::<MediaStreamTrack>().map_err(|_| MediaFailure::NoDevice)
}

/// What a refusal of `getUserMedia` or `getDisplayMedia` means (Media Capture and Streams, 10.2).
pub(super) fn failure(error: &JsValue) -> MediaFailure {
    match error.dyn_ref::<DomException>().map(DomException::name).as_deref() {
        Some("NotAllowedError" | "SecurityError") => MediaFailure::Denied,
        Some("NotFoundError") => MediaFailure::NoDevice,
        Some("OverconstrainedError") => MediaFailure::Constraint,
        Some("NotReadableError" | "AbortError" | "InvalidStateError") => MediaFailure::DeviceBusy,
        Some(_) | None => MediaFailure::Unsupported,
    }
}
