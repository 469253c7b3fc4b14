//! One call: who, where it stands, how long, and what can be done with it.

use super::avatar::Avatar;
use super::erase::{erase, live, memo};
use super::icon::{Glyph, Icon};
use super::picture;
use super::standing::Standing;
use crate::backend::Contact;
use crate::directory;
use crate::phone::{Call, CallKey, Command, Direction, LineStateStoreFields, Party, Phase, Sends, use_phone};
use crate::words;
use leptos::html;
use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::*;
use leptos::web_sys::js_sys::Date;
use std::time::Duration;

/// How often the clock of a call is looked at: often enough that no second is skipped.
const TICK: Duration = Duration::from_millis(250);

/// The card of the call `key`.
#[component]
pub(crate) fn CallCard(key: CallKey, contacts: StoredValue<Vec<Contact>>) -> impl IntoView {
    let line = use_phone().line();
    // Read by key and not by place: the card of a call that has just gone may be asked once more.
    let call = memo(move || line.calls().with(|calls| calls.iter().find(|call| call.key == key).cloned()));
    let phase = memo(move || call.with(|call| call.as_ref().map_or(Phase::Ending, |call| call.phase)));
    let remote = memo(move || call.with(|call| call.as_ref().map_or_else(Party::default, |call| call.remote.clone())));
    let name = memo(move || contacts.with_value(|contacts| remote.with(|remote| directory::name(remote, contacts))));
    let number =
        memo(move || remote.with(|remote| name.with(|name| *name != remote.number).then(|| remote.number.clone())));
    let ringing = memo(move || phase.get() == Phase::RingingHere);
    let incoming = call.with_untracked(|call| call.as_ref().is_some_and(|call| call.direction == Direction::Incoming));
    let card = NodeRef::<html::Div>::new();
    focus_when(card, ringing);
    let name_id = format!("call-{key}-name");
    let phase_id = format!("call-{key}-phase");
    view! {
        <div
            class=live(move || if ringing.get() { "call call--ringing" } else { "call" })
            role=live(move || if ringing.get() { "alertdialog" } else { "group" })
            aria-labelledby=name_id
            aria-describedby=phase_id
            tabindex="-1"
            node_ref=card
        >
            <Avatar name />
            <h2 class="call__name" id=name_id.clone()>
                <bdi>{live(move || name.get())}</bdi>
            </h2>
            {move || number.get().map(|number| view! { <p class="call__number"><bdi>{number}</bdi></p> })}
            <p class="call__state">
                <Icon glyph=if incoming { Glyph::ArrowIn } else { Glyph::ArrowOut } />
                <span id=phase_id.clone()>{live(move || words::phase(phase.get()))}</span>
                <Clock call />
                <span class="call__kind">{picture::kind(call)}</span>
            </p>
            <picture::Stage key call />
            <div class="call__actions" aria-live="off">
                {move || {
                    if ringing.get() {
                        erase(view! { <Ringing key call /> })
                    } else {
                        erase(view! { <Up key call phase /> })
                    }
                }}
            </div>
            <picture::Switches key call />
        </div>
    }
}

/// What can be done with a call that rings here.
#[component]
fn Ringing(key: CallKey, call: Memo<Option<Call>>) -> impl IntoView {
    let phone = use_phone();
    let holds = Standing::of(&phone).holds;
    let answering = phone.clone();
    let offered = picture::of(call);
    let offered = memo(move || offered.with(|picture| picture.offered));
    view! {
        <button
            class="button button--danger button--large"
            r#type="button"
            title="Decline (Alt+D)"
            aria-keyshortcuts="Alt+D"
            disabled=live(move || !holds.get())
            on:click=move |_| {
                phone.send(Command::Decline(key));
            }
        >
            <span class="button__hang-up">
                <Icon glyph=Glyph::Handset />
            </span>
            "Decline"
        </button>
        <button
            class="button button--answer button--large"
            r#type="button"
            title="Answer (Alt+A)"
            aria-keyshortcuts="Alt+A"
            disabled=live(move || !holds.get())
            on:click=move |_| {
                answering.send(Command::Answer(key, Sends::Voice));
            }
        >
            <Icon glyph=Glyph::Handset />
            "Answer"
        </button>
        {move || offered.get().then(|| erase(view! { <WithVideo key /> }))}
    }
}

/// Answers a call that shows a picture with one.
#[component]
fn WithVideo(key: CallKey) -> impl IntoView {
    let phone = use_phone();
    let holds = Standing::of(&phone).holds;
    view! {
        <button
            class="button button--answer button--large"
            r#type="button"
            aria-label="Answer with video"
            title="Answer with video (Alt+V)"
            aria-keyshortcuts="Alt+V"
            disabled=live(move || !holds.get())
            on:click=move |_| {
                phone.send(Command::Answer(key, Sends::Camera));
            }
        >
            <Icon glyph=Glyph::Camera />
            "Video"
        </button>
    }
}

/// What can be done with any other call.
#[component]
fn Up(key: CallKey, call: Memo<Option<Call>>, phase: Memo<Phase>) -> impl IntoView {
    let phone = use_phone();
    let holds = Standing::of(&phone).holds;
    let muted = memo(move || call.with(|call| call.as_ref().is_some_and(|call| call.muted)));
    let calling = move || matches!(phase.get(), Phase::Preparing | Phase::Calling | Phase::RingingThere);
    let hanging_up = phone.clone();
    view! {
        {move || {
            let phone = phone.clone();
            phase
                .get()
                .has_microphone()
                .then(|| {
                    let glyph = Signal::derive(move || if muted.get() { Glyph::MicrophoneOff } else { Glyph::Microphone });
                    view! {
                        <button
                            class="button button--toggle button--large"
                            r#type="button"
                            title="Mute or unmute the microphone (Alt+M)"
                            aria-keyshortcuts="Alt+M"
                            disabled=live(move || !holds.get())
                            on:click=move |_| {
                                phone.send(Command::Mute(key, !muted.get_untracked()));
                            }
                        >
                            <Icon glyph />
                            {live(move || if muted.get() { "Unmute" } else { "Mute" })}
                        </button>
                    }
                })
        }}
        <button
            class="button button--danger button--large"
            r#type="button"
            title=live(move || if calling() { "Cancel (Alt+H)" } else { "Hang up (Alt+H)" })
            aria-keyshortcuts="Alt+H"
            disabled=live(move || !holds.get() || phase.get() == Phase::Ending)
            on:click=move |_| {
                hanging_up.send(Command::HangUp(key));
            }
        >
            <span class="button__hang-up">
                <Icon glyph=Glyph::Handset />
            </span>
            {live(move || if calling() { "Cancel" } else { "Hang up" })}
        </button>
    }
}

/// How long a call has been answered, by this machine's clock. The server writes none: it would stand still.
#[component]
fn Clock(call: Memo<Option<Call>>) -> impl IntoView {
    let answered_at = memo(move || call.with(|call| call.as_ref().and_then(|call| call.answered_at)));
    let shown = RwSignal::new(String::new());
    Effect::new(move |_| {
        let Some(answered_at) = answered_at.get() else {
            shown.set(String::new());
            return;
        };
        let tick = move || {
            let text = words::duration(milliseconds_since(answered_at) / 1000);
            if shown.with_untracked(|shown| *shown != text) {
                shown.set(text);
            }
        };
        tick();
        if let Ok(interval) = set_interval_with_handle(tick, TICK) {
            on_cleanup(move || IntervalHandle::clear(&interval));
        }
    });
    view! {
        <span class="call__clock" role="timer" aria-live="off">
            {live(move || shown.get())}
        </span>
    }
}

/// By the clock of the machine; the holder's may go before this one, which is no negative time.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the time of day fits, and a float to integer cast saturates"
)]
fn milliseconds_since(then: u64) -> u64 {
    (Date::now() as u64).saturating_sub(then)
}

/// Moves the focus to a call that begins to ring, for who hears the page or works by keys: but never away from
/// a field that somebody is typing into, and never onto a button that the next key would press.
fn focus_when(card: NodeRef<html::Div>, ringing: Memo<bool>) {
    Effect::new(move |_| {
        let Some(card) = card.get() else { return };
        let typing = document()
            .active_element()
            .is_some_and(|active| matches!(active.tag_name().as_str(), "INPUT" | "TEXTAREA"));
        if ringing.get() && !typing {
            let _ = card.focus();
        }
    });
}
