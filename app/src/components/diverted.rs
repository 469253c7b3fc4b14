//! What becomes of calls, as the server knows it, and the ways to the settings and the recordings. Only the server writes it: nothing of it
//! changes while the page is open.

use super::icon::{Glyph, Icon};
use crate::backend::{Contact, Wishes};
use crate::words;
use leptos::prelude::*;

/// The links to the settings and the recordings, and a notice of what was set there, if anything was. It shows the [`Wishes`] of the context.
#[component]
pub(crate) fn Settings(contacts: Vec<Contact>) -> impl IntoView {
    let told = use_context::<Wishes>().map(|wishes| words::wishes(&wishes, &contacts)).unwrap_or_default();
    let diverted = (!told.is_empty()).then(|| {
        let told = told.into_iter().map(|words| view! { <p>{words}</p> }).collect::<Vec<_>>();
        view! {
            <aside class="diverted" aria-label="What becomes of your calls">
                <Icon glyph=Glyph::Turn />
                <div class="diverted__words">{told}</div>
                <a class="button diverted__change" href="/settings">
                    "Change"
                </a>
            </aside>
        }
    });
    view! {
        {diverted}
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
