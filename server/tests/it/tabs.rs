use crate::house::{ALICE, BOB, House, Visitor, open_line};
use app::lease::{FromTab, ToTab};
use app::phone::{LineState, Registration};

fn ready() -> LineState {
    LineState { registration: Registration::Ready, ..LineState::default() }
}

async fn alice_at_home() -> (House, Visitor) {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    (house, alice)
}

#[tokio::test]
async fn the_line_is_for_own_pages_with_a_session() {
    let (_house, alice) = alice_at_home().await;
    let refused = |drop: &'static str, instead: Option<&'static str>| {
        let mut headers = alice.line_headers();
        headers.retain(|(name, _)| *name != drop);
        headers.extend(instead.map(|value| (drop, value.to_owned())));
        let origin = alice.browser.origin.clone();
        async move { open_line(&origin, &headers).await.err().expect("the line was opened").0 }
    };
    assert_eq!(refused("origin", Some("http://evil.example")).await, 403);
    assert_eq!(refused("origin", None).await, 403);
    assert_eq!(refused("sec-websocket-protocol", None).await, 400);
    assert_eq!(refused("sec-websocket-protocol", Some("sip")).await, 400);
    assert_eq!(refused("cookie", None).await, 401);
    assert_eq!(refused("cookie", Some("tabphone=AAAAAAAAAAAAAAAAAAAAAA")).await, 401);
    assert_eq!(alice.browser.get("/line").await.status(), 403, "no WebSocket, no origin");
}

#[tokio::test]
async fn a_second_tab_watches_and_can_take_the_line() {
    let (_house, alice) = alice_at_home().await;
    let mut first = alice.tab("first", None).await;
    let epoch = first.granted().await;
    let mut second = alice.tab("second", None).await;
    assert_eq!(second.hear().await, ToTab::Watching);

    first
        .say(FromTab::Publish { epoch, state: ready(), snapshot: b"agent".to_vec(), to_lose: false, last: false })
        .await;
    assert_eq!(second.hear().await, ToTab::Line(ready()));
    second.say(FromTab::Take).await;
    assert_eq!(first.hear().await, ToTab::Yield);
    first.say(FromTab::Publish { epoch, state: ready(), snapshot: b"last".to_vec(), to_lose: false, last: true }).await;
    assert_eq!(second.hear().await, ToTab::Line(ready()));
    let ToTab::Granted(grant) = second.hear().await else { panic!("no grant") };
    assert!(grant.epoch > epoch);
    assert_eq!(grant.snapshot.unwrap().0, b"last");
    assert_eq!(first.hear().await, ToTab::Watching);

    // What the first tab still says is too late.
    first
        .say(FromTab::Publish {
            epoch,
            state: LineState::default(),
            snapshot: b"late".to_vec(),
            to_lose: false,
            last: false,
        })
        .await;
    first.say(FromTab::Alive).await;
    assert_eq!(first.hear().await, ToTab::Line(ready()));
    assert_eq!(first.hear().await, ToTab::Alive);
    second.say(FromTab::Alive).await;
    assert_eq!(second.hear().await, ToTab::Alive);
}

#[tokio::test]
async fn every_extension_has_a_line_of_its_own() {
    let house = House::open().await;
    let mut alice = house.signed_in(ALICE).await.tab("tab", None).await;
    let mut bob = house.signed_in(BOB).await.tab("tab", None).await;
    assert!(matches!(alice.hear().await, ToTab::Granted(_)));
    assert!(matches!(bob.hear().await, ToTab::Granted(_)));
}

#[tokio::test]
async fn a_reload_and_a_cut_get_the_line_back() {
    let (_house, alice) = alice_at_home().await;
    let mut tab = alice.tab("tab", None).await;
    let first = tab.granted().await;
    tab.say(FromTab::Publish {
        epoch: first,
        state: ready(),
        snapshot: b"agent".to_vec(),
        to_lose: false,
        last: false,
    })
    .await;
    tab.leave().await;
    let mut reloaded = alice.tab("tab", None).await;
    let ToTab::Granted(grant) = reloaded.hear().await else { panic!("no grant") };
    assert!(grant.epoch > first);
    assert_eq!(grant.snapshot.unwrap().0, b"agent");
    reloaded.leave().await;
    let mut back = alice.tab("tab", Some(grant.epoch)).await;
    assert_eq!(back.hear().await, ToTab::Resumed { epoch: grant.epoch });
}

#[tokio::test]
async fn a_page_that_is_loaded_after_a_crash_has_the_line_at_once() {
    let (house, alice) = alice_at_home().await;
    let mut tab = alice.tab("tab", None).await;
    let epoch = tab.granted().await;
    let snapshot = b"agent".to_vec();
    tab.say(FromTab::Publish { epoch, state: ready(), snapshot, to_lose: true, last: false }).await;
    tab.say(FromTab::Alive).await;
    assert_eq!(tab.hear().await, ToTab::Alive);
    tab.leave().await;
    let mut elsewhere = house.signed_in(ALICE).await.tab("elsewhere", None).await;
    assert_eq!(elsewhere.hear().await, ToTab::Watching, "a login on another device");
    assert_eq!(elsewhere.hear().await, ToTab::Line(LineState { registration: Registration::Away, ..ready() }));
    let mut heir = alice.tab("another name", None).await;
    let ToTab::Granted(grant) = heir.hear().await else { panic!("no grant") };
    assert_eq!(grant.snapshot.unwrap().0, b"agent");
}

#[tokio::test]
async fn releasing_gives_the_line_to_the_other_tab() {
    let (_house, alice) = alice_at_home().await;
    let mut first = alice.tab("first", None).await;
    let epoch = first.granted().await;
    let mut second = alice.tab("second", None).await;
    assert_eq!(second.hear().await, ToTab::Watching);
    first.say(FromTab::Release { epoch }).await;
    assert!(second.granted().await > epoch);
}

#[tokio::test]
async fn the_phone_page_shows_what_the_line_last_was() {
    let (_house, alice) = alice_at_home().await;
    let mut tab = alice.tab("tab", None).await;
    let epoch = tab.granted().await;
    let eve = app::phone::Party { number: "5550100".to_owned(), name: "<b>Eve</b>".to_owned() };
    let (outgoing, talking) = (app::phone::Direction::Outgoing, app::phone::Phase::Talking);
    let call = app::phone::Call { answered_at: Some(0), ..app::phone::Call::new(1, outgoing, eve, talking) };
    let state = LineState { calls: vec![call], ..ready() };
    tab.say(FromTab::Publish { epoch, state, snapshot: Vec::new(), to_lose: false, last: false }).await;
    tab.say(FromTab::Alive).await;
    assert_eq!(tab.hear().await, ToTab::Alive);
    let page = alice.browser.get("/").await.text().await.unwrap();
    assert!(page.contains("Eve") && page.contains("5550100"), "{page}");
    assert!(!page.contains("<b>Eve"), "what comes off the wire is text");
}

#[tokio::test]
async fn what_is_not_understood_closes_the_socket_and_nothing_else() {
    let (_house, alice) = alice_at_home().await;
    let mut good = alice.tab("good", None).await;
    let epoch = good.granted().await;
    for nonsense in
        ["", "{", "[]", "\"Nothing\"", "{\"Hello\":{}}", "\u{0}", "\u{1}", "\u{1}\u{9}", "\u{1}\u{3} and more"]
    {
        let mut bad = alice.tab("bad", None).await;
        assert_eq!(bad.hear().await, ToTab::Watching);
        bad.say_raw(nonsense).await;
        assert_eq!(u16::from(bad.closed().await.unwrap().code), 1008, "{nonsense:?}");
    }
    let mut bad = alice.tab("bad", None).await;
    assert_eq!(bad.hear().await, ToTab::Watching);
    bad.say(FromTab::Publish { epoch, state: ready(), snapshot: b"forged".to_vec(), to_lose: false, last: false })
        .await;
    bad.leave().await;
    good.say(FromTab::Alive).await;
    assert_eq!(good.hear().await, ToTab::Alive);
}

#[tokio::test]
async fn the_first_word_must_be_hello() {
    let (_house, alice) = alice_at_home().await;
    let mut tab = open_line(&alice.browser.origin, &alice.line_headers()).await.ok().unwrap();
    tab.say(FromTab::Take).await;
    assert_eq!(u16::from(tab.closed().await.unwrap().code), 1008);
    let tab = alice.tab(&"long".repeat(100), None).await;
    assert_eq!(u16::from(tab.closed().await.unwrap().code), 1008);
}

#[tokio::test]
async fn a_restart_keeps_the_epoch_and_who_had_the_line() {
    let (house, alice) = alice_at_home().await;
    let mut tab = alice.tab("tab", None).await;
    let epoch = tab.granted().await;
    tab.say(FromTab::Publish { epoch, state: ready(), snapshot: b"agent".to_vec(), to_lose: false, last: false }).await;
    tab.say(FromTab::Alive).await;
    assert_eq!(tab.hear().await, ToTab::Alive);
    let (house, close) = tokio::join!(house.restart(), tab.closed());
    assert_eq!(u16::from(close.unwrap().code), 1001, "the server says that it goes");

    let alice = house.signed_in(ALICE).await;
    let mut other = alice.tab("other", None).await;
    assert_eq!(other.hear().await, ToTab::Watching, "the tab that had the line is waited for");
    assert_eq!(other.hear().await, ToTab::Line(LineState { registration: Registration::Away, ..ready() }));
    let mut back = alice.tab("tab", Some(epoch)).await;
    assert_eq!(back.hear().await, ToTab::Resumed { epoch });
    // Who is asked and says nothing loses the line all the same.
    other.say(FromTab::Take).await;
    assert_eq!(back.hear().await, ToTab::Yield);
    let ToTab::Granted(grant) = other.hear().await else { panic!("no grant") };
    assert!(grant.epoch > epoch);
    assert_eq!(grant.snapshot.unwrap().0, b"agent");
}
