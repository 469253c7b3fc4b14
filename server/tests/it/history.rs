//! The history of calls: exactly one row a call, whatever dies between, and the page that shows it.

use crate::house::{ALICE, BOB, Browser, House, browser, sign_in};
use crate::page::{Page, now};
use crate::phone::Phone;
use crate::restart::Exchange;
use app::history::Report;
use app::lease::{FromTab, ToTab};
use app::phone::{Cause, Direction, Party};
use app::quality::Tally;
use reqwest::{StatusCode, header};
use sip::agent::Phase;
use sip::message::Status;
use std::time::Duration;

/// The calls on the page, each as its texts.
async fn calls(browser: &Browser, path: &str) -> Vec<String> {
    let response = browser.get(path).await;
    assert_eq!(response.status(), StatusCode::OK);
    let html = response.text().await.unwrap();
    let rows = html.split("<li class=\"history__call").skip(1);
    let texts = |row: &str| {
        let pieces = row.split('<').filter_map(|piece| piece.split_once('>').map(|(_, text)| text.trim()));
        pieces.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("|")
    };
    rows.map(|row| texts(row.split("</li>").next().unwrap())).collect()
}

/// The calls on the page, once there are so many and none goes on.
async fn settled(browser: &Browser, count: usize) -> Vec<String> {
    let wait = async {
        loop {
            let calls = calls(browser, "/history").await;
            if calls.len() == count && calls.iter().all(|call| !call.contains("The call goes on.")) {
                return calls;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    match tokio::time::timeout(Duration::from_secs(10), wait).await {
        Ok(calls) => calls,
        Err(_) => panic!("{:#?}", calls(browser, "/history").await),
    }
}

fn report(local_tag: &str, name: &str) -> Report {
    Report {
        call_id: local_tag.to_owned(),
        local_tag: local_tag.to_owned(),
        direction: Direction::Incoming,
        remote: Party { number: "=1+1".to_owned(), name: name.to_owned() },
        begun: server::clock::now() - 60_000,
        answered: None,
        ended: server::clock::now(),
        cause: Cause::CancelledThere,
        heard: Tally::default(),
    }
}

#[tokio::test]
async fn a_call_of_two_pages_is_one_row_on_each_side() {
    let house = House::open().await;
    let mut alice = Page::open(house.signed_in(ALICE).await, ALICE.0, "tab").await;
    let mut bob = Page::open(house.signed_in(BOB).await, BOB.0, "tab").await;
    let call = alice.call_and_talk(&mut bob, BOB.0).await;
    alice.agent.hangup(call, now()).unwrap();
    alice.until("it is over", |alice| alice.ended.is_some()).await;
    bob.until("he is told", |bob| bob.ended.is_some()).await;
    alice.is_recorded().await;
    bob.is_recorded().await;
    let at_alice = settled(&house.signed_in(ALICE).await.browser, 1).await.remove(0);
    let at_bob = settled(&house.signed_in(BOB).await.browser, 1).await.remove(0);
    for words in ["Bob Brown", "1002", "Outgoing call", "You hung up."] {
        assert!(at_alice.contains(words), "{words}: {at_alice}");
    }
    for words in ["Alice Adams", "1001", "Incoming call", "They hung up.", "Call back"] {
        assert!(at_bob.contains(words), "{words}: {at_bob}");
    }
}

#[tokio::test]
async fn a_page_that_dies_before_it_reports_leaves_that_to_the_next_one() {
    let house = House::open().await;
    let mut alice = Page::open(house.signed_in(ALICE).await, ALICE.0, "tab").await;
    let mut bob = Page::open(house.signed_in(BOB).await, BOB.0, "tab").await;
    alice.reporting = false;
    let call = alice.call_and_talk(&mut bob, BOB.0).await;
    alice.agent.hangup(call, now()).unwrap();
    alice.until("BYE is answered", |alice| !alice.agent.has_something_to_lose()).await;
    let looks = house.signed_in(ALICE).await.browser;
    assert_eq!(calls(&looks, "/history").await, Vec::<String>::new(), "a page reports its own calls");
    let mut alice = Page::open(alice.crash(), ALICE.0, "tab").await;
    alice.is_recorded().await;
    let told = settled(&looks, 1).await.remove(0);
    assert!(told.contains("You hung up."), "{told}");
}

#[tokio::test]
async fn what_nobody_comes_back_to_report_the_caretaker_does() {
    let house = House::open().await;
    let mut alice = Page::open(house.signed_in(ALICE).await, ALICE.0, "tab").await;
    let mut bob = Page::open(house.signed_in(BOB).await, BOB.0, "tab").await;
    alice.reporting = false;
    let call = alice.call_and_talk(&mut bob, BOB.0).await;
    alice.agent.hangup(call, now()).unwrap();
    alice.until("BYE is answered", |alice| !alice.agent.has_something_to_lose()).await;
    let visitor = alice.crash();
    let told = settled(&visitor.browser, 1).await.remove(0);
    assert!(told.contains("You hung up."), "{told}");
}

#[tokio::test]
async fn a_server_that_dies_before_it_confirms_has_the_call_once() {
    let exchange = Exchange::open().await;
    let person = |url: &str, person| sign_in(browser(url.to_owned()), person);
    let mut alice = Page::open(person(&exchange.url, ALICE).await, ALICE.0, "tab").await;
    let mut bob = Page::open(person(&exchange.url, BOB).await, BOB.0, "tab").await;
    let call = alice.call_and_talk(&mut bob, BOB.0).await;
    alice.agent.hangup(call, now()).unwrap();
    bob.until("he is told", |bob| bob.ended.is_some()).await;
    // Written, and the word of it is lost with the server.
    exchange.written("history WHERE by_exchange = 0 AND incoming = 1", 1).await;
    let exchange = exchange.restart();
    bob.come_back(&exchange.url).await;
    bob.report().await;
    bob.is_recorded().await;
    let told = settled(&person(&exchange.url, BOB).await.browser, 1).await.remove(0);
    assert!(told.contains("They hung up."), "{told}");
}

#[tokio::test]
async fn nobody_home_is_a_missed_call_that_a_page_is_told_of_until_it_is_seen() {
    let house = House::open().await;
    let mut alice = Phone::register(&house.url(""), ALICE).await;
    assert_eq!(alice.invite(BOB.0, "call").await.status, Status::TRYING);
    assert_eq!(alice.response().await.status, Status::TEMPORARILY_UNAVAILABLE);
    let bob = house.signed_in(BOB).await;
    let mut tab = bob.tab("tab", None).await;
    while tab.missed().await != 1 {}
    let page = bob.browser.get("/").await.text().await.unwrap();
    assert!(page.contains("1 missed") && page.contains("<title>(1) Tabphone</title>"));

    let told = settled(&bob.browser, 1).await.remove(0);
    for words in ["Alice Adams", "New", "Missed call", "no phone of yours was on"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(tab.missed().await, 0, "it was seen");
    let told = settled(&bob.browser, 1).await.remove(0);
    assert!(!told.contains("|New|"), "{told}");
    let told = settled(&house.signed_in(ALICE).await.browser, 1).await.remove(0);
    for words in ["Bob Brown", "Outgoing call", "no phone of theirs is on"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[tokio::test]
async fn a_call_of_plain_phones_is_in_both_histories_over_a_crash_of_the_server() {
    let exchange = Exchange::open().await;
    let (mut alice, mut bob) = (Phone::register(&exchange.url, ALICE).await, Phone::register(&exchange.url, BOB).await);
    alice.invite(BOB.0, "call").await;
    let invite = bob.request("INVITE").await;
    bob.answer(&invite, Status::OK).await;
    let accepted = alice.response().await;
    assert_eq!(accepted.status, Status::OK);
    exchange.written("calls", 1).await;
    exchange.written("history WHERE ended IS NULL", 2).await;
    let at_bob = calls(&sign_in(browser(exchange.url.clone()), BOB).await.browser, "/history").await;
    assert!(at_bob[0].contains("The call goes on."), "{at_bob:?}");

    let exchange = exchange.restart();
    let (mut alice, mut bob) = (Phone::register(&exchange.url, ALICE).await, Phone::register(&exchange.url, BOB).await);
    exchange.written("history WHERE ended IS NULL", 2).await;
    alice.hang_up(BOB.0, &accepted).await;
    let bye = bob.request("BYE").await;
    bob.answer(&bye, Status::OK).await;
    exchange.written("history WHERE ended > answered", 2).await;
}

#[tokio::test]
async fn what_another_phone_of_the_person_answers_is_one_call_and_not_missed() {
    let house = House::open().await;
    let mut page = Page::open(house.signed_in(BOB).await, BOB.0, "tab").await;
    let mut bob = Phone::register(&house.url(""), BOB).await;
    let mut alice = Phone::register(&house.url(""), ALICE).await;
    alice.invite(BOB.0, "call").await;
    let invite = bob.request("INVITE").await;
    page.until("it rings here, too", |page| page.phase() == Some(Phase::RingingHere)).await;
    bob.answer(&invite, Status::OK).await;
    let accepted = loop {
        let response = alice.response().await;
        if !response.status.is_provisional() {
            break response;
        }
    };
    page.until("it is over here", |page| page.ended.is_some()).await;
    page.is_recorded().await;
    alice.hang_up(BOB.0, &accepted).await;
    let bye = bob.request("BYE").await;
    bob.answer(&bye, Status::OK).await;
    let told = settled(&house.signed_in(BOB).await.browser, 1).await.remove(0);
    assert!(told.contains("Incoming call") && told.contains("answered on another of your phones"), "{told}");
}

#[tokio::test]
async fn calls_are_searched_removed_and_saved_and_nothing_hostile_runs() {
    let house = House::open().await;
    let bob = house.signed_in(BOB).await;
    let mut tab = bob.tab("tab", None).await;
    let names = ["<script>alert(1)</script>", "@SUM(A1)", "Zoë \"Z\""];
    for (number, name) in names.into_iter().enumerate() {
        tab.say(FromTab::Report(report(&format!("call-{number}"), name))).await;
        while !matches!(tab.hear_any().await, ToTab::Recorded(_)) {}
    }
    let html = bob.browser.get("/history").await.text().await.unwrap();
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{html}");
    assert_eq!(calls(&bob.browser, "/history?q=zo%C3%8B").await.len(), 1);
    assert_eq!(calls(&bob.browser, "/history?show=outgoing").await.len(), 0);
    assert_eq!(calls(&bob.browser, "/history?q=%25&before=x&after=9&show=%00").await.len(), 0);

    let table = bob.browser.get("/history/calls.csv").await;
    let kind = table.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
    assert!(kind.starts_with("text/csv") && table.headers().contains_key(header::CONTENT_DISPOSITION), "{kind}");
    let table = table.text().await.unwrap();
    let lines: Vec<&str> = table.split("\r\n").collect();
    assert_eq!(lines.len(), 5, "a head, three calls, and the end: {table}");
    assert!(table.contains("\"'@SUM(A1)\",\"'=1+1\"") && table.contains("\"Zoë \"\"Z\"\"\""), "{table}");

    // Another site's page removes nothing, and neither does another person.
    let path = html
        .split("action=\"")
        .find_map(|piece| piece.split('"').next().filter(|path| path.contains("/remove")))
        .unwrap();
    let request = bob.browser.client.post(format!("{}{path}", bob.browser.origin));
    let foreign = request.header(header::ORIGIN, "https://elsewhere.example").send().await.unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    house.signed_in(ALICE).await.browser.post(path).await;
    assert_eq!(calls(&bob.browser, "/history").await.len(), 3);
    let removed = bob.browser.post(&format!("{path}?q=zo%C3%AB&show=missed")).await;
    assert_eq!(removed.headers()[header::LOCATION], "/history?show=missed&q=zo%C3%AB");
    assert_eq!(calls(&bob.browser, "/history").await.len(), 2);
    bob.browser.post("/history/remove").await;
    assert_eq!(calls(&bob.browser, "/history").await.len(), 0);
    // The page never heard that they are recorded.
    tab.say(FromTab::Report(report("call-0", "again"))).await;
    while !matches!(tab.hear_any().await, ToTab::Recorded(_)) {}
    assert_eq!(calls(&bob.browser, "/history").await.len(), 0, "what was removed stays so");
}

#[tokio::test]
async fn pages_are_turned_over_and_a_link_to_call_only_fills_the_field() {
    let house = House::open().await;
    let bob = house.signed_in(BOB).await;
    let mut tab = bob.tab("tab", None).await;
    for number in 0..60 {
        tab.say(FromTab::Report(report(&format!("call-{number}"), "Carol"))).await;
        while !matches!(tab.hear_any().await, ToTab::Recorded(_)) {}
    }
    let html = bob.browser.get("/history").await.text().await.unwrap();
    let link = |html: &str, words: &str| {
        let before = html.split(&format!(">{words}</a>")).next().unwrap();
        before.rsplit("href=\"").next().unwrap().split('"').next().unwrap().to_owned()
    };
    assert!(!html.contains(">Newer<"));
    let older = link(&html, "Older");
    assert_eq!(calls(&bob.browser, "/history").await.len(), 50);
    assert_eq!(calls(&bob.browser, &older).await.len(), 10);
    let html = bob.browser.get(&older).await.text().await.unwrap();
    assert!(!html.contains(">Older<"));
    assert_eq!(calls(&bob.browser, &link(&html, "Newer")).await.len(), 50);

    let phone = bob.browser.get("/?call=%2B49%2030%22%3E%0A1").await.text().await.unwrap();
    assert!(phone.contains("value=\"+49 30&quot;&gt;1\""), "{phone}");
    assert_eq!(browser(house.url("")).get("/history").await.headers()[header::LOCATION], "/login");
    assert_eq!(browser(house.url("")).get("/history/calls.csv").await.status(), StatusCode::UNAUTHORIZED);
}
