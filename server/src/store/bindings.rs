//! What the exchange knows of phones and calls, in the database.

use crate::ports::Saved;
use sqlx::{SqliteConnection, SqlitePool};

/// The tables whose rows have a name of the exchange's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    /// Calls that were answered.
    Calls,
    /// What a machine knows as a whole.
    Snapshots,
}

/// The bindings of every enabled account.
pub(super) async fn load(pool: &SqlitePool) -> Result<Vec<(String, Saved)>, sqlx::Error> {
    rows(pool, "SELECT extension, saved, written FROM bindings JOIN accounts ON id = account WHERE enabled").await
}

/// Writes the bindings of a user, or that there are none. Of who has no account nothing is written.
pub(super) async fn save(
    connection: &mut SqliteConnection,
    user: &str,
    saved: Option<&Saved>,
) -> Result<(), sqlx::Error> {
    let query = match saved {
        Some(Saved { written, bytes }) => sqlx::query(
            "INSERT INTO bindings (account, saved, written) SELECT id, ?2, ?3 FROM accounts WHERE extension = ?1
             ON CONFLICT (account) DO UPDATE SET saved = excluded.saved, written = excluded.written",
        )
        .bind(user)
        .bind(bytes)
        .bind(signed(*written)),
        None => sqlx::query("DELETE FROM bindings WHERE account = (SELECT id FROM accounts WHERE extension = ?)")
            .bind(user),
    };
    query.execute(connection).await.map(drop)
}

/// Every row of a table, with its name.
pub(super) async fn load_named(pool: &SqlitePool, table: Named) -> Result<Vec<(String, Saved)>, sqlx::Error> {
    let query = match table {
        Named::Calls => "SELECT name, saved, written FROM calls",
        Named::Snapshots => "SELECT name, saved, written FROM snapshots",
    };
    rows(pool, query).await
}

/// Writes a row, or removes it.
pub(super) async fn save_named(
    connection: &mut SqliteConnection,
    table: Named,
    name: &str,
    saved: Option<&Saved>,
) -> Result<(), sqlx::Error> {
    let (write, remove) = match table {
        Named::Calls => {
            ("REPLACE INTO calls (name, saved, written) VALUES (?, ?, ?)", "DELETE FROM calls WHERE name = ?")
        }
        Named::Snapshots => {
            ("REPLACE INTO snapshots (name, saved, written) VALUES (?, ?, ?)", "DELETE FROM snapshots WHERE name = ?")
        }
    };
    let query = match saved {
        Some(Saved { written, bytes }) => sqlx::query(write).bind(name).bind(bytes).bind(signed(*written)),
        None => sqlx::query(remove).bind(name),
    };
    query.execute(connection).await.map(drop)
}

async fn rows(pool: &SqlitePool, query: &'static str) -> Result<Vec<(String, Saved)>, sqlx::Error> {
    let rows: Vec<(String, Vec<u8>, i64)> = sqlx::query_as(query).fetch_all(pool).await?;
    let rows = rows.into_iter();
    Ok(rows.map(|(name, bytes, written)| (name, Saved { written: unsigned(written), bytes })).collect())
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
