//! A subscription of a phone at its PBX (RFC 6665): the server keeps it, over the phone's own connection, so that what it tells is
//! known while no page is open, too, and pages need not know how. Pure.

use super::signing;
use crate::ports::PbxSecret;
use crate::store::key::random_word;
use sip::header::{
    Accept, CSeq, CallId, Contact, Event, Expires, From, MaxForwards, MinExpires, NameAddr, RecordRoute, Route,
    SubscriptionState, To, Via,
};
use sip::message::{HeaderName, Headers, Method, Request, Response, Status};
use sip::transaction::Key;
use sip::uri::SipUri;
use std::time::Duration;
use tokio::time::Instant;

/// How long a subscription is to last, in seconds.
const EXPIRES: u32 = 3_600;
/// How often one thing is said again: signed, or with a longer time.
pub(super) const TRIES: u32 = 3;
/// How long an answer is waited for (RFC 3261 17.1.2, timer F).
pub(super) const PATIENCE: Duration = Duration::from_secs(32);
/// How long after a failure it is tried again.
pub(super) const PAUSE: Duration = Duration::from_secs(60);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Package {
    /// The event package.
    pub(super) name: &'static str,
    /// What it may be told in.
    pub(super) accepts: &'static [&'static str],
}

/// A subscription.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | SB1 | Idle | the phone is registered | SUBSCRIBE | Asked |
/// | SB2 | Asked | a challenge | the same, signed | Asked |
/// | SB3 | Asked | 423 | the same, with the time that is wanted | Asked |
/// | SB4 | Asked | 2xx | – | Subscribed |
/// | SB5 | Asked | 481 | forgets the dialog, SUBSCRIBE | Asked |
/// | SB6 | Asked | there is no such thing (4xx, 501) | – | Without |
/// | SB7 | Asked | another failure, or no answer | waits a minute | Idle |
/// | SB8 | Subscribed | four fifths of its time are over | SUBSCRIBE in the dialog | Asked |
/// | SB9 | any | NOTIFY in the dialog | answers it; tells what it says | same |
/// | SB10 | any | the same, and the subscription is over | SB9; begins anew, after the time that is asked for, unless there is nothing | Idle, Without |
/// | SB11 | any | the phone is not registered any more | forgets all | Idle |
#[derive(Debug)]
pub(super) struct Subscription {
    package: Package,
    /// Whose; the phone's own where nobody is named.
    whose: Option<SipUri>,
    dialog: Option<Dialog>,
    /// The PBX has none.
    without: bool,
}

#[derive(Debug)]
struct Dialog {
    request: Request,
    call_id: String,
    seq: u32,
    tries: u32,
    /// Whether an answer is waited for.
    asked: bool,
    /// When something is to be done.
    due: Instant,
    /// The highest number of a NOTIFY.
    heard: Option<u32>,
}

/// What a NOTIFY says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Notified {
    /// What the PBX is answered.
    pub(super) answer: Vec<u8>,
    /// Whether it says how it is now: an older one that was overtaken does not (RFC 6665 4.1.3).
    pub(super) is_new: bool,
    /// Whether nothing more is told for now.
    pub(super) is_over: bool,
}

impl Subscription {
    /// To this package of somebody; of the phone itself where nobody is named.
    pub(super) const fn new(package: Package, whose: Option<SipUri>) -> Self {
        Self { package, whose, dialog: None, without: false }
    }

    /// What is to be done now that the phone is registered with this, or with nothing (SB1, SB8, SB11): what is to be said.
    pub(super) fn drive(&mut self, registered: Option<&Request>, now: Instant) -> Option<Vec<u8>> {
        let Some(registered) = registered else {
            (self.dialog, self.without) = (None, false);
            return None;
        };
        if self.without {
            return None;
        }
        let dialog = match &mut self.dialog {
            Some(dialog) => dialog,
            none => none.insert(Dialog::begin(self.package, self.whose.as_ref(), registered, now)?),
        };
        if dialog.due > now {
            return None;
        }
        if std::mem::take(&mut dialog.asked) {
            // Nobody answered (SB7).
            dialog.due = now + PAUSE;
            return None;
        }
        dialog.tries = 0;
        dialog.ask(now)
    }

    /// When [`Self::drive`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.dialog.as_ref().filter(|_| !self.without).map(|dialog| dialog.due)
    }

    /// Whether [`Self::drive`] has something to say to the PBX of a phone that is registered, or will be answered.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        !self.without && self.dialog.as_ref().is_none_or(|dialog| dialog.due <= now)
    }

    /// Whether an answer is waited for.
    pub(super) fn is_asked(&self) -> bool {
        self.dialog.as_ref().is_some_and(|dialog| dialog.asked)
    }

    /// Whether this is about it.
    pub(super) fn is_mine(&self, call_id: &str) -> bool {
        self.dialog.as_ref().is_some_and(|dialog| dialog.call_id == call_id)
    }

    /// The PBX answers: what is said to that.
    pub(super) fn answered(
        &mut self,
        response: &Response,
        secret: Option<&PbxSecret>,
        now: Instant,
    ) -> Option<Vec<u8>> {
        let dialog = self.dialog.as_mut()?;
        if !dialog.asked
            || Key::client(response).ok() != Key::sent(&dialog.request).ok()
            || response.status.is_provisional()
        {
            return None;
        }
        dialog.asked = false;
        let say = dialog.concluded(response, secret, now);
        self.without = say.is_none() && is_nowhere(response);
        say
    }

    /// A NOTIFY came that is its own (SB9, SB10).
    pub(super) fn notified(&mut self, request: &Request, now: Instant) -> Notified {
        let answer = Response::to_request(request, Status::OK).to_bytes();
        let Some(dialog) = &mut self.dialog else { return Notified { answer, ..Notified::default() } };
        let seq = request.headers.get::<CSeq>().map_or(0, |cseq| cseq.seq);
        if dialog.heard.is_some_and(|before| before > seq) {
            return Notified { answer, ..Notified::default() };
        }
        dialog.heard = Some(seq);
        let state = request.headers.get::<SubscriptionState>().ok();
        let state = state.filter(SubscriptionState::is_terminated);
        if let Some(state) = &state {
            self.without = matches!(state.reason(), Some("rejected" | "noresource" | "invariant"));
            dialog.over(state, now);
        }
        Notified { answer, is_new: true, is_over: state.is_some() }
    }
}

impl Dialog {
    /// For the phone that is registered with this.
    fn begin(package: Package, whose: Option<&SipUri>, registered: &Request, now: Instant) -> Option<Self> {
        let From(own) = registered.headers.get::<From>().ok()?;
        let uri = whose.or_else(|| own.uri.as_sip())?.clone();
        let mut request = Request::new(Method::Subscribe, uri.clone().into());
        request.headers.push(&registered.headers.get::<Via>().ok()?);
        request.headers.push(&MaxForwards::INITIAL);
        let mut address = own;
        address.params = sip::uri::Params::new();
        request.headers.push(&From::new(address.clone()).with_tag(&random_word(10).ok()?));
        request.headers.push(&To::new(NameAddr::new(uri.into())));
        let call_id = CallId::new(&random_word(24).ok()?).ok()?;
        request.headers.push(&call_id);
        request.headers.push(&CSeq::new(1, Method::Subscribe));
        if let Contact::Addr(mut contact) = registered.headers.get::<Contact>().ok()? {
            // What is said of the binding is no part of the address.
            contact.params = sip::uri::Params::new();
            request.headers.push(&Contact::Addr(contact));
        }
        request.headers.copy_from(&registered.headers, HeaderName::UserAgent);
        request.headers.push(&Event::new(package.name.parse().ok()?));
        for media_type in package.accepts {
            request.headers.push(&Accept(media_type.parse().ok()?));
        }
        request.headers.push(&Expires(EXPIRES));
        Some(Self { request, call_id: call_id.to_string(), seq: 0, tries: 0, asked: false, due: now, heard: None })
    }

    /// Says it, with the next number.
    fn ask(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.seq = self.seq.checked_add(1)?;
        (self.asked, self.due) = (true, now + PATIENCE);
        signing::numbered(&mut self.request, self.seq)
    }

    /// What follows on a final response (SB2 to SB7).
    fn concluded(&mut self, response: &Response, secret: Option<&PbxSecret>, now: Instant) -> Option<Vec<u8>> {
        if response.status.is_success() {
            self.joined(response);
            let seconds = response.headers.find::<Expires>().ok().flatten().map_or(EXPIRES, |Expires(seconds)| seconds);
            // However short it is, the PBX is not asked all the time.
            self.due = now + Duration::from_secs(u64::from(seconds.clamp(30, EXPIRES)) * 4 / 5);
            return None;
        }
        self.due = now + PAUSE;
        self.tries += 1;
        if self.tries > TRIES {
            return None;
        }
        if signing::asks(response) {
            signing::sign(&mut self.request, response, secret)?;
        } else if response.status == Status::INTERVAL_TOO_BRIEF {
            let MinExpires(least) = response.headers.get::<MinExpires>().ok()?;
            self.request.headers.set(&Expires(least));
        } else if response.status == Status::CALL_DOES_NOT_EXIST {
            self.forget()?;
        } else {
            return None;
        }
        self.ask(now)
    }

    /// The subscription is a dialog (RFC 6665 4.4.1).
    fn joined(&mut self, response: &Response) {
        // An old signature is none.
        signing::unsign(&mut self.request);
        if self.request.headers.get::<To>().is_ok_and(|to| to.tag().is_some()) {
            return;
        }
        if let Ok(to) = response.headers.get::<To>() {
            self.request.headers.set(&to);
        }
        let hops = response.headers.all::<RecordRoute>().unwrap_or_default();
        for RecordRoute(hop) in hops.into_iter().rev() {
            self.request.headers.push(&Route(hop));
        }
        if let Ok(Contact::Addr(there)) = response.headers.get::<Contact>() {
            self.request.uri = there.uri;
        }
    }

    /// The PBX ended it.
    fn over(&mut self, state: &SubscriptionState, now: Instant) {
        let seconds = state.retry_after().unwrap_or(1).clamp(1, EXPIRES);
        (self.asked, self.due) = (false, now + Duration::from_secs(seconds.into()));
        if self.forget().is_none() {
            self.due = now + PAUSE;
        }
    }

    /// It is to be another dialog.
    fn forget(&mut self) -> Option<()> {
        let From(own) = self.request.headers.get::<From>().ok()?;
        let To(mut to) = self.request.headers.get::<To>().ok()?;
        to.params = sip::uri::Params::new();
        self.request.uri = to.uri.clone();
        self.request.headers.set(&To::new(to));
        self.request.headers.set(&From::new(own).with_tag(&random_word(10).ok()?));
        let call_id = CallId::new(&random_word(24).ok()?).ok()?;
        self.request.headers.set(&call_id);
        self.call_id = call_id.to_string();
        self.request.headers.remove(&HeaderName::Route);
        self.heard = None;
        Some(())
    }
}

/// What its messages have in common.
pub(super) fn call_id(headers: &Headers) -> Option<String> {
    headers.get::<CallId>().ok().map(|call_id| call_id.to_string())
}

/// Whether there is nothing to be had, however often it is asked for.
pub(super) fn is_nowhere(response: &Response) -> bool {
    let code = response.status.code();
    let later = matches!(code, 408 | 423 | 480 | 481 | 491);
    ((400..500).contains(&code) && !later) || code == 501 || code >= 600
}

#[cfg(test)]
mod tests;
