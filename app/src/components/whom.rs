//! Whom a call is to go to: a number or a name that is typed, or a contact.

use super::erase::live;
use crate::backend::Contact;
use crate::dial::{self, Target};
use crate::{directory, letters};
use leptos::html;
use leptos::prelude::*;

/// How many contacts are offered at once.
const OFFERED: usize = 4;

/// What the form says, for what is done with the call.
#[derive(Clone, Copy)]
pub(crate) struct Wording {
    /// The name of the field.
    pub(crate) field: &'static str,
    /// The button beside it.
    pub(crate) button: &'static str,
    /// What stands before the name of a contact.
    pub(crate) to: &'static str,
}

/// The form; the field has the focus at once. `without`: the numbers that are not offered.
#[component]
pub(crate) fn Whom(
    id: String,
    wording: Wording,
    contacts: StoredValue<Vec<Contact>>,
    without: Memo<Vec<String>>,
    free: Memo<bool>,
    chosen: Callback<String>,
) -> impl IntoView {
    let typed = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    let offered = move || {
        let wanted = letters::lower(typed.get().trim());
        let without = without.get();
        contacts.with_value(|contacts| {
            let fits = |contact: &&Contact| {
                let name = letters::lower(directory::contact_name(contact));
                (name.contains(&wanted) || contact.extension.starts_with(&wanted))
                    && !without.contains(&contact.extension)
            };
            let named = |contact: &Contact| (contact.extension.clone(), directory::contact_name(contact).to_owned());
            contacts.iter().filter(fits).take(OFFERED).map(named).collect::<Vec<_>>()
        })
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let target = contacts.with_value(|contacts| dial::target(&typed.get_untracked(), contacts));
        match target {
            Target::Dial(number) if free.get_untracked() => chosen.run(number),
            Target::Dial(_) | Target::Ambiguous | Target::Empty => tried.set(true),
        }
    };
    view! {
        <form class="handover__form" on:submit=submit>
            <label class="visually-hidden" for=id.clone()>
                {wording.field}
            </label>
            <input
                class="handover__input"
                id=id
                r#type="text"
                placeholder="Number or name"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                enterkeyhint="go"
                maxlength="256"
                node_ref=input
                on:input=move |event| {
                    typed.set(event_target_value(&event));
                    tried.set(false);
                }
            />
            <button class="button button--answer" r#type="submit" disabled=live(move || !free.get())>
                {wording.button}
            </button>
        </form>
        <p class="handover__hint" aria-live="polite">
            {live(move || {
                tried.get().then_some("Type whom they are to talk to; more of it, if several have such a name.")
            })}
        </p>
        <ul class="handover__contacts" role="list">
            {move || {
                offered()
                    .into_iter()
                    .map(|(number, name)| {
                        let extension = number.clone();
                        view! {
                            <li>
                                <button
                                    class="button handover__contact"
                                    r#type="button"
                                    aria-label=[wording.to, name.as_str()].concat()
                                    disabled=live(move || !free.get())
                                    on:click=move |_| chosen.run(number.clone())
                                >
                                    <bdi>{name.clone()}</bdi>
                                    <span class="handover__number">{extension}</span>
                                </button>
                            </li>
                        }
                    })
                    .collect::<Vec<_>>()
            }}
        </ul>
    }
}
