//! The history of calls: a page of its own, where calls are searched, removed and saved as a table.

mod csv;

use crate::ports::{Accounts, PortError, SessionLife, Sessions, Shared, SignedIn};
use crate::store::contacts::Contacts;
use crate::store::history::{Cursor, Entry, Filter, Heard, History, Query as Wanted};
use app::backend::Contact;
use app::pages::history::{Asked, HistoryView, Row, Show, Sound};
use app::{directory, words};
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::request::Parts;
use leptos::prelude::{Owner, RenderHtml as _};
use serde::Deserialize;
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// How many calls are shown at once.
const SHOWN: u32 = 50;
/// How many are read at once to be saved.
const AT_ONCE: u32 = 1_000;
/// The longest part of a name or number that is looked for, in characters.
const LONGEST_SEARCH: usize = 128;
/// How many numbers of contacts are looked for, whose names have that part.
const NUMBERS: usize = 200;

const AGAIN: &str = "The storage does not answer. Please try again in a moment.";

/// What this room needs.
#[derive(Clone)]
pub struct Room {
    /// Who is signed in.
    pub sessions: Shared<dyn Sessions>,
    /// Whether somebody was.
    pub life: Shared<dyn SessionLife>,
    /// What people are called.
    pub accounts: Shared<dyn Accounts>,
    /// Whose numbers are whose.
    pub names: Contacts,
    /// Where the calls are.
    pub history: History,
}

/// What an address says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Address {
    show: String,
    q: String,
    before: String,
    after: String,
}

/// The history cannot be read or changed.
#[derive(Debug, thiserror::Error)]
enum Unavailable {
    #[error("the storage did not answer: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// `/history`.
pub fn router(room: Room) -> Router {
    Router::new()
        .route("/history", get(page))
        .route("/history/calls.csv", get(table))
        .route("/history/remove", post(remove_all))
        .route("/history/{id}/remove", post(remove))
        .with_state(room)
}

async fn page(State(room): State<Room>, address: Result<Query<Address>, QueryRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else {
        let expired = room.life.was_signed_in(&parts);
        return Redirect::to(if expired { "/login?expired=1" } else { "/login" }).into_response();
    };
    match room.view(me, asked(address), !is_ahead(&parts.headers)).await {
        Ok(view) => {
            let html = Owner::new().with(|| app::pages::history::document(view).to_html());
            Html(html).into_response()
        }
        Err(error) => unavailable(&error),
    }
}

async fn table(State(room): State<Room>, address: Result<Query<Address>, QueryRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let contacts = match room.contacts().await {
        Ok(contacts) => contacts,
        Err(error) => return unavailable(&error.into()),
    };
    let wanted = wanted(&asked(address), &contacts);
    tracing::info!(extension = me.extension, "the history is saved");
    let lines = csv::lines(room.history, room.names, me.account, wanted, contacts);
    let mut response = Body::from_stream(lines).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    let name = HeaderValue::from_static("attachment; filename=\"calls.csv\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    response
}

async fn remove(
    State(room): State<Room>,
    id: Result<Path<i64>, PathRejection>,
    address: Result<Query<Address>, QueryRejection>,
    parts: Parts,
) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(Path(id)) = id else {
        return (StatusCode::NOT_FOUND, "There is no such call.").into_response();
    };
    // Pressed twice, or in two windows: it is gone either way.
    match room.history.remove(me.account, Some(id)).await {
        Ok(()) => Redirect::to(&asked(address).address("/history")).into_response(),
        Err(error) => unavailable(&error.into()),
    }
}

async fn remove_all(State(room): State<Room>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    match room.history.remove(me.account, None).await {
        Ok(()) => {
            tracing::info!(extension = me.extension, "the history was removed");
            Redirect::to("/history").into_response()
        }
        Err(error) => unavailable(&error.into()),
    }
}

impl Room {
    /// The page that was asked for. `seen`: a person looks at it.
    async fn view(&self, me: SignedIn, asked: Asked, seen: bool) -> Result<HistoryView, Unavailable> {
        let contacts = self.contacts().await?;
        let wanted = wanted(&asked, &contacts);
        // What comes between is not seen yet.
        let last = self.history.last_missed(me.account).await?;
        let mut entries = self.history.page(me.account, &wanted, SHOWN + 1).await?;
        let newer_ones = matches!(wanted.from, Cursor::Newer(..));
        let more = entries.len() > SHOWN as usize;
        if more {
            let spare = if newer_ones { 0 } else { entries.len() - 1 };
            entries.remove(spare);
        }
        let older = (more || newer_ones).then(|| entries.last().map(place)).flatten();
        let began = wanted.from != Cursor::Newest && (more || !newer_ones);
        let newer = began.then(|| entries.first().map(place)).flatten();
        let newest = wanted.from == Cursor::Newest && asked.search.is_empty();
        if seen && newest && matches!(asked.show, Show::All | Show::Missed) {
            self.history.see(me.account, last).await?;
        }
        self.names.refresh().await?;
        let numbers = entries.iter().map(|entry| entry.remote.number.as_str());
        let names = self.names.names(me.account, numbers).await?;
        let calls = entries.into_iter().map(|entry| row(entry, &contacts, &names)).collect();
        let me = Contact { extension: me.extension, name: me.name };
        Ok(HistoryView { me, asked, calls, older, newer })
    }

    async fn contacts(&self) -> Result<Vec<Contact>, PortError> {
        let contact = |person: SignedIn| Contact { extension: person.extension, name: person.name };
        Ok(self.accounts.all().await?.into_iter().map(contact).collect())
    }
}

/// What was asked for, as far as it is understood.
fn asked(address: Result<Query<Address>, QueryRejection>) -> Asked {
    let Ok(Query(Address { show, q, before, after })) = address else { return Asked::default() };
    let known = |place: String| cursor(&place).map(|_| place).unwrap_or_default();
    let (before, after) = (known(before), known(after));
    Asked { show: Show::named(&show), search: q.trim().chars().take(LONGEST_SEARCH).collect(), before, after }
}

fn wanted(asked: &Asked, contacts: &[Contact]) -> Wanted {
    let part = asked.search.to_lowercase();
    let is_named = |contact: &&Contact| !part.is_empty() && contact.name.to_lowercase().contains(&part);
    let filter = match asked.show {
        Show::All => Filter::All,
        Show::Missed => Filter::Missed,
        Show::Incoming => Filter::Incoming,
        Show::Outgoing => Filter::Outgoing,
    };
    let from = match (cursor(&asked.before), cursor(&asked.after)) {
        (Some((begun, id)), _) => Cursor::Older(begun, id),
        (None, Some((begun, id))) => Cursor::Newer(begun, id),
        (None, None) => Cursor::Newest,
    };
    Wanted {
        filter,
        search: asked.search.clone(),
        numbers: contacts.iter().filter(is_named).take(NUMBERS).map(|contact| contact.extension.clone()).collect(),
        from,
    }
}

/// Where a page begins, as it stands in addresses: time and number of a call.
fn place(entry: &Entry) -> String {
    format!("{}.{}", entry.begun, entry.id)
}

fn cursor(place: &str) -> Option<(i64, i64)> {
    let (begun, id) = place.split_once('.')?;
    Some((begun.parse().ok()?, id.parse().ok()?))
}

fn row(entry: Entry, contacts: &[Contact], names: &BTreeMap<String, String>) -> Row {
    let ended = match (entry.ended, entry.answered) {
        (None, _) => "The call goes on.".to_owned(),
        (Some(_), _) => words::reason(&entry.reason, entry.direction, contacts),
    };
    let known = names.get(&entry.remote.number);
    let name = known.cloned().unwrap_or_else(|| directory::name(&entry.remote, contacts));
    Row {
        known: known.is_some() || entry.remote.number.is_empty(),
        id: entry.id,
        direction: entry.direction,
        began: moment(entry.begun),
        seconds: seconds(&entry),
        ended,
        missed: entry.missed,
        new: entry.missed && !entry.seen,
        with: Contact { extension: entry.remote.number, name },
        sound: entry.heard.map(sound),
    }
}

/// How long it was talked.
fn seconds(entry: &Entry) -> Option<u64> {
    let (answered, ended) = entry.answered.zip(entry.ended)?;
    // Of one whose end was not seen, nobody knows.
    (ended > answered).then(|| ended.saturating_sub(answered).unsigned_abs() / 1_000)
}

fn sound(heard: Heard) -> Sound {
    let Heard { score, worst, lost, jitter, round_trip, codec } = heard;
    Sound { score, worst, lost, jitter, round_trip, codec }
}

/// Year to minute, in UTC.
fn moment(milliseconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(milliseconds / 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!("{:04}-{:02}-{:02} {:02}:{:02}", at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute())
}

/// Whether a browser loads the page before anybody wants to see it.
fn is_ahead(headers: &HeaderMap) -> bool {
    let purpose = headers.get("sec-purpose").and_then(|purpose| purpose.to_str().ok());
    purpose.is_some_and(|purpose| purpose.contains("prefetch"))
}

fn signed_out() -> Response {
    (StatusCode::UNAUTHORIZED, "You are not logged in.").into_response()
}

fn unavailable(error: &Unavailable) -> Response {
    tracing::error!(%error, "the history failed");
    (StatusCode::SERVICE_UNAVAILABLE, AGAIN).into_response()
}
