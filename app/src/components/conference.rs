//! The calls that are joined, as one: who is in the conference, and what can be done with all of it.

use super::call_actions::{Joins, Large, Tile, Voice};
use super::call_card::{CallCard, DevicesHere};
use super::erase::{erase, live, memo};
use super::icon::{Glyph, Icon};
use super::picture;
use super::recorded::{RecordKey, RecordSign};
use super::standing::Standing;
use super::voice::VoiceNotice;
use crate::backend::Contact;
use crate::phone::{self, Call, CallKey, Command, LineStateStoreFields, use_phone};
use crate::{conference, directory};
use leptos::prelude::*;

/// Nothing, while no calls are joined.
#[component]
pub(crate) fn Conference(contacts: StoredValue<Vec<Contact>>) -> impl IntoView {
    let line = use_phone().line();
    let joined = memo(move || line.calls().with(|calls| conference::joined(calls)));
    let up = memo(move || joined.with(|joined| !joined.is_empty()));
    move || up.get().then(|| erase(view! { <Joined joined contacts /> }))
}

#[component]
fn Joined(joined: Memo<Vec<CallKey>>, contacts: StoredValue<Vec<Contact>>) -> impl IntoView {
    let phone = use_phone();
    let line = phone.line();
    let names = memo(move || {
        let name = |call: &Call| contacts.with_value(|contacts| directory::name(&call.remote, contacts));
        let mut all = vec!["You".to_owned()];
        line.calls().with(|calls| all.extend(calls.iter().filter(|call| call.joined).map(name)));
        conference::names(&all)
    });
    // What holds for one of them holds for all.
    let lead = memo(move || line.calls().with(|calls| calls.iter().find(|call| call.joined).cloned()));
    let held = memo(move || lead.with(|lead| lead.as_ref().is_some_and(|lead| lead.hold.here)));
    let seen = memo(move || lead.with(|lead| lead.as_ref().is_some_and(|lead| lead.picture.camera)));
    let away = memo(move || line.calls().with(|calls| calls.iter().any(|call| call.joined && call.hold.there)));
    let small = memo(move || line.calls().with(|calls| phone::active(calls).is_some_and(|active| !active.joined)));
    view! {
        <section
            class=live(move || if small.get() { "conference conference--small" } else { "conference" })
            role="group"
            aria-labelledby="conference-name"
            aria-describedby="conference-state"
        >
            <h2 class="conference__name" id="conference-name">
                <Icon glyph=Glyph::People />
                "Conference"
            </h2>
            <p class="conference__who">
                <bdi>{live(move || names.get())}</bdi>
            </p>
            <p class="conference__state" id="conference-state">
                {live(move || match (held.get(), away.get()) {
                    (true, _) => "On hold",
                    (false, true) => "All hear one another, but who put you on hold",
                    (false, false) => "All hear one another",
                })}
            </p>
            <RecordSign call=lead />
            <div class="conference__members">
                <For
                    each=move || joined.get()
                    key=|key| *key
                    children=move |key| erase(view! { <CallCard key contacts member=true /> })
                />
            </div>
            {move || {
                let key = joined.with(|joined| joined.first().copied());
                key.map(|key| erase(view! { <VoiceNotice key call=lead /> }))
            }}
            {erase(view! { <DevicesHere seen /> })}
            <div class="call__actions" aria-live="off">
                {erase(view! { <All joined lead small /> })}
            </div>
        </section>
    }
}

/// What can be done with all of them.
#[component]
fn All(
    joined: Memo<Vec<CallKey>>,
    lead: Memo<Option<Call>>,
    /// Another call is talked in, or dialled.
    small: Memo<bool>,
) -> impl IntoView {
    let phone = use_phone();
    let (line, holds) = (phone.line(), Standing::of(&phone).holds);
    let first = memo(move || joined.with(|joined| joined.first().copied()));
    // What is shared can be ended whatever else goes on.
    let pictures = memo(move || {
        let shares = |key| line.calls().with(|calls| conference::shares(calls, key));
        first.get().filter(|key| !small.get() || shares(*key))
    });
    let two = memo(move || joined.with(|joined| if let [one, other] = joined[..] { Some((one, other)) } else { None }));
    view! {
        <div class="call__tiles">
            {move || first.get().map(|key| erase(view! { <Voice key call=lead idle=small /> }))}
            {move || pictures.get().map(|key| erase(view! { <picture::Tiles key call=lead /> }))}
            {move || {
                two.get()
                    .filter(|_| !small.get())
                    .map(|(one, other)| {
                        erase(
                            view! {
                                <Tile
                                    label=Signal::derive(|| "Leave")
                                    glyph=Signal::derive(|| Glyph::HandOver)
                                    title="Leave: the others go on without you"
                                    keys=""
                                    on=memo(|| false)
                                    act=Callback::new(move |()| Command::TransferTo(one, other))
                                />
                            },
                        )
                    })
            }}
            {move || {
                let key = first.get().filter(|_| !small.get());
                key.map(|key| erase(view! { <RecordKey key call=lead /> }))
            }}
        </div>
        {move || first.get().map(|key| erase(view! { <Joins key /> }))}
        <Large
            label=Signal::derive(|| "Hang up all")
            keys="Alt+H"
            free=holds
            act=Callback::new(move |()| {
                for key in joined.get_untracked() {
                    phone.send(Command::HangUp(key));
                }
            })
        />
    }
}
