//! What waits in a phone's mailbox at its PBX (RFC 3842): the server asks, over the phone's own connection, so that it is known
//! while no page is open, too, and pages need not know how. Pure.

use super::signing;
use crate::ports::{PbxSecret, Waiting};
use crate::store::key::random_word;
use sip::body::message_summary::{MessageClass, MessageSummary};
use sip::header::{
    Accept, CSeq, CallId, Contact, Event, Expires, From, MaxForwards, MinExpires, RecordRoute, Route,
    SubscriptionState, To, Via,
};
use sip::message::{HeaderName, Headers, Message, Method, Request, Response, Status};
use sip::transaction::Key;
use sip::uri::SipUri;
use std::time::Duration;
use tokio::time::Instant;

/// The package.
const PACKAGE: &str = "message-summary";
/// How long a subscription is to last, in seconds.
const EXPIRES: u32 = 3_600;
/// How often one thing is said again: signed, or with a longer time.
const TRIES: u32 = 3;
/// How long an answer is waited for (RFC 3261 17.1.2, timer F).
const PATIENCE: Duration = Duration::from_secs(32);
/// How long after a failure it is tried again.
const PAUSE: Duration = Duration::from_secs(60);

/// The subscription of a phone to its mailbox.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | MB1 | Idle | the phone is registered | SUBSCRIBE | Asked |
/// | MB2 | Asked | a challenge | the same, signed | Asked |
/// | MB3 | Asked | 423 | the same, with the time that is wanted | Asked |
/// | MB4 | Asked | 2xx | – | Subscribed |
/// | MB5 | Asked | 481 | forgets the dialog, SUBSCRIBE | Asked |
/// | MB6 | Asked | there is no mailbox (4xx, 501) | – | Without |
/// | MB7 | Asked | another failure, or no answer | waits a minute | Idle |
/// | MB8 | Subscribed | four fifths of its time are over | SUBSCRIBE in the dialog | Asked |
/// | MB9 | any | NOTIFY in the dialog | answers it; tells what waits | same |
/// | MB10 | any | the same, and the subscription is over | MB9; begins anew, after the time that is asked for, unless there is no mailbox | Idle, Without |
/// | MB11 | any | NOTIFY about a mailbox that nobody asked for | answers it; tells what waits | same |
/// | MB12 | any | the phone is not registered any more | forgets all | Idle |
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    subscription: Option<Subscription>,
    /// The PBX has none for this phone.
    without: bool,
}

#[derive(Debug)]
struct Subscription {
    request: Request,
    seq: u32,
    tries: u32,
    /// Whether an answer is waited for.
    asked: bool,
    /// When something is to be done.
    due: Instant,
    /// The highest number of a NOTIFY.
    heard: Option<u32>,
}

/// What follows on something that the PBX said about a mailbox.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// What is to be said to the PBX.
    pub(super) say: Vec<Vec<u8>>,
    /// What waits, as far as that was told.
    pub(super) waiting: Option<Waiting>,
}

impl Mailbox {
    /// What is to be done now that the phone is registered with this, or with nothing (MB1, MB8, MB12): what is to be said.
    pub(super) fn drive(&mut self, registered: Option<&Request>, now: Instant) -> Option<Vec<u8>> {
        let Some(registered) = registered else {
            *self = Self::default();
            return None;
        };
        if self.without {
            return None;
        }
        let subscription = match &mut self.subscription {
            Some(subscription) => subscription,
            none => none.insert(Subscription::begin(registered, now)?),
        };
        if subscription.due > now {
            return None;
        }
        if std::mem::take(&mut subscription.asked) {
            // Nobody answered (MB7).
            subscription.due = now + PAUSE;
            return None;
        }
        subscription.tries = 0;
        subscription.ask(now)
    }

    /// When [`Self::drive`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.subscription.as_ref().filter(|_| !self.without).map(|subscription| subscription.due)
    }

    /// What the PBX says; `None` when that is not about a mailbox, and for the phone.
    pub(super) fn hear(&mut self, bytes: &[u8], secret: Option<&PbxSecret>, now: Instant) -> Option<Heard> {
        if !bytes.starts_with(b"NOTIFY ") && !bytes.starts_with(b"SIP/2.0 ") {
            return None;
        }
        match Message::parse(bytes).ok()? {
            Message::Response(response) => self.answered(&response, secret, now),
            Message::Request(request) => self.notified(&request, now),
        }
    }

    fn answered(&mut self, response: &Response, secret: Option<&PbxSecret>, now: Instant) -> Option<Heard> {
        let subscription = self.subscription.as_mut()?;
        if !subscription.is_mine(&response.headers) {
            return None;
        }
        if !subscription.asked
            || Key::client(response).ok() != Key::sent(&subscription.request).ok()
            || response.status.is_provisional()
        {
            return Some(Heard::default());
        }
        subscription.asked = false;
        let say = subscription.concluded(response, secret, now);
        self.without = say.is_none() && is_nowhere(response);
        Some(Heard { say: say.into_iter().collect(), waiting: None })
    }

    fn notified(&mut self, request: &Request, now: Instant) -> Option<Heard> {
        let event = request.headers.get::<Event>().ok()?;
        if !event.is(PACKAGE) || request.validate().is_err() {
            return None;
        }
        let mut answer = Response::to_request(request, Status::OK);
        let mut heard = Heard { say: Vec::new(), waiting: waiting(&request.body) };
        match self.subscription.as_mut().filter(|subscription| subscription.is_mine(&request.headers)) {
            Some(subscription) => {
                let seq = request.headers.get::<CSeq>().map_or(0, |cseq| cseq.seq);
                if subscription.heard.is_some_and(|before| before > seq) {
                    // It was overtaken (RFC 6665 4.1.3).
                    heard.waiting = None;
                } else {
                    subscription.heard = Some(seq);
                    let state = request.headers.get::<SubscriptionState>().ok();
                    if let Some(state) = state.filter(SubscriptionState::is_terminated) {
                        self.without = matches!(state.reason(), Some("rejected" | "noresource" | "invariant"));
                        subscription.over(&state, now);
                    }
                }
            }
            None => answer.set_to_tag(&random_word(10).ok()?),
        }
        heard.say.push(answer.to_bytes());
        Some(heard)
    }
}

impl Subscription {
    /// For the phone that is registered with this, at its own address.
    fn begin(registered: &Request, now: Instant) -> Option<Self> {
        let From(own) = registered.headers.get::<From>().ok()?;
        let uri: SipUri = own.uri.as_sip()?.clone();
        let mut request = Request::new(Method::Subscribe, uri.into());
        request.headers.push(&registered.headers.get::<Via>().ok()?);
        request.headers.push(&MaxForwards::INITIAL);
        let mut address = own;
        address.params = sip::uri::Params::new();
        request.headers.push(&From::new(address.clone()).with_tag(&random_word(10).ok()?));
        request.headers.push(&To::new(address));
        request.headers.push(&CallId::new(&random_word(24).ok()?).ok()?);
        request.headers.push(&CSeq::new(1, Method::Subscribe));
        if let Contact::Addr(mut contact) = registered.headers.get::<Contact>().ok()? {
            // What is said of the binding is no part of the address.
            contact.params = sip::uri::Params::new();
            request.headers.push(&Contact::Addr(contact));
        }
        request.headers.copy_from(&registered.headers, HeaderName::UserAgent);
        request.headers.push(&Event::new(PACKAGE.parse().ok()?));
        request.headers.push(&Accept(MessageSummary::MEDIA_TYPE.parse().ok()?));
        request.headers.push(&Expires(EXPIRES));
        Some(Self { request, seq: 0, tries: 0, asked: false, due: now, heard: None })
    }

    /// Says it, with the next number.
    fn ask(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.seq = self.seq.checked_add(1)?;
        (self.asked, self.due) = (true, now + PATIENCE);
        signing::numbered(&mut self.request, self.seq)
    }

    fn is_mine(&self, headers: &Headers) -> bool {
        headers.get::<CallId>().ok() == self.request.headers.get::<CallId>().ok()
    }

    /// What follows on a final response (MB2 to MB7).
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
        let known = self.request.headers.get::<To>().is_ok_and(|to| to.tag().is_some());
        if known {
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
        signing::unsign(&mut self.request);
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
        self.request.headers.set(&To::new(to));
        self.request.headers.set(&From::new(own).with_tag(&random_word(10).ok()?));
        self.request.headers.set(&CallId::new(&random_word(24).ok()?).ok()?);
        self.request.headers.remove(&HeaderName::Route);
        let From(own) = self.request.headers.get::<From>().ok()?;
        self.request.uri = own.uri;
        self.heard = None;
        Some(())
    }
}

/// Whether there is nothing to be had, however often it is asked for.
fn is_nowhere(response: &Response) -> bool {
    let code = response.status.code();
    let later = matches!(code, 408 | 423 | 480 | 481 | 491);
    ((400..500).contains(&code) && !later) || code == 501 || code >= 600
}

/// What a summary says of voice messages; one that names no class is about these, too.
fn waiting(body: &[u8]) -> Option<Waiting> {
    let summary = MessageSummary::parse(body).ok()?;
    let count = summary.count(&MessageClass::Voice).map(|count| (count.new, count.old));
    Some(match count {
        Some((new, old)) => Waiting { new: Some(new).filter(|new| *new > 0 || !summary.waiting), old },
        None if summary.waiting => Waiting { new: None, old: 0 },
        None => Waiting { new: Some(0), old: 0 },
    })
}

#[cfg(test)]
mod tests;
