//! `tabphone backup` and `tabphone restore`: all that is stored, in one tar file.

use super::{CommandError, Data, print};
use crate::store::backup::{CopyError, FILES, copy_database, fill};
use crate::store::recordings::FOLDER;
use crate::store::url::DatabaseUrl;
use crate::store::{Store, StoreError};
use clap::Args;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;
use tar::{Archive, Builder, EntryType, Header};

/// Where a backup is unpacked, in the data directory, until it is known to be whole.
const DRAFT: &str = ".restoring";

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write: a tar archive that only its owner can read. It holds the key, so keep it as safe as the data.
    file: PathBuf,
    /// Replace the file if there is one, once the new one is whole.
    #[arg(long)]
    replace: bool,
    /// Leave out the recordings of calls.
    #[arg(long)]
    without_recordings: bool,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// What `tabphone backup` wrote.
    file: PathBuf,
    #[command(flatten)]
    data: Data,
}

/// A backup cannot be made or taken back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database cannot be copied.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It would be overwritten.
    #[error("{} is there already: name another file, or add --replace", .0.display())]
    There(PathBuf),
    /// Something is stored there.
    #[error("{} holds a database already: move it away first, nothing is overwritten", .0.display())]
    Occupied(PathBuf),
    /// The key of another database is there.
    #[error("{} holds the key of another database already: name another data directory", .0.display())]
    OtherKey(PathBuf),
    /// Not what `tabphone backup` wrote.
    #[error("{} is no backup of Tabphone: {words}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why not.
        words: String,
    },
    /// What was unpacked cannot be opened.
    #[error("what is in {} cannot be used: {source}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<StoreError>,
    },
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}

impl Backup {
    pub(super) async fn run(self) -> Result<(), CommandError> {
        if self.file.exists() && !self.replace {
            return Err(BackupError::There(self.file).into());
        }
        let (draft, database) = (beside(&self.file, "part"), beside(&self.file, "db-part"));
        // Left over from one that was cut short.
        for path in [&draft, &database] {
            let _ = fs::remove_file(path);
        }
        let url = self.data.database()?;
        let copied = copy_database(&self.data.data, url.as_ref(), &database).await.map_err(BackupError::from);
        let written = copied.and_then(|()| self.write(&draft, &database));
        let _ = fs::remove_file(&database);
        let done = written.and_then(|size| fs::rename(&draft, &self.file).map(|()| size).map_err(failed(&self.file)));
        let size = done.inspect_err(|_| drop(fs::remove_file(&draft)))?;
        print(&format!(
            "Wrote {} ({} kB). It holds the key: keep it as safe as the data.\n",
            self.file.display(),
            size / 1_000
        ))
    }

    /// The size of what was written.
    fn write(&self, draft: &Path, database: &Path) -> Result<u64, BackupError> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft).map_err(failed(draft))?;
        let mut archive = Builder::new(file);
        let [name, key] = FILES;
        let files = [(database.to_owned(), name), (self.data.data.join(key), key)];
        for (path, name) in files {
            append(&mut archive, &path, Path::new(name)).map_err(failed(&path))?;
        }
        if !self.without_recordings {
            self.append_recordings(&mut archive)?;
        }
        let file = archive.into_inner().map_err(failed(draft))?;
        file.sync_all().map_err(failed(draft))?;
        Ok(file.metadata().map_err(failed(draft))?.len())
    }

    fn append_recordings(&self, archive: &mut Builder<File>) -> Result<(), BackupError> {
        let mut folders = vec![PathBuf::from(FOLDER)];
        while let Some(folder) = folders.pop() {
            let path = self.data.data.join(&folder);
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(&path)(error)),
            };
            for entry in entries {
                let entry = entry.map_err(failed(&path))?;
                let name = folder.join(entry.file_name());
                let kind = entry.file_type().map_err(failed(&entry.path()))?;
                if kind.is_dir() {
                    folders.push(name);
                } else if kind.is_file() {
                    match append(archive, &entry.path(), &name) {
                        // Its owner removed it meanwhile.
                        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                        done => done.map_err(failed(&entry.path()))?,
                    }
                }
            }
        }
        Ok(())
    }
}

impl Restore {
    pub(super) async fn run(self) -> Result<(), CommandError> {
        let directory = &self.data.data;
        let url = self.data.database()?;
        // Beside PostgreSQL a data directory has only a key, and may have been there before: then it must be the same one.
        if url.is_none() && FILES.iter().any(|name| directory.join(name).exists()) {
            return Err(BackupError::Occupied(directory.clone()).into());
        }
        let draft = directory.join(DRAFT);
        let _ = fs::remove_dir_all(&draft);
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed(directory))?;
        DirBuilder::new().mode(0o700).create(&draft).map_err(failed(&draft))?;
        let restored = match self.unpack(&draft) {
            Ok(()) => match &url {
                Some(url) => self.fill(&draft, url).await,
                None => self.take(&draft).await,
            },
            Err(error) => Err(error),
        };
        let _ = fs::remove_dir_all(&draft);
        restored?;
        let place = url.map(|url| format!(" and {url}")).unwrap_or_default();
        print(&format!("Restored {}{place} from {}.\n", directory.display(), self.file.display()))
    }

    fn unpack(&self, draft: &Path) -> Result<(), BackupError> {
        let foreign = |words: String| BackupError::Foreign { path: self.file.clone(), words };
        let mut archive = Archive::new(File::open(&self.file).map_err(failed(&self.file))?);
        for entry in archive.entries().map_err(|error| foreign(error.to_string()))? {
            let mut entry = entry.map_err(|error| foreign(error.to_string()))?;
            let name = entry.path().map_err(|error| foreign(error.to_string()))?.into_owned();
            if !belongs(&name) || entry.header().entry_type() != EntryType::Regular {
                return Err(foreign(format!("{} does not belong into one", name.display())));
            }
            let path = draft.join(&name);
            if let Some(folder) = path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))?;
            }
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed(&path))?;
            io::copy(&mut entry, &mut file).and_then(|_| file.sync_all()).map_err(failed(&path))?;
        }
        match FILES.into_iter().find(|name| !draft.join(name).is_file()) {
            Some(missing) => Err(foreign(format!("there is no {missing} in it"))),
            None => Ok(()),
        }
    }

    /// Opens what was unpacked, which looks at it and brings it up to date.
    async fn look_at(&self, draft: &Path) -> Result<(), BackupError> {
        let unusable = |source| BackupError::Unusable { path: self.file.clone(), source: Box::new(source) };
        Store::open(draft, None).await.map_err(unusable)?.close().await;
        Ok(())
    }

    /// Puts what was unpacked into a PostgreSQL database, and the key and the recordings into the data directory.
    async fn fill(&self, draft: &Path, url: &DatabaseUrl) -> Result<(), BackupError> {
        let [_, key] = FILES;
        let (unpacked, known) = (draft.join(key), self.data.data.join(key));
        let same = |key: &Path| fs::read(key).map_err(failed(key));
        if known.exists() && same(&known)? != same(&unpacked)? {
            return Err(BackupError::OtherKey(self.data.data.clone()));
        }
        self.look_at(draft).await?;
        merge(&draft.join(FOLDER), &self.data.data.join(FOLDER))?;
        fill(url, draft).await?;
        fs::rename(&unpacked, &known).map_err(failed(&known))
    }

    /// Puts what was unpacked where it belongs.
    async fn take(&self, draft: &Path) -> Result<(), BackupError> {
        self.look_at(draft).await?;
        // The database last: without it nothing is there yet.
        let recordings = draft.join(FOLDER).is_dir().then_some(FOLDER);
        let [database, key] = FILES;
        for name in recordings.into_iter().chain([key, database]) {
            let path = self.data.data.join(name);
            fs::rename(draft.join(name), &path).map_err(failed(&path))?;
        }
        Ok(())
    }
}

/// What stands in a backup: the files, and what is below the folder of the recordings.
fn belongs(name: &Path) -> bool {
    let plain = name.components().all(|part| matches!(part, Component::Normal(_)));
    let below = name.starts_with(FOLDER) && name.components().count() > 1;
    plain && (below || FILES.iter().any(|file| name == Path::new(file)))
}

/// Moves the files of a folder into another one, but for those that are there.
fn merge(from: &Path, to: &Path) -> Result<(), BackupError> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(from)(error)),
    };
    DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(failed(to))?;
    for entry in entries {
        let entry = entry.map_err(failed(from))?;
        let (path, place) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            merge(&path, &place)?;
        } else if !place.exists() {
            fs::rename(&path, &place).map_err(failed(&place))?;
        }
    }
    Ok(())
}

/// As much of a file as there is now: a recording may be growing.
fn append(archive: &mut Builder<File>, path: &Path, name: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    let facts = file.metadata()?;
    let changed = facts.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut header = Header::new_gnu();
    header.set_size(facts.len());
    header.set_mode(0o600);
    header.set_mtime(changed);
    archive.append_data(&mut header, name, file.take(facts.len()))
}

/// A file in the same folder, of another name.
fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{end}"));
    PathBuf::from(name)
}
