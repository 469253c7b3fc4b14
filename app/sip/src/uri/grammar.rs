//! RFC 3261 25.1, RFC 3966: read in one pass, wide where the world is.

use alloc::string::String;
use core::net::Ipv6Addr;

use nom::bytes::complete::{tag, take_while, take_while1};
use nom::combinator::{map_opt, opt, recognize};
use nom::multi::many0_count;
use nom::sequence::{delimited, pair, preceded};
use nom::{IResult, Parser};

use super::params::is_inner;
use super::pieces::{is_in_headers, is_part, is_visible};
use super::{Host, Opaque, Params, Part, SipUri, TelUri, Uri, UriError, UriHeaders};

type Parsed<'a, T> = IResult<&'a str, T>;

/// A whole URI.
pub(super) fn uri(text: &str) -> Result<Uri, UriError> {
    let at = |rest: &str| UriError { at: text.len() - rest.len() };
    let (rest, scheme) = scheme(text).map_err(|_| UriError { at: 0 })?;
    let parsed = match scheme {
        _ if scheme.eq_ignore_ascii_case("sip") => sip(rest, text, false),
        _ if scheme.eq_ignore_ascii_case("sips") => sip(rest, text, true),
        _ if scheme.eq_ignore_ascii_case("tel") => tel(rest, scheme),
        _ => other(rest, scheme),
    };
    match parsed {
        Ok(("", uri)) => Ok(uri),
        Ok((rest, _)) => Err(at(rest)),
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => Err(at(error.input)),
        Err(nom::Err::Incomplete(_)) => Err(at("")),
    }
}

/// A host, and whether it prints as it was written.
pub(crate) fn host(input: &str) -> Parsed<'_, (Host, bool)> {
    if input.starts_with('[') {
        let address = take_while1(|c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '.'));
        let bracketed = delimited(tag("["), address, tag("]"));
        return map_opt(bracketed, |text: &str| {
            let ip: Ipv6Addr = text.parse().ok()?;
            Some((Host::V6(ip), prints_as(&ip, text)))
        })
        .parse(input);
    }
    let name = take_while1(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    name.map(|name| (Host::from_checked(name), true)).parse(input)
}

/// The digits of a port, and whether it prints as it was written.
pub(crate) fn port(input: &str) -> Parsed<'_, (u16, bool)> {
    map_opt(take_while1(|c: char| c.is_ascii_digit()), |digits: &str| {
        Some((digits.parse().ok()?, !digits.starts_with('0') || digits.len() == 1))
    })
    .parse(input)
}

fn scheme(input: &str) -> Parsed<'_, &str> {
    let first = take_while1(|c: char| c.is_ascii_alphabetic());
    let more = take_while(|c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let (rest, scheme) = recognize(pair(first, more)).parse(input)?;
    let (rest, _) = tag(":").parse(rest)?;
    Ok((rest, scheme))
}

fn sip<'a>(input: &'a str, whole: &str, secure: bool) -> Parsed<'a, Uri> {
    // A user part may hold `;` and `?`, so the `@` decides first.
    let (input, userinfo) = if input.contains('@') { userinfo(input)? } else { (input, (None, None)) };
    let (input, (host, plain_host)) = host(input)?;
    let (input, port) = opt(preceded(tag(":"), port)).parse(input)?;
    let (input, params) = params(input)?;
    let (input, headers) = opt(preceded(tag("?"), headers)).parse(input)?;
    let plain =
        plain_host && port.is_none_or(|(_, plain)| plain) && whole.starts_with(if secure { "sips:" } else { "sip:" });
    let mut uri = SipUri::from_parsed(secure, userinfo, (host, port.map(|(port, _)| port)), params, headers);
    if !plain {
        uri.remember(whole);
    }
    Ok((input, Uri::Sip(uri)))
}

fn userinfo(input: &str) -> Parsed<'_, (Option<Part>, Option<Part>)> {
    let (input, user) = take_while1(is_part).parse(input)?;
    let (input, password) = opt(preceded(tag(":"), take_while(is_part))).parse(input)?;
    let (input, _) = tag("@").parse(input)?;
    Ok((input, (Some(Part::from_checked(user)), password.map(Part::from_checked))))
}

fn params(input: &str) -> Parsed<'_, Params> {
    if !input.starts_with(';') {
        return Ok((input, Params::new()));
    }
    let inner = |c: char| is_inner(c) && c != '?';
    recognize(many0_count(pair(tag(";"), take_while1(inner)))).map(Params::from_parsed).parse(input)
}

fn headers(input: &str) -> Parsed<'_, UriHeaders> {
    take_while(is_in_headers).map(UriHeaders::from_checked).parse(input)
}

fn tel<'a>(input: &'a str, scheme: &str) -> Parsed<'a, Uri> {
    let digits = |c: char| c.is_ascii_hexdigit() || "+*#-.()".contains(c);
    let (input, number) = take_while1(digits).parse(input)?;
    let (input, params) = params(input)?;
    let scheme = Opaque::from_checked(scheme);
    Ok((input, Uri::Tel(TelUri { scheme, number: Part::from_checked(number), params })))
}

fn other<'a>(input: &'a str, scheme: &str) -> Parsed<'a, Uri> {
    let (input, rest) = take_while1(is_visible).parse(input)?;
    Ok((input, Uri::Other { scheme: Opaque::from_checked(scheme), rest: Opaque::from_checked(rest) }))
}

/// Whether `ip` is written as `text`.
fn prints_as(ip: &Ipv6Addr, text: &str) -> bool {
    use core::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    write!(out, "{ip}").is_ok() && out == text
}
