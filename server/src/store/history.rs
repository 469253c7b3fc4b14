//! The history of calls: who had the line reports each call, and the exchange adds what nobody reported.
//!
//! A call of an account is one row. A report has the key (account, Call-ID, local tag), so that it is kept once, however often
//! it comes. The exchange sees a call that comes in from outside: its forks keep the Call-ID, and each phone has a tag of its own. So
//! the exchange's row of it has the key (account, Call-ID, empty tag), and stands for all phones of the account, of which one
//! may have reported it:
//!
//! | Row | There is | Comes | Then |
//! | --- | --- | --- | --- |
//! | HI1 | nothing | a report | it is kept |
//! | HI2 | this report | the same again | the first one stays |
//! | HI3 | what the exchange saw | a report | the report takes its place, seen or removed as it was |
//! | HI4 | what the exchange saw: it was answered | a report that it was not, here | the same, with the times of the phone that answered; it is not missed |
//! | HI5 | a report | what the exchange saw | it adds nothing, but for the times of another phone that answered (HI4) |
//! | HI6 | nothing, or the exchange's own row | what the exchange saw | it is kept |
//! | HI7 | a row that goes on | the exchange saw the end | it has ended |
//! | HI8 | a removed row | anything | it stays removed |

mod fold;
mod pages;
#[cfg(test)]
#[path = "history/tests.rs"]
mod postgres_tests;
mod sweep;
#[cfg(test)]
mod tests;

pub use pages::{Cursor, Entry, Filter, Heard, Query};

use super::{Area, Flag, Store, storable};
use crate::clock;
use crate::ports::{AccountId, CallHistory, CallLog, PortError, Seen, SeenCall};
use app::history::{Reason, Report};
use app::phone::{Cause, Direction, Party};
use app::quality::{Quality, Tally};
use async_trait::async_trait;
pub(super) use fold::fold;
use sqlx::AnyConnection;
use std::collections::BTreeSet;
use tokio::sync::broadcast;

/// How many calls of an account are kept: of more, the oldest go.
pub const MOST: i64 = 100_000;
/// The longest texts that are kept, in characters, and the longest reason, in bytes.
const LONGEST_NAME: usize = 255;
const LONGEST_PARTY: usize = 128;
const LONGEST_CODEC: usize = 32;
const LONGEST_REASON: usize = 2_048;
/// How far the clock of a browser may be ahead, in milliseconds.
const AHEAD: u64 = 86_400_000;
/// How many changes wait for a slow listener.
const CHANGES: usize = 256;

/// The calls of all accounts.
#[derive(Clone)]
pub struct History {
    store: Store,
    changes: broadcast::Sender<AccountId>,
    most: i64,
}

/// A report cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It does not say which call it is about.
    #[error("the report names no call")]
    Nameless,
    /// The database did not answer.
    #[error("the storage did not answer: {0}")]
    Database(#[from] sqlx::Error),
}

/// A row as it is written.
struct Row {
    call_id: String,
    local_tag: String,
    by_exchange: bool,
    direction: Direction,
    remote: Party,
    begun: i64,
    answered: Option<i64>,
    ended: Option<i64>,
    reason: Reason,
    heard: Tally,
}

/// What is known of a row that is there.
#[derive(sqlx::FromRow)]
struct Known {
    id: i64,
    local_tag: String,
    by_exchange: Flag,
    answered: Option<i64>,
    ended: Option<i64>,
    seen: Flag,
    removed: Flag,
}

impl History {
    /// That of this storage.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, changes: broadcast::channel(CHANGES).0, most: MOST }
    }

    /// Fires with the account whose missed calls are to be counted anew.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<AccountId> {
        self.changes.subscribe()
    }

    /// Keeps a call that was reported (HI1 to HI4, HI8). It is written when this returns.
    ///
    /// # Errors
    /// [`ReportError`].
    pub async fn report(&self, account: AccountId, report: Report) -> Result<(), ReportError> {
        let row = Row::reported(report);
        if row.local_tag.is_empty() {
            return Err(ReportError::Nameless);
        }
        let mut transaction = self.store.write(Area::History).await?;
        if let Some(id) = keep_report(&mut transaction, account, row).await? {
            self.trim(&mut transaction, account, id).await?;
        }
        transaction.commit().await?;
        self.changed(account);
        Ok(())
    }

    /// Keeps what the exchange saw, in its order (HI5 to HI8).
    async fn keep_seen(&self, seen: Vec<Seen>) -> Result<(), sqlx::Error> {
        let mut changed = Vec::new();
        let mut transaction = self.store.write(Area::History).await?;
        for seen in seen {
            match seen {
                Seen::Call(call) => {
                    let query = "SELECT id FROM accounts WHERE extension = $1";
                    let account: Option<AccountId> =
                        sqlx::query_scalar(query).bind(storable(&call.user)).fetch_optional(&mut *transaction).await?;
                    // A number that is no person's has no history.
                    let Some(account) = account else { continue };
                    if let Some(id) = keep_call(&mut transaction, account, Row::seen(call)).await? {
                        self.trim(&mut transaction, account, id).await?;
                    }
                    changed.push(account);
                }
                Seen::Ended { user, call_id, at } => {
                    let query = "UPDATE history SET ended = CASE WHEN begun > $3 THEN begun ELSE $3 END
                                 WHERE call_id = $2 AND ended IS NULL
                                 AND account = (SELECT id FROM accounts WHERE extension = $1)";
                    let call_id = short(&call_id, LONGEST_NAME);
                    sqlx::query(query)
                        .bind(storable(&user))
                        .bind(call_id)
                        .bind(whole(at))
                        .execute(&mut *transaction)
                        .await?;
                }
                Seen::Alive(calls) => close_others(&mut transaction, &calls).await?,
            }
        }
        transaction.commit().await?;
        changed.sort_unstable();
        changed.dedup();
        changed.into_iter().for_each(|account| self.changed(account));
        Ok(())
    }

    fn changed(&self, account: AccountId) {
        // Nobody listens as long as no page is open.
        let _ = self.changes.send(account);
    }
}

#[async_trait]
impl CallLog for History {
    async fn write(&self, seen: Vec<Seen>) -> Result<(), PortError> {
        self.keep_seen(seen).await.map_err(|error| {
            tracing::error!(%error, "calls could not be written to the history");
            PortError::Storage
        })
    }
}

#[async_trait]
impl CallHistory for History {
    async fn report(&self, account: AccountId, report: Report) -> bool {
        match Self::report(self, account, report).await {
            Ok(()) => true,
            // It never can be.
            Err(ReportError::Nameless) => true,
            Err(error @ ReportError::Database(_)) => {
                tracing::error!(%error, account, "a call could not be kept in the history");
                false
            }
        }
    }

    async fn missed(&self, account: AccountId) -> Result<u32, PortError> {
        Self::missed(self, account).await.map_err(|error| {
            tracing::error!(%error, "missed calls could not be counted");
            PortError::Storage
        })
    }

    fn changes(&self) -> broadcast::Receiver<AccountId> {
        Self::changes(self)
    }
}

/// Calls that the exchange does not know any more are over. How long they lasted nobody knows: they were answered.
async fn close_others(connection: &mut AnyConnection, alive: &[String]) -> Result<(), sqlx::Error> {
    let alive: BTreeSet<_> = alive.iter().map(|call| short(call, LONGEST_NAME)).collect();
    let query = "SELECT DISTINCT call_id FROM history WHERE ended IS NULL";
    let open: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut *connection).await?;
    for call in open.into_iter().filter(|call| !alive.contains(call)) {
        let query = "UPDATE history SET ended = answered, reason = $2 WHERE ended IS NULL AND call_id = $1";
        sqlx::query(query).bind(call).bind(json(&Reason::Unknown)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The number of the row that is new, if one is.
async fn keep_report(
    connection: &mut AnyConnection,
    account: AccountId,
    mut row: Row,
) -> Result<Option<i64>, sqlx::Error> {
    let known = find(connection, account, &row).await?;
    if known.iter().any(|known| known.local_tag == row.local_tag && !known.by_exchange.is_set()) {
        return Ok(None); // HI2
    }
    let before = known.into_iter().find(|known| known.by_exchange.is_set());
    let Some(before) = before else { return insert(connection, account, &row, false, false).await.map(Some) };
    if row.answered.is_none() && before.answered.is_some() && row.direction == Direction::Incoming {
        row.answered_elsewhere(before.answered, before.ended); // HI4
    }
    sqlx::query("DELETE FROM history WHERE id = $1").bind(before.id).execute(&mut *connection).await?;
    insert(connection, account, &row, before.seen.is_set(), before.removed.is_set()).await.map(Some)
}

/// As [`keep_report`], for what the exchange saw.
async fn keep_call(connection: &mut AnyConnection, account: AccountId, row: Row) -> Result<Option<i64>, sqlx::Error> {
    let known = find(connection, account, &row).await?;
    if known.iter().any(|known| known.removed.is_set()) {
        return Ok(None); // HI8
    }
    if let Some(own) = known.iter().find(|known| known.by_exchange.is_set()) {
        let query = "UPDATE history SET answered = $2, ended = $3, reason = $4, missed = $5 WHERE id = $1";
        let query = sqlx::query(query).bind(own.id).bind(row.answered).bind(row.ended);
        query.bind(json(&row.reason)).bind(Flag::from(row.is_missed())).execute(&mut *connection).await?;
        return Ok(None);
    }
    let Some(reported) = known.first() else { return insert(connection, account, &row, false, false).await.map(Some) };
    if row.direction == Direction::Incoming && row.answered.is_some() && reported.answered.is_none() {
        let mut taken = row;
        taken.answered_elsewhere(taken.answered, taken.ended);
        let query = "UPDATE history SET answered = $2, ended = $3, reason = $4, missed = 0 WHERE id = $1";
        let query = sqlx::query(query).bind(reported.id).bind(taken.answered).bind(taken.ended);
        query.bind(json(&taken.reason)).execute(&mut *connection).await?;
    }
    Ok(None)
}

/// The rows that may be of the same call: with the same tag, or, of one that came in, with any.
async fn find(connection: &mut AnyConnection, account: AccountId, row: &Row) -> Result<Vec<Known>, sqlx::Error> {
    let query = "SELECT id, local_tag, by_exchange, answered, ended, seen, removed FROM history
                 WHERE account = $1 AND call_id = $2 AND incoming = $3 AND (incoming = 1 OR local_tag = $4) ORDER BY id";
    let query =
        sqlx::query_as(query).bind(account).bind(&row.call_id).bind(Flag::from(row.direction == Direction::Incoming));
    query.bind(&row.local_tag).fetch_all(connection).await
}

/// Writes a row; of a removed one nothing but what names it.
async fn insert(
    connection: &mut AnyConnection,
    account: AccountId,
    row: &Row,
    seen: bool,
    removed: bool,
) -> Result<i64, sqlx::Error> {
    let query = "INSERT INTO history (account, call_id, local_tag, by_exchange, incoming, number, name, folded, begun, answered,
                 ended, reason, missed, seen, removed, score, worst, lost, jitter, round_trip, codec)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
                 RETURNING id";
    let nobody = Party::default();
    let remote = if removed { &nobody } else { &row.remote };
    let heard = (row.heard.count > 0 && !removed).then_some(&row.heard);
    // As far as there can be such numbers: a page writes what it likes.
    let mean =
        |sum: fn(&Tally) -> u32, most: u32| heard.map(|heard| i64::from((sum(heard) / heard.count.max(1)).min(most)));
    let best = u32::from(Quality::RANGE.1);
    let round_trip = heard.filter(|heard| heard.round_trips > 0).map(|heard| heard.round_trip / heard.round_trips);
    sqlx::query_scalar(query)
        .bind(account)
        .bind(&row.call_id)
        .bind(&row.local_tag)
        .bind(Flag::from(row.by_exchange))
        .bind(Flag::from(row.direction == Direction::Incoming))
        .bind(&remote.number)
        .bind(&remote.name)
        .bind(fold(&format!("{}\n{}", remote.name, remote.number)))
        .bind(row.begun)
        .bind(row.answered)
        .bind(row.ended)
        .bind(json(&row.reason))
        .bind(Flag::from(row.is_missed()))
        .bind(Flag::from(seen))
        .bind(Flag::from(removed))
        .bind(mean(|heard| heard.score, best))
        .bind(heard.map(|heard| i64::from(u32::from(heard.worst).min(best))))
        .bind(mean(|heard| heard.lost, 1_000))
        .bind(mean(|heard| heard.jitter, u32::MAX))
        .bind(round_trip.map(i64::from))
        .bind(heard.map(|heard| short(&heard.codec, LONGEST_CODEC)))
        .fetch_one(connection)
        .await
}

impl Row {
    /// What a page wrote is not trusted: it is short, and its times are in order and not far ahead.
    fn reported(report: Report) -> Self {
        let Report { call_id, local_tag, direction, remote, begun, answered, ended, cause, heard } = report;
        let ended = ended.min(clock::now().saturating_add(AHEAD));
        let begun = begun.min(ended);
        Self {
            call_id: short(&call_id, LONGEST_NAME),
            local_tag: short(&local_tag, LONGEST_NAME),
            by_exchange: false,
            direction,
            remote: party(&remote),
            begun: whole(begun),
            answered: answered.map(|at| whole(at.clamp(begun, ended))),
            ended: Some(whole(ended)),
            reason: Reason::Cause(cause),
            heard,
        }
    }

    fn seen(call: SeenCall) -> Self {
        let SeenCall { call_id, local_tag, direction, remote, begun, answered, ended, reason, .. } = call;
        Self {
            call_id: short(&call_id, LONGEST_NAME),
            local_tag: short(&local_tag, LONGEST_NAME),
            by_exchange: true,
            direction,
            remote: party(&remote),
            begun: whole(begun),
            answered: answered.map(whole),
            ended: ended.map(whole),
            reason,
            heard: Tally::default(),
        }
    }

    /// Another phone of the account answered: for them it is one call, and not missed.
    fn answered_elsewhere(&mut self, answered: Option<i64>, ended: Option<i64>) {
        (self.answered, self.ended) = (answered, ended);
        self.reason = Reason::Cause(Cause::AnsweredElsewhere);
    }

    fn is_missed(&self) -> bool {
        self.direction == Direction::Incoming && self.answered.is_none() && self.reason.is_missed()
    }
}

fn party(party: &Party) -> Party {
    Party { number: short(&party.number, LONGEST_PARTY), name: short(&party.name, LONGEST_PARTY) }
}

/// The reason as it is kept; one that is too long to be of any use is not known.
fn json(reason: &Reason) -> String {
    let written = |reason| serde_json::to_string(reason).ok().filter(|text| text.len() <= LONGEST_REASON);
    written(reason).or_else(|| written(&Reason::Unknown)).unwrap_or_default()
}

fn short(text: &str, longest: usize) -> String {
    storable(text).chars().take(longest).collect()
}

fn whole(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}
