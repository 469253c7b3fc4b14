//! The storage: one SQLite file and one key file in the data directory. Every room may use it.

pub mod accounts;
pub mod backup;
mod bindings;
pub mod calling;
pub mod conversations;
pub mod history;
pub mod inspect;
pub mod key;
pub mod ledger;
mod messages;
pub mod password;
pub mod policies;
pub mod recordings;
pub mod sound;

use key::{KeyError, ServerKey};
use sqlx::SqlitePool;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The SIP domain of a data directory that was made without naming one.
pub const DEFAULT_DOMAIN: &str = "tabphone";

const DATABASE: &str = "tabphone.db";
const KEY: &str = "key";
/// How long a write waits for another process, such as `tabphone user add` beside the server.
const BUSY: Duration = Duration::from_secs(5);
const CONNECTIONS: u32 = 6;
/// What this program knows of how a database looks.
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The open storage.
#[derive(Clone)]
pub struct Store {
    pool: SqlitePool,
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
    #[error(
        "this data directory belongs to the domain {stored:?}, chosen when it was made; it cannot become {asked:?}"
    )]
    OtherDomain {
        /// The directory's own.
        stored: String,
        /// The one asked for.
        asked: String,
    },
}

impl Store {
    /// Opens the storage in `directory`, making what is missing. `domain` is stored when the directory is
    /// new, and otherwise must be the stored one.
    ///
    /// # Errors
    /// [`StoreError`] says what is in the way.
    pub async fn open(directory: &Path, domain: Option<&str>) -> Result<Self, StoreError> {
        let asked = domain.map(parse_domain).transpose()?;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Directory { path, source }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed(directory))?;
        let database = directory.join(DATABASE);
        // Made here and not by SQLite, which would leave it readable to others; its journals copy the mode. One
        // that exists must not be opened: closing it would drop the locks that SQLite holds on it in this process
        // (POSIX advisory locks), and the next process would take its journal away.
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&database) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(&database)(error)),
            Ok(_) | Err(_) => {}
        }

        let options = SqliteConnectOptions::new()
            .filename(&database)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY);
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
        MIGRATIONS.run(&pool).await.map_err(not_migrated)?;

        let stored = settled(&pool, "domain", asked.as_deref().unwrap_or(DEFAULT_DOMAIN).as_bytes()).await?;
        let stored = String::from_utf8_lossy(&stored).into_owned();
        if let Some(asked) = asked.filter(|asked| *asked != stored) {
            return Err(StoreError::OtherDomain { stored, asked });
        }
        let key = open_key(&pool, &directory.join(KEY)).await?;
        Ok(Self { pool, domain: stored.into(), key: Arc::new(key) })
    }

    /// The connections.
    #[must_use]
    pub const fn pool(&self) -> &SqlitePool {
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

    /// Closes the connections; what was written stays.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// The newest version of a database that this program knows.
fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

fn not_migrated(error: MigrateError) -> StoreError {
    let known = newest();
    if let MigrateError::VersionMissing(found) = error
        && found > known
    {
        return StoreError::Newer { found, known };
    }
    StoreError::Migration(error)
}

/// Whether a trigger refused it (SQLITE_CONSTRAINT_TRIGGER).
fn is_trigger(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().is_some_and(|code| code == "1811")
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
async fn settled(pool: &SqlitePool, name: &str, first: &[u8]) -> Result<Vec<u8>, sqlx::Error> {
    sqlx::query("INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .bind(name)
        .bind(first)
        .execute(pool)
        .await?;
    sqlx::query_scalar("SELECT value FROM settings WHERE name = ?").bind(name).fetch_one(pool).await
}

/// The key of this database: made for a new one, read for one that knows its key already.
async fn open_key(pool: &SqlitePool, path: &Path) -> Result<ServerKey, StoreError> {
    let known: Option<Vec<u8>> =
        sqlx::query_scalar("SELECT value FROM settings WHERE name = 'key'").fetch_optional(pool).await?;
    if let Some(known) = known {
        let key = ServerKey::read(path)?;
        return if key.recognizes(&known) { Ok(key) } else { Err(KeyError::Other(path.to_owned()).into()) };
    }
    let key = ServerKey::make(path)?;
    let known = settled(pool, "key", &key.fingerprint()?).await?;
    if key.recognizes(&known) { Ok(key) } else { Err(KeyError::Other(path.to_owned()).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn only_the_owner_can_read_the_data_directory() {
        let directory = tempfile::tempdir().unwrap().path().join("data");
        let store = Store::open(&directory, None).await.unwrap();
        assert_eq!(mode(&directory), 0o700);
        for file in std::fs::read_dir(&directory).unwrap() {
            let path = file.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
        store.close().await;
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[tokio::test]
    async fn the_domain_is_chosen_once() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Store::open(directory.path(), Some("Example.COM")).await.unwrap().domain(), "example.com");
        assert_eq!(Store::open(directory.path(), None).await.unwrap().domain(), "example.com");
        let other = Store::open(directory.path(), Some("example.net")).await;
        assert!(matches!(other, Err(StoreError::OtherDomain { .. })));
    }

    #[tokio::test]
    async fn a_newer_database_is_left_alone_and_said_to_be_one() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), None).await.unwrap();
        let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     VALUES (9999, 'later', TRUE, x'00', 0)";
        sqlx::query(later).execute(store.pool()).await.unwrap();
        store.close().await;
        let Err(error) = Store::open(directory.path(), None).await else { panic!("it was opened") };
        assert!(matches!(&error, StoreError::Newer { found: 9999, .. }), "{error:?}");
        assert!(error.to_string().starts_with("a newer version of Tabphone used this data directory"), "{error}");
    }

    /// Every version that there was is brought up to date, with what is in it.
    #[tokio::test]
    async fn an_older_database_is_brought_up_to_date() {
        for version in MIGRATIONS.iter().map(|migration| migration.version) {
            let directory = tempfile::tempdir().unwrap();
            let database = directory.path().join(DATABASE);
            let options = SqliteConnectOptions::new().filename(&database).create_if_missing(true);
            let pool = SqlitePool::connect_with(options).await.unwrap();
            let older = MIGRATIONS.iter().filter(|migration| migration.version <= version).cloned().collect();
            Migrator { migrations: older, ..Migrator::DEFAULT }.run(&pool).await.unwrap();
            let account = "INSERT INTO accounts (extension, name, password_hash, ha1_nonce, ha1, created)
                           VALUES ('1001', 'Alice', '', x'', x'', 0)";
            sqlx::query(account).execute(&pool).await.unwrap();
            pool.close().await;
            let store = Store::open(directory.path(), None).await.unwrap();
            let name: String = sqlx::query_scalar("SELECT name FROM accounts").fetch_one(store.pool()).await.unwrap();
            assert_eq!(name, "Alice", "from version {version}");
        }
    }

    #[tokio::test]
    async fn a_lost_key_is_not_replaced_in_silence() {
        let directory = tempfile::tempdir().unwrap();
        Store::open(directory.path(), None).await.unwrap().close().await;
        std::fs::remove_file(directory.path().join(KEY)).unwrap();
        assert!(matches!(Store::open(directory.path(), None).await, Err(StoreError::Key(_))));
        std::fs::write(directory.path().join(KEY), [7; 32]).unwrap();
        assert!(matches!(Store::open(directory.path(), None).await, Err(StoreError::Key(KeyError::Other(_)))));
    }

    #[test]
    fn a_domain_is_a_host_name() {
        for domain in ["tabphone", "pbx.example.com", "a-b.c1"] {
            assert!(parse_domain(domain).is_ok(), "{domain}");
        }
        for domain in ["", ".", "a..b", "-a", "a b", "a@b", "a:5060", "ü.example"] {
            assert!(parse_domain(domain).is_err(), "{domain}");
        }
    }
}
