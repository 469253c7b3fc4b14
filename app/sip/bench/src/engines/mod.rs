//! One file for each engine, or each family of them.

#[cfg(feature = "rivals")]
pub mod ezk;
#[cfg(feature = "rivals")]
pub mod rsip;
#[cfg(feature = "rivals")]
pub mod rsiprtp;
#[cfg(feature = "rivals")]
pub mod rvoip;
pub mod sip;
#[cfg(feature = "siphon")]
pub mod siphon;
#[cfg(feature = "rivals")]
pub mod sipmsg;
#[cfg(feature = "rivals")]
pub mod sipx;
#[cfg(feature = "rivals")]
pub mod text;
#[cfg(feature = "rivals")]
pub mod xylosip;
