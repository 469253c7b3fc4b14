//! The command line: running the server, and looking after accounts and groups.

mod calling;
mod demo;
mod group;
mod policy;
mod serve;
mod user;

use crate::media::SecretError;
use crate::store::accounts::{AccountError, Accounts};
use crate::store::calling::{Calling, CallingError};
use crate::store::password::{Cost, Passwords};
use crate::store::policies::{Policies, PolicyError};
use crate::store::{Store, StoreError};
use clap::{Args, Parser, Subcommand};
use std::io;
use std::path::PathBuf;

/// A complete telephone in a browser tab: the server.
#[derive(Debug, Parser)]
#[command(name = "tabphone", version, about)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
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
    /// Say how calls send sound and pictures, for everybody or for one extension; also while the server runs.
    #[command(subcommand)]
    Policy(policy::Command),
}

/// Where everything is stored.
#[derive(Debug, Args)]
struct Data {
    /// The data directory.
    #[arg(long, value_name = "DIR", default_value_os_t = directory())]
    data: PathBuf,
    /// The SIP domain: chosen when the data directory is made, "tabphone" if not named.
    #[arg(long)]
    domain: Option<String>,
}

/// A command could not be done.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The storage cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The account cannot be made or changed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// What is wanted with calls cannot be set.
    #[error(transparent)]
    Calling(#[from] CallingError),
    /// A policy about media cannot be read or set.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The secret of the TURN servers cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The server cannot start.
    #[error(transparent)]
    Start(#[from] crate::StartError),
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
    /// Does what was asked.
    ///
    /// # Errors
    /// [`CommandError`], to be shown to who asked.
    pub async fn run(self) -> Result<(), CommandError> {
        match self.command {
            Command::Serve(serve) => serve.run().await,
            Command::User(user) => user.run().await,
            Command::Group(group) => group.run().await,
            Command::Policy(policy) => policy.run().await,
        }
    }
}

impl Data {
    async fn open(&self) -> Result<Accounts, CommandError> {
        let store = Store::open(&self.data, self.domain.as_deref()).await?;
        let passwords = Passwords::new(Cost::default()).map_err(AccountError::from)?;
        Ok(Accounts::new(store, passwords))
    }

    async fn calling(&self) -> Result<Calling, CommandError> {
        Ok(Calling::new(Store::open(&self.data, self.domain.as_deref()).await?))
    }

    async fn policies(&self) -> Result<Policies, CommandError> {
        Ok(Policies::new(Store::open(&self.data, self.domain.as_deref()).await?))
    }
}

/// The data directory of this person (XDG Base Directory Specification).
fn directory() -> PathBuf {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    data.unwrap_or_default().join("tabphone")
}
