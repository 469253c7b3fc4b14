//! The laws of dialog-info documents.

use sip::body::dialog_info::{DialogInfo, DialogTable};
use sip::body::limits;

/// One document, told twice.
pub fn dialog_info(data: &[u8]) {
    if let Some(info) = super::document::exact(data, DialogInfo::parse, |info| info.compose().into_bytes()) {
        let mut table = DialogTable::new();
        let _ = table.merge(info.clone());
        let _ = table.merge(info);
        assert!(table.dialogs().len() <= limits::DIALOGS);
    }
}
