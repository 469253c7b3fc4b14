//! Where the server listens, and what browsers make of that.

use super::{Finding, tls};
use crate::cluster::Peer;
use crate::origin::Transport;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const ADDRESS: &str = "address";
const REDIRECT: &str = "redirect";
const ORIGIN: &str = "origin";
const PEERS: &str = "other servers";
/// How long whoever is there has to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the address is free, or a Tabphone has it.
pub(super) async fn look(address: SocketAddr, transport: Transport) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(ADDRESS, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken(address, transport).await,
        Err(error) => refused(ADDRESS, address, &error),
    }
}

/// Whether the address that leads to HTTPS is free, or a server leads there already.
pub(super) async fn redirect(address: SocketAddr) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(REDIRECT, format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let answer = ask(address, Transport::Plain).await.unwrap_or_default().to_ascii_lowercase();
            if answer.contains("\r\nlocation: https://") {
                return Finding::ok(REDIRECT, format!("{address} leads to HTTPS already"));
            }
            let advice = "stop it, or name another address with --redirect";
            Finding::problem(REDIRECT, format!("another program has {address}"), advice)
        }
        Err(error) => refused(REDIRECT, address, &error),
    }
}

pub(super) fn refused(about: &'static str, address: SocketAddr, error: &io::Error) -> Finding {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Finding::problem(
            about,
            format!("this user may not listen on {address}"),
            "ports below 1024 need a privilege: the systemd unit gives it, and so does a port that a proxy stands before",
        );
    }
    let advice = "name an address of this machine, or 0.0.0.0 for all of them";
    Finding::problem(about, format!("{address}: {error}"), advice)
}

/// Somebody listens there already.
async fn taken(address: SocketAddr, transport: Transport) -> Finding {
    let answer = ask(address, transport).await.filter(|answer| is_ours(answer));
    let Some(answer) = answer else {
        let advice = "stop it, or name another address with --listen";
        return Finding::problem(ADDRESS, format!("another program has {address}"), advice);
    };
    let ails: Vec<_> = words(&answer).lines().filter(|line| !line.starts_with("ok")).collect();
    if ails.is_empty() {
        return Finding::ok(ADDRESS, format!("a Tabphone answers at {address}, and is well"));
    }
    let words = format!("a Tabphone answers at {address}, and is not well: {}", ails.join(" "));
    Finding::problem(ADDRESS, words, "look into its log")
}

/// Whether other servers can reach this one where it says.
pub(super) async fn peers(peer: &Peer, shared: bool) -> Finding {
    if !shared {
        let advice = "name the PostgreSQL database that all servers use with --database, or leave out --peer-listen";
        return Finding::problem(PEERS, "there is no database that several servers could share", advice);
    }
    if peer.listen.ip().is_unspecified() && peer.address.is_none() {
        let advice = "say at which host and port they find this one with --peer-address";
        return Finding::problem(PEERS, format!("{} is no address that they can reach", peer.listen), advice);
    }
    match TcpListener::bind(peer.listen).await {
        Ok(_) => Finding::ok(PEERS, format!("{} is free", peer.listen)),
        // What is spoken there is for servers only.
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Finding::ok(PEERS, format!("{} is taken, as it is while this server runs", peer.listen))
        }
        Err(error) => refused(PEERS, peer.listen, &error),
    }
}

/// What browsers and proxies have to know.
pub(super) fn origin(address: SocketAddr, transport: Transport, origin: Option<&str>) -> Finding {
    match origin {
        Some(origin) if origin.starts_with("https://") => Finding::ok(ORIGIN, origin),
        Some(origin) => Finding::warning(
            ORIGIN,
            format!("{origin} is not HTTPS: browsers give its pages no microphone, unless it is this machine"),
            "let the server speak HTTPS (--acme, --tls-certificate, --self-signed), or put a proxy before it, named with --origin",
        ),
        None if transport != Transport::Plain => {
            Finding::ok(ORIGIN, "whatever name of the certificate people open, over HTTPS")
        }
        None if address.ip().is_loopback() => {
            Finding::ok(ORIGIN, "only this machine can open the page, as no other address is named")
        }
        None => Finding::warning(
            ORIGIN,
            "pages that are opened from other machines come over HTTP, and browsers give them no microphone",
            "let the server speak HTTPS (--acme, --tls-certificate, --self-signed), or put a proxy before it, named with --origin",
        ),
    }
}

/// What `/healthz` answers, head and all.
async fn ask(address: SocketAddr, transport: Transport) -> Option<String> {
    let to = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => SocketAddr::from((Ipv6Addr::LOCALHOST, address.port())),
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    };
    let asking = async {
        let stream = TcpStream::connect(to).await?;
        match transport {
            Transport::Plain => exchange(stream, to.port()).await,
            Transport::SelfSigned | Transport::Tls => exchange(tls::shake(stream, to.ip()).await?, to.port()).await,
        }
    };
    let answer = timeout(PATIENCE, asking).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, port: u16) -> io::Result<Vec<u8>> {
    let request = format!("GET /healthz HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(16 * 1024).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// What it answers, and nobody else does: the words, under our policy.
fn is_ours(answer: &str) -> bool {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase();
    let answers = head.starts_with("http/1.1 200") || head.starts_with("http/1.1 503");
    answers && head.contains("\r\npermissions-policy: ") && head.contains("microphone=(self)")
}

fn words(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[tokio::test]
    async fn an_address_is_free_or_somebody_has_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answering = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nok\n").await.unwrap();
        });
        let found = look(address, Transport::Plain).await;
        assert_eq!((found.verdict, found.words), (Verdict::Problem, format!("another program has {address}")));
        answering.await.unwrap();
        assert_eq!(look(address, Transport::Plain).await.verdict, Verdict::Ok, "it is gone");
        assert_eq!(
            look("192.0.2.1:80".parse().unwrap(), Transport::Plain).await.verdict,
            Verdict::Problem,
            "not of this machine"
        );
    }

    #[test]
    fn browsers_want_https_but_from_this_machine() {
        let of = |address: &str, origin| super::origin(address.parse().unwrap(), Transport::Plain, origin).verdict;
        assert_eq!(of("127.0.0.1:8080", None), Verdict::Ok);
        assert_eq!(of("127.0.0.1:8080", Some("https://phone.example")), Verdict::Ok);
        assert_eq!(of("127.0.0.1:8080", Some("http://phone.example")), Verdict::Warning);
        assert_eq!(of("0.0.0.0:80", None), Verdict::Warning);
        let tls = super::origin("0.0.0.0:443".parse().unwrap(), Transport::Tls, None);
        assert_eq!(tls.verdict, Verdict::Ok);
    }
}
