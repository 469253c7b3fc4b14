//! What is there after `kill -9` and a restart.

use crate::command_line::Server;
use crate::house::{ALICE, BOB, accounts, browser, database, sign_in};
use crate::phone::Phone;
use crate::postgres;
use app::phone::Status as Doing;
use sip::header::CSeq;
use sip::message::{HeaderName, Request, Status};
use std::time::Duration;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// A real server process with Alice and Bob.
pub struct Exchange {
    data: TempDir,
    server: Server,
    pub url: String,
}

impl Exchange {
    pub async fn open() -> Self {
        let data = tempfile::tempdir().unwrap();
        if module_path!().contains("postgres") {
            postgres::choose(data.path());
        }
        let accounts = accounts(data.path()).await;
        for ((extension, password), name) in [(ALICE, "Alice Adams"), (BOB, "Bob Brown")] {
            accounts.add(extension, name, Zeroizing::new(password.to_owned())).await.unwrap();
        }
        drop(accounts);
        Self::start(data)
    }

    fn start(data: TempDir) -> Self {
        let mut server = Server::start(data.path(), &[]);
        let (_, url) = server.ready();
        Self { data, server, url }
    }

    /// `kill -9`, and a start with the same data.
    pub fn restart(self) -> Self {
        self.server.kill();
        Self::start(self.data)
    }

    /// Waits until so many rows are in a table: what the exchange writes within moments.
    pub async fn written(&self, table: &str, rows: i64) {
        let store = database(self.data.path()).await;
        let query = format!("SELECT count(*) FROM {table}");
        loop {
            let count: i64 = sqlx::query_scalar(&query).fetch_one(store.pool()).await.unwrap();
            if count == rows {
                return store.close().await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn text(request: &Request) -> &str {
    std::str::from_utf8(&request.body).unwrap()
}

fn raw(request: &Request, name: HeaderName) -> String {
    request.headers.raw(&name).next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_call_waits_for_a_phone_that_was_registered_before_the_crash() {
    let exchange = Exchange::open().await;
    let _before = (Phone::register(&exchange.url, ALICE).await, Phone::register(&exchange.url, BOB).await);
    exchange.written("bindings", 2).await;
    let exchange = exchange.restart();
    let mut alice = Phone::register(&exchange.url, ALICE).await;
    assert_eq!(alice.invite(BOB.0, "call").await.status, Status::TRYING);
    let mut bob = Phone::register(&exchange.url, BOB).await;
    let invite = bob.request("INVITE").await;
    bob.answer(&invite, Status::OK).await;
    assert_eq!(alice.response().await.status, Status::OK);
}

#[tokio::test]
async fn who_was_on_the_phone_still_is_and_can_hang_up() {
    let exchange = Exchange::open().await;
    let (mut alice, mut bob) = (Phone::register(&exchange.url, ALICE).await, Phone::register(&exchange.url, BOB).await);
    assert_eq!(alice.invite(BOB.0, "call").await.status, Status::TRYING);
    let invite = bob.request("INVITE").await;
    bob.answer(&invite, Status::OK).await;
    let accepted = alice.response().await;
    assert_eq!(accepted.status, Status::OK);
    exchange.written("calls", 1).await;

    let exchange = exchange.restart();
    let page = sign_in(browser(exchange.url.clone()), ALICE).await;
    let mut tab = page.tab("tab", None).await;
    assert_eq!(tab.presence_of(BOB.0).await, Doing::InCall);
    let (mut alice, mut bob) = (Phone::register(&exchange.url, ALICE).await, Phone::register(&exchange.url, BOB).await);
    alice.hang_up(BOB.0, &accepted).await;
    let bye = bob.request("BYE").await;
    bob.answer(&bye, Status::OK).await;
    assert_eq!(alice.response().await.status, Status::OK);
    assert_eq!(tab.presence_of(BOB.0).await, Doing::Online);
    exchange.written("calls", 0).await;
}

#[tokio::test]
async fn a_phone_that_unregistered_is_not_waited_for() {
    let exchange = Exchange::open().await;
    let mut bob = Phone::register(&exchange.url, BOB).await;
    exchange.written("bindings", 1).await;
    bob.unregister().await;
    exchange.written("bindings", 0).await;
    let exchange = exchange.restart();
    let mut alice = Phone::register(&exchange.url, ALICE).await;
    assert_eq!(alice.invite(BOB.0, "call").await.status, Status::TRYING);
    assert_eq!(alice.response().await.status, Status::TEMPORARILY_UNAVAILABLE);
}

#[tokio::test]
async fn who_watches_somebody_goes_on_watching() {
    let exchange = Exchange::open().await;
    let (mut alice, _bob) = (Phone::register(&exchange.url, ALICE).await, Phone::register(&exchange.url, BOB).await);
    alice.watch(BOB.0).await;
    let before = alice.hears("<basic>open</basic>").await;
    exchange.written("snapshots", 1).await;

    let exchange = exchange.restart();
    let mut bob = Phone::register(&exchange.url, BOB).await;
    let mut alice = Phone::register(&exchange.url, ALICE).await;
    let after = alice.hears("<basic>open</basic>").await;
    assert_eq!(raw(&after, HeaderName::CallId), raw(&before, HeaderName::CallId));
    let seq = |notify: &Request| notify.headers.get::<CSeq>().unwrap().seq;
    assert!(seq(&after) > seq(&before), "a lower one would be refused");
    bob.unregister().await;
    alice.hears("<basic>closed</basic>").await;
}

#[tokio::test]
async fn messages_for_who_is_offline_come_in_order_over_crashes() {
    let exchange = Exchange::open().await;
    let mut alice = Phone::register(&exchange.url, ALICE).await;
    for text in ["one", "two"] {
        assert_eq!(alice.message(BOB.0, text, text).await, 202);
    }
    // Right after the answer.
    let exchange = exchange.restart();
    let mut alice = Phone::register(&exchange.url, ALICE).await;
    assert_eq!(alice.message(BOB.0, "three", "three").await, 202);

    let mut bob = Phone::register(&exchange.url, BOB).await;
    let first = bob.request("MESSAGE").await;
    assert_eq!(text(&first), "one");
    assert_eq!(raw(&first, HeaderName::CallId), "one");
    assert_eq!(raw(&first, HeaderName::PAssertedIdentity), "\"Alice Adams\" <sip:1001@tabphone>");
    assert!(raw(&first, HeaderName::Date).ends_with("GMT"));
    assert_eq!(raw(&first, HeaderName::ProxyAuthorization), "");

    // It was not answered, so it comes again, and is the same.
    let exchange = exchange.restart();
    let mut bob = Phone::register(&exchange.url, BOB).await;
    let again = bob.request("MESSAGE").await;
    for name in [HeaderName::CallId, HeaderName::CSeq, HeaderName::From, HeaderName::Date] {
        assert_eq!(raw(&again, name.clone()), raw(&first, name));
    }
    bob.answer(&again, Status::OK).await;
    let second = bob.request("MESSAGE").await;
    assert_eq!(text(&second), "two", "the next one comes when the one before is removed");

    let exchange = exchange.restart();
    // What is sent meanwhile is behind what waits.
    let mut alice = Phone::register(&exchange.url, ALICE).await;
    let mut bob = Phone::register(&exchange.url, BOB).await;
    let second = bob.request("MESSAGE").await;
    assert_eq!(alice.message(BOB.0, "four", "four").await, 202);
    assert_eq!(text(&second), "two");
    bob.answer(&second, Status::OK).await;
    for expected in ["three", "four"] {
        let next = bob.request("MESSAGE").await;
        assert_eq!(text(&next), expected);
        bob.answer(&next, Status::OK).await;
    }
    exchange.written("messages", 0).await;
    assert_eq!(alice.message_to(&mut bob, "five").await, 200, "now they go through");

    let exchange = exchange.restart();
    let mut bob = Phone::register(&exchange.url, BOB).await;
    bob.hears_nothing().await;
}

/// How many calls are up.
const CALLS: usize = 100;

#[tokio::test]
async fn a_hundred_calls_go_on_and_are_in_hand_at_once() {
    let exchange = Exchange::open().await;
    let accounts = accounts(exchange.data.path()).await;
    let mut people = Vec::new();
    for number in 0..2 * CALLS {
        let extension = format!("{}", 2_000 + number);
        accounts.add(&extension, "Somebody", Zeroizing::new(format!("password of {extension}"))).await.unwrap();
        people.push((format!("password of {extension}"), extension));
    }
    drop(accounts);
    let register = |url: String| {
        let people = &people;
        async move {
            let mut phones = Vec::new();
            // Of those who have not signed yet only so many may come from one address at once.
            for people in people.chunks(16) {
                let some = people.iter().map(|(password, extension)| Phone::register(&url, (extension, password)));
                phones.extend(futures::future::join_all(some).await);
            }
            phones
        }
    };
    let mut phones = register(exchange.url.clone()).await;
    let mut accepted = Vec::new();
    for (pair, people) in phones.chunks_mut(2).zip(people.chunks(2)) {
        let [caller, callee] = pair else { panic!("two talk") };
        let (from, to) = (&people[0].1, &people[1].1);
        assert_eq!(caller.invite(to, from).await.status, Status::TRYING);
        let invite = callee.request("INVITE").await;
        callee.answer(&invite, Status::OK).await;
        accepted.push(caller.response().await);
    }
    assert!(accepted.iter().all(|accepted| accepted.status == Status::OK));
    exchange.written("calls", i64::try_from(CALLS).unwrap()).await;

    let exchange = exchange.restart();
    let back = std::time::Instant::now();
    let mut phones = register(exchange.url.clone()).await;
    let calls =
        phones.chunks_mut(2).zip(people.chunks(2)).zip(&accepted).map(|((pair, people), accepted)| async move {
            let [caller, callee] = pair else { panic!("two talk") };
            caller.hang_up(&people[1].1, accepted).await;
            let bye = callee.request("BYE").await;
            callee.answer(&bye, Status::OK).await;
            assert_eq!(caller.response().await.status, Status::OK);
        });
    futures::future::join_all(calls).await;
    println!("{CALLS} calls were in hand, and ended, {} ms after the restart", back.elapsed().as_millis());
    exchange.written("calls", 0).await;
}
