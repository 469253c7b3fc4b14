//! Phones in our own pages: logged in and holding the line, so that nothing has to be signed.

use super::phone::Phone;
use super::process::Server;
use super::{Failure, PASSWORD};
use app::encoding;
use app::lease::{FromTab, SUBPROTOCOL, ToTab};
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};
use reqwest::{Client, header, redirect};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A page's other socket, which holds the line.
pub(crate) struct Tab(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Opens a page's two sockets.
pub(crate) async fn open(server: &Server, user: &str, number: usize) -> Result<(Phone, Tab), Failure> {
    let origin = format!("http://{}", server.address);
    let client = Client::builder().redirect(redirect::Policy::none()).build()?;
    let login = client.post(format!("{origin}/login")).header(header::ORIGIN, &origin);
    let response = login.form(&[("extension", user), ("password", PASSWORD)]).send().await?;
    let cookie = response.headers().get(header::SET_COOKIE).ok_or("nobody is logged in")?.to_str()?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();

    let mut request = format!("ws://{}/line", server.address).into_client_request()?;
    for (name, value) in [("origin", &*origin), ("cookie", &cookie), ("sec-websocket-protocol", SUBPROTOCOL)] {
        request.headers_mut().insert(name, value.parse()?);
    }
    let (mut tab, _) = connect_async(request).await?;
    let hello = FromTab::Hello { tab: "bench".to_owned(), running: None, loaded: true };
    tab.send(Message::binary(encoding::encode(&hello))).await?;
    let epoch = loop {
        match tab.next().await {
            Some(Ok(Message::Binary(bytes))) => match encoding::decode(&bytes) {
                Ok(ToTab::Granted(grant)) => break grant.epoch,
                Ok(_) => {}
                Err(_) => return Err("the line is not understood".into()),
            },
            Some(Ok(_)) => {}
            other => return Err(format!("the line is not granted: {other:?}").into()),
        }
    };
    let headers = [("origin", origin), ("cookie", cookie)];
    let phone = Phone::open(server.address, user, number, &format!("/sip?epoch={epoch}"), &headers).await?;
    Ok((phone, Tab(tab)))
}

impl Tab {
    /// Keeps the line, and reads what was said meanwhile.
    pub(crate) async fn stay(&mut self) -> Result<(), Failure> {
        self.0.send(Message::binary(encoding::encode(&FromTab::Alive))).await?;
        while let Some(Some(Ok(_))) = self.0.next().now_or_never() {}
        Ok(())
    }
}
