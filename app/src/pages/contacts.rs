//! The page of contacts: to be searched, called, marked, imported and saved. Complete without any script; with one the list
//! follows what is typed.

use super::frame::Top;
use super::head::DocumentHead;
use crate::backend::Contact;
use crate::components::avatar::Avatar;
use crate::components::icon::{Glyph, Icon};
use crate::phone::{Presence, Status};
use crate::words;
use leptos::prelude::*;

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactsView {
    /// Whose contacts.
    pub me: Contact,
    /// What was asked for.
    pub asked: Asked,
    /// Those of this page, in the order of their names.
    pub people: Vec<Person>,
    /// The last one of this page, if there are more.
    pub more: Option<i64>,
    /// The groups that there are.
    pub groups: Vec<String>,
    /// What became of a file.
    pub imported: Option<Imported>,
}

/// Which contacts are to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// All.
    #[default]
    All,
    /// Those that the person marked.
    Favourites,
    /// The person's own.
    Own,
    /// The company's.
    Company,
}

/// What was asked for, as it stands in addresses and forms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Which contacts.
    pub show: Show,
    /// What words of them begin with.
    pub search: String,
    /// Only this group.
    pub group: String,
    /// Only those behind this one; 0 for the first.
    pub after: i64,
}

/// Somebody of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Their number.
    pub id: i64,
    /// For people.
    pub name: String,
    /// Where they work.
    pub company: String,
    /// What each number is, and the number.
    pub numbers: Vec<(String, String)>,
    /// Which of their pictures they have.
    pub picture: Option<i64>,
    /// Whether the person marked them.
    pub favourite: bool,
    /// Whether it is the person's own contact.
    pub own: bool,
    /// What they are doing, of colleagues.
    pub status: Option<Status>,
    /// Their own words on it.
    pub words: String,
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// In one sentence.
    pub told: String,
    /// Whether anything was taken.
    pub good: bool,
    /// What was not understood, each with its line.
    pub remarks: Vec<String>,
}

impl Show {
    /// All of them, as they are offered.
    pub const ALL: [Self; 4] = [Self::All, Self::Favourites, Self::Own, Self::Company];

    /// Its name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Favourites => "favourites",
            Self::Own => "own",
            Self::Company => "company",
        }
    }

    /// The one with this name; all for any other.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|show| show.name() == name).unwrap_or_default()
    }

    const fn words(self) -> &'static str {
        match self {
            Self::All => "All contacts",
            Self::Favourites => "Favourites",
            Self::Own => "My own",
            Self::Company => "The company's",
        }
    }
}

impl Asked {
    /// The address of what is asked for, below this path.
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if self.show != Show::All {
            query.append_pair("show", self.show.name());
        }
        let after = if self.after == 0 { String::new() } else { self.after.to_string() };
        for (name, value) in [("q", &self.search), ("group", &self.group), ("after", &after)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// Whether it is less than all contacts.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        self.show != Show::All || !self.search.is_empty() || !self.group.is_empty()
    }
}

/// The whole document. `nonce`: of the script that lets the list follow what is typed.
pub fn document(view: ContactsView, nonce: Option<String>) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <DocumentHead title="Contacts · Tabphone".to_owned() />
                <script src="/found.js" defer nonce=nonce></script>
            </head>
            <body>
                <ContactsPage view />
            </body>
        </html>
    }
}

#[component]
fn ContactsPage(view: ContactsView) -> impl IntoView {
    let ContactsView { me, asked, people, more, groups, imported } = view;
    let found = view! { <Found asked=asked.clone() people more /> }.into_any();
    view! {
        <main class="settings">
            <div class="panel settings__panel history__panel">
                <Top title="Contacts" me />
                {imported.map(|imported| view! { <Told imported /> })}
                <Search asked groups />
                {found}
                <div class="settings__actions recordings__ways">
                    <a class="button button--primary" href="/contacts/new">
                        "New contact"
                    </a>
                    <a class="button" href="/">
                        "Back to the phone"
                    </a>
                    <a class="button button--quiet" href="/history">
                        <Icon glyph=Glyph::Clock />
                        "History"
                    </a>
                </div>
                <Files />
            </div>
        </main>
    }
}

#[component]
fn Search(asked: Asked, groups: Vec<String>) -> impl IntoView {
    let options = Show::ALL
        .map(|show| view! { <option value=show.name() selected=show == asked.show>{show.words()}</option> })
        .collect_view();
    let narrowed = asked.is_narrowed();
    let group = asked.group.clone();
    let groups = (!groups.is_empty() || !group.is_empty()).then(|| {
        let known = groups.contains(&group) || group.is_empty();
        let named = groups.into_iter().chain((!known).then(|| group.clone()));
        let options = named
            .map(|name| {
                let selected = name == group;
                view! { <option value=name.clone() selected=selected>{name.clone()}</option> }
            })
            .collect::<Vec<_>>();
        view! {
            <div class="field history__field">
                <label class="field__label" for="group">
                    "Group"
                </label>
                <select id="group" class="field__input" name="group">
                    <option value="">"Any"</option>
                    {options}
                </select>
            </div>
        }
    });
    view! {
        <form class="history__search" id="search-form" role="search" method="get" action="/contacts">
            <div class="field history__field">
                <label class="field__label" for="search">
                    "Name, company or number"
                </label>
                <input
                    id="search"
                    class="field__input"
                    r#type="search"
                    name="q"
                    value=asked.search
                    maxlength="128"
                    autocomplete="off"
                    spellcheck="false"
                    aria-controls="found"
                />
            </div>
            <div class="field history__field">
                <label class="field__label" for="show">
                    "Contacts"
                </label>
                <select id="show" class="field__input" name="show">
                    {options}
                </select>
            </div>
            {groups}
            <button class="button" r#type="submit">
                "Search"
            </button>
            {narrowed.then(|| view! { <a class="button button--quiet" href="/contacts">"Show all"</a> })}
        </form>
    }
}

/// What was found. The script puts another one in its place.
#[component]
fn Found(asked: Asked, people: Vec<Person>, more: Option<i64>) -> impl IntoView {
    let none = people.is_empty().then(|| {
        let words = if asked.is_narrowed() { "No such contact was found." } else { "There are no contacts yet." };
        view! { <p class="history__none">{words}</p> }
    });
    let next = more.map(|after| Asked { after, ..asked.clone() }.address("/contacts"));
    let first = (asked.after != 0).then(|| Asked { after: 0, ..asked.clone() }.address("/contacts"));
    let turn = (next.is_some() || first.is_some()).then(|| {
        view! {
            <nav class="recordings__pages" aria-label="Pages">
                {first.map(|href| view! { <a class="button button--quiet" href=href>"From the beginning"</a> })}
                {next.map(|href| view! { <a class="button button--quiet" href=href>"Next"</a> })}
            </nav>
        }
    });
    let rows =
        people.into_iter().map(|person| view! { <Row person asked=asked.clone() /> }.into_any()).collect::<Vec<_>>();
    view! {
        <div id="found" role="region" aria-label="Found contacts">
            {none}
            <ul class="history" role="list">
                {rows}
            </ul>
            {turn}
        </div>
    }
}

#[component]
fn Row(person: Person, asked: Asked) -> impl IntoView {
    let Person { id, name, company, numbers, picture, favourite, own, status, words } = person;
    let company = (!company.is_empty() && company != name).then_some(company);
    let (mark, pressed) = if favourite { ("off", "true") } else { ("on", "false") };
    let label = if favourite { format!("{name} is no favourite any more") } else { format!("Make {name} a favourite") };
    let back = asked.address("/contacts");
    let ways = numbers.into_iter().map(|(kind, number)| view! { <Way name=name.clone() kind number /> }.into_any());
    let ways = ways.collect::<Vec<_>>();
    view! {
        <li class="history__call person">
            <Face name=name.clone() id picture />
            <div class="history__what">
                <p class="history__with">
                    <a href=format!("/contacts/{id}")>
                        <bdi>{name.clone()}</bdi>
                    </a>
                </p>
                <p class="history__facts">
                    {company.map(|company| view! { <bdi>{company}</bdi> })}
                    {status.map(|status| view! { <Doing status words /> })}
                    {own.then_some("Your own contact")}
                </p>
                <ul class="person__ways" role="list">
                    {ways}
                </ul>
            </div>
            <form method="post" action=format!("/contacts/{id}/favourite")>
                <input r#type="hidden" name="on" value=mark />
                <input r#type="hidden" name="back" value=back />
                <button
                    class="button button--quiet button--round person__mark"
                    r#type="submit"
                    aria-pressed=pressed
                    aria-label=label.clone()
                    title=label
                >
                    <Icon glyph=Glyph::Star />
                </button>
            </form>
        </li>
    }
}

/// A number, with what can be done with it.
#[component]
pub(super) fn Way(name: String, kind: String, number: String) -> impl IntoView {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let message = format!("/messages?{}", query.append_pair("with", &number).finish());
    let (call, write) = (format!("Call {name}, {kind}"), format!("Write to {name}, {kind}"));
    view! {
        <li class="person__way">
            <span class="history__kind">{kind}</span>
            <bdi class="person__number">{number.clone()}</bdi>
            // It only fills the field of the phone page: nobody is called by a link.
            <form method="get" action="/">
                <input r#type="hidden" name="call" value=number />
                <button class="button button--round button--call" r#type="submit" aria-label=call.clone() title=call>
                    <Icon glyph=Glyph::Handset />
                </button>
            </form>
            <a class="button button--round button--quiet" href=message aria-label=write.clone() title=write>
                <Icon glyph=Glyph::Letter />
            </a>
        </li>
    }
}

/// The picture of somebody, or their initials.
#[component]
pub(super) fn Face(name: String, id: i64, picture: Option<i64>) -> impl IntoView {
    match picture {
        // The name stands beside it.
        Some(version) => {
            let source = format!("/contacts/{id}/picture?v={version}");
            view! { <img class="avatar person__face" src=source alt="" width="40" height="40" loading="lazy" /> }
                .into_any()
        }
        None => view! { <Avatar name /> }.into_any(),
    }
}

/// What a colleague is doing: a shape, a colour and a word.
#[component]
pub(super) fn Doing(status: Status, words: String) -> impl IntoView {
    let doing = Presence { extension: String::new(), status, note: words, pick_up: String::new() };
    let (class, glyph) = crate::components::contacts::look(status);
    view! {
        <span class=class>
            <Icon glyph />
            <bdi>{words::presence(&doing)}</bdi>
        </span>
    }
}

/// What became of a file, and what was not understood.
#[component]
fn Told(imported: Imported) -> impl IntoView {
    let Imported { told, good, remarks } = imported;
    let (class, glyph, role) = if good {
        ("notice notice--good", Glyph::Tick, "status")
    } else {
        ("notice notice--trouble", Glyph::Warning, "alert")
    };
    let remarks = (!remarks.is_empty()).then(|| {
        let remarks = remarks.into_iter().map(|remark| view! { <li><bdi>{remark}</bdi></li> }).collect::<Vec<_>>();
        view! {
            <section class="notice notice--warning person__remarks" aria-label="What was not understood">
                <ul role="list">{remarks}</ul>
            </section>
        }
    });
    view! {
        <div class=class role=role>
            <Icon glyph />
            <p class="notice__text">{told}</p>
        </div>
        {remarks}
    }
}

/// Reading and writing files.
#[component]
fn Files() -> impl IntoView {
    let saved = [
        ("/contacts/contacts.vcf", "Save as vCard 3.0"),
        ("/contacts/contacts.vcf?version=4", "Save as vCard 4.0"),
        ("/contacts/contacts.csv", "Save as a table (CSV)"),
    ];
    let saved = saved
        .map(|(href, words)| view! { <a class="button button--quiet" href=href download="">{words}</a> })
        .collect_view();
    view! {
        <details class="person__files">
            <summary class="button button--quiet">"Import and export"</summary>
            <form class="settings__form" method="post" action="/contacts/import" enctype="multipart/form-data">
                <div class="field">
                    <label class="field__label" for="file">
                        "A file of contacts: vCard (.vcf) or a table (.csv), at most 16 MB"
                    </label>
                    <input
                        class="field__input"
                        id="file"
                        name="file"
                        r#type="file"
                        accept=".vcf,.vcard,.csv,text/vcard,text/x-vcard,text/csv"
                        required=true
                    />
                    <p class="settings__hint">
                        "They become your own contacts. What is there already is not doubled, and good contacts are taken even if others of the file are broken."
                    </p>
                </div>
                <button class="button" r#type="submit">
                    "Import"
                </button>
            </form>
            <p class="settings__hint">"Your own contacts as a file:"</p>
            <div class="settings__actions recordings__ways">{saved}</div>
        </details>
    }
}
