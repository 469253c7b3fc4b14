//! `/settings/password`: people change their own password, with the one that holds until now.

use super::enter::{self, Refused};
use super::{Password, Room, standing, unavailable};
use crate::client;
use crate::ports::Standing;
use crate::store::accounts::AccountError;
use crate::store::password::{LONGEST, PasswordError, SHORTEST};
use app::backend::Contact;
use app::pages::login::LoginError;
use app::pages::password::{PasswordView, Problem};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use http::request::Parts;
use leptos::prelude::{Owner, RenderHtml as _};
use serde::Deserialize;
use std::net::IpAddr;

#[derive(Deserialize)]
pub(super) struct Outcome {
    changed: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Words {
    current: Password,
    new: Password,
    again: Password,
}

/// Why nothing was changed.
enum Unchanged {
    Told(Problem),
    Storage,
}

pub(super) async fn page(State(room): State<Room>, Query(outcome): Query<Outcome>, parts: Parts) -> Response {
    match standing(&room, &parts).await {
        Ok(me) => render(StatusCode::OK, view(me, None, outcome.changed.is_some())),
        Err(log_in) => log_in,
    }
}

pub(super) async fn change(
    State(room): State<Room>,
    client::Address(address): client::Address,
    parts: Parts,
    form: Result<Form<Words>, FormRejection>,
) -> Response {
    let me = match standing(&room, &parts).await {
        Ok(me) => me,
        Err(log_in) => return log_in,
    };
    let Ok(Form(words)) = form else {
        return (StatusCode::BAD_REQUEST, "This is not the form for passwords.").into_response();
    };
    if me.pbx.is_some() {
        // The page offers no form.
        return render(StatusCode::FORBIDDEN, view(me, None, false));
    }
    match replace(&room, &me, words, address, &parts).await {
        Ok(()) if me.must_change => Redirect::to("/").into_response(),
        Ok(()) => Redirect::to("/settings/password?changed=1").into_response(),
        Err(Unchanged::Storage) => unavailable(),
        Err(Unchanged::Told(problem)) => refuse(me, problem),
    }
}

async fn replace(room: &Room, me: &Standing, words: Words, address: IpAddr, parts: &Parts) -> Result<(), Unchanged> {
    let Words { current: Password(current), new: Password(new), again: Password(again) } = words;
    if new != again {
        return Err(Unchanged::Told(Problem::Different));
    }
    let same = new == current;
    let extension = &me.person.extension;
    enter::proven(room, extension, current, address).await.map_err(|refused| match refused {
        Refused::Told(error) => Unchanged::Told(problem(error)),
        Refused::Storage => Unchanged::Storage,
    })?;
    if same {
        return Err(Unchanged::Told(Problem::Same));
    }
    room.accounts.change_password(extension, new, me.session).await.map_err(|error| unfit(&error))?;
    // The other sessions are over already; this tells their sockets, and gives this one a new id.
    let others = room.life.end_others(me.person.account, me.session).await;
    others.unwrap_or_default().into_iter().for_each(|ended| room.leases.end(ended));
    room.life.renew(parts).await.map_err(|_| Unchanged::Storage)?;
    tracing::info!(extension, %address, "changed the password");
    Ok(())
}

fn problem(error: LoginError) -> Problem {
    match error {
        LoginError::Throttled { seconds } => Problem::Throttled { seconds },
        LoginError::Busy => Problem::Busy,
        LoginError::Wrong
        | LoginError::Expired
        | LoginError::Elsewhere
        | LoginError::TooOld
        | LoginError::Unreachable
        | LoginError::Unsupported
        | LoginError::Unasked
        | LoginError::Taken => Problem::Wrong,
    }
}

fn unfit(error: &AccountError) -> Unchanged {
    if let AccountError::Password(error) = error {
        match error {
            PasswordError::Short => return Unchanged::Told(Problem::Short(SHORTEST)),
            PasswordError::Long => return Unchanged::Told(Problem::Long(LONGEST)),
            PasswordError::Common => return Unchanged::Told(Problem::Common),
            PasswordError::Known => return Unchanged::Told(Problem::Known),
            PasswordError::Busy => return Unchanged::Told(Problem::Busy),
            PasswordError::Hash => {}
        }
    }
    tracing::error!(%error, "a password could not be changed");
    Unchanged::Storage
}

fn refuse(me: Standing, problem: Problem) -> Response {
    let (status, again) = match problem {
        Problem::Throttled { seconds } => (StatusCode::TOO_MANY_REQUESTS, Some(seconds)),
        Problem::Busy => (StatusCode::SERVICE_UNAVAILABLE, Some(5)),
        Problem::Wrong
        | Problem::Different
        | Problem::Same
        | Problem::Short(_)
        | Problem::Long(_)
        | Problem::Common
        | Problem::Known => (StatusCode::UNPROCESSABLE_ENTITY, None),
    };
    let mut response = render(status, view(me, Some(problem), false));
    if let Some(seconds) = again {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn view(me: Standing, problem: Option<Problem>, changed: bool) -> PasswordView {
    let Standing { person, must_change, pbx, .. } = me;
    let me = Contact { extension: person.extension, name: person.name };
    PasswordView { me, problem, changed, first: must_change, pbx, shortest: SHORTEST }
}

/// The page: complete without any script, as the login is.
fn render(status: StatusCode, view: PasswordView) -> Response {
    let html = Owner::new().with(|| app::pages::password::document(view).to_html());
    (status, Html(html)).into_response()
}
