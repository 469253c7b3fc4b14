//! Messages of any size that are as bad as they can be made, each in one way: the time for a byte must not grow.

use sip::header::{Contact, From, RetryAfter, Via};
use sip::message::{Header, Message};

/// A way of being bad.
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// A message of about so many bytes.
    pub message: fn(usize) -> Vec<u8>,
    /// Parses it, and reads the header that is bad. Whether that was refused makes no difference to the work asked
    /// for, but to its price.
    pub read: fn(&[u8]) -> bool,
}

/// What one field may hold at most; a longer message has more of the same.
const FIELD: usize = 7 * 1024;

/// All shapes.
#[must_use]
pub fn shapes() -> [Shape; 9] {
    [
        Shape { name: "a long value", message: |size| long("Subject: ", "a", "", size), read: parse },
        Shape { name: "a value of folds", message: |size| long("Subject: ", "a\r\n ", "a", size), read: parse },
        Shape { name: "many fields", message: |size| message(&"x: aaaaa\r\n".repeat(size / 10)), read: parse },
        Shape {
            name: "many Vias, one a field",
            message: |size| message(&"v:SIP/2.0/WS a\r\n".repeat(size / 16)),
            read: all::<Via>,
        },
        Shape {
            name: "many Vias in a field",
            message: |size| long("v: ", "SIP/2.0/WS a;branch=z9hG4bKa,", "SIP/2.0/WS a", size),
            read: all::<Via>,
        },
        Shape { name: "many parameters", message: |size| long("m: <sip:a@a>", ";a", "", size), read: all::<Contact> },
        Shape {
            name: "a deep comment",
            message: |size| {
                let depth = size.min(FIELD) / 2;
                message(
                    &format!("Retry-After: 5 {}{}\r\n", "(".repeat(depth), ")".repeat(depth))
                        .repeat(size.div_ceil(FIELD)),
                )
            },
            read: all::<RetryAfter>,
        },
        Shape {
            name: "a name of escapes",
            message: |size| long("f: \"", "\\\"", "\" <sip:a@a>", size),
            read: all::<From>,
        },
        Shape {
            name: "a long URI",
            message: |size| format!("OPTIONS sip:{}@a SIP/2.0\r\n\r\n", "%41".repeat(size / 3)).into_bytes(),
            read: parse,
        },
    ]
}

/// As many fields as it takes, full of the same.
fn long(start: &str, repeated: &str, end: &str, size: usize) -> Vec<u8> {
    let times = size.min(FIELD) / repeated.len();
    message(&format!("{start}{}{end}\r\n", repeated.repeat(times)).repeat(size.div_ceil(FIELD)))
}

fn message(fields: &str) -> Vec<u8> {
    format!("OPTIONS sip:a SIP/2.0\r\n{fields}\r\n").into_bytes()
}

fn parse(bytes: &[u8]) -> bool {
    std::hint::black_box(Message::parse(bytes)).is_ok()
}

fn all<H: Header>(bytes: &[u8]) -> bool {
    Message::parse(bytes).is_ok_and(|message| std::hint::black_box(message.headers().all::<H>()).is_ok())
}
