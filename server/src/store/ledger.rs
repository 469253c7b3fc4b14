//! What the exchange writes down: one transaction for all of it.

use super::conversations::{self, Conversations};
use super::{Store, bindings, messages};
use crate::ports::{self, AccountId, Kept, PortError, Record};
use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteSynchronous;

/// The exchange's tables.
#[derive(Clone)]
pub struct Ledger {
    store: Store,
    /// Who is told of messages that are kept for phones that are off.
    conversations: Option<Conversations>,
}

impl Ledger {
    /// Those of this storage.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store, conversations: None }
    }

    /// The same, whose messages are in these conversations while they wait, too.
    #[must_use]
    pub fn noting(self, conversations: Conversations) -> Self {
        Self { conversations: Some(conversations), ..self }
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
        let noted = self.conversations.as_ref().map(|_| self.store.domain());
        let saved = write(&mut connection, records, noted).await;
        if precious {
            synchronous(&mut connection, SqliteSynchronous::Normal).await?;
        }
        let (unknown, accounts) = saved?;
        if let Some(conversations) = &self.conversations {
            accounts.into_iter().for_each(|account| conversations.changed(account));
        }
        Ok(unknown)
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

/// The messages whose recipients have no account, and the accounts in whose conversations there is something new; there is
/// nothing without a domain.
async fn write(
    connection: &mut SqliteConnection,
    records: &[Record],
    domain: Option<&str>,
) -> Result<(Vec<i64>, Vec<AccountId>), sqlx::Error> {
    use sqlx::Connection as _;
    // It writes from its first statement on: nobody else is to write between.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let (mut unknown, mut accounts) = (Vec::new(), Vec::new());
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
                } else if let Some(domain) = domain {
                    accounts.extend(conversations::note(&mut transaction, domain, &envelope.to, request).await?);
                }
            }
            Record::Removed(id) => messages::remove(&mut transaction, *id).await?,
        }
    }
    transaction.commit().await?;
    Ok((unknown, accounts))
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
