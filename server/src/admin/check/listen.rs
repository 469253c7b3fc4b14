//! Where the server listens, and what browsers make of that.

use super::Finding;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const ADDRESS: &str = "address";
const ORIGIN: &str = "origin";
/// How long whoever is there has to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the address is free, or a Tabphone has it.
pub(super) async fn look(address: SocketAddr) -> Finding {
    let Err(error) = TcpListener::bind(address).await else {
        return Finding::ok(ADDRESS, format!("{address} is free"));
    };
    if error.kind() == io::ErrorKind::AddrInUse {
        return taken(address).await;
    }
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Finding::problem(
            ADDRESS,
            format!("this user may not listen on {address}"),
            "ports below 1024 need a privilege: the systemd unit gives it, and so does a port that a proxy stands before",
        );
    }
    let advice = "name an address of this machine with --listen, or 0.0.0.0 for all of them";
    Finding::problem(ADDRESS, format!("{address}: {error}"), advice)
}

/// Somebody listens there already.
async fn taken(address: SocketAddr) -> Finding {
    let answer = ask(address).await.filter(|answer| is_ours(answer));
    let Some(answer) = answer else {
        let advice = "stop it, or name another address with --listen";
        return Finding::problem(ADDRESS, format!("another program has {address}"), advice);
    };
    let ails: Vec<_> = words(&answer).lines().filter(|line| *line != "ok").collect();
    if ails.is_empty() {
        return Finding::ok(ADDRESS, format!("a Tabphone answers at {address}, and is well"));
    }
    let words = format!("a Tabphone answers at {address}, and is not well: {}", ails.join(" "));
    Finding::problem(ADDRESS, words, "look into its log")
}

/// What browsers and proxies have to know.
pub(super) fn origin(address: SocketAddr, origin: Option<&str>) -> Finding {
    match origin {
        Some(origin) if origin.starts_with("https://") => Finding::ok(ORIGIN, origin),
        Some(origin) => Finding::warning(
            ORIGIN,
            format!("{origin} is not HTTPS: browsers give its pages no microphone, unless it is this machine"),
            "put a proxy with HTTPS before the server, and name its address with --origin",
        ),
        None if address.ip().is_loopback() => {
            Finding::ok(ORIGIN, "only this machine can open the page, as no other address is named")
        }
        None => Finding::warning(
            ORIGIN,
            "pages that are opened from other machines come over HTTP, and browsers give them no microphone",
            "put a proxy with HTTPS before the server, and name its address with --origin",
        ),
    }
}

/// What `/healthz` answers, head and all.
async fn ask(address: SocketAddr) -> Option<String> {
    let to = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => SocketAddr::from((Ipv6Addr::LOCALHOST, address.port())),
        IpAddr::V4(_) | IpAddr::V6(_) => address,
    };
    let asking = async {
        let mut stream = TcpStream::connect(to).await?;
        let request = format!("GET /healthz HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\n\r\n", to.port());
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(16 * 1024).read_to_end(&mut answer).await?;
        io::Result::Ok(answer)
    };
    let answer = timeout(PATIENCE, asking).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&answer).into_owned())
}

/// What it answers, and nobody else does: the words, under our policy.
fn is_ours(answer: &str) -> bool {
    let head = answer.split("\r\n\r\n").next().unwrap_or_default().to_ascii_lowercase();
    let answers = head.starts_with("http/1.1 200") || head.starts_with("http/1.1 503");
    answers && head.contains("\r\npermissions-policy: microphone=(self)")
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
        let found = look(address).await;
        assert_eq!((found.verdict, found.words), (Verdict::Problem, format!("another program has {address}")));
        answering.await.unwrap();
        assert_eq!(look(address).await.verdict, Verdict::Ok, "it is gone");
        assert_eq!(look("192.0.2.1:80".parse().unwrap()).await.verdict, Verdict::Problem, "not of this machine");
    }

    #[test]
    fn browsers_want_https_but_from_this_machine() {
        let of = |address: &str, origin| super::origin(address.parse().unwrap(), origin).verdict;
        assert_eq!(of("127.0.0.1:8080", None), Verdict::Ok);
        assert_eq!(of("127.0.0.1:8080", Some("https://phone.example")), Verdict::Ok);
        assert_eq!(of("127.0.0.1:8080", Some("http://phone.example")), Verdict::Warning);
        assert_eq!(of("0.0.0.0:80", None), Verdict::Warning);
    }
}
