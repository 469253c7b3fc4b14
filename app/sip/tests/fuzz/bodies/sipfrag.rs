//! The laws of fragments of messages.

use sip::body::sipfrag::{SipFrag, StartLine};

/// One fragment.
pub fn sipfrag(data: &[u8]) {
    let status = SipFrag::status(data);
    if let Some(fragment) = super::document::exact(data, SipFrag::parse, SipFrag::compose) {
        let said = match &fragment.start {
            Some(StartLine::Response { status, .. }) => Some(*status),
            Some(StartLine::Request { .. }) | None => None,
        };
        assert_eq!(status, said, "{}", data.escape_ascii());
    }
}
