use crate::house::{ALICE, House};
use reqwest::{StatusCode, header};

fn text<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response.headers().get(name).unwrap_or_else(|| panic!("{name} is missing")).to_str().unwrap()
}

/// The nonce in a policy.
fn nonce(policy: &str) -> &str {
    policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap()
}

#[tokio::test]
async fn every_response_carries_the_security_headers() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    for path in ["/", "/login", "/settings", "/style.css", "/nowhere", "/healthz", "/line", "/sip"] {
        let response = alice.browser.get(path).await;
        let policy = text(&response, "content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "'strict-dynamic'"] {
            assert!(policy.contains(part), "{part} is missing for {path}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert_eq!(text(&response, "x-content-type-options"), "nosniff");
        assert_eq!(text(&response, "referrer-policy"), "same-origin");
        assert_eq!(text(&response, "cross-origin-opener-policy"), "same-origin");
        assert!(text(&response, "permissions-policy").contains("microphone=(self)"));
    }
}

#[tokio::test]
async fn scripts_of_the_phone_page_carry_the_nonce_of_its_policy_and_no_other_page_has_it() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let first = alice.browser.get("/").await;
    let second = alice.browser.get("/").await;
    assert_eq!(text(&first, "cache-control"), "no-store");
    let policy = text(&first, "content-security-policy").to_owned();
    assert_ne!(nonce(&policy), nonce(text(&second, "content-security-policy")));
    let page = first.text().await.unwrap();
    let scripts: Vec<_> = page.split("<script").skip(1).collect();
    assert!(!scripts.is_empty(), "{page}");
    for script in scripts {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains(&format!("nonce=\"{}\"", nonce(&policy))), "{tag}");
    }
    assert!(page.contains("/pkg/tabphone.js") && page.contains("/pkg/tabphone.wasm"), "{page}");
    assert!(!page.contains(" style="), "{page}");
}

/// What a page is drawn of may be dropped by another thread than the one that made it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_come_to_many_at_once() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let visits = (0..8).map(|_| async {
        for _ in 0..25 {
            assert_eq!(alice.browser.get("/").await.status(), StatusCode::OK);
        }
    });
    futures::future::join_all(visits).await;
}

#[tokio::test]
async fn the_phone_page_holds_no_secret() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let page = alice.browser.get("/").await.text().await.unwrap();
    assert!(!page.contains(ALICE.1) && !page.contains(&alice.cookie["tabphone=".len()..]));
}

#[tokio::test]
async fn static_files_are_sent_compressed_and_only_when_they_changed() {
    let house = House::open().await;
    let pkg = house.data.path().join("site/pkg");
    std::fs::write(pkg.join("tabphone.wasm"), b"plain").unwrap();
    std::fs::write(pkg.join("tabphone.wasm.br"), b"brotli").unwrap();
    std::fs::write(pkg.join("tabphone.wasm.gz"), b"gzip").unwrap();
    let get = |accept: &'static str| {
        let request = house.browser().client.get(house.url("/pkg/tabphone.wasm"));
        async move { request.header(header::ACCEPT_ENCODING, accept).send().await.unwrap() }
    };
    for (accept, encoding, body) in
        [("gzip, br", Some("br"), "brotli"), ("gzip", Some("gzip"), "gzip"), ("identity", None, "plain")]
    {
        let response = get(accept).await;
        assert_eq!(text(&response, "content-type"), "application/wasm");
        assert_eq!(response.headers().get("content-encoding").map(|value| value.to_str().unwrap()), encoding);
        assert_eq!(text(&response, "cache-control"), "no-cache");
        assert_eq!(text(&response, "vary"), "accept-encoding");
        assert_eq!(response.text().await.unwrap(), body);
    }
    let modified = text(&get("br").await, "last-modified").to_owned();
    let request = house.browser().client.get(house.url("/pkg/tabphone.wasm"));
    let again = request.header(header::IF_MODIFIED_SINCE, modified).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn files_outside_of_the_site_are_not_served() {
    let house = House::open().await;
    for path in ["/../tabphone.db", "/%2e%2e/tabphone.db", "/..%2ftabphone.db", "/pkg/../../key"] {
        assert_eq!(house.browser().get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn an_unknown_address_is_said_to_people_and_programs_each_in_their_way() {
    let house = House::open().await;
    let page =
        house.browser().client.get(house.url("/nowhere")).header(header::ACCEPT, "text/html").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert!(page.text().await.unwrap().contains("There is nothing at this address"));
    let api = house.browser().client.get(house.url("/nowhere")).header(header::ACCEPT, "application/json");
    let api = api.send().await.unwrap();
    assert_eq!((api.status(), api.text().await.unwrap().as_str()), (StatusCode::NOT_FOUND, "There is nothing here."));
}

#[tokio::test]
async fn health_is_told_without_a_session() {
    let house = House::open().await;
    let response = house.browser().get("/healthz").await;
    assert_eq!((response.status(), response.text().await.unwrap().as_str()), (StatusCode::OK, "ok\n"));
}

#[tokio::test]
async fn https_is_remembered_by_browsers() {
    let house = House::open_with(|options| options.origin = Some("https://phone.example".to_owned())).await;
    let response = house.browser().get("/login").await;
    assert!(text(&response, "strict-transport-security").starts_with("max-age="));
}

#[tokio::test]
async fn files_that_begin_with_a_dot_are_not_sent() {
    let house = House::open().await;
    std::fs::write(house.data.path().join("site/pkg/.wasm"), "left over").unwrap();
    let browser = house.browser();
    for path in ["/pkg/.wasm", "/pkg/%2ewasm", "/pkg/%2Ewasm"] {
        assert_eq!(browser.get(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
