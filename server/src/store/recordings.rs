//! What people recorded of their calls: rows in the database, and the sound in files beside it.

use super::Store;
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

/// The largest recording, in bytes: some ten hours of sound.
pub const LARGEST: u64 = 1 << 30;
/// How many bytes an account may keep.
pub const QUOTA: u64 = 4 << 30;
/// How many recordings an account may keep.
pub const MOST: i64 = 10_000;
/// The longest number and name that are kept, in characters.
const LONGEST: usize = 256;

/// The recordings of all accounts.
#[derive(Clone)]
pub struct Recordings {
    store: Store,
    folder: Arc<Path>,
    /// One piece is written at a time, so that a row and its file say the same.
    writing: Arc<Mutex<()>>,
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
    /// Not one of [`KINDS`].
    #[error("recordings are kept as sound or pictures only")]
    Kind,
    /// The database did not answer.
    #[error("the storage did not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// The file cannot be written or removed.
    #[error("the file of a recording: {0}")]
    File(#[from] io::Error),
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
        Self { store, folder: data.join("recordings").into(), writing: Arc::default() }
    }

    /// Begins one; its name.
    ///
    /// # Errors
    /// [`RecordingError::Full`], [`RecordingError::Kind`], or the storage fails.
    pub async fn begin(&self, account: AccountId, subject: Subject) -> Result<String, RecordingError> {
        let kind = KINDS.into_iter().find(|kind| *kind == subject.kind).ok_or(RecordingError::Kind)?;
        let (kept, bytes) = self.kept(account).await?;
        if kept >= MOST || bytes >= QUOTA {
            return Err(RecordingError::Full);
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        let id = format!("{:032x}", u128::from_be_bytes(random));
        let short = |text: &str| text.chars().take(LONGEST).collect::<String>();
        sqlx::query(
            "INSERT INTO recordings (id, account, number, name, kind, began_at, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
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

    /// Keeps its piece with this number, counted from 0. A piece that came before is not kept twice.
    ///
    /// # Errors
    /// [`RecordingError::OutOfOrder`] when pieces before it are missing; others when it cannot be kept.
    pub async fn append(&self, account: AccountId, id: &str, piece: i64, bytes: Vec<u8>) -> Result<(), RecordingError> {
        let _one = self.writing.lock().await;
        let recording = self.find(account, id).await?;
        if piece < recording.pieces {
            return Ok(());
        }
        if piece > recording.pieces {
            return Err(RecordingError::OutOfOrder(recording.pieces));
        }
        let (from, more) = (recording.bytes.unsigned_abs(), bytes.len() as u64);
        let (_, kept) = self.kept(account).await?;
        if from + more > LARGEST || kept + more > QUOTA {
            return Err(RecordingError::Full);
        }
        let (folder, file) = (self.folder.to_path_buf(), self.file(&recording));
        spawn_blocking(move || write(&folder, &file, from, &bytes)).await??;
        sqlx::query("UPDATE recordings SET pieces = pieces + 1, bytes = bytes + ?2, changed_at = ?3 WHERE id = ?1")
            .bind(id)
            .bind(i64::try_from(more).unwrap_or(i64::MAX))
            .bind(now())
            .execute(self.store.pool())
            .await?;
        Ok(())
    }

    /// Those of an account, the latest first.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn all(&self, account: AccountId) -> Result<Vec<Recording>, RecordingError> {
        let rows = sqlx::query_as(SELECT).bind(account).bind(None::<&str>);
        Ok(rows.fetch_all(self.store.pool()).await?)
    }

    /// One of an account.
    ///
    /// # Errors
    /// [`RecordingError::Unknown`], or the storage fails.
    pub async fn find(&self, account: AccountId, id: &str) -> Result<Recording, RecordingError> {
        let row = sqlx::query_as(SELECT).bind(account).bind(id);
        row.fetch_optional(self.store.pool()).await?.ok_or(RecordingError::Unknown)
    }

    /// Removes one of an account.
    ///
    /// # Errors
    /// [`RecordingError::Unknown`], or the storage fails.
    pub async fn remove(&self, account: AccountId, id: &str) -> Result<(), RecordingError> {
        let _one = self.writing.lock().await;
        let recording = self.find(account, id).await?;
        let file = self.file(&recording);
        match spawn_blocking(move || std::fs::remove_file(file)).await? {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        sqlx::query("DELETE FROM recordings WHERE id = ?").bind(id).execute(self.store.pool()).await?;
        Ok(())
    }

    /// Where the sound of a recording lies.
    #[must_use]
    pub fn file(&self, recording: &Recording) -> PathBuf {
        self.folder.join(&recording.id)
    }

    /// How many an account keeps, and how many bytes.
    async fn kept(&self, account: AccountId) -> Result<(i64, u64), RecordingError> {
        let kept: (i64, i64) =
            sqlx::query_as("SELECT count(*), coalesce(sum(bytes), 0) FROM recordings WHERE account = ?")
                .bind(account)
                .fetch_one(self.store.pool())
                .await?;
        Ok((kept.0, kept.1.unsigned_abs()))
    }
}

/// Of an account: all, or the one with this name.
const SELECT: &str = "SELECT id, number, name, kind, began_at, changed_at, pieces, bytes FROM recordings
    WHERE account = ?1 AND (?2 IS NULL OR id = ?2) ORDER BY began_at DESC, id";

/// Writes a piece at its place: what stood there was cut off before its row was written.
fn write(folder: &Path, file: &Path, from: u64, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(file)?;
    file.set_len(from)?;
    file.seek(SeekFrom::Start(from))?;
    file.write_all(bytes)?;
    file.sync_data()
}

fn now() -> i64 {
    i64::try_from(clock::now()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        Subject { number: "1002".into(), name: "Bob".into(), kind: "audio/webm".into() }
    }

    async fn recordings(folder: &Path) -> Recordings {
        let store = Store::open(folder, None).await.unwrap();
        sqlx::query(
            "INSERT INTO accounts (id, extension, name, password_hash, ha1_nonce, ha1, created)
             VALUES (1, '1001', 'Alice', '', x'', x'', 0)",
        )
        .execute(store.pool())
        .await
        .unwrap();
        Recordings::new(store, folder)
    }

    #[tokio::test]
    async fn pieces_are_kept_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = recordings(folder.path()).await;
        let id = recordings.begin(1, subject()).await.unwrap();
        recordings.append(1, &id, 0, b"one ".to_vec()).await.unwrap();
        recordings.append(1, &id, 0, b"one again ".to_vec()).await.unwrap();
        let early = recordings.append(1, &id, 2, b"three".to_vec()).await;
        assert!(matches!(early, Err(RecordingError::OutOfOrder(1))), "{early:?}");
        // A server that was killed while it wrote the next piece.
        let file = recordings.file(&recordings.find(1, &id).await.unwrap());
        std::fs::write(&file, b"one tw").unwrap();
        recordings.append(1, &id, 1, b"two".to_vec()).await.unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"one two");
        let kept = recordings.all(1).await.unwrap();
        assert_eq!(kept.iter().map(|kept| (kept.pieces, kept.bytes)).collect::<Vec<_>>(), [(2, 7)]);
    }

    #[tokio::test]
    async fn what_is_removed_is_gone_and_nobody_elses_can_be_touched() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = recordings(folder.path()).await;
        let id = recordings.begin(1, subject()).await.unwrap();
        recordings.append(1, &id, 0, vec![1, 2, 3]).await.unwrap();
        let file = recordings.file(&recordings.find(1, &id).await.unwrap());
        assert!(matches!(recordings.find(2, &id).await, Err(RecordingError::Unknown)));
        assert!(matches!(recordings.append(2, &id, 1, vec![4]).await, Err(RecordingError::Unknown)));
        assert!(matches!(recordings.remove(2, &id).await, Err(RecordingError::Unknown)));
        recordings.remove(1, &id).await.unwrap();
        assert!(!file.exists());
        assert_eq!(recordings.all(1).await.unwrap(), []);
    }

    #[tokio::test]
    async fn what_is_no_recording_or_too_much_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = recordings(folder.path()).await;
        let page = Subject { kind: "text/html".into(), ..subject() };
        assert!(matches!(recordings.begin(1, page).await, Err(RecordingError::Kind)));
        let id = recordings.begin(1, subject()).await.unwrap();
        sqlx::query("UPDATE recordings SET bytes = ?")
            .bind(i64::try_from(LARGEST).unwrap())
            .execute(recordings.store.pool())
            .await
            .unwrap();
        assert!(matches!(recordings.append(1, &id, 0, vec![1]).await, Err(RecordingError::Full)));
        sqlx::query("UPDATE recordings SET bytes = ?")
            .bind(i64::try_from(QUOTA).unwrap())
            .execute(recordings.store.pool())
            .await
            .unwrap();
        assert!(matches!(recordings.begin(1, subject()).await, Err(RecordingError::Full)));
    }
}
