//! The static files, compressed when they were built.

use axum::http::{HeaderValue, header};
use axum::routing::MethodRouter;
use axum::{Router, response::Response};
use std::path::Path;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// The files of the built site; what is no file is `missing`.
///
/// Their names stay the same from build to build, so browsers ask each time whether they changed, and get an
/// empty 304 when not.
pub(super) fn service(site: &Path, missing: MethodRouter) -> Router {
    let revalidate = SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, |response: &Response| {
        let keep = response.status().is_success() || response.status().is_redirection();
        keep.then(|| HeaderValue::from_static("no-cache"))
    });
    let encoded = SetResponseHeaderLayer::overriding(header::VARY, HeaderValue::from_static("accept-encoding"));
    let files = ServeDir::new(site).precompressed_br().precompressed_gzip().append_index_html_on_directories(false);
    Router::new().fallback_service(files.fallback(missing)).layer(revalidate).layer(encoded)
}
