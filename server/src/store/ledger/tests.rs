use super::*;
use crate::ports::{Envelope, Ledger as _, Saved};
use crate::store::accounts::Accounts;
use crate::store::fixture;
use crate::store::password::{Cost, Passwords};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// 1001 and 1002 have accounts.
async fn ledger() -> (TempDir, Ledger, Accounts) {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::open(directory.path(), None, module_path!()).await.unwrap();
    let accounts = Accounts::new(store.clone(), Passwords::new(Cost { memory: 64, passes: 1, lanes: 1 }).unwrap());
    for extension in ["1001", "1002"] {
        accounts.add(extension, "Somebody", Zeroizing::new("wonderland".to_owned())).await.unwrap();
    }
    (directory, Ledger::new(store), accounts)
}

fn saved(text: &str) -> Option<Saved> {
    Some(Saved { written: 5, bytes: text.as_bytes().to_vec() })
}

fn bindings(user: &str, saved: Option<Saved>) -> Record {
    Record::Bindings { user: user.to_owned(), saved }
}

fn message(id: i64, to: &str) -> Record {
    let envelope = Envelope { id, to: to.to_owned(), from: "1001".to_owned(), size: 3, expires: 9 };
    Record::Message { envelope, request: id.to_string().repeat(3).into_bytes() }
}

#[tokio::test]
async fn what_is_written_is_read_and_what_is_removed_is_not() {
    let (_directory, ledger, _) = ledger().await;
    let records = vec![
        bindings("1001", saved("a")),
        bindings("1001", saved("b")),
        bindings("1002", saved("c")),
        bindings("1002", None),
        Record::Call { number: 7, saved: saved("d") },
        Record::Call { number: 8, saved: saved("e") },
        Record::Call { number: 8, saved: None },
        Record::Snapshot { name: "notifier", saved: saved("f") },
        message(2, "1002"),
        message(1, "1002"),
        message(3, "1002"),
        Record::Removed(3),
    ];
    assert_eq!(ledger.write(records).await.unwrap(), Vec::<i64>::new());
    let kept = ledger.read().await.unwrap();
    assert_eq!(kept.bindings, [("1001".to_owned(), saved("b").unwrap())]);
    assert_eq!(kept.calls, [(7, saved("d").unwrap())]);
    assert_eq!(kept.snapshots, [("notifier".to_owned(), saved("f").unwrap())]);
    let ids: Vec<_> = kept.messages.iter().map(|envelope| (envelope.id, envelope.size, envelope.expires)).collect();
    assert_eq!(ids, [(1, 3, 9), (2, 3, 9)]);
    assert_eq!(ledger.message(2).await.unwrap().unwrap(), b"222");
    assert_eq!(ledger.message(3).await.unwrap(), None);
}

#[tokio::test]
async fn who_has_no_account_has_nothing() {
    let (_directory, ledger, accounts) = ledger().await;
    let records = vec![message(1, "1009"), message(2, "1002"), bindings("1009", saved("a"))];
    assert_eq!(ledger.write(records).await.unwrap(), [1]);
    ledger.write(vec![bindings("1002", saved("b"))]).await.unwrap();
    accounts.set_enabled("1002", false).await.unwrap();
    let kept = ledger.read().await.unwrap();
    assert_eq!((kept.bindings.len(), kept.messages.len()), (0, 1), "who is let in again finds the messages");
    accounts.remove("1002").await.unwrap();
    accounts.add("1002", "Somebody else", Zeroizing::new("bricklayer".to_owned())).await.unwrap();
    let kept = ledger.read().await.unwrap();
    assert_eq!((kept.bindings.len(), kept.messages.len()), (0, 0), "it is somebody else's extension");
}

#[tokio::test]
async fn a_batch_is_written_as_a_whole_or_not_at_all() {
    let (_directory, ledger, _) = ledger().await;
    ledger.write(vec![message(1, "1002")]).await.unwrap();
    ledger.write(vec![bindings("1001", saved("a")), message(1, "1002")]).await.unwrap_err();
    assert_eq!(ledger.read().await.unwrap().bindings, []);
    ledger.write(vec![message(2, "1002")]).await.unwrap();
}

#[tokio::test]
async fn a_closed_storage_says_so() {
    let (_directory, ledger, _) = ledger().await;
    ledger.store.close().await;
    ledger.write(vec![message(1, "1002")]).await.unwrap_err();
    ledger.message(1).await.unwrap_err();
    ledger.read().await.unwrap_err();
}

#[test]
fn messages_and_their_removals_survive_the_machine() {
    assert!(is_precious(&message(1, "1002")));
    assert!(is_precious(&Record::Removed(1)));
    assert!(!is_precious(&bindings("1001", None)));
}
