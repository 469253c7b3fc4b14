//! What is stored: in SQLite and in PostgreSQL, over kills, outages, and from one into the other.

use crate::command_line::{Server, said, tabphone};
use crate::house::{ALICE, BOB, Browser, accounts, browser, database, sign_in};
use crate::phone::Phone;
use crate::postgres;
use crate::tls::Issued;
use app::lease::{FromTab, ToTab};
use reqwest::{StatusCode, header};
use server::store::accounts::Accounts;
use server::store::inspect::inspect_postgres;
use server::store::key::random;
use server::store::password::{Cost, Passwords};
use server::store::{Kind, Store};
use sip::message::Status;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };

async fn people(accounts: &Accounts, more: &[&str]) {
    for ((extension, password), name) in [(ALICE, "Alice Adams"), (BOB, "Bob Brown")] {
        accounts.add(extension, name, Zeroizing::new(password.to_owned())).await.unwrap();
    }
    for extension in more {
        accounts.add(extension, "Somebody", Zeroizing::new("correct horse".to_owned())).await.unwrap();
    }
}

/// What the server said to have kept.
#[derive(Default)]
struct Promised {
    messages: Vec<String>,
    pieces: u32,
    recording: String,
}

/// One after the other, until the server is gone.
async fn send_messages(url: String, round: usize, promised: Arc<Mutex<Promised>>) {
    let mut alice = Phone::register(&url, ALICE).await;
    for number in 0.. {
        let text = format!("message-{round}-{number}.");
        if alice.message(&format!("300{}", number % 6), &text, &text).await == 202 {
            promised.lock().unwrap().messages.push(text);
        }
    }
}

async fn record(page: Browser, promised: Arc<Mutex<Promised>>) {
    let (id, first) = {
        let promised = promised.lock().unwrap();
        (promised.recording.clone(), promised.pieces)
    };
    for piece in first.. {
        let path = format!("{}/recordings/{id}/{piece}?until={}", page.origin, 1_000 * (piece + 1));
        let sent = page.client.put(path).header(header::ORIGIN, &page.origin).body("sound").send().await;
        if sent.is_ok_and(|answer| answer.status() == StatusCode::NO_CONTENT) {
            promised.lock().unwrap().pieces = piece + 1;
        } else {
            return;
        }
    }
}

/// Kills a server again and again while it writes, and looks each time whether all is there that it promised.
async fn killed_at_random_moments(kind: Kind, times: usize) {
    let data = tempfile::tempdir().unwrap();
    if kind == Kind::Postgres {
        postgres::choose(data.path());
    }
    let others: Vec<_> = (0..6).map(|number| format!("300{number}")).collect();
    people(&accounts(data.path()).await, &others.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let promised = Arc::new(Mutex::new(Promised::default()));
    for round in 0..times {
        let mut server = Server::start(data.path(), &[]);
        let (_, url) = server.ready();
        let page = sign_in(browser(url.clone()), BOB).await;
        if round == 0 {
            let begin = page.browser.submit("/recordings", &[("number", "1"), ("name", "A"), ("kind", "audio/ogg")]);
            promised.lock().unwrap().recording = begin.await.text().await.unwrap();
        }
        let cookie = page.cookie.clone();
        let writers = [
            tokio::spawn(send_messages(url.clone(), round, Arc::clone(&promised))),
            tokio::spawn(record(page.browser, Arc::clone(&promised))),
        ];
        let [moment] = random::<1>().unwrap();
        sleep(Duration::from_millis(200 + u64::from(moment) * 2)).await;
        server.kill();
        for writer in writers {
            // It ends as its server did.
            writer.abort();
            let _ = writer.await;
        }
        is_whole(data.path(), &promised, &cookie).await;
    }
    let promised = promised.lock().unwrap();
    assert!(promised.messages.len() > times && promised.pieces > 0, "nothing was written while it was killed");
}

async fn is_whole(data: &Path, promised: &Mutex<Promised>, cookie: &str) {
    let store = database(data).await;
    if store.kind() == Kind::Sqlite {
        let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(store.pool()).await.unwrap();
        assert_eq!(found, ["ok"]);
    }
    let stored: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT request FROM messages").fetch_all(store.pool()).await.unwrap();
    let stored: String = stored.iter().map(|request| String::from_utf8_lossy(request)).collect();
    let row: (i64, i64) = sqlx::query_as("SELECT pieces, bytes FROM recordings").fetch_one(store.pool()).await.unwrap();
    let sessions: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(store.pool()).await.unwrap();
    assert!(sessions > 0, "{cookie} was given away");
    let promised = promised.lock().unwrap();
    for message in &promised.messages {
        assert!(stored.contains(message), "{message} is lost");
    }
    assert!(row.0 >= promised.pieces.into(), "{row:?} of {}", promised.pieces);
    let file = std::fs::metadata(data.join("recordings").join(&promised.recording)).unwrap();
    assert!(i64::try_from(file.len()).unwrap() >= row.1, "the sound of a row is there");
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_writes_loses_nothing_and_leaves_a_whole_file() {
    killed_at_random_moments(Kind::Sqlite, 10).await;
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_writes_loses_nothing_in_postgres() {
    killed_at_random_moments(Kind::Postgres, 3).await;
}

/// Waits until `/healthz` says so.
async fn health(page: &Browser, status: StatusCode) {
    let says = async {
        while page.get("/healthz").await.status() != status {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(60), says).await.expect("it did not change");
}

#[tokio::test]
async fn a_database_that_goes_away_ends_no_call_and_is_used_again_when_it_is_back() {
    let (data, postgres) = (tempfile::tempdir().unwrap(), postgres::Server::start());
    let url = postgres.database(data.path());
    let store = Store::open_at(data.path(), Some(&url.parse().unwrap()), None).await.unwrap();
    people(&Accounts::new(store.clone(), Passwords::new(CHEAP).unwrap()), &["3001"]).await;
    store.close().await;
    let log = data.path().join("log");
    let mut server = Server::start_logging(data.path(), &[], &[("TABPHONE_DATABASE", &url)], &log);
    let (_, url) = server.ready();
    let page = sign_in(browser(url.clone()), ALICE).await;
    let mut tab = page.tab("tab", None).await;
    let mut sip = page.sip(tab.granted().await, ALICE.0).await;
    let (mut alice, mut bob) = (Phone::register(&url, ALICE).await, Phone::register(&url, BOB).await);
    assert_eq!(alice.invite(BOB.0, "call").await.status, Status::TRYING);
    let invite = bob.request("INVITE").await;
    bob.answer(&invite, Status::OK).await;
    let accepted = alice.response().await;
    assert_eq!(accepted.status, Status::OK);

    postgres.stop();
    health(&page.browser, StatusCode::SERVICE_UNAVAILABLE).await;
    // Once that is known, nobody is taken for a stranger.
    let reload = page.browser.client.get(&page.browser.origin).header(header::ACCEPT, "text/html");
    let reload = loop {
        let answer = reload.try_clone().unwrap().send().await.unwrap();
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            break answer;
        }
    };
    assert_eq!(reload.headers()[header::REFRESH], "2", "it comes back by itself");
    assert!(page.open_sip(1).await.is_none());
    tab.say(FromTab::Alive).await;
    while tab.hear_any().await != ToTab::Alive {}
    assert!(sip.is_open().await, "what is open goes on");
    alice.hang_up(BOB.0, &accepted).await;
    let bye = bob.request("BYE").await;
    bob.answer(&bye, Status::OK).await;
    assert_eq!(alice.response().await.status, Status::OK);
    assert_ne!(alice.message("3001", "away", "not kept").await, 202, "nothing is promised that is not kept");

    postgres.start_again();
    health(&page.browser, StatusCode::OK).await;
    while page.browser.get("/").await.status() != StatusCode::OK {}
    assert_eq!(alice.message("3001", "back", "kept").await, 202);
    tab.say(FromTab::Alive).await;
    while tab.hear_any().await != ToTab::Alive {}
    assert!(sip.is_open().await, "nothing had to be opened anew");
    server.stop();
    let log = std::fs::read_to_string(&log).unwrap();
    for words in ["the database is away", "the database is back"] {
        assert_eq!(log.matches(words).count(), 1, "{words}: {log}");
    }
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test]
async fn what_is_in_sqlite_is_taken_to_postgres_and_back() {
    let files = tempfile::tempdir().unwrap();
    let path = |name: &str| files.path().join(name);
    let (old, shared, back) = (path("old"), path("shared"), path("back"));
    postgres::choose(&shared);
    people(&accounts(&old).await, &["3001"]).await;
    let run = |data: &Path, arguments: &[&str]| {
        let output = tabphone(data, arguments, "");
        assert!(output.status.success(), "{arguments:?}: {}", said(&output.stderr));
        said(&output.stdout)
    };
    run(&old, &["user", "set", "1001", "--divert-busy", "1002"]);
    run(&old, &["policy", "set", "--digits", "info"]);
    run(&old, &["user", "remove", "3001"]);
    std::fs::create_dir_all(old.join("recordings")).unwrap();
    std::fs::write(old.join("recordings/a"), "sound").unwrap();
    let (first, second) = (path("first.tar"), path("second.tar"));
    run(&old, &["backup", first.to_str().unwrap()]);
    let words = run(&shared, &["restore", first.to_str().unwrap()]);
    assert!(words.contains("and postgres:///"), "{words}");
    let taken = tabphone(&shared, &["restore", first.to_str().unwrap()], "");
    assert!(said(&taken.stderr).contains("is in use already: name an empty one"), "{}", said(&taken.stderr));

    let mut server = Server::start(&shared, &[]);
    let (_, url) = server.ready();
    sign_in(browser(url), ALICE).await;
    server.stop();
    run(&shared, &["user", "add", "3002", "--name", "New", "--initial-password"]);
    run(&shared, &["user", "remove", "3002"]);
    run(&shared, &["backup", second.to_str().unwrap()]);
    run(&back, &["restore", second.to_str().unwrap()]);
    for command in [&["user", "list"][..], &["policy", "show"]] {
        assert_eq!(run(&back, command), run(&old, command));
    }
    assert_eq!(std::fs::read_to_string(back.join("recordings/a")).unwrap(), "sound");
    let numbers = accounts(&back).await;
    let number = numbers.add("3003", "Newer", Zeroizing::new("correct horse".to_owned())).await.unwrap();
    assert_eq!(number, 5, "the numbers of those who are gone are not used again");
    let mut server = Server::start(&back, &[]);
    let (_, url) = server.ready();
    sign_in(browser(url), ALICE).await;
}

#[tokio::test]
async fn the_connection_to_postgres_is_encrypted_and_its_certificate_is_looked_at() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (issued, stranger) = (Issued::in_folder(folder.path()), Issued::in_folder(other.path()));
    let port = crate::ports::free_address().port();
    let _postgres = postgres::Server::start_with_tls(folder.path(), port);
    let ask = async |host: &str, mode: &str, root: &Path| {
        let url = format!("postgres://tabphone@{host}:{port}/postgres?sslmode={mode}&sslrootcert={}", root.display());
        inspect_postgres(&url.parse().unwrap(), folder.path()).await
    };
    assert!(ask("localhost", "verify-full", &issued.certificate).await.unwrap().encrypted);
    assert!(ask("127.0.0.1", "prefer", &issued.certificate).await.unwrap().encrypted, "where it can be");
    assert!(!ask("127.0.0.1", "disable", &issued.certificate).await.unwrap().encrypted);
    assert!(ask("localhost", "verify-full", &stranger.certificate).await.is_err(), "somebody else's certificate");
    assert!(ask("127.0.0.1", "verify-full", &issued.certificate).await.is_err(), "it is not for that name");
}

#[tokio::test]
async fn check_says_how_it_is_with_postgres() {
    let data = tempfile::tempdir().unwrap();
    postgres::choose(data.path());
    let empty = said(&tabphone(data.path(), &["check"], "").stdout);
    assert!(empty.contains("ok       PostgreSQL     ") && empty.contains(" answers at postgres:///"), "{empty}");
    assert!(empty.contains("warning  database       there is none yet"), "{empty}");
    people(&accounts(data.path()).await, &[]).await;
    let made = said(&tabphone(data.path(), &["check"], "").stdout);
    for line in ["ok       database       whole\n", "ok       key ", "ok       accounts       2\n"] {
        assert!(made.contains(line), "{line}: {made}");
    }
    let file = data.path().join("address");
    std::fs::write(&file, "postgres://tabphone:wind@127.0.0.1:1/nothing\n").unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    if postgres::url(elsewhere.path()).is_some() {
        // All tests are made with PostgreSQL, and there can be one address only.
        return;
    }
    let away = tabphone(elsewhere.path(), &["check", "--database-file", file.to_str().unwrap()], "");
    let away = said(&away.stdout);
    assert!(
        away.contains("problem  database       postgres://tabphone@127.0.0.1:1/nothing cannot be used: "),
        "{away}"
    );
    assert!(away.contains("see that PostgreSQL runs there") && !away.contains("wind"), "{away}");
}
