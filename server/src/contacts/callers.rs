//! Who calls: the contact that has the number, in whatever form it comes, with its note and the last calls with them.

use crate::ports::{self, AccountId};
use crate::store::contacts::{Contacts, Kind, Known};
use crate::store::history::{Entry, History, Query};
use app::caller::Caller;
use app::phone::Direction;
use app::words;
use async_trait::async_trait;
use time::OffsetDateTime;

/// How many of the newest calls are looked through.
const LOOKED: u32 = 500;
/// How many calls are told.
const TOLD: usize = 3;
/// How much of a note is told, in characters: who is called has seconds to read it.
const NOTE: usize = 600;

/// What answers.
#[derive(Clone)]
pub struct Callers {
    /// Whose number it is.
    pub contacts: Contacts,
    /// What was before.
    pub history: History,
}

#[async_trait]
impl ports::Callers for Callers {
    async fn caller(&self, account: AccountId, number: &str) -> Option<Caller> {
        if number.is_empty() {
            return None;
        }
        let found = self.find(account, number).await;
        let caller = found.inspect_err(|error| tracing::error!(%error, "who calls could not be looked up")).ok()?;
        (!caller.name.is_empty() || !caller.about.is_empty()).then_some(caller)
    }
}

impl Callers {
    async fn find(&self, account: AccountId, number: &str) -> Result<Caller, sqlx::Error> {
        self.contacts.refresh().await?;
        let known = self.contacts.known(account, number).await?;
        let mut numbers = vec![number.to_owned()];
        if let Some(known) = &known
            && let Some(contact) = self.contacts.find(account, known.id).await?
        {
            numbers.extend(contact.details.numbers.into_iter().map(|number| number.number));
        }
        let calls = self.history.page(account, &Query::default(), LOOKED).await?;
        let same = |entry: &&Entry| numbers.iter().any(|number| self.contacts.is_same(number, &entry.remote.number));
        // What goes on is the call that is asked about, or stands beside it on the page.
        let calls = calls.iter().filter(|entry| entry.ended.is_some()).filter(same).take(TOLD);
        let calls: Vec<String> = calls.map(call).collect();
        let mut about = known.as_ref().map(facts).unwrap_or_default();
        if !calls.is_empty() {
            about.push("Last calls:".to_owned());
            about.extend(calls);
        }
        Ok(Caller { number: number.to_owned(), name: known.map(|known| known.name).unwrap_or_default(), about })
    }
}

/// Where they work and call from, and what was written about them.
fn facts(known: &Known) -> Vec<String> {
    let kind = match known.kind {
        Kind::Mobile => Some("Mobile"),
        Kind::Home => Some("Home"),
        // Of most numbers it says nothing.
        Kind::Work | Kind::Sip | Kind::Other => None,
    };
    let company = Some(known.company.as_str()).filter(|company| !company.is_empty() && *company != known.name);
    let first: Vec<&str> = company.into_iter().chain(kind).collect();
    let note: String = known.note.chars().take(NOTE).collect();
    let first = (!first.is_empty()).then(|| first.join(" · "));
    first.into_iter().chain(note.lines().map(str::to_owned)).collect()
}

fn call(entry: &Entry) -> String {
    let kind = match entry.direction {
        Direction::Incoming if entry.missed => "Missed",
        Direction::Incoming => "Incoming",
        Direction::Outgoing => "Outgoing",
    };
    let at = OffsetDateTime::from_unix_timestamp(entry.begun / 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, hour, minute) = (at.date(), at.hour(), at.minute());
    let talked = entry.answered.zip(entry.ended).filter(|(answered, ended)| ended > answered);
    let talked = talked.map(|(answered, ended)| (ended - answered).unsigned_abs() / 1_000);
    let talked = talked.map(|seconds| format!(", {}", words::duration(seconds))).unwrap_or_default();
    format!("{kind}, {date} {hour:02}:{minute:02} UTC{talked}")
}
