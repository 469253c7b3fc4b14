//! A certificate from files, read again when they change: whoever renews it only has to write them.

use super::{CertificateError, pair};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use zeroize::Zeroizing;

/// How often the files are looked at. Reading two small files costs nothing, and tells what their times may not.
const EVERY: Duration = Duration::from_secs(1);

/// The files, and what they held when they were good.
pub(in crate::listen) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
    /// What was looked at last.
    judged: Content,
    /// What is there since then, if it stays.
    settling: Option<Content>,
}

/// The certificate in use.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

/// A digest of both files; nothing when they cannot be read.
type Content = Option<[u8; 32]>;

/// The bytes of the certificate, and of the key.
type Bytes = (Vec<u8>, Zeroizing<Vec<u8>>);

impl Files {
    pub(super) async fn open(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let bytes = read(certificate, key).await?;
        let first = parse(certificate, key, &bytes)?;
        let current = Arc::new(Current(RwLock::new(Arc::new(first))));
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            current,
            judged: Some(content(&bytes)),
            settling: None,
        })
    }

    pub(super) fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::clone(&self.current) as _
    }

    /// Looks at the files from time to time.
    pub(super) async fn watch(mut self) {
        loop {
            tokio::time::sleep(EVERY).await;
            self.look().await;
        }
    }

    /// What changed is judged when it is still the same the next time, since there are two files and they are written
    /// one after the other.
    async fn look(&mut self) {
        let read = read(&self.certificate, &self.key).await;
        let now = read.as_ref().ok().map(content);
        if now == self.judged {
            self.settling = None;
        } else if self.settling.replace(now) == Some(now) {
            self.settling = None;
            self.judged = now;
            self.judge(read);
        }
    }

    fn judge(&self, read: Result<Bytes, CertificateError>) {
        match read.and_then(|bytes| parse(&self.certificate, &self.key, &bytes)) {
            Ok(certificate) => {
                *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certificate);
                tracing::info!(file = %self.certificate.display(), "a new certificate is in use");
            }
            Err(error) => tracing::error!("{error}; the certificate from before stays in use"),
        }
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

async fn read(certificate: &Path, key: &Path) -> Result<Bytes, CertificateError> {
    let file = async |path: &Path| {
        let failed = |source| CertificateError::File { path: path.to_owned(), source };
        tokio::fs::read(path).await.map_err(failed)
    };
    Ok((file(certificate).await?, Zeroizing::new(file(key).await?)))
}

fn parse(certificate: &Path, key: &Path, (chain, private): &Bytes) -> Result<CertifiedKey, CertificateError> {
    let parsed = pair::parse((certificate, chain), (key, private))?;
    pair::warn(certificate, &parsed);
    Ok(parsed)
}

fn content((chain, private): &Bytes) -> [u8; 32] {
    let [chain, private] = [Sha256::digest(chain), Sha256::digest(private.as_slice())];
    Sha256::new().chain_update(chain).chain_update(private).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a certificate of its own: both files, or one.
    fn issue(certificate: Option<&Path>, key: Option<&Path>) {
        let made = rcgen::generate_simple_self_signed(vec!["phone.example".to_owned()]).unwrap();
        for (path, pem) in [(certificate, made.cert.pem()), (key, made.key_pair.serialize_pem())] {
            if let Some(path) = path {
                std::fs::write(path, pem).unwrap();
            }
        }
    }

    fn in_use(files: &Files) -> Vec<u8> {
        files.current.0.read().unwrap().cert[0].to_vec()
    }

    #[tokio::test]
    async fn what_cannot_be_used_changes_nothing_and_what_can_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("a.crt"), folder.path().join("a.key"));
        issue(Some(&certificate), Some(&key));
        let mut files = Files::open(&certificate, &key).await.unwrap();
        let first = in_use(&files);

        let broken: [&dyn Fn(); 4] = [
            &|| issue(None, Some(&key)),
            &|| issue(Some(&certificate), None),
            &|| std::fs::write(&certificate, "half of it").unwrap(),
            &|| std::fs::remove_file(&key).unwrap(),
        ];
        for (number, breaks) in broken.iter().enumerate() {
            breaks();
            for _ in 0..3 {
                files.look().await;
            }
            assert_eq!(in_use(&files), first, "{number}");
        }
        issue(Some(&certificate), Some(&key));
        files.look().await;
        assert_eq!(in_use(&files), first, "it may still be being written");
        files.look().await;
        assert_ne!(in_use(&files), first);
    }
}
