use crate::uri::{Host, Uri, UriError};
use alloc::string::String;
use alloc::vec::Vec;

/// The one domain that the exchange is responsible for, and the names that mean it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    name: Host,
    aliases: Vec<Host>,
}

/// Where a URI points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The domain itself: no user.
    Domain,
    /// A user of the domain, unescaped.
    User(String),
    /// A host that is not ours.
    Foreign,
    /// A scheme that is not routed here.
    Unsupported,
}

impl Domain {
    /// The domain `name`, also called by each of `aliases`.
    ///
    /// # Errors
    /// [`UriError`] when one of them is no host.
    pub fn new(name: &str, aliases: &[&str]) -> Result<Self, UriError> {
        Ok(Self { name: name.parse()?, aliases: aliases.iter().map(|alias| alias.parse()).collect::<Result<_, _>>()? })
    }

    /// The name: also the digest realm.
    #[must_use]
    pub const fn name(&self) -> &Host {
        &self.name
    }

    /// Whether a client that came by `came_by` means the domain when it writes `host`: the name, an alias, a
    /// loopback name or address, or the host it came by.
    #[must_use]
    pub fn is(&self, host: &Host, came_by: Option<&Host>) -> bool {
        *host == self.name || self.aliases.contains(host) || came_by == Some(host) || is_loopback(host)
    }

    /// Whether `host` names the domain and nothing else: as [`Self::is`], but for loopback, where phones are as well.
    pub(crate) fn is_named(&self, host: &Host, came_by: Option<&Host>) -> bool {
        *host == self.name || self.aliases.contains(host) || (came_by == Some(host) && !is_loopback(host))
    }

    /// Where `uri` points to, for a client that came by `came_by`.
    pub(crate) fn place(&self, uri: &Uri, came_by: Option<&Host>) -> Place {
        let Some(sip) = uri.as_sip() else {
            return Place::Unsupported;
        };
        if !self.is(&sip.host, came_by) {
            return Place::Foreign;
        }
        match sip.user_unescaped() {
            Some(user) if !user.is_empty() => Place::User(user),
            Some(_) | None => Place::Domain,
        }
    }
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Name(name) => {
            let name = name.to_ascii_lowercase(); // also of `name.localhost` (RFC 6761 6.3)
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::V4(address) => address.is_loopback(),
        Host::V6(address) => address.is_loopback(),
    }
}
