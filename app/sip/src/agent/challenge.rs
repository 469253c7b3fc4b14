use super::core::Core;
use super::questions::Challenged;
use super::transactions::{FLOW_RENEWED, Outcome, Purpose};
use super::{Agent, Answer, Config, Question, compose, strays};
use crate::digest::{Challenge, Credentials, choose, offered};
use crate::header::{Authorization, CSeq, ProxyAuthorization, Via};
use crate::message::{Header, Headers, Method, Request, Response, Status};
use alloc::string::ToString;
use alloc::vec::Vec;

/// How many challenges one request answers: a proxy's, a server's, and a stale nonce for each, or all of that once more as
/// it was sent for something else than a signature.
const MAX_CHALLENGES: u8 = 6;

/// Asks for a signature, if a response challenges the request that it answers and an answer may help: says
/// whether it was asked for (RFC 3261 22).
pub(super) fn ask(core: &mut Core, outcome: &Outcome) -> bool {
    let Some(response) = &outcome.response else { return false };
    let challenged = matches!(response.status, Status::UNAUTHORIZED | Status::PROXY_AUTHENTICATION_REQUIRED);
    // A CANCEL cannot be sent again (RFC 3261 22.1).
    if !challenged || outcome.challenged & !FLOW_RENEWED >= MAX_CHALLENGES || outcome.request.method == Method::Cancel {
        return false;
    }
    // What was signed for and is asked for again was refused; other realms, of other proxies, may still be answered.
    let mut challenges = answerable(&core.config, response);
    challenges.retain(|challenge| challenge.stale || !is_signed(outcome, challenge));
    if challenges.is_empty() {
        return false;
    }
    let nc = core.questions.count(&challenges);
    let question = Question::Digest {
        challenges,
        nc,
        username: core.config.signer(),
        method: outcome.request.method.clone(),
        uri: outcome.request.uri.to_string(),
        body: outcome.request.body.clone(),
    };
    let challenged = Challenged {
        purpose: outcome.purpose,
        request: outcome.request.clone(),
        response: response.clone(),
        before: outcome.challenged,
    };
    core.ask_digest(question, challenged);
    true
}

/// Takes the signatures from a request that is sent again for another reason: each is good for one request, and a server that
/// saw it counts the next one as a replay (RFC 7616 3.4 `nc`).
pub(super) fn unsign(request: &mut Request) {
    request.headers.remove(Authorization::NAME);
    request.headers.remove(ProxyAuthorization::NAME);
}

/// The challenges that may be answered here, whether they were before or not.
pub(super) fn answerable(config: &Config, response: &Response) -> Vec<Challenge> {
    let mut challenges = offered(response);
    challenges.retain(|challenge| {
        config.realm.as_deref().is_none_or(|realm| *realm == *challenge.realm)
            && choose(core::slice::from_ref(challenge), config.policy()).is_some()
    });
    challenges
}

impl Agent {
    /// The signature came, or nobody signs.
    pub(super) fn signed(&mut self, challenged: Challenged, answer: Answer) {
        let Challenged { purpose, mut request, response, before } = challenged;
        let Answer::Credentials(credentials) = answer else {
            let Ok(key) = crate::transaction::Key::sent(&request) else { return };
            let outcome = Outcome { key, purpose, challenged: before, request, response: Some(response) };
            return self.conclude(&outcome);
        };
        let headers = &mut request.headers;
        if response.status == Status::PROXY_AUTHENTICATION_REQUIRED {
            present(headers, ProxyAuthorization(credentials), |header| &header.0);
        } else {
            present(headers, Authorization(credentials), |header| &header.0);
        }
        self.send_again(purpose, request, before.saturating_add(1));
    }

    /// Sends a request as another one, with the next number.
    pub(super) fn send_again(&mut self, purpose: Purpose, mut request: Request, challenged: u8) {
        let Some(seq) = self.next_seq(purpose, &request) else {
            // Its dialog is over, but what waits behind it may be for another one, and who sent it is told.
            if let (Purpose::Info(_) | Purpose::Event(_), Ok(key)) = (purpose, crate::transaction::Key::sent(&request))
            {
                self.conclude(&Outcome { key, purpose, challenged, request, response: None });
            }
            return;
        };
        request.headers.pop_front::<Via>();
        request.headers.set(&CSeq { seq, method: request.method.clone() });
        compose::via(&mut self.core, &mut request);
        let key = self.core.send(request, purpose, challenged);
        let Some(key) = key else { return };
        match purpose {
            Purpose::Invite(call) => self.with(call, |session, core| session.invited_again(core, key)),
            Purpose::Reinvite(call) => self.with(call, |session, _| session.reinvited_again(key)),
            Purpose::Update(call) => self.with(call, |session, _| session.updated_again(key)),
            Purpose::Info(call) => self.with(call, |session, _| session.informed_again(key)),
            Purpose::Refer(call) => self.with(call, |session, core| session.referred_again(core, key)),
            Purpose::Register
            | Purpose::Event(_)
            | Purpose::Report(_)
            | Purpose::Farewell
            | Purpose::Probe
            | Purpose::Prack(_) => {}
        }
    }

    /// The number that a signed request is sent again with; `None` if nobody wants it any more.
    fn next_seq(&mut self, purpose: Purpose, request: &Request) -> Option<u32> {
        let following = request.headers.get::<CSeq>().ok()?.seq.saturating_add(1);
        match purpose {
            Purpose::Register => Some(self.registering.next_seq()),
            Purpose::Invite(call) => Some(following.saturating_add(self.session(call)?.skipped())),
            Purpose::Probe => Some(following),
            Purpose::Farewell => Some(self.next_seq_after(request, following)),
            Purpose::Event(subject) => self.next_seq_about(subject, following),
            Purpose::Reinvite(call)
            | Purpose::Update(call)
            | Purpose::Info(call)
            | Purpose::Prack(call)
            | Purpose::Refer(call)
            | Purpose::Report(call) => {
                let dialog = self.session(call)?.dialog_with(request)?;
                dialog.skip(1);
                Some(dialog.local_seq())
            }
        }
    }
}

impl Agent {
    /// The number of a BYE that is signed: above all that was said in its dialog meanwhile (RFC 3261 12.2.1.1).
    fn next_seq_after(&mut self, bye: &Request, following: u32) -> u32 {
        let call_id = bye.headers.get::<crate::header::CallId>().map(|call_id| call_id.to_string()).unwrap_or_default();
        let session = self.sessions.iter_mut().find(|session| session.call_id == call_id);
        match session.and_then(|session| session.dialog_with(bye)) {
            Some(dialog) => {
                dialog.skip(1);
                dialog.local_seq().max(following)
            }
            None => following.saturating_add(strays::PAST),
        }
    }
}

/// Adds credentials in the place of older ones for the same realm: each realm is answered once, and those of other
/// hops on the way are still wanted (RFC 3261 22.3).
fn present<H: Header>(headers: &mut Headers, own: H, of: fn(&H) -> &Credentials) {
    let mut all = headers.all::<H>().unwrap_or_default();
    all.retain(|other| of(other).realm != of(&own).realm);
    headers.remove(H::NAME);
    all.push(own);
    for header in &all {
        headers.push(header);
    }
}

/// Whether the request had credentials for this challenge's realm already.
fn is_signed(outcome: &Outcome, challenge: &Challenge) -> bool {
    let headers = &outcome.request.headers;
    let proxy =
        outcome.response.as_ref().is_some_and(|response| response.status == Status::PROXY_AUTHENTICATION_REQUIRED);
    if proxy {
        let given = headers.all::<ProxyAuthorization>().unwrap_or_default();
        given.iter().any(|ProxyAuthorization(credentials)| credentials.realm == challenge.realm)
    } else {
        let given = headers.all::<Authorization>().unwrap_or_default();
        given.iter().any(|Authorization(credentials)| credentials.realm == challenge.realm)
    }
}
