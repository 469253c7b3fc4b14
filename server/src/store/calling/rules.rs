//! What people want done with calls to them.

use super::{Calling, CallingError, account, duration, parse_number, parse_ringing, seconds};
use crate::ports::AccountId;
use crate::store::offers;
use crate::store::{Area, Flag};
use sip::proxy::Rules;
use std::collections::BTreeMap;
use std::time::Duration;

/// What is to be changed; `None` leaves it as it is, `Some(None)` takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesChange {
    /// Nobody is let through, or they are again.
    pub do_not_disturb: Option<bool>,
    /// A second call finds the person busy, or rings.
    pub no_call_waiting: Option<bool>,
    /// Where all calls go.
    pub always: Option<Option<String>>,
    /// Where calls go while the person is busy, or not to be disturbed.
    pub busy: Option<Option<String>>,
    /// Where calls go that nobody answered.
    pub unanswered: Option<Option<String>>,
    /// Where calls go while no phone is on.
    pub unreachable: Option<Option<String>>,
    /// How long calls ring.
    pub ringing: Option<Option<Duration>>,
}

const COLUMNS: &str = "do_not_disturb, no_call_waiting, always, busy, unanswered, unreachable, ringing";

/// Those columns.
pub(super) type Columns = (Flag, Flag, Option<String>, Option<String>, Option<String>, Option<String>, Option<i64>);

impl RulesChange {
    /// Whether nothing is to be changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same with every value looked at, for the person at `own`.
    fn checked(self, own: &str) -> Result<Self, CallingError> {
        let number = |number: Option<Option<String>>| match number {
            Some(Some(number)) => parse_number(&number, own).map(|number| Some(Some(number))),
            other => Ok(other),
        };
        let ringing = match self.ringing {
            Some(Some(time)) => Some(Some(parse_ringing(time)?)),
            other => other,
        };
        Ok(Self {
            do_not_disturb: self.do_not_disturb,
            no_call_waiting: self.no_call_waiting,
            always: number(self.always)?,
            busy: number(self.busy)?,
            unanswered: number(self.unanswered)?,
            unreachable: number(self.unreachable)?,
            ringing,
        })
    }

    fn apply(self, rules: Rules) -> Rules {
        Rules {
            do_not_disturb: self.do_not_disturb.unwrap_or(rules.do_not_disturb),
            no_call_waiting: self.no_call_waiting.unwrap_or(rules.no_call_waiting),
            always: self.always.unwrap_or(rules.always),
            busy: self.busy.unwrap_or(rules.busy),
            unanswered: self.unanswered.unwrap_or(rules.unanswered),
            unreachable: self.unreachable.unwrap_or(rules.unreachable),
            ringing: self.ringing.unwrap_or(rules.ringing),
        }
    }
}

impl Calling {
    /// What becomes of a person's calls: what they want, and what an administrator decided.
    ///
    /// # Errors
    /// [`CallingError::Missing`] and [`CallingError::Storage`].
    pub async fn rules(&self, extension: &str) -> Result<Rules, CallingError> {
        let mut connection = self.store.pool().acquire().await?;
        let account = account(&mut connection, extension).await?;
        let decided = offers::holding(&mut connection, account).await?;
        Ok(decided.rules(read(&mut connection, account).await?, extension))
    }

    /// What becomes of everybody's calls, by account; of whose nothing special does is not in it.
    ///
    /// # Errors
    /// [`CallingError::Storage`].
    pub async fn all_rules(&self) -> Result<BTreeMap<AccountId, Rules>, CallingError> {
        let query = format!("SELECT account, {COLUMNS} FROM call_rules");
        type Row = (AccountId, Flag, Flag, Option<String>, Option<String>, Option<String>, Option<String>, Option<i64>);
        let mut transaction = self.store.read().await?;
        let rows: Vec<Row> = sqlx::query_as(&query).fetch_all(&mut *transaction).await?;
        let rules = |(account, quiet, single, always, busy, unanswered, unreachable, ringing): Row| {
            (account, to_rules((quiet, single, always, busy, unanswered, unreachable, ringing)))
        };
        let mut all: BTreeMap<AccountId, Rules> = rows.into_iter().map(rules).collect();
        let people = "SELECT id, extension FROM accounts";
        let people: Vec<(AccountId, String)> = sqlx::query_as(people).fetch_all(&mut *transaction).await?;
        let accounts = people.iter().map(|(account, _)| *account);
        if let Some(decided) = offers::all(&mut transaction, accounts).await? {
            for (account, extension) in &people {
                let wanted = all.remove(account).unwrap_or_default();
                let holds =
                    decided.get(account).map_or_else(|| wanted.clone(), |it| it.rules(wanted.clone(), extension));
                all.insert(*account, holds);
            }
        }
        all.retain(|_, rules| *rules != Rules::default());
        Ok(all)
    }

    /// Changes what becomes of a person's calls, as they want it themselves. What it is then.
    ///
    /// # Errors
    /// [`CallingError`]: [`CallingError::Decided`] if they may not change some of it.
    pub async fn wish(&self, extension: &str, change: RulesChange) -> Result<Rules, CallingError> {
        let mut connection = self.store.pool().acquire().await?;
        let account = account(&mut connection, extension).await?;
        let decided = offers::holding(&mut connection, account).await?;
        drop(connection);
        if decided.allowed(change.clone()) != change {
            return Err(CallingError::Decided);
        }
        self.change_rules(extension, change).await
    }

    /// Changes what a person wants done with calls: all that is asked for, or nothing. What it is then.
    ///
    /// # Errors
    /// [`CallingError`].
    pub async fn change_rules(&self, extension: &str, change: RulesChange) -> Result<Rules, CallingError> {
        let change = change.checked(extension)?;
        // It begins as a write, so that nobody changes in between what is read here.
        let mut transaction = self.store.write(Area::Calling).await?;
        let account = account(&mut transaction, extension).await?;
        let before = read(&mut transaction, account).await?;
        let decided = offers::holding(&mut transaction, account).await?;
        let rules = change.apply(before.clone());
        if rules == before {
            return Ok(decided.rules(rules, extension));
        }
        let query = format!(
            "INSERT INTO call_rules (account, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (account) DO UPDATE SET
                 do_not_disturb = excluded.do_not_disturb, no_call_waiting = excluded.no_call_waiting,
                 always = excluded.always, busy = excluded.busy, unanswered = excluded.unanswered,
                 unreachable = excluded.unreachable, ringing = excluded.ringing"
        );
        sqlx::query(&query)
            .bind(account)
            .bind(Flag::from(rules.do_not_disturb))
            .bind(Flag::from(rules.no_call_waiting))
            .bind(&rules.always)
            .bind(&rules.busy)
            .bind(&rules.unanswered)
            .bind(&rules.unreachable)
            .bind(seconds(rules.ringing))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(decided.rules(rules, extension))
    }
}

pub(super) async fn read(connection: &mut sqlx::AnyConnection, account: AccountId) -> Result<Rules, sqlx::Error> {
    let query = format!("SELECT {COLUMNS} FROM call_rules WHERE account = $1");
    let row: Option<Columns> = sqlx::query_as(&query).bind(account).fetch_optional(connection).await?;
    Ok(row.map(to_rules).unwrap_or_default())
}

fn to_rules((do_not_disturb, no_call_waiting, always, busy, unanswered, unreachable, ringing): Columns) -> Rules {
    let (do_not_disturb, no_call_waiting) = (do_not_disturb.is_set(), no_call_waiting.is_set());
    Rules { do_not_disturb, no_call_waiting, always, busy, unanswered, unreachable, ringing: duration(ringing) }
}
