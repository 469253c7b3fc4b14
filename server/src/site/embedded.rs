//! The built site in the program itself: the same answers as from a folder, without a file.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::MethodRouter;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};
use tower::ServiceExt as _;

/// What is sent instead of a file where the browser takes it, the best first.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Files by their path, without a slash before it.
pub struct Embedded(BTreeMap<String, File>);

struct File {
    bytes: axum::body::Bytes,
    /// Of these very bytes (RFC 9110 8.8.3).
    tag: HeaderValue,
}

/// The site of this program, if it was built with one.
pub(super) fn site() -> Option<Arc<Embedded>> {
    static SITE: LazyLock<Option<Arc<Embedded>>> = LazyLock::new(|| {
        let files = built();
        (!files.is_empty()).then(|| Arc::new(Embedded::new(files)))
    });
    SITE.clone()
}

#[cfg(embedded_site)]
fn built() -> Vec<(String, Cow<'static, [u8]>)> {
    #[derive(rust_embed::Embed)]
    #[folder = "$TABPHONE_EMBED"]
    struct Site;

    Site::iter().filter_map(|path| Some((path.to_string(), Site::get(&path)?.data))).collect()
}

#[cfg(not(embedded_site))]
const fn built() -> Vec<(String, Cow<'static, [u8]>)> {
    Vec::new()
}

impl Embedded {
    /// These files.
    pub(super) fn new(files: impl IntoIterator<Item = (String, Cow<'static, [u8]>)>) -> Self {
        let file = |(path, bytes): (String, Cow<'static, [u8]>)| {
            let digest: String = Sha256::digest(&bytes).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
            let tag = HeaderValue::try_from(format!("\"{digest}\"")).ok()?;
            let bytes = match bytes {
                Cow::Borrowed(bytes) => axum::body::Bytes::from_static(bytes),
                Cow::Owned(bytes) => axum::body::Bytes::from(bytes),
            };
            Some((path, File { bytes, tag }))
        };
        Self(files.into_iter().filter_map(file).collect())
    }

    pub(super) fn contains(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// The file of a path in its best form for who asks, unless it is known there; `None` when there is no such file.
    fn answer(&self, path: &str, method: &Method, headers: &HeaderMap) -> Option<Response> {
        let path = path.strip_prefix('/')?;
        let plain = self.0.get(path)?;
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Some((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET,HEAD")]).into_response());
        }
        let accepted = accepted(headers);
        let smaller = ENCODINGS.iter().filter(|(encoding, _)| accepted(encoding));
        let smaller = smaller.filter_map(|(name, end)| Some((self.0.get(&format!("{path}{end}"))?, *name))).next();
        let (file, encoding) = smaller.map_or((plain, None), |(file, name)| (file, Some(name)));
        let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|tags| names(tags, &file.tag));
        let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let body = if known || method == Method::HEAD { Body::empty() } else { Body::from(file.bytes.clone()) };
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::ETAG, file.tag.clone());
        if !known {
            let kind = mime_guess::from_path(path).first_raw().unwrap_or("application/octet-stream");
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.bytes.len()));
            if let Some(encoding) = encoding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
        }
        Some(response)
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// The files, and `missing` for what is none.
pub(super) fn router(site: Arc<Embedded>, missing: MethodRouter) -> Router {
    Router::new().fallback(move |request: Request| {
        let (site, missing) = (Arc::clone(&site), missing.clone());
        async move {
            match site.answer(request.uri().path(), request.method(), request.headers()) {
                Some(response) => response,
                None => missing.oneshot(request).await.into_response(),
            }
        }
    })
}

/// Which encodings the browser takes (RFC 9110 12.5.3).
fn accepted(headers: &HeaderMap) -> impl Fn(&str) -> bool {
    let fields = headers.get_all(header::ACCEPT_ENCODING);
    let fields: String = fields.iter().filter_map(|field| field.to_str().ok()).collect::<Vec<_>>().join(",");
    let taken = fields.split(',').filter_map(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
        (weight > 0.0).then(|| name.trim().to_ascii_lowercase())
    });
    let taken: Vec<String> = taken.collect();
    move |encoding: &str| taken.iter().any(|name| name == encoding)
}

/// Whether a list of tags has this one. A proxy that compresses makes a tag weak (`W/`), which is the same here.
fn names(tags: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(tags), Ok(tag)) = (tags.to_str(), tag.to_str()) else { return false };
    tags.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Embedded {
        let files: [(&str, &'static [u8]); 4] =
            [("pkg/a.wasm", b"plain"), ("pkg/a.wasm.br", b"brotli"), ("pkg/a.wasm.gz", b"gzip"), ("b.css", b"style")];
        Embedded::new(files.into_iter().map(|(path, bytes)| (path.to_owned(), Cow::Borrowed(bytes))))
    }

    async fn ask(path: &str, headers: &[(&'static str, &str)]) -> (StatusCode, HeaderMap, String) {
        let headers =
            headers.iter().map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()));
        let response = site().answer(path, &Method::GET, &headers.collect()).unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 100).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_smallest_form_is_sent_that_the_browser_takes() {
        for (accept, encoding, body) in [
            ("gzip, deflate, br, zstd", Some("br"), "brotli"),
            ("gzip;q=1.0, br;q=0", Some("gzip"), "gzip"),
            ("identity", None, "plain"),
        ] {
            let (status, headers, sent) = ask("/pkg/a.wasm", &[("accept-encoding", accept)]).await;
            assert_eq!((status, sent.as_str()), (StatusCode::OK, body), "{accept}");
            assert_eq!(headers[header::CONTENT_TYPE], "application/wasm");
            assert_eq!(headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap()), encoding);
        }
        let (_, headers, sent) = ask("/b.css", &[("accept-encoding", "br")]).await;
        assert_eq!((headers.get(header::CONTENT_ENCODING), sent.as_str()), (None, "style"), "there is only one form");
    }

    #[tokio::test]
    async fn what_the_browser_has_is_not_sent_again() {
        let (_, headers, _) = ask("/pkg/a.wasm", &[("accept-encoding", "br")]).await;
        let tag = headers[header::ETAG].to_str().unwrap().to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let asked = [("accept-encoding", "br"), ("if-none-match", known.as_str())];
            let (status, headers, sent) = ask("/pkg/a.wasm", &asked).await;
            assert_eq!((status, sent.as_str()), (StatusCode::NOT_MODIFIED, ""), "{known}");
            assert_eq!(headers[header::ETAG], tag.as_str());
        }
        let plain = [("if-none-match", tag.as_str())];
        assert_eq!(ask("/pkg/a.wasm", &plain).await.0, StatusCode::OK, "another form is another file");
    }

    #[test]
    fn what_is_no_file_is_not_made_up() {
        for path in ["/", "/pkg", "/pkg/", "/pkg/b.wasm", "/../b.css", "b.css"] {
            assert!(site().answer(path, &Method::GET, &HeaderMap::new()).is_none(), "{path}");
        }
        let posted = site().answer("/b.css", &Method::POST, &HeaderMap::new()).unwrap();
        assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
