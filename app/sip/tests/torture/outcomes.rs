//! The table, row by row.

use crate::cases::{CASES, Case, Reads};
use crate::{corpus, exchange, phone};
use sip::header::To;
use sip::message::{HeaderError, HeaderName, Message, Response};

/// Runs over all rows, and tells all that are wrong.
#[track_caller]
fn every_case(check: impl Fn(&Case) -> Result<(), String>) {
    let wrong: Vec<_> = CASES
        .iter()
        .filter_map(|case| check(case).err().map(|why| format!("{} ({}): {why}", case.name, case.section)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn expect(found: impl std::fmt::Debug + PartialEq<String>, expected: String) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{found:?}, expected {expected:?}")) }
}

#[test]
fn each_is_read_as_the_rfc_says() {
    every_case(|case| {
        let bytes = corpus::bytes(case.name);
        expect(read(&bytes), wanted(&case.reads, &bytes))
    });
}

#[test]
fn an_exchange_does_with_each_what_the_rfc_says() {
    every_case(|case| {
        let exchange = exchange::receives(&corpus::bytes(case.name));
        if let Some(answer) = exchange.answer() {
            answers(&answer, &corpus::bytes(case.name))?;
        }
        expect(format!("{:?}", exchange.did()), format!("{:?}", case.exchange))
    });
}

#[test]
fn an_exchange_asks_a_stranger_first_who_it_is() {
    every_case(|case| {
        let mut exchange = exchange::Exchange::challenging();
        exchange.send(&corpus::bytes(case.name));
        if let Some(answer) = exchange.answer() {
            answers(&answer, &corpus::bytes(case.name))?;
        }
        expect(format!("{:?}", exchange.did()), format!("{:?}", case.stranger))
    });
}

#[test]
fn a_phone_does_with_each_what_the_rfc_says() {
    every_case(|case| {
        let phone = phone::receives(&corpus::bytes(case.name));
        for answer in &phone.sent {
            answers(answer, &corpus::bytes(case.name))?;
        }
        expect(format!("{:?}", phone.did()), format!("{:?}", case.phone))
    });
}

/// What a message is read as, in words.
fn read(bytes: &[u8]) -> String {
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => return format!("{:?} at byte {} of {}", error.kind, error.offset, bytes.len()),
    };
    match message.validate() {
        Ok(()) => "well-formed".into(),
        Err(HeaderError::Malformed { name, at }) => {
            let value = message.headers().raw(&name).next().unwrap_or_default();
            format!("{name} is wrong from {:?} on", value.get(at..).unwrap_or("outside of it"))
        }
        Err(HeaderError::Missing { name }) => format!("{name} is missing"),
        Err(HeaderError::Repeated { name }) => format!("{name} is repeated"),
        Err(HeaderError::TooMany { name }) => format!("{name} is there too often"),
    }
}

/// What it is to be read as, in the same words.
fn wanted(reads: &Reads, bytes: &[u8]) -> String {
    match reads {
        Reads::Well => "well-formed".into(),
        Reads::Unread(kind, text) => {
            let at = match text.len() {
                0 => bytes.len(),
                length => bytes.windows(length).position(|window| window == text.as_bytes()).unwrap(),
            };
            format!("{kind:?} at byte {at} of {}", bytes.len())
        }
        Reads::Invalid(name, text) => {
            let message = Message::parse(bytes).expect("it can be parsed");
            let value = message.headers().raw(name).next().unwrap();
            format!("{name} is wrong from {:?} on", &value[value.find(text).unwrap()..])
        }
        Reads::Missing(name) => format!("{name} is missing"),
        Reads::Repeated(name) => format!("{name} is repeated"),
    }
}

/// Whether a response is one to this request: it repeats what it has to, each header but Via once, and of To at least
/// the URI (RFC 3261 8.2.6.2).
fn answers(response: &Response, request: &[u8]) -> Result<(), String> {
    let names = [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq];
    let words = |text: &str| text.split(|c: char| c.is_whitespace() || "<>".contains(c)).collect::<String>();
    let request = words(&String::from_utf8_lossy(request));
    for name in &names {
        let values: Vec<_> = response.headers.raw(name).collect();
        if *name != HeaderName::Via && values.len() > 1 {
            return Err(format!("{name} is there {} times in the answer", values.len()));
        }
        for value in values {
            let said = match value.parse::<To>() {
                Ok(To(to)) if *name == HeaderName::To => to.uri.to_string(),
                Ok(_) | Err(_) => value.into(),
            };
            if !request.contains(&words(&said)) {
                return Err(format!("the answer has {name}: {value}"));
            }
        }
    }
    Ok(())
}
