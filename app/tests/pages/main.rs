//! What a person reads on the pages as the server writes them.

mod conference;
mod contacts;
mod forms;
mod messages;

use app::backend::{Contact, Dialect, OPENING_META, Opening};
use app::offers::Offers;
use app::pages::phone::PhonePage;
use app::phone::{
    Call, Cause, Direction, Ended, Handover, Hold, Line, LineState, MediaFailure, Party, Phase, Picture, Presence,
    Refusal, Registration, Seat, Status, pair,
};
use app::sound::MediaSettings;
use app::words;
use leptos::prelude::*;
use leptos_router::location::RequestUrl;

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

fn causes() -> Vec<Cause> {
    vec![
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
        Cause::NotAcceptable("no codec in common".to_owned()),
        Cause::Forbidden,
        Cause::Media(MediaFailure::Denied),
        Cause::Media(MediaFailure::NoDevice),
        Cause::Media(MediaFailure::DeviceBusy),
        Cause::Media(MediaFailure::Constraint),
        Cause::Media(MediaFailure::Insecure),
        Cause::Media(MediaFailure::Unsupported),
        Cause::Media(MediaFailure::Description),
        Cause::Media(MediaFailure::Connectivity),
        Cause::Media(MediaFailure::NoRelay),
        Cause::Network,
        Cause::Status(503),
        unfit(),
    ]
}

fn unfit() -> Cause {
    Cause::Unfit { lacks: "no rtcp-mux".to_owned(), remedies: vec!["Asterisk: webrtc=yes".to_owned()] }
}

fn opening(line: LineState) -> Opening {
    Opening {
        me: contact("1001", "Alice Moreau"),
        domain: "tabphone".to_owned(),
        contacts: vec![
            contact("1002", "Ben Okafor"),
            contact("1003", "Clara Ruiz"),
            contact("1004", "Dana <b>Lind</b>"),
        ],
        line,
        policy: app::media::Media::default(),
        ringing_seconds: 60,
        media: MediaSettings::default(),
        offers: Offers::default(),
        missed: 3,
        unread: 0,
        dial: String::new(),
        callers: Vec::new(),
        dialect: Dialect::default(),
    }
}

fn render<V: IntoView>(seat: Seat, line: LineState, view: impl FnOnce() -> V) -> String {
    drive(line, |driver| driver.seat.set(seat), view)
}

fn drive<V: IntoView>(line: LineState, act: impl FnOnce(&Line), view: impl FnOnce() -> V) -> String {
    // Another test may have been first.
    let _ = any_spawner::Executor::init_futures_executor();
    Owner::new().with(|| {
        let (phone, driver) = pair(line.clone(), 0);
        act(&driver);
        provide_context(RequestUrl::new("/"));
        provide_context(opening(line));
        provide_context(phone);
        view().into_view().to_html()
    })
}

fn page(seat: Seat, line: LineState) -> String {
    let html = render(seat, line, || view! { <PhonePage /> });
    assert!(!html.contains("style="), "an inline style breaks the content security policy");
    html
}

fn contact(extension: &str, name: &str) -> Contact {
    Contact { extension: extension.to_owned(), name: name.to_owned() }
}

fn ready() -> LineState {
    LineState { registration: Registration::Ready, ..LineState::default() }
}

fn party(number: &str, name: &str) -> Party {
    Party { number: number.to_owned(), name: name.to_owned() }
}

fn in_call(phase: Phase, direction: Direction) -> LineState {
    LineState { calls: vec![Call::new(7, direction, party("1002", ""), phase)], ..ready() }
}

fn ended(direction: Direction, cause: Cause) -> LineState {
    LineState { ended: Some(Ended { key: 7, direction, remote: party("1002", ""), cause }), ..ready() }
}

/// What stands between tags, each piece trimmed, with entities decoded.
fn texts(html: &str) -> Vec<String> {
    let pieces = html.split('<').filter_map(|piece| piece.split_once('>').map(|(_, text)| text.trim()));
    pieces.filter(|text| !text.is_empty()).map(decoded).collect()
}

fn decoded(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#x27;", "'").replace("&amp;", "&")
}

fn shows(html: &str, text: &str) -> bool {
    texts(html).iter().any(|piece| piece == text)
}

/// The button with this text or label, as its tag's attributes.
fn button<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    html.split("<button").skip(1).find_map(|piece| {
        let (attributes, content) = piece.split_once('>')?;
        let content = content.split_once("</button>")?.0;
        let label = format!("aria-label=\"{name}\"");
        let named = attributes.contains(&label)
            || (!attributes.contains("aria-label") && texts(&format!("<p>{content}")).join(" ") == name);
        named.then_some(attributes)
    })
}

fn enabled(html: &str, name: &str) -> Option<bool> {
    button(html, name).map(|attributes| !attributes.contains("disabled"))
}

#[test]
fn who_one_is_and_who_else_there_is_can_be_read() {
    let status = |extension: &str, status| Presence {
        extension: extension.to_owned(),
        status,
        note: String::new(),
        pick_up: String::new(),
    };
    let presence = vec![status("1002", Status::InCall), status("1003", Status::Offline)];
    let html = page(Seat::Unknown, LineState { presence, ..ready() });
    for text in [
        "Alice Moreau",
        "Extension 1001",
        "Ready",
        "Ben Okafor",
        "1002",
        "In a call",
        "Offline",
        "Not known",
        "Number or name to call",
    ] {
        assert!(shows(&html, text), "{text:?} is missing");
    }
    assert!(html.contains("<form") && html.contains("action=\"/logout\"") && html.contains("id=\"logout\""));
    assert!(html.contains("<noscript"));
}

#[test]
fn the_line_has_one_status_and_it_says_how_it_is() {
    for state in [
        Registration::Unknown,
        Registration::Connecting,
        Registration::Ready,
        Registration::Unreachable,
        Registration::Refused(Refusal::WrongCredentials),
        Registration::Insecure,
        Registration::NoWebRtc,
        Registration::LoggedOut,
        Registration::StillLoggedIn,
        Registration::Away,
    ] {
        let html = page(Seat::Holding, LineState { registration: state, ..LineState::default() });
        let words = words::registration(state);
        assert_eq!(html.matches("role=\"status\"").count(), 1);
        assert!(shows(&html, &words.text), "{state:?}");
        assert!(words.advice.is_none_or(|advice| shows(&html, advice)), "{state:?}");
        assert_eq!(enabled(&html, "Call"), Some(state == Registration::Ready), "{state:?}");
        assert_eq!(enabled(&html, "Call Ben Okafor"), Some(state == Registration::Ready), "{state:?}");
    }
}

#[test]
fn every_phase_shows_who_where_it_stands_and_the_buttons_that_fit() {
    for phase in PHASES {
        let direction = if phase == Phase::RingingHere { Direction::Incoming } else { Direction::Outgoing };
        let html = page(Seat::Holding, in_call(phase, direction));
        assert!(shows(&html, words::phase(phase)), "{phase:?}");
        assert!(!shows(&html, "No call"), "{phase:?}");
        let rings = phase == Phase::RingingHere;
        let not_answered = matches!(phase, Phase::Preparing | Phase::Calling | Phase::RingingThere);
        let expected = [
            ("Answer", rings.then_some(true)),
            ("Decline", rings.then_some(true)),
            ("Cancel", not_answered.then_some(true)),
            ("Hang up", (!rings && !not_answered).then_some(phase != Phase::Ending)),
            ("Mute", phase.has_microphone().then_some(true)),
            ("Hold", phase.has_microphone().then_some(true)),
            ("Keypad", phase.has_microphone().then_some(true)),
            ("Hand over", phase.has_microphone().then_some(true)),
        ];
        for (name, state) in expected {
            assert_eq!(enabled(&html, name), state, "{name} while {phase:?}");
        }
        assert_eq!(html.contains("role=\"alertdialog\""), rings, "{phase:?}");
    }
}

#[test]
fn a_call_is_shown_with_the_name_that_the_company_knows() {
    let mut line = in_call(Phase::RingingHere, Direction::Incoming);
    line.calls[0].remote = party("1003", "Not Clara");
    let html = page(Seat::Holding, line);
    assert!(!html.contains("Not Clara"));
    assert_eq!(
        texts(&html).iter().filter(|text| *text == "Clara Ruiz").count(),
        2,
        "once in the call, once in the contacts"
    );
}

#[test]
fn mute_is_a_toggle_that_says_what_it_does_next() {
    let mut line = in_call(Phase::Talking, Direction::Outgoing);
    let html = page(Seat::Holding, line.clone());
    assert!(button(&html, "Mute").is_some());
    assert!(button(&html, "Unmute").is_none());
    line.calls[0].muted = true;
    let html = page(Seat::Holding, line);
    assert!(button(&html, "Unmute").is_some());
    assert!(button(&html, "Mute").is_none());
}

#[test]
fn a_video_call_says_so_and_is_answered_with_video_or_without() {
    let mut line = in_call(Phase::RingingHere, Direction::Incoming);
    let html = page(Seat::Holding, line.clone());
    assert!(!shows(&html, "Video call") && button(&html, "Answer with video").is_none());
    line.calls[0].picture.offered = true;
    let html = page(Seat::Holding, line);
    assert!(shows(&html, "Video call"));
    assert_eq!(enabled(&html, "Answer"), Some(true));
    assert!(html.contains("aria-label=\"Answer with video\""));
}

#[test]
fn pictures_are_shown_where_the_phone_is_open_and_nowhere_else() {
    let mut line = in_call(Phase::Talking, Direction::Outgoing);
    line.calls[0].picture = Picture { camera: true, theirs: true, ..Picture::default() };
    let html = page(Seat::Holding, line.clone());
    assert!(html.contains("id=\"picture-7\"") && html.contains("id=\"mirror-7\""));
    assert!(button(&html, "Stop camera").is_some() && button(&html, "Share screen").is_some());
    for seat in [Seat::Watching, Seat::Unknown] {
        assert!(!page(seat, line.clone()).contains("<video"), "{seat:?}");
    }
    line.calls[0].picture = Picture { failure: Some(MediaFailure::Denied), ..Picture::default() };
    let html = page(Seat::Holding, line);
    let words = words::picture(MediaFailure::Denied);
    assert!(shows(&html, &words.text) && shows(&html, words.advice.unwrap()));
    assert!(button(&html, "Start camera").is_some());
}

#[test]
fn every_ending_is_told_with_what_can_be_done_and_can_be_put_away() {
    for direction in [Direction::Outgoing, Direction::Incoming] {
        for cause in causes() {
            let html = page(Seat::Holding, ended(direction, cause.clone()));
            let words = words::cause(&cause, direction);
            assert!(shows(&html, &words.text), "{cause:?}");
            assert!(words.advice.is_none_or(|advice| shows(&html, advice)), "{cause:?}");
            assert_eq!(enabled(&html, "Dismiss"), Some(true), "{cause:?}");
            assert_eq!(enabled(&html, "Call"), Some(true), "the phone is ready for the next call after {cause:?}");
        }
    }
}

#[test]
fn what_an_administrator_can_do_is_folded_away() {
    let html = page(Seat::Holding, ended(Direction::Incoming, unfit()));
    let (before, folded) = html.split_once("<details class=\"ended__remedy\"").expect("a disclosure");
    assert!(shows(before, "They called with sound that no browser can take, so it did not ring."));
    assert!(!before.contains("rtcp-mux") && !folded.split_once('>').expect("a tag").0.contains("open"));
    for words in ["What an administrator can do", "What is wrong: no rtcp-mux.", "Asterisk: webrtc=yes"] {
        assert!(shows(folded, words), "{words}: {folded}");
    }
    assert!(!page(Seat::Holding, ended(Direction::Incoming, Cause::Busy)).contains("ended__remedy"));
}

#[test]
fn another_call_is_offered_where_it_could_go_better() {
    assert_eq!(enabled(&page(Seat::Holding, ended(Direction::Outgoing, Cause::Busy)), "Call again"), Some(true));
    assert_eq!(
        enabled(&page(Seat::Holding, ended(Direction::Incoming, Cause::CancelledThere)), "Call back"),
        Some(true)
    );
    assert_eq!(enabled(&page(Seat::Holding, ended(Direction::Outgoing, Cause::NotFound)), "Call again"), None);
    let insecure = Cause::Media(MediaFailure::Insecure);
    assert_eq!(enabled(&page(Seat::Holding, ended(Direction::Outgoing, insecure)), "Call again"), None);
}

#[test]
fn a_call_that_was_missed_in_another_one_is_told_beside_it() {
    let missed = Ended { key: 8, direction: Direction::Incoming, remote: party("1003", ""), cause: Cause::Busy };
    let html =
        page(Seat::Holding, LineState { ended: Some(missed.clone()), ..in_call(Phase::Talking, Direction::Outgoing) });
    assert!(shows(&html, "Missed call: you were in another call."));
    assert_eq!(enabled(&html, "Hang up"), Some(true), "the running call stays");
    assert_eq!(enabled(&html, "Call back"), Some(true), "the running one is put on hold");
    assert_eq!(enabled(&html, "Dismiss"), Some(true));
    let html = page(Seat::Holding, LineState { ended: Some(missed), ..ready() });
    assert_eq!(enabled(&html, "Call back"), Some(true));
}

#[test]
fn a_tab_that_watches_shows_the_line_and_offers_to_take_it() {
    let html = page(Seat::Watching, in_call(Phase::RingingHere, Direction::Incoming));
    assert!(shows(&html, "This phone is open in another tab or on another device"));
    assert_eq!(enabled(&html, "Use the phone here"), Some(true));
    assert!(shows(&html, "Incoming call") && shows(&html, "Ready elsewhere"));
    for name in ["Answer", "Decline", "Call", "Call Ben Okafor"] {
        assert_eq!(enabled(&html, name), Some(false), "{name}");
    }
    assert!(button(&page(Seat::Holding, ready()), "Use the phone here").is_none());
}

#[test]
fn a_tab_that_watches_a_phone_whose_page_is_gone_says_so_and_shows_the_call_that_is_kept() {
    let away = LineState { registration: Registration::Away, ..in_call(Phase::Returning, Direction::Incoming) };
    let html = page(Seat::Watching, away);
    assert!(shows(&html, "The page with this phone was closed or has lost its connection"));
    assert!(!shows(&html, "This phone is open in another tab or on another device"));
    assert!(shows(&html, "Waiting for the page with this phone…") && shows(&html, "Getting the sound back…"));
    assert_eq!(enabled(&html, "Use the phone here"), Some(true));
}

#[test]
fn nothing_can_be_pressed_before_the_page_knows_that_it_holds_the_line() {
    let html = page(Seat::Unknown, in_call(Phase::Talking, Direction::Outgoing));
    for name in ["Call", "Hang up", "Mute"] {
        assert_eq!(enabled(&html, name), Some(false), "{name}");
    }
    assert_eq!(enabled(&html, "Log out"), Some(true));
}

#[test]
fn names_from_the_wire_are_text() {
    let hostile = party("\"><img src=x onerror=alert(1)>", "<script>alert(1)</script>");
    let mut line = in_call(Phase::RingingHere, Direction::Incoming);
    line.calls[0].remote = hostile.clone();
    line.ended = Some(Ended {
        key: 1,
        direction: Direction::Outgoing,
        remote: hostile,
        cause: Cause::NotAcceptable("<script>alert(2)</script>".to_owned()),
    });
    for html in [page(Seat::Holding, line.clone()), render(Seat::Holding, line, || app::shell(options()))] {
        let body = html.split_once("<header").map(|(_, body)| body).unwrap_or_default();
        assert!(!body.contains("<script") && !html.contains("<img") && !body.contains("<b>"), "{html}");
        assert!(shows(&html, "<script>alert(1)</script>"));
    }
}

#[test]
fn the_page_carries_the_very_value_that_it_was_rendered_from() {
    let mut line = ended(Direction::Outgoing, Cause::NotAcceptable("\"quoted\" & <tagged>".to_owned()));
    line.calls = in_call(Phase::Talking, Direction::Outgoing).calls;
    line.calls[0].answered_at = Some(1_900_000_000_123);
    line.calls[0].remote.name = "O'Hara \\ \u{202e}\u{1f600} </head>".to_owned();
    let html = render(Seat::Unknown, line.clone(), || app::shell(options()));
    let marker = format!("<meta name=\"{OPENING_META}\" content=\"");
    let carried = html.split_once(&marker).and_then(|(_, rest)| rest.split_once('"')).map(|(text, _)| text);
    assert_eq!(carried.map(Opening::from_text), Some(Ok(opening(line))));
}

#[test]
fn the_document_hydrates_and_names_the_call_in_its_title() {
    let html = render(Seat::Unknown, in_call(Phase::RingingHere, Direction::Incoming), || app::shell(options()));
    assert!(html.starts_with("<!DOCTYPE html>"));
    assert!(html.contains("<title>Ben Okafor is calling · Tabphone</title>"));
    assert!(html.contains("/pkg/tabphone.js") && html.contains("/style.css"));
    let html = render(Seat::Unknown, conference::conferring(), || app::shell(options()));
    assert!(html.contains("<title>Conference with Ben Okafor and Clara Ruiz · Tabphone</title>"));
    assert!(!html.contains("style="));
}

#[test]
fn an_opening_of_another_version_is_an_error_and_no_panic() {
    assert!(Opening::from_text("{\"me\":1}").is_err());
    assert!(Opening::from_text("").is_err());
}

fn options() -> LeptosOptions {
    LeptosOptions::builder().output_name("tabphone").build()
}

#[test]
fn what_the_browser_does_not_play_is_said_with_a_button() {
    let words = "The browser is silent until you click. They hear you.";
    let call = || in_call(Phase::Talking, Direction::Outgoing);
    assert!(!shows(&page(Seat::Holding, call()), words));
    let html = drive(call(), |driver| driver.silent.set(true), || view! { <PhonePage /> });
    assert!(shows(&html, words));
    assert_eq!(enabled(&html, "Let me hear them"), Some(true));
    let html = drive(conference::conferring(), |driver| driver.silent.set(true), || view! { <PhonePage /> });
    assert!(shows(&html, "The browser is silent until you click. They hear you, but not one another."));
}

#[test]
fn of_several_calls_one_is_large_and_the_others_offer_to_go_on() {
    let mut line = in_call(Phase::Talking, Direction::Outgoing);
    let mut held = line.calls[0].clone();
    (held.key, held.remote, held.hold.here) = (8, party("1003", ""), true);
    line.calls.insert(0, held);
    let html = page(Seat::Holding, line.clone());
    assert_eq!(html.matches("call call--small").count(), 1);
    for name in ["Resume", "Hang up", "Mute", "Hold", "End the call with Clara Ruiz"] {
        assert_eq!(enabled(&html, name), Some(true), "{name}");
    }
    assert!(shows(&html, "On hold") && shows(&html, "Connected"));
    assert_eq!(enabled(&html, "Call Ben Okafor"), Some(true), "one more can be called");

    // One that rings beside them says what an answer does.
    line.calls.push(Call { key: 9, phase: Phase::RingingHere, ..line.calls[1].clone() });
    let html = page(Seat::Holding, line);
    assert!(shows(&html, "Answer puts the other call on hold."));
    assert_eq!(enabled(&html, "End the other call and answer"), Some(true));
}

#[test]
fn a_call_that_is_handed_over_says_how_far_it_is_and_what_they_press_can_be_read() {
    let mut line = in_call(Phase::Talking, Direction::Outgoing);
    line.calls[0].handover = Some(Handover::Refused(486));
    line.calls[0].digits = "42#".to_owned();
    let html = page(Seat::Holding, line);
    assert!(shows(&html, "Not handed over: they are busy there.") && shows(&html, "42#"));
}
