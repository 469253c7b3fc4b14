//! Logging in and out, one's password and sessions, and signing digest challenges for the page.

mod enter;
mod name;
mod password;
pub mod pbx;
mod sessions;
mod sign;
pub mod throttle;

pub use name::Domains;

use crate::client;
use crate::origin::Origins;
use crate::ports::{Guesses, Leases, PbxSecrets, PortError, SessionLife, Sessions, Shared, Standing};
use crate::store::accounts::{Accounts, LONGEST_EXTENSION};
use app::pages::login::{LoginError, LoginView};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use enter::Refused;
use http::request::Parts;
use leptos::prelude::{Owner, RenderHtml as _};
use pbx::Pbxs;
use serde::Deserialize;
use zeroize::Zeroizing;

/// The largest form.
const FORM: usize = 8 * 1024;
/// The largest challenge to sign, with the body it covers.
const CHALLENGE: usize = 128 * 1024;

/// What this room needs.
#[derive(Clone)]
pub struct Room {
    /// The accounts.
    pub accounts: Accounts,
    /// Who is signed in.
    pub sessions: Shared<dyn Sessions>,
    /// How sessions begin and end.
    pub life: Shared<dyn SessionLife>,
    /// Who holds which line.
    pub leases: Shared<dyn Leases>,
    /// The server's own origin.
    pub origins: Origins,
    /// The SIP domain, and what else it is called.
    pub domains: Domains,
    /// Who guesses.
    pub guesses: Shared<dyn Guesses>,
    /// The PBXs that log people in.
    pub pbxs: Shared<Pbxs>,
    /// What signs there.
    pub secrets: Shared<dyn PbxSecrets>,
}

#[derive(Deserialize)]
struct Words {
    #[serde(default)]
    extension: String,
    #[serde(default)]
    password: Password,
}

/// Wiped from memory when it is done with.
#[derive(Default)]
struct Password(Zeroizing<String>);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|password| Self(Zeroizing::new(password)))
    }
}

#[derive(Deserialize)]
struct Reason {
    expired: Option<String>,
}

/// `/login`, `/logout`, `/settings/password`, `/settings/sessions` and `/sign`.
pub fn router(room: Room) -> Router {
    let limit = DefaultBodyLimit::max(FORM);
    Router::new()
        .route("/login", get(page).post(log_in).layer(limit))
        .route("/logout", post(log_out))
        .route("/settings/password", get(password::page).post(password::change).layer(limit))
        .route("/.well-known/change-password", get(async || Redirect::to("/settings/password")))
        .route("/settings/sessions", get(sessions::page))
        .route("/settings/sessions/{session}/end", post(sessions::end_one))
        .route("/settings/sessions/end-others", post(sessions::end_others))
        .route("/sign", post(sign::sign).layer(DefaultBodyLimit::max(CHALLENGE)))
        .with_state(room)
}

async fn page(State(room): State<Room>, Query(reason): Query<Reason>, parts: Parts) -> Response {
    if let Some(standing) = room.sessions.standing(&parts).await {
        return Redirect::to(home(standing.must_change)).into_response();
    }
    let error = reason.expired.is_some().then_some(LoginError::Expired);
    render(&room, &parts.headers, StatusCode::OK, error, String::new())
}

async fn log_in(
    State(room): State<Room>,
    client::Address(address): client::Address,
    parts: Parts,
    form: Result<Form<Words>, axum::extract::rejection::FormRejection>,
) -> Response {
    let Ok(Form(Words { extension: typed, password: Password(password) })) = form else {
        return (StatusCode::BAD_REQUEST, "This is not the login form.").into_response();
    };
    let entered = match enter::enter(&room, &typed, password, address).await {
        Ok(entered) => entered,
        Err(Refused::Storage) => return unavailable(),
        Err(Refused::Told(error)) => {
            tracing::info!(%address, ?error, "nobody was logged in");
            let shown = typed.trim().chars().take(LONGEST_EXTENSION * 2).collect();
            return refuse(&room, &parts.headers, error, shown);
        }
    };
    match room.life.begin(&parts, entered.person.account, entered.secret).await {
        Ok(Some(ended)) => room.leases.end(ended),
        Ok(None) => {}
        Err(PortError::Storage) => return unavailable(),
    }
    tracing::info!(extension = entered.person.extension, %address, "logged in");
    Redirect::to(home(entered.must_change)).into_response()
}

/// Where whoever is logged in goes first.
const fn home(must_change: bool) -> &'static str {
    if must_change { "/settings/password" } else { "/" }
}

async fn log_out(State(room): State<Room>, parts: Parts) -> Response {
    if let Some(ended) = room.life.end(&parts).await {
        room.leases.end(ended);
    }
    Redirect::to("/login").into_response()
}

/// Who is logged in, perhaps with a first password only; a response that leads others to the login.
async fn standing(room: &Room, parts: &Parts) -> Result<Standing, Response> {
    room.sessions.standing(parts).await.ok_or_else(|| {
        let expired = room.life.was_signed_in(parts);
        Redirect::to(if expired { "/login?expired=1" } else { "/login" }).into_response()
    })
}

fn refuse(room: &Room, headers: &HeaderMap, error: LoginError, shown: String) -> Response {
    let (status, again) = match error {
        LoginError::Wrong | LoginError::Elsewhere | LoginError::TooOld => (StatusCode::UNAUTHORIZED, None),
        LoginError::Throttled { seconds } => (StatusCode::TOO_MANY_REQUESTS, Some(seconds)),
        LoginError::Busy => (StatusCode::SERVICE_UNAVAILABLE, Some(5)),
        LoginError::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, Some(60)),
        LoginError::Unsupported | LoginError::Unasked => (StatusCode::BAD_GATEWAY, None),
        LoginError::Taken => (StatusCode::CONFLICT, None),
        LoginError::Expired => (StatusCode::OK, None),
    };
    let mut response = render(room, headers, status, Some(error), shown);
    if let Some(seconds) = again {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn unavailable() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "The storage does not answer. Please try again in a moment.").into_response()
}

/// The login page: complete without any script. It has nothing to wait for, so nothing of leptos_axum's streaming
/// is wanted, which would add scripts of its own.
fn render(
    room: &Room,
    headers: &HeaderMap,
    status: StatusCode,
    error: Option<LoginError>,
    extension: String,
) -> Response {
    let insecure = !room.origins.is_trustworthy(headers);
    let domain = room.domains.domain.clone();
    let view = LoginView { error, extension, insecure, domain };
    let html = Owner::new().with(|| app::pages::login::document(view).to_html());
    (status, Html(html)).into_response()
}
