//! A copy of the database while others write into it, and back: always an SQLite file, whatever the database is.

use super::database::{SQLITE, connect_file, open_postgres};
use super::transfer::transfer;
use super::url::DatabaseUrl;
use super::{BUSY, DATABASE, KEY, Kind, StoreError, not_migrated};
use sqlx::any::install_default_drivers;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyConnection, ConnectOptions as _, Connection as _};
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The database cannot be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// There is none.
    #[error("there is no database in {}", .0.display())]
    Missing(PathBuf),
    /// Something is stored there.
    #[error("the database {0} is in use already: name an empty one, nothing is overwritten")]
    Occupied(String),
    /// It has another version than this program knows.
    #[error(
        "the database has version {found}, and this program knows {known}: use the program that the server runs, or start this one first"
    )]
    Version {
        /// Of the database.
        found: i64,
        /// Of this program.
        known: i64,
    },
    /// The copy cannot be made.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database does not answer.
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

/// The files of a data directory that make a backup, beside the recordings: the database, and the key that it is useless
/// without.
pub const FILES: [&str; 2] = [DATABASE, KEY];

/// Copies the database of `directory`, or that PostgreSQL database, to the file `copy`, as it is at one moment, and readable to
/// the owner only. An SQLite file is not brought up to date: a server of another version may be using it.
///
/// # Errors
/// [`CopyError`].
pub async fn copy_database(directory: &Path, database: Option<&DatabaseUrl>, copy: &Path) -> Result<(), CopyError> {
    let file = directory.join(DATABASE);
    if database.is_none() && !file.is_file() {
        return Err(CopyError::Missing(directory.to_owned()));
    }
    let failed = |source| CopyError::File { path: copy.to_owned(), source };
    // SQLite fills an empty file, and would leave one that it makes readable to others.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(copy).map_err(failed)?;
    match database {
        Some(url) => copy_out(url, copy).await,
        None => copy_file(&file, copy).await,
    }
}

async fn copy_file(database: &Path, copy: &Path) -> Result<(), CopyError> {
    let options = SqliteConnectOptions::new().filename(database).create_if_missing(false).busy_timeout(BUSY);
    let mut connection = options.connect().await?;
    let copied = sqlx::query("VACUUM INTO $1").bind(copy.to_string_lossy().into_owned()).execute(&mut connection).await;
    connection.close().await?;
    copied?;
    Ok(())
}

async fn copy_out(url: &DatabaseUrl, copy: &Path) -> Result<(), CopyError> {
    install_default_drivers();
    let pool = open_postgres(url, None).await?;
    let mut from = Kind::Postgres.read(&pool).await?;
    let version = "SELECT max(version) FROM _sqlx_migrations";
    let found: i64 = sqlx::query_scalar(version).fetch_one(&mut *from).await?;
    let known = Kind::Postgres.newest();
    if found != known {
        return Err(CopyError::Version { found, known });
    }
    let mut file = connect_file(copy).await?;
    SQLITE.run(&mut file).await.map_err(|error| not_migrated(Kind::Sqlite, error))?;
    let mut to = file.begin().await?;
    transfer(&mut from, &mut to, (Kind::Postgres, Kind::Sqlite)).await?;
    to.commit().await?;
    file.close().await?;
    from.rollback().await?;
    pool.close().await;
    Ok(())
}

/// Copies the SQLite database in `directory`, which is of this version, into an empty PostgreSQL database, all or nothing.
///
/// # Errors
/// [`CopyError`].
pub async fn fill(url: &DatabaseUrl, directory: &Path) -> Result<(), CopyError> {
    install_default_drivers();
    let pool = open_postgres(url, None).await?;
    Kind::Postgres.migrations().run(&pool).await.map_err(|error| not_migrated(Kind::Postgres, error))?;
    let mut from = connect_file(&directory.join(DATABASE)).await?;
    let mut to = pool.begin().await?;
    // A server that starts meanwhile waits, and then finds what was restored.
    sqlx::query("LOCK TABLE settings IN ACCESS EXCLUSIVE MODE").execute(&mut *to).await?;
    if !is_empty(&mut to).await? {
        return Err(CopyError::Occupied(url.to_string()));
    }
    transfer(&mut from, &mut to, (Kind::Sqlite, Kind::Postgres)).await?;
    to.commit().await?;
    from.close().await?;
    pool.close().await;
    Ok(())
}

async fn is_empty(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let query = "SELECT (SELECT count(*) FROM settings) + (SELECT count(*) FROM accounts)";
    let rows: i64 = sqlx::query_scalar(query).fetch_one(connection).await?;
    Ok(rows == 0)
}
