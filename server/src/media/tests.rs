use super::*;
use crate::ports::{Media as _, OneHome};
use crate::store::Store;
use crate::store::accounts::Accounts;
use crate::store::password::{Cost, Passwords};
use crate::store::policies::PolicyChange;
use zeroize::Zeroizing;

const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };

struct House {
    _directory: tempfile::TempDir,
    alice: AccountId,
    policies: Policies,
}

impl House {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), None).await.unwrap();
        let accounts = Accounts::new(store.clone(), Passwords::new(CHEAP).unwrap());
        let alice = accounts.add("1001", "Alice", Zeroizing::new("fresh paint".to_owned())).await.unwrap();
        Self { _directory: directory, alice, policies: Policies::new(store) }
    }

    fn room(&self, relays: Option<Relays>) -> Room {
        let stun = IceServer { urls: vec!["stun:s".to_owned()], username: None, credential: None };
        Room::new(self.policies.clone(), vec![stun], relays, std::sync::Arc::new(OneHome("tabphone".to_owned())))
    }
}

fn relays(secret: &str) -> Relays {
    let secret = Secret::new(secret.to_owned()).unwrap();
    Relays::new(vec!["turn:t".to_owned()], secret, Duration::from_secs(3_600))
}

/// As coturn's own documentation has it: `echo -n "$username" | openssl dgst -sha1 -hmac "$secret" -binary | base64`.
#[test]
fn a_credential_is_what_coturn_makes_of_the_secret_and_the_name() {
    let made = relays("north\n").for_extension("1001", 1_800_000_000);
    assert_eq!(made.username.as_deref(), Some("1800003600:1001"));
    assert_eq!(made.credential.as_deref(), Some("tVlQu9g7JCEbXj6mBqw9uDyG7KE="));
    assert_eq!(made.urls, ["turn:t"]);
    let other = relays("south").for_extension("1001", 1_800_000_000);
    assert_ne!(other.credential, made.credential);
}

#[test]
fn a_secret_is_one_line_and_is_never_shown() {
    for text in ["", "\n", "a\nb"] {
        assert!(matches!(Secret::new(text.to_owned()), Err(SecretError::Form)), "{text:?}");
    }
    assert!(!format!("{:?}", relays("hidden")).contains("hidden"));
}

#[tokio::test]
async fn who_is_on_one_network_gets_no_servers_and_who_is_to_be_relayed_all() {
    let house = House::open().await;
    let room = house.room(Some(relays("north")));
    let media = room.media(house.alice, "1001").await.unwrap();
    assert_eq!(media.ice_servers.len(), 2);
    assert!(
        media.ice_servers.iter().any(|server| server.username.as_ref().is_some_and(|name| name.ends_with(":1001")))
    );
    assert!(!media.relay && media.trickle && media.has_relay());

    let relay = PolicyChange { ice: Some(Some(Ice::Relay)), ..PolicyChange::default() };
    house.policies.change(None, relay).await.unwrap();
    let media = room.media(house.alice, "1001").await.unwrap();
    assert!(media.relay);
    assert_eq!(media.ice_servers.len(), 2);

    let none = PolicyChange { ice: Some(Some(Ice::None)), ..PolicyChange::default() };
    house.policies.change(Some("1001"), none).await.unwrap();
    let media = room.media(house.alice, "1001").await.unwrap();
    assert!(media.ice_servers.is_empty() && !media.relay);
}

#[tokio::test]
async fn a_change_is_told_and_a_look_without_one_is_not() {
    let house = House::open().await;
    let room = house.room(None);
    let mut changed = room.changed();
    let watching = tokio::spawn(room.clone().watch());
    let silent = PolicyChange { trickle: Some(Some(false)), ..PolicyChange::default() };
    house.policies.change(None, silent).await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), changed.changed()).await.unwrap().unwrap();
    assert!(!room.media(house.alice, "1001").await.unwrap().trickle);
    changed.mark_unchanged();
    tokio::time::sleep(WATCH * 2).await;
    assert!(!changed.has_changed().unwrap());
    watching.abort();
}

#[test]
fn only_what_runs_out_is_renewed_and_long_before() {
    let renewal = relays("north").lifetime() / 2;
    assert_eq!(renewal, Duration::from_secs(1_800));
}

#[tokio::test]
async fn nobodys_calls_are_answered_by_themselves_without_leave_and_consent() {
    let house = House::open().await;
    let room = house.room(None);
    let auto_answer = async || room.media(house.alice, "1001").await.unwrap().auto_answer;
    assert_eq!(auto_answer().await, AutoAnswer::Nobody);
    house.policies.consent(house.alice, true).await.unwrap();
    assert_eq!(auto_answer().await, AutoAnswer::Nobody, "not allowed");
    let change = |allowed| PolicyChange { auto_answer: Some(allowed), ..PolicyChange::default() };
    let before = house.policies.changes().await.unwrap();
    house.policies.change(None, change(Some(AutoAnswer::Domain))).await.unwrap();
    assert_eq!(auto_answer().await, AutoAnswer::Domain);
    assert!(house.policies.changes().await.unwrap() > before, "open pages hear of it");
    house.policies.change(Some("1001"), change(Some(AutoAnswer::Nobody))).await.unwrap();
    assert_eq!(auto_answer().await, AutoAnswer::Nobody, "not for her");
    house.policies.change(Some("1001"), change(None)).await.unwrap();
    let before = house.policies.changes().await.unwrap();
    house.policies.consent(house.alice, false).await.unwrap();
    assert_eq!(auto_answer().await, AutoAnswer::Nobody, "she does not want it any more");
    assert!(house.policies.changes().await.unwrap() > before, "and her page hears of it");
}
