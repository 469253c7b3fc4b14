use crate::uri::{Host, SipUri, Uri, UriError};
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

    /// The address of record of a user.
    pub(crate) fn address(&self, user: &str) -> SipUri {
        SipUri::at(user, self.name.clone())
    }

    /// Whether a client that came by `came_by` means the domain when it writes `host`: the name, an alias, a
    /// loopback name or address, or the host it came by.
    #[must_use]
    pub fn is(&self, host: &Host, came_by: Option<&Host>) -> bool {
        *host == self.name || self.aliases.contains(host) || came_by == Some(host) || is_loopback(host)
    }

    /// Whether a phone of `user` may call itself by this URI. What is an address of the domain is somebody's: another
    /// user's, or a GRUU, which is no address to be reached at (RFC 5627 5.1). A loopback address, or a port of an
    /// address by which this machine is reached, may be that of a phone that runs here.
    pub(crate) fn allows_contact(&self, uri: &Uri, user: &str, came_by: Option<&Host>) -> bool {
        let Some(sip) = uri.as_sip() else {
            return true;
        };
        let is_phone = is_loopback(&sip.host) || (sip.port.is_some() && !matches!(sip.host, Host::Name(_)));
        if is_phone || !self.is(&sip.host, came_by) {
            return true;
        }
        !sip.params.has("gr") && sip.user_unescaped().is_none_or(|name| name == user)
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
