//! The laws of message summaries.

use sip::body::message_summary::MessageSummary;

/// One summary.
pub fn message_summary(data: &[u8]) {
    super::document::exact(data, MessageSummary::parse, |summary| summary.compose().into_bytes());
}
