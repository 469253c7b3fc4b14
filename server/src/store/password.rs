//! Passwords: what is a good one, and argon2id, bounded in how many are computed at once.

pub(crate) mod quality;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// The shortest password, in characters.
pub const SHORTEST: usize = 8;
/// The longest password, in bytes.
pub const LONGEST: usize = 256;
/// How many hashes are computed at once at most: each takes 19 MiB and a core, and calls must not suffer from guesses, so
/// that it is half of the cores where there are fewer.
const AT_ONCE: usize = 4;
/// How many logins wait for their turn at most; who comes after them is told at once to come again.
const WAITING: usize = 64;
/// How long a login waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// A password is checked or hashed.
#[derive(Clone)]
pub struct Passwords {
    argon2: Argon2<'static>,
    permits: Arc<Semaphore>,
    /// Those that compute and those that wait for it.
    queue: Arc<Semaphore>,
    /// The hash of a password that nobody has, for extensions that nobody has.
    nobody: Arc<str>,
}

/// A password cannot be used, or not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("the password is too short: it must have at least {SHORTEST} characters")]
    Short,
    /// Too long.
    #[error("the password is too long: it may have at most {LONGEST} bytes")]
    Long,
    /// Among those that are guessed first.
    #[error("the password is one of the commonest there are, which are guessed first")]
    Common,
    /// Nothing but what everybody knows of the account.
    #[error("the password is only the extension, the name or the domain")]
    Known,
    /// Too many logins at once.
    #[error("too many logins at once")]
    Busy,
    /// The hash could not be computed.
    #[error("the password could not be hashed")]
    Hash,
}

impl Default for Cost {
    /// What OWASP's password storage cheat sheet asks of argon2id at least.
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2, lanes: 1 }
    }
}

impl Passwords {
    /// Hashes at this cost.
    ///
    /// # Errors
    /// [`PasswordError::Hash`] when the cost is out of argon2's bounds.
    pub fn new(cost: Cost) -> Result<Self, PasswordError> {
        let params = Params::new(cost.memory, cost.passes, cost.lanes, None).map_err(|_| PasswordError::Hash)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash(&argon2, &crate::store::key::random::<16>().map_err(|_| PasswordError::Hash)?)?;
        let at_once = at_once();
        let queue = Arc::new(Semaphore::new(at_once + WAITING));
        Ok(Self { argon2, permits: Arc::new(Semaphore::new(at_once)), queue, nobody: nobody.into() })
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, PasswordError> {
        in_bounds(&password)?;
        let argon2 = self.argon2.clone();
        self.compute(move || hash(&argon2, password.as_bytes())).await?
    }

    /// Whether this is the password of this hash. Without a hash (there is no such account) the answer is no,
    /// and takes the same work.
    ///
    /// # Errors
    /// [`PasswordError::Busy`].
    pub async fn verify(&self, password: Zeroizing<String>, phc: Option<String>) -> Result<bool, PasswordError> {
        let argon2 = self.argon2.clone();
        let nobody = Arc::clone(&self.nobody);
        self.compute(move || {
            let (phc, exists) = phc.as_deref().map_or((&*nobody, false), |phc| (phc, true));
            // What is longer than any password is cut, not refused early: that would take less time.
            let bytes = password.as_bytes().get(..LONGEST + 1).unwrap_or(password.as_bytes());
            let matches = PasswordHash::new(phc).is_ok_and(|hash| argon2.verify_password(bytes, &hash).is_ok());
            matches && exists
        })
        .await
    }

    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.permits).acquire_owned()).await;
        let permit = turn.map_err(|_| PasswordError::Busy)?.map_err(|_| PasswordError::Busy)?;
        // Both go with the work, not with who waits for it: a client that hangs up frees no core.
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop((permit, place));
            result
        })
        .await
        .map_err(|_| PasswordError::Hash)
    }
}

/// Whether a new password is long enough, and not too long.
///
/// # Errors
/// [`PasswordError::Short`] and [`PasswordError::Long`].
pub(crate) fn in_bounds(password: &str) -> Result<(), PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::Short);
    }
    if password.len() > LONGEST { Err(PasswordError::Long) } else { Ok(()) }
}

fn at_once() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (cores / 2).clamp(1, AT_ONCE)
}

fn hash(argon2: &Argon2<'static>, password: &[u8]) -> Result<String, PasswordError> {
    argon2.hash_password(password).map(|hash| hash.to_string()).map_err(|_| PasswordError::Hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };

    fn secret(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_verifies_against_its_own_hash_only() {
        let passwords = Passwords::new(CHEAP).unwrap();
        let phc = passwords.hash(secret("correct horse")).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{phc}");
        assert!(passwords.verify(secret("correct horse"), Some(phc.clone())).await.unwrap());
        assert!(!passwords.verify(secret("correct horsf"), Some(phc.clone())).await.unwrap());
        assert!(!passwords.verify(secret(""), Some(phc)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_costs_as_much_as_somebody() {
        let passwords = Passwords::new(Cost::default()).unwrap();
        let nobody = PasswordHash::new(&passwords.nobody).unwrap();
        let somebody = passwords.hash(secret("correct horse")).await.unwrap();
        let somebody = PasswordHash::new(&somebody).unwrap();
        assert_eq!(nobody.algorithm, somebody.algorithm);
        assert_eq!(nobody.params.to_string(), somebody.params.to_string());
        assert!(!passwords.verify(secret("correct horse"), None).await.unwrap());
    }

    #[tokio::test]
    async fn two_hundred_at_once_are_computed_a_few_at_a_time_and_the_rest_is_told_to_come_again() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let passwords = Passwords::new(CHEAP).unwrap();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let all = (0..200).map(|_| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            passwords.compute(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(2));
                now.fetch_sub(1, Ordering::SeqCst);
            })
        });
        let done = futures::future::join_all(all).await;
        let refused = done.iter().filter(|done| **done == Err(PasswordError::Busy)).count();
        assert_eq!(refused, 200 - at_once() - WAITING);
        assert!((1..=AT_ONCE).contains(&most.load(Ordering::SeqCst)), "{most:?}");
        assert!(passwords.verify(secret("correct horse"), None).await.is_ok(), "afterwards there is room again");
    }

    #[tokio::test]
    async fn short_and_endless_passwords_are_refused() {
        let passwords = Passwords::new(CHEAP).unwrap();
        assert_eq!(passwords.hash(secret("1234567")).await, Err(PasswordError::Short));
        assert_eq!(passwords.hash(secret(&"x".repeat(257))).await, Err(PasswordError::Long));
        assert!(passwords.hash(secret("12345678")).await.is_ok());
    }
}
