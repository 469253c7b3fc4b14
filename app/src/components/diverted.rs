//! What becomes of calls, as the server knows it, what the person says of themselves, and the ways to the other pages. The server
//! writes it, and the words that an open page has for it, too: it only puts them in.

use super::icon::{Glyph, Icon};
use crate::backend::{Contact, WISHES_ID, Wishes};
use crate::offers::{Offers, Setting};
use crate::words;
use leptos::prelude::*;

/// What can be chosen, by its name in the form.
const CHOICES: [(&str, &str); 4] =
    [("available", "Available"), ("away", "Away"), ("busy", "Busy"), ("do-not-disturb", "Do not disturb")];

/// The links to the other pages, what colleagues are to see, and a notice of what was set, if anything was. It shows the [`Wishes`]
/// of the context.
#[component]
pub(crate) fn Settings(contacts: Vec<Contact>, offers: Offers) -> impl IntoView {
    let wishes = use_context::<Wishes>().unwrap_or_default();
    let told = words::wishes(&wishes, &contacts);
    view! {
        <aside class="diverted" id=WISHES_ID hidden=told.is_empty() aria-label="What becomes of your calls">
            <Icon glyph=Glyph::Turn />
            <p class="diverted__words" role="status">
                {told.join("\n")}
            </p>
            <a class="button diverted__change" href="/settings">
                "Change"
            </a>
        </aside>
        <footer class="foot">
            <Standing wishes offers />
            <a class="button button--quiet" href="/contacts">
                <Icon glyph=Glyph::People />
                "All contacts"
            </a>
            <a class="button button--quiet" href="/settings">
                <Icon glyph=Glyph::Sliders />
                "Settings"
            </a>
            <a class="button button--quiet" href="/recordings">
                <Icon glyph=Glyph::Record />
                "Recordings"
            </a>
        </footer>
    }
}

/// What colleagues are to see. The answer to the form is no page, so that the phone stays as it is; what was chosen is told by the
/// notice above. Where there is no script the page comes anew.
#[component]
fn Standing(wishes: Wishes, offers: Offers) -> impl IntoView {
    let quiet = offers.offers(Setting::DoNotDisturb);
    let chosen = if quiet && wishes.do_not_disturb { "do-not-disturb" } else { wishes.activity };
    let choices = CHOICES.into_iter().filter(|(name, _)| quiet || *name != "do-not-disturb");
    let options = choices
        .map(|(name, words)| view! { <option value=name selected=name == chosen>{words}</option> })
        .collect_view();
    view! {
        <form class="standing" method="post" action="/settings/status" data-stays="">
            <label class="visually-hidden" for="status">
                "What colleagues see of you"
            </label>
            <select class="field__input standing__choice" id="status" name="status">
                {options}
            </select>
            <label class="visually-hidden" for="status-note">
                "A note for colleagues"
            </label>
            <input
                class="field__input standing__note"
                id="status-note"
                name="note"
                r#type="text"
                value=wishes.note
                placeholder="A note for colleagues"
                maxlength="80"
                autocomplete="off"
            />
            <noscript>
                <input r#type="hidden" name="anew" value="1" />
            </noscript>
            <button class="button" r#type="submit">
                "Set status"
            </button>
        </form>
    }
}
