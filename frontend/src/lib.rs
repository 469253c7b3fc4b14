//! The browser's half of Tabphone: sockets, media, devices and the driver loop around the SIP agent.
//!
//! [`hydrate`] is what the page calls. It reads what the server rendered, brings the page to life with exactly
//! that, and only then starts the driver: hydration does not patch what differs.
//!
//! One thing owns everything here: the loop in `driver`. Whatever the browser says (a socket, a timer, a peer
//! connection, a person) becomes one event in its channel; nothing else touches the agent or writes the line's state.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod behind;
mod calls;
mod clock;
mod dial;
mod driver;
mod environment;
mod event;
mod gesture;
mod holding;
mod leaving;
mod mark;
mod media;
mod notifier;
mod opening;
mod probe;
mod quality;
mod recording;
mod repair;
mod ring;
mod screen;
mod sign;
mod socket;
mod sound;
mod tab;
mod upload;
mod wire;
mod wishes;

use app::App;
use app::phone;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::prelude::wasm_bindgen;

/// Brings the page to life. Called once by the script that the server put into the page.
#[wasm_bindgen]
pub fn hydrate() {
    // Whoever builds for the browser's console sees what panicked; the client as it is served has no words for it.
    #[cfg(not(panic = "immediate-abort"))]
    std::panic::set_hook(Box::new(|info| web_sys::console::error_1(&info.to_string().into())));
    // A page without an opening (that of an error) is text and links: the browser needs no help with it.
    let Some(opening) = opening::read() else { return };
    let (phone, line) = phone::pair(opening.line.clone(), opening.missed);
    line.callers.set(opening.callers.clone());
    line.unread.set(opening.unread);
    let provided = opening.clone();
    leptos::mount::hydrate_body(move || {
        provide_context(provided);
        provide_context(phone);
        view! { <App/> }
    });
    mark::set(mark::HYDRATED);
    spawn_local(driver::run(line, opening));
}
