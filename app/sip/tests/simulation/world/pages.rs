//! What pages do with their connections, and what their agents want.

use super::{Connection, Due, World};
use crate::network::Exchange as _;
use crate::page::Page;
use sip::agent::{Agent, Event, Input, Notice, Output, Question, QuestionId};
use sip::message::is_keepalive;
use sip::{Duration, Instant};

/// From when on a signature is late.
const LATE: Duration = Duration::from_millis(300);

impl World {
    pub(super) fn open(&mut self, page: usize) {
        self.flows += 1;
        let flow = self.flows;
        self.pages[page].flow = Some(flow);
        let (to_exchange, to_page) = (self.now, self.now);
        let connection = Connection { page, page_open: true, exchange_open: true, dead: false, to_exchange, to_page };
        self.connections.insert(flow, connection);
        let user = self.pages[page].phone.user.clone();
        self.exchange.opened(flow, &user, self.now);
        self.drain_exchange();
    }

    pub(super) fn input(&mut self, page: usize, input: Input<'_>) {
        let timeout = matches!(input, Input::Timeout);
        let clock = self.pages[page].clock(self.now);
        self.pages[page].phone.agent.handle(input, clock);
        self.drain(page);
        self.watches[page].handled(&self.pages[page], timeout, self.now);
    }

    pub(super) fn drain(&mut self, page: usize) {
        while let Some(output) = self.pages[page].phone.agent.poll() {
            match output {
                Output::Connect(_) => {
                    self.pages[page].attempt += 1;
                    let attempt = self.pages[page].attempt;
                    let time = self.random.millis(5, 300);
                    // Now and then there is no news.
                    if !(self.faults && self.random.percent(5)) {
                        self.later(time, Due::Opened(page, attempt));
                    }
                }
                Output::Disconnect => self.disconnect(page),
                Output::Transmit(bytes) => self.sent(page, bytes),
                Output::Ask(id, question) => self.asked(page, id, question),
                Output::Event(event) => {
                    self.watches[page].told(&self.pages[page].phone.agent, &event, self.now);
                    // What was answered may have to be sent again by who lost the answer, and not for a connection alone:
                    // then the exchange knows what it answered.
                    let fault = self.pages.iter().map(|page| page.last_fault).max().flatten().max(self.last_fault);
                    let disorder = self.pages.iter().map(|page| page.last_disorder).max().flatten();
                    let disorder = disorder.max(self.last_fault);
                    let kept = self.delivered(page, &event, disorder);
                    let beside = &self.watches[page].beside;
                    self.letters.told(page, beside, &event, (fault, disorder), kept, self.now);
                    self.noticed(page, &event);
                    let Page { phone, .. } = &mut self.pages[page];
                    let line = phone.told(event);
                    phone.seen.clear();
                    if let (Some(ladder), Some(line)) = (&mut self.ladder, line) {
                        ladder.told(self.now, self.pages[page].name(), &line);
                    }
                }
            }
        }
        assert!(
            self.pages[page].phone.agent.snapshot(Instant::from_millis(0)).is_some(),
            "a drained agent can be saved"
        );
    }

    /// Whether it is a message that was kept: these come in their order.
    fn delivered(&mut self, page: usize, event: &Event, disorder: Option<Instant>) -> bool {
        if self.kind.tells
            && let Event::Message { body, .. } = event
        {
            let words = String::from_utf8_lossy(&body.bytes);
            let kept = &self.exchange.mailbox.kept;
            if let Some(place) = kept.iter().position(|(kept, _)| *kept == words) {
                self.letters.delivered(page, &words, place, disorder);
                return true;
            }
        }
        false
    }

    /// Notes what a user notices, to be compared.
    fn noticed(&mut self, page: usize, event: &Event) {
        if self.kind.twice {
            let what = gist(&self.pages[page].phone.agent, event);
            self.watches[page].noticed.push((self.now, what));
        }
    }

    fn disconnect(&mut self, page: usize) {
        self.pages[page].attempt += 1;
        if let Some(flow) = self.pages[page].flow.take() {
            let connection = self.connections.get_mut(&flow).unwrap();
            connection.page_open = false;
            let at = connection.to_exchange.max(self.now);
            self.at(at, Due::ClosedAtExchange(flow));
        }
    }

    fn sent(&mut self, page: usize, bytes: Vec<u8>) {
        self.watches[page].sent(&bytes);
        if let Some(ladder) = &mut self.ladder
            && is_keepalive(&bytes).is_none()
        {
            ladder.sent(self.now, self.pages[page].name(), "exchange", &bytes);
        }
        let Some(flow) = self.pages[page].flow else { return };
        let delay = self.delay(page);
        let connection = self.connections.get_mut(&flow).unwrap();
        if !connection.dead {
            connection.to_exchange = connection.to_exchange.max(self.now + delay);
            let at = connection.to_exchange;
            self.at(at, Due::ToExchange(flow, bytes));
        }
    }

    fn asked(&mut self, page: usize, id: QuestionId, question: Question) {
        let generation = self.pages[page].generation;
        let fails = self.faults && self.random.percent(4);
        let time = match self.random.range(0, 100) {
            _ if !self.faults => self.random.millis(1, 200),
            0..=74 => self.random.millis(1, 300),
            75..=94 => self.random.millis(300, 30_000),
            // Who has no password is told so; who has to allow the microphone may never say anything.
            _ if matches!(question, Question::Digest { .. }) => self.random.millis(300, 30_000),
            _ => return,
        };
        // Who signs late may say late that a call is over.
        if matches!(question, Question::Digest { .. }) && time >= LATE {
            self.fault(page);
        }
        self.later(time, Due::Answer { page, generation, id, question, fails });
    }
}

/// What a user notices of an event: names that the exchange makes up are left out.
fn gist(agent: &Agent, event: &Event) -> String {
    match event {
        Event::Registration => format!("{:?}", agent.registration()),
        Event::Incoming(id) | Event::Call(id) => {
            let call = agent.calls().find(|call| call.id == *id);
            let seen = call.map(|call| (call.phase, call.remote, call.identity, call.held_here, call.held_there));
            format!("{id:?} {seen:?}")
        }
        Event::Ended { call, last, cause } => format!("{call:?} {} ended: {cause:?}", last.remote),
        Event::Notified { id, package, body, .. } => match Notice::read(body) {
            Ok(Notice::Dialogs(info)) => {
                let states: Vec<_> = info.dialogs.iter().map(|dialog| dialog.state).collect();
                format!("{id:?} {} {states:?}", package.name())
            }
            Ok(Notice::Presence(_) | Notice::Messages(_) | Notice::Registrations(_) | Notice::Other) | Err(_) => {
                format!("{id:?} {} {}", package.name(), String::from_utf8_lossy(&body.bytes))
            }
        },
        Event::TransferAsked { call, by, replaces, .. } => format!("{call:?} {by:?} {replaces}"),
        Event::Remote { .. }
        | Event::BranchEnded { .. }
        | Event::Transfer { .. }
        | Event::Digit { .. }
        | Event::PictureWanted(_)
        | Event::Candidates { .. }
        | Event::Message { .. }
        | Event::MessageSent { .. }
        | Event::Answered { .. }
        | Event::Subscription { .. }
        | Event::SubscriptionAsked { .. }
        | Event::Publication { .. }
        | Event::Stopped => format!("{event:?}"),
    }
}
