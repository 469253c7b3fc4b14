//! Who a number belongs to, in whatever form it comes.

use super::{Book, Contacts, Kind, Match, Numbering};
use crate::ports::AccountId;
use std::collections::BTreeMap;

/// How many contacts are looked at whose number ends alike.
const MOST: i64 = 1_000;

/// Who has a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Their number among contacts.
    pub id: i64,
    /// For people.
    pub name: String,
    /// Where they work.
    pub company: String,
    /// What the person wrote about them.
    pub note: String,
    /// What that number of theirs is.
    pub kind: Kind,
    /// The account that it is.
    pub colleague: Option<AccountId>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    book: i64,
    colleague: Option<AccountId>,
    name: String,
    company: String,
    note: String,
    kind: String,
    number: String,
    favourite: i64,
}

impl Contacts {
    /// Who has this number among what a person sees: who it fits best; of several, the person's own contact, one that they
    /// marked, and the eldest.
    ///
    /// # Errors
    /// The database's.
    pub async fn known(&self, account: AccountId, number: &str) -> Result<Option<Known>, sqlx::Error> {
        let ending = Numbering::ending(number);
        if ending.is_empty() {
            return Ok(None);
        }
        let query = "SELECT c.id, c.book, c.colleague, c.name, c.company, c.note, n.kind, n.number,
                     CASE WHEN f.contact IS NULL THEN 0 ELSE 1 END AS favourite
                     FROM contact_numbers n JOIN contacts c ON c.id = n.contact
                     LEFT JOIN favourites f ON f.contact = c.id AND f.account = $1
                     LEFT JOIN accounts a ON a.id = c.colleague
                     WHERE n.ending = $2 AND c.book IN (0, $1) AND (c.colleague IS NULL OR a.enabled = 1)
                     ORDER BY c.id LIMIT $3";
        let rows: Vec<Row> =
            sqlx::query_as(query).bind(account).bind(ending).bind(MOST).fetch_all(self.store.pool()).await?;
        let rank = |row: &Row| {
            let fits: Match = self.numbering.compare(&row.number, number)?;
            let own = Book::of(row.book) != Book::Company;
            Some((fits, own, row.favourite, std::cmp::Reverse(row.id)))
        };
        let best = rows.into_iter().filter_map(|row| Some((rank(&row)?, row))).max_by(|one, other| one.0.cmp(&other.0));
        Ok(best.map(|(_, row)| {
            let Row { id, colleague, name, company, note, kind, .. } = row;
            Known { id, name, company, note, kind: Kind::named(&kind).unwrap_or(Kind::Other), colleague }
        }))
    }

    /// Whether two numbers are one, in whatever form they come.
    #[must_use]
    pub fn is_same(&self, one: &str, other: &str) -> bool {
        self.numbering.compare(one, other).is_some()
    }

    /// The names of those who have these numbers, by number; of who has none, nothing.
    ///
    /// # Errors
    /// The database's.
    pub async fn names<'a>(
        &self,
        account: AccountId,
        numbers: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, String>, sqlx::Error> {
        let mut names = BTreeMap::new();
        for number in numbers {
            if !names.contains_key(number)
                && let Some(known) = self.known(account, number).await?
            {
                names.insert(number.to_owned(), known.name);
            }
        }
        Ok(names)
    }
}
