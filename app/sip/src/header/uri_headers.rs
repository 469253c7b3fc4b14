//! Headers in a URI (RFC 3261 19.1.1): `sip:a@b?Replaces=…&Reason=…`.

use alloc::string::String;
use core::fmt::Write as _;

use crate::message::{Header, HeaderName, InvalidHeader};
use crate::uri::{Uri, UriHeaders, unescaped};

/// The first header of that type; `None` if there is none, or it is malformed.
pub(super) fn from_uri<H: Header>(uri: &Uri) -> Option<H> {
    H::parse(&find(uri, &H::NAME)?).ok()
}

/// Adds a header to those of the URI.
pub(super) fn add_to_uri<H: Header>(uri: &mut Uri, header: &H) -> Result<(), InvalidHeader> {
    let Uri::Sip(uri) = uri else { return Err(InvalidHeader::Syntax) };
    let mut text = String::new();
    if let Some(before) = uri.headers.as_deref().filter(|before| !before.is_empty()) {
        text.push_str(before);
        text.push('&');
    }
    // Writing to a String does not fail.
    let _ = write!(Escape(&mut text), "{}", H::NAME);
    text.push('=');
    let _ = write!(Escape(&mut text), "{header}");
    uri.headers = Some(UriHeaders::new(&text).map_err(|_| InvalidHeader::Syntax)?);
    Ok(())
}

/// The value of the first header of that name, without escapes; `None` if that is not UTF-8.
fn find(uri: &Uri, name: &HeaderName) -> Option<String> {
    let headers = uri.as_sip()?.headers.as_deref()?;
    headers.split('&').filter_map(|header| header.split_once('=')).find_map(|(other, value)| {
        let same = text(other)?.parse::<HeaderName>().is_ok_and(|other| other == *name);
        if same { text(value) } else { None }
    })
}

/// The text that `escaped` stands for.
fn text(escaped: &str) -> Option<String> {
    String::from_utf8(unescaped(escaped).collect()).ok()
}

/// Escapes what may not stand in a header of a URI (RFC 3261 25.1 `hname`, `hvalue`).
struct Escape<'a>(&'a mut String);

impl core::fmt::Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for byte in text.bytes() {
            let c = char::from(byte);
            if c.is_ascii_alphanumeric() || "-_.!~*'()[]/?:+$".contains(c) {
                self.0.push(c);
            } else {
                write!(self.0, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}
