//! What the rooms need of one another, as small traits: wired in `lib.rs`, so that no room imports another.

use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::broadcast;

/// An account's number in the database: what an identity is, whatever its extension is renamed to.
pub type AccountId = i64;

/// Who is asking, once the session is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The account.
    pub account: AccountId,
    /// Its extension.
    pub extension: String,
    /// Its name, for people.
    pub name: String,
}

/// The digest secrets of an account (RFC 7616 3.4.2): lower-case hex of H(user:realm:password).
#[derive(Clone)]
pub struct Ha1 {
    /// With MD5.
    pub md5: String,
    /// With SHA-256.
    pub sha256: String,
}

/// Who a request on an HTTP route comes from; implemented by `session`.
#[async_trait]
pub trait Sessions: Send + Sync + 'static {
    /// The signed-in person of these request headers (the cookie), if the session is valid and the account enabled.
    async fn signed_in(&self, parts: &http::request::Parts) -> Option<SignedIn>;
    /// Fires with the session's account when a session ends.
    fn ended(&self) -> broadcast::Receiver<AccountId>;
}

/// How a session begins and ends; implemented by `session`.
#[async_trait]
pub trait SessionLife: Send + Sync + 'static {
    /// Signs an account in: the session of this request gets a new id and belongs to the account from now on.
    async fn begin(&self, parts: &http::request::Parts, account: AccountId) -> Result<(), PortError>;
    /// Ends the session of this request, and tells whose it was.
    async fn end(&self, parts: &http::request::Parts) -> Option<AccountId>;
    /// Whether the request still brings a session's cookie, valid or not.
    fn was_signed_in(&self, parts: &http::request::Parts) -> bool;
}

/// Accounts, as the exchange and the people room see them; implemented by `store`.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// The account of an extension, if there is one and it is enabled.
    async fn by_extension(&self, extension: &str) -> Option<SignedIn>;
    /// Every enabled account, by extension.
    async fn all(&self) -> Result<Vec<SignedIn>, PortError>;
    /// The digest secrets of an extension.
    async fn ha1(&self, extension: &str) -> Option<Ha1>;
}

/// Which tab holds a line; implemented by `tabs`.
pub trait Leases: Send + Sync + 'static {
    /// Whether this epoch of the account's lease is the current one.
    fn current(&self, account: AccountId, epoch: u64) -> bool;
    /// Fires when a lease moved: sockets of that account with an older epoch must close.
    fn moved(&self) -> broadcast::Receiver<(AccountId, u64)>;
    /// The account logged out: its lease is free at once, its tabs' sockets close.
    fn end(&self, account: AccountId);
    /// What the line last was, with its age in milliseconds.
    fn line(&self, account: AccountId) -> Option<(app::phone::LineState, u64)>;
}

/// What the exchange knows of every extension; implemented by `exchange`.
pub trait LineEvents: Send + Sync + 'static {
    /// What an extension is doing now.
    fn status(&self, extension: &str) -> app::phone::Status;
    /// Fires when it changes.
    fn changes(&self) -> broadcast::Receiver<(String, app::phone::Status)>;
    /// The account logged out: the binding of its tab goes.
    fn unbind(&self, extension: &str, instance: &str);
}

/// A room could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The database did not answer.
    #[error("the storage did not answer")]
    Storage,
}

/// The ports, shared.
pub type Shared<T> = Arc<T>;
