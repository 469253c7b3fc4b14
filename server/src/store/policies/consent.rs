//! Who agreed that calls to them are answered by themselves: what an administrator allows is not enough to open a microphone.

use super::Policies;
use crate::ports::AccountId;

impl Policies {
    /// Whether this person agreed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn consents(&self, account: AccountId) -> Result<bool, sqlx::Error> {
        let query = "SELECT EXISTS (SELECT 1 FROM auto_answer_consents WHERE account = ?)";
        sqlx::query_scalar(query).bind(account).fetch_one(self.store.pool()).await
    }

    /// This person agrees, or does not any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn consent(&self, account: AccountId, agrees: bool) -> Result<(), sqlx::Error> {
        let query = if agrees {
            "INSERT OR IGNORE INTO auto_answer_consents (account) VALUES (?)"
        } else {
            "DELETE FROM auto_answer_consents WHERE account = ?"
        };
        sqlx::query(query).bind(account).execute(self.store.pool()).await?;
        Ok(())
    }
}
