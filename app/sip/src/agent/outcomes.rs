use super::link::Link;
use super::session::State;
use super::transactions::{FLOW_RENEWED, Outcome, Purpose};
use super::{Agent, Cause, Event, Output, Registration, challenge, compose, modify, session_timer, strays};
use crate::message::{Method, Status};
use crate::transaction::T1_X64;

impl Agent {
    /// Does all that follows from what was handled, and tells what changed.
    pub(super) fn settle(&mut self) {
        loop {
            if let Some(outcome) = self.core.outcome() {
                self.take(outcome);
            } else if let Some((mut outcome, bound)) = self.registering.renewed() {
                if bound && self.is_wanted(&outcome) {
                    challenge::unsign(&mut outcome.request);
                    compose::reroute(&self.core.config, &mut outcome.request);
                    self.send_again(outcome.purpose, outcome.request, outcome.challenged | FLOW_RENEWED);
                } else {
                    self.conclude(&outcome);
                }
            } else {
                break;
            }
        }
        for session in &mut self.sessions {
            session.advance(&mut self.core);
            session.inform(&mut self.core);
        }
        self.relate();
        self.tell_of_successors();
        let until = self.core.now + T1_X64;
        for gone in self.sessions.extract_if(.., |session| session.is_gone()) {
            self.core.transactions.abandon(Purpose::Invite(gone.id), until);
            self.core.transactions.abandon(Purpose::Reinvite(gone.id), until);
        }
        let owing = self.is_owing();
        self.registering.settle(&mut self.core, owing);
        let registration = self.registration();
        if registration == Registration::Stopped && !self.core.link.is_off() {
            self.halt();
        }
        if registration != self.told {
            self.events.set_ready(&mut self.core, registration == Registration::Registered);
            if registration == Registration::Stopped {
                self.events.end(&mut self.core);
            }
            self.told = registration;
            self.core.event(Event::Registration);
        }
        self.events.settle(&mut self.core);
    }

    fn take(&mut self, outcome: Outcome) {
        let wanted = self.is_wanted(&outcome);
        if wanted && challenge::ask(&mut self.core, &outcome) {
            return;
        }
        if wanted && is_flow_failed(&outcome) && self.registering.renew(&mut self.core, outcome.clone()) {
            return;
        }
        if wanted && let Some(request) = session_timer::raised(&outcome, outcome.challenged & !FLOW_RENEWED) {
            return self.send_again(outcome.purpose, request, outcome.challenged.saturating_add(1));
        }
        self.conclude(&outcome);
    }

    /// Whether a request for this purpose is worth being sent again, signed or over another flow.
    fn is_wanted(&self, outcome: &Outcome) -> bool {
        match outcome.purpose {
            // One that took too long was given up.
            Purpose::Reinvite(id) => self
                .sessions
                .iter()
                .any(|session| session.id == id && !session.over && session.awaits_reinvite(&outcome.key)),
            Purpose::Invite(id) | Purpose::Update(id) | Purpose::Info(id) | Purpose::Prack(id) | Purpose::Refer(id) => {
                self.sessions.iter().any(|session| session.id == id && !session.over)
            }
            Purpose::Register | Purpose::Report(_) | Purpose::Farewell => true,
            Purpose::Event(subject) => self.is_subject_wanted(subject),
            Purpose::Probe => false,
        }
    }

    /// Gives the outcome of a request to whoever sent it.
    pub(super) fn conclude(&mut self, outcome: &Outcome) {
        match outcome.purpose {
            Purpose::Register => {
                if self.registering.outcome(&mut self.core, outcome) {
                    self.drop_transport();
                }
            }
            Purpose::Invite(call) => {
                self.report_heard(outcome, call);
                let call = self.succeeded(outcome, call);
                if self.session(call).is_some() {
                    self.with(call, |session, core| session.invite_outcome(core, outcome));
                } else if let Some(response) = &outcome.response
                    && response.status.is_success()
                {
                    strays::refuse_stray(&mut self.core, &outcome.key, &outcome.request, response);
                }
            }
            Purpose::Reinvite(call) => {
                if self.session(call).is_some_and(|session| matches!(session.state, State::Established(_))) {
                    self.with(call, |session, core| session.reinvite_outcome(core, outcome));
                } else if let Some(response) = &outcome.response
                    && response.status.is_success()
                {
                    modify::acknowledge_late(&mut self.core, &outcome.request, response);
                }
            }
            Purpose::Prack(call) => self.with(call, |session, _| session.prack_outcome(outcome)),
            Purpose::Update(call) => self.with(call, |session, core| session.update_outcome(core, outcome)),
            Purpose::Info(call) => self.with(call, |session, core| session.info_outcome(core, outcome)),
            Purpose::Refer(call) => self.with(call, |session, core| session.refer_outcome(core, outcome)),
            Purpose::Report(call) => self.with(call, |session, core| session.report_outcome(core, outcome)),
            Purpose::Event(subject) => self.conclude_about(subject, outcome),
            Purpose::Farewell | Purpose::Probe => {}
        }
    }

    /// Closes the transport, which counts as lost.
    pub(super) fn drop_transport(&mut self) {
        self.core.output(Output::Disconnect);
        self.lost();
    }

    /// The agent stopped: nothing is under way any more. What it answered is remembered as always.
    fn halt(&mut self) {
        self.sessions.iter_mut().for_each(|session| session.part(&mut self.core));
        self.core.link = Link::Off;
        self.core.output(Output::Disconnect);
        self.core.transactions.halt();
        self.core.questions.clear();
        self.core.strays.clear();
        // Those that were begun after it stopped are over too.
        for session in &mut self.sessions {
            session.end(&mut self.core, Cause::Network);
        }
        self.sessions.clear();
    }
}

/// Whether a proxy on the way lost the flow that a request is bound to (RFC 5626 11.6), which a new one may mend.
fn is_flow_failed(outcome: &Outcome) -> bool {
    outcome.purpose != Purpose::Register
        && outcome.challenged & FLOW_RENEWED == 0
        // A CANCEL cannot be sent again (RFC 3261 22.1).
        && outcome.request.method != Method::Cancel
        && outcome.response.as_ref().is_some_and(|response| response.status == Status::FLOW_FAILED)
}
