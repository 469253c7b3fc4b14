use leptos::task::spawn_local;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::HtmlAudioElement;

/// Where all calls are heard, and how loud: those that are up and those to come.
#[derive(Clone)]
pub(crate) struct Output(Rc<Shared>);

struct Shared {
    chosen: RefCell<Chosen>,
    /// What plays calls now.
    playing: RefCell<Vec<HtmlAudioElement>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Chosen {
    sink: String,
    volume: f64,
}

impl Output {
    /// Where the browser plays everything else.
    pub(super) fn new() -> Self {
        let chosen = RefCell::new(Chosen { sink: String::new(), volume: 1.0 });
        Self(Rc::new(Shared { chosen, playing: RefCell::default() }))
    }

    /// Plays at the device with this id, empty for the browser's choice, so loud (per cent).
    pub(super) fn choose(&self, sink: String, volume: u8) {
        let chosen = Chosen { sink, volume: f64::from(volume.min(100)) / 100.0 };
        if self.0.chosen.replace(chosen.clone()) != chosen {
            self.0.playing.borrow().iter().for_each(|element| self.apply(element));
        }
    }

    /// Has this element play there, until it is taken out.
    pub(super) fn add(&self, element: &HtmlAudioElement) {
        self.apply(element);
        self.0.playing.borrow_mut().push(element.clone());
    }

    /// It plays no more.
    pub(super) fn remove(&self, element: &HtmlAudioElement) {
        self.0.playing.borrow_mut().retain(|known| known != element);
    }

    /// What plays calls now.
    pub(super) fn playing(&self) -> Vec<HtmlAudioElement> {
        self.0.playing.borrow().clone()
    }

    fn apply(&self, element: &HtmlAudioElement) {
        let chosen = self.0.chosen.borrow();
        element.set_volume(chosen.volume);
        sink(element, &chosen.sink);
    }
}

/// Has an element or an audio context play at the device with this id, where the browser can do that. One that is gone is
/// none: it goes on where it plays.
pub(crate) fn sink(of: &JsValue, id: &str) {
    let current = js_sys::Reflect::get(of, &"sinkId".into()).ok().and_then(|sink| sink.as_string());
    // A browser that cannot choose has no such property.
    if current.as_deref().is_none_or(|current| current == id) {
        return;
    }
    let Ok(method) = js_sys::Reflect::get(of, &"setSinkId".into()) else { return };
    let Some(method) = method.dyn_ref::<js_sys::Function>() else { return };
    let Ok(promise) = method.call1(of, &id.into()) else { return };
    let promise: js_sys::Promise = promise.unchecked_into();
    spawn_local(async move {
        let _ = promise.await;
    });
}
