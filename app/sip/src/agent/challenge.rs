use super::core::Core;
use super::questions::Challenged;
use super::transactions::{FLOW_RENEWED, Outcome, Purpose};
use super::{Agent, Answer, Config, Question, compose, strays};
#[cfg(feature = "bearer")]
use crate::bearer;
use crate::digest::{Challenge, Credentials, choose, credentials_name, offered};
use crate::header::{Authorization, CSeq, ProxyAuthorization, Via};
use crate::message::{Header as _, HeaderName, Headers, Method, Request, Response, Status};
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
    #[cfg(feature = "bearer")]
    if ask_for_token(core, outcome, response) {
        return true;
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
    core.ask_credentials(question, waiting(outcome, response));
    true
}

/// Asks for a token, if there are some and one is wanted (RFC 8898 2.1.1). One that was refused is asked for again where
/// it is said that it only ran out or the like, and not otherwise.
#[cfg(feature = "bearer")]
fn ask_for_token(core: &mut Core, outcome: &Outcome, response: &Response) -> bool {
    let mut challenges = if core.config.tokens { bearer::offered(response) } else { Vec::new() };
    let brought = bearer::is_presented(&outcome.request.headers, response);
    challenges.retain(|challenge| !brought || challenge.error.as_deref() == Some("invalid_token"));
    if challenges.is_empty() {
        return false;
    }
    let question = Question::Token { challenges, uri: outcome.request.uri.to_string() };
    core.ask_credentials(question, waiting(outcome, response));
    true
}

/// The request that waits.
fn waiting(outcome: &Outcome, response: &Response) -> Challenged {
    Challenged {
        purpose: outcome.purpose,
        request: outcome.request.clone(),
        response: response.clone(),
        before: outcome.challenged,
    }
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
        match answer {
            Answer::Credentials(credentials) => {
                present(&mut request.headers, &credentials_name(&response), &credentials)
            }
            #[cfg(feature = "bearer")]
            Answer::Token(token) => bearer::present(&mut request, &response, &token),
            Answer::Description(_) | Answer::Media(_) | Answer::NoCredentials => {
                let Ok(key) = crate::transaction::Key::sent(&request) else { return };
                let outcome = Outcome { key, purpose, challenged: before, request, response: Some(response) };
                return self.conclude(&outcome);
            }
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
fn present(headers: &mut Headers, name: &HeaderName, own: &Credentials) {
    headers.retain(name, |value| value.parse::<Credentials>().map_or(true, |other| other.realm != own.realm));
    // What was read or made as credentials can be written as such.
    let _ = headers.push_raw(name.as_str(), &own.to_string());
}

/// Whether the request had credentials for this challenge's realm already.
fn is_signed(outcome: &Outcome, challenge: &Challenge) -> bool {
    let Some(response) = &outcome.response else { return false };
    let name = credentials_name(response);
    let given = outcome.request.headers.raw(&name);
    given.filter_map(|value| value.parse::<Credentials>().ok()).any(|credentials| credentials.realm == challenge.realm)
}
