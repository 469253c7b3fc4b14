//! The dial pad: type, paste or press a number or a name, and call it.

use super::erase::{live, memo};
use super::icon::{Glyph, Icon};
use super::panels::Panels;
use super::standing::Standing;
use crate::backend::Contact;
use crate::dial::{self, Target};
use crate::directory;
use crate::phone::{Command, LineStateStoreFields, Sends, use_phone};
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::{ev, html};
use std::time::Duration;

/// The keys with the letters that phones have below them.
pub(crate) const KEYS: [(&str, &str); 12] = [
    ("1", ""),
    ("2", "ABC"),
    ("3", "DEF"),
    ("4", "GHI"),
    ("5", "JKL"),
    ("6", "MNO"),
    ("7", "PQRS"),
    ("8", "TUV"),
    ("9", "WXYZ"),
    ("*", ""),
    ("0", "+"),
    ("#", ""),
];

/// Held down it calls the voicemail, as on most telephones.
const VOICEMAIL_KEY: &str = "1";
/// How long that is.
const LONG: Duration = Duration::from_millis(700);

/// The field, the keys and the call button.
///
/// The field is not controlled: what was typed before the page hydrated stays.
#[component]
pub(crate) fn DialPad(
    contacts: StoredValue<Vec<Contact>>,
    /// What stands in the field first.
    dial: String,
) -> impl IntoView {
    let phone = use_phone();
    let obstacle = Standing::of(&phone).obstacle;
    let line = phone.line();
    let redial = memo(move || line.dialled().get());
    let input = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(Typed { text: dial.clone(), tried: false });
    let write = move |text: String| {
        if let Some(input) = input.get_untracked() {
            input.set_value(&text);
        }
        typed.set(Typed { text, tried: false });
    };
    let text = move || input.get_untracked().map(|input| input.value()).unwrap_or_default();
    let press = move |key: &str| write(text() + key);
    let take_back = move |_| {
        let mut text = text();
        text.pop();
        write(text);
    };
    let (caller, voicemail) = (phone.clone(), phone.voicemail());
    let call = move |sends: Sends| {
        if obstacle.get_untracked().is_some() {
            return;
        }
        match contacts.with_value(|contacts| dial::target(&text(), contacts)) {
            Target::Dial(target) => {
                phone.send(Command::Dial(target, sends));
                write(String::new());
            }
            // As phones do: what was dialled last is there again, and is called by the next press.
            Target::Empty if !redial.with_untracked(String::is_empty) => write(redial.get_untracked()),
            Target::Ambiguous | Target::Empty => {
                typed.set(Typed { text: text(), tried: true });
                if let Some(input) = input.get_untracked() {
                    let _ = input.focus();
                }
            }
        }
    };
    let call = StoredValue::new(call);
    let call = move |sends| call.with_value(|call| call(sends));
    type_anywhere(input, Panels::of_page());
    call_by_key(call);
    let hint = memo(move || match obstacle.get() {
        Some(obstacle) => obstacle.words().map(str::to_owned),
        None => typed.with(|typed| contacts.with_value(|contacts| typed.hint(contacts))),
    });
    let has_voicemail = memo(move || voicemail.with(|number| !number.is_empty()));
    let hold = Held::new(move || {
        let ready = has_voicemail.get_untracked() && obstacle.get_untracked().is_none();
        ready && caller.send(Command::Dial(voicemail.get_untracked(), Sends::Voice))
    });
    let keys = KEYS.map(|(key, letters)| {
        let mails = memo(move || key == VOICEMAIL_KEY && has_voicemail.get());
        view! {
            <button
                class="key"
                r#type="button"
                title=live(move || mails.get().then_some("Hold for voicemail (Alt+B)"))
                on:pointerdown=move |_| {
                    if mails.get_untracked() {
                        hold.begin();
                    }
                }
                on:pointerup=move |_| hold.end()
                on:pointerleave=move |_| hold.end()
                on:click=move |_| {
                    if !hold.take() {
                        press(key);
                    }
                }
            >
                <span class="key__digit">{key}</span>
                <span class="key__letters" aria-hidden="true">
                    {live(move || if mails.get() { "MAIL" } else { letters })}
                </span>
            </button>
        }
    });
    view! {
        <section class="panel dial-pad" aria-label="Dial pad">
            <form
                class="dial-pad__form"
                on:submit=move |event| {
                    event.prevent_default();
                    call(Sends::Voice);
                }
            >
                <div class="dial-pad__number">
                    <label class="visually-hidden" for="number">
                        "Number or name to call"
                    </label>
                    <input
                        class="dial-pad__input"
                        id="number"
                        r#type="text"
                        placeholder="Number or name"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        enterkeyhint="go"
                        maxlength="256"
                        value=dial
                        aria-describedby="dial-hint"
                        node_ref=input
                        on:input=move |_| typed.set(Typed { text: text(), tried: false })
                    />
                    <button
                        class="button button--quiet button--round dial-pad__back"
                        r#type="button"
                        aria-label="Delete the last digit"
                        title="Delete the last digit"
                        on:click=take_back
                    >
                        <Icon glyph=Glyph::Backspace />
                    </button>
                </div>
                <p class="dial-pad__hint" id="dial-hint" aria-live="polite">
                    {live(move || hint.get())}
                </p>
                <div class="dial-pad__keys" role="group" aria-label="Digits">
                    {keys}
                </div>
                <div class="dial-pad__calls">
                    <button
                        class="button button--answer button--large dial-pad__call"
                        r#type="submit"
                        disabled=live(move || obstacle.get().is_some())
                    >
                        <Icon glyph=Glyph::Handset />
                        "Call"
                    </button>
                    <button
                        class="button button--large button--round button--call"
                        r#type="button"
                        aria-label="Video call"
                        title="Call with the camera on (Alt+V)"
                        aria-keyshortcuts="Alt+V"
                        disabled=live(move || obstacle.get().is_some())
                        on:click=move |_| call(Sends::Camera)
                    >
                        <Icon glyph=Glyph::Camera />
                    </button>
                    <button
                        class="button button--large button--round button--call"
                        r#type="button"
                        aria-label="Share screen in a call"
                        title="Call and share a screen (Alt+C)"
                        aria-keyshortcuts="Alt+C"
                        disabled=live(move || obstacle.get().is_some())
                        on:click=move |_| call(Sends::Screen)
                    >
                        <Icon glyph=Glyph::Screen />
                    </button>
                </div>
            </form>
        </section>
    }
}

/// A key that is held down for longer than one presses it.
#[derive(Clone, Copy)]
struct Held {
    timer: StoredValue<Option<TimeoutHandle>>,
    /// It was held for so long: its click is none.
    done: StoredValue<bool>,
    /// What it does then; whether it did.
    act: StoredValue<Box<dyn Fn() -> bool + Send + Sync>>,
}

impl Held {
    fn new(act: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { timer: StoredValue::new(None), done: StoredValue::new(false), act: StoredValue::new(Box::new(act)) }
    }

    fn begin(self) {
        self.end();
        self.done.set_value(false);
        let timer = set_timeout_with_handle(move || self.done.set_value(self.act.with_value(|act| act())), LONG);
        self.timer.set_value(timer.ok());
    }

    fn end(self) {
        self.timer.update_value(|timer| {
            if let Some(timer) = timer.take() {
                timer.clear();
            }
        });
    }

    /// Whether it was held before this click.
    fn take(self) -> bool {
        let done = self.done.get_value();
        self.done.set_value(false);
        done
    }
}

/// What stands in the field, as far as the hint below it goes.
#[derive(Clone, Default)]
struct Typed {
    text: String,
    /// A call was tried with it.
    tried: bool,
}

impl Typed {
    /// Whom a call would reach, or why it was not made.
    fn hint(&self, contacts: &[Contact]) -> Option<String> {
        match dial::target(&self.text, contacts) {
            Target::Dial(target) => {
                let contact = contacts.iter().find(|contact| contact.extension == target)?;
                Some(format!("{}, {}", directory::contact_name(contact), contact.extension))
            }
            Target::Ambiguous => self.tried.then(|| "Several contacts have such a name. Type more of it.".to_owned()),
            Target::Empty => self.tried.then(|| "Type or press whom to call.".to_owned()),
        }
    }
}

/// Alt and V calls what stands in the field with the camera on, Alt and C with a screen. As long as there is a call the same
/// keys mean its camera and its screen: see `shortcuts`.
fn call_by_key(call: impl Fn(Sends) + Copy + 'static) {
    let line = use_phone().line();
    Effect::new(move |_| {
        let listener = window_event_listener(ev::keydown, move |event| {
            let ours =
                event.alt_key() && !event.ctrl_key() && !event.meta_key() && !event.shift_key() && !event.repeat();
            let sends = match event.code().as_str() {
                "KeyV" => Sends::Camera,
                "KeyC" => Sends::Screen,
                _ => return,
            };
            if ours && line.calls().with_untracked(Vec::is_empty) {
                event.prevent_default();
                call(sends);
            }
        });
        on_cleanup(move || listener.remove());
    });
}

/// A digit typed where no field has the focus goes into the number, if no keypad of a call is open.
fn type_anywhere(input: NodeRef<html::Input>, panels: Panels) {
    Effect::new(move |_| {
        let listener = window_event_listener(ev::keydown, move |event| {
            let plain = !event.alt_key() && !event.ctrl_key() && !event.meta_key();
            let elsewhere = document().active_element().is_none_or(|active| active.tag_name() != "INPUT");
            let digit = matches!(event.key().as_bytes(), [b'0'..=b'9' | b'*' | b'#' | b'+']);
            if let Some(input) = input.get_untracked().filter(|_| plain && elsewhere && digit && !panels.has_keypad()) {
                // The key itself then types into the field that has just got the focus.
                let _ = input.focus();
            }
        });
        on_cleanup(move || listener.remove());
    });
}
