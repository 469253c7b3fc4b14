//! Message hooks: a user of the crate adds or rewrites headers and bodies of what is sent and received, and cannot
//! break what frames and routes a message.
//!
//! A hook cannot touch
//! - what frames the message or says what its body is: Content-Length, Content-Type, Content-Encoding, MIME-Version.
//!   [`Draft::set_body`] sets the type and the length of the body that it brings, and it has no encoding;
//! - what routes it, or makes its dialog and transaction known: Via, Max-Forwards, Route, Record-Route, Path,
//!   Service-Route, From, To, Call-ID, CSeq and Contact, but for new parameters ([`Draft::add_contact_param`]);
//! - what the agent keeps its state by: RSeq and RAck (RFC 3262), Session-Expires and Min-SE (RFC 4028), Event and
//!   Subscription-State (RFC 6665), SIP-ETag and SIP-If-Match (RFC 3903), Min-Expires, Flow-Timer (RFC 5626),
//!   Replaces, Join and Target-Dialog, Refer-To and Refer-Sub, Unsupported, and Expires but in INVITE and MESSAGE;
//! - who proves to be whom: Authorization, WWW-Authenticate, Authentication-Info and those of proxies.
//!
//! Require, Proxy-Require and Supported can be added to, nothing can be taken away from them. Whoever adds a tag
//! promises to do what it stands for. All else is the user's own, and so is the risk: what Allow, Allow-Events and
//! Accept say is not what the agent does, a Content-Disposition can make the other end pass over an offer, a
//! Retry-After is waited for, a P-Asserted-Identity is shown, and an Identity is not checked.
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
