//! The program itself.

use crate::house::{ALICE, House};
use crate::postgres;
use reqwest::StatusCode;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

pub fn tabphone(data: &Path, arguments: &[&str], stdin: &str) -> Output {
    run(data, arguments, stdin, postgres::url(data))
}

/// With no other database than a file, whatever the tests use.
pub fn tabphone_alone(data: &Path, arguments: &[&str]) -> Output {
    run(data, arguments, "", None)
}

fn run(data: &Path, arguments: &[&str], stdin: &str, database: Option<String>) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tabphone"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .envs(database.map(|url| ("TABPHONE_DATABASE", url)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

pub fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_user_added_while_the_server_runs_can_log_in_at_once() {
    let house = House::open().await;
    let add = ["user", "add", "1004", "--name", "Dana", "--password-stdin"];
    let output = tabphone(house.data.path(), &add, "correct horse\n");
    assert!(output.status.success(), "{}", said(&output.stderr));
    assert_eq!(house.browser().log_in("1004", "correct horse").await.status(), StatusCode::SEE_OTHER);
    let alice = house.signed_in(ALICE).await;
    assert!(alice.browser.get("/").await.text().await.unwrap().contains("Dana"));
    let list = tabphone(house.data.path(), &["user", "list"], "");
    assert_eq!(said(&list.stdout), "1001  Alice Adams\n1002  Bob Brown\n1004  Dana\n");
    assert!(tabphone(house.data.path(), &["user", "disable", "1004"], "").status.success());
    assert_eq!(house.browser().log_in("1004", "correct horse").await.status(), StatusCode::UNAUTHORIZED);
    assert!(tabphone(house.data.path(), &["user", "remove", "1004"], "").status.success());
    assert!(!said(&tabphone(house.data.path(), &["user", "list"], "").stdout).contains("1004"));
}

#[test]
fn what_cannot_be_done_is_said_in_words() {
    let data = tempfile::tempdir().unwrap();
    let failed = |arguments: &[&str], stdin: &str| {
        let output = tabphone(data.path(), arguments, stdin);
        assert!(!output.status.success(), "{arguments:?}");
        said(&output.stderr)
    };
    let add = ["user", "add", "1004", "--name", "Dana", "--password-stdin"];
    assert!(failed(&add, "short\n").contains("the password is too short: it must have at least 8 characters"));
    assert!(failed(&add[..5], "").contains("add --password-stdin"));
    assert!(failed(&add, "football\n").contains("one of the commonest"));
    assert!(failed(&add, "1004-1004\n").contains("only the extension, the name or the domain"));
    let password = ["user", "password", "1009", "--password-stdin"];
    assert_eq!(failed(&password, "long enough\n"), "tabphone: there is no extension 1009\n");
    assert!(tabphone(data.path(), &add, "long enough\n").status.success());
    assert!(failed(&add, "long enough\n").contains("the extension 1004 exists already"));
}

#[tokio::test]
async fn what_becomes_of_calls_is_set_while_the_server_runs() {
    let house = House::open().await;
    let run = |arguments: &[&str]| {
        let output = tabphone(house.data.path(), arguments, "");
        assert!(output.status.success(), "{arguments:?}: {}", said(&output.stderr));
        said(&output.stdout)
    };
    let set = ["user", "set", "1001", "--do-not-disturb", "on", "--divert-unanswered", "1002", "--after", "20"];
    assert_eq!(run(&set), "1001: do not disturb, unanswered to 1002, rings for 20 s.\n");
    let page = house.signed_in(ALICE).await.browser.get("/settings").await.text().await.unwrap();
    assert!(page.contains("value=\"1002\"") && page.contains("value=\"20\""), "{page}");
    assert_eq!(
        run(&["user", "list"]),
        "1001  Alice Adams  (do not disturb, unanswered to 1002, rings for 20 s)\n1002  Bob Brown\n"
    );
    assert_eq!(
        run(&["user", "set", "1001", "--do-not-disturb", "off", "--divert-unanswered", "off", "--ringing", "off"]),
        "1001: calls ring as usual.\n"
    );
    assert_eq!(
        run(&[
            "user",
            "set",
            "1001",
            "--divert-always",
            "1002",
            "--divert-busy",
            "1009",
            "--divert-unreachable",
            "1009"
        ]),
        "1001: all calls to 1002, when busy to 1009, unreachable to 1009.\n\
         Careful: nobody has the number 1009, so calls that go there are lost.\n"
    );
}

#[tokio::test]
async fn groups_are_looked_after_while_the_server_runs() {
    let house = House::open().await;
    let run = |arguments: &[&str]| {
        let output = tabphone(house.data.path(), arguments, "");
        assert!(output.status.success(), "{arguments:?}: {}", said(&output.stderr));
        said(&output.stdout)
    };
    let members = ["--member", "1002", "--member", "1001"];
    let turn = ["--in-turn", "--ringing", "15", "--otherwise", "1001"];
    let add = [&["group", "add", "600", "--name", "Sales"], &members[..], &turn].concat();
    assert_eq!(run(&add), "Added 600.\n");
    assert_eq!(run(&["group", "add", "60", "--name", "Desk", "--member", "1001"]), "Added 60.\n");
    let sales = "600  Sales  (1002, 1001, in turn, each for 15 s, otherwise 1001)\n";
    assert_eq!(run(&["group", "list"]), format!("60   Desk  (1001, at once)\n{sales}"));
    let page = house.signed_in(ALICE).await.browser.get("/settings").await.text().await.unwrap();
    assert!(page.contains("Sales") && page.contains("Desk"), "{page}");
    let set = ["group", "set", "600", "--at-once", "--member", "1001", "--ringing", "30", "--otherwise", "off"];
    assert_eq!(run(&set), "600  Sales  (1001, at once, for 30 s)\n");
    assert_eq!(run(&["group", "remove", "60"]), "Removed 60.\n");
    assert_eq!(run(&["group", "list"]), "600  Sales  (1001, at once, for 30 s)\n");
}

#[test]
fn calls_that_cannot_go_there_are_refused_in_words() {
    let data = tempfile::tempdir().unwrap();
    let add = ["user", "add", "1001", "--name", "Alice", "--password-stdin"];
    assert!(tabphone(data.path(), &add, "long enough\n").status.success());
    let failed = |arguments: &[&str]| {
        let output = tabphone(data.path(), arguments, "");
        assert!(!output.status.success(), "{arguments:?}");
        said(&output.stderr)
    };
    let set = |option: &str, value: &str| failed(&["user", "set", "1001", option, value]);
    assert_eq!(set("--divert-always", "1001"), "tabphone: calls to 1001 cannot go to 1001 itself\n");
    assert!(set("--divert-busy", "bob@example.com").contains("is not a number"));
    assert!(set("--after", "4").contains("calls ring for 5 to 300 seconds"));
    assert!(set("--after", "soon").contains("say a number of seconds, or off"));
    assert!(set("--do-not-disturb", "maybe").contains("say on or off"));
    assert!(failed(&["user", "set", "1001"]).contains("required"), "nothing to set");
    assert_eq!(failed(&["user", "set", "1009", "--do-not-disturb", "on"]), "tabphone: there is no extension 1009\n");
    let group = ["group", "add", "1001", "--name", "Sales", "--member", "1001"];
    assert_eq!(failed(&group), "tabphone: the number 1001 is in use already\n");
    let group = ["group", "add", "600", "--name", "Sales", "--member", "1009"];
    assert_eq!(failed(&group), "tabphone: there is no extension 1009\n");
    assert!(failed(&["group", "add", "600", "--name", "Sales"]).contains("--member"));
    assert_eq!(failed(&["group", "remove", "600"]), "tabphone: there is no group 600\n");
    assert_eq!(failed(&["group", "set", "600", "--at-once"]), "tabphone: there is no group 600\n");
}

#[tokio::test]
async fn a_first_password_is_made_and_shown_once() {
    let house = House::open().await;
    let run = |arguments: &[&str]| {
        let output = tabphone(house.data.path(), arguments, "");
        assert!(output.status.success(), "{arguments:?}: {}", said(&output.stderr));
        said(&output.stdout)
    };
    let word = |printed: &str| printed.split_whitespace().last().unwrap().to_owned();
    let first = run(&["user", "add", "1004", "--name", "Dana", "--initial-password"]);
    assert!(first.starts_with("Added 1004.\nFirst password, shown only now"), "{first}");
    assert_eq!(word(&first).len(), 14);
    assert!(run(&["user", "list"]).contains("1004  Dana  (has not chosen a password yet)\n"));
    let second = run(&["user", "password", "1004", "--initial-password"]);
    assert_ne!(word(&first), word(&second));
    assert_eq!(house.browser().log_in("1004", &word(&first)).await.status(), StatusCode::UNAUTHORIZED);
    let login = house.browser().log_in("1004", &word(&second)).await;
    assert_eq!(login.headers()["location"], "/settings/password");
    let both = ["user", "add", "1005", "--name", "Eve", "--initial-password", "--password-stdin"];
    assert!(!tabphone(house.data.path(), &both, "long enough\n").status.success());
}

/// A program that ends when this one does, even if there is nobody left who could end it.
pub fn bound(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", program]);
    command
}

/// A server process that ends with the test.
pub struct Server(Child, BufReader<std::process::ChildStdout>);

impl Server {
    pub fn start(data: &Path, arguments: &[&str]) -> Self {
        Self::spawn(data, arguments, &[], Stdio::null())
    }

    /// What it logs goes into a file.
    pub fn start_logging(data: &Path, arguments: &[&str], environment: &[(&str, &str)], log: &Path) -> Self {
        Self::spawn(data, arguments, environment, std::fs::File::create(log).unwrap().into())
    }

    fn spawn(data: &Path, arguments: &[&str], environment: &[(&str, &str)], log: Stdio) -> Self {
        let mut child = bound(env!("CARGO_BIN_EXE_tabphone"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(arguments)
            .envs(postgres::url(data).map(|url| ("TABPHONE_DATABASE", url)))
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self(child, stdout)
    }

    /// What is printed up to the line that says where it listens, and that address.
    pub fn ready(&mut self) -> (String, String) {
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.1.read_line(&mut line).unwrap(), 0, "the server ended: {printed}");
            if let Some(url) = line.strip_prefix("Tabphone is ready: ") {
                return (printed, url.trim_end().to_owned());
            }
            printed.push_str(&line);
        }
    }

    pub fn stop(mut self) {
        let kill = Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        assert!(kill.success());
        assert!(self.0.wait().unwrap().success());
        let mut rest = String::new();
        self.1.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
}

impl Server {
    /// The most memory that it had so far, in KiB.
    pub fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Sends it a signal of this name.
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    /// Ends it without a word: `kill -9`.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

#[tokio::test]
async fn demo_passwords_are_shown_once_and_work() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), &["--demo"]);
    let (printed, url) = server.ready();
    let password = |printed: &str, extension: &str| {
        let line = printed.lines().find(|line| line.trim_start().starts_with(extension)).unwrap().to_owned();
        line.split_whitespace().last().unwrap().to_owned()
    };
    assert!(url.starts_with("http://localhost:"), "{url}");
    let first = password(&printed, "1001");
    for (extension, name) in [("1001", "Alice Adams"), ("1002", "Bob Brown"), ("1003", "Carol Clark")] {
        assert!(printed.contains(&format!("{extension}  {name}")), "{printed}");
    }
    let login = async |url: &str, password: &str| {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let form = [("extension", "1001"), ("password", password)];
        client.post(format!("{url}/login")).form(&form).send().await.unwrap().status()
    };
    assert_eq!(login(&url, &first).await, StatusCode::SEE_OTHER);
    server.stop();

    let mut server = Server::start(data.path(), &["--demo"]);
    let (printed, url) = server.ready();
    assert_eq!(printed, "", "on the first start only");
    assert_eq!(login(&url, &first).await, StatusCode::SEE_OTHER);
    server.stop();

    let mut server = Server::start(data.path(), &["--reset-demo"]);
    let (printed, url) = server.ready();
    assert_ne!(password(&printed, "1001"), first);
    assert_eq!(login(&url, &first).await, StatusCode::UNAUTHORIZED);
    assert_eq!(login(&url, &password(&printed, "1001")).await, StatusCode::SEE_OTHER);
    server.stop();
}
