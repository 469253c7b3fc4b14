//! The recording of a call: the key for it, and the sign that it goes on, which nobody is to overlook.

use super::call_actions::Tile;
use super::erase::{erase, memo};
use super::icon::{Glyph, Icon};
use crate::phone::{Call, CallKey, Command, Recorded};
use crate::words;
use leptos::prelude::*;

/// How it stands with the recording of a call.
fn of(call: Memo<Option<Call>>) -> Memo<Recorded> {
    memo(move || call.with(|call| call.as_ref().map_or(Recorded::No, |call| call.recorded)))
}

/// The key, where a call may be recorded.
#[component]
pub(crate) fn RecordKey(key: CallKey, call: Memo<Option<Call>>) -> impl IntoView {
    let recorded = of(call);
    let wanted = memo(move || recorded.get().is_wanted());
    let allowed = memo(move || recorded.get().is_allowed());
    move || {
        allowed.get().then(|| {
            erase(view! {
                <Tile
                    label=Signal::derive(move || if wanted.get() { "Stop recording" } else { "Record" })
                    glyph=Signal::derive(move || if wanted.get() { Glyph::Stop } else { Glyph::Record })
                    title="Record the call, or end that (Alt+R)"
                    keys="Alt+R"
                    on=wanted
                    act=Callback::new(move |()| Command::Record(key, !wanted.get_untracked()))
                />
            })
        })
    }
}

/// The sign; nothing, while a call is not recorded and was not to be.
#[component]
pub(crate) fn RecordSign(call: Memo<Option<Call>>) -> impl IntoView {
    let recorded = of(call);
    move || {
        let recorded = recorded.get();
        words::recorded(recorded).map(|words| {
            let failed = matches!(recorded, Recorded::Failed(_));
            erase(view! {
                <div class=if failed { "recorded recorded--failed" } else { "recorded" } role="status">
                    {if failed {
                        erase(view! { <Icon glyph=Glyph::Warning /> })
                    } else {
                        erase(view! { <span class="recorded__dot" aria-hidden="true"></span> })
                    }}
                    <p class="recorded__words">
                        <strong>{words.text}</strong>
                        <span>{words.advice}</span>
                    </p>
                    // In another tab: the call stays here.
                    {failed
                        .then(|| {
                            view! {
                                <a class="button" href="/recordings" target="_blank">
                                    "Recordings"
                                </a>
                            }
                        })}
                </div>
            })
        })
    }
}
