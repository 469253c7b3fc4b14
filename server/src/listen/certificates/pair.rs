//! A certificate with its key, in PEM.

use super::{CertificateError, provider};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use std::net::IpAddr;
use std::path::Path;
use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// So many days before a certificate ends it is said, whenever it is read.
pub(super) const SOON: i64 = 14;

/// What the two files hold, if it belongs together.
pub(super) fn parse(
    (certificate, chain): (&Path, &[u8]),
    (key, private): (&Path, &[u8]),
) -> Result<CertifiedKey, CertificateError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| CertificateError::NoCertificate(certificate.to_owned()))?;
    let private = PrivateKeyDer::from_pem_slice(private).map_err(|_| CertificateError::NoKey(key.to_owned()))?;
    CertifiedKey::from_der(chain, private, &provider()).map_err(|error| {
        if error == Error::InconsistentKeys(InconsistentKeys::KeyMismatch) {
            CertificateError::OtherKey { certificate: certificate.to_owned(), key: key.to_owned() }
        } else {
            CertificateError::Unusable(error)
        }
    })
}

/// How many whole days a certificate still is good for; less than none when it is not any more.
pub(super) fn days_left(certificate: &CertifiedKey) -> Option<i64> {
    let (_, parsed) = X509Certificate::from_der(certificate.cert.first()?).ok()?;
    let left = parsed.validity().not_after.timestamp() - OffsetDateTime::now_utc().unix_timestamp();
    Some(left.div_euclid(24 * 3600))
}

/// The names and addresses that a certificate is for.
pub(super) fn names(certificate: &CertifiedKey) -> Vec<String> {
    let parsed = certificate.cert.first().and_then(|der| X509Certificate::from_der(der).ok());
    let alternative = parsed.as_ref().and_then(|(_, parsed)| parsed.subject_alternative_name().ok().flatten());
    let names = alternative.iter().flat_map(|alternative| &alternative.value.general_names);
    let known = names.filter_map(|name| {
        if let GeneralName::DNSName(name) = name {
            Some((*name).to_owned())
        } else if let GeneralName::IPAddress(bytes) = name {
            address(bytes).map(|address| address.to_string())
        } else {
            None
        }
    });
    known.collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// Says so when a certificate ends soon, or has ended.
pub(super) fn warn(path: &Path, certificate: &CertifiedKey) {
    match days_left(certificate) {
        Some(days) if days < 0 => {
            tracing::warn!(file = %path.display(), "the certificate has expired: browsers refuse it");
        }
        Some(days) if days < SOON => {
            tracing::warn!(file = %path.display(), days, "the certificate expires soon");
        }
        Some(_) | None => {}
    }
}
