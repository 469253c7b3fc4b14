//! The static files, compressed when they were built.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
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
    Router::new()
        .fallback_service(files.fallback(missing))
        .layer(revalidate)
        .layer(encoded)
        .layer(from_fn(no_dot_files))
}

/// A file whose name begins with a dot is not meant for anybody.
async fn no_dot_files(request: Request, next: Next) -> Response {
    let dot = |segment: &str| segment.starts_with('.') || segment.to_ascii_lowercase().starts_with("%2e");
    if request.uri().path().split('/').any(dot) {
        return (StatusCode::NOT_FOUND, "There is nothing here.").into_response();
    }
    next.run(request).await
}
