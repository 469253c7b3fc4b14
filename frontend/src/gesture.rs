use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// What a person does that lets a page make sound.
const GESTURES: [&str; 2] = ["pointerdown", "keydown"];
/// How it ends.
const ENDS: [&str; 2] = ["click", "keyup"];

/// Does something at the person's gestures, as long as it lives: browsers allow sound only after one.
pub(crate) struct AtGesture([&'static str; 2], Closure<dyn FnMut()>);

impl AtGesture {
    pub(crate) fn new(act: impl FnMut() + 'static) -> Self {
        Self::at(GESTURES, Closure::new(act))
    }

    /// The same, once the gesture is over: what it lets appear or disappear is not between a press and its release.
    pub(crate) fn after(act: impl FnMut() + 'static) -> Self {
        Self::at(ENDS, Closure::new(act))
    }

    fn at(names: [&'static str; 2], closure: Closure<dyn FnMut()>) -> Self {
        if let Some(window) = web_sys::window() {
            for name in names {
                let _ = window.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
            }
        }
        Self(names, closure)
    }
}

impl Drop for AtGesture {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            for name in self.0 {
                let _ = window.remove_event_listener_with_callback(name, self.1.as_ref().unchecked_ref());
            }
        }
    }
}
