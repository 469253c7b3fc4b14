use super::hooked::Hooked;
use super::link::{Link, Step};
use super::profile::{Learned, Profile};
use super::questions::{Challenged, Open, Questions};
use super::servers::Servers;
use super::strays::Stray;
use super::transactions::{Effects, Outcome, Purpose, Transactions};
use super::{CallId, Config, Event, Output, Question, QuestionId, compose};
use crate::header::Reason;
use crate::message::{Request, Response};
use crate::transaction::Key;
use crate::{Instant, Random};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// What the parts of an agent share: who it is, its transport, its transactions, its open questions, and the
/// queue of its outputs.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) config: Profile,
    pub(super) random: Random,
    pub(super) hook: Hooked,
    /// The time of what is being handled.
    pub(super) now: Instant,
    pub(super) link: Link,
    pub(super) servers: Servers,
    pub(super) transactions: Transactions,
    pub(super) questions: Questions,
    pub(super) strays: Vec<Stray>,
    out: VecDeque<Output>,
    outcomes: VecDeque<Outcome>,
}

impl Core {
    pub(super) fn new(config: Config, random: Random, now: Instant) -> Self {
        Self {
            config: Profile { config, learned: Learned::default() },
            random,
            hook: Hooked::default(),
            now,
            link: Link::Off,
            servers: Servers::default(),
            transactions: Transactions::default(),
            questions: Questions::default(),
            strays: Vec::new(),
            out: VecDeque::new(),
            outcomes: VecDeque::new(),
        }
    }

    /// The next output.
    pub(super) fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Whether nothing waits to be polled.
    pub(super) fn is_drained(&self) -> bool {
        self.out.is_empty()
    }

    /// The next outcome of a request that was sent.
    pub(super) fn outcome(&mut self) -> Option<Outcome> {
        self.outcomes.pop_front()
    }

    /// Opens the transport: to the best server, or to the one that was open when the agent was saved.
    pub(super) fn open(&mut self) {
        let servers = &self.config.config.servers;
        if !self.servers.fits(servers) {
            self.servers.begin(servers, &mut self.random, false);
        }
        self.link.open(self.now);
        self.connect();
    }

    fn connect(&mut self) {
        self.output(Output::Connect(self.servers.current()));
    }

    /// Leaves the server for a better one: says whether it was time to.
    pub(super) fn leave_server(&mut self, in_call: bool) -> bool {
        if self.servers.deadline().is_none_or(|deadline| deadline > self.now) || !self.link.is_up() {
            return false;
        }
        let config = &self.config.config;
        if in_call {
            self.servers.put_off(config.return_after, self.now, &mut self.random);
            return false;
        }
        self.servers.go_back(&config.servers, &mut self.random);
        self.output(Output::Disconnect);
        self.link.switch(self.now);
        self.connect();
        true
    }

    /// Sends bytes, if there is a transport. What got lost is repeated by its transaction or its dialog.
    pub(super) fn transmit(&mut self, bytes: Vec<u8>) {
        if self.link.is_up() {
            self.out.push_back(Output::Transmit(bytes));
        }
    }

    pub(super) fn event(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    /// What waits to be told of the one call is told of the other.
    pub(super) fn retell(&mut self, from: CallId, to: CallId) {
        for output in &mut self.out {
            if let Output::Event(event) = output
                && let Some(call) = event.call_mut()
                && *call == from
            {
                *call = to;
            }
        }
    }

    pub(super) fn output(&mut self, output: Output) {
        self.out.push_back(output);
    }

    /// Sends a request as a transaction of its own. One that was challenged is what the hook made of it already: its
    /// signature is over that.
    pub(super) fn send(&mut self, mut request: Request, purpose: Purpose, challenged: u8) -> Option<Key> {
        if challenged == 0 {
            self.hook.request(&mut request);
        }
        let mut effects = Effects::default();
        let left = self.link.is_up();
        let key = self.transactions.send(request, purpose, challenged, left, self.now, &mut effects);
        self.apply(effects);
        self.link.expect(self.now);
        key
    }

    /// Answers a request.
    pub(super) fn respond(&mut self, key: &Key, response: &Response) {
        match self.hook.0 {
            Some(_) => self.respond_with(key, &mut response.clone()),
            None => self.answer(key, response),
        }
    }

    /// Answers a request; leaves the response as it was sent.
    pub(super) fn respond_with(&mut self, key: &Key, response: &mut Response) {
        self.hook.response(response);
        self.answer(key, response);
    }

    fn answer(&mut self, key: &Key, response: &Response) {
        let mut effects = Effects::default();
        self.transactions.respond(key, response, self.now, &mut effects);
        self.apply(effects);
    }

    /// Sends the CANCEL of an INVITE, if it may leave now; says whether it did.
    pub(super) fn cancel(&mut self, key: &Key, reason: Option<&Reason>) -> bool {
        let Some(mut cancel) = self.transactions.cancel(key) else { return false };
        if let Some(reason) = reason {
            cancel.headers.push(reason);
        }
        self.send(cancel, Purpose::Farewell, 0).is_some()
    }

    /// Whether a request with this purpose waits for its response, or for its signature.
    pub(super) fn is_under_way(&self, purpose: Purpose) -> bool {
        self.transactions.count(purpose) > 0 || self.questions.is_open_for(purpose)
    }

    /// Asks the user. A question of the same call that is open stays open.
    pub(super) fn ask(&mut self, question: Question) -> QuestionId {
        let id = self.questions.open(question.clone(), None);
        self.out.push_back(Output::Ask(id, question));
        id
    }

    /// Asks the user for what a request is admitted with that was challenged.
    pub(super) fn ask_credentials(&mut self, question: Question, challenged: Challenged) {
        let id = self.questions.open(question.clone(), Some(challenged));
        self.out.push_back(Output::Ask(id, question));
    }

    /// Asks all that is open again: whoever was asked is gone.
    pub(super) fn ask_again(&mut self) {
        let open: Vec<Open> = self.questions.iter().cloned().collect();
        for Open { id, question, .. } in open {
            self.out.push_back(Output::Ask(id, question));
        }
    }

    /// Forgets the descriptions that were asked for this call.
    pub(super) fn forget_descriptions(&mut self, call: CallId) {
        self.questions.forget_descriptions(call);
    }

    /// Forgets what was asked for this call, but for signatures that its end needs.
    pub(super) fn forget_questions(&mut self, call: CallId) {
        self.questions.forget(call);
    }

    /// Does what transactions want.
    pub(super) fn apply(&mut self, effects: Effects) {
        for bytes in effects.transmit {
            self.transmit(bytes);
        }
        self.outcomes.extend(effects.outcomes);
    }

    /// Does what the transport wants. Says whether the transport is to be counted as lost.
    pub(super) fn step(&mut self, step: Step) -> bool {
        match step {
            Step::None => false,
            Step::Connect => {
                self.connect();
                false
            }
            Step::Ping => {
                self.transmit(b"\r\n\r\n".to_vec());
                false
            }
            Step::Options => {
                self.transactions.drop_purpose(Purpose::Probe);
                let mut options = compose::options(self);
                compose::via(self, &mut options);
                self.send(options, Purpose::Probe, 0);
                false
            }
            Step::GiveUp => {
                self.output(Output::Disconnect);
                true
            }
        }
    }
}
