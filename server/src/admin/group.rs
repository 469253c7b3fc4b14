//! `tabphone group`.

use super::calling::{Wanted, cautions, number, time};
use super::{CommandError, Data};
use crate::store::calling::{self, GroupChange};
use clap::{Args, Subcommand};
use sip::proxy::{self, Order};
use std::io::Write as _;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(super) enum Group {
    /// Make a group: several extensions that are called as one.
    Add {
        /// What to dial: 1 to 32 letters, digits, dots, hyphens or underscores.
        extension: String,
        /// The group's name.
        #[arg(long)]
        name: String,
        /// The extension of a member; once for each, in the order in which they ring.
        #[arg(long = "member", value_name = "EXTENSION", required = true)]
        members: Vec<String>,
        #[command(flatten)]
        ring: Ring,
        #[command(flatten)]
        data: Data,
    },
    /// Change a group; what is not named stays as it is.
    Set {
        /// Which.
        extension: String,
        /// Its name.
        #[arg(long)]
        name: Option<String>,
        /// All of its members; once for each, in the order in which they ring.
        #[arg(long = "member", value_name = "EXTENSION")]
        members: Vec<String>,
        #[command(flatten)]
        ring: Ring,
        #[command(flatten)]
        data: Data,
    },
    /// List the groups.
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Remove a group; its members stay.
    Remove {
        /// Which.
        extension: String,
        #[command(flatten)]
        data: Data,
    },
}

/// How a group rings.
#[derive(Debug, Args)]
pub(super) struct Ring {
    /// All members ring at once; what a new group does.
    #[arg(long)]
    at_once: bool,
    /// The members ring one after the other.
    #[arg(long, conflicts_with = "at_once")]
    in_turn: bool,
    /// How long all of them ring, or each in turn; off means the server's own time.
    #[arg(long, visible_alias = "after", value_name = "SECONDS|off", value_parser = time)]
    ringing: Option<Wanted<Duration>>,
    /// Where calls go that no member takes.
    #[arg(long, value_name = "NUMBER|off", value_parser = number)]
    otherwise: Option<Wanted<String>>,
}

impl Ring {
    const fn order(&self) -> Option<Order> {
        match (self.at_once, self.in_turn) {
            (_, true) => Some(Order::InTurn),
            (true, false) => Some(Order::AtOnce),
            (false, false) => None,
        }
    }
}

impl Group {
    pub(super) async fn run(self) -> Result<(), CommandError> {
        let said = match self {
            Self::Add { extension, name, members, ring, data } => {
                let order = ring.order().unwrap_or(Order::AtOnce);
                let otherwise: Option<String> = ring.otherwise.and_then(Into::into);
                let ringing = ring.ringing.and_then(Into::into);
                let calling = data.calling().await?;
                let ring = proxy::Group { members, order, ringing, otherwise: otherwise.clone() };
                calling.add_group(calling::Group { extension: extension.clone(), name, ring }).await?;
                format!("Added {extension}.\n{}", cautions(&calling, &otherwise).await?)
            }
            Self::Set { extension, name, members, ring, data } => {
                let change = GroupChange {
                    name,
                    order: ring.order(),
                    members: Some(members).filter(|members| !members.is_empty()),
                    ringing: ring.ringing.map(Into::into),
                    otherwise: ring.otherwise.map(Into::into),
                };
                let calling = data.calling().await?;
                let group = calling.change_group(&extension, change).await?;
                format!("{}{}", line(&group, 0), cautions(&calling, &group.ring.otherwise).await?)
            }
            Self::List { data } => {
                let groups = data.calling().await?.groups().await?;
                let width = groups.iter().map(|group| group.extension.len()).max().unwrap_or(0);
                groups.iter().map(|group| line(group, width)).collect()
            }
            Self::Remove { extension, data } => {
                data.calling().await?.remove_group(&extension).await?;
                format!("Removed {extension}.\n")
            }
        };
        std::io::stdout().write_all(said.as_bytes())?;
        Ok(())
    }
}

/// `600  Sales  (1001, 1002, in turn, each for 15 s, otherwise 1003)`
fn line(group: &calling::Group, width: usize) -> String {
    let calling::Group { extension, name, ring } = group;
    let mut parts = if ring.members.is_empty() { vec!["nobody".to_owned()] } else { ring.members.clone() };
    let (order, each) = match ring.order {
        Order::AtOnce => ("at once", ""),
        Order::InTurn => ("in turn", "each "),
    };
    parts.push(order.to_owned());
    parts.extend(ring.ringing.map(|time| format!("{each}for {} s", time.as_secs())));
    parts.extend(ring.otherwise.as_ref().map(|number| format!("otherwise {number}")));
    format!("{extension:width$}  {name}  ({})\n", parts.join(", "))
}
