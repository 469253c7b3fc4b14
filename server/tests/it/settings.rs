//! What becomes of calls, set in the page and on the command line's store, and seen by who looks.

use crate::command_line::tabphone;
use crate::house::{ALICE, BOB, Browser, House, calling};
use reqwest::{Response, StatusCode, header};
use server::store::calling::{Group, GroupChange, RulesChange};
use sip::proxy::{self, Order, Rules};

const HOSTILE: &str = "\"><script>alert(1)</script>";

async fn send(browser: &Browser, form: &[(&str, &str)]) -> Response {
    let request = browser.client.post(format!("{}/settings", browser.origin));
    request.header(header::ORIGIN, &browser.origin).form(form).send().await.unwrap()
}

/// The page that a form leads to.
async fn saved(browser: &Browser, form: &[(&str, &str)]) -> String {
    let response = send(browser, form).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let to = response.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!(to, "/settings?saved=1");
    browser.get(&to).await.text().await.unwrap()
}

/// What stands in a field of the page.
fn value(page: &str, name: &str) -> String {
    let tag = page.split("<input").find(|tag| tag.contains(&format!("name=\"{name}\""))).unwrap();
    let tag = tag.split_once('>').unwrap().0;
    tag.split_once("value=\"").map(|(_, rest)| rest.split('"').next().unwrap().to_owned()).unwrap_or_default()
}

fn ticked(page: &str) -> bool {
    let tag = page.split("<input").find(|tag| tag.contains("type=\"checkbox\"")).unwrap();
    tag.split_once('>').unwrap().0.contains(" checked")
}

#[tokio::test]
async fn what_is_set_in_the_page_holds_and_can_be_read_there_and_on_the_phone() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    let page = alice.get("/settings").await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && !page.contains("<script") && !page.contains(".wasm"), "{page}");
    assert!(!page.contains(" style=") && !page.contains("Saved") && !ticked(&page), "{page}");
    let phone = alice.get("/").await.text().await.unwrap();
    assert!(phone.contains("href=\"/settings\"") && !phone.contains("calls go to"), "{phone}");

    let form = [("do-not-disturb", "on"), ("always", ""), ("busy", "bob"), ("unanswered", "10 02"), ("ringing", "20")];
    let page = saved(&alice, &form).await;
    assert!(page.contains("Saved. It holds from now on.") && ticked(&page), "{page}");
    assert_eq!([value(&page, "busy"), value(&page, "unanswered"), value(&page, "ringing")], ["1002", "1002", "20"]);
    let rules = calling(house.data.path()).await.rules("1001").await.unwrap();
    let to = Some("1002".to_owned());
    let ringing = Some(std::time::Duration::from_secs(20));
    let busy = to.clone();
    assert_eq!(rules, Rules { do_not_disturb: true, busy, unanswered: to, ringing, ..Rules::default() });
    let phone = alice.get("/").await.text().await.unwrap();
    for words in ["Do not disturb is on: no call rings here.", "Calls go to Bob Brown (1002)."] {
        assert!(phone.contains(words), "{words} is missing: {phone}");
    }

    let page = saved(&alice, &[("always", "1002")]).await;
    assert_eq!([value(&page, "always"), value(&page, "busy")], ["1002", ""], "what is left empty is taken away");
    assert!(!ticked(&page));
    let phone = alice.get("/").await.text().await.unwrap();
    assert!(phone.contains("All calls go to Bob Brown (1002).") && !phone.contains("Do not disturb is on"), "{phone}");
    assert!(phone.find("<main").unwrap() < phone.find("All calls go to").unwrap(), "behind what is hydrated");
    let bob = house.signed_in(BOB).await.browser;
    assert!(!bob.get("/").await.text().await.unwrap().contains("calls go to"), "it is Alice's alone");

    saved(&alice, &[]).await;
    assert!(!alice.get("/").await.text().await.unwrap().contains("calls go to"));
    assert_eq!(calling(house.data.path()).await.rules("1001").await.unwrap(), Rules::default());
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field_and_nothing_is_saved_or_lost() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    let form = [
        ("do-not-disturb", "on"),
        ("always", "1001"),
        ("busy", HOSTILE),
        ("unanswered", "*78"),
        ("ringing", "1"),
        ("unreachable", "1002"),
    ];
    let response = send(&alice, &form).await;
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = response.text().await.unwrap();
    for words in [
        "Nothing was saved yet.",
        "This is your own number. Type somebody else&#x27;s, or leave it empty.",
        "This is no number and nobody&#x27;s name. Type an extension, such as 1002.",
        "This is a code for phones to dial.",
        "Type a number of seconds from 5 to 300, or leave it empty.",
    ] {
        assert!(page.contains(words) || page.contains(&words.replace("&#x27;", "'")), "{words} is missing: {page}");
    }
    assert!(ticked(&page) && !page.contains("<script"), "{page}");
    let kept = ["always", "unanswered", "ringing", "unreachable"].map(|name| value(&page, name));
    assert_eq!(kept, ["1001", "*78", "1", "1002"]);
    assert_eq!(value(&page, "busy"), "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
    for (name, problem) in [("always", true), ("busy", true), ("unreachable", false)] {
        let tag = page.split("<input").find(|tag| tag.contains(&format!("name=\"{name}\""))).unwrap();
        let tag = tag.split_once('>').unwrap().0;
        assert_eq!(tag.contains("aria-invalid=\"true\""), problem, "{tag}");
        assert_eq!(tag.contains(&format!("{name}-problem")), problem, "{tag}");
        assert_eq!(page.contains(&format!("id=\"{name}-problem\"")), problem);
    }
    assert_eq!(calling(house.data.path()).await.rules("1001").await.unwrap(), Rules::default());
}

#[tokio::test]
async fn every_field_shows_hostile_text_as_text() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    for name in ["always", "busy", "unanswered", "unreachable", "ringing"] {
        let page = send(&alice, &[(name, HOSTILE)]).await.text().await.unwrap();
        assert!(!page.contains("<script"), "{name}: {page}");
        assert_eq!(value(&page, name), "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;", "{name}");
        let long = send(&alice, &[(name, &"1".repeat(5_000))]).await;
        assert_eq!(long.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(value(&long.text().await.unwrap(), name).len() <= 128, "{name}");
    }
    let group = Group {
        extension: "600".to_owned(),
        name: "<script>alert(2)</script>".to_owned(),
        ring: proxy::Group { members: vec!["1001".to_owned()], order: Order::AtOnce, ringing: None, otherwise: None },
    };
    calling(house.data.path()).await.add_group(group).await.unwrap();
    let page = alice.get("/settings").await.text().await.unwrap();
    assert!(page.contains("&lt;script&gt;alert(2)&lt;/script&gt;") && !page.contains("<script"), "{page}");
}

#[tokio::test]
async fn a_number_that_nobody_has_is_saved_with_a_caution() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    let page = saved(&alice, &[("unreachable", "+49 30 1234")]).await;
    assert!(page.contains("but nobody has this number now") && page.contains("Saved."), "{page}");
    assert_eq!(value(&page, "unreachable"), "+49301234");
}

#[tokio::test]
async fn groups_are_told_to_their_members_and_can_be_diverted_to_by_name() {
    let house = House::open().await;
    let store = calling(house.data.path()).await;
    let ring = proxy::Group { members: vec!["1002".to_owned()], order: Order::AtOnce, ringing: None, otherwise: None };
    store.add_group(Group { extension: "600".to_owned(), name: "Sales".to_owned(), ring }).await.unwrap();
    let alice = house.signed_in(ALICE).await.browser;
    let page = saved(&alice, &[("busy", "sales")]).await;
    assert_eq!(value(&page, "busy"), "600");
    assert!(!page.contains("Calls to these groups") && !page.contains("nobody has this number"), "{page}");
    let members = Some(vec!["1002".to_owned(), "1001".to_owned()]);
    store.change_group("600", GroupChange { members, ..GroupChange::default() }).await.unwrap();
    let page = alice.get("/settings").await.text().await.unwrap();
    assert!(page.contains("Calls to these groups ring here, too") && page.contains("Sales"), "{page}");
}

#[tokio::test]
async fn settings_are_for_who_is_signed_in_and_sent_by_our_own_page_only() {
    let house = House::open().await;
    let stranger = house.browser();
    let to_login = |response: Response| {
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()[header::LOCATION], "/login");
    };
    to_login(stranger.get("/settings").await);
    to_login(send(&stranger, &[("always", "1002")]).await);
    let alice = house.signed_in(ALICE).await.browser;
    for (name, value) in [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let request = alice.client.post(house.url("/settings")).header(name, value);
        let response = request.form(&[("always", "1002")]).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let json = alice.client.post(house.url("/settings")).header(header::CONTENT_TYPE, "application/json").body("{}");
    assert_eq!(json.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let large = send(&alice, &[("always", &"1".repeat(20_000))]).await;
    assert!(large.status().is_client_error(), "{}", large.status());
    assert_eq!(calling(house.data.path()).await.rules("1001").await.unwrap(), Rules::default());
    assert_eq!(alice.post("/logout").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(alice.get("/settings").await.headers()[header::LOCATION], "/login");
}

#[tokio::test]
async fn what_the_command_line_changes_is_on_the_page_at_once() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    let change = RulesChange { always: Some(Some("1002".to_owned())), ..RulesChange::default() };
    calling(house.data.path()).await.change_rules("1001", change).await.unwrap();
    assert_eq!(value(&alice.get("/settings").await.text().await.unwrap(), "always"), "1002");
}

#[tokio::test]
async fn what_is_wanted_of_sound_is_kept_for_every_browser_and_shown_as_text() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    let form = [
        ("microphone", HOSTILE),
        ("speaker", "Headset"),
        ("noise-suppression", "on"),
        ("call-volume", "40"),
        ("ring-volume", "1000"),
        ("ringtone", "Bell"),
    ];
    let request = alice.client.post(format!("{}/settings/sound", alice.origin));
    let response = request.header(header::ORIGIN, &alice.origin).form(&form).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);

    let elsewhere = house.signed_in(ALICE).await.browser;
    let page = elsewhere.get("/settings?saved=1").await.text().await.unwrap();
    assert!(page.contains("Headset") && !page.contains(HOSTILE), "{page}");
    assert_eq!(value(&page, "call-volume"), "40");
    assert_eq!(value(&page, "ring-volume"), "100", "nothing is louder than it can be");
    let bob = house.signed_in(BOB).await.browser.get("/settings").await.text().await.unwrap();
    assert!(!bob.contains("Headset"), "everybody has their own");
    assert_eq!(value(&bob, "call-volume"), "100");
}

#[tokio::test]
async fn what_is_wanted_of_sound_is_for_who_is_signed_in() {
    let house = House::open().await;
    let stranger = house.browser();
    let request = stranger.client.post(house.url("/settings/sound")).header(header::ORIGIN, &stranger.origin);
    let response = request.form(&[("speaker", "Headset")]).send().await.unwrap();
    assert_eq!(response.headers()[header::LOCATION], "/login");
}

#[tokio::test]
async fn open_tabs_are_told_at_once_whoever_sets_it_and_wherever() {
    let house = House::open().await;
    let (alice, bob) = (house.signed_in(ALICE).await, house.signed_in(BOB).await);
    let mut tabs = [alice.tab("one", None).await, alice.tab("two", None).await];
    for tab in &mut tabs {
        assert!(tab.wishes().await.is_empty(), "calls ring");
    }
    let mut other = bob.tab("tab", None).await;
    assert!(other.wishes().await.is_empty());

    let set = ["user", "set", "1001", "--do-not-disturb", "on", "--divert-busy", "1002"];
    assert!(tabphone(house.data.path(), &set, "").status.success());
    for tab in &mut tabs {
        let told = tab.wishes().await;
        assert_eq!(told, ["Do not disturb is on: no call rings here.", "Calls go to Bob Brown (1002)."]);
    }
    saved(&bob.browser, &[("always", "1001")]).await;
    assert_eq!(other.wishes().await, ["All calls go to Alice Adams (1001)."], "and nothing of what is Alice's");
    saved(&house.signed_in(ALICE).await.browser, &[]).await;
    for tab in &mut tabs {
        assert!(tab.wishes().await.is_empty());
    }
    let mut later = alice.tab("three", None).await;
    assert!(later.wishes().await.is_empty(), "who comes later hears how it is, too");
}

/// Whether a field of the page is shown, and can be changed.
fn stands(page: &str, name: &str) -> Option<bool> {
    let mark = format!("name=\"{name}\"");
    let tag = page.split('<').find(|tag| tag.contains(&mark))?;
    Some(!tag.split_once('>').unwrap().0.contains(" disabled"))
}

#[tokio::test]
async fn an_administrator_fixes_offers_and_hides_what_people_set() {
    let house = House::open().await;
    let run = |arguments: &[&str]| {
        let output = tabphone(house.data.path(), &[&["setting"], arguments].concat(), "");
        let (out, error) = (crate::command_line::said(&output.stdout), crate::command_line::said(&output.stderr));
        (output.status.success(), out, error)
    };
    let alice = house.signed_in(ALICE).await;
    let bob = house.signed_in(BOB).await.browser;
    let mut tab = alice.tab("tab", None).await;
    assert!(tab.wishes().await.is_empty());
    saved(&alice.browser, &[("unanswered", "1002"), ("ringing", "30")]).await;
    assert_eq!(tab.wishes().await.len(), 1);

    assert_eq!(run(&["fix", "do-not-disturb", "off"]).1, "everybody: do-not-disturb fixed, off.\n");
    assert!(run(&["hide", "divert-unanswered", "none"]).0);
    assert!(
        run(&["fix", "ringtone", "Bell"]).0 && run(&["hide", "camera"]).0 && run(&["hide", "message-texts", "off"]).0
    );
    assert!(run(&["offer", "divert-unanswered", "--for", "1002"]).0);
    // The calls follow at once, and open pages say so.
    while !tab.wishes().await.is_empty() {}
    let list = run(&["list"]).1;
    assert!(
        list.contains("\ndivert-unanswered   hidden, none\n") && list.contains("ringing             offered\n"),
        "{list}"
    );
    assert!(list.ends_with("1002: divert-unanswered offered.\n"), "{list}");
    assert!(run(&["fix", "ringtone", "Gong"]).2.contains("say one of Office, Bell, Chord, Soft"));
    assert!(run(&["hide", "colour"]).2.contains("there is no setting"));

    let page = alice.browser.get("/settings").await.text().await.unwrap();
    let seen =
        ["do-not-disturb", "unanswered", "ringing", "ringtone", "camera", "always"].map(|name| stands(&page, name));
    assert_eq!(seen, [Some(false), None, Some(true), Some(false), None, Some(true)], "{page}");
    assert_eq!(page.matches("Your administrator set this.").count(), 2);
    assert!(page.contains("<option value=\"Bell\" selected"), "{page}");
    let page = bob.get("/settings").await.text().await.unwrap();
    assert_eq!([stands(&page, "unanswered"), stands(&page, "do-not-disturb")], [Some(true), Some(false)]);

    // On the phone page, with and without its script.
    let phone = alice.browser.get("/").await.text().await.unwrap();
    assert!(!phone.contains("value=\"do-not-disturb\""), "a status that they cannot choose");
    let opening = phone.split("tabphone-opening\" content=\"").nth(1).unwrap().split('"').next().unwrap();
    let offers = app::backend::Opening::from_text(opening).unwrap().offers;
    assert!(!offers.shows(app::offers::Setting::Camera) && !offers.offers(app::offers::Setting::Ringtone));
    let messages = alice.browser.get("/messages").await.text().await.unwrap();
    assert!(!messages.contains("/settings/messages"), "{messages}");

    // A form that says more than it may changes only what it may.
    let forged = [("do-not-disturb", "on"), ("unanswered", "?!"), ("ringing", "40")];
    let page = saved(&alice.browser, &forged).await;
    assert_eq!(value(&page, "ringing"), "40");
    let status = [("status", "do-not-disturb"), ("note", "")];
    assert_eq!(alice.browser.submit("/settings/status", &status).await.status(), StatusCode::NO_CONTENT);
    let sound = [("ringtone", "Soft"), ("call-volume", "40"), ("camera", "Eye")];
    assert_eq!(alice.browser.submit("/settings/sound", &sound).await.status(), StatusCode::SEE_OTHER);
    alice.browser.submit("/settings/messages", &[("texts", "show")]).await;
    let rules = calling(house.data.path()).await.rules("1001").await.unwrap();
    assert_eq!(rules, Rules { ringing: Some(std::time::Duration::from_secs(40)), ..Rules::default() });

    // What each had set is there again.
    for name in ["do-not-disturb", "divert-unanswered", "ringtone", "camera", "message-texts"] {
        assert!(run(&["default", name]).0);
    }
    let page = alice.browser.get("/settings").await.text().await.unwrap();
    assert_eq!([value(&page, "unanswered"), value(&page, "call-volume")], ["1002", "40"]);
    assert!(page.contains("<option value=\"Office\" selected") && !page.contains("Eye") && !ticked(&page), "{page}");
}
