//! What they change in an answered call: re-INVITE (RFC 3261 14.2) and UPDATE (RFC 3311). The states are those of
//! [`Modify`].

use super::core::Core;
use super::established::{Established, Unacknowledged};
use super::modify::Modify;
use super::session::{Session, State};
use super::session_timer::{self, SessionTimer};
use super::{Answer, Body, Question, compose, description};
use crate::message::{Method, Request, Response, Status};
use crate::transaction::Key;

impl Established {
    /// Refuses their re-INVITE or UPDATE, if there is one.
    pub(super) fn refuse_theirs(&mut self, core: &mut Core, status: Status) {
        if let Modify::Answering { key, request, .. } = &self.modify {
            let response = compose::response(&core.config, request, status, self.dialog.local_tag());
            core.respond(key, &response);
            self.modify = self.modify.next();
        }
    }

    /// Says yes to their re-INVITE or UPDATE, and takes over what it says of them.
    fn take(&mut self, core: &mut Core, key: &Key, request: &Request, body: Option<Body>) -> Response {
        let mut response = compose::response(&core.config, request, Status::OK, self.dialog.local_tag());
        session_timer::answer(&core.config, &self.timer, request, &mut response);
        if let Some(body) = body {
            compose::body(&mut response.headers, &mut response.body, body);
        }
        core.respond_with(key, &mut response);
        self.learn(&request.headers);
        self.timer = SessionTimer::agreed(&core.config, &response, false, core.now);
        response
    }
}

impl Session {
    /// re-INVITE or UPDATE came.
    pub(super) fn changed(&mut self, core: &mut Core, key: &Key, request: &Request) {
        let offer = description::of_request(request);
        let is_plain = request.method == Method::Update && offer.is_none();
        let State::Established(established) = &mut self.state else {
            return self.changed_early(core, key, request);
        };
        // An answer of theirs is awaited, in the ACK of an offer that we made late, or they speak before the ACK.
        let unacknowledged = established.unacknowledged.as_ref();
        let unready = unacknowledged.is_some_and(|waiting| waiting.late || request.method == Method::Invite);
        let refusal = match &established.modify {
            Modify::Answering { .. } => compose::overlap(core, request, &self.local_tag),
            _ if self.over => compose::overlap(core, request, &self.local_tag),
            Modify::Not | Modify::Later { .. } | Modify::Offering | Modify::Sent { .. } if is_plain => {
                established.dialog.refresh(&request.headers);
                established.take(core, key, request, None);
                return self.connect(core, &request.headers);
            }
            // An offer of ours is under way, in a dialog of its own.
            Modify::Not | Modify::Later { .. } if self.refer.is_leaving() => {
                compose::response(&core.config, request, Status::REQUEST_PENDING, &self.local_tag)
            }
            Modify::Offering | Modify::Sent { .. } => {
                compose::response(&core.config, request, Status::REQUEST_PENDING, &self.local_tag)
            }
            Modify::Not | Modify::Later { .. } if unready => compose::overlap(core, request, &self.local_tag),
            Modify::Not | Modify::Later { .. } => {
                match offer.as_ref().map_or(Ok(()), |offer| description::check(&core.config, offer)) {
                    Ok(()) => {
                        established.dialog.refresh(&request.headers);
                        let (later, hold) = (established.modify.again_at(), established.holding.here);
                        established.modify =
                            Modify::Answering { key: key.clone(), request: request.clone(), hold, later };
                        core.ask(Question::Answer { call: self.id, offer, hold });
                        return;
                    }
                    // The call goes on as it was (RFC 3261 14.2).
                    Err(unfit) => compose::unfit(&core.config, request, &self.local_tag, &unfit),
                }
            }
        };
        core.respond(key, &refusal);
    }

    /// The answer to their re-INVITE or UPDATE was made.
    pub(super) fn reanswered(&mut self, core: &mut Core, answer: Answer) {
        let State::Established(established) = &mut self.state else { return };
        if !matches!(established.modify, Modify::Answering { .. }) {
            return;
        }
        let next = established.modify.next();
        let Modify::Answering { key, request, hold, .. } = core::mem::replace(&mut established.modify, next) else {
            return;
        };
        let refusal = match answer.description() {
            Ok(body) => {
                let offer = description::of_request(&request);
                let body = established.described.answer(body, offer.as_ref(), hold);
                established.described.said(&body.bytes);
                established.holding.agreed = hold;
                let response = established.take(core, &key, &request, Some(body));
                if request.method == Method::Invite {
                    let late = offer.is_none();
                    established.unacknowledged = Some(Unacknowledged::new(&request, &response, late, core.now));
                }
                if let Some(offer) = offer {
                    self.hear(core, &offer);
                }
                return self.connect(core, &request.headers);
            }
            Err(failure) => compose::no_media(&core.config, &request, &self.local_tag, failure),
        };
        core.respond(&key, &refusal);
    }

    /// CANCEL came for their re-INVITE.
    pub(super) fn reinvite_cancelled(&mut self, core: &mut Core, cancelled: &Key) {
        let State::Established(established) = &mut self.state else { return };
        if matches!(&established.modify, Modify::Answering { key, .. } if key == cancelled) {
            established.refuse_theirs(core, Status::REQUEST_TERMINATED);
            core.forget_descriptions(self.id);
        }
    }
}
