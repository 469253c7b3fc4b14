//! The top of the page: whose phone this is, how its line is, and the way out.

use super::avatar::Avatar;
use super::erase::{erase, live};
use super::icon::{Glyph, Icon, Logo};
use super::line_status::LineStatus;
use crate::backend::Contact;
use crate::directory;
use crate::phone::{Command, use_phone};
use crate::words;
use leptos::prelude::*;

/// The header. Its form (`#logout`) logs out by itself where there is no JavaScript; otherwise the driver unregisters
/// the line first, and then ends the session itself: a form would leave the page even when the server is down.
#[component]
pub(crate) fn Header(me: Contact) -> impl IntoView {
    let phone = use_phone();
    let (missed, unread) = (phone.missed(), phone.unread());
    let log_out = move |event: leptos::ev::SubmitEvent| {
        if phone.send(Command::LogOut) {
            event.prevent_default();
        }
    };
    let name = directory::contact_name(&me).to_owned();
    view! {
        <header class="header">
            <div class="header__brand">
                <Logo />
                <h1 class="header__product">"Tabphone"</h1>
            </div>
            <LineStatus />
            <div class="header__me">
                <Avatar name=name.clone() />
                <p class="header__who">
                    <bdi class="header__name">{name}</bdi>
                    <span class="header__extension">{format!("Extension {}", me.extension)}</span>
                </p>
                {way("/messages", "Messages", Glyph::Message, unread, words::unread)}
                {way("/history", "History", Glyph::Clock, missed, words::missed)}
                <form class="header__leave" id="logout" method="post" action="/logout" on:submit=log_out>
                    <button class="button button--quiet" r#type="submit" title="Log out">
                        <Icon glyph=Glyph::LogOut />
                        <span class="header__leave-text">"Log out"</span>
                    </button>
                </form>
            </div>
            // Plain text only: browsers with JavaScript read the content of noscript as one text.
            <noscript class="header__noscript">
                "Calling needs JavaScript. Without it this page shows the phone as it was when the page was opened."
            </noscript>
        </header>
    }
}

/// The way to a page, with how much is new there.
fn way(path: &'static str, name: &'static str, glyph: Glyph, new: RwSignal<u32>, told: fn(u32) -> String) -> AnyView {
    erase(view! {
        <a class="button button--quiet header__history" href=path title=name>
            <Icon glyph />
            <span class="header__leave-text">{name}</span>
            {move || {
                (new.get() > 0).then(|| view! { <span class="header__missed">{live(move || told(new.get()))}</span> })
            }}
        </a>
    })
}
