//! Requests that a service of the exchange sends to phones.
//!
//! | Row | On | Does |
//! | --- | --- | --- |
//! | SE1 | a request for one phone that can be reached | sends it there |
//! | SE2 | a request for one phone that is away, and may come back | sends it when it does |
//! | SE3 | a request for all phones | sends it to those that can be reached |
//! | SE4 | a request for phones of which there is none, or that is never sent so | tells: nothing came |
//! | SE5 | the first 2xx, or the best failure when all have failed | tells it, once |
//! | SE6 | the phones are gone, or said nothing in time | tells: nothing came |

use super::api::SendId;
use super::context::{Context, Server, Stage};
use super::response_context::ResponseContext;
use super::token::Endpoint;
use super::{Event, Output, Proxy, forward};
use crate::header::Via;
use crate::message::{Method, Request, Response, Status};
use crate::registrar::Place;
use crate::time::Instant;
use crate::transaction::Key;
use alloc::string::String;
use alloc::vec::Vec;

impl Proxy {
    /// SE1 to SE4: a service sends a request.
    pub(super) fn send(&mut self, id: SendId, user: String, device: Option<String>, request: Request, now: Instant) {
        let targets = if is_sendable(&request.method) { self.targets(user, device) } else { Vec::new() };
        let mut named = request.clone();
        forward::push_via(&mut named, &forward::branch(&self.random.token(), ""), &self.config.domain);
        let Some(key) = Key::sent(&named).ok().filter(|_| !targets.is_empty()) else {
            self.outputs.push_back(Output::Event(Event::Sent { id, response: None }));
            return;
        };
        let trace = forward::trace(&request, &self.tokens);
        let legs: Vec<_> = targets
            .into_iter()
            .map(|target| {
                let mut sent = forward::sent(&request, self.target_uri(&request, &target));
                self.by_path_to(&mut sent, &target);
                self.leg(sent, &trace, target, None)
            })
            .collect();
        let stage = Stage::Forked { responses: ResponseContext::other(legs.len()), legs };
        let server = Server::Service { id, told: false };
        let context = Context {
            key,
            flow: None,
            caller: None,
            gone: None,
            keep: None,
            begun: None,
            request,
            reasons: Vec::new(),
            tag: self.random.token(),
            server,
            stage,
        };
        let number = self.next();
        self.state.contexts.put(number, context.into());
        self.change(number, |proxy, context| proxy.start_legs(context, now));
    }

    /// SE5, SE6: tells the service, once, what came of its request; `None` when nothing did.
    pub(super) fn tell_service(&mut self, context: &mut Context, response: Option<&Response>) {
        if response.is_some_and(|response| response.status.is_provisional()) {
            return;
        }
        if let Server::Service { id, told: told @ false } = &mut context.server {
            *told = true;
            let response = response.cloned().map(|mut response| {
                response.headers.pop_front::<Via>();
                response
            });
            self.outputs.push_back(Output::Event(Event::Sent { id: *id, response }));
        }
    }

    /// Whether a status of ours tells a service that nothing came (SE6): it stands for no phone's word.
    pub(super) fn is_told_nothing(&self, context: &Context, status: Status) -> bool {
        matches!(context.server, Server::Service { .. }) && status != Status::SERVER_INTERNAL_ERROR
    }

    fn targets(&self, user: String, device: Option<String>) -> Vec<Endpoint> {
        match device {
            Some(device) => {
                let end = Endpoint { user, device };
                let known = self.binding(&end).is_some() || self.reach(&end).is_some();
                known.then_some(end).into_iter().collect()
            }
            None => {
                let bindings = self.state.bindings.get(&user).map(Vec::as_slice).unwrap_or_default();
                let reachable = bindings.iter().filter(|binding| binding.flow().is_some());
                reachable.map(|b| Endpoint { user: user.clone(), device: b.device.clone() }).collect()
            }
        }
    }

    fn target_uri(&self, request: &Request, target: &Endpoint) -> crate::uri::Uri {
        match self.config.domain.place(&request.uri, None) {
            Place::User(_) | Place::Domain => self.binding(target).map(|binding| binding.uri().clone()),
            Place::Foreign | Place::Unsupported => None,
        }
        .unwrap_or_else(|| request.uri.clone())
    }
}

/// Whether what becomes of such a request is one response: an INVITE is more, and the others are no requests of
/// their own.
const fn is_sendable(method: &Method) -> bool {
    match method {
        Method::Invite | Method::Ack | Method::Cancel => false,
        Method::Bye
        | Method::Register
        | Method::Options
        | Method::Info
        | Method::Update
        | Method::Prack
        | Method::Subscribe
        | Method::Notify
        | Method::Publish
        | Method::Refer
        | Method::Message
        | Method::Other(_) => true,
    }
}
