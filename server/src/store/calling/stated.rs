//! What people say of themselves to their colleagues.

use super::{Calling, CallingError};
use crate::ports::{AccountId, Activity, Stated};
use std::collections::BTreeMap;

/// The longest note, in characters.
pub const LONGEST_NOTE: usize = 80;

impl Activity {
    /// All of them, as they are offered.
    pub const ALL: [Self; 3] = [Self::Available, Self::Away, Self::Busy];

    /// Its name in forms and the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Away => "away",
            Self::Busy => "busy",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|activity| activity.name() == name)
    }
}

impl Calling {
    /// What everybody says who says anything, by extension.
    ///
    /// # Errors
    /// [`CallingError::Storage`].
    pub async fn stated(&self) -> Result<BTreeMap<String, Stated>, CallingError> {
        let query = "SELECT a.extension, s.activity, s.note FROM statuses s JOIN accounts a ON a.id = s.account
                     WHERE a.enabled = 1";
        let rows: Vec<(String, String, String)> = sqlx::query_as(query).fetch_all(self.store.pool()).await?;
        let stated = |activity: &str, note| Stated { activity: Activity::named(activity).unwrap_or_default(), note };
        Ok(rows.into_iter().map(|(extension, activity, note)| (extension, stated(&activity, note))).collect())
    }

    /// A person says this from now on; too long a note is cut.
    ///
    /// # Errors
    /// [`CallingError::Storage`].
    pub async fn state(&self, account: AccountId, stated: &Stated) -> Result<(), CallingError> {
        let plain: String = stated.note.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
        let note: String = plain.trim().chars().take(LONGEST_NOTE).collect();
        if stated.activity == Activity::Available && note.is_empty() {
            sqlx::query("DELETE FROM statuses WHERE account = $1").bind(account).execute(self.store.pool()).await?;
            return Ok(());
        }
        let query = "INSERT INTO statuses (account, activity, note) VALUES ($1, $2, $3)
                     ON CONFLICT (account) DO UPDATE SET activity = excluded.activity, note = excluded.note";
        let query = sqlx::query(query).bind(account).bind(stated.activity.name()).bind(note);
        query.execute(self.store.pool()).await?;
        Ok(())
    }
}
