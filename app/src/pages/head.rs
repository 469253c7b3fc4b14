//! What the head of every document holds.

use leptos::prelude::*;

/// Title, icon, style sheet and what browsers want to know before they paint.
#[component]
pub(crate) fn DocumentHead(
    /// The document's title.
    title: String,
) -> impl IntoView {
    view! {
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="/favicon.svg" r#type="image/svg+xml" />
        <link rel="stylesheet" href="/style.css" />
        <title>{title}</title>
    }
}
