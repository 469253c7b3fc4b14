//! Whom a PBX is believed to be.

use super::{ConnectError, Pbx};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The SHA-256 of a certificate (DER).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

/// Not a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is the SHA-256 of a certificate: 64 hexadecimal digits, with or without colons")]
pub struct InvalidFingerprint;

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
        let mut bytes = [0; 32];
        if digits.len() != 64 {
            return Err(InvalidFingerprint);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|it| it.is_ascii_hexdigit()));
            *byte = u8::from_str_radix(pair.ok_or(InvalidFingerprint)?, 16).map_err(|_| InvalidFingerprint)?;
        }
        Ok(Self(bytes))
    }
}

/// How TLS to a PBX is checked: against its fingerprint, its file, or the system's authorities; where the system has none,
/// those of Mozilla.
pub(super) async fn trust(pbx: &Pbx) -> Result<ClientConfig, ConnectError> {
    // Named, as another part of the program may bring another one along.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    if let Some(fingerprint) = pbx.fingerprint {
        let verifier = Arc::new(Pinned { fingerprint, provider });
        return Ok(versions.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
    }
    let roots = match &pbx.ca {
        Some(file) => named(file).await?,
        None => system().await.clone(),
    };
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

async fn named(file: &Path) -> Result<RootCertStore, ConnectError> {
    let pem = tokio::fs::read(file).await?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let read = read.map_err(|error| ConnectError::Certificates(file.display().to_string(), error))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(read);
    Ok(roots)
}

/// Read once: a hundred phones may come back at the same time.
async fn system() -> &'static RootCertStore {
    static SYSTEM: OnceCell<RootCertStore> = OnceCell::const_new();
    SYSTEM
        .get_or_init(async || {
            let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(found.map(|found| found.certs).unwrap_or_default());
            if roots.is_empty() {
                roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
            roots
        })
        .await
}

/// Believes one certificate, whatever it says of itself, to whoever has its key.
#[derive(Debug)]
struct Pinned {
    fingerprint: Fingerprint,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown: [u8; 32] = Sha256::digest(end_entity).into();
        if shown == self.fingerprint.0 {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_openssl_prints_it() {
        let colons = ["Ab"; 32].join(":");
        assert_eq!(colons.parse(), Ok(Fingerprint([0xab; 32])));
        assert_eq!(colons.replace(':', "").parse(), Ok(Fingerprint([0xab; 32])));
        for wrong in ["", "ab", &colons[2..], &"+1".repeat(32), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Fingerprint>(), Err(InvalidFingerprint), "{wrong}");
        }
    }
}
