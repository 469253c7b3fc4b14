//! What the exchange writes down: one transaction for all of it.

use super::conversations::{self, Conversations};
use super::database::WRITE;
use super::{Area, Kind, Store, bindings, messages};
use crate::ports::{self, AccountId, Kept, PortError, Record};
use async_trait::async_trait;
use sqlx::{AnyConnection, Connection as _};

/// The exchange's tables.
#[derive(Clone)]
pub struct Ledger {
    store: Store,
    /// Who is told of messages that are kept for phones that are off.
    conversations: Option<Conversations>,
}

/// What was written: the messages whose recipients have no account, and the accounts in whose conversations there is something
/// new.
type Written = (Vec<i64>, Vec<AccountId>);

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
        let precious = records.iter().any(is_precious);
        let (unknown, accounts) = match self.store.kind() {
            Kind::Sqlite => self.save_in_file(records, precious).await?,
            Kind::Postgres => self.save_in_postgres(records, precious).await?,
        };
        if let Some(conversations) = &self.conversations {
            accounts.into_iter().for_each(|account| conversations.changed(account));
        }
        Ok(unknown)
    }

    /// The domain that messages are noted by in conversations, if they are.
    fn noted(&self) -> Option<&str> {
        self.conversations.as_ref().map(|_| self.store.domain())
    }

    /// How safe a connection writes is said outside of transactions.
    async fn save_in_file(&self, records: &[Record], precious: bool) -> Result<Written, sqlx::Error> {
        let mut connection = self.store.pool().acquire().await?;
        if precious {
            sqlx::query("PRAGMA synchronous = FULL").execute(&mut *connection).await?;
        }
        let saved = async {
            let mut transaction = connection.begin_with(WRITE).await?;
            let written = write(&mut transaction, records, self.noted()).await?;
            transaction.commit().await?;
            Ok(written)
        };
        let saved = saved.await;
        if precious {
            sqlx::query("PRAGMA synchronous = NORMAL").execute(&mut *connection).await?;
        }
        saved
    }

    /// It is said of each transaction.
    async fn save_in_postgres(&self, records: &[Record], precious: bool) -> Result<Written, sqlx::Error> {
        let mut transaction = self.store.write(Area::Ledger).await?;
        if !precious {
            sqlx::query("SET LOCAL synchronous_commit = off").execute(&mut *transaction).await?;
        }
        let written = write(&mut transaction, records, self.noted()).await?;
        transaction.commit().await?;
        Ok(written)
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

/// Writes all of it. In conversations nothing is noted without a domain.
async fn write(
    connection: &mut AnyConnection,
    records: &[Record],
    domain: Option<&str>,
) -> Result<Written, sqlx::Error> {
    let (mut unknown, mut accounts) = (Vec::new(), Vec::new());
    for record in records {
        match record {
            Record::Bindings { user, saved } => bindings::save(connection, user, saved.as_ref()).await?,
            Record::Call { number, saved } => bindings::save_call(connection, *number, saved.as_ref()).await?,
            Record::Snapshot { name, saved } => bindings::save_snapshot(connection, name, saved.as_ref()).await?,
            Record::Message { envelope, request } => {
                if !messages::save(connection, envelope, request).await? {
                    unknown.push(envelope.id);
                } else if let Some(domain) = domain {
                    accounts.extend(conversations::note(connection, domain, &envelope.to, request).await?);
                }
            }
            Record::Removed(id) => messages::remove(connection, *id).await?,
        }
    }
    Ok((unknown, accounts))
}

fn failed(error: &sqlx::Error) -> PortError {
    tracing::error!(%error, "the exchange's tables do not answer");
    PortError::Storage
}

#[cfg(test)]
#[path = "ledger/tests.rs"]
mod postgres_tests;
#[cfg(test)]
mod tests;
