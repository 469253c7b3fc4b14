use super::flow::Flow;
use crate::header::NameAddr;
use crate::message::Status;
use crate::time::Instant;
use crate::uri::Uri;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// A contact that a user registered (RFC 3261 10.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Binding {
    /// Names the phone for as long as it is registered, whatever flow it uses: made of its instance-id and
    /// reg-id (RFC 5626 4.1), or of its contact URI.
    pub device: String,
    /// The contact as registered, without `expires`.
    pub contact: NameAddr,
    /// Where it can be reached.
    pub reach: Reach,
    pub(crate) instance: Option<String>,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    pub(crate) expires: Instant,
}

/// Where a binding can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Reach {
    /// Over this flow.
    Open(Flow),
    /// Its flow closed; it is kept until then, for the phone to come back.
    Lost {
        /// When it is removed.
        until: Instant,
    },
}

impl Binding {
    /// The flow to reach it by, if it has one.
    #[must_use]
    pub const fn flow(&self) -> Option<Flow> {
        match self.reach {
            Reach::Open(flow) => Some(flow),
            Reach::Lost { .. } => None,
        }
    }

    /// The contact's URI: the Request-URI of what is sent there.
    #[must_use]
    pub const fn uri(&self) -> &Uri {
        &self.contact.uri
    }

    /// When it is removed, if nothing happens.
    pub(super) fn end(&self) -> Instant {
        match self.reach {
            Reach::Open(_) => self.expires,
            Reach::Lost { until } => self.expires.min(until),
        }
    }
}

/// What one REGISTER asks to change.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) call_id: String,
    pub(super) cseq: u32,
    pub(super) flow: Flow,
    pub(super) wish: Wish,
}

#[derive(Clone, Debug)]
pub(super) enum Wish {
    /// No Contact: tell the bindings.
    Query,
    /// `Contact: *` with `Expires: 0`.
    RemoveAll,
    /// Contacts, each with its time; zero removes.
    Set(Vec<(NameAddr, Duration)>),
}

/// Applies a REGISTER to a user's bindings, all of it or nothing (RFC 3261 10.3 steps 6 to 8).
///
/// A binding is changed only by a request of another Call-ID or of no lower CSeq. An equal CSeq is the same
/// request again, which a phone sends when its connection broke before the response came.
pub(super) fn apply(list: &[Binding], change: &Change, limit: usize, now: Instant) -> Result<Vec<Binding>, Status> {
    let mut next = list.to_vec();
    match &change.wish {
        Wish::Query => {}
        Wish::RemoveAll => {
            for binding in &next {
                in_order(binding, change)?;
            }
            next.clear();
        }
        Wish::Set(contacts) => {
            for (contact, lasts) in contacts {
                set(&mut next, contact, *lasts, change, now)?;
            }
        }
    }
    make_room(&mut next, change, limit)?;
    Ok(next)
}

fn set(
    list: &mut Vec<Binding>,
    contact: &NameAddr,
    lasts: Duration,
    change: &Change,
    now: Instant,
) -> Result<(), Status> {
    let device = device(contact);
    let place = list.iter().position(|binding| binding.device == device);
    if let Some(existing) = place.and_then(|index| list.get(index)) {
        in_order(existing, change)?;
    }
    if lasts.is_zero() {
        list.retain(|binding| binding.device != device);
        return Ok(());
    }
    let mut kept = contact.clone();
    kept.params.remove("expires");
    let binding = Binding {
        device,
        instance: instance(contact),
        contact: kept,
        reach: Reach::Open(change.flow),
        call_id: change.call_id.clone(),
        cseq: change.cseq,
        expires: now + lasts,
    };
    match place.and_then(|index| list.get_mut(index)) {
        Some(existing) => *existing = binding,
        None => list.push(binding),
    }
    Ok(())
}

fn in_order(binding: &Binding, change: &Change) -> Result<(), Status> {
    if binding.call_id == change.call_id && change.cseq < binding.cseq {
        return Err(Status::SERVER_INTERNAL_ERROR);
    }
    Ok(())
}

/// A user has `limit` bindings at most; those whose phone went away give way, the oldest first.
fn make_room(list: &mut Vec<Binding>, change: &Change, limit: usize) -> Result<(), Status> {
    while list.len() > limit {
        let lost = list
            .iter()
            .enumerate()
            .filter(|(_, binding)| binding.flow().is_none())
            .min_by_key(|(_, binding)| binding.end())
            .map(|(index, _)| index);
        match (lost, &change.wish) {
            (Some(index), _) => drop(list.remove(index)),
            (None, Wish::Set(_)) => return Err(Status::FORBIDDEN),
            (None, Wish::Query | Wish::RemoveAll) => return Ok(()),
        }
    }
    Ok(())
}

/// The `+sip.instance`, without its quotes and angle brackets.
fn instance(contact: &NameAddr) -> Option<String> {
    let value = contact.params.value("+sip.instance")?;
    Some(value.trim_matches(['"', '<', '>']).to_string())
}

/// 64 bits of a hash are enough to tell the few phones of one user apart, and keep route tokens short.
fn device(contact: &NameAddr) -> String {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    match instance(contact) {
        Some(instance) => {
            hash.update(b"instance\0");
            hash.update(instance.as_bytes());
            hash.update(b"\0");
            hash.update(contact.params.value("reg-id").unwrap_or_default().as_bytes());
        }
        None => {
            hash.update(b"contact\0");
            hash.update(contact.uri.to_string().as_bytes());
        }
    }
    super::hex::hex(hash.finalize().get(..8).unwrap_or_default())
}
