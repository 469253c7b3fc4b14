//! Directed pick-up: who dials the code takes a call that rings at somebody else's phone.
//!
//! The proxy does for a plain phone what one with busy lamps does itself (RFC 4235, RFC 3891): it names the dialog that
//! rings in a Replaces, and sends the INVITE to the phone that calls. That phone goes on with the new dialog and cancels
//! the one that rang.
//!
//! | Row | On | Does |
//! | --- | --- | --- |
//! | PU1 | an INVITE, and a call to that person rings | goes on to the caller's phone with Replaces, the oldest call first |
//! | PU2 | an INVITE, and none does, or it is one's own | 480 |
//! | PU3 | an INVITE, and [`super::Config::pick_up`] forbids it | 403 |
//! | PU4 | another request | 200 to OPTIONS, else 405 |

use super::Proxy;
use super::calls::{Call, Progress, Side};
use super::context::Context;
use crate::header::{CallId, Replaces, Require};
use crate::message::{HeaderName, Method, Response, Status, Token};
use crate::time::Instant;

impl Proxy {
    /// PU1 to PU4: the code to pick up what rings at `user` was dialled.
    pub(super) fn pick_up(&mut self, context: &mut Context, user: &str, now: Instant) {
        if context.request.method != Method::Invite {
            return self.dialled(context, now);
        }
        if !self.config.pick_up {
            return self.reply(context, Status::FORBIDDEN, now);
        }
        let Some((side, replaces)) = self.ringing(context, user) else {
            let mut response = Response::to_request(&context.request, Status::TEMPORARILY_UNAVAILABLE);
            // There is nothing in it that could not stand there.
            let _ = response.set_reason("No call rings there");
            return self.respond(context, response, now);
        };
        let headers = &mut context.request.headers;
        headers.remove(HeaderName::Join);
        headers.set(&replaces);
        let mut required = headers.get::<Require>().unwrap_or_default();
        if let Ok(token) = Token::new("replaces")
            && !required.0.contains(&token)
        {
            required.0.push(token);
        }
        headers.set(&required);
        self.join(context, side, now);
    }

    /// Who calls that person, and what takes the place of that call.
    fn ringing(&self, context: &Context, user: &str) -> Option<(Side, Replaces)> {
        let (party, _) = context.caller.as_ref()?;
        let rings = |call: &Call| {
            call.progress == Progress::Early && call.callee.phone.user == user && call.caller.phone.user != party.user
        };
        self.state.calls.of(user).map(|(_, call)| call).filter(|call| rings(call)).find_map(|call| {
            let call_id = CallId::new(&call.call_id).ok()?;
            let replaces = Replaces::new(&call_id, &call.caller.tag, &call.callee.tag).ok()?;
            Some((call.caller.clone(), replaces.with_early_only()))
        })
    }
}
