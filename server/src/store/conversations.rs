//! Conversations: every message (RFC 3428) that a person wrote or was written.
//!
//! A message is one row, named by (account, other one, direction, Call-ID). One's own has its row before it is sent, and who
//! has the line sends what is to be sent, the oldest to each first, until it tells what became of it. One that comes is kept before it is
//! answered, by whoever had the line, or by the exchange that keeps it for a phone that is off; both name the same row.
//!
//! | Row | There is | Happens | Then |
//! | --- | --- | --- | --- |
//! | CO1 | nothing | a person writes | to be sent |
//! | CO2 | the same draft | the form comes again | it is the same message |
//! | CO3 | to be sent | a 2xx, 202, or a refusal of this attempt | accepted, kept for them, failed |
//! | CO4 | to be sent | nobody told what became of it | it is sent again with its Call-ID |
//! | CO5 | failed | the person wants it sent again | to be sent, the next attempt |
//! | CO6 | anything of one's own | the reader has an account here, and it is in their conversation | delivered |
//! | CO7 | delivered, or another attempt | what became of an attempt is told | it stays |
//! | CO8 | nothing | a text comes | it is kept; not seen |
//! | CO9 | nothing | what cannot be shown comes | that it was refused is kept: 415 |
//! | CO10 | the same one | it comes again, over whatever way | nothing changes; the same answer |
//! | CO11 | a removed one | it comes again | it stays removed |
//!
//! Between Tabphones a message is there exactly once: what is sent again has the Call-ID by which the reader knows it (CO10).
//! Another phone may be told the same twice, if whoever sent it died before what became of it was told (CO4).
//!
//! The texts are kept as they are: people search in them, and what is sealed cannot be searched. The file is its owner's alone.

mod pages;
mod reading;
#[cfg(test)]
mod tests;

pub use pages::{Conversed, Message, State};

use super::history::fold;
use super::{Area, Store, storable};
use crate::clock;
use crate::ports::{AccountId, Mail, PortError};
use app::messages::{Failure, News, Outcome, Received, Sent, ToSend};
use async_trait::async_trait;
use line::project;
use reading::{Reading, read};
use sip::header::{CallId, From, NameAddr, PAssertedIdentity};
use sip::message::{Message as SipMessage, Request};
use sip::uri::{SipUri, Uri};
use sqlx::AnyConnection;
use tokio::sync::broadcast;

/// How many messages of an account are kept: of more, the oldest go.
pub const MOST: i64 = 100_000;
/// How many may wait to be sent.
pub const MOST_TO_SEND: i64 = 200;
/// How many are told at once of those that are to be sent.
const AT_ONCE: i64 = 16;
/// The longest Call-ID, number and name that are kept, in characters.
const LONGEST_NAME: usize = 255;
const LONGEST_PARTY: usize = 128;
/// How many changes wait for a slow listener.
const CHANGES: usize = 256;
/// Every so many rows it is looked whether an account has too many: counting them for each would cost more than writing it.
const EVERY: i64 = 32;
/// How long a removed row is remembered, in milliseconds: longer than the exchange keeps a message.
const REMEMBERED: u64 = 60 * 86_400_000;

const TO_SEND: i64 = 0;
const ACCEPTED: i64 = 1;
const KEPT: i64 = 2;
const DELIVERED: i64 = 3;
const FAILED: i64 = 4;
const CAME: i64 = 5;
const REFUSED: i64 = 6;

const OK: u16 = 200;

/// The conversations of all accounts.
#[derive(Clone)]
pub struct Conversations {
    store: Store,
    changes: broadcast::Sender<AccountId>,
    most: i64,
}

/// A message cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It says nothing.
    #[error("the message is empty")]
    Empty,
    /// It is longer than [`app::messages::LONGEST_TEXT`].
    #[error("the message is too long")]
    TooLong,
    /// Too many wait.
    #[error("too many messages wait to be sent")]
    TooMany,
    /// It has no name that could be a Call-ID.
    #[error("the message has no name")]
    Nameless,
    /// The database did not answer.
    #[error("the storage did not answer: {0}")]
    Database(#[from] sqlx::Error),
}

/// A message that came, as it is written down.
struct Row {
    peer: String,
    name: String,
    call_id: String,
    body: String,
    state: i64,
}

impl Conversations {
    /// Those of this storage.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, changes: broadcast::channel(CHANGES).0, most: MOST }
    }

    /// The number, or address, of whom a person means by this; `None` when that is nobody.
    #[must_use]
    pub fn peer(&self, typed: &str) -> Option<String> {
        let uri = target(typed.trim(), self.store.domain())?;
        let number = project::party(&NameAddr::new(uri), self.store.domain()).number;
        (!number.is_empty() && number.chars().count() <= LONGEST_PARTY).then_some(number)
    }

    /// Writes a message that is to be sent (CO1, CO2): `draft` names it.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn write(&self, account: AccountId, peer: &str, text: &str, draft: &str) -> Result<(), WriteError> {
        let (peer, text) = (&*storable(peer), reading::tidy(text));
        if text.trim().is_empty() {
            return Err(WriteError::Empty);
        }
        if text.encode_utf16().count() > app::messages::LONGEST_TEXT {
            return Err(WriteError::TooLong);
        }
        if !(16..=64).contains(&draft.len()) || !draft.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(WriteError::Nameless);
        }
        let mut transaction = self.store.write(Area::Messages).await?;
        let query = "SELECT COUNT(*) FROM conversations WHERE account = $1 AND removed = 0 AND state = 0";
        let waiting: i64 = sqlx::query_scalar(query).bind(account).fetch_one(&mut *transaction).await?;
        if waiting >= MOST_TO_SEND {
            return Err(WriteError::TooMany);
        }
        let query = "SELECT name FROM accounts WHERE extension = $1";
        let name: Option<String> = sqlx::query_scalar(query).bind(peer).fetch_optional(&mut *transaction).await?;
        let name = name.unwrap_or_default();
        let query = "INSERT INTO conversations (account, peer, incoming, call_id, name, body, folded, written, state, reason, attempt,
                     seen) VALUES ($1, $2, 0, $3, $4, $5, $6, $7, 0, '', 1, 1)
                     ON CONFLICT (account, peer, incoming, call_id) DO NOTHING RETURNING id";
        let id: Option<i64> = sqlx::query_scalar(query)
            .bind(account)
            .bind(peer)
            .bind(draft)
            .bind(&name)
            .bind(&text)
            .bind(fold(&format!("{peer}\n{name}\n{text}")))
            .bind(whole(clock::now()))
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(id) = id {
            self.trim(&mut transaction, account, id).await?;
        }
        transaction.commit().await?;
        self.changed(account);
        Ok(())
    }

    /// Has a message that failed sent again (CO5).
    ///
    /// # Errors
    /// The database's.
    pub async fn again(&self, account: AccountId, id: i64) -> Result<(), sqlx::Error> {
        let query = "UPDATE conversations SET state = 0, reason = '', attempt = attempt + 1
                     WHERE account = $1 AND id = $2 AND incoming = 0 AND state = 4 AND removed = 0";
        sqlx::query(query).bind(account).bind(id).execute(self.store.pool()).await?;
        self.changed(account);
        Ok(())
    }

    /// Removes a conversation; what comes again of it does not bring it back (CO11).
    ///
    /// # Errors
    /// The database's.
    pub async fn remove(&self, account: AccountId, peer: &str) -> Result<(), sqlx::Error> {
        let query = "UPDATE conversations SET removed = 1, name = '', body = '', folded = '', reason = ''
                     WHERE account = $1 AND peer = $2 AND removed = 0";
        sqlx::query(query).bind(account).bind(storable(peer)).execute(self.store.pool()).await?;
        self.changed(account);
        Ok(())
    }

    /// Keeps a message that whoever has the line was sent (CO6, CO8 to CO11): the status of the answer.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep(&self, account: AccountId, message: Received) -> Result<u16, sqlx::Error> {
        let (row, status) = match Row::of(message) {
            Ok(row) => row,
            Err(status) => return Ok(status),
        };
        let mut transaction = self.store.write(Area::Messages).await?;
        let new = insert(&mut transaction, account, &row).await?;
        if let Some(id) = new {
            self.trim(&mut transaction, account, id).await?;
        }
        let sender = if status == OK { deliver(&mut transaction, account, &row).await? } else { None };
        transaction.commit().await?;
        if new.is_some() {
            self.changed(account);
        }
        if let Some(sender) = sender {
            self.changed(sender);
        }
        Ok(status)
    }

    /// What became of a message (CO3, CO7).
    ///
    /// # Errors
    /// The database's.
    pub async fn outcome(&self, account: AccountId, sent: &Sent) -> Result<(), sqlx::Error> {
        let (state, reason) = match sent.outcome {
            Outcome::Accepted => (ACCEPTED, String::new()),
            Outcome::Kept => (KEPT, String::new()),
            Outcome::Failed(failure) => (FAILED, serde_json::to_string(&failure).unwrap_or_default()),
        };
        let query = "UPDATE conversations SET state = $4, reason = $5
                     WHERE account = $1 AND incoming = 0 AND call_id = $2 AND state = 0 AND (attempt = $3 OR $3 = 0)";
        let query = sqlx::query(query).bind(account).bind(storable(&sent.call_id)).bind(i64::from(sent.attempt));
        query.bind(state).bind(reason).execute(self.store.pool()).await?;
        // Whoever told it is told what is left to be sent, in any case.
        self.changed(account);
        Ok(())
    }

    /// Something in the conversations of this account is another thing now.
    pub(super) fn changed(&self, account: AccountId) {
        // Nobody listens as long as no page is open.
        let _ = self.changes.send(account);
    }

    /// Removes the oldest rows of an account that has too many, now and then; `id` is that of the row that was just written.
    async fn trim(&self, connection: &mut AnyConnection, account: AccountId, id: i64) -> Result<(), sqlx::Error> {
        if id % EVERY != 0 {
            return Ok(());
        }
        let query =
            "DELETE FROM conversations WHERE account = $1 AND removed = 0 AND id <= (SELECT id FROM conversations
                     WHERE account = $1 AND removed = 0 ORDER BY id DESC LIMIT 1 OFFSET $2)";
        sqlx::query(query).bind(account).bind(self.most).execute(&mut *connection).await?;
        let before = whole(clock::now().saturating_sub(REMEMBERED));
        let query = "DELETE FROM conversations WHERE removed = 1 AND written < $1";
        sqlx::query(query).bind(before).execute(connection).await.map(drop)
    }
}

#[async_trait]
impl Mail for Conversations {
    async fn receive(&self, account: AccountId, message: Received) -> Option<u16> {
        self.keep(account, message).await.map_err(|error| failed(&error)).ok()
    }

    async fn sent(&self, account: AccountId, sent: Sent) -> bool {
        self.outcome(account, &sent).await.map_err(|error| failed(&error)).is_ok()
    }

    async fn to_send(&self, account: AccountId) -> Result<Vec<ToSend>, PortError> {
        let query =
            "SELECT call_id, attempt, peer, body FROM conversations WHERE id IN (SELECT MIN(id) FROM conversations
                     WHERE account = $1 AND removed = 0 AND state = 0 GROUP BY peer) ORDER BY id LIMIT $2";
        let query = sqlx::query_as(query).bind(account).bind(AT_ONCE).fetch_all(self.store.pool());
        let rows: Vec<(String, i64, String, String)> = query.await.map_err(|error| failed(&error))?;
        let to_send = |(call_id, attempt, to, text)| ToSend {
            call_id,
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
            to,
            text,
        };
        Ok(rows.into_iter().map(to_send).collect())
    }

    async fn news(&self, account: AccountId) -> Result<News, PortError> {
        self.unseen(account).await.map_err(|error| failed(&error))
    }

    fn changes(&self) -> broadcast::Receiver<AccountId> {
        self.changes.subscribe()
    }
}

/// Keeps what the exchange keeps for a phone that is off, in the same transaction (CO8, CO10): the account, if it is new. What is
/// no text is left to the phone that comes.
pub(super) async fn note(
    connection: &mut AnyConnection,
    domain: &str,
    to: &str,
    request: &[u8],
) -> Result<Option<AccountId>, sqlx::Error> {
    let Ok(SipMessage::Request(request)) = SipMessage::parse(request) else { return Ok(None) };
    let Some(received) = received(request, domain) else { return Ok(None) };
    let Ok((row, OK)) = Row::of(received) else { return Ok(None) };
    let query = "SELECT id FROM accounts WHERE extension = $1";
    let account: Option<AccountId> =
        sqlx::query_scalar(query).bind(storable(to)).fetch_optional(&mut *connection).await?;
    let Some(account) = account else { return Ok(None) };
    Ok(insert(connection, account, &row).await?.map(|_| account))
}

/// A MESSAGE as whoever has the line would tell it.
fn received(request: Request, domain: &str) -> Option<Received> {
    let headers = &request.headers;
    let call_id = headers.get::<CallId>().ok()?.to_string();
    let asserted = headers.find::<PAssertedIdentity>().ok().flatten();
    let from = match asserted {
        Some(PAssertedIdentity(from)) => from,
        None => headers.get::<From>().ok()?.0,
    };
    let content_type = headers.get::<sip::header::ContentType>();
    let content_type = content_type.map_or_else(|_| "text/plain".to_owned(), |content_type| content_type.to_string());
    Some(Received { id: 0, call_id, from: project::party(&from, domain), content_type, body: request.body })
}

impl Row {
    /// A message that came, and the status of its answer; nothing of what is no message is kept.
    fn of(message: Received) -> Result<(Self, u16), u16> {
        let Received { call_id, from, content_type, body, .. } = message;
        let (body, state, status) = match read(&content_type, &body) {
            Reading::Text(text) => (text, CAME, OK),
            Reading::Nothing => return Err(OK),
            Reading::Unsupported(kind) => (kind, REFUSED, 415),
        };
        // From nobody nothing can be kept: nobody could answer.
        if call_id.is_empty() || from.number.is_empty() {
            return Err(400);
        }
        let (peer, name) = (short(&from.number, LONGEST_PARTY), short(&from.name, LONGEST_PARTY));
        Ok((Self { peer, name, call_id: short(&call_id, LONGEST_NAME), body, state }, status))
    }
}

/// Its number, if it is new.
async fn insert(connection: &mut AnyConnection, account: AccountId, row: &Row) -> Result<Option<i64>, sqlx::Error> {
    let Row { peer, name, call_id, body, state } = row;
    let query = "INSERT INTO conversations (account, peer, incoming, call_id, name, body, folded, written, state, reason, attempt,
                 seen) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, '', 0, 0)
                 ON CONFLICT (account, peer, incoming, call_id) DO NOTHING RETURNING id";
    sqlx::query_scalar(query)
        .bind(account)
        .bind(peer)
        .bind(call_id)
        .bind(name)
        .bind(body)
        .bind(fold(&format!("{peer}\n{name}\n{body}")))
        .bind(whole(clock::now()))
        .bind(state)
        .fetch_optional(connection)
        .await
}

/// Its sender, if they have an account here and did not know yet that it is delivered (CO6).
async fn deliver(
    connection: &mut AnyConnection,
    account: AccountId,
    row: &Row,
) -> Result<Option<AccountId>, sqlx::Error> {
    let query = "UPDATE conversations SET state = 3, reason = '' WHERE incoming = 0 AND call_id = $1 AND state <> 3 AND removed = 0
                 AND account = (SELECT id FROM accounts WHERE extension = $2)
                 AND peer = (SELECT extension FROM accounts WHERE id = $3) RETURNING account";
    sqlx::query_scalar(query).bind(&row.call_id).bind(&row.peer).bind(account).fetch_optional(connection).await
}

/// Whom a person means: a number of this domain, `user@domain`, or a whole URI.
fn target(typed: &str, domain: &str) -> Option<Uri> {
    if let Some((scheme, _)) = typed.split_once(':') {
        let known = ["sip", "sips", "tel"].iter().any(|name| scheme.eq_ignore_ascii_case(name));
        let uri: Uri = if known { typed.parse().ok()? } else { return None };
        let somebody = match &uri {
            Uri::Sip(sip) => sip.user.is_some(),
            Uri::Tel(..) => true,
            Uri::Other { .. } => false,
        };
        return somebody.then_some(uri);
    }
    let (user, host) = typed.rsplit_once('@').unwrap_or((typed, domain));
    let fits =
        !user.is_empty() && user.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-_+*#".contains(letter));
    if fits { SipUri::new(user, host).ok().map(Uri::Sip) } else { None }
}

/// Why a message failed, as it was written down; another version of the program may have known other reasons.
fn reason(text: &str) -> Failure {
    serde_json::from_str(text).unwrap_or(Failure::Status(500))
}

fn short(text: &str, longest: usize) -> String {
    storable(text).chars().take(longest).collect()
}

fn whole(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}

fn failed(error: &sqlx::Error) -> PortError {
    tracing::error!(%error, "the conversations do not answer");
    PortError::Storage
}
