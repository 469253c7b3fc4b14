//! Accounts whose passwords the company's PBX knows. They are made at the first login, and never twice.

use super::{AccountError, Accounts, NOTHING, folded, is_extension, now, taken};
use crate::ports::SignedIn;
use crate::store::Flag;

impl Accounts {
    /// The account of whoever has just proven to the PBX of this name to be this extension of it; `None` when it is disabled.
    /// A new one is called by its extension.
    ///
    /// # Errors
    /// [`AccountError::Taken`] when the extension is an account of this server, of another PBX, or a group.
    pub async fn guest(&self, pbx: &str, extension: &str) -> Result<Option<SignedIn>, AccountError> {
        if !is_extension(extension) {
            return Err(AccountError::Extension);
        }
        // Twice, as somebody else may make it in between.
        for _ in 0..2 {
            if let Some((enabled, person)) = self.known_guest(pbx, extension).await? {
                return Ok(enabled.then_some(person));
            }
            let inserted = sqlx::query(
                "INSERT INTO accounts (extension, name, password_hash, ha1_nonce, ha1, created, pbx)
                 VALUES ($1, $1, '', $2, $2, $3, $4)",
            );
            let inserted = inserted.bind(extension).bind(NOTHING).bind(now()).bind(pbx);
            match inserted.execute(self.store.pool()).await.map_err(|error| taken(error, extension)) {
                Ok(_) => tracing::info!(extension, pbx, "made an account for an extension of the PBX"),
                Err(AccountError::Taken(_)) => {}
                Err(other) => return Err(other),
            }
        }
        Err(AccountError::Taken(extension.to_owned()))
    }

    async fn known_guest(&self, pbx: &str, extension: &str) -> Result<Option<(bool, SignedIn)>, AccountError> {
        let query = "SELECT id, extension, name, enabled FROM accounts
                     WHERE lower(extension) = $1 AND pbx = $2 ORDER BY CASE WHEN extension = $3 THEN 0 ELSE 1 END LIMIT 1";
        let found: Option<(i64, String, String, Flag)> = sqlx::query_as(query)
            .bind(folded(extension))
            .bind(pbx)
            .bind(extension)
            .fetch_optional(self.store.pool())
            .await?;
        Ok(found.map(|(account, extension, name, enabled)| (enabled.is_set(), SignedIn { account, extension, name })))
    }
}
