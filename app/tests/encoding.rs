//! The bytes of what travels between the server and its pages. They may change, and then
//! [`app::encoding::VERSION`] changes, too: a page and a server of different versions understand nothing rather than
//! something else.

use app::backend::{Contact, Dialect, Opening};
use app::caller::Caller;
use app::encoding::{DecodeError, decode, encode};
use app::history::Report;
use app::lease::{FromTab, Grant, RegistrationIdentity, ToTab};
use app::media::{AutoAnswer, Digits, IceServer, Media, Recording};
use app::messages::{Failure, Latest, News, Outcome, Received, Sent, ToSend};
use app::offers::{Offer, Offers, Setting};
use app::phone::{
    Call, Cause, Direction, Ended, Handover, Hold, LineState, MediaFailure, Party, Phase, Picture, Presence, Recorded,
    RecordingFailure, Refusal, Registration, Status, Tape, Voice,
};
use app::quality::Tally;
use app::sign::ToSign;
use app::sound::{MediaSettings, Ringtone};
use core::fmt::Debug;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn party() -> Party {
    Party { number: "1002".to_owned(), name: "Ben".to_owned() }
}

fn line() -> LineState {
    let call = Call {
        key: 300,
        direction: Direction::Incoming,
        remote: party(),
        phase: Phase::Talking,
        answered_at: Some(1),
        muted: true,
        voice: Voice::Missing(MediaFailure::NoDevice),
        hold: Hold { here: true, there: false },
        handover: Some(Handover::Refused(486)),
        digits: "5#".to_owned(),
        picture: Picture { camera: true, failure: Some(MediaFailure::NoDevice), ..Picture::default() },
        unattended: true,
        joined: true,
        recorded: Recorded::On(Tape { anew: true, kept: false, announced: true }),
    };
    let cause = Cause::Unfit { lacks: "l".to_owned(), remedies: vec!["r".to_owned()] };
    LineState {
        registration: Registration::Refused(Refusal::Misconfigured(488)),
        calls: vec![call],
        ended: Some(Ended { key: 2, direction: Direction::Outgoing, remote: party(), cause }),
        dialled: "7".to_owned(),
        presence: vec![Presence {
            extension: "1002".to_owned(),
            status: Status::InCall,
            note: "n".to_owned(),
            pick_up: "p".to_owned(),
        }],
    }
}

fn caller() -> Caller {
    Caller { number: "1".to_owned(), name: "Al".to_owned(), about: vec!["n".to_owned()] }
}

/// [`line`].
const LINE: &[u8] =
    b"\x04\x04\xe8\x03\x01\xac\x02\x01\x041002\x03Ben\x06\x01\x01\x01\x02\x01\x01\x00\x01\x03\xe6\x03\x025#\
    \x00\x01\x00\x00\x00\x01\x01\x01\
    \x01\x03\x01\x00\x01\
    \x01\x02\x00\x041002\x03Ben\x19\x01l\x01\x01r\x017\x01\x041002\x03\x01n\x01p";

/// What a person wants of sound.
const SOUND: &[u8] = b"\x01m\x00\x00\x00\x01\x01\x01\x00\x28\x64\x00";

fn media() -> Media {
    let server = IceServer { urls: vec!["stun:s".to_owned()], username: Some("u".to_owned()), credential: None };
    Media {
        ice_servers: vec![server],
        relay: true,
        trickle: false,
        preferred: vec!["opus".to_owned()],
        removed: vec!["CN".to_owned()],
        audio_kbit: 300,
        video_kbit: 2,
        video_height: 720,
        video_rate: 30,
        digits: Digits::Info,
        auto_answer: AutoAnswer::Numbers(vec!["9".to_owned()]),
        recording: Recording::Announced,
        voicemail: "*9".to_owned(),
    }
}

/// [`media`].
const MEDIA: &[u8] =
    b"\x01\x01\x06stun:s\x01\x01u\x00\x01\x00\x01\x04opus\x01\x02CN\xac\x02\x02\xd0\x05\x1e\x02\x02\x01\x019\x02\x02*9";

/// The value is written as these bytes, and read back from them; from fewer or more, nothing is read.
#[track_caller]
fn travels<T: Clone + Debug + PartialEq + Serialize + DeserializeOwned>(value: &T, bytes: &[u8]) {
    let written = encode(value);
    assert_eq!(written.escape_ascii().to_string(), bytes.escape_ascii().to_string());
    assert_eq!(decode::<T>(&written).as_ref(), Ok(value));
    for end in 0..written.len() {
        assert_eq!(decode::<T>(&written[..end]), Err(DecodeError), "{end} bytes");
    }
    assert_eq!(decode::<T>(&[&*written, b"x"].concat()), Err(DecodeError));
    let newer = [&[written[0] + 1], &written[1..]].concat();
    assert_eq!(decode::<T>(&newer), Err(DecodeError));
}

#[test]
fn the_words_of_a_tab() {
    travels(&FromTab::Hello { tab: "t".to_owned(), running: Some(1), loaded: true }, b"\x07\x00\x01t\x01\x01\x01");
    travels(&FromTab::Take, b"\x07\x01");
    travels(
        &FromTab::Publish { epoch: 1, state: line(), snapshot: vec![0, 255], to_lose: true, last: false },
        &[&b"\x07\x02\x01"[..], LINE, &b"\x02\x00\xff\x01\x00"[..]].concat(),
    );
    travels(&FromTab::Alive, b"\x07\x03");
    travels(&FromTab::Release { epoch: 1 }, b"\x07\x04\x01");
    let heard = Tally { count: 1, score: 44, worst: 43, round_trips: 1, codec: "o".to_owned(), ..Tally::default() };
    let report = Report {
        call_id: "c".to_owned(),
        local_tag: "t".to_owned(),
        direction: Direction::Incoming,
        remote: party(),
        begun: 1,
        answered: Some(2),
        ended: 3,
        cause: Cause::HungUpThere,
        heard,
    };
    travels(
        &FromTab::Report(report),
        b"\x07\x05\x01c\x01t\x01\x041002\x03Ben\x01\x01\x02\x03\x01\x01\x2c\x2b\x00\x00\x01\x00\x01o",
    );
    let body = vec![0, 255];
    let content_type = "t/p".to_owned();
    travels(
        &FromTab::Message(Received { id: 300, call_id: "c".to_owned(), from: party(), content_type, body }),
        b"\x07\x06\xac\x02\x01c\x041002\x03Ben\x03t/p\x02\x00\xff",
    );
    let sent = |outcome| FromTab::Sent(Sent { call_id: "c".to_owned(), attempt: 2, outcome });
    travels(&sent(Outcome::Kept), b"\x07\x07\x01c\x02\x01");
    travels(&sent(Outcome::Failed(Failure::Status(500))), b"\x07\x07\x01c\x02\x02\x08\xf4\x03");
}

#[test]
fn the_words_of_the_server() {
    let identity = RegistrationIdentity {
        instance: "urn:uuid:i".to_owned(),
        contact_user: "u".to_owned(),
        call_id: "c".to_owned(),
    };
    travels(
        &ToTab::Granted(Grant { epoch: 1, identity, snapshot: Some((vec![0, 255], 2)) }),
        b"\x07\x00\x01\nurn:uuid:i\x01u\x01c\x01\x02\x00\xff\x02",
    );
    travels(&ToTab::Resumed { epoch: 1 }, b"\x07\x01\x01");
    travels(&ToTab::Yield, b"\x07\x02");
    travels(&ToTab::Watching, b"\x07\x03");
    travels(&ToTab::Line(line()), &[&b"\x07\x04"[..], LINE].concat());
    travels(&ToTab::Presence(line().presence), b"\x07\x05\x01\x041002\x03\x01n\x01p");
    travels(&ToTab::Alive, b"\x07\x06");
    travels(&ToTab::Media(media()), &[&b"\x07\x07"[..], MEDIA].concat());
    travels(&ToTab::Recorded("t".to_owned()), b"\x07\x08\x01t");
    travels(&ToTab::Missed(3), b"\x07\x09\x03");
    travels(&ToTab::Wishes(vec!["Do".to_owned()]), b"\x07\x0a\x01\x02Do");
    let latest = Latest { id: 3, with: "w".to_owned(), title: "t".to_owned(), text: "x".to_owned() };
    travels(&ToTab::Messages(News { unread: 2, latest: Some(latest) }), b"\x07\x0c\x02\x01\x06\x01w\x01t\x01x");
    let to_send = ToSend { call_id: "c".to_owned(), attempt: 1, to: "1002".to_owned(), text: "x".to_owned() };
    travels(&ToTab::Send(vec![to_send]), b"\x07\x0d\x01\x01c\x01\x041002\x01x");
    travels(&ToTab::Answer { id: 1, status: 200 }, b"\x07\x0e\x01\xc8\x01");
    travels(&ToTab::Callers(vec![caller()]), b"\x07\x0b\x01\x011\x02Al\x01\x01n");
}

#[test]
fn the_last_of_each_kind() {
    travels(&Registration::Away, b"\x07\x09");
    travels(&Refusal::ServerFailure(500), b"\x07\x06\xf4\x03");
    travels(&Cause::Media(MediaFailure::NoRelay), b"\x07\x15\x08");
    travels(&Voice::Missing(MediaFailure::Constraint), b"\x07\x02\x03");
    travels(&Ringtone::Soft, b"\x07\x03");
    travels(&Phase::Returning, b"\x07\x08");
    travels(&Cause::TooMany, b"\x07\x1c");
    travels(&Recorded::Failed(RecordingFailure::Refused(500)), b"\x07\x04\x05\xf4\x03");
    travels(&Handover::Untold, b"\x07\x02");
}

#[test]
fn what_a_page_opens_with_and_what_is_to_be_signed() {
    let contact = Contact { extension: "1001".to_owned(), name: "Al".to_owned() };
    let offers = Offers::default().with(Setting::CallWaiting, Offer::Fixed).with(Setting::Ringing, Offer::Hidden);
    let opening = Opening {
        me: contact.clone(),
        domain: "d".to_owned(),
        contacts: vec![contact],
        line: line(),
        policy: media(),
        ringing_seconds: 60,
        media: MediaSettings { microphone: "m".to_owned(), call_volume: 40, ..MediaSettings::default() },
        offers,
        missed: 2,
        unread: 4,
        dial: "7".to_owned(),
        callers: vec![caller()],
        dialect: Dialect { secure: true, trusts_identity: false },
    };
    travels(
        &opening,
        &[
            &b"\x07\x041001\x02Al\x01d\x01\x041001\x02Al"[..],
            LINE,
            MEDIA,
            b"<",
            SOUND,
            b"\x02\x40\x02\x04\x017\x01\x011\x02Al\x01\x01n\x01\x00",
        ]
        .concat(),
    );
    let wanted = ToSign {
        epoch: 1,
        challenges: vec!["Digest".to_owned()],
        nc: 2,
        method: "REGISTER".to_owned(),
        uri: "sip:d".to_owned(),
        body: vec![255],
    };
    travels(&wanted, b"\x07\x01\x01\x06Digest\x02\x08REGISTER\x05sip:d\x01\xff");
}
