use super::super::core::Core;
use super::super::transactions::Outcome;
use super::super::{Agent, Body, Event, VerbError, compose};
use super::{Failure, PAUSE, Package, PublicationId, PublicationPhase, Subject};
use super::{back_off, errand, least, longer, refresh_at, retry_after, send};
use crate::Instant;
use crate::header::{Expires, SipETag, SipIfMatch};
use crate::message::{Method, Request, Status, Token};
use crate::transaction::T1_X64;
use alloc::string::String;
use core::time::Duration;

/// How many publications an agent may have.
const MAX_PUBLICATIONS: usize = 16;

/// A state of ours that a server tells others (RFC 3903 4). One PUBLISH is under way at a time; what was changed
/// meanwhile follows, and only the newest of it.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | P1 | – | publish, registered | PUBLISH with body | Publishing |
/// | P2 | – | publish, not registered | – | Waiting |
/// | P3 | Waiting, Later | registered, and its time came | PUBLISH with body | Publishing |
/// | P4 | Publishing | 2xx | keeps its entity-tag | Published |
/// | P5 | Publishing, Published, under way | republish | – | same, changed |
/// | P6 | changed | 2xx | PUBLISH with body and SIP-If-Match | Published, under way |
/// | P7 | Published | republish | PUBLISH with body and SIP-If-Match | Published, under way |
/// | P8 | Published | its time came | PUBLISH with SIP-If-Match, without body | Published, under way |
/// | P9 | Published, under way | 412 | PUBLISH with body, without SIP-If-Match | Publishing |
/// | P10 | Publishing, Published | 423 | PUBLISH for longer | same |
/// | P11 | Publishing | no response, a refusal that passes | – | Later |
/// | P12 | Published, under way | no response, a refusal that passes | tries again until it runs out | Published |
/// | P13 | Publishing, Published | another refusal | – | Refused |
/// | P14 | Published | it ran out | – | Later |
/// | P15 | Waiting, Later | unpublish | – | Removed |
/// | P16 | Publishing, Published | unpublish | PUBLISH with Expires 0, after the one that is under way | Removing |
/// | P17 | Removing | any final response, none in 32 s | – | Removed |
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Publication {
    pub(super) id: PublicationId,
    package: Package,
    /// The newest state.
    body: Body,
    /// Whether it is newer than what was sent.
    changed: bool,
    expires: Duration,
    call_id: String,
    seq: u32,
    /// What the server calls it.
    entity: Option<Token>,
    under_way: bool,
    failures: u32,
    state: State,
    told: PublicationPhase,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum State {
    Waiting,
    Later { at: Instant },
    Publishing,
    Published { refresh: Instant, until: Instant },
    Removing { asked: bool, until: Instant },
    Removed,
    Refused(Failure),
}

impl Publication {
    fn new(core: &mut Core, id: PublicationId, package: Package, body: Body, expires: Duration) -> Self {
        Self {
            id,
            package,
            body,
            changed: false,
            expires: least(expires),
            call_id: core.random.token(),
            seq: 0,
            entity: None,
            under_way: false,
            failures: 0,
            state: State::Waiting,
            told: PublicationPhase::Waiting,
        }
    }

    const fn phase(&self) -> PublicationPhase {
        match self.state {
            State::Waiting | State::Later { .. } => PublicationPhase::Waiting,
            State::Publishing => PublicationPhase::Publishing,
            State::Published { .. } => PublicationPhase::Published,
            State::Removing { .. } => PublicationPhase::Removing,
            State::Removed => PublicationPhase::Removed,
            State::Refused(failure) => PublicationPhase::Refused(failure),
        }
    }

    /// Tells where it stands, if that changed; says whether it is to be kept.
    pub(super) fn tell(&mut self, core: &mut Core) -> bool {
        let phase = self.phase();
        if phase != self.told {
            self.told = phase;
            core.event(Event::Publication { id: self.id, phase });
        }
        !matches!(self.state, State::Removed | State::Refused(_))
    }

    pub(super) fn deadline(&self, ready: bool) -> Option<Instant> {
        match self.state {
            State::Waiting | State::Publishing | State::Removed | State::Refused(_) => None,
            State::Later { at } => ready.then_some(at),
            State::Published { refresh, until } if ready && !self.under_way => Some(refresh.min(until)),
            State::Published { until, .. } | State::Removing { until, .. } => Some(until),
        }
    }

    pub(super) fn timeout(&mut self, core: &mut Core, ready: bool) {
        if self.deadline(ready).is_none_or(|deadline| deadline > core.now) {
            return;
        }
        match self.state {
            State::Later { .. } => self.begin(core),
            State::Published { until, .. } if until <= core.now => self.again(core, Some(Duration::ZERO)),
            State::Published { .. } => self.send(core),
            State::Removing { .. } => self.end(core, State::Removed),
            State::Waiting | State::Publishing | State::Removed | State::Refused(_) => {}
        }
    }

    /// The agent is registered. What is published stays so without any connection.
    pub(super) fn ready(&mut self, core: &mut Core) {
        match self.state {
            State::Waiting => self.begin(core),
            State::Later { .. }
            | State::Publishing
            | State::Published { .. }
            | State::Removing { .. }
            | State::Removed
            | State::Refused(_) => {}
        }
    }

    /// There is a newer state.
    fn change(&mut self, core: &mut Core, body: Body, ready: bool) {
        self.body = body;
        self.changed = true;
        if ready && !self.under_way && matches!(self.state, State::Published { .. }) {
            self.send(core);
        }
    }

    /// Takes it back.
    pub(super) fn remove(&mut self, core: &mut Core) {
        match self.state {
            State::Waiting | State::Later { .. } => self.end(core, State::Removed),
            State::Publishing | State::Published { .. } => {
                self.state = State::Removing { asked: false, until: core.now + T1_X64 };
                self.say_goodbye(core);
            }
            State::Removing { .. } | State::Removed | State::Refused(_) => {}
        }
    }

    /// The agent is about to be gone: what can still be said is said now.
    pub(super) fn hurry(&mut self, core: &mut Core) {
        self.under_way &= self.entity.is_none();
        self.remove(core);
        self.say_goodbye(core);
    }

    /// The agent is gone.
    pub(super) fn stopped(&mut self, core: &mut Core) {
        self.end(core, State::Removed);
    }

    /// PUBLISH was signed: the number to send it again with.
    pub(super) const fn next_seq(&mut self) -> u32 {
        self.skip(1);
        self.seq
    }

    /// Makes the next number jump.
    pub(super) const fn skip(&mut self, numbers: u32) {
        self.seq = self.seq.saturating_add(numbers) & 0x7fff_ffff;
    }

    /// Something final came of PUBLISH.
    pub(super) fn outcome(&mut self, core: &mut Core, outcome: &Outcome) {
        if !self.under_way {
            return;
        }
        self.under_way = false;
        let response = outcome.response.as_ref();
        let success = response.is_some_and(|response| response.status.is_success());
        // A change that was refused for now goes with the next one.
        self.changed |= !success && !outcome.request.body.is_empty();
        match response {
            Some(response) if response.status.is_success() => {
                let lasts = response.headers.find::<Expires>().ok().flatten();
                let lasts = lasts.map_or(self.expires, |Expires(seconds)| Duration::from_secs(seconds.into()));
                self.entity = response.headers.find::<SipETag>().ok().flatten().map(|SipETag(entity)| entity);
                self.published(core, lasts.min(self.expires));
            }
            // What it was is forgotten there: all of it is said again, once.
            Some(response)
                if response.status == Status::CONDITIONAL_REQUEST_FAILED
                    && outcome.request.headers.contains(crate::message::HeaderName::SipIfMatch) =>
            {
                self.entity = None;
                if matches!(self.state, State::Removing { .. }) {
                    self.end(core, State::Removed);
                } else {
                    self.begin(core);
                }
            }
            response => match response.and_then(|response| longer(response, self.expires)) {
                Some(longer) if !matches!(self.state, State::Removing { .. }) => {
                    self.expires = longer;
                    self.send(core);
                }
                Some(_) | None => self.refused(core, Failure::of(response), response.and_then(retry_after)),
            },
        }
    }

    fn published(&mut self, core: &mut Core, lasts: Duration) {
        match self.state {
            State::Publishing | State::Published { .. } => {
                self.failures = 0;
                // What lasts no time at all would be published in a loop.
                let until = core.now + lasts.max(PAUSE);
                self.state = State::Published { refresh: refresh_at(core.now, lasts), until };
                if self.changed {
                    self.send(core);
                }
            }
            State::Removing { asked: true, .. } => self.end(core, State::Removed),
            State::Removing { asked: false, .. } => self.say_goodbye(core),
            State::Waiting | State::Later { .. } | State::Removed | State::Refused(_) => {}
        }
    }

    fn refused(&mut self, core: &mut Core, failure: Failure, after: Option<Duration>) {
        match self.state {
            State::Removing { .. } => self.end(core, State::Removed),
            State::Publishing | State::Published { .. } if !failure.is_passing() => {
                self.end(core, State::Refused(failure));
            }
            State::Publishing => self.again(core, after),
            State::Published { ref mut refresh, .. } => {
                self.failures = self.failures.saturating_add(1);
                *refresh = core.now + after.unwrap_or_else(|| back_off(core, self.failures));
            }
            State::Waiting | State::Later { .. } | State::Removed | State::Refused(_) => {}
        }
    }

    fn again(&mut self, core: &mut Core, after: Option<Duration>) {
        self.failures = self.failures.saturating_add(1);
        let after = after.unwrap_or_else(|| back_off(core, self.failures));
        self.entity = None;
        self.state = State::Later { at: core.now + after };
    }

    fn begin(&mut self, core: &mut Core) {
        self.state = State::Publishing;
        self.entity = None;
        self.send(core);
    }

    fn end(&mut self, core: &mut Core, state: State) {
        core.transactions.drop_purpose(Subject::Publication(self.id).purpose());
        core.questions.forget_purpose(Subject::Publication(self.id).purpose());
        self.under_way = false;
        self.state = state;
    }

    /// Removes it there, as soon as that is possible; what has no entity-tag cannot be removed, and runs out.
    fn say_goodbye(&mut self, core: &mut Core) {
        if !matches!(self.state, State::Removing { asked: false, .. }) || self.under_way {
            return;
        }
        match self.entity.take() {
            Some(entity) => {
                let mut request = self.request(core, Duration::ZERO);
                request.headers.push(&SipIfMatch(entity));
                self.under_way = send(core, request, Subject::Publication(self.id));
                self.state = State::Removing { asked: true, until: core.now + T1_X64 };
            }
            None => self.end(core, State::Removed),
        }
    }

    /// PUBLISH leaves: with the state, unless the server has it.
    fn send(&mut self, core: &mut Core) {
        let mut request = self.request(core, self.expires);
        if let Some(entity) = &self.entity {
            request.headers.push(&SipIfMatch(entity.clone()));
        }
        if self.changed || self.entity.is_none() {
            compose::body(&mut request.headers, &mut request.body, self.body.clone());
            self.changed = false;
        }
        self.under_way = send(core, request, Subject::Publication(self.id));
    }

    fn request(&mut self, core: &mut Core, expires: Duration) -> Request {
        self.skip(1);
        let target = core.config.address.uri.clone();
        let tag = core.random.token();
        let mut request = compose::outside(&core.config, Method::Publish, target, &self.call_id, &tag, self.seq);
        request.headers.push(&self.package.event());
        request.headers.push(&Expires(u32::try_from(expires.as_secs()).unwrap_or(u32::MAX)));
        request
    }
}

impl Agent {
    /// Publishes a state of this user (RFC 3903): it is refreshed, and published anew when the server forgot it, until
    /// [`Agent::unpublish`], unless it is refused for good. `expires` is how long is asked for at a time, 60 s at
    /// least. [`Event::Publication`] tells how it stands.
    ///
    /// # Errors
    /// There are as many as are allowed (16), or the body is too large or its type malformed.
    pub fn publish(
        &mut self,
        package: Package,
        body: Body,
        expires: Duration,
        now: Instant,
    ) -> Result<PublicationId, VerbError> {
        errand::check(&body)?;
        if self.events.publications.len() >= MAX_PUBLICATIONS {
            return Err(VerbError::TooMany);
        }
        self.enter(now);
        let id = PublicationId(self.events.name());
        let mut publication = Publication::new(&mut self.core, id, package, body, expires);
        if self.events.ready {
            publication.ready(&mut self.core);
        }
        self.events.publications.push(publication);
        self.settle();
        Ok(id)
    }

    /// Publishes a newer state. Of several that come while one is under way, the last one is sent.
    ///
    /// # Errors
    /// There is no such publication, or the body is too large or its type malformed.
    pub fn republish(&mut self, id: PublicationId, body: Body, now: Instant) -> Result<(), VerbError> {
        errand::check(&body)?;
        self.enter(now);
        let ready = self.events.ready;
        let publication = self.events.publication(id).ok_or(VerbError::Unknown)?;
        publication.change(&mut self.core, body, ready);
        self.settle();
        Ok(())
    }

    /// Takes a publication back.
    ///
    /// # Errors
    /// There is no such publication.
    pub fn unpublish(&mut self, id: PublicationId, now: Instant) -> Result<(), VerbError> {
        self.enter(now);
        let publication = self.events.publication(id).ok_or(VerbError::Unknown)?;
        publication.remove(&mut self.core);
        self.settle();
        Ok(())
    }

    /// The publications and where they stand, oldest first.
    pub fn publications(&self) -> impl Iterator<Item = (PublicationId, PublicationPhase)> {
        self.events.publications.iter().map(|publication| (publication.id, publication.phase()))
    }
}
