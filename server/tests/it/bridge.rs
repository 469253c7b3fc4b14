//! Pages of people who are at home at a PBX: their `/sip` leads there.

mod calls;
mod played;

use crate::house::{ALICE, House, Tab, Visitor, open_socket};
use app::lease::ToTab;
use app::phone::{Presence, Status as Doing};
use played::{Connection, Played};
use sip::header::{CSeq, Contact};
use sip::message::{HeaderName, Status};
use std::time::{Duration, Instant};

/// She has an account of this server, which is found by its domain: without one an extension is the PBX's.
const OWN_ALICE: &str = "1001@tabphone";
/// For how long a phone without a tab stays registered.
const LINGERS: Duration = Duration::from_secs(12);

/// A message of 2001's phone.
fn request(method: &str, user: &str, branch: u32, more: &str) -> String {
    format!(
        "{method} sip:example.com SIP/2.0\r\nVia: SIP/2.0/WSS x.invalid;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
         From: <sip:{user}@example.com>;tag=1\r\nTo: <sip:{user}@example.com>\r\nCall-ID: {method}\r\n\
         CSeq: {branch} {method}\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

fn register(branch: u32) -> String {
    request("REGISTER", "2001", branch, "Contact: <sip:u@x.invalid;transport=ws>;reg-id=1;expires=600\r\n")
}

/// 2001's tab and its SIP socket, and the PBX's end of it.
struct Joined {
    guest: Visitor,
    line: Tab,
    epoch: u64,
    sip: Tab,
    there: Connection,
}

impl Joined {
    async fn open(pbx: &Played, house: &House) -> Self {
        let guest = pbx.signed_in(house).await;
        let mut line = guest.tab("tab", None).await;
        let epoch = line.granted().await;
        let (sip, there) = tokio::join!(guest.open_sip(epoch), pbx.accept());
        Self { guest, line, epoch, sip: sip.expect("the PBX lets it in"), there }
    }

    /// Registers, without a challenge: that is the PBX's business.
    async fn registered(pbx: &Played, house: &House) -> Self {
        let mut joined = Self::open(pbx, house).await;
        joined.sip.say_raw(&register(1)).await;
        let asked = joined.there.request("REGISTER").await;
        joined.there.accepts(&asked).await;
        assert!(joined.sip.hear_raw().await.starts_with("SIP/2.0 200"));
        joined
    }
}

#[tokio::test]
async fn messages_pass_as_they_are() {
    let pbx = Played::open().await;
    let house = pbx.house("").await;
    let Joined { mut sip, mut there, line: _line, .. } = Joined::open(&pbx, &house).await;
    // With a header and a spelling that nobody knows.
    let odd = register(1).replace("Max-Forwards: 70", "MAX-FORWARDS :  70\r\nX-Odd: \"ä\"");
    sip.say_raw(&odd).await;
    assert_eq!(there.try_text().await.unwrap(), odd.replace("MAX-FORWARDS :  70", "MAX-FORWARDS: 70"));
    let answer = "SIP/2.0 299 Odd\r\nv: SIP/2.0/WSS x.invalid;branch=z9hG4bK1\r\nf: <sip:2001@example.com>;tag=1\r\n\
                  t: <sip:2001@example.com>;tag=2\r\ni: REGISTER\r\nCSeq: 1 REGISTER\r\nl: 0\r\n\r\n";
    there.say(answer).await;
    assert_eq!(sip.hear_raw().await, answer);
    // What keeps a connection open is between two ends of one.
    assert!(sip.is_open().await);
    there.say("\r\n\r\n").await;
    assert_eq!(there.try_text().await.unwrap(), "\r\n");
}

#[tokio::test]
async fn a_page_speaks_for_itself_only() {
    let pbx = Played::open().await;
    let house = pbx.house("").await;
    let Joined { mut sip, mut there, line: _line, .. } = Joined::open(&pbx, &house).await;
    for method in ["REGISTER", "INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH"] {
        sip.say_raw(&request(method, "2002", 1, "")).await;
        let refused = sip.hear_raw().await;
        assert!(refused.starts_with("SIP/2.0 403 This is not the address of this phone"), "{method}: {refused}");
    }
    // Nor behind a message of its own, or in a line that somebody may read as another one.
    sip.say_raw(&[register(1), request("MESSAGE", "2002", 1, "")].concat()).await;
    assert_eq!(there.try_text().await.unwrap(), register(1));
    sip.say_raw(&register(2).replace("CSeq", "X:\r\n From: <sip:2002@example.com>\r\nCSeq")).await;
    assert!(there.try_text().await.unwrap().contains("\r\nX: From: <sip:2002@example.com>\r\n"));
    sip.say_raw(&register(3).replace("CSeq", "X: \nFrom: <sip:2002@example.com>\r\nCSeq")).await;
    assert!(sip.hear_raw().await.starts_with("SIP/2.0 400"));
    sip.say_raw(&request("OPTIONS", "2001", 9, "")).await;
    there.request("OPTIONS").await;
}

#[tokio::test]
async fn only_the_tab_that_holds_the_line_is_led_to_the_pbx() {
    let pbx = Played::open().await;
    let house = pbx.house("").await;
    let joined = Joined::open(&pbx, &house).await;
    assert!(joined.guest.open_sip(joined.epoch + 1).await.is_none());
    let mut headers = joined.guest.line_headers();
    let path = format!("/sip?epoch={}", joined.epoch);
    let refused = open_socket(&joined.guest.browser.origin, &path, &headers).await.err().unwrap();
    assert_eq!(refused.0, 400, "the subprotocol");
    for (name, value) in &mut headers {
        match *name {
            "origin" => *value = "https://elsewhere.example".to_owned(),
            "sec-websocket-protocol" => *value = "sip".to_owned(),
            _ => {}
        }
    }
    let refused = open_socket(&joined.guest.browser.origin, &path, &headers).await.err().unwrap();
    assert_eq!(refused.0, 403);
    // Who has an account of this server is at the exchange, as ever.
    let alice = house.signed_in((OWN_ALICE, ALICE.1)).await;
    let mut line = alice.tab("tab", None).await;
    let epoch = line.granted().await;
    alice.sip(epoch, ALICE.0).await;
    assert!(pbx.is_left_alone().await);
}

#[tokio::test]
async fn the_page_is_told_whose_phone_it_is() {
    let pbx = Played::open().await;
    let house = pbx.house(",kind=asterisk").await;
    let opening = async |visitor: &Visitor| {
        let page = visitor.browser.get("/").await.text().await.unwrap();
        let (_, rest) = page.split_once("tabphone-opening\" content=\"").unwrap();
        app::backend::Opening::from_text(rest.split('"').next().unwrap()).unwrap()
    };
    let guest = opening(&pbx.signed_in(&house).await).await;
    assert_eq!((guest.me.extension.as_str(), guest.domain.as_str()), ("2001", "example.com"));
    assert_eq!(guest.contacts, [], "those of the exchange cannot be called from there");
    assert!(!guest.policy.trickle && !guest.dialect.secure && guest.dialect.trusts_identity, "{guest:?}");
    let alice = opening(&house.signed_in((OWN_ALICE, ALICE.1)).await).await;
    assert_eq!(alice.domain, "tabphone");
    assert!(alice.policy.trickle && alice.dialect.secure && alice.contacts.iter().all(|it| it.extension != "2001"));
}

#[tokio::test]
async fn a_reload_is_nothing_that_the_pbx_sees() {
    let pbx = Played::open().await;
    let house = pbx.house("").await;
    let mut joined = Joined::registered(&pbx, &house).await;
    joined.there.ask("OPTIONS", "delivered").await;
    assert!(joined.sip.hear_raw().await.starts_with("OPTIONS"));
    joined.sip.leave().await;
    joined.there.ask("OPTIONS", "meanwhile").await;
    let mut joined = {
        let Joined { guest, line, epoch, there, .. } = joined;
        line.leave().await;
        let mut line = guest.tab("tab", None).await;
        let again = line.granted().await;
        assert!(again > epoch);
        let sip = guest.open_sip(again).await.unwrap();
        Joined { guest, line, epoch: again, sip, there }
    };
    for call_id in ["delivered", "meanwhile"] {
        let asked = joined.sip.hear_raw().await;
        assert!(asked.contains(&format!("Call-ID: {call_id}\r\n")), "what nobody answered comes again: {asked}");
    }
    joined.sip.say_raw(&register(2)).await;
    joined.there.request("REGISTER").await;
    assert!(pbx.is_left_alone().await, "it is the same connection");
}

#[tokio::test]
async fn another_tab_takes_the_connection_over() {
    let pbx = Played::open().await;
    let house = pbx.house("").await;
    let Joined { guest, line: _line, sip, mut there, .. } = Joined::registered(&pbx, &house).await;
    let mut other = guest.tab("another", None).await;
    other.say(app::lease::FromTab::Take).await;
    let epoch = loop {
        if let app::lease::ToTab::Granted(grant) = other.hear().await {
            break grant.epoch;
        }
    };
    let mut taken = guest.open_sip(epoch).await.unwrap();
    assert_eq!(sip.closed().await.map(|frame| u16::from(frame.code)), Some(app::lease::CLOSE_MOVED));
    taken.say_raw(&request("OPTIONS", "2001", 5, "")).await;
    there.request("OPTIONS").await;
    assert!(pbx.is_left_alone().await);
}

#[tokio::test]
async fn a_phone_that_nobody_has_is_unregistered() {
    let pbx = Played::open().await;
    let house = pbx.house("").await;
    let Joined { line, sip, mut there, .. } = Joined::registered(&pbx, &house).await;
    let left = Instant::now();
    sip.leave().await;
    line.leave().await;
    there.ask("INVITE", "call").await;
    let refused = there.response().await;
    assert_eq!(refused.status, Status::TEMPORARILY_UNAVAILABLE);
    assert!(left.elapsed() >= LINGERS - Duration::from_millis(500), "not before");
    for signed in [false, true] {
        let gone = there.request("REGISTER").await;
        let contact = gone.headers.get::<Contact>().unwrap();
        assert_eq!(contact.to_string(), "<sip:u@x.invalid;transport=ws>;reg-id=1;expires=0");
        assert!(gone.headers.get::<CSeq>().unwrap().seq > 1);
        assert_eq!(gone.headers.contains(HeaderName::Authorization), signed);
        assert_eq!(there.admit(&gone).await, signed);
    }
    assert_eq!(there.closed().await, Some(1000));
}

#[tokio::test]
async fn a_pbx_that_hangs_up_sends_the_page_away_with_its_own_code() {
    let pbx = Played::open().await;
    let house = pbx.house("").await;
    let mut joined = Joined::registered(&pbx, &house).await;
    joined.there.close(1012).await;
    let frame = joined.sip.closed().await.unwrap();
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (1012, "so it is"));
    // It comes back by a connection of its own.
    let (sip, there) = tokio::join!(joined.guest.open_sip(joined.epoch), pbx.accept());
    (joined.sip, joined.there) = (sip.unwrap(), there);
    joined.sip.say_raw(&register(2)).await;
    joined.there.request("REGISTER").await;
    drop(joined.there);
    let frame = joined.sip.closed().await.unwrap();
    assert_eq!(u16::from(frame.code), 1013, "one that says nothing may be back soon");
}

#[tokio::test]
async fn a_pbx_that_cannot_be_reached_refuses_the_socket_and_lets_it_in_later() {
    let pbx = Played::open().await;
    let house = pbx.house("").await;
    let guest = pbx.signed_in(&house).await;
    let mut line = guest.tab("tab", None).await;
    let epoch = line.granted().await;
    let headers: Vec<_> = guest
        .line_headers()
        .into_iter()
        .map(|(name, value)| (name, if name.starts_with("sec") { "sip".to_owned() } else { value }))
        .collect();
    let path = format!("/sip?epoch={epoch}");
    let (refused, ()) = tokio::join!(open_socket(&guest.browser.origin, &path, &headers), pbx.cut());
    let (status, words) = refused.err().unwrap();
    assert_eq!((status, words.as_str()), (503, "The telephone system cannot be reached."));
    let (sip, _there) = tokio::join!(guest.open_sip(epoch), pbx.accept());
    assert!(sip.is_some());
}

#[tokio::test]
async fn another_address_is_tried_when_the_first_is_gone_or_says_nothing() {
    let [gone, mute, pbx] = [Played::open().await, Played::open().await, Played::open().await];
    let also = format!(",also=ws://{};priority=1,also=ws://{};priority=2", mute.address(), pbx.address());
    let house = gone.house(&also).await;
    let guest = gone.signed_in(&house).await;
    drop(gone);
    let mut line = guest.tab("tab", None).await;
    let epoch = line.granted().await;
    let (sip, silent) = tokio::join!(guest.open_sip(epoch), mute.accept());
    let mut sip = sip.unwrap();
    sip.say_raw(&register(1)).await;
    let mut silent = silent;
    silent.request("REGISTER").await;
    drop(silent);
    let mut there = pbx.accept().await;
    there.request("REGISTER").await;
    there.ask("OPTIONS", "hello").await;
    assert!(sip.hear_raw().await.starts_with("OPTIONS"), "the page noticed nothing");
    drop(there);
    assert_eq!(sip.closed().await.map(|frame| u16::from(frame.code)), Some(1013), "once it spoke, it is the one");
}

#[tokio::test]
async fn a_certificate_is_vouched_for_or_known_by_its_fingerprint() {
    let (pbx, fingerprint) = Played::open_with_tls().await;
    let house = pbx.house(&format!(",fingerprint={fingerprint}")).await;
    let Joined { mut sip, mut there, line: _line, .. } = Joined::open(&pbx, &house).await;
    sip.say_raw(&register(1)).await;
    there.request("REGISTER").await;
    for more in ["", ",fingerprint=0000000000000000000000000000000000000000000000000000000000000000"] {
        let house = pbx.house(more).await;
        let browser = house.browser();
        let (answer, refused) = tokio::join!(browser.log_in("2001", played::SECRET), pbx.is_refused());
        assert!(refused, "{more}");
        assert_eq!(answer.status(), 503, "{more}");
    }
}

#[tokio::test]
async fn who_logs_out_leaves_nothing_registered() {
    let pbx = Played::open().await;
    let house = pbx.house("").await;
    let Joined { guest, line: _line, sip, mut there, .. } = Joined::registered(&pbx, &house).await;
    let left = Instant::now();
    guest.browser.post("/logout").await;
    assert_eq!(sip.closed().await.map(|frame| u16::from(frame.code)), Some(app::lease::CLOSE_LOGGED_OUT));
    // The page had no time to say it.
    for signed in [false, true] {
        let gone = there.request("REGISTER").await;
        assert_eq!(there.admit(&gone).await, signed);
    }
    assert_eq!(there.closed().await, Some(1000));
    assert!(left.elapsed() < LINGERS / 2);
}

#[tokio::test]
async fn what_waits_in_the_mailbox_is_told_to_pages() {
    let pbx = Played::open().await;
    let house = pbx.house("").await;
    let Joined { guest, mut line, mut sip, mut there, .. } = Joined::open(&pbx, &house).await;
    there.tells_of(&["message-summary"]);
    sip.say_raw(&register(1)).await;
    let asked = there.request("REGISTER").await;
    there.accepts(&asked).await;
    assert!(sip.hear_raw().await.starts_with("SIP/2.0 200"));
    let mailbox = there.watched("message-summary", "2001").await;
    let summary = "application/simple-message-summary";
    there.notify(&mailbox, 1, summary, "Messages-Waiting: yes\r\nVoice-Message: 2/8\r\n").await;
    while line.wishes().await != ["2 new voice messages wait for you."] {}
    let page = guest.browser.get("/").await.text().await.unwrap();
    assert!(page.contains("2 new voice messages wait for you."), "{page}");
    there.notify(&mailbox, 2, summary, "Messages-Waiting: no\r\nVoice-Message: 0/10\r\n").await;
    while !line.wishes().await.is_empty() {}
    // That is between the server and the PBX: the page hears what is for it.
    there.ask("OPTIONS", "next").await;
    assert!(sip.hear_raw().await.starts_with("OPTIONS"));
}

#[tokio::test]
async fn what_colleagues_do_is_shown_as_the_pbx_tells_it() {
    let pbx = Played::open().await;
    let house = pbx.house(",pickup=**").await;
    pbx.signed_in_as("2002", &house).await;
    let Joined { guest, mut line, mut sip, mut there, .. } = Joined::open(&pbx, &house).await;
    there.tells_of(&["dialog", "presence"]);
    sip.say_raw(&register(1)).await;
    let asked = there.request("REGISTER").await;
    there.accepts(&asked).await;
    let dialogs = there.watched("dialog", "2002").await;
    let presence = there.watched("presence", "2002").await;
    // As Asterisk writes it.
    let idle = "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"sip:2002@example.com\"><note>Ready</note>\
                <tuple id=\"2002\"><status><basic>open</basic></status></tuple></presence>";
    there.notify(&presence, 1, "application/pidf+xml", idle).await;
    let there_is = |status, pick_up: &str| {
        vec![Presence { extension: "2002".to_owned(), status, note: String::new(), pick_up: pick_up.to_owned() }]
    };
    told(&mut line, &there_is(Doing::Online, "")).await;
    let rings = "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\" \
                 entity=\"sip:2002@example.com\"><dialog id=\"2002\" direction=\"recipient\"><state>early</state></dialog></dialog-info>";
    there.notify(&dialogs, 1, "application/dialog-info+xml", rings).await;
    told(&mut line, &there_is(Doing::Ringing, "**2002")).await;
    let html = guest.browser.get("/").await.text().await.unwrap();
    assert!(html.contains("Pick up the call of "), "{html}");
    let html = guest.browser.get("/contacts").await.text().await.unwrap();
    assert!(html.contains("Ringing"), "{html}");
    // What one says of oneself is told there.
    let away = [("status", "away"), ("note", "At lunch")];
    assert_eq!(guest.browser.submit("/settings/status", &away).await.status().as_u16(), 204);
    let published = there.request("PUBLISH").await;
    let said = String::from_utf8(published.body.clone()).unwrap();
    assert!(said.contains("away") && said.contains("At lunch"), "{said}");
    there.accepts(&published).await;
    // When the PBX is gone, nobody knows.
    there.close(1012).await;
    told(&mut line, &there_is(Doing::Unknown, "")).await;
    let html = guest.browser.get("/contacts").await.text().await.unwrap();
    assert!(!html.contains("Offline") && !html.contains("Ringing"), "{html}");
}

/// The tab is told this of somebody.
async fn told(line: &mut Tab, wanted: &[Presence]) {
    while !matches!(line.hear_any().await, ToTab::Presence(news) if news == wanted) {}
}

#[tokio::test]
async fn a_server_that_stops_leaves_its_phones_registered() {
    let pbx = Played::open().await;
    let house = pbx.house("").await;
    let Joined { line: _line, sip: _sip, there, .. } = Joined::registered(&pbx, &house).await;
    let (_house, code) = tokio::join!(house.restart(), there.closed());
    assert_eq!(code, Some(1001));
}
