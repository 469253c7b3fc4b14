//! What every request meets first: it is answered here, or by the server that leads, or waits until one does.

use super::body::Holding;
use super::upstream::{Failed, Passed, Upstream, strip};
use crate::meters::Cluster as Meters;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};
use tower::ServiceExt as _;

/// How long a request waits for somebody who leads.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// How long until who could not be reached is asked again.
const AGAIN: Duration = Duration::from_millis(50);
/// How many requests and WebSockets are passed on at once.
const MOST: usize = 32_768;

/// What is said when nobody can answer.
const NOBODY: &str = "The phone system cannot be reached at the moment. Please try again in a few seconds.\n";
const FULL: &str = "Too much is going on at the moment. Please try again in a few seconds.\n";
const BROKEN: &str =
    "The connection between two servers broke. Please look whether it was done, and try again if not.\n";
/// Nothing of this may be kept or shown inside of something else.
const FIXED: [(HeaderName, &str); 5] = [
    (header::RETRY_AFTER, "3"),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "same-origin"),
];

/// Who answers.
#[derive(Clone)]
pub(super) enum Role {
    /// Nobody yet.
    Nobody,
    /// This server, in a moment.
    Taking(Arc<str>),
    /// This server.
    Leading(Arc<str>, Pages),
    /// Another one.
    Following(Arc<Upstream>),
}

/// Everything that is answered while this server leads, and where that runs.
#[derive(Clone)]
pub(super) struct Pages {
    pub(super) router: Router,
    pub(super) runtime: Handle,
}

/// Copies are the same.
#[derive(Clone)]
pub(super) struct Front {
    role: watch::Receiver<Role>,
    own: Router,
    own_paths: &'static [&'static str],
    places: Arc<Semaphore>,
    meters: Meters,
}

/// Held while something is passed on.
struct Passing {
    _place: OwnedSemaphorePermit,
    meters: Meters,
}

impl Front {
    /// `own` answers `own_paths` while another server leads.
    pub(super) fn new(
        role: watch::Receiver<Role>,
        own: Router,
        own_paths: &'static [&'static str],
        meters: Meters,
    ) -> Self {
        Self { role, own, own_paths, places: Arc::new(Semaphore::new(MOST)), meters }
    }

    /// For every request of a client.
    pub(super) fn router(self) -> Router {
        Router::new().fallback(move |request: Request| {
            let front = self.clone();
            async move { front.respond(request).await }
        })
    }

    async fn respond(&self, request: Request) -> Response {
        if self.own_paths.contains(&request.uri().path()) && !matches!(&*self.role.borrow(), Role::Leading(..)) {
            return self.own.clone().oneshot(request).await.into_response();
        }
        let deadline = Instant::now() + PATIENCE;
        let mut role = self.role.clone();
        let ready = timeout_at(deadline, role.wait_for(|role| matches!(role, Role::Leading(..) | Role::Following(_))));
        let now = match ready.await {
            Ok(Ok(now)) => now.clone(),
            // It could be that nobody can tell any more: that is the same.
            Ok(Err(_)) | Err(_) => return self.refuse(NOBODY),
        };
        match now {
            Role::Leading(_, pages) => pages.respond(request).await,
            Role::Following(_) => self.pass_on(request, role, deadline).await,
            Role::Nobody | Role::Taking(_) => self.refuse(NOBODY),
        }
    }

    /// For a request that another server passed on with this token: it never is again.
    pub(super) async fn respond_to_peer(&self, token: &[u8], request: Request) -> Response {
        let mut role = self.role.clone();
        let known = match &*role.borrow() {
            Role::Taking(own) | Role::Leading(own, _) => super::identity::same(own.as_bytes(), token),
            Role::Nobody | Role::Following(_) => false,
        };
        if !known {
            return StatusCode::MISDIRECTED_REQUEST.into_response();
        }
        let ready = role.wait_for(|role| !matches!(role, Role::Taking(_)));
        let now = match timeout_at(Instant::now() + PATIENCE, ready).await {
            Ok(Ok(now)) => now.clone(),
            Ok(Err(_)) | Err(_) => return self.refuse(NOBODY),
        };
        match now {
            Role::Leading(_, pages) => pages.respond(request).await,
            Role::Nobody | Role::Taking(_) | Role::Following(_) => StatusCode::MISDIRECTED_REQUEST.into_response(),
        }
    }

    async fn pass_on(&self, request: Request, mut role: watch::Receiver<Role>, deadline: Instant) -> Response {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return self.refuse(FULL) };
        let passing = Passing::new(place, self.meters.clone());
        // A request without a connection is a test's.
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let client = request.extensions().get::<ConnectInfo<SocketAddr>>().map_or(nowhere, |info| info.0);
        let passed = Passed::new(request, client);
        loop {
            let now = role.borrow_and_update().clone();
            match now {
                Role::Following(upstream) => {
                    let asked = tokio::select! {
                        asked = upstream.ask(&passed) => asked,
                        // Whoever led does not any more.
                        _ = role.changed() => Err(Failed::Silent),
                    };
                    self.meters.reaches_leader(asked.is_ok());
                    match asked {
                        Ok(answer) => return deliver(&upstream, passed, answer, passing),
                        Err(failed) if passed.may_be_asked_again(&failed) => {}
                        Err(failed) => {
                            tracing::info!(%failed, "a request that was passed on was not answered");
                            return self.refuse(BROKEN);
                        }
                    }
                }
                // It was passed to nobody.
                Role::Leading(_, pages) => return pages.respond(passed.into_request()).await,
                Role::Nobody | Role::Taking(_) => {}
            }
            if Instant::now() >= deadline {
                return self.refuse(NOBODY);
            }
            tokio::select! {
                _ = role.changed() => {}
                () = sleep_until((Instant::now() + AGAIN).min(deadline)) => {}
            }
        }
    }

    fn refuse(&self, words: &'static str) -> Response {
        self.meters.refused();
        let mut response = (StatusCode::SERVICE_UNAVAILABLE, words).into_response();
        for (name, value) in FIXED {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl Pages {
    /// The answer of what leads: it runs there, so that nothing of it goes on when that has ended, and it ends when who
    /// asked is gone.
    async fn respond(&self, request: Request) -> Response {
        let mut task = JoinSet::new();
        task.spawn_on(self.router.clone().oneshot(request), &self.runtime);
        match task.join_next().await {
            Some(Ok(answer)) => answer.into_response(),
            Some(Err(error)) if error.is_panic() => {
                tracing::error!(%error, "a request could not be answered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            Some(Err(_)) | None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}

/// What the leader answered, for the client.
fn deliver(upstream: &Upstream, passed: Passed, mut answer: http::Response<Incoming>, passing: Passing) -> Response {
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        upstream.join(passed.upgrade(), hyper::upgrade::on(&mut answer), passing);
        return answer.map(|_| Body::empty());
    }
    strip(answer.headers_mut());
    answer.map(|body| Body::new(Holding::new(Body::new(body), passing)))
}

impl Passing {
    fn new(place: OwnedSemaphorePermit, meters: Meters) -> Self {
        meters.passing(1);
        Self { _place: place, meters }
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        self.meters.passing(-1);
    }
}
