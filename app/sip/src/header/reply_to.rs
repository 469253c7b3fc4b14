use super::{NameAddr, header_of};

/// Whom to call back, if not the caller (RFC 3261 20.31).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplyTo(pub NameAddr);

header_of! {
    ReplyTo false NameAddr::read;
}
