//! One call: who, where it stands, how long, and what can be done with it.

use super::avatar::Avatar;
use super::call_actions::{Held, Member, Ringing, Up};
use super::erase::{erase, live, memo};
use super::icon::{Glyph, Icon};
use super::panels::{Dragged, Panels};
use super::picture;
use super::quality::HowItSounds;
use super::recorded::RecordSign;
use super::sound::{DeviceSelect, Volume};
use super::standing::Standing;
use super::voice::VoiceNotice;
use crate::backend::Contact;
use crate::caller::{self, Caller};
use crate::conference;
use crate::phone::{self, Call, CallKey, Command, Direction, Hold, LineStateStoreFields, Party, Phase, use_phone};
use crate::sound::DeviceKind;
use crate::words;
use leptos::html;
use leptos::leptos_dom::helpers::IntervalHandle;
use leptos::prelude::*;
use leptos::web_sys::js_sys::Date;
use std::time::Duration;

/// How often the clock of a call is looked at: often enough that no second is skipped.
const TICK: Duration = Duration::from_millis(250);

/// The card of the call `key`. Whether it is joined does not change as long as the card is there.
#[component]
pub(crate) fn CallCard(
    key: CallKey,
    contacts: StoredValue<Vec<Contact>>,
    /// It is shown as one of the conference.
    #[prop(optional)]
    member: bool,
) -> impl IntoView {
    let phone = use_phone();
    let (line, panels, holds) = (phone.line(), Panels::of_page(), Standing::of(&phone).holds);
    let speaking = phone.speaking();
    // Read by key and not by place: the card of a call that has just gone may be asked once more.
    let call = memo(move || line.calls().with(|calls| calls.iter().find(|call| call.key == key).cloned()));
    let phase = memo(move || call.with(|call| call.as_ref().map_or(Phase::Ending, |call| call.phase)));
    let remote = memo(move || call.with(|call| call.as_ref().map_or_else(Party::default, |call| call.remote.clone())));
    let callers = phone.callers();
    let name = memo(move || {
        let name = |remote: &Party| {
            contacts.with_value(|contacts| callers.with(|callers| caller::name(remote, contacts, callers)))
        };
        remote.with(name)
    });
    let about = memo(move || {
        let known = |remote: &Party| {
            let about =
                |callers: &Vec<Caller>| caller::of(&remote.number, callers).map(|caller| caller.about.join("\n"));
            callers.with(about)
        };
        ringing_about(phase.get()).then(|| remote.with(known)).flatten().filter(|about| !about.is_empty())
    });
    let number =
        memo(move || remote.with(|remote| name.with(|name| *name != remote.number).then(|| remote.number.clone())));
    let hold = memo(move || call.with(|call| call.as_ref().map_or_else(Hold::default, |call| call.hold)));
    let ringing = memo(move || phase.get() == Phase::RingingHere);
    let active = memo(move || line.calls().with(|calls| phone::active(calls).map(|call| call.key)));
    let small = memo(move || member || (!ringing.get() && active.get() != Some(key)));
    // Only who has answered can be handed over; who has not can be sent on.
    let target = memo(move || {
        let fits = match panels.dragged.get() {
            Some(Dragged::Call(other)) => other != key && phase.get().has_microphone(),
            Some(Dragged::Contact(_)) => ringing.get() || phase.get().has_microphone(),
            None => false,
        };
        fits && holds.get()
    });
    let joining = memo(move || match panels.dragged.get().filter(|_| target.get()) {
        Some(Dragged::Call(other)) => {
            let joins = line.calls().with(|calls| !conference::together(calls, key).contains(&other));
            joins.then_some(other)
        }
        Some(Dragged::Contact(_)) | None => None,
    });
    let seen = memo(move || call.with(|call| call.as_ref().is_some_and(|call| call.picture.camera)));
    let speaks = memo(move || member && speaking.get() == Some(key));
    let over = RwSignal::new(false);
    let dropped = move || {
        over.set(false);
        match panels.dragged.get_untracked().filter(|_| target.get_untracked()) {
            Some(Dragged::Contact(number)) if ringing.get_untracked() => phone.send(Command::Divert(key, number)),
            Some(Dragged::Contact(number)) => phone.send(Command::Transfer(key, number)),
            Some(Dragged::Call(other)) => phone.send(Command::TransferTo(key, other)),
            None => false,
        };
    };
    on_cleanup(move || panels.close(key));
    let incoming = call.with_untracked(|call| call.as_ref().is_some_and(|call| call.direction == Direction::Incoming));
    // A number of which no sign needs another writing in an address.
    let number_of = |call: &Call| Some(call.remote.number.clone()).filter(|number| !number.is_empty());
    let write = call.with_untracked(|call| call.as_ref().and_then(number_of));
    let plain = |number: &String| !member && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let write = write.filter(plain).map(|number| ["/messages/", &number].concat());
    let card = NodeRef::<html::Div>::new();
    focus_when(card, ringing);
    let name_id = format!("call-{key}-name");
    let phase_id = format!("call-{key}-phase");
    view! {
        <div
            class=live(move || {
                match (ringing.get(), small.get(), over.get() && target.get()) {
                    (true, _, true) => "call call--ringing call--target",
                    (.., true) if member => "call call--small call--member call--target",
                    (.., false) if member && speaks.get() => "call call--small call--member call--speaks",
                    (.., false) if member => "call call--small call--member",
                    (true, ..) if active.get().is_some() => "call call--ringing call--beside",
                    (true, ..) => "call call--ringing",
                    (false, true, false) => "call call--small",
                    (false, true, true) => "call call--small call--target",
                    (false, false, false) => "call",
                    (false, false, true) => "call call--target",
                }
            })
            draggable=live(move || {
                if small.get() && phase.get().has_microphone() && holds.get() { "true" } else { "false" }
            })
            on:dragstart=move |_| panels.dragged.set(Some(Dragged::Call(key)))
            on:dragend=move |_| panels.dragged.set(None)
            on:dragover=move |event| {
                if target.get_untracked() {
                    event.prevent_default();
                    over.set(true);
                }
            }
            on:dragleave=move |_| over.set(false)
            on:drop=move |event| {
                event.prevent_default();
                dropped();
            }
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
                <span id=phase_id.clone()>{live(move || words::standing(phase.get(), hold.get()))}</span>
                <Clock call />
                <span class="call__kind">{picture::kind(call)}</span>
            </p>
            {(!member).then(|| erase(view! { <RecordSign call /> }))}
            <picture::Stage key call />
            {move || about.get().map(|about| view! { <p class="call__about"><bdi>{about}</bdi></p> })}
            <Told call />
            {erase(view! { <HowItSounds key /> })}
            {(!member).then(|| erase(view! { <VoiceNotice key call /> }))}
            <picture::Notice call />
            {write.map(|href| {
                erase(view! {
                    <a class="button button--quiet call__write" href=href>
                        <Icon glyph=Glyph::Message />
                        "Write"
                    </a>
                })
            })}
            {move || {
                (phase.get().has_microphone() && !small.get()).then(|| erase(view! { <DevicesHere seen /> }))
            }}
            <div class="call__actions" aria-live="off">
                {move || {
                    if ringing.get() {
                        erase(view! { <Ringing key call active contacts /> })
                    } else if member {
                        erase(view! { <Member key call phase name /> })
                    } else if small.get() {
                        erase(view! { <Held key call name /> })
                    } else {
                        erase(view! { <Up key call phase contacts /> })
                    }
                }}
            </div>
            {move || joining.get().map(|other| erase(view! { <Merge key other /> }))}
        </div>
    }
}

/// Whether it is to be read who calls: before it is answered, and while that is done.
const fn ringing_about(phase: Phase) -> bool {
    matches!(phase, Phase::RingingHere | Phase::Answering)
}

/// Where another call is dropped to be joined with this one.
#[component]
fn Merge(key: CallKey, other: CallKey) -> impl IntoView {
    let (phone, panels) = (use_phone(), Panels::of_page());
    view! {
        <p
            class="call__merge"
            on:drop=move |event| {
                event.prevent_default();
                event.stop_propagation();
                // The card that was dragged is made anew, and never hears the end of it.
                panels.dragged.set(None);
                phone.send(Command::Join(key, other));
            }
        >
            <Icon glyph=Glyph::People />
            "Drop here to join them, above to hand over"
        </p>
    }
}

/// The devices that a call uses, and how loud it is. `seen`: our camera is on.
#[component]
pub(super) fn DevicesHere(seen: Memo<bool>) -> impl IntoView {
    view! {
        <details class="call__devices">
            <summary>"Devices and volume"</summary>
            <DeviceSelect kind=DeviceKind::Microphone />
            <DeviceSelect kind=DeviceKind::Speaker />
            {move || seen.get().then(|| erase(view! { <DeviceSelect kind=DeviceKind::Camera /> }))}
            <Volume call=true />
        </details>
    }
}

/// What else is to be said of a call: how far handing it over is, and which keys they pressed.
#[component]
fn Told(call: Memo<Option<Call>>) -> impl IntoView {
    let handover = memo(move || call.with(|call| call.as_ref().and_then(|call| call.handover)));
    let digits = memo(move || {
        call.with(|call| call.as_ref().map(|call| call.digits.clone()).filter(|digits| !digits.is_empty()))
    });
    let unattended = memo(move || {
        call.with(|call| {
            let call = call.as_ref().filter(|call| call.unattended)?;
            Some(if call.phase == Phase::RingingHere {
                "Answers by itself in a moment, as you agreed in the settings: they will hear you."
            } else {
                "This call was answered by itself, as you agreed in the settings: they hear you."
            })
        })
    });
    view! {
        {move || unattended.get().map(|words| view! { <p class="call__told call__told--unattended">{words}</p> })}
        {move || handover.get().map(|handover| view! { <p class="call__told">{words::handover(handover)}</p> })}
        {move || {
            digits
                .get()
                .map(|digits| {
                    view! {
                        <p class="call__told">
                            "They pressed " <span class="call__digits">{digits}</span>
                        </p>
                    }
                })
        }}
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
