//! What users do, and what happens to their connections.

use super::{Arrival, Exchange, LATENCY, Network, Wire};
use sip::agent::{Agent, Body, CallId, Input, MediaFailure, VerbError};
use sip::{Duration, Instant};

impl<E: Exchange> Network<E> {
    /// Starts a phone, and lets everything settle.
    pub fn start(&mut self, phone: usize) {
        self.act(phone, |agent, now| agent.start(now));
        self.settle();
    }

    pub fn stop(&mut self, phone: usize) {
        self.note(&format!("{} stops", self.phones[phone].user));
        self.act(phone, |agent, now| agent.stop(now));
    }

    /// Calls a user.
    pub fn dial(&mut self, phone: usize, user: &str) -> CallId {
        self.try_dial(phone, user).unwrap()
    }

    pub fn try_dial(&mut self, phone: usize, user: &str) -> Result<CallId, VerbError> {
        self.note(&format!("{} calls {user}", self.phones[phone].user));
        let target = format!("sip:{user}@example.com").parse().unwrap();
        self.act(phone, |agent, now| agent.call(target, now))
    }

    /// The only call of this phone, answered.
    pub fn answer(&mut self, phone: usize) {
        self.verb(phone, "answers", Agent::answer);
    }

    pub fn decline(&mut self, phone: usize) {
        self.verb(phone, "declines", Agent::decline);
    }

    pub fn divert(&mut self, phone: usize, to: &str) {
        let to = to.parse().unwrap();
        self.verb(phone, "diverts", |agent, call, now| agent.divert(call, to, now));
    }

    pub fn hang_up(&mut self, phone: usize) {
        self.verb(phone, "hangs up", Agent::hangup);
    }

    pub fn reoffer(&mut self, phone: usize) {
        self.verb(phone, "offers anew", Agent::reoffer);
    }

    pub fn replace_own(&mut self, phone: usize) {
        self.verb(phone, "goes on in another dialog", Agent::replace_own);
    }

    pub fn hold(&mut self, phone: usize) {
        self.verb(phone, "holds", Agent::hold);
    }

    pub fn resume(&mut self, phone: usize) {
        self.verb(phone, "resumes", Agent::resume);
    }

    /// Sends these digits, each for a tenth of a second.
    pub fn press(&mut self, phone: usize, digits: &str) {
        for digit in digits.chars().filter_map(sip::agent::Digit::new) {
            let verb = |agent: &mut Agent, id, now| agent.send_digit(id, digit, Duration::from_millis(100), now);
            self.verb(phone, &format!("presses {digit}"), verb);
        }
    }

    /// Candidates of a phone that follow its description.
    pub fn trickle(&mut self, phone: usize, fragment: &str) {
        let body = Body { content_type: "application/trickle-ice-sdpfrag".into(), bytes: fragment.into() };
        self.verb(phone, "finds candidates", |agent, id, now| agent.trickle(id, body, now));
    }

    pub fn fail(&mut self, phone: usize, failure: MediaFailure) {
        self.verb(phone, "loses its media", |agent, id, now| agent.fail(id, failure, now));
    }

    /// Tries something with the first call of a phone, if there is one.
    pub fn with_call(&mut self, phone: usize, verb: impl FnOnce(&mut Agent, CallId) -> Result<(), VerbError>) {
        let call = self.phones[phone].agent.calls().next();
        if let Some(call) = call {
            // A verb that does not fit is refused, and that is all.
            let _ = self.act(phone, |agent, _| verb(agent, call.id));
        }
    }

    /// Lets a phone's user have what its agent wants, after something was done to the agent itself.
    pub fn answer_questions(&mut self, phone: usize) {
        self.carry_out(phone);
    }

    /// Lets a phone's user do something with its agent, under a heading.
    pub fn on<T>(&mut self, phone: usize, what: &str, act: impl FnOnce(&mut Agent, Instant) -> T) -> T {
        self.note(&format!("{} {what}", self.phones[phone].user));
        self.act(phone, act)
    }

    /// Sends a phone a message that nobody sent.
    pub fn deliver(&mut self, phone: usize, bytes: &[u8]) {
        self.ladder.sent(self.now, "exchange", &self.phones[phone].user, bytes);
        self.after(LATENCY, Arrival::ToPhone(phone, bytes.to_vec()));
    }

    /// Answers the oldest question that a phone left open.
    pub fn answer_held(&mut self, phone: usize) {
        let (id, question) = self.phones[phone].held.remove(0);
        let answer = self.phones[phone].answer_to(&question);
        self.act(phone, |agent, now| agent.handle(Input::Answer(id, answer), now));
    }

    /// Cuts a phone's connection, so that both ends notice. What is under way on it is lost.
    pub fn cut(&mut self, phone: usize) {
        self.note(&format!("{} loses its connection", self.phones[phone].user));
        self.close(phone);
        self.act(phone, |agent, now| agent.handle(Input::Disconnected, now));
    }

    /// Cuts a phone's connection so that the phone does not notice: what it sends gets lost.
    pub fn cut_silently(&mut self, phone: usize) {
        self.note(&format!("{} loses its connection, and does not know", self.phones[phone].user));
        self.close(phone);
    }

    /// Says that the network may be back.
    pub fn hint(&mut self, phone: usize) {
        self.act(phone, |agent, now| agent.handle(Input::Hint, now));
    }

    /// Gives a phone a message that nobody sent.
    pub fn inject(&mut self, phone: usize, bytes: &[u8]) {
        self.act(phone, |agent, now| agent.handle(Input::Received(bytes), now));
    }

    fn verb(
        &mut self,
        phone: usize,
        what: &str,
        verb: impl FnOnce(&mut Agent, CallId, Instant) -> Result<(), VerbError>,
    ) {
        self.note(&format!("{} {what}", self.phones[phone].user));
        let call = self.phones[phone].agent.calls().next().expect("there is a call").id;
        self.act(phone, |agent, now| verb(agent, call, now)).expect("the verb fits the call");
    }
}

impl Network<Wire> {
    /// Sends a phone something that a test made, over the exchange.
    pub fn say(&mut self, phone: usize, bytes: Vec<u8>) {
        let user = self.phones[phone].user.clone();
        self.exchange.send(&user, bytes);
        self.drain_exchange();
    }
}
