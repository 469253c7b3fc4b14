//! How the last call ended.

use super::erase::{live, memo};
use super::icon::{Glyph, Icon};
use super::standing::Standing;
use crate::backend::Contact;
use crate::caller;
use crate::phone::{Cause, Command, Direction, Ended, LineStateStoreFields, MediaFailure, Sends, use_phone};
use crate::words::{self, Tone};
use leptos::html;
use leptos::prelude::*;

/// Says how the last call ended, until it is put away or the next call begins.
#[component]
pub(crate) fn LastCall(contacts: StoredValue<Vec<Contact>>) -> impl IntoView {
    let line = use_phone().line();
    let ended = memo(move || line.ended().get());
    view! {
        <div class="last-call" aria-live="polite">
            {move || ended.get().map(|ended| view! { <Words ended contacts /> })}
        </div>
    }
}

#[component]
fn Words(ended: Ended, contacts: StoredValue<Vec<Contact>>) -> impl IntoView {
    let phone = use_phone();
    let standing = Standing::of(&phone);
    let words = words::cause(&ended.cause, ended.direction);
    let callers = phone.callers();
    let name = contacts.with_value(|contacts| callers.with(|callers| caller::name(&ended.remote, contacts, callers)));
    let again = can_call_again(&ended).then(|| {
        let phone = phone.clone();
        let number = ended.remote.number.clone();
        view! {
            <button
                class="button"
                r#type="button"
                disabled=live(move || standing.obstacle.get().is_some())
                on:click=move |_| {
                    phone.send(Command::Dial(number.clone(), Sends::Voice));
                }
            >
                <Icon glyph=Glyph::Handset />
                {match ended.direction {
                    Direction::Outgoing => "Call again",
                    Direction::Incoming => "Call back",
                }}
            </button>
        }
    });
    let notice = NodeRef::<html::Section>::new();
    let line = phone.line();
    focus_if_lost(notice, move || line.calls().with_untracked(Vec::is_empty));
    view! {
        <section
            class=if words.tone == Tone::Trouble { "ended ended--trouble" } else { "ended" }
            aria-label="Last call"
            tabindex="-1"
            node_ref=notice
        >
            <span class="ended__mark">
                <Icon glyph=if words.tone == Tone::Trouble { Glyph::Warning } else { Glyph::Tick } />
            </span>
            <div class="ended__words">
                <h2 class="ended__name">
                    <bdi>{name}</bdi>
                </h2>
                <p class="ended__cause">{words.text}</p>
                {words.advice.map(|advice| view! { <p class="ended__advice">{advice}</p> })}
                {remedy(ended.cause)}
            </div>
            <div class="ended__actions">
                {again}
                <button
                    class="button button--quiet"
                    r#type="button"
                    disabled=live(move || !standing.holds.get())
                    on:click=move |_| {
                        phone.send(Command::Dismiss);
                    }
                >
                    "Dismiss"
                </button>
            </div>
        </section>
    }
}

/// What only an administrator understands and can mend.
fn remedy(cause: Cause) -> Option<impl IntoView> {
    let Cause::Unfit { lacks, remedies } = cause else { return None };
    let remedies = remedies.into_iter().map(|remedy| view! { <p>{remedy}</p> }).collect_view();
    Some(view! {
        <details class="ended__remedy">
            <summary>"What an administrator can do"</summary>
            <p>{format!("What is wrong: {lacks}.")}</p>
            {remedies}
        </details>
    })
}

/// Whether another call to the same number could go better.
fn can_call_again(ended: &Ended) -> bool {
    let may = match ended.cause {
        Cause::NotFound
        | Cause::Gone
        | Cause::Incomplete
        | Cause::Redirected(_)
        | Cause::Unwanted
        | Cause::Forbidden
        | Cause::AnsweredElsewhere
        | Cause::DeclinedElsewhere
        | Cause::DivertedElsewhere
        | Cause::Told(_) => false,
        Cause::Media(failure) => !matches!(failure, MediaFailure::Insecure | MediaFailure::Unsupported),
        Cause::HungUpHere
        | Cause::HungUpThere
        | Cause::Transferred
        | Cause::CancelledHere
        | Cause::CancelledThere
        | Cause::DeclinedHere
        | Cause::DivertedHere(_)
        | Cause::DeclinedThere
        | Cause::Busy
        | Cause::NoAnswer
        | Cause::Away
        | Cause::TooMany
        | Cause::Unavailable
        | Cause::AuthenticationFailed
        | Cause::NotAcceptable(_)
        | Cause::Network
        | Cause::Unfit { .. }
        | Cause::Status(_) => true,
    };
    may && !ended.remote.number.is_empty()
}

/// The buttons of the call are gone; who was on one of them is led here. Not while another call is up: who is in it is
/// not to be drawn away by one that they missed.
fn focus_if_lost(notice: NodeRef<html::Section>, idle: impl Fn() -> bool + 'static) {
    Effect::new(move |_| {
        let Some(notice) = notice.get() else { return };
        if idle() && document().active_element().is_none_or(|active| active.tag_name() == "BODY") {
            let _ = notice.focus();
        }
    });
}
