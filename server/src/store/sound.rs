//! What people want of sound and pictures.

use super::{Flag, Store, offers};
use crate::ports::AccountId;
use app::sound::{MediaSettings, Ringtone};

/// The longest name of a device that is kept, in characters.
pub const LONGEST_LABEL: usize = 200;

/// The settings of sound and pictures in the database.
#[derive(Clone)]
pub struct SoundSettings {
    store: Store,
}

type Row = (String, String, String, String, Flag, Flag, Flag, Flag, i64, i64, String);

impl SoundSettings {
    /// Those of this storage.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// What holds for this account: what the person wants, and what an administrator decided.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(&self, account: AccountId) -> Result<MediaSettings, sqlx::Error> {
        let mut connection = self.store.pool().acquire().await?;
        let decided = offers::holding(&mut connection, account).await?;
        Ok(decided.sound(wanted(&mut connection, account).await?))
    }

    /// Keeps what this account wants, as far as it can be: too long a name is cut, nothing is louder than it can be, and what
    /// an administrator decided about stays as it was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn write(&self, account: AccountId, settings: &MediaSettings) -> Result<(), sqlx::Error> {
        let query = "INSERT INTO media_settings (account, microphone, speaker, ringer, camera, echo_cancellation,
                     noise_suppression, auto_gain, keep_open, call_volume, ring_volume, ringtone)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                     ON CONFLICT (account) DO UPDATE SET microphone = excluded.microphone, speaker = excluded.speaker,
                     ringer = excluded.ringer, camera = excluded.camera, echo_cancellation = excluded.echo_cancellation,
                     noise_suppression = excluded.noise_suppression, auto_gain = excluded.auto_gain,
                     keep_open = excluded.keep_open, call_volume = excluded.call_volume,
                     ring_volume = excluded.ring_volume, ringtone = excluded.ringtone";
        let mut connection = self.store.pool().acquire().await?;
        let decided = offers::holding(&mut connection, account).await?;
        let settings = &decided.allowed_sound(settings.clone(), wanted(&mut connection, account).await?);
        let [microphone, speaker, ringer, camera] =
            [&settings.microphone, &settings.speaker, &settings.ringer, &settings.camera].map(|label| kept(label));
        sqlx::query(query)
            .bind(account)
            .bind(microphone)
            .bind(speaker)
            .bind(ringer)
            .bind(camera)
            .bind(Flag::from(settings.echo_cancellation))
            .bind(Flag::from(settings.noise_suppression))
            .bind(Flag::from(settings.auto_gain))
            .bind(Flag::from(settings.keep_open))
            .bind(i64::from(settings.call_volume.min(100)))
            .bind(i64::from(settings.ring_volume.min(100)))
            .bind(settings.ringtone.name())
            .execute(&mut *connection)
            .await?;
        Ok(())
    }
}

/// What the person set.
async fn wanted(connection: &mut sqlx::AnyConnection, account: AccountId) -> Result<MediaSettings, sqlx::Error> {
    let query =
        "SELECT microphone, speaker, ringer, camera, echo_cancellation, noise_suppression, auto_gain, keep_open,
                 call_volume, ring_volume, ringtone FROM media_settings WHERE account = $1";
    let row: Option<Row> = sqlx::query_as(query).bind(account).fetch_optional(connection).await?;
    Ok(row.map(settings).unwrap_or_default())
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
        echo_cancellation: echo.is_set(),
        noise_suppression: noise.is_set(),
        auto_gain: gain.is_set(),
        keep_open: keep_open.is_set(),
        call_volume: per_cent(call_volume),
        ring_volume: per_cent(ring_volume),
        ringtone: Ringtone::named(&ringtone),
    }
}

fn per_cent(volume: i64) -> u8 {
    u8::try_from(volume.clamp(0, 100)).unwrap_or_default()
}
