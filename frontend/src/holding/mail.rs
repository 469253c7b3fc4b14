//! Messages: what came is told to the server and answered as it says, and what it wants sent is sent.

use super::Holding;
use crate::dial;
use app::lease::FromTab;
use app::messages::{Failure, Outcome, Received, Sent, ToSend};
use line::mail;
use sip::Instant;
use sip::agent::{Body, MessageId, MessageOutcome, Registration, VerbError};

/// What is known of messages beside the agent. It is not saved: the server knows what is to be sent, and the agent what came.
#[derive(Default)]
pub(super) struct Mail {
    /// What came and is not answered.
    received: Vec<Received>,
    /// What the server wants sent.
    wanted: Vec<ToSend>,
    /// What was sent here.
    sent: Vec<Attempt>,
    /// What the server is to be told next.
    words: Vec<FromTab>,
}

/// A message that was sent here, or by who had the line before.
struct Attempt {
    call_id: String,
    /// 0: who had the line before sent it.
    attempt: u32,
    outcome: Option<Outcome>,
}

impl Holding {
    /// What the server is to be told of messages.
    pub(crate) fn take_words(&mut self) -> Vec<FromTab> {
        core::mem::take(&mut self.mail.words)
    }

    /// The server may not have heard what it was told: all that is not answered is told again.
    pub(crate) fn tell_again(&mut self) {
        let Mail { received, words, .. } = &mut self.mail;
        *words = received.iter().cloned().map(FromTab::Message).collect();
    }

    /// What the server wants sent, as far as it is known.
    pub(super) fn wanted(&self) -> Vec<ToSend> {
        self.mail.wanted.clone()
    }

    /// This, and nothing else, is to be sent now.
    pub(crate) fn want_sent(&mut self, wanted: Vec<ToSend>) {
        let agent = &self.agent;
        self.mail.sent.retain(|sent| {
            agent.sends_message(&sent.call_id) || wanted.iter().any(|wanted| wanted.call_id == sent.call_id)
        });
        self.mail.wanted = wanted;
    }

    /// The server has the message with this number, or never will: how it is answered.
    pub(crate) fn answer_message(&mut self, id: u64, status: u16, now: Instant) {
        self.mail.received.retain(|received| received.id != id);
        let id = MessageId(id);
        self.verb(|agent| match mail::refusal(status) {
            None => agent.accept_message(id, now),
            Some(status) => agent.reject_message(id, status, now),
        });
    }

    /// A message came.
    pub(super) fn message_came(&mut self, received: Received) {
        self.mail.words.push(FromTab::Message(received.clone()));
        self.mail.received.push(received);
    }

    /// Something came of a message.
    pub(super) fn message_sent(&mut self, call_id: String, outcome: MessageOutcome) {
        let outcome = mail::outcome(outcome);
        let at = self.mail.sent.iter().position(|sent| sent.call_id == call_id);
        // Nobody could have answered who was asked by a page that is gone, or while there was no way to anybody.
        let in_vain = outcome == Outcome::Failed(Failure::NoResponse)
            && (at.is_none() || self.agent.registration() != Registration::Registered);
        if in_vain {
            self.mail.sent.retain(|sent| sent.call_id != call_id);
        } else if let Some(sent) = at.and_then(|at| self.mail.sent.get_mut(at)) {
            sent.outcome = Some(outcome);
        } else {
            self.mail.sent.push(Attempt { call_id, attempt: 0, outcome: Some(outcome) });
        }
    }

    /// Sends what is wanted and not under way, and tells what became of what was sent: whether anything was asked of the agent.
    pub(super) fn send_wanted(&mut self, now: Instant) -> bool {
        if self.resting || self.agent.registration() != Registration::Registered {
            return false;
        }
        let mut asked = false;
        let mut wanted = core::mem::take(&mut self.mail.wanted);
        wanted.retain(|wanted| {
            let at = self.mail.sent.iter().position(|sent| sent.call_id == wanted.call_id);
            let known = at.and_then(|at| self.mail.sent.get_mut(at));
            if let Some(Attempt { attempt, outcome: Some(outcome), .. }) = known
                && (*attempt == wanted.attempt || *attempt == 0)
            {
                *attempt = wanted.attempt;
                let sent = Sent { call_id: wanted.call_id.clone(), attempt: wanted.attempt, outcome: *outcome };
                self.mail.words.push(FromTab::Sent(sent));
                // It is told once; if the server did not hear it, it says so by wanting it again.
                return false;
            }
            if self.agent.sends_message(&wanted.call_id) {
                return true;
            }
            let outcome = match self.send_message(wanted, now) {
                Ok(()) => None,
                // It is sent when another one is done.
                Err(VerbError::TooMany) => return true,
                Err(VerbError::TooLarge) => Some(Outcome::Failed(Failure::TooLarge)),
                Err(_) => Some(Outcome::Failed(Failure::Unsendable)),
            };
            asked = true;
            self.mail.sent.retain(|sent| sent.call_id != wanted.call_id);
            let (call_id, attempt) = (wanted.call_id.clone(), wanted.attempt);
            self.mail.sent.push(Attempt { call_id, attempt, outcome });
            true
        });
        self.mail.wanted = wanted;
        asked
    }

    fn send_message(&mut self, wanted: &ToSend, now: Instant) -> Result<(), VerbError> {
        let target = dial::target(&wanted.to, &self.domain).ok_or(VerbError::Malformed)?;
        let body = Body { content_type: mail::TEXT.into(), bytes: wanted.text.clone().into_bytes() };
        self.touched = true;
        self.agent.message_as(&wanted.call_id, target, body, now).map(drop)
    }
}
