use super::flow::{Admission, Party, Secrets};
use crate::digest::{self, Credentials, Ha1s, Verifier};
use crate::header::{ProxyAuthenticate, WwwAuthenticate};
use crate::message::{HeaderName, Request, Response, Status};
use crate::random::Seed;
use crate::time::Instant;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use sha2::{Digest as _, Sha256};

/// Asks who sends a request (RFC 3261 22): with 401 as a registrar, with 407 as a proxy.
pub(crate) struct Gate {
    verifier: Verifier,
    realm: String,
    role: Role,
}

/// In which role a gate challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// 401 and WWW-Authenticate.
    Registrar,
    /// 407 and Proxy-Authenticate.
    Proxy,
}

/// What a gate says to a request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It comes from this user.
    Admit(Party),
    /// It says to come from the user of these credentials: look the secrets up, and verify.
    Verify(Credentials),
    /// It is refused with this.
    Refuse(Response),
}

/// Credentials were not accepted.
#[derive(Debug)]
pub(crate) struct Refused {
    /// What to answer: a new challenge.
    pub(crate) response: Response,
    /// Whether they were right, but too old.
    pub(crate) stale: bool,
}

impl Gate {
    /// A gate whose nonces nobody can make who does not know both: `seed` is another one whenever the process
    /// starts, since which nonces were used how often is not kept, and old signatures would be good once more.
    pub(crate) fn new(secret: Seed, seed: Seed, realm: String, role: Role) -> Self {
        let key = Sha256::new().chain_update(b"gate").chain_update(secret).chain_update(seed).finalize();
        Self { verifier: Verifier::new(key.into(), &realm), realm, role }
    }

    /// Who sends `request`, as far as it can be told without the secrets.
    pub(crate) fn judge(&mut self, request: &Request, admission: &Admission, now: Instant) -> Verdict {
        match admission {
            Admission::Account(party) => Verdict::Admit(party.clone()),
            // Our challenges do not offer `userhash`: to find a user by it, the directory would have to keep the hash of
            // every name for every algorithm. Who names nobody we can look up is asked again.
            Admission::Digest => match digest::presented(request, &self.realm).filter(|named| !named.userhash) {
                Some(credentials) => Verdict::Verify(credentials),
                None => Verdict::Refuse(self.challenge(request, false, now)),
            },
        }
    }

    /// Who says to have signed `request`.
    pub(crate) fn named(&self, request: &Request) -> Option<String> {
        let credentials = digest::presented(request, &self.realm).filter(|named| !named.userhash)?;
        Some(credentials.username.to_string())
    }

    /// Whether the credentials are right. A user who does not exist is refused exactly as a wrong password is.
    pub(crate) fn verify(
        &mut self,
        request: &Request,
        credentials: &Credentials,
        secrets: Option<Secrets>,
        now: Instant,
    ) -> Result<Party, Refused> {
        let known = secrets.is_some();
        let (ha1s, name) = match secrets {
            Some(secrets) => (secrets.ha1s, secrets.name),
            None => (Ha1s::default(), None),
        };
        match self.verifier.check(credentials, request, &ha1s, now) {
            Ok(()) if known => Ok(Party { user: credentials.username.to_string(), name }),
            Ok(()) => Err(Refused { response: self.challenge(request, false, now), stale: false }),
            Err(rejection) => {
                let stale = rejection.is_stale();
                Err(Refused { response: self.challenge(request, stale, now), stale })
            }
        }
    }

    /// Removes the credentials that were meant for this gate, so that no other hop sees them (RFC 3261 22.3).
    /// Those of other realms go on to whoever they are for.
    pub(crate) fn strip(&self, request: &mut Request) {
        let ours = |value: &str| value.parse::<Credentials>().is_ok_and(|credentials| credentials.realm == *self.realm);
        for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
            request.headers.retain(&name, |value| !ours(value));
        }
    }

    fn challenge(&mut self, request: &Request, stale: bool, now: Instant) -> Response {
        let challenges: Vec<digest::Challenge> = self.verifier.challenges(now, stale);
        match self.role {
            Role::Registrar => {
                let mut response = Response::to_request(request, Status::UNAUTHORIZED);
                for challenge in challenges {
                    response.headers.push(&WwwAuthenticate(challenge));
                }
                response
            }
            Role::Proxy => {
                let mut response = Response::to_request(request, Status::PROXY_AUTHENTICATION_REQUIRED);
                for challenge in challenges {
                    response.headers.push(&ProxyAuthenticate(challenge));
                }
                response
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Method;

    #[test]
    fn only_credentials_for_this_gate_are_taken_away() {
        let of = |realm: &str| {
            alloc::format!("Digest username=\"u\", realm=\"{realm}\", nonce=\"n\", uri=\"sip:a\", response=\"00\"")
        };
        let mut request = Request::new(Method::Options, "sip:a".parse().unwrap());
        for name in ["Authorization", "Proxy-Authorization"] {
            for value in [&*of("before"), &*of("here"), "Bearer x", &*of("after")] {
                request.headers.push_raw(name, value).unwrap();
            }
        }
        Gate::new([1; 32], [2; 32], "here".into(), Role::Proxy).strip(&mut request);
        for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
            let left: Vec<&str> = request.headers.raw(&name).collect();
            assert_eq!(left, [&*of("before"), "Bearer x", &*of("after")]);
        }
    }
}
