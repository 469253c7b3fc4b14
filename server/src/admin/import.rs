//! `tabphone user import`: many accounts at once, from a table.

use super::{CommandError, Data, print};
use crate::store::accounts::{AccountError, Accounts, LONGEST_NAME, generated, is_extension};
use crate::store::password::{LONGEST, SHORTEST};
use clap::Args;
use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use zeroize::Zeroizing;

/// The largest table, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

#[derive(Debug, Args)]
pub(super) struct Import {
    /// A table (CSV) with extension, name and, where one is given, password; a first line with these words is skipped, and
    /// `-` is standard input. Who exists already is left as they are, so that it can be run again.
    file: PathBuf,
    /// Write the passwords that are made here, where none is given, into this new file, which only its owner can read;
    /// without it they are printed.
    #[arg(long, value_name = "FILE")]
    passwords: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
}

/// A table cannot be read, or passwords cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Far too much.
    #[error("{} is larger than {} MB", .0.display(), LARGEST / 1_000_000)]
    Large(PathBuf),
    /// A password was made and cannot be told to anybody.
    #[error("the passwords cannot be written: {0}")]
    Passwords(csv::Error),
}

/// One line that can be used.
struct Row {
    extension: String,
    name: String,
    password: Option<Zeroizing<String>>,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("this is no table: {0}")]
    Form(#[from] csv::Error),
    #[error("a line has an extension, a name and perhaps a password, separated by commas")]
    Fields,
    #[error("{}", AccountError::Extension)]
    Extension,
    #[error("{}", AccountError::Name)]
    Name,
    #[error("the password must have {SHORTEST} characters at least and {LONGEST} bytes at most")]
    Password,
    #[error("the extension {0} stands on line {1} already")]
    Twice(String, u64),
    #[error(transparent)]
    Account(AccountError),
}

/// What became of the lines.
#[derive(Default)]
struct Report {
    added: usize,
    kept: usize,
    wrong: BTreeMap<u64, Wrong>,
}

impl Import {
    pub(super) async fn run(self) -> Result<ExitCode, CommandError> {
        let text = self.read()?;
        let (rows, wrong) = rows(&text);
        let mut report = Report { wrong, ..Report::default() };
        let accounts = self.data.open().await?;
        let mut passwords = Passwords::open(self.passwords.as_deref())?;
        for (line, row) in rows {
            match add(&accounts, row, &mut passwords).await? {
                Ok(true) => report.added += 1,
                Ok(false) => report.kept += 1,
                Err(wrong) => drop(report.wrong.insert(line, wrong)),
            }
        }
        io::stderr().write_all(report.words().as_bytes())?;
        if let (Some(path), true) = (&self.passwords, passwords.written > 0) {
            print(&format!("The passwords of {} are in {}.\n", passwords.written, path.display()))?;
        }
        Ok(if report.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn read(&self) -> Result<Zeroizing<String>, ImportError> {
        let failed = |source| ImportError::File { path: self.file.clone(), source };
        let mut text = Zeroizing::new(String::new());
        let read = if self.file == Path::new("-") {
            io::stdin().lock().take(LARGEST + 1).read_to_string(&mut text)
        } else {
            File::open(&self.file).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text))
        };
        if read.map_err(failed)? as u64 > LARGEST { Err(ImportError::Large(self.file.clone())) } else { Ok(text) }
    }
}

/// Whether somebody was added; who is there stays as they are. What goes wrong with one does not keep the others out.
async fn add(
    accounts: &Accounts,
    mut row: Row,
    passwords: &mut Passwords,
) -> Result<Result<bool, Wrong>, CommandError> {
    if accounts.find(&row.extension).await?.is_some() {
        return Ok(Ok(false));
    }
    let password = match row.password.take() {
        Some(password) => password,
        None => {
            let password = generated().map_err(AccountError::from)?;
            // Told first: what is cut short here leaves a password that nobody has, and not a person without one.
            passwords.tell(&row, &password)?;
            password
        }
    };
    match accounts.add(&row.extension, &row.name, password).await {
        Ok(_) => Ok(Ok(true)),
        Err(error @ AccountError::Storage(_)) => Err(error.into()),
        Err(error) => Ok(Err(Wrong::Account(error))),
    }
}

/// The lines that can be used, by their number, and what is wrong with the others.
fn rows(text: &str) -> (Vec<(u64, Row)>, BTreeMap<u64, Wrong>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Spreadsheets of half of the world separate by semicolons.
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let delimiter = if first.contains(';') && !first.contains(',') { b';' } else { b',' };
    let mut reader = ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(delimiter);
    let (mut rows, mut wrong, mut seen) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    let mut reader = reader.from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut head = true;
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                let heading = record.get(0).is_some_and(|field| field.trim().eq_ignore_ascii_case("extension"));
                if std::mem::take(&mut head) && heading {
                    continue;
                }
                match row(&record, &seen) {
                    Ok(row) => {
                        seen.insert(row.extension.clone(), line);
                        rows.push((line, row));
                    }
                    Err(error) => drop(wrong.insert(line, error)),
                }
            }
            Err(error) => {
                wrong.insert(line, Wrong::Form(error));
                break;
            }
        }
    }
    (rows, wrong)
}

fn row(record: &StringRecord, seen: &BTreeMap<String, u64>) -> Result<Row, Wrong> {
    let mut fields = record.iter();
    let (Some(extension), Some(name), password, None) = (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(Wrong::Fields);
    };
    let (extension, name) = (extension.trim(), name.trim());
    if !is_extension(extension) {
        return Err(Wrong::Extension);
    }
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Wrong::Name);
    }
    let password = password.filter(|password| !password.is_empty());
    if password.is_some_and(|password| password.chars().count() < SHORTEST || password.len() > LONGEST) {
        return Err(Wrong::Password);
    }
    if let Some(line) = seen.get(extension) {
        return Err(Wrong::Twice(extension.to_owned(), *line));
    }
    let password = password.map(|password| Zeroizing::new(password.to_owned()));
    Ok(Row { extension: extension.to_owned(), name: name.to_owned(), password })
}

impl Report {
    fn words(&self) -> String {
        let mut words = String::new();
        for (line, wrong) in &self.wrong {
            // Writing to a String does not fail.
            let _ = writeln!(words, "line {line}: {wrong}");
        }
        let _ = write!(words, "Added {}, left {} as they were", self.added, self.kept);
        let wrong = self.wrong.len();
        let _ = match wrong {
            0 => writeln!(words, "."),
            1 => writeln!(words, "; 1 line is wrong: correct it, and run this again."),
            _ => writeln!(words, "; {wrong} lines are wrong: correct them, and run this again."),
        };
        words
    }
}

/// Where passwords are told that were made here: each at once, as the next may fail.
struct Passwords {
    out: csv::Writer<Box<dyn io::Write>>,
    written: usize,
}

impl Passwords {
    fn open(path: Option<&Path>) -> Result<Self, ImportError> {
        let out: Box<dyn io::Write> = match path {
            None => Box::new(io::stdout()),
            Some(path) => {
                let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
                Box::new(file.map_err(|source| ImportError::File { path: path.to_owned(), source })?)
            }
        };
        Ok(Self { out: WriterBuilder::new().from_writer(out), written: 0 })
    }

    fn tell(&mut self, row: &Row, password: &str) -> Result<(), ImportError> {
        let written = self.out.write_record([row.extension.as_str(), row.name.as_str(), password]);
        written.and_then(|()| Ok(self.out.flush()?)).map_err(ImportError::Passwords)?;
        self.written += 1;
        Ok(())
    }
}
