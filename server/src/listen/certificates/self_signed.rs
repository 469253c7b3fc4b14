//! A certificate that was made here, for a trial on a LAN: browsers ask once whether to trust it, and people can compare
//! its fingerprint with the one that was printed.

use super::{CertificateError, pair, private};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256};
use rustls::sign::CertifiedKey;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

/// Where the two lie in the data directory.
const CERTIFICATE: &str = "self-signed.crt";
const KEY: &str = "self-signed.key";
/// Apple's systems take none that is good for longer than 825 days, whoever signed it.
const DAYS: i64 = 820;
/// One that is made anew has another fingerprint: as late as can be, but not while people work.
const RENEW: i64 = 30;

/// The certificate from before, if it is for all these names and still good for a while; else a new one.
pub(super) fn open(data: &Path, address: IpAddr, names: &[String]) -> Result<CertifiedKey, CertificateError> {
    let names = names_of(address, names);
    let (certificate, key) = files(data);
    if let (Some(chain), Some(private)) = (private::read(&certificate)?, private::read(&key)?.map(Zeroizing::new))
        && let Ok(before) = pair::parse((&certificate, &chain), (&key, &private))
        && pair::days_left(&before).is_some_and(|days| days >= RENEW)
        && covers(&before, &names)
    {
        return Ok(before);
    }
    let (chain, private) = make(&names)?;
    private::write(&key, private.as_bytes())?;
    private::write(&certificate, chain.as_bytes())?;
    tracing::info!(file = %certificate.display(), "a self-signed certificate was made");
    pair::parse((&certificate, chain.as_bytes()), (&key, private.as_bytes()))
}

/// Where the certificate and its key lie.
pub(super) fn files(data: &Path) -> (PathBuf, PathBuf) {
    (data.join(CERTIFICATE), data.join(KEY))
}

/// What the certificate is for: the machine itself, by its names too, where it listens, and what else was asked for.
fn names_of(address: IpAddr, names: &[String]) -> BTreeSet<String> {
    let machine = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    // By which others on the LAN find it (RFC 6762), where it has no name of its own there.
    let local = (!machine.contains('.')).then(|| format!("{machine}.local"));
    let own = [machine].into_iter().chain(local).filter(|name| is_name(name));
    let listened = (!address.is_unspecified()).then(|| address.to_canonical().to_string());
    let fixed = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let asked = names.iter().map(|name| match name.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) => name.to_ascii_lowercase(),
    });
    fixed.into_iter().chain(own).chain(listened).chain(asked).collect()
}

fn make(names: &BTreeSet<String>) -> Result<(String, Zeroizing<String>), CertificateError> {
    if let Some(wrong) = names.iter().find(|name| name.parse::<IpAddr>().is_err() && !is_name(name)) {
        return Err(CertificateError::Name(wrong.clone()));
    }
    let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, "Tabphone (self-signed)");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = OffsetDateTime::now_utc();
    // The clocks of others may be behind.
    params.not_before = now - Duration::DAY;
    params.not_after = now + Duration::days(DAYS);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), Zeroizing::new(key.serialize_pem())))
}

/// A name of a host, or with a star for all below it.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    name.len() <= 253 && name.strip_prefix("*.").unwrap_or(name).split('.').all(label)
}

fn covers(certificate: &CertifiedKey, names: &BTreeSet<String>) -> bool {
    names.is_subset(&pair::names(certificate).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn it_is_made_once_and_its_key_is_the_owners() {
        let data = tempfile::tempdir().unwrap();
        let names = ["phone.example".to_owned(), "2001:db8::7".to_owned()];
        let first = open(data.path(), HERE, &names).unwrap();
        let again = open(data.path(), HERE, &names[..1]).unwrap();
        assert_eq!(first.cert, again.cert, "for fewer names it is good, too");
        assert!((DAYS - 1..=DAYS).contains(&pair::days_left(&first).unwrap()));
        let mode = std::fs::metadata(data.path().join(KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn another_name_or_a_damaged_file_makes_another_one() {
        let data = tempfile::tempdir().unwrap();
        let first = open(data.path(), HERE, &[]).unwrap();
        let second = open(data.path(), HERE, &["phone.example".to_owned()]).unwrap();
        assert_ne!(first.cert, second.cert);
        std::fs::write(data.path().join(KEY), "nonsense").unwrap();
        let third = open(data.path(), HERE, &["phone.example".to_owned()]).unwrap();
        assert_ne!(second.cert, third.cert);
    }

    #[test]
    fn what_is_no_name_is_refused_in_words() {
        let data = tempfile::tempdir().unwrap();
        for name in ["a b", "", "-a", "https://phone.example", "phone.example:443"] {
            let error = open(data.path(), HERE, &[name.to_owned()]).unwrap_err();
            assert!(matches!(&error, CertificateError::Name(wrong) if wrong == name), "{error}");
        }
    }
}
