//! Leases in the database.

use super::hub::Lease;
use crate::ports::AccountId;
use app::lease::RegistrationIdentity;
use sqlx::{FromRow, SqlitePool};

#[derive(FromRow)]
struct Row {
    account: AccountId,
    epoch: i64,
    instance: String,
    contact_user: String,
    call_id: String,
    holder: Option<String>,
    line: Option<String>,
    line_at: Option<i64>,
    snapshot: Option<Vec<u8>>,
    snapshot_at: Option<i64>,
}

/// Every lease, with its account.
pub(super) async fn load(pool: &SqlitePool) -> Result<Vec<(AccountId, Lease)>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as("SELECT * FROM leases").fetch_all(pool).await?;
    Ok(rows.into_iter().map(Row::lease).collect())
}

/// Writes a lease down. An epoch never goes back, whatever order writes come in.
pub(super) async fn save(pool: &SqlitePool, account: AccountId, lease: &Lease) -> Result<(), sqlx::Error> {
    let line = lease.line.as_ref().and_then(|(state, _)| serde_json::to_string(state).ok());
    sqlx::query(
        "INSERT INTO leases (account, epoch, instance, contact_user, call_id, holder, line, line_at, snapshot, snapshot_at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE EXISTS (SELECT 1 FROM accounts WHERE id = ?1)
         ON CONFLICT (account) DO UPDATE SET
             epoch = excluded.epoch, holder = excluded.holder, line = excluded.line, line_at = excluded.line_at,
             snapshot = excluded.snapshot, snapshot_at = excluded.snapshot_at
         WHERE excluded.epoch >= leases.epoch",
    )
    .bind(account)
    .bind(signed(lease.epoch))
    .bind(&lease.identity.instance)
    .bind(&lease.identity.contact_user)
    .bind(&lease.identity.call_id)
    .bind(&lease.holder)
    .bind(line)
    .bind(lease.line.as_ref().map(|(_, at)| signed(*at)))
    .bind(lease.snapshot.as_ref().map(|(snapshot, _)| snapshot))
    .bind(lease.snapshot.as_ref().map(|(_, at)| signed(*at)))
    .execute(pool)
    .await
    .map(drop)
}

impl Row {
    fn lease(self) -> (AccountId, Lease) {
        let Self { instance, contact_user, call_id, .. } = self;
        // A state that another version wrote, and this one cannot read, is one that is not known.
        let line = self.line.and_then(|json| serde_json::from_str(&json).ok());
        let lease = Lease {
            epoch: unsigned(self.epoch),
            identity: RegistrationIdentity { instance, contact_user, call_id },
            holder: self.holder,
            line: line.zip(self.line_at.map(unsigned)),
            snapshot: self.snapshot.zip(self.snapshot_at.map(unsigned)),
        };
        (self.account, lease)
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
