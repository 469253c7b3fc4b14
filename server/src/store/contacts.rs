//! Contacts: the company's directory, and what each person keeps for themselves.
//!
//! All of them are in one table, each in a book: the directory is one, and every person has one. Who has an account stands in the
//! directory by that ([`Contacts::refresh`]); the others there are the administrator's, by the command line.

mod fold;
mod import;
mod known;
mod numbers;
mod pages;
mod tidy;

#[cfg(test)]
mod tests;

pub use import::{Kept, Outcome};
pub use known::Known;
pub use numbers::{InvalidCountry, Match, Numbering};
pub use pages::{Entry, Query, Show};

use super::{Area, Store};
use crate::ports::AccountId;
use sqlx::AnyConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// How many contacts one person keeps, and how many the directory has.
pub const MOST_OWN: i64 = 20_000;
/// As [`MOST_OWN`], in the directory.
pub const MOST_COMPANY: i64 = 100_000;
/// The longest texts that are kept, in characters.
pub const LONGEST_NAME: usize = 128;
/// As [`LONGEST_NAME`], of a note.
pub const LONGEST_NOTE: usize = 4_000;
/// As [`LONGEST_NAME`], of a number.
pub const LONGEST_NUMBER: usize = 128;
/// As [`LONGEST_NAME`], of a group.
pub const LONGEST_GROUP: usize = 64;
/// How many numbers a contact has, and in how many groups it is.
pub const MOST_NUMBERS: usize = 16;

/// The contacts of all people.
#[derive(Clone)]
pub struct Contacts {
    store: Store,
    numbering: Numbering,
    /// The state of the accounts that stand in the directory.
    refreshed: Arc<AtomicI64>,
}

/// Where a contact stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Book {
    /// In the directory of the company.
    Company,
    /// Among the contacts of this account.
    Of(AccountId),
}

/// What a number is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// At work.
    #[default]
    Work,
    /// On the way.
    Mobile,
    /// At home.
    Home,
    /// An address.
    Sip,
    /// Anything else.
    Other,
}

/// A number of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Number {
    /// What it is.
    pub kind: Kind,
    /// As it was written.
    pub number: String,
}

/// A picture, as it is shown: made here, so that it holds nothing but pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// `image/png` or `image/jpeg`.
    pub kind: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What is kept of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What names it in files; empty for one that gets a name here.
    pub uid: String,
    /// For people.
    pub name: String,
    /// Where they work.
    pub company: String,
    /// Anything.
    pub note: String,
    /// At most [`MOST_NUMBERS`].
    pub numbers: Vec<Number>,
    /// The groups that it is in.
    pub groups: Vec<String>,
    /// `None` leaves the one that there is.
    pub picture: Option<Picture>,
}

/// A contact as one person sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its number.
    pub id: i64,
    /// Where it stands.
    pub book: Book,
    /// The account that it is.
    pub colleague: Option<AccountId>,
    /// Whether the person marked it.
    pub favourite: bool,
    /// Which of its pictures it has; 0 for none.
    pub picture: i64,
    /// What is kept of it, but for the picture.
    pub details: Details,
}

/// A contact cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum ContactError {
    /// There is nothing in it.
    #[error("a contact has a name, a company or a number")]
    Empty,
    /// There are too many.
    #[error("there are {0} contacts already, and no more can be kept")]
    Full(i64),
    /// There is none that this person may change.
    #[error("there is no such contact")]
    Missing,
    /// The database did not answer.
    #[error("the storage did not answer: {0}")]
    Database(#[from] sqlx::Error),
}

impl Kind {
    /// All of them, as they are offered.
    pub const ALL: [Self; 5] = [Self::Work, Self::Mobile, Self::Home, Self::Sip, Self::Other];

    /// Its name in forms, tables and the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Mobile => "mobile",
            Self::Home => "home",
            Self::Sip => "sip",
            Self::Other => "other",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Book {
    const fn number(self) -> i64 {
        match self {
            Self::Company => 0,
            Self::Of(account) => account,
        }
    }

    const fn of(number: i64) -> Self {
        if number == 0 { Self::Company } else { Self::Of(number) }
    }

    const fn owner(self) -> Option<AccountId> {
        match self {
            Self::Company => None,
            Self::Of(account) => Some(account),
        }
    }

    const fn most(self) -> i64 {
        match self {
            Self::Company => MOST_COMPANY,
            Self::Of(_) => MOST_OWN,
        }
    }
}

impl Contacts {
    /// Those of this storage, in a country where numbers are written like this.
    #[must_use]
    pub fn new(store: Store, numbering: Numbering) -> Self {
        Self { store, numbering, refreshed: Arc::new(AtomicI64::new(-1)) }
    }

    /// Keeps a new contact: its number.
    ///
    /// # Errors
    /// [`ContactError`].
    pub async fn add(&self, book: Book, details: Details) -> Result<i64, ContactError> {
        let details = details.tidy().ok_or(ContactError::Empty)?;
        let mut transaction = self.store.write(Area::Contacts).await?;
        self.room(&mut transaction, book).await?;
        let id = write(&mut transaction, book, None, None, &details).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Changes a contact of a person, but for its picture if there is none in it.
    ///
    /// # Errors
    /// [`ContactError`].
    pub async fn change(&self, account: AccountId, id: i64, details: Details) -> Result<(), ContactError> {
        let details = details.tidy().ok_or(ContactError::Empty)?;
        let mut transaction = self.store.write(Area::Contacts).await?;
        let known = sqlx::query_scalar("SELECT uid FROM contacts WHERE id = $1 AND owner = $2");
        let uid: Option<String> = known.bind(id).bind(account).fetch_optional(&mut *transaction).await?;
        let details = Details { uid: uid.ok_or(ContactError::Missing)?, ..details };
        write(&mut transaction, Book::Of(account), Some(id), None, &details).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Gives a contact of a person this picture, or none any more.
    ///
    /// # Errors
    /// [`ContactError::Missing`] and [`ContactError::Database`].
    pub async fn set_picture(&self, account: AccountId, id: i64, picture: Option<Picture>) -> Result<(), ContactError> {
        let mut transaction = self.store.write(Area::Contacts).await?;
        let known = sqlx::query_scalar("SELECT id FROM contacts WHERE id = $1 AND owner = $2");
        let known: Option<i64> = known.bind(id).bind(account).fetch_optional(&mut *transaction).await?;
        known.ok_or(ContactError::Missing)?;
        match picture {
            Some(picture) => write_picture(&mut transaction, id, &picture).await?,
            None => {
                sqlx::query("DELETE FROM contact_pictures WHERE contact = $1")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
                sqlx::query("UPDATE contacts SET picture = 0 WHERE id = $1")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Removes a contact of a book; one that is gone already is no error. A colleague stays as long as there is the account.
    ///
    /// # Errors
    /// The database's.
    pub async fn remove(&self, book: Book, id: i64) -> Result<bool, sqlx::Error> {
        let query = "DELETE FROM contacts WHERE id = $1 AND book = $2 AND colleague IS NULL";
        let done = sqlx::query(query).bind(id).bind(book.number()).execute(self.store.pool()).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Removes all contacts of a book, but for colleagues: how many there were.
    ///
    /// # Errors
    /// The database's.
    pub async fn clear(&self, book: Book) -> Result<u64, sqlx::Error> {
        let query = "DELETE FROM contacts WHERE book = $1 AND colleague IS NULL";
        Ok(sqlx::query(query).bind(book.number()).execute(self.store.pool()).await?.rows_affected())
    }

    /// Marks a contact for a person, or takes the mark away.
    ///
    /// # Errors
    /// [`ContactError::Missing`] and [`ContactError::Database`].
    pub async fn mark(&self, account: AccountId, id: i64, favourite: bool) -> Result<(), ContactError> {
        if !favourite {
            let query = sqlx::query("DELETE FROM favourites WHERE account = $1 AND contact = $2");
            query.bind(account).bind(id).execute(self.store.pool()).await?;
            return Ok(());
        }
        let query = "INSERT INTO favourites (account, contact)
                     SELECT $1, id FROM contacts WHERE id = $2 AND book IN (0, $1) ON CONFLICT DO NOTHING";
        sqlx::query(query).bind(account).bind(id).execute(self.store.pool()).await?;
        Ok(())
    }

    /// Brings the directory up to date with the accounts. It costs nothing as long as they did not change.
    ///
    /// # Errors
    /// The database's.
    pub async fn refresh(&self) -> Result<(), sqlx::Error> {
        let now: i64 = sqlx::query_scalar("SELECT value FROM account_changes").fetch_one(self.store.pool()).await?;
        if self.refreshed.load(Ordering::Acquire) == now {
            return Ok(());
        }
        let changed = "SELECT a.id, c.id, a.extension, a.name FROM accounts a
                       LEFT JOIN contacts c ON c.colleague = a.id
                       LEFT JOIN contact_numbers n ON n.contact = c.id AND n.place = 0
                       WHERE c.id IS NULL OR n.number <> a.extension OR (a.name <> '' AND c.name <> a.name)";
        let mut transaction = self.store.write(Area::Contacts).await?;
        let changed: Vec<(AccountId, Option<i64>, String, String)> =
            sqlx::query_as(changed).fetch_all(&mut *transaction).await?;
        for (account, id, extension, name) in changed {
            let numbers = vec![Number { kind: Kind::Work, number: extension }];
            let details = Details { uid: format!("account-{account}"), name, numbers, ..Details::default() };
            if let Some(details) = details.tidy() {
                write(&mut transaction, Book::Company, id, Some(account), &details).await?;
            }
        }
        transaction.commit().await?;
        self.refreshed.store(now, Ordering::Release);
        Ok(())
    }

    /// Whether one more fits into a book.
    async fn room(&self, connection: &mut AnyConnection, book: Book) -> Result<i64, ContactError> {
        let query = "SELECT COUNT(*) FROM contacts WHERE book = $1 AND colleague IS NULL";
        let count: i64 = sqlx::query_scalar(query).bind(book.number()).fetch_one(connection).await?;
        if count < book.most() { Ok(book.most() - count) } else { Err(ContactError::Full(count)) }
    }
}

/// Writes a contact that is tidy: a new one, or over the one with this number, all but its picture.
async fn write(
    connection: &mut AnyConnection,
    book: Book,
    id: Option<i64>,
    colleague: Option<AccountId>,
    details: &Details,
) -> Result<i64, sqlx::Error> {
    let Details { uid, name, company, note, numbers, groups, picture } = details;
    let (sorted, likeness) = (fold::fold(name), details.likeness());
    let id = match id {
        Some(id) => {
            let query = "UPDATE contacts SET uid = $2, name = $3, company = $4, note = $5, sorted = $6, likeness = $7 WHERE id = $1";
            let query = sqlx::query(query).bind(id).bind(uid).bind(name).bind(company).bind(note);
            query.bind(sorted).bind(likeness).execute(&mut *connection).await?;
            for table in ["contact_numbers", "contact_groups", "contact_words"] {
                let query = format!("DELETE FROM {table} WHERE contact = $1");
                sqlx::query(&query).bind(id).execute(&mut *connection).await?;
            }
            id
        }
        None => {
            let query = "INSERT INTO contacts (book, owner, colleague, uid, name, company, note, sorted, likeness)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id";
            let query = sqlx::query_scalar(query).bind(book.number()).bind(book.owner()).bind(colleague).bind(uid);
            let query = query.bind(name).bind(company).bind(note).bind(sorted).bind(likeness);
            query.fetch_one(&mut *connection).await?
        }
    };
    for (place, Number { kind, number }) in (0_i64..).zip(numbers) {
        let query = "INSERT INTO contact_numbers (contact, place, kind, number, ending) VALUES ($1, $2, $3, $4, $5)";
        let query = sqlx::query(query).bind(id).bind(place).bind(kind.name()).bind(number);
        query.bind(Numbering::ending(number)).execute(&mut *connection).await?;
    }
    for group in groups {
        let query = "INSERT INTO contact_groups (contact, folded, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        sqlx::query(query).bind(id).bind(fold::fold(group)).bind(group).execute(&mut *connection).await?;
    }
    for word in details.words() {
        let query = "INSERT INTO contact_words (book, word, contact) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        sqlx::query(query).bind(book.number()).bind(word).bind(id).execute(&mut *connection).await?;
    }
    if let Some(picture) = picture {
        write_picture(connection, id, picture).await?;
    }
    Ok(id)
}

async fn write_picture(connection: &mut AnyConnection, id: i64, picture: &Picture) -> Result<(), sqlx::Error> {
    let query = "INSERT INTO contact_pictures (contact, kind, bytes) VALUES ($1, $2, $3)
                 ON CONFLICT (contact) DO UPDATE SET kind = excluded.kind, bytes = excluded.bytes";
    let query = sqlx::query(query).bind(id).bind(&picture.kind).bind(&picture.bytes);
    query.execute(&mut *connection).await?;
    // Another address: a browser may keep the picture of this one.
    let now = i64::try_from(crate::clock::now()).unwrap_or(i64::MAX);
    let query = "UPDATE contacts SET picture = $2 WHERE id = $1";
    sqlx::query(query).bind(id).bind(now).execute(connection).await?;
    Ok(())
}
