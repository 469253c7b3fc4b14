//! Requests that come again: their sender did not get the response, or came back over another flow.
//!
//! | Row | It comes again | Then |
//! | --- | --- | --- |
//! | RE1 | over a flow of its sender | the responses go there from now on |
//! | RE2 | over a flow where nobody has signed anything yet | the same, once the sender signs something there, or their phone registers |
//! | RE3 | over a flow of somebody else | nothing |
//!
//! What was answered already is [`Completed`](super::completed::Completed).

use super::context::Context;
use super::{Flow, Output, Proxy};
use crate::message::Request;
use crate::time::Instant;
use crate::transaction::Key;
use alloc::vec::Vec;

impl Proxy {
    /// The same request again, which is under way still.
    pub(super) fn again(&mut self, id: u64, flow: Flow, request: &Request, now: Instant) {
        self.change(id, |proxy, context| {
            if proxy.take_over(context, flow) {
                let mut effects = Vec::new();
                context.server.receive(request, now, &mut effects);
                proxy.transmit(context.flow, effects);
            } else {
                proxy.note_repeated(flow, &context.key);
            }
        });
    }

    /// Whether a request was answered before, and comes again: it is not sent on twice.
    pub(super) fn repeated(&mut self, flow: Flow, key: &Key) -> bool {
        if !self.state.completed.contains(key) {
            return false;
        }
        self.answer_again(flow, key, |proxy, user| proxy.is_of(flow, user)) || self.note_repeated(flow, key)
    }

    /// Who signed something over a flow, or registered there, is known to use it: what they sent there again before is
    /// theirs.
    pub(super) fn proved(&mut self, user: &str, flow: Flow) {
        let Some(connection) = self.state.flows.get_mut(&flow) else { return };
        let mut repeated = core::mem::take(&mut connection.repeated);
        repeated.retain(|key| {
            let is_theirs = |context: &Context| context.caller.as_ref().is_some_and(|(party, _)| party.user == user);
            let under_way = self.state.contexts.find(key);
            if self.answer_again(flow, key, |_, sender| sender == user) {
                return false;
            }
            let theirs = under_way.filter(|id| self.state.contexts.get(*id).is_some_and(is_theirs));
            if let Some(id) = theirs {
                self.change(id, |proxy, context| proxy.go_on(context, flow));
                return false;
            }
            under_way.is_some() || self.state.completed.contains(key)
        });
        if let Some(connection) = self.state.flows.get_mut(&flow) {
            connection.repeated = repeated;
        }
    }

    /// Whether that was answered to one of whom this holds; then they get the response again.
    fn answer_again(&mut self, flow: Flow, key: &Key, uses: impl Fn(&Self, &str) -> bool) -> bool {
        let Some(response) = self.state.completed.response(key, |user| uses(self, user)) else { return false };
        let bytes = response.to_vec();
        self.outputs.push_back(Output::Transmit { flow, bytes });
        true
    }

    /// Remembers what came again, if nobody knows yet whose flow that is; whether that is so.
    fn note_repeated(&mut self, flow: Flow, key: &Key) -> bool {
        let waits = self.wants_signatures(flow);
        if waits
            && let Some(connection) = self.state.flows.get_mut(&flow)
            && !connection.repeated.contains(key)
        {
            if connection.repeated.len() >= self.config.max_pending {
                connection.repeated.pop_front();
            }
            connection.repeated.push_back(key.clone());
        }
        waits
    }
}
