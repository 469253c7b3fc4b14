//! Whether the server can be reached at all: a request beside the sockets, which browsers open late once some have failed.

use crate::event::{Event, Events};
use wasm_bindgen::JsCast;
use web_sys::{AbortSignal, RequestCache, RequestInit, Response};

/// Where every server of ours answers, whatever state it is in.
const PATH: &str = "/alive";
/// What it answers.
const NO_CONTENT: u16 = 204;
/// How long one may take, in milliseconds: what was sent into a network that is gone hangs, also once it is back, and the
/// browser has few requests to a host at a time.
const PATIENCE: u32 = 1_000;

/// Sends one; when it comes through, [`Event::Reached`] is told.
pub(crate) fn send(events: &Events) {
    let events = events.clone();
    leptos::task::spawn_local(async move {
        if comes_through().await == Some(true) {
            events.tell(Event::Reached);
        }
    });
}

async fn comes_through() -> Option<bool> {
    let request = RequestInit::new();
    request.set_method("HEAD");
    request.set_cache(RequestCache::NoStore);
    request.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE)));
    let answer = web_sys::window()?.fetch_with_str_and_init(PATH, &request).await.ok()?;
    Some(answer.unchecked_into::<Response>().status() == NO_CONTENT)
}
