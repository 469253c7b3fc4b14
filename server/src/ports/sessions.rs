//! Who is signed in, as the rooms ask it.

use super::{AccountId, Ha1, PortError, SignedIn};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::broadcast;

/// Names a session: its number in the database, which stays when the id in the cookie changes, and proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub i128);

impl SessionId {
    /// The number in the database.
    #[must_use]
    pub fn number(self) -> i64 {
        // Numbers begin at 1.
        i64::try_from(self.0).unwrap_or(0)
    }
}

impl From<i64> for SessionId {
    fn from(number: i64) -> Self {
        Self(number.into())
    }
}

/// A session that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whose it was.
    pub account: AccountId,
    /// Which one.
    pub session: SessionId,
}

/// Who a request comes from, and how it stands with their session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub person: SignedIn,
    /// Their session.
    pub session: SessionId,
    /// They came with a first password, and have to choose their own before anything else.
    pub must_change: bool,
    /// The company's PBX that knows the password; `None` when it is known here.
    pub pbx: Option<String>,
}

/// A session, as it is told to whose it is. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionFacts {
    /// Which one.
    pub session: SessionId,
    /// The browser, in words.
    pub browser: String,
    /// The login.
    pub begun: i64,
    /// The last use, as exactly as [`Self::EXACT`].
    pub seen: i64,
    /// Where from, the last time; empty when that is not known.
    pub address: String,
}

impl SessionFacts {
    /// How exactly the last use is known: every request would otherwise write to the database.
    pub const EXACT: Duration = Duration::from_secs(300);
}

/// What signs for somebody at the company's PBX, in one realm (RFC 7616 3.4.2).
#[derive(Clone, Serialize, Deserialize)]
pub struct PbxSecret {
    /// Whose users the PBX asked for.
    pub realm: String,
    /// The user name there.
    pub user: String,
    /// What stands for the password.
    pub ha1: Ha1,
}

/// Who a request on an HTTP route comes from; implemented by `session`.
#[async_trait]
pub trait Sessions: Send + Sync + 'static {
    /// Who these request headers (the cookie) are from, if the session is valid and the account enabled.
    async fn standing(&self, parts: &http::request::Parts) -> Option<Standing>;
    /// Whether a session is still good; asking is using it.
    async fn goes_on(&self, session: SessionId) -> bool;
    /// Fires with the account when sessions of it end.
    fn ended(&self) -> broadcast::Receiver<AccountId>;

    /// The same, of who may do anything already.
    async fn admitted(&self, parts: &http::request::Parts) -> Option<(SignedIn, SessionId)> {
        let standing = self.standing(parts).await.filter(|standing| !standing.must_change)?;
        Some((standing.person, standing.session))
    }

    /// The same, when it does not matter which session.
    async fn signed_in(&self, parts: &http::request::Parts) -> Option<SignedIn> {
        self.admitted(parts).await.map(|(person, _)| person)
    }
}

/// How a session begins and ends; implemented by `session`.
#[async_trait]
pub trait SessionLife: Send + Sync + 'static {
    /// Signs an account in with a new session, and tells of the one that this request brought and that is over now. What
    /// signs for the PBX is kept, encrypted, for as long as the session lasts.
    async fn begin(
        &self,
        parts: &http::request::Parts,
        account: AccountId,
        secret: Option<PbxSecret>,
    ) -> Result<Option<Ended>, PortError>;
    /// Gives the session of this request a new id; what it opened stays open.
    async fn renew(&self, parts: &http::request::Parts) -> Result<(), PortError>;
    /// Ends the session of this request, and tells of it.
    async fn end(&self, parts: &http::request::Parts) -> Option<Ended>;
    /// Whether the request still brings a session's cookie, valid or not.
    fn was_signed_in(&self, parts: &http::request::Parts) -> bool;
    /// The sessions of an account, the last used first.
    async fn list(&self, account: AccountId) -> Result<Vec<SessionFacts>, PortError>;
    /// Ends one session of this account, if it is one.
    async fn end_one(&self, account: AccountId, session: SessionId) -> Result<Option<Ended>, PortError>;
    /// Ends all sessions of this account but one.
    async fn end_others(&self, account: AccountId, keep: SessionId) -> Result<Vec<Ended>, PortError>;
}

/// What signs for people at the company's PBX; implemented by `session`.
#[async_trait]
pub trait PbxSecrets: Send + Sync + 'static {
    /// What the login that is used last left; `None` when the account is not the PBX's, or is logged in nowhere.
    async fn pbx_secret(&self, account: AccountId) -> Option<PbxSecret>;
}
