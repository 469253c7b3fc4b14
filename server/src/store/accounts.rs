//! The accounts: who may be which extension.

mod guests;
mod initial;

pub use initial::{DAYS, generated};

use super::key::{KeyError, Sealed};
use super::password::{self, PasswordError, Passwords, quality};
use super::{Flag, Store, storable};
use crate::ports::{AccountId, Ha1, PortError, SessionId, SignedIn};
use async_trait::async_trait;
use sip::digest::{Algorithm, ha1};
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// The longest extension, in characters.
pub const LONGEST_EXTENSION: usize = 32;
/// The longest name, in characters.
pub const LONGEST_NAME: usize = 64;

/// What stands for secrets that are not known yet, or not here.
const NOTHING: &[u8] = &[];

/// The accounts in the database.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    passwords: Passwords,
}

/// One account, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What an identity is.
    pub id: AccountId,
    /// What to dial.
    pub extension: String,
    /// For people.
    pub name: String,
    /// Whether it may log in and be called.
    pub enabled: bool,
    /// Goes up with every new password.
    pub generation: i64,
    /// Until when a password that somebody else made lets in, in seconds since 1970: it must be changed before
    /// anything else. `None` when the person chose it.
    pub initial_until: Option<i64>,
    /// The company's PBX that knows the password; `None` when it is known here.
    pub pbx: Option<String>,
}

/// An account cannot be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Not an extension.
    #[error("an extension is 1 to {LONGEST_EXTENSION} letters, digits, dots, hyphens or underscores")]
    Extension,
    /// Not a name.
    #[error("a name is 1 to {LONGEST_NAME} characters, without line breaks")]
    Name,
    /// The password is not good enough, or too much is going on.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Somebody, or a group, has this extension.
    #[error("the extension {0} exists already")]
    Taken(String),
    /// Nobody has this extension.
    #[error("there is no extension {0}")]
    Missing(String),
    /// The password is not known here.
    #[error("the password of {0} belongs to the PBX {1}, and is changed there")]
    Elsewhere(String, String),
    /// The secrets cannot be encrypted or decrypted.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The database did not answer.
    #[error("the storage did not answer: {0}")]
    Storage(#[from] sqlx::Error),
}

type Row = (i64, String, String, Flag, i64, Option<i64>, Option<String>);

impl Accounts {
    /// The accounts of this storage.
    #[must_use]
    pub const fn new(store: Store, passwords: Passwords) -> Self {
        Self { store, passwords }
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn add(
        &self,
        extension: &str,
        name: &str,
        password: Zeroizing<String>,
    ) -> Result<AccountId, AccountError> {
        self.insert(extension, name, password, None).await
    }

    async fn insert(
        &self,
        extension: &str,
        name: &str,
        password: Zeroizing<String>,
        initial_until: Option<i64>,
    ) -> Result<AccountId, AccountError> {
        if !is_extension(extension) {
            return Err(AccountError::Extension);
        }
        let name = parse_name(name)?;
        let secrets = self.secrets(extension, &password);
        let hash = self.hash(extension, name, password).await?;
        let mut transaction = self.store.pool().begin().await?;
        let inserted = sqlx::query_scalar(
            "INSERT INTO accounts (extension, name, password_hash, ha1_nonce, ha1, created, initial_until)
             VALUES ($1, $2, $3, $4, $4, $5, $6) RETURNING id",
        )
        .bind(extension)
        .bind(name)
        .bind(hash)
        .bind(NOTHING)
        .bind(now())
        .bind(initial_until)
        .fetch_one(&mut *transaction)
        .await;
        let id: AccountId = inserted.map_err(|error| taken(error, extension))?;
        // The account's number is part of the encryption, so it must be known first.
        let sealed = self.store.key().seal(secrets.as_bytes(), &context(id))?;
        sqlx::query("UPDATE accounts SET ha1_nonce = $1, ha1 = $2 WHERE id = $3")
            .bind(sealed.nonce)
            .bind(sealed.bytes)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Gives an account a new password, which ends its sessions.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn set_password(&self, extension: &str, password: Zeroizing<String>) -> Result<(), AccountError> {
        self.replace_password(extension, password, None, None).await
    }

    /// The person chose a new password: all sessions end but this one, which goes on.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn change_password(
        &self,
        extension: &str,
        password: Zeroizing<String>,
        session: SessionId,
    ) -> Result<(), AccountError> {
        self.replace_password(extension, password, None, Some(session)).await
    }

    async fn replace_password(
        &self,
        extension: &str,
        password: Zeroizing<String>,
        initial_until: Option<i64>,
        keep: Option<SessionId>,
    ) -> Result<(), AccountError> {
        let missing = || AccountError::Missing(extension.to_owned());
        let account = self.find(extension).await?.ok_or_else(missing)?;
        if let Some(pbx) = account.pbx {
            return Err(AccountError::Elsewhere(account.extension, pbx));
        }
        let secrets = self.secrets(extension, &password);
        let sealed = self.store.key().seal(secrets.as_bytes(), &context(account.id))?;
        let hash = self.hash(extension, &account.name, password).await?;
        let mut transaction = self.store.pool().begin().await?;
        let query = "UPDATE accounts SET password_hash = $1, ha1_nonce = $2, ha1 = $3, initial_until = $4,
                     generation = generation + 1 WHERE id = $5 RETURNING generation";
        let changed = sqlx::query_scalar(query).bind(hash).bind(sealed.nonce).bind(sealed.bytes);
        let changed = changed.bind(initial_until).bind(account.id).fetch_optional(&mut *transaction).await?;
        let generation: i64 = changed.ok_or_else(missing)?;
        if let Some(session) = keep {
            let kept = sqlx::query("UPDATE sessions SET generation = $1 WHERE number = $2 AND account = $3");
            kept.bind(generation).bind(session.number()).bind(account.id).execute(&mut *transaction).await?;
        }
        let old = sqlx::query("DELETE FROM sessions WHERE account = $1 AND generation <> $2");
        old.bind(account.id).bind(generation).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Lets an account in, or keeps it out.
    ///
    /// # Errors
    /// [`AccountError::Missing`] and [`AccountError::Storage`].
    pub async fn set_enabled(&self, extension: &str, enabled: bool) -> Result<(), AccountError> {
        let changed = sqlx::query("UPDATE accounts SET enabled = $1 WHERE extension = $2")
            .bind(Flag::from(enabled))
            .bind(storable(extension));
        existed(changed.execute(self.store.pool()).await?.rows_affected(), extension)
    }

    /// Removes an account with all that belongs to it.
    ///
    /// # Errors
    /// [`AccountError::Missing`] and [`AccountError::Storage`].
    pub async fn remove(&self, extension: &str) -> Result<(), AccountError> {
        let removed = sqlx::query("DELETE FROM accounts WHERE extension = $1").bind(storable(extension));
        existed(removed.execute(self.store.pool()).await?.rows_affected(), extension)
    }

    /// Every account, disabled ones too, by extension.
    ///
    /// # Errors
    /// [`AccountError::Storage`].
    pub async fn list(&self) -> Result<Vec<Account>, AccountError> {
        let query = "SELECT id, extension, name, enabled, generation, initial_until, pbx FROM accounts ORDER BY length(extension), extension";
        let rows: Vec<Row> = sqlx::query_as(query).fetch_all(self.store.pool()).await?;
        Ok(rows.into_iter().map(Account::from).collect())
    }

    /// The account of an extension, even when disabled.
    ///
    /// # Errors
    /// [`AccountError::Storage`].
    pub async fn find(&self, extension: &str) -> Result<Option<Account>, AccountError> {
        let query =
            "SELECT id, extension, name, enabled, generation, initial_until, pbx FROM accounts WHERE extension = $1";
        let row: Option<Row> =
            sqlx::query_as(query).bind(storable(extension)).fetch_optional(self.store.pool()).await?;
        Ok(row.map(Account::from))
    }

    /// An account by its number, even when disabled.
    ///
    /// # Errors
    /// [`AccountError::Storage`].
    pub async fn get(&self, id: AccountId) -> Result<Option<Account>, AccountError> {
        let query = "SELECT id, extension, name, enabled, generation, initial_until, pbx FROM accounts WHERE id = $1";
        let row: Option<Row> = sqlx::query_as(query).bind(id).fetch_optional(self.store.pool()).await?;
        Ok(row.map(Account::from))
    }

    /// Goes up with every change of any account, by whichever process.
    ///
    /// # Errors
    /// [`AccountError::Storage`].
    pub async fn changes(&self) -> Result<i64, AccountError> {
        Ok(sqlx::query_scalar("SELECT value FROM account_changes").fetch_one(self.store.pool()).await?)
    }

    /// The account of an extension, if it is enabled and this is its password. The extension may be typed in capitals or
    /// not, as long as it is clear whose it is. What is wrong is not told, and takes the same work: one look-up and one
    /// argon2. A password that has to be changed first is right, too: [`Account::initial_until`].
    ///
    /// # Errors
    /// [`AccountError::Storage`], and [`PasswordError::Busy`].
    pub async fn authenticate(
        &self,
        extension: &str,
        password: Zeroizing<String>,
    ) -> Result<Option<SignedIn>, AccountError> {
        // Those whose passwords a PBX knows have none here, and are as unknown as nobody.
        let query = "SELECT id, extension, name, password_hash FROM accounts
                     WHERE lower(extension) = $1 AND enabled = 1 AND pbx IS NULL";
        let mut rows: Vec<(i64, String, String, String)> =
            sqlx::query_as(query).bind(folded(extension)).fetch_all(self.store.pool()).await?;
        let exact = rows.iter().position(|(_, known, ..)| known == extension);
        let row = match (exact, rows.len()) {
            (Some(exact), _) => Some(rows.swap_remove(exact)),
            (None, 1) => rows.pop(),
            // It could be any of them.
            (None, _) => None,
        };
        let (person, hash) = match row {
            Some((account, extension, name, hash)) => (Some(SignedIn { account, extension, name }), Some(hash)),
            None => (None, None),
        };
        let verified = self.passwords.verify(password, hash).await?;
        Ok(person.filter(|_| verified))
    }

    /// Both digest secrets in the form that is encrypted.
    fn secrets(&self, extension: &str, password: &str) -> Zeroizing<String> {
        let of = |algorithm| ha1(&algorithm, extension, self.store.domain(), password);
        Zeroizing::new(format!("{}:{}", of(Algorithm::Md5), of(Algorithm::Sha256)))
    }

    /// The hash of a new password that is good enough for this account.
    async fn hash(&self, extension: &str, name: &str, password: Zeroizing<String>) -> Result<String, AccountError> {
        password::in_bounds(&password)?;
        quality::check(&password, [extension, name, self.store.domain()])?;
        Ok(self.passwords.hash(password).await?)
    }

    /// A password that has to be changed signs nothing, or a phone could use it for good.
    async fn read_ha1(&self, extension: &str) -> Result<Option<Ha1>, AccountError> {
        let query = "SELECT id, ha1_nonce, ha1 FROM accounts
                     WHERE extension = $1 AND enabled = 1 AND pbx IS NULL AND initial_until IS NULL";
        let row: Option<(i64, Vec<u8>, Vec<u8>)> =
            sqlx::query_as(query).bind(storable(extension)).fetch_optional(self.store.pool()).await?;
        let Some((id, nonce, bytes)) = row else { return Ok(None) };
        let plain = self.store.key().unseal(&Sealed { nonce, bytes }, &context(id))?;
        let text = std::str::from_utf8(&plain).map_err(|_| KeyError::Sealed)?;
        let (md5, sha256) = text.split_once(':').ok_or(KeyError::Sealed)?;
        Ok(Some(Ha1 { md5: md5.to_owned(), sha256: sha256.to_owned() }))
    }
}

#[async_trait]
impl crate::ports::Accounts for Accounts {
    async fn by_extension(&self, extension: &str) -> Option<SignedIn> {
        let account = logged(self.find(extension).await).flatten()?;
        account.enabled.then(|| account.into())
    }

    async fn by_id(&self, account: AccountId) -> Option<SignedIn> {
        let account = logged(self.get(account).await).flatten()?;
        account.enabled.then(|| account.into())
    }

    async fn all(&self) -> Result<Vec<SignedIn>, PortError> {
        let accounts = logged(self.list().await).ok_or(PortError::Storage)?;
        Ok(accounts.into_iter().filter(|account| account.enabled).map(SignedIn::from).collect())
    }

    async fn ha1(&self, extension: &str) -> Option<Ha1> {
        logged(self.read_ha1(extension).await).flatten()
    }
}

impl From<Row> for Account {
    fn from((id, extension, name, enabled, generation, initial_until, pbx): Row) -> Self {
        Self { id, extension, name, enabled: enabled.is_set(), generation, initial_until, pbx }
    }
}

impl From<Account> for SignedIn {
    fn from(account: Account) -> Self {
        Self { account: account.id, extension: account.extension, name: account.name }
    }
}

/// Whether this can be an extension: what stands on the left of the `@` without any escaping.
#[must_use]
pub fn is_extension(text: &str) -> bool {
    (1..=LONGEST_EXTENSION).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn parse_name(name: &str) -> Result<&str, AccountError> {
    let name = name.trim();
    let fits = (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fits.then_some(name).ok_or(AccountError::Name)
}

/// An extension as it is looked for when capitals do not count: it has no other letters than those of ASCII.
fn folded(extension: &str) -> String {
    storable(extension).to_ascii_lowercase()
}

/// What ties the encrypted secrets to their row.
fn context(id: AccountId) -> Vec<u8> {
    format!("ha1 {id}").into_bytes()
}

/// By another account, or by a group.
fn taken(error: sqlx::Error, extension: &str) -> AccountError {
    let known = error.as_database_error();
    if known.is_some_and(super::is_taken) {
        return AccountError::Taken(extension.to_owned());
    }
    error.into()
}

fn existed(rows: u64, extension: &str) -> Result<(), AccountError> {
    if rows > 0 { Ok(()) } else { Err(AccountError::Missing(extension.to_owned())) }
}

/// The ports have no words for a failing storage; the log has.
fn logged<T>(result: Result<T, AccountError>) -> Option<T> {
    result.inspect_err(|error| tracing::error!(%error, "an account could not be read")).ok()
}

fn now() -> i64 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "accounts/tests.rs"]
mod postgres_tests;
#[cfg(test)]
mod tests;
