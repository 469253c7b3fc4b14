//! OWASP ASVS 5.0, as far as headers, cookies, origins and sockets go: a test for each requirement, by its number.
//!
//! | Requirement | Test |
//! | --- | --- |
//! | 3.2.2 text is shown as text | `.ci/fences`: no `inner_html` |
//! | 3.3.1 to 3.3.4 the cookie | [`v3_3_the_session_cookie_stays_with_this_host_and_away_from_scripts`] |
//! | 3.4.1 HSTS | [`v3_4_1_browsers_remember_https_for_a_year`] |
//! | 3.4.3 to 3.4.6, 3.4.8 headers | [`v3_4_every_response_of_every_route_carries_the_headers`] |
//! | 3.4.7 reports of the policy | [`v3_4_7_what_the_policy_stops_is_reported_here`] |
//! | 3.5.1, 3.5.2 forged requests | [`v3_5_1_what_another_site_sends_is_refused_by_every_route`] |
//! | 3.5.3 methods | [`v3_5_3_reading_changes_nothing`] |
//! | 3.5.8 who may load what | [`v3_5_8_other_sites_can_load_nothing`] |
//! | 3.6.1 nothing from elsewhere | [`v3_6_1_pages_load_nothing_from_elsewhere`] |
//! | 4.1.2 only browsers are led to HTTPS, 4.4.1 sockets over TLS | [`v4_4_1_sockets_are_opened_over_tls_only`], `https.rs` |
//! | 4.4.2 the origin of sockets | [`v4_4_2_sockets_of_another_origin_are_refused`] |
//! | 4.4.3, 4.4.4 the session of sockets | [`v4_4_3_sockets_need_the_session`], `session.rs` |

use crate::house::{ALICE, BOB, Browser, House, Visitor, open_socket};
use crate::tls;
use reqwest::{Method, Response, StatusCode, header};
use std::collections::BTreeSet;
use std::path::Path;

/// Whoever is asked for, and whoever asks.
const OWN: &str = "same-origin";
const FOREIGN: &str = "cross-site";

/// The policy of this server, but for the nonce.
const POLICY: [&str; 13] = [
    "default-src 'none'",
    "script-src 'nonce-' 'strict-dynamic' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "report-to csp",
];
/// What a page of this server may use.
const USED: [&str; 6] = ["autoplay", "camera", "display-capture", "fullscreen", "microphone", "picture-in-picture"];

fn text<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.unwrap_or_else(|| panic!("{name} is missing for {}", response.url())).to_str().unwrap()
}

/// The routes of all rooms, as they stand in the sources: none can be forgotten here. Then the pages, and what is none.
fn routes() -> BTreeSet<String> {
    let mut routes = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut routes);
    assert!(routes.contains("/login") && routes.contains("/recordings/1/1"), "{routes:?}");
    let others =
        ["/", "/reports", "/style.css", "/pkg", "/pkg/tabphone.js", "/pkg/.hidden", "/nowhere", "/..%2ftabphone.db"];
    routes.extend(others.map(str::to_owned));
    routes
}

fn collect(folder: &Path, routes: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, routes);
        } else if !path.ends_with("tests.rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            let found = source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next());
            // Whatever stands for a name or a number.
            let concrete = found.filter(|route| route.starts_with('/')).map(|route| {
                let segments = route.split('/').map(|segment| if segment.starts_with('{') { "1" } else { segment });
                segments.collect::<Vec<_>>().join("/")
            });
            routes.extend(concrete);
        }
    }
}

async fn ask(browser: &Browser, method: Method, path: &str, site: &str) -> Response {
    let request = browser.client.request(method, format!("{}{path}", browser.origin));
    request.header("sec-fetch-site", site).body("").send().await.unwrap()
}

async fn alice() -> (House, Visitor) {
    let house = House::open().await;
    std::fs::write(house.data.path().join("site/style.css"), "body {}").unwrap();
    std::fs::write(house.data.path().join("site/pkg/tabphone.js"), "0").unwrap();
    let alice = house.signed_in(ALICE).await;
    (house, alice)
}

fn carries_the_headers(response: &Response) {
    let url = response.url();
    let policy = text(response, "content-security-policy").to_owned();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    assert!(nonce.len() >= 16, "{url}: {policy}");
    let plain = policy.replace(nonce, "");
    let directives: BTreeSet<&str> = plain.split(';').map(str::trim).collect();
    assert_eq!(directives, BTreeSet::from(POLICY), "{url}");
    assert_eq!(text(response, "reporting-endpoints"), "csp=\"/reports\"", "{url}");
    assert_eq!(text(response, "x-content-type-options"), "nosniff", "{url}");
    assert_eq!(text(response, "referrer-policy"), "same-origin", "{url}");
    assert_eq!(text(response, "cross-origin-opener-policy"), "same-origin", "{url}");
    assert_eq!(text(response, "cross-origin-resource-policy"), "same-origin", "{url}");
    assert_eq!(text(response, "x-frame-options"), "DENY", "{url}");
    for feature in text(response, "permissions-policy").split(',') {
        let (name, who) = feature.trim().split_once('=').unwrap();
        assert_eq!(who, if USED.contains(&name) { "(self)" } else { "()" }, "{url}: {name}");
    }
    let cache = text(response, "cache-control");
    assert!(cache == "no-store" || (cache == "no-cache" && !url.path().ends_with('/')), "{url}: {cache}");
    assert!(!response.headers().contains_key("strict-transport-security"), "{url}: this is plain HTTP");
    assert!(!response.headers().contains_key("access-control-allow-origin"), "{url}");
}

#[tokio::test]
async fn v3_3_the_session_cookie_stays_with_this_host_and_away_from_scripts() {
    let (house, issued, _folder) = tls::house().await;
    let browser = tls::browser(house.reached().address, issued.root());
    let login = browser.log_in(ALICE.0, ALICE.1).await;
    let cookies: Vec<_> = login.headers().get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies.len(), 1);
    let mut parts = cookies[0].to_str().unwrap().split("; ");
    let (name, value) = parts.next().unwrap().split_once('=').unwrap();
    assert_eq!(name, "__Host-tabphone");
    assert!(value.len() >= 22, "128 bits of randomness");
    let attributes: BTreeSet<&str> = parts.filter(|part| !part.starts_with("Expires=")).collect();
    let attributes: BTreeSet<&str> = attributes.into_iter().filter(|part| !part.starts_with("Max-Age=")).collect();
    assert_eq!(attributes, BTreeSet::from(["HttpOnly", "SameSite=Strict", "Secure", "Path=/"]));
}

#[tokio::test]
async fn v3_4_1_browsers_remember_https_for_a_year() {
    let (house, issued, _folder) = tls::house().await;
    let browser = tls::browser(house.reached().address, issued.root());
    browser.log_in(ALICE.0, ALICE.1).await;
    for path in routes() {
        let response = browser.get(&path).await;
        let remembered = response.headers().get(header::STRICT_TRANSPORT_SECURITY);
        let remembered = remembered.unwrap_or_else(|| panic!("it is missing for {path}"));
        assert_eq!(remembered, "max-age=31536000; includeSubDomains", "{path}");
    }
}

#[tokio::test]
async fn v3_4_every_response_of_every_route_carries_the_headers() {
    let (house, alice) = alice().await;
    let stranger = house.browser();
    let mut seen = BTreeSet::new();
    for path in routes() {
        for browser in [&stranger, &alice.browser] {
            for (method, site) in [
                (Method::GET, OWN),
                (Method::HEAD, OWN),
                // Who logs out comes back below.
                (if path == "/logout" { Method::PATCH } else { Method::POST }, OWN),
                (Method::DELETE, OWN),
                (Method::OPTIONS, FOREIGN),
                (Method::POST, FOREIGN),
            ] {
                let response = ask(browser, method.clone(), &path, site).await;
                carries_the_headers(&response);
                seen.insert(response.status().as_u16());
            }
        }
    }
    carries_the_headers(&ask(&alice.browser, Method::POST, "/logout", OWN).await);
    let expected = [200, 204, 303, 400, 401, 403, 404, 405];
    assert!(expected.iter().all(|status| seen.contains(status)), "errors and redirects are among them: {seen:?}");
}

#[tokio::test]
async fn v3_4_7_what_the_policy_stops_is_reported_here() {
    let (house, _alice) = alice().await;
    let report = async |body: String| {
        let request = house.browser().client.post(house.url("/reports")).header("sec-fetch-site", OWN);
        request.header(header::CONTENT_TYPE, "application/reports+json").body(body).send().await.unwrap().status()
    };
    let violation =
        r#"[{"type":"csp-violation","body":{"effectiveDirective":"img-src","blockedURL":"https://a.example"}}]"#;
    assert_eq!(report(violation.to_owned()).await, StatusCode::NO_CONTENT);
    assert_eq!(report("nonsense".to_owned()).await, StatusCode::BAD_REQUEST);
    assert_eq!(report(format!("[{}]", " ".repeat(20_000))).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn v3_5_1_what_another_site_sends_is_refused_by_every_route() {
    let (_house, alice) = alice().await;
    for path in routes() {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            for site in [FOREIGN, "same-site"] {
                let refused = ask(&alice.browser, method.clone(), &path, site).await;
                assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{method} {path} {site}");
            }
            // Browsers that do not say Sec-Fetch-Site say the origin.
            let request = alice.browser.client.request(method.clone(), format!("{}{path}", alice.browser.origin));
            let refused = request.header(header::ORIGIN, "https://evil.example").send().await.unwrap();
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{method} {path}");
        }
    }
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::OK, "she is still logged in");
}

#[tokio::test]
async fn v3_5_3_reading_changes_nothing() {
    let (house, alice) = alice().await;
    for path in routes() {
        for site in [OWN, FOREIGN] {
            let response = ask(&alice.browser, Method::GET, &path, site).await;
            assert!(!response.headers().contains_key(header::SET_COOKIE), "{path}");
        }
    }
    assert_eq!(alice.browser.get("/").await.status(), StatusCode::OK, "she is still logged in");
    let bob = house.signed_in(BOB).await;
    assert!(bob.browser.get("/").await.text().await.unwrap().contains("Alice Adams"));
}

#[tokio::test]
async fn v3_5_8_other_sites_can_load_nothing() {
    let (_house, alice) = alice().await;
    for path in ["/style.css", "/pkg/tabphone.js", "/history/calls.csv", "/recordings/1", "/"] {
        let response = ask(&alice.browser, Method::GET, path, FOREIGN).await;
        assert_eq!(text(&response, "cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(!response.headers().contains_key("access-control-allow-origin"), "{path}");
    }
}

#[tokio::test]
async fn v3_6_1_pages_load_nothing_from_elsewhere() {
    let (house, alice) = alice().await;
    for (browser, path) in [
        (&alice.browser, "/"),
        (&alice.browser, "/settings"),
        (&alice.browser, "/history"),
        (&alice.browser, "/contacts"),
        (&alice.browser, "/contacts/new"),
        (&alice.browser, "/recordings"),
        (&house.browser(), "/login"),
    ] {
        let page = browser.get(path).await.text().await.unwrap();
        for attribute in ["src=\"", "href=\"", "action=\"", "url("] {
            for address in page.split(attribute).skip(1) {
                let address = address.split(['"', ')']).next().unwrap();
                let elsewhere = address.starts_with("//") || address.split('/').next().unwrap().contains(':');
                assert!(!elsewhere || address.starts_with("data:"), "{path}: {address}");
            }
        }
    }
}

#[tokio::test]
async fn v4_4_1_sockets_are_opened_over_tls_only() {
    let folder = tempfile::tempdir().unwrap();
    let tls = tls::Issued::in_folder(folder.path()).tls();
    let house = House::open_with(|options| {
        options.listen.tls = tls;
        options.listen.redirect = Some(([127, 0, 0, 1], 0).into());
    })
    .await;
    let plain = format!("http://{}", house.reached().redirect.unwrap());
    for (path, protocol) in [("/line", app::lease::SUBPROTOCOL), ("/sip", "sip")] {
        let (status, words) =
            open_socket(&plain, path, &[("sec-websocket-protocol", protocol.to_owned())]).await.err().unwrap();
        assert_eq!(status, 403, "{path}");
        assert!(words.contains("wss://"), "{words}");
    }
}

#[tokio::test]
async fn v4_4_2_sockets_of_another_origin_are_refused() {
    let (_house, alice) = alice().await;
    for path in ["/line", "/sip?epoch=1"] {
        for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
            let mut headers = alice.line_headers();
            headers.retain(|(name, _)| *name != "origin");
            headers.push(("origin", origin.to_owned()));
            let (status, _) = open_socket(&alice.browser.origin, path, &headers).await.err().unwrap();
            assert_eq!(status, 403, "{path} from {origin}");
        }
    }
}

#[tokio::test]
async fn v4_4_3_sockets_need_the_session() {
    let (_house, alice) = alice().await;
    for (path, protocol) in [("/line", app::lease::SUBPROTOCOL), ("/sip?epoch=1", "sip")] {
        let mut headers = alice.line_headers();
        headers.retain(|(name, _)| *name == "origin");
        let (status, _) = open_socket(&alice.browser.origin, path, &headers).await.err().unwrap();
        assert_eq!(status, 400, "{path} without its subprotocol");
        headers.push(("sec-websocket-protocol", protocol.to_owned()));
        let (status, _) = open_socket(&alice.browser.origin, path, &headers).await.err().unwrap();
        assert_eq!(status, 401, "{path} without a session");
    }
}
