//! The company's PBX as authenticator: the server proves extension and password to it, by a digest on a REGISTER without
//! Contact. That only asks what is registered (RFC 3261 10.2.3), so nothing changes at the PBX. Those that refuse it are
//! asked to forget a Contact that nobody has, which they want to be signed as well.

mod limit;
mod look;
mod query;
mod transport;

pub use look::{Seen, Unfit};

use crate::clock;
use crate::pbx::{Pbx, fits};
use crate::ports::{Ha1, PbxSecret, Wait};
use limit::Limit;
use query::{Asked, Query, Verdict};
use sip::digest::{Algorithm, Challenge, ha1};
use sip::message::{Message, Request, Response};
use sip::transaction::{ClientNonInvite, Effect, Key};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout};
use transport::Link;
use zeroize::Zeroizing;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many logins ask PBXs at once.
const AT_ONCE: usize = 32;
/// How many messages are read while one answer is waited for.
const MESSAGES: usize = 64;

/// What asks the PBXs.
pub struct Pbxs {
    known: Vec<Pbx>,
    limit: Mutex<Limit>,
    places: Semaphore,
}

/// Nobody can be logged in through the PBX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// The PBX does not know the extension, or not with this password.
    #[error("the extension or the password is wrong")]
    Wrong,
    /// So many wrong passwords were tried that the PBX is not asked again yet.
    #[error("too many wrong passwords")]
    Throttled(Wait),
    /// It cannot be reached, does not answer, or says that it cannot now.
    #[error("the PBX cannot be reached")]
    Unreachable,
    /// It does not answer what was asked.
    #[error("the PBX answers no REGISTER that changes nothing")]
    Unsupported,
    /// It lets everybody in, so that nothing was proven.
    #[error("the PBX asked for no password")]
    Unasked,
    /// Too many ask already.
    #[error("too many logins at once")]
    Busy,
}

/// One guess, counted until it is known to be none.
struct Guess<'a> {
    limit: &'a Mutex<Limit>,
    who: (String, String),
    at: u64,
    /// A password left for the PBX, and was not found right.
    counts: bool,
}

impl Pbxs {
    /// Asks these.
    #[must_use]
    pub fn new(known: Vec<Pbx>) -> Self {
        Self { known, limit: Mutex::default(), places: Semaphore::new(AT_ONCE) }
    }

    /// The PBX that has this domain.
    #[must_use]
    pub fn of_domain(&self, domain: &str) -> Option<&Pbx> {
        self.known.iter().find(|pbx| pbx.domain.eq_ignore_ascii_case(domain))
    }

    /// The PBX that an extension without a domain belongs to: one that names it, else one that names none. This hangs on the
    /// configuration alone, so that it tells nobody which extensions there are.
    #[must_use]
    pub fn of_extension(&self, extension: &str) -> Option<&Pbx> {
        let named = self.known.iter().find(|pbx| pbx.extensions.iter().any(|pattern| fits(pattern, extension)));
        named.or_else(|| self.known.iter().find(|pbx| pbx.extensions.is_empty()))
    }

    /// Proves to a PBX that this is the extension's password. What signs for it there is returned.
    ///
    /// # Errors
    /// [`Unproven`].
    pub async fn prove(&self, pbx: &Pbx, extension: &str, password: Zeroizing<String>) -> Result<PbxSecret, Unproven> {
        let _place = self.places.try_acquire().map_err(|_| Unproven::Busy)?;
        let mut guess = Guess::begin(&self.limit, pbx, extension)?;
        let asked = ask(pbx, extension, &password, &mut guess);
        let proven = timeout(PATIENCE, asked).await.unwrap_or(Err(Unproven::Unreachable));
        if proven.is_ok() {
            guess.counts = false;
        }
        proven
    }
}

async fn ask(pbx: &Pbx, extension: &str, password: &str, guess: &mut Guess<'_>) -> Result<PbxSecret, Unproven> {
    let mut link = Link::open(pbx).await.map_err(|error| {
        tracing::warn!(pbx = pbx.name, %error, "the PBX cannot be reached");
        Unproven::Unreachable
    })?;
    let mut query = Query::new(extension, &pbx.domain).ok_or(Unproven::Unsupported)?;
    let first = begin(&mut link, &mut query).await?;
    let mut challenge = match query::asked(&first) {
        Asked::Challenge(challenge) => challenge,
        Asked::Nothing => return Err(said(pbx, &first, Unproven::Unasked)),
        Asked::Other(verdict) => return verdict_of(pbx, &first, verdict),
    };
    // Again where the nonce was too old, or a Contact is wanted of those alone who are known. More often it says so only
    // who is no PBX.
    let mut nc = 1;
    for _ in 0..3 {
        let secret = secret(extension, &challenge, password);
        let (request, credentials) = query.signed(&link.via()?, &first, &challenge, nc, &secret.ha1)?;
        guess.counts = true;
        let answer = exchange(&mut link, request).await?;
        match query::verdict(&answer, &credentials, &secret.ha1) {
            Verdict::Proven => return Ok(secret),
            Verdict::Stale(fresh) => (challenge, nc) = (fresh, 1),
            Verdict::Unsupported if query.is_refused(&answer) => nc += 1,
            verdict @ (Verdict::Wrong | Verdict::Unavailable | Verdict::Unsupported) => {
                return verdict_of(pbx, &answer, verdict);
            }
        }
    }
    Err(Unproven::Unsupported)
}

/// Sends what is not signed, as this PBX takes it.
async fn begin(link: &mut Link, query: &mut Query) -> Result<Response, Unproven> {
    loop {
        let request = query.unsigned(&link.via()?)?;
        let answer = exchange(link, request).await?;
        if !query.is_refused(&answer) {
            return Ok(answer);
        }
    }
}

/// Why it is not proven.
fn verdict_of(pbx: &Pbx, answer: &Response, verdict: Verdict) -> Result<PbxSecret, Unproven> {
    match verdict {
        Verdict::Wrong => Err(Unproven::Wrong),
        Verdict::Unavailable => Err(said(pbx, answer, Unproven::Unreachable)),
        Verdict::Proven | Verdict::Stale(_) | Verdict::Unsupported => Err(said(pbx, answer, Unproven::Unsupported)),
    }
}

/// For who runs it.
fn said(pbx: &Pbx, answer: &Response, error: Unproven) -> Unproven {
    tracing::warn!(pbx = pbx.name, status = answer.status.code(), reason = answer.reason(), %error, "the PBX logs nobody in");
    error
}

/// Sends a request, and again where messages get lost, until its final response is there.
async fn exchange(link: &mut Link, request: Request) -> Result<Response, Unproven> {
    let key = Key::sent(&request).map_err(|_| Unproven::Unsupported)?;
    let mut effects = Vec::new();
    let mut transaction = ClientNonInvite::new(request, link.reliability(), now(), &mut effects);
    let mut messages = 0;
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Transmit(bytes) => link.send(bytes).await.map_err(|_| Unproven::Unreachable)?,
                Effect::Response(response) if !response.status.is_provisional() => return Ok(response),
                Effect::Response(_) | Effect::Ack(_) | Effect::Unacknowledged => {}
                Effect::TimedOut | Effect::TransportFailed => return Err(Unproven::Unreachable),
            }
        }
        let wait = transaction.deadline().map_or(PATIENCE, |deadline| deadline.since(now()));
        tokio::select! {
            received = link.receive() => {
                let bytes = received.map_err(|_| Unproven::Unreachable)?;
                messages += 1;
                if messages > MESSAGES {
                    return Err(Unproven::Unreachable);
                }
                // What is no answer to this is nothing; over UDP anybody may have sent it.
                if let Ok(Message::Response(response)) = Message::parse(&bytes)
                    && Key::client(&response).is_ok_and(|found| found == key)
                {
                    transaction.receive(&response, now(), &mut effects);
                }
            }
            () = sleep_until(Instant::now() + wait) => transaction.timeout(now(), &mut effects),
        }
    }
}

/// What signs in the realm of this challenge.
fn secret(extension: &str, challenge: &Challenge, password: &str) -> PbxSecret {
    let of = |algorithm| ha1(&algorithm, extension, &challenge.realm, password);
    let ha1 = Ha1 { md5: of(Algorithm::Md5), sha256: of(Algorithm::Sha256) };
    PbxSecret { realm: challenge.realm.to_string(), user: extension.to_owned(), ha1 }
}

fn now() -> sip::Instant {
    sip::Instant::from_millis(clock::now())
}

impl<'a> Guess<'a> {
    fn begin(limit: &'a Mutex<Limit>, pbx: &Pbx, extension: &str) -> Result<Self, Unproven> {
        let (who, at) = ((pbx.name.clone(), extension.to_ascii_lowercase()), clock::now());
        lock(limit).attempt(&who, at).map_err(Unproven::Throttled)?;
        Ok(Self { limit, who, at, counts: false })
    }
}

impl Drop for Guess<'_> {
    /// Also when the browser hung up: then it counts if the password had left.
    fn drop(&mut self) {
        if !self.counts {
            lock(self.limit).withdraw(&self.who, self.at);
        }
    }
}

/// A panic while counting leaves nothing half done that matters.
fn lock(limit: &Mutex<Limit>) -> MutexGuard<'_, Limit> {
    limit.lock().unwrap_or_else(PoisonError::into_inner)
}
