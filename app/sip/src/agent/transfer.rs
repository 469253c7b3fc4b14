use super::compose;
use super::core::Core;
use super::session::{Session, State};
use super::transactions::{Outcome, Purpose};
use super::{Agent, CallId, Cause, Event, Phase, VerbError, identity};
use crate::Instant;
use crate::body::sipfrag::SipFrag;
use crate::header::{
    self, CallId as CallIdHeader, NameAddr, ReferSub, ReferTo, ReferredBy, Replaces, SubscriptionState,
};
use crate::message::{Method, Request, Response, Status};
use crate::transaction::{Key, T1_X64};
use crate::uri::Uri;
use core::time::Duration;

/// How long a subscription is waited for that does not say how long it lasts.
const USUAL: Duration = Duration::from_secs(180);
/// How long one is waited for at most, whatever it says; the next NOTIFY begins the time anew.
const LONGEST: Duration = Duration::from_secs(300);

/// How far a transfer is that we asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TransferProgress {
    /// REFER is under way.
    Sent,
    /// The other end takes it on.
    Accepted,
    /// It calls the target.
    Trying,
    /// The target rings.
    Ringing,
    /// The target answered: our call ends by this, with [`Cause::Transferred`].
    Answered,
    /// REFER was refused, or the target could not be reached, with this status (408: nobody said anything). The call goes on.
    Failed(Status),
    /// Nothing more is heard of it, as some servers tell nothing. The call goes on; when the other end hangs up within
    /// the next 32 s it ends with [`Cause::Transferred`].
    Unknown,
}

/// A transfer that we ask for (RFC 3515, RFC 5589): REFER, and the NOTIFYs of its implicit subscription.
///
/// | State | On | Does | Next |
/// | --- | --- | --- | --- |
/// | Not, Lapsed | transfer | sends REFER, Sent | Asking |
/// | Asking, Watching | transfer | WrongPhase | same |
/// | Asking | 2xx | Accepted | Watching |
/// | Asking | 2xx with `Refer-Sub: false` | Accepted, Unknown | Lapsed |
/// | Asking | refusal | Failed | Not |
/// | Asking | nothing in 64·T1 | Unknown | Lapsed |
/// | Asking, Watching | NOTIFY with 100 | 200, Trying | Watching |
/// | Asking, Watching | NOTIFY with 101 to 199 | 200, Ringing | Watching |
/// | Asking, Watching, Lapsed | NOTIFY with 2xx | 200, Answered, BYE, Ended | Done |
/// | Asking, Watching, Lapsed | NOTIFY with 3xx to 6xx | 200, Failed | Not |
/// | Asking, Watching | NOTIFY, terminated without a final status | 200, Unknown | Lapsed |
/// | Watching | no NOTIFY in time | Unknown | Lapsed |
/// | Watching, Lapsed | BYE | Ended, as transferred | – |
/// | Asking, Watching | REFER | 491 | same |
/// | Not, Done | NOTIFY | 481 | same |
/// | Lapsed | 64·T1 | – | Not |
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Transfer {
    /// None.
    #[default]
    Not,
    /// REFER is under way, or is being signed.
    Asking { key: Key, until: Instant },
    /// They took it on; NOTIFYs tell how far it is.
    Watching { progress: TransferProgress, until: Instant },
    /// Nobody says any more how far it is; it may still succeed.
    Lapsed { until: Instant },
    /// The target answered.
    Done,
}

impl Transfer {
    /// How far it is.
    pub(super) const fn progress(&self) -> Option<TransferProgress> {
        match self {
            Self::Not => None,
            Self::Asking { .. } => Some(TransferProgress::Sent),
            Self::Watching { progress, .. } => Some(*progress),
            Self::Lapsed { .. } => Some(TransferProgress::Unknown),
            Self::Done => Some(TransferProgress::Answered),
        }
    }

    /// Whether another one has to wait.
    pub(super) const fn is_under_way(&self) -> bool {
        match self {
            Self::Asking { .. } | Self::Watching { .. } | Self::Done => true,
            Self::Not | Self::Lapsed { .. } => false,
        }
    }

    /// Whether they hang up because of it, when they do.
    pub(super) const fn explains_bye(&self) -> bool {
        match self {
            Self::Watching { .. } | Self::Lapsed { .. } | Self::Done => true,
            Self::Not | Self::Asking { .. } => false,
        }
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Asking { until, .. } | Self::Watching { until, .. } | Self::Lapsed { until } => Some(*until),
            Self::Not | Self::Done => None,
        }
    }
}

impl Agent {
    /// Asks the other end of an established call to call somebody else (RFC 3515; RFC 5589 6, a blind transfer). How
    /// far it is comes as [`Event::Transfer`]; our call ends when the target answered, and goes on if that fails. It is
    /// usual to put the call on hold before.
    ///
    /// # Errors
    /// There is no such call; or it is not established, or a transfer is under way in it already.
    pub fn transfer(&mut self, id: CallId, target: Uri, now: Instant) -> Result<(), VerbError> {
        self.verb(id, now, |session, core| session.transfer(core, &ReferTo(NameAddr::new(target))))
    }

    /// Asks the other end of an established call to take our place in the call `with` somebody else (RFC 5589 7, an
    /// attended transfer): both calls end here when that worked, and both go on when it did not. Neither needs to be on
    /// hold.
    ///
    /// If `with` is one that we began and that nobody answered yet, it is withdrawn, and a blind transfer to whom it
    /// calls is made instead (RFC 5589 7.6): an early dialog can be replaced by nobody but by who began it.
    ///
    /// # Errors
    /// There are no such calls; or `id` is not established, a transfer is under way in one of them already, or `with`
    /// rings here.
    pub fn transfer_to(&mut self, id: CallId, with: CallId, now: Instant) -> Result<(), VerbError> {
        self.enter(now);
        let live = |id| self.sessions.iter().find(|session| session.id == id && !session.over).ok_or(VerbError::NoCall);
        live(id)?.can_transfer()?;
        let (to, answered) = live(with)?.as_target()?;
        if id == with {
            return Err(VerbError::WrongPhase);
        }
        self.with(with, |session, core| {
            if answered {
                session.refer.passed = super::refer::Passed::Offered(id);
            } else {
                // First of all: the target's line is to be free when the new call reaches it.
                session.hang_up(core, Some(Cause::Transferred));
            }
        });
        self.verb(id, now, |session, core| session.transfer(core, &to))
    }
}

impl Session {
    fn can_transfer(&self) -> Result<(), VerbError> {
        if self.phase() == Phase::Established && !self.refer.is_under_way() && !self.refer.is_handed_on() {
            Ok(())
        } else {
            Err(VerbError::WrongPhase)
        }
    }

    /// The target of a transfer to the other end of this call, and whether this call is what the new one replaces.
    fn as_target(&self) -> Result<(ReferTo, bool), VerbError> {
        match &self.state {
            State::Outgoing(_) => Ok((ReferTo(NameAddr::new(self.remote.uri.clone())), false)),
            State::Incoming(_) | State::Gone => Err(VerbError::WrongPhase),
            State::Established(_) if self.refer.transfer.is_under_way() || self.refer.is_handed_on() => {
                Err(VerbError::WrongPhase)
            }
            State::Established(established) => {
                let dialog = &established.dialog;
                let target = if is_reachable(dialog.remote_target()) || !is_reachable(&dialog.remote().uri) {
                    dialog.remote_target()
                } else {
                    &dialog.remote().uri
                };
                // As the one sees the tags who gets the INVITE.
                let replaces = dialog
                    .call_id()
                    .parse::<CallIdHeader>()
                    .ok()
                    .and_then(|call_id| Replaces::new(&call_id, dialog.remote_tag(), dialog.local_tag()).ok());
                let replaces = replaces.ok_or(VerbError::WrongPhase)?;
                let to = ReferTo::with_replaces(target.clone(), &replaces).map_err(|_| VerbError::WrongPhase)?;
                Ok((to, true))
            }
        }
    }

    fn transfer(&mut self, core: &mut Core, to: &ReferTo) -> Result<(), VerbError> {
        self.can_transfer()?;
        let State::Established(established) = &mut self.state else { return Err(VerbError::WrongPhase) };
        let mut refer = established.dialog.request(Method::Refer);
        compose::describe(&core.config, &mut refer);
        refer.headers.push(to);
        // Who hides is not named here, either.
        if !identity::is_hidden(established.dialog.local()) {
            refer.headers.push(&ReferredBy(core.config.address.clone()));
        }
        compose::via(core, &mut refer);
        let seq = established.dialog.local_seq();
        let key = core.send(refer, Purpose::Refer(self.id), 0).ok_or(VerbError::WrongPhase)?;
        self.refer.earlier = self.refer.seq.replace(seq);
        self.refer.transfer = Transfer::Asking { key, until: patience(core) };
        self.progressed(core, TransferProgress::Sent);
        Ok(())
    }

    /// REFER was signed and sent again: its new number names the subscription.
    pub(super) fn referred_again(&mut self, core: &Core, new: Key) {
        if let Transfer::Asking { key, until } = &mut self.refer.transfer {
            *key = new;
            *until = patience(core);
            self.refer.seq = self.dialog().map(crate::dialog::Dialog::local_seq);
        }
    }

    /// Something came of our REFER. Once there was a NOTIFY, that says more.
    pub(super) fn refer_outcome(&mut self, core: &mut Core, outcome: &Outcome) {
        if !matches!(&self.refer.transfer, Transfer::Asking { key, .. } if *key == outcome.key) {
            return;
        }
        let Some(response) = &outcome.response else { return self.lapse(core) };
        if response.status.is_success() {
            self.refer.transfer = Transfer::Watching { progress: TransferProgress::Accepted, until: core.now + T1_X64 };
            self.progressed(core, TransferProgress::Accepted);
            if is_unsubscribed(response) {
                self.lapse(core);
            }
        } else if response.status.is_final() {
            self.transfer_failed(core, response.status);
        }
    }

    /// NOTIFY of a REFER came: says what to answer, and what follows is to be done by [`Self::transfer_told`].
    pub(super) fn transfer_notified(&mut self, core: &mut Core, key: &Key, notify: &Request) {
        let id = notify.headers.get::<header::Event>().ok().and_then(|event| event.id().map(str::parse::<u32>));
        // Servers in the middle give numbers of their own: only what is known to be of an earlier transfer is not ours.
        let stale = id.is_some_and(|id| id.ok() == self.refer.earlier && self.refer.earlier.is_some());
        let known = match self.refer.transfer {
            Transfer::Asking { .. } | Transfer::Watching { .. } | Transfer::Lapsed { .. } => !stale && !self.over,
            Transfer::Not | Transfer::Done => false,
        };
        let status = if known { Status::OK } else { Status::CALL_DOES_NOT_EXIST };
        core.respond(key, &compose::response(&core.config, notify, status, &self.local_tag));
        if known {
            self.transfer_told(core, notify);
        }
    }

    fn transfer_told(&mut self, core: &mut Core, notify: &Request) {
        let state = notify.headers.find::<SubscriptionState>().ok().flatten();
        let status = SipFrag::status(&notify.body);
        match status {
            Some(status) if status.is_success() => {
                self.forget_refer(core);
                self.refer.transfer = Transfer::Done;
                self.progressed(core, TransferProgress::Answered);
                self.leave(core, Cause::Transferred);
            }
            Some(status) if status.is_final() => {
                self.forget_refer(core);
                self.transfer_failed(core, status);
            }
            Some(_) | None if state.as_ref().is_some_and(SubscriptionState::is_terminated) => self.lapse(core),
            Some(_) | None => self.transfer_goes_on(core, status, state.and_then(|state| state.expires())),
        }
    }

    /// It was told that it is under way, as before or further; and that one hears of it for so many more seconds.
    fn transfer_goes_on(&mut self, core: &mut Core, status: Option<Status>, expires: Option<u32>) {
        let before = match &self.refer.transfer {
            Transfer::Asking { .. } => TransferProgress::Sent,
            Transfer::Watching { progress, .. } => *progress,
            Transfer::Lapsed { .. } | Transfer::Not | Transfer::Done => return,
        };
        let progress = match status {
            Some(Status::TRYING) if before != TransferProgress::Ringing => TransferProgress::Trying,
            Some(status) if status != Status::TRYING => TransferProgress::Ringing,
            Some(_) | None if before == TransferProgress::Sent => TransferProgress::Accepted,
            Some(_) | None => before,
        };
        let wait = expires.map_or(USUAL, |seconds| Duration::from_secs(seconds.into())).clamp(T1_X64, LONGEST);
        self.refer.transfer = Transfer::Watching { progress, until: core.now + wait };
        if progress != before {
            self.progressed(core, progress);
        }
    }

    pub(super) fn transfer_timeout(&mut self, core: &mut Core) {
        if self.refer.transfer.deadline().is_none_or(|deadline| deadline > core.now) {
            return;
        }
        match &self.refer.transfer {
            Transfer::Asking { .. } => {
                self.forget_refer(core);
                self.lapse(core);
            }
            Transfer::Watching { .. } => self.lapse(core),
            Transfer::Lapsed { .. } => {
                self.refer.transfer = Transfer::Not;
                // What is kept of a call that is over is nobody's news.
                if !self.over {
                    core.event(Event::Call(self.id));
                }
            }
            Transfer::Not | Transfer::Done => {}
        }
    }

    /// Nobody waits for the response to our REFER any more.
    fn forget_refer(&self, core: &mut Core) {
        if let Transfer::Asking { key, .. } = &self.refer.transfer {
            core.transactions.drop_client(key);
            core.questions.forget_purpose(Purpose::Refer(self.id));
        }
    }

    fn transfer_failed(&mut self, core: &mut Core, status: Status) {
        self.refer.transfer = Transfer::Not;
        self.progressed(core, TransferProgress::Failed(status));
    }

    fn lapse(&mut self, core: &mut Core) {
        if !matches!(self.refer.transfer, Transfer::Lapsed { .. }) {
            self.refer.transfer = Transfer::Lapsed { until: core.now + T1_X64 };
            self.progressed(core, TransferProgress::Unknown);
        }
    }

    fn progressed(&self, core: &mut Core, progress: TransferProgress) {
        core.event(Event::Transfer { call: self.id, progress });
    }
}

/// How long the answer to a REFER is waited for: a little longer than its transaction waits, and who has to sign it.
fn patience(core: &Core) -> Instant {
    core.now + T1_X64 + T1_X64
}

/// Whether they say that no NOTIFY will come (RFC 4488 4).
fn is_unsubscribed(response: &Response) -> bool {
    matches!(response.headers.find::<ReferSub>(), Ok(Some(sub)) if !sub.wanted)
}

/// Whether others than who is in the dialog can reach this: a Contact of a browser is a name that exists nowhere
/// (RFC 7118 5), unless it is a GRUU (RFC 5627).
pub(super) fn is_reachable(uri: &Uri) -> bool {
    match uri {
        Uri::Sip(sip) => sip.params.has("gr") || !ends_invalid(&sip.host),
        Uri::Tel(_) | Uri::Other { .. } => false,
    }
}

fn ends_invalid(host: &crate::uri::Host) -> bool {
    alloc::string::ToString::to_string(host).to_ascii_lowercase().ends_with(".invalid")
}
