//! The storage: a database, and the key of the secrets in it. Every room may use it.
//!
//! The database is one SQLite file in the data directory, or PostgreSQL, which several servers share. The key is a file in the
//! data directory in both cases: who has the database alone has no secrets.

pub mod accounts;
pub mod backup;
mod bindings;
pub mod calling;
pub mod contacts;
pub mod conversations;
mod database;
#[cfg(test)]
pub(crate) mod fixture;
pub mod history;
pub mod inspect;
pub mod key;
pub mod ledger;
mod messages;
pub mod offers;
pub mod password;
pub mod policies;
pub mod recordings;
pub mod sound;
pub mod term;
mod transfer;
pub mod url;

pub use database::{Area, Flag, Kind, storable};

use key::{KeyError, ServerKey};
use sqlx::any::Any;
use sqlx::migrate::MigrateError;
use sqlx::{AnyConnection, AnyPool, Connection as _, Transaction};
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use term::Term;
use url::DatabaseUrl;

/// The SIP domain of a data directory that was made without naming one.
pub const DEFAULT_DOMAIN: &str = "tabphone";

const DATABASE: &str = "tabphone.db";
const KEY: &str = "key";
/// How long the database has to answer who asks how it is, and how often it is looked for.
const PATIENCE: Duration = Duration::from_secs(2);
const WATCH: Duration = Duration::from_secs(1);
/// How long a write waits for another process, such as `tabphone user add` beside the server.
const BUSY: Duration = Duration::from_secs(5);

/// The open storage.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    kind: Kind,
    /// Whether the database was there when it was last looked for.
    up: Arc<AtomicBool>,
    domain: Arc<str>,
    key: Arc<ServerKey>,
}

/// The storage cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data directory or a file in it cannot be made.
    #[error("{}: {source}", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The database does not answer, or is damaged.
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// PostgreSQL cannot be reached, or lets nobody in.
    #[error("the database {url} cannot be used: {source}")]
    Unreachable {
        /// Where it is, without a password.
        url: String,
        /// Why.
        source: sqlx::Error,
    },
    /// A newer version of the program used the database.
    #[error(
        "a newer version of Tabphone used this data directory (its database has version {found}, this program knows {known}): \
         run that version or a later one, or restore a backup that was made before"
    )]
    Newer {
        /// Of the database.
        found: i64,
        /// Of this program.
        known: i64,
    },
    /// A migration failed.
    #[error("the database cannot be brought up to date: {0}")]
    Migration(MigrateError),
    /// The key file is missing, damaged, or belongs to another database.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Not a name that can stand on the right of an `@`.
    #[error("{0:?} is not a domain: letters, digits, dots and hyphens, at most 253")]
    InvalidDomain(String),
    /// The domain was chosen when the directory was made.
    #[error("this database belongs to the domain {stored:?}, chosen when it was made; it cannot become {asked:?}")]
    OtherDomain {
        /// The directory's own.
        stored: String,
        /// The one asked for.
        asked: String,
    },
}

impl Store {
    /// Opens the storage in `directory`, with SQLite, making what is missing. `domain` is stored when the directory is
    /// new, and otherwise must be the stored one.
    ///
    /// # Errors
    /// [`StoreError`] says what is in the way.
    pub async fn open(directory: &Path, domain: Option<&str>) -> Result<Self, StoreError> {
        Self::open_at(directory, None, domain).await
    }

    /// As [`Self::open`], with that PostgreSQL database, if one is named. The key stays in `directory`.
    ///
    /// # Errors
    /// [`StoreError`] says what is in the way.
    pub async fn open_at(
        directory: &Path,
        database: Option<&DatabaseUrl>,
        domain: Option<&str>,
    ) -> Result<Self, StoreError> {
        Self::open_for(directory, database, domain, None).await
    }

    /// As [`Self::open_at`], for a leadership: nothing can be asked over its connections once there is a newer one.
    ///
    /// # Errors
    /// [`StoreError`] says what is in the way.
    pub async fn open_for(
        directory: &Path,
        database: Option<&DatabaseUrl>,
        domain: Option<&str>,
        term: Option<Term>,
    ) -> Result<Self, StoreError> {
        let asked = domain.map(parse_domain).transpose()?;
        make_directory(directory)?;
        let (pool, kind) = match database {
            Some(url) => (database::open_postgres(url, term).await?, Kind::Postgres),
            None => (open_file(directory).await?, Kind::Sqlite),
        };
        kind.migrations().run(&pool).await.map_err(|error| not_migrated(kind, error))?;

        let stored = settled(&pool, "domain", asked.as_deref().unwrap_or(DEFAULT_DOMAIN).as_bytes()).await?;
        let stored = String::from_utf8_lossy(&stored).into_owned();
        if let Some(asked) = asked.filter(|asked| *asked != stored) {
            return Err(StoreError::OtherDomain { stored, asked });
        }
        let key = open_key(&pool, &directory.join(KEY)).await?;
        let up = Arc::new(AtomicBool::new(true));
        Ok(Self { pool, kind, up, domain: stored.into(), key: Arc::new(key) })
    }

    /// Which database it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// A transaction that reads: what it reads belongs together, whatever is written meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub async fn read(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        self.kind.read(&self.pool).await
    }

    /// A transaction that reads and then writes in this area: nobody else writes there before it ends.
    ///
    /// # Errors
    /// The database's.
    pub async fn write(&self, area: Area) -> Result<Transaction<'static, Any>, sqlx::Error> {
        self.kind.write(&self.pool, area).await
    }

    /// The connections.
    #[must_use]
    pub const fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// The SIP domain, which is also the digest realm.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What secrets in the database are encrypted with.
    #[must_use]
    pub fn key(&self) -> &ServerKey {
        &self.key
    }

    /// Whether the database answers.
    pub async fn answers(&self) -> bool {
        let question = sqlx::query("SELECT 1 FROM settings LIMIT 1").fetch_optional(&self.pool);
        matches!(tokio::time::timeout(PATIENCE, question).await, Ok(Ok(_)))
    }

    /// Whether the database was there when it was last looked for; [`Self::watch`] looks.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Looks whether PostgreSQL is there, over a connection of its own so that much to do does not look like an outage, and
    /// says in the log when it goes and comes. A file is always there. Runs until dropped.
    pub async fn watch(self) {
        if self.kind == Kind::Sqlite {
            return;
        }
        let (mut tick, mut connection) = (tokio::time::interval(WATCH), None);
        loop {
            tick.tick().await;
            let pulse = tokio::time::timeout(PATIENCE, self.pulse(&mut connection)).await;
            let pulse = pulse.unwrap_or(Err(sqlx::Error::PoolTimedOut));
            let up = pulse.is_ok();
            match (self.up.swap(up, Ordering::Relaxed), pulse) {
                (true, Err(error)) => {
                    tracing::error!(%error, "the database is away; calls go on, and what can wait waits");
                }
                (false, Ok(())) => tracing::info!("the database is back"),
                (true, Ok(())) | (false, Err(_)) => {}
            }
            if !up {
                connection = None;
            }
        }
    }

    async fn pulse(&self, connection: &mut Option<AnyConnection>) -> Result<(), sqlx::Error> {
        let known = match connection.take() {
            Some(known) => known,
            None => AnyConnection::connect_with(&self.pool.connect_options()).await?,
        };
        connection.insert(known).ping().await
    }

    /// Closes the connections; what was written stays.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes the data directory, for its owner only, if it is not there.
///
/// # Errors
/// [`StoreError::Directory`].
pub fn make_directory(directory: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Directory { path: directory.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)
}

/// Opens the SQLite database of this directory, made if there is none.
async fn open_file(directory: &Path) -> Result<AnyPool, StoreError> {
    let database = directory.join(DATABASE);
    // Made here and not by SQLite, which would leave it readable to others; its journals copy the mode. One
    // that exists must not be opened: closing it would drop the locks that SQLite holds on it in this process
    // (POSIX advisory locks), and the next process would take its journal away.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&database) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists => {
            return Err(StoreError::Directory { path: database, source });
        }
        Ok(_) | Err(_) => {}
    }
    database::open_sqlite(directory).await
}

fn not_migrated(kind: Kind, error: MigrateError) -> StoreError {
    let known = kind.newest();
    if let MigrateError::VersionMissing(found) = error
        && found > known
    {
        return StoreError::Newer { found, known };
    }
    StoreError::Migration(error)
}

/// Whether something else has what is to be had once: a unique index says so, or a trigger (SQLITE_CONSTRAINT_TRIGGER; those
/// of PostgreSQL speak as the index does).
fn is_taken(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.is_unique_violation() || error.code().is_some_and(|code| code == "1811")
}

/// A domain in lower case.
fn parse_domain(domain: &str) -> Result<String, StoreError> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if domain.len() <= 253 && domain.split('.').all(label) {
        Ok(domain.to_ascii_lowercase())
    } else {
        Err(StoreError::InvalidDomain(domain.to_owned()))
    }
}

/// The stored value of a setting; `first` when nobody has settled it yet.
async fn settled(pool: &AnyPool, name: &str, first: &[u8]) -> Result<Vec<u8>, sqlx::Error> {
    sqlx::query("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(name)
        .bind(first)
        .execute(pool)
        .await?;
    sqlx::query_scalar("SELECT value FROM settings WHERE name = $1").bind(name).fetch_one(pool).await
}

/// The key of this database: made for a new one, read for one that knows its key already.
async fn open_key(pool: &AnyPool, path: &Path) -> Result<ServerKey, StoreError> {
    let known: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT value FROM settings WHERE name = 'key'").fetch_optional(pool).await?;
    if let Some(known) = known {
        return Ok(ServerKey::read(path)?.of_database(&known, path)?);
    }
    let fresh = !path.exists();
    let key = ServerKey::make(path)?;
    let known = settled(pool, "key", &key.fingerprint()?).await?;
    let found = key.of_database(&known, path);
    if found.is_err() && fresh {
        // Another server was first: its key is to be copied here, and nothing is to be in the way.
        let _ = std::fs::remove_file(path);
    }
    Ok(found?)
}

#[cfg(test)]
#[path = "tests.rs"]
mod postgres_tests;
#[cfg(test)]
mod tests;
