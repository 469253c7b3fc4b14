use super::uri_headers::{add_to_uri, from_uri};
use super::{NameAddr, Privacy, Reason, header_of};
use crate::message::{InvalidHeader, Status};

/// An address that a request was sent to on its way (RFC 7044), the oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HistoryInfo(pub NameAddr);

impl HistoryInfo {
    /// Its place in the tree of what was tried: `1.1` came out of `1`.
    #[must_use]
    pub fn index(&self) -> Option<&str> {
        self.0.params.value("index")
    }

    /// Why the request did not stay there: the Reason in the URI (RFC 7044 10.2).
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        from_uri(&self.0.uri)
    }

    /// The same with the reason why the request did not stay there (RFC 7044 10.2).
    ///
    /// # Errors
    /// The address takes no headers.
    pub(crate) fn because(mut self, status: Status) -> Result<Self, InvalidHeader> {
        add_to_uri(&mut self.0.uri, &Reason::sip(status, None))?;
        Ok(self)
    }

    /// What is to be hidden of it: the Privacy in the URI (RFC 7044 10.1).
    #[must_use]
    pub fn privacy(&self) -> Option<Privacy> {
        from_uri(&self.0.uri)
    }

    /// Why it was sent to this address, as a status: 302, 486, … (RFC 4458).
    #[must_use]
    pub fn cause(&self) -> Option<u16> {
        self.0.uri.as_sip()?.params.value("cause")?.parse().ok()
    }

    /// How this address came out of another, and the index of that one (RFC 7044 5).
    #[must_use]
    pub fn target(&self) -> Option<(Target, &str)> {
        [("rc", Target::Contact), ("mp", Target::Mapped), ("np", Target::Same)]
            .into_iter()
            .find_map(|(name, target)| self.0.params.value(name).map(|index| (target, index)))
    }
}

/// How an address came out of another (RFC 7044 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// `rc`: it is a contact of the same user.
    Contact,
    /// `mp`: it is another user's, as in a diverted call.
    Mapped,
    /// `np`: the address has not changed.
    Same,
}

header_of! {
    HistoryInfo true NameAddr::read;
}
