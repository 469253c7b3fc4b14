//! There is nothing at this address.

use crate::components::icon::Logo;
use leptos::prelude::*;

/// Says so, and leads back.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <main class="notice-page">
            <div class="panel notice-page__panel">
                <Logo />
                <h1>"There is nothing at this address"</h1>
                <p>"The link may be old, or mistyped."</p>
                <a class="button button--primary" href="/">
                    "Go to the phone"
                </a>
            </div>
        </main>
    }
}
