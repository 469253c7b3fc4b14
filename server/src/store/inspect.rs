//! A look at a data directory that changes nothing.

use super::key::{KeyError, ServerKey};
use super::{BUSY, DATABASE, KEY, newest};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use std::path::Path;

/// What is in a database.
#[derive(Debug)]
pub struct Inspected {
    /// What SQLite finds wrong with it; nothing in one that is whole.
    pub damage: Vec<String>,
    /// Its version, and the newest that this program knows.
    pub version: (i64, i64),
    /// Its SIP domain.
    pub domain: String,
    /// Whether the key beside it is its own.
    pub key: Result<(), KeyError>,
    /// How many accounts there are.
    pub accounts: i64,
}

/// Looks at the database of a data directory; `None` when there is none.
///
/// # Errors
/// The database's.
pub async fn inspect(directory: &Path) -> Result<Option<Inspected>, sqlx::Error> {
    let database = directory.join(DATABASE);
    if !database.try_exists()? {
        return Ok(None);
    }
    let options = SqliteConnectOptions::new().filename(&database).create_if_missing(false).busy_timeout(BUSY);
    let mut connection = options.connect().await?;
    let inspected = look(&mut connection, directory).await;
    connection.close().await?;
    inspected.map(Some)
}

async fn look(connection: &mut SqliteConnection, directory: &Path) -> Result<Inspected, sqlx::Error> {
    let found: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(20)").fetch_all(&mut *connection).await?;
    let damage = found.into_iter().filter(|line| line != "ok").collect();
    let version = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&mut *connection).await?;
    let setting = "SELECT value FROM settings WHERE name = ?";
    let domain: Option<Vec<u8>> = sqlx::query_scalar(setting).bind("domain").fetch_optional(&mut *connection).await?;
    let known: Option<Vec<u8>> = sqlx::query_scalar(setting).bind("key").fetch_optional(&mut *connection).await?;
    let accounts = sqlx::query_scalar("SELECT count(*) FROM accounts").fetch_one(&mut *connection).await?;
    Ok(Inspected {
        damage,
        version: (version, newest()),
        domain: String::from_utf8_lossy(&domain.unwrap_or_default()).into_owned(),
        key: key(directory, known),
        accounts,
    })
}

/// Whether the key of a directory is the one that its database knows.
fn key(directory: &Path, known: Option<Vec<u8>>) -> Result<(), KeyError> {
    let path = directory.join(KEY);
    let Some(known) = known else { return Ok(()) };
    if ServerKey::read(&path)?.recognizes(&known) { Ok(()) } else { Err(KeyError::Other(path)) }
}
