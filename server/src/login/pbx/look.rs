//! What can be seen of a PBX without a password: the first half of a login.

use super::query::{self, Asked, Query, Verdict};
use super::transport::{Link, LinkError};
use super::{PATIENCE, Unproven, begin};
use crate::pbx::{ConnectError, Pbx};
use sip::digest::{self, Algorithm};
use sip::message::Response;
use std::io;
use tokio::time::timeout;

/// What a PBX asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whose passwords these are.
    pub realm: String,
    /// How passwords may be proven to it, as it says, the first one first.
    pub algorithms: Vec<Algorithm>,
}

/// Nobody could be logged in through a PBX.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Nobody is there, or not who was expected.
    #[error("{0}")]
    Unreachable(io::Error),
    /// It shows a certificate that is not trusted.
    #[error("its certificate is not trusted: {0}")]
    Certificate(rustls::Error),
    /// Those who may vouch for it cannot be read.
    #[error("{0}")]
    Authorities(io::Error),
    /// It says nothing.
    #[error("it does not answer a REGISTER within {} seconds", PATIENCE.as_secs())]
    Silent,
    /// It lets everybody in.
    #[error("it asks for no password: nobody would be logged in")]
    Unasked,
    /// It says that it cannot now.
    #[error("it says that it cannot now: {0} {1}")]
    Unavailable(u16, String),
    /// It says nothing of passwords to an extension that it may not know.
    #[error("it asks for no password of an extension that it does not know: {0} {1}")]
    Unknown(u16, String),
    /// It does not do this.
    #[error("it refuses every REGISTER that changes nothing: {0} {1}")]
    Unsupported(u16, String),
    /// It asks in ways that are not known here.
    #[error("it asks with {0} alone, and what is understood is MD5 and SHA-256")]
    Algorithms(String),
}

impl Pbx {
    /// Asks the PBX what it asks for.
    ///
    /// # Errors
    /// [`Unfit`].
    pub async fn look(&self) -> Result<Seen, Unfit> {
        timeout(PATIENCE, self.ask()).await.unwrap_or(Err(Unfit::Silent))
    }

    async fn ask(&self) -> Result<Seen, Unfit> {
        let mut link = Link::open(self).await?;
        let mut query = Query::new(&self.example(), &self.domain).ok_or(Unfit::Silent)?;
        let answer = begin(&mut link, &mut query).await?;
        let algorithms: Vec<_> = digest::offered(&answer).iter().map(digest::Challenge::algorithm).collect();
        match query::asked(&answer) {
            Asked::Challenge(challenge) => Ok(Seen { realm: challenge.realm.to_string(), algorithms }),
            Asked::Nothing => Err(Unfit::Unasked),
            Asked::Other(verdict) => Err(unfit(&verdict, &answer, &algorithms)),
        }
    }

    /// An extension as the PBX may have them.
    fn example(&self) -> String {
        let pattern = self.extensions.first().map_or("1000", String::as_str);
        let example: String = pattern.replace('*', "").replace('?', "0");
        if example.is_empty() { "1000".to_owned() } else { example }
    }
}

fn unfit(verdict: &Verdict, answer: &Response, algorithms: &[Algorithm]) -> Unfit {
    let (status, reason) = (answer.status.code(), answer.reason().to_owned());
    match verdict {
        Verdict::Wrong => Unfit::Unknown(status, reason),
        Verdict::Unavailable => Unfit::Unavailable(status, reason),
        Verdict::Unsupported if !algorithms.is_empty() => {
            Unfit::Algorithms(algorithms.iter().map(Algorithm::as_str).collect::<Vec<_>>().join(", "))
        }
        Verdict::Proven | Verdict::Stale(_) | Verdict::Unsupported => Unfit::Unsupported(status, reason),
    }
}

impl From<LinkError> for Unfit {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Connect(ConnectError::Io(error)) => {
                match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
                    Some(error @ rustls::Error::InvalidCertificate(_)) => Self::Certificate(error.clone()),
                    Some(_) | None => Self::Unreachable(error),
                }
            }
            LinkError::Connect(ConnectError::Certificates(..)) => Self::Authorities(io::Error::other(error)),
            LinkError::Connect(ConnectError::WebSocket(_) | ConnectError::Tls(_) | ConnectError::Name(_))
            | LinkError::TooLong
            | LinkError::Closed => Self::Unreachable(io::Error::other(error)),
        }
    }
}

impl From<Unproven> for Unfit {
    /// Without a password there is only one thing to go wrong: that nothing comes back.
    fn from(_: Unproven) -> Self {
        Self::Silent
    }
}
