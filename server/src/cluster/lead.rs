//! Does what the election says.

use super::election::{Effect, Election, Epoch, Event, Leader, Why};
use super::front::{Pages, Role};
use super::identity::{self, Identity, IdentityError};
use super::lock::{Card, LockError};
use super::lookout::{Lookout, Seen};
use super::term::{Services, Term};
use super::upstream::Upstream;
use crate::fence::{self, Fence};
use crate::meters::Cluster as Meters;
use sqlx::postgres::PgConnectOptions;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep;

/// What is told of the first try.
pub(super) type Settled<E> = oneshot::Sender<Result<(), Unsettled<E>>>;

/// Why a server cannot begin.
#[derive(Debug)]
pub(super) enum Unsettled<E> {
    /// The database cannot be asked.
    Lock(LockError),
    /// What it would do cannot be opened.
    Services(E),
}

/// What happens beside the lock.
enum News<S: Services> {
    Seen(Seen),
    Opened(S::Open),
    Failed(S::Error),
    /// Everything is closed in order.
    Closed,
    /// Nothing runs any more.
    Ended,
}

/// What a server needs to lead.
pub(super) struct Lead<S: Services> {
    pub(super) database: PgConnectOptions,
    pub(super) identity: Identity,
    pub(super) address: Option<String>,
    pub(super) services: S,
    pub(super) role: watch::Sender<Role>,
    pub(super) fence: Fence,
    pub(super) meters: Meters,
    pub(super) settled: Option<Settled<S::Error>>,
}

/// It, while it runs.
struct Running<S: Services> {
    lead: Lead<S>,
    election: Election,
    token: Arc<str>,
    lookout: Option<Lookout>,
    term: Option<Term<S>>,
    /// The connection with the lock ended badly.
    again: bool,
    /// Whether it was said that the database is away.
    away: bool,
    news: mpsc::Sender<News<S>>,
    seen: mpsc::Sender<Seen>,
    pages: Option<Pages>,
}

impl<S: Services> Lead<S> {
    /// Leads, or stands by, until it is time to stop.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), IdentityError> {
        let (news, mut inbox) = mpsc::channel(16);
        let (seen, mut seen_inbox) = mpsc::channel(16);
        let token = identity::token()?.into();
        let alone = self.address.is_none();
        let mut running = Running {
            lead: self,
            election: Election::new(alone),
            token,
            lookout: None,
            term: None,
            again: false,
            away: false,
            news,
            seen,
            pages: None,
        };
        let mut stopping = false;
        loop {
            running.look_out()?;
            let due = running.election.deadline().map(|deadline| deadline.saturating_sub(fence::now()));
            let event = tokio::select! {
                () = requested(&mut stop), if !stopping => {
                    stopping = true;
                    Some(Event::Stop)
                }
                () = async { sleep(due.unwrap_or_default()).await }, if due.is_some() => Some(Event::Timeout),
                Some(seen) = seen_inbox.recv() => running.look_at(News::Seen(seen)),
                Some(news) = inbox.recv() => running.look_at(news),
            };
            let Some(event) = event else { continue };
            for effect in running.election.handle(event, fence::now()) {
                if effect == Effect::Finish {
                    return Ok(());
                }
                running.apply(effect).await?;
            }
        }
    }
}

impl<S: Services> Running<S> {
    /// Looks at the lock, unless everything is just being ended.
    fn look_out(&mut self) -> Result<(), IdentityError> {
        let wanted = self.election.is_candidate(fence::now());
        if let Some(lookout) = &self.lookout {
            lookout.want(wanted);
            return Ok(());
        }
        let kept = self.election.kept();
        if kept.is_none() && !self.election.is_following() {
            return Ok(());
        }
        if kept.is_none() {
            // Nobody who knew the one before is believed any more.
            self.token = identity::token()?.into();
        }
        let card = Card {
            address: self.lead.address.clone(),
            fingerprint: self.lead.identity.fingerprint.clone(),
            token: self.token.to_string(),
        };
        let (database, seen) = (self.lead.database.clone(), self.seen.clone());
        self.lookout = Some(Lookout::begin(database, card, wanted, self.again, kept, seen));
        Ok(())
    }

    /// What the election has to know of it.
    fn look_at(&mut self, news: News<S>) -> Option<Event> {
        match news {
            News::Seen(Seen::Event(event)) => {
                self.lead.meters.reaches_database(true);
                if std::mem::take(&mut self.away) {
                    tracing::info!("the database answers again");
                }
                self.again = false;
                if matches!(event, Event::Looked(Some(_))) {
                    self.settle(Ok(()));
                }
                Some(event)
            }
            News::Seen(Seen::Unreachable(error)) => {
                if !std::mem::replace(&mut self.away, true) {
                    tracing::error!(%error, "the database with the lock of who leads was lost");
                }
                self.lead.meters.reaches_database(false);
                self.lookout = None;
                self.again = true;
                self.settle(Err(Unsettled::Lock(error)));
                Some(Event::Lost)
            }
            News::Opened(open) => {
                // One that was ended meanwhile is dropped with its runtime.
                let term = self.term.as_mut()?;
                self.pages = Some(term.opened(open));
                Some(Event::Opened)
            }
            News::Failed(error) => {
                tracing::error!(%error, "this server cannot lead");
                self.settle(Err(Unsettled::Services(error)));
                Some(Event::Failed)
            }
            News::Closed => {
                // One that was cut meanwhile has ended, or will have.
                if let Some(term) = self.term.take() {
                    self.end(Some(term));
                }
                None
            }
            News::Ended => Some(Event::Ended),
        }
    }

    async fn apply(&mut self, effect: Effect) -> Result<(), IdentityError> {
        match effect {
            Effect::Follow(leader) => self.follow(leader)?,
            Effect::Extend(until) => self.lead.fence.lease(until),
            Effect::Open(epoch) => self.open(epoch),
            Effect::Lead(epoch) => {
                let Some(pages) = self.pages.take() else { return Ok(()) };
                tracing::info!(epoch, "this server leads");
                self.lead.meters.leads(Some(epoch));
                self.lead.role.send_replace(Role::Leading(Arc::clone(&self.token), pages));
                self.settle(Ok(()));
            }
            Effect::Close => self.close(),
            Effect::Cut(why) => self.cut(why),
            Effect::Resign => {
                self.lead.role.send_replace(Role::Nobody);
                self.lead.meters.leads(None);
                self.lead.fence.lift();
                if let Some(lookout) = self.lookout.take() {
                    lookout.resign().await;
                }
                tracing::info!("this server does not lead any more");
            }
            Effect::Finish => {}
        }
        Ok(())
    }

    fn follow(&self, leader: Option<Leader>) -> Result<(), IdentityError> {
        // What this server said of itself when it led is still there until another one does.
        let other = leader.filter(|leader| leader.fingerprint != self.lead.identity.fingerprint);
        let upstream = match &other {
            Some(leader) => Upstream::new(leader)?,
            None => None,
        };
        self.lead.meters.follows(upstream.is_some());
        let role = match (other, upstream) {
            (Some(Leader { epoch, address, .. }), Some(upstream)) => {
                tracing::info!(epoch, address, "another server leads: this one stands by");
                Role::Following(Arc::new(upstream))
            }
            (Some(Leader { epoch, token, .. }), None) if !token.is_empty() => {
                tracing::warn!(epoch, "another server leads, and takes nothing from others: it needs --peer-listen");
                Role::Nobody
            }
            (Some(_) | None, _) => Role::Nobody,
        };
        self.lead.role.send_replace(role);
        Ok(())
    }

    fn open(&mut self, epoch: Epoch) {
        tracing::info!(epoch, "this server has the lock, and opens everything");
        self.lead.role.send_replace(Role::Taking(Arc::clone(&self.token)));
        match Term::begin() {
            Ok(term) => {
                let news = self.news.clone();
                term.open(self.lead.services.clone(), epoch, async move |opened: Result<S::Open, S::Error>| {
                    let told = match opened {
                        Ok(open) => News::Opened(open),
                        Err(error) => News::Failed(error),
                    };
                    // Nobody listens any more when everything ends.
                    let _ = news.send(told).await;
                });
                self.term = Some(term);
            }
            Err(error) => {
                tracing::error!(%error, "the system gives no threads");
                let seen = self.seen.clone();
                tokio::spawn(async move { seen.send(Seen::Event(Event::Failed)).await });
            }
        }
    }

    /// Nothing leaves from here on, and what runs is ended; then the lock goes.
    fn cut(&mut self, why: Why) {
        self.lead.fence.lease(Duration::ZERO);
        self.lead.role.send_replace(Role::Nobody);
        self.lead.fence.cut();
        self.lookout = None;
        self.pages = None;
        self.lead.meters.leads(None);
        match why {
            Why::Lost => tracing::error!("the lock was lost: this server stops leading"),
            Why::Silent => tracing::error!("the database was silent for too long: this server stops leading"),
            Why::Deposed => tracing::error!("another server led meanwhile: this one stops leading"),
            Why::Failed => tracing::error!("this server does not lead"),
        }
        let term = self.term.take();
        self.end(term);
    }

    /// Closes everything in order, beside the beats. What others pass on from now on waits for the next leader.
    fn close(&mut self) {
        self.lead.role.send_replace(Role::Nobody);
        let news = self.news.clone();
        let closing = self.term.as_mut().map(Term::close);
        tokio::spawn(async move {
            if let Some(closing) = closing {
                closing.await;
            }
            let _ = news.send(News::Closed).await;
        });
    }

    /// Ends what runs; what leaves from then on is another's.
    fn end(&self, term: Option<Term<S>>) {
        let (news, fence) = (self.news.clone(), self.lead.fence.clone());
        tokio::spawn(async move {
            if let Some(term) = term {
                term.end().await;
            }
            fence.lift();
            let _ = news.send(News::Ended).await;
        });
    }

    /// Tells of the first try what came of it.
    fn settle(&mut self, how: Result<(), Unsettled<S::Error>>) {
        if let Some(settled) = self.lead.settled.take() {
            let _ = settled.send(how);
        }
    }
}

async fn requested(stop: &mut watch::Receiver<bool>) {
    // Who cannot ask any more is gone: that is the same.
    let _ = stop.wait_for(|stop| *stop).await;
}
