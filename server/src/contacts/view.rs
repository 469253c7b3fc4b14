//! What the pages of contacts show.

use super::{Room, Unavailable};
use crate::ports::{AccountId, Home, SignedIn, presence};
use crate::store::contacts::{self, Book, Entry, Kind, Number, Query, Show};
use app::backend;
use app::pages::contact::{ContactView, Typed};
use app::pages::contacts::{Asked, ContactsView, Person};
use app::{pages, phone};
use serde::Deserialize;

/// How many contacts are shown at once.
const SHOWN: u32 = 50;
/// How many groups are offered.
const GROUPS: u32 = 200;
/// The longest text that is looked for, in characters.
const LONGEST_SEARCH: usize = 128;

/// What the address of the list says.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Address {
    show: String,
    q: String,
    group: String,
    after: String,
}

/// What the address of a new contact says.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct New {
    name: String,
    number: String,
}

impl Address {
    /// What is asked for, as far as it is understood.
    pub(super) fn asked(self) -> Asked {
        let cut = |text: &str| text.trim().chars().take(LONGEST_SEARCH).collect::<String>();
        Asked {
            show: pages::contacts::Show::named(&self.show),
            search: cut(&self.q),
            group: cut(&self.group),
            after: self.after.parse().unwrap_or_default(),
        }
    }
}

impl New {
    pub(super) fn typed(self) -> Typed {
        let cut =
            |text: String| text.chars().filter(|sign| !sign.is_control()).take(LONGEST_SEARCH).collect::<String>();
        let Self { name, number } = self;
        let kind = if number.contains('@') { Kind::Sip } else { Kind::Work };
        let numbers = if number.is_empty() { Vec::new() } else { vec![(kind.name().to_owned(), cut(number))] };
        Typed { name: cut(name), numbers, ..Typed::default() }
    }
}

impl Room {
    pub(super) async fn contacts_view(&self, me: SignedIn, asked: Asked) -> Result<ContactsView, Unavailable> {
        self.contacts.refresh().await?;
        let show = match asked.show {
            pages::contacts::Show::All => Show::All,
            pages::contacts::Show::Favourites => Show::Favourites,
            pages::contacts::Show::Own => Show::Own,
            pages::contacts::Show::Company => Show::Company,
        };
        let query = Query { show, search: asked.search.clone(), group: asked.group.clone(), after: asked.after };
        let mut found = self.contacts.page(me.account, &query, SHOWN + 1).await?;
        let goes_on = found.len() > SHOWN as usize;
        found.truncate(SHOWN as usize);
        let more = found.last().filter(|_| goes_on).map(|last| last.id);
        let groups = self.contacts.groups(me.account, GROUPS).await?;
        let home = self.homes.home(me.account).await?;
        let people = found.into_iter().map(|entry| self.person((me.account, &home), entry)).collect();
        let me = backend::Contact { extension: me.extension, name: me.name };
        Ok(ContactsView { me, asked, people, more, groups, imported: None })
    }

    pub(super) async fn contact_view(&self, me: &SignedIn, id: i64) -> Result<Option<ContactView>, Unavailable> {
        let Some(contact) = self.contacts.find(me.account, id).await? else { return Ok(None) };
        let home = self.homes.home(me.account).await?;
        let seen = self.seen((me.account, &home), contact.colleague, &contact.details.numbers);
        Ok(Some(ContactView {
            id,
            numbers: worded(&contact.details.numbers, contact.colleague.is_some()),
            picture: (contact.picture != 0).then_some(contact.picture),
            favourite: contact.favourite,
            own: contact.book == Book::Of(me.account),
            status: seen.as_ref().map(|seen| seen.status),
            words: seen.map(|seen| seen.note).unwrap_or_default(),
            typed: typed(&contact),
            problem: None,
        }))
    }

    fn person(&self, me: (AccountId, &Home), entry: Entry) -> Person {
        let seen = self.seen(me, entry.colleague, &entry.numbers);
        Person {
            id: entry.id,
            numbers: worded(&entry.numbers, entry.colleague.is_some()),
            picture: (entry.picture != 0).then_some(entry.picture),
            favourite: entry.favourite,
            own: entry.book != Book::Company,
            status: seen.as_ref().map(|seen| seen.status),
            words: seen.map(|seen| seen.note).unwrap_or_default(),
            name: entry.name,
            company: entry.company,
        }
    }

    /// What a colleague is doing; of others nothing is known.
    fn seen(&self, me: (AccountId, &Home), colleague: Option<i64>, numbers: &[Number]) -> Option<phone::Presence> {
        let extension = colleague.and(numbers.first())?;
        Some(presence((&*self.events, &*self.lamps), me, extension.number.clone()))
    }
}

/// A contact as it is typed.
pub(super) fn typed(contact: &contacts::Contact) -> Typed {
    let details = contact.details.clone();
    Typed {
        name: details.name,
        company: details.company,
        numbers: details.numbers.into_iter().map(|number| (number.kind.name().to_owned(), number.number)).collect(),
        groups: details.groups.join("\n"),
        note: details.note,
    }
}

/// The kinds of numbers as they are offered.
pub(super) fn kinds() -> Vec<(&'static str, String)> {
    Kind::ALL.map(|kind| (kind.name(), words(kind).to_owned())).to_vec()
}

fn worded(numbers: &[Number], colleague: bool) -> Vec<(String, String)> {
    let word = |kind| if colleague { "Extension" } else { words(kind) };
    numbers.iter().map(|number| (word(number.kind).to_owned(), number.number.clone())).collect()
}

const fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Work => "Work",
        Kind::Mobile => "Mobile",
        Kind::Home => "Home",
        Kind::Sip => "SIP address",
        Kind::Other => "Other",
    }
}
