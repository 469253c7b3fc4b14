//! Requests within dialogs, ACK and CANCEL (RFC 3261 16.4, 16.10, 16.11).
//!
//! Who is in a dialog decides who may speak in it and where it goes; To decides nothing. From, which people see, is the
//! sender's own name, as it is outside of dialogs, or nobody's. Both ends may change to their own (RFC 4916), and who was
//! called by another one, such as a group's or the one of whom the call was diverted from, may go by that. Only names
//! count: each end writes the host that it came by, or that it was told.

use super::admit::is_anonymous;
use super::calls::DialogId;
use super::context::{Context, Stage};
use super::gruu::by_path;
use super::response_context::ResponseContext;
use super::token::{Called, Endpoint, Ends};
use super::{Flow, Party, Proxy, forward};
use crate::header::{CallId, From, Route, To};
use crate::message::{HeaderName, Headers, Method, Request, Response, Status};
use crate::registrar::Place;
use crate::time::Instant;
use crate::transaction::{Effect, Key};
use crate::uri::{Host, Uri};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl Proxy {
    /// From one end of the dialog to the other, wherever that is now.
    pub(super) fn route(&mut self, context: &mut Context, ends: &Ends, came_by: Option<&Host>, now: Instant) {
        let Some((party, _)) = context.caller.clone() else {
            return;
        };
        let sides = context.flow.and_then(|flow| self.sides(ends, &party.user, flow));
        let Some((sender, target)) = sides else {
            return self.reply(context, Status::CALL_DOES_NOT_EXIST, now);
        };
        if self.is_of_others(&context.request.headers, &sender, &target) {
            return self.reply(context, Status::CALL_DOES_NOT_EXIST, now);
        }
        let called = ends.called.filter(|_| sender == ends.callee);
        if !self.goes_by(&context.request.headers, &party.user, called) {
            return self.reply(context, Status::FORBIDDEN, now);
        }
        // Whoever hangs up has no call any more, whether the other end hears of it or not.
        if context.request.method == Method::Bye
            && let Some(id) = dialog_id(&context.request.headers)
        {
            self.state.calls.ended(&id);
        }
        let known = self.reach(&target).is_some() || self.binding(&target).is_some();
        let until = self.expected(&context.request, &target, now);
        if !known && until.is_none() {
            return self.reply(context, Status::CALL_DOES_NOT_EXIST, now);
        }
        let Some((uri, path)) = self.way(&context.request, &target, came_by) else {
            return self.reply(context, Status::NOT_FOUND, now);
        };
        let trace = forward::trace(&context.request, &self.tokens);
        let mut request = forward::request(&context.request, uri, &party, &self.config.domain);
        by_path(&mut request, &path);
        if request.method == Method::Notify {
            // The subscriber makes its dialog of it, not of what came before (RFC 6665 4.3).
            forward::record_route(&mut request, ends, &self.tokens, &self.config.domain);
        }
        let mut leg = self.leg(request, &trace, target, None);
        leg.until = until.filter(|_| !known);
        let legs = Vec::from([leg]);
        let responses = if context.request.method == Method::Invite {
            ResponseContext::invite(1, self.config.timer_c, None, now)
        } else {
            ResponseContext::other(1)
        };
        context.caller = Some((party, sender));
        context.stage = Stage::Forked { responses, legs };
        self.start_legs(context, now);
    }

    /// Whether From names that user, or who somebody was called by, or nobody.
    pub(super) fn goes_by(&self, headers: &Headers, user: &str, called: Option<Called>) -> bool {
        let Ok(From(from)) = headers.get() else {
            return false;
        };
        let name = name(&from.uri);
        name == user || is_anonymous(&from.uri) || called.is_some_and(|called| called == self.tokens.called(&name))
    }

    /// The ends of the dialog that a request is to make.
    pub(super) fn ends(&self, headers: &Headers, caller: Endpoint, callee: Endpoint) -> Ends {
        let called = headers.get().ok().map(|To(to)| name(&to.uri)).filter(|name| *name != callee.user);
        Ends { called: called.map(|name| self.tokens.called(&name)), caller, callee }
    }

    /// How long a BYE waits for a phone that nobody has heard of since we began: all phones have to come back then.
    fn expected(&self, request: &Request, target: &Endpoint, now: Instant) -> Option<Instant> {
        let until = self.state.since? + self.config.grace;
        (request.method == Method::Bye && target.flow().is_none() && now < until).then_some(until)
    }

    /// An ACK: of a failure, for our server transaction; of a 2xx, from one end of the dialog to the other. Who saw the
    /// INVITE may send one, too, which ends nothing: its sender may have missed the failure.
    pub(super) fn ack(&mut self, flow: Flow, request: Request, key: &Key, now: Instant) {
        let mut passed = true;
        if let Some(id) = self.own(key, flow) {
            self.change(id, |_, context| {
                let mut effects = Vec::new();
                context.server.receive(&request, now, &mut effects);
                passed = effects.iter().any(|effect| matches!(effect, Effect::Ack(_)));
            });
        }
        if passed {
            self.pass_ack(flow, request);
        }
    }

    /// A CANCEL: answered here, and sent on to every phone that has not answered (RFC 3261 16.10).
    pub(super) fn cancel(&mut self, flow: Flow, request: &Request, key: &Key, now: Instant) {
        let mut response = Response::to_request(request, Status::CALL_DOES_NOT_EXIST);
        if let Some(id) = self.own(&key.cancelled(), flow) {
            self.change(id, |proxy, context| {
                let before = context.flow;
                if proxy.take_over(context, flow) {
                    response = Response::to_request(request, Status::OK);
                    response.set_to_tag(&context.tag);
                    let mut effects = Vec::from([Effect::Transmit(response.to_bytes())]);
                    // Who comes back with it may have missed what was said meanwhile.
                    if before != Some(flow) {
                        context.server.resend(&mut effects);
                    }
                    proxy.transmit(flow, effects);
                    context.reasons = request.headers.all().unwrap_or_default();
                    proxy.give_up(context, now);
                }
            });
        }
        if response.status != Status::OK {
            response.set_to_tag(&self.random.token());
            self.transmit(flow, Vec::from([Effect::Transmit(response.to_bytes())]));
        }
    }

    /// The caller cancelled, or is gone.
    pub(super) fn give_up(&mut self, context: &mut Context, now: Instant) {
        match &mut context.stage {
            Stage::Admitting { .. } | Stage::Locating { .. } | Stage::Serving { .. } | Stage::Keeping { .. } => {
                context.stage = Stage::Settled;
                self.reply(context, Status::REQUEST_TERMINATED, now);
            }
            Stage::Forked { responses, .. } => {
                let mut actions = Vec::new();
                responses.cancel(now, &mut actions);
                self.act(context, actions, now);
                self.drop_waiting(context, now);
            }
            Stage::Settled => {}
        }
    }

    fn pass_ack(&mut self, flow: Flow, mut request: Request) {
        let Some(connection) = self.state.flows.get(&flow) else {
            return;
        };
        let came_by = connection.arrival.host.clone();
        let domain = &self.config.domain;
        let Ok(Some(ends)) = forward::take_route(&mut request, &self.tokens, domain, came_by.as_ref()) else {
            return;
        };
        let own = ends.both().into_iter().map(|end| &end.user).find(|user| self.is_of(flow, user));
        let Some((user, (_, target))) = own.and_then(|user| Some((user, self.sides(&ends, user, flow)?))) else {
            return;
        };
        // Phones repeat in it what they signed the INVITE with (RFC 3261 22.1).
        self.gate.strip(&mut request);
        let Some(to) = self.reach(&target) else {
            return; // The phone repeats its 2xx when it comes back, and that is acknowledged again.
        };
        let party = Party { user: user.clone(), name: None };
        let Some((uri, path)) = self.way(&request, &target, came_by.as_ref()) else {
            return;
        };
        let trace = forward::trace(&request, &self.tokens);
        let mut ack = forward::request(&request, uri, &party, &self.config.domain);
        by_path(&mut ack, &path);
        let branch = forward::branch(&self.random.token(), &trace);
        forward::push_via(&mut ack, &branch, &self.config.domain);
        self.transmit(to, Vec::from([Effect::Transmit(ack.to_bytes())]));
    }

    /// Who of the two ends sends, and who is to get it; `None` for anybody else.
    fn sides(&self, ends: &Ends, user: &str, flow: Flow) -> Option<(Endpoint, Endpoint)> {
        let both = [(&ends.caller, &ends.callee), (&ends.callee, &ends.caller)];
        both.into_iter()
            .find(|(sender, _)| sender.user == user && self.speaks(sender, flow))
            .map(|(sender, target)| (sender.clone(), target.clone()))
    }

    /// Whether a phone of a user may be the one that uses this flow: the one registered there, or, as long as
    /// none of that user is, one that has just come back and has not registered again yet.
    fn speaks(&self, end: &Endpoint, flow: Flow) -> bool {
        if let Some(own) = end.flow() {
            return own == flow;
        }
        let bindings = self.state.bindings.get(&end.user).map(Vec::as_slice).unwrap_or_default();
        let mut here = bindings.iter().filter(|binding| binding.flow() == Some(flow)).peekable();
        here.peek().is_none() || here.any(|binding| binding.device == end.device)
    }

    /// The Request-URI for the other end, and the hops in front of it that the request does not name itself. `None` when
    /// it leads to hops that are not in front of that phone.
    ///
    /// The Request-URI within a dialog is the other end's contact already; some write the address of record, and for a phone
    /// that has one it is a GRUU.
    fn way(&self, request: &Request, target: &Endpoint, came_by: Option<&Host>) -> Option<(Uri, Vec<Route>)> {
        let binding = self.binding(target);
        let path = binding.map(|binding| binding.path.as_slice()).unwrap_or_default();
        let routed = request.headers.contains(HeaderName::Route);
        if routed && path.is_empty() {
            return None;
        }
        match (self.config.domain.place(&request.uri, came_by), binding) {
            (Place::User(_) | Place::Domain, Some(binding)) => {
                let path = if routed { Vec::new() } else { path.to_vec() };
                Some((binding.uri().clone(), path))
            }
            (Place::User(_) | Place::Domain | Place::Foreign | Place::Unsupported, _) => {
                Some((request.uri.clone(), Vec::new()))
            }
        }
    }
}

/// What of an address is a name.
fn name(uri: &Uri) -> String {
    match uri {
        Uri::Sip(uri) => uri.user_unescaped().unwrap_or_default(),
        Uri::Tel(uri) => uri.number.to_string(),
        Uri::Other { rest, .. } => rest.to_string(),
    }
}

/// The dialog that these headers name.
pub(super) fn dialog_id(headers: &Headers) -> Option<DialogId> {
    Some(DialogId::new(CallId::of(headers)?, From::tag_of(headers)?, To::tag_of(headers)?))
}
