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
