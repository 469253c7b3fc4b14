//! The calls that are up, how the last one ended, and who one is when there is neither.

use super::avatar::Avatar;
use super::call_card::CallCard;
use super::conference::Conference;
use super::ended::LastCall;
use super::erase::{erase, memo};
use crate::backend::{Contact, Opening};
use crate::directory;
use crate::media::Recording;
use crate::phone::{Call, CallKey, LineStateStoreFields, use_phone};
use leptos::prelude::*;

/// The keys that work anywhere on the page, as `shortcuts` hears them.
const KEYS: [(&str, &str); 15] = [
    ("Alt A", "Answer"),
    ("Alt D", "Decline"),
    ("Alt E", "Send on"),
    ("Alt M", "Mute"),
    ("Alt O", "Hold"),
    ("Alt S", "Swap"),
    ("Alt J", "Join"),
    ("Alt K", "Keypad"),
    ("Alt T", "Hand over"),
    ("Alt V", "Camera"),
    ("Alt C", "Share screen"),
    ("Alt R", "Record"),
    ("Alt B", "Voicemail"),
    ("Alt P", "Pick up"),
    ("Alt H", "Hang up"),
];

/// The middle of the phone.
#[component]
pub(crate) fn Calls(me: Contact, contacts: StoredValue<Vec<Contact>>) -> impl IntoView {
    let line = use_phone().line();
    let keys = memo(move || line.calls().with(|calls| calls.iter().map(|call| call.key).collect::<Vec<CallKey>>()));
    let idle = memo(move || keys.with(Vec::is_empty));
    let plain = memo(move || {
        let plain =
            |calls: &Vec<Call>| calls.iter().filter(|call| !call.joined).map(|call| call.key).collect::<Vec<_>>();
        line.calls().with(plain)
    });
    let me = StoredValue::new(me);
    view! {
        <section class="calls" aria-label="Calls">
            <div class="calls__up" aria-live="assertive">
                {erase(view! { <Conference contacts /> })}
                <For
                    each=move || plain.get()
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
    let policy = use_context::<Opening>().map(|opening| opening.policy).unwrap_or_default();
    // Who may not record needs no key for it, nor who has no voicemail.
    let keys = KEYS.into_iter().filter(move |(_, effect)| match *effect {
        "Record" => policy.recording != Recording::Off,
        "Voicemail" => !policy.voicemail.is_empty(),
        _ => true,
    });
    view! {
        <div class="idle">
            <Avatar name=directory::contact_name(&me).to_owned() />
            <p class="idle__lead">"No call"</p>
            <p class="idle__words">"Colleagues reach you at"</p>
            <p class="idle__extension">{me.extension}</p>
            <ul class="idle__keys" role="list" aria-label="Keys">
                {keys.map(|(key, effect)| view! { <li><kbd class="idle__key">{key}</kbd>{effect}</li> }).collect::<Vec<_>>()}
            </ul>
        </div>
    }
}
