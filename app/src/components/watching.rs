//! The banner of a tab that does not hold the line, and the way to take it over.

use super::erase::{erase, live, memo};
use super::icon::{Glyph, Icon};
use crate::phone::{Command, LineStateStoreFields, Phase, Registration, Seat, use_phone};
use crate::words;
use leptos::prelude::*;

/// Shown while another tab holds the line. A call that is up is not moved without asking.
#[component]
pub(crate) fn Watching() -> impl IntoView {
    let phone = use_phone();
    let (line, seat) = (phone.line(), phone.seat());
    let watching = memo(move || seat.get() == Seat::Watching);
    let away = memo(move || line.registration().get() == Registration::Away);
    // Where nobody is, nothing is interrupted.
    let talking = memo(move || {
        !away.get() && line.calls().with(|calls| calls.iter().any(|call| call.phase != Phase::RingingHere))
    });
    let phone = StoredValue::new(phone);
    view! {
        {move || {
            watching
                .get()
                .then(|| {
                    let asking = RwSignal::new(false);
                    let take = move || {
                        phone.with_value(|phone| phone.send(Command::UseHere));
                        asking.set(false);
                    };
                    let use_here = move |_| if talking.get_untracked() { asking.set(true) } else { take() };
                    view! {
                        <section class="watching" aria-labelledby="watching-title">
                            <Icon glyph=Glyph::Screens />
                            <div class="watching__words">
                                <h2 class="watching__title" id="watching-title">
                                    {live(move || words::elsewhere(away.get()).0)}
                                </h2>
                                <p>{live(move || words::elsewhere(away.get()).1)}</p>
                            </div>
                            {move || {
                                let asked = asking.get() && talking.get();
                                if asked {
                                    erase(view! { <Confirm take=Callback::new(move |()| take()) asking /> })
                                } else {
                                    erase(
                                        view! {
                                            <button class="button button--primary" r#type="button" on:click=use_here>
                                                "Use the phone here"
                                            </button>
                                        },
                                    )
                                }
                            }}
                        </section>
                    }
                })
        }}
    }
}

/// Asks before a call that is up is moved.
#[component]
fn Confirm(take: Callback<()>, asking: RwSignal<bool>) -> impl IntoView {
    let first = NodeRef::<leptos::html::Button>::new();
    Effect::new(move |_| {
        if let Some(button) = first.get() {
            let _ = button.focus();
        }
    });
    view! {
        <div class="watching__confirm" role="group" aria-labelledby="watching-question">
            <p class="watching__question" id="watching-question">
                "A call is up there. Moving the phone interrupts its sound."
            </p>
            <button class="button" r#type="button" node_ref=first on:click=move |_| asking.set(false)>
                "Leave it there"
            </button>
            <button class="button button--primary" r#type="button" on:click=move |_| take.run(())>
                "Move the call here"
            </button>
        </div>
    }
}
