//! The tab socket: `GET /line`, a WebSocket of the server's own pages with a session.

use super::hub::Closing;
use super::lines::{Lines, Outgoing, Place, Refused};
use crate::origin::{From, Origins};
use crate::ports::{
    AccountId, Accounts, CallHistory, CallWishes, Callers, Home, Homes, Lamps, LineEvents, Mail, Media, Sessions,
    Shared, SignedIn, presence,
};
use crate::socket::{AT_ONCE, Budget, End, close, send};
use crate::stop::Stop;
use app::caller::Caller;
use app::encoding;
use app::history::Report;
use app::lease::{CLOSE_LOGGED_OUT, CLOSE_REPLACED, FromTab, MAX_MESSAGE, SUBPROTOCOL, ToTab};
use app::phone::{LineState, Presence};
use axum::Router;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::request::Parts;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// How long a tab has for its first word.
const HELLO: Duration = Duration::from_secs(10);
/// How often the session is looked at while the socket is open, which also keeps it from going idle.
const RECHECK: Duration = Duration::from_secs(60);
/// The longest name of a tab, in bytes.
const NAME: usize = 64;
/// How many messages a tab may send at once, and how many a second in the long run.
const BURST: f64 = 200.0;
const RATE: f64 = 50.0;
/// How many calls of one tab may be being written at once.
const REPORTS: usize = 64;
/// Of how many calls it is looked up who is at their other end.
const CALLS: usize = 16;
/// How long a call that could not be written waits.
const AGAIN: Duration = Duration::from_secs(5);

/// What this room needs.
#[derive(Clone)]
pub struct Room {
    /// The lines.
    pub lines: Lines,
    /// Who is signed in.
    pub sessions: Shared<dyn Sessions>,
    /// Whose presence is told.
    pub accounts: Shared<dyn Accounts>,
    /// To whom: to those who are at home where they are.
    pub homes: Shared<dyn Homes>,
    /// What everybody is doing.
    pub events: Shared<dyn LineEvents>,
    /// What PBXs tell of those who are at home there.
    pub lamps: Shared<dyn Lamps>,
    /// What is set about their media.
    pub media: Shared<dyn Media>,
    /// Where calls are kept that are over.
    pub history: Shared<dyn CallHistory>,
    /// Where messages are kept.
    pub mail: Shared<dyn Mail>,
    /// What becomes of their calls.
    pub wishes: Shared<dyn CallWishes>,
    /// Who calls them.
    pub callers: Shared<dyn Callers>,
    /// The server's own origin.
    pub origins: Origins,
    /// When to stop.
    pub stop: Stop,
}

/// `/line`.
pub fn router(room: Room) -> Router {
    Router::new().route("/line", get(open)).with_state(room)
}

async fn open(
    State(room): State<Room>,
    parts: Parts,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if room.origins.of(&parts.headers) != From::Own {
        return refuse(StatusCode::FORBIDDEN, "The line can only be opened by this server's own pages.");
    }
    let upgrade = match upgrade {
        Ok(upgrade) => {
            let bounded = upgrade.max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE);
            bounded.read_buffer_size(AT_ONCE).protocols([SUBPROTOCOL])
        }
        Err(rejection) => return rejection.into_response(),
    };
    if upgrade.selected_protocol().is_none() {
        return refuse(StatusCode::BAD_REQUEST, "The WebSocket subprotocol must be tabphone.line.");
    }
    let Some((person, session)) = room.sessions.admitted(&parts).await else {
        return refuse(StatusCode::UNAUTHORIZED, "Please log in first.");
    };
    match room.lines.enter(person.account, session) {
        Ok(place) => upgrade.on_upgrade(move |socket| run(room, person, place, socket)),
        Err(Refused::Full) => refuse(StatusCode::TOO_MANY_REQUESTS, "Too many tabs of this extension are open."),
        Err(error @ Refused::Key(_)) => {
            tracing::error!(%error, "a line could not be made");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "The line cannot be opened now.")
        }
    }
}

fn refuse(status: StatusCode, words: &'static str) -> Response {
    (status, words).into_response()
}

async fn run(mut room: Room, person: SignedIn, place: Place, mut socket: WebSocket) {
    let Err(end) = converse(&mut room, &person, place, &mut socket).await;
    close(&mut socket, end).await;
}

async fn converse(
    room: &mut Room,
    person: &SignedIn,
    mut place: Place,
    socket: &mut WebSocket,
) -> Result<Infallible, End> {
    // Subscribed before anything is read, so that no change falls between.
    let mut doing = room.events.changes();
    let mut lamps = room.lamps.changes();
    let mut ended = room.sessions.ended();
    let mut policy = room.media.changed();
    let mut missed = room.history.changes();
    let mut wishes = room.wishes.changed();
    let mut mail = room.mail.changes();
    check(room, &place).await?;
    let mut budget = Budget::new(BURST, RATE);
    let hello = timeout(HELLO, next(socket, &mut budget)).await;
    let hello = hello.map_err(|_| End::Close(close_code::POLICY, "nothing was said"))??;
    if !matches!(&hello, FromTab::Hello { tab, .. } if (1..=NAME).contains(&tab.len())) {
        return Err(End::Close(close_code::POLICY, "the first message must be Hello"));
    }
    place.receive(hello).await;
    let home = room.homes.home(person.account).await.ok();
    say(socket, &ToTab::Presence(everybody(room, person, home.as_ref()).await)).await?;
    tell_media(room, person, socket).await?;
    tell_missed(room, person, socket).await?;
    tell_mail(room, person, socket).await?;
    let mut told = room.wishes.told(person).await;
    say(socket, &ToTab::Wishes(told.clone())).await?;

    let mut recheck = tokio::time::interval_at(Instant::now() + RECHECK, RECHECK);
    // Kept beside the conversation: a sign of life is answered while the database is slow.
    let mut reports = JoinSet::new();
    let (mut asked, mut callers) = (Vec::new(), JoinSet::new());
    let mut letters = JoinSet::new();
    let renewal = room.media.renewal();
    let mut renew = tokio::time::interval_at(Instant::now() + renewal.unwrap_or(RECHECK), renewal.unwrap_or(RECHECK));
    loop {
        tokio::select! {
            message = next(socket, &mut budget) => match message? {
                // What is not kept when the socket closes is not confirmed, and is reported again over the next one.
                FromTab::Report(report) if reports.len() < REPORTS => {
                    reports.spawn(keep(Arc::clone(&room.history), person.account, report));
                }
                FromTab::Report(_) => {}
                // Who is not answered is told again: by who sent it, or by this tab over its next socket.
                FromTab::Message(message) if letters.len() < REPORTS => {
                    let (mail, account) = (Arc::clone(&room.mail), person.account);
                    letters.spawn(async move {
                        let id = message.id;
                        mail.receive(account, message).await.map(|status| ToTab::Answer { id, status })
                    });
                }
                FromTab::Message(_) => {}
                // What cannot be written down is sent once more, which its reader notices.
                FromTab::Sent(sent) if letters.len() < REPORTS => {
                    let (mail, account) = (Arc::clone(&room.mail), person.account);
                    letters.spawn(async move {
                        mail.sent(account, sent).await;
                        None
                    });
                }
                FromTab::Sent(_) => {}
                message @ (FromTab::Hello { .. }
                | FromTab::Take
                | FromTab::Publish { .. }
                | FromTab::Alive
                | FromTab::Release { .. }) => {
                    if let FromTab::Publish { state, .. } = &message {
                        ask(room, person, state, &mut asked, &mut callers);
                    }
                    place.receive(message).await;
                }
            },
            Some(Ok(local_tag)) = reports.join_next(), if !reports.is_empty() => {
                say(socket, &ToTab::Recorded(local_tag)).await?;
            }
            Some(Ok(known)) = callers.join_next(), if !callers.is_empty() => {
                say(socket, &ToTab::Callers(known)).await?;
            }
            Some(Ok(answer)) = letters.join_next(), if !letters.is_empty() => {
                if let Some(answer) = answer {
                    say(socket, &answer).await?;
                }
            }
            outgoing = place.queue.recv() => match outgoing {
                Some(Outgoing::Message(message)) => {
                    if let ToTab::Line(state) = &message {
                        ask(room, person, state, &mut asked, &mut callers);
                    }
                    say(socket, &message).await?;
                }
                Some(Outgoing::Close(Closing::LoggedOut)) => return Err(End::Close(CLOSE_LOGGED_OUT, "logged out")),
                Some(Outgoing::Close(Closing::Replaced)) => return Err(End::Close(CLOSE_REPLACED, "replaced")),
                None => return Err(End::Close(close_code::AGAIN, "too slow")),
            },
            change = doing.recv() => {
                let news = news(room, person, home.as_ref(), change).await?;
                if !news.is_empty() {
                    say(socket, &ToTab::Presence(news)).await?;
                }
            }
            change = lamps.recv() => {
                let news = lit(room, person, home.as_ref(), change).await?;
                if !news.is_empty() {
                    say(socket, &ToTab::Presence(news)).await?;
                }
            }
            account = ended.recv() => {
                let concerned = match account {
                    Ok(account) => account == person.account,
                    Err(RecvError::Lagged(_)) => true,
                    Err(RecvError::Closed) => return Err(End::Close(close_code::AWAY, "the server stops")),
                };
                if concerned {
                    check(room, &place).await?;
                }
            }
            // Who cannot be told any more of a change is at the end of the server.
            Ok(()) = policy.changed() => tell_media(room, person, socket).await?,
            account = missed.recv() => match account {
                Ok(account) if account != person.account => {}
                Ok(_) | Err(RecvError::Lagged(_)) => tell_missed(room, person, socket).await?,
                Err(RecvError::Closed) => return Err(End::Close(close_code::AWAY, "the server stops")),
            },
            account = mail.recv() => match account {
                Ok(account) if account != person.account => {}
                Ok(_) | Err(RecvError::Lagged(_)) => tell_mail(room, person, socket).await?,
                Err(RecvError::Closed) => return Err(End::Close(close_code::AWAY, "the server stops")),
            },
            Ok(()) = wishes.changed() => {
                let now = room.wishes.told(person).await;
                if now != told {
                    told.clone_from(&now);
                    say(socket, &ToTab::Wishes(now)).await?;
                }
            }
            _ = renew.tick(), if renewal.is_some() => tell_media(room, person, socket).await?,
            _ = recheck.tick() => check(room, &place).await?,
            () = room.stop.requested() => return Err(End::Close(close_code::AWAY, "the server stops")),
        }
    }
}

/// Looks up who is at the other end of these calls, if they are others than were asked for last.
fn ask(room: &Room, person: &SignedIn, state: &LineState, asked: &mut Vec<String>, callers: &mut JoinSet<Vec<Caller>>) {
    let mut numbers: Vec<String> = state.calls.iter().map(|call| call.remote.number.clone()).take(CALLS).collect();
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.is_empty() {
        // Who calls again has called before, then.
        asked.clear();
        return;
    }
    let known = numbers.iter().all(|number| asked.contains(number));
    // Who is asked for while others are still looked up comes with the next change.
    if known || callers.len() >= CALLS {
        return;
    }
    asked.clone_from(&numbers);
    let (known, account) = (Arc::clone(&room.callers), person.account);
    callers.spawn(async move {
        let mut found = Vec::new();
        for number in numbers {
            found.extend(known.caller(account, &number).await);
        }
        found
    });
}

/// Keeps a call in the history, however long that takes: its tag.
async fn keep(history: Shared<dyn CallHistory>, account: AccountId, report: Report) -> String {
    while !history.report(account, report.clone()).await {
        sleep(AGAIN).await;
    }
    report.local_tag
}

/// The next word of the tab.
async fn next(socket: &mut WebSocket, budget: &mut Budget) -> Result<FromTab, End> {
    loop {
        let message = socket.recv().await;
        if !budget.spend() {
            return Err(End::Close(close_code::POLICY, "too many messages"));
        }
        match message {
            // A page sends as text what happens to be text.
            Some(Ok(Message::Text(text))) => return understood(text.as_bytes()),
            Some(Ok(Message::Binary(bytes))) => return understood(&bytes),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
        }
    }
}

fn understood(message: &[u8]) -> Result<FromTab, End> {
    encoding::decode(message).map_err(|_| End::Close(close_code::POLICY, "this message is not understood"))
}

async fn say(socket: &mut WebSocket, message: &ToTab) -> Result<(), End> {
    send(socket, Message::Binary(encoding::encode(message).into())).await
}

/// What holds for the media of this person from now on. A storage that fails leaves the page with what it has.
async fn tell_media(room: &Room, person: &SignedIn, socket: &mut WebSocket) -> Result<(), End> {
    match room.media.media(person.account, &person.extension).await {
        Ok(media) => say(socket, &ToTab::Media(media)).await,
        Err(_) => Ok(()),
    }
}

/// How many calls this person missed and has not seen. A storage that fails leaves the page with what it has.
async fn tell_missed(room: &Room, person: &SignedIn, socket: &mut WebSocket) -> Result<(), End> {
    match room.history.missed(person.account).await {
        Ok(missed) => say(socket, &ToTab::Missed(missed)).await,
        Err(_) => Ok(()),
    }
}

/// What is new in this person's conversations, and what is to be sent. A storage that fails leaves the page with what it has.
async fn tell_mail(room: &Room, person: &SignedIn, socket: &mut WebSocket) -> Result<(), End> {
    if let Ok(to_send) = room.mail.to_send(person.account).await {
        say(socket, &ToTab::Send(to_send)).await?;
    }
    match room.mail.news(person.account).await {
        Ok(news) => say(socket, &ToTab::Messages(news)).await,
        Err(_) => Ok(()),
    }
}

/// Whether the session still is one; all its tabs go when it is not.
async fn check(room: &Room, place: &Place) -> Result<(), End> {
    if room.sessions.goes_on(place.session).await {
        return Ok(());
    }
    place.end();
    Err(End::Close(CLOSE_LOGGED_OUT, "logged out"))
}

/// What everybody else is doing who is at home there.
async fn everybody(room: &Room, person: &SignedIn, home: Option<&Home>) -> Vec<Presence> {
    let Some(home) = home else { return Vec::new() };
    let accounts = room.accounts.all().await.unwrap_or_default();
    let others = accounts.into_iter().filter(|other| other.account != person.account).collect();
    let others = room.homes.neighbours(person.account, others).await.unwrap_or_default();
    others.into_iter().map(|other| seen(room, person, home, other.extension)).collect()
}

/// What an extension is doing now.
fn seen(room: &Room, person: &SignedIn, home: &Home, extension: String) -> Presence {
    presence((&*room.events, &*room.lamps), (person.account, home), extension)
}

/// What a change at the exchange means to this person; a missed one is made up for by telling everything.
async fn news(
    room: &Room,
    person: &SignedIn,
    home: Option<&Home>,
    change: Result<(String, app::phone::Status), RecvError>,
) -> Result<Vec<Presence>, End> {
    let Some(home) = home.filter(|home| home.pbx.is_none()) else { return Ok(Vec::new()) };
    match change {
        Ok((extension, _)) if extension == person.extension => Ok(Vec::new()),
        Ok((extension, _)) => Ok(vec![seen(room, person, home, extension)]),
        Err(RecvError::Lagged(_)) => Ok(everybody(room, person, Some(home)).await),
        Err(RecvError::Closed) => Err(End::Close(close_code::AWAY, "the server stops")),
    }
}

/// The same of a change that a PBX tells.
async fn lit(
    room: &Room,
    person: &SignedIn,
    home: Option<&Home>,
    change: Result<(AccountId, String), RecvError>,
) -> Result<Vec<Presence>, End> {
    match change {
        Ok((account, _)) if account != person.account => Ok(Vec::new()),
        Ok((_, extension)) => Ok(home.into_iter().map(|home| seen(room, person, home, extension.clone())).collect()),
        Err(RecvError::Lagged(_)) => Ok(everybody(room, person, home).await),
        Err(RecvError::Closed) => Err(End::Close(close_code::AWAY, "the server stops")),
    }
}
