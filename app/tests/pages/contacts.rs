//! The pages of contacts, and what the phone page shows of who calls and what colleagues do.

use super::*;
use app::caller::Caller;
use app::pages::contact::{self, ContactView, FormView, Typed};
use app::pages::contacts::{self, ContactsView, Imported, Person};

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>\u{202e}";

fn person() -> Person {
    Person {
        id: 7,
        name: "Ana Ruiz".to_owned(),
        company: "Acme".to_owned(),
        numbers: vec![("Mobile".to_owned(), "+34 6 1".to_owned())],
        status: Some(Status::Away),
        ..Person::default()
    }
}

#[test]
fn contacts_are_found_called_and_marked_by_plain_forms() {
    let people = vec![person()];
    let view = ContactsView { people, more: Some(7), ..ContactsView::default() };
    let html = contacts::document(view, Some("n0nce".to_owned())).to_html();
    for text in ["Ana Ruiz", "Acme", "Away", "+34 6 1", "Mobile"] {
        assert!(shows(&html, text), "{text}");
    }
    for part in [
        "action=\"/contacts\"",
        "name=\"q\"",
        "action=\"/contacts/7/favourite\"",
        "href=\"/contacts/7\"",
        "href=\"/contacts?after=7\"",
        "href=\"/messages?with=%2B34+6+1\"",
        "enctype=\"multipart/form-data\"",
        "nonce=\"n0nce\"",
    ] {
        assert!(html.contains(part), "{part} is missing: {html}");
    }
    assert!(button(&html, "Call Ana Ruiz, Mobile").is_some() && button(&html, "Make Ana Ruiz a favourite").is_some());
    let none = contacts::document(ContactsView::default(), None).to_html();
    assert!(shows(&none, "There are no contacts yet."));
}

#[test]
fn what_others_wrote_is_text_on_every_page() {
    let hostile = || HOSTILE.to_owned();
    let numbers = vec![(hostile(), hostile())];
    let typed =
        Typed { name: hostile(), company: hostile(), numbers: numbers.clone(), groups: hostile(), note: hostile() };
    let person = Person { name: hostile(), company: hostile(), numbers: numbers.clone(), ..person() };
    let imported = Imported { told: hostile(), good: false, remarks: vec![hostile()] };
    let asked = contacts::Asked { search: hostile(), group: hostile(), ..contacts::Asked::default() };
    let people = vec![person];
    let view =
        ContactsView { people, groups: vec![hostile()], asked, imported: Some(imported), ..ContactsView::default() };
    let problem = Some(hostile());
    let one =
        ContactView { typed: typed.clone(), numbers, own: true, problem: problem.clone(), ..ContactView::default() };
    let form = FormView { typed, kinds: vec![("work", hostile())], most: 16, problem, ..FormView::default() };
    for html in [
        contacts::document(view, None).to_html(),
        contact::document(one).to_html(),
        contact::form_document(form).to_html(),
    ] {
        assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{html}");
        assert!(html.contains("&lt;script&gt;"), "{html}");
    }
}

#[test]
fn who_rings_is_told_with_their_note_and_the_last_calls() {
    let known = Caller {
        number: "+4930123".to_owned(),
        name: "Ana Ruiz".to_owned(),
        about: vec!["Speak slowly".to_owned(), "Last calls:".to_owned(), HOSTILE.to_owned()],
    };
    let remote = Party { number: "+4930123".to_owned(), name: "unknown".to_owned() };
    let shown = |phase| {
        let call = Call::new(1, Direction::Incoming, remote.clone(), phase);
        let line = LineState { calls: vec![call], ..ready() };
        let set = |driver: &Line| {
            driver.seat.set(Seat::Holding);
            driver.callers.set(vec![known.clone()]);
        };
        drive(line, set, || view! { <PhonePage /> })
    };
    let html = shown(Phase::RingingHere);
    assert!(shows(&html, "Ana Ruiz") && html.contains("Speak slowly\nLast calls:"), "{html}");
    assert!(!html.contains("<script>alert"));
    let html = shown(Phase::Talking);
    assert!(shows(&html, "Ana Ruiz") && !html.contains("Speak slowly"), "it is for who has to decide: {html}");
}

#[test]
fn a_call_that_rings_at_a_colleague_can_be_picked_up_unless_it_is_ones_own() {
    let (extension, note, pick_up) = ("1002".to_owned(), "<b>late".to_owned(), "*81002".to_owned());
    let rings = Presence { extension, status: Status::Ringing, note, pick_up };
    let line = LineState { presence: vec![rings.clone()], ..ready() };
    let html = page(Seat::Holding, line.clone());
    assert_eq!(enabled(&html, "Pick up the call of Ben Okafor"), Some(true));
    assert!(shows(&html, "Ringing · <b>late"), "{html}");
    let own = Call::new(
        1,
        Direction::Outgoing,
        Party { number: "1002".to_owned(), name: String::new() },
        Phase::RingingThere,
    );
    let html = page(Seat::Holding, LineState { calls: vec![own], ..line.clone() });
    assert!(button(&html, "Pick up the call of Ben Okafor").is_none() && button(&html, "Call Ben Okafor").is_some());
    // Where nothing picks calls up.
    let presence = vec![Presence { pick_up: String::new(), ..rings }];
    let html = page(Seat::Holding, LineState { presence, ..line });
    assert!(button(&html, "Pick up the call of Ben Okafor").is_none() && shows(&html, "Ringing · <b>late"), "{html}");
}
