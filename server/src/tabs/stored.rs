//! Leases in the database. What a snapshot says of running calls, and whose session had the line, is sealed there.

use super::hub::Lease;
use crate::ports::{AccountId, SessionId};
use crate::store::key::{NONCE, Sealed, ServerKey};
use crate::store::{Flag, Store, storable};
use app::lease::RegistrationIdentity;
use sqlx::FromRow;

/// What is sealed, so that nothing can be put where it does not belong.
const SNAPSHOT: &str = "lease snapshot";
const SESSION: &str = "lease session";

#[derive(FromRow)]
struct Row {
    account: AccountId,
    epoch: i64,
    instance: String,
    contact_user: String,
    call_id: String,
    holder: Option<String>,
    session: Option<Vec<u8>>,
    line: Option<String>,
    line_at: Option<i64>,
    snapshot: Option<Vec<u8>>,
    snapshot_at: Option<i64>,
    to_lose: Flag,
    minded_until: Option<i64>,
}

/// Every lease, with its account.
pub(super) async fn load(store: &Store) -> Result<Vec<(AccountId, Lease)>, sqlx::Error> {
    let query =
        "SELECT account, epoch, instance, contact_user, call_id, holder, session, line, line_at, snapshot, snapshot_at,
                 to_lose, minded_until FROM leases";
    let rows: Vec<Row> = sqlx::query_as(query).fetch_all(store.pool()).await?;
    Ok(rows.into_iter().map(|row| row.lease(store.key())).collect())
}

/// Writes a lease down. An epoch never goes back, whatever order writes come in.
pub(super) async fn save(store: &Store, account: AccountId, lease: &Lease) -> Result<(), sqlx::Error> {
    let line = lease.line.as_ref().and_then(|(state, _)| serde_json::to_string(state).ok());
    let snapshot = lease.snapshot.as_ref().and_then(|(plain, _)| seal(store.key(), SNAPSHOT, account, plain));
    let session = lease.session.and_then(|session| seal(store.key(), SESSION, account, &session.0.to_be_bytes()));
    sqlx::query(
        "INSERT INTO leases (account, epoch, instance, contact_user, call_id, holder, session, line, line_at, snapshot,
             snapshot_at, to_lose, minded_until)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 WHERE EXISTS (SELECT 1 FROM accounts WHERE id = $1)
         ON CONFLICT (account) DO UPDATE SET
             epoch = excluded.epoch, holder = excluded.holder, session = excluded.session, line = excluded.line,
             line_at = excluded.line_at, snapshot = excluded.snapshot, snapshot_at = excluded.snapshot_at,
             to_lose = excluded.to_lose, minded_until = excluded.minded_until
         WHERE excluded.epoch >= leases.epoch",
    )
    .bind(account)
    .bind(signed(lease.epoch))
    .bind(storable(&lease.identity.instance))
    .bind(storable(&lease.identity.contact_user))
    .bind(storable(&lease.identity.call_id))
    .bind(lease.holder.as_deref().map(storable))
    .bind(session)
    .bind(line)
    .bind(lease.line.as_ref().map(|(_, at)| signed(*at)))
    .bind(snapshot)
    .bind(lease.snapshot.as_ref().map(|(_, at)| signed(*at)))
    .bind(Flag::from(lease.to_lose))
    .bind(lease.minded_until.map(signed))
    .execute(store.pool())
    .await
    .map(drop)
}

impl Row {
    fn lease(self, key: &ServerKey) -> (AccountId, Lease) {
        let Self { account, instance, contact_user, call_id, .. } = self;
        // A state that another version wrote, and this one cannot read, is one that is not known.
        let line = self.line.and_then(|json| serde_json::from_str(&json).ok());
        let snapshot = self.snapshot.and_then(|sealed| unseal(key, SNAPSHOT, account, &sealed));
        let session = self.session.and_then(|sealed| unseal(key, SESSION, account, &sealed)?.try_into().ok());
        let lease = Lease {
            epoch: unsigned(self.epoch),
            identity: RegistrationIdentity { instance, contact_user, call_id },
            holder: self.holder,
            session: session.map(|bytes| SessionId(i128::from_be_bytes(bytes))),
            line: line.zip(self.line_at.map(unsigned)),
            snapshot: snapshot.zip(self.snapshot_at.map(unsigned)),
            to_lose: self.to_lose.is_set(),
            minded_until: self.minded_until.map(unsigned),
        };
        (account, lease)
    }
}

/// The nonce, and what it encrypts. What cannot be sealed is not written: the line goes on without.
fn seal(key: &ServerKey, what: &str, account: AccountId, plain: &[u8]) -> Option<Vec<u8>> {
    match key.seal(plain, context(what, account).as_bytes()) {
        Ok(Sealed { mut nonce, bytes }) => {
            nonce.extend(bytes);
            Some(nonce)
        }
        Err(error) => {
            tracing::error!(%error, account, what, "not written");
            None
        }
    }
}

fn unseal(key: &ServerKey, what: &str, account: AccountId, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, bytes) = sealed.split_at_checked(NONCE)?;
    let sealed = Sealed { nonce: nonce.to_vec(), bytes: bytes.to_vec() };
    match key.unseal(&sealed, context(what, account).as_bytes()) {
        Ok(plain) => Some(plain.to_vec()),
        Err(error) => {
            tracing::error!(%error, account, what, "not read");
            None
        }
    }
}

fn context(what: &str, account: AccountId) -> String {
    format!("{what} {account}")
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
