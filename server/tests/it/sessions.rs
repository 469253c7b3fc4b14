//! Where one is logged in, how sessions end, and that reading ends and changes nothing.

use crate::house::{ALICE, BOB, House, Tab, Visitor, accounts, browser, cookie, database, sign_in};
use app::lease::CLOSE_LOGGED_OUT;
use reqwest::{Client, StatusCode, header, redirect};
use server::store::Kind;
use std::path::Path;
use std::time::{Duration, Instant};

/// A second, in which what a session opened is closed when it ends.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The sockets of the only tab of a session.
async fn sockets(visitor: &Visitor, extension: &str) -> (Tab, Tab) {
    let mut tab = visitor.tab("tab", None).await;
    let sip = visitor.sip(tab.granted().await, extension).await;
    (tab, sip)
}

async fn closed_since(start: Instant, (tab, sip): (Tab, Tab), how: &str) {
    let (tab, sip) = tokio::join!(tab.closed(), sip.closed());
    let took = start.elapsed();
    assert_eq!(u16::from(tab.unwrap().code), CLOSE_LOGGED_OUT, "{how}");
    assert_eq!(u16::from(sip.unwrap().code), CLOSE_LOGGED_OUT, "{how}");
    assert!(took < AT_ONCE, "{how}: the sockets were open for {took:?}");
}

/// The sessions that the page lists, by their numbers, and which is this one.
async fn listed(visitor: &Visitor) -> (String, Vec<i64>) {
    let page = visitor.browser.get("/settings/sessions").await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    let numbers = page.split("/settings/sessions/").filter_map(|rest| rest.split_once("/end")?.0.parse().ok());
    let numbers = numbers.collect();
    (page, numbers)
}

#[tokio::test]
async fn what_a_session_opened_is_closed_within_a_second() {
    let house = House::open().await;
    let commands = accounts(house.data.path()).await;

    let alice = house.signed_in(ALICE).await;
    let opened = sockets(&alice, ALICE.0).await;
    let start = Instant::now();
    alice.browser.post("/logout").await;
    closed_since(start, opened, "logout").await;

    let (alice, other) = (house.signed_in(ALICE).await, house.signed_in(ALICE).await);
    let opened = sockets(&alice, ALICE.0).await;
    let (_, numbers) = listed(&other).await;
    let start = Instant::now();
    let ended = other.browser.post(&format!("/settings/sessions/{}/end", numbers.iter().min().unwrap())).await;
    assert_eq!(ended.headers()[header::LOCATION], "/settings/sessions?ended=1");
    closed_since(start, opened, "log out there").await;

    let alice = house.signed_in(ALICE).await;
    let opened = sockets(&alice, ALICE.0).await;
    let start = Instant::now();
    let fields = [("current", ALICE.1), ("new", "looking glass"), ("again", "looking glass")];
    let changed = other.browser.submit("/settings/password", &fields).await;
    closed_since(start, opened, "a changed password").await;

    let other = Visitor { cookie: cookie(&changed).unwrap(), ..other };
    let opened = sockets(&other, ALICE.0).await;
    let start = Instant::now();
    commands.set_enabled(ALICE.0, false).await.unwrap();
    closed_since(start, opened, "a disabled account").await;
}

#[tokio::test]
async fn a_person_sees_where_they_are_logged_in_and_logs_out_there() {
    let house = House::open().await;
    let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0";
    let client = Client::builder().cookie_store(true).redirect(redirect::Policy::none()).user_agent(agent);
    let windows = crate::house::Browser { client: client.build().unwrap(), origin: house.url("") };
    let windows = sign_in(windows, ALICE).await;
    let (desk, bob) = (house.signed_in(ALICE).await, house.signed_in(BOB).await);
    let (page, numbers) = listed(&desk).await;
    assert_eq!(numbers.len(), 2);
    assert_eq!(page.matches("This one").count(), 1);
    assert!(page.contains("Firefox on Windows") && page.contains("own machine"), "{page}");
    assert!(!page.contains(&agent[..30]) && !page.contains("<script"), "{page}");

    let windows_number = *numbers.iter().min().unwrap();
    let foreign = bob.browser.post(&format!("/settings/sessions/{windows_number}/end")).await;
    assert_eq!(foreign.headers()[header::LOCATION], "/settings/sessions?ended=0");
    assert_eq!(windows.browser.get("/").await.status(), StatusCode::OK, "it is not Bob's to end");
    desk.browser.post(&format!("/settings/sessions/{windows_number}/end")).await;
    assert_eq!(windows.browser.get("/").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.browser.get("/").await.status(), StatusCode::OK);
    assert_eq!(listed(&desk).await.1.len(), 1);
}

#[tokio::test]
async fn everywhere_else_is_one_button() {
    let house = House::open().await;
    let desk = house.signed_in(ALICE).await;
    let others = [house.signed_in(ALICE).await, house.signed_in(ALICE).await];
    let bob = house.signed_in(BOB).await;
    let ended = desk.browser.post("/settings/sessions/end-others").await;
    assert_eq!(ended.headers()[header::LOCATION], "/settings/sessions?ended=2");
    for other in others {
        assert_eq!(other.browser.get("/").await.status(), StatusCode::SEE_OTHER);
    }
    assert_eq!(desk.browser.get("/").await.status(), StatusCode::OK);
    assert_eq!(bob.browser.get("/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_session_that_is_not_used_for_a_day_is_over_and_so_is_every_one_after_a_month() {
    let house = House::open().await;
    let database = database(house.data.path()).await;
    let later = async |change: &'static str| sqlx::query(change).execute(database.pool()).await.unwrap();
    let alice = house.signed_in(ALICE).await;
    later("UPDATE sessions SET seen = seen - 86340").await;
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::OK, "a minute before");
    later("UPDATE sessions SET seen = seen - 86401").await;
    let over = alice.browser.get("/").await;
    assert_eq!(
        (over.status(), &over.headers()[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"/login?expired=1".parse().unwrap())
    );

    let alice = house.signed_in(ALICE).await;
    later("UPDATE sessions SET ends = ends - 30 * 86400 + 60").await;
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::OK, "a minute before");
    later("UPDATE sessions SET ends = ends - 60").await;
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::SEE_OTHER);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(database.pool()).await.unwrap();
    assert_eq!(left, 0, "what is over is removed");
}

#[tokio::test]
async fn a_copy_of_the_database_logs_nobody_in() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let cookie = alice.cookie.split_once('=').unwrap().1;
    let rows = dump(house.data.path()).await;
    assert!(!rows.contains(cookie));
    let id: tower_sessions::session::Id = cookie.parse().unwrap();
    let hex: String = id.0.to_be_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(rows.contains("sessions") && !rows.to_uppercase().contains(&hex), "{rows}");
}

#[tokio::test]
async fn an_account_has_so_many_sessions_and_no_more() {
    let house = House::open().await;
    let first = house.signed_in(ALICE).await;
    for _ in 0..50 {
        house.signed_in(ALICE).await;
    }
    assert_eq!(first.browser.get("/").await.status(), StatusCode::SEE_OTHER, "the oldest is over");
    let last = house.signed_in(ALICE).await;
    assert_eq!(listed(&last).await.1.len(), 50);
}

/// Every row of every table.
async fn dump(data: &Path) -> String {
    let database = database(data).await;
    let tables = match database.kind() {
        Kind::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
        Kind::Postgres => "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    };
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(database.pool()).await.unwrap();
    let mut all = String::new();
    for table in tables {
        let query = match database.kind() {
            Kind::Sqlite => {
                let columns = format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')");
                let columns: Vec<String> = sqlx::query_scalar(&columns).fetch_all(database.pool()).await.unwrap();
                format!("SELECT {} FROM {table} ORDER BY 1", columns.join(" || ',' || "))
            }
            Kind::Postgres => format!("SELECT CAST(it AS TEXT) FROM {table} it ORDER BY 1"),
        };
        let rows: Vec<String> = sqlx::query_scalar(&query).fetch_all(database.pool()).await.unwrap();
        all.push_str(&format!("{table}\n{}\n", rows.join("\n")));
    }
    all
}

/// The paths of all routes, as the sources name them.
fn routes(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            routes(&path, found);
        } else {
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            found.extend(source.split(".route(").skip(1).filter_map(|rest| {
                let path = rest.trim_start().strip_prefix('"')?.split_once('"')?.0;
                if !path.starts_with('/') {
                    return None;
                }
                Some(path.replace(['{', '}'], "").replace("/session/", "/1/").replace("/id/", "/1/"))
            }));
        }
    }
}

#[tokio::test]
async fn nothing_changes_by_reading() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let mut paths = vec!["/".to_owned(), "/nothing-there".to_owned()];
    routes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut paths);
    for known in ["/login", "/logout", "/settings", "/settings/sound", "/settings/sessions/1/end", "/sign", "/history"]
    {
        assert!(paths.iter().any(|path| path == known), "{known} is not among {paths:?}");
    }
    // Colleagues become contacts when somebody first looks for any: that is made of the accounts, and no news.
    alice.browser.get("/contacts").await;
    let before = dump(house.data.path()).await;
    for path in &paths {
        for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
            let url = format!("{}{path}", alice.browser.origin);
            let answer = alice.browser.client.request(method, url).send().await.unwrap();
            assert!(!answer.status().is_server_error(), "{path}: {}", answer.status());
        }
    }
    assert_eq!(dump(house.data.path()).await, before);
    assert_eq!(browser(house.url("")).get("/").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::OK);
}
