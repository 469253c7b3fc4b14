//! What colleagues are to see: chosen on the phone page, and kept while nobody is there.

use super::{FORM, Room, log_in, unavailable};
use crate::ports::{Activity, Stated};
use crate::store::calling::RulesChange;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{MethodRouter, post};
use http::request::Parts;
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Chosen {
    status: String,
    note: String,
    /// The page is to come anew, as there is no script in it that shows what changed.
    anew: String,
}

/// `/settings/status`.
pub(super) fn form() -> MethodRouter<Room> {
    post(save).layer(DefaultBodyLimit::max(FORM))
}

async fn save(State(room): State<Room>, parts: Parts, form: Result<Form<Chosen>, FormRejection>) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return log_in(&room, &parts) };
    let Ok(Form(Chosen { status, note, anew })) = form else {
        return (StatusCode::BAD_REQUEST, "This is not the form of the status.").into_response();
    };
    let undisturbed = status == "do-not-disturb";
    let activity = match Activity::named(&status) {
        Some(activity) => activity,
        None if undisturbed => Activity::Available,
        None => return (StatusCode::UNPROCESSABLE_ENTITY, "There is no such status.").into_response(),
    };
    let decided = match room.decisions.hold(me.account).await {
        Ok(decided) => decided,
        Err(error) => return unavailable(error.into()),
    };
    let change = decided.allowed(RulesChange { do_not_disturb: Some(undisturbed), ..RulesChange::default() });
    if let Err(error) = room.calling.state(me.account, &Stated { activity, note }).await {
        return unavailable(error.into());
    }
    match room.change(&me, change).await {
        Ok(()) if anew.is_empty() => StatusCode::NO_CONTENT.into_response(),
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => unavailable(error),
    }
}
