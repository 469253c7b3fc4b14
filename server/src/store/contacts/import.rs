//! Many contacts at once, from a file: what is there already is not doubled.

use super::{Area, Book, ContactError, Contacts, Details, write};
use sqlx::AnyConnection;
use std::collections::BTreeSet;

/// How many are written at once: others write between.
const AT_ONCE: usize = 200;
/// What names colleagues in the directory; no file does.
const OURS: &str = "account-";

/// What became of one contact of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is new.
    Added,
    /// It was there under that name of files, and is now as the file has it.
    Changed,
    /// It was there.
    Known,
}

/// What became of each contact of a file, in its order.
pub type Outcome = Vec<Result<Kept, ContactError>>;

impl Contacts {
    /// Keeps all that can be kept. The same is what has the same name in files (UID), else the same name and numbers.
    ///
    /// # Errors
    /// The database's; what was written before that stays.
    pub async fn import(&self, book: Book, contacts: Vec<Details>) -> Result<Outcome, sqlx::Error> {
        let mut outcome = Vec::with_capacity(contacts.len());
        let mut contacts = contacts.into_iter().peekable();
        while contacts.peek().is_some() {
            let mut transaction = self.store.write(Area::Contacts).await?;
            let mut room = match self.room(&mut transaction, book).await {
                Ok(room) => room,
                Err(ContactError::Database(error)) => return Err(error),
                Err(_) => 0,
            };
            for details in contacts.by_ref().take(AT_ONCE) {
                let kept = keep(&mut transaction, book, details, room).await;
                if let Err(ContactError::Database(error)) = kept {
                    return Err(error);
                }
                room -= i64::from(matches!(kept, Ok(Kept::Added)));
                outcome.push(kept);
            }
            transaction.commit().await?;
        }
        Ok(outcome)
    }

    /// Removes what is in a book and not among these, but for colleagues: how many.
    ///
    /// # Errors
    /// The database's.
    pub async fn keep_only(&self, book: Book, contacts: &[Details]) -> Result<u64, sqlx::Error> {
        let tidy: Vec<Details> = contacts.iter().cloned().filter_map(Details::tidy).collect();
        let uids: BTreeSet<&str> = tidy.iter().map(|details| details.uid.as_str()).collect();
        let likenesses: BTreeSet<String> = tidy.iter().map(Details::likeness).collect();
        let query = "SELECT id, uid, likeness FROM contacts WHERE book = $1 AND colleague IS NULL";
        let rows: Vec<(i64, String, String)> =
            sqlx::query_as(query).bind(book.number()).fetch_all(self.store.pool()).await?;
        let gone = rows
            .into_iter()
            .filter(|(_, uid, likeness)| !uids.contains(uid.as_str()) && !likenesses.contains(likeness));
        let mut count = 0;
        for (id, ..) in gone {
            count += u64::from(self.remove(book, id).await?);
        }
        Ok(count)
    }
}

async fn keep(
    connection: &mut AnyConnection,
    book: Book,
    mut details: Details,
    room: i64,
) -> Result<Kept, ContactError> {
    if details.uid.starts_with(OURS) {
        details.uid.clear();
    }
    let named = !details.uid.trim().is_empty();
    let details = details.tidy().ok_or(ContactError::Empty)?;
    if named {
        let query = "SELECT id FROM contacts WHERE book = $1 AND uid = $2";
        let known: Option<i64> =
            sqlx::query_scalar(query).bind(book.number()).bind(&details.uid).fetch_optional(&mut *connection).await?;
        if let Some(id) = known {
            if is_same(connection, id, &details).await? {
                return Ok(Kept::Known);
            }
            write(connection, book, Some(id), None, &details).await?;
            return Ok(Kept::Changed);
        }
    }
    let query = "SELECT id FROM contacts WHERE book = $1 AND likeness = $2 LIMIT 1";
    let known: Option<i64> =
        sqlx::query_scalar(query).bind(book.number()).bind(details.likeness()).fetch_optional(&mut *connection).await?;
    if known.is_some() {
        return Ok(Kept::Known);
    }
    if room < 1 {
        return Err(ContactError::Full(book.most()));
    }
    write(connection, book, None, None, &details).await?;
    Ok(Kept::Added)
}

/// Whether a contact is already as a file has it.
async fn is_same(connection: &mut AnyConnection, id: i64, details: &Details) -> Result<bool, sqlx::Error> {
    let query = "SELECT name, company, note FROM contacts WHERE id = $1";
    let (name, company, note): (String, String, String) =
        sqlx::query_as(query).bind(id).fetch_one(&mut *connection).await?;
    let query = "SELECT kind, number FROM contact_numbers WHERE contact = $1 ORDER BY place";
    let mut numbers: Vec<(String, String)> = sqlx::query_as(query).bind(id).fetch_all(&mut *connection).await?;
    let query = "SELECT name FROM contact_groups WHERE contact = $1";
    let mut groups: Vec<String> = sqlx::query_scalar(query).bind(id).fetch_all(&mut *connection).await?;
    let query = "SELECT bytes FROM contact_pictures WHERE contact = $1";
    let picture: Option<Vec<u8>> = sqlx::query_scalar(query).bind(id).fetch_optional(&mut *connection).await?;
    let mut wanted = details.groups.clone();
    groups.sort_unstable();
    wanted.sort_unstable();
    // A table has a column for each kind: in which order the kinds are is nothing that it could say.
    let mut new: Vec<(&str, &str)> =
        details.numbers.iter().map(|number| (number.kind.name(), number.number.as_str())).collect();
    new.sort_by_key(|(kind, _)| *kind);
    numbers.sort_by(|(one, _), (other, _)| one.cmp(other));
    let same_numbers = numbers.iter().map(|(kind, number)| (kind.as_str(), number.as_str())).eq(new);
    // A file without a picture takes none away.
    let same_picture = details.picture.as_ref().is_none_or(|new| picture.as_ref() == Some(&new.bytes));
    Ok((name, company, note) == (details.name.clone(), details.company.clone(), details.note.clone())
        && same_numbers
        && groups == wanted
        && same_picture)
}
