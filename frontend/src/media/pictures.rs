use super::connection::Flow;
use super::display::Display;
use super::inputs::Input;
use app::phone::Call;
use leptos::task::spawn_local;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{HtmlMediaElement, MediaStream, MediaStreamTrack};

/// What a picture is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// What a camera sees.
    Camera,
    /// What a screen, a window or a tab shows.
    Screen,
}

/// An open source of pictures; dropping it closes it, and its light goes out.
pub(crate) enum Picture {
    /// This call's own track of the camera.
    Camera(Input),
    /// What is shared.
    Screen(Display),
}

impl Picture {
    /// What it is of.
    pub(super) const fn subject(&self) -> Subject {
        match self {
            Self::Camera(_) => Subject::Camera,
            Self::Screen(_) => Subject::Screen,
        }
    }

    /// What is sent.
    pub(super) const fn track(&self) -> &MediaStreamTrack {
        match self {
            Self::Camera(camera) => camera.track(),
            Self::Screen(display) => display.track(),
        }
    }

    const fn stream(&self) -> &MediaStream {
        match self {
            Self::Camera(camera) => camera.stream(),
            Self::Screen(display) => display.stream(),
        }
    }

    /// Whether there is anything to be seen, of the camera that is wanted.
    fn is_current(&self) -> bool {
        match self {
            Self::Camera(camera) => camera.is_current(),
            Self::Screen(display) => display.is_live(),
        }
    }

    fn hide(&self, hidden: bool) {
        match self {
            Self::Camera(camera) => camera.mute(hidden),
            Self::Screen(display) => display.hide(hidden),
        }
    }
}

/// The pictures of one call: ours, as far as one is wanted and open, and theirs.
#[derive(Default)]
pub(crate) struct Pictures {
    wanted: Cell<Option<Subject>>,
    open: RefCell<Option<Rc<Picture>>>,
    /// Counts the openings: what was opened for an earlier wish is closed again.
    turn: Cell<u32>,
    /// Ours was offered since it was wanted: who takes none is not asked again and again.
    offered: Cell<bool>,
    hidden: Cell<bool>,
    theirs: RefCell<Option<MediaStream>>,
    /// Who is told that the sharing of a screen ended.
    owner: RefCell<Option<Box<dyn Fn()>>>,
}

impl Pictures {
    /// Tells this from now on, and nothing else any more, when the sharing of a screen ends by itself.
    pub(super) fn when_ended(&self, told: impl Fn() + 'static) {
        self.owner.replace(Some(Box::new(told)));
    }

    /// The sharing of a screen ended by itself.
    pub(super) fn ended(&self) {
        if let Some(owner) = &*self.owner.borrow() {
            owner();
        }
    }

    /// Notes what is to be sent; whether that is something else than before. What was sent goes on until something else is
    /// open, or nothing is wanted.
    pub(super) fn want(&self, wanted: Option<Subject>) -> bool {
        if self.wanted.replace(wanted) == wanted {
            return false;
        }
        self.turn.set(self.turn.get() + 1);
        self.offered.set(false);
        if wanted.is_none() {
            self.close();
        }
        true
    }

    /// What is to be opened now, if anything, and the number of the opening.
    pub(super) fn begin(&self) -> Option<(Subject, u32)> {
        let wanted = self.wanted.get()?;
        if self.open.borrow().as_ref().is_some_and(|open| open.subject() == wanted && open.is_current()) {
            return None;
        }
        self.turn.set(self.turn.get() + 1);
        Some((wanted, self.turn.get()))
    }

    /// Whether it is the camera that is wanted.
    pub(super) fn want_camera(&self) -> bool {
        self.wanted.get() == Some(Subject::Camera)
    }

    /// Whether what was opened under this number is still wanted.
    pub(super) fn is_wanted(&self, turn: u32) -> bool {
        self.turn.get() == turn
    }

    /// It is open: from now on it is what is sent.
    pub(super) fn opened(&self, picture: Picture) {
        picture.hide(self.hidden.get());
        self.open.replace(Some(Rc::new(picture)));
    }

    /// What is shared, if a screen is.
    pub(super) fn screen(&self) -> Option<Rc<Picture>> {
        self.open.borrow().clone().filter(|open| open.subject() == Subject::Screen && open.is_current())
    }

    /// Closes what is open.
    pub(super) fn close(&self) {
        self.open.take();
    }

    /// Closes a camera; a screen stays, but is black: browsers give it to nobody twice.
    pub(super) fn rest(&self) {
        self.open.borrow_mut().take_if(|open| open.subject() == Subject::Camera);
        self.hide(true);
    }

    /// Blackens ours, or not.
    pub(super) fn hide(&self, hidden: bool) {
        self.hidden.set(hidden);
        if let Some(open) = &*self.open.borrow() {
            open.hide(hidden);
        }
    }

    /// What is sent now.
    pub(super) fn sent(&self) -> Option<Rc<Picture>> {
        self.open.borrow().clone()
    }

    /// Whether a description should send a picture: a camera may follow it, but nobody knows what a person says who is asked
    /// for the screen, other than in a call that begins with it (`begins`).
    pub(super) fn are_sent(&self, begins: bool) -> bool {
        match self.wanted.get() {
            Some(Subject::Camera) => true,
            Some(Subject::Screen) => begins || self.open.borrow().is_some(),
            None => false,
        }
    }

    /// An offer of ours sends one.
    pub(super) fn note_offer(&self, sends: bool) {
        self.offered.set(sends);
    }

    /// Whether our last offer sends one.
    pub(super) fn was_offered(&self) -> bool {
        self.offered.get()
    }

    /// Whether what is agreed is something else than what is wanted, and was not offered yet.
    pub(super) fn want_offer(&self, flow: Option<Flow>, held: bool) -> bool {
        let sends = self.are_sent(false) && !held;
        match flow {
            None => sends && !self.offered.get(),
            Some(flow) if sends => !flow.sends && !self.offered.get(),
            Some(flow) => flow.wants,
        }
    }

    /// The other end's picture comes over this track.
    pub(super) fn receive(&self, track: &MediaStreamTrack) {
        if let Ok(stream) = MediaStream::new() {
            stream.add_track(track);
            self.theirs.replace(Some(stream));
        }
    }

    /// Shows both pictures in the elements that the page has for them.
    pub(super) fn show(&self, key: u64) {
        let ours = self.open.borrow().as_ref().map(|open| open.stream().clone());
        for (id, stream) in [(Call::picture_id(key), self.theirs.borrow().clone()), (Call::mirror_id(key), ours)] {
            let Some(element) = element(&id) else { continue };
            if element.src_object() != stream {
                // Their sound has an element of its own; and what is muted may always play.
                element.set_muted(true);
                element.set_src_object(stream.as_ref());
                if let Ok(playing) = element.play() {
                    // An element that goes in that moment plays nothing, and that is as it should be.
                    spawn_local(async move { drop(playing.await) });
                }
            }
        }
    }
}

fn element(id: &str) -> Option<HtmlMediaElement> {
    web_sys::window()?.document()?.get_element_by_id(id)?.dyn_into().ok()
}
