//! The tabs: which one holds the line of its extension (`hub` decides), over one WebSocket for each tab.

pub mod hub;
mod identity;
mod lines;
mod socket;
mod stored;

pub use lines::Lines;
pub use socket::{Room, router};
