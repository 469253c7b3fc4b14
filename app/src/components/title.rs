//! The document's title and icon: a call shows in the tab, where a person sees it from another tab.

use super::erase::memo;
use crate::backend::Contact;
use crate::caller::{self, Caller};
use crate::conference;
use crate::phone::{self, Call, LineStateStoreFields, Phase, use_phone};
use leptos::prelude::*;

/// The name of the product.
pub(crate) const PRODUCT: &str = "Tabphone";

/// Keeps the title true; the server writes the first one into the head.
#[component]
pub(crate) fn Title(contacts: StoredValue<Vec<Contact>>) -> impl IntoView {
    let phone = use_phone();
    let (line, missed, unread, callers) = (phone.line(), phone.missed(), phone.unread(), phone.callers());
    let new = move || missed.get().saturating_add(unread.get());
    let title = memo(move || {
        let text = |calls: &Vec<Call>, callers: &Vec<Caller>| {
            contacts.with_value(|contacts| text(calls, contacts, callers, new()))
        };
        line.calls().with(|calls| callers.with(|callers| text(calls, callers)))
    });
    Effect::new(move |_| title.with(|title| document().set_title(title)));
    let ringing = memo(move || line.calls().with(|calls| calls.iter().any(|call| call.phase == Phase::RingingHere)));
    Effect::new(move |before: Option<bool>| {
        let ringing = ringing.get();
        // Whoever sets it has it loaded again, the same one, too; the page begins with the one for nothing ringing.
        if before.unwrap_or(false) == ringing {
            return ringing;
        }
        if let Ok(Some(icon)) = document().query_selector("link[rel=icon]") {
            let _ = icon.set_attribute("href", if ringing { "/favicon-ringing.svg" } else { "/favicon.svg" });
        }
        ringing
    });
}

/// The title for these calls: an incoming one first, then the one that a person is busy with, then how many were missed, and
/// messages not seen: `new`.
pub(crate) fn text(calls: &[Call], contacts: &[Contact], callers: &[Caller], new: u32) -> String {
    let name = |call: &Call| caller::name(&call.remote, contacts, callers);
    let ringing = calls.iter().find(|call| call.phase == Phase::RingingHere);
    match (ringing, phone::active(calls).or(calls.last())) {
        (Some(call), _) => format!("{} is calling · {PRODUCT}", name(call)),
        (None, Some(call)) => {
            let recorded = calls.iter().any(|call| call.recorded.is_wanted());
            let (kind, who) = if call.joined {
                let names: Vec<String> = calls.iter().filter(|call| call.joined).map(name).collect();
                ("Conference", conference::names(&names))
            } else {
                ("Call", name(call))
            };
            if recorded {
                format!("● {kind} with {who}, recorded · {PRODUCT}")
            } else {
                format!("{kind} with {who} · {PRODUCT}")
            }
        }
        (None, None) if new == 0 => PRODUCT.to_owned(),
        (None, None) => format!("({new}) {PRODUCT}"),
    }
}
