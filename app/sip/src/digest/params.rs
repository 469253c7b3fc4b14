//! The parameters of the authentication headers (RFC 7616 3.3 to 3.5), as strictly as they must be read and as
//! widely as the world writes them.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use nom::Parser as _;
use nom::branch::alt;
use nom::combinator::{map, opt};
use nom::sequence::terminated;

use crate::header::grammar::{Parsed, auth_param, offset, token, white, white1, whole};
use crate::message::{Malformed, Text, is_token};
use crate::sorted::sorted;
use crate::uri::write_quoted;

/// The parameters of one value, as they are written.
pub(crate) struct Params<'a> {
    value: &'a str,
    found: Vec<(&'a str, &'a str)>,
}

impl<'a> Params<'a> {
    /// What follows a scheme: `Digest a=b, c="d"`.
    pub(crate) fn after_scheme(name: &str, value: &'a str) -> Result<Self, Malformed> {
        let found = whole(value, |input| -> Parsed<'_, _> {
            let scheme = nom::combinator::verify(token, |scheme: &str| scheme.eq_ignore_ascii_case(name));
            let (rest, _) = (scheme, white1).parse(input)?;
            list(rest)
        })?;
        Self::once(value, found)
    }

    /// A value without a scheme: that of Authentication-Info.
    pub(super) fn without_scheme(value: &'a str) -> Result<Self, Malformed> {
        Self::once(value, whole(value, list)?)
    }

    /// Each name stands once (RFC 3261 7.3.1): of two, one hop would believe the first and another the last. The
    /// second is refused, in the time of a sort.
    fn once(value: &'a str, found: Vec<(&'a str, &'a str)>) -> Result<Self, Malformed> {
        // Most differ in length. Of equals the first one stands first: they lie in one value.
        let names = sorted(found.iter().map(|(name, _)| *name).collect(), |one: &&str, other: &&str| {
            let alike = || letters(one, other).then(one.as_ptr().cmp(&other.as_ptr()));
            one.len().cmp(&other.len()).then_with(alike)
        });
        let twice = names.iter().zip(names.iter().skip(1)).find(|(one, other)| one.eq_ignore_ascii_case(other));
        match twice {
            Some((_, second)) => Err(Malformed { at: offset(value, second) }),
            None => Ok(Self { value, found }),
        }
    }

    /// The parameter of that name, as it is written.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.found.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The parameter of that name, without quotes.
    pub(crate) fn text(&self, name: &str) -> Option<Text> {
        self.raw(name).map(Text::unquote)
    }

    /// A parameter that has to be there.
    pub(crate) fn needed(&self, name: &str) -> Result<Text, Malformed> {
        self.text(name).ok_or(Malformed { at: self.value.len() })
    }

    /// Whether the parameter says `true`, with or without quotes.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|flag| flag.eq_ignore_ascii_case("true"))
    }

    /// A parameter that is read with `read`.
    pub(super) fn read<T, E>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Malformed> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let fault = Malformed { at: offset(self.value, raw) };
        read(&Text::unquote(raw)).map(Some).map_err(|_| fault)
    }
}

/// The order of names, whose case does not matter.
fn letters(one: &&str, other: &&str) -> Ordering {
    one.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// What stands between commas. Empty elements and words without a value (`qop=auth,auth-int`, without the quotes
/// that it needs) are passed over; at least one parameter is there.
fn list(input: &str) -> Parsed<'_, Vec<(&str, &str)>> {
    let mut element = terminated(opt(alt((map(auth_param, Some), map(token, |_| None)))), white);
    let mut found = Vec::new();
    let mut rest = input;
    loop {
        let (after, param) = element.parse(rest)?;
        found.extend(param.flatten());
        let Some(next) = after.strip_prefix(',') else {
            let none = || nom::Err::Error(nom::error::Error::new(after, nom::error::ErrorKind::SeparatedNonEmptyList));
            return if found.is_empty() { Err(none()) } else { Ok((after, found)) };
        };
        rest = white(next)?.0;
    }
}

/// A nonce count: hexadecimal digits (RFC 7616 3.4).
pub(super) fn nonce_count(digits: &str) -> Result<u32, core::num::ParseIntError> {
    // `from_str_radix` would take a sign.
    let digits = if digits.starts_with('+') { "" } else { digits };
    u32::from_str_radix(digits, 16)
}

/// A parameter that is always quoted.
pub(crate) fn write_text(f: &mut fmt::Formatter<'_>, before: &str, text: Option<&Text>) -> fmt::Result {
    let Some(text) = text else { return Ok(()) };
    f.write_str(before)?;
    write_quoted(f, text)
}

/// A parameter without quotes where it is a token, as old readers want it, with them where it is not.
pub(super) fn write_name(f: &mut fmt::Formatter<'_>, before: &str, name: &str) -> fmt::Result {
    f.write_str(before)?;
    if is_token(name) { f.write_str(name) } else { write_quoted(f, name) }
}

/// A text in the extended notation `UTF-8''J%C3%A4s%C3%B8n` (RFC 5987 3.2.1); other charsets are not read
/// (RFC 8187 dropped them).
pub(super) fn read_extended(value: &str) -> Result<Text, ()> {
    let (charset, rest) = value.split_once('\'').ok_or(())?;
    let (_language, text) = rest.split_once('\'').ok_or(())?;
    if !charset.eq_ignore_ascii_case("UTF-8") {
        return Err(());
    }
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let (high, low) = digit().zip(digit()).ok_or(())?;
                u8::try_from(high * 16 + low).map_err(|_| ())?
            }
            byte if is_plain(byte) => byte,
            _ => return Err(()),
        });
    }
    Text::new(&String::from_utf8(decoded).map_err(|_| ())?).map_err(|_| ())
}

/// Writes a text in the extended notation.
pub(super) fn write_extended(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("UTF-8''")?;
    for byte in text.bytes() {
        if is_plain(byte) { write!(f, "{}", char::from(byte)) } else { write!(f, "%{byte:02X}") }?;
    }
    Ok(())
}

/// What needs no escape in the extended notation (RFC 5987 `attr-char`).
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'&' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}
