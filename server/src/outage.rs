//! What people are told while the database is away.
//!
//! Without it nobody can be recognized, and who is not recognized is led to the login, or told that the session is over. So what
//! needs the database is refused as long as it is known to be away, with words and a status after which pages and phones try
//! again. What is open already goes on: calls, and the sockets of tabs and phones.

use crate::store::Store;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// In how many seconds it may be back.
const AGAIN: &str = "2";
/// Those who ask how the server is are to learn it.
const ASKED: [&str; 3] = ["/alive", "/healthz", "/metrics"];

/// Refuses what cannot be done now.
pub async fn guard(State(store): State<Store>, request: Request, next: Next) -> Response {
    if store.is_up() || !needs_database(&request) {
        return next.run(request).await;
    }
    let words = "The storage does not answer. Calls go on; please try again in a moment.";
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, words).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(AGAIN));
    if request.method() == Method::GET && is_for_people(request.headers()) {
        // A page that is loaded anew in a call is to find it again, before its time is over.
        response.headers_mut().insert(header::REFRESH, HeaderValue::from_static(AGAIN));
    }
    response
}

/// Whoever brings a cookie is to be recognized, and whoever logs in is looked for; files are there anyway, and phones without a
/// session may be remembered by the exchange.
fn needs_database(request: &Request) -> bool {
    let Some(route) = request.extensions().get::<MatchedPath>() else { return false };
    let recognized = request.headers().contains_key(header::COOKIE) || request.method() == Method::POST;
    recognized && !ASKED.contains(&route.as_str())
}

fn is_for_people(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}
