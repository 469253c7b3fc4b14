//! A server for one test, and the clients that visit it.

use crate::postgres;
use app::caller::Caller;
use app::encoding;
use app::lease::{FromTab, SUBPROTOCOL, ToTab};
use app::media::Media;
use app::messages::News;
use app::phone::Status;
use futures::{SinkExt as _, StreamExt as _};
use reqwest::{Client, Response, StatusCode, header, redirect};
use server::store::Store;
use server::store::accounts::Accounts;
use server::store::calling::Calling;
use server::store::password::{Cost, Passwords};
use server::store::url::DatabaseUrl;
use server::{Options, Reached, Running};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use zeroize::Zeroizing;

const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };
/// Longer than anything takes that is not broken.
pub const SOON: Duration = Duration::from_secs(5);

pub const ALICE: (&str, &str) = ("1001", "wonderland");
pub const BOB: (&str, &str) = ("1002", "bricklayer");

pub struct House {
    pub data: TempDir,
    running: Running,
}

impl House {
    /// A server with Alice Adams at 1001 and Bob Brown at 1002.
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    pub async fn open_with(change: impl FnOnce(&mut Options)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let accounts = accounts(data.path()).await;
        for ((extension, password), name) in [(ALICE, "Alice Adams"), (BOB, "Bob Brown")] {
            accounts.add(extension, name, Zeroizing::new(password.to_owned())).await.unwrap();
        }
        let running = start(data.path(), change).await;
        Self { data, running }
    }

    /// Stops the server and starts it again with the same data.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    pub async fn restart_with(self, change: impl FnOnce(&mut Options)) -> Self {
        timeout(SOON, self.running.stop()).await.expect("the server did not stop");
        let running = start(self.data.path(), change).await;
        Self { data: self.data, running }
    }

    pub const fn reached(&self) -> &Reached {
        self.running.reached()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address())
    }

    pub fn browser(&self) -> Browser {
        browser(self.url(""))
    }

    /// A browser in which this person is logged in.
    pub async fn signed_in(&self, person: (&str, &str)) -> Visitor {
        sign_in(self.browser(), person).await
    }
}

/// The accounts of a data directory, opened as the command line does: beside the server.
pub async fn accounts(data: &Path) -> Accounts {
    Accounts::new(database(data).await, Passwords::new(CHEAP).unwrap())
}

/// The database of a data directory, opened beside the server.
pub async fn database(data: &Path) -> Store {
    Store::open_at(data, database_url(data).as_ref(), None).await.unwrap()
}

/// Where it is, if it is in PostgreSQL.
pub fn database_url(data: &Path) -> Option<DatabaseUrl> {
    postgres::url(data).map(|url| url.parse().unwrap())
}

/// The rules and groups of a data directory, opened as the command line does: beside the server.
pub async fn calling(data: &Path) -> Calling {
    Calling::new(database(data).await)
}

async fn start(data: &Path, change: impl FnOnce(&mut Options)) -> Running {
    let site = data.join("site");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    let mut options = Options {
        data: data.to_owned(),
        database: database_url(data),
        peer: None,
        domain: None,
        listen: std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into(),
        domain_aliases: Vec::new(),
        allowed_origins: Vec::new(),
        origin: None,
        pbxs: Vec::new(),
        plain: server::exchange::plain::Addresses::default(),
        ringing: Duration::from_secs(45),
        registration: Duration::from_secs(3600),
        ice_servers: Vec::new(),
        relays: None,
        keep_recordings: None,
        site: Some(site),
        metrics_token: None,
        numbering: server::store::contacts::Numbering::default(),
        cost: CHEAP,
    };
    change(&mut options);
    server::start(options).await.unwrap()
}

/// A browser for the server at this origin.
pub fn browser(origin: String) -> Browser {
    let client = Client::builder().cookie_store(true).redirect(redirect::Policy::none()).build().unwrap();
    Browser { client, origin }
}

/// Logs a person in.
pub async fn sign_in(browser: Browser, person: (&str, &str)) -> Visitor {
    let response = browser.log_in(person.0, person.1).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let cookie = cookie(&response).unwrap();
    Visitor { browser, cookie }
}

/// A browser with a cookie jar that follows no redirects by itself.
pub struct Browser {
    pub client: Client,
    pub origin: String,
}

impl Browser {
    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.origin)).send().await.unwrap()
    }

    /// A POST as the server's own pages send it.
    pub async fn post(&self, path: &str) -> Response {
        let request = self.client.post(format!("{}{path}", self.origin));
        request.header(header::ORIGIN, &self.origin).send().await.unwrap()
    }

    pub async fn log_in(&self, extension: &str, password: &str) -> Response {
        self.submit("/login", &[("extension", extension), ("password", password)]).await
    }

    /// A form as the server's own pages send it.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request = self.client.post(format!("{}{path}", self.origin)).header(header::ORIGIN, &self.origin);
        request.form(fields).send().await.unwrap()
    }
}

pub struct Visitor {
    pub browser: Browser,
    /// `name=value`, for sockets.
    pub cookie: String,
}

impl Visitor {
    /// A tab that said `Hello`.
    pub async fn tab(&self, name: &str, running: Option<u64>) -> Tab {
        let mut tab = open_line(&self.browser.origin, &self.line_headers()).await.unwrap();
        tab.say(FromTab::Hello { tab: name.to_owned(), running, loaded: running.is_none() }).await;
        tab
    }

    /// Opens `/sip` as the holder of the line; `None` when it is refused.
    pub async fn open_sip(&self, epoch: u64) -> Option<Tab> {
        let mut headers = self.line_headers();
        headers.retain(|(name, _)| *name != "sec-websocket-protocol");
        headers.push(("sec-websocket-protocol", "sip".to_owned()));
        open_socket(&self.browser.origin, &format!("/sip?epoch={epoch}"), &headers).await.ok()
    }

    /// Opens `/sip` as the holder of the line, and registers.
    pub async fn sip(&self, epoch: u64, extension: &str) -> Tab {
        let mut sip = self.open_sip(epoch).await.unwrap();
        sip.say_raw(&register(extension, 1)).await;
        let answer = sip.hear_raw().await;
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
        sip
    }

    pub fn line_headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("origin", self.browser.origin.clone()),
            ("cookie", self.cookie.clone()),
            ("sec-websocket-protocol", SUBPROTOCOL.to_owned()),
        ]
    }
}

/// A REGISTER of the phone of this extension.
pub fn register(extension: &str, seq: u32) -> String {
    format!(
        "REGISTER sip:tabphone SIP/2.0\r\n\
         Via: SIP/2.0/WS x.invalid;branch=z9hG4bK{extension}{seq}\r\n\
         Max-Forwards: 70\r\n\
         From: <sip:{extension}@tabphone>;tag=1\r\n\
         To: <sip:{extension}@tabphone>\r\n\
         Call-ID: {extension}\r\n\
         CSeq: {seq} REGISTER\r\n\
         Contact: <sip:u@x.invalid;transport=ws>;+sip.instance=\"<urn:uuid:{extension}>\";reg-id=1;expires=600\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// The first cookie that a response sets, as `name=value`.
pub fn cookie(response: &Response) -> Option<String> {
    let set = response.headers().get(header::SET_COOKIE)?.to_str().ok()?;
    set.split(';').next().map(str::to_owned)
}

/// Opens `/line` with these headers; the status when it is refused.
pub async fn open_line(origin: &str, headers: &[(&'static str, String)]) -> Result<Tab, (u16, String)> {
    open_socket(origin, "/line", headers).await
}

/// Opens a WebSocket with these headers; the status when it is refused.
pub async fn open_socket(origin: &str, path: &str, headers: &[(&'static str, String)]) -> Result<Tab, (u16, String)> {
    let url = format!("{}{path}", origin.replacen("http", "ws", 1));
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match timeout(SOON, connect_async(request)).await.expect("no answer to the upgrade") {
        Ok((socket, _)) => Ok(Tab { socket }),
        Err(Error::Http(response)) => {
            let body = response.body().clone().unwrap_or_default();
            Err((response.status().as_u16(), String::from_utf8(body).unwrap()))
        }
        Err(error) => panic!("{error}"),
    }
}

pub struct Tab {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Tab {
    pub async fn say(&mut self, message: FromTab) {
        self.socket.send(Message::binary(encoding::encode(&message))).await.unwrap();
    }

    /// As [`Self::say`], if the socket is still open.
    pub async fn try_say(&mut self, message: FromTab) {
        let _ = self.socket.send(Message::binary(encoding::encode(&message))).await;
    }

    /// As [`Self::say_raw`], if the socket is still open.
    pub async fn try_say_raw(&mut self, text: &str) {
        let _ = self.socket.send(Message::text(text)).await;
    }

    /// The next text, whenever it comes; `None` when the socket is closed.
    pub async fn next_raw(&mut self) -> Option<String> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(_) | Err(_)) | None => return None,
            }
        }
    }

    pub async fn say_raw(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next word about the line.
    pub async fn hear(&mut self) -> ToTab {
        loop {
            let word = self.hear_any().await;
            if !matches!(
                word,
                ToTab::Presence(_)
                    | ToTab::Media(_)
                    | ToTab::Wishes(_)
                    | ToTab::Missed(_)
                    | ToTab::Recorded(_)
                    | ToTab::Callers(_)
                    | ToTab::Messages(_)
                    | ToTab::Send(_)
                    | ToTab::Answer { .. }
            ) {
                return word;
            }
        }
    }

    pub async fn hear_any(&mut self) -> ToTab {
        loop {
            match timeout(SOON, self.socket.next()).await.expect("nothing was said") {
                Some(Ok(Message::Binary(bytes))) => return encoding::decode(&bytes).unwrap(),
                Some(Ok(Message::Ping(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// All that was said by a server that stands still: it is in the socket, as nothing is between the two.
    pub async fn hears_the_rest(&mut self) {
        while let Ok(Some(_)) = timeout(Duration::from_millis(100), self.socket.next()).await {}
    }

    /// The next word, whenever it comes.
    pub async fn next_word(&mut self) -> Option<ToTab> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => return Some(encoding::decode(&bytes).unwrap()),
                Some(Ok(Message::Ping(_))) => {}
                Some(Ok(_) | Err(_)) | None => return None,
            }
        }
    }

    /// How many messages this tab is told of next that the person has not seen, and the newest of them.
    pub async fn news(&mut self) -> News {
        loop {
            if let ToTab::Messages(news) = self.hear_any().await {
                return news;
            }
        }
    }

    /// Whether the server still answers over this SIP connection.
    pub async fn is_open(&mut self) -> bool {
        self.say_raw("\r\n\r\n").await;
        self.hear_raw().await == "\r\n"
    }

    /// The next text, whatever it is.
    pub async fn hear_raw(&mut self) -> String {
        match timeout(SOON, self.socket.next()).await.expect("nothing was said") {
            Some(Ok(Message::Text(text))) => text.to_string(),
            other => panic!("{other:?}"),
        }
    }

    /// How many missed calls this tab is told of next.
    pub async fn missed(&mut self) -> u32 {
        loop {
            if let ToTab::Missed(missed) = self.hear_any().await {
                return missed;
            }
        }
    }

    /// What this tab is told next of its media.
    pub async fn media(&mut self) -> Media {
        loop {
            if let ToTab::Media(media) = self.hear_any().await {
                return media;
            }
        }
    }

    /// What this tab is told next of what becomes of calls.
    pub async fn wishes(&mut self) -> Vec<String> {
        loop {
            if let ToTab::Wishes(told) = self.hear_any().await {
                return told;
            }
        }
    }

    /// Who calls, as this tab is told next.
    pub async fn callers(&mut self) -> Vec<Caller> {
        loop {
            if let ToTab::Callers(callers) = self.hear_any().await {
                return callers;
            }
        }
    }

    /// What this tab is told of an extension next, with their own words on it.
    pub async fn doing(&mut self, extension: &str) -> (Status, String) {
        loop {
            if let ToTab::Presence(news) = self.hear_any().await
                && let Some(presence) = news.into_iter().find(|presence| presence.extension == extension)
            {
                return (presence.status, presence.note);
            }
        }
    }

    /// What this tab is told of an extension, now or next.
    pub async fn presence_of(&mut self, extension: &str) -> Status {
        loop {
            if let ToTab::Presence(news) = self.hear_any().await
                && let Some(presence) = news.into_iter().find(|presence| presence.extension == extension)
            {
                return presence.status;
            }
        }
    }

    /// The epoch of the line that this tab is granted.
    pub async fn granted(&mut self) -> u64 {
        match self.hear().await {
            ToTab::Granted(grant) => grant.epoch,
            other => panic!("{other:?}"),
        }
    }

    /// The connection ends, and nothing is said before.
    pub async fn is_cut_off_in_silence(&mut self) -> bool {
        let end = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Text(_) | Message::Binary(_))) => return false,
                    Some(Ok(Message::Close(_) | Message::Frame(_)) | Err(_)) | None => return true,
                }
            }
        };
        timeout(SOON, end).await.expect("the connection stays open")
    }

    /// How the server closes the socket.
    pub async fn closed(mut self) -> Option<CloseFrame> {
        let end = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(frame))) => return frame,
                    Some(Ok(_)) => {}
                    other => panic!("{other:?}"),
                }
            }
        };
        timeout(SOON, end).await.expect("the socket was not closed")
    }

    pub async fn leave(mut self) {
        self.socket.close(None).await.unwrap();
        // Until the server answered it.
        while let Some(Ok(_)) = self.socket.next().await {}
    }
}
