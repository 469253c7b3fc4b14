//! Which calls an INVITE begins, as [`super::calls`] follows them.

use super::calls::{Call, Progress, Side};
use super::context::{Client, Context, Leg};
use super::legs::leg_mut;
use super::{Party, Proxy, forward};
use crate::header::{CallId, Contact, From, To};
use crate::message::{Headers, Method, Response};
use crate::uri::Uri;
use alloc::string::{String, ToString as _};

impl Proxy {
    /// Follows the call that the INVITE is to begin with a phone.
    pub(super) fn follow(&mut self, context: &mut Context, index: usize) {
        let begun = match context.legs().get(index) {
            Some(Leg { call: None, client: Client::Waiting(_), .. }) => call(context, index),
            Some(_) | None => None,
        };
        if let Some(call) = begun {
            self.begin_call(context, index, call);
        }
    }

    /// What a phone said to an INVITE.
    pub(super) fn follow_response(&mut self, context: &mut Context, index: usize, response: &Response) {
        let progress = match response.status.class() {
            1 => Progress::Early,
            2 => Progress::Confirmed,
            _ => return self.unfollow(context, index),
        };
        let Some(tag) = To::tag_of(&response.headers) else {
            return;
        };
        let known = context.legs().get(index).and_then(|leg| leg.call);
        let again = known.is_some_and(|id| self.state.calls.is_other(id, tag));
        if progress == Progress::Confirmed
            && (known.is_none() || again)
            && let Some(call) = call(context, index)
        {
            self.begin_call(context, index, call);
        }
        if let Some(id) = context.legs().get(index).and_then(|leg| leg.call) {
            self.state.calls.answered(id, progress, tag, contact(&response.headers));
        }
    }

    /// A phone did not answer, or is not to.
    pub(super) fn unfollow(&mut self, context: &mut Context, index: usize) {
        if let Some(id) = leg_mut(context, index).and_then(|leg| leg.call.take()) {
            self.state.calls.failed(id);
        }
    }

    fn begin_call(&mut self, context: &mut Context, index: usize, call: Call) {
        let call = self.state.calls.begin(call);
        if let Some(leg) = leg_mut(context, index) {
            leg.call = call;
        }
    }
}

/// The call that the INVITE is to begin with a phone; `None` when it begins none.
fn call(context: &Context, index: usize) -> Option<Call> {
    if context.request.method != Method::Invite {
        return None;
    }
    let (leg, (party, phone)) = (context.legs().get(index)?, context.caller.clone()?);
    let headers = &context.request.headers;
    let tag = From::tag_of(headers)?.to_string();
    // Who watches, or picks the call up, learns no more than whom it is for.
    let caller = if forward::hides(headers) {
        Side { party: Party::anonymous(), phone, tag, target: None }
    } else {
        Side { party, phone, tag, target: contact(headers) }
    };
    let callee = Side { party: leg.callee.clone()?, phone: leg.target.clone(), tag: String::new(), target: None };
    let call_id = CallId::of(headers)?.to_string();
    Some(Call { call_id, caller, callee, progress: Progress::Trying })
}

/// The URI of a Contact.
fn contact(headers: &Headers) -> Option<Uri> {
    let contact = headers.get::<Contact>().ok()?;
    contact.address().map(|address| address.uri.clone())
}
