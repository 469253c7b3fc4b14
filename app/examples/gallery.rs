//! Writes the pages in many states as static files, to be looked at without a server:
//! `cargo run -p app --features ssr --example gallery -- DIR [--as-served]`. The style sheet is read from `style/`.
//! With `--as-served` no page knows yet whether it holds the line, as when the server writes it and before it hydrates.

use app::backend::{Contact, Dialect, Opening, Wishes};
use app::caller::Caller;
use app::pages;
use app::pages::contact::{ContactView, FormView, Typed as TypedContact};
use app::pages::contacts::{ContactsView, Imported, Person};
use app::pages::login::{LoginError, LoginView, document};
use app::pages::recordings::{self, Kept, Pages, RecordingsView};
use app::pages::settings::{self, Field, Problem, SettingsView, Typed};
use app::phone::{
    Call, Cause, Direction, Ended, Handover, Hold, LineState, MediaFailure, Party, Phase, Presence, Recorded,
    RecordingFailure, Refusal, Registration, Seat, Status, Tape, pair,
};
use app::sound::MediaSettings;
use leptos::prelude::*;
use leptos_router::location::RequestUrl;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let directory = env::args().nth(1).ok_or_else(|| io::Error::other("usage: gallery DIR [--as-served]"))?;
    let as_served = env::args().nth(2).is_some_and(|option| option == "--as-served");
    let directory = Path::new(&directory);
    fs::create_dir_all(directory)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::write(directory.join("style.css"), style(&root)?)?;
    fs::copy(root.join("public/favicon.svg"), directory.join("favicon.svg"))?;
    any_spawner::Executor::init_futures_executor().map_err(io::Error::other)?;
    for (name, seat, line) in states() {
        let seat = if as_served { Seat::Unknown } else { seat };
        fs::write(directory.join(format!("{name}.html")), phone(seat, line, Wishes::default()))?;
    }
    for (name, wishes) in wishes() {
        let line = LineState { registration: Registration::Ready, presence: presence(), ..LineState::default() };
        fs::write(directory.join(format!("{name}.html")), phone(Seat::Holding, line, wishes))?;
    }
    for (name, view) in settings() {
        let html = Owner::new().with(|| settings::document(view).to_html());
        fs::write(directory.join(format!("{name}.html")), local(&html))?;
    }
    for (name, view) in recordings() {
        let html = Owner::new().with(|| recordings::document(view).to_html());
        fs::write(directory.join(format!("{name}.html")), local(&html))?;
    }
    for (name, html) in people() {
        fs::write(directory.join(format!("{name}.html")), local(&html))?;
    }
    for (name, login) in logins() {
        let html = Owner::new().with(|| document(login).to_html());
        fs::write(directory.join(format!("{name}.html")), local(&html))?;
    }
    Ok(())
}

/// The pages of contacts.
fn people() -> [(&'static str, String); 3] {
    let number = |kind: &str, number: &str| (kind.to_owned(), number.to_owned());
    let person = |id, name: &str, company: &str, status| Person {
        id,
        name: name.to_owned(),
        company: company.to_owned(),
        numbers: vec![number("Work", "+49 30 1234567"), number("Mobile", "+49 170 7654321")],
        status,
        favourite: id % 2 == 0,
        own: status.is_none(),
        ..Person::default()
    };
    let view = ContactsView {
        me: contact("1001", "Alice Moreau"),
        people: vec![
            person(1, "Ben Okafor", "", Some(Status::Away)),
            person(2, "Clara Ruiz", "Acme Incorporated of Sevilla and Cadiz", None),
            Person {
                numbers: vec![number("Extension", "1004")],
                ..person(3, "Dana Lindqvist", "", Some(Status::Ringing))
            },
            person(4, "<b>Hostile</b> with a name that does not want to end anywhere in this line", "x", None),
        ],
        more: Some(4),
        groups: vec!["Friends".to_owned()],
        imported: Some(Imported {
            told: "The file was read: 12 added, 0 changed, 3 there already, 1 not taken.".to_owned(),
            good: true,
            remarks: vec!["line 7: this is no line of a vCard, and was left out".to_owned()],
        }),
        ..ContactsView::default()
    };
    let typed = TypedContact {
        name: "Clara Ruiz".to_owned(),
        company: "Acme".to_owned(),
        numbers: vec![number("work", "+49 30 1234567"), number("mobile", "+49 170 7654321")],
        groups: "Friends\nSuppliers".to_owned(),
        note: "Speaks Spanish.\nAsk about the order of March.".to_owned(),
    };
    let card = ContactView {
        id: 2,
        numbers: vec![number("Work", "+49 30 1234567"), number("Mobile", "+49 170 7654321")],
        own: true,
        favourite: true,
        typed: typed.clone(),
        ..ContactView::default()
    };
    let kinds = vec![("work", "Work".to_owned()), ("mobile", "Mobile".to_owned())];
    let form = FormView { id: Some(2), typed, kinds, most: 16, problem: None };
    Owner::new().with(|| {
        [
            ("contacts", pages::contacts::document(view, None).to_html()),
            ("contact", pages::contact::document(card).to_html()),
            ("contact-form", pages::contact::form_document(form).to_html()),
        ]
    })
}

/// The style sheet in one piece.
fn style(root: &Path) -> io::Result<String> {
    let main = fs::read_to_string(root.join("style/main.css"))?;
    let files = main.lines().filter_map(|line| line.strip_prefix("@import \"")?.strip_suffix("\";"));
    files.map(|file| fs::read_to_string(root.join("style").join(file))).collect()
}

/// Opened from a file, the page finds its style beside it.
fn local(html: &str) -> String {
    html.replace("href=\"/style.css\"", "href=\"style.css\"").replace("href=\"/favicon.svg\"", "href=\"favicon.svg\"")
}

fn phone(seat: Seat, line: LineState, wishes: Wishes) -> String {
    let html = Owner::new().with(|| {
        let opening = Opening {
            me: contact("1001", "Alice Moreau"),
            domain: "tabphone".to_owned(),
            contacts: contacts(),
            line: line.clone(),
            policy: app::media::Media::default(),
            ringing_seconds: 60,
            media: MediaSettings::default(),
            offers: app::offers::Offers::default(),
            missed: 0,
            unread: 0,
            dial: String::new(),
            callers: Vec::new(),
            dialect: Dialect::default(),
        };
        let (phone, driver) = pair(line, 0);
        driver.seat.set(seat);
        driver.callers.set(callers());
        provide_context(RequestUrl::new("/"));
        provide_context(opening);
        provide_context(wishes);
        provide_context(phone);
        let options = LeptosOptions::builder().output_name("tabphone").build();
        app::shell(options).to_html()
    });
    local(&html)
}

fn wishes() -> Vec<(&'static str, Wishes)> {
    let to = |number: &str| Some(number.to_owned());
    let some = Wishes {
        busy: to("1002"),
        unanswered: to("600"),
        unreachable: to("1003"),
        ringing_seconds: Some(20),
        ..Wishes::default()
    };
    vec![
        ("phone-diverted", Wishes { always: to("1002"), ..Wishes::default() }),
        ("phone-do-not-disturb", Wishes { do_not_disturb: true, ..Wishes::default() }),
        ("phone-diverted-sometimes", some),
    ]
}

fn settings() -> Vec<(&'static str, SettingsView)> {
    let view = SettingsView {
        me: contact("1001", "Alice Moreau"),
        contacts: contacts(),
        groups: vec![contact("600", "Sales"), contact("601", "Front desk and whoever stands there at the moment")],
        usual_ringing: 45,
        ringing_range: (5, 300),
        ..SettingsView::default()
    };
    let typed = Typed {
        do_not_disturb: true,
        no_call_waiting: false,
        auto_answer: true,
        always: "1001".to_owned(),
        busy: "1002".to_owned(),
        unanswered: "ben".to_owned(),
        unreachable: "+49301234".to_owned(),
        ringing: "soon".to_owned(),
    };
    let problems =
        vec![(Field::Always, Problem::Own), (Field::Unanswered, Problem::Ambiguous), (Field::Ringing, Problem::Time)];
    let saved = Typed { unreachable: "+49301234".to_owned(), ..Typed::default() };
    vec![
        ("settings", view.clone()),
        ("settings-wrong", SettingsView { typed, problems, ..view.clone() }),
        (
            "settings-saved",
            SettingsView { typed: saved, problems: vec![(Field::Unreachable, Problem::Nobody)], saved: true, ..view },
        ),
    ]
}

fn logins() -> Vec<(&'static str, LoginView)> {
    let page = LoginView::default();
    vec![
        ("login", page.clone()),
        (
            "login-wrong",
            LoginView {
                error: Some(LoginError::Wrong),
                extension: "1001".to_owned(),
                insecure: true,
                ..LoginView::default()
            },
        ),
        ("login-throttled", LoginView { error: Some(LoginError::Throttled { seconds: 30 }), ..page }),
    ]
}

fn recordings() -> Vec<(&'static str, RecordingsView)> {
    let kept = |id: &str, with: Contact, seconds: u64| Kept {
        id: id.to_owned(),
        with,
        began: "2026-11-22 09:30".to_owned(),
        seconds,
        bytes: seconds * 6_000,
        file_name: "call.webm".to_owned(),
        ..Kept::default()
    };
    let view = RecordingsView {
        me: contact("1001", "Alice Moreau"),
        kept: vec![
            Kept { goes_on: true, ..kept("a", contact("1002", "Ben Okafor"), 42) },
            kept("b", contact("1003", "Clara Ruiz, Dana Lindqvist"), 4_000),
            kept("c", contact("+49301234567", ""), 605),
        ],
        count: 153,
        bytes: 934_500_000,
        most_bytes: 4 << 30,
        pages: Pages { page: 2, last: 4 },
    };
    let none = RecordingsView { kept: Vec::new(), count: 0, pages: Pages { page: 1, last: 1 }, ..view.clone() };
    vec![("recordings", view), ("recordings-none", none)]
}

fn states() -> Vec<(&'static str, Seat, LineState)> {
    let ready = LineState { registration: Registration::Ready, presence: presence(), ..LineState::default() };
    let with = |call: Call| LineState { calls: vec![call], ..ready.clone() };
    let after = |direction, cause| LineState {
        ended: Some(Ended { key: 1, direction, remote: ben(), cause }),
        ..ready.clone()
    };
    let line = |registration| LineState { registration, ..ready.clone() };
    let incoming = Call { direction: Direction::Incoming, ..call(Phase::RingingHere) };
    let two = LineState {
        calls: vec![call(Phase::Talking), Call { key: 2, remote: stranger(), ..incoming.clone() }],
        ..ready.clone()
    };
    let three = LineState {
        calls: vec![held(1, party("1003", "Clara Ruiz")), Call { key: 2, ..call(Phase::Talking) }, held(3, stranger())],
        ..ready.clone()
    };
    vec![
        ("ready", Seat::Holding, ready.clone()),
        ("opening", Seat::Unknown, LineState { presence: presence(), ..LineState::default() }),
        ("connecting", Seat::Holding, line(Registration::Connecting)),
        ("unreachable", Seat::Holding, line(Registration::Unreachable)),
        ("refused", Seat::Holding, line(Registration::Refused(Refusal::WrongCredentials))),
        ("insecure", Seat::Holding, line(Registration::Insecure)),
        ("ringing-there", Seat::Holding, with(call(Phase::RingingThere))),
        ("ringing-here", Seat::Holding, with(incoming)),
        ("talking", Seat::Holding, with(call(Phase::Talking))),
        ("muted", Seat::Holding, with(Call { muted: true, ..call(Phase::Talking) })),
        ("two-calls", Seat::Holding, two),
        ("held", Seat::Holding, with(held(1, ben()))),
        ("held-there", Seat::Holding, with(Call { hold: Hold { here: false, there: true }, ..call(Phase::Talking) })),
        ("three-calls", Seat::Holding, three),
        ("handing-over", Seat::Holding, with(Call { handover: Some(Handover::Ringing), ..held(1, ben()) })),
        (
            "not-handed-over",
            Seat::Holding,
            with(Call { handover: Some(Handover::Refused(486)), ..call(Phase::Talking) }),
        ),
        ("recording", Seat::Holding, with(recorded(Recorded::On(Tape::default())))),
        (
            "recording-announced",
            Seat::Watching,
            with(recorded(Recorded::On(Tape { announced: true, ..Tape::default() }))),
        ),
        ("recording-full", Seat::Holding, with(recorded(Recorded::Failed(RecordingFailure::NoRoom)))),
        (
            "recording-held",
            Seat::Holding,
            LineState {
                calls: vec![
                    Call {
                        key: 2,
                        remote: stranger(),
                        ..recorded(Recorded::On(Tape { anew: true, ..Tape::default() }))
                    },
                    Call { recorded: Recorded::On(Tape::default()), ..held(1, ben()) },
                ],
                ..ready.clone()
            },
        ),
        ("keys-of-theirs", Seat::Holding, with(Call { digits: "42#".to_owned(), ..call(Phase::Talking) })),
        ("hostile", Seat::Holding, with(Call { remote: hostile(), ..call(Phase::Talking) })),
        ("watching", Seat::Watching, with(call(Phase::Talking))),
        ("ended-busy", Seat::Holding, after(Direction::Outgoing, Cause::Busy)),
        ("ended-hung-up", Seat::Holding, after(Direction::Outgoing, Cause::HungUpThere)),
        ("ended-denied", Seat::Holding, after(Direction::Incoming, Cause::Media(MediaFailure::Denied))),
        ("ended-missed", Seat::Holding, after(Direction::Incoming, Cause::CancelledThere)),
    ]
}

fn call(phase: Phase) -> Call {
    let answered_at = (phase == Phase::Talking).then_some(0);
    Call { answered_at, ..Call::new(1, Direction::Outgoing, ben(), phase) }
}

fn recorded(recorded: Recorded) -> Call {
    Call { recorded, ..call(Phase::Talking) }
}

fn held(key: u64, remote: Party) -> Call {
    Call { key, remote, hold: Hold { here: true, there: false }, ..call(Phase::Talking) }
}

fn party(number: &str, name: &str) -> Party {
    Party { number: number.to_owned(), name: name.to_owned() }
}

fn ben() -> Party {
    party("1002", "Ben Okafor")
}

fn stranger() -> Party {
    party("+49301234567", "")
}

/// Who the stranger is.
fn callers() -> Vec<Caller> {
    let about = [
        "Acme · Mobile",
        "Speaks Spanish.",
        "Last calls:",
        "Missed, 2026-11-20 09:30 UTC",
        "Outgoing, 2026-11-19 17:02 UTC, 4:12",
    ];
    let about = about.map(str::to_owned).to_vec();
    vec![Caller { number: stranger().number, name: "Clara Ruiz".to_owned(), about }]
}

fn hostile() -> Party {
    let name = "<script>alert(1)</script> \u{202e}drawkcab and a very long name that does not want to end anywhere";
    party("999999999999999999999999999999999999999999999999999999@attacker.example", name)
}

fn contact(extension: &str, name: &str) -> Contact {
    Contact { extension: extension.to_owned(), name: name.to_owned() }
}

fn contacts() -> Vec<Contact> {
    vec![
        contact("1002", "Ben Okafor"),
        contact("1003", "Clara Ruiz"),
        contact("1004", "Dana Lindqvist"),
        contact("1005", "Emil Hoffmann"),
        contact("1006", "Farah Haddad"),
        contact("1007", "Reception and front desk of the headquarters in Kopenhagen"),
        contact("1008", ""),
        contact("1009", "Hiro Tanaka"),
    ]
}

fn presence() -> Vec<Presence> {
    [
        ("1002", Status::InCall),
        ("1003", Status::Online),
        ("1004", Status::Offline),
        ("1005", Status::Online),
        ("1006", Status::Unknown),
        ("1007", Status::Online),
        ("1008", Status::Ringing),
    ]
    .map(|(extension, status)| {
        let pick_up = if status == Status::Ringing { ["*8", extension].concat() } else { String::new() };
        Presence { extension: extension.to_owned(), status, note: String::new(), pick_up }
    })
    .to_vec()
}
