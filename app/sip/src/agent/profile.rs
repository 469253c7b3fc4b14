use super::Config;
use crate::header::{Contact, NameAddr, Require, ServiceRoute};
use crate::message::Response;
use crate::uri::Uri;
use alloc::vec::Vec;
use core::ops::Deref;

/// How many hops of a Service-Route are taken; more is no route.
const MAX_HOPS: usize = 16;

/// Who the agent is, and what its registrar said of that.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) config: Config,
    pub(super) learned: Learned,
}

/// What the registrar said with the last binding: each 2xx of REGISTER replaces it. Nothing else is learned from a
/// Contact in a response.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Learned {
    /// The binding is one of RFC 5626 (6: `Require: outbound`).
    pub(super) outbound: bool,
    /// The first hop cannot do outbound (439): it is not asked for on this connection.
    pub(super) plain: bool,
    /// The way of requests outside of dialogs (RFC 3608).
    pub(super) service_route: Vec<NameAddr>,
    pub_gruu: Option<Uri>,
    temp_gruu: Option<Uri>,
}

impl Deref for Profile {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.config
    }
}

impl Profile {
    /// REGISTER was answered with 2xx; `own` is our binding in it.
    pub(super) fn learn(&mut self, response: &Response, own: Option<&Contact>) {
        let required = response.headers.all::<Require>().unwrap_or_default();
        let hops = response.headers.all::<ServiceRoute>().unwrap_or_default();
        let plain = self.learned.plain;
        self.learned = Learned {
            outbound: !plain
                && required.iter().any(|Require(tags)| tags.iter().any(|tag| tag.eq_ignore_ascii_case("outbound"))),
            plain,
            service_route: hops.into_iter().map(|ServiceRoute(hop)| hop).take(MAX_HOPS).collect(),
            pub_gruu: own.and_then(Contact::pub_gruu).filter(is_sip),
            temp_gruu: own.and_then(Contact::temp_gruu).filter(is_sip),
        };
    }

    /// The GRUU that calls give as Contact (RFC 5627 4.3), if there is one.
    pub(super) fn gruu(&self) -> Option<&Uri> {
        let temporary = self.learned.temp_gruu.as_ref().filter(|_| self.temporary_contact);
        temporary.or(self.learned.pub_gruu.as_ref())
    }

    /// Whether the Contact of calls does not tell who this is.
    pub(super) const fn is_hidden(&self) -> bool {
        self.config.temporary_contact && self.learned.temp_gruu.is_some()
    }
}

fn is_sip(uri: &Uri) -> bool {
    uri.as_sip().is_some()
}
