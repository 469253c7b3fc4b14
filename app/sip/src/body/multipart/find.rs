use alloc::vec::Vec;

use super::super::{BodyError, BodyErrorKind, limits};
use super::{Part, parse};
use crate::header::MediaType;
use crate::message::{HeaderName, Headers};

/// What somebody looks for in a body, and understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The media type: `application/sdp`.
    pub media_type: &'a str,
    /// The disposition; `None` for any. A part of the type but of another disposition, as `early-session`, is
    /// not what is looked for.
    pub disposition: Option<&'a str>,
    /// Media types that are understood besides, so that they may be required.
    pub understood: &'a [&'a str],
}

impl Wanted<'_> {
    /// The session description of a call.
    pub const SESSION: Self =
        Self { media_type: "application/sdp", disposition: Some("session"), understood: &["text/plain"] };
}

/// The part of a message's body that is looked for; the body itself if it is of that type; `None` if there is
/// none, also when there is no Content-Type. `headers` are those of the message.
///
/// Of `multipart/alternative` the last that fits is taken (RFC 2046 5.1.4), and of any other the first. In a
/// `multipart/related` only the one that is found counts (RFC 2387).
///
/// # Errors
/// It is malformed, breaks a limit, or a part that is neither looked for nor understood must be understood:
/// [`BodyErrorKind::Unsupported`], which is answered with 415. Where offsets are told, they are in the innermost
/// body that is wrong.
pub fn find(headers: &Headers, body: &[u8], wanted: &Wanted) -> Result<Option<Part>, BodyError> {
    if body.is_empty() || !headers.contains(HeaderName::ContentType) {
        return Ok(None);
    }
    match judge(whole(headers, body), wanted, limits::MULTIPART_DEPTH)? {
        Outcome::Found(part) => Ok(Some(part)),
        Outcome::Understood | Outcome::NotUnderstood { required: false } => Ok(None),
        Outcome::NotUnderstood { required: true } => Err(BodyError::new(BodyErrorKind::Unsupported, body, 0)),
    }
}

/// What a part is to who looks for one.
enum Outcome {
    Found(Part),
    Understood,
    NotUnderstood { required: bool },
}

/// A message's body as a part, with the fields that are about the body.
fn whole(headers: &Headers, body: &[u8]) -> Part {
    let mut part = Part { headers: Headers::new(), body: body.into() };
    let known = [
        HeaderName::ContentType,
        HeaderName::ContentDisposition,
        HeaderName::ContentEncoding,
        HeaderName::ContentLanguage,
    ];
    for name in known {
        part.headers.copy_from(headers, name);
    }
    part
}

fn judge(part: Part, wanted: &Wanted, depth: usize) -> Result<Outcome, BodyError> {
    let media_type = part.media_type();
    let required = part.disposition().required;
    if let Some(media_type) = media_type.as_ref().filter(|media_type| media_type.kind.eq_ignore_ascii_case("multipart"))
    {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(BodyError::new(BodyErrorKind::TooDeep, &part.body, 0));
        };
        let parts = parse(media_type, &part.body)?;
        return Ok(match choose(media_type, parts, wanted, depth)? {
            Outcome::NotUnderstood { .. } => Outcome::NotUnderstood { required },
            outcome @ (Outcome::Found(_) | Outcome::Understood) => outcome,
        });
    }
    // A part that does not say its type is plain text (RFC 2046 5.1).
    let is = |name: &str| media_type.as_ref().map_or(name == "text/plain", |media_type| media_type.is(name));
    if is(wanted.media_type) && wanted.disposition.is_none_or(|kind| part.disposition().kind.eq_ignore_ascii_case(kind))
    {
        return Ok(Outcome::Found(part));
    }
    let understood = wanted.understood.iter().any(|name| is(name));
    Ok(if understood { Outcome::Understood } else { Outcome::NotUnderstood { required } })
}

fn choose(media_type: &MediaType, parts: Vec<Part>, wanted: &Wanted, depth: usize) -> Result<Outcome, BodyError> {
    if media_type.subtype.eq_ignore_ascii_case("alternative") {
        let mut chosen = Outcome::NotUnderstood { required: false };
        for part in parts.into_iter().rev() {
            match judge(part, wanted, depth)? {
                Outcome::Found(part) => return Ok(Outcome::Found(part)),
                Outcome::Understood => chosen = Outcome::Understood,
                Outcome::NotUnderstood { .. } => {}
            }
        }
        return Ok(chosen);
    }
    let related = media_type.subtype.eq_ignore_ascii_case("related");
    let mut chosen = Outcome::Understood;
    for part in parts {
        match (judge(part, wanted, depth)?, &chosen) {
            (Outcome::NotUnderstood { required: true }, _) if !related => {
                return Err(BodyError::new(BodyErrorKind::Unsupported, &[], 0));
            }
            (found @ Outcome::Found(_), Outcome::Understood) => chosen = found,
            (Outcome::Found(_) | Outcome::Understood | Outcome::NotUnderstood { .. }, _) => {}
        }
    }
    Ok(chosen)
}
