//! The database itself: SQLite in one file, or PostgreSQL, behind one pool.
//!
//! Statements are written for both: `$1` for what is bound, integers as `i64`, 0 and 1 for what is true or not ([`Flag`]),
//! `ON CONFLICT` and `RETURNING`, and nothing that only one of them knows. sqlx's driver for any database brings them there.
//! What differs stands here: how connections are opened, how one writer at a time is had, and what the migrations are.

use super::term::Term;
use super::url::DatabaseUrl;
use super::{BUSY, DATABASE, StoreError};
use sqlx::any::{Any, AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AnyConnection, AnyPool, ConnectOptions as _, Connection as _, Transaction};
use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

/// What this program knows of how a database looks. A change has the same number in both folders.
pub(super) static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
/// The same for PostgreSQL; what was before the first one there is in it.
pub(super) static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How many connections there are: SQLite writes one at a time anyway, PostgreSQL is at the other end of a network.
const SQLITE_CONNECTIONS: u32 = 6;
const POSTGRES_CONNECTIONS: u32 = 12;
/// How long a connection to PostgreSQL is waited for: what asks has its own patience, and should be told.
const PATIENCE: Duration = Duration::from_secs(5);
/// How a transaction of SQLite begins that writes: nobody changes what it reads before.
pub(super) const WRITE: &str = "BEGIN IMMEDIATE";
/// The class of this program's advisory locks in PostgreSQL.
const LOCKS: i32 = 0x7ab1;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file in the data directory.
    Sqlite,
    /// A server of its own.
    Postgres,
}

/// What is read and then written by one at a time, whichever process it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Rules and groups.
    Calling,
    /// What is set about media.
    Media,
    /// The history of calls.
    History,
    /// Who is signed in.
    Sessions,
    /// What the exchange writes down.
    Ledger,
    /// Contacts.
    Contacts,
    /// What people write to each other.
    Messages,
}

/// A column that is 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct Flag(i64);

/// A text in the form in which it can be kept, or looked for: PostgreSQL knows no NUL in texts. Whatever comes off the wire and
/// was not parsed into something narrower goes through this on its way to the database.
#[must_use]
pub fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

impl Flag {
    /// Whether it is 1.
    #[must_use]
    pub const fn is_set(self) -> bool {
        self.0 != 0
    }
}

impl From<bool> for Flag {
    fn from(set: bool) -> Self {
        Self(set.into())
    }
}

impl Kind {
    /// The migrations of this kind.
    pub(super) fn migrations(self) -> &'static Migrator {
        match self {
            Self::Sqlite => &SQLITE,
            Self::Postgres => &POSTGRES,
        }
    }

    /// The newest version of a database that this program knows.
    pub(super) fn newest(self) -> i64 {
        self.migrations().iter().map(|migration| migration.version).max().unwrap_or_default()
    }

    /// A transaction in which several statements see one state.
    pub(super) async fn read(self, pool: &AnyPool) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self {
            Self::Sqlite => pool.begin().await,
            Self::Postgres => pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await,
        }
    }

    /// A transaction that reads and writes in this area: nobody else writes there until it ends.
    pub(super) async fn write(self, pool: &AnyPool, area: Area) -> Result<Transaction<'static, Any>, sqlx::Error> {
        match self {
            // Whatever the area, there is one writer.
            Self::Sqlite => pool.begin_with(WRITE).await,
            Self::Postgres => {
                let mut transaction = pool.begin().await?;
                lock(&mut transaction, area).await?;
                Ok(transaction)
            }
        }
    }
}

/// Waits until nobody else writes in this area; until the transaction ends.
async fn lock(connection: &mut AnyConnection, area: Area) -> Result<(), sqlx::Error> {
    let number = match area {
        Area::Calling => 1,
        Area::Media => 2,
        Area::History => 3,
        Area::Sessions => 4,
        Area::Ledger => 5,
        Area::Contacts => 6,
        Area::Messages => 7,
    };
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1, $2)").bind(LOCKS).bind(number);
    lock.execute(connection).await.map(drop)
}

/// Opens the SQLite database of this directory, where the file is already, and says what is wrong with it.
pub(super) async fn open_sqlite(directory: &Path) -> Result<AnyPool, StoreError> {
    install_default_drivers();
    let database = directory.join(DATABASE);
    let options = SqliteConnectOptions::new()
        .filename(&database)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY);
    // The pool would try again and again to open what cannot be opened. That the journal is written ahead stays in the file.
    options.connect().await?.close().await?;
    let options = AnyPoolOptions::new().max_connections(SQLITE_CONNECTIONS).after_connect(|connection, _| {
        // Foreign keys are on, and a lock is waited for as long, by sqlx's own default.
        Box::pin(async move { sqlx::query("PRAGMA synchronous = NORMAL").execute(connection).await.map(drop) })
    });
    Ok(options.connect_with(AnyConnectOptions::from_str(&sqlite_url(&database))?).await?)
}

/// One connection to an SQLite database, in a file that is there.
pub(super) async fn connect_file(file: &Path) -> Result<AnyConnection, sqlx::Error> {
    install_default_drivers();
    AnyConnection::connect_with(&AnyConnectOptions::from_str(&sqlite_url(file))?).await
}

/// Opens a PostgreSQL database, for a leadership if there is one.
pub(super) async fn open_postgres(url: &DatabaseUrl, term: Option<Term>) -> Result<AnyPool, StoreError> {
    install_default_drivers();
    let unreachable = |source| StoreError::Unreachable { url: url.to_string(), source };
    url.options().connect().await.map_err(unreachable)?.close().await.map_err(unreachable)?;
    let options = AnyPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(PATIENCE);
    let options = match term {
        Some(term) => options.after_connect(move |connection, _| Box::pin(term.enlist(connection))),
        None => options,
    };
    options.connect_with(url.any().clone()).await.map_err(unreachable)
}

/// The address of a file: every byte is escaped that could be read as something else.
fn sqlite_url(file: &Path) -> String {
    let mut url = "sqlite:".to_owned();
    for byte in file.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() {
            url.push(char::from(*byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url
}
