//! The page of the history of calls: to be read, searched, called back from, removed and saved. Complete without any script.

use super::frame::{self, Top};
use super::messages;
use crate::backend::Contact;
use crate::components::icon::{Glyph, Icon};
use crate::directory;
use crate::phone::Direction;
use crate::quality::Grade;
use crate::words;
use leptos::prelude::*;

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryView {
    /// Whose calls.
    pub me: Contact,
    /// What was asked for.
    pub asked: Asked,
    /// The calls of this page, the latest first.
    pub calls: Vec<Row>,
    /// Where the page with older ones begins, if there are any.
    pub older: Option<String>,
    /// Where the page with newer ones ends, if there are any.
    pub newer: Option<String>,
}

/// Which calls are to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// All.
    #[default]
    All,
    /// Those that were missed.
    Missed,
    /// Those that came in.
    Incoming,
    /// Those that went out.
    Outgoing,
}

/// What was asked for, as it stands in addresses and forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Which calls.
    pub show: Show,
    /// A part of a name or number.
    pub search: String,
    /// Only older ones than this.
    pub before: String,
    /// Only newer ones than this.
    pub after: String,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub id: i64,
    /// Who began it.
    pub direction: Direction,
    /// The other one, by the directory's name where it has one.
    pub with: Contact,
    /// When it began, in UTC: `2026-11-22 09:30`.
    pub began: String,
    /// How long it was talked, in seconds, if it was answered and is over.
    pub seconds: Option<u64>,
    /// How it ended, as a sentence; of a call that goes on, that it does.
    pub ended: String,
    /// Whether it was missed.
    pub missed: bool,
    /// Whether the person is told so for the first time.
    pub new: bool,
    /// How well it was heard, if it was measured.
    pub sound: Option<Sound>,
    /// Whether they are among the contacts, or nobody can be put there.
    pub known: bool,
}

/// How well a call was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// The mean of the estimates, in tenths (MOS).
    pub score: u8,
    /// The worst of them.
    pub worst: u8,
    /// How many of a thousand packets were lost.
    pub lost: u16,
    /// How much the time of packets varied, in milliseconds.
    pub jitter: u32,
    /// There and back, in milliseconds, if it was known.
    pub round_trip: Option<u32>,
    /// What the sound was encoded with; empty if it is not known.
    pub codec: String,
}

impl Show {
    /// All of them, as they are offered.
    pub const ALL: [Self; 4] = [Self::All, Self::Missed, Self::Incoming, Self::Outgoing];

    /// Its name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Missed => "missed",
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }

    /// The one with this name; all calls for any other.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|show| show.name() == name).unwrap_or_default()
    }

    const fn words(self) -> &'static str {
        match self {
            Self::All => "All calls",
            Self::Missed => "Missed",
            Self::Incoming => "Incoming",
            Self::Outgoing => "Outgoing",
        }
    }
}

impl Asked {
    /// The address of what is asked for, below this path.
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if self.show != Show::All {
            query.append_pair("show", self.show.name());
        }
        for (name, value) in [("q", &self.search), ("before", &self.before), ("after", &self.after)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// Whether it is less than all calls.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.show != Show::All || !self.search.is_empty()
    }
}

/// The whole document.
pub fn document(view: HistoryView) -> impl IntoView {
    frame::document("History", view! { <HistoryPage view /> })
}

#[component]
fn HistoryPage(view: HistoryView) -> impl IntoView {
    let HistoryView { me, asked, calls, older, newer } = view;
    let none = calls.is_empty().then(|| {
        let words = if asked.is_narrowed() { "No such call was found." } else { "There are no calls yet." };
        view! { <p class="history__none">{words}</p> }
    });
    let empty = none.is_some();
    let rows = calls.into_iter().map(|row| view! { <Call row asked=asked.clone() /> }.into_any()).collect::<Vec<_>>();
    let saved = Asked { before: String::new(), after: String::new(), ..asked.clone() }.address("/history/calls.csv");
    let turn = view! { <Turn asked=asked.clone() older newer /> }.into_any();
    view! {
        <main class="settings">
            <div class="panel settings__panel history__panel">
                <Top title="History" me=me />
                <Search asked=asked.clone() />
                {none}
                <ul class="history" role="list">
                    {rows}
                </ul>
                {turn}
                <div class="settings__actions recordings__ways">
                    <a class="button" href="/">
                        "Back to the phone"
                    </a>
                    <a class="button button--quiet" href="/settings">
                        <Icon glyph=Glyph::Sliders />
                        "Settings"
                    </a>
                    {(!empty).then(|| view! { <Keeping saved /> })}
                </div>
            </div>
        </main>
    }
}

/// Saving and removing.
#[component]
fn Keeping(saved: String) -> impl IntoView {
    view! {
        <a class="button button--quiet" href=saved download="calls.csv">
            "Save as a table (CSV)"
        </a>
        // Asked once more: they cannot be had back.
        <details class="recording__remove">
            <summary class="button button--quiet">"Remove all"</summary>
            <form method="post" action="/history/remove">
                <button class="button button--danger" r#type="submit">
                    "Remove the whole history for good"
                </button>
            </form>
        </details>
    }
}

#[component]
fn Search(asked: Asked) -> impl IntoView {
    let options = Show::ALL
        .map(|show| view! { <option value=show.name() selected=show == asked.show>{show.words()}</option> })
        .collect_view();
    let narrowed = asked.is_narrowed();
    view! {
        <form class="history__search" role="search" method="get" action="/history">
            <div class="field history__field">
                <label class="field__label" for="search">
                    "Name or number"
                </label>
                <input id="search" class="field__input" r#type="search" name="q" value=asked.search maxlength="128" autocomplete="off" />
            </div>
            <div class="field history__field">
                <label class="field__label" for="show">
                    "Calls"
                </label>
                <select id="show" class="field__input" name="show">
                    {options}
                </select>
            </div>
            <button class="button" r#type="submit">
                "Search"
            </button>
            {narrowed.then(|| view! { <a class="button button--quiet" href="/history">"Show all"</a> })}
        </form>
    }
}

/// The ways to older and newer calls.
#[component]
fn Turn(asked: Asked, older: Option<String>, newer: Option<String>) -> impl IntoView {
    let to = |before: &str, after: &str| {
        Asked { before: before.to_owned(), after: after.to_owned(), ..asked.clone() }.address("/history")
    };
    let newer = newer.map(|from| (to("", &from), "Newer"));
    let older = older.map(|from| (to(&from, ""), "Older"));
    (newer.is_some() || older.is_some()).then(|| {
        let link =
            |(href, words): (String, &'static str)| view! { <a class="button button--quiet" href=href>{words}</a> };
        view! {
            <nav class="recordings__pages" aria-label="Pages">
                {newer.map(link)}
                {older.map(link)}
            </nav>
        }
    })
}

#[component]
fn Call(row: Row, asked: Asked) -> impl IntoView {
    let Row { id, direction, with, began, seconds, ended, missed, new, sound, known } = row;
    let name = match directory::contact_name(&with).to_owned() {
        name if name.is_empty() => "Unknown number".to_owned(),
        name => name,
    };
    let number = (name != with.extension && !with.extension.is_empty()).then(|| with.extension.clone());
    let (glyph, kind) = match direction {
        Direction::Incoming if missed => (Glyph::ArrowIn, "Missed call"),
        Direction::Incoming => (Glyph::ArrowIn, "Incoming call"),
        Direction::Outgoing => (Glyph::ArrowOut, "Outgoing call"),
    };
    let class = if missed { "history__call history__call--missed" } else { "history__call" };
    let add = (!known).then(|| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("number", &with.extension);
        if name != with.extension {
            query.append_pair("name", &name);
        }
        let label = format!("Add {name} to your contacts");
        let href = format!("/contacts/new?{}", query.finish());
        view! {
            <a class="button button--quiet" href=href aria-label=label>
                "Add to contacts"
            </a>
        }
    });
    let write = (!with.extension.is_empty()).then(|| {
        let label = format!("Write to {name}");
        view! {
            <a class="button button--quiet" href=messages::address(&with.extension) aria-label=label>
                <Icon glyph=Glyph::Message />
                "Write"
            </a>
        }
    });
    let back = (!with.extension.is_empty()).then(|| {
        let label = format!("Call {name} back");
        // It only fills the field of the phone page: nobody is called by a link.
        view! {
            <form method="get" action="/">
                <input r#type="hidden" name="call" value=with.extension />
                <button class="button button--quiet" r#type="submit" aria-label=label>
                    <Icon glyph=Glyph::Handset />
                    "Call back"
                </button>
            </form>
        }
    });
    let remove = asked.address(&format!("/history/{id}/remove"));
    let label = format!("Remove the call with {name}, {began} UTC");
    view! {
        <li class=class>
            <Icon glyph />
            <div class="history__what">
                <p class="history__with">
                    <bdi>{name}</bdi>
                    {number.map(|number| view! { <bdi class="recording__number">{number}</bdi> })}
                    {new.then(|| view! { <span class="history__new">"New"</span> })}
                </p>
                <p class="history__facts">
                    <span class="history__kind">{kind}</span>
                    <time datetime=format!("{began}Z")>{format!("{began} UTC")}</time>
                    {seconds.map(|seconds| view! { <span>{words::duration(seconds)}</span> })}
                </p>
                <p class="history__ended">{ended}</p>
                {sound.map(|sound| view! { <Heard sound /> })}
            </div>
            <div class="history__actions">
                {back}
                {add}
                {write}
                <form method="post" action=remove>
                    <button class="button button--quiet" r#type="submit" aria-label=label>
                        "Remove"
                    </button>
                </form>
            </div>
        </li>
    }
}

/// How well it was heard: in a word, with its numbers behind it.
#[component]
fn Heard(sound: Sound) -> impl IntoView {
    let Sound { score, worst, lost, jitter, round_trip, codec } = sound;
    let mut numbers = vec![
        format!("MOS {} (worst {})", tenths(score.into()), tenths(worst.into())),
        format!("loss {} %", tenths(lost.into())),
        format!("jitter {jitter} ms"),
    ];
    numbers.extend(round_trip.map(|time| format!("there and back {time} ms")));
    numbers.extend((!codec.is_empty()).then_some(codec));
    view! {
        <details class="history__sound">
            <summary>{words::grade(Grade::of(score))}</summary>
            <p>{numbers.join(" · ")}</p>
        </details>
    }
}

/// A number of tenths, with its point.
#[must_use]
pub fn tenths(number: u32) -> String {
    format!("{}.{}", number / 10, number % 10)
}
