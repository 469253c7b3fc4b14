//! Recordings of calls: the page sends them piece by piece while the call goes on, and they are listened to, saved and
//! removed on a page of their own.

use crate::ports::{SessionLife, Sessions, Shared, SignedIn};
use crate::store::recordings::{Recording, RecordingError, Recordings, Subject};
use app::backend::Contact;
use app::pages::recordings::{Kept, RecordingsView};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::{BytesRejection, FormRejection};
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::{get, post, put};
use http::request::Parts;
use leptos::prelude::{Owner, RenderHtml as _};
use serde::Deserialize;
use time::OffsetDateTime;
use tower_http::services::ServeFile;

/// The largest form.
const FORM: usize = 8 * 1024;
/// The largest piece: a browser that could not send for a minute sends all of it at once.
const PIECE: usize = 32 << 20;

/// What this room needs.
#[derive(Clone)]
pub struct Room {
    /// Who is signed in.
    pub sessions: Shared<dyn Sessions>,
    /// Whether somebody was.
    pub life: Shared<dyn SessionLife>,
    /// Where they are kept.
    pub recordings: Recordings,
}

#[derive(Deserialize)]
struct Begun {
    number: String,
    #[serde(default)]
    name: String,
    kind: String,
}

/// `/recordings`.
pub fn router(room: Room) -> Router {
    Router::new()
        .route("/recordings", get(page).post(begin).layer(DefaultBodyLimit::max(FORM)))
        .route("/recordings/{id}", get(file))
        .route("/recordings/{id}/{piece}", put(append).layer(DefaultBodyLimit::max(PIECE)))
        .route("/recordings/{id}/remove", post(remove))
        .with_state(room)
}

async fn page(State(room): State<Room>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else {
        let expired = room.life.was_signed_in(&parts);
        return Redirect::to(if expired { "/login?expired=1" } else { "/login" }).into_response();
    };
    match room.recordings.all(me.account).await {
        Ok(all) => {
            let view = RecordingsView { me: contact(me), kept: all.into_iter().map(kept).collect() };
            let html = Owner::new().with(|| app::pages::recordings::document(view).to_html());
            Html(html).into_response()
        }
        Err(error) => refused(&error),
    }
}

async fn begin(State(room): State<Room>, parts: Parts, form: Result<Form<Begun>, FormRejection>) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(Form(Begun { number, name, kind })) = form else {
        return (StatusCode::BAD_REQUEST, "Say with whom the call is, and the type of the recording.").into_response();
    };
    match room.recordings.begin(me.account, Subject { number, name, kind }).await {
        Ok(id) => {
            tracing::info!(extension = me.extension, "a recording begins");
            (StatusCode::CREATED, id).into_response()
        }
        Err(error) => refused(&error),
    }
}

async fn append(
    State(room): State<Room>,
    Path((id, piece)): Path<(String, i64)>,
    parts: Parts,
    bytes: Result<Bytes, BytesRejection>,
) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let Ok(bytes) = bytes else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "The piece is too large.").into_response();
    };
    match room.recordings.append(me.account, &id, piece, bytes.into()).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(&error),
    }
}

/// The sound itself; browsers ask for parts of it when somebody moves about in it.
async fn file(State(room): State<Room>, Path(id): Path<String>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    let recording = match room.recordings.find(me.account, &id).await {
        Ok(recording) => recording,
        Err(error) => return refused(&error),
    };
    let served = ServeFile::new(room.recordings.file(&recording)).try_call(Request::from_parts(parts, body)).await;
    let Ok(mut response) = served else { return refused(&RecordingError::Unknown) };
    let name = HeaderValue::from_str(&format!("inline; filename=\"{}\"", file_name(&recording)));
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&recording.kind) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    if let Ok(name) = name {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.map(Body::new)
}

async fn remove(State(room): State<Room>, Path(id): Path<String>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return signed_out() };
    match room.recordings.remove(me.account, &id).await {
        Ok(()) => {
            tracing::info!(extension = me.extension, "a recording was removed");
            Redirect::to("/recordings").into_response()
        }
        // Pressed twice, or in two windows.
        Err(RecordingError::Unknown) => Redirect::to("/recordings").into_response(),
        Err(error) => refused(&error),
    }
}

fn kept(recording: Recording) -> Kept {
    Kept {
        file_name: file_name(&recording),
        began: moment(recording.began_at),
        seconds: recording.changed_at.saturating_sub(recording.began_at).unsigned_abs() / 1_000,
        bytes: recording.bytes.unsigned_abs(),
        video: recording.kind.starts_with("video/"),
        id: recording.id,
        with: Contact { extension: recording.number, name: recording.name },
    }
}

/// When it began and with whom, in letters that stand in every file system and header.
fn file_name(recording: &Recording) -> String {
    let with: String = recording.number.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
    let began: String = moment(recording.began_at).chars().filter(char::is_ascii_digit).collect();
    let ending = recording.kind.rsplit('/').next().unwrap_or_default();
    format!("call-{began}-{with}.{ending}")
}

/// Year to minute, in UTC.
fn moment(milliseconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(milliseconds / 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!("{:04}-{:02}-{:02} {:02}:{:02}", at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute())
}

fn contact(person: SignedIn) -> Contact {
    Contact { extension: person.extension, name: person.name }
}

fn signed_out() -> Response {
    (StatusCode::UNAUTHORIZED, "You are not logged in.").into_response()
}

fn refused(error: &RecordingError) -> Response {
    let (status, words) = match error {
        RecordingError::Unknown => (StatusCode::NOT_FOUND, "There is no such recording."),
        RecordingError::OutOfOrder(_) => (StatusCode::CONFLICT, "Pieces before this one are missing."),
        RecordingError::Full => (
            StatusCode::INSUFFICIENT_STORAGE,
            "There is no room for more recordings. Remove some that you do not need.",
        ),
        RecordingError::Kind => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Only sound and pictures are kept."),
        RecordingError::Database(_)
        | RecordingError::File(_)
        | RecordingError::Random(_)
        | RecordingError::Interrupted(_) => {
            tracing::error!(%error, "recordings failed");
            (StatusCode::SERVICE_UNAVAILABLE, "The storage does not answer. Please try again in a moment.")
        }
    };
    (status, words).into_response()
}
