//! To whom a call that rings here is sent on, without being answered.

use super::erase::{erase, live, memo};
use super::icon::{Glyph, Icon};
use super::panels::{Going, Panel, Panels};
use super::standing::Standing;
use super::whom::{Whom, Wording};
use crate::backend::Contact;
use crate::phone::{Call, CallKey, Command, use_phone};
use leptos::prelude::*;

const WORDING: Wording =
    Wording { field: "Number or name to send the call on to", button: "Send them on", to: "Send on to " };

/// The button that opens the form, and the form.
#[component]
pub(crate) fn Divert(key: CallKey, call: Memo<Option<Call>>, contacts: StoredValue<Vec<Contact>>) -> impl IntoView {
    let phone = use_phone();
    let (holds, panels) = (Standing::of(&phone).holds, Panels::of_page());
    let open = memo(move || panels.is_open(key, Panel::Divert));
    let caller =
        memo(move || call.with(|call| call.iter().map(|call| call.remote.number.clone()).collect::<Vec<String>>()));
    let chosen = Callback::new(move |number| {
        phone.send(Command::Divert(key, number));
        panels.close(key);
    });
    view! {
        <button
            class=live(move || if open.get() { "button call__wide button--on" } else { "button call__wide" })
            r#type="button"
            title="Send on without answering (Alt+E)"
            aria-keyshortcuts="Alt+E"
            aria-expanded=live(move || if open.get() { "true" } else { "false" })
            disabled=live(move || !holds.get())
            on:click=move |_| panels.toggle(key, Panel::Divert)
        >
            <Icon glyph=Glyph::HandOver />
            "Send on"
        </button>
        {move || {
            open.get()
                .then(|| {
                    let content = erase(
                        view! {
                            <Voicemail key free=holds />
                            <Whom id=["divert-", &key.to_string()].concat() wording=WORDING contacts without=caller free=holds chosen />
                        },
                    );
                    erase(view! { <Going key name="Send on" content /> })
                })
        }}
    }
}

/// Sends the call to the voicemail, where there is one.
#[component]
fn Voicemail(key: CallKey, free: Memo<bool>) -> impl IntoView {
    let phone = StoredValue::new(use_phone());
    let number = phone.with_value(crate::phone::Phone::voicemail);
    move || {
        let number = number.get();
        (!number.is_empty()).then(|| {
            view! {
                <button
                    class="button button--answer"
                    r#type="button"
                    title="Send to voicemail without answering (Alt+B)"
                    aria-keyshortcuts="Alt+B"
                    disabled=live(move || !free.get())
                    on:click=move |_| {
                        phone.with_value(|phone| phone.send(Command::Divert(key, number.clone())));
                    }
                >
                    <Icon glyph=Glyph::HandOver />
                    "To voicemail"
                </button>
            }
        })
    }
}
