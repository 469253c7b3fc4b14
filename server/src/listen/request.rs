//! A request on its way from the wire to the pages.

use crate::client::Proxies;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::response::Response;
use axum::{BoxError, Router};
use http::{HeaderValue, Request, header};
use hyper::body::{Frame, Incoming, SizeHint};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};
use tower::ServiceExt as _;
use tower_http::timeout::TimeoutBody;

/// How long a body may pause.
const SILENCE: Duration = Duration::from_secs(30);

/// A body that has to be whole in time: who sends a byte now and then never pauses for long.
struct Hurried {
    body: Pin<Box<TimeoutBody<Incoming>>>,
    over: Pin<Box<Sleep>>,
}

/// A body without empty pieces: over HTTP/2 each is a frame, and who counts those takes them for an attack.
struct OfWords(Body);

/// It is not whole.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body takes too long")]
struct TooSlow;

/// What the pages answer; they are told who asks. All of a body has to be there in so much time.
pub(super) fn respond(
    pages: &Router,
    proxies: &Proxies,
    peer: SocketAddr,
    patience: Duration,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response, Infallible>> + Send + use<> {
    let mut request = request.map(|body| match body.is_end_stream() {
        true => Body::empty(),
        false => {
            Body::new(Hurried { body: Box::pin(TimeoutBody::new(SILENCE, body)), over: Box::pin(sleep(patience)) })
        }
    });
    name_host(&mut request);
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(proxies.clone());
    let response = pages.clone().oneshot(request);
    async move { response.await.map(|response| response.map(of_words)) }
}

/// What is streamed, without the pieces in which nothing is.
fn of_words(body: Body) -> Body {
    let is_stream = body.size_hint().exact().is_none();
    if is_stream { Body::new(OfWords(body)) } else { body }
}

impl HttpBody for Hurried {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.over.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(TooSlow.into())));
        }
        self.body.as_mut().poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl HttpBody for OfWords {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            let frame = std::task::ready!(Pin::new(&mut self.0).poll_frame(cx));
            let is_empty = matches!(&frame, Some(Ok(frame)) if frame.data_ref().is_some_and(Bytes::is_empty));
            if !is_empty {
                return Poll::Ready(frame);
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
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
