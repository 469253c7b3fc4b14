use super::{NameAddr, header_of};
use crate::message::Text;

/// Who a trusted network says the caller is (RFC 3325 9.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PAssertedIdentity(pub NameAddr);

/// Which of its identities the caller asks a trusted network to assert (RFC 3325 9.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PPreferredIdentity(pub NameAddr);

/// A further address of the one who has registered (RFC 7315 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PAssociatedUri(pub NameAddr);

/// The address that was called, before the registrar put the contact in its place (RFC 7315 4.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PCalledPartyId(pub NameAddr);

/// Who calls or is called, before RFC 3325 (draft-ietf-sip-privacy-04 5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RemotePartyId(pub NameAddr);

impl RemotePartyId {
    /// Which end of the call it is; `None` if that is not said.
    #[must_use]
    pub fn party(&self) -> Option<Party> {
        let party = self.0.params.text("party")?;
        if party.eq_ignore_ascii_case("calling") {
            Some(Party::Calling)
        } else if party.eq_ignore_ascii_case("called") {
            Some(Party::Called)
        } else {
            None
        }
    }

    /// Whether someone has checked it.
    #[must_use]
    pub fn is_screened(&self) -> bool {
        self.0.params.text("screen").is_some_and(|screen| screen.eq_ignore_ascii_case("yes"))
    }

    /// What is to be hidden: `full`, `name`, `uri` or `off`, perhaps with `-network` behind.
    #[must_use]
    pub fn privacy(&self) -> Option<Text> {
        self.0.params.text("privacy")
    }

    /// Whether it may not be shown: all of it, or its name or address.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.privacy().is_some_and(|privacy| !privacy.eq_ignore_ascii_case("off"))
    }
}

/// An end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The one who calls.
    Calling,
    /// The one who is called.
    Called,
}

header_of! {
    PAssertedIdentity true NameAddr::read;
    PPreferredIdentity true NameAddr::read;
    PAssociatedUri true NameAddr::read;
    PCalledPartyId false NameAddr::read;
    RemotePartyId true NameAddr::read;
}
