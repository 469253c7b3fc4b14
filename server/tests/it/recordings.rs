//! Recordings: sent piece by piece by the page, listened to and removed by whose they are.

use crate::command_line::tabphone;
use crate::house::{ALICE, BOB, Browser, House};
use reqwest::{Response, StatusCode, header};

async fn begin(browser: &Browser, kind: &str, name: &str) -> Response {
    let request = browser.client.post(format!("{}/recordings", browser.origin));
    let form = [("number", "1002"), ("name", name), ("kind", kind)];
    request.header(header::ORIGIN, &browser.origin).form(&form).send().await.unwrap()
}

async fn piece(browser: &Browser, id: &str, piece: u32, bytes: &'static [u8]) -> StatusCode {
    let until = 1_000 * (piece + 1);
    let request = browser.client.put(format!("{}/recordings/{id}/{piece}?until={until}", browser.origin));
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
    assert!(page.contains("0:02") && page.contains("Recording now"), "{page}");
    assert!(page.contains("1 recording, 0 kB of 4.2 GB"), "{page}");
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

#[tokio::test]
async fn where_it_is_not_allowed_none_is_taken_and_those_there_are_stay() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    let policy = |value: &str| {
        let set = ["policy", "set", "--for", "1001", "--recording", value];
        assert!(tabphone(house.data.path(), &set, "").status.success());
    };
    policy("announced");
    let id = begin(&alice, "audio/webm", "Bob").await.text().await.unwrap();
    assert_eq!(piece(&alice, &id, 0, b"sound").await, StatusCode::NO_CONTENT);
    policy("off");
    assert_eq!(begin(&alice, "audio/webm", "Bob").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(piece(&alice, &id, 1, b"more").await, StatusCode::FORBIDDEN);
    assert_eq!(alice.get(&format!("/recordings/{id}")).await.text().await.unwrap(), "sound");
    assert_eq!(remove(&alice, &id).await, StatusCode::SEE_OTHER);
    policy("default");
    assert_eq!(begin(&alice, "audio/webm", "Bob").await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn what_another_site_sends_or_nobody_can_read_is_refused() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    let id = begin(&alice, "audio/webm", "Bob").await.text().await.unwrap();
    let foreign = |request: reqwest::RequestBuilder| request.header(header::ORIGIN, "https://evil.example").send();
    let address = |path: &str| format!("{}/recordings{path}", alice.origin);
    let form = [("number", "1002"), ("name", "Bob"), ("kind", "audio/webm")];
    let begun = foreign(alice.client.post(address("")).form(&form)).await.unwrap();
    assert_eq!(begun.status(), StatusCode::FORBIDDEN);
    let forged = foreign(alice.client.put(address(&format!("/{id}/0"))).body("forged")).await.unwrap();
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    let removed = foreign(alice.client.post(address(&format!("/{id}/remove")))).await.unwrap();
    assert_eq!(removed.status(), StatusCode::FORBIDDEN);
    for path in [format!("/{id}/one"), format!("/{id}/0?until=-1"), format!("/{id}/99999999999999999999")] {
        let request = alice.client.put(address(&path)).header(header::ORIGIN, &alice.origin).body("sound");
        assert_eq!(request.send().await.unwrap().status(), StatusCode::BAD_REQUEST, "{path}");
    }
    let large = alice.client.put(address(&format!("/{id}/0"))).header(header::ORIGIN, &alice.origin);
    let large = large.body(vec![0; (32 << 20) + 1]).send().await.map(|response| response.status());
    assert!(large.is_err() || large.is_ok_and(|status| status == StatusCode::PAYLOAD_TOO_LARGE));
    assert_eq!(piece(&alice, &id, 0, b"sound").await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn many_are_shown_on_several_pages() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await.browser;
    for number in 0..51 {
        let id = begin(&alice, "audio/webm", &format!("Call {number}.")).await.text().await.unwrap();
        assert_eq!(piece(&alice, &id, 0, b"sound").await, StatusCode::NO_CONTENT);
    }
    let shown = async |query: &str| {
        let page = alice.get(&format!("/recordings{query}")).await.text().await.unwrap();
        (page.matches("<audio").count(), page.contains("Page 1 of 2"), page.contains("Older"), page.contains("Newer"))
    };
    assert_eq!(shown("").await, (50, true, true, false));
    assert_eq!(shown("?page=2").await, (1, false, false, true));
    assert_eq!(shown("?page=99").await, (1, false, false, true), "the last one");
    assert_eq!(shown("?page=no").await, (50, true, true, false));
}
