//! Reading the conversations: page by page from the newest on, by where the page before ended.

use super::{ACCEPTED, CAME, Conversations, DELIVERED, KEPT, REFUSED, TO_SEND, fold, reason};
use crate::ports::AccountId;
use crate::store::{offers, storable};
use app::messages::{Failure, Latest, News};
use app::offers::{Offer, Setting};
use sqlx::FromRow;

/// The longest text that a notification shows, in characters.
const LONGEST_NOTICE: usize = 200;

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub id: i64,
    /// The other one.
    pub peer: String,
    /// What they are called, if that was said.
    pub name: String,
    /// The text, or the type of what was refused.
    pub body: String,
    /// When, in milliseconds since 1970.
    pub written: i64,
    /// How it stands.
    pub state: State,
    /// Whether the person saw it; one's own always are.
    pub seen: bool,
}

/// How a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is to be sent, or nobody told yet what became of it.
    ToSend,
    /// A phone took it, or whoever stands for one.
    Accepted,
    /// It is kept for its reader.
    Kept,
    /// It is in its reader's conversation.
    Delivered,
    /// It did not arrive.
    Failed(Failure),
    /// It came.
    Came,
    /// It came, and is of a type that is not shown.
    Refused,
}

/// A conversation: its last message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversed {
    /// The last message.
    pub last: Message,
    /// How many came in it that the person has not seen.
    pub unread: u32,
}

#[derive(FromRow)]
struct Read {
    id: i64,
    peer: String,
    name: String,
    body: String,
    written: i64,
    state: i64,
    reason: String,
    seen: i64,
    unread: i64,
}

impl Conversations {
    /// So many conversations, that whose last message is the newest first; those whose last message is older than `before`.
    ///
    /// # Errors
    /// The database's.
    pub async fn all(&self, account: AccountId, before: i64, most: i64) -> Result<Vec<Conversed>, sqlx::Error> {
        let query = "SELECT id, peer, name, body, written, state, reason, seen, (SELECT COUNT(*) FROM conversations AS new
                     WHERE new.account = $1 AND new.peer = conversations.peer AND new.removed = 0 AND new.incoming = 1 AND new.seen = 0)
                     AS unread FROM conversations WHERE id IN (SELECT MAX(id) FROM conversations
                     WHERE account = $1 AND removed = 0 GROUP BY peer) AND id < $2 ORDER BY id DESC LIMIT $3";
        let query = sqlx::query_as(query).bind(account).bind(before).bind(most);
        let rows: Vec<Read> = query.fetch_all(self.store.pool()).await?;
        let conversed =
            |row: Read| Conversed { unread: u32::try_from(row.unread).unwrap_or(u32::MAX), last: row.into() };
        Ok(rows.into_iter().map(conversed).collect())
    }

    /// So many messages of a conversation that are older than `before`, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn with(
        &self,
        account: AccountId,
        peer: &str,
        before: i64,
        most: i64,
    ) -> Result<Vec<Message>, sqlx::Error> {
        let query = "SELECT id, peer, name, body, written, state, reason, seen, 0 AS unread FROM conversations
                     WHERE account = $1 AND peer = $2 AND removed = 0 AND id < $3 ORDER BY id DESC LIMIT $4";
        let query = sqlx::query_as(query).bind(account).bind(storable(peer)).bind(before).bind(most);
        let rows: Vec<Read> = query.fetch_all(self.store.pool()).await?;
        Ok(rows.into_iter().map(Message::from).collect())
    }

    /// So many messages in which this stands, or in whose other one's name or number, and that are older than `before`, the
    /// newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(
        &self,
        account: AccountId,
        part: &str,
        before: i64,
        most: i64,
    ) -> Result<Vec<Message>, sqlx::Error> {
        let query = "SELECT id, peer, name, body, written, state, reason, seen, 0 AS unread FROM conversations
                     WHERE account = $1 AND removed = 0 AND id < $2 AND folded LIKE $3 ESCAPE '!' ORDER BY id DESC LIMIT $4";
        let mut pattern = "%".to_owned();
        for sign in fold(part.trim()).chars() {
            if matches!(sign, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(sign);
        }
        pattern.push('%');
        let query = sqlx::query_as(query).bind(account).bind(before).bind(storable(&pattern)).bind(most);
        let rows: Vec<Read> = query.fetch_all(self.store.pool()).await?;
        Ok(rows.into_iter().map(Message::from).collect())
    }

    /// The person saw what came in this conversation, up to the message with this number.
    ///
    /// # Errors
    /// The database's.
    pub async fn see(&self, account: AccountId, peer: &str, last: i64) -> Result<(), sqlx::Error> {
        let query = "UPDATE conversations SET seen = 1
                     WHERE account = $1 AND peer = $2 AND removed = 0 AND incoming = 1 AND seen = 0 AND id <= $3";
        let query = sqlx::query(query).bind(account).bind(storable(peer)).bind(last);
        if query.execute(self.store.pool()).await?.rows_affected() > 0 {
            self.changed(account);
        }
        Ok(())
    }

    /// Whether notifications show no texts: as the person wants it, unless an administrator decided that.
    ///
    /// # Errors
    /// The database's.
    pub async fn hides(&self, account: AccountId) -> Result<bool, sqlx::Error> {
        let query = "SELECT COUNT(*) FROM message_notifications WHERE account = $1";
        let mut connection = self.store.pool().acquire().await?;
        let count: i64 = sqlx::query_scalar(query).bind(account).fetch_one(&mut *connection).await?;
        let decided = offers::holding(&mut connection, account).await?;
        Ok(!decided.switch(Setting::MessageTexts, count == 0))
    }

    /// Who decides whether notifications show texts.
    ///
    /// # Errors
    /// The database's.
    pub async fn offers_texts(&self, account: AccountId) -> Result<Offer, sqlx::Error> {
        let mut connection = self.store.pool().acquire().await?;
        Ok(offers::holding(&mut connection, account).await?.offers().of(Setting::MessageTexts))
    }

    /// The person wants texts in notifications, or none; nothing changes where they have no say in it.
    ///
    /// # Errors
    /// The database's.
    pub async fn hide(&self, account: AccountId, hide: bool) -> Result<(), sqlx::Error> {
        if self.offers_texts(account).await? != Offer::Offered {
            return Ok(());
        }
        let query = if hide {
            "INSERT INTO message_notifications (account) VALUES ($1) ON CONFLICT (account) DO NOTHING"
        } else {
            "DELETE FROM message_notifications WHERE account = $1"
        };
        sqlx::query(query).bind(account).execute(self.store.pool()).await?;
        self.changed(account);
        Ok(())
    }

    /// What came that the person has not seen.
    pub(super) async fn unseen(&self, account: AccountId) -> Result<News, sqlx::Error> {
        let query =
            "SELECT COUNT(*) FROM conversations WHERE account = $1 AND removed = 0 AND incoming = 1 AND seen = 0";
        let unread: i64 = sqlx::query_scalar(query).bind(account).fetch_one(self.store.pool()).await?;
        let query = "SELECT conversations.id, peer, COALESCE(accounts.name, conversations.name), body, state FROM conversations
                     LEFT JOIN accounts ON accounts.extension = peer
                     WHERE account = $1 AND removed = 0 AND incoming = 1 AND seen = 0 ORDER BY conversations.id DESC LIMIT 1";
        let query = sqlx::query_as(query).bind(account).fetch_optional(self.store.pool());
        let latest: Option<(i64, String, String, String, i64)> = query.await?;
        let hides = latest.is_some() && self.hides(account).await?;
        let latest = latest.map(|(id, peer, name, body, state)| Latest {
            id,
            title: ["Message from ", if name.trim().is_empty() { &peer } else { &name }].concat(),
            text: if hides || state == REFUSED { String::new() } else { body.chars().take(LONGEST_NOTICE).collect() },
            with: peer,
        });
        Ok(News { unread: u32::try_from(unread).unwrap_or(u32::MAX), latest })
    }
}

impl From<Read> for Message {
    fn from(read: Read) -> Self {
        let Read { id, peer, name, body, written, state, reason: text, seen, .. } = read;
        let state = match state {
            TO_SEND => State::ToSend,
            ACCEPTED => State::Accepted,
            KEPT => State::Kept,
            DELIVERED => State::Delivered,
            CAME => State::Came,
            REFUSED => State::Refused,
            _ => State::Failed(reason(&text)),
        };
        Self { id, peer, name, body, written, state, seen: seen != 0 }
    }
}
