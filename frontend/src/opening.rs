use app::backend::{OPENING_META, Opening};

/// What the server rendered this page from; `None` on pages that are no phone.
pub(crate) fn read() -> Option<Opening> {
    let document = web_sys::window()?.document()?;
    let meta = document.query_selector(&format!("meta[name={OPENING_META}]")).ok()??;
    let opening = Opening::from_text(&meta.get_attribute("content")?);
    if opening.is_err() {
        web_sys::console::warn_1(&"this page is of another version than its program".into());
    }
    opening.ok()
}
