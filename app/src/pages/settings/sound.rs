//! The form for sound and devices.

use super::DECIDED;
use crate::offers::{Offers, Setting};
use crate::sound::{DeviceKind, MediaSettings, Ringtone};
use leptos::prelude::*;

/// The same as in the section of the phone page, for whoever has no JavaScript there; but devices are known there alone.
#[component]
pub(super) fn SoundForm(media: MediaSettings, offers: Offers) -> impl IntoView {
    let devices = [
        (DeviceKind::Microphone, "Microphone"),
        (DeviceKind::Speaker, "Speaker"),
        (DeviceKind::Ringer, "Ring on"),
        (DeviceKind::Camera, "Camera"),
    ];
    let devices = devices.map(|(kind, label)| {
        let chosen = media.device(kind).to_owned();
        let options = vec![(String::new(), "The browser's choice".to_owned(), chosen.is_empty())];
        let chosen = (!chosen.is_empty()).then(|| (chosen.clone(), chosen, true));
        select(kind.into(), label, options.into_iter().chain(chosen).collect(), offers)
    });
    let tones = Ringtone::ALL.map(|tone| (tone.name().to_owned(), tone.name().to_owned(), tone == media.ringtone));
    let volumes = [
        (Setting::CallVolume, "Call volume", media.call_volume),
        (Setting::RingVolume, "Ring volume", media.ring_volume),
    ];
    let volumes = volumes.map(|(setting, label, volume)| range(setting, label, volume, offers));
    let switches = [
        (Setting::EchoCancellation, "Echo cancellation", media.echo_cancellation),
        (Setting::NoiseSuppression, "Noise suppression", media.noise_suppression),
        (Setting::AutoGain, "Automatic gain", media.auto_gain),
        (Setting::KeepOpen, "Keep the microphone open between calls", media.keep_open),
    ];
    let switches = switches.map(|(setting, label, on)| switch(setting, label, on, offers));
    view! {
        <section class="settings__sound" aria-labelledby="sound-title">
            <h2 id="sound-title">"Sound and devices"</h2>
            <p class="settings__hint">
                "Devices are listed, heard and tried on the phone page. Here, one that was chosen there can be given up."
            </p>
            <form class="settings__form" method="post" action="/settings/sound">
                {devices.into_iter().collect::<Vec<_>>()}
                {volumes.into_iter().collect::<Vec<_>>()}
                {select(Setting::Ringtone, "Ringtone", tones.into(), offers)}
                {switches.into_iter().collect::<Vec<_>>()}
                <div class="settings__actions">
                    <button class="button button--primary" r#type="submit">
                        "Save the sound"
                    </button>
                </div>
            </form>
        </section>
    }
}

/// One of several, each with its value and its words; nothing where it is hidden, here and below.
fn select(
    setting: Setting,
    label: &'static str,
    options: Vec<(String, String, bool)>,
    offers: Offers,
) -> Option<impl IntoView + use<>> {
    let (name, fixed) = (setting.name(), !offers.offers(setting));
    let options = options.into_iter().map(|(value, words, chosen)| {
        view! {
            <option value=value selected=chosen>
                {words}
            </option>
        }
    });
    offers.shows(setting).then(|| {
        view! {
            <div class="field">
                <label class="field__label" for=name>
                    {label}
                </label>
                <select class="field__input" id=name name=name disabled=fixed>
                    {options.collect::<Vec<_>>()}
                </select>
                {decided(fixed)}
            </div>
        }
    })
}

fn range(setting: Setting, label: &'static str, value: u8, offers: Offers) -> Option<impl IntoView + use<>> {
    let (name, fixed) = (setting.name(), !offers.offers(setting));
    offers.shows(setting).then(|| {
        view! {
            <div class="field">
                <label class="field__label" for=name>
                    {label}
                </label>
                <input
                    class="sound__range"
                    id=name
                    name=name
                    r#type="range"
                    min="0"
                    max="100"
                    step="5"
                    value=value
                    disabled=fixed
                />
                {decided(fixed)}
            </div>
        }
    })
}

fn switch(setting: Setting, label: &'static str, on: bool, offers: Offers) -> Option<impl IntoView + use<>> {
    let (name, fixed) = (setting.name(), !offers.offers(setting));
    offers.shows(setting).then(|| {
        view! {
            <div class="settings__switch">
                <input
                    class="settings__box"
                    id=name
                    name=name
                    r#type="checkbox"
                    value="on"
                    checked=on
                    disabled=fixed
                />
                <label class="field__label" for=name>
                    {label}
                </label>
                {decided(fixed)}
            </div>
        }
    })
}

fn decided(fixed: bool) -> Option<impl IntoView + use<>> {
    fixed.then(|| view! { <p class="settings__hint">{DECIDED}</p> })
}
