//! What the server says while it runs, on standard error. No secret is in it, however much is asked for.

use clap::{Args, ValueEnum};
use std::io::IsTerminal as _;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, fmt};

/// What is told if nobody asks for more: other people's libraries only when something is wrong.
const USUAL: &str = "info,tower_sessions=error,tower_sessions_core=error,sqlx=warn";

/// What is logged, and how.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Logs {
    /// How logs are written: as text for people, or as one JSON object a line for programs.
    #[arg(long, value_name = "text|json", value_enum, default_value = "text")]
    log_format: Format,
    /// What is logged: error, warn, info or debug, for all or for one part, such as `info,server::exchange=debug`. RUST_LOG
    /// in the environment is the same.
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    log_level: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

/// Not a level.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("say error, warn, info or debug, for one part such as server::exchange=debug, or several separated by commas")]
pub(super) struct InvalidLevel;

impl Logs {
    /// For commands that have no such options: what the environment says.
    pub(super) fn of_environment() -> Self {
        let log_level = std::env::var("RUST_LOG").ok().filter(|text| level(text).is_ok());
        Self { log_level, ..Self::default() }
    }

    /// From now on.
    pub(super) fn begin(&self) {
        let wanted = EnvFilter::new(self.log_level.as_deref().unwrap_or(USUAL));
        // Colours are for people: a file or a journal would keep them as noise.
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
        let logs = fmt::layer::<Registry>().with_ansi(colours).with_writer(std::io::stderr);
        let logs = match self.log_format {
            Format::Text => logs.boxed(),
            Format::Json => logs.json().flatten_event(true).boxed(),
        };
        tracing_subscriber::registry().with(logs.with_filter(filter_fn(is_fit))).with(wanted).init();
    }
}

/// At their finest level other people's libraries write down what they carry: whole messages, with the credentials in them.
fn is_fit(event: &Metadata<'_>) -> bool {
    let own = event.target().split("::").next() == Some(env!("CARGO_CRATE_NAME"));
    own || *event.level() != Level::TRACE
}

fn level(text: &str) -> Result<String, InvalidLevel> {
    if text.trim().is_empty() {
        return Err(InvalidLevel);
    }
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|_| InvalidLevel)
}
