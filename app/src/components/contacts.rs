//! The company's contacts: who is on, who is in a call, and a button to call each.

use super::avatar::Avatar;
use super::erase::{live, memo};
use super::icon::{Glyph, Icon};
use super::panels::{Dragged, Panels};
use super::standing::Standing;
use crate::backend::Contact;
use crate::directory;
use crate::phone::{self, Command, LineStateStoreFields, Sends, Status, use_phone};
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
fn Row(contact: Contact, statuses: Memo<Vec<(String, Status)>>, standing: Standing) -> impl IntoView {
    let phone = use_phone();
    let name = directory::contact_name(&contact).to_owned();
    let extension = contact.extension.clone();
    let status = memo(move || statuses.with(|statuses| status_of(&extension, statuses)));
    let (number, seen) = (contact.extension.clone(), contact.extension.clone());
    let video = phone.clone();
    let write = ["/messages/", &contact.extension].concat();
    let (panels, dragged) = (Panels::of_page(), contact.extension.clone());
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
                    <Presence status />
                </p>
            </div>
            <a class="button button--round button--call" href=write aria-label=format!("Write to {name}") title=format!("Write to {name}")>
                <Icon glyph=Glyph::Message />
            </a>
            <button
                class="button button--round button--call"
                r#type="button"
                aria-label=format!("Call {name}")
                title=format!("Call {name}")
                disabled=live(move || standing.obstacle.get().is_some())
                on:click=move |_| {
                    phone.send(Command::Dial(number.clone(), Sends::Voice));
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

/// The statuses by extension; of two of one extension, the last. A list and not a map: the browser would have to load
/// the map's code.
fn by_extension(presence: &[phone::Presence]) -> Vec<(String, Status)> {
    let mut statuses: Vec<(String, Status)> = Vec::with_capacity(presence.len());
    for phone::Presence { extension, status } in presence {
        match place(extension, &statuses) {
            Ok(at) => {
                if let Some((_, known)) = statuses.get_mut(at) {
                    *known = *status;
                }
            }
            Err(at) => statuses.insert(at, (extension.clone(), *status)),
        }
    }
    statuses
}

fn status_of(extension: &str, statuses: &[(String, Status)]) -> Status {
    let known = place(extension, statuses).ok().and_then(|at| statuses.get(at));
    known.map(|(_, status)| *status).unwrap_or_default()
}

/// Where an extension stands among the statuses, or would.
fn place(extension: &str, statuses: &[(String, Status)]) -> Result<usize, usize> {
    statuses.binary_search_by(|(known, _)| known.as_str().cmp(extension))
}

/// What a contact is doing: a shape, a colour and a word.
#[component]
fn Presence(status: Memo<Status>) -> impl IntoView {
    let class = live(move || match status.get() {
        Status::Unknown => "presence presence--unknown",
        Status::Offline => "presence presence--offline",
        Status::Online => "presence presence--online",
        Status::InCall => "presence presence--in-call",
    });
    let glyph = Signal::derive(move || match status.get() {
        Status::Unknown => Glyph::Question,
        Status::Offline => Glyph::Ring,
        Status::Online => Glyph::Disc,
        Status::InCall => Glyph::Handset,
    });
    view! {
        <span class=class>
            <Icon glyph />
            {live(move || words::status(status.get()))}
        </span>
    }
}
