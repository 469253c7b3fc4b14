//! From a number that was dialled to the phones that ring for it, and on to the next ones (RFC 3261 16.5, 16.6).

use super::context::{Context, Stage};
use super::gruu::{Named, by_path};
use super::plan::Plan;
use super::response_context::{Action, ResponseContext};
use super::route::{Destination, Redirects, Route};
use super::token::Endpoint;
use super::{Binding, Output, Proxy, Question, QuestionId, forward, history};
use crate::header::{CallId, Contact, Diversion};
use crate::message::{HeaderName, Method, Response, Status};
use crate::registrar::Place;
use crate::time::Instant;
use crate::uri::{Host, Uri};
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

/// How many phones one request is sent to at most, as RFC 5393 5.3.3.1 has it for what is under way at once.
const MAX_PHONES: usize = 60;
/// How many contacts of one 3xx are looked at.
const MAX_CONTACTS: usize = 5;

/// How long a call waits for phones that have just gone. A page that reloads is back in less, and so are most phones after a
/// restart of the exchange; nobody listens to silence for longer.
const AWAITED: Duration = Duration::from_secs(8);

impl Proxy {
    /// The user that a request is for is known: it goes where the route says.
    pub(super) fn hunt(&mut self, context: &mut Context, user: String, route: Route, now: Instant) {
        let Some((caller, _)) = &context.caller else {
            return;
        };
        let request = &context.request;
        let invite = request.method == Method::Invite;
        let route = self.as_it_stands(context, route);
        // Who names a phone wants that phone, and who takes over a call that call: nobody else will do.
        let meant = self.meant(&request.uri, self.came_by(context));
        let named = meant.is_some();
        let takes_over = request.headers.contains(HeaderName::Replaces) || request.headers.contains(HeaderName::Join);
        if let Some(phone) = meant.filter(|_| invite && !takes_over && is_quiet(&route))
            && !self.is_expected(context, &phone, now)
        {
            return self.reply(context, Status::BUSY_HERE, now);
        }
        let ringing = self.config.ringing.filter(|_| invite);
        let plan = Plan::new(user, caller.user.clone(), invite && !takes_over && !named, ringing);
        let expires = forward::expires(request).filter(|_| invite).map(|time| now + time);
        let timer_c = invite.then_some(self.config.timer_c);
        let mut responses = ResponseContext::planned(Some(plan), timer_c, expires);
        let mut actions = Vec::new();
        responses.located(0, Some(route), now, &mut actions);
        context.stage = Stage::Forked { responses, legs: Vec::new() };
        self.act(context, actions, now);
    }

    /// Who wants one call at a time is not to be disturbed while there is one.
    fn as_it_stands(&self, context: &Context, mut route: Route) -> Route {
        let (headers, user) = (&context.request.headers, &route.party.user);
        if let Destination::User(rules) = &mut route.destination
            && rules.no_call_waiting
            && self.state.calls.is_engaged(user, CallId::of(headers).unwrap_or_default())
        {
            rules.do_not_disturb = true;
        }
        route
    }

    /// The directory says whose number it is.
    pub(super) fn routed(&mut self, context: &mut Context, id: QuestionId, route: Option<Route>, now: Instant) {
        let mut actions = Vec::new();
        let route = route.map(|route| self.as_it_stands(context, route));
        if let Stage::Forked { responses, .. } = &mut context.stage {
            let asked = responses.questions().find_map(|(open, target, _)| (open == id).then_some(target));
            if let Some(target) = asked {
                responses.located(target, route, now, &mut actions);
            }
        }
        self.act(context, actions, now);
    }

    /// Asks whose number it is.
    pub(super) fn ask_for(&mut self, context: &mut Context, target: usize, user: String) {
        let question = QuestionId(self.next());
        if let Stage::Forked { responses, .. } = &mut context.stage {
            responses.asked(target, question);
            self.outputs.push_back(Output::Ask(question, Question::Route { user }));
        }
    }

    /// Sends the request to all phones of a number that can be reached, but the one that asks (RFC 3261 16.6).
    pub(super) fn ring(&mut self, context: &mut Context, target: usize, now: Instant) {
        let Stage::Forked { responses, legs } = &context.stage else {
            return;
        };
        let Some(((callee, path), (party, caller))) = responses.callee(target).zip(context.caller.clone()) else {
            return;
        };
        let (callee, room) = (callee.clone(), MAX_PHONES.saturating_sub(legs.len()));
        let only = self.meant(&context.request.uri, self.came_by(context));
        let bindings = self.state.bindings.get(&callee.user).cloned().unwrap_or_default();
        let asks = |b: &Binding| {
            let own = caller.user == callee.user && caller.device == b.device;
            own || context.flow.is_some_and(|flow| b.sends_over(flow))
        };
        let meant = |b: &&Binding| !asks(b) && only.as_ref().is_none_or(|only| only.device == b.device);
        // A phone rings once for one call, by whatever numbers it is reached: it would answer 482 (RFC 3261 8.2.2.2).
        let has = |b: &&Binding| legs.iter().any(|leg| self.is_phone(&leg.target, &callee.user, b));
        let again = bindings.iter().filter(meant).any(|b| has(&b));
        let meant = |b: &&Binding| meant(b) && !has(b);
        let (there, away): (Vec<_>, Vec<_>) = bindings.iter().filter(meant).partition(|b| b.flow().is_some());
        // A call waits for phones that have just gone, if there are no others: after a restart of the exchange that is
        // everybody.
        let waits = there.is_empty() && context.request.method == Method::Invite;
        let meant = if waits { away } else { there }.into_iter().take(room);
        let trace = forward::trace(&context.request, &self.tokens);
        let mut new = Vec::new();
        for (phone, binding) in (1..).zip(meant) {
            let target = Endpoint { user: callee.user.clone(), device: binding.device.clone() };
            let uri = binding.uri().clone();
            let mut request = forward::request(&context.request, uri, &party, &self.config.domain);
            by_path(&mut request, &binding.path);
            if request.method == Method::Invite {
                history::write(&mut request, &path, phone, &self.config.domain);
            }
            if request.method.makes_dialog() {
                let ends = self.ends(&request.headers, caller.clone(), target.clone());
                forward::record_route(&mut request, &ends, &self.tokens, &self.config.domain);
            }
            let mut leg = self.leg(request, &trace, target, Some(callee.clone()));
            leg.until = waits.then(|| now + AWAITED);
            new.push(leg);
        }
        let mut actions = Vec::new();
        if let Stage::Forked { responses, legs } = &mut context.stage {
            if new.is_empty() && again {
                responses.has_rung(target, now, &mut actions);
            } else {
                responses.rings(target, new.len(), now, &mut actions);
            }
            legs.extend(new);
        }
        self.start_legs(context, now);
        self.act(context, actions, now);
    }

    /// Whether a phone that was called is the one of this binding of a user: two people may share one, each by a line of
    /// their own over one connection.
    fn is_phone(&self, called: &Endpoint, user: &str, binding: &Binding) -> bool {
        called.device == binding.device
            && (called.user == user || (binding.flow().is_some() && self.reach(called) == binding.flow()))
    }

    /// The host that the sender of a request came by, and means our domain with.
    pub(super) fn came_by(&self, context: &Context) -> Option<&Host> {
        self.state.flows.get(&context.flow?)?.arrival.host.as_ref()
    }

    /// The phone that a Request-URI means, where it means no number: it is a GRUU, or the contact of a phone, as those write
    /// it that were transferred there. The contact is no address for us, only a name: what is sent goes over the phone's
    /// connection.
    pub(super) fn meant(&self, uri: &Uri, came_by: Option<&Host>) -> Option<Endpoint> {
        match self.config.domain.place(uri, came_by) {
            Place::User(_) => match self.named(uri) {
                Named::Phone { user, device } => Some(Endpoint { user, device }),
                Named::User | Named::Nobody => None,
            },
            Place::Foreign => {
                let mut named = self.state.bindings.named(uri);
                // What two people call theirs is nobody's: one of them may have written down the other's.
                named.next().filter(|_| named.next().is_none())
            }
            Place::Domain | Place::Unsupported => None,
        }
    }

    /// A phone answered. When it says that the person is at other numbers of this domain, and that is wanted, the call
    /// goes on to them; addresses that are not ours are for the caller to judge (RFC 3261 16.5, 16.7 step 4).
    pub(super) fn responded(
        &self,
        context: &mut Context,
        index: usize,
        response: Response,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let flow = context.legs().get(index).and_then(|leg| self.reach(&leg.target));
        let came_by = flow.and_then(|flow| self.state.flows.get(&flow)).and_then(|c| c.arrival.host.as_ref());
        let Stage::Forked { responses, .. } = &mut context.stage else {
            return;
        };
        let redirects = response.status.class() == 3;
        // What a person decides holds for all of their phones; what a phone is set to, for that one.
        let decided = redirects && response.headers.get::<Diversion>().is_ok_and(|diversion| diversion.is_deflection());
        let follows = match self.config.redirects {
            Redirects::Follow => redirects && responses.follows(index, decided),
            Redirects::Pass => false,
        };
        if decided {
            responses.deflected(index, now, actions);
        }
        match self.moved(&response, came_by) {
            Some((to, rest)) if follows => responses.moved(index, to, rest, now, actions),
            Some(_) | None => responses.response(index, response, now, actions),
        }
    }

    /// The numbers of ours that a 3xx names, the preferred first, equal ones together; and what it says beside them.
    fn moved(&self, response: &Response, came_by: Option<&Host>) -> Option<(Vec<Vec<String>>, Option<Response>)> {
        if response.status.class() != 3 {
            return None;
        }
        let contacts = response.headers.all::<Contact>().ok()?;
        let own = |contact: &Contact| match self.config.domain.place(&contact.address()?.uri, came_by) {
            Place::User(user) => Some((contact.q().unwrap_or(1000), user)),
            Place::Domain | Place::Foreign | Place::Unsupported => None,
        };
        let mut numbers: Vec<_> = contacts.iter().filter_map(own).take(MAX_CONTACTS).collect();
        numbers.sort_by_key(|(q, _)| Reverse(*q));
        let batches: Vec<Vec<String>> = numbers
            .chunk_by(|(q, _), (other, _)| q == other)
            .map(|batch| batch.iter().map(|(_, user)| user.clone()).collect())
            .collect();
        let mut rest = response.clone();
        rest.headers.remove(HeaderName::Contact);
        let foreign: Vec<_> = contacts.iter().filter(|contact| own(contact).is_none()).collect();
        foreign.iter().for_each(|contact| rest.headers.push(*contact));
        (!batches.is_empty()).then_some((batches, (!foreign.is_empty()).then_some(rest)))
    }
}

/// Whether it is a person's who is not to be disturbed.
const fn is_quiet(route: &Route) -> bool {
    match &route.destination {
        Destination::User(rules) => rules.do_not_disturb,
        Destination::Group(_) | Destination::Service | Destination::PickUp(_) => false,
    }
}

/// The questions of a request that are open since it was sent to phones.
pub(super) fn questions(context: &Context) -> impl Iterator<Item = Output> {
    let responses = match &context.stage {
        Stage::Forked { responses, .. } => Some(responses),
        Stage::Admitting { .. }
        | Stage::Locating { .. }
        | Stage::Serving { .. }
        | Stage::Keeping { .. }
        | Stage::Settled => None,
    };
    let questions = responses.into_iter().flat_map(ResponseContext::questions);
    questions.map(|(id, _, user)| Output::Ask(id, Question::Route { user: user.into() }))
}
