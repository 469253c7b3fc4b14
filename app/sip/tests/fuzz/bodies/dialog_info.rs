//! The laws of dialog-info documents.

use sip::body::dialog_info::{DialogInfo, DialogTable};
use sip::body::{BodyError, limits};

/// One document, told twice.
pub fn dialog_info(data: &[u8]) {
    if let Some(info) = super::document::law(data, stated, |info| info.compose().into_bytes()) {
        let mut table = DialogTable::new();
        let _ = table.merge(info.clone());
        let _ = table.merge(info);
        assert!(table.dialogs().len() <= limits::DIALOGS);
    }
}

/// A document, without what is said of a state that is not known: that is not written.
fn stated(data: &[u8]) -> Result<DialogInfo, BodyError> {
    let mut info = DialogInfo::parse(data)?;
    for dialog in info.dialogs.iter_mut().filter(|dialog| dialog.state.is_none()) {
        (dialog.event, dialog.code) = (None, None);
    }
    Ok(info)
}
