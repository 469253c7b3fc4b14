//! The conversations: a list of them, and one of them with what was written. The server writes them behind the phone, which
//! stays on the page; the client only asks for the same again when something changed, and puts it in the place of what it has.

use super::settings::DECIDED;
use crate::backend::Contact;
use crate::components::avatar::Avatar;
use crate::components::icon::{Glyph, Icon};
use crate::directory;
use crate::messages::LONGEST_TEXT;
use crate::offers::Offer;
use leptos::prelude::*;

/// By this the client finds what the server wrote. The client looks for these names, too.
pub const SECTION_ID: &str = "messages";

/// What stands on the page behind the phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessagesView {
    /// The conversations, or what was found in them.
    List(ListView),
    /// One of them.
    Conversation(ConversationView),
}

/// The conversations, or what was found in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListView {
    /// What was searched; empty for the conversations.
    pub search: String,
    /// One each, the newest first; or the messages that were found.
    pub rows: Vec<Row>,
    /// Before which one those are that are older, if there are any.
    pub older: Option<i64>,
    /// Whether there are newer ones.
    pub newer: bool,
    /// Why the number that was typed is none, in words.
    pub problem: Option<&'static str>,
    /// Whether notifications show no texts.
    pub hides: bool,
    /// Whether the person decides that.
    pub texts: Offer,
}

/// A conversation in the list, or a message that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Who it is with.
    pub with: Contact,
    /// Where it is.
    pub address: String,
    /// The last text, or the one that was found.
    pub text: String,
    /// Whether that is one's own.
    pub own: bool,
    /// When, in UTC: `2026-11-22 09:30`.
    pub at: String,
    /// How many messages in it were not seen.
    pub unread: u32,
}

/// A conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationView {
    /// Who it is with.
    pub with: Contact,
    /// What was written, the oldest first.
    pub lines: Vec<Line>,
    /// Before which one that is that is older, if there is anything.
    pub older: Option<i64>,
    /// Whether there is something newer.
    pub newer: bool,
    /// Names what is written now, so that it is sent once however often the form is.
    pub draft: String,
    /// Whether anything can be sent there.
    pub reachable: bool,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub id: i64,
    /// What was written.
    pub text: String,
    /// The day in UTC: `2026-11-22`.
    pub day: String,
    /// The time in UTC: `09:30`.
    pub time: String,
    /// Whose it is, and how it stands.
    pub stands: Stands,
}

/// Whose a message is, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stands {
    /// It came; `new` when the person is shown it for the first time.
    Came {
        /// Whether it is.
        new: bool,
    },
    /// It came and was of a type that is refused: the text says which.
    Refused,
    /// It waits for the phone, or for an answer.
    Sending,
    /// A phone took it, or whoever stands for one.
    Accepted,
    /// It is kept for them.
    Kept,
    /// It is in their conversation.
    Delivered,
    /// It did not arrive, in words.
    Failed(String),
}

/// Where the conversation with this number is.
#[must_use]
pub fn address(with: &str) -> String {
    let mut address = "/messages/".to_owned();
    for byte in with.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'@' => {
                address.push(char::from(byte));
            }
            _ => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
}

/// The page, behind the phone.
#[component]
pub fn Messages(
    /// What stands there.
    view: MessagesView,
) -> impl IntoView {
    match view {
        MessagesView::List(view) => view! { <List view /> }.into_any(),
        MessagesView::Conversation(view) => view! { <Conversation view /> }.into_any(),
    }
}

#[component]
fn List(view: ListView) -> impl IntoView {
    let ListView { search, rows, older, newer, problem, hides, texts } = view;
    let searched = !search.is_empty();
    let older = older.map(|before| page("/messages", &search, before));
    let (said, wish, change) = if hides {
        ("Notifications say who wrote, and not what.", "show", "Show it")
    } else {
        ("Notifications show what was written.", "hide", "Hide it")
    };
    let change = (texts == Offer::Offered).then(
        || view! { <button class="button button--quiet" r#type="submit" name="texts" value=wish>{change}</button> },
    );
    let setting = (texts != Offer::Hidden).then(|| {
        view! {
            <form class="messages__setting" method="post" action="/settings/messages">
                <span>{said}</span>
                {change.map_or_else(|| DECIDED.into_any(), IntoAny::into_any)}
            </form>
        }
    });
    let none = rows.is_empty().then(|| {
        let words = if searched { "No such message was found." } else { "Nothing was written yet." };
        view! { <p class="messages__none">{words}</p> }
    });
    let rows = rows.into_iter().map(|row| view! { <Conversed row /> }.into_any()).collect::<Vec<_>>();
    let older = older.map(|href| view! { <a class="button button--quiet" href=href>"Older"</a> });
    let newest = newer.then(|| view! { <a class="button button--quiet" href="/messages">"Newest"</a> });
    view! {
        <section id=SECTION_ID class="panel messages" aria-labelledby="messages-title">
            <div class="messages__top">
                <h2 id="messages-title" class="messages__title">"Messages"</h2>
                <a class="button button--quiet" href="/">"Close"</a>
            </div>
            <form class="messages__find" role="search" method="get" action="/messages">
                <label class="field__label" for="messages-search">"Name, number or words"</label>
                <input id="messages-search" class="field__input" r#type="search" name="q" value=search maxlength="128" autocomplete="off" />
                <button class="button" r#type="submit">"Search"</button>
                {searched.then(|| view! { <a class="button button--quiet" href="/messages">"Show all"</a> })}
            </form>
            {problem.map(|words| view! { <p class="messages__problem" role="alert">{words}</p> })}
            <form class="messages__find" method="get" action="/messages">
                <label class="field__label" for="messages-to">"Write to number"</label>
                <input id="messages-to" class="field__input" name="to" maxlength="128" autocomplete="off" required />
                <button class="button" r#type="submit">"Write"</button>
            </form>
            {none}
            <ul class="messages__rows" id="messages-lines" role="list">
                {rows}
            </ul>
            <nav class="recordings__pages" aria-label="Pages of messages">
                {newest}
                {older}
            </nav>
            {setting}
        </section>
    }
}

/// A row of the list.
#[component]
fn Conversed(row: Row) -> impl IntoView {
    let Row { with, address, text, own, at, unread } = row;
    let name = shown_name(&with);
    let number = (name != with.extension).then(|| with.extension.clone());
    let new = (unread > 0).then(|| view! { <span class="messages__new">{format!("{unread} new")}</span> });
    view! {
        <li class="messages__row">
            <a class="messages__link" href=address>
                <Avatar name=name.clone() />
                <span class="messages__who">
                    <bdi class="messages__name">{name}</bdi>
                    {number.map(|number| view! { <bdi class="recording__number">{number}</bdi> })}
                    {new}
                </span>
                <time class="messages__at" datetime=format!("{at}Z")>{format!("{at} UTC")}</time>
                <span class="messages__last">
                    {own.then_some("You: ")}
                    <bdi>{text}</bdi>
                </span>
            </a>
        </li>
    }
}

#[component]
fn Conversation(view: ConversationView) -> impl IntoView {
    let ConversationView { with, lines, older, newer, draft, reachable } = view;
    let name = shown_name(&with);
    let number = (name != with.extension).then(|| with.extension.clone());
    let path = address(&with.extension);
    let older = older.map(|before| page(&path, "", before));
    let none = lines.is_empty().then(|| view! { <p class="messages__none">"Nothing was written yet."</p> });
    let (mut before, mut rows) = (String::new(), Vec::new());
    for line in lines {
        if before != line.day {
            before.clone_from(&line.day);
            let day = line.day.clone();
            let day = view! { <li class="messages__day"><time datetime=day.clone()>{day.clone()}</time></li> };
            rows.push(day.into_any());
        }
        rows.push(view! { <Written line path=path.clone() /> }.into_any());
    }
    let older =
        older.map(|href| view! { <a class="button button--quiet messages__older" href=href>"Older messages"</a> });
    let newest = newer
        .then(|| view! { <a class="button button--quiet messages__older" href=path.clone()>"Newest messages"</a> });
    view! {
        <section id=SECTION_ID class="panel messages" aria-labelledby="messages-title" data-with=with.extension.clone()>
            <div class="messages__top">
                <a class="button button--quiet" href="/messages">"All messages"</a>
                <h2 id="messages-title" class="messages__title">
                    <bdi>{name.clone()}</bdi>
                    {number.map(|number| view! { <bdi class="recording__number">{number}</bdi> })}
                </h2>
                <a class="button button--quiet" href="/">"Close"</a>
            </div>
            // It grows from its end, and stays there.
            <div class="messages__scroll" tabindex="0" role="log" aria-label="What was written">
                <div id="messages-lines">
                    {older}
                    {none}
                    <ol class="messages__lines" role="list">{rows}</ol>
                    {newest}
                </div>
            </div>
            {reachable.then(|| view! { <Writing name path=path.clone() draft /> })}
            {(!reachable).then(|| view! { <p class="messages__none">"To this address nothing can be sent."</p> })}
            <details class="recording__remove">
                <summary class="button button--quiet">"Remove conversation"</summary>
                <form method="post" action=format!("{path}/remove")>
                    <button class="button button--danger" r#type="submit">"Remove it here for good"</button>
                </form>
            </details>
        </section>
    }
}

/// Where the person writes.
#[component]
fn Writing(name: String, path: String, draft: String) -> impl IntoView {
    view! {
        <form id="messages-write" class="messages__write" method="post" action=path>
            <p id="messages-problem" class="messages__problem" role="alert"></p>
            <label class="field__label" for="messages-text">{format!("Write to {name}")}</label>
            <textarea
                id="messages-text"
                class="field__input messages__text"
                name="text"
                rows="3"
                maxlength=LONGEST_TEXT.to_string()
                dir="auto"
                required
                aria-describedby="messages-hint"
            ></textarea>
            <input r#type="hidden" name="draft" value=draft />
            <button class="button button--primary" r#type="submit">"Send"</button>
            <p id="messages-hint" class="messages__hint">
                <span class="messages__keys">"Enter sends, Shift and Enter begin a new line. "</span>
                {format!("At most {LONGEST_TEXT} characters.")}
                // Plain text only: browsers with JavaScript read the content of noscript as one text.
                <noscript>
                    " Without JavaScript this page is no phone: what you write is kept, and is sent as soon as your phone is open somewhere."
                </noscript>
            </p>
        </form>
    }
}

/// A message with how it stands.
#[component]
fn Written(line: Line, path: String) -> impl IntoView {
    let Line { id, text, day, time, stands } = line;
    let own = !matches!(stands, Stands::Came { .. } | Stands::Refused);
    let class = if own { "messages__line messages__line--own" } else { "messages__line" };
    let who = if own { "You" } else { "They" };
    let (glyph, words) = match &stands {
        Stands::Came { new: true } => (None, "New".to_owned()),
        Stands::Came { new: false } => (None, String::new()),
        Stands::Refused => (Some(Glyph::Warning), "Refused: this phone shows texts only.".to_owned()),
        Stands::Sending => (Some(Glyph::Clock), "Sending, or waiting for your phone to be open".to_owned()),
        Stands::Accepted => (Some(Glyph::Tick), "Accepted".to_owned()),
        Stands::Kept => (Some(Glyph::Clock), "Kept until a phone of theirs is on".to_owned()),
        Stands::Delivered => (Some(Glyph::Tick), "Delivered".to_owned()),
        Stands::Failed(reason) => (Some(Glyph::Warning), format!("Not delivered: {reason}")),
    };
    let failed = matches!(stands, Stands::Failed(_));
    let state = if failed { "messages__state messages__state--failed" } else { "messages__state" };
    let again = failed.then(|| {
        view! {
            <form method="post" action=format!("{path}/{id}/again")>
                <button class="button button--quiet" r#type="submit">"Send again"</button>
            </form>
        }
    });
    let words = (!words.is_empty()).then(|| {
        view! {
            <span class=state>
                {glyph.map(|glyph| view! { <Icon glyph /> })}
                {words}
            </span>
        }
    });
    view! {
        <li class=class>
            <span class="messages__author">{who}</span>
            <p class="messages__body" dir="auto">{text}</p>
            <p class="messages__facts">
                <time datetime=format!("{day} {time}Z")>{format!("{time} UTC")}</time>
                {words}
            </p>
            {again}
        </li>
    }
}

/// The address of what is older than this.
fn page(path: &str, search: &str, before: i64) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !search.is_empty() {
        query.append_pair("q", search);
    }
    query.append_pair("before", &before.to_string());
    format!("{path}?{}", query.finish())
}

fn shown_name(with: &Contact) -> String {
    match directory::contact_name(with) {
        "" => "Unknown number".to_owned(),
        name => name.to_owned(),
    }
}
