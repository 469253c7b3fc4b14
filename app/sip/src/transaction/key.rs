use crate::header::{CSeq, CallId, From, Via};
use crate::message::{HeaderError, Method, Request, Response};
use alloc::format;
use alloc::string::{String, ToString};

/// What every branch of RFC 3261 begins with (8.1.1.7).
pub const COOKIE: &str = "z9hG4bK";

/// Names a transaction (RFC 3261 17.1.3, 17.2.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Key {
    branch: String,
    /// Empty for client transactions: the branch is ours, and unique by itself.
    sent_by: String,
    /// Of the request that began the transaction: the ACK of an INVITE has INVITE here.
    method: Method,
}

impl Key {
    /// The server transaction that a request belongs to. An ACK gets the key of the INVITE that it
    /// acknowledges, if that was not a 2xx; a CANCEL has a transaction of its own, see [`Key::cancelled`].
    ///
    /// # Errors
    /// When a header that is needed is missing or malformed.
    pub fn server(request: &Request) -> Result<Self, HeaderError> {
        let via = request.headers.get::<Via>()?;
        let method = if request.method == Method::Ack { Method::Invite } else { request.method.clone() };
        let mut sent_by = via.host.to_string().to_ascii_lowercase();
        if let Some(port) = via.port {
            sent_by.push_str(&format!(":{port}"));
        }
        let branch = match via.branch() {
            Some(branch) if branch.starts_with(COOKIE) => branch.to_string(),
            _ => legacy(request)?,
        };
        Ok(Self { branch, sent_by, method })
    }

    /// The client transaction of a request that is sent, or that a response answers.
    ///
    /// # Errors
    /// When a header that is needed is missing or malformed.
    pub fn client(response: &Response) -> Result<Self, HeaderError> {
        let via = response.headers.get::<Via>()?;
        let method = response.headers.get::<CSeq>()?.method;
        Ok(Self { branch: via.branch().unwrap_or_default().to_string(), sent_by: String::new(), method })
    }

    /// The client transaction that sending this request begins.
    ///
    /// # Errors
    /// When it has no Via.
    pub fn sent(request: &Request) -> Result<Self, HeaderError> {
        let via = request.headers.get::<Via>()?;
        let branch = via.branch().unwrap_or_default().to_string();
        Ok(Self { branch, sent_by: String::new(), method: request.method.clone() })
    }

    /// The INVITE server transaction that a CANCEL with this key means (RFC 3261 9.2).
    #[must_use]
    pub fn cancelled(&self) -> Self {
        Self { method: Method::Invite, ..self.clone() }
    }

    /// The method of the request that began the transaction.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }
}

/// Stands in for the branch of a client from before RFC 3261 (17.2.3): what its retransmissions, its ACK and
/// its CANCEL have in common.
fn legacy(request: &Request) -> Result<String, HeaderError> {
    let call_id = request.headers.get::<CallId>()?;
    let from = request.headers.get::<From>()?;
    let seq = request.headers.get::<CSeq>()?.seq;
    Ok(format!("{call_id} {} {seq} {}", from.tag().unwrap_or_default(), request.uri))
}
