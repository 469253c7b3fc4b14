//! The pages: one a file.

#[cfg(feature = "ssr")]
pub mod head;
#[cfg(feature = "ssr")]
pub mod login;
pub mod not_found;
pub mod phone;
