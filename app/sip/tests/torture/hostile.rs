//! Every file, every piece of every file, and every value as every header: nothing panics, and what is wrong is said to
//! be wrong somewhere inside.

use crate::cases::CASES;
use crate::{corpus, exchange, phone};
use sip::header;
use sip::message::{Header, HeaderError, Headers, Message, refusal};
use sip::proxy::Inbound;

/// All that can be parsed.
fn messages() -> Vec<(&'static str, Message)> {
    let parsed = |name| Message::parse(&corpus::bytes(name)).ok().map(|message| (name, message));
    CASES.iter().filter_map(|case| parsed(case.name)).collect()
}

/// Checks a header's reading of its own values in a message, and of this value.
type Check = fn(&Headers, &str) -> Result<(), String>;

fn check<H: Header>(headers: &Headers, value: &str) -> Result<(), String> {
    if let Err(error) = H::parse(value)
        && error.at > value.len()
    {
        return Err(format!("{} of {value:?} is wrong at {}", H::NAME, error.at));
    }
    let longest = headers.raw(&H::NAME).map(str::len).max().unwrap_or(0);
    for error in [headers.find::<H>().err(), headers.all::<H>().err()].into_iter().flatten() {
        match error {
            HeaderError::Malformed { at, .. } if at > longest => return Err(format!("{} is wrong at {at}", H::NAME)),
            HeaderError::Malformed { .. }
            | HeaderError::Missing { .. }
            | HeaderError::Repeated { .. }
            | HeaderError::TooMany { .. } => {}
        }
    }
    Ok(())
}

macro_rules! checks {
    ($($header:ident)+) => { &[$(check::<header::$header>),+] };
}

#[rustfmt::skip]
const CHECKS: &[Check] = checks! {
    Accept Allow Authorization CSeq CallId Contact ContentLength ContentType Date Expires From MaxForwards MinExpires
    PAssertedIdentity Path ProxyAuthenticate ProxyAuthorization ProxyRequire Reason RecordRoute Require RetryAfter Route
    Server Supported To Unsupported UserAgent Via Warning WwwAuthenticate
};

#[test]
fn every_value_is_read_as_every_header_or_is_wrong_somewhere_inside() {
    let mut read = 0;
    for (name, message) in messages() {
        for (_, value) in message.headers().iter() {
            for check in CHECKS {
                check(message.headers(), value).unwrap_or_else(|why| panic!("{name}: {why}"));
                read += 1;
            }
        }
    }
    assert!(read > 10_000, "{read}");
}

#[test]
fn a_message_that_breaks_off_is_wrong_somewhere_inside() {
    for case in CASES {
        let bytes = corpus::bytes(case.name);
        for end in 0..bytes.len() {
            let piece = &bytes[..end];
            if let Err(error) = Message::parse(piece) {
                assert!(error.offset <= end, "{} up to {end}: {error}", case.name);
                let _ = refusal(piece, &error);
            }
            let _ = Inbound::read(piece);
        }
    }
}

#[test]
fn what_is_refused_can_be_read_by_who_is_refused() {
    for case in CASES {
        let bytes = corpus::bytes(case.name);
        if let Inbound::Refused(response) = Inbound::read(&bytes) {
            assert!(matches!(Message::parse(&response), Ok(Message::Response(_))), "{}", case.name);
        }
    }
}

/// One that comes after all the others is answered as if it came alone.
#[test]
fn no_message_harms_an_exchange() {
    let mut exchange = exchange::Exchange::admitting("watson");
    for case in CASES {
        exchange.send(&corpus::bytes(case.name));
    }
    exchange.sent.clear();
    exchange.send(&corpus::bytes("cparam01"));
    assert_eq!(exchange.answer().unwrap().status.code(), 200);
}

#[test]
fn a_phone_survives_what_breaks_off() {
    for case in CASES {
        let bytes = corpus::bytes(case.name);
        for end in (0..bytes.len()).step_by(37) {
            let _ = phone::receives(&bytes[..end]);
        }
    }
}
