//! Contacts: the pages on which they are found, called, written, and read from and written to files.

mod callers;
pub mod files;
mod form;
mod upload;
mod view;

pub use callers::Callers;

use crate::ports::{Homes, Lamps, LineEvents, PortError, SessionLife, Sessions, Shared, SignedIn};
use crate::store::contacts::{Book, ContactError, Contacts, MOST_NUMBERS};
use app::pages::contact::{FormView, Typed};
use app::pages::contacts::Imported;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use files::Version;
use futures::{Stream, stream};
use http::request::Parts;
use leptos::nonce::Nonce;
use leptos::prelude::{Owner, RenderHtml as _};
use serde::Deserialize;
use tokio::sync::Semaphore;
use view::Address;

/// The largest form.
const FORM: usize = 64 * 1024;
/// How much stands around a file in a form.
const AROUND: usize = 8 * 1024;
/// How many contacts are read at once to be saved: each may have a picture.
const AT_ONCE: u32 = 200;

/// How many files and pictures are worked on at once: a picture takes up to a quarter of a gigabyte.
static WORKERS: Semaphore = Semaphore::const_new(2);

const AGAIN: &str = "The storage does not answer. Please try again in a moment.";

/// What this room needs.
#[derive(Clone)]
pub struct Room {
    /// Who is signed in.
    pub sessions: Shared<dyn Sessions>,
    /// Whether somebody was.
    pub life: Shared<dyn SessionLife>,
    /// What colleagues are doing.
    pub events: Shared<dyn LineEvents>,
    /// What PBXs tell of them.
    pub lamps: Shared<dyn Lamps>,
    /// Who are colleagues where.
    pub homes: Shared<dyn Homes>,
    /// Where the contacts are.
    pub contacts: Contacts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wanted {
    version: String,
}

/// Contacts cannot be read or changed.
#[derive(Debug, thiserror::Error)]
enum Unavailable {
    #[error("the storage did not answer: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// `/contacts`.
pub fn router(room: Room) -> Router {
    let form = DefaultBodyLimit::max(FORM);
    let file = DefaultBodyLimit::max(files::LARGEST + AROUND);
    let picture = DefaultBodyLimit::max(files::LARGEST_PICTURE + AROUND);
    Router::new()
        .route("/contacts", get(page).post(add).layer(form))
        .route("/contacts/new", get(new))
        .route("/contacts/import", post(import).layer(file))
        .route("/contacts/contacts.vcf", get(cards))
        .route("/contacts/contacts.csv", get(table))
        .route("/contacts/{id}", get(one).post(change).layer(form))
        .route("/contacts/{id}/edit", get(edit))
        .route("/contacts/{id}/favourite", post(mark).layer(form))
        .route("/contacts/{id}/remove", post(remove))
        .route("/contacts/{id}/picture", get(shown).post(draw).layer(picture))
        .route("/contacts/{id}/picture/remove", post(undraw))
        .with_state(room)
}

async fn page(State(room): State<Room>, address: Result<Query<Address>, QueryRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return room.log_in(&parts) };
    room.list(StatusCode::OK, me, address, None, &parts).await
}

async fn one(State(room): State<Room>, id: Result<Path<i64>, PathRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return room.log_in(&parts) };
    let Ok(Path(id)) = id else { return missing() };
    room.card(StatusCode::OK, &me, id, None).await
}

async fn new(State(room): State<Room>, parts: Parts) -> Response {
    let Some(_) = room.sessions.signed_in(&parts).await else { return room.log_in(&parts) };
    // "Add to contacts" leads here with what is known.
    let Query(typed) = Query::<view::New>::try_from_uri(&parts.uri).unwrap_or_default();
    form_page(StatusCode::OK, None, typed.typed(), None)
}

async fn edit(State(room): State<Room>, id: Result<Path<i64>, PathRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return room.log_in(&parts) };
    let Ok(Path(id)) = id else { return missing() };
    match room.contacts.find(me.account, id).await {
        Ok(Some(contact)) if contact.book == Book::Of(me.account) => {
            form_page(StatusCode::OK, Some(id), view::typed(&contact), None)
        }
        Ok(_) => missing(),
        Err(error) => unavailable(&error.into()),
    }
}

async fn add(State(room): State<Room>, parts: Parts, body: Bytes) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let typed = form::typed(&body);
    match room.contacts.add(Book::Of(me.account), form::details(&typed)).await {
        Ok(id) => Redirect::to(&format!("/contacts/{id}")).into_response(),
        Err(error) => refused(&error, None, typed),
    }
}

async fn change(State(room): State<Room>, id: Result<Path<i64>, PathRejection>, parts: Parts, body: Bytes) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(Path(id)) = id else { return missing() };
    let typed = form::typed(&body);
    match room.contacts.change(me.account, id, form::details(&typed)).await {
        Ok(()) => Redirect::to(&format!("/contacts/{id}")).into_response(),
        Err(error) => refused(&error, Some(id), typed),
    }
}

async fn remove(State(room): State<Room>, id: Result<Path<i64>, PathRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(Path(id)) = id else { return missing() };
    // Pressed twice, or in two windows: it is gone either way.
    match room.contacts.remove(Book::Of(me.account), id).await {
        Ok(_) => Redirect::to("/contacts").into_response(),
        Err(error) => unavailable(&error.into()),
    }
}

async fn mark(State(room): State<Room>, id: Result<Path<i64>, PathRejection>, parts: Parts, body: Bytes) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(Path(id)) = id else { return missing() };
    let field = |name: &str| form::fields(&body).find(|(known, _)| known == name).map(|(_, value)| value);
    let on = field("on").is_some_and(|on| on == "on");
    // Only to a page of this room, whatever the form says.
    let back = field("back").filter(|back| is_ours(back)).unwrap_or_else(|| "/contacts".to_owned());
    match room.contacts.mark(me.account, id, on).await {
        Ok(()) => Redirect::to(&back).into_response(),
        Err(ContactError::Database(error)) => unavailable(&error.into()),
        Err(ContactError::Missing | ContactError::Empty | ContactError::Full(_)) => missing(),
    }
}

async fn import(State(room): State<Room>, parts: Parts, request: axum::extract::Request) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let nothing = Ok(Query(Address::default()));
    let bytes = match upload::file(request).await {
        Ok(bytes) => bytes,
        Err(trouble) => {
            let imported = Imported { told: trouble.to_string(), ..Imported::default() };
            return room.list(trouble.status(), me, nothing, Some(imported), &parts).await;
        }
    };
    // It may take a second: a file can have many pictures.
    let Some(read) = work(move || files::read(&bytes)).await else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "The file could not be read.").into_response();
    };
    match files::keep(&room.contacts, Book::Of(me.account), read).await {
        Ok(report) => {
            tracing::info!(extension = me.extension, %report, "contacts were imported");
            let good = report.added + report.changed + report.known > 0;
            let told = format!("The file was read: {report}.");
            let imported = Imported { told, good, remarks: report.words() };
            room.list(StatusCode::OK, me, nothing, Some(imported), &parts).await
        }
        Err(error) => unavailable(&error.into()),
    }
}

async fn cards(State(room): State<Room>, wanted: Result<Query<Wanted>, QueryRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let version = match wanted.map(|Query(wanted)| wanted.version).unwrap_or_default().as_str() {
        "4" => Version::V4,
        _ => Version::V3,
    };
    let pieces = pieces(room.contacts, Book::Of(me.account), move |contacts| files::cards(contacts, version));
    saved(Body::from_stream(pieces), "text/vcard; charset=utf-8", "attachment; filename=\"contacts.vcf\"")
}

async fn table(State(room): State<Room>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let head = stream::once(async { Ok::<_, sqlx::Error>(Bytes::from(files::table_head())) });
    let pieces = pieces(room.contacts, Book::Of(me.account), files::table_lines);
    let body = Body::from_stream(futures::StreamExt::chain(head, pieces));
    saved(body, "text/csv; charset=utf-8; header=present", "attachment; filename=\"contacts.csv\"")
}

async fn shown(State(room): State<Room>, id: Result<Path<i64>, PathRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(Path(id)) = id else { return missing() };
    match room.contacts.picture(me.account, id).await {
        Ok(Some(picture)) => {
            // It was made here, so it is one of these; browsers are told by every response not to guess (nosniff).
            let kind = if picture.kind == "image/png" { "image/png" } else { "image/jpeg" };
            let mut response = picture.bytes.into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            // The address names the version; it is kept by this browser alone.
            let kept = HeaderValue::from_static("private, max-age=31536000, immutable");
            headers.insert(header::CACHE_CONTROL, kept);
            response
        }
        Ok(None) => missing(),
        Err(error) => unavailable(&error.into()),
    }
}

async fn draw(
    State(room): State<Room>,
    id: Result<Path<i64>, PathRejection>,
    parts: Parts,
    request: axum::extract::Request,
) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(Path(id)) = id else { return missing() };
    let bytes = match upload::file(request).await {
        Ok(bytes) => bytes,
        Err(trouble) => return room.card(trouble.status(), &me, id, Some(trouble.to_string())).await,
    };
    let picture = match work(move || files::picture(&bytes)).await {
        Some(Ok(picture)) => picture,
        Some(Err(error)) => {
            let words = format!("The picture was not taken: {error}.");
            return room.card(StatusCode::UNPROCESSABLE_ENTITY, &me, id, Some(words)).await;
        }
        None => return (StatusCode::INTERNAL_SERVER_ERROR, "The picture could not be read.").into_response(),
    };
    room.drawn(&me, id, Some(picture)).await
}

async fn undraw(State(room): State<Room>, id: Result<Path<i64>, PathRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(Path(id)) = id else { return missing() };
    room.drawn(&me, id, None).await
}

impl Room {
    async fn drawn(&self, me: &SignedIn, id: i64, picture: Option<crate::store::contacts::Picture>) -> Response {
        match self.contacts.set_picture(me.account, id, picture).await {
            Ok(()) => Redirect::to(&format!("/contacts/{id}")).into_response(),
            Err(ContactError::Database(error)) => unavailable(&error.into()),
            Err(ContactError::Missing | ContactError::Empty | ContactError::Full(_)) => missing(),
        }
    }

    async fn list(
        &self,
        status: StatusCode,
        me: SignedIn,
        address: Result<Query<Address>, QueryRejection>,
        imported: Option<Imported>,
        parts: &Parts,
    ) -> Response {
        let asked = address.map(|Query(address)| address.asked()).unwrap_or_default();
        match self.contacts_view(me, asked).await {
            Ok(mut view) => {
                view.imported = imported;
                let nonce = parts.extensions.get::<Nonce>().map(ToString::to_string);
                let html = Owner::new().with(|| app::pages::contacts::document(view, nonce).to_html());
                (status, Html(html)).into_response()
            }
            Err(error) => unavailable(&error),
        }
    }

    async fn card(&self, status: StatusCode, me: &SignedIn, id: i64, problem: Option<String>) -> Response {
        match self.contact_view(me, id).await {
            Ok(Some(mut view)) => {
                view.problem = problem;
                let html = Owner::new().with(|| app::pages::contact::document(view).to_html());
                (status, Html(html)).into_response()
            }
            Ok(None) => missing(),
            Err(error) => unavailable(&error),
        }
    }

    fn log_in(&self, parts: &Parts) -> Response {
        let expired = self.life.was_signed_in(parts);
        Redirect::to(if expired { "/login?expired=1" } else { "/login" }).into_response()
    }
}

/// Does what takes its time and memory, beside everything else and a few at once; `None` when it came to grief.
async fn work<T: Send + 'static>(does: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    // It is never closed.
    let _turn = WORKERS.acquire().await.ok()?;
    tokio::task::spawn_blocking(does).await.ok()
}

/// The contacts of a book, piece by piece while they are sent.
fn pieces(
    contacts: Contacts,
    book: Book,
    write: impl Fn(&[crate::store::contacts::Contact]) -> String + Send + 'static,
) -> impl Stream<Item = Result<Bytes, sqlx::Error>> {
    stream::try_unfold((contacts, write, 0_i64), move |(contacts, write, after)| async move {
        let some = contacts.some(book, after, AT_ONCE).await?;
        let Some(last) = some.last().map(|contact| contact.id) else { return Ok(None) };
        let piece = Bytes::from(write(&some));
        Ok(Some((piece, (contacts, write, last))))
    })
}

fn saved(body: Body, kind: &'static str, name: &'static str) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    response
}

fn is_ours(path: &str) -> bool {
    let rest = path.strip_prefix("/contacts");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/']))
        && path.bytes().all(|byte| byte.is_ascii_graphic())
}

fn form_page(status: StatusCode, id: Option<i64>, typed: Typed, problem: Option<String>) -> Response {
    let view = FormView { id, typed, kinds: view::kinds(), most: MOST_NUMBERS, problem };
    let html = Owner::new().with(|| app::pages::contact::form_document(view).to_html());
    (status, Html(html)).into_response()
}

/// What was typed is shown again, with what is wrong.
fn refused(error: &ContactError, id: Option<i64>, typed: Typed) -> Response {
    let words = match error {
        ContactError::Empty => "Nothing was saved yet: write a name, a company or a number.".to_owned(),
        ContactError::Full(count) => format!("Nothing was saved: there are {count} contacts, and no more fit."),
        ContactError::Missing => return missing(),
        ContactError::Database(error) => {
            tracing::error!(%error, "a contact could not be kept");
            return (StatusCode::SERVICE_UNAVAILABLE, AGAIN).into_response();
        }
    };
    form_page(StatusCode::UNPROCESSABLE_ENTITY, id, typed, Some(words))
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is no such contact.").into_response()
}

fn signed_out() -> Response {
    (StatusCode::UNAUTHORIZED, "You are not logged in.").into_response()
}

fn unavailable(error: &Unavailable) -> Response {
    tracing::error!(%error, "the contacts failed");
    (StatusCode::SERVICE_UNAVAILABLE, AGAIN).into_response()
}
