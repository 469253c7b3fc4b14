//! What a person sets of the sound of this page, and how they try it: devices, volumes, how it rings.

use super::erase::{erase, live, memo};
use super::icon::{Glyph, Icon};
use crate::offers::{Offers, Setting};
use crate::phone::{Command, Seat, use_phone};
use crate::sound::{DeviceKind, MIRROR, MediaSettings, Notify, Ringtone};
use crate::words;
use leptos::prelude::*;

/// What is ticked: its words, and where it stands.
struct Switch {
    setting: Setting,
    label: &'static str,
    hint: &'static str,
    value: fn(&mut MediaSettings) -> &mut bool,
}

const SWITCHES: [Switch; 4] = [
    Switch {
        setting: Setting::EchoCancellation,
        label: "Echo cancellation",
        hint: "Keeps what your loudspeaker plays out of your microphone.",
        value: |settings| &mut settings.echo_cancellation,
    },
    Switch {
        setting: Setting::NoiseSuppression,
        label: "Noise suppression",
        hint: "Takes fans and hum out of your voice. Off is better for music.",
        value: |settings| &mut settings.noise_suppression,
    },
    Switch {
        setting: Setting::AutoGain,
        label: "Automatic gain",
        hint: "Makes your voice equally loud, near and far.",
        value: |settings| &mut settings.auto_gain,
    },
    Switch {
        setting: Setting::KeepOpen,
        label: "Keep the microphone open between calls",
        hint: "Calls begin faster. The browser shows the microphone as in use all the time.",
        value: |settings| &mut settings.keep_open,
    },
];

/// The section of the page that can be opened.
#[component]
pub(crate) fn SoundPanel() -> impl IntoView {
    let phone = use_phone();
    let sound = phone.sound();
    let ringtone = memo(move || sound.with(|sound| sound.settings.ringtone));
    let (choosing, ringing, toning) = (phone.clone(), phone.clone(), phone.clone());
    let unsaved = memo(move || sound.with(|sound| sound.unsaved));
    let tones = Ringtone::ALL.map(|tone| {
        view! {
            <option value=tone.name() selected=live(move || ringtone.get() == tone)>
                {tone.name()}
            </option>
        }
    });
    let elsewhere = memo(move || sound.with(|sound| sound.rings_elsewhere));
    let offers = Offers::of_page();
    view! {
        <details class="panel sound">
            <summary class="sound__title">
                <Icon glyph=Glyph::Microphone />
                "Sound and devices"
            </summary>
            <div class="sound__body">
                <DeviceSelect kind=DeviceKind::Microphone />
                <DeviceSelect kind=DeviceKind::Speaker />
                {move || elsewhere.get().then(|| erase(view! { <DeviceSelect kind=DeviceKind::Ringer /> }))}
                <DeviceSelect kind=DeviceKind::Camera />
                <Volume call=true />
                <Volume call=false />
                <label class="field" hidden=!offers.shows(Setting::Ringtone)>
                    <span class="field__label">"Ringtone"</span>
                    <select
                        class="field__input"
                        disabled=!offers.offers(Setting::Ringtone)
                        on:change=move |event| {
                            let ringtone = Ringtone::named(&event_target_value(&event));
                            let settings = sound.with_untracked(|sound| sound.settings.clone());
                            choosing.send(Command::Sound(MediaSettings { ringtone, ..settings }));
                        }
                    >
                        {tones}
                    </select>
                </label>
                <div class="sound__buttons">
                    <button
                        class="button"
                        r#type="button"
                        on:click=move |_| {
                            ringing.send(Command::Try(DeviceKind::Ringer));
                        }
                    >
                        "Play the ringtone"
                    </button>
                    <button
                        class="button"
                        r#type="button"
                        on:click=move |_| {
                            toning.send(Command::Try(DeviceKind::Speaker));
                        }
                    >
                        "Play a test tone"
                    </button>
                </div>
                {SWITCHES.map(|switch| erase(view! { <Tick switch /> }))}
                <Trial />
                <Mirror />
                <Notifications />
                <p class="settings__problem" aria-live="polite">
                    {live(move || {
                        if unsaved.get() {
                            "This holds in this page, but the server did not save it. Change something to try again."
                        } else {
                            ""
                        }
                    })}
                </p>
            </div>
        </details>
    }
}

/// One device out of those that there are.
#[component]
pub(crate) fn DeviceSelect(kind: DeviceKind) -> impl IntoView {
    let phone = use_phone();
    let sound = phone.sound();
    let options = memo(move || sound.with(|sound| sound.options(kind)));
    let label = match kind {
        DeviceKind::Microphone => "Microphone",
        DeviceKind::Speaker => "Speaker",
        DeviceKind::Ringer => "Ring on",
        DeviceKind::Camera => "Camera",
    };
    let offers = Offers::of_page();
    view! {
        <label class="field" hidden=!offers.shows(kind.into())>
            <span class="field__label">{label}</span>
            <select
                class="field__input"
                disabled=!offers.offers(kind.into())
                on:change=move |event| {
                    phone.send(Command::Choose(kind, event_target_value(&event)));
                }
            >
                {move || {
                    options
                        .get()
                        .into_iter()
                        .map(|(id, label, chosen)| {
                            view! {
                                <option value=id selected=chosen>
                                    {label}
                                </option>
                            }
                        })
                        .collect::<Vec<_>>()
                }}
            </select>
        </label>
    }
}

/// How loud calls are, or how loud it rings.
#[component]
pub(crate) fn Volume(call: bool) -> impl IntoView {
    let phone = use_phone();
    let sound = phone.sound();
    let volume =
        memo(move || sound.with(|sound| if call { sound.settings.call_volume } else { sound.settings.ring_volume }));
    let (offers, setting) = (Offers::of_page(), if call { Setting::CallVolume } else { Setting::RingVolume });
    view! {
        <label class="field" hidden=!offers.shows(setting)>
            <span class="field__label">{if call { "Call volume" } else { "Ring volume" }}</span>
            <input
                class="sound__range"
                r#type="range"
                min="0"
                max="100"
                step="5"
                disabled=!offers.offers(setting)
                prop:value=live(move || f64::from(volume.get()))
                on:change=move |event| {
                    let mut settings = sound.with_untracked(|sound| sound.settings.clone());
                    let typed = event_target_value(&event).parse().unwrap_or(100);
                    *(if call { &mut settings.call_volume } else { &mut settings.ring_volume }) = typed;
                    phone.send(Command::Sound(settings));
                }
            />
        </label>
    }
}

#[component]
fn Tick(switch: Switch) -> impl IntoView {
    let phone = use_phone();
    let sound = phone.sound();
    let (Switch { setting, label, hint, value }, offers) = (switch, Offers::of_page());
    let on = memo(move || sound.with(|sound| *value(&mut sound.settings.clone())));
    view! {
        <label class="sound__switch" hidden=!offers.shows(setting)>
            <input
                class="settings__box"
                r#type="checkbox"
                disabled=!offers.offers(setting)
                prop:checked=live(move || on.get())
                on:change=move |event| {
                    let mut settings = sound.with_untracked(|sound| sound.settings.clone());
                    *value(&mut settings) = event_target_checked(&event);
                    phone.send(Command::Sound(settings));
                }
            />
            <span>
                {label} <span class="settings__hint">{hint}</span>
            </span>
        </label>
    }
}

/// Whether calls are shown while the page is not looked at. The browser is asked at a click, and never unasked.
#[component]
fn Notifications() -> impl IntoView {
    let sound = use_phone().sound();
    let notify = memo(move || sound.with(|sound| sound.notify));
    let words = move || match notify.get() {
        Notify::Unable => "This browser cannot show calls while you work in another tab.",
        Notify::NotAsked => "Calls can be shown, with Answer and Decline, while you work in another tab or program.",
        Notify::Allowed => "Calls are shown, with Answer and Decline, while you work in another tab or program.",
        Notify::Refused => {
            "Calls are not shown while you work in another tab, as the browser may not. Allow notifications beside the page's address."
        }
    };
    view! {
        <div class="sound__trial">
            {move || {
                let phone = use_phone();
                (notify.get() == Notify::NotAsked)
                    .then(|| {
                        erase(
                            view! {
                                <button
                                    class="button"
                                    r#type="button"
                                    on:click=move |_| {
                                        phone.send(Command::Notify);
                                    }
                                >
                                    "Show me calls"
                                </button>
                            },
                        )
                    })
            }}
            <p class="settings__hint">{live(words)}</p>
        </div>
    }
}

/// Hearing oneself, and seeing how loud one is.
#[component]
fn Trial() -> impl IntoView {
    let phone = use_phone();
    let (sound, levels) = (phone.sound(), phone.levels());
    let trial = memo(move || sound.with(|sound| sound.trial));
    let ours = memo(move || levels.get().0);
    let theirs = memo(move || levels.get().1);
    view! {
        <div class="sound__trial">
            <button
                class="button"
                r#type="button"
                aria-pressed=live(move || if trial.get() { "true" } else { "false" })
                on:click=move |_| {
                    phone.send(Command::Trial(!trial.get_untracked()));
                }
            >
                {live(move || if trial.get() { "Stop the test" } else { "Test the microphone" })}
            </button>
            {move || {
                trial
                    .get()
                    .then(|| {
                        erase(
                            view! {
                                <p class="settings__hint">
                                    "Speak: you hear yourself two seconds later. Nobody else does."
                                </p>
                                <Meter label="You" level=ours />
                                <Meter label="The other end" level=theirs />
                            },
                        )
                    })
            }}
        </div>
    }
}

/// Seeing oneself, as the others will.
#[component]
fn Mirror() -> impl IntoView {
    let phone = use_phone();
    let sound = phone.sound();
    let on = memo(move || sound.with(|sound| sound.mirror));
    let unseen = memo(move || sound.with(|sound| sound.unseen));
    view! {
        <div class="sound__trial">
            <button
                class="button"
                r#type="button"
                aria-pressed=live(move || if on.get() { "true" } else { "false" })
                on:click=move |_| {
                    phone.send(Command::Mirror(!on.get_untracked()));
                }
            >
                {live(move || if on.get() { "Stop the camera" } else { "Test the camera" })}
            </button>
            {move || {
                on.get()
                    .then(|| {
                        erase(
                            view! {
                                <video
                                    class="sound__mirror"
                                    id=MIRROR
                                    aria-label="My picture, as a test"
                                    autoplay
                                    muted
                                    playsinline
                                ></video>
                            },
                        )
                    })
            }}
            <p class="settings__hint" aria-live="polite">
                {live(move || match (on.get(), unseen.get()) {
                    (true, _) => "You see yourself as in a mirror. Nobody else does.",
                    (false, Some(failure)) => words::no_camera(failure),
                    (false, None) => "",
                })}
            </p>
        </div>
    }
}

#[component]
fn Meter(label: &'static str, level: Memo<u8>) -> impl IntoView {
    view! {
        <label class="sound__meter">
            {label} <meter min="0" max="100" prop:value=live(move || f64::from(level.get()))></meter>
        </label>
    }
}

/// What is said of a device that went away, and of a browser that does not ring yet.
#[component]
pub(crate) fn SoundNotice() -> impl IntoView {
    let phone = use_phone();
    let (sound, silent, seat) = (phone.sound(), phone.silent(), phone.seat());
    let told = memo(move || {
        // What is not heard of a call is said already; and only where the line is, it rings.
        let rings = seat.get() == Seat::Holding && !silent.get();
        sound.with(|sound| (rings || sound.gone.is_some()).then(|| sound.notice()).flatten())
    });
    view! {
        {move || {
            let phone = use_phone();
            told.get()
                .map(|(words, button)| {
                    erase(
                        view! {
                            <section class="watching" role="status">
                                <Icon glyph=Glyph::Warning />
                                <p class="watching__words">{words}</p>
                                <button
                                    class="button button--primary"
                                    r#type="button"
                                    on:click=move |_| {
                                        phone.send(Command::Noted);
                                    }
                                >
                                    {button}
                                </button>
                            </section>
                        },
                    )
                })
        }}
    }
}
