use super::accounts::{AccountError, Accounts};
use super::calling::{Calling, CallingError, Group, Routes, RulesChange};
use super::history::{History, Query};
use super::ledger::Ledger;
use super::password::{Cost, Passwords};
use super::policies::{Policies, PolicyError};
use super::recordings::{KINDS, RecordingError, Recordings, Subject};
use super::*;
use crate::ports::{self, Envelope, Record, Saved};
use app::history::Report;
use app::phone::{Cause, Direction, Party};
use app::quality::Tally;
use sip::proxy::{self, Order};
use sqlx::Row as _;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::str::FromStr as _;
use zeroize::Zeroizing;

/// As the module is named: with SQLite, or with PostgreSQL.
async fn open(directory: &Path, domain: Option<&str>) -> Result<Store, StoreError> {
    fixture::open(directory, domain, module_path!()).await
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn only_the_owner_can_read_the_data_directory() {
    let directory = tempfile::tempdir().unwrap().path().join("data");
    let store = open(&directory, None).await.unwrap();
    assert_eq!(mode(&directory), 0o700);
    for file in std::fs::read_dir(&directory).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    store.close().await;
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn the_domain_is_chosen_once() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(open(directory.path(), Some("Example.COM")).await.unwrap().domain(), "example.com");
    assert_eq!(open(directory.path(), None).await.unwrap().domain(), "example.com");
    let other = open(directory.path(), Some("example.net")).await;
    assert!(matches!(other, Err(StoreError::OtherDomain { .. })));
}

#[tokio::test]
async fn a_newer_database_is_left_alone_and_said_to_be_one() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), None).await.unwrap();
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'later', TRUE, $1, 0)";
    sqlx::query(later).bind(&[0_u8][..]).execute(store.pool()).await.unwrap();
    store.close().await;
    let Err(error) = open(directory.path(), None).await else { panic!("it was opened") };
    assert!(matches!(&error, StoreError::Newer { found: 9999, .. }), "{error:?}");
    assert!(error.to_string().starts_with("a newer version of Tabphone used this data directory"), "{error}");
}

/// Every version that there was is brought up to date, with what is in it.
#[tokio::test]
async fn an_older_database_is_brought_up_to_date() {
    sqlx::any::install_default_drivers();
    let kind = if module_path!().contains("postgres") { Kind::Postgres } else { Kind::Sqlite };
    for version in kind.migrations().iter().map(|migration| migration.version) {
        let directory = tempfile::tempdir().unwrap();
        let options = match kind {
            Kind::Sqlite => {
                let file = format!("sqlite:{}?mode=rwc", directory.path().join(DATABASE).display());
                sqlx::any::AnyConnectOptions::from_str(&file).unwrap()
            }
            Kind::Postgres => {
                fixture::postgres::choose(directory.path());
                fixture::url(directory.path()).unwrap().any().clone()
            }
        };
        let mut connection = AnyConnection::connect_with(&options).await.unwrap();
        let older = kind.migrations().iter().filter(|migration| migration.version <= version).cloned().collect();
        let migrator = sqlx::migrate::Migrator { migrations: older, ..sqlx::migrate::Migrator::DEFAULT };
        migrator.run(&mut connection).await.unwrap();
        let account = "INSERT INTO accounts (extension, name, password_hash, ha1_nonce, ha1, created)
                       VALUES ('1001', 'Alice', '', $1, $1, 0)";
        sqlx::query(account).bind(&[][..] as &[u8]).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        let store = open(directory.path(), None).await.unwrap();
        let name: String = sqlx::query_scalar("SELECT name FROM accounts").fetch_one(store.pool()).await.unwrap();
        assert_eq!(name, "Alice", "from version {version}");
    }
}

#[tokio::test]
async fn a_lost_key_is_not_replaced_in_silence() {
    let directory = tempfile::tempdir().unwrap();
    open(directory.path(), None).await.unwrap().close().await;
    std::fs::remove_file(directory.path().join(KEY)).unwrap();
    let Err(error) = open(directory.path(), None).await else { panic!("it was opened") };
    assert!(error.to_string().contains("is missing: copy it there from a backup, or from another server"), "{error}");
    std::fs::write(directory.path().join(KEY), [7; 32]).unwrap();
    assert!(matches!(open(directory.path(), None).await, Err(StoreError::Key(KeyError::Other(_)))));
}

/// Two servers begin at once with an empty database, each with a data directory of its own.
#[tokio::test]
async fn of_two_servers_that_begin_at_once_the_second_wants_the_key_of_the_first() {
    let directories = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [first, second] = directories.each_ref().map(tempfile::TempDir::path);
    fixture::postgres::choose(first);
    let url = fixture::url(first).unwrap();
    let both = tokio::join!(
        Store::open_at(first, Some(&url), Some("example.com")),
        Store::open_at(second, Some(&url), Some("example.com"))
    );
    let (winner, loser, refused) = match both {
        (Ok(_), Err(refused)) => (first, second, refused),
        (Err(refused), Ok(_)) => (second, first, refused),
        (one, other) => panic!("{:?} {:?}", one.err(), other.err()),
    };
    assert!(refused.to_string().contains("copy"), "{refused}");
    assert!(!loser.join(KEY).exists(), "nothing is in the way of the right one");
    std::fs::copy(winner.join(KEY), loser.join(KEY)).unwrap();
    Store::open_at(loser, Some(&url), None).await.unwrap();
    let other = Store::open_at(loser, Some(&url), Some("example.net")).await;
    assert!(matches!(other, Err(StoreError::OtherDomain { .. })), "the domain is the database's");
}

/// The tables with their columns: whether they are numbers, texts or bytes, and whether something must be in them.
async fn columns(store: &Store) -> BTreeMap<String, (String, bool)> {
    let query = match store.kind() {
        Kind::Sqlite => {
            "SELECT m.name || '.' || c.name, c.type, CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 1 ELSE 0 END
             FROM sqlite_schema m JOIN pragma_table_info(m.name) c
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '_sqlx%'"
        }
        Kind::Postgres => {
            "SELECT table_name || '.' || column_name, data_type::TEXT, CASE WHEN is_nullable = 'NO' THEN 1 ELSE 0 END
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%'"
        }
    };
    let rows = sqlx::query(query).fetch_all(store.pool()).await.unwrap();
    let column = |row: &sqlx::any::AnyRow| {
        let kind: String = row.get(1);
        let kind = match kind.as_str() {
            "INTEGER" | "bigint" => "number",
            "TEXT" | "text" => "text",
            "BLOB" | "bytea" => "bytes",
            other => panic!("{other} is known by one of them only"),
        };
        (row.get(0), (kind.to_owned(), row.get::<i64, _>(2) == 1))
    };
    rows.iter().map(column).collect()
}

#[tokio::test]
async fn both_sets_of_migrations_make_the_same_tables_and_go_in_step() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sqlite = Store::open(here.path(), None).await.unwrap();
    fixture::postgres::choose(there.path());
    let postgres = Store::open_at(there.path(), fixture::url(there.path()).as_ref(), None).await.unwrap();
    assert_eq!(columns(&sqlite).await, columns(&postgres).await);
    let versions = |kind: Kind| kind.migrations().iter().map(|migration| migration.version).collect::<Vec<_>>();
    let first = versions(Kind::Postgres)[0];
    let since: Vec<_> = versions(Kind::Sqlite).into_iter().filter(|version| *version >= first).collect();
    assert_eq!(versions(Kind::Postgres), since, "a change has the same number in both folders");
}

/// PostgreSQL has no NUL in texts; nobody else is to lose anything by one, and nobody to be told that the storage is broken.
#[tokio::test]
async fn a_nul_off_the_wire_is_nobody_and_spoils_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), None).await.unwrap();
    let accounts = accounts(&store);
    let alice = accounts.add("1001", "Alice", secret("wonderland")).await.unwrap();
    assert_eq!(accounts.find("10\x0001").await.unwrap(), None);
    assert_eq!(accounts.authenticate("\x001001", secret("wonderland")).await.unwrap(), None);
    assert!(matches!(accounts.remove("1001\0").await, Err(AccountError::Missing(_))));
    let calling = Calling::new(store.clone());
    assert!(!calling.is_known("1001\0").await.unwrap());
    assert!(matches!(calling.rules("1001\0").await, Err(CallingError::Missing(_))));
    assert_eq!(ports::Routes::route(&Routes::new(calling), "1001\0").await, None);
    assert!(matches!(Policies::new(store.clone()).set_for(Some("\0")).await, Err(PolicyError::Missing(_))));

    let recordings = Recordings::new(store.clone(), directory.path());
    let subject = Subject { number: "1\0".into(), name: "B\0b".into(), kind: KINDS[0].into() };
    let id = recordings.begin(alice, subject).await.unwrap();
    assert_eq!(recordings.find(alice, &id).await.unwrap().name, "B\u{fffd}b");
    assert!(matches!(recordings.find(alice, "\0").await, Err(RecordingError::Unknown)));

    let history = History::new(store.clone());
    let report = Report {
        call_id: "call\0".into(),
        local_tag: "tag\0".into(),
        direction: Direction::Incoming,
        remote: Party { number: "10\x0002".into(), name: "Bob\0".into() },
        begun: 1,
        answered: None,
        ended: 2,
        cause: Cause::NoAnswer,
        heard: Tally::default(),
    };
    history.report(alice, report.clone()).await.unwrap();
    history.report(alice, report).await.unwrap();
    let found = history.page(alice, &Query { search: "bob\0".into(), ..Query::default() }, 10).await.unwrap();
    assert_eq!(found.len(), 1, "it is kept once, and found as it came");

    let envelope = |id, to: &str| Envelope { id, to: to.into(), from: "1001".into(), size: 1, expires: 9 };
    let request = b"\0".to_vec();
    let bindings =
        |user: &str| Record::Bindings { user: user.into(), saved: Some(Saved { written: 1, bytes: vec![0] }) };
    let records = vec![
        bindings("\0"),
        bindings("1001"),
        Record::Message { envelope: envelope(1, "1001\0"), request: request.clone() },
        Record::Message { envelope: envelope(2, "1001"), request: request.clone() },
    ];
    let ledger = Ledger::new(store);
    assert_eq!(ports::Ledger::write(&ledger, records).await.unwrap(), [1], "the others are written");
    assert_eq!(ports::Ledger::message(&ledger, 2).await.unwrap(), Some(request), "bytes may hold anything");
}

#[tokio::test]
async fn two_processes_that_write_at_once_do_not_undo_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (open(directory.path(), None).await.unwrap(), open(directory.path(), None).await.unwrap());
    let (people, callings) = (accounts(&one), [Calling::new(one), Calling::new(other.clone())]);
    people.add("1001", "Alice", secret("wonderland")).await.unwrap();
    for round in 0..10 {
        let number = format!("60{round}");
        let ring = proxy::Group { members: vec!["1001".into()], order: Order::AtOnce, ringing: None, otherwise: None };
        let group = Group { extension: number.clone(), name: "Sales".into(), ring };
        let made = tokio::join!(people.add(&number, "Somebody", secret("fresh paint")), callings[1].add_group(group));
        assert!(made.0.is_ok() != made.1.is_ok(), "a number is a person's or a group's: {made:?}");
        let busy = RulesChange { busy: Some(Some(format!("2{round}"))), ..RulesChange::default() };
        let always = RulesChange { always: Some(Some(format!("3{round}"))), ..RulesChange::default() };
        let done = tokio::join!(callings[0].change_rules("1001", busy), callings[1].change_rules("1001", always));
        assert!(done.0.is_ok() && done.1.is_ok(), "{done:?}");
        let rules = callings[0].rules("1001").await.unwrap();
        assert_eq!((rules.busy, rules.always), (Some(format!("2{round}")), Some(format!("3{round}"))));
    }
}

fn accounts(store: &Store) -> Accounts {
    Accounts::new(store.clone(), Passwords::new(Cost { memory: 64, passes: 1, lanes: 1 }).unwrap())
}

fn secret(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

#[test]
fn a_domain_is_a_host_name() {
    for domain in ["tabphone", "pbx.example.com", "a-b.c1"] {
        assert!(parse_domain(domain).is_ok(), "{domain}");
    }
    for domain in ["", ".", "a..b", "-a", "a b", "a@b", "a:5060", "ü.example"] {
        assert!(parse_domain(domain).is_err(), "{domain}");
    }
}
