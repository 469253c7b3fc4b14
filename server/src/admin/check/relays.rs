//! Whether the STUN and TURN servers answer as pages will need it.

use super::Finding;
use super::stun::{Asked, Credential, Failure, Server, Transport};
use crate::admin::serve::Serve;
use crate::clock;
use app::media::IceServer;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

const STUN: &str = "STUN server";
const TURN: &str = "TURN server";
/// Whose credential is made to try with.
const EXTENSION: &str = "check";
/// How long a server has that is only reached, and a name to be looked up.
const PATIENCE: Duration = Duration::from_secs(5);

/// One line for each server.
pub(super) async fn look(serve: &Serve) -> Vec<Finding> {
    let relays = match serve.relays() {
        Ok(relays) => relays,
        Err(error) => return vec![Finding::problem(TURN, error.to_string(), "correct it, and run this again")],
    };
    let made = relays.map(|relays| relays.for_extension(EXTENSION, clock::now() / 1_000));
    let servers: Vec<&IceServer> = serve.ice_server.iter().chain(&made).collect();
    let mut findings = Vec::new();
    for server in servers {
        for url in &server.urls {
            findings.push(one(url, server).await);
        }
    }
    if findings.is_empty() && !serve.listen.listen.ip().is_loopback() {
        findings.push(Finding::warning(
            TURN,
            "there is none: people in other networks may hear nothing",
            "set one up (coturn), and name it with --turn-server and --turn-secret-file; within one network none is needed",
        ));
    }
    findings
}

async fn one(url: &str, server: &IceServer) -> Finding {
    let about = if url.starts_with("turn") { TURN } else { STUN };
    let Some(place) = Place::parse(url) else {
        return Finding::problem(about, format!("{url} cannot be understood"), "say it like turn:HOST:PORT");
    };
    let found = timeout(PATIENCE, lookup_host((place.host, place.port))).await;
    let Some(address) = found.ok().and_then(Result::ok).and_then(|mut addresses| addresses.next()) else {
        let advice = "correct the name, or the name service of this machine";
        return Finding::problem(about, format!("{url}: nobody knows the name {}", place.host), advice);
    };
    if place.tls {
        return reach(about, url, address).await;
    }
    let credential = server.username.as_deref().zip(server.credential.as_deref());
    let credential = credential.map(|(user, password)| Credential { user, password });
    let stun = Server { address, transport: place.transport };
    match (credential, stun.ask(credential).await) {
        (_, Ok(Asked::Mapped(mapped))) => {
            Finding::ok(about, format!("{url} answers, and sees this machine as {mapped}"))
        }
        (_, Ok(Asked::Relayed(relayed, reached))) => {
            let words = format!("{url} takes the credential, and relays at {relayed}");
            if reached.is_empty() {
                return Finding::ok(about, words);
            }
            let reached = reached.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
            let advice = "whoever has a phone here reaches what listens there: refuse it with denied-peer-ip, as the shipped \
                turnserver.conf does";
            Finding::warning(about, format!("{words}, also to {reached}"), advice)
        }
        (_, Err(failure)) => Finding::problem(about, format!("{url}: {failure}"), advice(&failure)),
    }
}

/// Over TLS only that somebody is there.
async fn reach(about: &'static str, url: &str, address: SocketAddr) -> Finding {
    match timeout(PATIENCE, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Finding::warning(
            about,
            format!("{url} can be reached; its certificate and whether it takes the credential were not tried"),
            "name it as turn: as well to have the credential tried",
        ),
        Ok(Err(_)) | Err(_) => Finding::problem(about, format!("{url}: {}", Failure::Silent), advice(&Failure::Silent)),
    }
}

fn advice(failure: &Failure) -> &'static str {
    match failure {
        Failure::Silent | Failure::Network(_) => "look whether it runs there, and whether a firewall lets it through",
        Failure::Nonsense => "something else than a STUN or TURN server answers there: correct the port",
        Failure::Refused(401, _) => {
            "the secret is not the one of that server (coturn: static-auth-secret), or the clocks of the two differ"
        }
        Failure::Refused(..) => "look into its log",
    }
}

/// Where a server is (RFC 7064, RFC 7065).
struct Place<'a> {
    host: &'a str,
    port: u16,
    transport: Transport,
    tls: bool,
}

impl<'a> Place<'a> {
    fn parse(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let tls = scheme.ends_with('s');
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        let transport = match query {
            "transport=tcp" => Transport::Tcp,
            _ => Transport::Udp,
        };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            Some(_) | None => (authority, if tls { 5_349 } else { 3_478 }),
        };
        Some(Self { host: host.trim_start_matches('[').trim_end_matches(']'), port, transport, tls })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_server_has_its_parts() {
        let of = |url| Place::parse(url).map(|place| (place.host.to_owned(), place.port, place.transport, place.tls));
        let udp = Transport::Udp;
        assert_eq!(of("stun:a.example"), Some(("a.example".into(), 3_478, udp, false)));
        assert_eq!(of("turn:a.example:80?transport=tcp"), Some(("a.example".into(), 80, Transport::Tcp, false)));
        assert_eq!(of("turns:a.example"), Some(("a.example".into(), 5_349, udp, true)));
        assert_eq!(of("turn:[2001:db8::1]:80"), Some(("2001:db8::1".into(), 80, udp, false)));
        assert_eq!(of("turn:[2001:db8::1]"), Some(("2001:db8::1".into(), 3_478, udp, false)));
        assert_eq!(of("turn:a.example:http"), None);
    }
}
