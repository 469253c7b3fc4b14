//! What becomes of calls while nobody looks: what people want done with theirs, and groups of extensions.

mod code;
mod groups;
#[cfg(test)]
#[path = "calling/tests.rs"]
mod postgres_tests;
mod routes;
mod rules;
mod stated;
#[cfg(test)]
mod tests;

pub use code::Code;
pub use groups::{Group, GroupChange};
pub use routes::Routes;
pub use rules::RulesChange;
pub use stated::LONGEST_NOTE;

use super::accounts::{LONGEST_EXTENSION, LONGEST_NAME};
use super::{Store, storable};
use crate::ports::AccountId;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The longest number that calls can go to, in characters.
pub const LONGEST_NUMBER: usize = LONGEST_EXTENSION;
/// How long calls may be made to ring, in seconds.
pub const RINGING: RangeInclusive<u64> = 5..=300;
/// How many members a group may have.
pub const MAX_MEMBERS: usize = 64;

/// The rules and groups in the database.
#[derive(Clone)]
pub struct Calling {
    store: Store,
}

/// A rule or a group cannot be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum CallingError {
    /// Not a number.
    #[error("{0:?} is not a number: a number is 1 to {LONGEST_NUMBER} digits, letters, or any of * # + . _ -")]
    Number(String),
    /// Calls to a number would go to that number.
    #[error("calls to {0} cannot go to {0} itself")]
    Own(String),
    /// A code is dialled by the person themselves.
    #[error("{0} is a code for phones to dial, so calls cannot go there")]
    Code(String),
    /// An administrator decided about it.
    #[error("an administrator set this, so it cannot be changed")]
    Decided,
    /// Too short or too long.
    #[error("calls ring for {} to {} seconds", RINGING.start(), RINGING.end())]
    Ringing,
    /// Nobody has this extension.
    #[error("there is no extension {0}")]
    Missing(String),
    /// There is no such group.
    #[error("there is no group {0}")]
    NoGroup(String),
    /// Not the number of a group.
    #[error("a group's number is 1 to {LONGEST_EXTENSION} letters, digits, dots, hyphens or underscores")]
    Extension,
    /// Not a name.
    #[error("a name is 1 to {LONGEST_NAME} characters, without line breaks")]
    Name,
    /// A person or another group has this number.
    #[error("the number {0} is in use already")]
    Taken(String),
    /// Nobody, or a crowd.
    #[error("a group has 1 to {MAX_MEMBERS} members")]
    Members,
    /// Named more than once.
    #[error("{0} is named twice")]
    Twice(String),
    /// The database did not answer.
    #[error("the storage did not answer: {0}")]
    Storage(#[from] sqlx::Error),
}

impl Calling {
    /// The rules and groups of this storage.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Goes up with every change of a rule, a group or an account, by whichever process.
    ///
    /// # Errors
    /// [`CallingError::Storage`].
    pub async fn changes(&self) -> Result<i64, CallingError> {
        let query = "SELECT (SELECT value FROM call_changes) + (SELECT value FROM account_changes)";
        Ok(sqlx::query_scalar(query).fetch_one(self.store.pool()).await?)
    }

    /// Whether anybody can be called at this number: a person who is let in, or a group.
    ///
    /// # Errors
    /// [`CallingError::Storage`].
    pub async fn is_known(&self, number: &str) -> Result<bool, CallingError> {
        let query = "SELECT 1 FROM accounts WHERE extension = $1 AND enabled = 1
                     UNION ALL SELECT 1 FROM call_groups WHERE extension = $1 LIMIT 1";
        Ok(sqlx::query(query).bind(storable(number)).fetch_optional(self.store.pool()).await?.is_some())
    }
}

/// Where calls to `own` can go.
///
/// # Errors
/// [`CallingError::Number`], [`CallingError::Own`] and [`CallingError::Code`].
pub fn parse_number(number: &str, own: &str) -> Result<String, CallingError> {
    let fits = (1..=LONGEST_NUMBER).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*#+._-".contains(&byte));
    if !fits {
        // What is quoted in an error has an end.
        return Err(CallingError::Number(number.chars().take(LONGEST_NUMBER * 2).collect()));
    }
    if number == own {
        return Err(CallingError::Own(number.to_owned()));
    }
    if Code::parse(number).is_some() {
        return Err(CallingError::Code(number.to_owned()));
    }
    Ok(number.to_owned())
}

/// How long calls can ring.
///
/// # Errors
/// [`CallingError::Ringing`].
pub fn parse_ringing(time: Duration) -> Result<Duration, CallingError> {
    if RINGING.contains(&time.as_secs()) { Ok(Duration::from_secs(time.as_secs())) } else { Err(CallingError::Ringing) }
}

/// The account of an extension, disabled ones too.
async fn account(connection: &mut sqlx::AnyConnection, extension: &str) -> Result<AccountId, CallingError> {
    let found = sqlx::query_scalar("SELECT id FROM accounts WHERE extension = $1").bind(storable(extension));
    found.fetch_optional(connection).await?.ok_or_else(|| CallingError::Missing(extension.to_owned()))
}

fn seconds(time: Option<Duration>) -> Option<i64> {
    time.map(|time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

fn duration(seconds: Option<i64>) -> Option<Duration> {
    seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs)
}
