//! Certificates from an authority that speaks ACME (RFC 8555), proven by a handshake on this very port (TLS-ALPN-01,
//! RFC 8737) and renewed when a third of their time is left.

use super::{CertificateError, private, provider};
use async_trait::async_trait;
use futures::StreamExt as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore};
use rustls_acme::{AccountCache, AcmeConfig, AcmeState, CertCache, EventError, EventOk, ResolvesServerCertAcme};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// What an authority that looks speaks over TLS (RFC 8737 3).
pub(in crate::listen) const PROTOCOL: &[u8] = rustls_acme::acme::ACME_TLS_ALPN_NAME;
/// Let's Encrypt.
pub const LETS_ENCRYPT: &str = rustls_acme::acme::LETS_ENCRYPT_PRODUCTION_DIRECTORY;

/// Where everything of it lies in the data directory.
const DIRECTORY: &str = "acme";
/// How often it is begun anew with what was stored: an authority that never answers must not stop everything.
const AFRESH: Duration = Duration::from_secs(24 * 3600);

/// Which certificate is wanted, and from whom.
#[derive(Clone, Debug)]
pub struct Acme {
    /// The names it is for.
    pub domains: Vec<String>,
    /// Whom the authority tells when something is wrong: `mailto:admin@example.com`.
    pub contact: Vec<String>,
    /// The address of the authority's directory.
    pub directory: String,
    /// Who signed the certificate of the authority's own server, in PEM, when browsers do not know that.
    pub authority: Option<PathBuf>,
}

/// The authority, and what it has given so far.
pub(in crate::listen) struct Authority {
    acme: Acme,
    client: Arc<ClientConfig>,
    vault: Vault,
    current: Arc<Current>,
}

/// Whom the certificate in use comes from.
#[derive(Debug)]
struct Current(RwLock<Arc<ResolvesServerCertAcme>>);

/// Keys and certificates, a file each.
#[derive(Clone, Debug)]
struct Vault(PathBuf);

type State = AcmeState<CertificateError>;

/// Where the certificate and its key are kept together, once there is one.
pub(super) fn stored(acme: &Acme, data: &Path) -> PathBuf {
    Vault(data.join(DIRECTORY)).path("certificate", &acme.domains, &acme.directory)
}

impl Authority {
    pub(super) fn new(acme: &Acme, data: &Path) -> Result<Self, CertificateError> {
        let vault = Vault(data.join(DIRECTORY));
        private::directory(&vault.0)?;
        let client = Arc::new(client(acme.authority.as_deref())?);
        let current = Arc::new(Current(RwLock::new(begin(acme, &client, &vault).resolver())));
        Ok(Self { acme: acme.clone(), client, vault, current })
    }

    pub(super) fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::clone(&self.current) as _
    }

    /// Gets a certificate and renews it, for as long as it is polled.
    pub(super) async fn renew(self) {
        loop {
            let mut state = begin(&self.acme, &self.client, &self.vault);
            // What was stored is there in a moment; until then the one before goes on.
            let stored = self.vault.load_cert(&self.acme.domains, &self.acme.directory).await;
            if !matches!(stored, Ok(Some(_))) {
                self.current.set(&state);
            }
            let until = Instant::now() + AFRESH;
            while let Ok(Some(event)) = timeout_at(until, state.next()).await {
                self.current.set(&state);
                self.tell(event);
            }
        }
    }

    fn tell(&self, event: Result<EventOk, EventError<CertificateError, CertificateError>>) {
        let domains = self.acme.domains.join(", ");
        match event {
            Ok(EventOk::DeployedNewCert) => tracing::info!(domains, "a new certificate is in use"),
            Ok(EventOk::DeployedCachedCert) => tracing::info!(domains, "the stored certificate is in use"),
            Ok(EventOk::CertCacheStore | EventOk::AccountCacheStore) => {}
            Err(EventError::Order(error)) => tracing::error!(
                domains,
                "no certificate from {}: {error}; it is tried again by itself. The names must lead here, and port 443 \
                 of them to this server",
                self.acme.directory
            ),
            Err(error) => tracing::error!(domains, "the certificate: {error}"),
        }
    }
}

impl Current {
    fn set(&self, state: &State) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = state.resolver();
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let resolver = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        resolver.resolve(hello)
    }
}

fn begin(acme: &Acme, client: &Arc<ClientConfig>, vault: &Vault) -> State {
    AcmeConfig::new_with_client_config(&acme.domains, Arc::clone(client))
        .contact(&acme.contact)
        .directory(&acme.directory)
        .cache(vault.clone())
        .state()
}

/// How the authority's server is recognized.
fn client(authority: Option<&Path>) -> Result<ClientConfig, CertificateError> {
    let mut roots = RootCertStore::empty();
    match authority {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let unusable = || CertificateError::NoCertificate(path.to_owned());
            let pem = private::read(path)?.ok_or_else(unusable)?;
            let known: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
            let (added, _) = roots.add_parsable_certificates(known.map_err(|_| unusable())?);
            if added == 0 {
                return Err(unusable());
            }
        }
    }
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

impl Vault {
    /// Other names, contacts or authorities have files of their own.
    fn path(&self, kind: &str, names: &[String], directory: &str) -> PathBuf {
        let mut digest = Sha256::new();
        for text in names.iter().map(String::as_str).chain([directory]) {
            digest.update(text.as_bytes());
            digest.update([0]);
        }
        let digest: String = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.0.join(format!("{kind}-{digest}"))
    }
}

#[async_trait]
impl CertCache for Vault {
    type EC = CertificateError;

    async fn load_cert(&self, domains: &[String], directory: &str) -> Result<Option<Vec<u8>>, CertificateError> {
        private::read(&self.path("certificate", domains, directory))
    }

    async fn store_cert(&self, domains: &[String], directory: &str, cert: &[u8]) -> Result<(), CertificateError> {
        private::write(&self.path("certificate", domains, directory), cert)
    }
}

#[async_trait]
impl AccountCache for Vault {
    type EA = CertificateError;

    async fn load_account(&self, contact: &[String], directory: &str) -> Result<Option<Vec<u8>>, CertificateError> {
        private::read(&self.path("account", contact, directory))
    }

    async fn store_account(&self, contact: &[String], directory: &str, account: &[u8]) -> Result<(), CertificateError> {
        private::write(&self.path("account", contact, directory), account)
    }
}
