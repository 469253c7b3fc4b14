use super::*;
use crate::ports::Ha1;
use sip::digest::{Algorithm, Ha1s, Verifier, ha1, presented};
use sip::header::WwwAuthenticate;
use sip::message::Message;

const REGISTER: &str = "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK1\r\n\
    Max-Forwards: 70\r\nFrom: \"Al\" <sip:2001@example.com>;tag=1\r\nTo: <sip:2001@example.com>\r\nCall-ID: id\r\n\
    CSeq: 7 REGISTER\r\nContact: <sip:u@a.invalid;transport=ws>;reg-id=1;expires=600\r\nExpires: 600\r\n\
    User-Agent: Tabphone\r\nContent-Length: 0\r\n\r\n";

fn parsed(bytes: &[u8]) -> Request {
    match Message::parse(bytes).unwrap() {
        Message::Request(request) => request,
        Message::Response(response) => panic!("{response:?}"),
    }
}

const SUMMARY: Package = Package { name: "message-summary", accepts: &["application/simple-message-summary"] };

struct Phone {
    subscription: Subscription,
    now: Instant,
    secret: PbxSecret,
}

impl Phone {
    /// A phone that has just registered, and its first SUBSCRIBE.
    fn registered() -> (Self, Request) {
        let of = |algorithm| ha1(&algorithm, "2001", "r", "secret");
        let ha1 = Ha1 { md5: of(Algorithm::Md5), sha256: of(Algorithm::Sha256) };
        let secret = PbxSecret { realm: "r".to_owned(), user: "2001".to_owned(), ha1 };
        let mut phone = Self { subscription: Subscription::new(SUMMARY, None), now: Instant::now(), secret };
        let first = phone.drive().unwrap();
        (phone, first)
    }

    fn drive(&mut self) -> Option<Request> {
        self.subscription.drive(Some(&parsed(REGISTER.as_bytes())), self.now).map(|bytes| parsed(&bytes))
    }

    /// What is asked once this is answered so.
    fn answered(&mut self, response: &Response) -> Option<Request> {
        let call_id = call_id(&response.headers).unwrap();
        assert!(self.subscription.is_mine(&call_id), "it is about the subscription");
        self.subscription.answered(response, Some(&self.secret), self.now).map(|bytes| parsed(&bytes))
    }

    fn notified(&mut self, request: &[u8]) -> Notified {
        self.subscription.notified(&parsed(request), self.now)
    }

    /// The time of the next thing to do comes.
    fn waits(&mut self) -> Duration {
        let due = self.subscription.deadline().unwrap();
        let passed = due - self.now;
        self.now = due;
        passed
    }
}

fn answer(request: &Request, status: Status) -> Response {
    let mut response = Response::to_request(request, status);
    response.set_to_tag("pbx");
    response
}

fn accepted(request: &Request, seconds: u32) -> Response {
    let mut response = answer(request, Status::OK);
    response.headers.push(&Expires(seconds));
    response.headers.push_raw("Contact", "<sip:mailbox@10.0.0.1>").unwrap();
    response.headers.push_raw("Record-Route", "<sip:one;lr>, <sip:two;lr>").unwrap();
    response
}

fn notify(to: &Request, seq: u32, state: &str, body: &str) -> Vec<u8> {
    let From(own) = to.headers.get::<From>().unwrap();
    let call_id = to.headers.get::<CallId>().unwrap();
    format!(
        "NOTIFY sip:u@a.invalid;transport=ws SIP/2.0\r\nVia: SIP/2.0/WSS p.example.com;branch=z9hG4bKn{seq}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:2001@example.com>;tag=pbx\r\nTo: {own}\r\nCall-ID: {call_id}\r\n\
         CSeq: {seq} NOTIFY\r\nEvent: message-summary\r\nSubscription-State: {state}\r\n\
         Content-Type: application/simple-message-summary\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

const TWO: &str = "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n";

#[test]
fn sb1_a_phone_that_is_registered_asks() {
    let (mut phone, first) = Phone::registered();
    assert!(first.validate().is_ok());
    assert_eq!(first.method, Method::Subscribe);
    assert_eq!(first.uri.to_string(), "sip:2001@example.com");
    let (From(from), To(to)) = (first.headers.get().unwrap(), first.headers.get().unwrap());
    assert_eq!((from.uri.to_string(), to.uri.to_string()), (first.uri.to_string(), first.uri.to_string()));
    assert!(from.tag().is_some_and(|tag| tag != "1") && to.tag().is_none());
    assert!(first.headers.get::<Event>().unwrap().is("message-summary"));
    assert_eq!(first.headers.get::<Contact>().unwrap().to_string(), "<sip:u@a.invalid;transport=ws>");
    assert_ne!(first.headers.get::<Via>().unwrap().branch(), Some("z9hG4bK1"));
    assert_eq!(phone.drive(), None, "once");
    let mut nobody = Subscription::new(SUMMARY, None);
    assert_eq!((nobody.drive(None, phone.now), nobody.deadline()), (None, None));
}

#[test]
fn sb2_sb4_sb8_it_is_signed_and_asked_again_in_its_dialog() {
    let (mut phone, first) = Phone::registered();
    let mut verifier = Verifier::new([7; 32], "r");
    let at = sip::Instant::from_millis(1_000);
    let mut asked = answer(&first, Status::UNAUTHORIZED);
    verifier.challenges(at, false).into_iter().for_each(|it| asked.headers.push(&WwwAuthenticate(it)));
    let signed = phone.answered(&asked).unwrap();
    let credentials = presented(&signed, "r").unwrap();
    assert!(verifier.check(&credentials, &signed, &Ha1s::new("2001", "r", "secret"), at).is_ok());
    assert_eq!(signed.headers.get::<CSeq>().unwrap().seq, 2);
    assert_eq!(phone.answered(&answer(&signed, Status::TRYING)), None);
    assert_eq!(phone.answered(&accepted(&signed, 600)), None);
    assert_eq!(phone.drive(), None);
    assert_eq!(phone.waits(), Duration::from_secs(480));
    let again = phone.drive().unwrap();
    assert_eq!(again.uri.to_string(), "sip:mailbox@10.0.0.1");
    assert_eq!(again.headers.get::<To>().unwrap().tag(), Some("pbx"));
    assert_eq!(again.headers.get::<CallId>().unwrap(), first.headers.get::<CallId>().unwrap());
    assert_eq!(again.headers.get::<CSeq>().unwrap().seq, 3);
    let routes: Vec<String> = again.headers.all::<Route>().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(routes, ["<sip:two;lr>", "<sip:one;lr>"]);
    assert!(!again.headers.contains(HeaderName::Authorization), "an old signature is none");
    assert_eq!(phone.answered(&accepted(&again, 600)), None);
    phone.waits();
    assert_eq!(phone.drive().unwrap().headers.all::<Route>().unwrap().len(), 2);
}

#[test]
fn sb3_sb5_what_is_wanted_otherwise_is_asked_otherwise() {
    let (mut phone, first) = Phone::registered();
    let mut brief = answer(&first, Status::INTERVAL_TOO_BRIEF);
    brief.headers.push(&MinExpires(7_200));
    let longer = phone.answered(&brief).unwrap();
    assert_eq!(longer.headers.get::<Expires>().unwrap(), Expires(7_200));
    phone.answered(&accepted(&longer, 7_200));
    phone.waits();
    let again = phone.drive().unwrap();
    let anew = phone.answered(&answer(&again, Status::CALL_DOES_NOT_EXIST)).unwrap();
    assert_ne!(anew.headers.get::<CallId>().unwrap(), first.headers.get::<CallId>().unwrap());
    assert_eq!(
        (anew.headers.get::<To>().unwrap().tag(), anew.uri.to_string().as_str()),
        (None, "sip:2001@example.com")
    );
    assert!(!anew.headers.contains(HeaderName::Route));
    assert!(!phone.subscription.is_mine(&call_id(&first.headers).unwrap()), "that is over");
}

#[test]
fn sb6_what_there_is_not_is_not_asked_again_before_the_next_registration() {
    for status in [489, 404, 403, 405, 603, 501] {
        let (mut phone, first) = Phone::registered();
        assert_eq!(phone.answered(&answer(&first, Status::new(status).unwrap())), None, "{status}");
        assert_eq!((phone.drive(), phone.subscription.deadline()), (None, None), "{status}");
        phone.subscription.drive(None, phone.now);
        assert!(phone.drive().is_some(), "{status}");
    }
}

#[test]
fn sb7_a_failure_is_tried_again_later_and_no_challenge_is_answered_for_ever() {
    let (mut phone, first) = Phone::registered();
    assert_eq!(phone.answered(&answer(&first, Status::new(503).unwrap())), None);
    assert_eq!(phone.waits(), PAUSE);
    assert!(phone.drive().is_some());
    // Nobody answers.
    assert_eq!(phone.waits(), PATIENCE);
    assert_eq!(phone.drive(), None);
    assert_eq!(phone.waits(), PAUSE);
    let mut request = phone.drive().unwrap();
    let mut verifier = Verifier::new([7; 32], "r");
    for _ in 0..TRIES {
        let mut asked = answer(&request, Status::UNAUTHORIZED);
        let challenges = verifier.challenges(sip::Instant::from_millis(1_000), false);
        challenges.into_iter().for_each(|it| asked.headers.push(&WwwAuthenticate(it)));
        request = phone.answered(&asked).unwrap();
    }
    assert_eq!(phone.answered(&answer(&request, Status::UNAUTHORIZED)), None);
}

#[test]
fn sb9_sb10_what_is_told_is_answered_and_a_subscription_that_ended_begins_anew() {
    let (mut phone, first) = Phone::registered();
    phone.answered(&accepted(&first, 600));
    let told = phone.notified(&notify(&first, 5, "active;expires=600", TWO));
    assert!(told.answer.starts_with(b"SIP/2.0 200 ") && told.is_new && !told.is_over, "{told:?}");
    let overtaken = phone.notified(&notify(&first, 4, "active", TWO));
    assert!(overtaken.answer.starts_with(b"SIP/2.0 200 ") && !overtaken.is_new, "an older one");
    assert!(phone.notified(&notify(&first, 7, "terminated;reason=probation;retry-after=90", "")).is_over);
    assert_eq!(phone.waits(), Duration::from_secs(90));
    let anew = phone.drive().unwrap();
    assert_ne!(anew.headers.get::<CallId>().unwrap(), first.headers.get::<CallId>().unwrap());
    phone.answered(&accepted(&anew, 600));
    phone.notified(&notify(&anew, 1, "terminated;reason=noresource", ""));
    assert_eq!((phone.drive(), phone.subscription.deadline()), (None, None));
}

#[test]
fn sb11_who_is_not_registered_any_more_asks_for_nothing() {
    let (mut phone, first) = Phone::registered();
    phone.subscription.drive(None, phone.now);
    assert!(!phone.subscription.is_mine(&call_id(&first.headers).unwrap()));
    assert_eq!((phone.subscription.deadline(), phone.subscription.is_asked()), (None, false));
}

#[test]
fn it_is_asked_for_somebody_else_too() {
    let mut subscription = Subscription::new(SUMMARY, Some(SipUri::new("2002", "example.com").unwrap()));
    let now = Instant::now();
    let asked = parsed(&subscription.drive(Some(&parsed(REGISTER.as_bytes())), now).unwrap());
    let (From(from), To(to)) = (asked.headers.get().unwrap(), asked.headers.get().unwrap());
    assert_eq!((&*from.uri.to_string(), &*to.uri.to_string()), ("sip:2001@example.com", "sip:2002@example.com"));
    assert_eq!(asked.uri.to_string(), "sip:2002@example.com");
    subscription.answered(&accepted(&asked, 600), None, now);
    let later = now + Duration::from_secs(480);
    let again = parsed(&subscription.drive(Some(&parsed(REGISTER.as_bytes())), later).unwrap());
    let gone = answer(&again, Status::CALL_DOES_NOT_EXIST);
    let anew = parsed(&subscription.answered(&gone, None, later).unwrap());
    assert_eq!(anew.uri.to_string(), "sip:2002@example.com");
}
