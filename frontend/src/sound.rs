use crate::environment;
use crate::event::{Event, Events};
use crate::gesture::AtGesture;
use crate::media::{Devices, Kind, Limits, Mirror, Subject, Trial, Wanted, devices};
use crate::notifier;
use crate::ring::Ringing;
use app::media::Media;
use app::phone::MediaFailure;
use app::sound::{Device, DeviceKind, MediaSettings, Notify, Sound as Shown};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{DomException, HtmlAudioElement, MediaDeviceInfo, MediaDeviceKind, Storage};

/// Which devices this page uses, and how: what a person chose, as far as it is there.
pub(crate) struct Sound {
    events: Events,
    devices: Devices,
    shown: ArcRwSignal<Shown>,
    levels: ArcRwSignal<(u8, u8)>,
    trial: Option<Trial>,
    mirror: Option<Mirror>,
    /// What may be sent of the camera.
    limits: Limits,
    /// Whether the line is here: only then the microphone is kept open.
    holds: bool,
    /// How it stands with what the server is told.
    saving: Saving,
    /// Told when the browser may ring.
    unlock: Option<AtGesture>,
    _changed: Option<Closure<dyn FnMut()>>,
}

/// How it stands with what the server is told of the settings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Saving {
    /// It was told all there is.
    Idle,
    /// It is being told.
    Current,
    /// It is being told, and something else is set by now.
    Outdated,
}

impl Sound {
    /// As the server keeps it, within these limits; looks which devices there are, and whether the browser would ring.
    pub(crate) fn new(
        events: &Events,
        devices: &Devices,
        (shown, levels): (ArcRwSignal<Shown>, ArcRwSignal<(u8, u8)>),
        settings: MediaSettings,
        media: &Media,
    ) -> Self {
        let mut sound = Self {
            holds: false,
            saving: Saving::Idle,
            events: events.clone(),
            devices: devices.clone(),
            shown,
            levels,
            trial: None,
            mirror: None,
            limits: Limits::of(Subject::Camera, media),
            unlock: None,
            _changed: watch(events),
        };
        let rings_elsewhere = environment::can_ring_elsewhere();
        sound.shown.set(Shown { settings, rings_elsewhere, notify: notifier::allowed(), ..Shown::default() });
        sound.apply();
        look(events);
        ask_whether_it_rings(events);
        sound
    }

    /// How it rings, and where.
    pub(crate) fn ringing(&self) -> Ringing {
        self.shown.with_untracked(|shown| Ringing {
            ringtone: shown.settings.ringtone,
            volume: shown.settings.ring_volume,
            ringer: id(shown, DeviceKind::Ringer),
            speaker: id(shown, DeviceKind::Speaker),
        })
    }

    /// Whether the browser makes no sound until somebody clicks.
    pub(crate) fn is_blocked(&self) -> bool {
        self.shown.with_untracked(|shown| shown.blocked)
    }

    /// A person chose the device with this id, or none.
    pub(crate) fn choose(&mut self, kind: DeviceKind, id: &str) {
        let mut shown = self.shown.get_untracked();
        let label = shown.of(kind).find(|device| device.id == id).map(|device| device.label.clone());
        let label = label.unwrap_or_default();
        remember(kind, &label, id);
        shown.settings.choose(kind, &label);
        shown.gone.take_if(|(gone, _)| *gone == kind);
        self.set(shown);
    }

    /// A person wants this from now on.
    pub(crate) fn want(&mut self, settings: MediaSettings) {
        self.set(Shown { settings, ..self.shown.get_untracked() });
    }

    /// What an administrator set about media is this from now on.
    pub(crate) fn limit(&mut self, media: &Media) {
        self.limits = Limits::of(Subject::Camera, media);
        self.apply();
    }

    /// These devices are there.
    pub(crate) fn found(&mut self, found: Vec<Device>) {
        let mut shown = self.shown.get_untracked();
        for kind in [DeviceKind::Microphone, DeviceKind::Speaker, DeviceKind::Ringer, DeviceKind::Camera] {
            let wanted = shown.settings.device(kind);
            let there = |devices: &[Device]| {
                let of = Shown { devices: devices.to_vec(), ..Shown::default() };
                of.of(kind).any(|device| device.label == wanted)
            };
            if there(&found) {
                shown.gone.take_if(|(gone, _)| *gone == kind);
            } else if !wanted.is_empty() && there(&shown.devices) {
                shown.gone = Some((kind, wanted.to_owned()));
            }
        }
        shown.devices = found;
        self.show(shown);
        self.apply();
    }

    /// This device was unplugged while it was used.
    pub(crate) fn unplugged(&mut self, kind: Kind, label: String) {
        let kind = match kind {
            Kind::Microphone => DeviceKind::Microphone,
            Kind::Camera => DeviceKind::Camera,
        };
        self.show(Shown { gone: Some((kind, label)), ..self.shown.get_untracked() });
    }

    /// A device of this kind was opened: the browser tells their names, if it did not before.
    pub(crate) fn captured(&self, kind: Kind) {
        let kind = match kind {
            Kind::Microphone => DeviceKind::Microphone,
            Kind::Camera => DeviceKind::Camera,
        };
        if !self.shown.with_untracked(|shown| shown.of(kind).next().is_some()) {
            look(&self.events);
        }
    }

    /// The browser would ring, or not before somebody clicks.
    pub(crate) fn rings(&mut self, rings: bool) {
        let events = self.events.clone();
        self.unlock = (!rings).then(|| AtGesture::after(move || ask_whether_it_rings(&events)));
        self.show(Shown { blocked: !rings, ..self.shown.get_untracked() });
    }

    /// Whether the browser shows calls.
    pub(crate) fn notifies(&mut self, notify: Notify) {
        self.show(Shown { notify, ..self.shown.get_untracked() });
    }

    /// The person has read what was said of a device.
    pub(crate) fn noted(&mut self) {
        self.show(Shown { gone: None, ..self.shown.get_untracked() });
    }

    /// Whether the server kept what was set.
    pub(crate) fn saved(&mut self, saved: bool) {
        if core::mem::replace(&mut self.saving, Saving::Idle) == Saving::Outdated {
            return self.save();
        }
        self.show(Shown { unsaved: !saved, ..self.shown.get_untracked() });
    }

    /// Lets a person hear themselves, or ends that.
    pub(crate) fn try_out(&mut self, on: bool) {
        let sink = self.shown.with_untracked(|shown| id(shown, DeviceKind::Speaker));
        self.trial = on.then(|| Trial::begin(&self.devices, sink, self.levels.clone()));
        self.levels.set((0, 0));
        self.show(Shown { trial: on, ..self.shown.get_untracked() });
    }

    /// Lets a person see themselves, or ends that.
    pub(crate) fn mirror(&mut self, on: bool) {
        self.mirror = on.then(|| Mirror::begin(&self.devices, &self.events));
        self.show(Shown { mirror: on, unseen: None, ..self.shown.get_untracked() });
    }

    /// A device is gone, or another one was chosen: who looks at themselves sees what the other camera sees.
    pub(crate) fn input(&mut self, kind: Kind) {
        if kind == Kind::Camera && self.mirror.is_some() {
            self.mirror(true);
        }
    }

    /// There is no camera to see oneself with.
    pub(crate) fn unseen(&mut self, failure: MediaFailure) {
        self.mirror = None;
        self.show(Shown { mirror: false, unseen: Some(failure), ..self.shown.get_untracked() });
    }

    /// The line is here, or elsewhere.
    pub(crate) fn hold(&mut self, holds: bool) {
        if core::mem::replace(&mut self.holds, holds) != holds {
            self.keep();
        }
    }

    /// Keeps the microphone open or not. It is opened where the browser does not ask for it: there it has a name.
    fn keep(&self) {
        let (wanted, named) = self
            .shown
            .with_untracked(|shown| (shown.settings.keep_open, shown.of(DeviceKind::Microphone).next().is_some()));
        let keeps = wanted && self.holds;
        self.devices.keep(Kind::Microphone, keeps);
        if keeps && named {
            let devices = self.devices.clone();
            spawn_local(async move {
                let _ = devices.open(Kind::Microphone).await;
            });
        }
    }

    fn set(&mut self, shown: Shown) {
        self.show(shown);
        self.apply();
        match self.saving {
            Saving::Idle => self.save(),
            Saving::Current | Saving::Outdated => self.saving = Saving::Outdated,
        }
    }

    /// Tells the server what is set now. One after the other: two at once may overtake each other.
    fn save(&mut self) {
        self.saving = Saving::Current;
        let form = self.shown.with_untracked(|shown| shown.settings.form());
        let events = self.events.clone();
        spawn_local(async move {
            events.tell(Event::Saved(environment::save("/settings/sound", &form).await));
        });
    }

    fn show(&self, shown: Shown) {
        if self.shown.with_untracked(|before| *before != shown) {
            self.shown.set(shown);
        }
    }

    /// Uses what is wanted and there.
    fn apply(&mut self) {
        let shown = self.shown.get_untracked();
        let settings = &shown.settings;
        let device = |kind| Some(id(&shown, kind)).filter(|id| !id.is_empty());
        let ideal = vec![
            ("echoCancellation", settings.echo_cancellation.into()),
            ("noiseSuppression", settings.noise_suppression.into()),
            ("autoGainControl", settings.auto_gain.into()),
        ];
        self.devices.want(Kind::Microphone, Wanted { device: device(DeviceKind::Microphone), ideal });
        self.devices.want(Kind::Camera, Wanted { device: device(DeviceKind::Camera), ideal: self.limits.ideal() });
        self.keep();
        self.devices.play(id(&shown, DeviceKind::Speaker), settings.call_volume);
    }
}

/// The id of the device that was chosen: by its name, and as long as the browser tells no names as it was here before.
fn id(shown: &Shown, kind: DeviceKind) -> String {
    let label = shown.settings.device(kind);
    if label.is_empty() {
        return String::new();
    }
    match shown.of(kind).find(|device| device.label == label) {
        Some(device) => device.id.clone(),
        None if shown.of(kind).next().is_none() => remembered(kind, label),
        None => String::new(),
    }
}

/// Tells which devices there are, as far as the browser says: before the microphone is allowed it has no names.
fn look(events: &Events) {
    let events = events.clone();
    spawn_local(async move {
        let Ok(devices) = devices() else { return };
        let Ok(promise) = devices.enumerate_devices() else { return };
        let Ok(list) = promise.await else { return };
        let list: js_sys::Array = list.unchecked_into();
        let found = list.iter().filter_map(|entry| {
            let entry: MediaDeviceInfo = entry.unchecked_into();
            let kind = match entry.kind() {
                MediaDeviceKind::Audioinput => DeviceKind::Microphone,
                MediaDeviceKind::Audiooutput => DeviceKind::Speaker,
                MediaDeviceKind::Videoinput => DeviceKind::Camera,
                _ => return None,
            };
            let (id, label) = (entry.device_id(), entry.label());
            // These two are names of another device, which changes.
            let alias = id == "default" || id == "communications";
            (!alias && !id.is_empty() && !label.is_empty()).then_some(Device { kind, id, label })
        });
        events.tell(Event::Devices(found.collect()));
    });
}

/// Looks again whenever devices come and go, as long as it lives.
fn watch(events: &Events) -> Option<Closure<dyn FnMut()>> {
    let devices = devices().ok()?;
    let events = events.clone();
    let changed = Closure::<dyn FnMut()>::new(move || look(&events));
    devices.set_ondevicechange(Some(changed.as_ref().unchecked_ref()));
    Some(changed)
}

/// Tells whether the browser lets this page make sound. Asked with a media element that has nothing to play, as an audio
/// context that may not begin is complained of in the console.
fn ask_whether_it_rings(events: &Events) {
    let Ok(element) = HtmlAudioElement::new() else { return };
    let Ok(playing) = element.play() else { return };
    let events = events.clone();
    // Where it may, it waits for something to play, for as long as the element lives.
    events.tell(Event::Rings(true));
    spawn_local(async move {
        let Err(error) = playing.await else { return };
        if error.dyn_ref::<DomException>().is_some_and(|error| error.name() == "NotAllowedError") {
            events.tell(Event::Rings(false));
        }
    });
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn key(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Microphone => "tabphone-microphone",
        DeviceKind::Speaker => "tabphone-speaker",
        DeviceKind::Ringer => "tabphone-ringer",
        DeviceKind::Camera => "tabphone-camera",
    }
}

/// What a device is called here, for a page that is not told its name yet.
fn remember(kind: DeviceKind, label: &str, id: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(key(kind), &[id, label].join("\n"));
    }
}

fn remembered(kind: DeviceKind, label: &str) -> String {
    let kept = storage().and_then(|storage| storage.get_item(key(kind)).ok().flatten());
    let kept = kept.as_deref().and_then(|kept| kept.split_once('\n'));
    kept.filter(|(_, known)| *known == label).map(|(id, _)| id.to_owned()).unwrap_or_default()
}
