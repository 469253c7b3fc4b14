//! First passwords: made at random, shown once, good for a while, and only to be changed (ASVS 5.0 6.4.1).

use super::{AccountError, AccountId, Accounts, now};
use crate::store::key::{KeyError, random_word};
use zeroize::Zeroizing;

/// How many days a first password lets in.
pub const DAYS: i64 = 7;

impl Accounts {
    /// Makes an account with a first password, which is returned.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn add_initial(
        &self,
        extension: &str,
        name: &str,
    ) -> Result<(AccountId, Zeroizing<String>), AccountError> {
        let password = generated()?;
        let account = self.insert(extension, name, password.clone(), Some(until())).await?;
        Ok((account, password))
    }

    /// Gives an account a first password, which is returned; it is logged out everywhere.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn set_initial(&self, extension: &str) -> Result<Zeroizing<String>, AccountError> {
        let password = generated()?;
        self.replace_password(extension, password.clone(), Some(until()), None).await?;
        Ok(password)
    }
}

/// 60 random bits that can be read out and typed.
///
/// # Errors
/// [`KeyError::Random`].
pub fn generated() -> Result<Zeroizing<String>, KeyError> {
    let word = Zeroizing::new(random_word(12)?);
    let groups: Vec<_> = word.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    Ok(Zeroizing::new(groups.join("-")))
}

fn until() -> i64 {
    now().saturating_add(DAYS * 86_400)
}
