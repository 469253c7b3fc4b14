//! A small event state compositor (RFC 3903): it keeps the last state that each user publishes.

use sip::header::{Expires, SipETag, SipIfMatch, To};
use sip::message::{Request, Response, Status};
use std::collections::BTreeMap;

/// How long a publication is kept, in seconds.
const LASTS: u32 = 3600;

/// What is published: its name, whose it is, and what it says.
#[derive(Default)]
pub struct EventServer {
    states: BTreeMap<String, (String, Vec<u8>)>,
    last: u32,
}

impl EventServer {
    /// What a user published last.
    pub fn state(&self, user: &str) -> Option<&[u8]> {
        self.states.values().find(|(of, _)| of == user).map(|(_, state)| &**state)
    }

    /// Takes a PUBLISH (RFC 3903 6): a new state, a refreshed or changed one, or one that is taken back.
    pub fn publish(&mut self, request: &Request) -> Response {
        let asked = request.headers.find::<Expires>().ok().flatten().map_or(LASTS, |Expires(seconds)| seconds);
        let Ok(To(to)) = request.headers.get::<To>() else {
            return Response::to_request(request, Status::BAD_REQUEST);
        };
        let before = match request.headers.find::<SipIfMatch>().ok().flatten() {
            None => None,
            Some(name) => match self.states.remove(&*name.to_string()) {
                Some((_, state)) => Some(state),
                // It was forgotten: the phone publishes it anew.
                None => return Response::to_request(request, Status::CONDITIONAL_REQUEST_FAILED),
            },
        };
        let mut response = Response::to_request(request, Status::OK);
        response.headers.push(&Expires(asked.min(LASTS)));
        self.last += 1;
        let name = format!("state{}", self.last);
        if let Ok(tag) = name.parse::<SipETag>() {
            response.headers.push(&tag);
        }
        let user = to.uri.as_sip().and_then(|uri| uri.user_unescaped()).unwrap_or_default();
        if asked > 0 {
            let state = if request.body.is_empty() { before.unwrap_or_default() } else { request.body.clone() };
            self.states.insert(name, (user.to_string(), state));
        }
        response
    }
}
