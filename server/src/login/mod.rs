//! Logging in and out, and signing digest challenges for the page.

mod sign;
pub mod throttle;

use crate::client;
use crate::origin::Origins;
use crate::ports::{Guesses, Leases, PortError, SessionLife, Sessions, Shared, Wait};
use crate::store::accounts::{AccountError, Accounts, LONGEST_EXTENSION, is_extension};
use crate::store::password::PasswordError;
use app::pages::login::{LoginError, LoginView};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use http::request::Parts;
use leptos::prelude::{Owner, RenderHtml as _};
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
    /// The SIP domain, which is the digest realm.
    pub domain: String,
    /// Who guesses.
    pub guesses: Shared<dyn Guesses>,
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

/// `/login`, `/logout` and `/sign`.
pub fn router(room: Room) -> Router {
    Router::new()
        .route("/login", get(page).post(log_in).layer(DefaultBodyLimit::max(FORM)))
        .route("/logout", post(log_out))
        .route("/sign", post(sign::sign).layer(DefaultBodyLimit::max(CHALLENGE)))
        .with_state(room)
}

async fn page(State(room): State<Room>, Query(reason): Query<Reason>, parts: Parts) -> Response {
    if room.sessions.signed_in(&parts).await.is_some() {
        return Redirect::to("/").into_response();
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
    let extension = local(typed.trim(), &room.domain).to_owned();
    let shown: String = typed.trim().chars().take(LONGEST_EXTENSION * 2).collect();
    if let Err(wait) = room.guesses.attempt(&extension, address) {
        tracing::warn!(%address, "login throttled");
        return throttled(&room, &parts.headers, wait, shown);
    }
    match room.accounts.authenticate(&extension, password).await {
        Ok(Some(person)) => {
            room.guesses.succeeded(&extension, address);
            match room.life.begin(&parts, person.account).await {
                Ok(Some(ended)) => room.leases.end(ended),
                Ok(None) => {}
                Err(PortError::Storage) => return unavailable(),
            }
            tracing::info!(extension = person.extension, %address, "logged in");
            Redirect::to("/").into_response()
        }
        Ok(None) => {
            tracing::info!(%address, "wrong extension or password");
            render(&room, &parts.headers, StatusCode::UNAUTHORIZED, Some(LoginError::Wrong), shown)
        }
        Err(AccountError::Password(PasswordError::Busy)) => throttled(&room, &parts.headers, Wait(10_000), shown),
        Err(error) => {
            tracing::error!(%error, "login failed");
            unavailable()
        }
    }
}

async fn log_out(State(room): State<Room>, parts: Parts) -> Response {
    if let Some(ended) = room.life.end(&parts).await {
        room.leases.end(ended);
    }
    Redirect::to("/login").into_response()
}

fn throttled(room: &Room, headers: &HeaderMap, wait: Wait, shown: String) -> Response {
    let error = LoginError::Throttled { seconds: wait.seconds() };
    let mut response = render(room, headers, StatusCode::TOO_MANY_REQUESTS, Some(error), shown);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.seconds()));
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
    let view = LoginView { error, extension, insecure };
    let html = Owner::new().with(|| app::pages::login::document(view).to_html());
    (status, Html(html)).into_response()
}

/// The extension that was meant: `1001` or `1001@domain`. What cannot be one stays what it is not: an
/// extension that nobody has.
fn local<'a>(typed: &'a str, domain: &str) -> &'a str {
    let extension = match typed.rsplit_once('@') {
        Some((extension, host)) if host.eq_ignore_ascii_case(domain) => extension,
        Some(_) | None => typed,
    };
    if is_extension(extension) { extension } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_may_be_typed_with_its_domain() {
        assert_eq!(local("1001", "example.com"), "1001");
        assert_eq!(local("1001@Example.com", "example.com"), "1001");
        assert_eq!(local("1001@example.net", "example.com"), "");
        assert_eq!(local("10 01", "example.com"), "");
        assert_eq!(local(&"1".repeat(33), "example.com"), "");
    }
}
