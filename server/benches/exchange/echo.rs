//! What carrying messages costs by itself: a server that sends every message back, on the sockets and with the
//! WebSocket library of ours. Nothing that keeps a connection for each phone takes less.

use super::Failure;
use super::load::{Pace, crews, run};
use super::phone::Phone;
use super::process::{Cores, Server, command, log};
use super::round::{IN_FLIGHT, SOCKETS};
use futures::{SinkExt as _, StreamExt as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// What this program is told to be that server.
pub(crate) const ARGUMENT: &str = "echo";
/// How many messages are sent.
const TIMES: usize = 20_000;

/// CPU of the server for each message that comes and goes back, in µs.
pub(crate) async fn measure() -> Result<f64, Failure> {
    let server = start()?;
    let mut phones = Vec::new();
    for number in 0..SOCKETS[0] {
        phones.push(Phone::open(server.address, &number.to_string(), number, "/", &[]).await?);
    }
    let mut phones = crews(IN_FLIGHT, phones);
    let echo = async |phone: &mut Phone| phone.echo().await;
    run(&mut phones, Pace::Closed, TIMES / 10, &echo).await?;
    let before = server.cpu();
    run(&mut phones, Pace::Closed, TIMES, &echo).await?;
    let each = server.cpu().saturating_sub(before).as_secs_f64() * 1e6 / TIMES as f64;
    eprintln!("  Echo: {each:.1} µs");
    Ok(each)
}

/// Is that server, until it is killed.
pub(crate) async fn serve() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?.port())?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            // A phone that goes ends its task.
            let _ = reply(stream).await;
        });
    }
}

#[allow(clippy::result_large_err, reason = "the library's own type")]
async fn reply(stream: TcpStream) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let agree = |_: &Request, mut response: Response| {
        response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("sip"));
        Ok(response)
    };
    let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
    let mut socket = accept_hdr_async_with_config(stream, agree, Some(config)).await?;
    while let Some(message) = socket.next().await {
        socket.send(message?).await?;
    }
    Ok(())
}

fn start() -> Result<Server, Failure> {
    let directory = tempfile::tempdir()?;
    let own = std::env::current_exe()?;
    let mut serve = command(&own.to_string_lossy(), Cores::Pinned);
    let mut child = serve.arg(ARGUMENT).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log(&directory)?).spawn()?;
    let mut said = String::new();
    BufReader::new(child.stdout.take().ok_or("no standard output")?).read_line(&mut said)?;
    Ok(Server::new(([127, 0, 0, 1], said.trim().parse()?).into(), false, directory, child))
}
