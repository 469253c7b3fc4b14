//! The client transactions of a request, and what comes back over them (RFC 3261 16.6 to 16.9).

use super::branch::Why;
use super::context::{Client, Context, Leg, Server, Stage};
use super::response_context::Action;
use super::token::Endpoint;
use super::{Flow, Proxy, forward};
use crate::header::{CSeq, CallId, Contact, From, MaxForwards, To, Via};
use crate::message::{Headers, Method, Request, Response, Status};
use crate::time::Instant;
use crate::transaction::{ClientNonInvite, Effect};
use alloc::vec::Vec;

impl Proxy {
    /// A response. One that belongs to nothing, that another phone sends than the one that was asked, that names another
    /// call than the request, or that lost the way back to the caller, is dropped.
    pub(super) fn response(&mut self, flow: Flow, response: &Response, now: Instant) {
        let (Ok(via), Ok(cseq)) = (response.headers.get::<Via>(), response.headers.get::<CSeq>()) else {
            return;
        };
        let Some(branch) = via.branch() else {
            return;
        };
        let Some((id, index)) = self.state.contexts.sent(branch) else {
            return self.call_off(flow, response, &via, &cseq);
        };
        let genuine = self.state.contexts.get(id).is_some_and(|context| {
            let from_there = context.legs().get(index).is_some_and(|leg| self.is_from(&leg.target, flow));
            // A service has no Via of its own.
            let own = usize::from(!matches!(context.server, Server::Service { .. }));
            // CANCEL goes from hop to hop (RFC 3261 16.10): its answer ends here.
            let leads_back = cseq.method == Method::Cancel || response.headers.count::<Via>() > own;
            from_there && leads_back && is_same_call(&context.request.headers, &response.headers)
        });
        if !genuine {
            return;
        }
        let leg = self.state.contexts.get(id).and_then(|context| context.legs().get(index));
        if leg.is_some_and(|leg| leg.client.is_over()) {
            self.call_off(flow, response, &via, &cseq);
        }
        self.change(id, |proxy, context| {
            let method = context.request.method.clone();
            let mut effects = Vec::new();
            if let Some(leg) = leg_mut(context, index) {
                if cseq.method == method {
                    leg.client.receive(response, now, &mut effects);
                } else if cseq.method == Method::Cancel
                    && let Some(cancel) = &mut leg.cancel
                {
                    // What is answered to a CANCEL tells nothing: the INVITE's own response does.
                    let mut told = Vec::new();
                    cancel.receive(response, now, &mut told);
                }
            }
            proxy.work(context, index, effects, now);
        });
    }

    /// A phone says that it rings, and nobody waits for it any more: it was given up before it said a word, when a CANCEL
    /// would have been none (RFC 3261 9.1). It is told now, as it would ring for nobody.
    fn call_off(&mut self, flow: Flow, response: &Response, via: &Via, cseq: &CSeq) {
        let rings = response.status.is_provisional() && response.status != Status::TRYING;
        let (Ok(from), Ok(To(mut to)), Ok(call)) =
            (response.headers.get::<From>(), response.headers.get::<To>(), response.headers.get::<CallId>())
        else {
            return;
        };
        if !rings || cseq.method != Method::Invite || via.host != *self.config.domain.name() {
            return;
        }
        to.params.remove("tag");
        let contact = response.headers.get::<Contact>().ok();
        let uri = contact.as_ref().and_then(Contact::address).map_or(&to.uri, |address| &address.uri);
        let mut cancel = Request::new(Method::Cancel, uri.clone());
        cancel.headers.push(via);
        cancel.headers.push(&MaxForwards(forward::MAX_HOPS));
        cancel.headers.push(&from);
        cancel.headers.push(&To(to));
        cancel.headers.push(&call);
        cancel.headers.push(&CSeq::new(cseq.seq, Method::Cancel));
        self.transmit(flow, Vec::from([Effect::Transmit(cancel.to_bytes())]));
    }

    /// Sends the request to every phone that can be reached now.
    pub(super) fn start_legs(&mut self, context: &mut Context, now: Instant) {
        for index in 0..context.legs().len() {
            self.start_leg(context, index, now);
        }
    }

    /// A phone is back over another flow: it gets what it may have missed.
    pub(super) fn resume_legs(&mut self, context: &mut Context, end: &Endpoint, now: Instant) {
        for index in 0..context.legs().len() {
            let mut effects = Vec::new();
            match leg_mut(context, index) {
                Some(leg) if leg.target == *end => {
                    leg.client.resend(&mut effects);
                    if let Some(cancel) = &leg.cancel {
                        cancel.resend(&mut effects);
                    }
                }
                Some(_) | None => continue,
            }
            self.work(context, index, effects, now);
            self.start_leg(context, index, now);
        }
    }

    /// Nothing more will come from the phones for which `gone` says so.
    pub(super) fn fail_legs(&mut self, context: &mut Context, gone: &impl Fn(&Endpoint) -> bool, now: Instant) {
        for index in 0..context.legs().len() {
            if leg_mut(context, index).is_some_and(|leg| gone(&leg.target)) {
                self.drop_leg(context, index, Status::TEMPORARILY_UNAVAILABLE, now);
            }
        }
    }

    /// Phones for which `gone` says so are not registered any more: they stop ringing, over the connection that each still
    /// has.
    pub(super) fn silence(
        &mut self,
        context: &Context,
        gone: &impl Fn(&Endpoint) -> bool,
        over: impl Fn(&Endpoint) -> Option<Flow>,
        now: Instant,
    ) {
        for leg in context.legs().iter().filter(|leg| gone(&leg.target)) {
            let Client::Invite(client) = &leg.client else { continue };
            if let (Some(mut cancel), Some(flow)) = (client.cancel(), over(&leg.target)) {
                let status = Status::TEMPORARILY_UNAVAILABLE;
                cancel.headers.push(&forward::reason(status, "This phone is not registered any more"));
                let mut effects = Vec::new();
                // Its answer tells nothing, and nobody waits for it.
                let _ = ClientNonInvite::new(cancel, self.reliability(flow), now, &mut effects);
                self.transmit(flow, effects);
            }
        }
    }

    /// Nothing more is expected from any phone.
    pub(super) fn drop_all(&mut self, context: &mut Context, status: Status, now: Instant) {
        for index in 0..context.legs().len() {
            self.drop_leg(context, index, status, now);
        }
    }

    /// Phones that the request has not reached will not get it any more.
    pub(super) fn drop_waiting(&mut self, context: &mut Context, now: Instant) {
        for index in 0..context.legs().len() {
            if leg_mut(context, index).is_some_and(|leg| matches!(leg.client, Client::Waiting(_))) {
                self.drop_leg(context, index, Status::REQUEST_TERMINATED, now);
            }
        }
    }

    /// Does what is due.
    pub(super) fn timeout_legs(&mut self, context: &mut Context, now: Instant) {
        for index in 0..context.legs().len() {
            let mut effects = Vec::new();
            if context.legs().get(index).is_some_and(|leg| leg.is_given_up(now)) {
                let is_call = context.request.method == Method::Invite;
                let status = if is_call { Status::TEMPORARILY_UNAVAILABLE } else { Status::CALL_DOES_NOT_EXIST };
                self.drop_leg(context, index, status, now);
            }
            if let Some(leg) = leg_mut(context, index) {
                leg.client.timeout(now, &mut effects);
                if let Some(cancel) = &mut leg.cancel {
                    let mut told = Vec::new();
                    cancel.timeout(now, &mut told);
                    effects.extend(told.into_iter().filter(|effect| matches!(effect, Effect::Transmit(_))));
                }
            }
            self.work(context, index, effects, now);
        }
        let mut actions = Vec::new();
        if let Stage::Forked { responses, .. } = &mut context.stage {
            responses.timeout(now, &mut actions);
        }
        self.act(context, actions, now);
    }

    /// Does what the response context says.
    pub(super) fn act(&mut self, context: &mut Context, actions: Vec<Action>, now: Instant) {
        self.carry_out(context, actions, now);
        // What was given up before it left does not leave any more, wherever its phone comes back.
        while let Some(index) = given_up(context) {
            self.drop_leg(context, index, Status::TEMPORARILY_UNAVAILABLE, now);
        }
    }

    fn carry_out(&mut self, context: &mut Context, actions: Vec<Action>, now: Instant) {
        for action in actions {
            match action {
                Action::Forward { branch, response } => {
                    let failed = !response.status.is_provisional() && !response.status.is_success();
                    if !(failed && self.keep(context)) {
                        self.forward(context, branch, response, now);
                    }
                }
                Action::Reply(status) if self.is_told_nothing(context, status) => self.tell_service(context, None),
                Action::Reply(status) => self.unreached(context, status, now),
                Action::StaySilent if self.keep(context) => {}
                Action::StaySilent => {
                    self.tell_service(context, None);
                    context.server.abandon();
                }
                Action::Cancel { branch, why } => {
                    self.unfollow(context, branch);
                    self.cancel_leg(context, branch, why, now);
                }
                Action::Drop { branch } => self.forget_leg(context, branch),
                Action::Ask { target, user } => self.ask_for(context, target, user),
                Action::Ring { target } => self.ring(context, target, now),
            }
        }
    }

    /// Sends the request to a phone, if it can be reached now.
    pub(super) fn start_leg(&mut self, context: &mut Context, index: usize, now: Instant) {
        self.follow(context, index);
        self.note_referral(context, index, now);
        let Some(flow) = context.legs().get(index).and_then(|leg| self.reach(&leg.target)) else {
            return;
        };
        let transport = self.reliability(flow);
        let mut effects = Vec::new();
        if let Some(leg) = leg_mut(context, index) {
            leg.client.start(transport, now, &mut effects);
        }
        self.work(context, index, effects, now);
    }

    /// Does what a client transaction wants done.
    fn work(&mut self, context: &mut Context, index: usize, effects: Vec<Effect>, now: Instant) {
        let transmits = effects.iter().any(|effect| matches!(effect, Effect::Transmit(_)));
        // The flow that they are about: after a response it may be another one.
        let flow = context.legs().get(index).filter(|_| transmits).and_then(|leg| self.reach(&leg.target));
        for effect in effects {
            let mut actions = Vec::new();
            match effect {
                Effect::Transmit(_) => self.transmit(flow, Vec::from([effect])),
                Effect::Response(response) if self.goes_on(context, index, &response, now) => {}
                Effect::Response(response) => {
                    self.follow_response(context, index, &response);
                    self.responded(context, index, response, now, &mut actions);
                }
                Effect::TimedOut | Effect::TransportFailed => {
                    self.unfollow(context, index);
                    if let Stage::Forked { responses, .. } = &mut context.stage {
                        responses.failed(index, Status::REQUEST_TIMEOUT, now, &mut actions);
                    }
                }
                Effect::Ack(_) | Effect::Unacknowledged => {}
            }
            self.act(context, actions, now);
        }
    }

    /// Ends a leg without a word from the phone.
    fn drop_leg(&mut self, context: &mut Context, index: usize, status: Status, now: Instant) {
        let mut actions = Vec::new();
        self.forget_leg(context, index);
        if let Stage::Forked { responses, .. } = &mut context.stage {
            responses.failed(index, status, now, &mut actions);
        }
        self.act(context, actions, now);
    }

    /// Sends a response on to the caller.
    fn forward(&mut self, context: &mut Context, index: usize, response: Response, now: Instant) {
        let Some(leg) = context.legs().get(index) else {
            return;
        };
        if matches!(context.server, Server::Service { .. }) {
            return self.tell_service(context, Some(&response));
        }
        if let Some(copy) = forward::response(response, &context.request, leg.callee.as_ref(), &self.config.domain) {
            self.pass(context, &copy, now);
        }
    }

    /// Answers the request with this.
    pub(super) fn pass(&mut self, context: &mut Context, response: &Response, now: Instant) {
        if !response.status.is_provisional() {
            context.keep = None;
            if context.server.is_waiting() {
                self.tell_outcome(context, response.status, now);
            }
        }
        let mut effects = Vec::new();
        context.server.respond(response, now, &mut effects);
        self.keep_response(context, &effects, now);
        self.transmit(context.flow, effects);
    }

    /// Keeps the final response to what may come again over another flow.
    fn keep_response(&mut self, context: &Context, effects: &[Effect], now: Instant) {
        if let (Server::Other(server), [Effect::Transmit(bytes)]) = (&context.server, effects)
            && server.is_terminated()
            && let (Some((party, _)), Some(flow)) = (&context.caller, context.flow)
        {
            let (key, user, limit) = (context.key.clone(), party.user.clone(), self.config.max_pending);
            self.state.completed.keep(key, user, flow, bytes.clone(), limit, now);
        }
    }

    /// Ends the client transactions of a leg.
    fn forget_leg(&mut self, context: &mut Context, index: usize) {
        self.unfollow(context, index);
        if let Some(leg) = leg_mut(context, index) {
            leg.client = Client::Over;
            leg.cancel = None;
        }
    }

    fn cancel_leg(&mut self, context: &mut Context, index: usize, why: Why, now: Instant) {
        let reasons = context.reasons.clone();
        let Some(leg) = leg_mut(context, index) else {
            return;
        };
        let Client::Invite(client) = &leg.client else {
            return;
        };
        let Some(mut cancel) = client.cancel() else {
            return;
        };
        match why {
            Why::Elsewhere => cancel.headers.push(&forward::reason(Status::OK, "Call completed elsewhere")),
            Why::Refused(status) => cancel.headers.push(&forward::reason(status, status.reason())),
            Why::Time => cancel.headers.push(&forward::reason(Status::REQUEST_TIMEOUT, "It rang long enough")),
            Why::Caller => reasons.iter().for_each(|reason| cancel.headers.push(reason)),
        }
        let target = leg.target.clone();
        let Some(flow) = self.reach(&target) else {
            return self.send_later(context, index, cancel, now);
        };
        let mut effects = Vec::new();
        let transaction = ClientNonInvite::new(cancel, self.reliability(flow), now, &mut effects);
        if let Some(leg) = leg_mut(context, index) {
            leg.cancel = Some(transaction);
        }
        self.transmit(flow, effects);
    }

    /// The phone is away: its CANCEL is sent when it comes back, if it does in time.
    fn send_later(&mut self, context: &mut Context, index: usize, cancel: crate::message::Request, now: Instant) {
        let mut unsent = Vec::new();
        let transport = crate::transaction::Reliability::Reliable;
        if let Some(leg) = leg_mut(context, index) {
            leg.cancel = Some(ClientNonInvite::new(cancel, transport, now, &mut unsent));
        }
    }
}

/// A way on which nothing was sent, and nothing is to be.
fn given_up(context: &Context) -> Option<usize> {
    let Stage::Forked { responses, legs } = &context.stage else { return None };
    let waits = |leg: &Leg| matches!(leg.client, Client::Waiting(_));
    (0..legs.len()).find(|index| legs.get(*index).is_some_and(waits) && responses.is_given_up(*index))
}

/// Whether a response names the call of its request: Call-ID and From are the sender's (RFC 3261 8.2.6.2).
fn is_same_call(request: &Headers, response: &Headers) -> bool {
    From::tag_of(request) == From::tag_of(response) && CallId::of(request) == CallId::of(response)
}

pub(super) fn leg_mut(context: &mut Context, index: usize) -> Option<&mut Leg> {
    match &mut context.stage {
        Stage::Forked { legs, .. } => legs.get_mut(index),
        Stage::Admitting { .. }
        | Stage::Locating { .. }
        | Stage::Serving { .. }
        | Stage::Keeping { .. }
        | Stage::Settled => None,
    }
}
