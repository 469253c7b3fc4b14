//! A certificate looked at without being used.

use super::{CertificateError, acme, pair, private, self_signed};
use crate::listen::Tls;
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The names and addresses it is for; a star stands for one name below.
    pub names: Vec<String>,
    /// How many whole days it still is good for; less than none when it is not any more. Not known where it does not say so
    /// in a way that is understood.
    pub days: Option<i64>,
}

impl Shown {
    /// The certificate that a server would begin with; nothing while it has to be got or made first. Nothing is changed.
    ///
    /// # Errors
    /// [`CertificateError`], as when the server starts.
    pub fn of(tls: &Tls, data: &Path) -> Result<Option<Self>, CertificateError> {
        let (certificate, key) = match tls {
            Tls::Files { certificate, key } => (certificate.clone(), key.clone()),
            Tls::Acme(acme) => {
                let both = acme::stored(acme, data);
                (both.clone(), both)
            }
            Tls::SelfSigned(_) => self_signed::files(data),
        };
        let read = |path: &Path| match (private::read(path)?, tls) {
            (None, Tls::Files { .. }) => {
                Err(CertificateError::File { path: path.to_owned(), source: io::ErrorKind::NotFound.into() })
            }
            (bytes, _) => Ok(bytes),
        };
        let (Some(chain), Some(private)) = (read(&certificate)?, read(&key)?.map(Zeroizing::new)) else {
            return Ok(None);
        };
        let parsed = pair::parse((&certificate, &chain), (&key, &private))?;
        Ok(Some(Self { names: pair::names(&parsed), days: pair::days_left(&parsed) }))
    }

    /// Whether it should have been renewed.
    #[must_use]
    pub fn ends_soon(&self) -> bool {
        self.days.is_some_and(|days| days < pair::SOON)
    }

    /// Whether it is for this name or address (RFC 6125 6.4).
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        let below = host.split_once('.').map(|(_, domain)| domain);
        self.names.iter().any(|name| {
            let starred = name.strip_prefix("*.").zip(below);
            name.eq_ignore_ascii_case(host) || starred.is_some_and(|(domain, below)| domain.eq_ignore_ascii_case(below))
        })
    }
}
