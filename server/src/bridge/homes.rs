//! Who is at home at which PBX: by the account, and by what the server was told of PBXs.

use crate::pbx::{Pbx, Scheme};
use crate::ports::{self, AccountId, Home, PortError, SignedIn};
use crate::store::accounts::Accounts;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where lines are at home: those of accounts that came in through a PBX with WebSocket at that one, all others at the
/// exchange.
#[derive(Clone)]
pub struct Homes {
    accounts: Accounts,
    pbxs: Arc<[Arc<Pbx>]>,
    domain: Arc<str>,
}

impl Homes {
    /// Of these accounts; `domain` is the exchange's.
    #[must_use]
    pub fn new(accounts: Accounts, pbxs: &[Pbx], domain: &str) -> Self {
        let pbxs = pbxs.iter().filter(|pbx| pbx.has_phones()).cloned().map(Arc::new).collect();
        Self { accounts, pbxs, domain: domain.into() }
    }

    /// Whether anybody can be at home elsewhere.
    pub(super) fn are_several(&self) -> bool {
        !self.pbxs.is_empty()
    }

    /// The PBX of this name, if phones are led there.
    pub(super) fn named(&self, name: &str) -> Option<&Arc<Pbx>> {
        self.pbxs.iter().find(|pbx| pbx.name == name)
    }

    /// The extensions of the others who are at home at this PBX; none while the storage does not answer.
    pub(super) async fn colleagues(&self, account: AccountId, pbx: &str) -> Vec<String> {
        let all = self.accounts.list().await.unwrap_or_default();
        let others = all.into_iter().filter(|other| other.id != account && other.enabled);
        others.filter(|other| other.pbx.as_deref() == Some(pbx)).map(|other| other.extension).collect()
    }

    /// The PBX where this account is at home.
    pub(super) async fn pbx(&self, account: AccountId) -> Result<Option<Arc<Pbx>>, PortError> {
        if !self.are_several() {
            return Ok(None);
        }
        let account = self.accounts.get(account).await.map_err(|error| {
            tracing::error!(%error, "an account cannot be read");
            PortError::Storage
        })?;
        Ok(account.and_then(|account| self.named(&account.pbx?).cloned()))
    }
}

#[async_trait]
impl ports::Homes for Homes {
    async fn home(&self, account: AccountId) -> Result<Home, PortError> {
        let Some(pbx) = self.pbx(account).await? else { return Ok(Home::exchange(&self.domain)) };
        Ok(Home {
            domain: pbx.domain.clone(),
            pbx: Some(pbx.name.clone()),
            dialect: pbx.kind.dialect(pbx.target.scheme == Scheme::Wss),
            trickles: pbx.kind.trickles(),
            pick_up: pbx.pick_up.clone(),
        })
    }

    async fn neighbours(&self, account: AccountId, people: Vec<SignedIn>) -> Result<Vec<SignedIn>, PortError> {
        if !self.are_several() {
            return Ok(people);
        }
        let all = self.accounts.list().await.map_err(|error| {
            tracing::error!(%error, "the accounts cannot be read");
            PortError::Storage
        })?;
        let named = |pbx: Option<String>| pbx.and_then(|name| self.named(&name).map(|pbx| pbx.name.clone()));
        let homes: BTreeMap<AccountId, Option<String>> =
            all.into_iter().map(|account| (account.id, named(account.pbx))).collect();
        let own = homes.get(&account);
        Ok(people.into_iter().filter(|person| homes.get(&person.account) == own).collect())
    }
}
