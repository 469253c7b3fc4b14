use super::*;
use crate::ports::Routes as _;
use crate::store::accounts::Accounts;
use crate::store::fixture;
use crate::store::password::{Cost, Passwords};
use sip::message::Status;
use sip::proxy::{self, Destination, Order, Rules};
use std::collections::BTreeSet;
use tokio::time::timeout;
use zeroize::Zeroizing;

const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };
const PATIENCE: Duration = Duration::from_secs(10);

struct House {
    directory: tempfile::TempDir,
    store: Store,
    accounts: Accounts,
    calling: Calling,
}

impl House {
    /// 1001 to 1003, without wishes.
    async fn open() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = fixture::open(directory.path(), None, module_path!()).await.unwrap();
        let house = Self {
            accounts: Accounts::new(store.clone(), Passwords::new(CHEAP).unwrap()),
            calling: Calling::new(store.clone()),
            store,
            directory,
        };
        for extension in ["1001", "1002", "1003"] {
            house.add(extension).await.unwrap();
        }
        house
    }

    async fn add(&self, extension: &str) -> Result<AccountId, crate::store::accounts::AccountError> {
        self.accounts.add(extension, "Somebody", Zeroizing::new("fresh paint".to_owned())).await
    }

    /// The same storage as another process opens it.
    async fn command_line(&self) -> Calling {
        Calling::new(fixture::open(self.directory.path(), None, module_path!()).await.unwrap())
    }

    async fn refused(&self, change: RulesChange) -> String {
        self.calling.change_rules("1001", change).await.unwrap_err().to_string()
    }
}

fn always(number: &str) -> RulesChange {
    RulesChange { always: Some(Some(number.to_owned())), ..RulesChange::default() }
}

fn quiet(on: bool) -> RulesChange {
    RulesChange { do_not_disturb: Some(on), ..RulesChange::default() }
}

fn group(extension: &str, members: &[&str]) -> Group {
    let members = members.iter().map(ToString::to_string).collect();
    let ring = proxy::Group { members, order: Order::AtOnce, ringing: None, otherwise: None };
    Group { extension: extension.to_owned(), name: "Sales".to_owned(), ring }
}

fn rules(route: Option<proxy::Route>) -> Rules {
    match route.unwrap().destination {
        Destination::User(rules) => rules,
        other @ (Destination::Group(_) | Destination::Service | Destination::PickUp(_)) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rules_are_changed_one_by_one_and_stay() {
    let house = House::open().await;
    assert_eq!(house.calling.rules("1001").await.unwrap(), Rules::default());
    house.calling.change_rules("1001", always("1002")).await.unwrap();
    let ringing = RulesChange {
        unanswered: Some(Some("+49.30-12".to_owned())),
        ringing: Some(Some(Duration::from_secs(20))),
        ..quiet(true)
    };
    let expected = Rules {
        do_not_disturb: true,
        always: Some("1002".to_owned()),
        unanswered: Some("+49.30-12".to_owned()),
        ringing: Some(Duration::from_secs(20)),
        ..Rules::default()
    };
    assert_eq!(house.calling.change_rules("1001", ringing).await.unwrap(), expected);
    assert_eq!(house.command_line().await.rules("1001").await.unwrap(), expected, "as another process reads it");
    let off = RulesChange { always: Some(None), ..quiet(false) };
    let left = Rules { do_not_disturb: false, always: None, ..expected };
    assert_eq!(house.calling.change_rules("1001", off).await.unwrap(), left);
    assert_eq!(house.calling.rules("1002").await.unwrap(), Rules::default(), "nobody else's");
    let all = house.calling.all_rules().await.unwrap();
    assert_eq!(all.into_values().collect::<Vec<_>>(), [left]);
}

#[tokio::test]
async fn what_cannot_be_a_rule_is_refused_in_words_and_changes_nothing() {
    let house = House::open().await;
    house.calling.change_rules("1001", always("1002")).await.unwrap();
    assert_eq!(house.refused(always("1001")).await, "calls to 1001 cannot go to 1001 itself");
    for number in ["", "10 02", "bob@example.com", "<script>", "1\r\n2", &"1".repeat(33), "ü"] {
        assert!(house.refused(always(number)).await.contains("is not a number"), "{number:?}");
    }
    assert!(house.refused(always(&"x".repeat(100_000))).await.len() < 200, "what is quoted has an end");
    assert_eq!(house.refused(always("*78")).await, "*78 is a code for phones to dial, so calls cannot go there");
    for seconds in [0, 4, 301, u64::MAX] {
        let ringing = Some(Some(Duration::from_secs(seconds)));
        let change = RulesChange { ringing, ..always("1003") };
        assert_eq!(house.refused(change).await, "calls ring for 5 to 300 seconds");
    }
    let missing = house.calling.change_rules("1009", quiet(true)).await.unwrap_err();
    assert_eq!(missing.to_string(), "there is no extension 1009");
    assert_eq!(house.calling.rules("1001").await.unwrap().always.as_deref(), Some("1002"));
}

#[tokio::test]
async fn changes_of_several_at_the_same_time_are_all_kept() {
    let house = House::open().await;
    let (one, other) = (house.calling.clone(), house.command_line().await);
    let busy = RulesChange { busy: Some(Some("1003".to_owned())), ..RulesChange::default() };
    let (first, second) = tokio::join!(one.change_rules("1001", always("1002")), other.change_rules("1001", busy));
    first.unwrap();
    second.unwrap();
    let rules = house.calling.rules("1001").await.unwrap();
    assert_eq!((rules.always.as_deref(), rules.busy.as_deref()), (Some("1002"), Some("1003")));
}

#[tokio::test]
async fn a_number_is_a_persons_or_a_groups() {
    let house = House::open().await;
    let taken = house.calling.add_group(group("1001", &["1002"])).await.unwrap_err();
    assert_eq!(taken.to_string(), "the number 1001 is in use already");
    house.calling.add_group(group("600", &["1002"])).await.unwrap();
    let taken = house.calling.add_group(group("600", &["1003"])).await.unwrap_err();
    assert_eq!(taken.to_string(), "the number 600 is in use already");
    assert_eq!(house.add("600").await.unwrap_err().to_string(), "the extension 600 exists already");
    house.calling.remove_group("600").await.unwrap();
    house.add("600").await.unwrap();
}

#[tokio::test]
async fn groups_keep_their_members_in_order_until_they_go() {
    let house = House::open().await;
    house.calling.add_group(group("600", &["1003", "1001", "1002"])).await.unwrap();
    let change = GroupChange {
        order: Some(Order::InTurn),
        ringing: Some(Some(Duration::from_secs(15))),
        otherwise: Some(Some("1001".to_owned())),
        ..GroupChange::default()
    };
    let changed = house.calling.change_group("600", change).await.unwrap();
    assert_eq!(house.calling.groups().await.unwrap(), std::slice::from_ref(&changed));
    assert_eq!(changed.ring.members, ["1003", "1001", "1002"]);
    let ring = (changed.ring.order, changed.ring.ringing, changed.ring.otherwise.as_deref());
    assert_eq!(ring, (Order::InTurn, Some(Duration::from_secs(15)), Some("1001")));
    house.accounts.remove("1001").await.unwrap();
    let members = Some(vec!["1002".to_owned(), "1003".to_owned()]);
    assert_eq!(house.calling.groups().await.unwrap()[0].ring.members, ["1003", "1002"]);
    let change = GroupChange { members, ..GroupChange::default() };
    assert_eq!(house.calling.change_group("600", change).await.unwrap().ring.members, ["1002", "1003"]);
    house.accounts.remove("1002").await.unwrap();
    house.accounts.remove("1003").await.unwrap();
    let change = GroupChange { name: Some("Nobody".to_owned()), ..GroupChange::default() };
    let empty = house.calling.change_group("600", change).await.unwrap();
    assert_eq!((empty.name.as_str(), empty.ring.members.len()), ("Nobody", 0));
    let missing = house.calling.remove_group("601").await.unwrap_err();
    assert_eq!(missing.to_string(), "there is no group 601");
}

#[tokio::test]
async fn what_cannot_be_a_group_is_refused_in_words_and_leaves_nothing() {
    let house = House::open().await;
    let refused = async |group: Group| house.calling.add_group(group).await.unwrap_err().to_string();
    assert!(refused(group("6 0", &["1001"])).await.starts_with("a group's number is"));
    assert!(refused(group("*60", &["1001"])).await.starts_with("a group's number is"));
    assert_eq!(refused(group("600", &[])).await, "a group has 1 to 64 members");
    assert_eq!(refused(group("600", &["1001", "1009"])).await, "there is no extension 1009");
    assert_eq!(refused(group("600", &["1001", "1001"])).await, "1001 is named twice");
    let named = |name: &str| Group { name: name.to_owned(), ..group("600", &["1001"]) };
    assert!(refused(named(" ")).await.starts_with("a name is"));
    assert!(refused(named("Sa\nles")).await.starts_with("a name is"));
    let mut own = group("600", &["1001"]);
    own.ring.otherwise = Some("600".to_owned());
    assert_eq!(refused(own).await, "calls to 600 cannot go to 600 itself");
    assert_eq!(house.calling.groups().await.unwrap(), []);
}

#[tokio::test]
async fn a_route_is_remembered_until_somebody_changes_it() {
    let house = House::open().await;
    let routes = Routes::new(house.calling.clone());
    let watching = tokio::spawn(routes.clone().watch());
    let until = async |what: &str, holds: &dyn Fn(&Option<proxy::Route>) -> bool, number: &str| {
        let wait = async {
            while !holds(&routes.route(number).await) {
                tokio::task::yield_now().await
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what}"));
    };
    let route = routes.route("1001").await.unwrap();
    assert_eq!((route.party.user.as_str(), route.party.name.as_deref()), ("1001", Some("Somebody")));
    // Asked until the watch has looked, so that it is remembered from here on.
    let remembered = async {
        while routes.known("1001").is_none() {
            let _ = routes.route("1001").await;
        }
    };
    timeout(PATIENCE, remembered).await.expect("it is remembered");

    let other = house.command_line().await;
    other.change_rules("1001", always("1002")).await.unwrap();
    until("another process' change is seen", &|route| rules(route.clone()).always.is_some(), "1001").await;
    other.add_group(group("600", &["1001", "1002"])).await.unwrap();
    until("a new group is seen", &Option::is_some, "600").await;
    house.accounts.set_enabled("1002", false).await.unwrap();
    let one = |route: &Option<proxy::Route>| match &route.as_ref().unwrap().destination {
        Destination::Group(group) => group.members == ["1001"],
        Destination::User(_) | Destination::Service | Destination::PickUp(_) => panic!("no group"),
    };
    until("who is kept out does not ring in a group", &one, "600").await;
    assert!(routes.route("1002").await.is_none(), "nor at all");

    house.calling.change_rules("1001", RulesChange { always: Some(None), ..RulesChange::default() }).await.unwrap();
    routes.changed();
    assert_eq!(rules(routes.route("1001").await), Rules::default(), "a change of this process is seen at once");
    watching.abort();
}

#[tokio::test]
async fn a_call_does_not_wait_for_the_database() {
    let house = House::open().await;
    let routes = Routes::new(house.calling.clone());
    let watching = tokio::spawn(routes.clone().watch());
    let remembered = async {
        while routes.known("1001").is_none() {
            let _ = routes.route("1001").await;
        }
    };
    timeout(PATIENCE, remembered).await.expect("it is remembered");
    watching.abort();
    house.store.close().await;
    assert!(routes.route("1001").await.is_some());
    assert!(routes.route("1002").await.is_none(), "nobody asked for it before");
}

#[tokio::test]
async fn who_is_not_to_be_disturbed_is_told() {
    let house = House::open().await;
    house.calling.change_rules("1003", quiet(true)).await.unwrap();
    let routes = Routes::new(house.calling.clone());
    let mut news = routes.changes();
    let watching = tokio::spawn(routes.clone().watch());
    let mut next = async || timeout(PATIENCE, news.recv()).await.expect("it is told").unwrap();
    assert_eq!(next().await, ("1003".to_owned(), true), "who was so before");
    assert_eq!(routes.quiet().await.unwrap(), BTreeSet::from(["1003".to_owned()]));
    house.command_line().await.change_rules("1001", quiet(true)).await.unwrap();
    assert_eq!(next().await, ("1001".to_owned(), true));
    assert_eq!(routes.dialled("1003", "*79").await.unwrap().status, Status::TEMPORARILY_UNAVAILABLE);
    assert_eq!(next().await, ("1003".to_owned(), false));
    watching.abort();
}

#[tokio::test]
async fn codes_do_what_they_say_and_say_what_they_did() {
    let house = House::open().await;
    let routes = Routes::new(house.calling.clone());
    for (dialled, status, words) in [
        ("*78", 480, "Do not disturb is on"),
        ("*71", 480, "Call waiting is off"),
        ("*721002", 480, "All calls go to 1002"),
        ("*901003#", 480, "Calls while busy go to 1003"),
        ("*921003", 480, "Unanswered calls go to 1003"),
        ("*941003", 480, "Calls while unreachable go to 1003"),
        ("*72", 484, "Dial the code and the number in one"),
        ("*721009", 404, "Nobody has the number 1009"),
        ("*721001", 403, "That is your own number"),
        ("*72*78", 404, "Calls cannot go to that number"),
        ("*72a\r\nb", 404, "Calls cannot go to that number"),
    ] {
        assert_eq!(routes.route(dialled).await.unwrap().destination, Destination::Service, "{dialled}");
        let told = routes.dialled("1001", dialled).await.unwrap();
        assert_eq!((told.status.code(), told.words.as_str()), (status, words), "{dialled}");
    }
    let to = |number: &str| Some(number.to_owned());
    let set = Rules {
        do_not_disturb: true,
        no_call_waiting: true,
        always: to("1002"),
        busy: to("1003"),
        unanswered: to("1003"),
        unreachable: to("1003"),
        ringing: None,
    };
    assert_eq!(rules(routes.route("1001").await), set);
    for dialled in ["*79", "*70", "*73", "*91", "*93", "*95"] {
        assert_eq!(routes.dialled("1001", dialled).await.unwrap().status.code(), 480, "{dialled}");
    }
    assert_eq!(rules(routes.route("1001").await), Rules::default());
    assert_eq!(routes.dialled("1001", "1002").await, None, "no code");
    assert!(routes.route("*99").await.is_none());
    assert_eq!(routes.route("*81002").await.unwrap().destination, Destination::PickUp("1002".to_owned()));
    assert_eq!(routes.dialled("1009", "*78").await.unwrap().status.code(), 403);
}
