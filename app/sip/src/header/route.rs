use super::{NameAddr, header_of};

/// A hop that a request must visit (RFC 3261 20.34).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route(pub NameAddr);

/// A hop that wants to be visited by the dialog's requests (RFC 3261 20.30).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordRoute(pub NameAddr);

/// A hop between the registrar and the phone (RFC 3327).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path(pub NameAddr);

/// A hop between the registrar and the phone, for requests of the phone (RFC 3608).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceRoute(pub NameAddr);

macro_rules! hop {
    ($($header:ident)+) => {$(
        impl $header {
            /// Whether the hop is a loose router (RFC 3261 19.1.1 `lr`).
            #[must_use]
            pub fn is_loose(&self) -> bool {
                self.0.uri.as_sip().is_some_and(|uri| uri.params.has("lr"))
            }
        }
    )+};
}

hop!(Route RecordRoute Path ServiceRoute);

header_of! {
    Route true NameAddr::read;
    RecordRoute true NameAddr::read;
    Path true NameAddr::read;
    ServiceRoute true NameAddr::read;
}
