use app::backend::WISHES_ID;

/// Shows in the notice that the server rendered what becomes of calls, in its words; without any there is no notice.
pub(crate) fn show(told: &[String]) {
    let notice = web_sys::window().and_then(|window| window.document()?.get_element_by_id(WISHES_ID));
    let Some(notice) = notice else { return };
    if let Ok(Some(words)) = notice.query_selector("p") {
        words.set_text_content(Some(&told.join("\n")));
    }
    let _ = notice.toggle_attribute_with_force("hidden", told.is_empty());
}
