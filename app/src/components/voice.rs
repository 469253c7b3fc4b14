//! What is said of our voice in a call while it does not go out, and what a person can do about it.

use super::erase::{erase, live, memo};
use super::icon::{Glyph, Icon};
use super::standing::Standing;
use crate::phone::{Call, CallKey, Command, Voice, use_phone};
use crate::words;
use leptos::prelude::*;

/// Nothing, while our voice goes out as far as this is on us.
#[component]
pub(crate) fn VoiceNotice(key: CallKey, call: Memo<Option<Call>>) -> impl IntoView {
    let voice = memo(move || call.with(|call| call.as_ref().map_or(Voice::Sent, |call| call.voice)));
    move || {
        let voice = voice.get();
        words::voice(voice).map(|words| {
            let phone = use_phone();
            let holds = Standing::of(&phone).holds;
            let wanted = voice != Voice::Asked;
            erase(view! {
                <div class="call__voice" role="status">
                    <Icon glyph=if wanted { Glyph::MicrophoneOff } else { Glyph::Microphone } />
                    <p class="call__voice-words">
                        <strong>{words.text}</strong>
                        <span>{words.advice}</span>
                    </p>
                    <button
                        class="button"
                        r#type="button"
                        disabled=live(move || !holds.get())
                        on:click=move |_| {
                            phone.send(Command::Voice(key, wanted));
                        }
                    >
                        {if wanted { "Try again" } else { "Only listen" }}
                    </button>
                </div>
            })
        })
    }
}
