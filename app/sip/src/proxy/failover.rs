//! What becomes of a request whose flow has failed: the hop in front of the phone says so with 430, and the phone may have
//! another flow (RFC 5626 5.3, 6).
//!
//! The phone has not seen the request, so that it goes there once more, as a branch of its own in the place of the one
//! that failed. Each flow is tried once; when none is left it counts as 480, since the caller's own flow has not failed.

use super::context::{Client, Context, Stage};
use super::gruu::by_path;
use super::{Binding, Proxy, forward};
use crate::header::{Route, Via};
use crate::message::{HeaderName, Request, Response, Status};
use crate::time::Instant;

impl Proxy {
    /// RC20: a phone's flow has failed. Whether the request was sent over another one of it.
    pub(super) fn goes_on(&mut self, context: &mut Context, index: usize, response: &Response, now: Instant) -> bool {
        if response.status != Status::FLOW_FAILED {
            return false;
        }
        let Stage::Forked { responses, legs } = &context.stage else {
            return false;
        };
        let Some(leg) = legs.get(index).filter(|_| responses.is_wanted(index)) else {
            return false;
        };
        let (Some(request), target, callee, call) =
            (sent(&leg.client).cloned(), leg.target.clone(), leg.callee.clone(), leg.call)
        else {
            return false;
        };
        let Some(failed) = self.state.bindings.fail(&target) else {
            return false;
        };
        let Some(request) = self.binding(&target).map(|next| redirected(request, &failed, next)) else {
            return false;
        };
        let trace = forward::trace(&context.request, &self.tokens);
        let mut next = self.leg(request, &trace, target, callee);
        next.call = call;
        if let Stage::Forked { responses, legs } = &mut context.stage
            && let Some(leg) = legs.get_mut(index)
        {
            *leg = next;
            responses.again(index, now);
        }
        self.start_leg(context, index, now);
        true
    }
}

/// The request that a client transaction sent.
const fn sent(client: &Client) -> Option<&Request> {
    match client {
        Client::Invite(client) => Some(client.request()),
        Client::Other(client) => Some(client.request()),
        Client::Waiting(_) | Client::Over => None,
    }
}

/// The request as it goes over the next flow, without our Via: to what the phone registered there, by the hops in front of
/// it there.
fn redirected(mut request: Request, failed: &Binding, next: &Binding) -> Request {
    request.headers.pop_front::<Via>();
    if request.uri == *failed.uri() {
        request.uri = next.uri().clone();
    }
    if request.headers.all::<Route>().unwrap_or_default() == failed.path {
        request.headers.remove(HeaderName::Route);
        by_path(&mut request, &next.path);
    }
    request
}
