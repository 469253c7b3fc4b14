//! The pictures of a call: theirs, ours beside it, and what can be done with them.

use super::call_actions::Tile;
use super::erase::{Live, erase, live, memo};
use super::icon::{Glyph, Icon};
use super::standing::Standing;
use crate::phone::{Call, CallKey, Command, LineStateStoreFields, Phase, Picture, Sends, use_phone};
use crate::{conference, words};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::web_sys::js_sys::{Function, Promise, Reflect};
use leptos::web_sys::{Element, wasm_bindgen::JsCast, wasm_bindgen::JsValue};

/// How the call stands with pictures.
pub(crate) fn of(call: Memo<Option<Call>>) -> Memo<Picture> {
    memo(move || call.with(|call| call.as_ref().map_or_else(Picture::default, |call| call.picture)))
}

/// What says that a call that is not answered yet is one with pictures.
pub(crate) fn kind(call: Memo<Option<Call>>) -> Live<Option<&'static str>> {
    live(move || {
        call.with(|call| call.as_ref().is_some_and(|call| call.picture.offered && !call.phase.has_microphone()))
            .then_some("Video call")
    })
}

/// Their picture, and ours: in the tab that holds the line, as no other has them.
#[component]
pub(crate) fn Stage(key: CallKey, call: Memo<Option<Call>>) -> impl IntoView {
    let holds = Standing::of(&use_phone()).holds;
    let picture = of(call);
    let hidden = RwSignal::new(false);
    let up =
        memo(move || holds.get() && call.with(|call| call.as_ref().is_some_and(|call| call.phase != Phase::Ending)));
    let theirs = memo(move || up.get() && picture.with(|picture| picture.theirs));
    let screen = memo(move || picture.with(|picture| picture.screen));
    let ours = memo(move || up.get() && (screen.get() || picture.with(|picture| picture.camera)));
    let mirrored = memo(move || ours.get() && !hidden.get());
    let stage = NodeRef::<html::Div>::new();
    let class = live(move || match (theirs.get(), mirrored.get()) {
        (true, _) => "stage",
        (false, true) => "stage stage--ours",
        (false, false) => "stage stage--empty",
    });
    view! {
        <div class=class node_ref=stage>
            {move || theirs.get().then(|| erase(view! { <Theirs key stage /> }))}
            {move || mirrored.get().then(|| erase(view! { <Ours key screen /> }))}
            {move || {
                (theirs.get() && ours.get())
                    .then(|| {
                        erase(
                            view! {
                                <button
                                    class="stage__button stage__button--ours"
                                    r#type="button"
                                    on:click=move |_| hidden.update(|hidden| *hidden = !*hidden)
                                >
                                    {live(move || if hidden.get() { "Show my picture" } else { "Hide my picture" })}
                                </button>
                            },
                        )
                    })
            }}
        </div>
    }
}

/// Their picture, and what can be done with it.
#[component]
fn Theirs(key: CallKey, stage: NodeRef<html::Div>) -> impl IntoView {
    let shown = NodeRef::<html::Video>::new();
    tell_when_shown(key, shown);
    let floats = memo(move || shown.get().is_some_and(|video| has(&video, "requestPictureInPicture")));
    let fills = memo(move || stage.get().is_some_and(|stage| has(&stage, "requestFullscreen")));
    view! {
        <video class="stage__picture" id=Call::picture_id(key) node_ref=shown autoplay playsinline aria-label="Their picture"></video>
        <div class="stage__buttons" role="group" aria-label="Picture">
            {move || {
                floats
                    .get()
                    .then(|| {
                        view! {
                            <button
                                class="stage__button"
                                r#type="button"
                                aria-label="Picture in picture"
                                title="Picture in picture: their picture stays in sight"
                                on:click=move |_| {
                                    if let Some(video) = shown.get_untracked() {
                                        toggle(&video, "pictureInPictureElement", "exitPictureInPicture", "requestPictureInPicture");
                                    }
                                }
                            >
                                <Icon glyph=Glyph::Screens />
                            </button>
                        }
                    })
            }}
            {move || {
                fills
                    .get()
                    .then(|| {
                        view! {
                            <button
                                class="stage__button"
                                r#type="button"
                                aria-label="Full screen"
                                title="Full screen"
                                on:click=move |_| {
                                    if let Some(stage) = stage.get_untracked() {
                                        toggle(&stage, "fullscreenElement", "exitFullscreen", "requestFullscreen");
                                    }
                                }
                            >
                                <Icon glyph=Glyph::Corners />
                            </button>
                        }
                    })
            }}
        </div>
    }
}

/// Our picture: what a camera sees as a mirror shows it, a screen as it is.
#[component]
fn Ours(key: CallKey, screen: Memo<bool>) -> impl IntoView {
    let shown = NodeRef::<html::Video>::new();
    tell_when_shown(key, shown);
    let class = live(move || if screen.get() { "stage__ours" } else { "stage__ours stage__ours--mirror" });
    view! {
        <video class=class id=Call::mirror_id(key) node_ref=shown autoplay playsinline aria-label="My picture"></video>
    }
}

/// What is to be said about the pictures of an answered call.
#[component]
pub(crate) fn Notice(call: Memo<Option<Call>>) -> impl IntoView {
    let picture = of(call);
    let up = memo(move || call.with(|call| call.as_ref().is_some_and(|call| call.phase.has_microphone())));
    let said = memo(move || picture.with(|picture| (picture.failure, picture.interrupted)));
    view! {
        <div class="call__said" role="status">
            {move || {
                let (failure, interrupted) = said.get();
                let words = match failure {
                    Some(failure) => Some(words::picture(failure)),
                    None => interrupted.then(words::interrupted),
                };
                words
                    .filter(|_| up.get())
                    .map(|words| {
                        erase(
                            view! {
                                <p class="call__words">{words.text}</p>
                                <p class="call__advice">{words.advice}</p>
                            },
                        )
                    })
            }}
        </div>
    }
}

/// What switches our pictures on and off in an answered call, or in a conference by one of it.
#[component]
pub(crate) fn Tiles(key: CallKey, call: Memo<Option<Call>>) -> impl IntoView {
    let picture = of(call);
    let camera = memo(move || picture.with(|picture| picture.camera));
    let line = use_phone().line();
    let screen = memo(move || line.calls().with(|calls| conference::shares(calls, key)));
    view! {
        <Tile
            label=Signal::derive(move || if camera.get() { "Stop camera" } else { "Start camera" })
            glyph=Signal::derive(move || if camera.get() { Glyph::CameraOff } else { Glyph::Camera })
            title="Switch the camera on or off (Alt+V)"
            keys="Alt+V"
            on=camera
            act=Callback::new(move |()| Command::Camera(key, !camera.get_untracked()))
        />
        <Tile
            label=Signal::derive(move || if screen.get() { "Stop sharing" } else { "Share screen" })
            glyph=Signal::derive(move || Glyph::Screen)
            title="Share a screen, a window or a tab (Alt+C)"
            keys="Alt+C"
            on=screen
            act=Callback::new(move |()| Command::Screen(key, !screen.get_untracked()))
        />
    }
}

/// Answers a call that shows a picture with one.
#[component]
pub(crate) fn WithVideo(key: CallKey) -> impl IntoView {
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

/// The element is on the page: whoever has the picture puts it in.
fn tell_when_shown(key: CallKey, shown: NodeRef<html::Video>) {
    let phone = use_phone();
    Effect::new(move |_| {
        if shown.get().is_some() {
            phone.send(Command::Shown(key));
        }
    });
}

/// Whether this browser's elements can do this.
fn has(element: &Element, method: &str) -> bool {
    member(element, method).is_function()
}

/// Ends for the whole document what is on, or begins it for this element.
fn toggle(element: &Element, on: &str, end: &str, begin: &str) {
    let document = JsValue::from(document());
    let (whose, method) = if member(&document, on).is_object() { (&document, end) } else { (element.as_ref(), begin) };
    let Ok(method) = member(whose, method).dyn_into::<Function>() else { return };
    if let Ok(promise) = method.call0(whose) {
        // A browser that does not want to says so on the screen, if at all.
        spawn_local(async move { drop(Promise::from(promise).await) });
    }
}

fn member(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or_default()
}
