//! The pages of one contact: as it is, and to be written. Complete without any script.

use super::contacts::{Doing, Face, Way};
use super::frame::{self, Brand};
use crate::components::icon::{Glyph, Icon};
use crate::phone::Status;
use leptos::prelude::*;

/// What the page of a contact shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactView {
    /// Its number.
    pub id: i64,
    /// What is known.
    pub typed: Typed,
    /// What each number is, in words, and the number.
    pub numbers: Vec<(String, String)>,
    /// Which of its pictures it has.
    pub picture: Option<i64>,
    /// Whether the person marked it.
    pub favourite: bool,
    /// Whether it is the person's own, and can be changed.
    pub own: bool,
    /// What they are doing, of colleagues.
    pub status: Option<Status>,
    /// Their own words on it.
    pub words: String,
    /// What is wrong with what was sent.
    pub problem: Option<String>,
}

/// What the form of a contact shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormView {
    /// Its number; a new one has none.
    pub id: Option<i64>,
    /// What stands in the fields.
    pub typed: Typed,
    /// The names of kinds of numbers, and what they mean.
    pub kinds: Vec<(&'static str, String)>,
    /// How many numbers there can be.
    pub most: usize,
    /// What is wrong.
    pub problem: Option<String>,
}

/// A contact as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// For people.
    pub name: String,
    /// Where they work.
    pub company: String,
    /// The name of the kind of each number, and the number.
    pub numbers: Vec<(String, String)>,
    /// The groups, one a line.
    pub groups: String,
    /// Anything.
    pub note: String,
}

/// A text as it is written into a `textarea`. Leptos writes what stands there as it is, markup as markup, and a line break at its
/// beginning would be taken for none.
fn written(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("\n{text}")
}

/// How many fields for further numbers are offered.
const FURTHER: usize = 2;

/// The whole document of a contact.
pub fn document(view: ContactView) -> impl IntoView {
    let name = view.typed.name.clone();
    framed(&name, view! { <ContactPage view /> })
}

/// The whole document with the form.
pub fn form_document(view: FormView) -> impl IntoView {
    let title = if view.id.is_some() { "Change a contact" } else { "New contact" };
    framed(title, view! { <FormPage view /> })
}

fn framed<V: IntoView>(title: &str, page: V) -> impl IntoView + use<V> {
    let page = view! {
        <main class="settings">
            <div class="panel settings__panel">
                <Brand />
                {page}
            </div>
        </main>
    };
    frame::document(title, page)
}

#[component]
fn ContactPage(view: ContactView) -> impl IntoView {
    let ContactView { id, typed, numbers, picture, favourite, own, status, words, problem } = view;
    let Typed { name, company, groups, note, numbers: written } = typed;
    let calls = written.first().map(|(_, number)| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        format!("/history?{}", query.append_pair("q", number).finish())
    });
    let ways = numbers.into_iter().map(|(kind, number)| view! { <Way name=name.clone() kind number /> }.into_any());
    let ways = ways.collect::<Vec<_>>();
    let company = (!company.is_empty() && company != name).then_some(company);
    let (mark, marks) = if favourite { ("off", "No favourite any more") } else { ("on", "Make a favourite") };
    let groups = groups.lines().map(|group| view! { <li class="person__group"><bdi>{group.to_owned()}</bdi></li> });
    let groups = groups.collect::<Vec<_>>();
    view! {
        <div class="person__head">
            <Face name=name.clone() id picture />
            <h1 class="login__title">
                <bdi>{name.clone()}</bdi>
            </h1>
        </div>
        {problem.map(|problem| view! { <Problem problem /> })}
        <p class="history__facts">
            {company.map(|company| view! { <bdi>{company}</bdi> })} {status.map(|status| view! { <Doing status words /> })}
            {if own { "Your own contact" } else { "In the company's directory" }}
        </p>
        <ul class="person__ways person__ways--all" role="list">
            {ways}
        </ul>
        {(!groups.is_empty()).then(|| view! { <ul class="person__groups" role="list" aria-label="Groups">{groups}</ul> })}
        {(!note.is_empty()).then(|| view! { <p class="person__note"><bdi>{note}</bdi></p> })}
        <div class="settings__actions recordings__ways">
            {own.then(|| view! { <a class="button button--primary" href=format!("/contacts/{id}/edit")>"Change"</a> })}
            <form method="post" action=format!("/contacts/{id}/favourite")>
                <input r#type="hidden" name="on" value=mark />
                <input r#type="hidden" name="back" value=format!("/contacts/{id}") />
                <button class="button" r#type="submit">
                    <Icon glyph=Glyph::Star />
                    {marks}
                </button>
            </form>
            <a class="button" href="/contacts">
                "All contacts"
            </a>
            {calls
                .map(|href| {
                    view! {
                        <a class="button button--quiet" href=href>
                            <Icon glyph=Glyph::Clock />
                            "Calls with them"
                        </a>
                    }
                })}
            <a class="button button--quiet" href="/">
                "Back to the phone"
            </a>
        </div>
        {own.then(|| view! { <Owned id has_picture=picture.is_some() /> })}
    }
}

/// What can be done with one's own contact beside writing it.
#[component]
fn Owned(id: i64, has_picture: bool) -> impl IntoView {
    view! {
        <details class="person__files">
            <summary class="button button--quiet">"Picture"</summary>
            <form
                class="settings__form"
                method="post"
                action=format!("/contacts/{id}/picture")
                enctype="multipart/form-data"
            >
                <div class="field">
                    <label class="field__label" for="picture">
                        "A picture: PNG, JPEG or WebP, at most 8 MB"
                    </label>
                    <input
                        class="field__input"
                        id="picture"
                        name="picture"
                        r#type="file"
                        accept="image/png,image/jpeg,image/webp"
                        required=true
                    />
                    <p class="settings__hint">
                        "It is kept small, and without what cameras write into it, such as the place."
                    </p>
                </div>
                <button class="button" r#type="submit">
                    "Use this picture"
                </button>
            </form>
            {has_picture
                .then(|| {
                    view! {
                        <form method="post" action=format!("/contacts/{id}/picture/remove")>
                            <button class="button button--quiet" r#type="submit">
                                "Remove the picture"
                            </button>
                        </form>
                    }
                })}
        </details>
        // Asked once more: it cannot be had back.
        <details class="recording__remove">
            <summary class="button button--quiet">"Remove the contact"</summary>
            <form method="post" action=format!("/contacts/{id}/remove")>
                <button class="button button--danger" r#type="submit">
                    "Remove it for good"
                </button>
            </form>
        </details>
    }
}

#[component]
fn FormPage(view: FormView) -> impl IntoView {
    let FormView { id, typed, kinds, most, problem } = view;
    let Typed { name, company, mut numbers, groups, note } = typed;
    let (title, action, back) = match id {
        Some(id) => ("Change a contact", format!("/contacts/{id}"), format!("/contacts/{id}")),
        None => ("New contact", "/contacts".to_owned(), "/contacts".to_owned()),
    };
    let offered = (numbers.len() + FURTHER).max(FURTHER + 1).min(most);
    numbers.resize_with(offered, Default::default);
    let rows = (1..)
        .zip(numbers)
        .map(|(place, (kind, number))| view! { <NumberField place kind number kinds=kinds.clone() /> }.into_any());
    let rows = rows.collect::<Vec<_>>();
    view! {
        <h1 class="login__title">{title}</h1>
        {problem.map(|problem| view! { <Problem problem /> })}
        <form class="settings__form" method="post" action=action>
            <div class="field">
                <label class="field__label" for="name">
                    "Name"
                </label>
                <input class="field__input" id="name" name="name" r#type="text" value=name maxlength="128" autocomplete="off" autofocus=true />
            </div>
            <div class="field">
                <label class="field__label" for="company">
                    "Company"
                </label>
                <input class="field__input" id="company" name="company" r#type="text" value=company maxlength="128" autocomplete="off" />
            </div>
            <fieldset class="person__numbers">
                <legend class="field__label">"Numbers and addresses"</legend>
                {rows}
                <p class="settings__hint">"Fields that are left empty are nothing. Save to have room for more."</p>
            </fieldset>
            <div class="field">
                <label class="field__label" for="groups">
                    "Groups, one a line"
                </label>
                <textarea class="field__input person__text" id="groups" name="groups" rows="2" maxlength="1200">
                    {written(&groups)}
                </textarea>
            </div>
            <div class="field">
                <label class="field__label" for="note">
                    "Note, shown when they call"
                </label>
                <textarea class="field__input person__text" id="note" name="note" rows="4" maxlength="4000">
                    {written(&note)}
                </textarea>
            </div>
            <div class="settings__actions">
                <button class="button button--primary" r#type="submit">
                    "Save"
                </button>
                <a class="button" href=back>
                    "Do not save"
                </a>
            </div>
        </form>
    }
}

#[component]
fn NumberField(place: usize, kind: String, number: String, kinds: Vec<(&'static str, String)>) -> impl IntoView {
    let options =
        kinds.into_iter().map(|(name, words)| view! { <option value=name selected=name == kind>{words}</option> });
    let options = options.collect::<Vec<_>>();
    view! {
        <div class="person__field">
            <select class="field__input" name="kind" aria-label=format!("What number {place} is")>
                {options}
            </select>
            <input
                class="field__input"
                name="number"
                r#type="text"
                value=number
                maxlength="128"
                autocomplete="off"
                autocapitalize="none"
                spellcheck="false"
                aria-label=format!("Number {place}")
            />
        </div>
    }
}

#[component]
fn Problem(problem: String) -> impl IntoView {
    view! {
        <div class="notice notice--trouble" role="alert">
            <Icon glyph=Glyph::Warning />
            <p class="notice__text">{problem}</p>
        </div>
    }
}
