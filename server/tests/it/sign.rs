use crate::house::{ALICE, House, Visitor};
use app::encoding;
use app::sign::ToSign;
use reqwest::{StatusCode, header};

const CHALLENGE: &str = r#"Digest realm="tabphone", nonce="n", algorithm=SHA-256, qop="auth""#;

async fn sign(visitor: &Visitor, epoch: u64, challenge: &str, method: &str) -> (StatusCode, String) {
    post(visitor, encoding::encode(&wanted(epoch, challenge, method, 1))).await
}

fn wanted(epoch: u64, challenge: &str, method: &str, nc: u32) -> ToSign {
    ToSign {
        epoch,
        challenges: vec![challenge.to_owned()],
        nc,
        method: method.to_owned(),
        uri: "sip:tabphone".to_owned(),
        body: Vec::new(),
    }
}

async fn post(visitor: &Visitor, body: Vec<u8>) -> (StatusCode, String) {
    let request = visitor.browser.client.post(format!("{}/sign", visitor.browser.origin));
    let request = request.header(header::ORIGIN, &visitor.browser.origin);
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
    let credentials: sip::digest::Credentials = body.parse().unwrap();
    let shown = credentials.to_string();
    assert!(shown.contains(r#"username="1001""#) && shown.contains("algorithm=SHA-256"), "{shown}");
    assert_eq!(credentials.nc, Some(1));
    let (_, body) = post(&alice, encoding::encode(&wanted(epoch, CHALLENGE, "REGISTER", 2))).await;
    let credentials: sip::digest::Credentials = body.parse().unwrap();
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
    assert_eq!(sign(&alice, epoch, CHALLENGE, "RE GISTER").await.0, StatusCode::BAD_REQUEST);
    for nonsense in ["", "{\"epoch\":1}", "\u{1}"] {
        assert_eq!(post(&alice, nonsense.into()).await.0, StatusCode::BAD_REQUEST, "{nonsense:?}");
    }
    let stranger = Visitor { browser: house.browser(), cookie: String::new() };
    assert_eq!(sign(&stranger, epoch, CHALLENGE, "REGISTER").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn nothing_is_signed_for_another_site() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let mut tab = alice.tab("tab", None).await;
    let epoch = tab.granted().await;
    let own = alice.browser.origin.as_str();
    let (origin, site) = ("origin", "sec-fetch-site");
    let cases: [(&[(&str, &str)], StatusCode); 9] = [
        (&[(origin, own)], StatusCode::OK),
        (&[(origin, own), (site, "same-origin")], StatusCode::OK),
        (&[(site, "same-origin")], StatusCode::OK),
        (&[], StatusCode::FORBIDDEN),
        (&[(origin, "https://evil.example")], StatusCode::FORBIDDEN),
        (&[(origin, "null")], StatusCode::FORBIDDEN),
        (&[(origin, own), (site, "cross-site")], StatusCode::FORBIDDEN),
        (&[(site, "same-site")], StatusCode::FORBIDDEN),
        // What a form can send.
        (&[(origin, "https://evil.example"), ("content-type", "text/plain")], StatusCode::FORBIDDEN),
    ];
    for (nc, (headers, status)) in (1..).zip(cases) {
        let wanted = encoding::encode(&wanted(epoch, CHALLENGE, "REGISTER", nc));
        let mut request = alice.browser.client.post(format!("{own}/sign")).body(wanted);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{headers:?}");
        let said = response.text().await.unwrap();
        assert_eq!(said.contains("response="), status == StatusCode::OK, "{said}");
    }
}
