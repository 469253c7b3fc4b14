//! Starting a phone: it connects, registers (signing the exchange's challenge), and unregisters when it stops.
//!
//! ```text
//! cargo run -p sip --example register
//! ```

#![allow(clippy::print_stdout, clippy::expect_used, reason = "this is what it is for")]

mod office;

use office::Office;
use sip::Duration;
use sip::agent::{Event, Registration};

#[test]
fn runs() {
    main();
}

fn main() {
    let mut office = Office::new(&["alice"]);
    let now = office.now;
    office.phone("alice").agent.start(now);
    office.settle();
    assert_eq!(office.phone("alice").agent.registration(), Registration::Registered);

    // It stays registered: the binding is refreshed before it runs out.
    office.wait(Duration::from_secs(3600));
    assert_eq!(office.phone("alice").agent.registration(), Registration::Registered);

    let now = office.now;
    office.phone("alice").agent.stop(now);
    office.settle();
    assert!(office.phone("alice").noticed(|event| *event == Event::Stopped));
    println!("{}", office.ladder.join("\n"));
}
