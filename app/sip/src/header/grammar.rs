//! What headers are made of (RFC 3261 25.1). Folds are gone when a value comes here: white space is spaces and tabs.

use alloc::string::String;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, digit1};
use nom::combinator::{map_res, opt, recognize};
use nom::multi::many0_count;
use nom::sequence::{delimited, pair, preceded};
use nom::{IResult, Input as _, Parser};

use crate::message::{Malformed, Token, is_token_byte};
use crate::uri::{Params, is_inner};

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

/// Optional white space.
pub(crate) fn white(input: &str) -> Parsed<'_, &str> {
    take_while(is_white).parse(input)
}

/// White space.
pub(crate) fn white1(input: &str) -> Parsed<'_, &str> {
    take_while1(is_white).parse(input)
}

/// A delimiter, with white space around it (`COMMA`, `SEMI`, `SLASH`, `EQUAL`).
pub(crate) fn around(delimiter: char) -> impl FnMut(&str) -> Parsed<'_, char> {
    move |input| delimited(white, char(delimiter), white).parse(input)
}

pub(crate) fn token(input: &str) -> Parsed<'_, &str> {
    take_while1(|c: char| u8::try_from(c).is_ok_and(is_token_byte)).parse(input)
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
    let mut escaped = false;
    let inside = |c: char| {
        let more = escaped || c != '"';
        escaped = !escaped && c == '\\';
        more && !matches!(c, '\r' | '\n')
    };
    recognize((char('"'), take_run(inside), char('"'))).parse(input)
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
    if is_plain(input) {
        return Ok(("", Params::from_parsed(input)));
    }
    let mut params = Params::new();
    let mut rest = input;
    while let Ok((after, _)) = around(';')(rest) {
        let (after, name) = take_while1(|c: char| is_inner(c) && c != '=').parse(after)?;
        let (after, value) = opt(preceded(around('='), value)).parse(after)?;
        params.push_parsed(name, value);
        rest = after;
    }
    Ok((rest, params))
}

/// Whether it is a list of parameters that can be kept letter by letter.
fn is_plain(input: &str) -> bool {
    let mut before = b'=';
    let plain = input.bytes().enumerate().all(|(index, byte)| {
        let allowed = match byte {
            b';' => index == 0 || !matches!(before, b';' | b'='),
            b'=' => !matches!(before, b';' | b'='),
            b'"' | b',' | b'<' | b'>' => false,
            _ => index > 0 && byte.is_ascii_graphic(),
        };
        before = byte;
        allowed
    });
    plain && !matches!(before, b';' | b'=') || input.is_empty()
}

/// token / host / quoted-string
fn value(input: &str) -> Parsed<'_, &str> {
    alt((quoted, take_while1(is_inner))).parse(input)
}

/// `name=value` of the authentication headers (RFC 3261 25.1 `auth-param`), several with commas between.
pub(crate) fn auth_param(input: &str) -> Parsed<'_, (&str, &str)> {
    let bare = take_while1(|c: char| is_inner(c) && c != '=');
    let padded = recognize(pair(bare, take_while(|c: char| c == '=')));
    nom::sequence::separated_pair(token, around('='), alt((quoted, padded))).parse(input)
}

/// A display name in front of an angle bracket: a quoted string, or words. As it is written.
pub(crate) fn display(input: &str) -> Parsed<'_, &str> {
    let words = recognize(pair(word, many0_count(preceded(white1, word))));
    alt((quoted, words)).parse(input)
}

fn word(input: &str) -> Parsed<'_, &str> {
    let inside = |c: char| !is_white(c) && !matches!(c, '<' | '>' | '"' | ',' | ';') && !c.is_control();
    take_while1(inside).parse(input)
}

/// A URI in angle brackets.
pub(crate) fn bracketed(input: &str) -> Parsed<'_, &str> {
    delimited(tag("<"), take_while1(|c: char| !matches!(c, '<' | '>' | '"')), tag(">")).parse(input)
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
