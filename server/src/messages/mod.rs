//! Conversations: what stands behind the phone at `/messages`, and the forms there. A message that is written is kept at once;
//! who has the line sends it.

use crate::ports::{Accounts, Behind, PortError, SessionLife, Sessions, Shared, Shown, SignedIn};
use crate::store::conversations::{Conversations, Message, State as Stood, WriteError};
use crate::store::key::{KeyError, random_word};
use app::backend::Contact;
use app::pages::messages::{ConversationView, Line, ListView, MessagesView, Row, Stands, address};
use app::phone::Party;
use app::{directory, words};
use async_trait::async_trait;
use axum::Router;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Form, FromRequestParts as _, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::post;
use http::request::Parts;
use serde::Deserialize;
use std::collections::HashMap;
use time::OffsetDateTime;

/// How many messages or conversations are shown at once.
const SHOWN: i64 = 50;
/// The largest form: the longest text, when every character is written with percent signs.
const FORM: usize = 64 * 1024;
/// The longest part that is looked for, and the longest number of a conversation, in characters.
const LONGEST: usize = 128;
/// How much of a text the list shows, in characters.
const LONGEST_LAST: usize = 160;
/// How long the name of a draft is: 5 bits a letter.
const DRAFT: usize = 24;
/// With this header a page asks for what nobody looks at yet.
const UNSEEN: &str = "tabphone-unseen";

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
    /// What was written.
    pub conversations: Conversations,
}

/// What an address says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Address {
    q: String,
    to: String,
    before: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    text: String,
    draft: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Notifications {
    texts: String,
}

/// The conversations cannot be read or changed.
#[derive(Debug, thiserror::Error)]
enum Unavailable {
    #[error("the storage did not answer: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Port(#[from] PortError),
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The forms of `/messages`; the pages are the phone's own.
pub fn router(room: Room) -> Router {
    Router::new()
        .route("/messages/{with}", post(write).layer(DefaultBodyLimit::max(FORM)))
        .route("/messages/{with}/remove", post(remove))
        .route("/messages/{with}/{id}/again", post(again))
        .route("/settings/messages", post(notifications))
        .with_state(room)
}

async fn write(
    State(room): State<Room>,
    with: Result<Path<String>, PathRejection>,
    parts: Parts,
    form: Result<Form<Written>, FormRejection>,
) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let (Ok(Path(with)), Ok(Form(Written { text, draft }))) = (with, form) else {
        return (StatusCode::BAD_REQUEST, "This is not the form of a message.").into_response();
    };
    let Some(peer) = room.conversations.peer(&with) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "To this address nothing can be sent.").into_response();
    };
    let status = match room.conversations.write(me.account, &peer, &text, &draft).await {
        Ok(()) => return Redirect::to(&address(&peer)).into_response(),
        Err(WriteError::Database(error)) => return unavailable(&error.into()),
        Err(WriteError::TooMany) => StatusCode::TOO_MANY_REQUESTS,
        Err(WriteError::TooLong) => StatusCode::PAYLOAD_TOO_LARGE,
        Err(WriteError::Empty | WriteError::Nameless) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let words = match status {
        StatusCode::TOO_MANY_REQUESTS => {
            "Too many of your messages wait to be sent: open your phone, or try again later."
        }
        StatusCode::PAYLOAD_TOO_LARGE => "This message is too long. Please send it in parts.",
        _ => "There is nothing to send.",
    };
    (status, words).into_response()
}

async fn again(State(room): State<Room>, place: Result<Path<(String, i64)>, PathRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(Path((with, id))) = place else {
        return (StatusCode::NOT_FOUND, "There is no such message.").into_response();
    };
    match room.conversations.again(me.account, id).await {
        Ok(()) => Redirect::to(&address(&with)).into_response(),
        Err(error) => unavailable(&error.into()),
    }
}

async fn remove(State(room): State<Room>, with: Result<Path<String>, PathRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(Path(with)) = with else {
        return (StatusCode::NOT_FOUND, "There is no such conversation.").into_response();
    };
    match room.conversations.remove(me.account, &with).await {
        Ok(()) => Redirect::to("/messages").into_response(),
        Err(error) => unavailable(&error.into()),
    }
}

async fn notifications(
    State(room): State<Room>,
    parts: Parts,
    form: Result<Form<Notifications>, FormRejection>,
) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(Form(Notifications { texts })) = form else {
        return (StatusCode::BAD_REQUEST, "This is not the form of notifications.").into_response();
    };
    match room.conversations.hide(me.account, texts == "hide").await {
        Ok(()) => Redirect::to("/messages").into_response(),
        Err(error) => unavailable(&error.into()),
    }
}

#[async_trait]
impl Behind for Room {
    async fn page(&self, person: &SignedIn, parts: &Parts) -> Result<Shown, PortError> {
        let path = parts.uri.path();
        if path != "/messages" && !path.starts_with("/messages/") {
            return Ok(Shown::Nothing);
        }
        let asked = Query::<Address>::try_from_uri(&parts.uri).map(|Query(asked)| asked).unwrap_or_default();
        let names = Path::<HashMap<String, String>>::from_request_parts(&mut parts.clone(), &()).await;
        let with = names.ok().and_then(|Path(mut names)| names.remove("with"));
        let shown = match with {
            None => self.list(person, asked).await,
            Some(with) => self.conversation(person, with, &asked, !is_ahead(&parts.headers)).await,
        };
        shown.map_err(|error| {
            tracing::error!(%error, "the conversations failed");
            PortError::Storage
        })
    }

    async fn unread(&self, person: &SignedIn) -> Result<u32, PortError> {
        use crate::ports::Mail as _;
        self.conversations.news(person.account).await.map(|news| news.unread)
    }
}

impl Room {
    async fn list(&self, me: &SignedIn, asked: Address) -> Result<Shown, Unavailable> {
        let mut problem = None;
        if !asked.to.trim().is_empty() {
            if let Some(peer) = self.conversations.peer(&asked.to) {
                return Ok(Shown::Elsewhere(address(&peer)));
            }
            problem = Some("This is no number or address to write to.");
        }
        let contacts = self.contacts().await?;
        let search: String = asked.q.trim().chars().take(LONGEST).collect();
        let before = before(&asked.before);
        let mut rows: Vec<(Message, u32)> = if search.is_empty() {
            let all = self.conversations.all(me.account, before, SHOWN + 1).await?;
            all.into_iter().map(|one| (one.last, one.unread)).collect()
        } else {
            let found = self.conversations.find(me.account, &search, before, SHOWN + 1).await?;
            found.into_iter().map(|message| (message, 0)).collect()
        };
        let more = rows.len() > shown();
        rows.truncate(shown());
        let last = rows.last().map(|(message, _)| message.id).filter(|_| more);
        let found = !search.is_empty();
        let rows = rows.into_iter().map(|(message, unread)| row(message, unread, found, &contacts)).collect();
        let hides = self.conversations.hides(me.account).await?;
        let texts = self.conversations.offers_texts(me.account).await?;
        let view = ListView { search, rows, older: last, newer: before != i64::MAX, problem, hides, texts };
        Ok(Shown::Page(Box::new(MessagesView::List(view))))
    }

    /// `seen`: a person looks at it.
    async fn conversation(
        &self,
        me: &SignedIn,
        with: String,
        asked: &Address,
        seen: bool,
    ) -> Result<Shown, Unavailable> {
        let with: String = with.chars().take(LONGEST).collect();
        let peer = self.conversations.peer(&with);
        if let Some(peer) = peer.as_ref().filter(|peer| **peer != with) {
            return Ok(Shown::Elsewhere(address(peer)));
        }
        let before = before(&asked.before);
        let mut messages = self.conversations.with(me.account, &with, before, SHOWN + 1).await?;
        let more = messages.len() > shown();
        messages.truncate(shown());
        if seen
            && before == i64::MAX
            && let Some(newest) = messages.first()
        {
            self.conversations.see(me.account, &with, newest.id).await?;
        }
        messages.reverse();
        let older = messages.first().filter(|_| more).map(|first| first.id);
        let name = messages.iter().rev().map(|message| message.name.clone()).find(|name| !name.is_empty());
        let party = Party { number: with.clone(), name: name.unwrap_or_default() };
        let name = directory::name(&party, &self.contacts().await?);
        let view = ConversationView {
            with: Contact { extension: with, name },
            lines: messages.into_iter().map(line).collect(),
            older,
            newer: before != i64::MAX,
            draft: random_word(DRAFT)?,
            reachable: peer.is_some(),
        };
        Ok(Shown::Page(Box::new(MessagesView::Conversation(view))))
    }

    async fn contacts(&self) -> Result<Vec<Contact>, PortError> {
        let contact = |person: SignedIn| Contact { extension: person.extension, name: person.name };
        Ok(self.accounts.all().await?.into_iter().map(contact).collect())
    }
}

fn row(message: Message, unread: u32, found: bool, contacts: &[Contact]) -> Row {
    let own = !matches!(message.state, Stood::Came | Stood::Refused);
    let name = directory::name(&Party { number: message.peer.clone(), name: message.name }, contacts);
    let mut address = address(&message.peer);
    if found {
        address.push_str(&format!("?before={}", message.id.saturating_add(1)));
    }
    let refused = if message.state == Stood::Refused { "Refused: " } else { "" };
    let text = [refused, &message.body].concat();
    Row {
        with: Contact { extension: message.peer, name },
        address,
        text: text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_LAST).collect(),
        own,
        at: [day(message.written), time(message.written)].join(" "),
        unread,
    }
}

fn line(message: Message) -> Line {
    let stands = match message.state {
        Stood::ToSend => Stands::Sending,
        Stood::Accepted => Stands::Accepted,
        Stood::Kept => Stands::Kept,
        Stood::Delivered => Stands::Delivered,
        Stood::Failed(failure) => Stands::Failed(words::undelivered(failure)),
        Stood::Came => Stands::Came { new: !message.seen },
        Stood::Refused => Stands::Refused,
    };
    let (day, time) = (day(message.written), time(message.written));
    Line { id: message.id, text: message.body, day, time, stands }
}

/// Everything older than this; than everything where nothing is said.
fn before(said: &str) -> i64 {
    said.parse().ok().filter(|id| *id > 0).unwrap_or(i64::MAX)
}

fn shown() -> usize {
    usize::try_from(SHOWN).unwrap_or_default()
}

fn day(milliseconds: i64) -> String {
    let at = moment(milliseconds);
    format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day())
}

fn time(milliseconds: i64) -> String {
    let at = moment(milliseconds);
    format!("{:02}:{:02}", at.hour(), at.minute())
}

fn moment(milliseconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(milliseconds / 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Whether a page is loaded that nobody looks at.
fn is_ahead(headers: &HeaderMap) -> bool {
    let purpose = headers.get("sec-purpose").and_then(|purpose| purpose.to_str().ok());
    headers.contains_key(UNSEEN) || purpose.is_some_and(|purpose| purpose.contains("prefetch"))
}

fn signed_out() -> Response {
    (StatusCode::UNAUTHORIZED, "You are not logged in.").into_response()
}

fn unavailable(error: &Unavailable) -> Response {
    tracing::error!(%error, "the conversations failed");
    (StatusCode::SERVICE_UNAVAILABLE, AGAIN).into_response()
}
