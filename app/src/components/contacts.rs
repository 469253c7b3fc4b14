//! The company's contacts: who is on, who is in a call, and a button to call each.

use super::avatar::Avatar;
use super::icon::{Glyph, Icon};
use super::standing::Standing;
use crate::backend::Contact;
use crate::directory;
use crate::phone::{Command, LineStateStoreFields, Status, use_phone};
use crate::words;
use leptos::prelude::*;
use std::collections::BTreeMap;

/// The list.
#[component]
pub(crate) fn Contacts(contacts: StoredValue<Vec<Contact>>) -> impl IntoView {
    let phone = use_phone();
    let standing = Standing::of(&phone);
    let line = phone.line();
    let statuses = Memo::new(move |_| {
        line.presence().with(|presence| {
            presence
                .iter()
                .map(|presence| (presence.extension.clone(), presence.status))
                .collect::<BTreeMap<String, Status>>()
        })
    });
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
fn Row(contact: Contact, statuses: Memo<BTreeMap<String, Status>>, standing: Standing) -> impl IntoView {
    let phone = use_phone();
    let name = directory::contact_name(&contact).to_owned();
    let extension = contact.extension.clone();
    let status = Memo::new(move |_| statuses.with(|statuses| statuses.get(&extension).copied().unwrap_or_default()));
    let number = contact.extension.clone();
    view! {
        <li class="contact">
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
            <button
                class="button button--round button--call"
                r#type="button"
                aria-label=format!("Call {name}")
                title=format!("Call {name}")
                disabled=move || standing.obstacle.get().is_some()
                on:click=move |_| {
                    phone.send(Command::Dial(number.clone()));
                }
            >
                <Icon glyph=Glyph::Handset />
            </button>
        </li>
    }
}

/// What a contact is doing: a shape, a colour and a word.
#[component]
fn Presence(status: Memo<Status>) -> impl IntoView {
    let class = move || match status.get() {
        Status::Unknown => "presence presence--unknown",
        Status::Offline => "presence presence--offline",
        Status::Online => "presence presence--online",
        Status::InCall => "presence presence--in-call",
    };
    let glyph = Signal::derive(move || match status.get() {
        Status::Unknown => Glyph::Question,
        Status::Offline => Glyph::Ring,
        Status::Online => Glyph::Disc,
        Status::InCall => Glyph::Handset,
    });
    view! {
        <span class=class>
            <Icon glyph />
            {move || words::status(status.get())}
        </span>
    }
}
