//! Signing what the server asks a PBX in the name of a phone.

use crate::ports::PbxSecret;
use crate::store::key::random_word;
use sip::digest::{self, Algorithm, Challenge, Policy};
use sip::header::{Authorization, CSeq, ProxyAuthorization, Via};
use sip::message::{HeaderName, Request, Response, Status};

/// Whether this asks for a signature.
pub(super) fn asks(response: &Response) -> bool {
    response.status == Status::UNAUTHORIZED || response.status == Status::PROXY_AUTHENTICATION_REQUIRED
}

/// Signs a request as it was asked for; `None` when nothing that was offered can be signed.
pub(super) fn sign(request: &mut Request, asked: &Response, secret: Option<&PbxSecret>) -> Option<()> {
    let secret = secret?;
    let offered: Vec<Challenge> = digest::offered(asked)
        .into_iter()
        .filter(|offered| *offered.realm == *secret.realm && is_known(offered))
        .collect();
    let challenge = digest::choose(&offered, Policy::default())?;
    let strong = matches!(challenge.algorithm(), Algorithm::Sha256 | Algorithm::Sha256Sess);
    let ha1 = if strong { &secret.ha1.sha256 } else { &secret.ha1.md5 };
    let (uri, cnonce) = (request.uri.to_string(), random_word(24).ok()?);
    let signed = digest::sign(challenge, ha1, &secret.user, &request.method, &uri, &[], &cnonce, 1);
    unsign(request);
    if asked.status == Status::PROXY_AUTHENTICATION_REQUIRED {
        request.headers.push(&ProxyAuthorization(signed));
    } else {
        request.headers.push(&Authorization(signed));
    }
    Some(())
}

/// Takes away what was signed.
pub(super) fn unsign(request: &mut Request) {
    for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
        request.headers.remove(&name);
    }
}

/// The request with this number, as a transaction of its own.
pub(super) fn numbered(request: &mut Request, seq: u32) -> Option<Vec<u8>> {
    let mut via = request.headers.get::<Via>().ok()?;
    via.params.set("branch", Some(&format!("{}{}", Via::COOKIE, random_word(24).ok()?))).ok()?;
    request.headers.set(&via);
    request.headers.set(&CSeq::new(seq, request.method.clone()));
    Some(request.to_bytes())
}

/// Of those whose secrets are kept.
fn is_known(challenge: &Challenge) -> bool {
    match challenge.algorithm() {
        Algorithm::Md5 | Algorithm::Md5Sess | Algorithm::Sha256 | Algorithm::Sha256Sess => true,
        Algorithm::Sha512_256 | Algorithm::Sha512_256Sess | Algorithm::Other(_) => false,
    }
}
