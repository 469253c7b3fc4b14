//! Message hooks: a user of the crate adds or rewrites headers and bodies of what is sent and received, and cannot
//! break what frames and routes a message.
//!
//! ```
//! use sip::hook::{Draft, Hook};
//!
//! struct Crm;
//!
//! impl Hook for Crm {
//!     fn sending(&mut self, message: &mut Draft<'_>) {
//!         // What is refused leaves the message as it was.
//!         let _ = message.set("X-Customer", "4711");
//!     }
//! }
//!
//! # use sip::message::{Method, Request};
//! # let mut request = Request::new(Method::Options, "sip:a".parse()?);
//! Crm.sending(&mut Draft::of_request(&mut request));
//! assert!(request.to_bytes().ends_with(b"X-Customer: 4711\r\nContent-Length: 0\r\n\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod draft;
mod guard;

pub use draft::{Draft, DraftError, Start};

/// What a user does to messages. It is called at once and in order; what it leaves is what is sent, or what is read.
///
/// An [`crate::agent::Agent`] calls it once for each message:
/// - before a request or a response of its own gets its transaction, CANCEL and the ACK of a 2xx included. What is
///   sent again, because it may be lost or with a signature after a challenge, is what the hook made of it the first
///   time: a digest over the body is over the body that is sent.
/// - when a message came, was parsed and found valid, before anything is done about it. A message that arrives twice
///   is seen twice.
///
/// From and To are as they were sent, their display names included. Whom a call is shown to be from can be changed:
/// with the P-Asserted-Identity of the INVITE that was received.
///
/// It is not called for what no user composes: 100 Trying, the ACK of a refusal, and the answer to what is no valid
/// message.
pub trait Hook {
    /// This is about to be sent.
    fn sending(&mut self, message: &mut Draft<'_>) {
        let _ = message;
    }

    /// This was received.
    fn received(&mut self, message: &mut Draft<'_>) {
        let _ = message;
    }
}
