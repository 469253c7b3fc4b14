use super::*;
use crate::store::accounts::Accounts;
use crate::store::fixture;
use crate::store::password::{Cost, Passwords};
use zeroize::Zeroizing;

const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };

struct House {
    directory: tempfile::TempDir,
    accounts: Accounts,
    policies: Policies,
}

impl House {
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = fixture::open(directory.path(), None, module_path!()).await.unwrap();
        let accounts = Accounts::new(store.clone(), Passwords::new(CHEAP).unwrap());
        Self { directory, accounts, policies: Policies::new(store) }
    }

    async fn add(&self, extension: &str) -> AccountId {
        self.accounts.add(extension, "Somebody", Zeroizing::new("fresh paint".to_owned())).await.unwrap()
    }
}

fn audio(most: Option<u16>) -> PolicyChange {
    PolicyChange { audio_kbit: Some(most), ..PolicyChange::default() }
}

#[tokio::test]
async fn what_is_set_for_one_comes_before_what_is_set_for_all() {
    let house = House::open().await;
    let (alice, bob) = (house.add("1001").await, house.add("1002").await);
    assert_eq!(house.policies.holds(alice).await.unwrap(), Policy::default());
    let everybody = PolicyChange { digits: Some(Some(Digits::Info)), ..audio(Some(64)) };
    house.policies.change(None, everybody).await.unwrap();
    house.policies.change(Some("1001"), audio(Some(0))).await.unwrap();
    let holds = house.policies.holds(alice).await.unwrap();
    assert_eq!((holds.audio_kbit, holds.digits), (Some(0), Some(Digits::Info)));
    assert_eq!(house.policies.holds(bob).await.unwrap().audio_kbit, Some(64));
    let own = Policy { audio_kbit: Some(0), ..Policy::default() };
    assert_eq!(house.policies.exceptions().await.unwrap(), [("1001".to_owned(), own)]);
    // What is taken back is as for everybody again.
    house.policies.change(Some("1001"), audio(None)).await.unwrap();
    assert_eq!(house.policies.holds(alice).await.unwrap().audio_kbit, Some(64));
    assert_eq!(house.policies.exceptions().await.unwrap(), []);
}

#[tokio::test]
async fn everything_that_is_set_is_read_back() {
    let house = House::open().await;
    let alice = house.add("1001").await;
    let policy = Policy {
        ice: Some(Ice::Relay),
        trickle: Some(false),
        codecs: Some(parse_codecs("pcma, OPUS").unwrap()),
        without_codecs: Some(parse_removed("g722").unwrap()),
        audio_kbit: Some(40),
        video_kbit: Some(900),
        video_height: Some(720),
        video_rate: Some(15),
        digits: Some(Digits::Rtp),
        auto_answer: Some(parse_auto_answer("1002, 1003").unwrap()),
        recording: Some(Recording::Announced),
        voicemail: Some("*97".to_owned()),
    };
    let change = PolicyChange {
        ice: Some(policy.ice),
        trickle: Some(policy.trickle),
        codecs: Some(policy.codecs.clone()),
        without_codecs: Some(policy.without_codecs.clone()),
        audio_kbit: Some(policy.audio_kbit),
        video_kbit: Some(policy.video_kbit),
        video_height: Some(policy.video_height),
        video_rate: Some(policy.video_rate),
        digits: Some(policy.digits),
        auto_answer: Some(policy.auto_answer.clone()),
        recording: Some(policy.recording),
        voicemail: Some(policy.voicemail.clone()),
    };
    house.policies.change(Some("1001"), change).await.unwrap();
    let again = Policies::new(fixture::open(house.directory.path(), None, module_path!()).await.unwrap());
    assert_eq!(again.holds(alice).await.unwrap(), policy);
    assert_eq!(policy.codecs.unwrap().names(), ["PCMA", "opus"], "as they are written in descriptions");
}

#[tokio::test]
async fn a_policy_goes_with_its_account_and_every_change_counts() {
    let house = House::open().await;
    house.add("1001").await;
    let before = house.policies.changes().await.unwrap();
    house.policies.change(Some("1001"), audio(Some(64))).await.unwrap();
    let set = house.policies.changes().await.unwrap();
    assert!(set > before);
    house.policies.change(Some("1001"), audio(Some(64))).await.unwrap();
    assert_eq!(house.policies.changes().await.unwrap(), set, "it is the same");
    house.accounts.remove("1001").await.unwrap();
    assert!(house.policies.changes().await.unwrap() > set);
    assert_eq!(house.policies.exceptions().await.unwrap(), []);
    let error = house.policies.change(Some("1001"), audio(Some(64))).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no extension 1001");
}

#[test]
fn values_that_cannot_be_are_refused_in_words() {
    let said = |error: InvalidValue| error.to_string();
    assert!(said("some".parse::<Ice>().unwrap_err()).starts_with("say none"));
    assert!(said(parse_codecs("opus,gsm").unwrap_err()).starts_with("\"gsm\" is no codec of browsers"));
    assert_eq!(said(parse_codecs("opus,Opus").unwrap_err()), "opus is named twice");
    assert!(said(parse_removed("opus,g722,pcmu,pcma").unwrap_err()).contains("needs a codec for sound"));
    for text in ["7", "511", "-1", "64k", ""] {
        let refused = parse_limit(text, AUDIO_KBIT).unwrap_err();
        assert_eq!(said(refused), "say 8 to 510, none, or default", "{text:?}");
    }
    assert_eq!(parse_limit("none", AUDIO_KBIT), Ok(0));
    assert_eq!(parse_limit("510", AUDIO_KBIT), Ok(510));
    assert_eq!(parse_codecs("none").unwrap().to_string(), "none");
    assert_eq!(said(parse_digits("sip").unwrap_err()), "say auto, rtp, info, or default");
}

#[test]
fn whose_calls_are_answered_by_themselves_is_a_word_or_numbers() {
    let numbers = |numbers: &[&str]| AutoAnswer::Numbers(numbers.iter().map(|number| (*number).to_owned()).collect());
    for (text, meant) in [
        ("off", Some(AutoAnswer::Nobody)),
        ("domain", Some(AutoAnswer::Domain)),
        ("1002", Some(numbers(&["1002"]))),
        ("1002, 1003", Some(numbers(&["1002", "1003"]))),
        ("", None),
        ("1002,", None),
        ("1002;1003", None),
        ("sip:1002@x", None),
        (&["1"; 65].join(","), None),
    ] {
        assert_eq!(parse_auto_answer(text).ok(), meant, "{text}");
        if let Some(meant) = meant {
            assert_eq!(parse_auto_answer(&auto_answer_text(&meant)), Ok(meant), "{text}");
        }
    }
}
