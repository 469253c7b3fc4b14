//! MESSAGEs for who is offline, in the database.

use super::bindings::{signed, unsigned};
use super::storable;
use crate::ports::Envelope;
use sqlx::{AnyConnection, AnyPool, FromRow};

#[derive(FromRow)]
struct Row {
    id: i64,
    extension: String,
    sender: String,
    size: i64,
    expires: i64,
}

/// The envelopes of all, in their order.
pub(super) async fn load(pool: &AnyPool) -> Result<Vec<Envelope>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT messages.id, extension, sender, length(request) AS size, expires
         FROM messages JOIN accounts ON accounts.id = account ORDER BY messages.id",
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Row::envelope).collect())
}

/// One of them; `None` when it is not there.
pub(super) async fn read(pool: &AnyPool, id: i64) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar("SELECT request FROM messages WHERE id = $1").bind(id).fetch_optional(pool).await
}

/// Writes one, or says that its recipient has no account.
pub(super) async fn save(
    connection: &mut AnyConnection,
    envelope: &Envelope,
    request: &[u8],
) -> Result<bool, sqlx::Error> {
    let written = sqlx::query(
        "INSERT INTO messages (id, account, sender, request, expires)
         SELECT $1, id, $3, $4, $5 FROM accounts WHERE extension = $2",
    )
    .bind(envelope.id)
    .bind(storable(&envelope.to))
    .bind(storable(&envelope.from))
    .bind(request)
    .bind(signed(envelope.expires))
    .execute(connection)
    .await?;
    Ok(written.rows_affected() > 0)
}

/// Removes one, if it is there.
pub(super) async fn remove(connection: &mut AnyConnection, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM messages WHERE id = $1").bind(id).execute(connection).await.map(drop)
}

impl Row {
    fn envelope(self) -> Envelope {
        let Self { id, extension, sender, size, expires } = self;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        Envelope { id, to: extension, from: sender, size, expires: unsigned(expires) }
    }
}
