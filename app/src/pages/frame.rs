//! What the pages around the phone have alike: the document, whose page it is, and what is said of what was just done.

use super::head::DocumentHead;
use crate::backend::Contact;
use crate::components::icon::{Glyph, Icon, Logo};
use crate::directory;
use leptos::prelude::*;

/// The whole document of a page without any script.
pub(crate) fn document<V: IntoView>(title: &str, page: V) -> impl IntoView + use<V> {
    let title = format!("{title} · Tabphone");
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <DocumentHead title />
            </head>
            <body>{page}</body>
        </html>
    }
}

/// Of which program the page is.
#[component]
pub(crate) fn Brand() -> impl IntoView {
    view! {
        <div class="login__brand">
            <Logo />
            <span class="login__product">"Tabphone"</span>
        </div>
    }
}

/// What stands at the top of such a page: whose it is, and what it is.
#[component]
pub(crate) fn Top(title: &'static str, me: Contact) -> impl IntoView {
    let who = directory::contact_name(&me).to_owned();
    view! {
        <Brand />
        <h1 class="login__title">{title}</h1>
        <p class="settings__who">
            <bdi>{who}</bdi>
            {format!(", extension {}", me.extension)}
        </p>
    }
}

/// Something was done.
#[component]
pub(crate) fn Done(#[prop(into)] words: String) -> impl IntoView {
    view! {
        <div class="notice notice--good" role="status">
            <Icon glyph=Glyph::Tick />
            <p class="notice__text">{words}</p>
        </div>
    }
}

/// Something was not done. Fields that are wrong name this by its `id`.
#[component]
pub(crate) fn NotDone(#[prop(into)] words: String, #[prop(optional)] id: Option<&'static str>) -> impl IntoView {
    view! {
        <div class="notice notice--trouble" role="alert" id=id>
            <Icon glyph=Glyph::Warning />
            <p class="notice__text">{words}</p>
        </div>
    }
}
