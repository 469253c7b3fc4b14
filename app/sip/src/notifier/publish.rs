//! PUBLISH (RFC 3903 6).

use super::api::Output;
use super::package::Package;
use super::publication::Publication;
use super::refusal::{Refusal, seconds};
use super::resource::Change;
use super::{Asked, Notifier, screen};
use crate::Instant;
use crate::body::pidf::Presence;
use crate::header::{ContentEncoding, ContentType, Event, Expires, SipETag, SipIfMatch};
use crate::message::{HeaderName, Request, Response, Status, Token};
use crate::transaction::Key;
use core::time::Duration;

impl Notifier {
    pub(super) fn publish(&mut self, asked: &Asked, now: Instant) {
        // Who published is answered before who watches is told.
        let first = self.outputs.len();
        match self.published(asked, now) {
            Ok((etag, lasts)) => {
                let mut response = Response::to_request(&asked.request, Status::OK);
                response.set_to_tag(&self.random.token());
                response.headers.push(&SipETag(etag));
                response.headers.push(&Expires(seconds(lasts)));
                self.outputs.insert(first, Output::Answer(asked.id, response));
            }
            Err(refusal) => self.refuse(asked, refusal),
        }
    }

    /// Does it, all or nothing: the entity-tag, and how long it lasts.
    fn published(&mut self, asked: &Asked, now: Instant) -> Result<(Token, Duration), Refusal> {
        let Asked { from, request, .. } = asked;
        screen(request)?;
        let user = request.uri.as_sip().and_then(|uri| uri.user_unescaped());
        if user.as_deref() != Some(&from.user) {
            return Err(Refusal::Status(Status::FORBIDDEN));
        }
        let event = request.headers.find::<Event>()?.ok_or(Refusal::Event)?;
        if Package::of(&event) != Some(Package::Presence) {
            return Err(Refusal::Event);
        }
        let key = Key::server(request)?;
        if let Some(known) = self.publications(&from.user).iter().find(|known| known.key == key) {
            return Ok((known.etag.clone(), known.until.since(now)));
        }
        if request.headers.raw(&HeaderName::SipIfMatch).count() > 1 {
            return Err(Refusal::Status(Status::BAD_REQUEST));
        }
        let matched = request.headers.find::<SipIfMatch>()?.map(|SipIfMatch(etag)| etag);
        let known = matched.map(|etag| self.place(&from.user, &etag, now)).transpose()?;
        let asked_for = request.headers.find::<Expires>()?.map(|Expires(seconds)| Duration::from_secs(seconds.into()));
        let lasts = self.config.lasts(asked_for)?;
        let etag = Token::new(&self.random.token()).map_err(|_| Refusal::Status(Status::SERVER_INTERNAL_ERROR))?;
        match known {
            Some(place) if lasts.is_zero() => self.remove(asked, place, now),
            Some(place) => {
                let document = if request.body.is_empty() { None } else { Some(self.document(request)?) };
                self.renew(asked, place, &etag, document, key, now + lasts, now);
            }
            None if request.body.is_empty() => return Err(Refusal::Status(Status::BAD_REQUEST)),
            None => {
                let document = self.document(request)?;
                if !lasts.is_zero() {
                    self.keep(asked, &etag, document, key, now + lasts, now)?;
                }
            }
        }
        Ok((etag, lasts))
    }

    fn publications(&self, user: &str) -> &[Publication] {
        self.state.resources.get(user).map_or(&[], |resource| resource.publications.as_slice())
    }

    /// Where a user's publication of that entity-tag is: nobody finds another's.
    fn place(&self, user: &str, etag: &Token, now: Instant) -> Result<usize, Refusal> {
        let found = self.publications(user).iter().position(|known| known.etag == *etag && known.until > now);
        found.ok_or(Refusal::Status(Status::CONDITIONAL_REQUEST_FAILED))
    }

    fn remove(&mut self, asked: &Asked, place: usize, now: Instant) {
        self.learn(&asked.from.user, now, |resource, _| {
            if place < resource.publications.len() {
                resource.publications.remove(place);
            }
            Change { package: None, presence: true }
        });
    }

    #[allow(clippy::too_many_arguments, reason = "all that a PUBLISH says")]
    fn renew(
        &mut self,
        asked: &Asked,
        place: usize,
        etag: &Token,
        document: Option<Presence>,
        key: Key,
        until: Instant,
        now: Instant,
    ) {
        let order = self.next();
        self.learn(&asked.from.user, now, |resource, _| {
            if let Some(known) = resource.publications.get_mut(place) {
                known.etag = etag.clone();
                known.key = key;
                known.until = until;
                known.device.clone_from(&asked.device);
                if let Some(document) = document {
                    known.document = document;
                    known.order = order;
                }
            }
            Change { package: None, presence: true }
        });
    }

    fn keep(
        &mut self,
        asked: &Asked,
        etag: &Token,
        document: Presence,
        key: Key,
        until: Instant,
        now: Instant,
    ) -> Result<(), Refusal> {
        let Asked { from, device, .. } = asked;
        let gives_way = if self.publications(&from.user).len() >= self.config.max_publications_per_user {
            let spare = self.spare(&from.user, device);
            Some(spare.ok_or(Refusal::Later(Status::TEMPORARILY_UNAVAILABLE))?)
        } else if self.index.publications >= self.config.max_publications {
            return Err(Refusal::Later(Status::SERVICE_UNAVAILABLE));
        } else {
            None
        };
        let order = self.next();
        let new = Publication { etag: etag.clone(), device: device.clone(), document, order, until, key };
        self.learn(&from.user, now, |resource, _| {
            if let Some(place) = gives_way {
                resource.publications.remove(place);
            }
            resource.publications.push(new);
            Change { package: None, presence: true }
        });
        Ok(())
    }

    /// The publication that is missed least: an older one of the same phone, or one of a phone that is gone.
    fn spare(&self, user: &str, device: &str) -> Option<usize> {
        let resource = self.state.resources.get(user)?;
        let oldest = |fits: &dyn Fn(&Publication) -> bool| {
            let all = resource.publications.iter().enumerate().filter(|(_, known)| fits(known));
            all.min_by_key(|(_, known)| known.order).map(|(place, _)| place)
        };
        oldest(&|known| known.device == device).or_else(|| oldest(&|known| !resource.is_bound(&known.device)))
    }

    /// The document of a PUBLISH.
    fn document(&self, request: &Request) -> Result<Presence, Refusal> {
        let ContentType(media_type) = request.headers.find::<ContentType>()?.ok_or(Refusal::MediaType)?;
        let known = media_type.is(Presence::MEDIA_TYPE) || media_type.is(Presence::XPIDF);
        let codings = request.headers.all::<ContentEncoding>()?;
        let plain = codings.iter().flat_map(|codings| &codings.0).all(|coding| coding.eq_ignore_ascii_case("identity"));
        if !known || !plain {
            return Err(Refusal::MediaType);
        }
        let large = || Refusal::Status(Status::REQUEST_ENTITY_TOO_LARGE);
        if request.body.len() > self.config.max_document {
            return Err(large());
        }
        let document = Presence::parse(&request.body).map_err(|error| Refusal::Status(error.status()))?;
        // Characters that have to be escaped take more room than they did.
        if document.compose().len() > self.config.max_document { Err(large()) } else { Ok(document) }
    }
}
