//! The rows of sessions: what tower-sessions reads and writes by the id in the cookie, and what is asked by their number.

use crate::ports::{AccountId, SessionFacts, SessionId, SignedIn, Standing};
use crate::store::key::{Sealed, random};
use crate::store::{Area, Flag, Store, storable};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

/// How many sessions of one account are kept; the one that was not used for the longest time goes first.
const MOST: i64 = 50;
/// The key of [`Login`] in what tower-sessions keeps.
pub(super) const LOGIN: &str = "login";

/// The sessions in the database. Of the id that the cookie holds only a hash is there, so that a copy of the database
/// logs nobody in.
#[derive(Clone)]
pub(super) struct Rows {
    store: Store,
}

/// What a session is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Login {
    /// Which one it is; none when it is new.
    pub(super) number: Option<i64>,
    pub(super) account: AccountId,
    /// The account's generation at the login.
    pub(super) generation: i64,
    pub(super) begun: i64,
    pub(super) ends: i64,
    pub(super) browser: String,
    pub(super) address: String,
    /// Nonce and ciphertext of what signs for the PBX; written once, and not read back with the rest.
    pub(super) secret: Option<(Vec<u8>, Vec<u8>)>,
}

/// A session that is there, and how it stands.
pub(super) struct Known {
    pub(super) standing: Standing,
    /// Whether the account is enabled and has the password of the login.
    pub(super) valid: bool,
    pub(super) seen: i64,
    pub(super) ends: i64,
    pub(super) address: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    account: i64,
    valid: Flag,
    seen: i64,
    ends: i64,
    address: String,
    extension: String,
    name: String,
    initial_until: Option<i64>,
    pbx: Option<String>,
}

impl Rows {
    pub(super) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// The session that a cookie names.
    pub(super) async fn by_id(&self, id: &Id) -> sqlx::Result<Option<Known>> {
        let query =
            "SELECT s.number, s.account, CASE WHEN a.enabled = 1 AND a.generation = s.generation THEN 1 ELSE 0 END AS valid,
                     s.seen, s.ends, s.address, a.extension, a.name, a.initial_until, a.pbx
                     FROM sessions s JOIN accounts a ON a.id = s.account WHERE s.id = $1";
        let row: Option<Row> = sqlx::query_as(query).bind(hash(id)).fetch_optional(self.store.pool()).await?;
        Ok(row.map(Known::from))
    }

    pub(super) async fn by_number(&self, session: SessionId) -> sqlx::Result<Option<Known>> {
        let query =
            "SELECT s.number, s.account, CASE WHEN a.enabled = 1 AND a.generation = s.generation THEN 1 ELSE 0 END AS valid,
                     s.seen, s.ends, s.address, a.extension, a.name, a.initial_until, a.pbx
                     FROM sessions s JOIN accounts a ON a.id = s.account WHERE s.number = $1";
        let row: Option<Row> = sqlx::query_as(query).bind(session.number()).fetch_optional(self.store.pool()).await?;
        Ok(row.map(Known::from))
    }

    /// It was used now, from there.
    pub(super) async fn touch(&self, session: SessionId, now: i64, address: &str) -> sqlx::Result<()> {
        let query = "UPDATE sessions SET seen = $1, address = $2 WHERE number = $3";
        sqlx::query(query).bind(now).bind(address).bind(session.number()).execute(self.store.pool()).await?;
        Ok(())
    }

    /// Takes its id away: no cookie names it until [`SessionStore::create`] gives it another one.
    pub(super) async fn park(&self, session: SessionId) -> sqlx::Result<()> {
        let nobody = random::<16>().map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
        let query = "UPDATE sessions SET id = $1 WHERE number = $2";
        sqlx::query(query).bind(nobody.as_slice()).bind(session.number()).execute(self.store.pool()).await?;
        Ok(())
    }

    pub(super) async fn list(&self, account: AccountId) -> sqlx::Result<Vec<SessionFacts>> {
        let query = "SELECT number, browser, begun, seen, address FROM sessions
                     WHERE account = $1 ORDER BY seen DESC, number DESC";
        let rows: Vec<(i64, String, i64, i64, String)> =
            sqlx::query_as(query).bind(account).fetch_all(self.store.pool()).await?;
        let facts = |(number, browser, begun, seen, address): (i64, _, _, _, _)| SessionFacts {
            session: number.into(),
            browser,
            begun,
            seen,
            address,
        };
        Ok(rows.into_iter().map(facts).collect())
    }

    /// Whether there was such a session.
    pub(super) async fn remove(&self, account: AccountId, session: SessionId) -> sqlx::Result<bool> {
        let query = sqlx::query("DELETE FROM sessions WHERE account = $1 AND number = $2");
        let gone = query.bind(account).bind(session.number()).execute(self.store.pool()).await?;
        Ok(gone.rows_affected() > 0)
    }

    /// Which there were.
    pub(super) async fn remove_others(&self, account: AccountId, keep: SessionId) -> sqlx::Result<Vec<SessionId>> {
        let query = sqlx::query_scalar("DELETE FROM sessions WHERE account = $1 AND number <> $2 RETURNING number");
        let gone: Vec<i64> = query.bind(account).bind(keep.number()).fetch_all(self.store.pool()).await?;
        Ok(gone.into_iter().map(SessionId::from).collect())
    }

    /// Removes what is over: at its end, or unused since `unused`.
    pub(super) async fn sweep(&self, now: i64, unused: i64) -> sqlx::Result<()> {
        let query = "DELETE FROM sessions WHERE ends <= $1 OR seen < $2";
        sqlx::query(query).bind(now).bind(unused).execute(self.store.pool()).await?;
        Ok(())
    }

    /// What signs for this account at its PBX, as the session that was used last has it.
    pub(super) async fn secret(&self, account: AccountId) -> sqlx::Result<Option<Sealed>> {
        let query = "SELECT secret_nonce, secret FROM sessions
                     WHERE account = $1 AND secret IS NOT NULL ORDER BY seen DESC, number DESC LIMIT 1";
        let sealed: Option<(Vec<u8>, Vec<u8>)> =
            sqlx::query_as(query).bind(account).fetch_optional(self.store.pool()).await?;
        Ok(sealed.map(|(nonce, bytes)| Sealed { nonce, bytes }))
    }

    async fn insert(&self, id: &Id, login: &Login) -> sqlx::Result<()> {
        let (nonce, secret) = login.secret.clone().unzip();
        let mut transaction = self.store.write(Area::Sessions).await?;
        sqlx::query(
            "INSERT INTO sessions (id, account, generation, begun, seen, ends, browser, address, secret_nonce, secret)
             VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9)",
        )
        .bind(hash(id))
        .bind(login.account)
        .bind(login.generation)
        .bind(login.begun)
        .bind(login.ends)
        .bind(storable(&login.browser))
        .bind(&login.address)
        .bind(nonce)
        .bind(secret)
        .execute(&mut *transaction)
        .await?;
        let spare = "DELETE FROM sessions WHERE account = $1 AND number NOT IN
                     (SELECT number FROM sessions WHERE account = $1 ORDER BY seen DESC, number DESC LIMIT $2)";
        let spare = sqlx::query(spare).bind(login.account).bind(MOST);
        spare.execute(&mut *transaction).await?;
        transaction.commit().await
    }

    async fn rename(&self, id: &Id, number: i64) -> sqlx::Result<()> {
        let query = sqlx::query("UPDATE sessions SET id = $1 WHERE number = $2");
        let renamed = query.bind(hash(id)).bind(number).execute(self.store.pool()).await?;
        // It ended meanwhile, and stays ended.
        if renamed.rows_affected() == 0 { Err(sqlx::Error::RowNotFound) } else { Ok(()) }
    }
}

#[async_trait]
impl SessionStore for Rows {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let login = record.data.get(LOGIN).cloned().ok_or_else(|| Error::Encode("nobody logged in".to_owned()))?;
        let login: Login = serde_json::from_value(login).map_err(|error| Error::Encode(error.to_string()))?;
        loop {
            let written = match login.number {
                Some(number) => self.rename(&record.id, number).await,
                None => self.insert(&record.id, &login).await,
            };
            match written {
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => record.id = Id::default(),
                other => return other.map_err(failed),
            }
        }
    }

    /// Nothing is kept that changes; and a session that ended meanwhile must not come back to life.
    async fn save(&self, _: &Record) -> Result<()> {
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let query = "SELECT number, account, generation, begun, ends, browser, address FROM sessions WHERE id = $1";
        let row: Option<(i64, i64, i64, i64, i64, String, String)> =
            sqlx::query_as(query).bind(hash(id)).fetch_optional(self.store.pool()).await.map_err(failed)?;
        let Some((number, account, generation, begun, ends, browser, address)) = row else { return Ok(None) };
        let number = Some(number);
        let login = Login { number, account, generation, begun, ends, browser, address, secret: None };
        let login = serde_json::to_value(login).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(ends).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        Ok(Some(Record { id: *id, data: HashMap::from([(LOGIN.to_owned(), login)]), expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let query = sqlx::query("DELETE FROM sessions WHERE id = $1");
        query.bind(hash(id)).execute(self.store.pool()).await.map(drop).map_err(failed)
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rows")
    }
}

impl From<Row> for Known {
    fn from(row: Row) -> Self {
        let Row { number, account, valid, seen, ends, address, extension, name, initial_until, pbx } = row;
        let person = SignedIn { account, extension, name };
        let standing = Standing { person, session: number.into(), must_change: initial_until.is_some(), pbx };
        Self { standing, valid: valid.is_set(), seen, ends, address }
    }
}

fn failed(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}

fn hash(id: &Id) -> Vec<u8> {
    Sha256::digest(id.0.to_be_bytes()).to_vec()
}
