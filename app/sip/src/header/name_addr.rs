use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use nom::Parser as _;
use nom::sequence::terminated;

use super::grammar::{Parsed, bracketed, display, offset, param_value, params, run1, white};
use crate::class::{BARE, WORDS};
use crate::message::{InvalidHeader, Malformed, Text};
use crate::uri::{Params, Uri, write_quoted};

/// A URI with an optional name in front and parameters behind (RFC 3261 25.1 `name-addr`, `addr-spec`). Without
/// angle brackets, the parameters are the header's and not the URI's (RFC 3261 20).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameAddr {
    /// The name to show, without quotes and escapes.
    pub display: Option<Text>,
    /// The URI.
    pub uri: Uri,
    /// The header's parameters.
    pub params: Params,
}

impl NameAddr {
    /// A URI without name and parameters.
    #[must_use]
    pub const fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::new() }
    }

    /// The same with a name to show; an empty one is none.
    ///
    /// # Errors
    /// There is a CR, LF or NUL in it.
    pub fn with_display(mut self, display: &str) -> Result<Self, InvalidHeader> {
        self.display = if display.is_empty() { None } else { Some(Text::new(display)?) };
        Ok(self)
    }

    /// The name to show.
    #[must_use]
    pub fn display(&self) -> Option<&str> {
        self.display.as_deref()
    }

    /// The tag parameter (RFC 3261 19.3).
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.value("tag")
    }

    /// Sets the tag. One that could not be read back from a header is left out.
    pub(crate) fn set_tag(&mut self, tag: &str) {
        self.params.remove("tag");
        let _ = self.params.set_received("tag", tag);
    }

    /// Reads the whole value.
    pub(crate) fn read(value: &str) -> Result<Self, Malformed> {
        let value = value.trim_end_matches([' ', '\t']);
        let fault = |rest: &str| Malformed { at: value.len() - rest.len() };
        let (rest, (display, uri)) = match address(value.trim_start_matches([' ', '\t'])) {
            Ok(found) => found,
            Err(nom::Err::Error(error) | nom::Err::Failure(error)) => return Err(fault(error.input)),
            Err(nom::Err::Incomplete(_)) => return Err(fault("")),
        };
        let uri: Uri = uri.parse().map_err(|error: crate::uri::UriError| {
            let start = offset(value, uri);
            // `Bell, Alexander <sip:…>`: what is no URI was meant as a name, and ends where no name goes on.
            let meant = start == 0 && value.contains('<');
            Malformed { at: if meant { WORDS.split(value).0.len() } else { start + error.at } }
        })?;
        let params =
            super::grammar::whole(rest, params).map_err(|error| Malformed { at: offset(value, rest) + error.at })?;
        let display = display.map(shown).filter(|text| !text.is_empty());
        Ok(Self { display, uri, params })
    }

    /// The tag in a value that was read before: the address is passed over.
    pub(crate) fn tag_in(value: &str) -> Option<&str> {
        let (params, _) = address(value).ok()?;
        param_value(params, "tag")
    }
}

/// What is in front of the parameters: the display name and the URI, as they are written.
fn address(input: &str) -> Parsed<'_, (Option<&str>, &str)> {
    if input.starts_with('<') {
        let (rest, uri) = bracketed(input)?;
        return Ok((rest, (None, uri)));
    }
    // Only words may be in front of a bracket; in a bare URI's parameters there may be quotes.
    if input.starts_with('"') || WORDS.split(input).1.starts_with('<') {
        let (rest, display) = terminated(display, white).parse(input)?;
        let (rest, uri) = bracketed(rest)?;
        return Ok((rest, (Some(display), uri)));
    }
    let (rest, uri) = run1(BARE)(input)?;
    Ok((rest, (None, uri)))
}

/// A display name as people read it: words have one space between them.
fn shown(raw: &str) -> Text {
    if raw.starts_with('"') {
        return Text::unquote(raw);
    }
    let mut out = String::with_capacity(raw.len());
    for word in raw.split_ascii_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    Text::lossy(&out)
}

impl core::convert::From<Uri> for NameAddr {
    fn from(uri: Uri) -> Self {
        Self::new(uri)
    }
}

impl FromStr for NameAddr {
    type Err = Malformed;

    fn from_str(value: &str) -> Result<Self, Malformed> {
        Self::read(value)
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write_quoted(f, display)?;
            f.write_str(" ")?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

crate::message::serde_as_text!(NameAddr);
