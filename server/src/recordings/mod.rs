//! Recordings of calls: the page sends them piece by piece while the call goes on, and they are listened to, saved and
//! removed on a page of their own.

use crate::clock;
use crate::ports::{Media, SessionLife, Sessions, Shared, SignedIn};
use crate::store::recordings::{self, Piece, QUOTA, Recording, RecordingError, Recordings, Subject};
use app::backend::Contact;
use app::media;
use app::pages::recordings::{Kept, Pages, RecordingsView};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::{BytesRejection, FormRejection, PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Form, Path, Query, State};
use axum::http::{HeaderValue, Request, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
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

const AGAIN: &str = "The storage does not answer. Please try again in a moment.";
/// How many are shown at once.
const SHOWN: i64 = 50;
/// What was silent for so long, in milliseconds, is over.
const OVER: i64 = 10_000;

/// What this room needs.
#[derive(Clone)]
pub struct Room {
    /// Who is signed in.
    pub sessions: Shared<dyn Sessions>,
    /// Whether somebody was.
    pub life: Shared<dyn SessionLife>,
    /// Where they are kept.
    pub recordings: Recordings,
    /// Who may make any.
    pub media: Shared<dyn Media>,
}

#[derive(Deserialize)]
struct Asked {
    /// Which page of them, counted from 1.
    #[serde(default)]
    page: u16,
}

#[derive(Deserialize)]
struct Length {
    /// How long the recording is with this piece, in milliseconds.
    #[serde(default)]
    until: u32,
}

/// What it takes to make recordings is not there.
enum Unready {
    /// Nobody is signed in.
    SignedOut,
    /// The policy allows none.
    Off,
    /// The policy cannot be read.
    Storage,
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

async fn page(State(room): State<Room>, asked: Result<Query<Asked>, QueryRejection>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else {
        let expired = room.life.was_signed_in(&parts);
        return Redirect::to(if expired { "/login?expired=1" } else { "/login" }).into_response();
    };
    let asked = asked.map_or(1, |asked| asked.page.max(1));
    match room.view(me, asked).await {
        Ok(view) => {
            let html = Owner::new().with(|| app::pages::recordings::document(view).to_html());
            Html(html).into_response()
        }
        Err(error) => refused(&error),
    }
}

async fn begin(State(room): State<Room>, parts: Parts, form: Result<Form<Begun>, FormRejection>) -> Response {
    let me = match room.maker(&parts).await {
        Ok(me) => me,
        Err(unready) => return unready.into_response(),
    };
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
    path: Result<Path<(String, i64)>, PathRejection>,
    length: Result<Query<Length>, QueryRejection>,
    parts: Parts,
    bytes: Result<Bytes, BytesRejection>,
) -> Response {
    let me = match room.maker(&parts).await {
        Ok(me) => me,
        Err(unready) => return unready.into_response(),
    };
    let (Ok(Path((id, number))), Ok(Query(Length { until }))) = (path, length) else {
        return (StatusCode::BAD_REQUEST, "Say which piece it is, and how long the recording is with it.")
            .into_response();
    };
    let Ok(bytes) = bytes else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "The piece is too large.").into_response();
    };
    match room.recordings.append(me.account, &id, Piece { number, until, bytes: bytes.into() }).await {
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

impl Room {
    /// Who sends a recording, and may.
    async fn maker(&self, parts: &Parts) -> Result<SignedIn, Unready> {
        let me = self.sessions.signed_in(parts).await.ok_or(Unready::SignedOut)?;
        let media = self.media.media(me.account, &me.extension).await.map_err(|_| Unready::Storage)?;
        match media.recording {
            media::Recording::Off => Err(Unready::Off),
            media::Recording::Allowed | media::Recording::Announced => Ok(me),
        }
    }

    async fn view(&self, me: SignedIn, asked: u16) -> Result<RecordingsView, RecordingError> {
        let (count, bytes) = self.recordings.amount(me.account).await?;
        let last = u16::try_from(count.saturating_sub(1) / SHOWN + 1).unwrap_or(u16::MAX);
        let page = asked.min(last);
        let some = self.recordings.some(me.account, i64::from(page - 1) * SHOWN, SHOWN).await?;
        Ok(RecordingsView {
            me: contact(me),
            kept: some.into_iter().map(kept).collect(),
            count: count.unsigned_abs(),
            bytes,
            most_bytes: QUOTA,
            pages: Pages { page, last },
        })
    }
}

impl IntoResponse for Unready {
    fn into_response(self) -> Response {
        match self {
            Self::SignedOut => signed_out(),
            Self::Off => (StatusCode::FORBIDDEN, "Calls are not to be recorded here.").into_response(),
            Self::Storage => (StatusCode::SERVICE_UNAVAILABLE, AGAIN).into_response(),
        }
    }
}

fn kept(recording: Recording) -> Kept {
    let now = i64::try_from(clock::now()).unwrap_or(i64::MAX);
    Kept {
        file_name: file_name(&recording),
        began: moment(recording.began_at),
        seconds: recordings::length(&recording).unsigned_abs() / 1_000,
        goes_on: now.saturating_sub(recording.changed_at) < OVER,
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
        RecordingError::DiskFull => {
            tracing::error!("there is no room on the disk for recordings");
            (StatusCode::INSUFFICIENT_STORAGE, "There is no room on the server for more recordings.")
        }
        RecordingError::Kind => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Only sound and pictures are kept."),
        RecordingError::Database(_)
        | RecordingError::File(_)
        | RecordingError::Random(_)
        | RecordingError::Interrupted(_) => {
            tracing::error!(%error, "recordings failed");
            (StatusCode::SERVICE_UNAVAILABLE, AGAIN)
        }
    };
    (status, words).into_response()
}
