//! The laws of reginfo documents.

use sip::body::limits;
use sip::body::reginfo::{RegInfo, RegistrationTable};

/// One document, told twice.
pub fn reginfo(data: &[u8]) {
    if let Some(info) = super::document::exact(data, RegInfo::parse, |info| info.compose().into_bytes()) {
        let mut table = RegistrationTable::new();
        let _ = table.merge(info.clone());
        let _ = table.merge(info);
        assert!(table.registrations().len() <= limits::REGISTRATIONS);
    }
}
