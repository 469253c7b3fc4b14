//! RFC 3261 25.1, RFC 3966: read in one pass, wide where the world is.

use alloc::string::String;
use core::net::Ipv6Addr;

use super::{Host, Opaque, Params, Part, SipUri, TelUri, Uri, UriError, UriHeaders};
use crate::class::{HOST, PART, URI_HEADERS, URI_PARAM, VISIBLE};

/// What was read and what is left, or what is left where it went wrong.
type Read<'a, T> = Result<(&'a str, T), &'a str>;

/// A whole URI.
pub(super) fn uri(text: &str) -> Result<Uri, UriError> {
    let at = |rest: &str| UriError { at: text.len() - rest.len() };
    let (rest, scheme) = scheme(text).ok_or(UriError { at: 0 })?;
    let parsed = match scheme {
        "sip" => sip(rest, text, false),
        _ if scheme.eq_ignore_ascii_case("sip") => sip(rest, text, false),
        _ if scheme.eq_ignore_ascii_case("sips") => sip(rest, text, true),
        _ if scheme.eq_ignore_ascii_case("tel") => tel(rest, scheme),
        _ => other(rest, scheme),
    };
    match parsed {
        Ok(("", uri)) => Ok(uri),
        Ok((rest, _)) | Err(rest) => Err(at(rest)),
    }
}

/// A host, and whether it prints as it was written.
pub(crate) fn host(input: &str) -> Read<'_, (Host, bool)> {
    if let Some(inside) = input.strip_prefix('[') {
        let (text, rest) = inside.split_once(']').ok_or(input)?;
        if let Some(at) = text.find(|c: char| !c.is_ascii_hexdigit() && !matches!(c, ':' | '.')) {
            return Err(inside.get(at..).unwrap_or(input));
        }
        let ip = address(text).ok_or(input)?;
        return Ok((rest, (Host::V6(ip), prints_as(&ip, text))));
    }
    match HOST.split(input) {
        ("", _) => Err(input),
        (name, rest) => Ok((rest, (Host::from_checked(name), true))),
    }
}

/// An address of version 6. RFC 3261's grammar lets a third colon in before an address of version 4 in it: to be
/// tolerated (RFC 5118 4.10).
fn address(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().or_else(|| {
        let (before, version_4) = text.split_once(":::").filter(|(_, after)| after.contains('.'))?;
        alloc::format!("{before}::{version_4}").parse().ok()
    })
}

/// The digits of a port, and whether it prints as it was written.
pub(crate) fn port(input: &str) -> Read<'_, (u16, bool)> {
    let end = input.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(input.len());
    let (digits, rest) = input.split_at_checked(end).unwrap_or((input, ""));
    let number = digits.parse().map_err(|_| input)?;
    Ok((rest, (number, !digits.starts_with('0') || digits.len() == 1)))
}

/// A port, if a colon is there.
pub(crate) fn colon_port(input: &str) -> Read<'_, Option<(u16, bool)>> {
    match input.strip_prefix(':') {
        // What is no port is said where the colon is.
        Some(digits) => port(digits).map(|(rest, port)| (rest, Some(port))).map_err(|_| input),
        None => Ok((input, None)),
    }
}

fn scheme(input: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = input.split_once(':')?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    named.then_some((rest, scheme))
}

fn sip<'a>(input: &'a str, whole: &str, secure: bool) -> Read<'a, Uri> {
    let (input, userinfo) = userinfo(input)?;
    let (input, (host, plain_host)) = host(input)?;
    let (input, port) = colon_port(input)?;
    let (input, params) = params(input)?;
    let (input, headers) = match input.strip_prefix('?') {
        Some(rest) => headers(rest),
        None => (input, None),
    };
    let plain =
        plain_host && port.is_none_or(|(_, plain)| plain) && whole.starts_with(if secure { "sips:" } else { "sip:" });
    let mut uri = SipUri::from_parsed(secure, userinfo, (host, port.map(|(port, _)| port)), params, headers);
    if !plain {
        uri.remember(whole);
    }
    Ok((input, Uri::Sip(uri)))
}

/// A user part may hold `;` and `?`, so it is an `@` that tells whether there is one.
fn userinfo(input: &str) -> Read<'_, (Option<Part>, Option<Part>)> {
    let (user, rest) = PART.split(input);
    let (password, rest) = match rest.strip_prefix(':') {
        Some(behind) => {
            let (password, rest) = PART.split(behind);
            (Some(password), rest)
        }
        None => (None, rest),
    };
    match rest.strip_prefix('@') {
        Some(host) if !user.is_empty() => {
            Ok((host, (Some(Part::from_checked(user)), password.map(Part::from_checked))))
        }
        // There is one further on, in front of which something is that no user part holds.
        _ if rest.contains('@') => Err(if user.is_empty() { input } else { rest }),
        _ => Ok((input, (None, None))),
    }
}

/// `;name=value;name`, none of them empty.
fn params(input: &str) -> Read<'_, Params> {
    let mut rest = input;
    while let Some(param) = rest.strip_prefix(';') {
        match URI_PARAM.split(param) {
            ("", _) => break,
            (_, after) => rest = after,
        }
    }
    let text = input.strip_suffix(rest).unwrap_or_default();
    Ok((rest, Params::from_parsed(text)))
}

fn headers(input: &str) -> (&str, Option<UriHeaders>) {
    let (headers, rest) = URI_HEADERS.split(input);
    (rest, Some(UriHeaders::from_checked(headers)))
}

fn tel<'a>(input: &'a str, scheme: &str) -> Read<'a, Uri> {
    let end = input.find(|c: char| !c.is_ascii_hexdigit() && !"+*#-.()".contains(c)).unwrap_or(input.len());
    let (number, rest) = input.split_at_checked(end).filter(|(number, _)| !number.is_empty()).ok_or(input)?;
    let (rest, params) = params(rest)?;
    let scheme = Opaque::from_checked(scheme);
    Ok((rest, Uri::Tel(TelUri { scheme, number: Part::from_checked(number), params })))
}

fn other<'a>(input: &'a str, scheme: &str) -> Read<'a, Uri> {
    match VISIBLE.split(input) {
        ("", _) => Err(input),
        (opaque, rest) => {
            Ok((rest, Uri::Other { scheme: Opaque::from_checked(scheme), rest: Opaque::from_checked(opaque) }))
        }
    }
}

/// Whether `ip` is written as `text`.
fn prints_as(ip: &Ipv6Addr, text: &str) -> bool {
    use core::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    write!(out, "{ip}").is_ok() && out == text
}
