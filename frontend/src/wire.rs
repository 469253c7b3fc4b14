use crate::event::{Event, Events};
use crate::socket::Socket;

/// The WebSocket subprotocol of SIP (RFC 7118 4.1).
const SUBPROTOCOL: &str = "sip";

/// The SIP socket of the tab that holds the line.
pub(crate) struct Wire(Socket);

impl Wire {
    /// Begins to open the socket for the lease with this epoch; what happens is told as [`Event::Wire`].
    pub(crate) fn open(epoch: u64, number: u64, events: &Events) -> Option<Self> {
        Socket::open(&format!("/sip?epoch={epoch}"), SUBPROTOCOL, number, events, Event::Wire).ok().map(Self)
    }

    /// Whether events with this number are its own.
    pub(crate) const fn is(&self, number: u64) -> bool {
        self.0.number() == number
    }

    /// Whether messages can be sent.
    pub(crate) fn is_open(&self) -> bool {
        self.0.is_open()
    }

    /// Sends one SIP message. Nothing is told of a failure: the close that causes it is.
    pub(crate) fn send(&self, message: &[u8]) {
        let _ = self.0.send(message);
    }
}
