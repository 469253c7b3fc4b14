//! A copy of the database while others write into it.

use super::{BUSY, DATABASE, KEY};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
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
    /// The copy cannot be made.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database does not answer.
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

/// The files of a data directory that make a backup, beside the recordings: the database, and the key that it is useless
/// without.
pub const FILES: [&str; 2] = [DATABASE, KEY];

/// Copies the database of `directory` to `copy`, as it is at one moment, and readable to the owner only. It is not brought
/// up to date: a server of another version may be using it.
///
/// # Errors
/// [`CopyError`].
pub async fn copy_database(directory: &Path, copy: &Path) -> Result<(), CopyError> {
    let database = directory.join(DATABASE);
    if !database.is_file() {
        return Err(CopyError::Missing(directory.to_owned()));
    }
    let failed = |source| CopyError::File { path: copy.to_owned(), source };
    // SQLite fills an empty file, and would leave one that it makes readable to others.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(copy).map_err(failed)?;
    let options = SqliteConnectOptions::new().filename(&database).create_if_missing(false).busy_timeout(BUSY);
    let mut connection = options.connect().await?;
    let copied = sqlx::query("VACUUM INTO ?").bind(copy.to_string_lossy().into_owned()).execute(&mut connection).await;
    connection.close().await?;
    copied?;
    Ok(())
}
