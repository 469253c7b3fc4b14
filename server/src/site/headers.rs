//! What every response says to browsers, and which requests are refused before anything looks at them.

use crate::origin::Origins;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use leptos::nonce::Nonce;

/// The same on every response. The referrer stays within the site: with `no-referrer` browsers would send
/// `Origin: null` with the login form.
const FIXED: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    // Where browsers say what the policy stopped (see `reports`).
    (HeaderName::from_static("reporting-endpoints"), "csp=\"/reports\""),
];

/// What a phone needs, for its own pages; nothing else that browsers know of, for nobody.
const PERMISSIONS: &str = "autoplay=(self), camera=(self), display-capture=(self), fullscreen=(self), \
    microphone=(self), picture-in-picture=(self), accelerometer=(), browsing-topics=(), \
    clipboard-read=(), compute-pressure=(), cross-origin-isolated=(), encrypted-media=(), gamepad=(), geolocation=(), \
    gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), keyboard-map=(), local-fonts=(), \
    magnetometer=(), midi=(), otp-credentials=(), payment=(), publickey-credentials-create=(), \
    publickey-credentials-get=(), screen-wake-lock=(), serial=(), storage-access=(), sync-xhr=(), usb=(), \
    window-management=(), xr-spatial-tracking=()";

/// The outermost layer: refuses what another site makes a browser send (CSRF), gives the request the nonce of its
/// scripts, and puts the security headers on whatever comes out.
pub async fn guard(State(origins): State<Origins>, mut request: Request, next: Next) -> Response {
    let nonce = Nonce::new();
    let remembered = origins.is_remembered(request.headers());
    let mut response = if origins.admits(request.method(), request.headers()) {
        request.extensions_mut().insert(nonce.clone());
        next.run(request).await
    } else {
        tracing::warn!(path = request.uri().path(), "refused a request from another site");
        (StatusCode::FORBIDDEN, "This request came from another site, so it was refused.").into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy(&nonce)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if remembered {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Scripts by nonce only, no inline style, nothing from elsewhere. `'self'` covers the WebSockets (CSP3 6.7.2.8).
fn policy(nonce: &Nonce) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; \
         worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; report-to csp"
    )
}
