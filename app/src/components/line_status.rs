//! The state of the line, in words with an indicator of its own shape and colour.

use super::erase::{live, memo};
use super::icon::{Glyph, Icon};
use crate::phone::{LineStateStoreFields, Seat, use_phone};
use crate::words::{self, Tone};
use leptos::prelude::*;

/// Says whether the line can make and take calls, and what to do if not.
#[component]
pub(crate) fn LineStatus() -> impl IntoView {
    let phone = use_phone();
    let (line, seat) = (phone.line(), phone.seat());
    let words = memo(move || {
        let registration = line.registration().get();
        match seat.get() {
            Seat::Watching => words::watched(registration),
            Seat::Unknown | Seat::Holding => words::registration(registration),
        }
    });
    let glyph = Signal::derive(move || match words.with(|words| words.tone) {
        Tone::Good => Glyph::Tick,
        Tone::Waiting => Glyph::Dots,
        Tone::Quiet => Glyph::Ring,
        Tone::Trouble => Glyph::Warning,
    });
    let class = live(move || match words.with(|words| words.tone) {
        Tone::Good => "line-status line-status--good",
        Tone::Waiting => "line-status line-status--waiting",
        Tone::Quiet => "line-status line-status--quiet",
        Tone::Trouble => "line-status line-status--trouble",
    });
    view! {
        <div class=class role="status" aria-label="Line">
            <Icon glyph />
            <p class="line-status__text">{live(move || words.with(|words| words.text.clone()))}</p>
            {move || words.with(|words| words.advice).map(|advice| view! { <p class="line-status__advice">{advice}</p> })}
        </div>
    }
}
