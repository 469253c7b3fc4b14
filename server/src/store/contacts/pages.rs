//! Reading contacts: one, or a page of those that are looked for, in the order of their names. A page costs the same wherever it
//! begins: each book is read along its index, and the two are merged.

use super::{Book, Contact, Contacts, Details, Kind, Number, Picture, fold};
use crate::ports::AccountId;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How many words of a search count.
const MOST_WORDS: usize = 6;

/// Which contacts are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// All that the person sees.
    #[default]
    All,
    /// Those that the person marked.
    Favourites,
    /// Their own.
    Own,
    /// The directory's.
    Company,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Which of them.
    pub show: Show,
    /// What words of name, company, group or number begin with; empty for all.
    pub search: String,
    /// Only those of this group; empty for all.
    pub group: String,
    /// Only those behind this contact; 0 for the first.
    pub after: i64,
}

/// A contact of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// Where it stands.
    pub book: Book,
    /// The account that it is.
    pub colleague: Option<AccountId>,
    /// For people.
    pub name: String,
    /// Where they work.
    pub company: String,
    /// Which of its pictures it has; 0 for none.
    pub picture: i64,
    /// Whether the person marked it.
    pub favourite: bool,
    /// How it is reached.
    pub numbers: Vec<Number>,
    sorted: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    book: i64,
    colleague: Option<AccountId>,
    uid: String,
    name: String,
    company: String,
    note: String,
    sorted: String,
    picture: i64,
    favourite: i64,
}

/// What is read of each. A person is not their own colleague, and who may not log in is nobody's.
const SELECT: &str = "SELECT c.id, c.book, c.colleague, c.uid, c.name, c.company, c.note, c.sorted, c.picture,
    CASE WHEN f.contact IS NULL THEN 0 ELSE 1 END AS favourite
    FROM contacts c
    LEFT JOIN favourites f ON f.contact = c.id AND f.account = $1
    LEFT JOIN accounts a ON a.id = c.colleague
    WHERE (c.colleague IS NULL OR (a.enabled = 1 AND c.colleague <> $1))";

impl Contacts {
    /// So many contacts that are asked for, in the order of their names.
    ///
    /// # Errors
    /// The database's.
    pub async fn page(&self, account: AccountId, query: &Query, most: u32) -> Result<Vec<Entry>, sqlx::Error> {
        let books: &[i64] = match query.show {
            Show::All | Show::Favourites => &[0, account],
            Show::Own => &[account],
            Show::Company => &[0],
        };
        let Some(words) = self.words(&query.search) else { return Ok(Vec::new()) };
        let after: Option<(String, i64)> = match query.after {
            0 => None,
            id => {
                sqlx::query_as("SELECT sorted, id FROM contacts WHERE id = $1")
                    .bind(id)
                    .fetch_optional(self.store.pool())
                    .await?
            }
        };
        let mut rows: Vec<Row> = Vec::new();
        for book in books {
            let (statement, binds) = select(query, &words, after.is_some());
            let (sorted, id) = after.clone().unwrap_or_default();
            let mut statement = sqlx::query_as::<_, Row>(&statement).bind(account).bind(*book).bind(i64::from(most));
            statement = statement.bind(sorted).bind(id).bind(fold::fold(&query.group));
            for bind in binds {
                statement = statement.bind(bind);
            }
            rows.extend(statement.fetch_all(self.store.pool()).await?);
        }
        rows.sort_by(|one: &Row, other| (&one.sorted, one.id).cmp(&(&other.sorted, other.id)));
        rows.truncate(most as usize);
        let mut numbers = self.numbers(rows.iter().map(|row| row.id)).await?;
        Ok(rows.into_iter().map(|row| entry(row, &mut numbers)).collect())
    }

    /// One contact that a person sees, with all that is known of it.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(&self, account: AccountId, id: i64) -> Result<Option<Contact>, sqlx::Error> {
        let statement = format!("{SELECT} AND c.id = $2 AND c.book IN (0, $1)");
        let row: Option<Row> =
            sqlx::query_as(&statement).bind(account).bind(id).fetch_optional(self.store.pool()).await?;
        let Some(row) = row else { return Ok(None) };
        let numbers = self.numbers([id].into_iter()).await?.remove(&id).unwrap_or_default();
        let groups = sqlx::query_scalar("SELECT name FROM contact_groups WHERE contact = $1 ORDER BY folded");
        let groups = groups.bind(id).fetch_all(self.store.pool()).await?;
        let Row { book, colleague, uid, name, company, note, picture, favourite, .. } = row;
        let details = Details { uid, name, company, note, numbers, groups, picture: None };
        Ok(Some(Contact { id, book: Book::of(book), colleague, favourite: favourite != 0, picture, details }))
    }

    /// The picture of a contact that a person sees.
    ///
    /// # Errors
    /// The database's.
    pub async fn picture(&self, account: AccountId, id: i64) -> Result<Option<Picture>, sqlx::Error> {
        let query = "SELECT p.kind, p.bytes FROM contact_pictures p JOIN contacts c ON c.id = p.contact
                     WHERE c.id = $1 AND c.book IN (0, $2)";
        let row: Option<(String, Vec<u8>)> =
            sqlx::query_as(query).bind(id).bind(account).fetch_optional(self.store.pool()).await?;
        Ok(row.map(|(kind, bytes)| Picture { kind, bytes }))
    }

    /// The groups that there are among what a person sees.
    ///
    /// # Errors
    /// The database's.
    pub async fn groups(&self, account: AccountId, most: u32) -> Result<Vec<String>, sqlx::Error> {
        let query = "SELECT MIN(g.name) FROM contact_groups g JOIN contacts c ON c.id = g.contact
                     WHERE c.book IN (0, $1) GROUP BY g.folded ORDER BY g.folded LIMIT $2";
        sqlx::query_scalar(query).bind(account).bind(i64::from(most)).fetch_all(self.store.pool()).await
    }

    /// How many contacts a book has, without colleagues.
    ///
    /// # Errors
    /// The database's.
    pub async fn count(&self, book: Book) -> Result<i64, sqlx::Error> {
        let query = "SELECT COUNT(*) FROM contacts WHERE book = $1 AND colleague IS NULL";
        sqlx::query_scalar(query).bind(book.number()).fetch_one(self.store.pool()).await
    }

    /// So many contacts of a book behind this one, with all that is known of them but for who marked them: for a file.
    ///
    /// # Errors
    /// The database's.
    pub async fn some(&self, book: Book, after: i64, most: u32) -> Result<Vec<Contact>, sqlx::Error> {
        let statement =
            format!("{SELECT} AND c.book = $2 AND c.id > $3 AND c.colleague IS NULL ORDER BY c.id LIMIT $4");
        let rows: Vec<Row> = sqlx::query_as(&statement)
            .bind(book.number())
            .bind(book.number())
            .bind(after)
            .bind(i64::from(most))
            .fetch_all(self.store.pool())
            .await?;
        let mut numbers = self.numbers(rows.iter().map(|row| row.id)).await?;
        let mut groups: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        if let Some(list) = list(rows.iter().map(|row| row.id)) {
            let query =
                format!("SELECT contact, name FROM contact_groups WHERE contact IN ({list}) ORDER BY contact, folded");
            let found: Vec<(i64, String)> = sqlx::query_as(&query).fetch_all(self.store.pool()).await?;
            found.into_iter().for_each(|(id, group)| groups.entry(id).or_default().push(group));
        }
        let mut contacts = Vec::with_capacity(rows.len());
        for Row { id, book, colleague, uid, name, company, note, picture, favourite, .. } in rows {
            let shown = match picture {
                0 => None,
                _ => {
                    let query = "SELECT kind, bytes FROM contact_pictures WHERE contact = $1";
                    let row: Option<(String, Vec<u8>)> =
                        sqlx::query_as(query).bind(id).fetch_optional(self.store.pool()).await?;
                    row.map(|(kind, bytes)| Picture { kind, bytes })
                }
            };
            let (numbers, groups) = (numbers.remove(&id).unwrap_or_default(), groups.remove(&id).unwrap_or_default());
            let details = Details { uid, name, company, note, numbers, groups, picture: shown };
            contacts.push(Contact { id, book: Book::of(book), colleague, favourite: favourite != 0, picture, details });
        }
        Ok(contacts)
    }

    pub(super) async fn numbers(
        &self,
        contacts: impl Iterator<Item = i64>,
    ) -> Result<BTreeMap<i64, Vec<Number>>, sqlx::Error> {
        let mut numbers: BTreeMap<i64, Vec<Number>> = BTreeMap::new();
        let Some(list) = list(contacts) else { return Ok(numbers) };
        let query = format!(
            "SELECT contact, kind, number FROM contact_numbers WHERE contact IN ({list}) ORDER BY contact, place"
        );
        let rows: Vec<(i64, String, String)> = sqlx::query_as(&query).fetch_all(self.store.pool()).await?;
        for (contact, kind, number) in rows {
            let kind = Kind::named(&kind).unwrap_or(Kind::Other);
            numbers.entry(contact).or_default().push(Number { kind, number });
        }
        Ok(numbers)
    }

    /// What a search looks for: each word in all its forms; `None` when nothing can have it.
    fn words(&self, search: &str) -> Option<Vec<Vec<String>>> {
        let text = search.trim();
        let digits = text.chars().any(|sign| sign.is_ascii_digit());
        let is_number = digits && text.chars().all(|sign| sign.is_ascii_digit() || " +-/().".contains(sign));
        if is_number {
            return Some(vec![self.numbering.typed(text)]);
        }
        let mut words: Vec<Vec<String>> = fold::words([text].into_iter()).into_iter().map(|word| vec![word]).collect();
        words.truncate(MOST_WORDS);
        (text.is_empty() || !words.is_empty()).then_some(words)
    }
}

/// The statement that reads a page of one book, and what is bound to it behind account, book, number of rows, place and group.
fn select(query: &Query, words: &[Vec<String>], goes_on: bool) -> (String, Vec<String>) {
    let mut statement = format!("{SELECT} AND c.book = $2");
    let mut binds = Vec::new();
    // Each is bound in any case: an unused one is no error, and its type is known.
    statement.push_str(" AND ($4 = $4 AND $5 = $5 AND $6 = $6)");
    if goes_on {
        statement.push_str(" AND (c.sorted, c.id) > ($4, $5)");
    }
    if query.show == Show::Favourites {
        statement.push_str(" AND f.contact IS NOT NULL");
    }
    if !query.group.is_empty() {
        statement.push_str(" AND EXISTS (SELECT 1 FROM contact_groups g WHERE g.contact = c.id AND g.folded = $6)");
    }
    for forms in words {
        let mut ranges = Vec::new();
        for form in forms {
            let first = binds.len() + 7;
            ranges.push(format!("(word >= ${first} AND word < ${})", first + 1));
            binds.push(form.clone());
            binds.push(format!("{form}{}", char::MAX));
        }
        let ranges = ranges.join(" OR ");
        // Writing to a String does not fail.
        let _ = write!(statement, " AND c.id IN (SELECT contact FROM contact_words WHERE book = $2 AND ({ranges}))");
    }
    statement.push_str(" ORDER BY c.sorted, c.id LIMIT $3");
    (statement, binds)
}

/// Numbers of rows as they stand in a statement; `None` when there are none.
fn list(ids: impl Iterator<Item = i64>) -> Option<String> {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    (!ids.is_empty()).then(|| ids.join(", "))
}

fn entry(row: Row, numbers: &mut BTreeMap<i64, Vec<Number>>) -> Entry {
    let Row { id, book, colleague, name, company, sorted, picture, favourite, .. } = row;
    let numbers = numbers.remove(&id).unwrap_or_default();
    Entry { id, book: Book::of(book), colleague, name, company, picture, favourite: favourite != 0, numbers, sorted }
}
