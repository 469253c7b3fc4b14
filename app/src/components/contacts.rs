//! The company's contacts: who is on, who is in a call, and a button to call each.

use super::avatar::Avatar;
use super::erase::{live, memo};
use super::icon::{Glyph, Icon};
use super::panels::{Dragged, Panels};
use super::standing::Standing;
use crate::backend::Contact;
use crate::directory;
use crate::phone::{self, Command, LineStateStoreFields, Presence, Sends, Status, use_phone};
use crate::words;
use leptos::prelude::*;

/// The list.
#[component]
pub(crate) fn Contacts(contacts: StoredValue<Vec<Contact>>) -> impl IntoView {
    let phone = use_phone();
    let standing = Standing::of(&phone);
    let line = phone.line();
    let statuses = memo(move || line.presence().with(|presence| by_extension(presence)));
    let rows = contacts.with_value(|contacts| {
        contacts.iter().cloned().map(|contact| view! { <Row contact statuses standing /> }).collect::<Vec<_>>()
    });
    let nobody = rows.is_empty();
    view! {
        <section class="panel contacts" aria-labelledby="contacts-title">
            <h2 class="panel__title" id="contacts-title">
                "Contacts"
            </h2>
            {nobody.then(|| view! { <p class="contacts__nobody">"Nobody else has an extension yet."</p> })}
            <ul class="contacts__list" role="list">
                {rows}
            </ul>
        </section>
    }
}

#[component]
fn Row(contact: Contact, statuses: Memo<Vec<Presence>>, standing: Standing) -> impl IntoView {
    let phone = use_phone();
    let line = phone.line();
    let name = directory::contact_name(&contact).to_owned();
    let extension = contact.extension.clone();
    let doing = memo(move || statuses.with(|statuses| presence_of(&extension, statuses)));
    let rings = memo(move || doing.with(|doing| line.calls().with(|calls| phone::can_be_picked_up(doing, calls))));
    let (number, seen) = (contact.extension.clone(), contact.extension.clone());
    let video = phone.clone();
    let write = ["/messages/", &contact.extension].concat();
    let (panels, dragged) = (Panels::of_page(), contact.extension.clone());
    let called = name.clone();
    let label = memo(move || [if rings.get() { "Pick up the call of " } else { "Call " }, &called].concat());
    view! {
        <li
            class="contact"
            draggable="true"
            on:dragstart=move |_| panels.dragged.set(Some(Dragged::Contact(dragged.clone())))
            on:dragend=move |_| panels.dragged.set(None)
        >
            <Avatar name=name.clone() />
            <div class="contact__who">
                <p class="contact__name">
                    <bdi>{name.clone()}</bdi>
                </p>
                <p class="contact__line">
                    <span class="contact__extension">{contact.extension}</span>
                    <Doing doing />
                </p>
            </div>
            // Dragged is the line, whatever of it the pointer is on.
            <a
                class="button button--round button--call"
                href=write
                draggable="false"
                aria-label=format!("Write to {name}")
                title=format!("Write to {name}")
            >
                <Icon glyph=Glyph::Message />
            </a>
            <button
                class=live(move || {
                    if rings.get() { "button button--round button--answer" } else { "button button--round button--call" }
                })
                r#type="button"
                aria-label=live(move || label.get())
                title=live(move || label.get())
                disabled=live(move || standing.obstacle.get().is_some())
                on:click=move |_| {
                    let picked = doing.get_untracked().pick_up;
                    let number = if rings.get_untracked() { picked } else { number.clone() };
                    phone.send(Command::Dial(number, Sends::Voice));
                }
            >
                <Icon glyph=Glyph::Handset />
            </button>
            <button
                class="button button--round button--call"
                r#type="button"
                aria-label=format!("Video call {name}")
                title=format!("Video call {name}")
                disabled=live(move || standing.obstacle.get().is_some())
                on:click=move |_| {
                    video.send(Command::Dial(seen.clone(), Sends::Camera));
                }
            >
                <Icon glyph=Glyph::Camera />
            </button>
        </li>
    }
}

/// What contacts do, by extension; of two of one extension, the last. A list and not a map: the browser would have to load
/// the map's code.
fn by_extension(presence: &[Presence]) -> Vec<Presence> {
    let mut statuses: Vec<Presence> = Vec::with_capacity(presence.len());
    for presence in presence {
        match place(&presence.extension, &statuses) {
            Ok(at) => {
                if let Some(known) = statuses.get_mut(at) {
                    known.clone_from(presence);
                }
            }
            Err(at) => statuses.insert(at, presence.clone()),
        }
    }
    statuses
}

fn presence_of(extension: &str, statuses: &[Presence]) -> Presence {
    let known = place(extension, statuses).ok().and_then(|at| statuses.get(at));
    known.cloned().unwrap_or_else(|| Presence {
        extension: extension.to_owned(),
        status: Status::Unknown,
        note: String::new(),
        pick_up: String::new(),
    })
}

/// Where an extension stands among the statuses, or would.
fn place(extension: &str, statuses: &[Presence]) -> Result<usize, usize> {
    statuses.binary_search_by(|known| known.extension.as_str().cmp(extension))
}

/// What a contact is doing: a shape, a colour and a word, with their own words on it.
#[component]
fn Doing(doing: Memo<Presence>) -> impl IntoView {
    let look = memo(move || doing.with(|doing| look(doing.status)));
    let glyph = Signal::derive(move || look.get().1);
    view! {
        <span class=live(move || look.get().0)>
            <Icon glyph />
            <bdi>{live(move || doing.with(words::presence))}</bdi>
        </span>
    }
}

/// The class and the drawing of a status.
pub(crate) fn look(status: Status) -> (&'static str, Glyph) {
    match status {
        Status::Unknown => ("presence presence--unknown", Glyph::Question),
        Status::Offline => ("presence presence--offline", Glyph::Ring),
        Status::Online => ("presence presence--online", Glyph::Disc),
        Status::InCall => ("presence presence--in-call", Glyph::Handset),
        Status::Ringing => ("presence presence--ringing", Glyph::ArrowIn),
        Status::Away => ("presence presence--away", Glyph::Clock),
        Status::Busy => ("presence presence--busy", Glyph::Pause),
        Status::DoNotDisturb => ("presence presence--busy", Glyph::Stop),
    }
}
