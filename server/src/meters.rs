//! What is measured while it happens, and told by `/metrics`: how long requests and look-ups take, and who logs in.
//! What can be counted when somebody asks is counted then ([`crate::admin::metrics`]), and costs nothing before.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
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
