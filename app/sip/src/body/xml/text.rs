//! Text with references in it.

use alloc::borrow::Cow;
use alloc::string::String;

use super::is_char;

/// Bytes between the ampersand and the semicolon of a reference.
const LONGEST_NAME: usize = 64;

/// Where the text stands: its line ends are read differently (XML 1.0 2.11, 3.3.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Content,
    Attribute,
}

/// The text that is meant, without references and with uniform line ends.
///
/// An ampersand that begins no reference stays: servers put URIs into documents as they are.
///
/// # Errors
/// The offset of a reference to an entity that XML does not define, or to a character that it cannot hold.
pub(super) fn decode(raw: &str, place: Place) -> Result<Cow<'_, str>, usize> {
    let special = |c: char| match place {
        Place::Content => matches!(c, '&' | '\r'),
        Place::Attribute => matches!(c, '&' | '\r' | '\n' | '\t'),
    };
    let mut rest = raw;
    let mut out = String::new();
    while let Some((before, from)) = rest.find(special).and_then(|at| rest.split_at_checked(at)) {
        out.push_str(before);
        let (decoded, length) = one(from, place).ok_or(raw.len() - from.len())?;
        out.push(decoded);
        rest = from.get(length..).unwrap_or_default();
    }
    if rest.len() == raw.len() {
        return Ok(Cow::Borrowed(raw));
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// The character that the special one at the beginning makes, and how many bytes it takes.
fn one(from: &str, place: Place) -> Option<(char, usize)> {
    let line_end = if place == Place::Attribute { ' ' } else { '\n' };
    if from.starts_with("\r\n") {
        return Some((line_end, 2));
    }
    let Some(after) = from.strip_prefix('&') else { return Some((line_end, 1)) };
    // So far and no farther: a text of nothing but ampersands is read in linear time.
    let end = after.bytes().take(LONGEST_NAME).position(|byte| byte == b';');
    let name = end.and_then(|end| after.get(..end)).filter(|name| is_name(name));
    let Some(name) = name else { return Some(('&', 1)) };
    Some((resolve(name)?, name.len() + 2))
}

fn is_name(name: &str) -> bool {
    let name = name.strip_prefix('#').unwrap_or(name);
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':'))
}

fn resolve(name: &str) -> Option<char> {
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => {
            return Some(match name {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                "apos" => '\'',
                _ => return None,
            });
        }
    };
    char::from_u32(code).filter(|c| is_char(*c))
}
