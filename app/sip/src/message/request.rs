use alloc::vec::Vec;

use super::{Headers, Method, store};
use crate::uri::Uri;

/// A request (RFC 3261 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it asks for.
    pub method: Method,
    /// Of whom: the Request-URI.
    pub uri: Uri,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without header fields and body.
    #[must_use]
    pub const fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::new(), body: Vec::new() }
    }

    /// The request as it goes on the wire, with the true Content-Length.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        store::to_bytes(format_args!("{} {} SIP/2.0\r\n", self.method, self.uri), &self.headers, &self.body)
    }
}
