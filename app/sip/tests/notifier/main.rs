//! The notifier: what phones are told of users, in virtual time.
//!
//! `bench` feeds it by hand, with a real registrar; each flow runs also with all of it saved and restored after every
//! step. `phones` are real ones, at an exchange of registrar, proxy and notifier. The rows of its tables are named by the
//! tests: W of subscriptions, E of publications, C of composition.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

mod bench;
mod composition;
mod documents;
mod endings;
mod hostile;
mod ladders;
mod messages;
#[allow(unused_imports, reason = "several tests share it, each a part")]
#[path = "../network/mod.rs"]
mod network;
mod phones;
mod publications;
#[path = "../exchange/real.rs"]
mod real;
mod subscriptions;

/// The rows of the machine's tables, and the tests that name them.
#[test]
fn every_row_has_its_test() {
    let tables = [
        include_str!("../../src/notifier/subscription.rs"),
        include_str!("../../src/notifier/publication.rs"),
        include_str!("../../src/notifier/compose.rs"),
    ];
    let tests = [
        include_str!("subscriptions.rs"),
        include_str!("endings.rs"),
        include_str!("publications.rs"),
        include_str!("composition.rs"),
    ];
    let is_row = |name: &str| {
        let number = name.strip_prefix(['W', 'E', 'C']);
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let docs = |text: &'static str| text.lines().filter_map(|line| line.trim().strip_prefix("/// "));
    let rows = tables.into_iter().flat_map(docs).filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let named: Vec<&str> = tests.into_iter().flat_map(docs).flat_map(|line| line.split([',', ' ', ':'])).collect();
    let rows: Vec<&str> = rows.filter(|name| is_row(name)).collect();
    assert!(rows.len() >= 44, "the tables are read");
    for row in rows {
        assert!(named.contains(&row), "no test names {row}");
    }
}
