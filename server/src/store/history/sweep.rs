//! What of the history is not to be kept.

use super::{History, whole};
use crate::clock;
use crate::ports::AccountId;
use sqlx::AnyConnection;

/// Every so many rows it is looked whether an account has too many: counting them for each would cost more than writing it.
const EVERY: i64 = 32;
/// How long a removed row is remembered, in milliseconds: whoever reports a call does so within a page's life.
const REMEMBERED: u64 = 30 * 86_400_000;

impl History {
    /// Removes the oldest rows of an account that has too many, now and then; `id` is that of the row that was just written.
    pub(super) async fn trim(
        &self,
        connection: &mut AnyConnection,
        account: AccountId,
        id: i64,
    ) -> Result<(), sqlx::Error> {
        if id % EVERY != 0 {
            return Ok(());
        }
        let query = "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE account = $1 AND removed = 0
                     ORDER BY begun DESC, id DESC LIMIT $3 OFFSET $2)";
        sqlx::query(query).bind(account).bind(self.most).bind(i64::MAX).execute(&mut *connection).await?;
        let before = whole(clock::now().saturating_sub(REMEMBERED));
        let query = "DELETE FROM history WHERE removed = 1 AND begun < $1";
        sqlx::query(query).bind(before).execute(connection).await.map(drop)
    }
}
