//! The history as a table (RFC 4180), one call a line, read piece by piece while it is sent.

use super::{AT_ONCE, seconds};
use crate::ports::AccountId;
use crate::store::contacts::Contacts;
use crate::store::history::{Cursor, Entry, History, Query};
use crate::table::{MARK, line};
use app::backend::Contact;
use app::pages::history::tenths;
use app::phone::Direction;
use app::{directory, words};
use axum::body::Bytes;
use futures::{Stream, stream};
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const HEAD: [&str; 13] = [
    "Direction",
    "Name",
    "Number",
    "Began (UTC)",
    "Answered (UTC)",
    "Ended (UTC)",
    "Seconds",
    "Result",
    "MOS",
    "Lost (%)",
    "Jitter (ms)",
    "Round trip (ms)",
    "Codec",
];

/// Where it goes on.
struct Rest {
    history: History,
    names: Contacts,
    account: AccountId,
    query: Query,
    contacts: Vec<Contact>,
    done: bool,
}

/// All calls that are wanted, the newest first, below a line of names.
pub(super) fn lines(
    history: History,
    names: Contacts,
    account: AccountId,
    query: Query,
    contacts: Vec<Contact>,
) -> impl Stream<Item = Result<Bytes, sqlx::Error>> {
    let head = format!("{MARK}{}", line(HEAD));
    let first = stream::once(async { Ok(Bytes::from(head)) });
    let rest = Rest { history, names, account, query: Query { from: Cursor::Newest, ..query }, contacts, done: false };
    let rest = stream::try_unfold(rest, |mut rest| async {
        if rest.done {
            return Ok(None);
        }
        let entries = rest.history.page(rest.account, &rest.query, AT_ONCE).await?;
        let Some(last) = entries.last() else { return Ok(None) };
        rest.query.from = Cursor::Older(last.begun, last.id);
        rest.done = entries.len() < AT_ONCE as usize;
        let numbers = entries.iter().map(|entry| entry.remote.number.as_str());
        let names = rest.names.names(rest.account, numbers).await?;
        let written = |entry| line(fields(entry, &rest.contacts, &names).iter().map(String::as_str));
        let lines: String = entries.iter().map(written).collect();
        Ok(Some((Bytes::from(lines), rest)))
    });
    futures::StreamExt::chain(first, rest)
}

fn fields(entry: &Entry, contacts: &[Contact], names: &BTreeMap<String, String>) -> [String; 13] {
    let heard = entry.heard.as_ref();
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let at = |milliseconds: Option<i64>| milliseconds.map(moment).unwrap_or_default();
    let direction = match entry.direction {
        Direction::Incoming if entry.missed => "missed",
        Direction::Incoming => "incoming",
        Direction::Outgoing => "outgoing",
    };
    [
        direction.to_owned(),
        names.get(&entry.remote.number).cloned().unwrap_or_else(|| directory::name(&entry.remote, contacts)),
        entry.remote.number.clone(),
        moment(entry.begun),
        at(entry.answered),
        at(entry.ended),
        number(seconds(entry)),
        entry.ended.map(|_| words::reason(&entry.reason, entry.direction, contacts)).unwrap_or_default(),
        heard.map(|heard| tenths(heard.score.into())).unwrap_or_default(),
        heard.map(|heard| tenths(heard.lost.into())).unwrap_or_default(),
        number(heard.map(|heard| heard.jitter.into())),
        number(heard.and_then(|heard| heard.round_trip).map(u64::from)),
        heard.map(|heard| heard.codec.clone()).unwrap_or_default(),
    ]
}

fn moment(milliseconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(milliseconds / 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}
