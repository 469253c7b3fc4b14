//! A round mark with a name's initials.

use super::erase::live;
use crate::directory;
use leptos::prelude::*;

/// Initials in a colour of their own; the name itself stands beside it.
#[component]
pub(crate) fn Avatar(
    /// The name.
    #[prop(into)]
    name: Signal<String>,
) -> impl IntoView {
    view! {
        <span class=live(move || name.with(|name| format!("avatar avatar--{}", directory::palette(name)))) aria-hidden="true">
            {live(move || name.with(|name| directory::initials(name)))}
        </span>
    }
}
