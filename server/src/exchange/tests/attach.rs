//! Connections without a socket, and the caretaker over them.

use super::harness::{Client, PATIENCE, Server, register, server};
use crate::caretaker;
use crate::clock;
use crate::ports::{
    AccountId, CallHistory, Caretaker as _, Charge, LineKept, Mail, Minding, OneHome, PortError, Signer, Uplink,
    Uplinks as _,
};
use app::backend::Opening;
use app::lease::RegistrationIdentity;
use app::phone::{LineState, Status};
use async_trait::async_trait;
use futures::StreamExt as _;
use line::snapshot::{self, Beside};
use sip::Instant;
use sip::agent::{Agent, Answer, Body, Event, Input, Output, Phase, Question, Registration};
use sip::message::{Message as SipMessage, Response};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

async fn response(uplink: &mut Uplink) -> Response {
    let bytes = timeout(PATIENCE, uplink.from.recv()).await.expect("something comes").expect("it is open");
    match SipMessage::parse(&bytes).unwrap() {
        SipMessage::Response(response) => response,
        SipMessage::Request(request) => panic!("{request:?}"),
    }
}

async fn closed(uplink: &mut Uplink) {
    let close = async { while uplink.from.recv().await.is_some() {} };
    timeout(PATIENCE, close).await.expect("it closes");
}

#[tokio::test]
async fn an_uplink_is_its_account_and_nobody_else() {
    let server = server().await;
    let mut uplink = server.exchange.open(1, 1, "1001").await.unwrap();
    uplink.to.send(register("1001", 1).into_bytes()).await.unwrap();
    assert_eq!(response(&mut uplink).await.status.code(), 200, "nothing is to be signed");
    server.until("1001", Status::Online).await;
    uplink.to.send(register("1002", 1).into_bytes()).await.unwrap();
    assert_eq!(response(&mut uplink).await.status.code(), 403);
    let mut anothers = server.exchange.open(1, 1, "1002").await.unwrap();
    closed(&mut anothers).await;
}

#[tokio::test]
async fn an_uplink_ends_with_its_account_and_not_with_a_session() {
    let server = server().await;
    let mut uplink = server.exchange.open(1, 1, "1001").await.unwrap();
    uplink.to.send(register("1001", 1).into_bytes()).await.unwrap();
    assert_eq!(response(&mut uplink).await.status.code(), 200);
    server.neighbours.ended.send(1).unwrap();
    uplink.to.send(b"\r\n\r\n".to_vec()).await.unwrap();
    assert_eq!(timeout(PATIENCE, uplink.from.recv()).await.unwrap().unwrap(), b"\r\n");
    server.neighbours.people.lock().unwrap().retain(|person| person.account != 1);
    server.neighbours.ended.send(1).unwrap();
    closed(&mut uplink).await;
}

#[tokio::test]
async fn an_uplink_that_says_too_much_is_cut_off() {
    let server = server().await;
    let mut uplink = server.exchange.open(1, 1, "1001").await.unwrap();
    for _ in 0..1_000 {
        if uplink.to.send(b"\r\n\r\n".to_vec()).await.is_err() {
            break;
        }
    }
    closed(&mut uplink).await;
}

#[tokio::test]
async fn no_uplink_is_opened_once_the_server_stops() {
    let server = server().await;
    let mut uplink = server.exchange.open(1, 1, "1001").await.unwrap();
    server.stopper.begin();
    closed(&mut uplink).await;
    let door = async {
        while server.exchange.open(1, 1, "1001").await.is_some() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, door).await.expect("the door closes");
}

fn identity(extension: &str) -> RegistrationIdentity {
    RegistrationIdentity {
        instance: format!("urn:uuid:00000000-0000-4000-8000-00000000{extension}"),
        contact_user: format!("page-of-{extension}"),
        call_id: format!("registration-of-{extension}"),
    }
}

/// A page: an agent over a socket, whose browser answers at once.
struct Page {
    agent: Agent,
    client: Client,
    ended: Option<sip::agent::Call>,
    descriptions: usize,
    hung_up: bool,
}

impl Page {
    async fn open(server: &Server, account: &str) -> Self {
        Self::resume(server, account, None).await
    }

    /// A page that goes on with what was kept, if there is anything.
    async fn resume(server: &Server, account: &str, kept: Option<&[u8]>) -> Self {
        let mut opening = Opening { domain: "tabphone".into(), ringing_seconds: 45, ..Opening::default() };
        opening.me.extension = format!("100{account}");
        let config = line::identity::config(&identity(&opening.me.extension), &opening, clock::now()).unwrap();
        let seed = [account.as_bytes()[0]; 32];
        let restored =
            kept.map(|bytes| snapshot::restore(bytes, config.clone(), Duration::ZERO, seed, now()).unwrap().0);
        let mut agent = restored.unwrap_or_else(|| Agent::new(config, seed, now()));
        agent.start(now());
        let mut page = Self { agent, client: server.tab(account).await, ended: None, descriptions: 0, hung_up: false };
        page.agent.handle(Input::Connected, now());
        page.until("it is registered", |page| page.agent.registration() == Registration::Registered).await;
        page
    }

    /// Goes on until this is so.
    async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let go_on = async {
            loop {
                self.drain().await;
                if done(self) {
                    return;
                }
                let due = self.agent.deadline().map_or(PATIENCE, |deadline| deadline.since(now()));
                match timeout(due, self.client.socket.next()).await {
                    Ok(Some(Ok(Message::Text(text)))) => self.agent.handle(Input::Received(text.as_bytes()), now()),
                    Ok(Some(Ok(_))) => {}
                    Ok(other) => panic!("{other:?}"),
                    Err(_) => self.agent.handle(Input::Timeout, now()),
                }
            }
        };
        timeout(2 * PATIENCE, go_on).await.unwrap_or_else(|_| panic!("{what}"));
    }

    async fn drain(&mut self) {
        while let Some(output) = self.agent.poll() {
            match output {
                Output::Transmit(bytes) => {
                    self.hung_up |= bytes.starts_with(b"BYE ");
                    self.client.send(String::from_utf8(bytes).unwrap()).await;
                }
                Output::Ask(id, question) => {
                    let setup = match question {
                        Question::Answer { offer: Some(_), .. } => "active",
                        Question::Offer { .. } | Question::Answer { offer: None, .. } => "actpass",
                        Question::Digest { .. } => continue,
                    };
                    let user = self.agent.config().contact_user.clone();
                    let fingerprint = ["AA"; 32].join(":");
                    let text = format!(
                        "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
                         c=IN IP4 0.0.0.0\r\na=mid:0\r\na=rtcp-mux\r\na=ice-ufrag:{}\r\na=ice-pwd:0123456789abcdef012345\r\n\
                         a=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\na=rtpmap:111 opus/48000/2\r\n",
                        &user[user.len() - 4..]
                    );
                    let body = Body { content_type: "application/sdp".into(), bytes: text.into_bytes() };
                    self.agent.handle(Input::Answer(id, Answer::Description(body)), now());
                }
                Output::Event(Event::Ended { last, .. }) => self.ended = Some(last),
                Output::Event(Event::Remote { .. }) => self.descriptions += 1,
                Output::Event(_) | Output::Connect(_) | Output::Disconnect => {}
            }
        }
    }

    fn phase(&self) -> Option<Phase> {
        self.agent.calls().next().map(|call| call.phase)
    }
}

fn now() -> Instant {
    Instant::from_millis(clock::now())
}

/// Who is told what is kept.
struct Notes {
    kept: watch::Sender<Option<LineKept>>,
    over: watch::Sender<Option<LineState>>,
    current: AtomicBool,
    epochs: Mutex<Vec<u64>>,
}

impl Minding for Notes {
    fn keep(&self, _account: AccountId, epoch: u64, kept: LineKept) -> bool {
        let current = self.current.load(Ordering::SeqCst);
        if current {
            self.epochs.lock().unwrap().push(epoch);
            self.kept.send_replace(Some(kept));
        }
        current
    }

    fn over(&self, _account: AccountId, _epoch: u64, state: LineState) {
        self.over.send_replace(Some(state));
    }
}

struct Nobody;

#[async_trait]
impl Signer for Nobody {
    async fn sign(&self, _account: AccountId, _wanted: app::sign::ToSign) -> Option<sip::digest::Credentials> {
        None
    }
}

#[async_trait]
impl CallHistory for Nobody {
    async fn report(&self, _account: AccountId, _report: app::history::Report) -> bool {
        true
    }

    async fn missed(&self, _account: AccountId) -> Result<u32, PortError> {
        Ok(0)
    }

    fn changes(&self) -> broadcast::Receiver<AccountId> {
        broadcast::channel(1).1
    }
}

#[async_trait]
impl Mail for Nobody {
    async fn receive(&self, _account: AccountId, _message: app::messages::Received) -> Option<u16> {
        None
    }

    async fn sent(&self, _account: AccountId, _sent: app::messages::Sent) -> bool {
        true
    }

    async fn to_send(&self, _account: AccountId) -> Result<Vec<app::messages::ToSend>, PortError> {
        Ok(Vec::new())
    }

    async fn news(&self, _account: AccountId) -> Result<app::messages::News, PortError> {
        Ok(app::messages::News::default())
    }

    fn changes(&self) -> broadcast::Receiver<AccountId> {
        broadcast::channel(1).1
    }
}

/// Alice and Bob talk, her page is gone, and the caretaker has her line.
async fn minded() -> (Server, caretaker::Room, Arc<Notes>, Page) {
    minded_among(caretaker::MOST).await
}

/// As [`minded`], by a caretaker that has no more than so many.
async fn minded_among(most: usize) -> (Server, caretaker::Room, Arc<Notes>, Page) {
    let server = server().await;
    let (mut alice, mut bob) = (Page::open(&server, "1").await, Page::open(&server, "2").await);
    alice.agent.call("sip:1002@tabphone".parse().unwrap(), now()).unwrap();
    alice.drain().await;
    bob.until("it rings", |bob| bob.phase() == Some(Phase::RingingHere)).await;
    let call = bob.agent.calls().next().unwrap().id;
    bob.agent.answer(call, now()).unwrap();
    bob.drain().await;
    alice.until("they talk", |alice| alice.phase() == Some(Phase::Established)).await;
    let page = snapshot::save(&alice.agent, Beside::default(), now()).unwrap();
    server.neighbours.epochs.lock().unwrap().insert(1, 8);
    drop(alice);

    let notes = Arc::new(Notes {
        kept: watch::channel(None).0,
        over: watch::channel(None).0,
        current: AtomicBool::new(true),
        epochs: Mutex::default(),
    });
    let ports = caretaker::Ports {
        uplinks: Arc::new(server.exchange.clone()),
        signer: Arc::new(Nobody),
        minding: notes.clone(),
        leases: server.neighbours.clone(),
        accounts: server.neighbours.clone(),
        homes: Arc::new(OneHome("tabphone".into())),
        history: Arc::new(Nobody),
        mail: Arc::new(Nobody),
    };
    let options = caretaker::Options { ringing: Duration::from_secs(45), most };
    let room = caretaker::Room::new(options, ports, server.stopper.stop());
    room.mind(charge(8, page, clock::now() + 60_000));
    (server, room, notes, bob)
}

fn charge(epoch: u64, snapshot: Vec<u8>, until: u64) -> Charge {
    let state = LineState::default();
    Charge { account: 1, epoch, identity: identity("1001"), snapshot, state, age: 0, until }
}

async fn over(notes: &Notes) -> LineState {
    let mut over = notes.over.subscribe();
    let state = timeout(PATIENCE, over.wait_for(Option::is_some)).await.expect("it ends").unwrap().clone();
    state.unwrap()
}

#[tokio::test]
async fn a_call_goes_on_without_its_page_until_its_time_is_over() {
    let (server, room, notes, mut bob) = minded().await;
    let call = bob.agent.calls().next().unwrap().id;
    for hold in [true, false] {
        let before = bob.descriptions;
        if hold { bob.agent.hold(call, now()) } else { bob.agent.resume(call, now()) }.unwrap();
        bob.until("the caretaker answers", |bob| bob.descriptions > before).await;
    }
    assert_eq!(bob.phase(), Some(Phase::Established));

    // The line is given to the caretaker once more, and its time is over.
    let kept = notes.kept.borrow().clone().unwrap();
    assert_eq!(kept.state.calls.len(), 1);
    server.neighbours.epochs.lock().unwrap().insert(1, 9);
    server.neighbours.moved.send((1, 9)).unwrap();
    room.mind(charge(9, kept.snapshot, clock::now()));
    bob.until("he is told", |bob| bob.ended.is_some()).await;
    let reason = bob.ended.clone().unwrap().reason.unwrap();
    assert_eq!(reason.text.unwrap().as_str(), "The other phone is gone");
    assert_eq!(over(&notes).await.calls, []);
    assert_eq!(notes.epochs.lock().unwrap().last(), Some(&9));
    server.until("1001", Status::Offline).await;
}

#[tokio::test]
async fn where_too_many_lines_are_kept_who_would_end_first_is_told_now() {
    let (_server, room, _notes, mut bob) = minded_among(1).await;
    room.mind(Charge { account: 2, until: clock::now() + 120_000, ..charge(1, Vec::new(), 0) });
    bob.until("he is told, a minute early", |bob| bob.ended.is_some()).await;
    let reason = bob.ended.clone().unwrap().reason.unwrap();
    assert_eq!(reason.text.unwrap().as_str(), "The other phone is gone");
}

#[tokio::test]
async fn who_hangs_up_while_nobody_is_home_is_answered_once() {
    let (server, _room, notes, mut bob) = minded().await;
    let call = bob.agent.calls().next().unwrap().id;
    bob.agent.hangup(call, now()).unwrap();
    bob.until("BYE is answered", |bob| !bob.agent.has_something_to_lose()).await;
    assert_eq!(over(&notes).await.ended.unwrap().cause, app::phone::Cause::HungUpThere);
    server.until("1001", Status::Offline).await;
    server.until("1002", Status::Online).await;
}

#[tokio::test]
async fn when_a_page_has_the_line_again_the_caretaker_is_silent() {
    let (server, _room, notes, mut bob) = minded().await;
    let mut kept = notes.kept.subscribe();
    timeout(PATIENCE, kept.wait_for(Option::is_some)).await.unwrap().unwrap();
    notes.current.store(false, Ordering::SeqCst);
    server.neighbours.epochs.lock().unwrap().insert(1, 7);
    let call = bob.agent.calls().next().unwrap().id;
    bob.agent.hangup(call, now()).unwrap();
    bob.until("he hangs up", |bob| bob.hung_up).await;
    // The page that comes is the one who gets it.
    let left = notes.kept.borrow().clone().unwrap().snapshot;
    let mut alice = Page::resume(&server, "1", Some(&left)).await;
    alice.until("she is told", |alice| alice.ended.is_some()).await;
    alice.drain().await;
    bob.until("BYE is answered", |bob| !bob.agent.has_something_to_lose()).await;
    assert!(notes.over.borrow().is_none());
}

#[tokio::test]
async fn what_is_no_snapshot_is_over_at_once_and_harms_nobody() {
    let (server, room, notes, bob) = minded().await;
    server.neighbours.epochs.lock().unwrap().insert(1, 9);
    server.neighbours.moved.send((1, 9)).unwrap();
    room.mind(charge(9, vec![3, 0, 255, 1], clock::now() + 60_000));
    over(&notes).await;
    assert_eq!(bob.phase(), Some(Phase::Established));
}
