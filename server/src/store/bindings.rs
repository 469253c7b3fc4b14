//! What the exchange knows of phones and calls, in the database.

use super::storable;
use crate::ports::Saved;
use sqlx::{Any, AnyConnection, AnyPool, Decode, Type};

/// The bindings of every enabled account.
pub(super) async fn load(pool: &AnyPool) -> Result<Vec<(String, Saved)>, sqlx::Error> {
    rows(pool, "SELECT extension, saved, written FROM bindings JOIN accounts ON id = account WHERE enabled = 1").await
}

/// Writes the bindings of a user, or that there are none. Of who has no account nothing is written.
pub(super) async fn save(connection: &mut AnyConnection, user: &str, saved: Option<&Saved>) -> Result<(), sqlx::Error> {
    let user = storable(user);
    let query = match saved {
        Some(Saved { written, bytes }) => sqlx::query(
            "INSERT INTO bindings (account, saved, written) SELECT id, $2, $3 FROM accounts WHERE extension = $1
             ON CONFLICT (account) DO UPDATE SET saved = excluded.saved, written = excluded.written",
        )
        .bind(user)
        .bind(bytes.as_slice())
        .bind(signed(*written)),
        None => sqlx::query("DELETE FROM bindings WHERE account = (SELECT id FROM accounts WHERE extension = $1)")
            .bind(user),
    };
    query.execute(connection).await.map(drop)
}

/// Every call.
pub(super) async fn load_calls(pool: &AnyPool) -> Result<Vec<(u64, Saved)>, sqlx::Error> {
    let calls = rows(pool, "SELECT number, saved, written FROM calls").await?;
    Ok(calls.into_iter().map(|(number, saved)| (unsigned(number), saved)).collect())
}

/// Writes a call, or that it is over.
pub(super) async fn save_call(
    connection: &mut AnyConnection,
    number: u64,
    saved: Option<&Saved>,
) -> Result<(), sqlx::Error> {
    let write = "INSERT INTO calls (number, saved, written) VALUES ($1, $2, $3)
                 ON CONFLICT (number) DO UPDATE SET saved = excluded.saved, written = excluded.written";
    let query = match saved {
        Some(Saved { written, bytes }) => {
            sqlx::query(write).bind(signed(number)).bind(bytes.as_slice()).bind(signed(*written))
        }
        None => sqlx::query("DELETE FROM calls WHERE number = $1").bind(signed(number)),
    };
    query.execute(connection).await.map(drop)
}

/// Every snapshot.
pub(super) async fn load_snapshots(pool: &AnyPool) -> Result<Vec<(String, Saved)>, sqlx::Error> {
    rows(pool, "SELECT name, saved, written FROM snapshots").await
}

/// Writes a snapshot, or removes it.
pub(super) async fn save_snapshot(
    connection: &mut AnyConnection,
    name: &str,
    saved: Option<&Saved>,
) -> Result<(), sqlx::Error> {
    let write = "INSERT INTO snapshots (name, saved, written) VALUES ($1, $2, $3)
                 ON CONFLICT (name) DO UPDATE SET saved = excluded.saved, written = excluded.written";
    let query = match saved {
        Some(Saved { written, bytes }) => sqlx::query(write).bind(name).bind(bytes.as_slice()).bind(signed(*written)),
        None => sqlx::query("DELETE FROM snapshots WHERE name = $1").bind(name),
    };
    query.execute(connection).await.map(drop)
}

/// What this selects: a key, and what is saved under it.
async fn rows<K>(pool: &AnyPool, query: &'static str) -> Result<Vec<(K, Saved)>, sqlx::Error>
where
    K: Type<Any> + for<'a> Decode<'a, Any> + Send + Unpin,
{
    let rows: Vec<(K, Vec<u8>, i64)> = sqlx::query_as(query).fetch_all(pool).await?;
    let rows = rows.into_iter();
    Ok(rows.map(|(key, bytes, written)| (key, Saved { written: unsigned(written), bytes })).collect())
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
