use crate::command_line::{Server, tabphone};
use crate::house::{ALICE, BOB, House, accounts, cookie, open_socket, register};
use reqwest::{StatusCode, header};
use sip::digest;
use sip::message::{Message, Method};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

fn location(response: &reqwest::Response) -> &str {
    response.headers().get(header::LOCATION).unwrap().to_str().unwrap()
}

#[tokio::test]
async fn the_right_password_leads_to_the_phone() {
    let house = House::open().await;
    let browser = house.browser();
    let gate = browser.get("/").await;
    assert_eq!((gate.status(), location(&gate)), (StatusCode::SEE_OTHER, "/login"));
    let login = browser.log_in(ALICE.0, ALICE.1).await;
    assert_eq!((login.status(), location(&login)), (StatusCode::SEE_OTHER, "/"));
    let phone = browser.get("/").await;
    assert_eq!(phone.status(), StatusCode::OK);
    let page = phone.text().await.unwrap();
    assert!(page.contains("Alice Adams") && page.contains("Bob Brown"), "{page}");
    let again = browser.get("/login").await;
    assert_eq!((again.status(), location(&again)), (StatusCode::SEE_OTHER, "/"));
}

#[tokio::test]
async fn an_extension_may_be_typed_with_its_domain() {
    let house = House::open().await;
    assert_eq!(house.browser().log_in("1001@tabphone", ALICE.1).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(house.browser().log_in("1001@elsewhere", ALICE.1).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn capitals_and_spaces_around_an_extension_do_not_matter() {
    let house = House::open().await;
    let accounts = accounts(house.data.path()).await;
    for (extension, password) in [("Desk", "standing upright"), ("front", "lower letters"), ("FRONT", "upper letters")]
    {
        accounts.add(extension, extension, Zeroizing::new(password.to_owned())).await.unwrap();
    }
    for (typed, password, status) in [
        (" 1001 ", ALICE.1, StatusCode::SEE_OTHER),
        ("1001@TABPHONE", ALICE.1, StatusCode::SEE_OTHER),
        ("sip:1001@tabphone", ALICE.1, StatusCode::SEE_OTHER),
        ("desk", "standing upright", StatusCode::SEE_OTHER),
        ("DESK@Tabphone", "standing upright", StatusCode::SEE_OTHER),
        ("front", "lower letters", StatusCode::SEE_OTHER),
        ("FRONT", "upper letters", StatusCode::SEE_OTHER),
        ("Front", "upper letters", StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(house.browser().log_in(typed, password).await.status(), status, "{typed}");
    }
}

#[tokio::test]
async fn another_domain_is_told_whose_this_is_whoever_there_is() {
    let house = House::open_with(|options| options.domain_aliases = vec!["pbx.lan".to_owned()]).await;
    assert_eq!(house.browser().log_in("1001@pbx.lan", ALICE.1).await.status(), StatusCode::SEE_OTHER);
    let mut said = Vec::new();
    for (typed, password) in [("1001@elsewhere", ALICE.1), ("1009@elsewhere", "not the password")] {
        let answer = house.browser().log_in(typed, password).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        said.push(answer.text().await.unwrap().replace("1009", "1001"));
    }
    assert!(said[0].contains("People of tabphone log in here."), "{}", said[0]);
    assert_eq!(said[0], said[1]);
}

#[tokio::test]
async fn two_hundred_logins_at_once_leave_room_for_calls_and_little_in_memory() {
    let data = tempfile::tempdir().unwrap();
    let add = ["user", "add", "1001", "--name", "Alice", "--password-stdin"];
    assert!(tabphone(data.path(), &add, "wonderland\n").status.success());
    let mut server = Server::start(data.path(), &[]);
    let (_, url) = server.ready();
    let before = server.most_memory();
    let headers = [("sec-websocket-protocol", "sip".to_owned())];
    let mut sip = open_socket(&url, "/sip", &headers).await.ok().unwrap();

    let logins = (0..200).map(|n| {
        // As many people, each from a place of their own.
        let request =
            reqwest::Client::new().post(format!("{url}/login")).header("x-forwarded-for", format!("203.0.113.{n}"));
        let request = request.form(&[("extension", format!("2{n}")), ("password", "not the password".to_owned())]);
        async move { request.send().await.unwrap() }
    });
    let flood = tokio::spawn(futures::future::join_all(logins.collect::<Vec<_>>()));
    let (mut slowest, mut asked) = (Duration::ZERO, 0);
    while !flood.is_finished() || asked == 0 {
        let start = Instant::now();
        sip.say_raw(&register(ALICE.0, 1 + asked)).await;
        assert!(sip.hear_raw().await.starts_with("SIP/2.0 401"));
        slowest = slowest.max(start.elapsed());
        asked += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (mut refused, mut busy) = (0, 0);
    for answer in flood.await.unwrap() {
        match answer.status() {
            StatusCode::UNAUTHORIZED => refused += 1,
            StatusCode::SERVICE_UNAVAILABLE => {
                assert_eq!(answer.headers()[header::RETRY_AFTER], "5");
                assert!(answer.text().await.unwrap().contains("Too many people are logging in at this moment."));
                busy += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(refused > 0 && busy > 0 && refused + busy == 200, "{refused} refused, {busy} told to come again");
    assert!(slowest < Duration::from_secs(1), "the exchange answered after {slowest:?}");
    let grown = server.most_memory() - before;
    // Two hundred hashes at once would be 3,800 MiB.
    assert!(grown < 200 * 1024, "{grown} KiB more");
    server.kill();
}

#[tokio::test]
async fn an_unknown_extension_and_a_wrong_password_get_the_same_answer() {
    let house = House::open().await;
    let browser = house.browser();
    let unknown = browser.log_in("1009", ALICE.1).await;
    let wrong = browser.log_in("1001", "not the password").await;
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(unknown.status(), wrong.status());
    assert!(cookie(&unknown).is_none() && cookie(&wrong).is_none());
    let (unknown, wrong) = (unknown.text().await.unwrap(), wrong.text().await.unwrap());
    assert!(wrong.contains("The extension or the password is wrong."), "{wrong}");
    assert_eq!(unknown.replace("1009", "1001"), wrong);
    assert_eq!(browser.get("/").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guessing_an_extension_is_throttled_in_words() {
    let house = House::open().await;
    let browser = house.browser();
    for _ in 0..5 {
        assert_eq!(browser.log_in("1001", "not the password").await.status(), StatusCode::UNAUTHORIZED);
    }
    let throttled = browser.log_in("1001", ALICE.1).await;
    assert_eq!(throttled.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(throttled.headers()[header::RETRY_AFTER], "30");
    assert!(throttled.text().await.unwrap().contains("Too many wrong tries. Wait 30 seconds"));
    assert_eq!(browser.log_in(BOB.0, BOB.1).await.status(), StatusCode::SEE_OTHER, "others can log in");
}

#[tokio::test]
async fn the_login_page_loads_no_script() {
    let house = House::open().await;
    let page = house.browser().get("/login").await.text().await.unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
    assert!(!page.contains("<script") && !page.contains(".wasm"), "{page}");
}

#[tokio::test]
async fn a_form_that_is_no_form_is_refused() {
    let house = House::open().await;
    let browser = house.browser();
    let post = |body: String, kind: &'static str| {
        let request = browser.client.post(house.url("/login")).header(header::CONTENT_TYPE, kind);
        async move { request.body(body).send().await.unwrap().status() }
    };
    let form = "application/x-www-form-urlencoded";
    assert_eq!(post("{}".to_owned(), "application/json").await, StatusCode::BAD_REQUEST);
    assert_eq!(post("x".repeat(100_000), form).await, StatusCode::BAD_REQUEST);
    assert_eq!(post("extension=%ff&password=%00".to_owned(), form).await, StatusCode::UNAUTHORIZED);
    assert_eq!(post(String::new(), form).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn another_site_cannot_log_anybody_in_or_out() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    for (name, value) in [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        for path in ["/login", "/logout", "/sign"] {
            let response = alice.browser.client.post(house.url(path)).header(name, value).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path} with {name}: {value}");
        }
    }
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn guesses_at_the_exchange_and_at_the_login_are_the_same_guesses() {
    let house = House::open().await;
    for _ in 0..5 {
        assert_eq!(sip_login(&house, "not the password").await, 401);
    }
    assert_eq!(sip_login(&house, ALICE.1).await, 401);
    let browser = house.browser();
    assert_eq!(browser.log_in(ALICE.0, ALICE.1).await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(browser.log_in(BOB.0, BOB.1).await.status(), StatusCode::SEE_OTHER, "others can log in");
}

#[tokio::test]
async fn a_phone_signs_in_with_the_password_of_the_login() {
    let house = House::open().await;
    for _ in 0..6 {
        assert_eq!(sip_login(&house, ALICE.1).await, 200);
    }
}

/// The answer to a REGISTER of 1001 with this password, over a connection of its own.
pub async fn sip_login(house: &House, password: &str) -> u16 {
    let headers = [("sec-websocket-protocol", "sip".to_owned())];
    let mut sip = open_socket(&house.url(""), "/sip", &headers).await.ok().unwrap();
    sip.say_raw(&register(ALICE.0, 1)).await;
    let Ok(Message::Response(challenge)) = Message::parse(sip.hear_raw().await.as_bytes()) else {
        panic!("no response")
    };
    let challenges = digest::offered(&challenge);
    let chosen = digest::choose(&challenges, digest::Policy::default()).unwrap();
    let ha1 = digest::ha1(&chosen.algorithm(), ALICE.0, "tabphone", password);
    let signed = digest::sign(chosen, &ha1, ALICE.0, &Method::Register, "sip:tabphone", &[], "c", 1);
    let again =
        register(ALICE.0, 2).replacen("Content-Length", &format!("Authorization: {signed}\r\nContent-Length"), 1);
    sip.say_raw(&again).await;
    match Message::parse(sip.hear_raw().await.as_bytes()) {
        Ok(Message::Response(response)) => response.status.code(),
        other => panic!("{other:?}"),
    }
}
