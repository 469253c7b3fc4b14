//! What becomes of calls, as the server knows it, and the ways to the settings and the recordings. The server writes it, and the
//! words that an open page has for it, too: it only puts them in.

use super::icon::{Glyph, Icon};
use crate::backend::{Contact, WISHES_ID, Wishes};
use crate::words;
use leptos::prelude::*;

/// The links to the settings and the recordings, and a notice of what was set there, if anything was. It shows the [`Wishes`] of the context.
#[component]
pub(crate) fn Settings(contacts: Vec<Contact>) -> impl IntoView {
    let told = use_context::<Wishes>().map(|wishes| words::wishes(&wishes, &contacts)).unwrap_or_default();
    view! {
        <aside class="diverted" id=WISHES_ID hidden=told.is_empty() aria-label="What becomes of your calls">
            <Icon glyph=Glyph::Turn />
            <p class="diverted__words" role="status">
                {told.join("\n")}
            </p>
            <a class="button diverted__change" href="/settings">
                "Change"
            </a>
        </aside>
        <footer class="foot">
            <a class="button button--quiet" href="/settings">
                <Icon glyph=Glyph::Sliders />
                "Settings"
            </a>
            <a class="button button--quiet" href="/recordings">
                <Icon glyph=Glyph::Record />
                "Recordings"
            </a>
        </footer>
    }
}
