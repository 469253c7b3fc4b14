//! The settings: what becomes of a person's calls, and of sound, as a page with plain forms.

mod form;
mod sound;
mod status;

use crate::ports::{Accounts, Homes, PortError, SessionLife, Sessions, Shared, SignedIn};
use crate::store::calling::{Calling, CallingError, RINGING, Routes, RulesChange};
use crate::store::offers::Decisions;
use crate::store::policies::{Policies, PolicyError};
use crate::store::sound::SoundSettings;
use app::backend::Contact;
use app::media::AutoAnswer;
use app::pages::settings::{Field, Problem, SettingsView, Typed};
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use form::Words;
use http::request::Parts;
use leptos::prelude::{Owner, RenderHtml as _};
use serde::Deserialize;

/// The largest form.
const FORM: usize = 8 * 1024;

/// What this room needs.
#[derive(Clone)]
pub struct Room {
    /// Who is signed in.
    pub sessions: Shared<dyn Sessions>,
    /// Whether somebody was.
    pub life: Shared<dyn SessionLife>,
    /// Who there is.
    pub accounts: Shared<dyn Accounts>,
    /// The rules and groups.
    pub calling: Calling,
    /// What people want of sound and pictures.
    pub sound: SoundSettings,
    /// What an administrator decided about settings.
    pub decisions: Decisions,
    /// What an administrator allows, and who agreed to it.
    pub policies: Policies,
    /// What the exchange remembers of them.
    pub routes: Routes,
    /// How long calls usually ring, in seconds.
    pub ringing_seconds: u64,
    /// Where lines are at home.
    pub homes: Shared<dyn Homes>,
}

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
enum Unavailable {
    /// The accounts cannot be read.
    #[error(transparent)]
    Accounts(#[from] PortError),
    /// The rules or groups cannot be read or written.
    #[error(transparent)]
    Calling(#[from] CallingError),
    /// What an administrator allows cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// What is wanted of sound cannot be read.
    #[error("the storage did not answer: {0}")]
    Media(#[from] sqlx::Error),
}

#[derive(Deserialize)]
struct Outcome {
    saved: Option<String>,
}

/// `/settings`.
pub fn router(room: Room) -> Router {
    let form = get(page).post(save).layer(DefaultBodyLimit::max(FORM));
    Router::new()
        .route("/settings", form)
        .route("/settings/sound", sound::form())
        .route("/settings/status", status::form())
        .with_state(room)
}

async fn page(State(room): State<Room>, Query(outcome): Query<Outcome>, parts: Parts) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return log_in(&room, &parts) };
    room.stored(&me, outcome.saved.is_some()).await.map_or_else(unavailable, |view| render(StatusCode::OK, view))
}

async fn save(State(room): State<Room>, parts: Parts, form: Result<Form<Words>, FormRejection>) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return log_in(&room, &parts) };
    let Ok(Form(words)) = form else {
        return (StatusCode::BAD_REQUEST, "This is not the settings form.").into_response();
    };
    match room.save(&me, words).await {
        Ok(None) => Redirect::to("/settings?saved=1").into_response(),
        Ok(Some(view)) => render(StatusCode::UNPROCESSABLE_ENTITY, view),
        Err(error) => unavailable(error),
    }
}

impl Room {
    /// What is stored.
    async fn stored(&self, me: &SignedIn, saved: bool) -> Result<SettingsView, Unavailable> {
        let agrees = self.policies.consents(me.account).await?;
        let typed = Typed { auto_answer: agrees, ..form::stored(self.calling.rules(&me.extension).await?) };
        let mut problems = Vec::new();
        for field in Field::ALL {
            let number = typed.field(field);
            if field != Field::Ringing && !number.is_empty() && !self.calling.is_known(number).await? {
                problems.push((field, Problem::Nobody));
            }
        }
        Ok(SettingsView { problems, saved, ..self.view(me, typed).await? })
    }

    /// Saves all that was typed, or nothing: then the page that says why.
    async fn save(&self, me: &SignedIn, words: Words) -> Result<Option<SettingsView>, Unavailable> {
        let decided = self.decisions.hold(me.account).await?;
        let (typed, stored) = (words.typed(), form::stored(self.calling.rules(&me.extension).await?));
        let view = self.view(me, form::offered(&typed, stored, decided.offers())).await?;
        // What they have no say in cannot be wrong.
        match form::read(&form::offered(&typed, Typed::default(), decided.offers()), &me.extension, &view.contacts) {
            Ok(change) => {
                self.change(me, decided.allowed(change)).await?;
                // Where it is not offered nobody can agree, or take it back.
                if view.auto_answer.is_some() {
                    self.policies.consent(me.account, typed.auto_answer).await?;
                }
                Ok(None)
            }
            Err(problems) => Ok(Some(SettingsView { problems, ..view })),
        }
    }

    async fn change(&self, me: &SignedIn, change: RulesChange) -> Result<(), Unavailable> {
        self.calling.change_rules(&me.extension, change).await?;
        self.routes.changed();
        tracing::info!(extension = me.extension, "changed what becomes of calls");
        Ok(())
    }

    async fn view(&self, me: &SignedIn, typed: Typed) -> Result<SettingsView, Unavailable> {
        let contact = |person: SignedIn| Contact { extension: person.extension, name: person.name };
        let people = self.accounts.all().await?.into_iter().filter(|person| person.account != me.account);
        let mut contacts: Vec<_> = people.map(contact).collect();
        let mut groups = Vec::new();
        for group in self.calling.groups().await? {
            let named = Contact { extension: group.extension, name: group.name };
            if group.ring.members.contains(&me.extension) {
                groups.push(named.clone());
            }
            contacts.push(named);
        }
        Ok(SettingsView {
            me: contact(me.clone()),
            contacts,
            groups,
            typed,
            auto_answer: offered(self.policies.holds(me.account).await?.auto_answer),
            usual_ringing: self.ringing_seconds,
            media: self.sound.read(me.account).await?,
            offers: self.decisions.hold(me.account).await?.offers(),
            ringing_range: (*RINGING.start(), *RINGING.end()),
            pbx: self.homes.home(me.account).await?.pbx,
            ..SettingsView::default()
        })
    }
}

/// Whose calls may be answered by themselves, in words; nothing where nobody's may.
fn offered(allowed: Option<AutoAnswer>) -> Option<String> {
    match allowed? {
        AutoAnswer::Nobody => None,
        AutoAnswer::Domain => Some("everybody here".to_owned()),
        AutoAnswer::Numbers(numbers) => Some(numbers.join(", ")),
    }
}

fn log_in(room: &Room, parts: &Parts) -> Response {
    let expired = room.life.was_signed_in(parts);
    Redirect::to(if expired { "/login?expired=1" } else { "/login" }).into_response()
}

fn unavailable(error: Unavailable) -> Response {
    tracing::error!(%error, "settings failed");
    (StatusCode::SERVICE_UNAVAILABLE, "The storage does not answer. Please try again in a moment.").into_response()
}

/// The page: complete without any script, as the login is.
fn render(status: StatusCode, view: SettingsView) -> Response {
    let html = Owner::new().with(|| app::pages::settings::document(view).to_html());
    (status, Html(html)).into_response()
}
