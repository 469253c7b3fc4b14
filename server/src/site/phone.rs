//! The phone page: rendered for who is signed in, and for nobody else.

use super::Room;
use crate::ports::{PortError, Shown};
use app::backend::{BackendError, Opening, Wishes};
use app::pages::messages::MessagesView;
use app::phone::pair;
use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{MethodRouter, get};
use http::request::Parts;
use leptos::nonce::Nonce;
use leptos::prelude::*;
use leptos_axum::LeptosRoutes as _;
use serde::Deserialize;

/// The longest number that is written into the field.
const LONGEST_NUMBER: usize = 256;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    call: String,
}

/// The pages of [`app::App`], behind the login.
pub(super) fn router(room: Room) -> Router {
    let options = options();
    let (routes, _) = leptos_axum::generate_route_list_with_exclusions_and_ssg_and_context(app::App, None, contexts);
    let shell = {
        let options = options.clone();
        move || app::shell(options.clone())
    };
    Router::new()
        .leptos_routes_with_context(&options, routes, contexts, shell)
        .route_layer(from_fn_with_state(room, gate))
        .with_state(options)
}

/// What is no page and no file: said in the site's own look to people, in plain words to programs.
pub(super) fn not_found() -> MethodRouter {
    let options = options();
    get(async move |request: Request| {
        if !wants_html(request.headers()) {
            return (StatusCode::NOT_FOUND, "There is nothing here.").into_response();
        }
        let render = leptos_axum::render_app_async_with_context(contexts, move || app::shell(options.clone()));
        let mut response = render(request).await;
        *response.status_mut() = StatusCode::NOT_FOUND;
        response
    })
}

/// Lets in who is signed in, with what the page shows; others go to the login.
async fn gate(State(room): State<Room>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(person) = room.sessions.signed_in(&parts).await else { return log_in(&room, &parts) };
    match room.backend.opening(person.account).await {
        Ok(mut opening) => {
            opening.dial = to_dial(&parts);
            parts.extensions.insert(room.backend.wishes(&opening.me.extension).await);
            match room.messages.page(&person, &parts).await {
                Ok(Shown::Nothing) => {}
                Ok(Shown::Page(view)) => drop(parts.extensions.insert(*view)),
                Ok(Shown::Elsewhere(address)) => return Redirect::to(&address).into_response(),
                Err(PortError::Storage) => return unavailable(),
            }
            // What is seen by being shown is not new any more.
            if let Ok(news) = room.messages.unread(&person).await {
                opening.unread = news;
            }
            parts.extensions.insert(opening);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(BackendError::NoAccount) => log_in(&room, &parts),
        Err(BackendError::Storage) => unavailable(),
    }
}

fn unavailable() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "The storage does not answer. Please try again in a moment.").into_response()
}

/// The number that a link to the phone page wants called. It is written into the field: whoever sits there calls it, or not.
fn to_dial(parts: &Parts) -> String {
    let wanted = Query::<Wanted>::try_from_uri(&parts.uri).map(|Query(wanted)| wanted.call).unwrap_or_default();
    wanted.chars().filter(|sign| !sign.is_control()).take(LONGEST_NUMBER).collect()
}

/// A person is led to the login; a program is told.
fn log_in(room: &Room, parts: &Parts) -> Response {
    if !wants_html(&parts.headers) {
        return (StatusCode::UNAUTHORIZED, "Please log in first.").into_response();
    }
    let expired = room.life.was_signed_in(parts);
    Redirect::to(if expired { "/login?expired=1" } else { "/login" }).into_response()
}

/// What every page finds in its context.
fn contexts() {
    let parts = use_context::<Parts>();
    let extensions = parts.map(|parts| parts.extensions).unwrap_or_default();
    if let Some(nonce) = extensions.get::<Nonce>() {
        provide_context(nonce.clone());
    }
    let opening = extensions.get::<Opening>().cloned();
    let begins = opening.as_ref().map(|opening| (opening.line.clone(), opening.missed, opening.unread));
    let (line, missed, unread) = begins.unwrap_or_default();
    let (phone, driver) = pair(line, missed);
    driver.unread.set(unread);
    driver.callers.set(opening.as_ref().map(|opening| opening.callers.clone()).unwrap_or_default());
    provide_context(phone);
    if let Some(opening) = opening {
        provide_context(opening);
    }
    if let Some(view) = extensions.get::<MessagesView>() {
        provide_context(view.clone());
    }
    if let Some(wishes) = extensions.get::<Wishes>() {
        provide_context(wishes.clone());
    }
}

/// Where the files lie is none of the pages' business: they name what they need.
fn options() -> LeptosOptions {
    LeptosOptions::builder().output_name("tabphone").site_pkg_dir("pkg").build()
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"))
}
