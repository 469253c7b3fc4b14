//! `tabphone serve`.

use super::{CommandError, Data, demo};
use crate::login::pbx::Pbx;
use crate::media::{Relays, Secret, SecretError};
use crate::origin::{self, InvalidOrigin};
use crate::store::password::Cost;
use app::media::IceServer;
use clap::Args;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    data: Data,
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Another name that SIP clients may use for the domain.
    #[arg(long, value_name = "DOMAIN")]
    domain_alias: Vec<String>,
    /// A foreign web origin whose pages may use the exchange, with digest authentication.
    #[arg(long, value_name = "ORIGIN", value_parser = foreign)]
    allow_origin: Vec<String>,
    /// The origin that people open, when a proxy with HTTPS stands before the server.
    #[arg(long, value_name = "ORIGIN", value_parser = foreign)]
    origin: Option<String>,
    /// A PBX that logs people in with their extension and password there: a name for it, then where it is
    /// (wss, ws, tls, tcp or udp). `domain` is its SIP domain, if that is not its host; `extensions` are those that it
    /// decides when they are typed without a domain (`2*|30??`), else all; `ca` is a file with the certificates that
    /// vouch for it, in place of the system's.
    #[arg(long, value_name = "NAME=URL[,domain=DOMAIN][,extensions=PATTERNS][,ca=FILE]")]
    pbx: Vec<Pbx>,
    /// How long a call rings before it is given up, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 45, value_parser = clap::value_parser!(u32).range(5..=600))]
    ringing_time: u32,
    /// How long a phone is registered at most until it has to say so again, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(60..=86_400))]
    registration_time: u32,
    /// A STUN or TURN server for calls: `stun:host:port`, or `turn:host:port,user,credential`.
    #[arg(long, value_name = "URL[,USER,CREDENTIAL]", value_parser = ice_server)]
    ice_server: Vec<IceServer>,
    /// A TURN server that shares a secret with this one (coturn's `use-auth-secret`): `turn:host:port`. Every phone gets a
    /// credential of its own, good for a short time.
    #[arg(long, value_name = "URL", value_parser = turn_server)]
    turn_server: Vec<String>,
    /// The file with that secret on one line; it can also be given in the environment, as TABPHONE_TURN_SECRET.
    #[arg(long, value_name = "FILE")]
    turn_secret_file: Option<PathBuf>,
    /// How long the credentials for the TURN servers are good for, in seconds; pages get new ones in time.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, value_parser = clap::value_parser!(u32).range(60..=604_800))]
    turn_lifetime: u32,
    /// After how many days recordings of calls are removed; without it they stay until whoever made them removes them.
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    keep_recordings: Option<u32>,
    /// On the first start, make three extensions to try the phone with.
    #[arg(long)]
    demo: bool,
    /// Give the demo extensions new passwords.
    #[arg(long)]
    reset_demo: bool,
    /// The built site.
    #[arg(long, value_name = "DIR", env = "TABPHONE_SITE", default_value_os_t = site())]
    site: PathBuf,
}

/// Where the secret of the TURN servers may stand: what is an argument can be read by everybody on the machine.
const TURN_SECRET: &str = "TABPHONE_TURN_SECRET";

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
        let running = crate::start(self.options()?).await?;
        writeln!(std::io::stdout(), "Tabphone is ready: http://{}", to_open(running.address()))?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        running.stop().await;
        Ok(())
    }

    fn options(self) -> Result<crate::Options, SecretError> {
        let relays = self.relays()?;
        Ok(crate::Options {
            data: self.data.data,
            domain: self.data.domain,
            listen: self.listen,
            domain_aliases: self.domain_alias,
            allowed_origins: self.allow_origin,
            origin: self.origin,
            pbxs: self.pbx,
            ringing: Duration::from_secs(self.ringing_time.into()),
            registration: Duration::from_secs(self.registration_time.into()),
            ice_servers: self.ice_server,
            relays,
            keep_recordings: self.keep_recordings.map(|days| Duration::from_secs(u64::from(days) * 86_400)),
            site: self.site,
            cost: Cost::default(),
        })
    }

    fn relays(&self) -> Result<Option<Relays>, SecretError> {
        let secret = match (&self.turn_secret_file, std::env::var(TURN_SECRET)) {
            (Some(path), _) => Some(Secret::read(path)?),
            (None, Ok(secret)) => Some(Secret::new(secret)?),
            (None, Err(_)) => None,
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

/// What people open: a browser keeps other cookies for the number than for the name, so there is one way to say it.
fn to_open(address: SocketAddr) -> String {
    let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    if loopback.contains(&address.ip()) { format!("localhost:{}", address.port()) } else { address.to_string() }
}

fn foreign(text: &str) -> Result<String, InvalidOrigin> {
    origin::parse(text)
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

/// Where the build puts the site: beside the folder of the program itself, wherever it is linked from.
fn site() -> PathBuf {
    let program = std::env::current_exe().and_then(std::fs::canonicalize).unwrap_or_default();
    program.parent().and_then(|folder| folder.parent()).map(|folder| folder.join("site")).unwrap_or_default()
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
