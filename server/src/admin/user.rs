//! `tabphone user`.

use super::calling::{RulesArgs, cautions, rules};
use super::import::Import;
use super::{CommandError, Data};
use crate::store::accounts::{Account, AccountError, DAYS, generated};
use clap::{Args, Subcommand};
use std::io::{BufRead as _, Read as _, Write as _};
use std::process::ExitCode;
use zeroize::Zeroizing;

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Make an account.
    Add {
        /// What to dial: 1 to 32 letters, digits, dots, hyphens or underscores.
        extension: String,
        /// The person's name.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        password: NewPassword,
        #[command(flatten)]
        data: Data,
    },
    /// Set what becomes of somebody's calls, whether a phone of theirs is on or not.
    Set {
        /// Whose.
        extension: String,
        #[command(flatten)]
        rules: Box<RulesArgs>,
        #[command(flatten)]
        data: Data,
    },
    /// List the accounts, and what becomes of their calls.
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Give an account a new password; it is logged out everywhere.
    Password {
        /// Whose.
        extension: String,
        #[command(flatten)]
        password: NewPassword,
        #[command(flatten)]
        data: Data,
    },
    /// Give an account a new password that is made here and shown once; it is logged out everywhere.
    Reset {
        /// Whose.
        extension: String,
        #[command(flatten)]
        data: Data,
    },
    /// Make many accounts from a table.
    Import(Import),
    /// Keep an account out, without removing it; it is logged out everywhere.
    Disable {
        /// Whose.
        extension: String,
        #[command(flatten)]
        data: Data,
    },
    /// Let a disabled account in again.
    Enable {
        /// Whose.
        extension: String,
        #[command(flatten)]
        data: Data,
    },
    /// Remove an account and all that belongs to it.
    Remove {
        /// Whose.
        extension: String,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Args)]
pub(super) struct NewPassword {
    /// Read the password from the first line of standard input.
    #[arg(long)]
    password_stdin: bool,
    /// Make a first password and print it: it is good for a week, and only to be changed by the person at the first login.
    #[arg(long, conflicts_with = "password_stdin")]
    initial_password: bool,
}

impl User {
    pub(super) async fn run(self) -> Result<ExitCode, CommandError> {
        let said = match self {
            Self::Add { extension, name, password, data } if password.initial_password => {
                let (_, password) = data.open().await?.add_initial(&extension, &name).await?;
                format!("Added {extension}.\n{}", first(&password))
            }
            Self::Add { extension, name, password, data } => {
                let password = password.read()?;
                data.open().await?.add(&extension, &name, password).await?;
                format!("Added {extension}.\n")
            }
            Self::Set { extension, rules, data } => set(&extension, *rules, &data).await?,
            Self::List { data } => list(&data).await?,
            Self::Password { extension, password, data } if password.initial_password => {
                let password = data.open().await?.set_initial(&extension).await?;
                format!("{extension} is logged out everywhere.\n{}", first(&password))
            }
            Self::Password { extension, password, data } => {
                let password = password.read()?;
                data.open().await?.set_password(&extension, password).await?;
                format!("{extension} has a new password.\n")
            }
            Self::Reset { extension, data } => {
                let password = generated().map_err(AccountError::from)?;
                data.open().await?.set_password(&extension, password.clone()).await?;
                format!("{extension} has the new password {}, which is shown only now.\n", password.as_str())
            }
            Self::Import(import) => return import.run().await,
            Self::Disable { extension, data } => {
                data.open().await?.set_enabled(&extension, false).await?;
                format!("Disabled {extension}.\n")
            }
            Self::Enable { extension, data } => {
                data.open().await?.set_enabled(&extension, true).await?;
                format!("Enabled {extension}.\n")
            }
            Self::Remove { extension, data } => {
                data.open().await?.remove(&extension).await?;
                format!("Removed {extension}.\n")
            }
        };
        std::io::stdout().write_all(said.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

impl NewPassword {
    fn read(&self) -> Result<Zeroizing<String>, CommandError> {
        if !self.password_stdin {
            return Err(CommandError::NoPassword);
        }
        let mut line = Zeroizing::new(String::new());
        // More than any password, so that what is too long is seen to be.
        std::io::stdin().lock().take(4096).read_line(&mut line)?;
        let end = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(end);
        Ok(line)
    }
}

/// Told only now, and to be passed on.
fn first(password: &str) -> String {
    format!("First password, shown only now, to be changed at the first login within {DAYS} days: {password}\n")
}

async fn set(extension: &str, args: RulesArgs, data: &Data) -> Result<String, CommandError> {
    let calling = data.calling().await?;
    let now = calling.change_rules(extension, args.into()).await?;
    let words = rules(&now);
    let words = if words.is_empty() { "calls ring as usual".to_owned() } else { words };
    let numbers = [&now.always, &now.busy, &now.unanswered, &now.unreachable].into_iter().flatten();
    Ok(format!("{extension}: {words}.\n{}", cautions(&calling, numbers).await?))
}

async fn list(data: &Data) -> Result<String, CommandError> {
    let accounts = data.open().await?.list().await?;
    let wishes = data.calling().await?.all_rules().await?;
    let width = accounts.iter().map(|account| account.extension.len()).max().unwrap_or(0);
    let line = |account: Account| {
        let mut state = if account.enabled { String::new() } else { "  (disabled)".to_owned() };
        if let Some(pbx) = &account.pbx {
            state.push_str(&format!("  (logs in with the PBX {pbx})"));
        }
        if account.initial_until.is_some() {
            state.push_str("  (has not chosen a password yet)");
        }
        let rules = wishes.get(&account.id).map(|wishes| format!("  ({})", rules(wishes))).unwrap_or_default();
        format!("{:width$}  {}{state}{rules}\n", account.extension, account.name)
    };
    Ok(accounts.into_iter().map(line).collect())
}
