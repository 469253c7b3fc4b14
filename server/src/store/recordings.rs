//! What people recorded of their calls: rows in the database, and the sound in files beside it.

#[cfg(test)]
#[path = "recordings/tests.rs"]
mod postgres_tests;
mod sweep;
#[cfg(test)]
mod tests;
mod webm;

use super::{Store, storable};
use crate::clock;
use crate::ports::AccountId;
use sqlx::FromRow;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::task::{JoinError, spawn_blocking};
use webm::Duration;

/// The largest recording, in bytes: some ten hours of sound.
pub const LARGEST: u64 = 1 << 30;
/// The folder of the data directory where the files lie.
pub const FOLDER: &str = "recordings";
/// How many bytes an account may keep.
pub const QUOTA: u64 = 4 << 30;
/// How many recordings an account may keep.
pub const MOST: i64 = 10_000;
/// So many bytes of the disk are left to everything else: a phone must not stop as it cannot write any more.
const RESERVE: u64 = 256 << 20;
/// How many accounts write side by side.
const WRITERS: usize = 16;
/// The longest number and name that are kept, in characters.
const LONGEST: usize = 256;

/// The recordings of all accounts.
#[derive(Clone)]
pub struct Recordings {
    store: Store,
    folder: Arc<Path>,
    /// Of an account one piece is written at a time, so that a row and its file say the same.
    writing: Arc<[Mutex<()>; WRITERS]>,
}

/// One recording.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Recording {
    /// Its name: 32 hexadecimal digits.
    pub id: String,
    /// With whom: what to dial.
    pub number: String,
    /// Their name, empty if there was none.
    pub name: String,
    /// The Content-Type.
    pub kind: String,
    /// When it began, in milliseconds since 1970.
    pub began_at: i64,
    /// When the last piece came.
    pub changed_at: i64,
    /// How many pieces there are.
    pub pieces: i64,
    /// How many bytes.
    pub bytes: i64,
    /// How long it is, in milliseconds.
    pub milliseconds: i64,
    /// Where in the file this stands, if it does.
    duration_at: Option<i64>,
}

/// What a recording is of.
#[derive(Clone, Debug)]
pub struct Subject {
    /// With whom: what to dial.
    pub number: String,
    /// Their name.
    pub name: String,
    /// What the browser writes: see [`KINDS`].
    pub kind: String,
}

/// A piece of a recording.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Which it is, counted from 0.
    pub number: i64,
    /// How long the recording is with it, in milliseconds.
    pub until: u32,
    /// As the browser wrote it.
    pub bytes: Vec<u8>,
}

/// What browsers write recordings in.
pub const KINDS: [&str; 5] = ["audio/webm", "audio/ogg", "audio/mp4", "video/webm", "video/mp4"];

/// A recording cannot be kept, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// There is no such recording of this account.
    #[error("there is no such recording")]
    Unknown,
    /// Another piece is the next one: this many are there.
    #[error("the next piece is number {0}")]
    OutOfOrder(i64),
    /// It is too large, or too much is kept already.
    #[error("there is no room for more recordings")]
    Full,
    /// The disk is full, or would soon be.
    #[error("there is no room on the disk")]
    DiskFull,
    /// Not one of [`KINDS`].
    #[error("recordings are kept as sound or pictures only")]
    Kind,
    /// The database did not answer.
    #[error("the storage did not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// The file cannot be written or removed.
    #[error("the file of a recording: {0}")]
    File(io::Error),
    /// Nothing random is to be had.
    #[error("no randomness: {0}")]
    Random(#[from] getrandom::Error),
    /// Whoever wrote the file is gone.
    #[error("writing was interrupted: {0}")]
    Interrupted(#[from] JoinError),
}

impl Recordings {
    /// Those of this store, with their files in a folder of the data directory `data`.
    #[must_use]
    pub fn new(store: Store, data: &Path) -> Self {
        Self { store, folder: data.join(FOLDER).into(), writing: Arc::default() }
    }

    /// Begins one; its name.
    ///
    /// # Errors
    /// [`RecordingError::Full`], [`RecordingError::DiskFull`], [`RecordingError::Kind`], or the storage fails.
    pub async fn begin(&self, account: AccountId, subject: Subject) -> Result<String, RecordingError> {
        let kind = KINDS.into_iter().find(|kind| *kind == subject.kind).ok_or(RecordingError::Kind)?;
        let _one = self.writer(account).lock().await;
        let (kept, bytes) = self.kept(account).await?;
        if kept >= MOST || bytes >= QUOTA {
            return Err(RecordingError::Full);
        }
        let folder = self.folder.to_path_buf();
        spawn_blocking(move || make_room(&folder, 0)).await??;
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        let id = format!("{:032x}", u128::from_be_bytes(random));
        let short = |text: &str| storable(text).chars().take(LONGEST).collect::<String>();
        sqlx::query(
            "INSERT INTO recordings (id, account, number, name, kind, began_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        )
        .bind(&id)
        .bind(account)
        .bind(short(&subject.number))
        .bind(short(&subject.name))
        .bind(kind)
        .bind(now())
        .execute(self.store.pool())
        .await?;
        Ok(id)
    }

    /// Keeps its next piece. A piece that came before is not kept twice.
    ///
    /// # Errors
    /// [`RecordingError::OutOfOrder`] when pieces before it are missing; others when it cannot be kept.
    pub async fn append(&self, account: AccountId, id: &str, piece: Piece) -> Result<(), RecordingError> {
        let _one = self.writer(account).lock().await;
        let recording = self.find(account, id).await?;
        if piece.number < recording.pieces {
            return Ok(());
        }
        if piece.number > recording.pieces {
            return Err(RecordingError::OutOfOrder(recording.pieces));
        }
        let milliseconds = recording.milliseconds.max(piece.until.into());
        let (bytes, duration_at) = match recording.duration_at {
            None if piece.number == 0 && recording.kind.ends_with("/webm") => webm::prepare(piece.bytes),
            known => (piece.bytes, known.and_then(|at| u64::try_from(at).ok())),
        };
        let (from, more) = (recording.bytes.unsigned_abs(), bytes.len() as u64);
        let (_, kept) = self.kept(account).await?;
        if from + more > LARGEST || kept + more > QUOTA {
            return Err(RecordingError::Full);
        }
        let (folder, file) = (self.folder.to_path_buf(), self.file(&recording));
        let duration = duration_at.map(|at| Duration { at, milliseconds });
        spawn_blocking(move || write(&folder, &file, from, &bytes, duration)).await??;
        // Another server may have been told the same piece meanwhile: then it is there.
        sqlx::query(
            "UPDATE recordings SET pieces = pieces + 1, bytes = bytes + $2, changed_at = $3, milliseconds = $4,
             duration_at = $5 WHERE id = $1 AND pieces = $6",
        )
        .bind(id)
        .bind(i64::try_from(more).unwrap_or(i64::MAX))
        .bind(now())
        .bind(milliseconds)
        .bind(duration_at.and_then(|at| i64::try_from(at).ok()))
        .bind(piece.number)
        .execute(self.store.pool())
        .await?;
        Ok(())
    }

    /// Some of an account, the latest first: so many after those that are left out. What has no sound yet is none.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn some(&self, account: AccountId, left_out: i64, most: i64) -> Result<Vec<Recording>, RecordingError> {
        let query = format!("{SELECT} AND pieces > 0 ORDER BY began_at DESC, id LIMIT $2 OFFSET $3");
        let rows = sqlx::query_as(&query).bind(account).bind(most).bind(left_out);
        Ok(rows.fetch_all(self.store.pool()).await?)
    }

    /// How many an account has that have any sound, and how many bytes these are.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn amount(&self, account: AccountId) -> Result<(i64, u64), RecordingError> {
        let amount: (i64, i64) =
            sqlx::query_as("SELECT count(*), CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM recordings WHERE account = $1 AND pieces > 0")
                .bind(account)
                .fetch_one(self.store.pool())
                .await?;
        Ok((amount.0, amount.1.unsigned_abs()))
    }

    /// One of an account.
    ///
    /// # Errors
    /// [`RecordingError::Unknown`], or the storage fails.
    pub async fn find(&self, account: AccountId, id: &str) -> Result<Recording, RecordingError> {
        let query = format!("{SELECT} AND id = $2");
        let row = sqlx::query_as(&query).bind(account).bind(storable(id));
        row.fetch_optional(self.store.pool()).await?.ok_or(RecordingError::Unknown)
    }

    /// Removes one of an account.
    ///
    /// # Errors
    /// [`RecordingError::Unknown`], or the storage fails.
    pub async fn remove(&self, account: AccountId, id: &str) -> Result<(), RecordingError> {
        let _one = self.writer(account).lock().await;
        let recording = self.find(account, id).await?;
        let file = self.file(&recording);
        match spawn_blocking(move || std::fs::remove_file(file)).await? {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        sqlx::query("DELETE FROM recordings WHERE id = $1").bind(id).execute(self.store.pool()).await?;
        Ok(())
    }

    /// Where the sound of a recording lies.
    #[must_use]
    pub fn file(&self, recording: &Recording) -> PathBuf {
        self.folder.join(&recording.id)
    }

    /// Held while a file of this account is written or removed.
    fn writer(&self, account: AccountId) -> &Mutex<()> {
        let [first, ..] = &*self.writing;
        let at = usize::try_from(account).unwrap_or_default() % WRITERS;
        self.writing.get(at).unwrap_or(first)
    }

    /// How many an account keeps, and how many bytes.
    async fn kept(&self, account: AccountId) -> Result<(i64, u64), RecordingError> {
        let kept: (i64, i64) = sqlx::query_as(
            "SELECT count(*), CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM recordings WHERE account = $1",
        )
        .bind(account)
        .fetch_one(self.store.pool())
        .await?;
        Ok((kept.0, kept.1.unsigned_abs()))
    }
}

/// How long a recording is, in milliseconds: as its page says, else by when it changed.
#[must_use]
pub fn length(recording: &Recording) -> i64 {
    match recording.milliseconds {
        0 => recording.changed_at.saturating_sub(recording.began_at),
        known => known,
    }
}

/// Of an account.
const SELECT: &str = "SELECT id, number, name, kind, began_at, changed_at, pieces, bytes, milliseconds, duration_at
    FROM recordings WHERE account = $1";

/// Writes a piece at its place, and how long the recording is now: what stood there was cut off before its row was written.
fn write(
    folder: &Path,
    file: &Path,
    from: u64,
    bytes: &[u8],
    duration: Option<Duration>,
) -> Result<(), RecordingError> {
    make_room(folder, bytes.len() as u64)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(file)?;
    if file.metadata()?.len() < from {
        let words = "what was kept of it before is not here: several servers need one folder of recordings";
        return Err(io::Error::new(io::ErrorKind::NotFound, words).into());
    }
    file.set_len(from)?;
    file.seek(SeekFrom::Start(from))?;
    file.write_all(bytes)?;
    if let Some(duration) = duration {
        file.seek(SeekFrom::Start(duration.at))?;
        file.write_all(&duration.bytes())?;
    }
    Ok(file.sync_data()?)
}

/// Makes the folder, if there is none; so many more bytes may go there.
fn make_room(folder: &Path, bytes: u64) -> Result<(), RecordingError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let disk = rustix::fs::statvfs(folder).map_err(io::Error::from)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < RESERVE.saturating_add(bytes) { Err(RecordingError::DiskFull) } else { Ok(()) }
}

impl From<io::Error> for RecordingError {
    fn from(error: io::Error) -> Self {
        let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        if full { Self::DiskFull } else { Self::File(error) }
    }
}

fn now() -> i64 {
    i64::try_from(clock::now()).unwrap_or(i64::MAX)
}
