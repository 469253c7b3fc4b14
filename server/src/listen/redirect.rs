//! The plain listener: it leads browsers to HTTPS and does nothing else. What a program sends there was sent in the
//! clear already, and would be again: it is told so instead of being led on (ASVS 5.0, 4.1.2).

use axum::Router;
use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use std::sync::Arc;

/// Nothing of this may be kept or shown inside of something else.
const FIXED: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
];

/// Leads to `origin`, or else to the host that was asked for, on the port of HTTPS.
pub(super) fn router(origin: Option<String>, port: u16) -> Router {
    let origin: Option<Arc<str>> = origin.filter(|origin| origin.starts_with("https://")).map(Arc::from);
    Router::new().fallback(async move |request: Request| {
        let mut response = answer(&request, origin.as_deref(), port);
        for (name, value) in FIXED {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    })
}

fn answer(request: &Request, origin: Option<&str>, port: u16) -> Response {
    let browsing = matches!(*request.method(), Method::GET | Method::HEAD);
    if !browsing || request.headers().contains_key(header::UPGRADE) {
        let words = "This is only served over HTTPS: use https:// or wss://. What was sent here was not encrypted.\n";
        return (StatusCode::FORBIDDEN, words).into_response();
    }
    let origin = origin.map(str::to_owned).or_else(|| same_host(request, port));
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    match origin.and_then(|origin| HeaderValue::from_str(&format!("{origin}{path}")).ok()) {
        Some(there) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, there)]).into_response(),
        None => (StatusCode::BAD_REQUEST, "Please name the host, and use https://.\n").into_response(),
    }
}

/// The host that was asked for, over HTTPS.
fn same_host(request: &Request, port: u16) -> Option<String> {
    let host: Authority = request.headers().get(header::HOST)?.to_str().ok()?.parse().ok()?;
    let name = host.host();
    if name.is_empty() || host.as_str().contains('@') {
        return None;
    }
    Some(if port == 443 { format!("https://{name}") } else { format!("https://{name}:{port}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn ask(method: &str, target: &str, host: &str, origin: Option<&str>) -> (StatusCode, Option<String>) {
        let request = Request::builder().method(method).uri(target).header("host", host).body(Body::empty()).unwrap();
        let response = answer(&request, origin, 8443);
        let location = response.headers().get(header::LOCATION).map(|there| there.to_str().unwrap().to_owned());
        (response.status(), location)
    }

    #[test]
    fn browsers_are_led_to_https_at_the_same_path() {
        let there = |location: &str| (StatusCode::PERMANENT_REDIRECT, Some(location.to_owned()));
        assert_eq!(ask("GET", "/a?b=c", "phone.example:8080", None), there("https://phone.example:8443/a?b=c"));
        assert_eq!(ask("HEAD", "/", "[::1]:80", None), there("https://[::1]:8443/"));
        let public = Some("https://phone.example");
        assert_eq!(
            ask("GET", "//evil.example/", "evil.example", public),
            there("https://phone.example//evil.example/")
        );
    }

    #[test]
    fn what_was_sent_in_the_clear_is_not_led_on() {
        assert_eq!(ask("POST", "/login", "phone.example", None), (StatusCode::FORBIDDEN, None));
        assert_eq!(ask("DELETE", "/", "phone.example", None), (StatusCode::FORBIDDEN, None));
        for host in ["", "user@phone.example", "a b", "a/b"] {
            assert_eq!(ask("GET", "/", host, None), (StatusCode::BAD_REQUEST, None), "{host}");
        }
    }
}
