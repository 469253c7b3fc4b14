//! The page that lists where a person is logged in. Complete without any script.

use super::frame::{self, Done, Top};
use crate::backend::Contact;
use crate::components::icon::{Glyph, Icon};
use leptos::prelude::*;

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionsView {
    /// Whose sessions.
    pub me: Contact,
    /// All of them, the last used first.
    pub sessions: Vec<Shown>,
    /// How many were just ended.
    pub ended: Option<usize>,
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its name in addresses.
    pub number: i64,
    /// The browser, in words.
    pub browser: String,
    /// The login, in UTC: `2026-11-22 09:30`.
    pub begun: String,
    /// The last use.
    pub used: Used,
    /// Where it was used the last time, if that is known.
    pub network: Option<String>,
    /// The one that shows this.
    pub here: bool,
}

/// When a session was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Used {
    /// Now.
    Now,
    /// In the last minutes, of which there are so many: it is not known any better.
    Lately(u64),
    /// Then, in UTC.
    At(String),
}

/// The whole document.
pub fn document(view: SessionsView) -> impl IntoView {
    frame::document("Where you are logged in", view! { <SessionsPage view /> })
}

#[component]
fn SessionsPage(view: SessionsView) -> impl IntoView {
    let others = view.sessions.len() > 1;
    view! {
        <main class="settings">
            <div class="panel settings__panel">
                <Top title="Where you are logged in" me=view.me />
                {view.ended.map(|ended| view! { <Done words=ended_in_words(ended) /> })}
                <ul class="sessions" role="list">
                    {view.sessions.into_iter().map(|session| view! { <Session session /> }).collect::<Vec<_>>()}
                </ul>
                {others
                    .then(|| {
                        view! {
                            <form class="settings__form" method="post" action="/settings/sessions/end-others">
                                <button class="button" r#type="submit">
                                    <Icon glyph=Glyph::LogOut />
                                    "Log out everywhere else"
                                </button>
                            </form>
                        }
                    })}
                <p class="settings__hint">
                    "Is there one that is not yours? Log out there, then change your password. A call that goes on there is ended."
                </p>
                <div class="settings__actions">
                    <a class="button" href="/">
                        "Back to the phone"
                    </a>
                    <a class="button button--quiet" href="/settings/password">
                        "Change the password"
                    </a>
                </div>
            </div>
        </main>
    }
}

#[component]
fn Session(session: Shown) -> impl IntoView {
    let Shown { number, browser, begun, used, network, here } = session;
    let action = format!("/settings/sessions/{number}/end");
    let label = if here { "Log out here".to_owned() } else { format!("Log out there: {browser}, since {begun} UTC") };
    let words = if here { "Log out" } else { "Log out there" };
    let used = match used {
        Used::Now => view! { <span>"Used now"</span> }.into_any(),
        Used::Lately(minutes) => view! { <span>{format!("Used in the last {minutes} minutes")}</span> }.into_any(),
        Used::At(moment) => view! {
            <span>
                "Last used "
                <time datetime=format!("{moment}Z")>{format!("{moment} UTC")}</time>
            </span>
        }
        .into_any(),
    };
    view! {
        <li class="session" class:session--here=here>
            <p class="session__browser">
                {browser}
                {here.then(|| view! { <span class="session__here">"This one"</span> })}
            </p>
            <p class="session__facts">
                {used}
                <span>
                    "Logged in "
                    <time datetime=format!("{begun}Z")>{format!("{begun} UTC")}</time>
                </span>
                {network.map(|network| view! { <span>{format!("From {network}")}</span> })}
            </p>
            <form method="post" action=action>
                <button class="button button--quiet" r#type="submit" aria-label=label>
                    <Icon glyph=Glyph::LogOut />
                    {words}
                </button>
            </form>
        </li>
    }
}

/// What is said of so many sessions that were ended.
fn ended_in_words(ended: usize) -> String {
    match ended {
        0 => "There was nothing to end any more.".to_owned(),
        1 => "You are logged out there.".to_owned(),
        more => format!("You are logged out in {more} places."),
    }
}
