//! The keys of the telephone in a call, for machines that listen to them.

use super::dial_pad::KEYS;
use super::erase::{live, memo};
use super::panels::Panels;
use super::standing::Standing;
use crate::phone::{Call, CallKey, Command, use_phone};
use leptos::prelude::*;
use leptos::{ev, html};

/// How many of the keys that were pressed are shown.
const SHOWN: usize = 24;

/// Keys to press, or to type while no field has the focus; Escape closes it.
#[component]
pub(crate) fn Keypad(key: CallKey, call: Memo<Option<Call>>) -> impl IntoView {
    let phone = use_phone();
    let (holds, panels) = (Standing::of(&phone).holds, Panels::of_page());
    let heard = memo(move || {
        call.with(|call| call.as_ref().is_some_and(|call| !call.hold.here && !call.hold.there)) && holds.get()
    });
    let pressed = RwSignal::new(String::new());
    let phone = StoredValue::new(phone);
    let press = move |sign: char| {
        if !heard.get_untracked() {
            return;
        }
        phone.with_value(|phone| phone.send(Command::Digit(key, sign)));
        pressed.update(|pressed| {
            if pressed.len() >= SHOWN {
                pressed.remove(0);
            }
            pressed.push(sign);
        });
    };
    let pad = NodeRef::<html::Div>::new();
    Effect::new(move |_| {
        if let Some(pad) = pad.get() {
            let _ = pad.focus();
        }
        let listener = window_event_listener(ev::keydown, move |event| {
            let plain = !event.alt_key() && !event.ctrl_key() && !event.meta_key() && !event.repeat();
            let typing = document()
                .active_element()
                .is_some_and(|active| matches!(active.tag_name().as_str(), "INPUT" | "TEXTAREA"));
            if !plain || typing {
                return;
            }
            match event.key().as_bytes() {
                [sign @ (b'0'..=b'9' | b'*' | b'#')] => press(char::from(*sign)),
                b"Escape" => panels.close(key),
                _ => {}
            }
        });
        on_cleanup(move || listener.remove());
    });
    let keys = KEYS.map(|(digit, letters)| {
        let sign = digit.chars().next().unwrap_or('0');
        view! {
            <button class="key" r#type="button" disabled=live(move || !heard.get()) on:click=move |_| press(sign)>
                <span class="key__digit">{digit}</span>
                <span class="key__letters" aria-hidden="true">
                    {letters}
                </span>
            </button>
        }
    });
    view! {
        <div class="keypad" role="group" aria-label="Keypad" tabindex="-1" node_ref=pad>
            <p class="keypad__pressed" aria-live="polite">
                {live(move || {
                    let pressed = pressed.get();
                    match (pressed.is_empty(), heard.get()) {
                        (true, true) => "Press keys, or type them".to_owned(),
                        (_, false) => "They do not hear keys while the call is on hold".to_owned(),
                        (false, true) => pressed,
                    }
                })}
            </p>
            <div class="keypad__keys">{keys}</div>
        </div>
    }
}
