//! Sessions: who is signed in, kept in the database under a random id that the browser holds in a cookie.
//!
//! A session ends by logging out, after [`IDLE`] without a request or an open tab, after [`ABSOLUTE`] in any
//! case, and when its account is disabled, removed or gets a new password.

use crate::ports::{AccountId, Ended, PortError, SessionId, SessionLife, Sessions, SignedIn};
use crate::store::Store;
use crate::store::accounts::{Account, Accounts};
use async_trait::async_trait;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::broadcast;
use tower_sessions::cookie::SameSite;
use tower_sessions::{ExpiredDeletion as _, Expiry, Session, SessionManagerLayer};
use tower_sessions_sqlx_store::SqliteStore;

/// How long a session lives without being used.
pub const IDLE: Duration = Duration::from_secs(24 * 3600);
/// How long a session lives at most.
pub const ABSOLUTE: Duration = Duration::from_secs(30 * 24 * 3600);

/// How exactly the last use is known: every request would otherwise write to the database.
const TOUCH: i64 = 300;
/// How soon the server notices what the command line did to an account.
const WATCH: Duration = Duration::from_millis(500);
const SWEEP: Duration = Duration::from_secs(3600);
const PERSON: &str = "person";

/// The sessions.
#[derive(Clone)]
pub struct Room {
    sessions: Arc<SqliteStore>,
    accounts: Accounts,
    cookie: &'static str,
    secure: bool,
    ended: broadcast::Sender<AccountId>,
}

/// What a session holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Person {
    account: AccountId,
    /// The account's generation at login.
    generation: i64,
    /// Last use, in seconds since 1970.
    seen: i64,
    /// The absolute end, in seconds since 1970.
    until: i64,
}

impl Room {
    /// The sessions of this storage; `secure` when people reach the server over HTTPS only.
    #[must_use]
    pub fn new(store: &Store, accounts: Accounts, secure: bool) -> Self {
        let sessions = Arc::new(SqliteStore::new(store.pool().clone()));
        // With the prefix a browser takes the cookie from this very host over HTTPS only (RFC 6265bis 4.1.3).
        let cookie = if secure { "__Host-tabphone" } else { "tabphone" };
        Self { sessions, accounts, cookie, secure, ended: broadcast::channel(64).0 }
    }

    /// What gives every request its session.
    #[must_use]
    pub fn layer(&self) -> SessionManagerLayer<SqliteStore> {
        SessionManagerLayer::new(SqliteStore::clone(&self.sessions))
            .with_name(self.cookie)
            .with_secure(self.secure)
            .with_http_only(true)
            .with_same_site(SameSite::Strict)
    }

    /// Ends the sessions of accounts that are disabled, removed or get a new password, also by another
    /// process, and sweeps out what expired. Runs until dropped.
    pub async fn watch(self) {
        let mut known = self.generations().await;
        let mut seen = None;
        let mut sweep = tokio::time::interval(SWEEP);
        let mut tick = tokio::time::interval(WATCH);
        loop {
            tokio::select! {
                _ = sweep.tick() => {
                    if let Err(error) = self.sessions.delete_expired().await {
                        tracing::warn!(%error, "expired sessions could not be removed");
                    }
                }
                _ = tick.tick() => {
                    let changes = self.accounts.changes().await.ok();
                    if changes.is_none() || changes == seen {
                        continue;
                    }
                    seen = changes;
                    let Some(now) = self.generations().await else { continue };
                    let before = known.replace(now.clone()).unwrap_or_default();
                    for (account, generation) in before {
                        if now.get(&account) != Some(&generation) {
                            // Nobody listens when no socket is open.
                            let _ = self.ended.send(account);
                        }
                    }
                }
            }
        }
    }

    /// The generation of every enabled account.
    async fn generations(&self) -> Option<BTreeMap<AccountId, i64>> {
        let accounts = self.accounts.list().await.ok()?;
        Some(accounts.into_iter().filter(|account| account.enabled).map(|it| (it.id, it.generation)).collect())
    }

    /// The session that the request's cookie names, read afresh.
    async fn load(&self, parts: &Parts) -> Option<(Session, Person)> {
        let id = cookie(parts, self.cookie)?.parse().ok()?;
        let session = Session::new(Some(id), Arc::clone(&self.sessions), None);
        let person: Person = session.get(PERSON).await.ok().flatten()?;
        Some((session, person))
    }

    async fn check(&self, session: &Session, mut person: Person) -> Option<Account> {
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let idle = i64::try_from(IDLE.as_secs()).unwrap_or(i64::MAX);
        let account = self.accounts.get(person.account).await.ok()?;
        let account = account.filter(|account| account.enabled && account.generation == person.generation);
        if account.is_none() || now >= person.until || now - person.seen > idle {
            let _ = session.delete().await;
            // Sockets that it opened look again; nobody listens when there are none.
            let _ = self.ended.send(person.account);
            return None;
        }
        if now - person.seen >= TOUCH {
            person.seen = now;
            session.set_expiry(expiry(person.until));
            let touched = session.insert(PERSON, person).await.is_ok() && session.save().await.is_ok();
            if !touched {
                tracing::warn!("a session could not be touched");
            }
        }
        account
    }
}

#[async_trait]
impl Sessions for Room {
    async fn signed_in(&self, parts: &Parts) -> Option<SignedIn> {
        let (session, person) = self.load(parts).await?;
        self.check(&session, person).await.map(SignedIn::from)
    }

    fn session(&self, parts: &Parts) -> Option<SessionId> {
        let id: tower_sessions::session::Id = cookie(parts, self.cookie)?.parse().ok()?;
        Some(SessionId(id.0))
    }

    fn ended(&self) -> broadcast::Receiver<AccountId> {
        self.ended.subscribe()
    }
}

#[async_trait]
impl SessionLife for Room {
    async fn begin(&self, parts: &Parts, account: AccountId) -> Result<Option<Ended>, PortError> {
        let session = parts.extensions.get::<Session>().ok_or(PortError::Storage)?;
        let account = self.accounts.get(account).await.ok().flatten().ok_or(PortError::Storage)?;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let until = now.saturating_add(i64::try_from(ABSOLUTE.as_secs()).unwrap_or(i64::MAX));
        let person = Person { account: account.id, generation: account.generation, seen: now, until };
        let ended = ended(session).await;
        // Whoever knew the id before the login knows nothing now (session fixation).
        session.cycle_id().await.map_err(|_| PortError::Storage)?;
        session.set_expiry(expiry(until));
        session.insert(PERSON, person).await.map_err(|_| PortError::Storage)?;
        if let Some(ended) = ended {
            let _ = self.ended.send(ended.account);
        }
        Ok(ended)
    }

    async fn end(&self, parts: &Parts) -> Option<Ended> {
        let session = parts.extensions.get::<Session>()?;
        let ended = ended(session).await;
        if let Err(error) = session.flush().await {
            tracing::error!(%error, "a session could not be removed");
        }
        let ended = ended?;
        let _ = self.ended.send(ended.account);
        Some(ended)
    }

    fn was_signed_in(&self, parts: &Parts) -> bool {
        cookie(parts, self.cookie).is_some()
    }
}

/// What is told of a session that is about to end; nothing if nobody was signed in.
async fn ended(session: &Session) -> Option<Ended> {
    let person: Person = session.get(PERSON).await.ok().flatten()?;
    Some(Ended { account: person.account, session: SessionId(session.id()?.0) })
}

fn expiry(until: i64) -> Option<Expiry> {
    OffsetDateTime::from_unix_timestamp(until).ok().map(Expiry::AtDateTime)
}

fn cookie<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let fields = parts.headers.get_all(http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
