//! The company's PBX as authenticator, played by a script that answers REGISTER over WebSocket, TLS, TCP or UDP.

pub mod kamailio;
mod played;

use crate::command_line::{said, tabphone};
use crate::house::{ALICE, Browser, House, accounts, database, sign_in};
use crate::ports::free_address;
use crate::tls;
use app::encoding;
use app::sign::ToSign;
use kamailio::Kamailio;
use played::{Played, Script};
use reqwest::{StatusCode, header};
use sip::digest::Algorithm;
use sip::message::HeaderName;
use std::sync::Arc;
use std::time::{Duration, Instant};

const REALM: &str = "asterisk";
/// Of 2001 at the PBX.
const SECRET: &str = "only the pbx knows";

/// The status and the page that a login gets.
async fn told(browser: &Browser, password: &str) -> (StatusCode, String) {
    let answer = browser.log_in("2001", password).await;
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn who_has_the_password_of_the_pbx_comes_in_and_nothing_is_made_twice() {
    for script in [
        Script::Md5,
        Script::Sha256,
        Script::Proxy,
        Script::Forbids,
        Script::Stale,
        Script::WantsContact,
        Script::WantsContactThen,
    ] {
        let pbx = Played::over_websocket(script).await;
        let house = pbx.house("ws", ",domain=example.com").await;
        assert_eq!(told(&house.browser(), "not the password").await.0, StatusCode::UNAUTHORIZED, "{script:?}");
        let first = sign_in(house.browser(), ("2001", SECRET)).await;
        let page = first.browser.get("/").await.text().await.unwrap();
        assert!(page.contains("Extension 2001"), "{script:?}: {page}");
        sign_in(house.browser(), ("2001@example.com", SECRET)).await;
        let list: Vec<_> = accounts(house.data.path()).await.list().await.unwrap();
        assert_eq!(list.len(), 3, "{script:?}");
        let made = list.into_iter().find(|account| account.extension == "2001").unwrap();
        assert_eq!(made.pbx.as_deref(), Some("office"));
        let asked = pbx.asked.lock().unwrap()[0].clone();
        assert_eq!(asked.uri.to_string(), "sip:example.com");
        assert_eq!(
            house.browser().log_in("1001@tabphone", ALICE.1).await.status(),
            StatusCode::SEE_OTHER,
            "{script:?}"
        );
    }
}

#[tokio::test]
async fn a_pbx_is_asked_over_any_transport() {
    for (scheme, pbx) in [
        ("tcp", Played::over_tcp(Script::Md5).await),
        ("udp", Played::over_udp(Script::Sha256).await),
        ("tls", Played::over_tls(Script::Md5).await),
        ("wss", Played::over_secure_websocket(Script::Md5).await),
    ] {
        let house = pbx.house(scheme, "").await;
        assert_eq!(told(&house.browser(), SECRET).await.0, StatusCode::SEE_OTHER, "{scheme}");
        assert_eq!(told(&house.browser(), "not the password").await.0, StatusCode::UNAUTHORIZED, "{scheme}");
    }
}

#[tokio::test]
async fn no_password_leaves_for_a_pbx_with_another_certificate() {
    for (scheme, mut pbx) in
        [("tls", Played::over_tls(Script::Md5).await), ("wss", Played::over_secure_websocket(Script::Md5).await)]
    {
        for fingerprint in [None, Some("ab".repeat(32))] {
            pbx.fingerprint = fingerprint;
            let house = pbx.house(scheme, "").await;
            let (status, page) = told(&house.browser(), SECRET).await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{scheme}: {page}");
            assert!(pbx.asked.lock().unwrap().is_empty(), "{scheme}");
        }
    }
}

#[tokio::test]
async fn an_extension_of_a_pbx_without_websocket_is_a_phone_of_this_exchange() {
    let pbx = Played::over_tcp(Script::Md5).await;
    let house = pbx.house("tcp", ",extensions=2*").await;
    let guest = sign_in(house.browser(), ("2001", SECRET)).await;
    let mut tab = guest.tab("tab", None).await;
    let epoch = tab.granted().await;
    guest.sip(epoch, "2001").await;
    let alice = house.signed_in(ALICE).await;
    assert!(alice.browser.get("/").await.text().await.unwrap().contains("2001"), "others see them");
    let page = guest.browser.get("/settings/password").await.text().await.unwrap();
    assert!(page.contains("is known to the telephone system office only"), "{page}");
    assert!(!page.contains("name=\"new\""), "{page}");
    let fields = [("current", SECRET), ("new", "looking glass"), ("again", "looking glass")];
    assert_eq!(guest.browser.submit("/settings/password", &fields).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_is_wrong_with_the_pbx_is_said_in_words() {
    for (script, status, said) in [
        (Script::Open, StatusCode::BAD_GATEWAY, "The telephone system asks for no password"),
        (
            Script::NotAllowed,
            StatusCode::BAD_GATEWAY,
            "The telephone system does not say whether the password is right",
        ),
        (Script::Unknown, StatusCode::BAD_GATEWAY, "The telephone system does not say whether the password is right"),
        (
            Script::AlwaysStale,
            StatusCode::BAD_GATEWAY,
            "The telephone system does not say whether the password is right",
        ),
        (Script::Unavailable, StatusCode::SERVICE_UNAVAILABLE, "The telephone system cannot be reached"),
    ] {
        let pbx = Played::over_websocket(script).await;
        let house = pbx.house("ws", "").await;
        let (answered, page) = told(&house.browser(), SECRET).await;
        assert_eq!(answered, status, "{script:?}: {page}");
        assert!(page.contains(said), "{script:?}: {page}");
        assert_eq!(accounts(house.data.path()).await.list().await.unwrap().len(), 2, "{script:?}");
    }
}

#[tokio::test]
async fn a_pbx_that_says_nothing_or_nonsense_is_given_up_after_five_seconds() {
    let gone = free_address();
    let gone = Played { address: gone, fingerprint: None, asked: Arc::default() };
    let silent = Played::over_websocket(Script::Silent).await;
    let garbage = Played::over_udp(Script::Garbage).await;
    let cases = [("tcp", gone), ("ws", silent), ("udp", garbage)].map(async |(scheme, pbx)| {
        let house = pbx.house(scheme, "").await;
        let start = Instant::now();
        let (status, page) = told(&house.browser(), SECRET).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{scheme}");
        assert!(page.contains("The telephone system cannot be reached"), "{scheme}: {page}");
        assert!(start.elapsed() < Duration::from_secs(7), "{scheme} took {:?}", start.elapsed());
    });
    futures::future::join_all(cases).await;
}

#[tokio::test]
async fn three_wrong_passwords_reach_the_pbx_and_a_right_one_forgives_none() {
    let pbx = Played::over_websocket(Script::Md5).await;
    let house = pbx.house("ws", "").await;
    let browser = house.browser();
    for wrong in 0..2 {
        assert_eq!(told(&browser, "not the password").await.0, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    assert_eq!(told(&house.browser(), SECRET).await.0, StatusCode::SEE_OTHER);
    assert_eq!(told(&browser, "not the password").await.0, StatusCode::UNAUTHORIZED);
    for password in ["not the password", SECRET] {
        let (status, page) = told(&browser, password).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        assert!(page.contains("Too many wrong tries. Wait 10 minutes"), "{page}");
    }
    assert_eq!(pbx.guesses(), 4);
    assert_eq!(
        browser.log_in("2002", SECRET).await.status(),
        StatusCode::UNAUTHORIZED,
        "another extension is asked for"
    );
    assert_eq!(pbx.guesses(), 5);
}

#[tokio::test]
async fn nobody_learns_who_there_is_at_the_pbx() {
    let pbx = Played::over_websocket(Script::Md5).await;
    let house = pbx.house("ws", "").await;
    let unknown = house.browser().log_in("2009", SECRET).await;
    let wrong = house.browser().log_in("2001", "not the password").await;
    assert_eq!(unknown.status(), wrong.status());
    let (unknown, wrong) = (unknown.text().await.unwrap(), wrong.text().await.unwrap());
    assert_eq!(unknown.replace("2009", "2001"), wrong);
}

#[tokio::test]
async fn who_is_disabled_here_or_is_somebody_else_here_does_not_come_in() {
    let pbx = Played::over_websocket(Script::Md5).await;
    let house = pbx.house("ws", "").await;
    sign_in(house.browser(), ("2001", SECRET)).await;
    let accounts = accounts(house.data.path()).await;
    accounts.set_enabled("2001", false).await.unwrap();
    assert_eq!(told(&house.browser(), SECRET).await.0, StatusCode::UNAUTHORIZED);
    accounts.remove("2001").await.unwrap();
    accounts.add("2001", "Somebody Else", zeroize::Zeroizing::new("another secret".to_owned())).await.unwrap();
    let (status, page) = told(&house.browser(), SECRET).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("in use by another account here"), "{page}");
}

#[tokio::test]
async fn what_signs_for_the_pbx_is_kept_encrypted_while_the_session_lasts() {
    let pbx = Played::over_websocket(Script::Md5).await;
    let house = pbx.house("ws", "").await;
    let guest = sign_in(house.browser(), ("2001", SECRET)).await;
    let mut tab = guest.tab("tab", None).await;
    let epoch = tab.granted().await;
    let ha1 = sip::digest::ha1(&Algorithm::Md5, "2001", REALM, SECRET);
    let sign = async |realm: &str| {
        let challenge = format!(r#"Digest realm="{realm}", nonce="n", algorithm=MD5, qop="auth""#);
        let (method, uri) = ("REGISTER".to_owned(), "sip:pbx".to_owned());
        let wanted = ToSign { epoch, challenges: vec![challenge], nc: 1, method, uri, body: Vec::new() };
        let post = guest.browser.client.post(house.url("/sign")).header(header::ORIGIN, &guest.browser.origin);
        let answer = post.body(encoding::encode(&wanted)).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let (status, signed) = sign(REALM).await;
    assert_eq!(status, StatusCode::OK);
    assert!(signed.contains(r#"username="2001""#) && !signed.contains(&ha1), "{signed}");
    assert_eq!(sign("tabphone").await.0, StatusCode::FORBIDDEN, "of the server's own realm there is no secret");

    let database = database(house.data.path()).await;
    let stored: Vec<Option<Vec<u8>>> =
        sqlx::query_scalar("SELECT secret FROM sessions").fetch_all(database.pool()).await.unwrap();
    let stored = stored[0].clone().unwrap();
    for secret in [ha1.as_bytes(), SECRET.as_bytes(), REALM.as_bytes()] {
        assert!(!stored.windows(secret.len()).any(|window| window == secret));
    }
    guest.browser.post("/logout").await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(database.pool()).await.unwrap();
    assert_eq!(left, 0);
}

/// What `check` says of this PBX, and whether it is content with all.
async fn checked(pbx: String) -> (bool, String) {
    let data = tempfile::tempdir().unwrap();
    let check = move || {
        let site = data.path().join("site");
        std::fs::create_dir_all(site.join("pkg")).unwrap();
        for file in ["style.css", "pkg/tabphone.js", "pkg/tabphone.wasm"] {
            std::fs::write(site.join(file), "").unwrap();
        }
        let words = ["check", "--listen", "127.0.0.1:0", "--site", site.to_str().unwrap(), "--pbx", &pbx];
        let output = tabphone(&data.path().join("data"), &words, "");
        (output.status.success(), said(&output.stdout))
    };
    tokio::task::spawn_blocking(check).await.unwrap()
}

#[tokio::test]
async fn check_says_of_each_pbx_whether_it_would_log_people_in() {
    for (script, verdict, words) in [
        (Script::Md5, "ok", "asks for passwords of asterisk with MD5"),
        (Script::Sha256, "ok", "asks for passwords of asterisk with SHA-256"),
        (Script::Proxy, "ok", "asks for passwords of asterisk with MD5"),
        (Script::Open, "problem", "it asks for no password: nobody would be logged in"),
        (Script::NotAllowed, "problem", "it refuses every REGISTER that changes nothing: 405 Method Not Allowed"),
        (Script::WantsContact, "ok", "asks for passwords of asterisk with MD5"),
        (Script::Unavailable, "problem", "it says that it cannot now: 503 Service Unavailable"),
        (Script::Unknown, "problem", "it asks with AKAv1-MD5 alone, and what is understood is MD5 and SHA-256"),
        (Script::Silent, "problem", "it does not answer a REGISTER within 5 seconds"),
    ] {
        let pbx = Played::over_websocket(script).await;
        let address = format!("ws://{}", pbx.address);
        let (content, found) = checked(format!("office={address},extensions=2???")).await;
        let line = found.lines().find(|line| line.contains(" PBX ")).unwrap_or_else(|| panic!("{found}"));
        assert!(line.starts_with(verdict) && line.contains(&format!("office at {address}")), "{script:?}: {found}");
        assert!(line.contains(words), "{script:?}: {found}");
        assert_eq!(content, verdict == "ok", "{script:?}: {found}");
        let to = |request: &sip::message::Request| request.headers.raw(&HeaderName::To).next().unwrap().to_owned();
        let asked: Vec<String> = pbx.asked.lock().unwrap().iter().map(to).collect();
        let times = if matches!(script, Script::NotAllowed | Script::WantsContact) { 2 } else { 1 };
        assert_eq!(asked, vec!["<sip:2000@127.0.0.1>"; times], "{script:?}: it is asked once, and no password leaves");
        assert_eq!(pbx.guesses(), 0);
    }
}

#[tokio::test]
async fn check_says_who_is_not_there_or_not_trusted() {
    let gone = free_address();
    let (content, found) = checked(format!("office=tcp://{gone}")).await;
    assert!(!content && found.contains(&format!("office at tcp://{gone}/: ")), "{found}");
    assert!(found.contains("Connection refused") && found.contains("look whether it runs there"), "{found}");

    // The exchange of another Tabphone is a PBX as well.
    let (house, issued, _folder) = tls::house().await;
    let pbx = format!("office=wss://localhost:{}/sip,domain=tabphone", house.reached().address.port());
    let (content, found) = checked(pbx.clone()).await;
    assert!(!content && found.contains("its certificate is not trusted"), "{found}");
    assert!(found.contains("say with ca=FILE"), "{found}");
    let (content, found) = checked(format!("{pbx},ca={}", issued.certificate.display())).await;
    assert!(content && found.contains("asks for passwords of tabphone with SHA-256, MD5"), "{found}");
    let (content, found) = checked(format!("{pbx},ca={}", issued.key.display())).await;
    assert!(!content, "{found}");
}

#[tokio::test]
async fn kamailio_tells_who_has_its_password() {
    let Some(kamailio) = Kamailio::start().await else {
        eprintln!("Kamailio is not installed: this shows nothing");
        return;
    };
    for scheme in ["ws", "tcp", "udp"] {
        let pbx = format!("office={scheme}://127.0.0.1:{},domain=example.com", kamailio.port).parse().unwrap();
        let house = House::open_with(|options| options.pbxs = vec![pbx]).await;
        assert_eq!(told(&house.browser(), SECRET).await.0, StatusCode::SEE_OTHER, "{scheme}");
        assert_eq!(told(&house.browser(), "not the password").await.0, StatusCode::UNAUTHORIZED, "{scheme}");
        assert_eq!(house.browser().log_in("2009", SECRET).await.status(), StatusCode::UNAUTHORIZED, "{scheme}");
    }
}
