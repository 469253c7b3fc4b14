//! What of recordings is not to be kept.

use super::{RecordingError, Recordings, now};
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::task::spawn_blocking;

/// How often it is looked for.
const SWEEP: Duration = Duration::from_secs(600);
/// After so long a recording without any sound will have none.
const EMPTY: Duration = Duration::from_secs(86_400);

impl Recordings {
    /// Removes, again and again, what is older than `keep`, if that is said; what was begun and never got a sound; and files
    /// of accounts that are gone. Runs until dropped.
    pub async fn watch(self, keep: Option<Duration>) {
        let mut tick = tokio::time::interval(SWEEP);
        loop {
            tick.tick().await;
            if let Err(error) = self.sweep(keep).await {
                tracing::warn!(%error, "old recordings could not be removed");
            }
        }
    }

    pub(super) async fn sweep(&self, keep: Option<Duration>) -> Result<(), RecordingError> {
        let before = |age: Duration| now().saturating_sub(i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        // Files first: one whose row comes later is not among them.
        let folder = self.folder.clone();
        let files = spawn_blocking(move || names(&folder)).await??;
        sqlx::query("DELETE FROM recordings WHERE pieces = 0 AND changed_at < $1")
            .bind(before(EMPTY))
            .execute(self.store.pool())
            .await?;
        if let Some(keep) = keep {
            let query = "DELETE FROM recordings WHERE changed_at < $1";
            let gone = sqlx::query(query).bind(before(keep)).execute(self.store.pool()).await?.rows_affected();
            if gone > 0 {
                tracing::info!(gone, "recordings were removed as they are old");
            }
        }
        let known: Vec<String> = sqlx::query_scalar("SELECT id FROM recordings").fetch_all(self.store.pool()).await?;
        let known: HashSet<String> = known.into_iter().collect();
        let orphans: Vec<_> =
            files.into_iter().filter(|name| !known.contains(name)).map(|name| self.folder.join(name)).collect();
        spawn_blocking(move || orphans.iter().try_for_each(gone)).await??;
        Ok(())
    }
}

fn gone(file: &PathBuf) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The files of recordings.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let ours = |name: &String| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(names.filter(ours).collect())
}
