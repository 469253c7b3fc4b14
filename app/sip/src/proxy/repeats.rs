//! Requests that come again: their sender did not get the response, or came back over another flow.
//!
//! | Row | It comes again | Then |
//! | --- | --- | --- |
//! | RE1 | over the same flow, or a flow of its sender | the responses go there from now on |
//! | RE2 | over a flow where nobody has signed anything yet, and says that it is of the same sender | the same, once the sender signs something there, or their phone registers |
//! | RE3 | otherwise | it is another request, and may be answered beside the first |
//!
//! Who sent what was not let in is nobody: it comes again to be asked for a signature again. And who saw a request may
//! give its name to one of theirs, which takes nothing away from the first.
//!
//! What was answered already is [`Completed`](super::completed::Completed).

use super::context::{Context, Stage};
use super::{Flow, Output, Proxy};
use crate::header::From;
use crate::message::Request;
use crate::registrar::Place;
use crate::time::Instant;
use crate::transaction::Key;
use alloc::string::String;
use alloc::vec::Vec;

impl Proxy {
    /// Whether a request came before: it is not sent on twice.
    pub(super) fn repeated(&mut self, flow: Flow, request: &Request, key: &Key, now: Instant) -> bool {
        if self.answer_again(flow, key, |proxy, user| proxy.is_of(flow, user)) {
            return true;
        }
        if let Some(id) = self.own(key, flow) {
            self.again(id, flow, request, now);
            return true;
        }
        self.may_be_repeated(flow, request, key) && self.note_repeated(flow, key)
    }

    /// The request of that name that came over a flow, or whose sender uses it.
    pub(super) fn own(&self, key: &Key, flow: Flow) -> Option<u64> {
        let named = || self.state.contexts.named(key);
        let is_theirs =
            |context: &Context| matches!(&context.caller, Some((party, _)) if self.is_of(flow, &party.user));
        let here = named().find(|(_, context)| context.flow == Some(flow));
        here.or_else(|| named().find(|(_, context)| is_theirs(context))).map(|(id, _)| id)
    }

    /// A request again that is under way still.
    fn again(&mut self, id: u64, flow: Flow, request: &Request, now: Instant) {
        self.change(id, |proxy, context| {
            if proxy.take_over(context, flow) {
                let mut effects = Vec::new();
                context.server.receive(request, now, &mut effects);
                proxy.transmit(context.flow, effects);
            }
        });
    }

    /// Whether who a request says it is of sent one of that name.
    fn may_be_repeated(&self, flow: Flow, request: &Request, key: &Key) -> bool {
        if self.state.contexts.named(key).next().is_none() && !self.state.completed.contains(key) {
            return false;
        }
        let Some(user) = self.named_sender(flow, request) else { return false };
        let mut senders = self.state.contexts.named(key).filter_map(|(_, context)| sender(context));
        senders.any(|sender| sender == user) || self.state.completed.has(key, &user)
    }

    /// Who a request says it is of: who signed it, or whom From names.
    fn named_sender(&self, flow: Flow, request: &Request) -> Option<String> {
        let from = || {
            let came_by = self.state.flows.get(&flow)?.arrival.host.as_ref();
            let From(from) = request.headers.get().ok()?;
            match self.config.domain.place(&from.uri, came_by) {
                Place::User(user) => Some(user),
                Place::Domain | Place::Foreign | Place::Unsupported => None,
            }
        };
        self.gate.named(request).or_else(from)
    }

    /// Who signed something over a flow, or registered there, is known to use it: what they sent there again before is
    /// theirs.
    pub(super) fn proved(&mut self, user: &str, flow: Flow) {
        let Some(connection) = self.state.flows.get_mut(&flow) else { return };
        let mut repeated = core::mem::take(&mut connection.repeated);
        repeated.retain(|key| {
            let is_theirs = |context: &Context| context.caller.as_ref().is_some_and(|(party, _)| party.user == user);
            if self.answer_again(flow, key, |_, sender| sender == user) {
                return false;
            }
            let theirs = self.state.contexts.named(key).find(|(_, context)| is_theirs(context)).map(|(id, _)| id);
            if let Some(id) = theirs {
                self.change(id, |proxy, context| proxy.go_on(context, flow));
                return false;
            }
            self.state.contexts.named(key).next().is_some() || self.state.completed.contains(key)
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

/// Who sent a request, or says so in the signature that is being looked at.
fn sender(context: &Context) -> Option<&str> {
    let caller = context.caller.as_ref().map(|(party, _)| party.user.as_str());
    let signed = match &context.stage {
        Stage::Admitting { credentials, .. } => Some(&*credentials.username),
        Stage::Locating { .. }
        | Stage::Serving { .. }
        | Stage::Keeping { .. }
        | Stage::Forked { .. }
        | Stage::Settled => None,
    };
    caller.or(signed)
}
