//! The server's certificate: where it comes from, and how it stays good.

pub(super) mod acme;
mod files;
mod pair;
mod private;
mod self_signed;
mod shown;

pub use shown::Shown;

use super::Tls;
use acme::Authority;
use files::Files;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use sha2::{Digest as _, Sha256};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is spoken over TLS, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// There is no certificate that can be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No certificate is in the file.
    #[error("{} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", .0.display())]
    NoCertificate(PathBuf),
    /// No key is in the file, or it is encrypted.
    #[error("{} holds no private key in PEM, or an encrypted one (-----BEGIN PRIVATE KEY-----)", .0.display())]
    NoKey(PathBuf),
    /// The two files are of different certificates.
    #[error("the key in {} is not the key of the certificate in {}", key.display(), certificate.display())]
    OtherKey {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
    },
    /// TLS cannot work with it.
    #[error("the certificate cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// Not a name or an address that can stand in a certificate.
    #[error("{0:?} is not a name or an address that a certificate can be for")]
    Name(String),
    /// A self-signed one cannot be made.
    #[error("a certificate cannot be made: {0}")]
    Make(#[from] rcgen::Error),
}

/// The certificate in use, and what keeps it good.
pub(super) enum Certificates {
    /// From files that may change.
    Files(Files),
    /// From an authority.
    Acme(Authority),
    /// Made here.
    SelfSigned(Arc<CertifiedKey>),
}

impl Certificates {
    /// Reads the certificate, or makes it; one from an authority comes later. `address` is where the server listens.
    pub(super) async fn open(tls: &Tls, address: IpAddr, data: &Path) -> Result<Self, CertificateError> {
        match tls {
            Tls::Files { certificate, key } => Ok(Self::Files(Files::open(certificate, key).await?)),
            Tls::Acme(acme) => Ok(Self::Acme(Authority::new(acme, data)?)),
            Tls::SelfSigned(names) => Ok(Self::SelfSigned(Arc::new(self_signed::open(data, address, names)?))),
        }
    }

    /// What TLS is spoken with: 1.2 and 1.3, and always the certificate that is in use then.
    pub(super) fn config(&self) -> Result<ServerConfig, CertificateError> {
        let resolver: Arc<dyn ResolvesServerCert> = match self {
            Self::Files(files) => files.resolver(),
            Self::Acme(authority) => authority.resolver(),
            Self::SelfSigned(certificate) => Arc::new(SingleCertAndKey::from(Arc::clone(certificate))),
        };
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        if matches!(self, Self::Acme(_)) {
            config.alpn_protocols.push(acme::PROTOCOL.to_vec());
        }
        // Who comes back needs no second proof, however many come.
        config.ticketer = ring::Ticketer::new()?;
        Ok(config)
    }

    /// Keeps the certificate good, for as long as it is polled.
    pub(super) async fn keep(self) {
        match self {
            Self::Files(files) => files.watch().await,
            Self::Acme(authority) => authority.renew().await,
            Self::SelfSigned(_) => std::future::pending().await,
        }
    }

    /// The fingerprint of one that was made here.
    pub(super) fn fingerprint(&self) -> Option<String> {
        match self {
            Self::SelfSigned(certificate) => certificate.cert.first().map(|der| fingerprint(der)),
            Self::Files(_) | Self::Acme(_) => None,
        }
    }
}

/// The one cryptography of this server.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// SHA-256, as browsers show it.
fn fingerprint(der: &[u8]) -> String {
    let bytes: Vec<String> = Sha256::digest(der).iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}
