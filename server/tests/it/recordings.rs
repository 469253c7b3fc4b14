//! Recordings: sent piece by piece by the page, listened to and removed by whose they are.

use crate::house::{ALICE, BOB, Browser, House};
use reqwest::{Response, StatusCode, header};

async fn begin(browser: &Browser, kind: &str, name: &str) -> Response {
    let request = browser.client.post(format!("{}/recordings", browser.origin));
    let form = [("number", "1002"), ("name", name), ("kind", kind)];
    request.header(header::ORIGIN, &browser.origin).form(&form).send().await.unwrap()
}

async fn piece(browser: &Browser, id: &str, piece: u32, bytes: &'static [u8]) -> StatusCode {
    let request = browser.client.put(format!("{}/recordings/{id}/{piece}", browser.origin));
    request.header(header::ORIGIN, &browser.origin).body(bytes).send().await.unwrap().status()
}

async fn remove(browser: &Browser, id: &str) -> StatusCode {
    let request = browser.client.post(format!("{}/recordings/{id}/remove", browser.origin));
    request.header(header::ORIGIN, &browser.origin).send().await.unwrap().status()
}

#[tokio::test]
async fn what_a_page_sends_can_be_listened_to_while_it_comes_and_is_gone_when_it_is_removed() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    let empty = alice.get("/recordings").await.text().await.unwrap();
    assert!(empty.contains("Nothing was recorded yet."), "{empty}");

    let begun = begin(&alice, "audio/webm", "Bob Brown").await;
    assert_eq!(begun.status(), StatusCode::CREATED);
    let id = begun.text().await.unwrap();
    assert_eq!(piece(&alice, &id, 0, b"first").await, StatusCode::NO_CONTENT);
    assert_eq!(piece(&alice, &id, 0, b"first").await, StatusCode::NO_CONTENT, "its answer was lost");
    assert_eq!(piece(&alice, &id, 2, b"third").await, StatusCode::CONFLICT);
    assert_eq!(piece(&alice, &id, 1, b"second").await, StatusCode::NO_CONTENT);

    let page = alice.get("/recordings").await.text().await.unwrap();
    assert!(page.contains("Bob Brown") && page.contains(&format!("src=\"/recordings/{id}\"")), "{page}");
    assert!(!page.contains("<script") && !page.contains(" style="), "{page}");
    let sound = alice.get(&format!("/recordings/{id}")).await;
    assert_eq!(sound.headers()[header::CONTENT_TYPE], "audio/webm");
    let name = sound.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().to_owned();
    assert!(name.contains("-1002.webm"), "{name}");
    assert_eq!(sound.text().await.unwrap(), "firstsecond");
    let part = alice.client.get(format!("{}/recordings/{id}", alice.origin)).header(header::RANGE, "bytes=5-7");
    let part = part.send().await.unwrap();
    assert_eq!((part.status(), part.text().await.unwrap().as_str()), (StatusCode::PARTIAL_CONTENT, "sec"));

    assert_eq!(remove(&alice, &id).await, StatusCode::SEE_OTHER);
    assert_eq!(remove(&alice, &id).await, StatusCode::SEE_OTHER, "pressed twice");
    assert_eq!(alice.get(&format!("/recordings/{id}")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(piece(&alice, &id, 2, b"third").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn recordings_are_their_owners_alone_and_nothing_but_sound_and_pictures() {
    let house = House::open().await;
    let (alice, bob) = (house.signed_in(ALICE).await.browser, house.signed_in(BOB).await.browser);
    let id = begin(&alice, "audio/webm", "<b>Bob</b>").await.text().await.unwrap();
    assert_eq!(piece(&alice, &id, 0, b"secret").await, StatusCode::NO_CONTENT);
    assert!(!alice.get("/recordings").await.text().await.unwrap().contains("<b>"));

    assert_eq!(bob.get(&format!("/recordings/{id}")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(piece(&bob, &id, 1, b"forged").await, StatusCode::NOT_FOUND);
    assert_eq!(remove(&bob, &id).await, StatusCode::SEE_OTHER);
    assert!(!bob.get("/recordings").await.text().await.unwrap().contains(&id));
    assert_eq!(alice.get(&format!("/recordings/{id}")).await.text().await.unwrap(), "secret");

    for path in ["../tabphone.db", "..%2Ftabphone.db", "..%2Fkey", "%2e%2e/key"] {
        assert_eq!(alice.get(&format!("/recordings/{path}")).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(begin(&alice, "text/html", "Bob").await.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let stranger = house.browser();
    assert_eq!(begin(&stranger, "audio/webm", "Bob").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(piece(&stranger, &id, 1, b"forged").await, StatusCode::UNAUTHORIZED);
    assert_eq!(stranger.get(&format!("/recordings/{id}")).await.status(), StatusCode::UNAUTHORIZED);
}
