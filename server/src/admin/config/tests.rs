use super::super::{Command, CommandLine};
use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

/// A place for configuration files, and an environment.
struct Desk {
    folder: TempDir,
    environment: BTreeMap<String, String>,
}

impl Desk {
    fn new(environment: &[(&str, &str)]) -> Self {
        let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self { folder: tempfile::tempdir().unwrap(), environment: pairs.collect() }
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("tabphone.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn read(&self, arguments: &[&str]) -> Result<CommandLine, ConfigError> {
        let environment = |name: &str| self.environment.get(name).map(OsString::from);
        CommandLine::read(Sources {
            arguments: ["tabphone"].iter().chain(arguments).map(OsString::from).collect(),
            environment: &environment,
            default_file: &self.folder.path().join("default.toml"),
        })
    }

    fn serve(&self, arguments: &[&str]) -> super::super::serve::Serve {
        let Command::Serve(serve) = self.read(&[&["serve"], arguments].concat()).unwrap().command else {
            panic!("another command")
        };
        *serve
    }

    /// What is said about a file with this text.
    fn refused(&self, text: &str) -> String {
        let path = self.file(text);
        let error = self.read(&["serve", "--config", path.to_str().unwrap()]).expect_err("it was accepted");
        error.to_string().replace(path.to_str().unwrap(), "FILE")
    }
}

#[test]
fn a_flag_counts_more_than_the_environment_and_that_more_than_the_file() {
    let desk = Desk::new(&[("TABPHONE_LISTEN", "127.0.0.1:2"), ("TABPHONE_ORIGIN", "https://two.example")]);
    let path = desk.file("listen = '127.0.0.1:3'\norigin = 'https://three.example'\ndata = '/three'\n");
    let serve = desk.serve(&["--config", path.to_str().unwrap(), "--listen", "127.0.0.1:1"]);
    assert_eq!(serve.listen.listen, "127.0.0.1:1".parse().unwrap());
    assert_eq!(serve.origin.as_deref(), Some("https://two.example"));
    assert_eq!(serve.data.data, Path::new("/three"));
    let alone = Desk::new(&[]).serve(&[]);
    assert_eq!((alone.listen.listen, alone.origin), ("127.0.0.1:8080".parse().unwrap(), None));
}

#[test]
fn the_file_is_named_by_a_flag_or_the_environment_or_lies_where_it_is_looked_for() {
    let desk = Desk::new(&[]);
    fs::write(desk.folder.path().join("default.toml"), "data = '/default'").unwrap();
    assert_eq!(desk.serve(&[]).data.data, Path::new("/default"));
    let named = desk.file("data = '/named'");
    let by_environment = Desk::new(&[("TABPHONE_CONFIG", named.to_str().unwrap())]);
    assert_eq!(by_environment.serve(&[]).data.data, Path::new("/named"));
    let missing = Desk::new(&[("TABPHONE_CONFIG", "/nowhere/tabphone.toml")]);
    let error = missing.read(&["serve"]).err().unwrap().to_string();
    assert!(error.starts_with("the configuration /nowhere/tabphone.toml: "), "{error}");
}

#[test]
fn lists_switches_and_numbers_can_be_said_everywhere() {
    let desk =
        Desk::new(&[("TABPHONE_ALLOW_ORIGIN", "https://a.example  https://b.example"), ("TABPHONE_DEMO", "yes")]);
    let serve = desk.serve(&[]);
    assert_eq!(serve.allow_origin, ["https://a.example", "https://b.example"]);
    assert!(serve.demo);
    let desk = Desk::new(&[("TABPHONE_DEMO", "off")]);
    let path = desk
        .file("allow-origin = ['https://c.example']\ndemo = true\nringing-time = 30\ndomain-alias = 'one.example'\n");
    let serve = desk.serve(&["--config", path.to_str().unwrap()]);
    assert_eq!((serve.allow_origin, serve.ringing_time), (vec!["https://c.example".to_owned()], 30));
    assert!(!serve.demo, "the environment took it back");
    let flag = desk.serve(&["--config", path.to_str().unwrap(), "--allow-origin", "https://d.example"]);
    assert_eq!(flag.allow_origin, ["https://d.example"], "it takes the place of what the file says");
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_line_and_key() {
    let desk = Desk::new(&[]);
    for (text, words) in [
        (
            "\nlisten_address = 'x'",
            "FILE, line 2: there is no option `listen_address`; `tabphone config` prints all of them",
        ),
        ("turn_server = 'x'", "FILE, line 1: there is no option `turn_server`, but a `turn-server`;"),
        ("data = '/x'\n\n# so\nlisten = 8080", "FILE, line 4: `listen`: this is one text in quotation marks"),
        ("ringing-time = '30'", "FILE, line 1: `ringing-time`: this is a whole number, without quotation marks"),
        ("ringing-time = 3", "FILE, line 1: `ringing-time`: 3 is not in 5..=600"),
        ("demo = 'yes'", "FILE, line 1: `demo`: this is true or false, without quotation marks"),
        ("listen = 'here'", "FILE, line 1: `listen`: invalid socket address syntax"),
        ("listen = ['127.0.0.1:1', '127.0.0.1:2']", "FILE, line 1: `listen`: this is one text"),
        ("allow-origin = ['https://a.example', 5]", "FILE, line 1: `allow-origin`: this is a list of texts"),
        (
            "allow-origin = ['https://a.example/x']",
            "FILE, line 1: `allow-origin`: \"https://a.example/x\" is not an origin",
        ),
        ("log-format = 'xml'", "FILE, line 1: `log-format`: say text or json"),
        ("log-level = 'a=b=c'", "FILE, line 1: `log-level`: say error, warn, info or debug"),
        ("data = '/x'\ndata = '/y'", "FILE, line 2: duplicate key"),
        ("data = ", "FILE, line 1: "),
    ] {
        let said = desk.refused(text);
        assert!(said.starts_with(words), "{text}: {said}");
    }
}

#[test]
fn what_is_wrong_in_the_environment_is_said_with_its_name() {
    let said = |name: &str, value: &str| Desk::new(&[(name, value)]).read(&["serve"]).err().unwrap().to_string();
    assert_eq!(said("TABPHONE_RINGING_TIME", "3"), "TABPHONE_RINGING_TIME in the environment: 3 is not in 5..=600");
    assert_eq!(said("TABPHONE_DEMO", "perhaps"), "TABPHONE_DEMO in the environment: say true or false");
    assert!(said("RUST_LOG", "a=b=c").starts_with("RUST_LOG in the environment: say error, warn, info or debug"));
    assert!(Desk::new(&[("TABPHONE_ORIGIN", "")]).serve(&[]).origin.is_none(), "an empty one says nothing");
}

#[test]
fn other_commands_take_the_data_directory_from_the_same_file_and_nothing_else() {
    let desk = Desk::new(&[("TABPHONE_DOMAIN", "example.com"), ("TABPHONE_RINGING_TIME", "60")]);
    let path = desk.file("data = '/there'\nlisten = '127.0.0.1:3'\n");
    let config = ["--config", path.to_str().unwrap()];
    for words in [&["user", "list"][..], &["group", "list"], &["policy", "show"], &["backup", "x"], &["restore", "x"]] {
        let read = desk.read(&[words, &config].concat()).unwrap();
        let said = format!("{:?}", read.command);
        assert!(said.contains("data: \"/there\", domain: Some(\"example.com\")"), "{said}");
    }
    let dashes = desk.read(&[&config[..], &["user", "disable", "--", "--x"]].concat()).unwrap();
    assert!(
        format!("{:?}", dashes.command).contains("extension: \"--x\", data: Data { data: \"/there\""),
        "{dashes:?}"
    );
}

#[test]
fn a_secret_is_never_an_argument_and_its_file_is_for_few() {
    let desk = Desk::new(&[]);
    let argument = desk.read(&["serve", "--turn-secret", "the north wind"]).err().unwrap().to_string();
    assert!(argument.starts_with("--turn-secret cannot be an argument"), "{argument}");
    assert!(argument.contains("TABPHONE_TURN_SECRET") && !argument.contains("wind"), "{argument}");
    let path = desk.file("turn-secret = 'the north wind'\nturn-server = 'turn:a.example:1'\n");
    let config = ["--config", path.to_str().unwrap()];
    let serve = desk.serve(&config);
    assert!(serve.relays().unwrap().is_some());
    assert!(!format!("{serve:?}").contains("wind"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let readable = desk.read(&[&["serve"], &config[..]].concat()).err().unwrap().to_string();
    assert!(readable.contains("holds `turn-secret`, and everybody on this machine can read it: chmod"), "{readable}");
    let environment = Desk::new(&[("TABPHONE_TURN_SECRET", "wind"), ("TABPHONE_TURN_SERVER", "turn:a.example:1")]);
    assert!(environment.serve(&[]).relays().unwrap().is_some());
}

#[test]
fn a_database_with_a_password_is_never_an_argument_and_its_file_is_for_few() {
    let desk = Desk::new(&[]);
    let url = "postgres://alice:wind@db.example.com/phones";
    let argument = desk.read(&["user", "list", "--database", url]).err().unwrap().to_string();
    assert!(argument.starts_with("--database cannot be an argument with a secret in it"), "{argument}");
    assert!(argument.contains("TABPHONE_DATABASE") && !argument.contains("wind"), "{argument}");
    let plain = desk.serve(&["--database", "postgres://alice@db.example.com/phones"]);
    assert_eq!(plain.data.database().unwrap().unwrap().to_string(), "postgres://alice@db.example.com:5432/phones");
    let path = desk.file(&format!("database = '{url}'\n"));
    let config = ["--config", path.to_str().unwrap()];
    let serve = desk.serve(&config);
    assert!(serve.data.database().unwrap().unwrap().has_password());
    assert!(!format!("{serve:?}").contains("wind"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let readable = desk.read(&[&["serve"], &config[..]].concat()).err().unwrap().to_string();
    assert!(readable.contains("holds `database`, and everybody on this machine can read it: chmod"), "{readable}");
    let environment = Desk::new(&[("TABPHONE_DATABASE", url)]);
    assert!(environment.serve(&[]).data.database().unwrap().unwrap().has_password());
    let wrong = Desk::new(&[("TABPHONE_DATABASE", "db.example.com")]).read(&["serve"]).err().unwrap().to_string();
    assert!(wrong.starts_with("TABPHONE_DATABASE in the environment: a database is like postgres://"), "{wrong}");
}

#[test]
fn the_address_of_the_database_can_stand_in_a_file_of_its_own() {
    let desk = Desk::new(&[]);
    let path = desk.file("postgres://alice:wind@db.example.com/phones\n");
    let serve = desk.serve(&["--database-file", path.to_str().unwrap()]);
    assert_eq!(serve.data.database().unwrap().unwrap().to_string(), "postgres://alice@db.example.com:5432/phones");
    let both = desk.read(&["serve", "--database-file", "x", "--database", "postgres://alice@db.example.com/phones"]);
    assert!(both.is_err(), "which of them?");
}

/// The file that is shipped is what the program prints; after a change of an option:
/// `cargo run -q -p server -- config > server/deploy/tabphone.example.toml`.
#[test]
fn the_shipped_example_is_what_the_options_say() {
    assert_eq!(include_str!("../../../deploy/tabphone.example.toml"), example());
}

#[test]
fn the_example_has_every_option_and_is_accepted_as_it_is_and_uncommented() {
    let desk = Desk::new(&[]);
    let text = example();
    let options = Options::new(&CommandLine::command());
    for option in options.all() {
        let line = format!("\n#{} = ", key(option));
        assert_eq!(text.matches(&line).count(), 1, "{}", key(option));
        assert!(text.contains(&variable(key(option))), "{}", key(option));
    }
    desk.serve(&["--config", desk.file(&text).to_str().unwrap()]);
    let is_option = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && line.contains(" = ");
    let uncommented: Vec<_> = text.lines().filter(is_option).map(|line| line.trim_start_matches('#')).collect();
    let file = File::read(Some(desk.file(&uncommented.join("\n"))), Path::new("")).unwrap().unwrap();
    assert_eq!(file.lines(&options).unwrap().len(), options.all().count());
}
