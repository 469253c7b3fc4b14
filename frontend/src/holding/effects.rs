//! What the agent tells and asks.

use super::{Holding, Outward};
use crate::event::Event;
use crate::screen::Screen;
use crate::sign;
use app::backend::Opening;
use app::sign::ToSign;
use line::{mail, project};
use sip::Instant;
use sip::agent::{Answer, Call, CallId, Event as AgentEvent, Output, Phase, Question, QuestionId};

impl Holding {
    pub(super) fn effect(&mut self, output: Output, opening: &Opening, screen: &Screen, now: Instant) {
        match output {
            Output::Connect(_) => self.outward.push(Outward::Connect),
            Output::Disconnect => self.outward.push(Outward::Disconnect),
            Output::Transmit(message) => self.outward.push(Outward::Transmit(message)),
            Output::Ask(id, question) => self.ask(id, question, now),
            Output::Event(event) => self.happened(event, opening, screen, now),
        }
    }

    fn ask(&mut self, id: QuestionId, question: Question, now: Instant) {
        self.inherit(&question);
        self.learn_trickles(&question);
        match question {
            Question::Offer { call, hold } | Question::Answer { call, offer: None, hold } => {
                let before = self.agent.description(call);
                self.calls.offer(call, id, hold, before, now);
            }
            Question::Answer { call, offer: Some(offer), hold } => self.calls.answer(call, id, offer, hold, now),
            Question::Digest { challenges, nc, method, uri, body, .. } => {
                let challenges = challenges.iter().map(ToString::to_string).collect();
                let request = ToSign { epoch: self.epoch, challenges, nc, method: method.to_string(), uri, body };
                let (number, events) = (self.number, self.events.clone());
                leptos::task::spawn_local(async move {
                    let answer = sign::sign(&request).await.map_or(Answer::NoCredentials, Answer::Credentials);
                    events.tell(Event::Answered(number, id, Box::new(answer)));
                });
            }
        }
    }

    /// Whether candidates may follow the description that is asked for.
    fn learn_trickles(&mut self, question: &Question) {
        let (Question::Offer { call, .. } | Question::Answer { call, .. }) = question else { return };
        if let Some(known) = self.agent.calls().find(|known| known.id == *call) {
            self.calls.trickles(*call, known.trickles && self.agent.config().trickle);
        }
    }

    /// A call that takes the place of another begins as that one stands.
    pub(super) fn inherit(&mut self, question: &Question) {
        let Question::Answer { call, .. } = question else { return };
        let begins = |known: &Call| known.id == *call && known.phase == Phase::Answering;
        let replaced = self.agent.calls().find(begins).and_then(|known| known.replaces);
        if let Some(replaced) = replaced {
            self.replace(*call, replaced);
        }
    }

    /// The other end of a call hands this phone over, and it goes: whom it then calls is shown, and can be hung up on.
    fn follow(&mut self, call: CallId, now: Instant) {
        self.touched = true;
        if let Ok(next) = self.agent.accept_transfer(call, now) {
            self.replace(next, call);
        }
    }

    fn replace(&mut self, call: CallId, replaced: CallId) {
        let held = self.agent.calls().any(|known| known.id == replaced && known.held_here);
        self.calls.replace(call, replaced, held);
    }

    pub(super) fn happened(&mut self, event: AgentEvent, opening: &Opening, screen: &Screen, now: Instant) {
        match event {
            AgentEvent::Registration => {}
            AgentEvent::Call(call) => self.told.push(call),
            AgentEvent::Transfer { call, progress } => self.handing_over(call, progress, now),
            AgentEvent::Digit { call, digit, .. } => self.calls.pressed(call, digit),
            AgentEvent::TransferAsked { call, .. } => self.follow(call, now),
            AgentEvent::Incoming(call) => {
                self.announce(call, now);
                if self.rings(call) {
                    screen.show_ended(None);
                }
            }
            AgentEvent::Remote { call, branch, answer, early } => self.calls.describe(call, branch, answer, early),
            AgentEvent::BranchEnded { call, branch } => self.calls.silent(call, branch),
            AgentEvent::Ended { call, last, cause } => {
                self.ended(&last, &cause);
                self.calls.forget(call);
                if let Some(ended) = project::ended(&last, cause, &opening.domain) {
                    screen.show_ended(Some(ended));
                }
            }
            AgentEvent::Candidates { call, fragment } => self.calls.candidates(call, &fragment),
            AgentEvent::PictureWanted(call) => self.calls.refresh(call),
            AgentEvent::Message { id, from, body, call_id, .. } => {
                self.message_came(mail::received(id, &from, body, &call_id, &opening.domain));
            }
            AgentEvent::MessageSent { call_id, outcome, .. } => self.message_sent(call_id, outcome),
            // Nothing of this is asked for.
            AgentEvent::Answered { .. }
            | AgentEvent::Subscription { .. }
            | AgentEvent::SubscriptionAsked { .. }
            | AgentEvent::Publication { .. }
            | AgentEvent::Notified { .. } => {}
            AgentEvent::Stopped => self.stopped = true,
        }
    }
}
