//! What a person says of themselves, told to their PBX (RFC 3903), for the phones of colleagues there. Pure.

use super::signing;
use super::subscription::{PATIENCE, PAUSE, TRIES, call_id, is_nowhere};
use crate::ports::{Activity, PbxSecret, Stated};
use crate::store::key::random_word;
use sip::body::pidf::{self, Basic, Person, Presence, Tuple};
use sip::header::{
    CSeq, CallId, ContentType, Event, Expires, From, MaxForwards, MinExpires, SipETag, SipIfMatch, To, Via,
};
use sip::message::{HeaderName, Method, Request, Response, Status};
use sip::transaction::Key;
use std::time::Duration;
use tokio::time::Instant;

/// How long it is to hold, in seconds.
const EXPIRES: u32 = 3_600;

/// What a person says, and whether they are not to be disturbed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Says {
    /// Their words.
    pub(super) stated: Stated,
    /// Whether no call is to ring.
    pub(super) quiet: bool,
}

/// The publication of a phone.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | PB1 | Idle | the phone is registered, and the person says something | PUBLISH | Asked |
/// | PB2 | Asked | a challenge; 423 | the same, signed; with the time that is wanted | Asked |
/// | PB3 | Asked | 2xx | keeps its tag | Published, or Idle when nothing is said |
/// | PB4 | Asked | 412: the PBX forgot it | PUBLISH, as the first | Asked |
/// | PB5 | Asked | the PBX takes none (4xx, 501) | – | Without |
/// | PB6 | Asked | another failure, or no answer | waits a minute | Idle |
/// | PB7 | Published | four fifths of its time are over | PUBLISH again | Asked |
/// | PB8 | Idle, Published | they say something else | PUBLISH in its place; takes it away when that is nothing | Asked |
/// | PB9 | any | the phone is not registered any more | forgets all; the PBX does, when its time is over | Idle |
#[derive(Debug, Default)]
pub(super) struct Publication {
    says: Says,
    /// What the PBX was told last.
    told: Says,
    tag: Option<String>,
    asked: Option<Request>,
    seq: u32,
    tries: u32,
    /// When something is to be done.
    due: Option<Instant>,
    without: bool,
}

impl Publication {
    /// The person says this now.
    pub(super) fn say(&mut self, says: Says) {
        self.says = says;
    }

    /// What they say now.
    pub(super) const fn says(&self) -> &Says {
        &self.says
    }

    /// What is to be done now that the phone is registered with this, or with nothing: what is to be said.
    pub(super) fn drive(&mut self, registered: Option<&Request>, now: Instant) -> Option<Vec<u8>> {
        let Some(registered) = registered else {
            *self = Self { says: std::mem::take(&mut self.says), ..Self::default() };
            return None;
        };
        let is_due = self.due.is_some_and(|due| due <= now);
        if self.without {
            return None;
        }
        if self.asked.is_some() {
            if is_due {
                // Nobody answered (PB6).
                (self.asked, self.due) = (None, Some(now + PAUSE));
                self.told = Says::default();
            }
            return None;
        }
        // After a failure it is not tried at once (PB6); nobody waits for a publication's end.
        let waits = self.tag.is_none() && self.due.is_some() && !is_due;
        let renews = self.tag.is_some() && is_due;
        if waits || (self.says == self.told && !renews) {
            return None;
        }
        self.tries = 0;
        let request = self.request(registered)?;
        self.told = self.says.clone();
        self.ask(request, now)
    }

    /// When [`Self::drive`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due.filter(|_| !self.without)
    }

    /// The PBX answers; `None` when that is not about it, else what is said to that.
    pub(super) fn answered(
        &mut self,
        response: &Response,
        secret: Option<&PbxSecret>,
        now: Instant,
    ) -> Option<Option<Vec<u8>>> {
        let asked = self.asked.as_ref()?;
        if call_id(&response.headers) != call_id(&asked.headers) {
            return None;
        }
        if Key::client(response).ok() != Key::sent(asked).ok() || response.status.is_provisional() {
            return Some(None);
        }
        let asked = self.asked.take()?;
        Some(self.concluded(asked, response, secret, now))
    }

    fn concluded(
        &mut self,
        mut asked: Request,
        response: &Response,
        secret: Option<&PbxSecret>,
        now: Instant,
    ) -> Option<Vec<u8>> {
        if response.status.is_success() {
            let seconds = response.headers.find::<Expires>().ok().flatten().map_or(EXPIRES, |Expires(seconds)| seconds);
            let is_kept = self.told != Says::default() && seconds > 0;
            self.tag = response.headers.get::<SipETag>().ok().map(|tag| tag.0.to_string()).filter(|_| is_kept);
            // However short it is, the PBX is not asked all the time.
            let lasts = Duration::from_secs(u64::from(seconds.clamp(30, EXPIRES)) * 4 / 5);
            self.due = self.tag.is_some().then(|| now + lasts);
            return None;
        }
        self.tries += 1;
        let again = self.tries <= TRIES;
        let ready = if !again {
            None
        } else if signing::asks(response) {
            signing::sign(&mut asked, response, secret)
        } else if response.status == Status::INTERVAL_TOO_BRIEF {
            response.headers.get::<MinExpires>().ok().map(|MinExpires(least)| asked.headers.set(&Expires(least)))
        } else {
            None
        };
        if ready.is_some() {
            return self.ask(asked, now);
        }
        self.told = Says::default();
        let forgot = response.status == Status::CONDITIONAL_REQUEST_FAILED;
        // The next step says it as the first time (PB4).
        self.due = (!(forgot && self.tag.is_some())).then(|| now + PAUSE);
        self.tag = None;
        self.without = !forgot && is_nowhere(response);
        None
    }

    /// Says it, with the next number.
    fn ask(&mut self, mut request: Request, now: Instant) -> Option<Vec<u8>> {
        self.seq = self.seq.checked_add(1)?;
        let bytes = signing::numbered(&mut request, self.seq);
        (self.asked, self.due) = (Some(request), Some(now + PATIENCE));
        bytes
    }

    /// What is said, for the phone that is registered with this, at its own address.
    fn request(&self, registered: &Request) -> Option<Request> {
        let From(mut own) = registered.headers.get::<From>().ok()?;
        let uri = own.uri.as_sip()?.clone();
        own.params = sip::uri::Params::new();
        let mut request = Request::new(Method::Publish, uri.clone().into());
        request.headers.push(&registered.headers.get::<Via>().ok()?);
        request.headers.push(&MaxForwards::INITIAL);
        request.headers.push(&From::new(own.clone()).with_tag(&random_word(10).ok()?));
        request.headers.push(&To::new(own));
        request.headers.push(&CallId::new(&random_word(24).ok()?).ok()?);
        request.headers.push(&CSeq::new(1, Method::Publish));
        request.headers.copy_from(&registered.headers, HeaderName::UserAgent);
        request.headers.push(&Event::new("presence".parse().ok()?));
        let is_over = self.says == Says::default();
        request.headers.push(&Expires(if is_over { 0 } else { EXPIRES }));
        if let Some(tag) = &self.tag {
            request.headers.push(&SipIfMatch(tag.parse().ok()?));
        }
        if !is_over {
            request.headers.push(&ContentType::new(Presence::MEDIA_TYPE).ok()?);
            request.body = self.says.document(&uri.to_string()).into_bytes();
        }
        Some(request)
    }
}

impl Says {
    /// As others read it (RFC 3863, 4480).
    fn document(&self, entity: &str) -> String {
        let activity = match (self.quiet, self.stated.activity) {
            (true, _) => Some(pidf::Activity::DoNotDisturb),
            (false, Activity::Away) => Some(pidf::Activity::Away),
            (false, Activity::Busy) => Some(pidf::Activity::Busy),
            (false, Activity::Available) => None,
        };
        let note: String = self.stated.note.chars().filter(|sign| !sign.is_control()).collect();
        let notes = if note.is_empty() { Vec::new() } else { vec![note] };
        let tuple = Tuple {
            id: Some("phone".to_owned()),
            basic: Some(Basic::Open),
            contact: Some(entity.to_owned()),
            ..Tuple::default()
        };
        let person = Person { activities: activity.into_iter().collect(), notes, ..Person::default() };
        Presence { entity: Some(entity.to_owned()), tuples: vec![tuple], person, ..Presence::default() }.compose()
    }
}

#[cfg(test)]
mod tests;
