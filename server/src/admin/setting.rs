//! `tabphone setting`.

use super::{CommandError, Data};
use crate::store::offers::{Decided, Decision, Decisions, parse_setting};
use app::offers::{Offer, Setting};
use clap::{Args, Subcommand};
use std::io::Write as _;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Each person sets it themselves: what holds unless something else is said, and what makes an exception for one extension.
    Offer {
        /// Which: `tabphone setting list` names them.
        #[arg(value_parser = parse_setting)]
        setting: Setting,
        #[command(flatten)]
        whose: Whose,
    },
    /// Nobody changes it; the page shows what it is. Calls follow at once, sound when a page is opened.
    Fix {
        #[command(flatten)]
        set: Set,
        #[command(flatten)]
        whose: Whose,
    },
    /// The same, and the page does not show it either.
    Hide {
        #[command(flatten)]
        set: Set,
        #[command(flatten)]
        whose: Whose,
    },
    /// Take back what was said: for one extension it is as for everybody then, for everybody it is offered.
    Default {
        /// Which.
        #[arg(value_parser = parse_setting)]
        setting: Setting,
        #[command(flatten)]
        whose: Whose,
    },
    /// List the settings: which are fixed or hidden for everybody, and for whom it is different.
    List {
        #[command(flatten)]
        data: Data,
    },
}

/// Which setting, and what it is to be.
#[derive(Debug, Args)]
pub(super) struct Set {
    /// Which: `tabphone setting list` names them.
    #[arg(value_parser = parse_setting)]
    setting: Setting,
    /// What it is set to: on or off, a number, a time in seconds, a volume, the name of a ringtone or of a device; none for no
    /// number, time or device. Left out, it stays what each person had set.
    value: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Whose {
    /// For this extension only.
    #[arg(long = "for", value_name = "EXTENSION")]
    extension: Option<String>,
    #[command(flatten)]
    data: Data,
}

impl Command {
    pub(super) async fn run(self) -> Result<(), CommandError> {
        let said = match self {
            Self::Offer { setting, whose } => {
                whose.decide(setting, Some(Decision { offer: Offer::Offered, value: None })).await?
            }
            Self::Fix { set, whose } => whose.decide(set.setting, Some(set.decision(Offer::Fixed))).await?,
            Self::Hide { set, whose } => whose.decide(set.setting, Some(set.decision(Offer::Hidden))).await?,
            Self::Default { setting, whose } => whose.decide(setting, None).await?,
            Self::List { data } => list(&data.decisions().await?).await?,
        };
        std::io::stdout().write_all(said.as_bytes())?;
        Ok(())
    }
}

impl Set {
    fn decision(&self, offer: Offer) -> Decision {
        Decision { offer, value: self.value.clone() }
    }
}

impl Whose {
    /// Decides, and says what was decided.
    async fn decide(&self, setting: Setting, decision: Option<Decision>) -> Result<String, CommandError> {
        let decisions = self.data.decisions().await?;
        let words = decision.as_ref().map_or_else(|| "as by default".to_owned(), words);
        decisions.decide(self.extension.as_deref(), setting, decision).await?;
        let whose = self.extension.as_deref().unwrap_or("everybody");
        Ok(format!("{whose}: {} {words}.\n", setting.name()))
    }
}

async fn list(decisions: &Decisions) -> Result<String, CommandError> {
    let everybody = decisions.set_for(None).await?;
    let decided = |setting| everybody.iter().find(|(decided, _)| *decided == setting);
    let mut said = String::new();
    for setting in Setting::ALL {
        let words = decided(setting).map_or_else(|| "offered".to_owned(), |(_, decision)| words(decision));
        said += &format!("{:18}  {words}\n", setting.name());
    }
    for (extension, own) in decisions.exceptions().await? {
        said += &format!("{extension}: {}.\n", all(&own));
    }
    Ok(said)
}

fn all(decided: &Decided) -> String {
    decided
        .iter()
        .map(|(setting, decision)| format!("{} {}", setting.name(), words(decision)))
        .collect::<Vec<_>>()
        .join("; ")
}

fn words(decision: &Decision) -> String {
    let offer = match decision.offer {
        Offer::Offered => "offered",
        Offer::Fixed => "fixed",
        Offer::Hidden => "hidden",
    };
    decision.value.as_ref().map_or_else(|| offer.to_owned(), |value| format!("{offer}, {value}"))
}
