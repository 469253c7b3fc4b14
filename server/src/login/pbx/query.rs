//! What is asked of a PBX, and what its answers mean: pure.

use super::Unproven;
use crate::ports::Ha1;
use crate::store::key::random_word;
use sip::digest::{self, Algorithm, Challenge, Credentials, Policy};
use sip::header::{
    AuthenticationInfo, Authorization, CSeq, CallId, Contact, Expires, From, MaxForwards, NameAddr, ProxyAuthorization,
    To, UserAgent, Via,
};
use sip::message::{Method, Request, Response, Status};
use sip::uri::{SipUri, Uri};

/// A REGISTER that changes nothing, once and again: without Contact (RFC 3261 10.2.3); where that is refused, it takes
/// back a Contact that nobody has (RFC 3261 10.2.2).
pub(super) struct Query {
    extension: String,
    registrar: SipUri,
    address: SipUri,
    contact: Option<SipUri>,
    tag: String,
    call_id: String,
    seq: u32,
}

/// What a PBX says to a request that is not signed.
pub(super) enum Asked {
    /// Who are you?
    Challenge(Challenge),
    /// Welcome.
    Nothing,
    /// Something else.
    Other(Verdict),
}

/// What a PBX says to a request that is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is they.
    Proven,
    /// Wrong password, or nobody: which of them is not to be told.
    Wrong,
    /// Only the nonce was too old.
    Stale(Challenge),
    /// Not now.
    Unavailable,
    /// It does not do this, or not in a way that is known here.
    Unsupported,
}

/// Where to say how the answer comes back.
pub(super) struct Hop {
    pub(super) transport: sip::header::ViaTransport,
    pub(super) host: sip::uri::Host,
    pub(super) port: Option<u16>,
}

impl Query {
    /// Nothing when the extension or the domain cannot stand in a URI.
    pub(super) fn new(extension: &str, domain: &str) -> Option<Self> {
        Some(Self {
            extension: extension.to_owned(),
            registrar: SipUri::new("", domain).ok()?,
            address: SipUri::new(extension, domain).ok()?,
            contact: None,
            tag: random_word(16).ok()?,
            call_id: random_word(24).ok()?,
            seq: 0,
        })
    }

    /// Whether a PBX wants a Contact in what it answered so; from now on there is one. It is not said again.
    pub(super) fn is_refused(&mut self, answer: &Response) -> bool {
        if self.contact.is_some() || !matches!(answer.status.code(), 400 | 405 | 406 | 420 | 488 | 501) {
            return false;
        }
        let nowhere = random_word(12).ok().map(|word| format!("{word}.invalid"));
        self.contact = nowhere.and_then(|host| SipUri::new(&self.extension, &host).ok());
        self.contact.is_some()
    }

    pub(super) fn unsigned(&mut self, hop: &Hop) -> Result<Request, Unproven> {
        self.request(hop).ok_or(Unproven::Unsupported)
    }

    /// The same, signed as the answer to `asked` wants it, for the `nc`th time with this challenge; and the credentials.
    pub(super) fn signed(
        &mut self,
        hop: &Hop,
        asked: &Response,
        challenge: &Challenge,
        nc: u32,
        ha1: &Ha1,
    ) -> Result<(Request, Credentials), Unproven> {
        let mut request = self.request(hop).ok_or(Unproven::Unsupported)?;
        let uri = self.registrar.to_string();
        let cnonce = random_word(24).map_err(|_| Unproven::Unsupported)?;
        let ha1 = of(challenge.algorithm(), ha1);
        let credentials = digest::sign(challenge, ha1, &self.extension, &Method::Register, &uri, &[], &cnonce, nc);
        if asked.status == Status::PROXY_AUTHENTICATION_REQUIRED {
            request.headers.push(&ProxyAuthorization(credentials.clone()));
        } else {
            request.headers.push(&Authorization(credentials.clone()));
        }
        Ok((request, credentials))
    }

    fn request(&mut self, hop: &Hop) -> Option<Request> {
        self.seq += 1;
        let branch = format!("{}{}", Via::COOKIE, random_word(24).ok()?);
        let mut via = Via::new(hop.transport.clone(), hop.host.clone(), hop.port, &branch);
        // To where it came from, whatever stands in between (RFC 3581).
        via.params.set("rport", None).ok()?;
        let mut request = Request::new(Method::Register, Uri::Sip(self.registrar.clone()));
        let address = NameAddr::new(Uri::Sip(self.address.clone()));
        let headers = &mut request.headers;
        headers.push(&via);
        headers.push(&MaxForwards(70));
        headers.push(&From::new(address.clone()).with_tag(&self.tag));
        headers.push(&To::new(address));
        headers.push(&CallId::new(&self.call_id).ok()?);
        headers.push(&CSeq::new(self.seq, Method::Register));
        if let Some(contact) = &self.contact {
            headers.push(&Contact::Addr(NameAddr::new(Uri::Sip(contact.clone()))));
            headers.push(&Expires(0));
        }
        headers.push(&UserAgent::new("Tabphone").ok()?);
        Some(request)
    }
}

/// What the first answer means. A PBX may know before it asks that there is nobody, and says so (404, 403).
pub(super) fn asked(answer: &Response) -> Asked {
    match answer.status.code() {
        200..=299 => Asked::Nothing,
        401 | 407 => strongest(answer).map_or(Asked::Other(Verdict::Unsupported), Asked::Challenge),
        code => Asked::Other(refusal(code)),
    }
}

/// What the answer to these credentials means.
pub(super) fn verdict(answer: &Response, credentials: &Credentials, ha1: &Ha1) -> Verdict {
    match answer.status.code() {
        200..=299 if is_genuine(answer, credentials, ha1) => Verdict::Proven,
        200..=299 => Verdict::Unsupported,
        401 | 407 => match strongest(answer) {
            Some(challenge) if challenge.stale => Verdict::Stale(challenge),
            Some(_) | None => Verdict::Wrong,
        },
        code => refusal(code),
    }
}

fn refusal(code: u16) -> Verdict {
    match code {
        403 | 404 => Verdict::Wrong,
        408 | 480 | 500..=599 => Verdict::Unavailable,
        _ => Verdict::Unsupported,
    }
}

/// Whether it is answered by who knows the password, too, if it says so at all (RFC 7616 3.5).
fn is_genuine(answer: &Response, credentials: &Credentials, ha1: &Ha1) -> bool {
    match answer.headers.find::<AuthenticationInfo>() {
        Ok(Some(info)) if info.rspauth.is_some() => {
            let algorithm = credentials.algorithm.clone().unwrap_or(Algorithm::Md5);
            info.check(credentials, of(algorithm, ha1), &answer.body).is_ok()
        }
        Ok(_) | Err(_) => true,
    }
}

/// Of those whose secrets are made here.
fn strongest(answer: &Response) -> Option<Challenge> {
    let known = |challenge: &Challenge| match challenge.algorithm() {
        Algorithm::Md5 | Algorithm::Md5Sess | Algorithm::Sha256 | Algorithm::Sha256Sess => true,
        Algorithm::Sha512_256 | Algorithm::Sha512_256Sess | Algorithm::Other(_) => false,
    };
    let challenges: Vec<_> = digest::offered(answer).into_iter().filter(known).collect();
    digest::choose(&challenges, Policy::default()).cloned()
}

fn of(algorithm: Algorithm, ha1: &Ha1) -> &str {
    match algorithm {
        Algorithm::Sha256 | Algorithm::Sha256Sess => &ha1.sha256,
        Algorithm::Md5
        | Algorithm::Md5Sess
        | Algorithm::Sha512_256
        | Algorithm::Sha512_256Sess
        | Algorithm::Other(_) => &ha1.md5,
    }
}
