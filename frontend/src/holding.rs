use crate::calls::Calls;
use crate::clock::Moment;
use crate::event::Events;
use crate::mark;
use crate::media::{Devices, Subject, Told};
use crate::repair::Way;
use crate::ring::Tone;
use crate::screen::Screen;
use crate::socket::Heard;
use crate::wire::Wire;
use app::backend::Opening;
use app::lease::Grant;
use app::phone;
use line::identity::{self, IdentityError};
use line::reports::Reports;
use line::snapshot;
use line::snapshot::Beside;
use sip::agent::{
    Agent, Answer, Call, CallId, Config, Input, MediaFailure, Phase, QuestionId, Registration, VerbError,
};
use sip::{Duration, Instant};

mod adoption;
mod effects;
mod history;
mod mail;
mod several;
mod shown;
mod unattended;
mod verbs;

pub(crate) use adoption::Absence;
use adoption::Refused;
use mail::Mail;
use unattended::Announced;

/// What this tab owns while it holds the line: the agent and all that serves it. Dropping it is silent: nothing is
/// unregistered and no call is ended, but sockets, microphones and connections are closed at once.
pub(crate) struct Holding {
    /// What is told of an earlier one is known by its number.
    number: u64,
    epoch: u64,
    agent: Agent,
    events: Events,
    wire: Option<Wire>,
    /// The agent wants its transport, and the tab rests.
    wire_wanted: bool,
    calls: Calls,
    resting: bool,
    /// The way to the server was lost, and is not registered over anew.
    lost: bool,
    /// What should arrive does not: it is to be asked whether the server can be reached.
    doubts: bool,
    stopped: bool,
    ready: bool,
    /// Whether there may be news for the next holder.
    touched: bool,
    /// What leaves once the server knows what led to it.
    outward: Vec<Outward>,
    /// What a person ended here, newest last: who acted for the line meanwhile may not know.
    refused: Vec<Refused>,
    /// Calls whose session was changed by who acted meanwhile.
    changed: Vec<CallId>,
    /// Calls of which the agent told something since it was listened to last.
    told: Vec<CallId>,
    /// The call that is to be answered by itself.
    announced: Option<Announced>,
    /// Our domain.
    domain: String,
    /// The calls that are over and that the server is not known to have.
    reports: Reports,
    mail: Mail,
}

/// What leaves the page, in order.
enum Outward {
    Connect,
    Transmit(Vec<u8>),
    Disconnect,
}

impl Holding {
    /// Begins to hold the line: where the last holder left off, else afresh.
    pub(crate) fn begin(
        grant: Grant,
        opening: &Opening,
        events: &Events,
        devices: &Devices,
        moment: &Moment,
    ) -> Result<Self, IdentityError> {
        let now = moment.now;
        let config = Config { decides_auto_answer: true, ..identity::config(&grant.identity, opening, moment.wall)? };
        let restored = grant.snapshot.and_then(|(bytes, age)| {
            let restored = snapshot::restore(&bytes, config.clone(), Duration::from_millis(age), moment.seed, now);
            restored.map_err(|error| web_sys::console::warn_1(&error.to_string().into())).ok()
        });
        let (mut agent, (facts, reports)) =
            restored.unwrap_or_else(|| (Agent::new(config, moment.seed, now), Beside::default()));
        match agent.registration() {
            Registration::Idle | Registration::Stopped => agent.start(now),
            Registration::Connecting
            | Registration::Registering
            | Registration::Registered
            | Registration::Refused(_)
            | Registration::Unreachable
            | Registration::Unregistering => {}
        }
        Ok(Self {
            number: events.number(),
            epoch: grant.epoch,
            agent,
            events: events.clone(),
            wire: None,
            wire_wanted: false,
            calls: Calls::new(events, devices, &opening.policy, facts),
            resting: false,
            lost: false,
            doubts: false,
            stopped: false,
            ready: false,
            touched: true,
            outward: Vec::new(),
            refused: Vec::new(),
            changed: Vec::new(),
            told: Vec::new(),
            announced: None,
            domain: opening.domain.clone(),
            reports,
            mail: Mail::default(),
        })
    }

    /// Goes on under this epoch: nobody acted meanwhile. The SIP socket of another one is not wanted any more.
    pub(crate) fn resume(&mut self, epoch: u64, now: Instant) {
        if core::mem::replace(&mut self.epoch, epoch) != epoch {
            self.cut(now);
            self.touched = true;
        }
        self.wake(now);
    }

    /// The lease that it runs under.
    pub(crate) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// When [`Holding::timeout`] is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let renewal = self
            .agent
            .calls()
            .filter(|_| self.can_reoffer())
            .filter_map(|call| self.calls.wants_media(&call))
            .map(|(at, _)| at);
        let own = [self.agent.deadline(), self.calls.deadline(), self.announcement()];
        own.into_iter().flatten().chain(renewal).min()
    }

    pub(crate) fn timeout(&mut self, now: Instant) {
        if self.agent.deadline().is_some_and(|deadline| deadline <= now) {
            self.handle(Input::Timeout, now);
        }
        self.answer_announced(now);
        for call in self.calls.timeout(now) {
            self.verb(|agent| agent.fail(call, MediaFailure::Connectivity, now));
        }
    }

    /// Takes what the SIP socket told, if it is still the current one.
    pub(crate) fn hear(&mut self, number: u64, heard: Heard, now: Instant) {
        if self.wire.as_ref().is_none_or(|wire| !wire.is(number)) {
            return;
        }
        match heard {
            Heard::Opened => self.handle(Input::Connected, now),
            Heard::Message(message) => self.handle(Input::Received(&message), now),
            Heard::Closed(..) => {
                self.wire = None;
                self.lost = true;
                self.handle(Input::Disconnected, now);
            }
        }
    }

    /// Takes what a peer told, if it is still the one of that call.
    pub(crate) fn media(&mut self, call: CallId, number: u64, told: Told, now: Instant) {
        if !self.calls.is_current(call, number) {
            return;
        }
        match told {
            Told::Answer(question, answer) => self.handle(Input::Answer(question, *answer), now),
            Told::Stranded(offer) => self.calls.stranded(call, offer, now),
            Told::State(state) => {
                if self.calls.state(call, state, now) {
                    mark::set(mark::CONNECTED);
                }
            }
            Told::Candidates(fragment) => self.verb(|agent| agent.trickle(call, *fragment, now)),
            Told::Silent(silent) => self.calls.silenced(call, silent),
            // Recordings hear it after every event.
            Told::Sounds => {}
            Told::Counted(statistics) => self.doubts |= self.calls.counted(call, &statistics, now),
            Told::Voice(voice) => self.calls.voiced(call, voice),
            Told::Changed => self.changed.push(call),
            Told::Picture { theirs, deaf } => {
                self.calls.pictured(call, theirs);
                if deaf {
                    self.verb(|agent| agent.request_picture(call, now));
                }
            }
            Told::Pictured => {}
            Told::Unpictured(subject, failure) => self.unpictured(call, subject, failure, now),
            Told::Failed(failure) => self.verb(|agent| agent.fail(call, failure, now)),
        }
    }

    /// Takes an answer that was not made by a peer, if this is the holding that asked.
    pub(crate) fn answered_elsewhere(&mut self, number: u64, question: QuestionId, answer: Answer, now: Instant) {
        if number == self.number {
            self.handle(Input::Answer(question, answer), now);
        }
    }

    /// The network is gone: the SIP socket is given up, although it does not know yet.
    pub(crate) fn cut(&mut self, now: Instant) {
        if self.wire.take().is_some() {
            self.lost = true;
            self.handle(Input::Disconnected, now);
        }
    }

    /// The network may be back.
    pub(crate) fn hint(&mut self, now: Instant) {
        self.handle(Input::Hint, now);
    }

    /// The server can be reached again: what is being opened since before that is given up, as it may hang.
    pub(crate) fn reconnect(&mut self, now: Instant) {
        if self.wire.as_ref().is_some_and(|wire| !wire.is_open()) {
            self.cut(now);
        }
        self.hint(now);
    }

    /// Whether there are calls.
    pub(crate) fn has_calls(&self) -> bool {
        self.agent.calls().next().is_some()
    }

    /// Ends every call and unregisters; [`Holding::is_stopped`] tells when it is done.
    pub(crate) fn stop(&mut self, now: Instant) {
        self.agent.stop(now);
        self.touched = true;
    }

    /// Whether it has stopped, and what was recorded is on the server, and what is to be told of its calls.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped && self.calls.is_saved() && self.reports.is_empty()
    }

    /// Goes silent because the lease may be another tab's by now: no socket, no microphone, no sound; the agent and the
    /// connections stay for [`Holding::wake`].
    pub(crate) fn rest(&mut self, now: Instant) {
        if core::mem::replace(&mut self.resting, true) {
            return;
        }
        self.cut(now);
        self.calls.rest();
    }

    pub(crate) const fn is_resting(&self) -> bool {
        self.resting
    }

    /// Goes on: the server confirmed that the lease is still this tab's.
    pub(crate) fn wake(&mut self, now: Instant) {
        if core::mem::replace(&mut self.resting, false) {
            self.calls.wake();
            if core::mem::take(&mut self.wire_wanted) {
                self.connect(now);
            }
        }
        self.hint(now);
    }

    /// Lets the agent say all that it has to say. What leaves the page waits for [`Holding::flush`].
    pub(crate) fn listen(&mut self, opening: &Opening, screen: &Screen, now: Instant) {
        loop {
            while let Some(output) = self.agent.poll() {
                self.effect(output, opening, screen, now);
            }
            // An offer that was neither taken nor is under way any more was refused; an answer was told before.
            for call in core::mem::take(&mut self.told) {
                if self.agent.is_agreed(call) {
                    self.calls.take_back(call);
                }
            }
            self.follow_announced();
            // All are to be done.
            if !(self.reoffer(now) | self.hold_late(now) | self.forbid_unannounced(now) | self.send_wanted(now)) {
                break;
            }
        }
    }

    /// Shows what came of what the agent said, and of what is left.
    pub(crate) fn settle(&mut self, opening: &Opening, screen: &Screen, now: Instant) {
        self.listen(opening, screen, now);
        if self.lost && self.agent.registration() == Registration::Registered {
            self.lost = false;
            self.calls.moved(now);
        }
        self.calls.follow(self.agent.calls(), self.can_reoffer());
        self.record_on(opening);
        self.show(opening, screen, now);
    }

    /// Lets leave what was said, now that the server knows what led to it: a page that dies in between leaves nothing that
    /// the next one does not know. Whether the agent has something to say to it.
    pub(crate) fn flush(&mut self, now: Instant) -> bool {
        let mut refused = false;
        for outward in core::mem::take(&mut self.outward) {
            match outward {
                Outward::Connect if self.resting => self.wire_wanted = true,
                // The server that the page came from is the only one.
                Outward::Connect => refused |= !self.connect(now),
                Outward::Disconnect => {
                    self.wire = None;
                    self.wire_wanted = false;
                }
                Outward::Transmit(message) => {
                    if message.starts_with(b"INVITE ") {
                        mark::set(mark::INVITE);
                    }
                    if let Some(wire) = &self.wire {
                        wire.send(&message);
                    }
                }
            }
        }
        refused
    }

    /// Whether it is to be asked if the server can be reached, for what should arrive does not.
    pub(crate) const fn take_doubts(&mut self) -> bool {
        core::mem::replace(&mut self.doubts, false)
    }

    /// Which tone is to be heard.
    pub(crate) fn tone(&self) -> Option<Tone> {
        let tone = self.calls.tone(&self.agent.calls().collect::<Vec<_>>());
        if self.is_announced() { tone.map(|_| Tone::Announced) } else { tone }
    }

    /// Whether there may be news for the next holder since this was asked last.
    pub(crate) const fn take_touched(&mut self) -> bool {
        core::mem::replace(&mut self.touched, false)
    }

    /// Whether something is lost when nobody goes on with this.
    pub(crate) fn has_something_to_lose(&self) -> bool {
        self.agent.has_something_to_lose() || !self.reports.is_empty()
    }

    /// What the next holder needs, without the time: it differs when something changed.
    pub(crate) fn content(&self) -> Option<Vec<u8>> {
        self.snapshot(Instant::from_millis(0))
    }

    /// What the next holder needs; `None` while the agent has something left to say.
    pub(crate) fn snapshot(&self, now: Instant) -> Option<Vec<u8>> {
        snapshot::save(&self.agent, (self.calls.facts(), self.reports.clone()), now)
    }

    /// There is no picture of this. A call that was to begin with a screen does not begin without one.
    fn unpictured(&mut self, call: CallId, subject: Subject, failure: Option<phone::MediaFailure>, now: Instant) {
        if subject == Subject::Screen && failure.is_none() {
            // Who ends the sharing ends it for all who see it.
            let others = self.calls.together(call).into_iter().filter(|other| *other != call);
            others.for_each(|other| self.calls.picture(other, Subject::Screen, false));
        }
        let begins = self.agent.calls().any(|known| known.id == call && known.phase == Phase::Preparing);
        if self.calls.unpictured(call, subject, failure) && subject == Subject::Screen && failure.is_none() && begins {
            self.hang_up(call, now);
        }
    }

    /// Opens the SIP socket: whether the browser tries to.
    fn connect(&mut self, now: Instant) -> bool {
        self.wire = Wire::open(self.epoch, self.events.number(), &self.events);
        if self.wire.is_none() {
            self.handle(Input::Disconnected, now);
        }
        self.wire.is_some()
    }

    /// Calls that are up without media (because they were up in the page before this one, or because it broke) get it
    /// as soon as there is a way to say so: whether anything was asked of the agent.
    fn reoffer(&mut self, now: Instant) -> bool {
        if !self.can_reoffer() {
            return false;
        }
        let due = |call: Call| match self.calls.wants_media(&call) {
            Some((at, way)) if at <= now => Some((call.id, way)),
            Some(_) | None => {
                let news = self.changed.contains(&call.id) || self.calls.wants_pictures(&call);
                news.then_some((call.id, Way::Restart))
            }
        };
        let silent: Vec<(CallId, Way)> = self.agent.calls().filter_map(due).collect();
        let mut asked = false;
        for (call, way) in silent {
            let began = match way {
                Way::Restart | Way::Fresh => self.agent.reoffer(call, now),
                Way::Replace => self.agent.replace_own(call, now),
            };
            // What cannot be offered now is offered once it can be.
            if began.is_ok() {
                asked = true;
                self.changed.retain(|changed| *changed != call);
            }
            self.calls.reoffered(call, now);
        }
        self.changed.retain(|changed| self.agent.calls().any(|call| call.id == *changed));
        asked
    }

    fn can_reoffer(&self) -> bool {
        !self.resting && self.agent.registration() == Registration::Registered
    }

    fn handle(&mut self, input: Input<'_>, now: Instant) {
        self.touched = true;
        self.agent.handle(input, now);
    }

    /// A verb that does not fit comes from a click on what has just changed: there is nothing left to do.
    fn verb(&mut self, act: impl FnOnce(&mut Agent) -> Result<(), VerbError>) {
        self.touched = true;
        let _ = act(&mut self.agent);
    }
}

#[cfg(test)]
mod tests;
