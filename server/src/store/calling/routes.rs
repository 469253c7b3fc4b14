//! The directory as the exchange asks it: a call does not wait for the database.

use super::groups::{self, Which};
use super::{Calling, CallingError, Code, rules};
use crate::ports::{Dialled, PortError, Stated};
use crate::store::{offers, storable};
use async_trait::async_trait;
use sip::proxy::{Destination, Party, Route};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// How soon a running server notices what the command line did.
const WATCH: Duration = Duration::from_millis(500);
/// How many changes a listener may be behind.
const NEWS: usize = 1024;

/// Routes by number, remembered until anything changes.
#[derive(Clone)]
pub struct Routes {
    calling: Calling,
    known: Arc<Mutex<Known>>,
    news: broadcast::Sender<(String, bool)>,
    statements: broadcast::Sender<(String, Stated)>,
    revisions: watch::Sender<u64>,
}

/// What was read. Only numbers that exist are remembered, so there are never more than the directory has.
#[derive(Default)]
struct Known {
    /// The change after which all of it was read ([`Calling::changes`]); nothing is remembered before it is known.
    change: Option<i64>,
    routes: HashMap<String, Route>,
}

impl Routes {
    /// The routes of these rules and groups. Nothing is remembered until [`Self::watch`] runs.
    #[must_use]
    pub fn new(calling: Calling) -> Self {
        let (news, statements) = (broadcast::channel(NEWS).0, broadcast::channel(NEWS).0);
        Self { calling, known: Arc::default(), news, statements, revisions: watch::Sender::new(0) }
    }

    /// Forgets what was read whenever a rule, a group or an account changes, in this process or another, and tells who
    /// is not to be disturbed. Runs until dropped.
    pub async fn watch(self) {
        let (mut quiet, mut stated, mut blind) = (None, None, false);
        let mut tick = tokio::time::interval(WATCH);
        loop {
            tick.tick().await;
            // Whoever asked before the change was seen, was told what was true until then.
            match self.calling.changes().await {
                Ok(change) => {
                    blind = false;
                    if self.is_current(change) {
                        continue;
                    }
                    self.forget(Some(change));
                }
                Err(error) => {
                    if !std::mem::replace(&mut blind, true) {
                        tracing::warn!(%error, "changes of the directory cannot be seen");
                    }
                    // What is known stays known: it cannot be read again now.
                    continue;
                }
            }
            let read = async { Ok::<_, CallingError>((self.read_quiet().await?, self.calling.stated().await?)) };
            let Ok((now, says)) = read.await else {
                // The next look tells it.
                self.forget(None);
                continue;
            };
            self.state(&stated.replace(says.clone()).unwrap_or_default(), &says);
            self.tell(quiet.replace(now.clone()).unwrap_or_default(), &now);
            self.revise();
        }
    }

    /// Fires when what was read before may not hold any more.
    #[must_use]
    pub fn revisions(&self) -> watch::Receiver<u64> {
        self.revisions.subscribe()
    }

    /// What is told beside the rules may be something else now.
    pub fn revise(&self) {
        self.revisions.send_modify(|revision| *revision += 1);
    }

    /// Something was changed in this process: the next call is to see it, without waiting for the next look.
    pub fn changed(&self) {
        self.forget(None);
    }

    /// Tells whoever listens; nobody may.
    fn tell(&self, before: BTreeSet<String>, now: &BTreeSet<String>) {
        for extension in now.difference(&before) {
            let _ = self.news.send((extension.clone(), true));
        }
        for extension in before.difference(now) {
            let _ = self.news.send((extension.clone(), false));
        }
    }

    /// Tells who says something else than before.
    fn state(&self, before: &BTreeMap<String, Stated>, now: &BTreeMap<String, Stated>) {
        for (extension, stated) in now {
            if before.get(extension) != Some(stated) {
                let _ = self.statements.send((extension.clone(), stated.clone()));
            }
        }
        for extension in before.keys().filter(|extension| !now.contains_key(*extension)) {
            let _ = self.statements.send((extension.clone(), Stated::default()));
        }
    }

    fn is_current(&self, change: i64) -> bool {
        self.lock().change == Some(change)
    }

    fn forget(&self, change: Option<i64>) {
        *self.lock() = Known { change, routes: HashMap::new() };
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, number: &str) -> Result<Option<Route>, CallingError> {
        // In one transaction, so that what is read belongs together.
        let mut transaction = self.calling.store.read().await?;
        let query = "SELECT id, name FROM accounts WHERE extension = $1 AND enabled = 1";
        let person: Option<(i64, String)> =
            sqlx::query_as(query).bind(storable(number)).fetch_optional(&mut *transaction).await?;
        if let Some((account, name)) = person {
            let wanted = rules::read(&mut transaction, account).await?;
            let rules = offers::holding(&mut transaction, account).await?.rules(wanted, number);
            return Ok(Some(Route { party: party(number, name), destination: Destination::User(rules) }));
        }
        let group = groups::find_with(&mut transaction, number, Which::Enabled).await?;
        Ok(group
            .map(|(_, group)| Route { party: party(number, group.name), destination: Destination::Group(group.ring) }))
    }

    async fn read_quiet(&self) -> Result<BTreeSet<String>, CallingError> {
        // What an administrator decided, if that has a value; one that is offered has none.
        let query = "SELECT extension FROM accounts
                     LEFT JOIN call_rules ON call_rules.account = accounts.id
                     LEFT JOIN setting_offers own ON own.account = accounts.id AND own.setting = 'do-not-disturb'
                     LEFT JOIN setting_offers general ON general.account IS NULL AND general.setting = 'do-not-disturb'
                     WHERE enabled = 1
                     AND COALESCE(CASE WHEN own.setting IS NULL THEN general.value ELSE own.value END,
                                  CASE WHEN do_not_disturb = 1 THEN 'on' ELSE 'off' END) = 'on'";
        let quiet: Vec<String> = sqlx::query_scalar(query).fetch_all(self.calling.store.pool()).await?;
        Ok(quiet.into_iter().collect())
    }
}

#[async_trait]
impl crate::ports::Routes for Routes {
    async fn route(&self, number: &str) -> Option<Route> {
        if let Some(route) = self.known(number) {
            return Some(route);
        }
        let change = self.lock().change;
        let route = logged(self.read(number).await).flatten()?;
        let mut known = self.lock();
        // What was read while something changed is told, as it was asked before, but not remembered.
        if change.is_some() && known.change == change {
            known.routes.insert(number.to_owned(), route.clone());
        }
        Some(route)
    }

    fn known(&self, number: &str) -> Option<Route> {
        if let Some(code) = Code::parse(number) {
            let destination = match code {
                Code::DoNotDisturb(_) | Code::CallWaiting(_) | Code::Divert(..) => Destination::Service,
                Code::PickUp(user) => Destination::PickUp(user),
            };
            return Some(Route { party: party(number, String::new()), destination });
        }
        self.lock().routes.get(number).cloned()
    }

    async fn dialled(&self, caller: &str, number: &str) -> Option<Dialled> {
        let told = self.calling.dialled(caller, number).await;
        self.changed();
        told
    }

    async fn quiet(&self) -> Result<BTreeSet<String>, PortError> {
        logged(self.read_quiet().await).ok_or(PortError::Storage)
    }

    fn changes(&self) -> broadcast::Receiver<(String, bool)> {
        self.news.subscribe()
    }

    async fn stated(&self) -> Result<BTreeMap<String, Stated>, PortError> {
        logged(self.calling.stated().await).ok_or(PortError::Storage)
    }

    fn statements(&self) -> broadcast::Receiver<(String, Stated)> {
        self.statements.subscribe()
    }
}

fn party(number: &str, name: String) -> Party {
    Party { user: number.to_owned(), name: (!name.is_empty()).then_some(name) }
}

/// The ports have no words for a failing storage; the log has.
fn logged<T>(result: Result<T, CallingError>) -> Option<T> {
    result.inspect_err(|error| tracing::error!(%error, "the directory could not be read")).ok()
}
