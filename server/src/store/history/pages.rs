//! Reading the history: page by page from the newest on, by where the page before ended, so that no page costs more than
//! another one.

use super::fold::{digits, fold};
use super::{History, json};
use crate::ports::AccountId;
use crate::store::{Flag, storable};
use app::history::Reason;
use app::phone::{Direction, Party};
use sqlx::any::{Any, AnyArguments};
use sqlx::{Arguments as _, Encode, Type};

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
    incoming: Flag,
    number: String,
    name: String,
    begun: i64,
    answered: Option<i64>,
    ended: Option<i64>,
    reason: String,
    missed: Flag,
    seen: Flag,
    score: Option<i64>,
    worst: Option<i64>,
    lost: Option<i64>,
    jitter: Option<i64>,
    round_trip: Option<i64>,
    codec: Option<String>,
}

impl History {
    /// So many calls that are asked for, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn page(&self, account: AccountId, query: &Query, most: u32) -> Result<Vec<Entry>, sqlx::Error> {
        let Statement { sql, arguments } = select(account, query, most)?;
        let read: Vec<Read> = sqlx::query_as_with(&sql, arguments).fetch_all(self.store.pool()).await?;
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
        let query = "SELECT COUNT(*) FROM history WHERE account = $1 AND removed = 0 AND missed = 1 AND seen = 0";
        let missed: i64 = sqlx::query_scalar(query).bind(account).fetch_one(self.store.pool()).await?;
        Ok(u32::try_from(missed).unwrap_or(u32::MAX))
    }

    /// The person saw the calls that were missed, up to the one with this number.
    ///
    /// # Errors
    /// The database's.
    pub async fn see(&self, account: AccountId, last: i64) -> Result<(), sqlx::Error> {
        let query = "UPDATE history SET seen = 1
                     WHERE account = $1 AND removed = 0 AND missed = 1 AND seen = 0 AND id <= $2";
        let done = sqlx::query(query).bind(account).bind(last).execute(self.store.pool()).await?;
        if done.rows_affected() > 0 {
            self.changed(account);
        }
        Ok(())
    }

    /// The number of the last call that the person missed and has not seen; 0 if there is none.
    ///
    /// # Errors
    /// The database's.
    pub async fn last_missed(&self, account: AccountId) -> Result<i64, sqlx::Error> {
        let query =
            "SELECT COALESCE(MAX(id), 0) FROM history WHERE account = $1 AND removed = 0 AND missed = 1 AND seen = 0";
        sqlx::query_scalar(query).bind(account).fetch_one(self.store.pool()).await
    }

    /// Removes one call, or all; it does not come back if it is reported once more.
    ///
    /// # Errors
    /// The database's.
    pub async fn remove(&self, account: AccountId, id: Option<i64>) -> Result<(), sqlx::Error> {
        let query = "UPDATE history SET removed = 1, number = '', name = '', folded = '', reason = $3, score = NULL, worst = NULL,
                     lost = NULL, jitter = NULL, round_trip = NULL, codec = NULL
                     WHERE account = $1 AND removed = 0 AND id = COALESCE($2, id)";
        let query = sqlx::query(query).bind(account).bind(id).bind(json(&Reason::Unknown));
        query.execute(self.store.pool()).await?;
        self.changed(account);
        Ok(())
    }
}

/// A statement that is put together, with what is bound in it.
#[derive(Default)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) arguments: AnyArguments<'static>,
}

impl Statement {
    fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// A placeholder that every database understands: sqlx's own builder writes one that only SQLite does.
    fn bind<T>(&mut self, value: T) -> Result<&mut Self, sqlx::Error>
    where
        T: Encode<'static, Any> + Type<Any> + 'static,
    {
        self.arguments.add(value).map_err(sqlx::Error::Encode)?;
        let number = self.arguments.len().to_string();
        Ok(self.push("$").push(&number))
    }
}

/// The statement that reads a page.
pub(super) fn select(account: AccountId, query: &Query, most: u32) -> Result<Statement, sqlx::Error> {
    let mut statement = Statement::default();
    statement.push(
        "SELECT id, incoming, number, name, begun, answered, ended, reason, missed, seen, score, worst, lost, jitter,
         round_trip, codec FROM history WHERE removed = 0 AND account = ",
    );
    statement.bind(account)?.push(match query.filter {
        Filter::All => "",
        Filter::Missed => " AND missed = 1",
        Filter::Incoming => " AND incoming = 1",
        Filter::Outgoing => " AND incoming = 0",
    });
    search(&mut statement, query)?;
    let (at, order) = match query.from {
        Cursor::Newest => (None, " ORDER BY begun DESC, id DESC LIMIT "),
        Cursor::Older(begun, id) => (Some((" AND (begun, id) < (", begun, id)), " ORDER BY begun DESC, id DESC LIMIT "),
        Cursor::Newer(begun, id) => (Some((" AND (begun, id) > (", begun, id)), " ORDER BY begun ASC, id ASC LIMIT "),
    };
    if let Some((compared, begun, id)) = at {
        statement.push(compared).bind(begun)?.push(", ").bind(id)?.push(")");
    }
    statement.push(order).bind(i64::from(most))?;
    Ok(statement)
}

fn search(statement: &mut Statement, query: &Query) -> Result<(), sqlx::Error> {
    let text = query.search.trim();
    if text.is_empty() {
        return Ok(());
    }
    statement.push(" AND (instr(folded, ").bind(fold(&storable(text)))?.push(") > 0");
    if let Some(number) = digits(text) {
        statement.push(" OR instr(folded, ").bind(number)?.push(") > 0");
    }
    for (place, number) in query.numbers.iter().enumerate() {
        statement.push(if place == 0 { " OR number IN (" } else { ", " }).bind(storable(number))?;
    }
    if !query.numbers.is_empty() {
        statement.push(")");
    }
    statement.push(")");
    Ok(())
}

impl From<Read> for Entry {
    fn from(read: Read) -> Self {
        let heard = read.score.map(|score| Heard {
            score: small(score),
            worst: read.worst.map_or_else(|| small(score), small),
            lost: read.lost.map_or(0, small),
            jitter: read.jitter.map_or(0, small),
            round_trip: read.round_trip.map(small),
            codec: read.codec.unwrap_or_default(),
        });
        Self {
            id: read.id,
            direction: if read.incoming.is_set() { Direction::Incoming } else { Direction::Outgoing },
            remote: Party { number: read.number, name: read.name },
            begun: read.begun,
            answered: read.answered,
            ended: read.ended,
            // Another version of the program may have known other ones.
            reason: serde_json::from_str(&read.reason).unwrap_or(Reason::Unknown),
            missed: read.missed.is_set(),
            seen: read.seen.is_set(),
            heard,
        }
    }
}

/// A number as it was written; nothing larger was.
fn small<N: TryFrom<i64> + Default>(number: i64) -> N {
    N::try_from(number).unwrap_or_default()
}
