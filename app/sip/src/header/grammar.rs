//! What headers are made of (RFC 3261 25.1). Folds are gone when a value comes here: white space is spaces and tabs.

use alloc::string::String;

use nom::branch::alt;
use nom::bytes::complete::take_while;
use nom::character::complete::{char, digit1};
use nom::combinator::{map_res, opt, recognize};
use nom::error::{Error, ErrorKind};
use nom::sequence::{delimited, pair};
use nom::{IResult, Input as _, Parser};

use crate::class::{Class, NAME, QUOTED, TOKEN, VALUE, WHITE, WORDS};
use crate::message::{Malformed, Token};
use crate::uri::{Params, write_param};

pub(crate) type Parsed<'a, T> = IResult<&'a str, T>;

/// Reads a whole value with a rule: nothing but white space may be left.
pub(crate) fn whole<'a, T>(value: &'a str, rule: impl FnOnce(&'a str) -> Parsed<'a, T>) -> Result<T, Malformed> {
    let at = |rest: &str| Malformed { at: value.len() - rest.len() };
    let start = value.trim_start_matches(is_white);
    match rule(start) {
        Ok((rest, found)) if rest.bytes().all(|byte| matches!(byte, b' ' | b'\t')) => Ok(found),
        Ok((rest, _)) => Err(at(rest)),
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => Err(at(error.input)),
        Err(nom::Err::Incomplete(_)) => Err(at("")),
    }
}

/// As many bytes of a class as there are.
pub(crate) fn run(class: Class) -> impl Fn(&str) -> Parsed<'_, &str> {
    move |input| {
        let (found, rest) = class.split(input);
        Ok((rest, found))
    }
}

/// As many bytes of a class as there are, and one at least.
pub(crate) fn run1(class: Class) -> impl Fn(&str) -> Parsed<'_, &str> {
    move |input| match class.split(input) {
        ("", _) => Err(nom::Err::Error(Error::new(input, ErrorKind::TakeWhile1))),
        (found, rest) => Ok((rest, found)),
    }
}

/// Optional white space.
pub(crate) fn white(input: &str) -> Parsed<'_, &str> {
    run(WHITE)(input)
}

/// White space.
pub(crate) fn white1(input: &str) -> Parsed<'_, &str> {
    run1(WHITE)(input)
}

/// A delimiter, with white space around it (`COMMA`, `SEMI`, `SLASH`, `EQUAL`).
pub(crate) fn around(delimiter: char) -> impl FnMut(&str) -> Parsed<'_, char> {
    move |input| delimited(white, char(delimiter), white).parse(input)
}

/// This ASCII text, without case. nom's `tag_no_case` takes a Kelvin sign for a `k`, and brings along the case of every
/// script: 10 kB that a browser would have to load.
pub(crate) fn literal(expected: &'static str) -> impl Fn(&str) -> Parsed<'_, &str> {
    move |input| match input.split_at_checked(expected.len()) {
        Some((head, rest)) if head.eq_ignore_ascii_case(expected) => Ok((rest, head)),
        Some(_) | None => Err(nom::Err::Error(Error::new(input, ErrorKind::Tag))),
    }
}

pub(crate) fn token(input: &str) -> Parsed<'_, &str> {
    run1(TOKEN)(input)
}

/// A list of tokens, which may be empty, and may have empty elements (RFC 9110 5.6.1.2, of which RFC 3261 has its
/// lists).
pub(crate) fn tokens(mut input: &str) -> Parsed<'_, alloc::vec::Vec<Token>> {
    let mut found = alloc::vec::Vec::new();
    loop {
        let (rest, element) = opt(token).parse(input)?;
        found.extend(element.map(Token::from_checked));
        match around(',')(rest) {
            Ok((after, _)) => input = after,
            Err(_) => return Ok((rest, found)),
        }
    }
}

/// A number as long as it fits.
pub(crate) fn number<T: core::str::FromStr>(input: &str) -> Parsed<'_, T> {
    map_res(digit1, str::parse).parse(input)
}

/// Seconds (`delta-seconds`); what does not fit is the largest that does.
pub(crate) fn seconds(input: &str) -> Parsed<'_, u32> {
    digit1.map(|digits: &str| digits.parse().unwrap_or(u32::MAX)).parse(input)
}

/// A quoted string, with its quotes and escapes.
pub(crate) fn quoted(input: &str) -> Parsed<'_, &str> {
    let fault = || nom::Err::Error(Error::new(input, ErrorKind::Char));
    let mut rest = input.strip_prefix('"').ok_or_else(fault)?;
    loop {
        (_, rest) = QUOTED.split(rest);
        if let Some(after) = rest.strip_prefix('"') {
            return Ok(input.take_split(input.len() - after.len()));
        }
        // An escape, and what it escapes.
        let mut after = rest.strip_prefix('\\').ok_or_else(fault)?.chars();
        after.next().filter(|c| !matches!(c, '\r' | '\n')).ok_or_else(fault)?;
        rest = after.as_str();
    }
}

/// A comment with comments in it, without its parentheses.
pub(crate) fn comment(input: &str) -> Parsed<'_, &str> {
    let (mut depth, mut escaped) = (0_u32, false);
    let inside = |c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' if depth == 0 => return false,
            ')' => depth -= 1,
            _ => {}
        }
        true
    };
    delimited(char('('), take_run(inside), char(')')).parse(input)
}

/// `*(SEMI generic-param)`, up to the end of the value. Names and values are read wider than tokens, as the
/// world writes them.
pub(crate) fn params(input: &str) -> Parsed<'_, Params> {
    let mut rest = input;
    // Written anew once there is white space; without, they are kept letter by letter, in one piece.
    let mut anew: Option<String> = None;
    while let (after, Some((name, value))) = param(rest)? {
        let length = 1 + name.len() + value.map_or(0, |value| 1 + value.len());
        if anew.is_none() && rest.len() - after.len() != length {
            anew = Some(between(input, rest).into());
        }
        if let Some(text) = &mut anew {
            write_param(text, name, value);
        }
        rest = after;
    }
    Ok((rest, Params::from_parsed(anew.as_deref().unwrap_or_else(|| between(input, rest)))))
}

/// The value of the first parameter of that name, in parameters that [`params`] has read before.
pub(crate) fn param_value<'a>(mut rest: &'a str, name: &str) -> Option<&'a str> {
    while let Ok((after, Some((found, value)))) = param(rest) {
        if found.eq_ignore_ascii_case(name) {
            return value;
        }
        rest = after;
    }
    None
}

/// `SEMI generic-param`, if one begins here.
fn param(input: &str) -> Parsed<'_, Option<(&str, Option<&str>)>> {
    let Some(after) = behind(';', input) else { return Ok((input, None)) };
    let (after, name) = run1(NAME)(after)?;
    let (after, value) = match behind('=', after) {
        Some(after) => value(after).map(|(after, value)| (after, Some(value)))?,
        None => (after, None),
    };
    Ok((after, Some((name, value))))
}

/// What follows a delimiter with white space around it: as [`around`], for where every nanosecond counts.
fn behind(delimiter: char, input: &str) -> Option<&str> {
    let after = WHITE.split(input).1.strip_prefix(delimiter)?;
    Some(WHITE.split(after).1)
}

/// The text in front of the rest of it.
fn between<'a>(text: &'a str, rest: &str) -> &'a str {
    text.get(..text.len() - rest.len()).unwrap_or_default()
}

/// token / host / quoted-string
fn value(input: &str) -> Parsed<'_, &str> {
    if input.starts_with('"') { quoted(input) } else { run1(VALUE)(input) }
}

/// `name=value` of the authentication headers (RFC 3261 25.1 `auth-param`), several with commas between.
pub(crate) fn auth_param(input: &str) -> Parsed<'_, (&str, &str)> {
    let padded = recognize(pair(run1(NAME), take_while(|c: char| c == '=')));
    nom::sequence::separated_pair(token, around('='), alt((quoted, padded))).parse(input)
}

/// A display name in front of an angle bracket: a quoted string, or words. As it is written.
pub(crate) fn display(input: &str) -> Parsed<'_, &str> {
    if input.starts_with('"') {
        return quoted(input);
    }
    let (rest, words) = run1(WORDS)(input)?;
    Ok((rest, words.trim_end_matches(is_white)))
}

/// What stands in angle brackets: a URI, which the reader of URIs judges.
pub(crate) fn bracketed(input: &str) -> Parsed<'_, &str> {
    let fault = |rest| nom::Err::Error(Error::new(rest, ErrorKind::Char));
    let inside = input.strip_prefix('<').ok_or_else(|| fault(input))?;
    let (uri, rest) = inside.split_once('>').ok_or_else(|| fault(""))?;
    if uri.is_empty() {
        return Err(fault(inside));
    }
    Ok((rest, uri))
}

/// The longest run of characters of which each is allowed; the rule sees them in order, once.
fn take_run<'a>(mut allowed: impl FnMut(char) -> bool) -> impl FnMut(&'a str) -> Parsed<'a, &'a str> {
    move |input: &'a str| {
        let end = input.find(|c| !allowed(c)).unwrap_or(input.len());
        Ok(input.take_split(end))
    }
}

/// The text of a comment or of words: without escapes.
pub(crate) fn unescaped(raw: &str) -> String {
    let mut chars = raw.chars();
    core::iter::from_fn(|| match chars.next()? {
        '\\' => chars.next(),
        c => Some(c),
    })
    .collect()
}

/// The offset of `part`, which lies in `value`.
pub(crate) fn offset(value: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(value.as_ptr() as usize).min(value.len())
}

fn is_white(c: char) -> bool {
    matches!(c, ' ' | '\t')
}
