//! The login, the settings, and what the phone tells of them.

use super::*;
use app::backend::{Mailbox, WISHES_ID, Wishes};
use app::pages::login::{LoginError, LoginView, document};
use app::pages::settings::{self, Field, Problem, SettingsView, Typed};

#[test]
fn the_login_page_is_a_plain_form() {
    let html = document(LoginView::default()).to_html();
    assert!(html.starts_with("<!DOCTYPE html>"));
    for part in [
        "method=\"post\"",
        "action=\"/login\"",
        "name=\"extension\"",
        "name=\"password\"",
        "autocomplete=\"current-password\"",
    ] {
        assert!(html.contains(part), "{part} is missing");
    }
    assert!(
        !html.contains("<script")
            && !html.contains("wasm")
            && !html.contains("style=")
            && !html.contains("role=\"alert\"")
    );
    assert!(shows(&html, "Extension") && shows(&html, "Password") && button(&html, "Log in").is_some());
}

#[test]
fn the_login_page_says_what_went_wrong_and_keeps_the_extension() {
    let with = |error| {
        let extension = "\"><script>1".to_owned();
        document(LoginView { error: Some(error), extension, ..LoginView::default() }).to_html()
    };
    let html = with(LoginError::Wrong);
    assert!(html.contains("role=\"alert\"") && shows(&html, "The extension or the password is wrong."));
    assert!(html.contains("value=\"&quot;&gt;&lt;script&gt;1\"") && !html.contains("<script"));
    assert!(shows(
        &with(LoginError::Throttled { seconds: 30 }),
        "Too many wrong tries. Wait 30 seconds, then try again."
    ));
    assert!(shows(
        &with(LoginError::Throttled { seconds: 181 }),
        "Too many wrong tries. Wait 4 minutes, then try again."
    ));
    assert!(shows(&with(LoginError::Expired), "You were logged out. Log in again."));
    let insecure = document(LoginView { insecure: true, ..LoginView::default() }).to_html();
    assert!(texts(&insecure).iter().any(|text| text.starts_with("This page was opened without HTTPS")));
}

fn wishes() -> Wishes {
    Wishes {
        busy: Some("1002".to_owned()),
        unanswered: Some("600".to_owned()),
        unreachable: Some("1003".to_owned()),
        ringing_seconds: Some(20),
        ..Wishes::default()
    }
}

/// What the phone page tells of these wishes.
fn told(wishes: Wishes) -> Vec<String> {
    let html = render(Seat::Unknown, ready(), || {
        provide_context(wishes);
        app::shell(options())
    });
    let (phone, notice) = html.split_once("<aside").unwrap_or_default();
    assert!(phone.contains("</main>"), "it stands behind what the client hydrates");
    assert!(notice.contains("href=\"/settings\"") && shows(notice, "Change"));
    let paragraph = notice.split_once("<p ").and_then(|(_, rest)| rest.split_once('>')).unwrap_or_default();
    assert!(paragraph.0.contains("role=\"status\""), "{}", paragraph.0);
    let words = paragraph.1.split('<').next().unwrap_or_default().trim();
    let told: Vec<String> = words.lines().map(decoded).collect();
    let tag = notice.split('>').next().unwrap_or_default();
    assert!(tag.contains(&format!("id=\"{WISHES_ID}\"")));
    assert_eq!(tag.contains(" hidden"), told.is_empty(), "{tag}");
    told
}

#[test]
fn the_phone_tells_where_calls_go_and_leads_to_where_that_is_changed() {
    let to = |number: &str| Some(number.to_owned());
    assert_eq!(
        told(wishes()),
        [
            "When you are busy, calls go to Ben Okafor (1002).",
            "Calls that you do not answer within 20 seconds go to 600.",
            "While your phone is off, calls go to Clara Ruiz (1003).",
        ]
    );
    assert_eq!(told(Wishes { always: to("1002"), ..wishes() }), ["All calls go to Ben Okafor (1002)."]);
    let quiet = "Do not disturb is on: no call rings here.";
    assert_eq!(told(Wishes { do_not_disturb: true, ..Wishes::default() }), [quiet]);
    assert_eq!(told(Wishes { do_not_disturb: true, ..wishes() }), [quiet, "Calls go to Ben Okafor (1002)."]);
    let both = Wishes { do_not_disturb: true, always: to("1009"), ..wishes() };
    assert_eq!(told(both), ["All calls go to 1009.", quiet]);
    assert!(told(Wishes { ringing_seconds: Some(20), ..Wishes::default() }).is_empty(), "calls ring here");
    for (mailbox, words) in [
        (Mailbox::New(1), "A new voice message waits for you."),
        (Mailbox::New(3), "3 new voice messages wait for you."),
        (Mailbox::Some, "New voice messages wait for you."),
    ] {
        assert_eq!(told(Wishes { mailbox, do_not_disturb: true, ..Wishes::default() }), [words, quiet]);
    }
    assert!(told(Wishes { mailbox: Mailbox::New(0), ..Wishes::default() }).is_empty());
    let html = render(Seat::Unknown, ready(), || app::shell(options()));
    assert!(html.contains("href=\"/settings\"") && shows(&html, "Settings"));
}

#[test]
fn every_field_of_the_settings_is_labelled_and_says_what_is_wrong_with_it() {
    for field in Field::ALL {
        for problem in
            [Problem::NotANumber, Problem::Ambiguous, Problem::Own, Problem::Code, Problem::Time, Problem::Nobody]
        {
            let view = SettingsView {
                me: contact("1001", "Alice Moreau"),
                problems: vec![(field, problem)],
                ringing_range: (5, 300),
                usual_ringing: 45,
                ..SettingsView::default()
            };
            let html = settings::document(view).to_html();
            let name = field.name();
            assert!(html.contains(&format!("for=\"{name}\"")) && html.contains(&format!("id=\"{name}\"")), "{name}");
            assert!(html.contains(&format!("aria-describedby=\"{name}-problem {name}-hint\"")), "{name}: {html}");
            assert_eq!(html.matches("aria-invalid").count(), usize::from(problem.is_error()));
            assert_eq!(html.matches("role=\"alert\"").count(), usize::from(problem.is_error()));
            assert_eq!(html.matches("autofocus").count(), usize::from(problem.is_error()), "where to go on");
            assert!(!html.contains("<script") && !html.contains("style="));
        }
    }
    let html = settings::document(SettingsView { saved: true, ..SettingsView::default() }).to_html();
    assert!(html.contains("role=\"status\"") && shows(&html, "Saved. It holds from now on."));
    assert!(button(&html, "Save").is_some() && shows(&html, "Back to the phone") && shows(&html, "Do not disturb"));
}

#[test]
fn the_settings_keep_what_was_typed_as_text() {
    let hostile = "\"><script>1".to_owned();
    let typed = Typed {
        do_not_disturb: true,
        no_call_waiting: true,
        auto_answer: true,
        always: hostile.clone(),
        busy: hostile.clone(),
        unanswered: hostile.clone(),
        unreachable: hostile.clone(),
        ringing: hostile.clone(),
    };
    let named = vec![contact("600", &hostile)];
    let view = SettingsView {
        typed,
        contacts: named.clone(),
        groups: named,
        me: contact("1001", &hostile),
        ..SettingsView::default()
    };
    let html = settings::document(view).to_html();
    assert!(!html.contains("<script"), "{html}");
    assert_eq!(html.matches("value=\"&quot;&gt;&lt;script&gt;1\"").count(), 5);
    assert!(html.contains(" checked"));
}
