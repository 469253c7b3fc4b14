//! The conversations, as the server writes them.

use super::{contact, opening, ready};
use app::pages::messages::{ConversationView, Line, ListView, Messages, MessagesView, Row, Stands, address};
use leptos::prelude::*;

fn render(view: MessagesView) -> String {
    let _ = any_spawner::Executor::init_futures_executor();
    let html = Owner::new().with(|| {
        provide_context(opening(ready()));
        view! { <Messages view /> }.to_html()
    });
    assert!(!html.contains("style="), "an inline style breaks the content security policy");
    html
}

fn line(id: i64, day: &str, text: &str, stands: Stands) -> Line {
    Line { id, text: text.to_owned(), day: day.to_owned(), time: "09:30".to_owned(), stands }
}

fn conversation(lines: Vec<Line>) -> String {
    let with = contact("1002", "Ben <i>Okafor</i>");
    let draft = "draft".to_owned();
    render(MessagesView::Conversation(ConversationView {
        with,
        lines,
        draft,
        reachable: true,
        ..ConversationView::default()
    }))
}

#[test]
fn every_state_is_said_in_words() {
    for (stands, words) in [
        (Stands::Came { new: true }, "New"),
        (Stands::Refused, "Refused"),
        (Stands::Sending, "waiting for your phone"),
        (Stands::Accepted, "Accepted"),
        (Stands::Kept, "Kept until a phone of theirs is on"),
        (Stands::Delivered, "Delivered"),
        (Stands::Failed("they do not want it.".to_owned()), "Not delivered: they do not want it."),
    ] {
        let html = conversation(vec![line(7, "2026-11-22", "Hello", stands.clone())]);
        assert!(html.contains(words), "{words}");
        assert_eq!(html.contains("/messages/1002/7/again"), matches!(stands, Stands::Failed(_)));
    }
}

#[test]
fn days_are_set_apart_and_nothing_written_is_markup() {
    let came = || Stands::Came { new: false };
    let html = conversation(vec![
        line(1, "2026-11-21", "</p><script>x()</script>\u{202e}", came()),
        line(2, "2026-11-22", "two", came()),
        line(3, "2026-11-22", "three", Stands::Delivered),
    ]);
    assert_eq!(html.matches("class=\"messages__day\"").count(), 2);
    assert!(!html.contains("<script") && !html.contains("<i>"), "{html}");
    let at = |text: &str| html.find(text).unwrap();
    assert!(at("2026-11-21") < at("&lt;script") && at("two") < at("three"));
    for said in ["At most 4000 characters", "Without JavaScript", "name=\"draft\"", "maxlength=\"4000\""] {
        assert!(html.contains(said), "{said}: {html}");
    }
}

#[test]
fn a_list_leads_to_each_conversation() {
    let row = Row {
        with: contact("ben@example.org", "Ben"),
        address: address("ben@example.org/\"x"),
        text: "<b>bold</b>".to_owned(),
        own: true,
        at: "2026-11-22 09:30".to_owned(),
        unread: 2,
    };
    let html = render(MessagesView::List(ListView { rows: vec![row], older: Some(5), ..ListView::default() }));
    for said in ["href=\"/messages/ben@example.org%2F%22x\"", "2 new", "You: ", "&lt;b&gt;", "/messages?before=5"] {
        assert!(html.contains(said), "{said}: {html}");
    }
    let html = render(MessagesView::List(ListView { search: "x".to_owned(), ..ListView::default() }));
    assert!(html.contains("No such message was found."));
}
