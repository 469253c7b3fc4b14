//! What a person reads of recordings: the sign on a call, and the page of those there are.

use app::backend::{Contact, Opening};
use app::media::{Media, Recording};
use app::pages::phone::PhonePage;
use app::pages::recordings::{Kept, Pages, RecordingsView, document};
use app::phone::{
    Call, Direction, LineState, Party, Phase, Recorded, RecordingFailure, Registration, Seat, Tape, pair,
};
use leptos::prelude::*;
use leptos_router::location::RequestUrl;

fn page(policy: Recording, calls: Vec<Call>) -> String {
    // Another test may have been first.
    let _ = any_spawner::Executor::init_futures_executor();
    let line = LineState { registration: Registration::Ready, calls, ..LineState::default() };
    let policy = Media { recording: policy, ..Media::default() };
    let html = Owner::new().with(|| {
        let (phone, driver) = pair(line.clone(), 0);
        driver.seat.set(Seat::Holding);
        provide_context(RequestUrl::new("/"));
        provide_context(Opening { line, policy, ..Opening::default() });
        provide_context(phone);
        view! { <PhonePage /> }.to_html()
    });
    assert!(!html.contains("style="), "an inline style breaks the content security policy");
    html
}

fn call(recorded: Recorded) -> Call {
    let remote = Party { number: "1002".to_owned(), name: "Ben Okafor".to_owned() };
    Call { recorded, ..Call::new(1, Direction::Outgoing, remote, Phase::Talking) }
}

fn shown(recorded: Recorded) -> String {
    page(Recording::Allowed, vec![call(recorded)])
}

#[test]
fn a_call_that_is_recorded_says_so_in_words_and_is_announced() {
    let html = shown(Recorded::On(Tape::default()));
    assert!(html.contains("<div role=\"status\" class=\"recorded\">") && html.contains("<strong>Recording</strong>"));
    assert!(html.contains("Stop recording"));
    for (tape, words) in [
        (Tape { anew: true, ..Tape::default() }, "It goes on in a new file"),
        (Tape { kept: true, anew: true, announced: true }, "this page keeps it until then"),
        (Tape { announced: true, ..Tape::default() }, "They hear a tone every 15 seconds."),
    ] {
        assert!(shown(Recorded::On(tape)).contains(words), "{words}");
    }
    assert!(!shown(Recorded::No).contains("class=\"recorded"));
}

#[test]
fn it_is_seen_of_a_call_that_waits_beside_another() {
    let other = Call { key: 2, ..call(Recorded::No) };
    let hold = app::phone::Hold { here: true, there: false };
    let html = page(Recording::Allowed, vec![Call { hold, ..call(Recorded::On(Tape::default())) }, other]);
    assert_eq!(html.matches("class=\"recorded\"").count(), 1);
}

#[test]
fn every_failure_has_its_own_words_and_a_way_out() {
    let failures = [
        RecordingFailure::NoRoom,
        RecordingFailure::NotAllowed,
        RecordingFailure::Unsupported,
        RecordingFailure::TooMuch,
        RecordingFailure::Removed,
        RecordingFailure::Refused(409),
    ];
    let mut told = Vec::new();
    for failure in failures {
        let words = app::words::recorded(Recorded::Failed(failure)).unwrap();
        assert!(words.advice.is_some(), "{failure:?}");
        assert!(!told.contains(&words.text), "{failure:?}");
        let html = shown(Recorded::Failed(failure));
        assert!(html.contains(&words.text) && html.contains("recorded--failed"), "{failure:?}");
        assert_eq!(html.contains(">Record<"), failure != RecordingFailure::NotAllowed, "{failure:?}");
        told.push(words.text);
    }
}

#[test]
fn where_it_is_not_allowed_there_is_neither_a_button_nor_its_key() {
    let forbidden = shown(Recorded::Forbidden);
    assert!(!forbidden.contains("Alt+R") && !forbidden.contains("class=\"recorded"));
    assert!(shown(Recorded::No).contains("aria-keyshortcuts=\"Alt+R\""));
    assert!(!page(Recording::Off, Vec::new()).contains("Alt R"));
    assert!(page(Recording::Allowed, Vec::new()).contains("Alt R"));
}

#[test]
fn recordings_are_played_saved_and_removed_after_a_second_thought() {
    let with = Contact { extension: "1002".to_owned(), name: "<b>Ben</b>".to_owned() };
    let kept = Kept {
        id: "0a".to_owned(),
        with,
        began: "2026-11-22 09:30".to_owned(),
        seconds: 125,
        bytes: 750_000,
        video: false,
        goes_on: true,
        file_name: "call-202611220930-1002.webm".to_owned(),
    };
    let view = RecordingsView {
        me: Contact { extension: "1001".to_owned(), name: "Alice".to_owned() },
        kept: vec![kept.clone(), Kept { id: "0b".to_owned(), goes_on: false, ..kept }],
        count: 52,
        bytes: 39_000_000,
        most_bytes: 4 << 30,
        pages: Pages { page: 1, last: 2 },
    };
    let html = Owner::new().with(|| document(view).to_html());
    assert!(!html.contains("style=") && !html.contains("<script") && !html.contains("<b>"), "{html}");
    for words in ["52 recordings, 39 MB of 4.2 GB", "2:05", "750 kB", "Page 1 of 2", "href=\"/recordings?page=2\""] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(!html.contains("Newer"));
    assert_eq!(html.matches("Recording now").count(), 1);
    assert!(html.contains("<audio") && html.contains("src=\"/recordings/0a\""));
    assert!(html.contains("download=\"call-202611220930-1002.webm\""));
    let (asked, done) = (html.find("<summary"), html.find("action=\"/recordings/0a/remove\""));
    assert!(asked.is_some() && asked < done, "it is asked once more");
    assert!(html.contains("href=\"/\"") && html.contains("href=\"/settings\""));
}
