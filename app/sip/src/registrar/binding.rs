use super::flow::Flow;
use crate::header::{NameAddr, Route};
use crate::time::Instant;
use crate::uri::Uri;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A contact that a user registered (RFC 3261 10.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Binding {
    /// Names the phone for as long as it is registered, whatever flows it uses: made of its instance-id
    /// (RFC 5626 4.1), or of its contact URI.
    pub device: String,
    /// The contact as registered, without `expires`.
    pub contact: NameAddr,
    /// The hops in front of the phone (RFC 3327): the Route of what is sent there. They are never looked up: it goes
    /// over the binding's flow.
    pub path: Vec<Route>,
    /// Where it can be reached.
    pub reach: Reach,
    /// The instance-id, without quotes and angle brackets.
    pub instance: Option<String>,
    /// Which of the phone's flows it is (RFC 5626 4.2); `None` when the phone does not know of flows.
    pub reg_id: Option<u32>,
    /// The Call-ID of the last REGISTER.
    pub call_id: String,
    /// The CSeq of the last REGISTER.
    pub cseq: u32,
    /// Names all the temporary GRUUs that were given out for this registration (RFC 5627 3.1.2). Zero without an
    /// instance-id.
    pub(crate) generation: u64,
    /// Since when it has the flow that it has.
    pub(crate) since: Instant,
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

/// A binding that is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// As it was last.
    pub binding: Binding,
    /// Why it was removed.
    pub why: Removal,
}

/// Why a binding was removed: the `event` of a terminated contact (RFC 3680 5.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It was not refreshed, or its phone did not come back.
    Expired,
    /// Its phone went, and said so.
    Unregistered,
    /// The exchange took it away; the phone may register again.
    Deactivated,
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

    /// Whether it is the phone that sends over this flow. Behind a hop several phones share one.
    #[must_use]
    pub fn sends_over(&self, flow: Flow) -> bool {
        self.path.is_empty() && self.flow() == Some(flow)
    }

    /// When it is removed, if nothing happens.
    pub(super) fn end(&self) -> Instant {
        match self.reach {
            Reach::Open(_) => self.expires,
            Reach::Lost { until } => self.expires.min(until),
        }
    }

    /// The better way to a phone comes last: one that is open, then the newest (RFC 5626 5.3).
    pub(crate) const fn rank(&self) -> (bool, Instant, Option<Flow>) {
        let flow = self.flow();
        (flow.is_some(), self.since, flow)
    }
}

/// Of each phone the flow by which it is to be reached: a request goes to one of them only (RFC 5626 5.3). When that one
/// closes or has failed, another takes its place: those that are open come second.
pub(crate) fn best_flows(bindings: Vec<Binding>) -> (Vec<Binding>, Vec<Binding>) {
    let (mut best, mut spares): (Vec<Binding>, Vec<Binding>) = (Vec::with_capacity(bindings.len()), Vec::new());
    for mut binding in bindings {
        match best.iter_mut().find(|other| other.device == binding.device) {
            Some(other) => {
                if other.rank() < binding.rank() {
                    core::mem::swap(other, &mut binding);
                }
                spares.extend(Some(binding).filter(|spare| spare.flow().is_some()));
            }
            None => best.push(binding),
        }
    }
    (best, spares)
}

/// The `+sip.instance`, without its quotes and angle brackets.
pub(super) fn instance(contact: &NameAddr) -> Option<&str> {
    let value = contact.params.value("+sip.instance")?;
    Some(value.trim_matches(['"', '<', '>'])).filter(|instance| !instance.is_empty())
}

/// The name of a phone. 64 bits of a hash are enough to tell the few phones of one user apart, and keep route tokens short.
pub(super) fn device(contact: &NameAddr) -> String {
    match instance(contact) {
        Some(instance) => device_of(instance),
        None => hashed("contact\0", &contact.uri.to_string()),
    }
}

/// The name of the phone with this instance-id.
pub(crate) fn device_of(instance: &str) -> String {
    hashed("instance\0", instance)
}

fn hashed(kind: &str, name: &str) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::new().chain_update(kind).chain_update(name).finalize();
    crate::hex::hex(hash.get(..8).unwrap_or_default())
}
