//! The lock in PostgreSQL, on a connection of its own: who has it leads.
//!
//! It is an advisory lock of the session, so it is free the moment the process is gone; and the session ends by itself
//! when nothing was asked over it for [`FREED`] (`idle_session_timeout`), so that it is free as well when the machine
//! vanished, the network broke, or the process stands still.

use super::election::{Epoch, FREED, HOLD, Leader};
use crate::fence;
use crate::store::term::{CONNECTIONS, Term};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How often those who do not lead look who does, and whether they could.
pub(super) const LOOK: Duration = Duration::from_millis(150);
/// How often who leads asks the database.
pub(super) const BEAT: Duration = Duration::from_secs(1);
/// How long the connections of an older leader have to end.
const EXPEL: Duration = Duration::from_secs(2);
/// The one row, which [`Term`] reads, too. Not a part of the migrations: it is needed before anybody may migrate.
const TABLE: &str = "CREATE TABLE IF NOT EXISTS tabphone_cluster (
    id SMALLINT PRIMARY KEY CHECK (id = 1),
    epoch BIGINT NOT NULL,
    address TEXT,
    fingerprint BYTEA NOT NULL,
    token TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL DEFAULT now()
)";
/// Two systems in one database have a schema each.
const KEY: &str = "hashtextextended('tabphone ' || current_schema(), 0)";

/// The lock cannot be asked for.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// PostgreSQL says no, or nothing.
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// It takes too long.
    #[error("the database does not answer in time")]
    Silent,
    /// An old PostgreSQL.
    #[error("PostgreSQL 14 or a newer one is needed; this one is of version {0}")]
    Old(i32),
    /// What an older leader has open stays open.
    #[error("the connections of the server that led before do not end")]
    Haunted,
}

/// What others are told of this server when it leads.
#[derive(Clone, Debug)]
pub(super) struct Card {
    pub(super) address: Option<String>,
    pub(super) fingerprint: Vec<u8>,
    pub(super) token: String,
}

/// A connection that may have the lock.
pub(super) struct Lock(PgConnection);

impl Lock {
    /// Connects, and makes the table if it is not there.
    pub(super) async fn connect(database: &PgConnectOptions) -> Result<Self, LockError> {
        soon(async {
            let options = database.clone().application_name("tabphone election").disable_statement_logging();
            let mut connection = options.connect().await?;
            let version: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::INT4")
                .fetch_one(&mut connection)
                .await?;
            if version < 140_000 {
                return Err(LockError::Old(version / 10_000));
            }
            let patience = format!("SET idle_session_timeout = {}", FREED.as_millis());
            sqlx::query(&patience).execute(&mut connection).await?;
            let there: Option<String> =
                sqlx::query_scalar("SELECT to_regclass('tabphone_cluster')::TEXT").fetch_one(&mut connection).await?;
            if there.is_none() {
                sqlx::query(TABLE).execute(&mut connection).await?;
            }
            Ok(Self(connection))
        })
        .await
    }

    /// Who leads; and if the lock is wanted and free, it is ours from now on.
    pub(super) async fn look(&mut self, wanted: bool) -> Result<(bool, Option<Leader>), LockError> {
        let query = format!(
            "SELECT CASE WHEN $1 THEN pg_try_advisory_lock({KEY}) ELSE FALSE END AS won,
                    epoch, address, fingerprint, token
             FROM (SELECT 1) AS one LEFT JOIN tabphone_cluster ON TRUE"
        );
        soon(async {
            let row = sqlx::query(&query).bind(wanted).fetch_one(&mut self.0).await?;
            let epoch: Option<Epoch> = row.try_get("epoch")?;
            let Some(epoch) = epoch else { return Ok((row.try_get("won")?, None)) };
            let leader = Leader {
                epoch,
                address: row.try_get("address")?,
                fingerprint: row.try_get("fingerprint")?,
                token: row.try_get("token")?,
            };
            Ok((row.try_get("won")?, Some(leader)))
        })
        .await
    }

    /// Begins an epoch, and ends what leaders before it have open in the database. Who has the lock alone may do so.
    pub(super) async fn claim(&mut self, card: &Card) -> Result<(Epoch, Duration), LockError> {
        let claim = "INSERT INTO tabphone_cluster (id, epoch, address, fingerprint, token) VALUES (1, 1, $1, $2, $3)
            ON CONFLICT (id) DO UPDATE SET epoch = tabphone_cluster.epoch + 1, address = excluded.address,
                fingerprint = excluded.fingerprint, token = excluded.token, since = now()
            RETURNING epoch";
        let epoch = soon(async {
            let claimed = sqlx::query_scalar(claim).bind(&card.address).bind(&card.fingerprint).bind(&card.token);
            Ok(claimed.fetch_one(&mut self.0).await?)
        })
        .await?;
        let patience = Instant::now() + EXPEL;
        loop {
            let asked = fence::now();
            // Whoever connects after this finds another epoch than its own.
            let expel = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE $1 || '%' AND application_name <> $2";
            let left: i64 = soon(async {
                Ok(sqlx::query_scalar(expel).bind(CONNECTIONS).bind(Term(epoch).name()).fetch_one(&mut self.0).await?)
            })
            .await?;
            if left == 0 {
                return Ok((epoch, asked));
            }
            if Instant::now() > patience {
                return Err(LockError::Haunted);
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// The epoch, which also says that we are there.
    pub(super) async fn beat(&mut self) -> Result<Epoch, LockError> {
        let epoch = "SELECT epoch FROM tabphone_cluster";
        soon(async { Ok(sqlx::query_scalar(epoch).fetch_one(&mut self.0).await?) }).await
    }

    /// Says that nobody leads, and gives the lock back.
    pub(super) async fn resign(mut self, epoch: Epoch) -> Result<(), LockError> {
        soon(async {
            let resign = "UPDATE tabphone_cluster SET address = NULL, token = '' WHERE epoch = $1";
            sqlx::query(resign).bind(epoch).execute(&mut self.0).await?;
            self.0.close().await?;
            Ok(())
        })
        .await
    }
}

/// No answer is as good as none when the lock could be another's by then.
async fn soon<T>(asked: impl Future<Output = Result<T, LockError>>) -> Result<T, LockError> {
    timeout(HOLD, asked).await.map_err(|_| LockError::Silent)?
}
