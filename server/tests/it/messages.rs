//! Conversations: a message is there once, whatever dies between, and the page that shows it.

use crate::house::{ALICE, BOB, Browser, House, Visitor, browser, sign_in};
use crate::page::{Page, Step};
use crate::phone::Phone;
use crate::restart::Exchange;
use app::lease::{FromTab, ToTab};
use app::messages::Received;
use app::phone::Party;
use reqwest::{StatusCode, header};
use sip::message::Status;
use std::time::Duration;

const DRAFT: &str = "draftdraftdraftdraft";

/// What was written in a conversation, each as its texts.
async fn lines(browser: &Browser, path: &str) -> Vec<String> {
    let html = html(browser, path).await;
    pieces(&html, "<li class=\"messages__line")
}

async fn html(browser: &Browser, path: &str) -> String {
    let response = browser.get(path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.text().await.unwrap()
}

fn pieces(html: &str, begin: &str) -> Vec<String> {
    // A list in a list is a line of its own name.
    let rows = html.split(begin).skip(1).filter(|row| !row.starts_with('s'));
    let texts = |row: &str| {
        let pieces = row.split('<').filter_map(|piece| piece.split_once('>').map(|(_, text)| text.trim()));
        pieces.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("|")
    };
    rows.map(|row| texts(row.split("</li>").next().unwrap())).collect()
}

/// The lines, once one says this.
async fn settled(browser: &Browser, path: &str, words: &str) -> Vec<String> {
    let wait = async {
        loop {
            let lines = lines(browser, path).await;
            if lines.iter().any(|line| line.contains(words)) {
                return lines;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    };
    match tokio::time::timeout(Duration::from_secs(10), wait).await {
        Ok(lines) => lines,
        Err(_) => panic!("{words}: {:#?}", lines(browser, path).await),
    }
}

async fn write(browser: &Browser, to: &str, text: &str, draft: &str) {
    let response = browser.submit(&format!("/messages/{to}"), &[("text", text), ("draft", draft)]).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()[header::LOCATION], format!("/messages/{to}"));
}

async fn pages(alice: Visitor, bob: Visitor) -> (Page, Page) {
    (Page::open(alice, ALICE.0, "tab").await, Page::open(bob, BOB.0, "tab").await)
}

#[tokio::test]
async fn a_message_between_two_pages_is_delivered_shown_and_seen() {
    let house = House::open().await;
    let (mut alice, mut bob) = pages(house.signed_in(ALICE).await, house.signed_in(BOB).await).await;
    let (writes, reads) = (house.signed_in(ALICE).await, house.signed_in(BOB).await);
    let mut watching = reads.tab("watching", None).await;
    assert_eq!(watching.news().await.unread, 0);
    let text = "Grüße <b>an</b> alle,\nشكرا 🎉";
    write(&writes.browser, BOB.0, text, DRAFT).await;
    tokio::join!(alice.mail_until(Step::Confirmed), bob.mail_until(Step::Accepted));
    let news = loop {
        let news = watching.news().await;
        if news.unread > 0 {
            break news;
        }
    };
    let latest = news.latest.unwrap();
    assert_eq!((&*latest.title, &*latest.with, &*latest.text), ("Message from Alice Adams", ALICE.0, text));
    let phone = html(&reads.browser, "/").await;
    assert!(phone.contains("<title>(1) Tabphone</title>") && phone.contains("1 new"));
    assert!(html(&reads.browser, "/messages").await.contains("1 new"));

    let at_alice = settled(&writes.browser, "/messages/1002", "Delivered").await;
    assert_eq!(at_alice.len(), 1);
    let at_bob = lines(&reads.browser, "/messages/1001").await;
    assert_eq!(at_bob.len(), 1);
    assert!(
        at_bob[0].contains("Grüße &lt;b&gt;an&lt;/b&gt; alle,\nشكرا 🎉") && at_bob[0].contains("New"),
        "{at_bob:?}"
    );
    // It was seen.
    while watching.news().await.unread > 0 {}
    let list = pieces(&html(&writes.browser, "/messages").await, "<li class=\"messages__row");
    assert!(list[0].contains("Bob Brown") && list[0].contains("|You:|"), "{list:?}");
}

/// A message of Alice to Bob, in which a page dies after this step, and another one goes on.
async fn survives(step: Step) {
    let house = House::open().await;
    let (mut alice, mut bob) = pages(house.signed_in(ALICE).await, house.signed_in(BOB).await).await;
    let browser = house.signed_in(ALICE).await.browser;
    write(&browser, BOB.0, "Once", DRAFT).await;
    let sender = matches!(step, Step::Told | Step::Sent | Step::Answered | Step::Confirmed);
    (if sender { &mut alice } else { &mut bob }).mail.dies = Some(step);
    // The other one goes on meanwhile, as far as it gets.
    if sender {
        tokio::select! {
            () = async {
                alice.mail_until(step).await;
                if step != Step::Sent && step != Step::Told {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            } => {}
            () = async {
                bob.mail_until(Step::Accepted).await;
                std::future::pending::<()>().await;
            } => {}
        }
        alice = Page::open(alice.crash(), ALICE.0, "tab").await;
    } else {
        tokio::select! {
            () = bob.mail_until(step) => {}
            () = async {
                alice.mail_until(Step::Confirmed).await;
                std::future::pending::<()>().await;
            } => {}
        }
        bob = Page::open(bob.crash(), BOB.0, "tab").await;
    }
    let (sends, takes) = (settled(&browser, "/messages/1002", "Delivered"), async {
        tokio::select! {
            () = alice.mail_for_good() => {}
            () = bob.mail_for_good() => {}
        }
    });
    let at_alice = tokio::select! {
        lines = sends => lines,
        () = takes => unreachable!("they go on"),
    };
    assert_eq!(at_alice.len(), 1, "{step:?}");
    let at_bob = lines(&house.signed_in(BOB).await.browser, "/messages/1001").await;
    assert_eq!(at_bob.len(), 1, "{step:?}: {at_bob:?}");
}

#[tokio::test]
async fn whatever_page_dies_between_two_steps_the_message_is_there_once() {
    for step in [
        Step::Told,
        Step::Sent,
        Step::Answered,
        Step::Confirmed,
        Step::Came,
        Step::Reported,
        Step::Kept,
        Step::Accepted,
    ] {
        survives(step).await;
    }
}

#[tokio::test]
async fn a_server_that_dies_between_has_the_message_once() {
    for step in [Step::Told, Step::Came, Step::Reported, Step::Answered] {
        let exchange = Exchange::open().await;
        let person = |url: &str, person| sign_in(browser(url.to_owned()), person);
        let (mut alice, mut bob) = pages(person(&exchange.url, ALICE).await, person(&exchange.url, BOB).await).await;
        let writes = person(&exchange.url, ALICE).await.browser;
        write(&writes, BOB.0, "Once", DRAFT).await;
        if matches!(step, Step::Told | Step::Answered) {
            alice.mail.dies = Some(step);
            tokio::select! {
                () = alice.mail_until(step) => {}
                () = async {
                    bob.mail_until(Step::Accepted).await;
                    std::future::pending::<()>().await;
                } => {}
            }
        } else {
            bob.mail.dies = Some(step);
            tokio::select! {
                () = bob.mail_until(step) => {}
                () = alice.mail_until(Step::Confirmed) => {}
            }
        }
        let exchange = exchange.restart();
        let [at_alice, at_bob] = [alice, bob].map(|page| {
            let mut visitor = page.crash();
            visitor.browser.origin.clone_from(&exchange.url);
            visitor
        });
        let (mut alice, mut bob) = pages(at_alice, at_bob).await;
        let writes = person(&exchange.url, ALICE).await.browser;
        let at_alice = tokio::select! {
            lines = settled(&writes, "/messages/1002", "Delivered") => lines,
            () = alice.mail_for_good() => unreachable!("it goes on"),
            () = bob.mail_for_good() => unreachable!("it goes on"),
        };
        assert_eq!(at_alice.len(), 1, "{step:?}");
        let at_bob = lines(&person(&exchange.url, BOB).await.browser, "/messages/1001").await;
        assert_eq!(at_bob.len(), 1, "{step:?}: {at_bob:?}");
    }
}

#[tokio::test]
async fn who_is_off_reads_it_at_once_and_their_phone_makes_it_no_other_one() {
    let house = House::open().await;
    let mut alice = Page::open(house.signed_in(ALICE).await, ALICE.0, "tab").await;
    let (writes, reads) = (house.signed_in(ALICE).await.browser, house.signed_in(BOB).await.browser);
    for (text, draft) in [("first", "aaaaaaaaaaaaaaaaaaaa"), ("second", "bbbbbbbbbbbbbbbbbbbb")] {
        write(&writes, BOB.0, text, draft).await;
        // The form once more, as when a page is loaded again.
        write(&writes, BOB.0, text, draft).await;
    }
    let kept = async {
        loop {
            let lines = settled(&writes, "/messages/1002", "Kept until").await;
            if lines.iter().filter(|line| line.contains("Kept until")).count() == 2 {
                return lines;
            }
        }
    };
    let kept = tokio::select! {
        kept = kept => kept,
        () = alice.mail_for_good() => unreachable!("it goes on"),
    };
    assert_eq!(kept.len(), 2);
    let order = |lines: &[String]| lines.iter().map(|line| line.contains("first")).collect::<Vec<_>>();
    assert_eq!(order(&lines(&reads, "/messages/1001").await), [true, false], "without any phone of his");
    let mut bob = Page::open(house.signed_in(BOB).await, BOB.0, "tab").await;
    let delivered = async {
        loop {
            let lines = settled(&writes, "/messages/1002", "Delivered").await;
            if lines.iter().all(|line| line.contains("Delivered")) {
                return lines;
            }
        }
    };
    let delivered = tokio::select! {
        delivered = delivered => delivered,
        () = bob.mail_for_good() => unreachable!("it goes on"),
    };
    assert_eq!(delivered.len(), 2);
    assert_eq!(order(&lines(&reads, "/messages/1001").await), [true, false]);
}

#[tokio::test]
async fn plain_phones_write_and_are_written_to_and_refusals_have_a_reason() {
    let house = House::open().await;
    let mut alice = Page::open(house.signed_in(ALICE).await, ALICE.0, "tab").await;
    let browser = house.signed_in(ALICE).await.browser;
    let mut bob = Phone::register(&house.url(""), BOB).await;
    write(&browser, BOB.0, "To a phone", DRAFT).await;
    let answers = async {
        let request = bob.request("MESSAGE").await;
        assert_eq!(request.body, b"To a phone");
        bob.answer(&request, Status::DECLINE).await;
    };
    tokio::join!(alice.mail_until(Step::Confirmed), answers);
    let failed = settled(&browser, "/messages/1002", "Not delivered").await.remove(0);
    assert!(failed.contains("they do not want it") && failed.contains("Send again"), "{failed}");
    let page = html(&browser, "/messages/1002").await;
    let again =
        page.split("action=\"").find_map(|piece| piece.split('"').next().filter(|path| path.ends_with("/again")));
    assert_eq!(browser.post(again.unwrap()).await.status(), StatusCode::SEE_OTHER);
    alice.mail = crate::page::Mail::default();
    let answers = async {
        let request = bob.request("MESSAGE").await;
        let call_id = request.headers.raw(&sip::message::HeaderName::CallId).next().unwrap().to_owned();
        bob.answer(&request, Status::OK).await;
        call_id
    };
    let ((), call_id) = tokio::join!(alice.mail_until(Step::Confirmed), answers);
    assert_eq!(call_id, DRAFT, "it is the same message");
    assert_eq!(settled(&browser, "/messages/1002", "Accepted").await.len(), 1);

    let (status, ()) = tokio::join!(bob.message(ALICE.0, "back", "And back"), alice.mail_until(Step::Accepted));
    assert_eq!(status, 200);
    let lines = settled(&browser, "/messages/1002", "And back").await;
    assert_eq!(lines.len(), 2);
}

fn received(id: u64, content_type: &str, body: &str, name: &str) -> FromTab {
    let from = Party { number: "1002".to_owned(), name: name.to_owned() };
    let (call_id, content_type) = (format!("came-{id}"), content_type.to_owned());
    FromTab::Message(Received { id, call_id, from, content_type, body: body.as_bytes().to_vec() })
}

#[tokio::test]
async fn what_others_send_is_text_or_refused_and_nothing_hostile_runs() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let mut tab = alice.tab("tab", None).await;
    let hostile = "<script>alert(1)</script>\u{202e}gnp.exe \u{200b}\u{200d}";
    let long = "W".repeat(3_000);
    let sent = [
        ("text/plain", hostile, 200),
        ("text/html", "<img src=x onerror=alert(1)>shown &lt;i&gt;", 200),
        ("text/plain", &long, 200),
        ("application/im-iscomposing+xml", "<isComposing/>", 200),
        ("image/png\"><script>", "x", 415),
    ];
    for (id, (kind, body, status)) in sent.into_iter().enumerate() {
        // Twice: it is the same one.
        for _ in 0..2 {
            tab.say(received(id as u64, kind, body, "<b>Bob</b>")).await;
            loop {
                if let ToTab::Answer { id: answered, status: told } = tab.hear_any().await {
                    assert_eq!((answered, told), (id as u64, status), "{kind}");
                    break;
                }
            }
        }
    }
    let page = html(&alice.browser, "/messages/1002").await;
    let lines = pieces(&page, "<li class=\"messages__line");
    assert_eq!(lines.len(), 4, "{lines:#?}");
    let section = page.split("<section id=\"messages\"").nth(1).unwrap().split("</section>").next().unwrap();
    for never in ["<script", "<img", "onerror=alert", "<b>Bob"] {
        assert!(!section.contains(never), "{never}");
    }
    assert!(lines[1].contains("shown &lt;i&gt;") && lines[3].contains("Refused"), "{lines:#?}");
    assert_eq!(alice.browser.get("/messages?q=%25").await.status(), StatusCode::OK);
    assert_eq!(pieces(&html(&alice.browser, "/messages?q=ALERT").await, "<li class=\"messages__row").len(), 1);
    assert_eq!(pieces(&html(&alice.browser, "/messages?q=nothing").await, "<li class=\"messages__row").len(), 0);
}

#[tokio::test]
async fn forms_are_bounded_pages_are_turned_and_another_person_sees_nothing() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let long = "x".repeat(4_001);
    for (text, draft, status) in [
        ("", DRAFT, StatusCode::UNPROCESSABLE_ENTITY),
        (" \n", DRAFT, StatusCode::UNPROCESSABLE_ENTITY),
        ("text", "no name", StatusCode::UNPROCESSABLE_ENTITY),
        (&*long, DRAFT, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let response = alice.browser.submit("/messages/1002", &[("text", text), ("draft", draft)]).await;
        assert_eq!(response.status(), status, "{text:.10}");
    }
    let nowhere = alice.browser.submit("/messages/%3Cb%3E", &[("text", "x"), ("draft", DRAFT)]).await;
    assert_eq!(nowhere.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(lines(&alice.browser, "/messages/1002").await, Vec::<String>::new());
    for number in 0..60 {
        write(&alice.browser, "1002", &format!("text {number}"), &format!("draftdraftdraft{number:03}")).await;
    }
    let page = html(&alice.browser, "/messages/1002").await;
    let newest = pieces(&page, "<li class=\"messages__line");
    assert!(newest.len() == 50 && newest[49].contains("text 59") && newest[0].contains("text 10"), "{newest:?}");
    let before = page.split(">Older messages</a>").next().unwrap();
    let older = before.rsplit("href=\"").next().unwrap().split('"').next().unwrap().to_owned();
    let older = lines(&alice.browser, &older).await;
    assert!(older.len() == 10 && older[0].contains("text 0"), "{older:?}");
    let draft = page.split("name=\"draft\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(draft.len() == 24 && !html(&alice.browser, "/messages/1002").await.contains(draft));

    let bob = house.signed_in(BOB).await;
    assert_eq!(lines(&bob.browser, "/messages/1002").await, Vec::<String>::new());
    bob.browser.post("/messages/1002/remove").await;
    assert_eq!(lines(&alice.browser, "/messages/1002").await.len(), 50);
    assert_eq!(alice.browser.post("/messages/1002/remove").await.headers()[header::LOCATION], "/messages");
    assert_eq!(lines(&alice.browser, "/messages/1002").await, Vec::<String>::new());
    let stranger = browser(house.url(""));
    assert_eq!(stranger.get("/messages/1002").await.headers()[header::LOCATION], "/login");
    let refused = stranger.submit("/messages/1002", &[("text", "x"), ("draft", DRAFT)]).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn notifications_say_what_was_written_unless_the_person_hides_it() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let mut tab = alice.tab("tab", None).await;
    alice.browser.submit("/settings/messages", &[("texts", "hide")]).await;
    assert!(html(&alice.browser, "/messages").await.contains("Show it"));
    tab.say(received(1, "text/plain", "secret", "")).await;
    let news = loop {
        if let Some(latest) = tab.news().await.latest {
            break latest;
        }
    };
    assert_eq!((&*news.title, &*news.text), ("Message from Bob Brown", ""));
    alice.browser.submit("/settings/messages", &[("texts", "show")]).await;
    let news = loop {
        let latest = tab.news().await.latest.unwrap();
        if !latest.text.is_empty() {
            break latest;
        }
    };
    assert_eq!(news.text, "secret");
}
