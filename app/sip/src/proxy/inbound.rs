use crate::message::{KeepAlive, Message, Method, Request, Response, is_keepalive, refusal};
use alloc::vec::Vec;

/// What one message from a client is, and which machine it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// It keeps the connection open; [`KeepAlive::Ping`] is to be answered with CRLF.
    KeepAlive(KeepAlive),
    /// A REGISTER, for the registrar.
    Register(Request),
    /// Anything else, for the proxy.
    Other(Message),
    /// A request that cannot be understood: this is the answer.
    Refused(Vec<u8>),
    /// Nothing that could be answered.
    Dropped,
}

impl Inbound {
    /// Reads what arrived as one message.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        if let Some(keepalive) = is_keepalive(bytes) {
            return Self::KeepAlive(keepalive);
        }
        let message = match Message::parse(bytes) {
            Ok(message) => message,
            Err(error) => return answer(refusal(bytes, &error)),
        };
        match (message.validate(), message) {
            (Ok(()), Message::Request(request)) if request.method == Method::Register => Self::Register(request),
            (Ok(()), message) => Self::Other(message),
            (Err(error), Message::Request(request)) => answer(request.refusal(&error)),
            (Err(_), Message::Response(_)) => Self::Dropped,
        }
    }
}

fn answer(response: Option<Response>) -> Inbound {
    response.map_or(Inbound::Dropped, |response| Inbound::Refused(response.to_bytes()))
}
