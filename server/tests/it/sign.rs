use crate::house::{ALICE, House, Visitor};
use reqwest::{StatusCode, header};

const CHALLENGE: &str = r#"Digest realm=\"tabphone\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\""#;

async fn sign(visitor: &Visitor, epoch: u64, challenge: &str, method: &str) -> (StatusCode, String) {
    post(
        visitor,
        format!(r#"{{"epoch":{epoch},"challenges":["{challenge}"],"method":"{method}","uri":"sip:tabphone"}}"#),
    )
    .await
}

async fn post(visitor: &Visitor, body: String) -> (StatusCode, String) {
    let request = visitor.browser.client.post(format!("{}/sign", visitor.browser.origin));
    let request =
        request.header(header::ORIGIN, &visitor.browser.origin).header(header::CONTENT_TYPE, "application/json");
    let response = request.body(body).send().await.unwrap();
    (response.status(), response.text().await.unwrap())
}

#[tokio::test]
async fn the_holder_of_the_line_gets_a_challenge_signed() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let epoch = alice.tab("tab", None).await.granted().await;
    let (status, body) = sign(&alice, epoch, CHALLENGE, "REGISTER").await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let credentials: sip::digest::Credentials = serde_json::from_str(&body).unwrap();
    let shown = credentials.to_string();
    assert!(shown.contains(r#"username="1001""#) && shown.contains("algorithm=SHA-256"), "{shown}");
    assert_eq!(credentials.nc, Some(1), "a page from before there was a count");
    assert!(!body.contains(ALICE.1));
    let again = format!(
        r#"{{"epoch":{epoch},"challenges":["{CHALLENGE}"],"nc":2,"method":"REGISTER","uri":"sip:tabphone","body":[]}}"#
    );
    let (_, body) = post(&alice, again).await;
    let credentials: sip::digest::Credentials = serde_json::from_str(&body).unwrap();
    assert_eq!(credentials.nc, Some(2));
}

#[tokio::test]
async fn nothing_else_is_signed() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    assert_eq!(sign(&alice, 1, CHALLENGE, "REGISTER").await.0, StatusCode::CONFLICT, "no line yet");
    let mut tab = alice.tab("tab", None).await;
    let epoch = tab.granted().await;
    let elsewhere = CHALLENGE.replace("tabphone", "elsewhere");
    let unknown = CHALLENGE.replace("SHA-256", "ROT13");
    assert_eq!(sign(&alice, epoch - 1, CHALLENGE, "REGISTER").await.0, StatusCode::CONFLICT);
    assert_eq!(sign(&alice, epoch, &elsewhere, "REGISTER").await.0, StatusCode::FORBIDDEN);
    assert_eq!(sign(&alice, epoch, &unknown, "REGISTER").await.0, StatusCode::FORBIDDEN);
    assert_eq!(sign(&alice, epoch, CHALLENGE, "WHATEVER").await.0, StatusCode::FORBIDDEN);
    assert_eq!(sign(&alice, epoch, "Basic x", "REGISTER").await.0, StatusCode::BAD_REQUEST);
    let stranger = Visitor { browser: house.browser(), cookie: String::new() };
    assert_eq!(sign(&stranger, epoch, CHALLENGE, "REGISTER").await.0, StatusCode::UNAUTHORIZED);
}
