//! `tabphone directory`: whom everybody finds beside the people who have an account.

use super::{CommandError, Data, print};
use crate::contacts::files;
use crate::store::contacts::{Book, Contact, Contacts};
use clap::Subcommand;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How many contacts are read at once.
const AT_ONCE: u32 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Directory {
    /// Put the contacts of a file into the directory: vCard, or a table (CSV) whose first line names the columns.
    Import {
        /// The file; `-` is standard input. What is there already is not doubled, so that it can be run again.
        file: PathBuf,
        /// Remove what was imported before, and not in this file.
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        data: Data,
    },
    /// List what was imported, each with its number here.
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Remove contacts by their numbers here; who has an account stays.
    Remove {
        /// Which, as `list` shows them.
        #[arg(required_unless_present = "all")]
        numbers: Vec<i64>,
        /// Remove all that was imported.
        #[arg(long, conflicts_with = "numbers")]
        all: bool,
        #[command(flatten)]
        data: Data,
    },
}

/// The directory cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Far too much.
    #[error("{} is larger than {} MB", .0.display(), files::LARGEST >> 20)]
    Large(PathBuf),
    /// There is none with this number.
    #[error("there is no contact {0} that was imported")]
    Missing(i64),
    /// The database did not answer.
    #[error("the storage did not answer: {0}")]
    Storage(#[from] sqlx::Error),
}

impl Directory {
    pub(super) async fn run(self) -> Result<ExitCode, CommandError> {
        match self {
            Self::Import { file, replace, data } => {
                let bytes = read(&file)?;
                let contacts = data.contacts().await?;
                import(&contacts, &bytes, replace).await
            }
            Self::List { data } => {
                let contacts = data.contacts().await?;
                let mut after = 0;
                loop {
                    let some = contacts.some(Book::Company, after, AT_ONCE).await.map_err(DirectoryError::from)?;
                    let Some(last) = some.last() else { return Ok(ExitCode::SUCCESS) };
                    after = last.id;
                    print(&some.iter().map(line).collect::<String>())?;
                }
            }
            Self::Remove { numbers, all, data } => {
                let contacts = data.contacts().await?;
                if all {
                    let count = contacts.clear(Book::Company).await.map_err(DirectoryError::from)?;
                    print(&format!("{count} removed.\n"))?;
                }
                for number in numbers {
                    let done = contacts.remove(Book::Company, number).await.map_err(DirectoryError::from)?;
                    if !done {
                        return Err(DirectoryError::Missing(number).into());
                    }
                }
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

async fn import(contacts: &Contacts, bytes: &[u8], replace: bool) -> Result<ExitCode, CommandError> {
    let found = files::read(bytes);
    let kept: Vec<_> = found.contacts.iter().map(|(_, details)| details.clone()).collect();
    let report = files::keep(contacts, Book::Company, found).await.map_err(DirectoryError::from)?;
    let taken = report.added + report.changed + report.known;
    let mut words = report.words().into_iter().fold(String::new(), |mut words, remark| {
        // Writing to a String does not fail.
        let _ = writeln!(words, "{remark}");
        words
    });
    if replace && taken > 0 {
        let gone = contacts.keep_only(Book::Company, &kept).await.map_err(DirectoryError::from)?;
        let _ = writeln!(words, "{gone} removed that are not in the file");
    }
    let _ = writeln!(words, "{report}");
    io::stderr().write_all(words.as_bytes())?;
    Ok(if report.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(contact: &Contact) -> String {
    let details = &contact.details;
    let numbers: Vec<&str> = details.numbers.iter().map(|number| number.number.as_str()).collect();
    let company = if details.company.is_empty() { String::new() } else { format!("  ({})", details.company) };
    format!("{}  {}  {}{company}\n", contact.id, details.name, numbers.join(", "))
}

fn read(path: &Path) -> Result<Vec<u8>, DirectoryError> {
    let failed = |source| DirectoryError::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let most = files::LARGEST as u64 + 1;
    let read = if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    if read.map_err(failed)? > files::LARGEST { Err(DirectoryError::Large(path.to_owned())) } else { Ok(bytes) }
}
