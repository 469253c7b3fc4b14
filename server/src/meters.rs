//! What is measured while it happens, and told by `/metrics`: how long requests and look-ups take, and who logs in.
//! What can be counted when somebody asks is counted then ([`crate::admin::metrics`]), and costs nothing before.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// In seconds: from what the memory answers to what somebody gives up on.
const BUCKETS: [f64; 12] = [0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// The meters of one server; copies are the same meters.
#[derive(Clone, Debug)]
pub struct Meters {
    registry: Arc<Registry>,
    requests: Family<Request, Histogram>,
    responses: Family<Answer, Counter>,
    logins: Family<Login, Counter>,
    storage: Family<Storage, Histogram>,
}

/// What a server tells of itself that is one of several; copies are the same meters.
#[derive(Clone, Debug)]
pub struct Cluster {
    registry: Arc<Registry>,
    leading: Gauge,
    epoch: Gauge,
    passing: Gauge,
    passed: Counter,
    refused: Counter,
    changes: Counter,
    following: Gauge,
    leader: Gauge,
    database: Gauge,
}

/// What the storage was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Who somebody is, or where a number leads.
    Look,
    /// To write down what has to be known after a restart.
    Write,
}

/// How a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginResult {
    /// With a session.
    Succeeded,
    /// Extension or password were wrong.
    Wrong,
    /// There were too many tries.
    Throttled,
    /// The server could not tell.
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    method: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Login {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Storage {
    asked: &'static str,
}

impl Default for Meters {
    fn default() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let requests = Family::new_with_constructor(histogram);
        let storage = Family::new_with_constructor(histogram);
        let (responses, logins) = (Family::default(), Family::default());
        let mut registry = Registry::with_prefix("tabphone");
        registry.register("http_request_seconds", "From a request to its answer", requests.clone());
        registry.register("http_responses", "Answers by status", responses.clone());
        registry.register("logins", "Logins of people by how they ended", logins.clone());
        registry.register(
            "storage_seconds",
            "From what the exchange asks of the storage to the answer",
            storage.clone(),
        );
        Self { registry: Arc::new(registry), requests, responses, logins, storage }
    }
}

impl Meters {
    /// A request was answered. `route` is one of the server's own, so that nobody from outside can make up new ones.
    pub fn answered(&self, route: &str, method: &str, status: u16, took: Duration) {
        let request = Request { route: route.to_owned(), method: method.to_owned() };
        self.requests.get_or_create(&request).observe(took.as_secs_f64());
        self.responses.get_or_create(&Answer { route: route.to_owned(), status }).inc();
    }

    /// Somebody tried to log in.
    pub fn login(&self, result: LoginResult) {
        let result = match result {
            LoginResult::Succeeded => "succeeded",
            LoginResult::Wrong => "wrong",
            LoginResult::Throttled => "throttled",
            LoginResult::Failed => "failed",
        };
        self.logins.get_or_create(&Login { result }).inc();
    }

    /// The storage answered the exchange.
    pub fn stored(&self, asked: Asked, took: Duration) {
        let asked = match asked {
            Asked::Look => "look",
            Asked::Write => "write",
        };
        self.storage.get_or_create(&Storage { asked }).observe(took.as_secs_f64());
    }

    /// All of it, in the text form of OpenMetrics, without its end.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, text: &mut String) -> fmt::Result {
        prometheus_client::encoding::text::encode_registry(text, &self.registry)
    }
}

impl Default for Cluster {
    fn default() -> Self {
        let (leading, epoch, passing) = (Gauge::default(), Gauge::default(), Gauge::default());
        let (passed, refused, changes) = (Counter::default(), Counter::default(), Counter::default());
        let mut registry = Registry::with_prefix("tabphone_cluster");
        registry.register("leading", "Whether this server is the one that leads", leading.clone());
        registry.register("epoch", "How often there was a leader, when this one last became it", epoch.clone());
        registry.register("passing", "Requests and WebSockets that are being passed on to the leader", passing.clone());
        registry.register("passed", "Requests and WebSockets that were passed on", passed.clone());
        registry.register("refused", "Requests that nobody could answer", refused.clone());
        registry.register("leaderships", "How often this server became the leader", changes.clone());
        let (following, leader, database) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("following", "Whether it is known that another server leads", following.clone());
        registry.register("leader_up", "Whether the leader answered when it was last asked", leader.clone());
        registry.register(
            "database_up",
            "Whether the database with the lock answered when it was last asked",
            database.clone(),
        );
        Self {
            registry: Arc::new(registry),
            leading,
            epoch,
            passing,
            passed,
            refused,
            changes,
            following,
            leader,
            database,
        }
    }
}

impl Cluster {
    /// This server leads, with this epoch, or does not any more.
    pub fn leads(&self, epoch: Option<i64>) {
        self.leading.set(i64::from(epoch.is_some()));
        if let Some(epoch) = epoch {
            self.epoch.set(epoch);
            self.changes.inc();
        }
    }

    /// Whether this server leads.
    #[must_use]
    pub fn is_leading(&self) -> bool {
        self.leading.get() == 1
    }

    /// Another server leads, and answers as far as is known; or none does.
    pub fn follows(&self, another: bool) {
        self.following.set(another.into());
        self.leader.set(another.into());
    }

    /// Whether the one that leads answered.
    pub fn reaches_leader(&self, answered: bool) {
        self.leader.set(answered.into());
    }

    /// Whether the database with the lock answered.
    pub fn reaches_database(&self, answered: bool) {
        self.database.set(answered.into());
    }

    /// Whether something answers that this server needs to be of use: who leads, or the database.
    #[must_use]
    pub fn is_of_use(&self) -> bool {
        self.leader.get() == 1 || self.database.get() == 1
    }

    /// One more is passed on, or one less.
    pub fn passing(&self, change: i64) {
        self.passing.inc_by(change);
        if change > 0 {
            self.passed.inc();
        }
    }

    /// A request could not be answered.
    pub fn refused(&self) {
        self.refused.inc();
    }

    /// All of it, in the text form of OpenMetrics, without its end.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, text: &mut String) -> fmt::Result {
        prometheus_client::encoding::text::encode_registry(text, &self.registry)
    }
}
