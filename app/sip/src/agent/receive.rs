use super::identity::caller;
use super::session::State;
use super::transactions::Effects;
use super::{
    Agent, Call, CallId, Cause, Direction, Event, Phase, Registration, auto_answer, compose, description, session_timer,
};
use crate::header::{self, Accept, Require, To, Unsupported};
use crate::message::{
    HeaderError, HeaderName, KeepAlive, Message, Method, Request, Status, Token, is_keepalive, refusal,
};
use crate::sdp::Unfitness;
use crate::transaction::Key;
use crate::uri::Uri;
use alloc::string::ToString;
use alloc::vec::Vec;

/// The longest body of an INVITE, in bytes: it is in every snapshot as long as it rings. Browsers offer 2 to 6 KiB.
const MAX_DESCRIPTION: usize = 16 * 1024;

impl Agent {
    /// One message from the wire.
    pub(super) fn received(&mut self, bytes: &[u8]) {
        let interval = self.core.config.ping_interval;
        self.core.link.heard(self.core.now, interval);
        match is_keepalive(bytes) {
            Some(KeepAlive::Ping) => return self.core.transmit(b"\r\n".to_vec()),
            Some(KeepAlive::Pong | KeepAlive::Empty) => return,
            None => {}
        }
        match Message::parse(bytes) {
            Ok(Message::Request(request)) => self.request(request),
            // A malformed response is dropped (RFC 3261 8.1.3.1 takes it for none).
            Ok(Message::Response(response)) if response.validate().is_err() => {}
            Ok(Message::Response(mut response)) => {
                self.core.hook.response_came(&mut response);
                let mut effects = Effects::default();
                self.core.transactions.response(&response, self.core.now, &mut effects);
                self.core.apply(effects);
            }
            Err(error) => {
                if let Some(response) = refusal(bytes, &error) {
                    self.core.transmit(response.to_bytes());
                }
            }
        }
    }

    fn request(&mut self, mut request: Request) {
        let key = match request.validate().and_then(|()| Key::server(&request)) {
            Ok(key) => key,
            Err(error) => return self.refuse_malformed(&request, &error),
        };
        self.core.hook.request_came(&mut request);
        let request = &request;
        let mut effects = Effects::default();
        let taken = self.core.transactions.request(&key, request, self.core.now, &mut effects);
        self.core.apply(effects);
        if taken != Some(false) {
            return;
        }
        if request.method == Method::Ack {
            self.ack(request);
        } else if request.method == Method::Cancel {
            self.cancel(&key, request);
        } else if has_to_tag(request) {
            self.in_dialog(&key, request);
        } else {
            self.out_of_dialog(&key, request);
        }
    }

    /// A request without what every request must have: answered without a transaction, if it can be.
    fn refuse_malformed(&mut self, request: &Request, error: &HeaderError) {
        if let Some(mut response) = request.refusal(error) {
            response.set_to_tag(&self.core.random.token());
            self.core.transmit(response.to_bytes());
        }
    }

    fn ack(&mut self, ack: &Request) {
        if let Some(call) = self.dialog_of(ack) {
            self.with(call, |session, core| session.acknowledged(core, ack));
        }
    }

    /// RFC 3261 9.2: 200 if there is such an INVITE, whatever comes of it.
    fn cancel(&mut self, key: &Key, cancel: &Request) {
        let invite = key.cancelled();
        if !self.core.transactions.has_server(&invite) {
            return self.respond(key, cancel, Status::CALL_DOES_NOT_EXIST);
        }
        // The same tag as in the INVITE's response.
        let of = |session: &&super::session::Session| {
            session.dialog().is_some_and(|dialog| dialog.is_of_request_without_to(cancel))
        };
        let tag = self.sessions.iter().find(of).map(|session| session.local_tag.clone());
        let tag = tag.unwrap_or_else(|| self.core.random.token());
        self.core.respond(key, &compose::response(&self.core.config, cancel, Status::OK, &tag));
        for call in self.ids() {
            self.with(call, |session, core| {
                session.cancelled(core, &invite, cancel);
                session.reinvite_cancelled(core, &invite);
            });
        }
    }

    fn in_dialog(&mut self, key: &Key, request: &Request) {
        let Some(call) = self.dialog_of(request) else {
            return self.in_other_dialog(key, request);
        };
        let accepted = match self.session(call).and_then(|session| session.dialog_of(request)) {
            Some(dialog) => dialog.accepts(request),
            None => Err(Status::CALL_DOES_NOT_EXIST),
        };
        if let Err(status) = accepted {
            return self.respond(key, request, status);
        }
        // A call that is over may have left a subscription behind.
        let alone = self.session(call).is_some_and(|session| matches!(session.state, State::Gone));
        if alone && !matches!(request.method, Method::Notify | Method::Subscribe) {
            return self.respond(key, request, Status::CALL_DOES_NOT_EXIST);
        }
        if !self.is_understood(key, request) {
            return;
        }
        match &request.method {
            Method::Bye => {
                self.respond(key, request, Status::OK);
                let call = self.succeeded_early(call);
                self.with(call, |session, core| session.hung_up(core, request));
            }
            Method::Invite | Method::Update => self.with(call, |session, core| session.changed(core, key, request)),
            Method::Info => self.with(call, |session, core| session.informed(core, key, request)),
            Method::Options => self.respond(key, request, Status::OK),
            Method::Refer => self.with(call, |session, core| session.referred(core, key, request)),
            Method::Notify if is_of_refer(request) => {
                self.with(call, |session, core| session.transfer_notified(core, key, request));
            }
            Method::Subscribe if is_of_refer(request) => {
                self.with(call, |session, core| session.report_wanted(core, key, request));
            }
            Method::Prack => self.with(call, |session, core| session.pracked(core, key, request)),
            Method::Message => self.message_came(key, request, Some(call)),
            Method::Notify => self.notice_came(key, request),
            Method::Subscribe => self.subscribe_came(key, request),
            // What may not be asked was refused above.
            Method::Ack | Method::Cancel | Method::Register | Method::Publish | Method::Other(_) => {
                self.respond(key, request, Status::METHOD_NOT_ALLOWED)
            }
        }
    }

    /// A request in a dialog that is no call's: subscriptions have their own.
    fn in_other_dialog(&mut self, key: &Key, request: &Request) {
        let is_event = matches!(request.method, Method::Notify | Method::Subscribe);
        if !is_event {
            self.respond(key, request, Status::CALL_DOES_NOT_EXIST);
        } else if self.is_understood(key, request) {
            if request.method == Method::Notify {
                self.notice_came(key, request);
            } else {
                self.subscribe_came(key, request);
            }
        }
    }

    fn out_of_dialog(&mut self, key: &Key, request: &Request) {
        if !self.is_understood(key, request) {
            return;
        }
        let begins = matches!(request.method, Method::Invite | Method::Message | Method::Subscribe);
        if begins && self.registration() == Registration::Unregistering {
            // Nobody would be there any more to end it.
            return self.respond(key, request, Status::TEMPORARILY_UNAVAILABLE);
        }
        match &request.method {
            Method::Invite => self.invited(key, request),
            Method::Options => self.respond(key, request, Status::OK),
            Method::Message => self.message_came(key, request, None),
            Method::Notify => self.notice_came(key, request),
            Method::Subscribe => self.subscribe_came(key, request),
            Method::Bye | Method::Update | Method::Prack | Method::Info => {
                self.respond(key, request, Status::CALL_DOES_NOT_EXIST);
            }
            // Nobody may have us call somebody but who is talked to.
            Method::Refer => self.respond(key, request, Status::FORBIDDEN),
            // What may not be asked was refused above.
            Method::Ack | Method::Cancel | Method::Register | Method::Publish | Method::Other(_) => {
                self.respond(key, request, Status::METHOD_NOT_ALLOWED)
            }
        }
    }

    fn invited(&mut self, key: &Key, invite: &Request) {
        let merged = self.sessions.iter().any(|session| session.is_merged(invite));
        if merged {
            return self.respond(key, invite, Status::LOOP_DETECTED);
        }
        let replaces = match self.replaced(invite) {
            Ok(replaces) => replaces,
            Err(status) => return self.respond(key, invite, status),
        };
        if replaces.is_none() && self.live() >= self.core.config.max_calls {
            return self.turn_away(key, invite, None);
        }
        let offer = description::of_request(invite);
        if let Some(Err(unfit)) = offer.map(|offer| description::check(&self.core.config, &offer)) {
            return self.turn_away(key, invite, Some(unfit));
        }
        let alone = self.live() == 0 && replaces.is_none();
        // A caller that cannot even be read is refused for that below.
        let anonymous = caller(&self.core.config, &invite.headers).is_ok_and(|(_, identity)| identity.anonymous);
        if replaces.is_none() && auto_answer::is_refused(&self.core.config, &invite.headers, alone, anonymous) {
            return self.respond(key, invite, Status::FORBIDDEN);
        }
        let id = self.next_call();
        match super::session::Session::ring(&mut self.core, id, key.clone(), invite, replaces, alone) {
            Ok(session) => {
                self.sessions.push(session);
                if replaces.is_some() {
                    self.with(id, super::session::Session::accept);
                }
            }
            Err(error) => self.respond(key, invite, error.status()),
        }
    }

    /// A call that does not even ring, being one more than are allowed or `unfit`: the user learns who it was, and why.
    fn turn_away(&mut self, key: &Key, invite: &Request, unfit: Option<Unfitness>) {
        let from = caller(&self.core.config, &invite.headers)
            .and_then(|remote| Ok((remote, invite.headers.get::<header::CallId>()?)));
        let ((remote, identity), call_id) = match from {
            Ok(from) => from,
            Err(error) => return self.respond(key, invite, error.status()),
        };
        let local_tag = self.core.random.token();
        let config = &self.core.config;
        let response = match &unfit {
            Some(unfit) => compose::unfit(config, invite, &local_tag, unfit),
            None => compose::response(config, invite, Status::BUSY_HERE, &local_tag),
        };
        self.core.respond(key, &response);
        let id = self.next_call();
        let call_id = call_id.to_string();
        let last = Call {
            id,
            direction: Direction::Incoming,
            remote,
            phase: Phase::Ending,
            call_id,
            local_tag,
            replaces: None,
            transfer: None,
            transfer_asked: false,
            identity,
            auto_answer: None,
            alert: None,
            status: None,
            reason: None,
            held_here: false,
            held_there: false,
            trickles: false,
        };
        self.core.event(Event::Ended { call: id, last, cause: unfit.map_or(Cause::Busy, Cause::Unfit) });
    }

    /// Whether all that a request asks for is understood; if not, it is refused (RFC 3261 8.2.1 to 8.2.3).
    fn is_understood(&mut self, key: &Key, request: &Request) -> bool {
        let status = if compose::methods(&self.core.config).contains(&request.method) {
            None
        } else if matches!(request.method, Method::Other(_)) {
            Some(Status::NOT_IMPLEMENTED)
        } else {
            Some(Status::METHOD_NOT_ALLOWED)
        };
        let status = status.or(match request.uri {
            Uri::Sip(_) => None,
            Uri::Tel(_) | Uri::Other { .. } => Some(Status::UNSUPPORTED_URI_SCHEME),
        });
        let status = status.or_else(|| is_large(request).then_some(Status::REQUEST_ENTITY_TOO_LARGE));
        let status = status.or_else(|| (!is_sdp(request)).then_some(Status::UNSUPPORTED_MEDIA_TYPE));
        if let Some(status) = status {
            self.respond(key, request, status);
            return false;
        }
        if !takes_sdp(request) {
            let tag = self.core.random.token();
            let response = compose::not_acceptable(&self.core.config, request, &tag);
            self.core.respond(key, &response);
            return false;
        }
        let required = match request.headers.all::<Require>() {
            Ok(required) => required,
            Err(error) => {
                self.respond(key, request, error.status());
                return false;
            }
        };
        let known = compose::extensions(&self.core.config);
        let unknown: Vec<Token> = required
            .into_iter()
            .flat_map(|Require(tags)| tags)
            .filter(|tag| !known.iter().any(|known| known.eq_ignore_ascii_case(tag)))
            .collect();
        if unknown.is_empty() {
            return self.is_lasting(key, request);
        }
        let tag = self.core.random.token();
        let response = compose::bad_extension(&self.core.config, request, &tag, &Unsupported(unknown));
        self.core.respond(key, &response);
        false
    }

    /// Whether a request wants a session that goes on long enough without a refresh; if not, it is refused (RFC 4028 9).
    fn is_lasting(&mut self, key: &Key, request: &Request) -> bool {
        if !session_timer::is_too_small(&self.core.config, request) {
            return true;
        }
        let tag = self.core.random.token();
        let response = session_timer::too_small(&self.core.config, request, &tag);
        self.core.respond(key, &response);
        false
    }

    fn respond(&mut self, key: &Key, request: &Request, status: Status) {
        let tag = self.core.random.token();
        let response = compose::response(&self.core.config, request, status, &tag);
        self.core.respond(key, &response);
    }

    fn dialog_of(&self, request: &Request) -> Option<CallId> {
        let of = |session: &&super::session::Session| session.is_of_request(request);
        self.sessions.iter().find(of).map(|session| session.id)
    }
}

/// Whether the body of a request is about the media.
const fn describes(request: &Request) -> bool {
    matches!(request.method, Method::Invite | Method::Update)
}

/// Whether one that is describes more than is kept.
fn is_large(request: &Request) -> bool {
    describes(request) && request.body.len() > MAX_DESCRIPTION
}

/// Whether it is of the subscription that a REFER makes (RFC 3515 3).
fn is_of_refer(request: &Request) -> bool {
    request.headers.get::<header::Event>().is_ok_and(|event| event.is("refer"))
}

fn has_to_tag(request: &Request) -> bool {
    request.headers.get::<To>().is_ok_and(|to| to.tag().is_some())
}

/// Whether the body of INVITE or UPDATE is one that is understood; other requests' bodies concern nobody.
fn is_sdp(request: &Request) -> bool {
    !describes(request) || description::is_understood(request)
}

/// Whether an INVITE lets us answer with the only type that is understood (RFC 3261 20.1). An Accept that cannot be
/// read says nothing.
fn takes_sdp(request: &Request) -> bool {
    if request.method != Method::Invite {
        return true;
    }
    match request.headers.all::<Accept>() {
        // An Accept with nothing in it takes nothing (RFC 3261 20.1).
        Ok(ranges) if ranges.is_empty() => !request.headers.contains(HeaderName::Accept),
        Ok(ranges) => ranges.iter().any(|range| range.takes(compose::SDP)),
        Err(_) => true,
    }
}
