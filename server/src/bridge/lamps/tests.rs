use super::*;
use sip::header::{CallId, Event, From};
use sip::message::Message;

const REGISTER: &str = "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK1\r\n\
    Max-Forwards: 70\r\nFrom: <sip:2001@example.com>;tag=1\r\nTo: <sip:2001@example.com>\r\nCall-ID: id\r\n\
    CSeq: 7 REGISTER\r\nContact: <sip:u@a.invalid;transport=ws>\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n";

fn parsed(bytes: &[u8]) -> Request {
    match Message::parse(bytes).unwrap() {
        Message::Request(request) => request,
        Message::Response(response) => panic!("{response:?}"),
    }
}

/// A phone that watches 2002, and its two subscriptions: to the dialogs, to the presence.
struct Watcher {
    lamps: Lamps,
    asked: [Request; 2],
    now: Instant,
    seq: u32,
}

impl Watcher {
    fn open() -> Self {
        let (mut lamps, now) = (Lamps::new("example.com"), Instant::now());
        lamps.watch(vec!["2002".to_owned()]);
        let (say, changed) = lamps.drive(Some(&parsed(REGISTER.as_bytes())), now);
        assert!(changed.is_empty());
        let asked = [parsed(&say[0]), parsed(&say[1])];
        for (asked, package) in asked.iter().zip(["dialog", "presence"]) {
            assert!(asked.headers.get::<Event>().unwrap().is(package));
            assert_eq!(asked.uri.to_string(), "sip:2002@example.com");
            assert_eq!(lamps.answered(&Response::to_request(asked, Status::OK), None, now), Some(Lit::default()));
        }
        Self { lamps, asked, now, seq: 0 }
    }

    fn tells(&mut self, which: Which, state: &str, body: &str) -> Option<(phone::Status, String)> {
        self.seq += 1;
        let to = &self.asked[usize::from(which == Which::Presence)];
        let (own, call_id) = (to.headers.get::<From>().unwrap(), to.headers.get::<CallId>().unwrap());
        let (event, seq) = (to.headers.get::<Event>().unwrap(), self.seq);
        let notify = format!(
            "NOTIFY sip:u@a.invalid;transport=ws SIP/2.0\r\nVia: SIP/2.0/WSS p.example.com;branch=z9hG4bKn{seq}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:2002@example.com>;tag=pbx\r\nTo: {own}\r\nCall-ID: {call_id}\r\n\
             CSeq: {seq} NOTIFY\r\nEvent: {event}\r\nSubscription-State: {state}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let lit = self.lamps.notified(&parsed(notify.as_bytes()), self.now).expect("it is about 2002");
        assert!(lit.say.unwrap().starts_with(b"SIP/2.0 200 "));
        lit.changed.map(|(extension, lamp)| {
            assert_eq!(extension, "2002");
            (lamp.status, lamp.note)
        })
    }

    fn dialogs(&mut self, dialogs: &str) -> Option<phone::Status> {
        let body = format!(
            "<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"{}\" state=\"full\" \
             entity=\"sip:2002@example.com\">{dialogs}</dialog-info>",
            self.seq
        );
        self.tells(Which::Dialogs, "active", &body).map(|(status, _)| status)
    }

    fn presence(&mut self, tuple: &str) -> Option<(phone::Status, String)> {
        let body =
            format!("<presence xmlns=\"urn:ietf:params:xml:ns:pidf\"><tuple id=\"a\">{tuple}</tuple></presence>");
        self.tells(Which::Presence, "active", &body)
    }
}

const OPEN: &str = "<status><basic>open</basic></status>";

fn dialog(state: &str, direction: &str) -> String {
    format!("<dialog id=\"x\" {direction}><state>{state}</state></dialog>")
}

#[test]
fn la2_la3_a_lamp_is_lit_while_it_rings_and_while_they_talk() {
    let mut watcher = Watcher::open();
    assert_eq!(watcher.presence(OPEN), Some((phone::Status::Online, String::new())));
    for direction in ["direction=\"recipient\"", ""] {
        assert_eq!(watcher.dialogs(&dialog("early", direction)), Some(phone::Status::Ringing), "{direction}");
        assert_eq!(watcher.dialogs(&dialog("confirmed", direction)), Some(phone::Status::InCall), "{direction}");
        assert_eq!(watcher.dialogs(&dialog("terminated", direction)), Some(phone::Status::Online), "{direction}");
    }
    assert_eq!(watcher.dialogs(&dialog("trying", "direction=\"initiator\"")), Some(phone::Status::InCall));
    assert_eq!(watcher.dialogs(""), Some(phone::Status::Online));
}

#[test]
fn la1_la4_what_they_say_is_shown_with_their_words_and_not_with_the_pbxs() {
    use phone::Status as Is;
    let mut watcher = Watcher::open();
    for (tuple, status, note) in [
        ("<status><basic>open</basic></status><note>Ready</note>", Is::Online, ""),
        ("<status><basic>open</basic></status><note>In the garden</note>", Is::Online, "In the garden"),
        ("<status><basic>closed</basic></status><note>On the phone</note>", Is::InCall, ""),
        ("<status><basic>closed</basic></status><note>Unavailable</note>", Is::Offline, ""),
        ("<status><basic>open</basic></status><note>Do not disturb</note>", Is::DoNotDisturb, ""),
        ("<status><basic>open</basic></status><note>Away</note>", Is::Away, ""),
    ] {
        assert_eq!(watcher.presence(tuple), Some((status, note.to_owned())), "{tuple}");
    }
    watcher.presence("<status><basic>open</basic></status><note>DND</note>");
    assert_eq!(watcher.dialogs(&dialog("confirmed", "")), None, "they are not to be disturbed, whatever they do");
}

#[test]
fn la5_what_is_not_told_any_more_is_unknown() {
    let mut watcher = Watcher::open();
    assert_eq!(watcher.dialogs(""), None, "free is not there");
    watcher.presence(OPEN);
    let unknown = Some((phone::Status::Unknown, String::new()));
    assert_eq!(watcher.tells(Which::Presence, "terminated;reason=noresource", ""), unknown);
    assert_eq!(watcher.dialogs(&dialog("confirmed", "")), Some(phone::Status::InCall));
    let (say, changed) = watcher.lamps.drive(None, watcher.now);
    assert_eq!((say, changed), (Vec::new(), vec![("2002".to_owned(), Lamp::default())]));
    assert_eq!(watcher.lamps.deadline(), None);
}

#[test]
fn what_a_pbx_refuses_or_does_not_answer_is_unknown() {
    let register = parsed(REGISTER.as_bytes());
    let mut watcher = Watcher::open();
    watcher.presence(OPEN);
    assert_eq!(watcher.dialogs(&dialog("early", "")), Some(phone::Status::Ringing));
    watcher.now = watcher.lamps.deadline().unwrap();
    let (say, _) = watcher.lamps.drive(Some(&register), watcher.now);
    let again: Vec<Request> = say.iter().map(|bytes| parsed(bytes)).collect();
    let lit = watcher.lamps.answered(&Response::to_request(&again[0], Status::FORBIDDEN), None, watcher.now).unwrap();
    assert_eq!(lit.changed.unwrap().1.status, phone::Status::Online, "of dialogs nothing is told any more");
    watcher.now = watcher.lamps.deadline().unwrap();
    let (_, changed) = watcher.lamps.drive(Some(&register), watcher.now);
    assert_eq!(changed, [("2002".to_owned(), Lamp::default())]);
}

#[test]
fn a_pbx_is_not_asked_all_at_once_and_not_without_end() {
    let (mut lamps, now) = (Lamps::new("example.com"), Instant::now());
    lamps.watch((0..2 * MOST).map(|number| format!("{number:04}")).collect());
    let register = parsed(REGISTER.as_bytes());
    let mut asked = 0;
    loop {
        let (say, _) = lamps.drive(Some(&register), now);
        assert!(say.len() <= AT_ONCE);
        if say.is_empty() {
            break;
        }
        asked += say.len();
        for bytes in say {
            lamps.answered(&Response::to_request(&parsed(&bytes), Status::OK), None, now).unwrap();
        }
    }
    assert_eq!(asked, 2 * MOST);
    lamps.watch(vec!["0001".to_owned(), "nobody <x>".to_owned()]);
    assert_eq!(lamps.watched.len(), 2, "who is no colleague is not asked after");
}
