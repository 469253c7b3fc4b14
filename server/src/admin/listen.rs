//! How the server is reached, on the command line.

use crate::client::Proxies;
use crate::listen::{Acme, LETS_ENCRYPT, Limits, Options, Tls};
use clap::{ArgGroup, Args};
use ipnet::IpNet;
use std::net::{AddrParseError, IpAddr, SocketAddr};
use std::path::PathBuf;

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "How the server is reached")]
#[command(group = ArgGroup::new("https").args(["tls_certificate", "acme", "self_signed"]).multiple(false))]
pub(super) struct Listen {
    /// The address to listen on; port 0 takes a free one. It speaks HTTPS with any of the next three, else plain HTTP.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(super) listen: SocketAddr,
    /// HTTPS with this certificate and those that lead to its authority, in PEM: `/etc/tabphone/fullchain.pem`. When the file changes it is read again,
    /// and no connection is dropped.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The private key of that certificate, in PEM, such as `/etc/tabphone/privkey.pem`.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// HTTPS with a certificate for this name, such as `phone.example.com`, got and renewed by itself (ACME, TLS-ALPN-01). The name must lead to this
    /// machine, and port 443 of it to this server. Several names are given one by one, or with commas.
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',', requires = "acme_contact")]
    acme: Vec<String>,
    /// Whom the authority tells when something is wrong: `mailto:admin@example.com`.
    #[arg(long, value_name = "URL", requires = "acme", value_parser = contact)]
    acme_contact: Vec<String>,
    /// The directory of another authority than Let's Encrypt.
    #[arg(long, value_name = "URL", requires = "acme", default_value = LETS_ENCRYPT)]
    acme_directory: String,
    /// Who signed the certificate of the authority's own server, in PEM, when that is none that browsers know:
    /// `/etc/tabphone/authority.pem`.
    #[arg(long, value_name = "FILE", requires = "acme")]
    acme_ca: Option<PathBuf>,
    /// HTTPS with a certificate that is made here once, for a trial on a LAN: browsers ask whether to trust it. Its
    /// fingerprint is printed at the start, to be compared with what the browser shows.
    #[arg(long)]
    self_signed: bool,
    /// Another name or address that the self-signed certificate is for, such as `192.168.1.20`; localhost, the machine's own name, and the
    /// address to listen on are in it anyway.
    #[arg(long, value_name = "NAME", requires = "self_signed")]
    tls_name: Vec<String>,
    /// Plain HTTP on this address, such as `0.0.0.0:80`, that leads browsers to HTTPS, and answers nothing else.
    #[arg(long, value_name = "ADDRESS:PORT", requires = "https")]
    redirect: Option<SocketAddr>,
    /// A proxy, or a network of them, that is believed whom it speaks for (X-Forwarded-For): `10.0.0.0/8`.
    /// Those on this machine are believed anyway, unless `none` is said.
    #[arg(long, value_name = "ADDRESS[/PREFIX]|none", value_parser = believed)]
    trusted_proxy: Vec<Believed>,
    /// How many connections there may be from one address, or from one network of 64 bits in IPv6; a person's browser
    /// has some four. Proxies have no such limit.
    #[arg(long, value_name = "NUMBER", default_value_t = Limits::default().per_network)]
    connections_per_address: usize,
}

/// Who is believed whom they speak for.
#[derive(Clone, Copy, Debug)]
enum Believed {
    /// Nobody for being on this machine.
    Nobody,
    /// Who is in this network.
    Network(IpNet),
}

/// Not a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a contact is like mailto:admin@example.com")]
struct InvalidContact;

impl From<Listen> for Options {
    fn from(listen: Listen) -> Self {
        let limits = Limits { per_network: listen.connections_per_address, ..Limits::default() };
        Self {
            address: listen.listen,
            redirect: listen.redirect,
            proxies: proxies(&listen.trusted_proxy),
            limits,
            tls: tls(listen),
        }
    }
}

fn proxies(believed: &[Believed]) -> Proxies {
    let networks = believed.iter().filter_map(|believed| match believed {
        Believed::Network(network) => Some(*network),
        Believed::Nobody => None,
    });
    if believed.iter().any(|believed| matches!(believed, Believed::Nobody)) {
        Proxies::only(networks)
    } else {
        Proxies::and(networks)
    }
}

fn tls(listen: Listen) -> Option<Tls> {
    match (listen.tls_certificate, listen.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls::Files { certificate, key }),
        _ if listen.self_signed => Some(Tls::SelfSigned(listen.tls_name)),
        _ if listen.acme.is_empty() => None,
        _ => Some(Tls::Acme(Acme {
            domains: listen.acme,
            contact: listen.acme_contact,
            directory: listen.acme_directory,
            authority: listen.acme_ca,
        })),
    }
}

fn contact(text: &str) -> Result<String, InvalidContact> {
    let address = text.strip_prefix("mailto:").filter(|address| address.contains('@'));
    address.map(|_| text.to_owned()).ok_or(InvalidContact)
}

/// A network, or one address, or nobody.
fn believed(text: &str) -> Result<Believed, AddrParseError> {
    match text.parse() {
        Ok(network) => Ok(Believed::Network(network)),
        Err(_) if text == "none" => Ok(Believed::Nobody),
        Err(_) => text.parse().map(|address: IpAddr| Believed::Network(address.to_canonical().into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Transport;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        listen: Listen,
    }

    fn read(line: &str) -> Result<Options, clap::Error> {
        let words = ["tabphone"].into_iter().chain(line.split_whitespace());
        Line::try_parse_from(words).map(|line| line.listen.into())
    }

    #[test]
    fn there_is_one_way_to_a_certificate() {
        for (line, transport) in [
            ("", Transport::Plain),
            ("--tls-certificate a --tls-key b", Transport::Tls),
            ("--acme a.example,b.example --acme-contact mailto:c@a.example", Transport::Tls),
            ("--self-signed --tls-name phone.lan --redirect 0.0.0.0:80", Transport::SelfSigned),
        ] {
            assert_eq!(read(line).unwrap().transport(), transport, "{line}");
        }
        for line in [
            "--tls-certificate a",
            "--tls-key b",
            "--acme a.example",
            "--acme a.example --acme-contact c@a.example",
            "--acme-directory https://a.example",
            "--tls-name a.example",
            "--self-signed --tls-certificate a --tls-key b",
            "--redirect 0.0.0.0:80",
            "--trusted-proxy proxy.example",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        let options = read("--trusted-proxy 192.0.2.7 --trusted-proxy 2001:db8::/32").unwrap();
        for (address, trusted) in [
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("::ffff:192.0.2.7", true),
            ("2001:db8:1::1", true),
            ("127.0.0.1", true),
        ] {
            assert_eq!(options.proxies.trusts(address.parse().unwrap()), trusted, "{address}");
        }
        assert!(!read("--trusted-proxy none").unwrap().proxies.trusts("127.0.0.1".parse().unwrap()));
        let remote = read("--trusted-proxy none --trusted-proxy 192.0.2.7").unwrap().proxies;
        assert!(remote.trusts("192.0.2.7".parse().unwrap()) && !remote.trusts("::1".parse().unwrap()));
    }
}
