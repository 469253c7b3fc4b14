//! `tabphone serve`.

use super::{CommandError, Data, demo};
use crate::origin::{self, InvalidOrigin};
use crate::store::password::Cost;
use app::backend::IceServer;
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
    /// How long a call rings before it is given up, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 45, value_parser = clap::value_parser!(u32).range(5..=600))]
    ringing_time: u32,
    /// How long a phone is registered at most until it has to say so again, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(60..=86_400))]
    registration_time: u32,
    /// A STUN or TURN server for calls: `stun:host:port`, or `turn:host:port,user,credential`.
    #[arg(long, value_name = "URL[,USER,CREDENTIAL]", value_parser = ice_server)]
    ice_server: Vec<IceServer>,
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

/// Not a STUN or TURN server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum InvalidIceServer {
    #[error("a STUN or TURN server is like stun:host:port or turn:host:port,user,credential")]
    Form,
    #[error("a TURN server needs a user and a credential: turn:host:port,user,credential")]
    Credential,
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
        let running = crate::start(self.options()).await?;
        writeln!(std::io::stdout(), "Tabphone is ready: http://{}", to_open(running.address()))?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        running.stop().await;
        Ok(())
    }

    fn options(self) -> crate::Options {
        crate::Options {
            data: self.data.data,
            domain: self.data.domain,
            listen: self.listen,
            domain_aliases: self.domain_alias,
            allowed_origins: self.allow_origin,
            origin: self.origin,
            ringing: Duration::from_secs(self.ringing_time.into()),
            registration: Duration::from_secs(self.registration_time.into()),
            ice_servers: self.ice_server,
            site: self.site,
            cost: Cost::default(),
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
        for text in ["", "stun:", "http://example.com", "stun:a,user", "example.com"] {
            assert_eq!(ice_server(text), Err(InvalidIceServer::Form), "{text}");
        }
    }
}
