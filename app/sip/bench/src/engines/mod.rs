//! One file for each engine.

#[cfg(feature = "rivals")]
pub mod rsip;
pub mod sip;
