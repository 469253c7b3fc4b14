//! Credentials for TURN that are good for a short time: coturn's `use-auth-secret` ("A REST API For Access To TURN
//! Services", draft-uberti-behave-turn-rest).

use app::media::IceServer;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha1::Sha1;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// The longest secret, in bytes.
const LONGEST: usize = 1_024;

/// What the server and the relays share. It is never shown.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

/// Not a secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("the secret of the TURN servers {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is nothing in it, or far too much.
    #[error("the secret of the TURN servers must be 1 to {LONGEST} characters on one line")]
    Form,
    /// TURN servers without a secret, or a secret without TURN servers.
    #[error(
        "--turn-server and the secret of these servers (--turn-secret-file, or turn-secret in the configuration file, or TABPHONE_TURN_SECRET) need each other"
    )]
    Alone,
}

impl Secret {
    /// This secret; a line break at its end is none of it.
    ///
    /// # Errors
    /// [`SecretError::Form`].
    pub fn new(text: String) -> Result<Self, SecretError> {
        let text = Zeroizing::new(text);
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() || secret.len() > LONGEST || secret.contains(['\r', '\n']) {
            return Err(SecretError::Form);
        }
        Ok(Self(Arc::new(Zeroizing::new(secret.to_owned()))))
    }

    /// What stands in this file.
    ///
    /// # Errors
    /// [`SecretError::File`] and [`SecretError::Form`].
    pub fn read(path: &Path) -> Result<Self, SecretError> {
        Self::new(std::fs::read_to_string(path).map_err(|source| SecretError::File { path: path.to_owned(), source })?)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// TURN servers that know a secret.
#[derive(Clone, Debug)]
pub struct Relays {
    urls: Vec<String>,
    secret: Secret,
    lifetime: Duration,
}

impl Relays {
    /// The servers at these `turn:` and `turns:` addresses; what is made for them is good for `lifetime`.
    #[must_use]
    pub const fn new(urls: Vec<String>, secret: Secret, lifetime: Duration) -> Self {
        Self { urls, secret, lifetime }
    }

    /// How long a credential is good for.
    #[must_use]
    pub const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// For this extension, from `now` on, in seconds since 1970.
    #[must_use]
    pub fn for_extension(&self, extension: &str, now: u64) -> IceServer {
        let username = format!("{}:{extension}", now.saturating_add(self.lifetime.as_secs()));
        let credential = STANDARD.encode(sign(self.secret.0.as_bytes(), username.as_bytes()));
        IceServer { urls: self.urls.clone(), username: Some(username), credential: Some(credential) }
    }
}

fn sign(secret: &[u8], text: &[u8]) -> Vec<u8> {
    // A key of HMAC may have any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}
