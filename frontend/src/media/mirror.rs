use super::inputs::{Devices, Input, Kind};
use crate::event::{Event, Events};
use app::sound::MIRROR;
use gloo_timers::future::TimeoutFuture;
use leptos::task::spawn_local;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{HtmlMediaElement, MediaStream};

/// A person sees themselves, without a call. Dropping it ends it and closes the camera.
pub(crate) struct Mirror {
    ended: Rc<Cell<bool>>,
    camera: Rc<RefCell<Option<Input>>>,
}

impl Mirror {
    /// Begins, once the browser gives the camera; [`Event::Unseen`] says why there is none.
    pub(crate) fn begin(devices: &Devices, events: &Events) -> Self {
        let mirror = Self { ended: Rc::default(), camera: Rc::default() };
        let (ended, camera) = (mirror.ended.clone(), mirror.camera.clone());
        let (devices, events) = (devices.clone(), events.clone());
        spawn_local(async move {
            match devices.open(Kind::Camera).await {
                Ok(opened) => {
                    // A camera that is open already is given before the page has the element.
                    TimeoutFuture::new(0).await;
                    if ended.get() {
                        return;
                    }
                    show(Some(opened.stream()));
                    camera.replace(Some(opened));
                }
                Err(failure) if !ended.get() => events.tell(Event::Unseen(failure)),
                Err(_) => {}
            }
        });
        mirror
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.ended.set(true);
        if self.camera.take().is_some() {
            show(None);
        }
    }
}

fn show(stream: Option<&MediaStream>) {
    let element =
        web_sys::window().and_then(|window| window.document()).and_then(|page| page.get_element_by_id(MIRROR));
    let Some(element) = element.and_then(|element| element.dyn_into::<HtmlMediaElement>().ok()) else { return };
    element.set_muted(true);
    element.set_src_object(stream);
    if stream.is_some()
        && let Ok(playing) = element.play()
    {
        spawn_local(async move { drop(playing.await) });
    }
}
