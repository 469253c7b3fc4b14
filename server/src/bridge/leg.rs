//! One phone's way to its PBX: a task that owns the connection there, and that whoever has the phone sits down at: a tab, or
//! the caretaker. The connection outlives them, so that the PBX sees the same phone all the time.

use super::colleagues::Colleagues;
use super::guard::{Guard, Verdict};
use super::lamps::Lamps;
use super::mailbox::Mailbox;
use super::mailboxes::Mailboxes;
use super::parting;
use super::passing::Passing;
use super::publication::{Publication, Says};
use super::upstream::{Closed, Say, Upstream};
use crate::pbx::{Pbx, Target, in_order};
use crate::ports::{AccountId, PbxSecret, Stated};
use crate::socket::Budget;
use crate::stop::Stop;
use crate::store::key::random_word;
use app::lease::{CLOSE_MOVED, GRACE_MS};
use axum::extract::ws::close_code;
use sip::message::{KeepAlive, Message, is_keepalive, limits};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

/// How many messages of the PBX wait for who sits down next, and how many bytes they have; then the PBX waits.
const KEPT: usize = 64;
const KEPT_BYTES: usize = 1024 * 1024;
/// How many messages were sent at most before the PBX said anything, for another address to be tried with them.
const RETRIED: usize = 8;
/// How many messages a phone may send at once, and how many a second in the long run: as at the exchange.
const BURST: f64 = 400.0;
const RATE: f64 = 100.0;
/// How long nobody may sit there until the phone is unregistered: longer than a line is kept for a tab that is gone. What
/// has something to lose, the caretaker sits down for before.
const LINGER: Duration = Duration::from_millis(GRACE_MS as u64 + 2_000);
/// The same after a session ended: the caretaker may have something to end.
const PARTING: Duration = Duration::from_millis(1_500);
/// How long unregistering may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Whoever has the phone.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | LG1 | – | somebody sits down | connects to the PBX, the addresses in their order | Seated |
/// | LG2 | – | no address lets it in | refuses | – |
/// | LG3 | Seated | the phone says something that it may say | passes it on | same |
/// | LG4 | Seated | the PBX says something | passes it on | same |
/// | LG5 | Seated | who sits there goes | keeps what comes | Empty |
/// | LG6 | Empty | somebody sits down | gives them what was not answered, and what was kept | Seated |
/// | LG7 | Seated | somebody sits down with a newer epoch | as LG6; who sat there is sent away | Seated |
/// | LG8 | Seated, Empty | somebody sits down with an older epoch | refuses | same |
/// | LG9 | Empty | nothing is registered and nothing kept | closes the connection | – |
/// | LG10 | Empty | 12 s, or 1.5 s if the session ended | unregisters, closes the connection | – |
/// | LG11 | Seated | the PBX hangs up before it said anything, and there is another address | connects there, says all again | Seated |
/// | LG12 | any | the PBX hangs up | sends away who sits there, with its close code | – |
/// | LG13 | any | a ping (CRLF CRLF) from either side | answers it | same |
/// | LG14 | any | the server stops | closes the connection; the registration stays for who comes after the start | – |
/// | LG15 | Seated, Empty | the phone is registered | asks what waits in its mailbox ([`Mailbox`]) and what colleagues do ([`Lamps`]), hears it, and tells what the person says ([`Publication`]) | same |
pub(super) struct Leg {
    account: AccountId,
    pbx: Arc<Pbx>,
    orders: mpsc::Receiver<Sit>,
    stop: Stop,
    secret: Option<PbxSecret>,
    guard: Guard,
    passing: Passing,
    mailbox: Mailbox,
    mailboxes: Mailboxes,
    lamps: Lamps,
    colleagues: Colleagues,
    publication: Publication,
    extension: String,
    statements: broadcast::Receiver<(String, Stated)>,
    quiets: broadcast::Receiver<(String, bool)>,
    upstream: Upstream,
    /// The addresses that were not tried.
    untried: VecDeque<Target>,
    /// What was said before the PBX said anything; `None` when it did, or when that is too much.
    unheard: Option<Vec<Vec<u8>>>,
    seat: Option<Seat>,
    epoch: u64,
    /// When it ends, unless somebody sits down.
    until: Option<Instant>,
    /// To the phone, in order.
    inward: VecDeque<Vec<u8>>,
    /// To the PBX, in order.
    outward: VecDeque<Vec<u8>>,
    budget: Budget,
}

/// Somebody wants to sit down.
pub(super) struct Sit {
    pub(super) epoch: u64,
    /// The extensions that its page shows.
    pub(super) colleagues: Vec<String>,
    pub(super) seat: Seat,
    pub(super) told: oneshot::Sender<Result<(), Refused>>,
}

/// A place for whoever has the phone.
pub(super) struct Seat {
    /// What the phone says.
    pub(super) from: mpsc::Receiver<Vec<u8>>,
    /// What the PBX says.
    pub(super) to: mpsc::Sender<Vec<u8>>,
    /// Why it ends.
    pub(super) end: Option<oneshot::Sender<Closed>>,
    /// Whether it is left for good: the session is over.
    pub(super) for_good: oneshot::Receiver<()>,
}

/// Nobody can sit down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// No address of the PBX lets a phone in.
    #[error("The telephone system cannot be reached.")]
    Unreachable,
    /// Somebody with a newer epoch was there.
    #[error("This tab does not hold the line.")]
    Moved,
    /// It just ends: another one can be begun.
    #[error("The server stops.")]
    Ending,
}

/// What a leg is made for.
pub(super) struct Owner {
    pub(super) account: AccountId,
    pub(super) extension: String,
    /// What they say of themselves, and what tells when that is something else.
    pub(super) says: Says,
    pub(super) statements: broadcast::Receiver<(String, Stated)>,
    pub(super) quiets: broadcast::Receiver<(String, bool)>,
    pub(super) pbx: Arc<Pbx>,
    pub(super) guard: Guard,
    pub(super) secret: Option<PbxSecret>,
    /// Where is told what waits for it.
    pub(super) mailboxes: Mailboxes,
    /// Where is told what its colleagues do.
    pub(super) colleagues: Colleagues,
}

enum Happened {
    Said(Option<Vec<u8>>),
    Heard(Option<Vec<u8>>),
    Sit(Option<Sit>),
    Passed,
    Deserted,
    Due,
    Says(Says),
    Deadline,
    Stopped,
}

/// What follows when nothing more is to be done.
enum End {
    /// The PBX hung up.
    Lost(Closed),
    /// Nobody came.
    Deserted,
    /// The server stops.
    Stopped,
}

/// Runs until the PBX hangs up, or nobody comes any more.
pub(super) async fn run(owner: Owner, orders: mpsc::Receiver<Sit>, stop: Stop) {
    let Owner { account, extension, says, statements, quiets, pbx, guard, secret, mailboxes, colleagues } = owner;
    let mut untried: VecDeque<Target> = in_order(&pbx).into_iter().cloned().collect();
    let Some(upstream) = Upstream::open(&pbx, &mut untried).await else {
        return refuse_all(orders, Refused::Unreachable);
    };
    tracing::info!(account, pbx = pbx.name, "a phone is connected to the PBX");
    let (lamps, mut publication) = (Lamps::new(&pbx.domain), Publication::default());
    publication.say(says);
    let mut leg = Leg {
        account,
        pbx,
        upstream,
        untried,
        stop,
        secret,
        guard,
        orders,
        passing: Passing::default(),
        mailbox: Mailbox::default(),
        mailboxes,
        lamps,
        colleagues,
        publication,
        extension,
        statements,
        quiets,
        unheard: Some(Vec::new()),
        seat: None,
        epoch: 0,
        until: Some(Instant::now() + LINGER),
        inward: VecDeque::new(),
        outward: VecDeque::new(),
        budget: Budget::new(BURST, RATE),
    };
    let end = loop {
        if let Err(end) = leg.step().await {
            break end;
        }
    };
    // Nobody is told any more.
    leg.mailboxes.forget(account);
    leg.colleagues.forget(account);
    leg.finish(end).await;
    tracing::info!(account, "a phone is no longer connected to the PBX");
}

fn refuse_all(mut orders: mpsc::Receiver<Sit>, why: Refused) {
    orders.close();
    while let Ok(Sit { told, .. }) = orders.try_recv() {
        let _ = told.send(Err(why));
    }
}

impl Leg {
    async fn step(&mut self) -> Result<(), End> {
        match self.wait().await {
            Happened::Said(Some(bytes)) => self.said(bytes),
            Happened::Said(None) => self.leave(),
            Happened::Deserted => {
                self.last_words();
                self.leave();
            }
            Happened::Heard(Some(bytes)) => self.heard(bytes),
            Happened::Heard(None) => return self.lost().await,
            Happened::Sit(Some(sit)) => self.sit(sit),
            // The room is gone: the server stops.
            Happened::Sit(None) | Happened::Stopped => return Err(End::Stopped),
            Happened::Passed | Happened::Due => {}
            Happened::Says(says) => self.publication.say(says),
            Happened::Deadline => return Err(End::Deserted),
        }
        self.ask();
        self.hurry();
        Ok(())
    }

    /// Asks what is to be asked now (LG15).
    fn ask(&mut self) {
        let (registered, now) = (self.passing.registered().map(|(request, _)| request), Instant::now());
        self.outward.extend(self.mailbox.drive(registered, now));
        self.outward.extend(self.publication.drive(registered, now));
        let (say, changed) = self.lamps.drive(registered, now);
        self.outward.extend(say);
        for (extension, lamp) in changed {
            self.colleagues.tell(self.account, extension, lamp);
        }
    }

    /// Whether this is what the server asked for, and no business of the phone.
    fn hears_itself(&mut self, bytes: &[u8]) -> bool {
        if !bytes.starts_with(b"NOTIFY ") && !bytes.starts_with(b"SIP/2.0 ") {
            return false;
        }
        let Ok(message) = Message::parse(bytes) else { return false };
        let (secret, now) = (self.secret.as_ref(), Instant::now());
        let (heard, lit, published) = match &message {
            Message::Response(response) => (
                self.mailbox.answered(response, secret, now),
                self.lamps.answered(response, secret, now),
                self.publication.answered(response, secret, now),
            ),
            Message::Request(request) => (self.mailbox.notified(request, now), self.lamps.notified(request, now), None),
        };
        let is_own = heard.is_some() || lit.is_some() || published.is_some();
        self.outward.extend(published.flatten());
        if let Some(heard) = heard {
            self.outward.extend(heard.say);
            heard.waiting.into_iter().for_each(|waiting| self.mailboxes.tell(self.account, waiting));
        }
        if let Some(lit) = lit {
            self.outward.extend(lit.say);
            lit.changed.into_iter().for_each(|(who, lamp)| self.colleagues.tell(self.account, who, lamp));
        }
        is_own
    }

    async fn wait(&mut self) -> Happened {
        // What each side is answered here is for it to read, too: who does not, is not read.
        let roomy = self.inward.len() < KEPT && self.inward.iter().map(Vec::len).sum::<usize>() < KEPT_BYTES;
        let (hears, listens) = (roomy && self.outward.len() < KEPT, roomy && self.outward.is_empty());
        let Self { orders, stop, upstream, seat, until, inward, outward, guard, passing, .. } = self;
        let Self { mailbox, lamps, publication, extension, statements, quiets, .. } = self;
        let (until, asks) =
            (*until, [mailbox.deadline(), lamps.deadline(), publication.deadline()].into_iter().flatten().min());
        let (mut from, to) = match seat {
            Some(seat) => (Some(&mut seat.from), Some(&seat.to)),
            None => (None, None),
        };
        tokio::select! {
            () = stop.requested() => Happened::Stopped,
            sit = orders.recv() => Happened::Sit(sit),
            said = next(&mut from), if listens => Happened::Said(said),
            permit = upstream.to.reserve(), if !outward.is_empty() => {
                // One that is gone tells by what it says: nothing.
                if let (Ok(permit), Some(bytes)) = (permit, outward.pop_front()) {
                    permit.send(Say::Message(bytes));
                }
                Happened::Passed
            }
            permit = room(to), if !inward.is_empty() => match permit {
                Ok(permit) => {
                    if let Some(bytes) = inward.pop_front() {
                        note(guard, passing, &bytes);
                        permit.send(bytes);
                    }
                    Happened::Passed
                }
                Err(_) => Happened::Deserted,
            },
            heard = upstream.from.recv(), if hears => Happened::Heard(heard),
            () = due(until) => Happened::Deadline,
            () = due(asks) => Happened::Due,
            // Who hears it too late goes on with the next.
            Ok((who, stated)) = statements.recv() => {
                let says = publication.says().clone();
                Happened::Says(if who == *extension { Says { stated, ..says } } else { says })
            }
            Ok((who, quiet)) = quiets.recv() => {
                let says = publication.says().clone();
                Happened::Says(if who == *extension { Says { quiet, ..says } } else { says })
            }
        }
    }

    /// The phone says something (LG3, LG13).
    fn said(&mut self, bytes: Vec<u8>) {
        match is_keepalive(&bytes) {
            Some(KeepAlive::Ping) => return self.answer(b"\r\n".to_vec()),
            Some(KeepAlive::Pong | KeepAlive::Empty) => return,
            None => {}
        }
        if bytes.len() > limits::MESSAGE || !self.budget.spend() {
            return self.send_away(&Closed { code: close_code::POLICY, words: "too much is said".to_owned() });
        }
        match self.guard.judge(&bytes, &random_word(10).unwrap_or_default()) {
            Verdict::Pass(message) => {
                self.passing.sent(&message);
                let bytes = message.to_bytes();
                if let Some(unheard) = &mut self.unheard {
                    unheard.push(bytes.clone());
                }
                if self.unheard.as_ref().is_some_and(|unheard| unheard.len() > RETRIED) {
                    self.unheard = None;
                }
                self.outward.push_back(bytes);
            }
            Verdict::Refuse(response) => self.answer(response.to_bytes()),
            Verdict::Drop => {}
        }
    }

    /// The PBX says something (LG4, LG13).
    fn heard(&mut self, bytes: Vec<u8>) {
        self.unheard = None;
        match is_keepalive(&bytes) {
            Some(KeepAlive::Ping) => self.outward.push_back(b"\r\n".to_vec()),
            Some(KeepAlive::Pong | KeepAlive::Empty) => {}
            None if self.hears_itself(&bytes) => {}
            None => self.inward.push_back(bytes),
        }
    }

    /// The phone is told this, if it reads.
    fn answer(&mut self, bytes: Vec<u8>) {
        self.inward.push_back(bytes);
    }

    /// Somebody sits down (LG6, LG7, LG8).
    fn sit(&mut self, Sit { epoch, colleagues, seat, told }: Sit) {
        if epoch < self.epoch {
            let _ = told.send(Err(Refused::Moved));
            return;
        }
        self.send_away(&Closed { code: CLOSE_MOVED, words: "the line is used elsewhere".to_owned() });
        if told.send(Ok(())).is_err() {
            return;
        }
        let again: Vec<Vec<u8>> = self.passing.waiting().map(<[u8]>::to_vec).collect();
        for bytes in again.into_iter().rev() {
            self.inward.push_front(bytes);
        }
        self.lamps.watch(colleagues);
        self.seat = Some(seat);
        self.epoch = epoch;
        self.until = None;
        self.budget = Budget::new(BURST, RATE);
    }

    /// Who sits there goes.
    fn send_away(&mut self, why: &Closed) {
        if let Some(seat) = &mut self.seat
            && let Some(end) = seat.end.take()
        {
            let _ = end.send(why.clone());
        }
        self.leave();
    }

    /// What who is gone said before.
    fn last_words(&mut self) {
        let Some(seat) = &mut self.seat else { return };
        let said: Vec<Vec<u8>> = std::iter::from_fn(|| seat.from.try_recv().ok()).collect();
        for bytes in said {
            self.said(bytes);
        }
    }

    /// Nobody sits there any more (LG5).
    fn leave(&mut self) {
        let Some(mut seat) = self.seat.take() else { return };
        let for_good = seat.for_good.try_recv().is_ok();
        self.until = Some(Instant::now() + if for_good { PARTING } else { LINGER });
    }

    /// What nobody needs is not kept (LG9).
    fn hurry(&mut self) {
        let idle = self.inward.is_empty() && self.outward.is_empty() && self.passing.waiting().next().is_none();
        if self.seat.is_none() && self.epoch > 0 && idle && self.passing.registered().is_none() {
            self.until = self.until.map(|until| until.min(Instant::now() + PARTING));
        }
    }

    /// The PBX hung up (LG11, LG12).
    async fn lost(&mut self) -> Result<(), End> {
        let closed = self.upstream.ended().await;
        if let Some(unheard) = self.unheard.clone()
            && self.seat.is_some()
            && let Some(upstream) = Upstream::open(&self.pbx, &mut self.untried).await
        {
            tracing::info!(pbx = self.pbx.name, "another address of the PBX is tried");
            self.upstream = upstream;
            self.outward = unheard.into();
            return Ok(());
        }
        Err(End::Lost(closed))
    }

    async fn finish(mut self, end: End) {
        // Who comes now begins another one: after this, so that it is not unregistered along with what was.
        match end {
            End::Lost(closed) => {
                tracing::info!(pbx = self.pbx.name, code = closed.code, words = closed.words, "the PBX hung up");
                if let Some(seat) = &self.seat {
                    for bytes in self.inward.drain(..) {
                        let _ = seat.to.try_send(bytes);
                    }
                }
                self.send_away(&closed);
            }
            End::Deserted => {
                let _ = timeout(FAREWELL, self.unregister()).await;
                self.upstream.close(close_code::NORMAL).await;
            }
            End::Stopped => self.upstream.close(close_code::AWAY).await,
        }
        refuse_all(self.orders, Refused::Ending);
    }

    /// Takes the registration back, and answers what nobody did (LG10).
    async fn unregister(&mut self) {
        for bytes in std::mem::take(&mut self.inward) {
            note(&mut self.guard, &mut self.passing, &bytes);
        }
        parting::say_goodbye(&mut self.upstream, &self.passing, self.secret.take()).await;
    }
}

/// What the PBX says is on its way to the phone.
fn note(guard: &mut Guard, passing: &mut Passing, bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes) else { return };
    if let Message::Request(request) = &message {
        guard.hear(request);
    }
    passing.received(&message, bytes);
}

/// What the phone says; nothing comes from an empty seat.
async fn next(from: &mut Option<&mut mpsc::Receiver<Vec<u8>>>) -> Option<Vec<u8>> {
    match from {
        Some(from) => from.recv().await,
        None => std::future::pending().await,
    }
}

/// Room at the phone; an empty seat has none.
async fn room(to: Option<&mpsc::Sender<Vec<u8>>>) -> Result<mpsc::Permit<'_, Vec<u8>>, mpsc::error::SendError<()>> {
    match to {
        Some(to) => to.reserve().await,
        None => std::future::pending().await,
    }
}

async fn due(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}
