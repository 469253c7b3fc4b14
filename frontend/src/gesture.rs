use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// What a person does that lets a page make sound.
const GESTURES: [&str; 2] = ["pointerdown", "keydown"];

/// Does something at the person's gestures, as long as it lives: browsers allow sound only after one.
pub(crate) struct AtGesture(Closure<dyn FnMut()>);

impl AtGesture {
    pub(crate) fn new(act: impl FnMut() + 'static) -> Self {
        let closure = Closure::<dyn FnMut()>::new(act);
        if let Some(window) = web_sys::window() {
            for name in GESTURES {
                let _ = window.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
            }
        }
        Self(closure)
    }
}

impl Drop for AtGesture {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            for name in GESTURES {
                let _ = window.remove_event_listener_with_callback(name, self.0.as_ref().unchecked_ref());
            }
        }
    }
}
