//! What people see of one another: the rooms together.

use crate::house::{ALICE, BOB, House};
use app::lease::ToTab;
use app::phone::Status;
use reqwest::StatusCode;

#[tokio::test]
async fn a_tab_is_told_who_comes_and_who_goes() {
    let house = House::open().await;
    let mut alice = house.signed_in(ALICE).await.tab("tab", None).await;
    let ToTab::Presence(everybody) = alice.hear_any().await else { panic!("no presence") };
    let everybody: Vec<_> = everybody.iter().map(|one| (one.extension.as_str(), one.status)).collect();
    assert_eq!(everybody, [("1002", Status::Offline)], "all but oneself");

    let bob = house.signed_in(BOB).await;
    let epoch = bob.tab("tab", None).await.granted().await;
    let _sip = bob.sip(epoch, "1002").await;
    assert_eq!(alice.presence_of("1002").await, Status::Online);
    let page = house.signed_in(ALICE).await.browser.get("/").await.text().await.unwrap();
    assert!(page.contains("Online"), "{page}");
}

#[tokio::test]
async fn logging_out_closes_the_sip_socket_and_leaves_nobody_online() {
    let house = House::open().await;
    let mut alice = house.signed_in(ALICE).await.tab("tab", None).await;
    let bob = house.signed_in(BOB).await;
    let mut tab = bob.tab("tab", None).await;
    let epoch = tab.granted().await;
    let sip = bob.sip(epoch, "1002").await;
    while alice.presence_of("1002").await != Status::Online {}
    assert_eq!(bob.browser.post("/logout").await.status(), StatusCode::SEE_OTHER);
    sip.closed().await.unwrap();
    tab.closed().await.unwrap();
    assert_eq!(alice.presence_of("1002").await, Status::Offline);
}

#[tokio::test]
async fn taking_the_line_closes_the_sip_socket_of_the_tab_that_had_it() {
    let house = House::open().await;
    let bob = house.signed_in(BOB).await;
    let mut first = bob.tab("first", None).await;
    let epoch = first.granted().await;
    let sip = bob.sip(epoch, "1002").await;
    let mut second = bob.tab("second", None).await;
    assert_eq!(second.hear().await, ToTab::Watching);
    second.say(app::lease::FromTab::Take).await;
    let next = second.granted().await;
    sip.closed().await.unwrap();
    bob.sip(next, "1002").await;
}

/// A status as the phone page sends it.
const AWAY: [(&str, &str); 2] = [("status", "away"), ("note", "Back at <b>two</b>")];

#[tokio::test]
async fn what_somebody_says_of_themselves_is_seen_by_pages_and_sip_clients_and_kept() {
    let house = House::open().await;
    let mut alice = house.signed_in(ALICE).await.tab("tab", None).await;
    let bob = house.signed_in(BOB).await;
    let mut tab = bob.tab("tab", None).await;
    let epoch = tab.granted().await;
    let mut sip = bob.sip(epoch, "1002").await;
    while alice.doing("1002").await.0 != Status::Online {}

    let set = bob.browser.submit("/settings/status", &AWAY).await;
    assert_eq!(set.status(), StatusCode::NO_CONTENT, "the phone page stays");
    while alice.doing("1002").await != (Status::Away, "Back at <b>two</b>".to_owned()) {}
    assert_eq!(tab.wishes().await, ["Colleagues see that you are away, and read: Back at <b>two</b>"]);
    let page = house.signed_in(ALICE).await.browser.get("/").await.text().await.unwrap();
    assert!(page.contains("Away · Back at &lt;b&gt;two") && !page.contains("<b>two"), "{page}");
    let contacts = house.signed_in(ALICE).await.browser.get("/contacts").await.text().await.unwrap();
    assert!(contacts.contains("Away · Back at &lt;b&gt;two"), "{contacts}");

    // A SIP client that subscribes reads it as RPID, with the note.
    let subscribe = "SUBSCRIBE sip:1002@tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKsub\r\nMax-Forwards: 70\r\n\
                     From: <sip:1002@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>\r\nCall-ID: sub\r\nCSeq: 1 SUBSCRIBE\r\n\
                     Contact: <sip:u@x.invalid;transport=ws>\r\nEvent: presence\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n";
    sip.say_raw(subscribe).await;
    let notify = loop {
        let message = sip.hear_raw().await;
        if message.starts_with("NOTIFY") {
            break message;
        }
    };
    assert!(notify.contains("<rpid:away/>") && notify.contains("Back at &lt;b&gt;two"), "{notify}");

    let dnd = [("status", "do-not-disturb"), ("note", ""), ("anew", "1")];
    let set = bob.browser.submit("/settings/status", &dnd).await;
    assert_eq!(set.headers()["location"], "/", "without a script the page comes anew");
    while alice.doing("1002").await != (Status::DoNotDisturb, String::new()) {}
    let settings = bob.browser.get("/settings").await.text().await.unwrap();
    assert!(settings.contains("name=\"do-not-disturb\" type=\"checkbox\" value=\"on\" checked"), "{settings}");
    bob.browser.submit("/settings/status", &AWAY).await;
    while alice.doing("1002").await.0 != Status::Away {}
    let wrong = bob.browser.submit("/settings/status", &[("status", "asleep")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);

    // It holds while no tab is open, and after a restart.
    drop((alice, tab, sip));
    let house = house.restart().await;
    let alice = house.signed_in(ALICE).await;
    let mut tab = alice.tab("tab", None).await;
    let bob = house.signed_in(BOB).await;
    let epoch = bob.tab("tab", None).await.granted().await;
    let _sip = bob.sip(epoch, "1002").await;
    while tab.doing("1002").await != (Status::Away, "Back at <b>two</b>".to_owned()) {}
}

#[tokio::test]
async fn what_a_sip_client_publishes_is_seen_on_the_page() {
    let house = House::open().await;
    let mut alice = house.signed_in(ALICE).await.tab("tab", None).await;
    let bob = house.signed_in(BOB).await;
    let epoch = bob.tab("tab", None).await.granted().await;
    let mut sip = bob.sip(epoch, "1002").await;
    while alice.doing("1002").await.0 != Status::Online {}
    let publish = |number: u32, expires: u32, basic: &str, note: &str| {
        let document = format!(
            "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:1002@tabphone\"><tuple id=\"s\">\
             <status><basic>{basic}</basic></status><note>{note}</note></tuple></presence>"
        );
        format!(
            "PUBLISH sip:1002@tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKpub{number}\r\nMax-Forwards: 70\r\n\
             From: <sip:1002@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>\r\nCall-ID: pub{number}\r\nCSeq: {number} PUBLISH\r\n\
             Event: presence\r\nExpires: {expires}\r\nContent-Type: application/pidf+xml\r\nContent-Length: {}\r\n\r\n{document}",
            document.len()
        )
    };
    // As sipML5 does: open or closed, and a note.
    sip.say_raw(&publish(1, 600, "open", "In a meeting")).await;
    while alice.doing("1002").await != (Status::Online, "In a meeting".to_owned()) {}
    sip.say_raw(&publish(2, 600, "closed", "Gone")).await;
    while alice.doing("1002").await != (Status::Offline, "Gone".to_owned()) {}
}
