//! The static files, compressed when they were built: from the program itself, or from a folder.

use super::embedded::{self, Embedded};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use axum::routing::MethodRouter;
use axum::{Router, response::Response};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// No file of the site has a longer name, in bytes.
const LONGEST_NAME: usize = 200;

/// Where the built site is: `pkg/`, `style.css` and the assets.
#[derive(Clone, Debug)]
pub enum Files {
    /// In this program.
    Embedded(Arc<Embedded>),
    /// In this folder.
    Folder(PathBuf),
}

/// What the pages need, without which there is no phone.
const NEEDED: [&str; 3] = ["style.css", "pkg/tabphone.js", "pkg/tabphone.wasm"];

impl Files {
    /// This folder, if one is named; else what is in the program; else where the build puts the site.
    #[must_use]
    pub fn choose(folder: Option<PathBuf>) -> Self {
        match (folder, embedded::site()) {
            (Some(folder), _) => Self::Folder(folder),
            (None, Some(site)) => Self::Embedded(site),
            (None, None) => Self::Folder(beside_the_program()),
        }
    }

    /// What pages need and is not there.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let there = |path: &str| match self {
            Self::Embedded(site) => site.contains(path),
            Self::Folder(folder) => folder.join(path).is_file(),
        };
        NEEDED.into_iter().filter(|path| !there(path)).collect()
    }

    /// Said where it is shown in logs.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Embedded(_) => "this program".to_owned(),
            Self::Folder(folder) => folder.display().to_string(),
        }
    }
}

/// The files of the built site; what is no file is `missing`.
///
/// Their names stay the same from build to build, so browsers ask each time whether they changed, and get an
/// empty 304 when not.
pub(super) fn service(files: &Files, missing: MethodRouter) -> Router {
    let revalidate = SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, |response: &Response| {
        let keep = response.status().is_success() || response.status().is_redirection();
        keep.then(|| HeaderValue::from_static("no-cache"))
    });
    let encoded = SetResponseHeaderLayer::overriding(header::VARY, HeaderValue::from_static("accept-encoding"));
    let router = match files {
        Files::Embedded(site) => embedded::router(Arc::clone(site), missing),
        Files::Folder(folder) => Router::new().fallback_service(from_folder(folder).fallback(missing)),
    };
    router.layer(revalidate).layer(encoded).layer(from_fn(no_such_files))
}

fn from_folder(folder: &Path) -> ServeDir {
    ServeDir::new(folder).precompressed_br().precompressed_gzip().append_index_html_on_directories(false)
}

/// A file whose name begins with a dot is not meant for anybody, and where names are too long the system fails to look.
async fn no_such_files(request: Request, next: Next) -> Response {
    let is_none = |segment: &str| {
        segment.len() > LONGEST_NAME || segment.starts_with('.') || segment.to_ascii_lowercase().starts_with("%2e")
    };
    if request.uri().path().split('/').any(is_none) {
        return (StatusCode::NOT_FOUND, "There is nothing here.").into_response();
    }
    next.run(request).await
}

/// Where the build puts the site: beside the folder of the program itself, wherever it is linked from.
fn beside_the_program() -> PathBuf {
    let program = std::env::current_exe().and_then(std::fs::canonicalize).unwrap_or_default();
    program.parent().and_then(|folder| folder.parent()).map(|folder| folder.join("site")).unwrap_or_default()
}
