use super::*;
use sip::header::WwwAuthenticate;
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

struct Phone {
    publication: Publication,
    now: Instant,
}

impl Phone {
    fn new() -> Self {
        Self { publication: Publication::default(), now: Instant::now() }
    }

    /// What is published when the person says this.
    fn says(&mut self, activity: Activity, note: &str) -> Option<Request> {
        self.publication.say(Says { stated: Stated { activity, note: note.to_owned() }, quiet: false });
        self.drive()
    }

    fn drive(&mut self) -> Option<Request> {
        self.publication.drive(Some(&parsed(REGISTER.as_bytes())), self.now).map(|bytes| parsed(&bytes))
    }

    fn answered(&mut self, request: &Request, status: Status, header: Option<(&str, &str)>) -> Option<Request> {
        let mut response = Response::to_request(request, status);
        if let Some((name, value)) = header {
            response.headers.push_raw(name, value).unwrap();
        }
        let say = self.publication.answered(&response, None, self.now).expect("it is about the publication");
        say.map(|bytes| parsed(&bytes))
    }

    fn waits(&mut self) -> Duration {
        let passed = self.publication.deadline().unwrap() - self.now;
        self.now += passed;
        passed
    }
}

fn tag(request: &Request) -> Option<String> {
    request.headers.get::<SipIfMatch>().ok().map(|tag| tag.0.to_string())
}

#[test]
fn pb1_pb3_pb8_what_is_said_is_published_changed_and_taken_away() {
    let mut phone = Phone::new();
    assert_eq!(phone.drive(), None, "nothing is said");
    let first = phone.says(Activity::Away, "At <lunch>").unwrap();
    assert!(first.validate().is_ok());
    assert_eq!((first.method.as_str(), &*first.uri.to_string()), ("PUBLISH", "sip:2001@example.com"));
    assert!(first.headers.get::<Event>().unwrap().is("presence"));
    let said = Presence::parse(&first.body).unwrap();
    assert_eq!((said.state(), said.note()), (pidf::Availability::Away, Some("At <lunch>")));
    assert_eq!(phone.answered(&first, Status::OK, Some(("SIP-ETag", "one"))), None);
    assert_eq!(phone.drive(), None, "once");
    let second = phone.says(Activity::Busy, "").unwrap();
    assert_eq!(tag(&second).as_deref(), Some("one"));
    assert_eq!(Presence::parse(&second.body).unwrap().state(), pidf::Availability::Busy);
    phone.answered(&second, Status::OK, Some(("SIP-ETag", "two")));
    let last = phone.says(Activity::Available, "").unwrap();
    assert_eq!((tag(&last).as_deref(), last.headers.get::<Expires>().unwrap()), (Some("two"), Expires(0)));
    assert!(last.body.is_empty());
    phone.answered(&last, Status::OK, Some(("SIP-ETag", "three")));
    assert_eq!((phone.drive(), phone.publication.deadline()), (None, None));
}

#[test]
fn pb2_pb4_pb7_it_is_said_again_as_it_is_wanted() {
    let mut phone = Phone::new();
    let first = phone.says(Activity::Away, "").unwrap();
    let longer = phone.answered(&first, Status::INTERVAL_TOO_BRIEF, Some(("Min-Expires", "7200"))).unwrap();
    assert_eq!(longer.headers.get::<Expires>().unwrap(), Expires(7_200));
    phone.answered(&longer, Status::OK, Some(("SIP-ETag", "one")));
    assert_eq!(phone.waits(), Duration::from_secs(2_880));
    let again = phone.drive().unwrap();
    assert_eq!(tag(&again).as_deref(), Some("one"));
    assert_eq!(phone.answered(&again, Status::CONDITIONAL_REQUEST_FAILED, None), None);
    let anew = phone.drive().unwrap();
    assert_eq!((tag(&anew), anew.body.is_empty()), (None, false), "the PBX forgot it");
}

#[test]
fn pb5_pb6_pb9_a_pbx_that_takes_none_is_left_alone_and_a_failure_is_tried_again() {
    let mut phone = Phone::new();
    let first = phone.says(Activity::Away, "").unwrap();
    phone.answered(&first, Status::new(503).unwrap(), None);
    assert_eq!(phone.drive(), None);
    assert_eq!(phone.waits(), PAUSE);
    phone.drive().unwrap();
    // Nobody answers.
    assert_eq!(phone.waits(), PATIENCE);
    assert_eq!(phone.drive(), None);
    assert_eq!(phone.waits(), PAUSE);
    let third = phone.drive().unwrap();
    phone.answered(&third, Status::BAD_EVENT, None);
    assert_eq!((phone.says(Activity::Busy, ""), phone.publication.deadline()), (None, None));
    phone.publication.drive(None, phone.now);
    assert!(phone.drive().is_some(), "it is asked again with the next registration");
    let theirs = Response::to_request(&parsed(REGISTER.as_bytes()), Status::OK);
    assert_eq!(phone.publication.answered(&theirs, None, phone.now), None);
}

#[test]
fn a_challenge_without_a_secret_is_a_failure() {
    let mut phone = Phone::new();
    let first = phone.says(Activity::Away, "").unwrap();
    let mut asked = Response::to_request(&first, Status::UNAUTHORIZED);
    let mut verifier = sip::digest::Verifier::new([7; 32], "r");
    let challenges = verifier.challenges(sip::Instant::from_millis(1_000), false);
    challenges.into_iter().for_each(|it| asked.headers.push(&WwwAuthenticate(it)));
    assert_eq!(phone.publication.answered(&asked, None, phone.now), Some(None));
    assert_eq!(phone.drive(), None);
}

#[test]
fn not_to_be_disturbed_is_said_before_anything_else() {
    let says = Says { stated: Stated { activity: Activity::Away, note: "a\u{1}b".to_owned() }, quiet: true };
    let said = Presence::parse(says.document("sip:2001@example.com").as_bytes()).unwrap();
    assert_eq!((said.state(), said.note()), (pidf::Availability::DoNotDisturb, Some("ab")));
}
