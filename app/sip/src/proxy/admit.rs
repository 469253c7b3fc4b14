//! From the arrival of a request to the phones it goes to (RFC 3261 16.3 to 16.5).

use super::context::{Client, Context, Leg, Server, Stage};
use super::gruu::Named;
use super::joins::is_within_only;
use super::serve::of_service;
use super::token::{Endpoint, Ends};
use super::{
    Admission, Answer, Destination, Event, Flow, MAX_USERS, Output, Party, Proxy, Question, QuestionId, Route, forward,
};
use crate::header::{Allow, Contact, From, MaxForwards, ProxyRequire, ReferTo, RetryAfter, To, Unsupported};
use crate::message::{HeaderName, Method, Request, Response, Status};
use crate::registrar::{Place, Verdict};
use crate::time::Instant;
use crate::transaction::{Key, ServerInvite, ServerNonInvite};
use crate::uri::{Host, Uri};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// How long a client that sends too much is asked to wait, in seconds.
const RETRY_AFTER: u32 = 5;
/// What every code of the exchange begins with.
const CODE: char = '*';
/// The user and the host of a From that names nobody (RFC 3323 4.1.1.3).
const ANONYMOUS: &str = "anonymous";
const ANONYMOUS_HOST: &str = "anonymous.invalid";

impl Proxy {
    /// A request that was not seen before.
    pub(super) fn begin(&mut self, flow: Flow, request: Request, key: Key, now: Instant) {
        let Some(connection) = self.state.flows.get(&flow) else {
            return;
        };
        let transport = connection.arrival.reliability;
        if self.is_full(flow) {
            let mut response = Response::to_request(&request, Status::SERVICE_UNAVAILABLE);
            response.set_to_tag(&self.random.token());
            response.headers.set(&RetryAfter::new(RETRY_AFTER));
            self.outputs.push_back(Output::Transmit { flow, bytes: response.to_bytes() });
            return;
        }
        let server = if request.method == Method::Invite {
            Server::Invite(ServerInvite::new(&request, transport, now))
        } else {
            Server::Other(ServerNonInvite::new(transport))
        };
        let id = self.next();
        let tag = self.random.token();
        let stage = Stage::Settled;
        let context = Context {
            key,
            flow: Some(flow),
            caller: None,
            gone: None,
            keep: None,
            begun: Some(now),
            request,
            reasons: Vec::new(),
            tag,
            server,
            stage,
        };
        self.state.contexts.put(id, context.into());
        self.change(id, |proxy, context| match proxy.screen(context) {
            Some(refusal) => proxy.respond(context, refusal, now),
            None => proxy.judge(context, flow, now),
        });
    }

    /// An answer to a question.
    pub(super) fn answered(&mut self, id: QuestionId, answer: Answer, now: Instant) {
        let Some(number) = self.state.contexts.asked(id) else {
            return;
        };
        self.change(number, |proxy, context| match (core::mem::replace(&mut context.stage, Stage::Settled), answer) {
            (Stage::Admitting { credentials, .. }, Answer::Credentials(secrets)) => {
                match proxy.gate.verify(&context.request, &credentials, secrets, now) {
                    Ok(party) => proxy.admitted(context, party, now),
                    Err(refused) => {
                        if let Some(flow) = context.flow.filter(|_| !refused.stale) {
                            proxy.outputs.push_back(Output::Event(Event::Rejected { flow }));
                        }
                        proxy.respond(context, refused.response, now);
                    }
                }
            }
            (Stage::Locating { user, .. }, Answer::Route(route)) => match route {
                Some(Route { destination: Destination::Service, .. }) => proxy.dialled(context, now),
                Some(Route { destination: Destination::PickUp(user), .. }) => proxy.pick_up(context, &user, now),
                Some(_) if proxy.is_served(&context.request) => proxy.serve(context),
                Some(route) => {
                    if let Destination::User(_) = &route.destination {
                        proxy.will_keep(context, &route.party.user, now);
                    }
                    if !proxy.keep_behind(context) {
                        proxy.hunt(context, user, route, now);
                    }
                }
                None => proxy.reply(context, Status::NOT_FOUND, now),
            },
            (stage @ Stage::Forked { .. }, Answer::Route(route)) => {
                context.stage = stage;
                proxy.routed(context, id, route, now);
            }
            (stage @ Stage::Serving { .. }, answer @ Answer::Served(_))
            | (stage @ Stage::Keeping { .. }, answer @ Answer::Kept(_)) => {
                context.stage = stage;
                if let Some(answer) = of_service(answer, &context.request) {
                    proxy.service_answered(context, answer, now);
                }
            }
            // An answer to something else: the question stays open.
            (
                stage @ (Stage::Admitting { .. }
                | Stage::Locating { .. }
                | Stage::Serving { .. }
                | Stage::Keeping { .. }
                | Stage::Forked { .. }
                | Stage::Settled),
                Answer::Credentials(_) | Answer::Route(_) | Answer::Served(_) | Answer::Kept(_),
            ) => context.stage = stage,
        });
    }

    /// Answers with a status of ours.
    pub(super) fn reply(&mut self, context: &mut Context, status: Status, now: Instant) {
        let response = Response::to_request(&context.request, status);
        self.respond(context, response, now);
    }

    /// Answers with this status, unless it is a message that is kept.
    pub(super) fn unreached(&mut self, context: &mut Context, status: Status, now: Instant) {
        if !self.keep(context) {
            self.reply(context, status, now);
        }
    }

    /// Answers with a response of ours.
    pub(super) fn respond(&mut self, context: &mut Context, mut response: Response, now: Instant) {
        if response.status != Status::TRYING {
            response.set_to_tag(&context.tag);
        }
        self.tell_service(context, Some(&response));
        self.pass(context, &response, now);
    }

    /// RFC 3261 16.3: what is refused whoever asks.
    fn screen(&self, context: &Context) -> Option<Response> {
        let request = &context.request;
        let refuse = |status| Some(Response::to_request(request, status));
        if request.uri.as_sip().is_none() {
            return refuse(Status::UNSUPPORTED_URI_SCHEME);
        }
        match request.headers.find::<MaxForwards>() {
            Ok(Some(MaxForwards(0))) => return refuse(Status::TOO_MANY_HOPS),
            Ok(_) => {}
            Err(error) => return refuse(error.status()),
        }
        if forward::is_loop(request, &self.tokens, &self.config.domain) {
            return refuse(Status::LOOP_DETECTED);
        }
        match request.headers.find::<ProxyRequire>() {
            Ok(Some(ProxyRequire(tags))) if !tags.is_empty() => {
                let mut response = Response::to_request(request, Status::BAD_EXTENSION);
                response.headers.set(&Unsupported(tags));
                Some(response)
            }
            Ok(_) => None,
            Err(error) => refuse(error.status()),
        }
    }

    fn judge(&mut self, context: &mut Context, flow: Flow, now: Instant) {
        let Some(connection) = self.state.flows.get(&flow) else {
            return;
        };
        match self.gate.judge(&context.request, &connection.arrival.admission, now) {
            Verdict::Admit(party) => self.admitted(context, party, now),
            Verdict::Refuse(response) => self.respond(context, response, now),
            Verdict::Verify(credentials) => {
                let question = QuestionId(self.next());
                let user = credentials.username.to_string();
                self.outputs.push_back(Output::Ask(question, Question::Credentials { user }));
                context.stage = Stage::Admitting { question, credentials };
            }
        }
    }

    /// The request comes from `party`.
    fn admitted(&mut self, context: &mut Context, party: Party, now: Instant) {
        let found = context.flow.and_then(|flow| Some((flow, self.state.flows.get_mut(&flow)?)));
        let Some((flow, connection)) = found else {
            return context.server.abandon(); // It closed while the secrets were looked up.
        };
        let came_by = connection.arrival.host.clone();
        let is_room = connection.arrival.admission == Admission::Digest && connection.users.len() < MAX_USERS;
        if is_room && connection.users.insert(party.user.clone()) {
            self.proved(&party.user, flow);
        }
        let caller = self.sender(context, flow, &party);
        let honest = self.allows_contact(context, &party, came_by.as_ref());
        context.caller = Some((party, caller));
        if let Server::Invite(server) = &mut context.server {
            let mut effects = Vec::new();
            server.respond_trying(&mut effects);
            self.transmit(context.flow, effects);
        }
        self.gate.strip(&mut context.request);
        if !honest || Self::dials_for_another(&context.request) {
            return self.reply(context, Status::FORBIDDEN, now);
        }
        let domain = &self.config.domain;
        let Ok(ends) = forward::take_route(&mut context.request, &self.tokens, domain, came_by.as_ref()) else {
            return self.reply(context, Status::NOT_FOUND, now);
        };
        let in_dialog = To::tag_of(&context.request.headers).is_some();
        match ends {
            Some(ends) if in_dialog => self.route(context, &ends, came_by.as_ref(), now),
            None if in_dialog && self.is_of_service(&context.request, came_by.as_ref()) => {
                let user = context.caller.as_ref().map(|(party, _)| party.user.as_str()).unwrap_or_default();
                if self.goes_by(&context.request.headers, user, None) {
                    self.serve(context);
                } else {
                    self.reply(context, Status::FORBIDDEN, now);
                }
            }
            None if in_dialog => self.reply(context, Status::CALL_DOES_NOT_EXIST, now),
            Some(_) if context.request.headers.contains(HeaderName::Route) => {
                self.reply(context, Status::NOT_FOUND, now);
            }
            ends => self.invited(context, ends.as_ref(), came_by.as_ref(), now),
        }
    }

    /// A request outside of dialogs, which may name one all the same.
    fn invited(&mut self, context: &mut Context, route: Option<&Ends>, came_by: Option<&Host>, now: Instant) {
        if self.impersonates(context, came_by) {
            return self.reply(context, Status::FORBIDDEN, now);
        }
        if is_within_only(&context.request.method) {
            return self.reply(context, Status::CALL_DOES_NOT_EXIST, now);
        }
        match self.joined(context, route, came_by, now) {
            Ok(Some(side)) => self.join(context, side, now),
            Ok(None) => self.locate(context, came_by, now),
            Err(status) => self.reply(context, status, now),
        }
    }

    /// Whether a REFER would have somebody else dial one of the exchange's codes: those change what becomes of the dialler's
    /// own calls, so only they dial them.
    fn dials_for_another(request: &Request) -> bool {
        let Ok(ReferTo(target)) = request.headers.get() else { return false };
        let is_code = match &target.uri {
            Uri::Sip(uri) => uri.user_unescaped().is_some_and(|user| user.starts_with(CODE)),
            Uri::Tel(uri) => uri.number.as_str().starts_with(CODE),
            Uri::Other { .. } => false,
        };
        is_code && request.method == Method::Refer
    }

    /// Whether From names another than the sender. Who names nobody does not.
    fn impersonates(&self, context: &Context, came_by: Option<&Host>) -> bool {
        let own = context.caller.as_ref().map(|(party, _)| Place::User(party.user.clone()));
        let from = context.request.headers.get::<From>().map(|From(from)| from.uri).ok();
        let anonymous = from.as_ref().is_some_and(is_anonymous);
        from.map(|uri| self.config.domain.place(&uri, came_by)) != own && !anonymous
    }

    /// Which phone of the sender it is: the one whose contact the request shows, or that registered here.
    fn sender(&self, context: &Context, flow: Flow, party: &Party) -> Endpoint {
        let contact = match context.request.headers.find::<Contact>() {
            Ok(Some(contact)) => contact.address().map(|address| address.uri.clone()),
            Ok(None) | Err(_) => None,
        };
        let bindings = self.state.bindings.get(&party.user).map(Vec::as_slice).unwrap_or_default();
        let by_contact = bindings.iter().find(|binding| Some(binding.uri()) == contact.as_ref());
        let by_gruu = || match self.named(contact.as_ref()?) {
            Named::Phone { user, device } if user == party.user => bindings.iter().find(|b| b.device == device),
            Named::Phone { .. } | Named::User | Named::Nobody => None,
        };
        let by_flow = || bindings.iter().find(|binding| binding.sends_over(flow));
        match by_contact.or_else(by_gruu).or_else(by_flow) {
            Some(binding) => Endpoint { user: party.user.clone(), device: binding.device.clone() },
            None => Endpoint::unregistered(party.user.clone(), flow),
        }
    }

    /// RFC 3261 16.5, outside of dialogs: who is called?
    fn locate(&mut self, context: &mut Context, came_by: Option<&Host>, now: Instant) {
        match self.config.domain.place(&context.request.uri, came_by) {
            Place::User(name) => match self.named(&context.request.uri) {
                Named::User => self.look_up(context, name),
                Named::Phone { user, .. } => self.look_up(context, user),
                Named::Nobody => self.reply(context, Status::NOT_FOUND, now),
            },
            Place::Domain if self.is_served(&context.request) => self.serve(context),
            Place::Domain => self.answer_for_domain(context, now),
            Place::Foreign => match self.meant(&context.request.uri, came_by) {
                Some(phone) => self.look_up(context, phone.user),
                None => self.reply(context, Status::NOT_FOUND, now),
            },
            Place::Unsupported => self.reply(context, Status::UNSUPPORTED_URI_SCHEME, now),
        }
    }

    /// Asks whose number it is.
    fn look_up(&mut self, context: &mut Context, user: String) {
        let question = QuestionId(self.next());
        self.outputs.push_back(Output::Ask(question, Question::Route { user: user.clone() }));
        context.stage = Stage::Locating { question, user };
    }

    /// A request to nobody but the domain.
    fn answer_for_domain(&mut self, context: &mut Context, now: Instant) {
        let status = if context.request.method == Method::Options { Status::OK } else { Status::METHOD_NOT_ALLOWED };
        let mut response = Response::to_request(&context.request, status);
        response.headers.set(&Allow(Vec::from([Method::Options, Method::Register])));
        self.respond(context, response, now);
    }

    /// A way to a phone, with a Via of its own.
    pub(super) fn leg(&mut self, mut request: Request, trace: &str, target: Endpoint, callee: Option<Party>) -> Leg {
        let branch = forward::branch(&self.random.token(), trace);
        forward::push_via(&mut request, &branch, &self.config.domain);
        Leg { target, callee, branch, call: None, until: None, client: Client::Waiting(request), cancel: None }
    }
}

/// Whether a From names nobody (RFC 3323 4.1.1.3). Who it is, is asserted to whom is called all the same.
pub(super) fn is_anonymous(uri: &Uri) -> bool {
    uri.as_sip().is_some_and(|uri| {
        let nobody = uri.user_unescaped().is_none_or(|user| user.is_empty() || user.eq_ignore_ascii_case(ANONYMOUS));
        nobody && uri.host.to_string().eq_ignore_ascii_case(ANONYMOUS_HOST)
    })
}
