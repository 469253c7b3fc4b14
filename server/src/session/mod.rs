//! Sessions: who is signed in, kept in the database under a hash of the random id that the browser holds in a cookie.
//!
//! A session ends by logging out, there or from another one of the person; after [`IDLE`] without a request or an open tab;
//! after [`ABSOLUTE`] in any case; and when its account is disabled, removed or gets a new password.

mod browser;
mod rows;

use crate::client;
use crate::ports::{
    AccountId, Ended, PbxSecret, PbxSecrets, PortError, SessionFacts, SessionId, SessionLife, Sessions, Standing,
};
use crate::store::Store;
use crate::store::accounts::Accounts;
use async_trait::async_trait;
use http::request::Parts;
use rows::{Known, LOGIN, Login, Rows};
use std::collections::BTreeMap;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::broadcast;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

/// How long a session lives without being used.
pub const IDLE: Duration = Duration::from_secs(24 * 3600);
/// How long a session lives at most.
pub const ABSOLUTE: Duration = Duration::from_secs(30 * 24 * 3600);

/// How soon the server notices what the command line did to an account: the sockets of a disabled one close within a
/// second, their farewell included.
const WATCH: Duration = Duration::from_millis(150);
const SWEEP: Duration = Duration::from_secs(3600);

/// The sessions.
#[derive(Clone)]
pub struct Room {
    store: Store,
    rows: Rows,
    accounts: Accounts,
    cookie: &'static str,
    secure: bool,
    ended: broadcast::Sender<AccountId>,
}

impl Room {
    /// The sessions of this storage; `secure` when people reach the server over HTTPS only.
    #[must_use]
    pub fn new(store: &Store, accounts: Accounts, secure: bool) -> Self {
        // With the prefix a browser takes the cookie from this very host over HTTPS only (RFC 6265bis 4.1.3).
        let cookie = if secure { "__Host-tabphone" } else { "tabphone" };
        let (store, rows) = (store.clone(), Rows::new(store.clone()));
        Self { store, rows, accounts, cookie, secure, ended: broadcast::channel(64).0 }
    }

    /// What gives every request its session.
    #[must_use]
    pub fn layer(&self) -> SessionManagerLayer<impl tower_sessions::SessionStore + Clone + use<>> {
        SessionManagerLayer::new(self.rows.clone())
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
                    let now = now();
                    if let Err(error) = self.rows.sweep(now, now.saturating_sub(seconds(IDLE))).await {
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
                            self.tell(account);
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

    /// Sockets that sessions of this account opened look again; nobody listens when there are none.
    fn tell(&self, account: AccountId) {
        let _ = self.ended.send(account);
    }

    /// How it stands with a session that is used now, from there.
    async fn used(&self, known: Known, address: Option<String>) -> Option<Standing> {
        let now = now();
        let Known { standing, valid, seen, ends, address: before } = known;
        if !valid || now >= ends || now - seen > seconds(IDLE) {
            let gone = self.rows.remove(standing.person.account, standing.session).await;
            if let Err(error) = gone {
                tracing::warn!(%error, "a session that is over could not be removed");
            }
            self.tell(standing.person.account);
            return None;
        }
        if now - seen >= seconds(SessionFacts::EXACT)
            && let Err(error) = self.rows.touch(standing.session, now, &address.unwrap_or(before)).await
        {
            tracing::warn!(%error, "a session could not be touched");
        }
        Some(standing)
    }

    fn sealed(&self, account: AccountId, secret: &PbxSecret) -> Option<(Vec<u8>, Vec<u8>)> {
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(secret).ok()?);
        let sealed = self.store.key().seal(&plain, &context(account)).ok()?;
        Some((sealed.nonce, sealed.bytes))
    }
}

#[async_trait]
impl Sessions for Room {
    async fn standing(&self, parts: &Parts) -> Option<Standing> {
        let id = cookie(parts, self.cookie)?.parse().ok()?;
        let known = logged(self.rows.by_id(&id).await)??;
        self.used(known, address(parts)).await
    }

    async fn goes_on(&self, session: SessionId) -> bool {
        match logged(self.rows.by_number(session).await) {
            Some(Some(known)) => self.used(known, None).await.is_some(),
            Some(None) => false,
            // It was one, and nobody can have ended it while the storage is away. What it opened goes on.
            None => true,
        }
    }

    fn ended(&self) -> broadcast::Receiver<AccountId> {
        self.ended.subscribe()
    }
}

#[async_trait]
impl SessionLife for Room {
    async fn begin(
        &self,
        parts: &Parts,
        account: AccountId,
        secret: Option<PbxSecret>,
    ) -> Result<Option<Ended>, PortError> {
        let session = parts.extensions.get::<Session>().ok_or(PortError::Storage)?;
        let account = self.accounts.get(account).await.ok().flatten().ok_or(PortError::Storage)?;
        let secret = match &secret {
            Some(secret) => Some(self.sealed(account.id, secret).ok_or(PortError::Storage)?),
            None => None,
        };
        let begun = now();
        let login = Login {
            number: None,
            account: account.id,
            generation: account.generation,
            begun,
            ends: begun.saturating_add(seconds(ABSOLUTE)),
            browser: browser::in_words(&parts.headers),
            address: address(parts).unwrap_or_default(),
            secret,
        };
        let ended = ended(session).await;
        // Whoever knew the id before the login knows nothing now (session fixation).
        session.cycle_id().await.map_err(|_| PortError::Storage)?;
        session.set_expiry(expiry(login.ends));
        session.insert(LOGIN, login).await.map_err(|_| PortError::Storage)?;
        if let Some(ended) = ended {
            self.tell(ended.account);
        }
        Ok(ended)
    }

    async fn renew(&self, parts: &Parts) -> Result<(), PortError> {
        let session = parts.extensions.get::<Session>().ok_or(PortError::Storage)?;
        let login: Login = session.get(LOGIN).await.ok().flatten().ok_or(PortError::Storage)?;
        let number = login.number.ok_or(PortError::Storage)?;
        // Its row stays, and with it what it opened; only the old id names nothing any more.
        logged(self.rows.park(number.into()).await).ok_or(PortError::Storage)?;
        session.cycle_id().await.map_err(|_| PortError::Storage)?;
        session.set_expiry(expiry(login.ends));
        Ok(())
    }

    async fn end(&self, parts: &Parts) -> Option<Ended> {
        let session = parts.extensions.get::<Session>()?;
        let ended = ended(session).await;
        if let Err(error) = session.flush().await {
            tracing::error!(%error, "a session could not be removed");
        }
        let ended = ended?;
        self.tell(ended.account);
        Some(ended)
    }

    fn was_signed_in(&self, parts: &Parts) -> bool {
        cookie(parts, self.cookie).is_some()
    }

    async fn list(&self, account: AccountId) -> Result<Vec<SessionFacts>, PortError> {
        logged(self.rows.list(account).await).ok_or(PortError::Storage)
    }

    async fn end_one(&self, account: AccountId, session: SessionId) -> Result<Option<Ended>, PortError> {
        let ended = logged(self.rows.remove(account, session).await).ok_or(PortError::Storage)?;
        self.tell(account);
        Ok(ended.then_some(Ended { account, session }))
    }

    async fn end_others(&self, account: AccountId, keep: SessionId) -> Result<Vec<Ended>, PortError> {
        let ended = logged(self.rows.remove_others(account, keep).await).ok_or(PortError::Storage)?;
        self.tell(account);
        Ok(ended.into_iter().map(|session| Ended { account, session }).collect())
    }
}

#[async_trait]
impl PbxSecrets for Room {
    async fn pbx_secret(&self, account: AccountId) -> Option<PbxSecret> {
        let sealed = logged(self.rows.secret(account).await)??;
        let plain = self.store.key().unseal(&sealed, &context(account)).ok()?;
        serde_json::from_slice(&plain).ok()
    }
}

/// What is told of a session that is about to end; nothing if nobody was signed in.
async fn ended(session: &Session) -> Option<Ended> {
    let login: Login = session.get(LOGIN).await.ok().flatten()?;
    Some(Ended { account: login.account, session: login.number?.into() })
}

/// What ties the encrypted secret to whose it is.
fn context(account: AccountId) -> Vec<u8> {
    format!("pbx {account}").into_bytes()
}

/// Where a request comes from; not known of one that came over no connection.
fn address(parts: &Parts) -> Option<String> {
    let client::Address(address) = client::Address::of(parts)?;
    Some(client::network(address).to_string())
}

fn expiry(ends: i64) -> Option<Expiry> {
    OffsetDateTime::from_unix_timestamp(ends).ok().map(Expiry::AtDateTime)
}

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The ports have no words for a failing storage; the log has.
fn logged<T>(result: sqlx::Result<T>) -> Option<T> {
    result.inspect_err(|error| tracing::error!(%error, "the sessions could not be read or written")).ok()
}

fn cookie<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    let fields = parts.headers.get_all(http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
