//! What becomes of calls, as phones notice it.

use crate::house::{ALICE, BOB, House, Tab, accounts, calling};
use server::store::calling::{Group, RulesChange};
use sip::header::{From, To};
use sip::message::{Message, Method, Request, Response, Status};
use sip::proxy::{self, Order};
use std::time::Duration;
use zeroize::Zeroizing;

const CAROL: (&str, &str) = ("1003", "wallpaper");

/// A server with a third person, Carol Clark at 1003.
async fn house() -> House {
    let house = House::open().await;
    let accounts = accounts(house.data.path()).await;
    accounts.add(CAROL.0, "Carol Clark", Zeroizing::new(CAROL.1.to_owned())).await.unwrap();
    house
}

/// The registered phone of somebody.
struct Phone {
    sip: Tab,
    extension: &'static str,
    /// What keeps the line.
    tab: Tab,
}

impl Phone {
    async fn of(house: &House, person: (&'static str, &'static str)) -> Self {
        let visitor = house.signed_in(person).await;
        let mut tab = visitor.tab("tab", None).await;
        let epoch = tab.granted().await;
        let sip = visitor.sip(epoch, person.0).await;
        Self { sip, extension: person.0, tab }
    }

    /// Calls a number: the final response, which is acknowledged.
    async fn call(&mut self, number: &str) -> Response {
        let id = format!("{}{}", self.extension, number.replace('*', "s"));
        let from = format!("<sip:{}@tabphone>;tag=1", self.extension);
        let head = |method: &str, to: &str| {
            format!(
                "{method} sip:{number}@tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK{id}\r\n\
                 Max-Forwards: 70\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: 1 {method}\r\n\
                 Contact: <sip:u@x.invalid;transport=ws>\r\nContent-Length: 0\r\n\r\n"
            )
        };
        self.sip.say_raw(&head("INVITE", &format!("<sip:{number}@tabphone>"))).await;
        loop {
            let Message::Response(response) = self.hear().await else { panic!("no response") };
            if response.status.is_provisional() {
                continue;
            }
            if response.status != Status::OK {
                self.sip.say_raw(&head("ACK", &response.headers.get::<To>().unwrap().to_string())).await;
            }
            return response;
        }
    }

    /// The INVITE that makes it ring, and answers it so.
    async fn answers(&mut self, status: Status) -> Request {
        let Message::Request(invite) = self.hear().await else { panic!("no request") };
        assert_eq!(invite.method, Method::Invite);
        let mut response = Response::to_request(&invite, status);
        response.set_to_tag("2");
        response.headers.push_raw("Contact", "<sip:u@x.invalid;transport=ws>").unwrap();
        self.sip.say_raw(&String::from_utf8(response.to_bytes()).unwrap()).await;
        invite
    }

    /// Waits until its page is told of what was set from outside: from then on it holds.
    async fn is_told(&mut self) {
        while self.tab.wishes().await.is_empty() {}
    }

    async fn hear(&mut self) -> Message {
        Message::parse(self.sip.hear_raw().await.as_bytes()).unwrap()
    }

    /// Nothing came to this phone.
    async fn heard_nothing(mut self) {
        assert!(self.sip.is_open().await, "{} heard something", self.extension);
    }
}

async fn set(house: &House, change: RulesChange) {
    calling(house.data.path()).await.change_rules("1001", change).await.unwrap();
}

fn to(number: &str) -> Option<Option<String>> {
    Some(Some(number.to_owned()))
}

#[tokio::test]
async fn a_phone_without_a_page_dials_what_is_to_become_of_its_calls() {
    let house = House::open().await;
    let mut alice = Phone::of(&house, ALICE).await;
    let page = async || house.signed_in(ALICE).await.browser.get("/").await.text().await.unwrap();
    for (code, status, words, shown) in [
        ("*78", 480, "Do not disturb is on", "Do not disturb is on: no call rings here."),
        ("*721002", 480, "All calls go to 1002", "All calls go to Bob Brown (1002)."),
        ("*721009", 404, "Nobody has the number 1009", "All calls go to Bob Brown (1002)."),
        ("*72", 484, "Dial the code and the number in one", "All calls go to Bob Brown (1002)."),
        ("*73", 480, "All calls stay here", "Do not disturb is on: no call rings here."),
        ("*79", 480, "Do not disturb is off", ""),
    ] {
        let answer = alice.call(code).await;
        assert_eq!((answer.status.code(), answer.reason()), (status, words), "{code}");
        let page = page().await;
        assert!(page.contains(shown), "{code}: {page}");
        let notice = page.split("<aside").nth(1).and_then(|rest| rest.split('>').next()).unwrap();
        assert_eq!(notice.contains(" hidden"), shown.is_empty(), "{code}: {page}");
    }
}

#[tokio::test]
async fn who_is_not_to_be_disturbed_does_not_ring_and_the_caller_hears_busy() {
    let house = house().await;
    let (mut alice, mut bob) = (Phone::of(&house, ALICE).await, Phone::of(&house, BOB).await);
    set(&house, RulesChange { do_not_disturb: Some(true), ..RulesChange::default() }).await;
    alice.is_told().await;
    assert_eq!(bob.call("1001").await.status.code(), 486);
    alice.heard_nothing().await;
}

#[tokio::test]
async fn all_calls_go_elsewhere_at_once() {
    let house = house().await;
    let (mut alice, mut bob) = (Phone::of(&house, ALICE).await, Phone::of(&house, BOB).await);
    let mut carol = Phone::of(&house, CAROL).await;
    set(&house, RulesChange { always: to("1003"), ..RulesChange::default() }).await;
    alice.is_told().await;
    let (answer, invite) = tokio::join!(bob.call("1001"), carol.answers(Status::OK));
    assert_eq!(answer.status, Status::OK);
    assert!(invite.headers.get::<From>().unwrap().to_string().contains("1002"), "it is Bob who calls");
    alice.heard_nothing().await;
}

#[tokio::test]
async fn calls_go_elsewhere_when_the_phone_is_busy_and_when_it_is_off() {
    let house = house().await;
    let (mut alice, mut bob) = (Phone::of(&house, ALICE).await, Phone::of(&house, BOB).await);
    let mut carol = Phone::of(&house, CAROL).await;
    set(&house, RulesChange { busy: to("1003"), unreachable: to("1003"), ..RulesChange::default() }).await;
    alice.is_told().await;
    let busy = alice.answers(Status::BUSY_HERE);
    let (answer, _, _) = tokio::join!(bob.call("1001"), busy, carol.answers(Status::OK));
    assert_eq!(answer.status, Status::OK);

    let house = self::house().await;
    let mut bob = Phone::of(&house, BOB).await;
    let mut carol = Phone::of(&house, CAROL).await;
    set(&house, RulesChange { unreachable: to("1003"), ..RulesChange::default() }).await;
    let (answer, _) = tokio::join!(bob.call("1001"), carol.answers(Status::OK));
    assert_eq!(answer.status, Status::OK, "nobody is logged in as Alice");
}

#[tokio::test]
async fn a_group_rings_one_after_the_other_and_goes_on_when_nobody_takes_the_call() {
    let house = house().await;
    let (mut alice, mut bob) = (Phone::of(&house, ALICE).await, Phone::of(&house, BOB).await);
    let mut carol = Phone::of(&house, CAROL).await;
    let ring = proxy::Group {
        members: vec!["1003".to_owned(), "1009".to_owned()],
        order: Order::InTurn,
        ringing: Some(Duration::from_secs(15)),
        otherwise: Some("1001".to_owned()),
    };
    let store = calling(house.data.path()).await;
    let group = Group { extension: "600".to_owned(), name: "Sales".to_owned(), ring };
    assert!(store.add_group(group.clone()).await.is_err(), "there is no 1009");
    let ring = proxy::Group { members: vec!["1003".to_owned()], ..group.ring };
    store.add_group(Group { ring, ..group }).await.unwrap();
    let missed = carol.answers(Status::TEMPORARILY_UNAVAILABLE);
    let (answer, _, _) = tokio::join!(bob.call("600"), missed, alice.answers(Status::OK));
    assert_eq!(answer.status, Status::OK);
}
