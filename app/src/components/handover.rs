//! To whom the other party of a call is handed over: a number or a name that is typed, a contact, or another call.

use super::erase::{erase, live, memo};
use super::icon::{Glyph, Icon};
use super::panels::Panels;
use super::standing::Standing;
use crate::backend::Contact;
use crate::dial::{self, Target};
use crate::phone::{Call, CallKey, Command, Handover, LineStateStoreFields, use_phone};
use crate::{directory, letters};
use leptos::html;
use leptos::prelude::*;

/// How many contacts are offered at once.
const OFFERED: usize = 4;

/// The other calls first: there one has talked to somebody already.
#[component]
pub(crate) fn HandoverPanel(
    key: CallKey,
    call: Memo<Option<Call>>,
    contacts: StoredValue<Vec<Contact>>,
) -> impl IntoView {
    let phone = use_phone();
    let (line, panels, holds) = (phone.line(), Panels::of_page(), Standing::of(&phone).holds);
    let answered = memo(move || call.with(|call| call.as_ref().is_some_and(|call| call.phase.has_microphone())));
    let free = memo(move || {
        let under_way =
            call.with(|call| call.as_ref().and_then(|call| call.handover)).is_some_and(Handover::is_under_way);
        holds.get() && !under_way
    });
    let phone = StoredValue::new(phone);
    let send = move |command| {
        phone.with_value(|phone| phone.send(command));
        panels.close(key);
    };
    let typed = RwSignal::new(String::new());
    let tried = RwSignal::new(false);
    let input = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    let others = memo(move || {
        line.calls().with(|calls| {
            let others = calls.iter().filter(|call| call.key != key && call.phase.has_microphone());
            let named = |call: &Call| {
                let name = contacts.with_value(|contacts| directory::name(&call.remote, contacts));
                (call.key, name, call.remote.number.clone())
            };
            others.map(named).collect::<Vec<_>>()
        })
    });
    let offered = memo(move || {
        let wanted = letters::lower(typed.get().trim());
        let own = call.with(|call| call.as_ref().map(|call| call.remote.number.clone()));
        let up = others.get();
        contacts.with_value(|contacts| {
            let fits = |contact: &&Contact| {
                let name = letters::lower(directory::contact_name(contact));
                (name.contains(&wanted) || contact.extension.starts_with(&wanted))
                    && Some(&contact.extension) != own.as_ref()
                    && up.iter().all(|(_, _, number)| *number != contact.extension)
            };
            let named = |contact: &Contact| (contact.extension.clone(), directory::contact_name(contact).to_owned());
            contacts.iter().filter(fits).take(OFFERED).map(named).collect::<Vec<_>>()
        })
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let target = contacts.with_value(|contacts| dial::target(&typed.get_untracked(), contacts));
        match target {
            Target::Dial(number) if free.get_untracked() => send(Command::Transfer(key, number)),
            Target::Dial(_) | Target::Ambiguous | Target::Empty => tried.set(true),
        }
    };
    view! {
        <div
            class="handover"
            role="group"
            aria-label="Hand over"
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    panels.close(key);
                }
            }
        >
            {move || {
                others
                    .get()
                    .into_iter()
                    .map(|(other, name, _)| {
                        view! {
                            <button
                                class="button button--answer handover__call"
                                r#type="button"
                                disabled=live(move || !free.get())
                                on:click=move |_| send(Command::TransferTo(key, other))
                            >
                                <Icon glyph=Glyph::HandOver />
                                <bdi>{format!("Hand over to {name}")}</bdi>
                            </button>
                        }
                    })
                    .collect::<Vec<_>>()
            }}
            {move || {
                answered
                    .get()
                    .then(|| {
                        erase(
                            view! {
                                <form class="handover__form" on:submit=submit>
                                    <label class="visually-hidden" for=format!("handover-{key}")>
                                        "Number or name to hand over to"
                                    </label>
                                    <input
                                        class="handover__input"
                                        id=format!("handover-{key}")
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
                                    <button
                                        class="button button--answer"
                                        r#type="submit"
                                        disabled=live(move || !free.get())
                                    >
                                        "Hand them over"
                                    </button>
                                </form>
                                <p class="handover__hint" aria-live="polite">
                                    {live(move || tried.get().then_some("Type whom they are to talk to; more of it, if several have such a name."))}
                                </p>
                                <ul class="handover__contacts" role="list">
                                    {move || {
                                        offered
                                            .get()
                                            .into_iter()
                                            .map(|(number, name)| {
                                                let extension = number.clone();
                                                view! {
                                                    <li>
                                                        <button
                                                            class="button handover__contact"
                                                            r#type="button"
                                                            aria-label=format!("Hand over to {name}")
                                                            disabled=live(move || !free.get())
                                                            on:click=move |_| send(Command::Transfer(key, number.clone()))
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
                            },
                        )
                    })
            }}
        </div>
    }
}
