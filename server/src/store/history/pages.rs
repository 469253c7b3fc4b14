//! Reading the history: page by page from the newest on, by where the page before ended, so that no page costs more than
//! another one.

use super::fold::{digits, fold};
use super::{History, json};
use crate::ports::AccountId;
use app::history::Reason;
use app::phone::{Direction, Party};
use sqlx::{QueryBuilder, Sqlite};

/// Which calls are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// All.
    #[default]
    All,
    /// Those that were missed.
    Missed,
    /// Those that came in.
    Incoming,
    /// Those that went out.
    Outgoing,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Which of them.
    pub filter: Filter,
    /// A part of a name or number; empty for all.
    pub search: String,
    /// Numbers that are found, too: of contacts whose names have this part.
    pub numbers: Vec<String>,
    /// Where to go on.
    pub from: Cursor,
}

/// Where a page begins: before or behind the row with this time and number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cursor {
    /// With the newest.
    #[default]
    Newest,
    /// With those before this one.
    Older(i64, i64),
    /// With those after this one, the nearest.
    Newer(i64, i64),
}

/// A call of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub id: i64,
    /// Who began it.
    pub direction: Direction,
    /// The other one.
    pub remote: Party,
    /// When it began, in milliseconds since 1970, as the times that follow.
    pub begun: i64,
    /// When it was answered, if it was.
    pub answered: Option<i64>,
    /// When it ended, unless it goes on.
    pub ended: Option<i64>,
    /// Why.
    pub reason: Reason,
    /// Whether it was missed.
    pub missed: bool,
    /// Whether the person saw that.
    pub seen: bool,
    /// How well it was heard, if it was measured.
    pub heard: Option<Heard>,
}

/// How well a call was heard: means, and the worst.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// A MOS estimate, in tenths.
    pub score: u8,
    /// The worst one.
    pub worst: u8,
    /// How many of a thousand packets were lost.
    pub lost: u16,
    /// In milliseconds.
    pub jitter: u32,
    /// In milliseconds, if it was known.
    pub round_trip: Option<u32>,
    /// Empty if it is not known.
    pub codec: String,
}

#[derive(sqlx::FromRow)]
struct Read {
    id: i64,
    incoming: bool,
    number: String,
    name: String,
    begun: i64,
    answered: Option<i64>,
    ended: Option<i64>,
    reason: String,
    missed: bool,
    seen: bool,
    score: Option<u8>,
    worst: Option<u8>,
    lost: Option<u16>,
    jitter: Option<u32>,
    round_trip: Option<u32>,
    codec: Option<String>,
}

impl History {
    /// So many calls that are asked for, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn page(&self, account: AccountId, query: &Query, most: u32) -> Result<Vec<Entry>, sqlx::Error> {
        let mut statement = select(account, query, most);
        let read: Vec<Read> = statement.build_query_as().fetch_all(self.store.pool()).await?;
        let mut entries: Vec<Entry> = read.into_iter().map(Entry::from).collect();
        if matches!(query.from, Cursor::Newer(..)) {
            entries.reverse();
        }
        Ok(entries)
    }

    /// How many calls were missed that the person has not seen.
    ///
    /// # Errors
    /// The database's.
    pub async fn missed(&self, account: AccountId) -> Result<u32, sqlx::Error> {
        let query = "SELECT COUNT(*) FROM history WHERE account = ? AND removed = 0 AND missed = 1 AND seen = 0";
        sqlx::query_scalar(query).bind(account).fetch_one(self.store.pool()).await
    }

    /// The person saw the calls that were missed, up to the one with this number.
    ///
    /// # Errors
    /// The database's.
    pub async fn see(&self, account: AccountId, last: i64) -> Result<(), sqlx::Error> {
        let query = "UPDATE history SET seen = 1
                     WHERE account = ? AND removed = 0 AND missed = 1 AND seen = 0 AND id <= ?";
        let done = sqlx::query(query).bind(account).bind(last).execute(self.store.pool()).await?;
        if done.rows_affected() > 0 {
            self.changed(account);
        }
        Ok(())
    }

    /// The number of the last row that there is.
    ///
    /// # Errors
    /// The database's.
    pub async fn last(&self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM history").fetch_one(self.store.pool()).await
    }

    /// Removes one call, or all; it does not come back if it is reported once more.
    ///
    /// # Errors
    /// The database's.
    pub async fn remove(&self, account: AccountId, id: Option<i64>) -> Result<(), sqlx::Error> {
        let query = "UPDATE history SET removed = 1, number = '', name = '', folded = '', reason = ?3, score = NULL, worst = NULL,
                     lost = NULL, jitter = NULL, round_trip = NULL, codec = NULL
                     WHERE account = ?1 AND removed = 0 AND id = COALESCE(?2, id)";
        let query = sqlx::query(query).bind(account).bind(id).bind(json(&Reason::Unknown));
        query.execute(self.store.pool()).await?;
        self.changed(account);
        Ok(())
    }
}

/// The statement that reads a page.
pub(super) fn select<'a>(account: AccountId, query: &'a Query, most: u32) -> QueryBuilder<'a, Sqlite> {
    let mut statement = QueryBuilder::new(
        "SELECT id, incoming, number, name, begun, answered, ended, reason, missed, seen, score, worst, lost, jitter,
         round_trip, codec FROM history WHERE removed = 0 AND account = ",
    );
    statement.push_bind(account);
    match query.filter {
        Filter::All => {}
        Filter::Missed => drop(statement.push(" AND missed = 1")),
        Filter::Incoming => drop(statement.push(" AND incoming = 1")),
        Filter::Outgoing => drop(statement.push(" AND incoming = 0")),
    }
    search(&mut statement, query);
    let (at, order) = match query.from {
        Cursor::Newest => (None, "DESC"),
        Cursor::Older(begun, id) => (Some((" AND (begun, id) < (", begun, id)), "DESC"),
        Cursor::Newer(begun, id) => (Some((" AND (begun, id) > (", begun, id)), "ASC"),
    };
    if let Some((compared, begun, id)) = at {
        statement.push(compared).push_bind(begun).push(", ").push_bind(id).push(")");
    }
    statement.push(format!(" ORDER BY begun {order}, id {order} LIMIT ")).push_bind(most);
    statement
}

fn search<'a>(statement: &mut QueryBuilder<'a, Sqlite>, query: &'a Query) {
    let text = query.search.trim();
    if text.is_empty() {
        return;
    }
    statement.push(" AND (instr(folded, ").push_bind(fold(text)).push(") > 0");
    if let Some(number) = digits(text) {
        statement.push(" OR instr(folded, ").push_bind(number).push(") > 0");
    }
    if !query.numbers.is_empty() {
        statement.push(" OR number IN (");
        let mut numbers = statement.separated(", ");
        for number in &query.numbers {
            numbers.push_bind(number);
        }
        statement.push(")");
    }
    statement.push(")");
}

impl From<Read> for Entry {
    fn from(read: Read) -> Self {
        let heard = read.score.map(|score| Heard {
            score,
            worst: read.worst.unwrap_or(score),
            lost: read.lost.unwrap_or_default(),
            jitter: read.jitter.unwrap_or_default(),
            round_trip: read.round_trip,
            codec: read.codec.unwrap_or_default(),
        });
        Self {
            id: read.id,
            direction: if read.incoming { Direction::Incoming } else { Direction::Outgoing },
            remote: Party { number: read.number, name: read.name },
            begun: read.begun,
            answered: read.answered,
            ended: read.ended,
            // Another version of the program may have known other ones.
            reason: serde_json::from_str(&read.reason).unwrap_or(Reason::Unknown),
            missed: read.missed,
            seen: read.seen,
            heard,
        }
    }
}
