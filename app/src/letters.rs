//! Upper and lower case of any script. The browser has the tables for it, and what it loads need not bring them again.

/// The text in lower case.
pub(crate) fn lower(text: &str) -> String {
    #[cfg(target_arch = "wasm32")]
    return leptos::web_sys::js_sys::JsString::from(text).to_lower_case().into();
    #[cfg(not(target_arch = "wasm32"))]
    text.to_lowercase()
}

/// The text in upper case.
pub(crate) fn upper(text: &str) -> String {
    #[cfg(target_arch = "wasm32")]
    return leptos::web_sys::js_sys::JsString::from(text).to_upper_case().into();
    #[cfg(not(target_arch = "wasm32"))]
    text.to_uppercase()
}
