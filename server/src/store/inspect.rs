//! A look at what is stored that changes nothing.

use super::database::connect_file;
use super::key::{KeyError, ServerKey};
use super::url::DatabaseUrl;
use super::{DATABASE, KEY, Kind};
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, Connection as _};
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

/// A PostgreSQL database that answers.
#[derive(Debug)]
pub struct Answering {
    /// Which PostgreSQL it is.
    pub version: String,
    /// Whether nobody between can read what is said.
    pub encrypted: bool,
    /// Whether this user may make tables there.
    pub may_create: bool,
    /// What is in it; `None` when it is empty.
    pub inspected: Option<Inspected>,
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
    let mut connection = connect_file(&database).await?;
    let inspected = look_at_file(&mut connection, directory).await;
    connection.close().await?;
    inspected.map(Some)
}

/// Looks at a PostgreSQL database, whose key is in this directory.
///
/// # Errors
/// The database's.
pub async fn inspect_postgres(url: &DatabaseUrl, directory: &Path) -> Result<Answering, sqlx::Error> {
    install_default_drivers();
    let mut connection = AnyConnection::connect_with(url.any()).await?;
    let answering = look_at_postgres(&mut connection, directory).await;
    connection.close().await?;
    answering
}

async fn look_at_file(connection: &mut AnyConnection, directory: &Path) -> Result<Inspected, sqlx::Error> {
    let found: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(20)").fetch_all(&mut *connection).await?;
    let damage = found.into_iter().filter(|line| line != "ok").collect();
    Ok(Inspected { damage, ..look(connection, directory, Kind::Sqlite).await? })
}

async fn look_at_postgres(connection: &mut AnyConnection, directory: &Path) -> Result<Answering, sqlx::Error> {
    let query = "SELECT current_setting('server_version'), has_schema_privilege(current_schema(), 'CREATE'),
                 COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),
                 to_regclass('_sqlx_migrations') IS NOT NULL";
    let (version, may_create, encrypted, made): (String, Option<bool>, bool, bool) =
        sqlx::query_as(query).fetch_one(&mut *connection).await?;
    let inspected = if made { Some(look(connection, directory, Kind::Postgres).await?) } else { None };
    Ok(Answering { version, encrypted, may_create: may_create.unwrap_or_default(), inspected })
}

async fn look(connection: &mut AnyConnection, directory: &Path, kind: Kind) -> Result<Inspected, sqlx::Error> {
    let version = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(&mut *connection).await?;
    let setting = "SELECT value FROM settings WHERE name = $1";
    let domain: Option<Vec<u8>> = sqlx::query_scalar(setting).bind("domain").fetch_optional(&mut *connection).await?;
    let known: Option<Vec<u8>> = sqlx::query_scalar(setting).bind("key").fetch_optional(&mut *connection).await?;
    let accounts = sqlx::query_scalar("SELECT count(*) FROM accounts").fetch_one(&mut *connection).await?;
    Ok(Inspected {
        damage: Vec::new(),
        version: (version, kind.newest()),
        domain: String::from_utf8_lossy(&domain.unwrap_or_default()).into_owned(),
        key: key(directory, known),
        accounts,
    })
}

/// Whether the key of a directory is the one that its database knows.
fn key(directory: &Path, known: Option<Vec<u8>>) -> Result<(), KeyError> {
    let path = directory.join(KEY);
    let Some(known) = known else { return Ok(()) };
    ServerKey::read(&path)?.of_database(&known, &path).map(drop)
}
