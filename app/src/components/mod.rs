//! What pages are made of: one component a file.

pub(crate) mod avatar;
pub(crate) mod call_actions;
pub(crate) mod call_card;
pub(crate) mod calls;
pub(crate) mod contacts;
pub(crate) mod dial_pad;
#[cfg(feature = "ssr")]
pub(crate) mod diverted;
pub(crate) mod ended;
pub(crate) mod erase;
pub(crate) mod handover;
pub(crate) mod header;
pub(crate) mod icon;
pub(crate) mod keypad;
pub(crate) mod line_status;
pub(crate) mod panels;
pub(crate) mod picture;
pub(crate) mod quality;
pub(crate) mod shortcuts;
pub(crate) mod silent;
pub(crate) mod sound;
pub(crate) mod standing;
pub(crate) mod title;
pub(crate) mod voice;
pub(crate) mod watching;
