//! The command line: running the server, and looking after accounts and groups.

mod backup;
mod calling;
mod check;
mod config;
mod demo;
mod directory;
mod group;
mod import;
mod listen;
mod log;
pub mod metrics;
mod plain;
mod policy;
mod serve;
mod setting;
mod user;

pub use config::{ConfigError, DEFAULT_FILE, Sources};

use crate::media::SecretError;
use crate::store::accounts::{AccountError, Accounts};
use crate::store::calling::{Calling, CallingError};
use crate::store::contacts::{Contacts, Numbering};
use crate::store::offers::{DecisionError, Decisions};
use crate::store::password::{Cost, Passwords};
use crate::store::policies::{Policies, PolicyError};
use crate::store::url::{DatabaseUrl, InvalidUrl};
use crate::store::{Store, StoreError};
use clap::{Args, Parser, Subcommand};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// A complete telephone in a browser tab: the server.
#[derive(Debug, Parser)]
#[command(name = "tabphone", version, about)]
#[command(
    after_help = "Options of the server can also be given in the environment (--listen as TABPHONE_LISTEN), and in a \
    file: `tabphone config` prints one with all of them. A flag counts more than the environment, and that more than the file."
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// The configuration file; /etc/tabphone/tabphone.toml is read if it is there and none is named.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The file that was read.
    #[arg(skip)]
    file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(Box<serve::Serve>),
    /// Look after accounts; also while the server runs.
    #[command(subcommand)]
    User(user::User),
    /// Look after groups of extensions; also while the server runs.
    #[command(subcommand)]
    Group(group::Group),
    /// Look after the company's directory; also while the server runs.
    #[command(subcommand)]
    Directory(directory::Directory),
    /// Say how calls send sound and pictures, for everybody or for one extension; also while the server runs.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Say which settings people have a say in, for everybody or for one extension; also while the server runs.
    #[command(subcommand)]
    Setting(setting::Command),
    /// Test a configuration from end to end, and say what is missing.
    Check(Box<check::Check>),
    /// Write all that is stored into one file; also while the server runs.
    Backup(backup::Backup),
    /// Make a data directory from such a file, or fill an empty PostgreSQL database with it.
    Restore(backup::Restore),
    /// Print a configuration file with every option, what it means and its default.
    Config,
}

/// Where everything is stored.
#[derive(Debug, Args)]
struct Data {
    /// The data directory, such as `/var/lib/tabphone`.
    #[arg(long, value_name = "DIR", default_value_os_t = directory())]
    data: PathBuf,
    /// The SIP domain, such as `example.com`: chosen when the data directory is made, "tabphone" if not named.
    #[arg(long)]
    domain: Option<String>,
    /// A PostgreSQL database for what is stored, in place of SQLite in the data directory, so that several servers can share
    /// it: `postgres://tabphone@db.example.com/tabphone?sslmode=verify-full`. What it leaves out is taken from libpq's variables
    /// and password file (PGPASSWORD, PGPASSFILE). With a password in it, it is no flag: it stands in a file that others must
    /// not be able to read, or in the environment.
    #[arg(long, value_name = "URL", conflicts_with = "database_file")]
    database: Option<DatabaseUrl>,
    /// The file with the address of that database on one line, such as `/etc/tabphone/database`.
    #[arg(long, value_name = "FILE")]
    database_file: Option<PathBuf>,
}

/// A command could not be done.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The storage cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address of the database cannot be had.
    #[error(transparent)]
    Database(#[from] InvalidUrl),
    /// The account cannot be made or changed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// What is wanted with calls cannot be set.
    #[error(transparent)]
    Calling(#[from] CallingError),
    /// A policy about media cannot be read or set.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// What people have a say in cannot be read or decided.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// The secret of the TURN servers cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The server cannot start.
    #[error(transparent)]
    Start(#[from] crate::StartError),
    /// The token for the metrics cannot be had.
    #[error(transparent)]
    Token(#[from] metrics::TokenError),
    /// A backup cannot be made or taken back.
    #[error(transparent)]
    Backup(#[from] backup::BackupError),
    /// Accounts cannot be read from a file.
    #[error(transparent)]
    Import(#[from] import::ImportError),
    /// The directory cannot be read or changed.
    #[error(transparent)]
    Directory(#[from] directory::DirectoryError),
    /// No password was given.
    #[error(
        "the password is read from standard input: add --password-stdin, and pipe it in; or --initial-password to have one made"
    )]
    NoPassword,
    /// Nothing can be read from standard input or written to standard output.
    #[error("standard input or output: {0}")]
    Terminal(#[from] io::Error),
    /// The operating system does not tell when to stop.
    #[error("signals cannot be waited for: {0}")]
    Signal(io::Error),
}

impl CommandLine {
    /// What was typed, and what the environment and the configuration file say beside it.
    ///
    /// # Errors
    /// [`ConfigError`], to be shown to who asked.
    pub fn read(sources: Sources<'_>) -> Result<Self, ConfigError> {
        let (command_line, file) = config::read(sources)?;
        Ok(Self { file, ..command_line })
    }

    /// From now on the program logs as it was told.
    pub fn begin_logs(&self) {
        match &self.command {
            Command::Serve(serve) => serve.logs.begin(),
            Command::User(_)
            | Command::Group(_)
            | Command::Directory(_)
            | Command::Policy(_)
            | Command::Setting(_)
            | Command::Check(_)
            | Command::Backup(_)
            | Command::Restore(_)
            | Command::Config => log::Logs::of_environment().begin(),
        }
    }

    /// Does what was asked.
    ///
    /// # Errors
    /// [`CommandError`], to be shown to who asked.
    pub async fn run(self) -> Result<ExitCode, CommandError> {
        let done = match self.command {
            Command::Serve(serve) => serve.run().await,
            Command::User(user) => return user.run().await,
            Command::Group(group) => group.run().await,
            Command::Directory(directory) => return directory.run().await,
            Command::Policy(policy) => policy.run().await,
            Command::Setting(setting) => setting.run().await,
            Command::Check(check) => return check.run(self.file.as_deref()).await,
            Command::Backup(backup) => backup.run().await,
            Command::Restore(restore) => restore.run().await,
            Command::Config => print(&config::example()),
        };
        done.map(|()| ExitCode::SUCCESS)
    }
}

impl Data {
    /// The PostgreSQL database, if there is one.
    fn database(&self) -> Result<Option<DatabaseUrl>, InvalidUrl> {
        match &self.database_file {
            Some(path) => DatabaseUrl::read(path).map(Some),
            None => Ok(self.database.clone()),
        }
    }

    async fn store(&self) -> Result<Store, CommandError> {
        Ok(Store::open_at(&self.data, self.database()?.as_ref(), self.domain.as_deref()).await?)
    }

    async fn open(&self) -> Result<Accounts, CommandError> {
        let store = self.store().await?;
        let passwords = Passwords::new(Cost::default()).map_err(AccountError::from)?;
        Ok(Accounts::new(store, passwords))
    }

    async fn calling(&self) -> Result<Calling, CommandError> {
        Ok(Calling::new(self.store().await?))
    }

    async fn contacts(&self) -> Result<Contacts, CommandError> {
        Ok(Contacts::new(self.store().await?, Numbering::default()))
    }

    async fn decisions(&self) -> Result<Decisions, CommandError> {
        Ok(Decisions::new(self.store().await?))
    }

    async fn policies(&self) -> Result<Policies, CommandError> {
        Ok(Policies::new(self.store().await?))
    }
}

/// Says it on standard output.
fn print(words: &str) -> Result<(), CommandError> {
    io::stdout().write_all(words.as_bytes())?;
    Ok(())
}

/// The data directory of this person (XDG Base Directory Specification).
fn directory() -> PathBuf {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    data.unwrap_or_default().join("tabphone")
}
