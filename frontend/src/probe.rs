//! Whether the server can be reached at all: a request beside the sockets, which browsers open late once some have failed.

use crate::event::{Event, Events};
use core::pin::pin;
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use std::future::IntoFuture as _;
use wasm_bindgen::JsCast;
use web_sys::{AbortController, RequestCache, RequestInit, Response};

/// Where every server of ours answers, whatever state it is in.
const PATH: &str = "/alive";
/// What it answers.
const NO_CONTENT: u16 = 204;
/// How long one may take, in milliseconds: what was sent into a network that is gone hangs, also once it is back.
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
    let abort = AbortController::new().ok()?;
    let request = RequestInit::new();
    request.set_method("HEAD");
    request.set_cache(RequestCache::NoStore);
    request.set_signal(Some(&abort.signal()));
    let answer = pin!(web_sys::window()?.fetch_with_str_and_init(PATH, &request).into_future());
    match select(answer, TimeoutFuture::new(PATIENCE)).await {
        Either::Left((answer, _)) => Some(answer.ok()?.unchecked_into::<Response>().status() == NO_CONTENT),
        Either::Right((_, answer)) => {
            abort.abort();
            // Not left in flight: the browser has few requests to a host at a time.
            answer.await.ok().map(|_| false)
        }
    }
}
