//! The task of one line: its uplink, its timer, and what it has kept and signed.

use super::Place;
use super::charge::{Charge, Input, Output, Owner, over};
use crate::clock;
use crate::ports;
use crate::ports::{AccountId, SignedIn, Uplink};
use crate::stop::Stop;
use crate::store::key::random;
use app::phone::LineState;
use sip::Instant;
use sip::agent::QuestionId;
use sip::digest::Credentials;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long it sleeps when nothing is due.
const LONG: Duration = Duration::from_secs(3600);
/// How often it is tried to write a call to the history, and how long after the last time.
const TRIES: u32 = 3;
const AGAIN: Duration = Duration::from_secs(1);

/// Why a line is not kept any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum End {
    #[error("the line is over")]
    Over,
    #[error("the line was handed back")]
    HandedBack,
    #[error("the server stops")]
    Stopped,
}

struct Pump {
    place: Place,
    epoch: u64,
    extension: String,
    charge: Charge,
    uplink: Option<Uplink>,
    signatures: JoinSet<(QuestionId, Option<Credentials>)>,
    /// The calls that are being written to the history; each tells its tag.
    writing: JoinSet<String>,
    /// The messages that are being kept; each tells its number, and how it is answered.
    letters: JoinSet<Option<(u64, Option<u16>)>>,
}

/// What came of waiting.
#[allow(clippy::large_enum_variant, reason = "it is passed on at once, never kept")]
enum Happened {
    Opened,
    Closed,
    Received(Vec<u8>),
    Signed(QuestionId, Option<Credentials>),
    Timeout,
    Hurry,
    Recorded(String),
    Kept(u64, Option<u16>),
}

/// Keeps a line until that is over, or until the line or the server says so.
pub(super) async fn run(place: Place, charge: ports::Charge, hurry: Arc<Notify>, mut stop: Stop) {
    let (account, epoch, began) = (charge.account, charge.epoch, clock::now());
    let mut moved = place.inner.ports.leases.moved();
    // Subscribed first, looked at then: nothing that happens in between is missed.
    if !place.inner.ports.leases.current(account, epoch) {
        return;
    }
    let state = charge.state.clone();
    let inner = Arc::clone(&place.inner);
    let Some(person) = inner.ports.accounts.by_id(account).await else {
        return inner.ports.minding.over(account, epoch, over(state));
    };
    let Ok(home) = inner.ports.homes.home(account).await else {
        return inner.ports.minding.over(account, epoch, over(state));
    };
    // What a page wrote is read here: whatever it is, it concerns this line alone.
    let begun = catch_unwind(AssertUnwindSafe(|| begin(&inner, charge, &person, &home)));
    let charge = match begun {
        Ok(Ok(charge)) => charge,
        Ok(Err(error)) => {
            tracing::warn!(account, %error, "a line cannot be kept");
            return inner.ports.minding.over(account, epoch, over(state));
        }
        Err(_) => return broken(&inner, account, epoch, state),
    };
    tracing::info!(account, "keeping a line without a page");
    let (extension, signatures, writing, letters) = (person.extension, JoinSet::new(), JoinSet::new(), JoinSet::new());
    let mut pump = Pump { place, epoch, extension, charge, uplink: None, signatures, writing, letters };
    let end = loop {
        match pump.step(&mut moved, &hurry, &mut stop).await {
            Ok(()) => {}
            Err(Some(end)) => break end,
            Err(None) => return broken(&inner, account, epoch, state),
        }
    };
    tracing::info!(account, milliseconds = clock::now().saturating_sub(began), reason = %end, "kept a line");
}

fn begin(
    inner: &super::Inner,
    charge: ports::Charge,
    person: &SignedIn,
    home: &ports::Home,
) -> Result<Charge, super::charge::Unreadable> {
    let owner = Owner { person, home, ringing: inner.options.ringing };
    // Without random numbers it would speak in tags that can be guessed: it does not.
    let seed = random::<32>().map_err(|_| super::charge::Unreadable::Random)?;
    Charge::begin(charge, &owner, seed, now())
}

/// A defect of this program, which what a page wrote found: its line ends, and nobody else notices.
fn broken(inner: &super::Inner, account: AccountId, epoch: u64, state: LineState) {
    tracing::error!(account, "keeping a line failed");
    inner.ports.minding.over(account, epoch, over(state));
}

fn now() -> Instant {
    Instant::from_millis(clock::now())
}

impl Pump {
    /// Does what is wanted, and waits for what happens next; an error without an end is a defect.
    async fn step(
        &mut self,
        moved: &mut broadcast::Receiver<(AccountId, u64)>,
        hurry: &Notify,
        stop: &mut Stop,
    ) -> Result<(), Option<End>> {
        let happened = match self.work().await? {
            Some(happened) => happened,
            None => self.wait(moved, hurry, stop).await?,
        };
        let (charge, now) = (&mut self.charge, now());
        let handled = catch_unwind(AssertUnwindSafe(|| match happened {
            Happened::Opened => charge.handle(Input::Opened, now),
            Happened::Closed => charge.handle(Input::Closed, now),
            Happened::Received(bytes) => charge.handle(Input::Received(&bytes), now),
            Happened::Signed(id, credentials) => charge.handle(Input::Signed(id, credentials), now),
            Happened::Timeout => charge.handle(Input::Timeout, now),
            Happened::Hurry => charge.handle(Input::Hurry, now),
            Happened::Kept(id, status) => charge.handle(Input::Kept(id, status), now),
            Happened::Recorded(local_tag) => charge.handle(Input::Recorded(&local_tag), now),
        }));
        handled.map_err(|_| None)
    }

    /// Does all that is wanted. What became of the uplink comes back.
    async fn work(&mut self) -> Result<Option<Happened>, Option<End>> {
        let inner = Arc::clone(&self.place.inner);
        let (ports, account) = (&inner.ports, self.place.account);
        let mut happened = None;
        while let Some(output) = self.charge.poll() {
            match output {
                Output::Keep(kept) => {
                    if !ports.minding.keep(account, self.epoch, kept) {
                        return Err(Some(End::HandedBack));
                    }
                }
                Output::Open => {
                    self.uplink = ports.uplinks.open(account, self.epoch, &self.extension).await;
                    happened = Some(if self.uplink.is_some() { Happened::Opened } else { Happened::Closed });
                }
                Output::Close => {
                    self.uplink = None;
                    happened = None;
                }
                Output::Transmit(bytes) => {
                    // What does not fit closes it, as a socket that is not read fast enough.
                    if self.uplink.as_ref().is_some_and(|uplink| uplink.to.try_send(bytes).is_err()) {
                        self.uplink = None;
                        happened = Some(Happened::Closed);
                    }
                }
                Output::Sign(id, wanted) => {
                    let signer = Arc::clone(&ports.signer);
                    self.signatures.spawn(async move { (id, signer.sign(account, wanted).await) });
                }
                Output::Report(report) => {
                    let history = Arc::clone(&ports.history);
                    self.writing.spawn(async move {
                        for _ in 0..TRIES {
                            if history.report(account, report.clone()).await {
                                break;
                            }
                            sleep(AGAIN).await;
                        }
                        report.local_tag
                    });
                }
                Output::Receive(message) => {
                    let mail = Arc::clone(&ports.mail);
                    self.letters.spawn(async move { Some((message.id, mail.receive(account, message).await)) });
                }
                Output::Sent(sent) => {
                    let mail = Arc::clone(&ports.mail);
                    self.letters.spawn(async move {
                        mail.sent(account, sent).await;
                        None
                    });
                }
                Output::Over(state) => {
                    // What the line leaves is forgotten then.
                    while self.writing.join_next().await.is_some() {}
                    while self.letters.join_next().await.is_some() {}
                    ports.minding.over(account, self.epoch, state);
                    return Err(Some(End::Over));
                }
            }
        }
        Ok(happened)
    }

    async fn wait(
        &mut self,
        moved: &mut broadcast::Receiver<(AccountId, u64)>,
        hurry: &Notify,
        stop: &mut Stop,
    ) -> Result<Happened, Option<End>> {
        let due = self.charge.deadline().map_or(LONG, |deadline| deadline.since(now()));
        let mut timer = pin!(sleep(due));
        loop {
            tokio::select! {
                biased;
                () = stop.requested() => return Err(Some(End::Stopped)),
                news = moved.recv() => self.on_move(news)?,
                () = hurry.notified() => return Ok(Happened::Hurry),
                Some(signed) = self.signatures.join_next(), if !self.signatures.is_empty() => {
                    // If whoever should have signed failed, the request stays unsigned, and its time passes.
                    if let Ok((id, credentials)) = signed {
                        return Ok(Happened::Signed(id, credentials));
                    }
                }
                Some(written) = self.writing.join_next(), if !self.writing.is_empty() => {
                    if let Ok(local_tag) = written {
                        return Ok(Happened::Recorded(local_tag));
                    }
                }
                Some(kept) = self.letters.join_next(), if !self.letters.is_empty() => {
                    if let Ok(Some((id, status))) = kept {
                        return Ok(Happened::Kept(id, status));
                    }
                }
                message = receive(&mut self.uplink) => return Ok(match message {
                    Some(bytes) => Happened::Received(bytes),
                    None => {
                        self.uplink = None;
                        Happened::Closed
                    }
                }),
                () = &mut timer => return Ok(Happened::Timeout),
            }
        }
    }

    /// A line moved, perhaps this one.
    fn on_move(&self, news: Result<(AccountId, u64), RecvError>) -> Result<(), Option<End>> {
        let (leases, own) = (&self.place.inner.ports.leases, self.place.account);
        match news {
            Ok((account, _)) if account != own => Ok(()),
            Ok(_) | Err(RecvError::Lagged(_)) if leases.current(own, self.epoch) => Ok(()),
            Ok(_) | Err(RecvError::Lagged(_)) => Err(Some(End::HandedBack)),
            Err(RecvError::Closed) => Err(Some(End::Stopped)),
        }
    }
}

/// The next message; `None` when the uplink is closed. Without one nothing comes.
async fn receive(uplink: &mut Option<Uplink>) -> Option<Vec<u8>> {
    match uplink {
        Some(uplink) => uplink.from.recv().await,
        None => std::future::pending().await,
    }
}
