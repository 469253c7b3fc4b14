//! The page of recordings: to be listened to, saved and removed. Complete without any script.

use super::frame::{self, Top};
use crate::backend::Contact;
use crate::components::icon::{Glyph, Icon};
use crate::directory;
use crate::words;
use leptos::prelude::*;

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingsView {
    /// Whose recordings.
    pub me: Contact,
    /// Those of this page, the latest first.
    pub kept: Vec<Kept>,
    /// How many there are on all pages.
    pub count: u64,
    /// How large they are, all together.
    pub bytes: u64,
    /// How large they may be, all together.
    pub most_bytes: u64,
    /// Which page it is.
    pub pages: Pages,
}

/// Which page of several it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// This one, counted from 1.
    pub page: u16,
    /// The last one.
    pub last: u16,
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
    /// Whether it goes on.
    pub goes_on: bool,
    /// What it is called when it is saved.
    pub file_name: String,
}

/// The whole document.
pub fn document(view: RecordingsView) -> impl IntoView {
    frame::document("Recordings", view! { <RecordingsPage view /> })
}

#[component]
fn RecordingsPage(view: RecordingsView) -> impl IntoView {
    let empty = view.count == 0;
    let rows = view.kept.into_iter().map(|kept| view! { <Row kept /> }).collect::<Vec<_>>();
    let amount = (!empty).then(|| {
        let noun = if view.count == 1 { "recording" } else { "recordings" };
        format!("{} {noun}, {} of {}", view.count, size(view.bytes), size(view.most_bytes))
    });
    view! {
        <main class="settings">
            <div class="panel settings__panel">
                <Top title="Recordings" me=view.me />
                {amount.map(|amount| view! { <p class="recordings__amount">{amount}</p> })}
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
                <Turn pages=view.pages />
                <div class="settings__actions recordings__ways">
                    <a class="button" href="/">
                        "Back to the phone"
                    </a>
                    <a class="button button--quiet" href="/settings">
                        <Icon glyph=Glyph::Sliders />
                        "Settings"
                    </a>
                </div>
            </div>
        </main>
    }
}

/// The ways to the pages before and after this one.
#[component]
fn Turn(pages: Pages) -> impl IntoView {
    let Pages { page, last } = pages;
    let to = |page: u16| format!("/recordings?page={page}");
    (last > 1).then(|| {
        view! {
            <nav class="recordings__pages" aria-label="Pages">
                {(page > 1).then(|| view! { <a class="button button--quiet" href=to(page - 1)>"Newer"</a> })}
                <span>{format!("Page {page} of {last}")}</span>
                {(page < last).then(|| view! { <a class="button button--quiet" href=to(page + 1)>"Older"</a> })}
            </nav>
        }
    })
}

#[component]
fn Row(kept: Kept) -> impl IntoView {
    let name = directory::contact_name(&kept.with).to_owned();
    let number = (name != kept.with.extension).then(|| kept.with.extension.clone());
    let source = format!("/recordings/{}", kept.id);
    let label = format!("Recording of the call with {name}, {} UTC", kept.began);
    let length = words::duration(kept.seconds);
    let size = size(kept.bytes);
    view! {
        <li class="recording">
            <p class="recording__with">
                <bdi>{name}</bdi>
                {number.map(|number| view! { <bdi class="recording__number">{number}</bdi> })}
                {kept.goes_on.then(|| view! { <span class="recorded__sign">"Recording now"</span> })}
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
                // Asked once more: it cannot be had back.
                <details class="recording__remove">
                    <summary class="button button--quiet">"Remove"</summary>
                    <form method="post" action=format!("{source}/remove")>
                        <button class="button button--danger" r#type="submit">
                            "Remove for good"
                        </button>
                    </form>
                </details>
            </div>
        </li>
    }
}

/// In the unit that fits, with one digit behind the point where it says something.
fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    match (bytes / unit, bytes * 10 / unit % 10) {
        (whole, 0) => format!("{whole} {name}"),
        (whole, _) if unit == 1_000 => format!("{whole} {name}"),
        (whole, tenths) => format!("{whole}.{tenths} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        let sizes = [0, 12_345, 1_000_000, 34_567_890, 4 << 30].map(size);
        assert_eq!(sizes, ["0 kB", "12 kB", "1 MB", "34.5 MB", "4.2 GB"]);
    }
}
