//! What is shown while the browser plays no sound of this page, and the one click that changes it.

use super::erase::{erase, live, memo};
use super::icon::{Glyph, Icon};
use crate::phone::{LineStateStoreFields, use_phone};
use leptos::prelude::*;

/// Shown while a call is up that the browser does not play: it wants a gesture of the person first, and any will do.
#[component]
pub(crate) fn Silent() -> impl IntoView {
    let phone = use_phone();
    let (silent, line) = (phone.silent(), phone.line());
    let joined = memo(move || line.calls().with(|calls| calls.iter().any(|call| call.joined)));
    let silent = memo(move || silent.get());
    view! {
        {move || {
            silent
                .get()
                .then(|| {
                    erase(
                        view! {
                            <section class="watching" role="alert">
                                <Icon glyph=Glyph::Warning />
                                <p class="watching__words">
                                    {live(move || {
                                        if joined.get() {
                                            "The browser is silent until you click. They hear you, but not one another."
                                        } else {
                                            "The browser is silent until you click. They hear you."
                                        }
                                    })}
                                </p>
                                <button class="button button--primary" r#type="button">
                                    "Let me hear them"
                                </button>
                            </section>
                        },
                    )
                })
        }}
    }
}
