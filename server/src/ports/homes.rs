//! Where lines are at home.

use super::{AccountId, PortError, SignedIn};
use app::backend::Dialect;
use async_trait::async_trait;

/// What picks up a call at the exchange.
const PICK_UP: &str = "*8";

/// Where a line is at home: whom its phone is registered at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The SIP domain: the right-hand side of every address there.
    pub domain: String,
    /// The PBX of this name; `None` for the exchange of this server.
    pub pbx: Option<String>,
    /// How its phone behaves there.
    pub dialect: Dialect,
    /// Whether candidates may follow descriptions there (RFC 8840), unless an administrator says otherwise.
    pub trickles: bool,
    /// What is dialled before an extension to pick up the call that rings there; empty where that cannot be done.
    pub pick_up: String,
}

/// Where lines are at home; implemented by `bridge`.
#[async_trait]
pub trait Homes: Send + Sync + 'static {
    /// Where this account's line is.
    ///
    /// # Errors
    /// [`PortError::Storage`].
    async fn home(&self, account: AccountId) -> Result<Home, PortError>;
    /// Those of these people who are at home where this account is: who can be called from there by their extension.
    ///
    /// # Errors
    /// [`PortError::Storage`].
    async fn neighbours(&self, account: AccountId, people: Vec<SignedIn>) -> Result<Vec<SignedIn>, PortError>;
}

impl Home {
    /// The exchange of this server, with this domain.
    #[must_use]
    pub fn exchange(domain: &str) -> Self {
        let (domain, pick_up) = (domain.to_owned(), PICK_UP.to_owned());
        Self { domain, pbx: None, dialect: Dialect::default(), trickles: true, pick_up }
    }
}

/// Everybody is at home at the exchange of this domain.
#[derive(Clone, Debug)]
pub struct OneHome(pub String);

#[async_trait]
impl Homes for OneHome {
    async fn home(&self, _: AccountId) -> Result<Home, PortError> {
        Ok(Home::exchange(&self.0))
    }

    async fn neighbours(&self, _: AccountId, people: Vec<SignedIn>) -> Result<Vec<SignedIn>, PortError> {
        Ok(people)
    }
}
