//! The settings of sound and pictures: a plain form, which the phone page sends, too.

use super::{FORM, Room, log_in};
use app::sound::{MediaSettings, Ringtone};
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{MethodRouter, post};
use http::request::Parts;
use serde::Deserialize;

/// The form as it is sent: a box that is not ticked is not sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Words {
    microphone: String,
    speaker: String,
    ringer: String,
    camera: String,
    echo_cancellation: Option<String>,
    noise_suppression: Option<String>,
    auto_gain: Option<String>,
    keep_open: Option<String>,
    call_volume: String,
    ring_volume: String,
    ringtone: String,
}

impl Words {
    /// What is meant; a volume that is none is the full one.
    fn settings(self) -> MediaSettings {
        let volume = |text: &str| text.trim().parse().map_or(100, |volume: u8| volume.min(100));
        MediaSettings {
            echo_cancellation: self.echo_cancellation.is_some(),
            noise_suppression: self.noise_suppression.is_some(),
            auto_gain: self.auto_gain.is_some(),
            keep_open: self.keep_open.is_some(),
            call_volume: volume(&self.call_volume),
            ring_volume: volume(&self.ring_volume),
            ringtone: Ringtone::named(&self.ringtone),
            microphone: self.microphone,
            speaker: self.speaker,
            ringer: self.ringer,
            camera: self.camera,
        }
    }
}

/// `/settings/sound`.
pub(super) fn form() -> MethodRouter<Room> {
    post(save).layer(DefaultBodyLimit::max(FORM))
}

async fn save(State(room): State<Room>, parts: Parts, form: Result<Form<Words>, FormRejection>) -> Response {
    let Some(me) = room.sessions.signed_in(&parts).await else { return log_in(&room, &parts) };
    let Ok(Form(words)) = form else {
        return (StatusCode::BAD_REQUEST, "This is not the settings form.").into_response();
    };
    match room.sound.write(me.account, &words.settings()).await {
        Ok(()) => Redirect::to("/settings?saved=1").into_response(),
        Err(error) => {
            tracing::error!(%error, "settings failed");
            (StatusCode::SERVICE_UNAVAILABLE, "The storage does not answer. Please try again in a moment.")
                .into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_phone_sends_is_what_was_meant() {
        let meant = MediaSettings {
            microphone: "Headset & co".to_owned(),
            noise_suppression: false,
            keep_open: true,
            call_volume: 0,
            ring_volume: 40,
            ringtone: Ringtone::Bell,
            ..MediaSettings::default()
        };
        let sent: serde_json::Map<_, _> =
            meant.form().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let words: Words = serde_json::from_value(sent.into()).unwrap();
        assert_eq!(words.settings(), meant);
    }

    #[test]
    fn what_is_no_volume_is_the_full_one() {
        for text in ["", "loud", "-1", "101", "255", "256"] {
            let words = Words { call_volume: text.to_owned(), ..Words::default() };
            assert_eq!(words.settings().call_volume, 100, "{text}");
        }
    }
}
