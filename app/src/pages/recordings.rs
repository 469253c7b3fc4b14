//! The page of recordings: to be listened to, saved and removed. Complete without any script.

use super::head::DocumentHead;
use crate::backend::Contact;
use crate::components::icon::{Glyph, Icon, Logo};
use crate::directory;
use crate::words;
use leptos::prelude::*;

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingsView {
    /// Whose recordings.
    pub me: Contact,
    /// All of them, the latest first.
    pub kept: Vec<Kept>,
}

/// One recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Its name in addresses.
    pub id: String,
    /// With whom.
    pub with: Contact,
    /// When it began, in UTC: `2026-11-22 09:30`.
    pub began: String,
    /// How long it is, in seconds.
    pub seconds: u64,
    /// How large it is.
    pub bytes: u64,
    /// Whether there are pictures.
    pub video: bool,
    /// What it is called when it is saved.
    pub file_name: String,
}

/// The whole document.
pub fn document(view: RecordingsView) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <DocumentHead title="Recordings · Tabphone".to_owned() />
            </head>
            <body>
                <RecordingsPage view />
            </body>
        </html>
    }
}

#[component]
fn RecordingsPage(view: RecordingsView) -> impl IntoView {
    let who = directory::contact_name(&view.me).to_owned();
    let empty = view.kept.is_empty();
    let rows = view.kept.into_iter().map(|kept| view! { <Row kept /> }).collect::<Vec<_>>();
    view! {
        <main class="settings">
            <div class="panel settings__panel">
                <div class="login__brand">
                    <Logo />
                    <span class="login__product">"Tabphone"</span>
                </div>
                <h1 class="login__title">"Recordings"</h1>
                <p class="settings__who">
                    <bdi>{who}</bdi>
                    {format!(", extension {}", view.me.extension)}
                </p>
                {empty
                    .then(|| {
                        view! {
                            <p class="recordings__none">
                                "Nothing was recorded yet. Press Record in a call, and it can be listened to here, even while it goes on."
                            </p>
                        }
                    })}
                <ul class="recordings" role="list">
                    {rows}
                </ul>
                <div class="settings__actions">
                    <a class="button" href="/">
                        "Back to the phone"
                    </a>
                </div>
            </div>
        </main>
    }
}

#[component]
fn Row(kept: Kept) -> impl IntoView {
    let name = directory::contact_name(&kept.with).to_owned();
    let number = (name != kept.with.extension).then(|| kept.with.extension.clone());
    let source = format!("/recordings/{}", kept.id);
    let label = format!("Recording of the call with {name}, {} UTC", kept.began);
    let length = words::duration(kept.seconds);
    let size = format!("{}.{} MB", kept.bytes / 1_000_000, kept.bytes / 100_000 % 10);
    view! {
        <li class="recording">
            <p class="recording__with">
                <bdi>{name}</bdi>
                {number.map(|number| view! { <bdi class="recording__number">{number}</bdi> })}
            </p>
            <p class="recording__facts">
                <time datetime=format!("{}Z", kept.began)>{format!("{} UTC", kept.began)}</time>
                <span>{length}</span>
                <span>{size}</span>
            </p>
            {if kept.video {
                view! { <video class="recording__player" controls=true preload="none" src=source.clone() aria-label=label></video> }
                    .into_any()
            } else {
                view! { <audio class="recording__player" controls=true preload="none" src=source.clone() aria-label=label></audio> }
                    .into_any()
            }}
            <div class="recording__actions">
                <a class="button button--quiet" href=source.clone() download=kept.file_name>
                    "Save to a file"
                </a>
                <form method="post" action=format!("{source}/remove")>
                    <button class="button button--quiet" r#type="submit">
                        <Icon glyph=Glyph::Warning />
                        "Remove for good"
                    </button>
                </form>
            </div>
        </li>
    }
}
