//! What an administrator set about media: for everybody, and for one account.

mod consent;
#[cfg(test)]
#[path = "policies/tests.rs"]
mod postgres_tests;
#[cfg(test)]
mod tests;
mod value;

pub use value::{
    Codecs, Ice, InvalidValue, auto_answer_text, digits_name, parse_auto_answer, parse_codecs, parse_digits,
    parse_limit, parse_recording, parse_removed, parse_voicemail, recording_name,
};

use super::{Area, Flag, Store, storable};
use crate::ports::AccountId;
use app::media::{AutoAnswer, Digits, Recording};
use std::ops::RangeInclusive;
use value::{joined, split};

/// What sound may be limited to, in kilobits a second.
pub const AUDIO_KBIT: RangeInclusive<u16> = 8..=510;
/// What pictures may be limited to, in kilobits a second.
pub const VIDEO_KBIT: RangeInclusive<u16> = 50..=20_000;
/// How many lines a picture may be limited to.
pub const VIDEO_HEIGHT: RangeInclusive<u16> = 90..=2_160;
/// How many pictures a second there may be at most.
pub const VIDEO_RATE: RangeInclusive<u16> = 1..=60;

/// What is set for one account, or for everybody; what is `None` is not. A limit of 0 is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Which ICE servers are used.
    pub ice: Option<Ice>,
    /// Whether candidates may follow descriptions (RFC 8840).
    pub trickle: Option<bool>,
    /// Which codecs come first.
    pub codecs: Option<Codecs>,
    /// Which codecs are not used.
    pub without_codecs: Option<Codecs>,
    /// The most for sound, in kilobits a second.
    pub audio_kbit: Option<u16>,
    /// The most for pictures, in kilobits a second.
    pub video_kbit: Option<u16>,
    /// The most lines of a picture.
    pub video_height: Option<u16>,
    /// The most pictures a second.
    pub video_rate: Option<u16>,
    /// How keys are sent.
    pub digits: Option<Digits>,
    /// Whose calls may be answered by themselves, where the person wants it.
    pub auto_answer: Option<AutoAnswer>,
    /// Whether calls may be recorded.
    pub recording: Option<Recording>,
    /// The number of the voicemail; empty is none.
    pub voicemail: Option<String>,
}

/// What is to be changed; `None` leaves it as it is, `Some(None)` takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyChange {
    /// Which ICE servers are used.
    pub ice: Option<Option<Ice>>,
    /// Whether candidates may follow descriptions.
    pub trickle: Option<Option<bool>>,
    /// Which codecs come first.
    pub codecs: Option<Option<Codecs>>,
    /// Which codecs are not used.
    pub without_codecs: Option<Option<Codecs>>,
    /// The most for sound, in kilobits a second.
    pub audio_kbit: Option<Option<u16>>,
    /// The most for pictures, in kilobits a second.
    pub video_kbit: Option<Option<u16>>,
    /// The most lines of a picture.
    pub video_height: Option<Option<u16>>,
    /// The most pictures a second.
    pub video_rate: Option<Option<u16>>,
    /// How keys are sent.
    pub digits: Option<Option<Digits>>,
    /// Whose calls may be answered by themselves.
    pub auto_answer: Option<Option<AutoAnswer>>,
    /// Whether calls may be recorded.
    pub recording: Option<Option<Recording>>,
    /// The number of the voicemail.
    pub voicemail: Option<Option<String>>,
}

impl Policy {
    /// What holds for an account: what is set for it, else what is set for everybody.
    #[must_use]
    pub fn over(self, everybody: Self) -> Self {
        Self {
            ice: self.ice.or(everybody.ice),
            trickle: self.trickle.or(everybody.trickle),
            codecs: self.codecs.or(everybody.codecs),
            without_codecs: self.without_codecs.or(everybody.without_codecs),
            audio_kbit: self.audio_kbit.or(everybody.audio_kbit),
            video_kbit: self.video_kbit.or(everybody.video_kbit),
            video_height: self.video_height.or(everybody.video_height),
            video_rate: self.video_rate.or(everybody.video_rate),
            digits: self.digits.or(everybody.digits),
            auto_answer: self.auto_answer.or(everybody.auto_answer),
            recording: self.recording.or(everybody.recording),
            voicemail: self.voicemail.or(everybody.voicemail),
        }
    }
}

impl PolicyChange {
    fn apply(self, policy: Policy) -> Policy {
        Policy {
            ice: self.ice.unwrap_or(policy.ice),
            trickle: self.trickle.unwrap_or(policy.trickle),
            codecs: self.codecs.unwrap_or(policy.codecs),
            without_codecs: self.without_codecs.unwrap_or(policy.without_codecs),
            audio_kbit: self.audio_kbit.unwrap_or(policy.audio_kbit),
            video_kbit: self.video_kbit.unwrap_or(policy.video_kbit),
            video_height: self.video_height.unwrap_or(policy.video_height),
            video_rate: self.video_rate.unwrap_or(policy.video_rate),
            digits: self.digits.unwrap_or(policy.digits),
            auto_answer: self.auto_answer.unwrap_or(policy.auto_answer),
            recording: self.recording.unwrap_or(policy.recording),
            voicemail: self.voicemail.unwrap_or(policy.voicemail),
        }
    }
}

/// A policy cannot be read or set.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Nobody has this extension.
    #[error("there is no extension {0}")]
    Missing(String),
    /// What would be left is no phone.
    #[error("a call needs a codec for sound: do not take away all of {}", value::AUDIO.join(", "))]
    NoSound,
    /// The database did not answer.
    #[error("the storage did not answer: {0}")]
    Storage(#[from] sqlx::Error),
}

/// The policies in the database.
#[derive(Clone)]
pub struct Policies {
    store: Store,
}

const COLUMNS: &str = "ice, trickle, codecs, without_codecs, audio_kbit, video_kbit, video_height, video_rate, digits,
    auto_answer, recording, voicemail";

#[derive(sqlx::FromRow)]
struct Row {
    ice: Option<String>,
    trickle: Option<Flag>,
    codecs: Option<String>,
    without_codecs: Option<String>,
    audio_kbit: Option<i64>,
    video_kbit: Option<i64>,
    video_height: Option<i64>,
    video_rate: Option<i64>,
    digits: Option<String>,
    auto_answer: Option<String>,
    recording: Option<String>,
    voicemail: Option<String>,
}

impl Policies {
    /// The policies of this storage.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Goes up with every change, by whichever process.
    ///
    /// # Errors
    /// [`PolicyError::Storage`].
    pub async fn changes(&self) -> Result<i64, PolicyError> {
        Ok(sqlx::query_scalar("SELECT value FROM media_changes").fetch_one(self.store.pool()).await?)
    }

    /// What is set for the person with this extension, or for everybody.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub async fn set_for(&self, extension: Option<&str>) -> Result<Policy, PolicyError> {
        let mut connection = self.store.pool().acquire().await?;
        let account = account(&mut connection, extension).await?;
        Ok(read(&mut connection, account).await?)
    }

    /// What holds for an account.
    ///
    /// # Errors
    /// [`PolicyError::Storage`].
    pub async fn holds(&self, account: AccountId) -> Result<Policy, PolicyError> {
        // In one transaction, so that both belong together.
        let mut transaction = self.store.read().await?;
        let own = read(&mut transaction, Some(account)).await?;
        Ok(own.over(read(&mut transaction, None).await?))
    }

    /// Who has a policy of their own, by extension.
    ///
    /// # Errors
    /// [`PolicyError::Storage`].
    pub async fn exceptions(&self) -> Result<Vec<(String, Policy)>, PolicyError> {
        let query = "SELECT extension FROM media_policies JOIN accounts ON accounts.id = account ORDER BY extension";
        let extensions: Vec<String> = sqlx::query_scalar(query).fetch_all(self.store.pool()).await?;
        let mut found = Vec::new();
        for extension in extensions {
            let policy = self.set_for(Some(&extension)).await?;
            if policy != Policy::default() {
                found.push((extension, policy));
            }
        }
        Ok(found)
    }

    /// Changes what is set for the person with this extension, or for everybody: all that is asked for, or nothing. What
    /// is set then.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub async fn change(&self, extension: Option<&str>, change: PolicyChange) -> Result<Policy, PolicyError> {
        // It begins as a write, so that nobody changes in between what is read here.
        let mut transaction = self.store.write(Area::Media).await?;
        let account = account(&mut transaction, extension).await?;
        let before = read(&mut transaction, account).await?;
        let policy = change.apply(before.clone());
        if policy.without_codecs.as_ref().is_some_and(Codecs::silences) {
            return Err(PolicyError::NoSound);
        }
        if policy == before {
            return Ok(policy);
        }
        let clear = "DELETE FROM media_policies WHERE COALESCE(account, 0) = COALESCE($1, 0)";
        sqlx::query(clear).bind(account).execute(&mut *transaction).await?;
        let write = format!(
            "INSERT INTO media_policies (account, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
        );
        sqlx::query(&write)
            .bind(account)
            .bind(policy.ice.map(Ice::as_str))
            .bind(policy.trickle.map(Flag::from))
            .bind(policy.codecs.as_ref().map(joined))
            .bind(policy.without_codecs.as_ref().map(joined))
            .bind(policy.audio_kbit.map(i64::from))
            .bind(policy.video_kbit.map(i64::from))
            .bind(policy.video_height.map(i64::from))
            .bind(policy.video_rate.map(i64::from))
            .bind(policy.digits.map(digits_name))
            .bind(policy.auto_answer.as_ref().map(auto_answer_text))
            .bind(policy.recording.map(recording_name))
            .bind(&policy.voicemail)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(policy)
    }
}

async fn account(
    connection: &mut sqlx::AnyConnection,
    extension: Option<&str>,
) -> Result<Option<AccountId>, PolicyError> {
    let Some(extension) = extension else { return Ok(None) };
    let found = sqlx::query_scalar("SELECT id FROM accounts WHERE extension = $1").bind(storable(extension));
    let found: Option<AccountId> = found.fetch_optional(connection).await?;
    // What is quoted in an error has an end.
    found.map(Some).ok_or_else(|| PolicyError::Missing(extension.chars().take(64).collect()))
}

async fn read(connection: &mut sqlx::AnyConnection, account: Option<AccountId>) -> Result<Policy, sqlx::Error> {
    let query = format!("SELECT {COLUMNS} FROM media_policies WHERE COALESCE(account, 0) = COALESCE($1, 0)");
    let row: Option<Row> = sqlx::query_as(&query).bind(account).fetch_optional(connection).await?;
    Ok(row.map(Row::policy).unwrap_or_default())
}

impl Row {
    fn policy(self) -> Policy {
        let number = |number: Option<i64>| number.and_then(|number| u16::try_from(number).ok());
        Policy {
            ice: self.ice.and_then(|ice| ice.parse().ok()),
            trickle: self.trickle.map(Flag::is_set),
            codecs: self.codecs.map(|names| split(&names)),
            without_codecs: self.without_codecs.map(|names| split(&names)),
            audio_kbit: number(self.audio_kbit),
            video_kbit: number(self.video_kbit),
            video_height: number(self.video_height),
            video_rate: number(self.video_rate),
            digits: self.digits.and_then(|digits| parse_digits(&digits).ok()),
            auto_answer: self.auto_answer.and_then(|allowed| parse_auto_answer(&allowed).ok()),
            recording: self.recording.and_then(|recording| parse_recording(&recording).ok()),
            voicemail: self.voicemail,
        }
    }
}
