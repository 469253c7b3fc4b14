/// What is sent to keep a connection open (RFC 5626 3.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepAlive {
    /// CRLF CRLF: to be answered with a pong.
    Ping,
    /// CRLF: the answer to a ping.
    Pong,
    /// Nothing at all, as some send over WebSocket.
    Empty,
}

/// Whether it is a keep-alive and no message.
#[must_use]
pub const fn is_keepalive(bytes: &[u8]) -> Option<KeepAlive> {
    match bytes {
        b"\r\n\r\n" => Some(KeepAlive::Ping),
        b"\r\n" => Some(KeepAlive::Pong),
        b"" => Some(KeepAlive::Empty),
        _ => None,
    }
}
