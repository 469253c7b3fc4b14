//! What people want of sound and pictures.

use super::Store;
use crate::ports::AccountId;
use app::sound::{MediaSettings, Ringtone};

/// The longest name of a device that is kept, in characters.
pub const LONGEST_LABEL: usize = 200;

/// The settings of sound and pictures in the database.
#[derive(Clone)]
pub struct SoundSettings {
    store: Store,
}

type Row = (String, String, String, String, bool, bool, bool, bool, u8, u8, String);

impl SoundSettings {
    /// Those of this storage.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// What this account wants.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(&self, account: AccountId) -> Result<MediaSettings, sqlx::Error> {
        let query =
            "SELECT microphone, speaker, ringer, camera, echo_cancellation, noise_suppression, auto_gain, keep_open,
                     call_volume, ring_volume, ringtone FROM media_settings WHERE account = ?";
        let row: Option<Row> = sqlx::query_as(query).bind(account).fetch_optional(self.store.pool()).await?;
        Ok(row.map(settings).unwrap_or_default())
    }

    /// Keeps what this account wants, as far as it can be: too long a name is cut, and nothing is louder than it can be.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn write(&self, account: AccountId, settings: &MediaSettings) -> Result<(), sqlx::Error> {
        let query =
            "INSERT OR REPLACE INTO media_settings (account, microphone, speaker, ringer, camera, echo_cancellation,
                     noise_suppression, auto_gain, keep_open, call_volume, ring_volume, ringtone)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let [microphone, speaker, ringer, camera] =
            [&settings.microphone, &settings.speaker, &settings.ringer, &settings.camera].map(|label| kept(label));
        sqlx::query(query)
            .bind(account)
            .bind(microphone)
            .bind(speaker)
            .bind(ringer)
            .bind(camera)
            .bind(settings.echo_cancellation)
            .bind(settings.noise_suppression)
            .bind(settings.auto_gain)
            .bind(settings.keep_open)
            .bind(settings.call_volume.min(100))
            .bind(settings.ring_volume.min(100))
            .bind(settings.ringtone.name())
            .execute(self.store.pool())
            .await?;
        Ok(())
    }
}

fn kept(label: &str) -> String {
    label.trim().chars().filter(|character| !character.is_control()).take(LONGEST_LABEL).collect()
}

fn settings(row: Row) -> MediaSettings {
    let (microphone, speaker, ringer, camera, echo, noise, gain, keep_open, call_volume, ring_volume, ringtone) = row;
    MediaSettings {
        microphone,
        speaker,
        ringer,
        camera,
        echo_cancellation: echo,
        noise_suppression: noise,
        auto_gain: gain,
        keep_open,
        call_volume,
        ring_volume,
        ringtone: Ringtone::named(&ringtone),
    }
}
