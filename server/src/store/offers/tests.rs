use super::*;
use crate::ports::Routes as _;
use crate::store::calling::{Calling, CallingError, Routes};
use crate::store::conversations::Conversations;
use crate::store::fixture;
use crate::store::sound::SoundSettings;
use sip::proxy::Destination;

struct House {
    _directory: tempfile::TempDir,
    decisions: Decisions,
    calling: Calling,
    sound: SoundSettings,
    conversations: Conversations,
}

const ALICE: AccountId = 1;
const BOB: AccountId = 2;

impl House {
    /// 1001 and 1002.
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = fixture::open(directory.path(), None, module_path!()).await.unwrap();
        fixture::account(&store, ALICE, "1001").await;
        fixture::account(&store, BOB, "1002").await;
        Self {
            _directory: directory,
            decisions: Decisions::new(store.clone()),
            calling: Calling::new(store.clone()),
            sound: SoundSettings::new(store.clone()),
            conversations: Conversations::new(store),
        }
    }

    async fn decide(&self, extension: Option<&str>, setting: Setting, offer: Offer, value: Option<&str>) {
        let decision = Decision { offer, value: value.map(str::to_owned) };
        self.decisions.decide(extension, setting, Some(decision)).await.unwrap();
    }
}

fn quiet(on: bool) -> RulesChange {
    RulesChange { do_not_disturb: Some(on), ..RulesChange::default() }
}

#[tokio::test]
async fn what_is_decided_for_one_comes_before_what_is_decided_for_all() {
    let house = House::open().await;
    assert_eq!(house.decisions.hold(ALICE).await.unwrap(), Decided::default());
    house.decide(None, Setting::Ringtone, Offer::Hidden, Some("Bell")).await;
    house.decide(Some("1001"), Setting::Ringtone, Offer::Offered, None).await;
    house.decide(Some("1001"), Setting::CallVolume, Offer::Fixed, Some("40")).await;
    let offers = house.decisions.hold(ALICE).await.unwrap().offers();
    assert_eq!((offers.of(Setting::Ringtone), offers.of(Setting::CallVolume)), (Offer::Offered, Offer::Fixed));
    let offers = house.decisions.hold(BOB).await.unwrap().offers();
    assert_eq!((offers.of(Setting::Ringtone), offers.of(Setting::CallVolume)), (Offer::Hidden, Offer::Offered));
    let exceptions = house.decisions.exceptions().await.unwrap();
    assert_eq!(
        exceptions.iter().map(|(extension, own)| (&**extension, own.iter().count())).collect::<Vec<_>>(),
        [("1001", 2)]
    );
    house.decisions.decide(Some("1001"), Setting::Ringtone, None).await.unwrap();
    assert_eq!(house.decisions.hold(ALICE).await.unwrap().offers().of(Setting::Ringtone), Offer::Hidden);
}

#[tokio::test]
async fn calls_follow_what_is_decided_and_what_people_set_is_there_again_after() {
    let house = House::open().await;
    let always = RulesChange { always: Some(Some("1002".to_owned())), ..RulesChange::default() };
    house.calling.wish("1001", RulesChange { do_not_disturb: Some(true), ..always.clone() }).await.unwrap();
    house.decide(None, Setting::DoNotDisturb, Offer::Fixed, Some("off")).await;
    house.decide(None, Setting::DivertAlways, Offer::Hidden, Some("1001")).await;
    house.decide(None, Setting::CallWaiting, Offer::Fixed, Some("off")).await;
    house.decide(None, Setting::Ringing, Offer::Fixed, Some("20")).await;
    let rules = house.calling.rules("1001").await.unwrap();
    let ringing = Some(Duration::from_secs(20));
    let fixed = Rules { no_call_waiting: true, ringing, ..Rules::default() };
    assert_eq!(rules, fixed, "calls to 1001 cannot go to 1001");
    let diverted = Rules { always: Some("1001".to_owned()), ..fixed.clone() };
    assert_eq!(house.calling.rules("1002").await.unwrap(), diverted, "who set nothing, too");
    let all = house.calling.all_rules().await.unwrap();
    assert_eq!(all, BTreeMap::from([(ALICE, fixed), (BOB, diverted.clone())]));
    let routes = Routes::new(house.calling.clone());
    let Some(Destination::User(routed)) = routes.route("1002").await.map(|route| route.destination) else {
        panic!("a person");
    };
    assert_eq!(routed, diverted);

    // Who may not, cannot, by a code neither.
    let refused = house.calling.wish("1001", quiet(true)).await.unwrap_err();
    assert!(matches!(refused, CallingError::Decided), "{refused}");
    let dialled = house.calling.dialled("1001", "*78").await.unwrap();
    assert_eq!((dialled.status, &*dialled.words), (sip::message::Status::FORBIDDEN, "Your administrator set this"));
    assert!(house.decisions.hold(ALICE).await.unwrap().allowed(always).is_empty());

    for setting in [Setting::DoNotDisturb, Setting::DivertAlways, Setting::CallWaiting, Setting::Ringing] {
        house.decisions.decide(None, setting, None).await.unwrap();
    }
    let own = Rules { do_not_disturb: true, always: Some("1002".to_owned()), ..Rules::default() };
    assert_eq!(house.calling.rules("1001").await.unwrap(), own);
}

#[tokio::test]
async fn who_is_not_to_be_disturbed_is_told_as_it_is_decided() {
    let house = House::open().await;
    let routes = Routes::new(house.calling.clone());
    let quiet_ones = async || routes.quiet().await.unwrap().into_iter().collect::<Vec<_>>();
    house.calling.wish("1001", quiet(true)).await.unwrap();
    assert_eq!(quiet_ones().await, ["1001"]);
    house.decide(None, Setting::DoNotDisturb, Offer::Fixed, Some("off")).await;
    assert!(quiet_ones().await.is_empty());
    house.decide(Some("1001"), Setting::DoNotDisturb, Offer::Offered, None).await;
    assert_eq!(quiet_ones().await, ["1001"], "an exception has its own again");
    house.decide(Some("1002"), Setting::DoNotDisturb, Offer::Hidden, Some("on")).await;
    assert_eq!(quiet_ones().await, ["1001", "1002"]);
    // As it was set, and not to be changed.
    house.decide(Some("1001"), Setting::DoNotDisturb, Offer::Fixed, None).await;
    assert_eq!(quiet_ones().await, ["1001", "1002"]);
    assert!(house.calling.wish("1001", quiet(false)).await.is_err());
}

#[tokio::test]
async fn sound_and_notifications_follow_what_is_decided_and_keep_what_people_set() {
    let house = House::open().await;
    let wanted = MediaSettings {
        speaker: "Headset".to_owned(),
        call_volume: 30,
        keep_open: true,
        ringtone: Ringtone::Chord,
        ..MediaSettings::default()
    };
    house.sound.write(ALICE, &wanted).await.unwrap();
    house.conversations.hide(ALICE, true).await.unwrap();
    house.decide(None, Setting::Ringtone, Offer::Fixed, Some("Bell")).await;
    house.decide(None, Setting::Speaker, Offer::Hidden, Some("none")).await;
    house.decide(None, Setting::KeepOpen, Offer::Fixed, Some("off")).await;
    house.decide(None, Setting::CallVolume, Offer::Fixed, Some("80")).await;
    house.decide(None, Setting::MessageTexts, Offer::Fixed, Some("on")).await;
    let holds = MediaSettings {
        speaker: String::new(),
        call_volume: 80,
        keep_open: false,
        ringtone: Ringtone::Bell,
        ..wanted.clone()
    };
    assert_eq!(house.sound.read(ALICE).await.unwrap(), holds);
    assert!(!house.conversations.hides(ALICE).await.unwrap());

    // The page sends all that it has, also what it may not change.
    let sent = MediaSettings { ring_volume: 10, ringtone: Ringtone::Soft, call_volume: 5, ..holds.clone() };
    house.sound.write(ALICE, &sent).await.unwrap();
    house.conversations.hide(ALICE, false).await.unwrap();
    assert_eq!(house.sound.read(ALICE).await.unwrap(), MediaSettings { ring_volume: 10, ..holds });
    for setting in Setting::ALL {
        house.decisions.decide(None, setting, None).await.unwrap();
    }
    assert_eq!(house.sound.read(ALICE).await.unwrap(), MediaSettings { ring_volume: 10, ..wanted });
    assert!(house.conversations.hides(ALICE).await.unwrap(), "that was not theirs to change meanwhile");
}

#[tokio::test]
async fn only_what_a_setting_can_be_is_taken() {
    let house = House::open().await;
    for (setting, wrong) in [
        (Setting::DoNotDisturb, "yes"),
        (Setting::DivertBusy, "<b>"),
        (Setting::DivertBusy, "*78"),
        (Setting::Ringing, "4"),
        (Setting::CallVolume, "101"),
        (Setting::Ringtone, "bell"),
        (Setting::Camera, "a\u{0}b"),
        (Setting::Camera, " "),
    ] {
        let decision = Some(Decision { offer: Offer::Fixed, value: Some(wrong.to_owned()) });
        assert!(house.decisions.decide(None, setting, decision).await.is_err(), "{wrong:?}");
    }
    let nobody = house.decisions.decide(Some("1009"), Setting::Camera, None).await.unwrap_err();
    assert_eq!(nobody.to_string(), "there is no extension 1009");
    assert_eq!(house.decisions.hold(ALICE).await.unwrap(), Decided::default());
    assert!(parse_setting("colour").unwrap_err().to_string().contains("say one of do-not-disturb, call-waiting"));
}
