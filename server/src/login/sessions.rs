//! `/settings/sessions`: where one is logged in, and logging out there.

use super::{Room, standing, unavailable};
use crate::ports::{Ended, PortError, SessionFacts, SessionId, Standing};
use app::backend::Contact;
use app::pages::sessions::{SessionsView, Shown, Used};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use http::request::Parts;
use leptos::prelude::{Owner, RenderHtml as _};
use serde::Deserialize;
use std::net::IpAddr;
use time::OffsetDateTime;

#[derive(Deserialize)]
pub(super) struct Outcome {
    ended: Option<usize>,
}

pub(super) async fn page(State(room): State<Room>, Query(outcome): Query<Outcome>, parts: Parts) -> Response {
    let me = match standing(&room, &parts).await {
        Ok(me) => me,
        Err(log_in) => return log_in,
    };
    let Ok(sessions) = room.life.list(me.person.account).await else { return unavailable() };
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let sessions = sessions.into_iter().map(|session| shown(session, me.session, now)).collect();
    let me = Contact { extension: me.person.extension, name: me.person.name };
    let view = SessionsView { me, sessions, ended: outcome.ended };
    let html = Owner::new().with(|| app::pages::sessions::document(view).to_html());
    Html(html).into_response()
}

pub(super) async fn end_one(
    State(room): State<Room>,
    session: Result<Path<i64>, PathRejection>,
    parts: Parts,
) -> Response {
    let me = match standing(&room, &parts).await {
        Ok(me) => me,
        Err(log_in) => return log_in,
    };
    let Ok(Path(number)) = session else {
        return (StatusCode::NOT_FOUND, "There is no such session.").into_response();
    };
    let session = SessionId::from(number);
    if session == me.session {
        return super::log_out(State(room), parts).await;
    }
    // Pressed twice, or over by itself meanwhile: it is gone either way.
    let ended = room.life.end_one(me.person.account, session).await;
    over(&room, &me, ended.map(|ended| ended.into_iter().collect()))
}

pub(super) async fn end_others(State(room): State<Room>, parts: Parts) -> Response {
    let me = match standing(&room, &parts).await {
        Ok(me) => me,
        Err(log_in) => return log_in,
    };
    let ended = room.life.end_others(me.person.account, me.session).await;
    over(&room, &me, ended)
}

/// Their tabs' sockets close, and a line that one of them had is free.
fn over(room: &Room, me: &Standing, ended: Result<Vec<Ended>, PortError>) -> Response {
    let Ok(ended) = ended else { return unavailable() };
    let count = ended.len();
    ended.into_iter().for_each(|ended| room.leases.end(ended));
    tracing::info!(extension = me.person.extension, count, "logged out elsewhere");
    Redirect::to(&format!("/settings/sessions?ended={count}")).into_response()
}

fn shown(session: SessionFacts, own: SessionId, now: i64) -> Shown {
    let SessionFacts { session, browser, begun, seen, address } = session;
    let here = session == own;
    // A tab that is open uses its session all the time, and is written down no more exactly than that.
    let lately = 2 * SessionFacts::EXACT;
    let used = if here {
        Used::Now
    } else if now.saturating_sub(seen).unsigned_abs() <= lately.as_secs() {
        Used::Lately(lately.as_secs() / 60)
    } else {
        Used::At(moment(seen))
    };
    Shown { number: session.number(), browser, begun: moment(begun), used, network: network(&address), here }
}

/// What people can tell apart.
fn network(address: &str) -> Option<String> {
    let parsed: IpAddr = address.parse().ok()?;
    if parsed.is_loopback() {
        return Some("the server's own machine".to_owned());
    }
    // Of an IPv6 address the network is known only.
    Some(if parsed.is_ipv6() { format!("{parsed}/64") } else { address.to_owned() })
}

/// Year to minute, in UTC.
fn moment(seconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!("{:04}-{:02}-{:02} {:02}:{:02}", at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute())
}
