//! What can be done with a call, in each of the forms that its card has.

use super::divert::Divert;
use super::erase::{erase, live, memo};
use super::handover::HandoverPanel;
use super::icon::{Glyph, Icon};
use super::keypad::Keypad;
use super::panels::{Panel, Panels};
use super::picture;
use super::recorded::RecordKey;
use super::standing::Standing;
use crate::backend::Contact;
use crate::conference;
use crate::phone::{self, Call, CallKey, Command, LineStateStoreFields, Phase, Sends, use_phone};
use leptos::prelude::*;

/// What can be done with a call that rings here. `active`: another call, which is put on hold when this one is answered.
#[component]
pub(crate) fn Ringing(
    key: CallKey,
    call: Memo<Option<Call>>,
    active: Memo<Option<CallKey>>,
    contacts: StoredValue<Vec<Contact>>,
) -> impl IntoView {
    let phone = use_phone();
    let (line, holds) = (phone.line(), Standing::of(&phone).holds);
    let phone = StoredValue::new(phone);
    let send = move |command| phone.with_value(|phone| phone.send(command));
    let offered = picture::of(call);
    let offered = memo(move || offered.with(|picture| picture.offered));
    view! {
        <Large
            label=Signal::derive(|| "Decline")
            keys="Alt+D"
            free=holds
            act=Callback::new(move |()| {
                send(Command::Decline(key));
            })
        />
        <Large
            answers=true
            label=Signal::derive(|| "Answer")
            keys="Alt+A"
            free=holds
            act=Callback::new(move |()| {
                send(Command::Answer(key, Sends::Voice));
            })
        />
        {move || offered.get().then(|| erase(view! { <picture::WithVideo key /> }))}
        {move || {
            active
                .get()
                .map(|other| {
                    let others = line.calls().with_untracked(|calls| conference::together(calls, other));
                    let (hint, end) = if others.len() > 1 {
                        ("Answer puts the conference on hold.", "End the conference and answer")
                    } else {
                        ("Answer puts the other call on hold.", "End the other call and answer")
                    };
                    view! {
                        <p class="call__hint">{hint}</p>
                        <button
                            class="button call__wide"
                            r#type="button"
                            disabled=live(move || !holds.get())
                            on:click=move |_| {
                                for other in &others {
                                    send(Command::HangUp(*other));
                                }
                                send(Command::Answer(key, Sends::Voice));
                            }
                        >
                            {end}
                        </button>
                    }
                })
        }}
        {erase(view! { <Divert key call contacts /> })}
    }
}

/// What can be done with the call that a person is busy with.
#[component]
pub(crate) fn Up(
    key: CallKey,
    call: Memo<Option<Call>>,
    phase: Memo<Phase>,
    contacts: StoredValue<Vec<Contact>>,
) -> impl IntoView {
    let phone = use_phone();
    let (holds, panels) = (Standing::of(&phone).holds, Panels::of_page());
    let calling = move || matches!(phase.get(), Phase::Preparing | Phase::Calling | Phase::RingingThere);
    let answered = memo(move || phase.get().has_microphone());
    let waits = phone.line();
    // Whom one calls while another call waits can be handed that one at once.
    let handed = memo(move || {
        answered.get()
            || (calling() && waits.calls().with(|calls| calls.iter().any(|call| call.phase.has_microphone())))
    });
    view! {
        <div class="call__tiles">
            {move || answered.get().then(|| erase(view! { <Voice key call /> }))}
            {move || {
                answered.get().then(|| view! { <Opens key panel=Panel::Keypad name="Keypad" keys="Alt+K" glyph=Glyph::Keypad /> })
            }}
            {move || {
                handed.get().then(|| view! { <Opens key panel=Panel::Handover name="Hand over" keys="Alt+T" glyph=Glyph::HandOver /> })
            }}
            {move || answered.get().then(|| erase(view! { <picture::Tiles key call /> }))}
            {move || answered.get().then(|| erase(view! { <RecordKey key call /> }))}
        </div>
        {move || (answered.get() && panels.is_open(key, Panel::Keypad)).then(|| erase(view! { <Keypad key call /> }))}
        {move || {
            (handed.get() && panels.is_open(key, Panel::Handover))
                .then(|| erase(view! { <HandoverPanel key call contacts /> }))
        }}
        <Large
            label=Signal::derive(move || if calling() { "Cancel" } else { "Hang up" })
            keys="Alt+H"
            free=memo(move || holds.get() && phase.get() != Phase::Ending)
            act=Callback::new(move |()| {
                phone.send(Command::HangUp(key));
            })
        />
    }
}

/// What can be done with the sound of an answered call, or of a conference by one of it. `idle`: another call is talked in, or
/// dialled.
#[component]
pub(super) fn Voice(
    key: CallKey,
    call: Memo<Option<Call>>,
    #[prop(optional)] idle: Option<Memo<bool>>,
) -> impl IntoView {
    let muted = memo(move || call.with(|call| call.as_ref().is_some_and(|call| call.muted)));
    let held = memo(move || call.with(|call| call.as_ref().is_some_and(|call| call.hold.here)));
    let speaks = memo(move || {
        let sent = call.with(|call| call.as_ref().is_some_and(|call| call.voice == phone::Voice::Sent));
        sent && !idle.is_some_and(|idle| idle.get())
    });
    view! {
        {move || {
            speaks
                .get()
                .then(|| {
                    erase(
                        view! {
                            <Tile
                                label=Signal::derive(move || if muted.get() { "Unmute" } else { "Mute" })
                                glyph=Signal::derive(move || if muted.get() { Glyph::MicrophoneOff } else { Glyph::Microphone })
                                title="Mute or unmute the microphone (Alt+M)"
                                keys="Alt+M"
                                on=muted
                                act=Callback::new(move |()| Command::Mute(key, !muted.get_untracked()))
                            />
                        },
                    )
                })
        }}
        <Tile
            label=Signal::derive(move || if held.get() { "Resume" } else { "Hold" })
            glyph=Signal::derive(move || if held.get() { Glyph::Play } else { Glyph::Pause })
            title="Hold or resume (Alt+O)"
            keys="Alt+O"
            on=held
            act=Callback::new(move |()| Command::Hold(key, !held.get_untracked()))
        />
    }
}

/// What can be done with a call beside the one that a person is busy with.
#[component]
pub(crate) fn Held(key: CallKey, call: Memo<Option<Call>>, name: Memo<String>) -> impl IntoView {
    let phone = use_phone();
    let holds = Standing::of(&phone).holds;
    let phase = memo(move || call.with(|call| call.as_ref().map_or(Phase::Ending, |call| call.phase)));
    let phone = StoredValue::new(phone);
    let send = move |command| phone.with_value(|phone| phone.send(command));
    view! {
        {move || {
            phase
                .get()
                .has_microphone()
                .then(|| {
                    view! {
                        <button
                            class="button button--call"
                            r#type="button"
                            title="Resume, and put the other call on hold (Alt+S)"
                            aria-keyshortcuts="Alt+S"
                            disabled=live(move || !holds.get())
                            on:click=move |_| {
                                send(Command::Hold(key, false));
                            }
                        >
                            <Icon glyph=Glyph::Play />
                            "Resume"
                        </button>
                    }
                })
        }}
        <Joins key />
        {erase(view! { <End key phase name /> })}
    }
}

/// What can be done with one of the conference. Keys go to this one alone: they are for a machine that asks for them, and the
/// others need neither hear them nor learn a secret number.
#[component]
pub(crate) fn Member(key: CallKey, call: Memo<Option<Call>>, phase: Memo<Phase>, name: Memo<String>) -> impl IntoView {
    let phone = use_phone();
    let (holds, panels) = (Standing::of(&phone).holds, Panels::of_page());
    let open = memo(move || panels.is_open(key, Panel::Keypad));
    view! {
        <button
            class="button"
            r#type="button"
            aria-label=live(move || format!("Split off {}", name.get()))
            title=live(move || format!("Split off {}: they are put on hold, and the others go on", name.get()))
            disabled=live(move || !holds.get() || phase.get() == Phase::Ending)
            on:click=move |_| {
                phone.send(Command::Split(key));
            }
        >
            <Icon glyph=Glyph::Split />
            "Split"
        </button>
        <button
            class=live(move || if open.get() { "button button--round button--on" } else { "button button--round" })
            r#type="button"
            aria-label=live(move || format!("Keypad for {}", name.get()))
            title=live(move || format!("Keypad for {}: the others do not hear it", name.get()))
            aria-expanded=live(move || if open.get() { "true" } else { "false" })
            disabled=live(move || !holds.get() || phase.get() == Phase::Ending)
            on:click=move |_| panels.toggle(key, Panel::Keypad)
        >
            <Icon glyph=Glyph::Keypad />
        </button>
        {erase(view! { <End key phase name /> })}
        {move || open.get().then(|| erase(view! { <Keypad key call /> }))}
    }
}

/// Joins a call with the one that a person is busy with, where both are answered.
#[component]
pub(crate) fn Joins(key: CallKey) -> impl IntoView {
    let phone = use_phone();
    let (line, holds) = (phone.line(), Standing::of(&phone).holds);
    let with = memo(move || line.calls().with(|calls| conference::joins(calls, key)));
    let phone = StoredValue::new(phone);
    move || {
        with.get().map(|with| {
            erase(view! {
                <button
                    class="button"
                    r#type="button"
                    title="Join with the other call in a conference (Alt+J)"
                    aria-keyshortcuts="Alt+J"
                    disabled=live(move || !holds.get())
                    on:click=move |_| {
                        phone.with_value(|phone| phone.send(Command::Join(with, key)));
                    }
                >
                    <Icon glyph=Glyph::People />
                    "Join"
                </button>
            })
        })
    }
}

/// Ends one of several calls.
#[component]
fn End(key: CallKey, phase: Memo<Phase>, name: Memo<String>) -> impl IntoView {
    let phone = use_phone();
    let holds = Standing::of(&phone).holds;
    view! {
        <button
            class="button button--round button--danger"
            r#type="button"
            aria-label=live(move || format!("End the call with {}", name.get()))
            title=live(move || format!("End the call with {}", name.get()))
            disabled=live(move || !holds.get() || phase.get() == Phase::Ending)
            on:click=move |_| {
                phone.send(Command::HangUp(key));
            }
        >
            <span class="button__hang-up">
                <Icon glyph=Glyph::Handset />
            </span>
        </button>
    }
}

/// A large key with a handset: lifted to answer, else laid down.
#[component]
pub(super) fn Large(
    #[prop(optional)] answers: bool,
    label: Signal<&'static str>,
    keys: &'static str,
    free: Memo<bool>,
    act: Callback<()>,
) -> impl IntoView {
    let (class, handset) = if answers {
        ("button button--answer button--large", "")
    } else {
        ("button button--danger button--large", "button__hang-up")
    };
    view! {
        <button
            class=class
            r#type="button"
            title=live(move || [label.get(), " (", keys, ")"].concat())
            aria-keyshortcuts=keys
            disabled=live(move || !free.get())
            on:click=move |_| act.run(())
        >
            <span class=handset>
                <Icon glyph=Glyph::Handset />
            </span>
            {live(move || label.get())}
        </button>
    }
}

/// A large key with a drawing over a word.
#[component]
pub(super) fn Tile(
    label: Signal<&'static str>,
    glyph: Signal<Glyph>,
    title: &'static str,
    keys: &'static str,
    /// Whether it is in force.
    on: Memo<bool>,
    act: Callback<(), Command>,
) -> impl IntoView {
    let phone = use_phone();
    let holds = Standing::of(&phone).holds;
    view! {
        <button
            class=live(move || if on.get() { "button button--tile button--on" } else { "button button--tile" })
            r#type="button"
            title=title
            aria-keyshortcuts=keys
            disabled=live(move || !holds.get())
            on:click=move |_| {
                phone.send(act.run(()));
            }
        >
            <Icon glyph />
            {live(move || label.get())}
        </button>
    }
}

/// A large key that opens and closes a panel of this call.
#[component]
fn Opens(key: CallKey, panel: Panel, name: &'static str, keys: &'static str, glyph: Glyph) -> impl IntoView {
    let holds = Standing::of(&use_phone()).holds;
    let panels = Panels::of_page();
    let open = memo(move || panels.is_open(key, panel));
    view! {
        <button
            class=live(move || if open.get() { "button button--tile button--on" } else { "button button--tile" })
            r#type="button"
            title=format!("{name} ({keys})")
            aria-keyshortcuts=keys
            aria-expanded=live(move || if open.get() { "true" } else { "false" })
            disabled=live(move || !holds.get())
            on:click=move |_| panels.toggle(key, panel)
        >
            <Icon glyph />
            {name}
        </button>
    }
}
