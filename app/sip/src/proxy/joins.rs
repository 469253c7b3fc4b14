//! Who may take the place of somebody in a dialog, or join it, and who may speak in one (RFC 3891, RFC 3911).
//!
//! An INVITE that names a dialog, in Replaces or Join:
//!
//! | Row | The dialog | The sender | Becomes |
//! | --- | --- | --- | --- |
//! | JO1 | is known | takes part in it, with whichever phone | the call goes on to the phone that has the dialog |
//! | JO2 | is known, and rings | anybody, if it is to be replaced and [`super::Config::pick_up`] says so | the same |
//! | JO3 | is known | was asked to by a REFER of somebody who takes part in it | the same |
//! | JO4 | is known | anybody else | 481 |
//! | JO5 | is not known | shows our Route of a dialog of theirs | goes where its Request-URI says |
//! | JO6 | is not known | anybody else | 481 |
//!
//! An INVITE that names nothing but a phone, by its GRUU or its Contact, is followed by no diversion; but a user who is not
//! to be disturbed is not, by that name either:
//!
//! | Row | The sender | Becomes |
//! | --- | --- | --- |
//! | JO7 | is in a call with that phone | goes there |
//! | JO8 | was asked to call it by a REFER of its user, or of somebody who is in a call with it | the same |
//! | JO9 | anybody else | 486 |
//!
//! A dialog is matched whichever end names it. Where it goes on to, no wish of that user (not to be disturbed, a
//! diversion) stands in the way: they are in that call already. The Request-URI may be the user's or, as clients write
//! it that take the other end's Contact for whom to call, that phone's Contact. When it is neither's, the INVITE goes
//! where it says.

use super::calls::{Call, DialogId, Progress, Side};
use super::context::{Context, Stage};
use super::dialog::dialog_id;
use super::response_context::ResponseContext;
use super::token::{Endpoint, Ends};
use super::{Proxy, forward};
use crate::header::{Join, ReferTo, Replaces};
use crate::message::{Headers, Method, Status};
use crate::registrar::Place;
use crate::time::Instant;
use crate::uri::{Host, Uri};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

/// How long a REFER allows what it asks for.
const REFERRAL: Duration = Duration::from_secs(90);
/// How many REFERs of one user are remembered; the oldest gives way.
const MAX_REFERRALS: usize = 16;

/// Somebody in a dialog asked somebody else to take their place, or to call a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Referral {
    what: Asked,
    /// Who asked.
    by: String,
    /// Who was asked.
    to: String,
    until: Instant,
}

/// What a REFER asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Asked {
    /// To replace that dialog (JO3).
    Replace(DialogId),
    /// To call that phone (JO8).
    Call(Endpoint),
}

impl Referral {
    /// When it is forgotten.
    pub(super) const fn until(&self) -> Instant {
        self.until
    }
}

/// The dialog that an INVITE names.
struct Named {
    dialog: DialogId,
    /// The tag of who is to get the INVITE.
    to_tag: String,
    /// Whether it is to be replaced, and not to be joined.
    replaced: bool,
}

impl Proxy {
    /// JO1 to JO6: the end of a dialog that the INVITE goes on to, if it names one that is known.
    ///
    /// # Errors
    /// The status to refuse it with.
    pub(super) fn joined(
        &self,
        context: &Context,
        route: Option<&Ends>,
        came_by: Option<&Host>,
        now: Instant,
    ) -> Result<Option<Side>, Status> {
        let Some((named, (party, own))) = named(context)?.zip(context.caller.as_ref()) else {
            return Ok(None);
        };
        let Some(call) = self.state.calls.named(&named.dialog).next() else {
            let takes_part = route.is_some_and(|ends| ends.both().into_iter().any(|end| end.user == party.user));
            return if takes_part { Ok(None) } else { Err(Status::CALL_DOES_NOT_EXIST) };
        };
        let takes_part = call.sides().into_iter().any(|side| side.phone.user == party.user);
        let picks_up = self.config.pick_up && named.replaced && call.progress != Progress::Confirmed;
        let was_asked = self.was_asked(&party.user, &Asked::Replace(named.dialog), now);
        if !takes_part && !picks_up && !was_asked {
            return Err(Status::CALL_DOES_NOT_EXIST);
        }
        let side = self.addressed(call, &named.to_tag, &context.request.uri, came_by);
        Ok(side.filter(|side| side.phone != *own).cloned())
    }

    /// JO1 to JO3: to the phone that has the dialog, and to no other.
    pub(super) fn join(&mut self, context: &mut Context, side: Side, now: Instant) {
        let Some((party, caller)) = context.caller.clone() else {
            return;
        };
        let uri = self.binding(&side.phone).map(|binding| binding.uri().clone()).or(side.target);
        let uri = uri.unwrap_or_else(|| context.request.uri.clone());
        let trace = forward::trace(&context.request, &self.tokens);
        let mut request = forward::request(&context.request, uri, &party, &self.config.domain);
        self.by_path_to(&mut request, &side.phone);
        let ends = self.ends(&request.headers, caller, side.phone.clone());
        forward::record_route(&mut request, &ends, &self.tokens, &self.config.domain);
        let legs = Vec::from([self.leg(request, &trace, side.phone, Some(side.party))]);
        let ringing = self.config.ringing.map(|time| now + time);
        let responses = ResponseContext::invite(1, self.config.timer_c, ringing, now);
        context.stage = Stage::Forked { responses, legs };
        self.start_legs(context, now);
    }

    /// Whether the sender of an INVITE may call a phone whose user is not to be disturbed (JO7, JO8).
    pub(super) fn is_expected(&self, context: &Context, phone: &Endpoint, now: Instant) -> bool {
        context.caller.as_ref().is_some_and(|(party, _)| {
            self.talks_with(&party.user, phone) || self.was_asked(&party.user, &Asked::Call(phone.clone()), now)
        })
    }

    /// Remembers that a REFER on its way to a phone asks its user to take the sender's place (JO3), or to call a phone (JO8).
    pub(super) fn note_referral(&mut self, context: &Context, index: usize, now: Instant) {
        let Some((what, by, to)) = self.referred(context, index) else {
            return;
        };
        let referrals = &mut self.state.referrals;
        referrals.retain(|known| known.until > now && (known.what != what || known.to != to));
        if referrals.iter().filter(|known| known.by == by).count() >= MAX_REFERRALS
            && let Some(oldest) = referrals.iter().position(|known| known.by == by)
        {
            referrals.remove(oldest);
        }
        referrals.push(Referral { what, by, to, until: now + REFERRAL });
    }

    /// Whether a request names a call of others than these two: their way is not to be used for it.
    pub(super) fn is_of_others(&self, headers: &Headers, sender: &Endpoint, target: &Endpoint) -> bool {
        let Some(dialog) = dialog_id(headers) else {
            return false;
        };
        let mut named = self.state.calls.named(&dialog).peekable();
        let of_these =
            |call: &Call| call.sides().into_iter().all(|side| side.phone == *sender || side.phone == *target);
        named.peek().is_some() && !named.any(of_these)
    }

    /// What a REFER asks for that its sender may ask for, who sends it, and of whom it is asked.
    fn referred(&self, context: &Context, index: usize) -> Option<(Asked, String, String)> {
        if context.request.method != Method::Refer {
            return None;
        }
        let refer_to = context.request.headers.get::<ReferTo>().ok()?;
        let by = context.caller.as_ref()?.0.user.clone();
        let what = match refer_to.replaces() {
            Some(replaces) => {
                let dialog = DialogId::new(&replaces.call_id().to_string(), replaces.to_tag(), replaces.from_tag());
                let takes_part = |call: &Call| call.sides().into_iter().any(|side| side.phone.user == by);
                self.state.calls.named(&dialog).any(takes_part).then_some(Asked::Replace(dialog))?
            }
            None => {
                let phone = self.meant(&refer_to.0.uri, self.came_by(context))?;
                (phone.user == by || self.talks_with(&by, &phone)).then_some(Asked::Call(phone))?
            }
        };
        let to = context.legs().get(index)?.target.user.clone();
        Some((what, by, to))
    }

    /// Whether a user is in a call with a phone, or it rings for theirs.
    fn talks_with(&self, user: &str, phone: &Endpoint) -> bool {
        self.state.calls.of(user).any(|(_, call)| {
            let [one, other] = call.sides().map(|side| &side.phone);
            call.progress != Progress::Trying
                && ((one == phone && other.user == user) || (other == phone && one.user == user))
        })
    }

    /// Whether a user was asked to, not long ago.
    fn was_asked(&self, user: &str, what: &Asked, now: Instant) -> bool {
        self.state.referrals.iter().any(|known| known.what == *what && known.to == user && known.until > now)
    }

    /// Which end of a call a Request-URI means: its user's, or the Contact of its phone; of two ends of one user, the
    /// one with that tag.
    fn addressed<'a>(&self, call: &'a Call, tag: &str, uri: &Uri, came_by: Option<&Host>) -> Option<&'a Side> {
        let place = self.config.domain.place(uri, came_by);
        let is_meant = |side: &Side| match &place {
            Place::User(user) if *user == side.phone.user => true,
            Place::User(_) | Place::Domain | Place::Foreign | Place::Unsupported => {
                side.target.as_ref() == Some(uri)
                    || self.binding(&side.phone).is_some_and(|binding| binding.uri() == uri)
            }
        };
        let meant: Vec<_> = call.sides().into_iter().filter(|side| is_meant(side)).collect();
        meant.iter().find(|side| side.tag == tag).or_else(|| meant.first()).copied()
    }
}

/// What an INVITE says of a dialog it is to replace or to join (RFC 3891 3, RFC 3911 4).
fn named(context: &Context) -> Result<Option<Named>, Status> {
    if context.request.method != Method::Invite {
        return Ok(None);
    }
    let headers = &context.request.headers;
    let replaces = headers.find::<Replaces>().map_err(|error| error.status())?;
    let join = headers.find::<Join>().map_err(|error| error.status())?;
    let (call_id, to_tag, from_tag, replaced) = match (&replaces, &join) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(Status::BAD_REQUEST),
        (Some(replaces), None) => (replaces.call_id(), replaces.to_tag(), replaces.from_tag(), true),
        (None, Some(join)) => (join.call_id(), join.to_tag(), join.from_tag(), false),
    };
    let dialog = DialogId::new(&call_id.to_string(), to_tag, from_tag);
    Ok(Some(Named { dialog, to_tag: to_tag.to_string(), replaced }))
}

/// Whether a request makes sense only within a dialog: without one it ends, changes or interrupts what is not the
/// sender's.
pub(super) const fn is_within_only(method: &Method) -> bool {
    match method {
        Method::Bye | Method::Info | Method::Update | Method::Prack | Method::Notify => true,
        Method::Invite
        | Method::Ack
        | Method::Cancel
        | Method::Register
        | Method::Options
        | Method::Subscribe
        | Method::Publish
        | Method::Refer
        | Method::Message
        | Method::Other(_) => false,
    }
}
