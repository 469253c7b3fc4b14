//! What the page asks the server to sign: the page never has the password, so the server answers a digest challenge for
//! whoever holds the line. `POST /sign` takes a [`ToSign`]; the answer is the text of the credentials.

use serde::{Deserialize, Serialize};

/// What is to be signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToSign {
    /// The epoch of the lease that asks.
    pub epoch: u64,
    /// All that the far end offered, in its order, each as in a WWW-Authenticate header; the server chooses.
    pub challenges: Vec<String>,
    /// How often their nonces are signed with, this time included.
    pub nc: u32,
    /// The request's method.
    pub method: String,
    /// The digest-uri.
    pub uri: String,
    /// The request's body, for auth-int.
    pub body: Vec<u8>,
}
