//! Answers to digest challenges: from the value of WWW-Authenticate and a password to the value of Authorization.

/// Answers a challenge for user `1001` with password `correct horse`, in a REGISTER.
pub type Answer = fn(&str) -> Option<String>;

/// Who can answer.
#[must_use]
pub fn engines() -> Vec<(&'static str, Answer)> {
    vec![
        ("sip (ours)", ours),
        #[cfg(feature = "rivals")]
        ("rsip 0.4.0", rivals::rsip),
        #[cfg(feature = "rivals")]
        ("sipx-sip 1.0.1", rivals::sipx),
        #[cfg(feature = "rivals")]
        ("rsiprtp 0.4.1 ‡", rivals::rsiprtp),
    ]
}

/// The challenges: a name, and the value of WWW-Authenticate.
pub const CHALLENGES: [(&str, &str); 2] = [
    (
        "MD5",
        r#"Digest realm="tabphone.example", nonce="5ec1a09b77d4f3286ad0", algorithm=MD5, opaque="9d1c", qop="auth""#,
    ),
    (
        "SHA-256",
        r#"Digest realm="tabphone.example", nonce="5ec1a09b77d4f3286ad0", algorithm=SHA-256, opaque="9d1c", qop="auth""#,
    ),
];

const USER: &str = "1001";
const PASSWORD: &str = "correct horse";
const URI: &str = "sip:tabphone.example";
const CNONCE: &str = "f2kq09vxmb";

fn ours(challenge: &str) -> Option<String> {
    use sip::digest::{Challenge, ha1, sign};
    use sip::message::Method;

    let challenge: Challenge = challenge.parse().ok()?;
    let ha1 = ha1(&challenge.algorithm(), USER, &challenge.realm, PASSWORD);
    Some(sign(&challenge, &ha1, USER, &Method::Register, URI, b"", CNONCE, 1).to_string())
}

#[cfg(feature = "rivals")]
mod rivals {
    use super::{CNONCE, PASSWORD, URI, USER};

    pub(super) fn rsip(challenge: &str) -> Option<String> {
        use rsip::headers::auth::{AuthQop, Scheme};
        use rsip::headers::{ToTypedHeader, UntypedHeader, WwwAuthenticate};
        use rsip::services::DigestGenerator;
        use rsip::typed::Authorization;

        let challenge = WwwAuthenticate::new(challenge).typed().ok()?;
        let mut answer = Authorization {
            scheme: Scheme::Digest,
            username: USER.into(),
            realm: challenge.realm,
            nonce: challenge.nonce,
            uri: rsip::Uri::try_from(URI).ok()?,
            response: String::new(),
            algorithm: challenge.algorithm,
            opaque: challenge.opaque,
            qop: challenge.qop.map(|_| AuthQop::Auth { cnonce: CNONCE.into(), nc: 1 }),
        };
        answer.response = DigestGenerator::from(&answer, PASSWORD, &rsip::Method::Register).compute();
        Some(answer.to_string())
    }

    pub(super) fn sipx(challenge: &str) -> Option<String> {
        use sipx_sip::auth::{Challenge, Credentials, respond};

        let challenge = Challenge::parse(challenge.as_bytes(), false)?;
        Some(respond(&challenge, &Credentials::new(USER, PASSWORD), "REGISTER", URI, 1, CNONCE))
    }

    /// It makes a cnonce of its own.
    pub(super) fn rsiprtp(challenge: &str) -> Option<String> {
        use rsiprtp::sip::{DigestChallenge, DigestCredentials, DigestResponse};

        let challenge = DigestChallenge::parse(challenge).ok()?;
        let credentials = DigestCredentials::new(USER, PASSWORD);
        let answer = DigestResponse::from_challenge(&challenge, &credentials, "REGISTER", URI, None, Some(1));
        Some(answer.ok()?.to_header_value())
    }
}
