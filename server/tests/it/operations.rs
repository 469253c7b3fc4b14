//! What who looks after a server does with it, and sees of it.

use crate::command_line::{Server, said, tabphone};
use crate::house::{ALICE, BOB, House, browser, database, database_url, open_socket, register, sign_in};
use crate::media::opening;
use crate::tls;
use reqwest::{StatusCode, header};
use server::admin::metrics::Token;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The value of a line of `/metrics`.
fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is missing in\n{text}")).parse().unwrap()
}

#[tokio::test]
async fn metrics_tell_what_goes_on() {
    let house = House::open().await;
    let alice = house.signed_in(ALICE).await;
    let _ = house.browser().log_in(BOB.0, "not the password").await;
    let mut tab = alice.tab("tab", None).await;
    let epoch = tab.granted().await;
    let _sip = alice.sip(epoch, ALICE.0).await;
    let response = house.browser().get("/metrics").await;
    assert!(response.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = response.text().await.unwrap();
    for (name, value) in [
        ("tabphone_exchange_up", 1.0),
        ("tabphone_registered_extensions", 1.0),
        ("tabphone_registrations", 1.0),
        ("tabphone_calls", 0.0),
        ("tabphone_sockets{socket=\"tab\"}", 1.0),
        ("tabphone_sockets{socket=\"sip\"}", 1.0),
        ("tabphone_sip_messages_total", 1.0),
        ("tabphone_exchange_queue", 0.0),
        ("tabphone_logins_total{result=\"succeeded\"}", 1.0),
        ("tabphone_logins_total{result=\"wrong\"}", 1.0),
        ("tabphone_http_request_seconds_count{route=\"/login\",method=\"POST\"}", 2.0),
        ("tabphone_http_responses_total{route=\"/login\",status=\"401\"}", 1.0),
    ] {
        assert_eq!(metric(&text, name), value, "{name} in\n{text}");
    }
    assert!(metric(&text, "process_resident_memory_bytes") > 1e6);
    assert!(metric(&text, "process_open_fds") > 3.0);
    assert!(metric(&text, "process_cpu_seconds_total") > 0.0);
    assert!(text.ends_with("# EOF\n") && !text.contains(ALICE.0), "{text}");
}

#[tokio::test]
async fn metrics_are_not_for_the_world() {
    let house = House::open().await;
    let read = async |house: &House, name: &'static str, value: &str| {
        let request = house.browser().client.get(house.url("/metrics")).header(name, value);
        request.send().await.unwrap().status()
    };
    assert_eq!(read(&house, "accept", "*/*").await, StatusCode::OK, "this machine may");
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.1"),
        ("x-real-ip", "203.0.113.1"),
        ("forwarded", "for=203.0.113.1"),
        ("via", "1.1 proxy"),
        ("host", "phone.example"),
    ] {
        assert_eq!(read(&house, name, value).await, StatusCode::NOT_FOUND, "{name}");
    }
    let proxied = House::open_with(|options| options.origin = Some("https://phone.example".to_owned())).await;
    assert_eq!(read(&proxied, "accept", "*/*").await, StatusCode::NOT_FOUND, "a proxy stands before it");

    let token = Token::new("a token that is long\n".replace(' ', "-")).unwrap();
    let guarded = House::open_with(|options| options.metrics_token = Some(token)).await;
    assert_eq!(read(&guarded, "accept", "*/*").await, StatusCode::NOT_FOUND, "without the token");
    assert_eq!(read(&guarded, "authorization", "Bearer a-token-that-is-lonG").await, StatusCode::NOT_FOUND);
    assert_eq!(read(&guarded, "authorization", "Bearer a-token-that-is-long").await, StatusCode::OK);
    assert!(Token::new("short".to_owned()).is_err());
}

#[tokio::test]
async fn health_says_what_is_wrong() {
    let house = House::open().await;
    assert_eq!(house.browser().get("/healthz").await.text().await.unwrap(), "ok\n");
    // As if it were damaged.
    let store = database(house.data.path()).await;
    sqlx::query("DROP TABLE settings").execute(store.pool()).await.unwrap();
    let response = house.browser().get("/healthz").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.text().await.unwrap(), "The storage does not answer.\n");
}

#[tokio::test]
async fn a_backup_of_a_running_server_is_a_working_server_elsewhere() {
    let house = House::open().await;
    std::fs::create_dir_all(house.data.path().join("recordings/1")).unwrap();
    std::fs::write(house.data.path().join("recordings/1/a"), "sound").unwrap();
    let files = tempfile::tempdir().unwrap();
    let backup = files.path().join("backup.tar");
    let path = backup.to_str().unwrap();
    let output = tabphone(house.data.path(), &["backup", path], "");
    assert!(output.status.success(), "{}", said(&output.stderr));
    assert!(said(&output.stdout).contains("It holds the key"), "{}", said(&output.stdout));
    assert_eq!(mode(&backup), 0o600);
    let left: Vec<_> = std::fs::read_dir(files.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["backup.tar"], "nothing else is left");
    let again = tabphone(house.data.path(), &["backup", path], "");
    assert!(said(&again.stderr).contains("is there already"), "{}", said(&again.stderr));
    assert!(tabphone(house.data.path(), &["backup", path, "--replace"], "").status.success());

    let elsewhere = files.path().join("data");
    let restored = tabphone(&elsewhere, &["restore", path], "");
    assert!(restored.status.success(), "{}", said(&restored.stderr));
    assert_eq!(mode(&elsewhere), 0o700);
    let file = database_url(&elsewhere).is_none().then_some("tabphone.db");
    for name in ["key", "recordings/1/a"].into_iter().chain(file) {
        assert_eq!(mode(&elsewhere.join(name)), 0o600, "{name}");
    }
    let mut server = Server::start(&elsewhere, &[]);
    let (_, url) = server.ready();
    sign_in(browser(url), ALICE).await;
    let twice = tabphone(&elsewhere, &["restore", path], "");
    let words = if database_url(&elsewhere).is_some() { "in use already" } else { "holds a database already" };
    assert!(said(&twice.stderr).contains(words), "{}", said(&twice.stderr));
}

#[test]
fn what_is_no_backup_is_not_restored() {
    let files = tempfile::tempdir().unwrap();
    let (file, data) = (files.path().join("file"), files.path().join("data"));
    let restore = || {
        let output = tabphone(&data, &["restore", file.to_str().unwrap()], "");
        assert!(!output.status.success());
        said(&output.stderr)
    };
    std::fs::write(&file, "not a backup at all").unwrap();
    assert!(restore().contains("is no backup of Tabphone"), "{}", restore());
    std::fs::write(files.path().join("passwd"), "root").unwrap();
    let tar = |names: &[&str]| {
        let made = Command::new("tar").arg("-cPf").arg(&file).arg("-C").arg(files.path()).args(names).status();
        assert!(made.unwrap().success());
    };
    tar(&["passwd"]);
    assert!(restore().contains("passwd does not belong into one"), "{}", restore());
    std::fs::write(files.path().join("key"), [7; 32]).unwrap();
    tar(&["key"]);
    assert!(restore().contains("there is no tabphone.db in it"), "{}", restore());
    std::fs::write(files.path().join("tabphone.db"), "no database").unwrap();
    tar(&["key", "tabphone.db"]);
    assert!(restore().contains("cannot be used"), "{}", restore());
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0, "nothing is left");
}

#[tokio::test]
async fn many_accounts_are_made_from_a_table_and_bad_lines_are_told() {
    let house = House::open().await;
    let files = tempfile::tempdir().unwrap();
    let passwords = files.path().join("passwords.csv");
    let import = |table: &str, more: &[&str]| {
        let output = tabphone(house.data.path(), &[&["user", "import", "-"], more].concat(), table);
        (output.status.success(), said(&output.stdout), said(&output.stderr))
    };
    let table = "\u{feff}Extension,Name,Password\n\
                 2001,\"Doe, Dana\",correct horse\n\
                 2002,Erin,\n\
                 20 03,Frank,correct horse\n\
                 2004,Grace,short\n\
                 2001,Dana again,correct horse\n\
                 1001,Somebody else,another password\n\
                 2005\n";
    let (success, printed, report) = import(table, &["--passwords", passwords.to_str().unwrap()]);
    assert!(!success);
    for words in [
        "line 4: an extension is 1 to 32 letters",
        "line 5: the password must have 8 characters at least",
        "line 6: the extension 2001 stands on line 2 already",
        "line 8: a line has an extension, a name",
        "Added 2, left 1 as they were; 4 lines are wrong",
    ] {
        assert!(report.contains(words), "{words} is missing: {report}");
    }
    assert_eq!(printed, format!("The passwords of 1 are in {}.\n", passwords.display()));
    assert_eq!(mode(&passwords), 0o600);
    let made = std::fs::read_to_string(&passwords).unwrap();
    let password = made.trim_end().strip_prefix("2002,Erin,").unwrap();
    for (extension, password) in [("2001", "correct horse"), ("2002", password), ALICE] {
        assert_eq!(house.browser().log_in(extension, password).await.status(), StatusCode::SEE_OTHER, "{extension}");
    }
    let (success, printed, report) = import("2001;Dana;\n2003;Frank;\n", &[]);
    assert!(success && report == "Added 1, left 1 as they were.\n", "{report}");
    assert!(printed.starts_with("2003,Frank,"), "{printed}");
    let (_, _, report) = import("2006,Heidi,\n", &["--passwords", passwords.to_str().unwrap()]);
    assert!(report.contains("File exists"), "passwords are not overwritten: {report}");

    let reset = tabphone(house.data.path(), &["user", "reset", "2003"], "");
    let printed = said(&reset.stdout);
    let password = printed.strip_prefix("2003 has the new password ").unwrap().split(',').next().unwrap();
    assert_eq!(house.browser().log_in("2003", password).await.status(), StatusCode::SEE_OTHER);
}

/// `tabphone check` with these arguments; whether it is content, and its lines.
fn check(data: &Path, arguments: &[&str]) -> (bool, String) {
    let output = tabphone(data, &[&["check"], arguments].concat(), "");
    assert_eq!(said(&output.stderr), "");
    (output.status.success(), said(&output.stdout))
}

fn site(folder: &Path) -> String {
    let site = folder.join("built");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    for file in ["style.css", "pkg/tabphone.js", "pkg/tabphone.wasm"] {
        std::fs::write(site.join(file), "").unwrap();
    }
    site.to_str().unwrap().to_owned()
}

// The server answers while the command is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn check_says_what_is_missing_and_what_to_do() {
    let files = tempfile::tempdir().unwrap();
    let (data, site) = (files.path().join("data"), site(files.path()));
    let (content, said) = check(&data, &["--site", &site, "--listen", "127.0.0.1:0"]);
    assert!(content, "{said}");
    assert!(said.contains("is not there yet, and is made when the server starts"), "{said}");
    assert!(said.contains("warning  database       there is none yet\n"), "{said}");
    assert!(!data.exists(), "nothing was made");

    let house = House::open().await;
    let data = house.data.path();
    let address = house.url("").trim_start_matches("http://").to_owned();
    let good = ["--site", &site, "--listen", &address];
    let (content, said) = check(data, &good);
    assert!(content, "{said}");
    for line in [
        "ok       database       whole\n",
        "ok       key            it is the one of this database\n",
        "ok       domain         tabphone\n",
        "ok       accounts       2\n",
        "and is well\n",
        "ok       site           in ",
    ] {
        assert!(said.contains(line), "{line} is missing:\n{said}");
    }
    let (content, said) = check(data, &["--site", "/nowhere", "--listen", "192.0.2.1:80", "--domain", "example.com"]);
    assert!(!content, "{said}");
    for words in [
        "problem  site           style.css, pkg/tabphone.js",
        "problem  address        192.0.2.1:80",
        "problem  domain ",
    ] {
        assert!(said.contains(words), "{words} is missing:\n{said}");
    }
    std::fs::set_permissions(data, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(data.join("key"), [7; 32]).unwrap();
    let (content, said) = check(data, &good);
    assert!(!content && said.contains("problem  key "), "{said}");
    assert!(said.contains("others on this machine can read"), "{said}");
    let json = tabphone(data, &[&["check", "--json"], &good[..]].concat(), "");
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let key = json.as_array().unwrap().iter().find(|finding| finding["about"] == "key").unwrap();
    assert_eq!(key["verdict"], "problem");
    assert!(key["advice"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn check_looks_at_https_too() {
    let (house, issued, folder) = tls::house().await;
    let (address, site) = (house.reached().address.to_string(), site(folder.path()));
    let (certificate, key) = (issued.certificate.to_str().unwrap(), issued.key.to_str().unwrap());
    let https = ["--site", &site, "--listen", &address, "--tls-certificate", certificate, "--tls-key", key];
    let (content, said) = check(house.data.path(), &https);
    assert!(content, "{said}");
    assert!(said.contains("ok       certificate    for phone.example, localhost, for "), "{said}");
    assert!(said.contains(&format!("a Tabphone answers at {address}, and is well")), "{said}");
    assert!(!said.contains("microphone"), "{said}");

    std::fs::write(&issued.key, "damaged").unwrap();
    let (content, said) = check(house.data.path(), &https);
    assert!(!content && said.contains("problem  certificate "), "{said}");
}

/// With everything that it is asked to say, and in a form that programs read.
#[tokio::test]
async fn no_secret_is_in_the_logs() {
    let data = tempfile::tempdir().unwrap();
    let add = ["user", "add", ALICE.0, "--name", "Alice", "--password-stdin"];
    assert!(tabphone(data.path(), &add, &format!("{}\n", ALICE.1)).status.success());
    let log = data.path().join("log");
    let options = ["--log-format", "json", "--log-level", "trace", "--turn-server", "turn:127.0.0.1:1"];
    let mut server = Server::start_logging(data.path(), &options, &[("TABPHONE_TURN_SECRET", "the north wind")], &log);
    let (_, url) = server.ready();
    let alice = sign_in(browser(url.clone()), ALICE).await;
    let mut tab = alice.tab("tab", None).await;
    let epoch = tab.granted().await;
    let policy = opening(&alice).await.0.policy;
    let mut sip = alice.sip(epoch, ALICE.0).await;
    let page = alice.browser.get("/").await;
    assert_eq!(page.status(), StatusCode::OK);
    let headers = [("sec-websocket-protocol", "sip".to_owned())];
    let mut other = open_socket(&url, "/sip", &headers).await.ok().unwrap();
    let secrets = digest_login(&mut other).await;
    sip.say_raw(&invite()).await;
    assert!(sip.hear_raw().await.starts_with("SIP/2.0 100"));
    let wrong =
        alice.browser.client.post(format!("{url}/login")).form(&[("extension", "1001"), ("password", "wrong-guess-1")]);
    assert_eq!(wrong.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    server.stop();

    let logs = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<serde_json::Value> = logs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 20, "it was asked to say much: {logs}");
    assert!(lines.iter().any(|line| line["message"] == "logged in" && line["extension"] == ALICE.0), "{logs}");
    let credential = policy.ice_servers.last().unwrap().credential.clone().unwrap();
    let fixed = [ALICE.1.to_owned(), "wrong-guess-1".to_owned(), "the north wind".to_owned(), credential];
    let cookie = alice.cookie.split_once('=').unwrap().1.to_owned();
    for secret in fixed.into_iter().chain(secrets).chain([cookie]) {
        assert!(!logs.contains(&secret), "{secret} is in the logs");
    }
}

/// Registers another phone of Alice's over this connection; what nobody else may know of that.
async fn digest_login(sip: &mut crate::house::Tab) -> Vec<String> {
    sip.say_raw(&register(ALICE.0, 1)).await;
    let Ok(sip::message::Message::Response(challenge)) = sip::message::Message::parse(sip.hear_raw().await.as_bytes())
    else {
        panic!("no challenge")
    };
    let challenges = sip::digest::offered(&challenge);
    let chosen = sip::digest::choose(&challenges, sip::digest::Policy::default()).unwrap();
    let ha1 = sip::digest::ha1(&chosen.algorithm(), ALICE.0, "tabphone", ALICE.1);
    let method = sip::message::Method::Register;
    let signed = sip::digest::sign(chosen, &ha1, ALICE.0, &method, "sip:tabphone", &[], "c", 1).to_string();
    let with = format!("Authorization: {signed}\r\nContent-Length");
    sip.say_raw(&register(ALICE.0, 2).replacen("Content-Length", &with, 1)).await;
    assert!(sip.hear_raw().await.starts_with("SIP/2.0 200"));
    let response = signed.split("response=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    vec![ha1, response.to_owned()]
}

/// A call of Alice's to nobody.
fn invite() -> String {
    "INVITE sip:1009@tabphone SIP/2.0\r\n\
     Via: SIP/2.0/WS x.invalid;branch=z9hG4bKcall\r\n\
     Max-Forwards: 70\r\n\
     From: <sip:1001@tabphone>;tag=1\r\n\
     To: <sip:1009@tabphone>\r\n\
     Call-ID: call\r\n\
     CSeq: 1 INVITE\r\n\
     Contact: <sip:u@x.invalid;transport=ws>\r\n\
     Content-Length: 0\r\n\r\n"
        .to_owned()
}
