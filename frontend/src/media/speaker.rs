use super::output::Output;
use crate::gesture::AtGesture;
use leptos::task::spawn_local;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{DomException, HtmlAudioElement, MediaStream, MediaStreamTrack};

/// The sound of the other end: one audio element in the page; dropping it takes it out.
///
/// It is given its source once per track and is never paused, so that no `play()` is cut off by a `pause()` or a load.
pub(crate) struct Speaker {
    element: HtmlAudioElement,
    output: Output,
    playing: RefCell<Option<MediaStreamTrack>>,
    blocked: Rc<RefCell<Option<AtGesture>>>,
    /// Told whether the browser plays nothing until there is a gesture.
    silent: Rc<dyn Fn(bool)>,
}

impl Speaker {
    /// A silent element at the end of the page. `silent` is told when the browser plays nothing, and when it does.
    pub(crate) fn new(output: &Output, silent: impl Fn(bool) + 'static) -> Option<Self> {
        let document = web_sys::window()?.document()?;
        let element: HtmlAudioElement = document.create_element("audio").ok()?.unchecked_into();
        element.set_autoplay(true);
        document.body()?.append_child(&element).ok()?;
        output.add(&element);
        let silent = Rc::new(silent);
        Some(Self { element, output: output.clone(), playing: RefCell::default(), blocked: Rc::default(), silent })
    }

    /// Plays this track in place of what was played.
    pub(crate) fn play(&self, track: &MediaStreamTrack) {
        // The same object: the other end chooses the name, and a fresh connection may bring another track under it.
        if self.playing.borrow().as_ref() == Some(track) {
            return;
        }
        // Another name of the same track; its own `clone` makes another track.
        self.playing.replace(Some(Clone::clone(track)));
        let Ok(stream) = MediaStream::new() else { return };
        stream.add_track(track);
        self.element.set_src_object(Some(&stream));
        let Ok(playing) = self.element.play() else { return };
        let (element, blocked, silent) = (self.element.clone(), Rc::downgrade(&self.blocked), self.silent.clone());
        spawn_local(async move {
            let Err(error) = playing.await else { return };
            let refused = error.dyn_ref::<DomException>().is_some_and(|error| error.name() == "NotAllowedError");
            // The page is not allowed to make sound yet: the next gesture allows it.
            if let (true, Some(blocked)) = (refused, blocked.upgrade()) {
                silent(true);
                let retry = AtGesture::new(move || {
                    if let Ok(playing) = element.play() {
                        let silent = silent.clone();
                        spawn_local(async move {
                            if playing.await.is_ok() {
                                silent(false);
                            }
                        });
                    }
                });
                blocked.replace(Some(retry));
            }
        });
    }

    /// What it plays.
    pub(crate) fn playing(&self) -> Option<MediaStreamTrack> {
        self.playing.borrow().as_ref().map(Clone::clone)
    }

    /// Keeps it silent, or not.
    pub(crate) fn silence(&self, silent: bool) {
        self.element.set_muted(silent);
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.output.remove(&self.element);
        self.element.set_src_object(None);
        self.element.remove();
    }
}
