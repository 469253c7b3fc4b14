//! What the exchange writes down: one transaction for all of it.

use super::{Store, bindings, messages};
use crate::ports::{self, Kept, PortError, Record};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteSynchronous;

/// The exchange's tables.
#[derive(Clone)]
pub struct Ledger {
    store: Store,
}

impl Ledger {
    /// Those of this storage.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    async fn load(&self) -> Result<Kept, sqlx::Error> {
        let pool = self.store.pool();
        Ok(Kept {
            bindings: bindings::load(pool).await?,
            calls: bindings::load_calls(pool).await?,
            snapshots: bindings::load_snapshots(pool).await?,
            messages: messages::load(pool).await?,
        })
    }

    async fn save(&self, records: &[Record]) -> Result<Vec<i64>, sqlx::Error> {
        let mut connection = self.store.pool().acquire().await?;
        let precious = records.iter().any(is_precious);
        if precious {
            synchronous(&mut connection, SqliteSynchronous::Full).await?;
        }
        let saved = write(&mut connection, records).await;
        if precious {
            synchronous(&mut connection, SqliteSynchronous::Normal).await?;
        }
        saved
    }
}

#[async_trait]
impl ports::Ledger for Ledger {
    async fn read(&self) -> Result<Kept, PortError> {
        self.load().await.map_err(|error| failed(&error))
    }

    async fn write(&self, records: Vec<Record>) -> Result<Vec<i64>, PortError> {
        self.save(&records).await.map_err(|error| failed(&error))
    }

    async fn message(&self, id: i64) -> Result<Option<Vec<u8>>, PortError> {
        messages::read(self.store.pool(), id).await.map_err(|error| failed(&error))
    }
}

/// What has to survive the machine, not only the process: a message that somebody was told to be stored, and that one
/// was delivered, so that it does not come again.
const fn is_precious(record: &Record) -> bool {
    match record {
        Record::Message { .. } | Record::Removed(_) => true,
        Record::Bindings { .. } | Record::Call { .. } | Record::Snapshot { .. } => false,
    }
}

async fn write(connection: &mut SqliteConnection, records: &[Record]) -> Result<Vec<i64>, sqlx::Error> {
    use sqlx::Connection as _;
    // It writes from its first statement on: nobody else is to write between.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut unknown = Vec::new();
    for record in records {
        match record {
            Record::Bindings { user, saved } => bindings::save(&mut transaction, user, saved.as_ref()).await?,
            Record::Call { number, saved } => {
                bindings::save_call(&mut transaction, *number, saved.as_ref()).await?;
            }
            Record::Snapshot { name, saved } => {
                bindings::save_snapshot(&mut transaction, name, saved.as_ref()).await?;
            }
            Record::Message { envelope, request } => {
                if !messages::save(&mut transaction, envelope, request).await? {
                    unknown.push(envelope.id);
                }
            }
            Record::Removed(id) => messages::remove(&mut transaction, *id).await?,
        }
    }
    transaction.commit().await?;
    Ok(unknown)
}

async fn synchronous(connection: &mut SqliteConnection, how: SqliteSynchronous) -> Result<(), sqlx::Error> {
    let pragma = match how {
        SqliteSynchronous::Full => "PRAGMA synchronous = FULL",
        SqliteSynchronous::Normal | SqliteSynchronous::Off | SqliteSynchronous::Extra => "PRAGMA synchronous = NORMAL",
    };
    sqlx::query(pragma).execute(connection).await.map(drop)
}

fn failed(error: &sqlx::Error) -> PortError {
    tracing::error!(%error, "the exchange's tables do not answer");
    PortError::Storage
}

#[cfg(test)]
mod tests;
