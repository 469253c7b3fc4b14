//! `tabphone serve`.

use super::listen::Listen;
use super::log::Logs;
use super::metrics::Token;
use super::plain::Plain;
use super::{CommandError, Data, demo};
use crate::Reached;
use crate::cluster::Peer;
use crate::media::{Relays, Secret, SecretError};
use crate::origin::{self, InvalidOrigin, Transport};
use crate::pbx::Pbx;
use crate::site::Files;
use crate::store::contacts::{InvalidCountry, Numbering};
use crate::store::password::Cost;
use app::media::IceServer;
use clap::Args;
use http::uri::Authority;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    pub(super) data: Data,
    #[command(flatten)]
    pub(super) listen: Listen,
    /// Where other servers on the same PostgreSQL database reach this one, such as `10.0.0.1:8090`: one of them leads, and
    /// those that stand by pass on to it what they are asked, over TLS. Nobody else needs to reach it.
    #[arg(long, value_name = "ADDRESS:PORT")]
    peer_listen: Option<SocketAddr>,
    /// The host and port at which the others find it, such as `phone1.internal:8090`, if that is another address.
    #[arg(long, value_name = "HOST:PORT", requires = "peer_listen", value_parser = peer_address)]
    peer_address: Option<Authority>,
    /// Another name that SIP clients may use for the domain, such as `example.net`.
    #[arg(long, value_name = "DOMAIN")]
    domain_alias: Vec<String>,
    /// A foreign web origin whose pages may use the exchange, with digest authentication, such as `https://crm.example.com`.
    #[arg(long, value_name = "ORIGIN", value_parser = foreign)]
    pub(super) allow_origin: Vec<String>,
    /// The origin that people open, such as `https://phone.example.com`, when it is not the address they find the server
    /// at by themselves: a proxy with HTTPS stands before it, or it has one name of several.
    #[arg(long, value_name = "ORIGIN", value_parser = foreign)]
    pub(super) origin: Option<String>,
    /// A PBX that logs people in with their extension and password there, and that their phones are led to if it speaks
    /// WebSocket: a name for it, then where it is (wss, ws, tls, tcp or udp), such as `office=wss://pbx.example.com:8089/ws`.
    /// `domain` is its SIP domain, if that is not its host; `extensions` are those that it decides when they are typed
    /// without a domain (`2*|30??`), else all; `kind` is asterisk, freeswitch, kamailio, opensips or generic; `ca` is a file
    /// with the certificates that vouch for it, in place of the system's, `fingerprint` the SHA-256 of the only one that it
    /// may have. `also` is another address of it; each may have `;priority=N` (lower ones are tried first) and `;weight=N`
    /// (how often it comes first among equals).
    #[arg(
        long,
        value_name = "NAME=URL[,domain=DOMAIN][,extensions=PATTERNS][,kind=KIND][,pickup=CODE][,ca=FILE][,fingerprint=HEX][,also=URL]"
    )]
    pub(super) pbx: Vec<Pbx>,
    #[command(flatten)]
    pub(super) plain: Plain,
    /// How long a call rings before it is given up, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 45, value_parser = clap::value_parser!(u32).range(5..=600))]
    pub(super) ringing_time: u32,
    /// How long a phone is registered at most until it has to say so again, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(60..=86_400))]
    registration_time: u32,
    /// A STUN or TURN server for calls: `stun:host:port`, or `turn:host:port,user,credential`.
    #[arg(long, value_name = "URL[,USER,CREDENTIAL]", value_parser = ice_server)]
    pub(super) ice_server: Vec<IceServer>,
    /// A TURN server that shares a secret with this one (coturn's `use-auth-secret`): `turn:host:port`. Every phone gets a
    /// credential of its own, good for a short time.
    #[arg(long, value_name = "URL", value_parser = turn_server)]
    turn_server: Vec<String>,
    /// The file with that secret on one line, such as `/etc/tabphone/turn-secret`.
    #[arg(long, value_name = "FILE")]
    turn_secret_file: Option<PathBuf>,
    /// That secret itself, such as `a-long-random-text`: in this file, which others must not be able to read then, or in the environment; it is no flag.
    // What is hidden is no flag: what is an argument can be read by everybody on the machine.
    #[arg(long, value_name = "SECRET", hide = true, value_parser = turn_secret)]
    turn_secret: Option<Secret>,
    /// How long the credentials for the TURN servers are good for, in seconds; pages get new ones in time.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, value_parser = clap::value_parser!(u32).range(60..=604_800))]
    turn_lifetime: u32,
    /// After how many days recordings of calls are removed, such as `90`; without it they stay until whoever made them
    /// removes them.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    keep_recordings: Option<u32>,
    /// The code of the country in which numbers are dialled without one, such as `49`: who calls is then found among the
    /// contacts by `+49 30 123` and `030 123` alike.
    #[arg(long, value_name = "CODE", value_parser = country)]
    country_code: Option<Numbering>,
    /// On the first start, make three extensions to try the phone with.
    #[arg(long)]
    pub(super) demo: bool,
    /// Give the demo extensions new passwords.
    #[arg(long)]
    reset_demo: bool,
    /// The folder of a built site, such as `/usr/share/tabphone`, instead of the site in the program.
    #[arg(long, value_name = "DIR")]
    pub(super) site: Option<PathBuf>,
    /// The file with a token on one line, such as `/etc/tabphone/metrics-token`: programs that show it (`Authorization: Bearer`)
    /// may read /metrics from anywhere. Without it only this machine may, and nobody where --origin or --trusted-proxy says
    /// that a proxy may stand before the server.
    #[arg(long, value_name = "FILE")]
    metrics_token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) logs: Logs,
}

/// Not a STUN or TURN server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum InvalidIceServer {
    #[error("a STUN or TURN server is like stun:host:port or turn:host:port,user,credential")]
    Form,
    #[error("a TURN server needs a user and a credential: turn:host:port,user,credential")]
    Credential,
    #[error("a TURN server with a shared secret is like turn:host:port, without a user and a credential")]
    Relay,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), CommandError> {
        // Before anything is made, so that no signal falls between.
        let mut terminate = signal(SignalKind::terminate()).map_err(CommandError::Signal)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(CommandError::Signal)?;
        if self.demo || self.reset_demo {
            let accounts = self.data.open().await?;
            if let Some(said) = demo::prepare(&accounts, self.reset_demo).await? {
                std::io::stdout().write_all(said.as_bytes())?;
            }
        }
        let files = Files::choose(self.site.clone());
        if !files.missing().is_empty() {
            let (place, missing) = (files.place(), files.missing().join(", "));
            tracing::warn!(place, missing, "there is no built site: pages can be read, but there is no phone in them");
        }
        let running = crate::start(self.options()?).await?;
        std::io::stdout().write_all(said(running.reached()).as_bytes())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        running.stop().await;
        Ok(())
    }

    fn options(self) -> Result<crate::Options, CommandError> {
        let relays = self.relays()?;
        let metrics_token = self.metrics_token_file.as_deref().map(Token::read).transpose()?;
        let peer = self.peer();
        Ok(crate::Options {
            database: self.data.database()?,
            peer,
            data: self.data.data,
            domain: self.data.domain,
            listen: self.listen.into(),
            domain_aliases: self.domain_alias,
            allowed_origins: self.allow_origin,
            origin: self.origin,
            pbxs: self.pbx,
            plain: self.plain.into(),
            ringing: Duration::from_secs(self.ringing_time.into()),
            registration: Duration::from_secs(self.registration_time.into()),
            ice_servers: self.ice_server,
            relays,
            keep_recordings: self.keep_recordings.map(|days| Duration::from_secs(u64::from(days) * 86_400)),
            site: self.site,
            metrics_token,
            numbering: self.country_code.unwrap_or_default(),
            cost: Cost::default(),
        })
    }

    /// Where other servers reach this one.
    pub(super) fn peer(&self) -> Option<Peer> {
        Some(Peer { listen: self.peer_listen?, address: self.peer_address.clone() })
    }

    /// The TURN servers whose credentials are made here.
    pub(super) fn relays(&self) -> Result<Option<Relays>, SecretError> {
        let secret = match (&self.turn_secret_file, &self.turn_secret) {
            (Some(path), _) => Some(Secret::read(path)?),
            (None, secret) => secret.clone(),
        };
        match secret {
            None if self.turn_server.is_empty() => Ok(None),
            Some(_) if self.turn_server.is_empty() => Err(SecretError::Alone),
            None => Err(SecretError::Alone),
            Some(secret) => {
                let lifetime = Duration::from_secs(self.turn_lifetime.into());
                Ok(Some(Relays::new(self.turn_server.clone(), secret, lifetime)))
            }
        }
    }
}

/// What is said when the server is there.
fn said(reached: &Reached) -> String {
    let scheme = if reached.transport == Transport::Plain { "http" } else { "https" };
    let ready = format!("Tabphone is ready: {scheme}://{}\n", to_open(reached.address));
    match &reached.fingerprint {
        Some(fingerprint) => format!("The certificate's SHA-256 fingerprint: {fingerprint}\n{ready}"),
        None => ready,
    }
}

/// What people open: a browser keeps other cookies for the number than for the name, so there is one way to say it.
fn to_open(address: SocketAddr) -> String {
    let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    if loopback.contains(&address.ip()) { format!("localhost:{}", address.port()) } else { address.to_string() }
}

/// Not a host with a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("other servers find this one at a host and a port: phone1.internal:8090")]
struct InvalidPeer;

fn peer_address(text: &str) -> Result<Authority, InvalidPeer> {
    let authority: Authority = text.parse().map_err(|_| InvalidPeer)?;
    let named = !authority.host().is_empty() && !text.contains('@');
    if named && authority.port_u16().is_some_and(|port| port != 0) { Ok(authority) } else { Err(InvalidPeer) }
}

fn foreign(text: &str) -> Result<String, InvalidOrigin> {
    origin::parse(text)
}

fn country(text: &str) -> Result<Numbering, InvalidCountry> {
    Numbering::new(Some(text))
}

fn turn_secret(text: &str) -> Result<Secret, SecretError> {
    Secret::new(text.to_owned())
}

fn turn_server(text: &str) -> Result<String, InvalidIceServer> {
    let rest = text.strip_prefix("turn:").or_else(|| text.strip_prefix("turns:")).ok_or(InvalidIceServer::Relay)?;
    if rest.is_empty() || rest.contains(',') { Err(InvalidIceServer::Relay) } else { Ok(text.to_owned()) }
}

fn ice_server(text: &str) -> Result<IceServer, InvalidIceServer> {
    let mut parts = text.splitn(3, ',').map(str::to_owned);
    let url = parts.next().ok_or(InvalidIceServer::Form)?;
    let (username, credential) = (parts.next(), parts.next());
    let (scheme, rest) = url.split_once(':').ok_or(InvalidIceServer::Form)?;
    let relay = match scheme {
        "stun" | "stuns" => false,
        "turn" | "turns" => true,
        _ => return Err(InvalidIceServer::Form),
    };
    if rest.is_empty() || username.is_some() != credential.is_some() {
        return Err(InvalidIceServer::Form);
    }
    if relay && credential.is_none() {
        return Err(InvalidIceServer::Credential);
    }
    Ok(IceServer { urls: vec![url], username, credential })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_itself_is_opened_by_its_name() {
        for (address, said) in [
            ("127.0.0.1:8080", "localhost:8080"),
            ("[::1]:8080", "localhost:8080"),
            ("0.0.0.0:8080", "0.0.0.0:8080"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            assert_eq!(to_open(address.parse().unwrap()), said);
        }
    }

    #[test]
    fn stun_needs_an_address_and_turn_a_credential() {
        assert_eq!(ice_server("stun:stun.example.com:3478").unwrap().urls, ["stun:stun.example.com:3478"]);
        let turn = ice_server("turn:turn.example.com,bob,pass,with,commas").unwrap();
        assert_eq!(turn.credential.as_deref(), Some("pass,with,commas"));
        assert_eq!(ice_server("turn:turn.example.com"), Err(InvalidIceServer::Credential));
        assert_eq!(
            turn_server("turns:relay.example.com?transport=tcp").as_deref(),
            Ok("turns:relay.example.com?transport=tcp")
        );
        for text in ["turn:", "stun:relay.example.com", "turn:relay.example.com,user,credential"] {
            assert_eq!(turn_server(text), Err(InvalidIceServer::Relay), "{text}");
        }
        for text in ["", "stun:", "http://example.com", "stun:a,user", "example.com"] {
            assert_eq!(ice_server(text), Err(InvalidIceServer::Form), "{text}");
        }
    }
}
