//! To whom the other party of a call is handed over: a number or a name that is typed, a contact, or another call.

use super::erase::{erase, live, memo};
use super::icon::{Glyph, Icon};
use super::panels::{Going, Panels};
use super::standing::Standing;
use super::whom::{Whom, Wording};
use crate::backend::Contact;
use crate::directory;
use crate::phone::{Call, CallKey, Command, Handover, LineStateStoreFields, use_phone};
use leptos::prelude::*;

const WORDING: Wording =
    Wording { field: "Number or name to hand over to", button: "Hand them over", to: "Hand over to " };

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
    let up = memo(move || {
        let own = call.with(|call| call.as_ref().map(|call| call.remote.number.clone()));
        own.into_iter().chain(others.get().into_iter().map(|(_, _, number)| number)).collect::<Vec<String>>()
    });
    let chosen = Callback::new(move |number| send(Command::Transfer(key, number)));
    let content = erase(view! {
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
                        view! { <Whom id=format!("handover-{key}") wording=WORDING contacts without=up free chosen /> },
                    )
                })
        }}
    });
    view! { <Going key name="Hand over" content /> }
}
