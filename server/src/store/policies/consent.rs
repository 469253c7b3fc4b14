//! Who agreed that calls to them are answered by themselves: what an administrator allows is not enough to open a microphone.

use super::Policies;
use crate::ports::AccountId;

impl Policies {
    /// Whether this person agreed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn consents(&self, account: AccountId) -> Result<bool, sqlx::Error> {
        let query = "SELECT account FROM auto_answer_consents WHERE account = $1";
        Ok(sqlx::query(query).bind(account).fetch_optional(self.store.pool()).await?.is_some())
    }

    /// This person agrees, or does not any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn consent(&self, account: AccountId, agrees: bool) -> Result<(), sqlx::Error> {
        let query = if agrees {
            "INSERT INTO auto_answer_consents (account) VALUES ($1) ON CONFLICT DO NOTHING"
        } else {
            "DELETE FROM auto_answer_consents WHERE account = $1"
        };
        sqlx::query(query).bind(account).execute(self.store.pool()).await?;
        Ok(())
    }
}
