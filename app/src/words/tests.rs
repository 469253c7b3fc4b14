use super::*;
use std::collections::HashSet;

const REGISTRATIONS: [Registration; 16] = [
    Registration::Unknown,
    Registration::Connecting,
    Registration::Ready,
    Registration::Unreachable,
    Registration::Refused(Refusal::WrongCredentials),
    Registration::Refused(Refusal::Unanswerable),
    Registration::Refused(Refusal::NotAllowed(403)),
    Registration::Refused(Refusal::UnknownUser(404)),
    Registration::Refused(Refusal::Misconfigured(405)),
    Registration::Refused(Refusal::Busy),
    Registration::Refused(Refusal::ServerFailure(503)),
    Registration::Insecure,
    Registration::NoWebRtc,
    Registration::LoggedOut,
    Registration::StillLoggedIn,
    Registration::Away,
];
const PHASES: [Phase; 9] = [
    Phase::Preparing,
    Phase::Calling,
    Phase::RingingThere,
    Phase::RingingHere,
    Phase::Answering,
    Phase::Connecting,
    Phase::Talking,
    Phase::Ending,
    Phase::Returning,
];
const STATUSES: [Status; 8] = [
    Status::Unknown,
    Status::Offline,
    Status::Online,
    Status::InCall,
    Status::Ringing,
    Status::Away,
    Status::Busy,
    Status::DoNotDisturb,
];
const FAILURES: [MediaFailure; 9] = [
    MediaFailure::Denied,
    MediaFailure::NoDevice,
    MediaFailure::DeviceBusy,
    MediaFailure::Constraint,
    MediaFailure::Insecure,
    MediaFailure::Unsupported,
    MediaFailure::Description,
    MediaFailure::Connectivity,
    MediaFailure::NoRelay,
];

fn causes() -> Vec<Cause> {
    let plain = [
        Cause::HungUpHere,
        Cause::HungUpThere,
        Cause::CancelledHere,
        Cause::CancelledThere,
        Cause::DeclinedHere,
        Cause::DeclinedThere,
        Cause::Busy,
        Cause::NoAnswer,
        Cause::AnsweredElsewhere,
        Cause::DeclinedElsewhere,
        Cause::DivertedHere("1003".to_owned()),
        Cause::DivertedElsewhere,
        Cause::NotFound,
        Cause::Gone,
        Cause::Incomplete,
        Cause::Redirected("1002".to_owned()),
        Cause::Redirected(String::new()),
        Cause::Unwanted,
        Cause::AuthenticationFailed,
        Cause::Unavailable,
        Cause::NotAcceptable(String::new()),
        Cause::Forbidden,
        Cause::Network,
        Cause::Status(500),
        Cause::Transferred,
        Cause::Away,
        Cause::TooMany,
        Cause::Told("Do not disturb is on".to_owned()),
        Cause::Unfit { lacks: "no rtcp-mux".to_owned(), remedies: Vec::new() },
    ];
    plain.into_iter().chain(FAILURES.map(Cause::Media)).collect()
}

fn assert_tell_apart(texts: Vec<String>) {
    for text in &texts {
        assert!(!text.trim().is_empty());
    }
    let distinct: HashSet<&String> = texts.iter().collect();
    assert_eq!(distinct.len(), texts.len(), "two states share their words: {texts:#?}");
}

#[test]
fn every_state_has_its_own_words() {
    assert_tell_apart(REGISTRATIONS.map(|state| registration(state).text).to_vec());
    assert_tell_apart(PHASES.map(|state| phase(state).to_owned()).to_vec());
    assert_tell_apart(STATUSES.map(|state| status(state).to_owned()).to_vec());
    for direction in [Direction::Outgoing, Direction::Incoming] {
        assert_tell_apart(causes().iter().map(|ended| cause(ended, direction).text).collect());
    }
}

#[test]
fn ready_is_said_in_one_word() {
    assert_eq!(registration(Registration::Ready), Words { text: "Ready".to_owned(), advice: None, tone: Tone::Good });
}

#[test]
fn what_stands_in_the_way_comes_with_what_to_do() {
    for state in REGISTRATIONS {
        let words = registration(state);
        assert!(words.tone != Tone::Trouble || words.advice.is_some(), "{state:?}");
    }
    for failure in FAILURES {
        assert!(media(failure).advice.is_some(), "{failure:?}");
        assert!(picture(failure).advice.is_some(), "{failure:?}");
    }
}

#[test]
fn a_missed_call_is_called_missed_by_who_was_called() {
    assert!(cause(&Cause::NoAnswer, Direction::Incoming).text.starts_with("Missed call"));
    assert!(cause(&Cause::CancelledThere, Direction::Incoming).text.starts_with("Missed call"));
    assert_eq!(cause(&Cause::NoAnswer, Direction::Outgoing).text, "Nobody answered.");
    assert_eq!(cause(&Cause::Busy, Direction::Incoming).text, "Missed call: you were in another call.");
    assert_eq!(cause(&Cause::Busy, Direction::Outgoing).text, "They are busy.");
}

#[test]
fn the_words_of_the_far_end_are_quoted_and_bounded() {
    let said = format!("no\r\ncodec {}", "x".repeat(5000));
    let text = cause(&Cause::NotAcceptable(said), Direction::Outgoing).text;
    assert!(text.contains("“nocodec xxx"));
    assert!(text.chars().count() < 200);
    assert!(!text.contains('\n'));
}

#[test]
fn durations_read_like_a_clock() {
    assert_eq!(duration(0), "0:00");
    assert_eq!(duration(65), "1:05");
    assert_eq!(duration(3_600 + 62), "1:01:02");
}

#[test]
fn who_holds_is_told_apart() {
    let holds = [(false, false), (true, false), (false, true), (true, true)];
    let words = holds.map(|(here, there)| standing(Phase::Talking, Hold { here, there }).to_owned());
    assert_tell_apart(words.to_vec());
    for phase in PHASES {
        assert_eq!(standing(phase, Hold::default()), super::phase(phase));
    }
}

#[test]
fn what_becomes_of_a_handing_over_is_told_apart() {
    let told = [Handover::Asked, Handover::Ringing, Handover::Untold];
    let refused = [404, 486, 408, 480, 603, 403, 500].map(Handover::Refused);
    assert_tell_apart(told.into_iter().chain(refused).map(handover).collect());
}
