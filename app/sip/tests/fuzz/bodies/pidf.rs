//! The laws of presence documents.

use sip::body::pidf::Presence;

/// One document.
pub fn pidf(data: &[u8]) {
    if let Some(presence) = super::document::exact(data, Presence::parse, |presence| presence.compose().into_bytes()) {
        let again = Presence::parse(presence.compose().as_bytes());
        assert!(again.is_err() || again.is_ok_and(|again| again.state() == presence.state()));
        let _ = (presence.note(), presence.basic());
    }
}
