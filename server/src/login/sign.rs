//! `POST /sign`: answers a digest challenge for the page, so that no SIP password is ever in a browser.
//!
//! Only for the server's own pages, and the tab that holds the line, with its own extension as user name, and the server's own realm; for an
//! account that the company's PBX knows, the realm and user name that it logged in with there.

use super::Room;
use crate::origin::From;
use crate::ports::{AccountId, Accounts as _, PbxSecret, SignedIn, Signer};
use crate::store::key::random_word;
use app::encoding;
use app::sign::ToSign;
use async_trait::async_trait;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use sip::digest::{self, Algorithm, Challenge, Credentials, Policy};
use sip::message::Method;

/// Nothing is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("only this server's own pages get a signature")]
    Elsewhere,
    #[error("this is not a challenge to sign")]
    Form,
    #[error("please log in first")]
    SignedOut,
    #[error("another tab holds the line")]
    NotHolder,
    #[error("this server does not sign for that realm, algorithm or method")]
    Challenge,
    #[error("the secret of this extension cannot be read now")]
    Secret,
}

pub(super) async fn sign(State(room): State<Room>, parts: Parts, wanted: Result<Bytes, BytesRejection>) -> Response {
    match answer(&room, &parts, wanted).await {
        Ok(credentials) => credentials.to_string().into_response(),
        Err(refusal) => (refusal.status(), refusal.to_string()).into_response(),
    }
}

async fn answer(room: &Room, parts: &Parts, wanted: Result<Bytes, BytesRejection>) -> Result<Credentials, Refusal> {
    if room.origins.of(&parts.headers) != From::Own {
        return Err(Refusal::Elsewhere);
    }
    let person = room.sessions.signed_in(parts).await.ok_or(Refusal::SignedOut)?;
    let wanted: ToSign = wanted.ok().and_then(|bytes| encoding::decode(&bytes).ok()).ok_or(Refusal::Form)?;
    signed(room, &person, wanted).await
}

/// For whoever holds the line of this person: a tab, or the caretaker meanwhile.
async fn signed(room: &Room, person: &SignedIn, wanted: ToSign) -> Result<Credentials, Refusal> {
    let method: Method = wanted.method.parse().map_err(|_| Refusal::Form)?;
    let offered = wanted.challenges.iter().map(|challenge| challenge.parse()).collect::<Result<Vec<Challenge>, _>>();
    let offered = offered.map_err(|_| Refusal::Form)?;
    if !room.leases.current(person.account, wanted.epoch) {
        return Err(Refusal::NotHolder);
    }
    // Of one that the PBX knows no secret of our own realm is here.
    let (realm, user, ha1) = match room.secrets.pbx_secret(person.account).await {
        Some(PbxSecret { realm, user, ha1 }) => (realm, user, Some(ha1)),
        None => (room.domains.domain.clone(), person.extension.clone(), None),
    };
    let challenges = signable(offered, &realm);
    let challenge = digest::choose(&challenges, Policy::default()).ok_or(Refusal::Challenge)?;
    if matches!(method, Method::Other(_)) {
        return Err(Refusal::Challenge);
    }
    let ha1 = match ha1 {
        Some(ha1) => ha1,
        None => room.accounts.ha1(&person.extension).await.ok_or(Refusal::Secret)?,
    };
    let ha1 = if is_sha256(&challenge.algorithm()) { ha1.sha256 } else { ha1.md5 };
    let cnonce = random_word(24).map_err(|_| Refusal::Secret)?;
    let ToSign { nc, uri, body, .. } = wanted;
    Ok(digest::sign(challenge, &ha1, &user, &method, &uri, &body, &cnonce, nc))
}

#[async_trait]
impl Signer for Room {
    async fn sign(&self, account: AccountId, wanted: ToSign) -> Option<Credentials> {
        let person = self.accounts.by_id(account).await?;
        let signed = signed(self, &person, wanted).await;
        signed.inspect_err(|refusal| tracing::info!(account, %refusal, "nothing was signed for the caretaker")).ok()
    }
}

/// The challenges of the one realm that the stored secrets are for.
fn signable(challenges: Vec<Challenge>, realm: &str) -> Vec<Challenge> {
    let known =
        |algorithm: &Algorithm| is_sha256(algorithm) || matches!(algorithm, Algorithm::Md5 | Algorithm::Md5Sess);
    challenges.into_iter().filter(|challenge| &*challenge.realm == realm && known(&challenge.algorithm())).collect()
}

const fn is_sha256(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::Sha256 | Algorithm::Sha256Sess)
}

impl Refusal {
    const fn status(self) -> StatusCode {
        match self {
            Self::Form => StatusCode::BAD_REQUEST,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::NotHolder => StatusCode::CONFLICT,
            Self::Elsewhere | Self::Challenge => StatusCode::FORBIDDEN,
            Self::Secret => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenges(texts: &[&str]) -> Vec<Challenge> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn only_our_realm_and_the_stored_algorithms_are_signed() {
        let offered = challenges(&[
            r#"Digest realm="tabphone", nonce="1", algorithm=MD5, qop="auth""#,
            r#"Digest realm="tabphone", nonce="2", algorithm=SHA-256, qop="auth""#,
            r#"Digest realm="tabphone", nonce="3", algorithm=SHA-512-256, qop="auth""#,
            r#"Digest realm="elsewhere", nonce="4", algorithm=SHA-256, qop="auth""#,
            r#"Digest realm="tabphone", nonce="5", qop="auth""#,
            r#"Digest realm="tabphone", nonce="6", algorithm=ROT13, qop="auth""#,
        ]);
        let signable = signable(offered, "tabphone");
        let nonces: Vec<_> = signable.iter().map(|challenge| challenge.nonce.to_string()).collect();
        assert_eq!(nonces, ["1", "2", "5"]);
        let strongest = digest::choose(&signable, Policy::default()).unwrap();
        assert_eq!(strongest.algorithm(), Algorithm::Sha256);
    }
}
