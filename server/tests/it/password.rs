//! People change their own password; a first one that somebody else made has to be changed.

use crate::house::{ALICE, BOB, House, accounts, cookie, database};
use crate::login::sip_login;
use app::lease::CLOSE_LOGGED_OUT;
use reqwest::{Response, StatusCode, header};

const NEW: &str = "looking glass";

async fn change(browser: &crate::house::Browser, current: &str, new: &str, again: &str) -> Response {
    browser.submit("/settings/password", &[("current", current), ("new", new), ("again", again)]).await
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_but_this_one() {
    let house = House::open().await;
    let (desk, home) = (house.signed_in(ALICE).await, house.signed_in(ALICE).await);
    let mut holder = desk.tab("desk", None).await;
    let mut sip = desk.sip(holder.granted().await, "1001").await;
    let elsewhere = home.tab("home", None).await;

    let changed = change(&desk.browser, ALICE.1, NEW, NEW).await;
    assert_eq!(changed.status(), StatusCode::SEE_OTHER);
    assert_eq!(changed.headers()[header::LOCATION], "/settings/password?changed=1");
    assert_eq!(u16::from(elsewhere.closed().await.unwrap().code), CLOSE_LOGGED_OUT);
    assert_eq!(home.browser.get("/").await.status(), StatusCode::SEE_OTHER);

    let renewed = cookie(&changed).unwrap();
    assert_ne!(renewed, desk.cookie);
    let old = house.browser().client.get(house.url("/")).header(header::COOKIE, &desk.cookie).send().await.unwrap();
    assert_eq!(old.status(), StatusCode::SEE_OTHER, "the old id is worth nothing");
    let page = desk.browser.get("/settings/password?changed=1").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.unwrap().contains("Your password is changed."));
    assert!(sip.is_open().await, "a call in this browser goes on");
    holder.say(app::lease::FromTab::Alive).await;
    assert_eq!(holder.hear().await, app::lease::ToTab::Alive);

    assert_eq!(house.browser().log_in(ALICE.0, ALICE.1).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(house.browser().log_in(ALICE.0, NEW).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(sip_login(&house, ALICE.1).await, 401, "phones need the new one, too");
    assert_eq!(sip_login(&house, NEW).await, 200);
}

#[tokio::test]
async fn what_is_not_good_enough_is_said_and_changes_nothing() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let long = "x".repeat(257);
    for (current, new, again, said) in [
        (ALICE.1, NEW, "another one", "was not typed the same twice"),
        ("not the password", NEW, NEW, "The current password is wrong."),
        (ALICE.1, ALICE.1, ALICE.1, "is the one that you have"),
        (ALICE.1, "short", "short", "needs at least 8 characters"),
        (ALICE.1, &long, &long, "at most 256 bytes"),
        (ALICE.1, "Password1", "Password1", "one of the commonest"),
        (ALICE.1, "10011001", "10011001", "only your extension, your name or the domain"),
        (ALICE.1, "Alice-Adams", "Alice-Adams", "only your extension, your name or the domain"),
        (ALICE.1, "tabphone", "tabphone", "only your extension, your name or the domain"),
    ] {
        let refused = change(&alice.browser, current, new, again).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{new}");
        let page = refused.text().await.unwrap();
        assert!(page.contains(said), "{said}: {page}");
        assert!(!page.contains(new) || new == "tabphone" || new == "short", "what was typed does not come back");
    }
    assert_eq!(house.browser().log_in(ALICE.0, ALICE.1).await.status(), StatusCode::SEE_OTHER);
    let long = "ünïcödé ".repeat(10);
    assert_eq!(
        change(&alice.browser, ALICE.1, &long, &long).await.status(),
        StatusCode::SEE_OTHER,
        "long ones are good"
    );
    assert_eq!(house.browser().log_in(ALICE.0, &long).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn guessing_the_current_password_is_throttled() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    for _ in 0..5 {
        let wrong = change(&alice.browser, "not the password", NEW, NEW).await;
        assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let throttled = change(&alice.browser, ALICE.1, NEW, NEW).await;
    assert_eq!(throttled.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(throttled.headers()[header::RETRY_AFTER], "30");
    assert!(throttled.text().await.unwrap().contains("Too many wrong tries. Wait 30 seconds"));
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::OK, "the session goes on");
    assert_eq!(house.browser().log_in(BOB.0, BOB.1).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_page_is_for_who_is_logged_in_and_loads_no_script() {
    let house = House::open().await;
    let stranger = house.browser();
    assert_eq!(stranger.get("/settings/password").await.headers()[header::LOCATION], "/login");
    assert_eq!(change(&stranger, ALICE.1, NEW, NEW).await.headers()[header::LOCATION], "/login");
    let alice = house.signed_in(ALICE).await;
    let page = alice.browser.get("/settings/password").await.text().await.unwrap();
    assert!(!page.contains("<script") && page.contains("autocomplete=\"new-password\""), "{page}");
    let known = alice.browser.get("/.well-known/change-password").await;
    assert_eq!(known.headers()[header::LOCATION], "/settings/password");
}

#[tokio::test]
async fn a_first_password_is_good_for_choosing_ones_own() {
    let house = House::open().await;
    let accounts = accounts(house.data.path()).await;
    let first = accounts.set_initial(ALICE.0).await.unwrap();
    assert_eq!(sip_login(&house, &first).await, 401, "no phone can use it");
    let login = house.browser().log_in(ALICE.0, &first).await;
    assert_eq!(login.headers()[header::LOCATION], "/settings/password");
    let alice = crate::house::sign_in(house.browser(), (ALICE.0, &first)).await;
    let gate = alice.browser.get("/").await;
    assert_eq!(gate.headers()[header::LOCATION], "/login?expired=1");
    assert_eq!(alice.browser.get("/login?expired=1").await.headers()[header::LOCATION], "/settings/password");
    for path in ["/settings", "/history", "/recordings"] {
        assert_eq!(alice.browser.get(path).await.status(), StatusCode::SEE_OTHER, "{path}");
    }
    let line = crate::house::open_line(&alice.browser.origin, &alice.line_headers()).await;
    assert_eq!(line.err().unwrap().0, 401);
    let page = alice.browser.get("/settings/password").await.text().await.unwrap();
    assert!(page.contains("Choose your own password"), "{page}");
    assert_eq!(change(&alice.browser, &first, &first, &first).await.status(), StatusCode::UNPROCESSABLE_ENTITY);

    let changed = change(&alice.browser, &first, NEW, NEW).await;
    assert_eq!(changed.headers()[header::LOCATION], "/");
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::OK);
    assert_eq!(house.browser().log_in(ALICE.0, &first).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(sip_login(&house, NEW).await, 200);
}

#[tokio::test]
async fn a_first_password_is_good_for_a_week() {
    let house = House::open().await;
    let first = accounts(house.data.path()).await.set_initial(ALICE.0).await.unwrap();
    let database = database(house.data.path()).await;
    let later = "UPDATE accounts SET initial_until = initial_until - 7 * 86400 WHERE initial_until IS NOT NULL";
    sqlx::query(later).execute(database.pool()).await.unwrap();
    let wrong = house.browser().log_in(ALICE.0, "not the password").await.text().await.unwrap();
    assert!(wrong.contains("The extension or the password is wrong."), "{wrong}");
    let late = house.browser().log_in(ALICE.0, &first).await;
    assert_eq!(late.status(), StatusCode::UNAUTHORIZED);
    assert!(late.text().await.unwrap().contains("was not used in time"));
}
