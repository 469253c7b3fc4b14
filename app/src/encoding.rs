//! How values travel between the server and its pages: a byte that names the form, then postcard. The code that reads
//! it is a third of what reads JSON, and the page loads that code.
//!
//! Postcard names nothing: what another version of the program wrote could be taken for something else. So whoever
//! changes a type that travels ([`crate::lease`], [`crate::sign`], [`crate::backend::Opening`]) counts [`VERSION`] up;
//! the tests of those types hold their bytes.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Which form the types that travel have.
pub const VERSION: u8 = 7;

/// Bytes are not what this version of the program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is of another version of the program")]
pub struct DecodeError;

/// The bytes that [`decode`] reads.
#[must_use]
pub fn encode(value: &impl Serialize) -> Vec<u8> {
    // Postcard fails for sequences of unknown length alone, and none travels.
    postcard::to_allocvec(&(VERSION, value)).unwrap_or_default()
}

/// The value that [`encode`] wrote.
///
/// # Errors
/// [`DecodeError`] for whatever this version of the program did not write.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    match bytes.split_first() {
        Some((&VERSION, value)) => match postcard::take_from_bytes(value) {
            Ok((value, [])) => Ok(value),
            Ok(_) | Err(_) => Err(DecodeError),
        },
        Some(_) | None => Err(DecodeError),
    }
}
