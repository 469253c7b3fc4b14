//! How servers know each other: by the fingerprint of a certificate that is made at each start, and by a token that is made
//! for each leadership. Both are told by the database, which no stranger can write to.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, ServerConfig, SignatureScheme};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// The name that the certificate is for; nobody looks at it.
pub(super) const NAME: &str = "leader.tabphone.invalid";

/// A server cannot make itself known to others.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No certificate can be made.
    #[error("a certificate for other servers cannot be made: {0}")]
    Make(#[from] rcgen::Error),
    /// TLS cannot work with it.
    #[error("a certificate for other servers cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// The system gave no random numbers.
    #[error("the system gave no random numbers")]
    Random,
}

/// A server's own certificate.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) fingerprint: Vec<u8>,
    pub(super) tls: Arc<ServerConfig>,
}

/// Takes one certificate and no other.
#[derive(Debug)]
struct Pinned {
    fingerprint: Vec<u8>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Identity {
    pub(super) fn make() -> Result<Self, IdentityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = CertificateParams::new(vec![NAME.to_owned()])?.self_signed(&key)?;
        let fingerprint = Sha256::digest(certificate.der()).to_vec();
        let private = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let tls = builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private)?;
        Ok(Self { fingerprint, tls: Arc::new(tls) })
    }
}

/// What nobody can guess.
pub(super) fn token() -> Result<String, IdentityError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| IdentityError::Random)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether the two are the same; how long that takes tells nothing of either.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// TLS with whoever has the certificate with this fingerprint.
pub(super) fn trusting(fingerprint: Vec<u8>) -> Result<ClientConfig, IdentityError> {
    let algorithms = provider().signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let verifier = Arc::new(Pinned { fingerprint, algorithms });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if same(Sha256::digest(certificate).as_slice(), &self.fingerprint) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
