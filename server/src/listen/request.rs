//! A request on its way from the wire to the pages.

use crate::client::Proxies;
use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::{HeaderValue, Request, header};
use hyper::body::Incoming;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tower::ServiceExt as _;
use tower_http::timeout::TimeoutBody;

/// How long a body may pause.
const SILENCE: Duration = Duration::from_secs(30);

/// What the pages answer; they are told who asks.
pub(super) fn respond(
    pages: &Router,
    proxies: &Proxies,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response, Infallible>> + Send + use<> {
    let mut request = request.map(|body| match body.is_end_stream() {
        true => Body::empty(),
        false => Body::new(TimeoutBody::new(SILENCE, body)),
    });
    name_host(&mut request);
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(proxies.clone());
    pages.clone().oneshot(request)
}

/// HTTP/2 names the host beside the headers, and so may HTTP/1.1 (RFC 9112 3.2.2, RFC 9113 8.3.1): that is the one
/// that counts, and it is looked for in the headers.
fn name_host(request: &mut Request<Body>) {
    let authority = request.uri().authority().map(|authority| HeaderValue::from_str(authority.as_str()));
    if let Some(Ok(authority)) = authority {
        request.headers_mut().insert(header::HOST, authority);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_beside_the_headers_is_the_one_that_counts() {
        let host = |target: &str| {
            let request = Request::builder().uri(target).header("host", "other.example");
            let mut request = request.body(Body::empty()).unwrap();
            name_host(&mut request);
            let hosts: Vec<_> = request.headers().get_all(header::HOST).iter().cloned().collect();
            hosts
        };
        assert_eq!(host("https://phone.example:8443/"), ["phone.example:8443"]);
        assert_eq!(host("/"), ["other.example"]);
    }
}
