//! What parameters of many headers say.

use super::grammar::{seconds, whole};
use crate::uri::Params;

/// The preference `q` in thousandths, 0 to 1000 (RFC 3261 25.1 `qvalue`); `None` if it is not there, or malformed.
pub(super) fn qvalue(params: &Params) -> Option<u16> {
    let text = params.value("q")?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = fraction.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

/// Seconds that a parameter says; `None` if it is not there, or malformed. What does not fit is the largest number
/// that does.
pub(super) fn seconds_of(params: &Params, name: &str) -> Option<u32> {
    whole(params.value(name)?, seconds).ok()
}
