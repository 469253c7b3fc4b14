use super::Console;
use crate::gesture::AtGesture;
use gloo_timers::future::TimeoutFuture;
use leptos::task::spawn_local;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::AudioContext;

/// How often it is listened who speaks, in milliseconds.
const LISTENING: u32 = 150;
/// How long an audio context may take to run before the browser is taken to want a gesture, in milliseconds.
const STARTING: u32 = 700;

/// The audio context, as long as something is mixed; dropping it closes it.
pub(super) struct Running {
    pub(super) context: AudioContext,
    _unlock: AtGesture,
    _changed: Closure<dyn FnMut()>,
}

impl Running {
    /// Has it run as soon as the browser lets it, and the console know.
    pub(super) fn begin(console: &Rc<Console>) -> Result<Self, JsValue> {
        let context = AudioContext::new()?;
        let weak = Rc::downgrade(console);
        let changed = Closure::<dyn FnMut()>::new(move || {
            if let Some(console) = weak.upgrade() {
                console.turn();
            }
        });
        context.set_onstatechange(Some(changed.as_ref().unchecked_ref()));
        let resumed = context.clone();
        let unlock = AtGesture::new(move || resume(&resumed));
        resume(&context);
        let (weak, begun) = (Rc::downgrade(console), context.clone());
        spawn_local(async move {
            TimeoutFuture::new(STARTING).await;
            let current =
                |console: &Console| console.running.borrow().as_ref().is_some_and(|running| running.context == begun);
            if let Some(console) = weak.upgrade()
                && current(&console)
                && !runs(&begun)
            {
                console.be_silent(true);
            }
            while let Some(console) = weak.upgrade()
                && current(&console)
            {
                console.listen();
                drop(console);
                TimeoutFuture::new(LISTENING).await;
            }
        });
        Ok(Self { context, _unlock: unlock, _changed: changed })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.context.set_onstatechange(None);
        if let Ok(closing) = self.context.close() {
            spawn_local(async move {
                let _ = closing.await;
            });
        }
    }
}

/// Whether it runs (Web Audio 1.1, `AudioContextState`).
pub(super) fn runs(context: &AudioContext) -> bool {
    js_sys::Reflect::get(context, &"state".into()).is_ok_and(|state| state == "running")
}

/// Has it run, as soon as the browser lets it.
fn resume(context: &AudioContext) {
    if let Ok(resuming) = context.resume() {
        spawn_local(async move {
            let _ = resuming.await;
        });
    }
}
