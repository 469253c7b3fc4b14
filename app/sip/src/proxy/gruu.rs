//! Requests to one phone of a user (RFC 5627), and who may call itself so.

use super::context::Context;
use super::token::Endpoint;
use super::{Binding, Party, Proxy};
use crate::header::{Contact, Route};
use crate::message::{HeaderName, Request};
use crate::registrar::{Gruu, Place};
use crate::uri::{Host, Uri};
use alloc::string::String;
use alloc::vec::Vec;

/// What a Request-URI of the domain means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A user: any phone.
    User,
    /// This phone of this user, whether it is there or not.
    Phone {
        /// Whose.
        user: String,
        /// [`Binding::device`].
        device: String,
    },
    /// It is no GRUU, or none any more: 404 (RFC 5627 6.1).
    Nobody,
}

impl Proxy {
    /// Puts the hops in front of a phone into a request that goes there, unless it names its way itself.
    pub(super) fn by_path_to(&self, request: &mut Request, phone: &Endpoint) {
        if let Some(binding) = self.binding(phone)
            && !request.headers.contains(&HeaderName::Route)
        {
            by_path(request, &binding.path);
        }
    }

    /// What a URI means whose host is known to be ours.
    pub(super) fn named(&self, uri: &Uri) -> Named {
        let Some(gruu) = uri.as_sip().and_then(|uri| self.gruus.read(uri)) else {
            return Named::User;
        };
        match gruu {
            Gruu::Public { user, device } => Named::Phone { user, device },
            Gruu::Temporary { user, generation } => {
                let bindings = self.state.bindings.get(&user).map(Vec::as_slice).unwrap_or_default();
                match bindings.iter().find(|binding| binding.generation == generation) {
                    Some(Binding { device, .. }) => Named::Phone { device: device.clone(), user },
                    None => Named::Nobody,
                }
            }
            Gruu::Invalid => Named::Nobody,
        }
    }

    /// Whether a request of `party` may have this Contact: what is an address of the domain is its own.
    pub(super) fn allows_contact(&self, context: &Context, party: &Party, came_by: Option<&Host>) -> bool {
        let Ok(Some(contact)) = context.request.headers.find::<Contact>() else {
            return true; // What is malformed harms nobody but its sender.
        };
        let Some(address) = contact.address() else {
            return true;
        };
        let domain = &self.config.domain;
        if domain.allows_contact(&address.uri, &party.user, came_by) {
            return true;
        }
        match (domain.place(&address.uri, came_by), address.uri.as_sip().and_then(|uri| self.gruus.read(uri))) {
            (Place::User(_), Some(Gruu::Public { user, .. } | Gruu::Temporary { user, .. })) => user == party.user,
            (_, _) => false,
        }
    }
}

/// Sends a request by the hops in front of a phone (RFC 3327).
pub(super) fn by_path(request: &mut Request, path: &[Route]) {
    for hop in path.iter().rev() {
        request.headers.push_front(hop);
    }
}
