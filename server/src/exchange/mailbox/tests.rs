use super::letter::judge;
use super::quota::Share;
use super::*;
use sip::header::Date;
use sip::message::{HeaderName, Status};

/// A mailbox, and a storage that does what it is told when it is told to.
struct Bench {
    mailbox: Mailbox,
    now: u64,
    questions: u64,
    stored: Vec<(Envelope, Vec<u8>)>,
}

const NOW: u64 = 1_000_000_000;

impl Bench {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let mailbox = Mailbox::new("tabphone", limits, Vec::new(), NOW);
        Self { mailbox, now: NOW, questions: 0, stored: Vec::new() }
    }

    /// The same after a crash.
    fn restarted(mut self) -> Self {
        let kept = self.stored.iter().map(|(envelope, _)| envelope.clone()).collect();
        self.now += 1;
        self.mailbox = Mailbox::new("tabphone", Limits::default(), kept, self.now);
        self
    }

    fn wants(&mut self) -> Vec<Want> {
        std::iter::from_fn(|| self.mailbox.poll()).collect()
    }

    fn keep(&mut self, request: Request, flows: &[u64]) -> QuestionId {
        self.questions += 1;
        let question = QuestionId(self.questions);
        let from = Party { user: "1001".into(), name: Some("Alice".into()) };
        self.mailbox.keep(question, ("1002".into(), set(flows)), &from, request, self.now);
        question
    }

    /// Does all that can be done without a phone: what is left to send.
    fn settle(&mut self) -> Vec<Want> {
        let mut left = Vec::new();
        while let Some(want) = self.mailbox.poll() {
            match want {
                Want::Write(envelope, bytes) => {
                    let id = envelope.id;
                    self.stored.push((envelope, bytes));
                    self.mailbox.written(id, Written::Done, self.now);
                }
                Want::Remove(id) => {
                    self.stored.retain(|(envelope, _)| envelope.id != id);
                    self.mailbox.removed(id, self.now);
                }
                Want::Read(id) => {
                    let found = self.stored.iter().find(|(envelope, _)| envelope.id == id);
                    let found = found.map(|(_, bytes)| bytes.clone());
                    self.mailbox.read(id, Ok(found), self.now);
                }
                Want::Send { .. } | Want::Answer(..) | Want::Hold { .. } => left.push(want),
            }
        }
        left
    }

    /// As [`Self::settle`]: the one message that is sent, if any.
    fn sends(&mut self) -> Option<(i64, String)> {
        let mut sends = self.settle().into_iter().filter_map(|want| {
            let Want::Send { id, user, request } = want else { return None };
            assert_eq!(user, "1002");
            Some((id, String::from_utf8(request.body.to_vec()).unwrap()))
        });
        let sent = sends.next();
        assert_eq!(sends.next(), None, "one at a time");
        sent
    }

    /// Waits until a message is sent.
    fn rests(&mut self) -> i64 {
        loop {
            self.now = self.mailbox.deadline().unwrap();
            self.mailbox.timeout(self.now);
            if let Some((id, _)) = self.sends() {
                return id;
            }
        }
    }

    fn phone(&mut self, flows: &[u64]) {
        self.mailbox.bindings("1002", set(flows), self.now);
    }

    fn answered(&mut self, id: i64, status: Option<u16>) {
        let response = status.map(|code| Response::to_request(&message("x"), Status::new(code).unwrap()));
        self.mailbox.sent(id, response.as_ref(), self.now);
    }
}

fn set(flows: &[u64]) -> BTreeSet<Flow> {
    flows.iter().copied().map(Flow).collect()
}

fn message(text: &str) -> Request {
    with(text, "")
}

fn with(text: &str, headers: &str) -> Request {
    let length = text.len();
    let bytes = format!(
        "MESSAGE sip:1002@tabphone SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKm\r\nMax-Forwards: 70\r\n\
         From: <sip:1001@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>\r\nCall-ID: {text}\r\nCSeq: 7 MESSAGE\r\n{headers}\
         Content-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{text}"
    );
    match Message::parse(bytes.as_bytes()).unwrap() {
        Message::Request(request) => request,
        Message::Response(response) => panic!("{response:?}"),
    }
}

fn hold(hold: bool) -> Want {
    Want::Hold { user: "1002".into(), hold }
}

fn kept(question: QuestionId) -> Want {
    Want::Answer(question, Ok(()))
}

#[test]
fn d1_202_is_said_when_it_is_written_and_others_are_held() {
    let mut bench = Bench::new();
    let question = bench.keep(message("one"), &[]);
    let wants = bench.wants();
    let [Want::Write(envelope, _), second] = wants.as_slice() else { panic!("{wants:?}") };
    assert_eq!(*second, hold(true));
    assert!(bench.mailbox.holds("1002"));
    bench.mailbox.written(envelope.id, Written::Done, NOW);
    assert_eq!(bench.wants(), [kept(question)]);
}

#[test]
fn it_is_known_how_many_wait() {
    let mut bench = Bench::new();
    bench.keep(message("one"), &[]);
    assert_eq!(bench.mailbox.poll_count(), Some(("1002".into(), 0)), "it is not stored yet");
    bench.settle();
    bench.keep(message("two"), &[]);
    bench.settle();
    assert_eq!(bench.mailbox.poll_count(), Some(("1002".into(), 2)));
    assert_eq!(bench.mailbox.poll_count(), None);
    let mut bench = bench.restarted();
    assert_eq!(bench.mailbox.poll_count(), Some(("1002".into(), 2)));
    bench.phone(&[1]);
    let (one, _) = bench.sends().unwrap();
    bench.answered(one, Some(200));
    let (two, _) = bench.sends().unwrap();
    assert_eq!(bench.mailbox.poll_count(), Some(("1002".into(), 1)));
    bench.answered(two, Some(200));
    bench.settle();
    assert_eq!(bench.mailbox.poll_count(), Some(("1002".into(), 0)));
    assert_eq!(bench.mailbox.poll_count(), None);
}

#[test]
fn d3_d5_d8_d11_they_are_delivered_in_order_one_at_a_time() {
    let mut bench = Bench::new();
    for text in ["one", "two", "three"] {
        bench.keep(message(text), &[]);
    }
    assert_eq!(bench.sends(), None);
    bench.phone(&[1]);
    for text in ["one", "two", "three"] {
        let (id, sent) = bench.sends().unwrap();
        assert_eq!(sent, text);
        bench.answered(id, Some(200));
        assert!(bench.mailbox.holds("1002"), "until it is removed");
    }
    assert_eq!(bench.settle(), [hold(false)]);
    assert!(bench.stored.is_empty());
    assert_eq!(bench.mailbox.deadline(), None);
}

#[test]
fn d8_the_next_one_waits_until_the_last_one_is_removed() {
    let mut bench = Bench::new();
    bench.keep(message("one"), &[]);
    bench.keep(message("two"), &[]);
    bench.settle();
    bench.phone(&[1]);
    let (id, _) = bench.sends().unwrap();
    bench.answered(id, Some(200));
    assert_eq!(bench.wants(), [Want::Remove(id)]);
    bench.phone(&[1, 2]);
    assert_eq!(bench.wants(), []);
    bench.mailbox.removed(id, NOW);
    assert!(matches!(bench.wants().as_slice(), [Want::Read(_)]));
}

#[test]
fn what_comes_while_messages_wait_is_behind_them() {
    let mut bench = Bench::new();
    bench.keep(message("one"), &[]);
    bench.settle();
    bench.phone(&[1]);
    let (id, _) = bench.sends().unwrap();
    bench.keep(message("two"), &[1]);
    assert_eq!(bench.sends(), None);
    bench.answered(id, Some(202));
    assert_eq!(bench.sends().unwrap().1, "two");
}

#[test]
fn a_message_that_is_not_written_yet_is_not_sent() {
    let mut bench = Bench::new();
    let question = bench.keep(message("one"), &[]);
    let wants = bench.wants();
    let Some(Want::Write(envelope, bytes)) = wants.first().cloned() else { panic!("{wants:?}") };
    bench.phone(&[1]);
    assert_eq!(bench.wants(), []);
    bench.stored.push((envelope.clone(), bytes));
    bench.mailbox.written(envelope.id, Written::Done, NOW);
    let left = bench.settle();
    assert_eq!(left.first(), Some(&kept(question)));
    assert!(matches!(left.get(1), Some(Want::Send { .. })));
}

#[test]
fn what_cannot_be_written_is_refused_and_lets_others_through() {
    let mut bench = Bench::new();
    let question = bench.keep(message("one"), &[]);
    let wants = bench.wants();
    let Some(Want::Write(envelope, _)) = wants.first() else { panic!("{wants:?}") };
    bench.mailbox.written(envelope.id, Written::Unknown, NOW);
    let refused = |question| Want::Answer(question, Err(Refusal::Unavailable));
    assert_eq!(bench.wants(), [refused(question), Want::Remove(envelope.id), hold(false)]);

    let question = bench.keep(message("two"), &[]);
    let wants = bench.wants();
    let Some(Want::Write(envelope, _)) = wants.first() else { panic!("{wants:?}") };
    bench.mailbox.written(envelope.id, Written::Refused, NOW);
    assert_eq!(bench.wants(), [refused(question), hold(false)], "what is not there is not removed");
}

#[test]
fn d2_d4_a_phone_that_did_not_take_it_is_tried_again_after_a_rest() {
    let mut bench = Bench::new();
    bench.keep(message("one"), &[1]);
    assert_eq!(bench.sends(), None);
    let mut rests = Vec::new();
    for _ in 0..9 {
        let before = bench.now;
        let id = bench.rests();
        rests.push((bench.now - before) / SECOND);
        bench.answered(id, Some(480));
    }
    assert_eq!(rests, [30, 30, 60, 120, 240, 480, 960, 1920, 3600]);
}

#[test]
fn d3_a_phone_that_comes_ends_the_rest() {
    let mut bench = Bench::new();
    bench.keep(message("one"), &[1]);
    bench.settle();
    bench.phone(&[1]);
    assert_eq!(bench.sends(), None, "it is the same one");
    bench.phone(&[]);
    bench.phone(&[2]);
    assert_eq!(bench.sends().unwrap().1, "one");
}

#[test]
fn d6_a_message_that_is_gone_with_its_account_is_forgotten() {
    let mut bench = Bench::new();
    bench.keep(message("one"), &[]);
    bench.settle();
    bench.stored.clear();
    bench.phone(&[1]);
    assert_eq!(bench.settle(), [hold(false)]);
}

#[test]
fn d7_a_storage_that_does_not_answer_is_asked_again() {
    let mut bench = Bench::new();
    bench.keep(message("one"), &[]);
    bench.settle();
    bench.phone(&[1]);
    let wants = bench.wants();
    let [Want::Read(id)] = wants.as_slice() else { panic!("{wants:?}") };
    bench.mailbox.read(*id, Err(PortError::Storage), NOW);
    bench.now += FIRST_REST;
    bench.mailbox.timeout(bench.now);
    assert_eq!(bench.sends().unwrap().1, "one");
}

#[test]
fn d9_d10_without_an_answer_the_next_phone_gets_it() {
    let mut bench = Bench::new();
    bench.keep(message("one"), &[]);
    bench.settle();
    bench.phone(&[1]);
    let (id, _) = bench.sends().unwrap();
    bench.phone(&[]);
    bench.answered(id, None);
    assert_eq!(bench.sends(), None, "there is none");
    bench.phone(&[2]);
    let (id, _) = bench.sends().unwrap();
    bench.phone(&[]);
    bench.phone(&[3]);
    bench.answered(id, None);
    assert_eq!(bench.sends().unwrap().1, "one", "one came meanwhile");
}

#[test]
fn d8_what_the_reader_never_takes_makes_room_for_the_next() {
    let mut bench = Bench::new();
    bench.keep(message("one"), &[]);
    bench.keep(message("two"), &[]);
    bench.settle();
    bench.phone(&[1]);
    let (id, _) = bench.sends().unwrap();
    bench.answered(id, Some(403));
    let (mut id, text) = bench.sends().unwrap();
    assert_eq!(text, "two");
    for _ in 1..MAX_REFUSALS {
        bench.answered(id, Some(500));
        id = bench.rests();
    }
    bench.answered(id, Some(500));
    assert_eq!(bench.settle(), [hold(false)], "it was refused too often");
}

#[test]
fn d10a_what_is_refused_again_and_again_steps_aside() {
    let mut bench = Bench::new();
    bench.keep(message("bad"), &[]);
    bench.keep(message("good"), &[]);
    bench.settle();
    bench.phone(&[1]);
    let (bad, _) = bench.sends().unwrap();
    for _ in 0..2 {
        bench.answered(bad, Some(500));
        assert_eq!(bench.rests(), bad);
    }
    bench.answered(bad, Some(500));
    let (good, text) = bench.sends().unwrap();
    assert_eq!((text.as_str(), bench.now - NOW), ("good", 90 * SECOND));
    bench.answered(good, Some(200));
    assert_eq!(bench.sends(), Some((bad, "bad".into())), "it is not lost");
    bench.answered(bad, Some(500));
    assert_eq!(bench.sends(), None);
    bench.keep(message("new"), &[1]);
    let (new, text) = bench.sends().unwrap();
    assert_eq!(text, "new", "what comes then does not wait for its rest");
    bench.answered(new, Some(480));
    bench.keep(message("newer"), &[1]);
    assert_eq!(bench.sends(), None, "but for that of one that was not refused");
    assert_eq!(bench.rests(), new);
    bench.answered(new, Some(200));
    assert_eq!(bench.sends().unwrap().1, "newer");
}

#[test]
fn d10b_what_a_phone_has_no_messages_for_waits_for_another_phone() {
    for code in [405, 501] {
        let mut bench = Bench::new();
        bench.keep(message("one"), &[]);
        bench.keep(message("two"), &[]);
        bench.settle();
        for flow in 1..=2 * u64::from(MAX_REFUSALS) {
            bench.phone(&[flow]);
            let (id, text) = bench.sends().unwrap();
            assert_eq!(text, "one");
            bench.answered(id, Some(code));
            assert_eq!(bench.sends(), None, "that phone is not asked any more");
            bench.phone(&[flow]);
            bench.now += 12 * 60 * MINUTE;
            bench.mailbox.timeout(bench.now);
            assert_eq!(bench.sends(), None);
        }
        assert_eq!(bench.stored.len(), 2);
        bench.phone(&[100]);
        for text in ["one", "two"] {
            let (id, sent) = bench.sends().unwrap();
            assert_eq!(sent, text);
            bench.answered(id, Some(200));
        }
        assert_eq!(bench.settle(), [hold(false)]);
    }
}

#[test]
fn d10b_what_a_phone_cannot_take_does_not_keep_it_from_the_others() {
    let mut bench = Bench::new();
    bench.keep(message("picture"), &[]);
    bench.keep(message("text"), &[]);
    bench.settle();
    bench.phone(&[1]);
    let (picture, _) = bench.sends().unwrap();
    bench.answered(picture, Some(415));
    let (text, sent) = bench.sends().unwrap();
    assert_eq!(sent, "text");
    bench.answered(text, Some(200));
    assert_eq!(bench.sends(), None);
    bench.keep(message("more"), &[1]);
    let (more, _) = bench.sends().unwrap();
    bench.answered(more, Some(200));
    assert_eq!(bench.sends(), None);
    bench.phone(&[1, 2]);
    assert_eq!(bench.sends(), Some((picture, "picture".into())));
    bench.phone(&[1, 2, 3]);
    bench.answered(picture, Some(415));
    assert_eq!(bench.sends(), Some((picture, "picture".into())), "one came meanwhile");
    bench.answered(picture, Some(415));
    bench.now += MAX_AGE;
    bench.mailbox.timeout(bench.now);
    assert_eq!(bench.settle(), [hold(false)]);
    assert!(bench.stored.is_empty());
}

#[test]
fn d12_what_expired_is_not_delivered() {
    let mut bench = Bench::new();
    bench.keep(with("short", "Expires: 60\r\n"), &[]);
    bench.keep(message("long"), &[]);
    bench.settle();
    bench.now += 60 * SECOND;
    bench.phone(&[1]);
    assert_eq!(bench.sends().unwrap().1, "long");
    assert_eq!(bench.stored.len(), 1);

    let mut bench = Bench::new();
    let question = bench.keep(with("never", "Expires: 0\r\n"), &[]);
    assert_eq!(bench.settle(), [Want::Answer(question, Err(Refusal::Full))]);
    bench.keep(message("forgotten"), &[]);
    bench.settle();
    bench.now += MAX_AGE;
    bench.mailbox.timeout(bench.now);
    assert_eq!(bench.settle(), [hold(false)]);
    assert!(bench.stored.is_empty());
}

#[test]
fn it_is_delivered_as_it_was_sent_by_whom_the_exchange_knows() {
    let mut bench = Bench::new();
    let lies = "Route: <sip:tabphone;lr>\r\nP-Asserted-Identity: <sip:ceo@tabphone>\r\nExpires: 600\r\n\
                Proxy-Authorization: Digest username=\"1001\", realm=\"r\", nonce=\"n\", uri=\"u\", response=\"0\"\r\n";
    bench.keep(with("one", lies), &[]);
    bench.settle();
    bench.now += 90 * SECOND;
    bench.phone(&[1]);
    let wants = bench.settle();
    let Some(Want::Send { request, .. }) = wants.first() else { panic!("{wants:?}") };
    for name in [HeaderName::Via, HeaderName::Route, HeaderName::ProxyAuthorization, HeaderName::MaxForwards] {
        assert!(!request.headers.contains(&name), "{name:?}");
    }
    let raw = |name| request.headers.raw(&name).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(raw(HeaderName::PAssertedIdentity), ["\"Alice\" <sip:1001@tabphone>"]);
    assert_eq!(raw(HeaderName::CallId), ["one"]);
    assert_eq!(raw(HeaderName::CSeq), ["7 MESSAGE"]);
    assert_eq!(raw(HeaderName::From), ["<sip:1001@tabphone>;tag=1"]);
    assert_eq!(raw(HeaderName::Expires), ["600"], "it counts from the Date");
    assert_eq!(request.headers.get::<Date>().unwrap().as_unix(), NOW / SECOND);
    assert_eq!(&*request.body, b"one");
}

#[test]
fn there_are_limits_for_recipients_senders_and_all() {
    let few = Share { count: 2, bytes: 100_000 };
    let many = Share { count: 100, bytes: 100_000 };
    let small = Share { count: 100, bytes: 700 };
    for limits in [
        Limits { recipient: few, sender: many, all: many },
        Limits { recipient: many, sender: few, all: many },
        Limits { recipient: many, sender: many, all: few },
        Limits { recipient: small, sender: many, all: many },
    ] {
        let mut bench = Bench::with(limits);
        bench.keep(with("one", "Expires: 10\r\n"), &[]);
        bench.keep(message("two"), &[]);
        bench.settle();
        let question = bench.keep(message("three"), &[]);
        assert_eq!(bench.settle(), [Want::Answer(question, Err(Refusal::Full))], "{limits:?}");
        bench.now += 10 * SECOND;
        let question = bench.keep(message("three"), &[]);
        assert_eq!(bench.settle(), [kept(question)], "one expired meanwhile: {limits:?}");
    }
}

/// A restart between any two steps: each message is there once, or was delivered last and comes once more.
#[test]
fn restarts_change_neither_what_is_delivered_nor_its_order() {
    for crash in 0..12 {
        let mut bench = Bench::new();
        for text in ["one", "two", "three"] {
            bench.keep(message(text), &[]);
            bench.settle();
        }
        let (mut delivered, mut step) = (Vec::new(), 0);
        bench.phone(&[1]);
        while !bench.stored.is_empty() {
            step += 1;
            if step == crash {
                bench = bench.restarted();
                bench.phone(&[step]);
            }
            match bench.mailbox.poll() {
                Some(Want::Send { id, request, .. }) => {
                    delivered.push(String::from_utf8(request.body.to_vec()).unwrap());
                    bench.answered(id, Some(200));
                }
                Some(Want::Read(id)) => {
                    let found = bench.stored.iter().find(|(envelope, _)| envelope.id == id);
                    let found = found.map(|(_, bytes)| bytes.clone());
                    bench.mailbox.read(id, Ok(found), NOW);
                }
                Some(Want::Remove(id)) => {
                    bench.stored.retain(|(envelope, _)| envelope.id != id);
                    bench.mailbox.removed(id, NOW);
                }
                Some(Want::Hold { .. }) => {}
                other => panic!("{other:?} after {delivered:?}, crash {crash}"),
            }
        }
        let twins = delivered.windows(2).filter(|pair| pair[0] == pair[1]).count();
        delivered.dedup();
        assert_eq!(delivered, ["one", "two", "three"], "crash {crash}");
        assert!(twins <= 1);
    }
}

#[test]
fn numbers_go_up_over_restarts_even_if_the_clock_goes_back() {
    let mut bench = Bench::new();
    bench.keep(message("one"), &[]);
    bench.settle();
    bench.now -= 1_000;
    let kept: Vec<Envelope> = bench.stored.iter().map(|(envelope, _)| envelope.clone()).collect();
    bench.mailbox = Mailbox::new("tabphone", Limits::default(), kept, bench.now);
    bench.keep(message("two"), &[]);
    bench.settle();
    assert!(bench.stored[0].0.id < bench.stored[1].0.id);
}

#[test]
fn verdicts() {
    let of = |code| judge(Some(&Response::to_request(&message("x"), Status::new(code).unwrap())));
    let later = |refused| Verdict::Later { after: None, refused };
    for (codes, verdict) in [
        ([200, 202, 299].as_slice(), Verdict::Delivered),
        (&[300, 302, 403, 404, 410, 603, 604, 606], Verdict::Never),
        (&[405, 501], Verdict::Elsewhere { all: true }),
        (&[413, 415, 416, 420, 488, 505, 513], Verdict::Elsewhere { all: false }),
        (&[408, 430, 480, 486, 487, 503, 600], later(false)),
        (&[429, 482, 491, 500, 502, 504], later(true)),
    ] {
        for code in codes {
            assert_eq!(of(*code), verdict, "{code}");
        }
    }
    assert_eq!(judge(None), later(false));
    let mut busy = Response::to_request(&message("x"), Status::BUSY_HERE);
    busy.headers.push_raw("Retry-After", "90").unwrap();
    assert_eq!(judge(Some(&busy)), Verdict::Later { after: Some(90_000), refused: false });
}
