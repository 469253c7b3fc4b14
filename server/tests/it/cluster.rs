//! Several servers on one PostgreSQL: whichever one somebody comes to, one of them does everything; and when that one dies,
//! stands still or loses the database, another does.

mod forwarding;

use crate::command_line::Server;
use crate::house::{ALICE, BOB, SOON, Visitor, browser, sign_in};
use crate::page::{Page, now};
use crate::phone::Phone;
use crate::postgres;
use app::lease::{FromTab, ToTab};
use app::phone::{LineState, Registration, Status as Doing};
use reqwest::{Client, StatusCode};
use server::store::Store;
use server::store::accounts::Accounts;
use server::store::password::{Cost, Passwords};
use server::store::url::DatabaseUrl;
use sip::agent::Phase;
use sip::message::Status;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

/// How soon after the end of a leader everything is in hand again. What is aimed at are 2 seconds; this is a debug build,
/// beside other tests.
const IN_HAND: Duration = Duration::from_secs(6);

/// A company with two servers, of which the first one leads.
struct Two {
    first: Member,
    second: Member,
    database: DatabaseUrl,
    folder: TempDir,
}

/// One of them.
struct Member {
    server: Server,
    url: String,
    log: PathBuf,
}

impl Two {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        postgres::choose(folder.path());
        let url = postgres::url(folder.path()).unwrap();
        Self::on(&url, folder).await
    }

    /// On this database.
    async fn on(url: &str, folder: TempDir) -> Self {
        let database: DatabaseUrl = url.parse().unwrap();
        let store = Store::open_at(folder.path(), Some(&database), None).await.unwrap();
        let accounts = Accounts::new(store.clone(), Passwords::new(Cost { memory: 64, passes: 1, lanes: 1 }).unwrap());
        for ((extension, password), name) in [(ALICE, "Alice Adams"), (BOB, "Bob Brown")] {
            accounts.add(extension, name, Zeroizing::new(password.to_owned())).await.unwrap();
        }
        store.close().await;
        let first = Member::start(folder.path(), "first.log", url);
        first.is("ok").await;
        let second = Member::start(folder.path(), "second.log", url);
        second.is("ok, standing by").await;
        Self { first, second, database, folder }
    }

    /// What the database says.
    async fn ask(&self, query: &str) -> i64 {
        let mut connection: PgConnection = self.database.options().connect().await.unwrap();
        let answer = sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        answer
    }

    /// Waits until one call is written down: what the exchange writes within moments.
    async fn call_is_written(&self) {
        let store = Store::open_at(self.folder.path(), Some(&self.database), None).await.unwrap();
        let written = async {
            loop {
                let count: i64 =
                    sqlx::query_scalar("SELECT count(*) FROM calls").fetch_one(store.pool()).await.unwrap();
                if count == 1 {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(SOON, written).await.expect("the call is not written down");
        store.close().await;
    }
}

impl Member {
    fn start(data: &Path, log: &str, database: &str) -> Self {
        let log = data.join(log);
        let arguments = ["--database", database, "--peer-listen", "127.0.0.1:0", "--log-level", "info"];
        let mut server = Server::start_logging(data, &arguments, &[], &log);
        let (_, url) = server.ready();
        Self { server, url: url.replacen("localhost", "127.0.0.1", 1), log }
    }

    /// Waits until it says so of itself.
    async fn is(&self, health: &str) {
        let client = Client::new();
        let said = async {
            loop {
                let answer = client.get(format!("{}/healthz", self.url)).timeout(SOON).send().await;
                if let Ok(answer) = answer
                    && answer.text().await.is_ok_and(|text| text.trim_end() == health)
                {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        let log = || std::fs::read_to_string(&self.log).unwrap();
        timeout(Duration::from_secs(15), said).await.unwrap_or_else(|_| panic!("it is not {health:?}: {}", log()));
    }

    async fn sign_in(&self, person: (&str, &str)) -> Visitor {
        sign_in(browser(self.url.clone()), person).await
    }

    /// What `/metrics` says.
    async fn metric(&self, name: &str) -> f64 {
        let text = Client::new().get(format!("{}/metrics", self.url)).send().await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is missing in\n{text}")).parse().unwrap()
    }
}

/// The same browser, that comes to another server of the company.
fn at(visitor: &Visitor, member: &Member) -> Visitor {
    Visitor { browser: browser(member.url.clone()), cookie: visitor.cookie.clone() }
}

fn ready() -> LineState {
    LineState { registration: Registration::Ready, ..LineState::default() }
}

#[tokio::test]
async fn who_logs_in_at_one_server_is_logged_in_at_all() {
    let two = Two::open().await;
    let alice = two.second.sign_in(ALICE).await;
    for member in [&two.first, &two.second] {
        let page = Client::new().get(&member.url).header("cookie", &alice.cookie).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.text().await.unwrap().contains("Alice Adams"));
    }
    assert_eq!(two.first.metric("tabphone_cluster_leading").await, 1.0);
    assert_eq!(two.second.metric("tabphone_cluster_leading").await, 0.0);
    assert!(two.second.metric("tabphone_cluster_passed_total").await >= 2.0);
}

#[tokio::test]
async fn a_line_is_seen_and_taken_at_whichever_server_a_tab_is() {
    let two = Two::open().await;
    let alice = two.first.sign_in(ALICE).await;
    let mut first = alice.tab("first", None).await;
    let epoch = first.granted().await;
    let mut second = at(&alice, &two.second).tab("second", None).await;
    assert_eq!(second.hear().await, ToTab::Watching);
    let publish = |state, snapshot: &[u8], last| FromTab::Publish {
        epoch,
        state,
        snapshot: snapshot.to_vec(),
        to_lose: false,
        last,
    };
    first.say(publish(ready(), b"agent", false)).await;
    assert_eq!(second.hear().await, ToTab::Line(ready()));
    second.say(FromTab::Take).await;
    assert_eq!(first.hear().await, ToTab::Yield);
    first.say(publish(ready(), b"last", true)).await;
    assert_eq!(second.hear().await, ToTab::Line(ready()));
    let ToTab::Granted(grant) = second.hear().await else { panic!("no grant") };
    assert!(grant.epoch > epoch);
    assert_eq!(grant.snapshot.unwrap().0, b"last");
    assert_eq!(first.hear().await, ToTab::Watching);
}

#[tokio::test]
async fn phones_at_two_servers_call_each_other() {
    let two = Two::open().await;
    let mut alice = Phone::register(&two.first.url, ALICE).await;
    let mut bob = Phone::register(&two.second.url, BOB).await;
    assert_eq!(alice.invite(BOB.0, "call").await.status, Status::TRYING);
    let invite = bob.request("INVITE").await;
    bob.answer(&invite, Status::OK).await;
    let accepted = alice.response().await;
    assert_eq!(accepted.status, Status::OK);
    let mut tab = two.second.sign_in(ALICE).await.tab("tab", None).await;
    assert_eq!(tab.presence_of(BOB.0).await, Doing::InCall);
    alice.hang_up(BOB.0, &accepted).await;
    let bye = bob.request("BYE").await;
    bob.answer(&bye, Status::OK).await;
    assert_eq!(alice.response().await.status, Status::OK);
    assert_eq!(bob.message_to(&mut alice, "bye").await, 200);
}

#[tokio::test]
async fn when_the_leader_is_killed_its_calls_are_in_hand_at_the_other_one() {
    let two = Two::open().await;
    let mut alice = Page::open(two.first.sign_in(ALICE).await, ALICE.0, "tab").await;
    let mut bob = Page::open(two.second.sign_in(BOB).await, BOB.0, "tab").await;
    alice.call_and_talk(&mut bob, BOB.0).await;
    two.call_is_written().await;

    let killed = Instant::now();
    two.first.server.kill();
    tokio::join!(alice.come_back(&two.second.url), bob.come_back(&two.second.url));
    println!("both were registered at the other server {} ms after kill -9", killed.elapsed().as_millis());
    let call = alice.call().id;
    alice.agent.hold(call, now()).unwrap();
    tokio::join!(
        alice.until("it is on hold", |alice| alice.call().held_here),
        bob.until("he is told", |bob| bob.call().held_there),
    );
    let took = killed.elapsed();
    println!("the call was in hand {} ms after kill -9", took.as_millis());
    assert!(took < IN_HAND, "{took:?}");
    alice.agent.hangup(call, now()).unwrap();
    tokio::join!(
        alice.until("she hung up", |alice| alice.ended.is_some()),
        bob.until("he is told", |bob| bob.ended.is_some()),
    );
    two.second.is("ok").await;
    assert_eq!(two.second.metric("tabphone_cluster_epoch").await, 2.0);
}

#[tokio::test]
async fn who_stands_by_may_die() {
    let two = Two::open().await;
    let alice = two.first.sign_in(ALICE).await;
    let mut tab = alice.tab("tab", None).await;
    tab.granted().await;
    two.second.server.kill();
    tab.say(FromTab::Alive).await;
    assert_eq!(tab.hear().await, ToTab::Alive);
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_server_that_is_stopped_hands_over_and_nobody_is_turned_away() {
    let two = Two::open().await;
    let bob = two.second.sign_in(BOB).await;
    let asking = async {
        let mut asked = 0;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3) {
            let page = bob.browser.get("/").await;
            assert_eq!(page.status(), StatusCode::OK, "{}", page.text().await.unwrap());
            asked += 1;
        }
        asked
    };
    let first = two.first.server;
    let (asked, ()) = tokio::join!(asking, async {
        sleep(Duration::from_millis(300)).await;
        tokio::task::spawn_blocking(move || first.stop()).await.unwrap();
    });
    println!("{asked} pages came while the leader changed");
    two.second.is("ok").await;
}

#[tokio::test]
async fn a_database_that_was_away_is_led_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = postgres::Server::start();
    let two = Two::on(&server.database(folder.path()), folder).await;
    let mut alice = Page::open(two.second.sign_in(ALICE).await, ALICE.0, "tab").await;
    server.stop();
    let gone = "Neither the server that leads nor the database answers.";
    two.first.is(gone).await;
    // Longer than a leader acts without an answer.
    sleep(Duration::from_secs(5)).await;
    let page = alice.crash();
    let turned_away = page.browser.get("/").await;
    assert_eq!(turned_away.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(turned_away.headers()["retry-after"], "3");
    assert!(turned_away.text().await.unwrap().contains("Please try again in a few seconds"));
    two.second.is(gone).await;

    server.start_again();
    let back = Instant::now();
    alice = Page::open(page, ALICE.0, "tab").await;
    println!("a phone was registered {} ms after the database was back", back.elapsed().as_millis());
    assert!(alice.is_registered());
    assert_eq!(two.ask("SELECT epoch FROM tabphone_cluster").await, 2);
}

/// The split brain: a leader stands still for longer than its lease, and wakes up while another one leads.
#[tokio::test]
async fn a_leader_that_stood_still_does_no_harm_when_it_wakes_up() {
    let two = Two::open().await;
    let mut alice = Page::open(two.first.sign_in(ALICE).await, ALICE.0, "tab").await;
    let mut bob = Page::open(two.second.sign_in(BOB).await, BOB.0, "tab").await;
    alice.call_and_talk(&mut bob, BOB.0).await;
    two.call_is_written().await;
    // It stays where it is, at the first server, and hears what that one still says.
    let mut left_behind = two.first.sign_in(ALICE).await.tab("watching", None).await;
    assert_eq!(left_behind.hear().await, ToTab::Watching);
    let mut phone = Phone::register(&two.first.url, BOB).await;
    left_behind.say(FromTab::Alive).await;
    while left_behind.hear_any().await != ToTab::Alive {}

    let frozen = Instant::now();
    two.first.server.signal("STOP");
    two.second.is("ok").await;
    tokio::join!(alice.come_back(&two.second.url), bob.come_back(&two.second.url));
    println!("calls were in hand {} ms after the leader stood still", frozen.elapsed().as_millis());
    assert_eq!(two.ask("SELECT epoch FROM tabphone_cluster").await, 2);
    let call = alice.call().id;
    alice.agent.hold(call, now()).unwrap();
    alice.until("it is on hold", |alice| alice.call().held_here).await;
    let registered = two.second.metric("tabphone_registrations").await;
    // What it said before is here, and read: from now on every word would be one too many.
    left_behind.hears_the_rest().await;

    two.first.server.signal("CONT");
    two.first.is("ok, standing by").await;
    // Nothing was said by who woke up: the connections just ended.
    assert!(left_behind.is_cut_off_in_silence().await);
    assert!(phone.is_cut_off_in_silence().await);
    let old = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tabphone leader 1'";
    assert_eq!(two.ask(old).await, 0);
    assert_eq!(two.ask("SELECT epoch FROM tabphone_cluster").await, 2);
    assert_eq!(two.second.metric("tabphone_registrations").await, registered, "nothing is registered twice");
    assert_eq!(alice.phase(), Some(Phase::Established));
    alice.agent.resume(call, now()).unwrap();
    alice.until("it goes on", |alice| !alice.call().held_here).await;
    // And it can lead again.
    two.second.server.signal("KILL");
    two.first.is("ok").await;
    assert_eq!(two.ask("SELECT epoch FROM tabphone_cluster").await, 3);
}

#[test]
fn several_servers_need_something_to_share() {
    let data = tempfile::tempdir().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--peer-listen", "127.0.0.1:0"];
    let output = crate::command_line::tabphone_alone(data.path(), &serve);
    let words = crate::command_line::said(&output.stderr);
    assert!(!output.status.success() && words.contains("name that with --database"), "{words}");
    let check = |arguments: &[&str]| {
        let output = crate::command_line::tabphone_alone(data.path(), &[&["check"], arguments].concat());
        crate::command_line::said(&output.stdout)
    };
    let words = check(&["--peer-listen", "127.0.0.1:0"]);
    assert!(words.contains("problem  other servers  there is no database that several servers could share"), "{words}");
    let words = check(&["--peer-listen", "0.0.0.0:0", "--database", "postgres://nobody@127.0.0.1:1/none"]);
    assert!(words.contains("other servers  0.0.0.0:0 is no address that they can reach"), "{words}");
}
