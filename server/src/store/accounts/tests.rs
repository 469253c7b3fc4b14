use super::super::password::Cost;
use super::*;
use crate::ports::Accounts as _;
use crate::store::fixture;

const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };

fn secret(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

async fn accounts() -> (tempfile::TempDir, Accounts) {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::open(directory.path(), Some("example.com"), module_path!()).await.unwrap();
    (directory, Accounts::new(store, Passwords::new(CHEAP).unwrap()))
}

#[tokio::test]
async fn an_account_authenticates_with_its_password_only() {
    let (_directory, accounts) = accounts().await;
    let id = accounts.add("1001", "Alice Adams", secret("wonderland")).await.unwrap();
    let alice = SignedIn { account: id, extension: "1001".to_owned(), name: "Alice Adams".to_owned() };
    assert_eq!(accounts.authenticate("1001", secret("wonderland")).await.unwrap(), Some(alice));
    assert_eq!(accounts.authenticate("1001", secret("Wonderland")).await.unwrap(), None);
    assert_eq!(accounts.authenticate("1002", secret("wonderland")).await.unwrap(), None);
    accounts.set_enabled("1001", false).await.unwrap();
    assert_eq!(accounts.authenticate("1001", secret("wonderland")).await.unwrap(), None);
    assert!(accounts.by_extension("1001").await.is_none());
    assert!(accounts.ha1("1001").await.is_none());
}

#[tokio::test]
async fn the_digest_secrets_are_those_of_the_domain_and_unreadable_in_the_database() {
    let (_directory, accounts) = accounts().await;
    accounts.add("1001", "Alice Adams", secret("wonderland")).await.unwrap();
    let ha1 = accounts.ha1("1001").await.unwrap();
    assert_eq!(ha1.md5, sip::digest::ha1(&Algorithm::Md5, "1001", "example.com", "wonderland"));
    assert_eq!(ha1.sha256.len(), 64);
    let stored: Vec<u8> =
        sqlx::query_scalar("SELECT ha1 FROM accounts").fetch_one(accounts.store.pool()).await.unwrap();
    assert!(!stored.windows(32).any(|window| window == ha1.md5.as_bytes()));
}

#[tokio::test]
async fn digest_secrets_moved_to_another_account_do_not_open() {
    let (_directory, accounts) = accounts().await;
    accounts.add("1001", "Alice Adams", secret("wonderland")).await.unwrap();
    accounts.add("1002", "Bob Brown", secret("bricklayer")).await.unwrap();
    sqlx::query("UPDATE accounts SET (ha1_nonce, ha1) = (SELECT ha1_nonce, ha1 FROM accounts WHERE extension = '1002') WHERE extension = '1001'")
        .execute(accounts.store.pool())
        .await
        .unwrap();
    assert!(accounts.ha1("1001").await.is_none());
    assert!(accounts.ha1("1002").await.is_some());
}

#[tokio::test]
async fn a_new_password_replaces_everything_the_old_one_gave() {
    let (_directory, accounts) = accounts().await;
    accounts.add("1001", "Alice Adams", secret("wonderland")).await.unwrap();
    let (before, seen) = (accounts.ha1("1001").await.unwrap(), accounts.changes().await.unwrap());
    accounts.set_password("1001", secret("looking glass")).await.unwrap();
    assert_eq!(accounts.authenticate("1001", secret("wonderland")).await.unwrap(), None);
    assert!(accounts.authenticate("1001", secret("looking glass")).await.unwrap().is_some());
    assert_ne!(accounts.ha1("1001").await.unwrap().md5, before.md5);
    assert_eq!(accounts.find("1001").await.unwrap().unwrap().generation, 1);
    assert!(accounts.changes().await.unwrap() > seen);
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused_in_words() {
    let (_directory, accounts) = accounts().await;
    let refused = |extension: &'static str, name: &'static str, password: &'static str| {
        let accounts = accounts.clone();
        async move { accounts.add(extension, name, secret(password)).await.unwrap_err().to_string() }
    };
    assert!(refused("10 01", "Alice", "wonderland").await.starts_with("an extension is"));
    assert!(refused("", "Alice", "wonderland").await.starts_with("an extension is"));
    assert!(refused("1001", " ", "wonderland").await.starts_with("a name is"));
    assert!(refused("1001", "Al\nice", "wonderland").await.starts_with("a name is"));
    assert!(refused("1001", "Alice", "short").await.contains("at least 8 characters"));
    accounts.add("1001", "Alice", secret("wonderland")).await.unwrap();
    assert_eq!(refused("1001", "Alice", "wonderland").await, "the extension 1001 exists already");
    assert_eq!(accounts.remove("1009").await.unwrap_err().to_string(), "there is no extension 1009");
}

#[tokio::test]
async fn extensions_are_listed_as_people_count() {
    let (_directory, accounts) = accounts().await;
    for extension in ["1002", "99", "1001"] {
        accounts.add(extension, "Somebody", secret("wonderland")).await.unwrap();
    }
    let listed: Vec<_> = accounts.all().await.unwrap().into_iter().map(|person| person.extension).collect();
    assert_eq!(listed, ["99", "1001", "1002"]);
}
