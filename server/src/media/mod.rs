//! Media: what an administrator set about it, made ready for a page, with credentials for the relays that are good for a
//! short time.

#[cfg(test)]
mod tests;
mod turn;

pub use turn::{Relays, Secret, SecretError};

use crate::clock;
use crate::ports::{self, AccountId, Homes, PortError, Shared};
use crate::store::policies::{Ice, Policies, Policy, PolicyError};
use app::media::{AutoAnswer, Digits, IceServer, Media};
use async_trait::async_trait;
use std::time::Duration;
use tokio::sync::watch;

/// How soon a running server notices what the command line did.
const WATCH: Duration = Duration::from_millis(500);

/// What is set about media.
#[derive(Clone)]
pub struct Room {
    policies: Policies,
    servers: Vec<IceServer>,
    relays: Option<Relays>,
    homes: Shared<dyn Homes>,
    changed: watch::Sender<i64>,
}

impl Room {
    /// With these servers, as the server was started with them, and these relays, whose credentials are made here; what is
    /// not set is as it is best where a line is at home.
    #[must_use]
    pub fn new(policies: Policies, servers: Vec<IceServer>, relays: Option<Relays>, homes: Shared<dyn Homes>) -> Self {
        Self { policies, servers, relays, homes, changed: watch::Sender::new(0) }
    }

    /// Tells whoever listens of every change of a policy, in this process or another. Runs until dropped.
    pub async fn watch(self) {
        let (mut tick, mut blind) = (tokio::time::interval(WATCH), false);
        loop {
            tick.tick().await;
            match self.policies.changes().await {
                Ok(change) => {
                    blind = false;
                    self.changed.send_if_modified(|known| core::mem::replace(known, change) != change);
                }
                Err(error) if !blind => {
                    blind = true;
                    tracing::warn!(%error, "changes of the media policies cannot be seen");
                }
                Err(_) => {}
            }
        }
    }

    fn servers(&self, ice: Ice, extension: &str) -> Vec<IceServer> {
        match ice {
            Ice::None => Vec::new(),
            Ice::All | Ice::Relay => {
                let relays = self.relays.iter().map(|relays| relays.for_extension(extension, clock::now() / 1_000));
                self.servers.iter().cloned().chain(relays).collect()
            }
        }
    }
}

#[async_trait]
impl ports::Media for Room {
    async fn media(&self, account: AccountId, extension: &str) -> Result<Media, PortError> {
        let policy = self.policies.holds(account).await;
        let policy = policy.map_err(|error: PolicyError| {
            tracing::error!(%error, "a media policy could not be read");
            PortError::Storage
        })?;
        let ice = policy.ice.unwrap_or(Ice::All);
        let trickles = self.homes.home(account).await?.trickles;
        let policy = Policy { trickle: policy.trickle.or(Some(trickles)), ..policy };
        let agrees = self.policies.consents(account).await.map_err(|error| {
            tracing::error!(%error, "a consent could not be read");
            PortError::Storage
        })?;
        let auto_answer = policy.auto_answer.clone().filter(|_| agrees).unwrap_or_default();
        Ok(Media { auto_answer, ..ready(policy, self.servers(ice, extension)) })
    }

    fn renewal(&self) -> Option<Duration> {
        self.relays.as_ref().map(|relays| relays.lifetime() / 2)
    }

    fn changed(&self) -> watch::Receiver<i64> {
        self.changed.subscribe()
    }
}

fn ready(policy: Policy, ice_servers: Vec<IceServer>) -> Media {
    let names = |codecs: Option<crate::store::policies::Codecs>| {
        codecs.iter().flat_map(|codecs| codecs.names()).map(|name| (*name).to_owned()).collect()
    };
    Media {
        ice_servers,
        relay: policy.ice == Some(Ice::Relay),
        trickle: policy.trickle.unwrap_or(true),
        preferred: names(policy.codecs),
        removed: names(policy.without_codecs),
        audio_kbit: policy.audio_kbit.unwrap_or(0),
        video_kbit: policy.video_kbit.unwrap_or(0),
        video_height: policy.video_height.unwrap_or(0),
        video_rate: policy.video_rate.and_then(|rate| u8::try_from(rate).ok()).unwrap_or(0),
        digits: policy.digits.unwrap_or(Digits::Auto),
        auto_answer: AutoAnswer::Nobody,
        recording: policy.recording.unwrap_or_default(),
        voicemail: policy.voicemail.unwrap_or_default(),
    }
}
