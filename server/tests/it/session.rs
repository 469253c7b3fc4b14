use crate::house::{ALICE, BOB, House, accounts, cookie};
use app::lease::{CLOSE_LOGGED_OUT, FromTab, ToTab};
use app::phone::Status;
use reqwest::{StatusCode, header};
use zeroize::Zeroizing;

#[tokio::test]
async fn the_session_id_changes_at_login() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let again = alice.browser.log_in(ALICE.0, ALICE.1).await;
    let second = cookie(&again).unwrap();
    assert_ne!(second, alice.cookie);
    let old = house.browser().client.get(house.url("/")).header(header::COOKIE, &alice.cookie).send().await.unwrap();
    assert_eq!(old.status(), StatusCode::SEE_OTHER, "the old id is worth nothing");
}

#[tokio::test]
async fn an_id_that_was_foisted_on_a_browser_is_not_used() {
    let house = House::open().await;
    let foisted = "tabphone=AAAAAAAAAAAAAAAAAAAAAA";
    let login = house.browser().client.post(house.url("/login")).header(header::COOKIE, foisted);
    let login = login.form(&[("extension", ALICE.0), ("password", ALICE.1)]).send().await.unwrap();
    assert_eq!(login.status(), StatusCode::SEE_OTHER);
    assert_ne!(cookie(&login).unwrap(), foisted);
}

#[tokio::test]
async fn the_cookie_is_for_this_site_and_not_for_scripts() {
    let house = House::open().await;
    let login = house.browser().log_in(ALICE.0, ALICE.1).await;
    let set = login.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["tabphone=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{part} is missing in {set}");
    }
    assert!(!set.contains("Secure"), "{set}");
    let secure = House::open_with(|options| options.origin = Some("https://phone.example".to_owned())).await;
    let login = secure.browser().log_in(ALICE.0, ALICE.1).await;
    let set = login.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(set.starts_with("__Host-tabphone=") && set.contains("Secure"), "{set}");
}

#[tokio::test]
async fn logging_out_ends_the_session_on_the_server() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let mut tab = alice.tab("a", None).await;
    tab.granted().await;
    let logout = alice.browser.post("/logout").await;
    assert_eq!(logout.status(), StatusCode::SEE_OTHER);
    assert_eq!(logout.headers()[header::LOCATION], "/login");
    let close = tab.closed().await.unwrap();
    assert_eq!(u16::from(close.code), CLOSE_LOGGED_OUT);
    let copied = house.browser().client.get(house.url("/")).header(header::COOKIE, &alice.cookie).send().await.unwrap();
    assert_eq!(copied.status(), StatusCode::SEE_OTHER, "a copied cookie is worth nothing");
    assert_eq!(alice.browser.post("/logout").await.status(), StatusCode::SEE_OTHER, "twice is no error");
}

#[tokio::test]
async fn logging_out_of_a_browser_that_watches_leaves_the_other_one_its_line() {
    let house = House::open().await;
    let (desk, home) = (house.signed_in(ALICE).await, house.signed_in(ALICE).await);
    let mut holder = desk.tab("desk", None).await;
    let epoch = holder.granted().await;
    let mut sip = desk.sip(epoch, "1001").await;
    let mut watcher = home.tab("home", None).await;
    assert_eq!(watcher.hear().await, ToTab::Watching);
    home.browser.post("/logout").await;
    assert_eq!(u16::from(watcher.closed().await.unwrap().code), CLOSE_LOGGED_OUT);
    holder.say(FromTab::Alive).await;
    assert_eq!(holder.hear().await, ToTab::Alive, "nothing else was said");
    assert!(sip.is_open().await);
    drop(desk.sip(epoch, "1001").await);
    assert_eq!(desk.browser.get("/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn logging_out_of_the_browser_with_the_line_gives_it_to_the_other_one() {
    let house = House::open().await;
    let (desk, home) = (house.signed_in(ALICE).await, house.signed_in(ALICE).await);
    let mut bob = house.signed_in(BOB).await.tab("bob", None).await;
    let mut holder = desk.tab("desk", None).await;
    let epoch = holder.granted().await;
    let mut sip = desk.sip(epoch, "1001").await;
    while bob.presence_of("1001").await != Status::Online {}
    let mut watcher = home.tab("home", None).await;
    assert_eq!(watcher.hear().await, ToTab::Watching);
    let mut sibling = desk.tab("sibling", None).await;
    assert_eq!(sibling.hear().await, ToTab::Watching);

    desk.browser.post("/logout").await;
    assert!(watcher.granted().await > epoch);
    assert!(sip.is_open().await, "the phone that had the line still says goodbye");
    assert_eq!(u16::from(holder.closed().await.unwrap().code), CLOSE_LOGGED_OUT);
    assert_eq!(u16::from(sibling.closed().await.unwrap().code), CLOSE_LOGGED_OUT);
    assert_eq!(u16::from(sip.closed().await.unwrap().code), CLOSE_LOGGED_OUT);
    assert_eq!(bob.presence_of("1001").await, Status::Offline, "what it did not unregister is gone");
}

#[tokio::test]
async fn logging_in_as_somebody_else_ends_the_session_before() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let mut tab = alice.tab("a", None).await;
    let sip = alice.sip(tab.granted().await, "1001").await;
    assert_eq!(alice.browser.log_in(BOB.0, BOB.1).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(u16::from(tab.closed().await.unwrap().code), CLOSE_LOGGED_OUT);
    assert_eq!(u16::from(sip.closed().await.unwrap().code), CLOSE_LOGGED_OUT);
}

#[tokio::test]
async fn a_session_survives_a_restart() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let house = house.restart().await;
    let page = house.browser().client.get(house.url("/")).header(header::COOKIE, &alice.cookie).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_expired_session_says_so_at_the_login() {
    let house = House::open().await;
    let gate = house.browser().client.get(house.url("/")).header(header::COOKIE, "tabphone=AAAAAAAAAAAAAAAAAAAAAA");
    let gate = gate.send().await.unwrap();
    assert_eq!(gate.headers()[header::LOCATION], "/login?expired=1");
    let login = house.browser().get("/login?expired=1").await.text().await.unwrap();
    assert!(login.contains("You were logged out."), "{login}");
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let mut tab = alice.tab("a", None).await;
    let sip = alice.sip(tab.granted().await, "1001").await;
    let mut elsewhere = house.signed_in(ALICE).await.tab("b", None).await;
    assert_eq!(elsewhere.hear().await, ToTab::Watching);
    accounts(house.data.path()).await.set_enabled(ALICE.0, false).await.unwrap();
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::SEE_OTHER);
    for socket in [tab, elsewhere, sip] {
        assert_eq!(u16::from(socket.closed().await.unwrap().code), CLOSE_LOGGED_OUT);
    }
    assert_eq!(house.browser().log_in(ALICE.0, ALICE.1).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_new_password_ends_the_sessions_of_the_old_one() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let accounts = accounts(house.data.path()).await;
    accounts.set_password(ALICE.0, Zeroizing::new("looking glass".to_owned())).await.unwrap();
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(house.browser().log_in(ALICE.0, "looking glass").await.status(), StatusCode::SEE_OTHER);
}
