use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use sip::body::dialog_info::{Dialog, DialogEvent, DialogInfo, DialogState, DialogTable, Direction, Participant};
use sip::body::message_summary::{MessageClass, MessageCount, MessageSummary};
use sip::body::multipart::{Part, Wanted, compose, find, parse};
use sip::body::pidf::{Activity, Basic, Person, Presence, Tuple};
use sip::body::reginfo::{
    ContactEvent, ContactState, RegInfo, RegisteredContact, Registration, RegistrationState, RegistrationTable,
};
use sip::body::sipfrag::{SipFrag, StartLine};
use sip::body::{BodyError, Notice, Permille};
use sip::message::{Headers, Status, Text, Token};

/// Documents and bodies of all kinds, to be broken.
const REAL: [&[u8]; 8] = [
    include_bytes!("chan-sip-in-use.xml"),
    include_bytes!("rfc4480.xml"),
    include_bytes!("asterisk-xpidf-in-use.xml"),
    include_bytes!("dialog-rfc4235-partial.xml"),
    include_bytes!("reginfo-rfc3680.xml"),
    b"Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n",
    b"SIP/2.0 200 OK\r\nTo: <sip:a@example.com>\r\n\r\nbody",
    b"--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b\r\n\r\n\r\n--b--\r\n",
];

/// Reads all that can be read of bytes: nothing of it may panic, and what is read can be written and read again.
fn read_all(bytes: &[u8]) {
    fn again<T: PartialEq + core::fmt::Debug>(
        bytes: &[u8],
        read: impl Fn(&[u8]) -> Result<T, BodyError>,
        write: impl Fn(&T) -> Vec<u8>,
    ) {
        match read(bytes) {
            Ok(body) => assert_eq!(read(&write(&body)).as_ref(), Ok(&body), "{}", bytes.escape_ascii()),
            Err(error) => {
                assert!(
                    error.offset <= bytes.len() && error.line <= bytes.len() + 1,
                    "{error} of {}",
                    bytes.escape_ascii()
                );
            }
        }
    }
    let with_ids = |bytes: &[u8]| {
        let mut presence = Presence::parse(bytes)?;
        for (place, tuple) in presence.tuples.iter_mut().enumerate() {
            tuple.id.get_or_insert_with(|| format!("t{place}"));
        }
        Ok(presence)
    };
    again(bytes, with_ids, |presence| {
        let _ = (presence.state(), presence.note());
        presence.compose().into_bytes()
    });
    again(bytes, MessageSummary::parse, |summary| summary.compose().into_bytes());
    if let Ok(info) = DialogInfo::parse(bytes) {
        DialogTable::new().merge(info);
    }
    if let Ok(info) = RegInfo::parse(bytes) {
        RegistrationTable::new().merge(info);
    }
    let _ = (SipFrag::parse(bytes).map(|fragment| fragment.compose()), SipFrag::status(bytes));
    let mixed = "multipart/mixed;boundary=b".parse().unwrap();
    if let Ok(parts) = parse(&mixed, bytes) {
        let composed = compose("mixed", &parts).unwrap();
        assert_eq!(parse(&composed.media_type, &composed.body).as_ref(), Ok(&parts), "{}", bytes.escape_ascii());
    }
    let mut headers = Headers::new();
    headers.push_raw("Content-Type", "multipart/alternative;boundary=b").unwrap();
    let _ = find(&headers, bytes, &Wanted::SESSION);
}

/// Any text that there is, with an eye on what XML cannot hold or changes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ \t\r\n\0\u{1}<>&\"'\\]é\u{FFFE}a;#]{0,12}"]
}

/// What is left of a text: no characters that XML cannot hold, and no white space around it.
fn kept(text: &str) -> String {
    let held = |c: &char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    text.chars().filter(held).collect::<String>().trim().into()
}

fn kept_some(text: Option<&String>) -> Option<String> {
    text.map(|text| kept(text)).filter(|text| !text.is_empty())
}

fn kept_all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| kept(text)).filter(|text| !text.is_empty()).collect()
}

prop_compose! {
    fn tuple()(
        id in option::of(text()),
        basic in option::of(prop_oneof![Just(Basic::Open), Just(Basic::Closed)]),
        contact in option::of(text()), notes in vec(text(), 0..3), priority in 0..2000_u16,
        timestamp in option::of(text()),
    ) -> Tuple {
        let priority = contact.as_ref().map(|_| Permille::new(priority));
        Tuple { id, basic, contact, priority, notes, timestamp }
    }
}

prop_compose! {
    fn presence()(
        entity in option::of(text()), tuples in vec(tuple(), 0..4), notes in vec(text(), 0..3),
        words in vec(text(), 0..3), person_notes in vec(text(), 0..3), place_type in option::of(text()),
    ) -> Presence {
        let activities = [Activity::OnThePhone, Activity::DoNotDisturb].into_iter();
        let words = words.into_iter().enumerate().map(|(n, word)| Activity::Other(format!("{n}{word}")));
        let activities = activities.chain(words);
        let person = Person { activities: activities.collect(), place_type, notes: person_notes, timestamp: None };
        Presence { entity, tuples, person, notes }
    }
}

fn kept_presence(presence: &Presence) -> Presence {
    let tuple = |tuple: &Tuple| Tuple {
        id: kept_some(tuple.id.as_ref()),
        contact: kept_some(tuple.contact.as_ref()),
        priority: tuple.priority.filter(|_| kept_some(tuple.contact.as_ref()).is_some()),
        notes: kept_all(&tuple.notes),
        timestamp: kept_some(tuple.timestamp.as_ref()),
        ..tuple.clone()
    };
    let activity = |activity: &Activity| {
        if let Activity::Other(words) = activity { Activity::Other(kept(words)) } else { activity.clone() }
    };
    Presence {
        entity: kept_some(presence.entity.as_ref()),
        tuples: presence.tuples.iter().map(tuple).collect(),
        person: Person {
            activities: presence.person.activities.iter().map(activity).collect(),
            place_type: kept_some(presence.person.place_type.as_ref()),
            notes: kept_all(&presence.person.notes),
            timestamp: None,
        },
        notes: kept_all(&presence.notes),
    }
}

proptest! {
    #[test]
    fn nothing_panics_on_any_bytes(bytes in vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn nothing_panics_on_what_is_nearly_right(
        real in 0..REAL.len(), at in any::<prop::sample::Index>(), length in 0..40_usize,
        instead in prop_oneof![vec(any::<u8>(), 0..4), "[<>&;/='\"a:!\\[\\]?-]{0,6}".prop_map(String::into_bytes)],
    ) {
        let mut bytes = REAL[real].to_vec();
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + length);
        bytes.splice(at..end, instead);
        read_all(&bytes);
    }

    #[test]
    fn presence_is_read_as_it_was_written(presence in presence()) {
        let again = Presence::parse(presence.compose().as_bytes());
        prop_assert_eq!(again, Ok(kept_presence(&presence)));
    }

    #[test]
    fn dialogs_are_read_as_they_were_written(
        texts in vec(text(), 9..=9), version in option::of(any::<u32>()), partial in any::<bool>(),
        state in option::of(Just(DialogState::Terminated)), duration in option::of(any::<u32>()),
        rendering in option::of(any::<bool>()),
    ) {
        let notice = if partial { Notice::Partial } else { Notice::Full };
        let build = |change: &dyn Fn(&str) -> Option<String>| {
            let mut texts = texts.iter().map(|text| change(text));
            let mut next = || texts.next().flatten();
            let dialog = Dialog {
                id: next().unwrap_or_default(), call_id: next(), local_tag: next(), remote_tag: next(),
                direction: Some(Direction::Recipient), state,
                event: Some(DialogEvent::LocalBye),
                code: Some(Status::BUSY_HERE), duration,
                local: Participant { identity: next(), display: next(), target: next(), rendering },
                remote: Participant { identity: next(), ..Participant::default() },
            };
            DialogInfo { version, notice, entity: next(), dialogs: vec![dialog] }
        };
        let info = build(&|text| Some(text.into()));
        let expected = build(&|text| kept_some(Some(&text.into())));
        prop_assert_eq!(DialogInfo::parse(info.compose().as_bytes()), Ok(expected));
    }

    #[test]
    fn registrations_are_read_as_they_were_written(
        texts in vec(text(), 9..=9), numbers in vec(any::<u32>(), 5..=5), version in option::of(any::<u32>()),
    ) {
        let build = |change: &dyn Fn(&str) -> Option<String>| {
            let mut texts = texts.iter().map(|text| change(text));
            let mut next = || texts.next().flatten();
            let contact = RegisteredContact {
                id: next().unwrap_or_default(), state: Some(ContactState::Active), event: Some(ContactEvent::Shortened),
                duration_registered: Some(numbers[0].into()), expires: Some(numbers[1]), retry_after: Some(numbers[2]),
                q: Some(Permille::new(7)), call_id: next(), cseq: Some(numbers[3]), uri: next(), display_name: next(),
                unknown_params: vec![(next().unwrap_or_default(), next().unwrap_or_default())],
                pub_gruu: next(), temp_gruu: next().map(|uri| (uri, numbers[4])),
            };
            let registration = Registration {
                aor: next().unwrap_or_default(), id: String::new(), state: Some(RegistrationState::Active),
                contacts: vec![contact],
            };
            RegInfo { version, notice: Notice::Partial, registrations: vec![registration] }
        };
        let info = build(&|text| Some(text.into()));
        let expected = build(&|text| kept_some(Some(&text.into())));
        prop_assert_eq!(RegInfo::parse(info.compose().as_bytes()), Ok(expected));
    }

    #[test]
    fn mailboxes_are_read_as_they_were_written(
        waiting in any::<bool>(), account in option::of("[!-~]{1,20}"), new in any::<u32>(), old in any::<u32>(),
        urgent in option::of(any::<(u32, u32)>()), other in "x-[a-z]{1,8}",
    ) {
        let account = account.map(|account| Text::new(&account).unwrap());
        let counts = [MessageClass::Voice, MessageClass::None, MessageClass::Other(Token::new(&other).unwrap())];
        let counts = counts.map(|class| MessageCount { class, new, old, urgent }).to_vec();
        let summary = MessageSummary { waiting, account, counts };
        prop_assert_eq!(MessageSummary::parse(summary.compose().as_bytes()), Ok(summary));
    }

    #[test]
    fn fragments_are_read_as_they_were_written(
        reason in any::<String>(), value in any::<String>(), body in vec(any::<u8>(), 0..50),
    ) {
        let reason = Text::lossy(reason.trim());
        let mut headers = Headers::new();
        headers.push_raw("Subject", Text::lossy(value.trim()).as_str()).unwrap();
        let start = Some(StartLine::Response { status: Status::OK, reason });
        let fragment = SipFrag { start, headers, body };
        prop_assert_eq!(SipFrag::parse(&fragment.compose()), Ok(fragment));
    }

    #[test]
    fn parts_are_read_as_they_were_written(
        bodies in vec(prop_oneof![
            vec(any::<u8>(), 0..60),
            "([-]{0,3}part-0000000[0-9]|\r|\n){0,8}".prop_map(String::into_bytes),
        ], 1..6),
    ) {
        let parts: Vec<Part> = bodies.iter().map(|body| Part::new("application/octet-stream", body).unwrap()).collect();
        let composed = compose("mixed", &parts).unwrap();
        prop_assert_eq!(parse(&composed.media_type, &composed.body), Ok(parts));
    }
}
