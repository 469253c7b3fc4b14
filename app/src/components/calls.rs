//! The calls that are up, how the last one ended, and who one is when there is neither.

use super::avatar::Avatar;
use super::call_card::CallCard;
use super::ended::LastCall;
use super::erase::{erase, memo};
use crate::backend::Contact;
use crate::directory;
use crate::phone::{CallKey, LineStateStoreFields, use_phone};
use leptos::prelude::*;

/// The keys that work anywhere on the page, as `shortcuts` hears them.
const KEYS: [(&str, &str); 10] = [
    ("Alt A", "Answer"),
    ("Alt D", "Decline"),
    ("Alt M", "Mute"),
    ("Alt O", "Hold"),
    ("Alt S", "Swap"),
    ("Alt K", "Keypad"),
    ("Alt T", "Hand over"),
    ("Alt V", "Camera"),
    ("Alt C", "Share screen"),
    ("Alt H", "Hang up"),
];

/// The middle of the phone.
#[component]
pub(crate) fn Calls(me: Contact, contacts: StoredValue<Vec<Contact>>) -> impl IntoView {
    let line = use_phone().line();
    let keys = memo(move || line.calls().with(|calls| calls.iter().map(|call| call.key).collect::<Vec<CallKey>>()));
    let idle = memo(move || keys.with(Vec::is_empty));
    let me = StoredValue::new(me);
    view! {
        <section class="calls" aria-label="Calls">
            <div class="calls__up" aria-live="assertive">
                <For
                    each=move || keys.get()
                    key=|key| *key
                    children=move |key| erase(view! { <CallCard key contacts /> })
                />
            </div>
            <LastCall contacts />
            {move || idle.get().then(|| view! { <Idle me=me.get_value() /> })}
        </section>
    }
}

/// No call: the number under which one is reached.
#[component]
fn Idle(me: Contact) -> impl IntoView {
    view! {
        <div class="idle">
            <Avatar name=directory::contact_name(&me).to_owned() />
            <p class="idle__lead">"No call"</p>
            <p class="idle__words">"Colleagues reach you at"</p>
            <p class="idle__extension">{me.extension}</p>
            <ul class="idle__keys" role="list" aria-label="Keys">
                {KEYS.map(|(key, effect)| view! { <li><kbd class="idle__key">{key}</kbd>{effect}</li> })}
            </ul>
        </div>
    }
}
