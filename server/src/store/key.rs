//! The server's key: 32 random bytes in a file beside the database, never in it, so that a copy of the
//! database alone gives away no SIP secret.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use sha2::{Digest as _, Sha256};
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const LENGTH: usize = 32;
/// How many bytes of a [`Sealed`] in one piece are its nonce: they come first.
pub const NONCE: usize = 12;
/// What the fingerprint encrypts.
const FINGERPRINT: &[u8] = b"tabphone";

/// Encrypts what must be kept secret but be read again (AES-256-GCM).
pub struct ServerKey {
    cipher: Aes256Gcm,
    bytes: Zeroizing<[u8; LENGTH]>,
}

/// Something encrypted, with the nonce it was encrypted with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Unique for each encryption.
    pub nonce: Vec<u8>,
    /// Ciphertext and tag.
    pub bytes: Vec<u8>,
}

/// The key cannot be had or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key file cannot be read or made.
    #[error("the server's key {}: {source}", path.display())]
    File {
        /// The key file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key file does not hold 32 bytes.
    #[error("the server's key {} is damaged: it must be {LENGTH} bytes long", .0.display())]
    Length(PathBuf),
    /// There is no key file, and there was one when the database was made.
    #[error(
        "the server's key {} is missing: copy it there from a backup, or from another server with this database", .0.display()
    )]
    Missing(PathBuf),
    /// The key file belongs to another database.
    #[error(
        "the server's key {} is not the one this database was made with: copy that one there from a backup, or from another \
         server with this database", .0.display()
    )]
    Other(PathBuf),
    /// The operating system has no randomness.
    #[error("the operating system gives no random bytes")]
    Random,
    /// What was encrypted was changed, moved to another row, or encrypted with another key.
    #[error("a stored secret cannot be decrypted with this server's key")]
    Sealed,
}

impl ServerKey {
    /// Reads the key file.
    ///
    /// # Errors
    /// [`KeyError::Missing`], [`KeyError::File`] and [`KeyError::Length`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let failed = |source: io::Error| {
            let (path, missing) = (path.to_owned(), source.kind() == io::ErrorKind::NotFound);
            if missing { KeyError::Missing(path) } else { KeyError::File { path, source } }
        };
        let bytes = std::fs::read(path).map_err(failed)?;
        let bytes = Zeroizing::new(bytes);
        let bytes = <[u8; LENGTH]>::try_from(bytes.as_slice()).map_err(|_| KeyError::Length(path.to_owned()))?;
        Ok(Self::new(&bytes))
    }

    /// Makes the key file, or reads the one that another process made first.
    ///
    /// # Errors
    /// Any [`KeyError`] but [`KeyError::Sealed`].
    pub fn make(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        let bytes = Zeroizing::new(random::<LENGTH>()?);
        let draft = path.with_extension(format!("{}.new", std::process::id()));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(failed)?;
        file.write_all(bytes.as_slice()).and_then(|()| file.sync_all()).map_err(failed)?;
        // A link appears whole or not at all, and never over another one.
        let linked = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft).map_err(failed)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(error)),
            Ok(()) | Err(_) => Self::read(path),
        }
    }

    /// Encrypts `plain`; only the same `context` can decrypt it again.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Result<Sealed, KeyError> {
        let nonce = random::<NONCE>()?;
        let payload = Payload { msg: plain, aad: context };
        let bytes = self.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| KeyError::Sealed)?;
        Ok(Sealed { nonce: nonce.to_vec(), bytes })
    }

    /// Decrypts what [`Self::seal`] made with the same `context`.
    ///
    /// # Errors
    /// [`KeyError::Sealed`].
    pub fn unseal(&self, sealed: &Sealed, context: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let nonce = <[u8; NONCE]>::try_from(sealed.nonce.as_slice()).map_err(|_| KeyError::Sealed)?;
        let payload = Payload { msg: sealed.bytes.as_slice(), aad: context };
        self.cipher.decrypt(&Nonce::from(nonce), payload).map(Zeroizing::new).map_err(|_| KeyError::Sealed)
    }

    /// A secret for one purpose, the same for the life of the key; it tells nothing of the key.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; LENGTH] {
        let mut hash = Sha256::new();
        hash.update(b"tabphone key derivation\0");
        hash.update(self.bytes.as_slice());
        hash.update(purpose.as_bytes());
        hash.finalize().into()
    }

    /// What a database keeps to recognize its key.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn fingerprint(&self) -> Result<Vec<u8>, KeyError> {
        let Sealed { mut nonce, bytes } = self.seal(FINGERPRINT, FINGERPRINT)?;
        nonce.extend(bytes);
        Ok(nonce)
    }

    /// Whether [`Self::fingerprint`] of this very key made these bytes.
    #[must_use]
    pub fn recognizes(&self, fingerprint: &[u8]) -> bool {
        let Some((nonce, bytes)) = fingerprint.split_at_checked(NONCE) else { return false };
        let sealed = Sealed { nonce: nonce.to_vec(), bytes: bytes.to_vec() };
        self.unseal(&sealed, FINGERPRINT).is_ok_and(|plain| plain.as_slice() == FINGERPRINT)
    }

    /// This key, if it is the one of the database that keeps this fingerprint.
    ///
    /// # Errors
    /// [`KeyError::Other`].
    pub fn of_database(self, fingerprint: &[u8], path: &Path) -> Result<Self, KeyError> {
        if self.recognizes(fingerprint) { Ok(self) } else { Err(KeyError::Other(path.to_owned())) }
    }

    fn new(bytes: &[u8; LENGTH]) -> Self {
        Self { cipher: Aes256Gcm::new(&Key::<Aes256Gcm>::from(*bytes)), bytes: Zeroizing::new(*bytes) }
    }
}

/// Bytes from the operating system's generator.
///
/// # Errors
/// [`KeyError::Random`].
pub fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::Random)?;
    Ok(bytes)
}

/// A random word of `length` characters that are hard to confuse: 5 bits each.
///
/// # Errors
/// [`KeyError::Random`].
pub fn random_word(length: usize) -> Result<String, KeyError> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut word = String::with_capacity(length);
    while word.len() < length {
        let letters = random::<16>()?;
        let letters = letters.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 31)));
        word.extend(letters.map(|letter| char::from(*letter)).take(length - word.len()));
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_with_its_key_and_context_only() {
        let key = ServerKey::new(&[1; LENGTH]);
        let sealed = key.seal(b"secret", b"7").unwrap();
        assert_eq!(key.unseal(&sealed, b"7").unwrap().as_slice(), b"secret");
        assert!(key.unseal(&sealed, b"8").is_err(), "moved to another account");
        assert!(ServerKey::new(&[2; LENGTH]).unseal(&sealed, b"7").is_err(), "another key");
        let mut changed = sealed.clone();
        changed.bytes[0] ^= 1;
        assert!(key.unseal(&changed, b"7").is_err(), "changed");
        assert_ne!(key.seal(b"secret", b"7").unwrap().nonce, sealed.nonce);
    }

    #[test]
    fn a_key_file_is_made_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let first = ServerKey::make(&path).unwrap();
        let second = ServerKey::make(&path).unwrap();
        assert!(second.recognizes(&first.fingerprint().unwrap()));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left");
        std::fs::write(&path, b"short").unwrap();
        assert!(matches!(ServerKey::read(&path), Err(KeyError::Length(_))));
    }
}
