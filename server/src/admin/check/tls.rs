//! The certificate, if the server speaks HTTPS itself.

use super::Finding;
use crate::listen::{Shown, Tls};
use http::Uri;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const CERTIFICATE: &str = "certificate";

/// What the server would begin with, and whether browsers will take it.
pub(super) fn look(tls: &Tls, data: &Path, origin: Option<&str>) -> Finding {
    match Shown::of(tls, data) {
        Ok(Some(shown)) => judge(tls, &shown, origin),
        Ok(None) => to_come(tls),
        Err(error) => Finding::problem(CERTIFICATE, error.to_string(), unusable(tls)),
    }
}

fn judge(tls: &Tls, shown: &Shown, origin: Option<&str>) -> Finding {
    let names = shown.names.join(", ");
    let days = shown.days.map(|days| format!(", for {days} more days")).unwrap_or_default();
    let words = format!("for {names}{days}");
    if shown.days.is_some_and(|days| days < 0) && !matches!(tls, Tls::SelfSigned(_)) {
        return Finding::problem(
            CERTIFICATE,
            format!("for {names}; it has expired, and browsers refuse it"),
            renew(tls),
        );
    }
    let host = origin.and_then(|origin| origin.parse::<Uri>().ok()).and_then(|uri| uri.host().map(str::to_owned));
    match (tls, host) {
        (Tls::SelfSigned(_), _) => untrusted(words),
        (_, Some(host)) if !shown.is_for(host.trim_matches(['[', ']'])) => {
            let advice = "get one for the name in --origin, unless a proxy stands before that has one";
            Finding::warning(CERTIFICATE, format!("{words}: not for {host}, which people open"), advice)
        }
        _ if shown.ends_soon() => Finding::warning(CERTIFICATE, words, renew(tls)),
        _ => Finding::ok(CERTIFICATE, words),
    }
}

/// It is not there yet.
fn to_come(tls: &Tls) -> Finding {
    match tls {
        Tls::Acme(acme) => {
            let words = format!("for {}: it will be got from {}", acme.domains.join(", "), acme.directory);
            let advice = "the names must lead to this machine, and port 443 of them to this server, when it starts";
            Finding::warning(CERTIFICATE, words, advice)
        }
        Tls::SelfSigned(_) | Tls::Files { .. } => untrusted("it will be made when the server starts".to_owned()),
    }
}

fn untrusted(words: String) -> Finding {
    let advice = "browsers ask whether to trust it, since it is signed by nobody: for more than a trial use --acme or \
        --tls-certificate";
    Finding::warning(CERTIFICATE, words, advice)
}

fn renew(tls: &Tls) -> &'static str {
    match tls {
        Tls::Acme(_) => "the server should have renewed it: look into its log",
        Tls::SelfSigned(_) | Tls::Files { .. } => {
            "renew it, and write both files: the server reads them again by itself"
        }
    }
}

fn unusable(tls: &Tls) -> &'static str {
    match tls {
        Tls::Files { .. } => {
            "--tls-certificate names the certificate and those that lead to its authority, --tls-key its key without a \
             passphrase, both in PEM and readable by the server"
        }
        Tls::Acme(_) | Tls::SelfSigned(_) => {
            "what lies in the data directory is damaged: remove it, and it is made anew"
        }
    }
}

/// Speaks TLS with whoever has an address of this machine. Nothing is told there, so it may be anybody.
pub(super) async fn shake(stream: TcpStream, address: IpAddr) -> io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(io::Error::other)?.dangerous();
    let config = builder.with_custom_certificate_verifier(Arc::new(Anybody(provider))).with_no_client_auth();
    TlsConnector::from(Arc::new(config)).connect(ServerName::from(address), stream).await
}

/// Takes every certificate.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use rcgen::{CertificateParams, KeyPair};
    use time::{Duration, OffsetDateTime};

    /// A certificate for a name and all below another, and whether it is good for so many days.
    fn files(folder: &Path, days: i64) -> Tls {
        let (certificate, key) = (folder.join("a.crt"), folder.join("a.key"));
        let names = ["phone.example".to_owned(), "*.phones.example".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = OffsetDateTime::now_utc() - Duration::days(100);
        params.not_after = OffsetDateTime::now_utc() + Duration::days(days) + Duration::hours(1);
        let pair = KeyPair::generate().unwrap();
        std::fs::write(&certificate, params.self_signed(&pair).unwrap().pem()).unwrap();
        std::fs::write(&key, pair.serialize_pem()).unwrap();
        Tls::Files { certificate, key }
    }

    #[test]
    fn a_certificate_is_for_names_and_for_a_time() {
        let folder = tempfile::tempdir().unwrap();
        for (days, origin, verdict, words) in [
            (60, None, Verdict::Ok, "for phone.example, *.phones.example, for 60 more days"),
            (60, Some("https://phone.example:8443"), Verdict::Ok, "60 more days"),
            (60, Some("https://a.phones.example"), Verdict::Ok, "60 more days"),
            (60, Some("https://a.b.phones.example"), Verdict::Warning, "not for a.b.phones.example"),
            (60, Some("https://other.example"), Verdict::Warning, "not for other.example, which people open"),
            (5, None, Verdict::Warning, "for 5 more days"),
            (-2, None, Verdict::Problem, "it has expired"),
        ] {
            let found = look(&files(folder.path(), days), folder.path(), origin);
            assert_eq!(found.verdict, verdict, "{found:?}");
            assert!(found.words.contains(words), "{found:?}");
        }
    }

    #[test]
    fn files_that_do_not_fit_are_said_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let tls = files(folder.path(), 60);
        std::fs::write(folder.path().join("a.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
        let other = look(&tls, folder.path(), None);
        assert!(other.verdict == Verdict::Problem && other.words.contains("is not the key of"), "{other:?}");
        std::fs::remove_file(folder.path().join("a.key")).unwrap();
        let missing = look(&tls, folder.path(), None);
        assert!(missing.verdict == Verdict::Problem && missing.words.contains("a.key"), "{missing:?}");
    }

    #[test]
    fn what_is_to_be_made_is_not_made_by_looking() {
        let folder = tempfile::tempdir().unwrap();
        let found = look(&Tls::SelfSigned(Vec::new()), folder.path(), None);
        assert_eq!((found.verdict, found.words.as_str()), (Verdict::Warning, "it will be made when the server starts"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
