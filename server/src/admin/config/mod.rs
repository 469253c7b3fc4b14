//! Configuration: what an option of the server is, whoever says it. A flag counts more than the environment, the environment
//! more than the file, the file more than the default.
//!
//! The options are declared once, for clap. What the environment and the file say is checked by the option's own parser and
//! then put beside the arguments as if it had been typed there, for those options that were not.

mod example;
mod file;
#[cfg(test)]
mod tests;

pub(super) use example::example;

use super::CommandLine;
use crate::store::url::DatabaseUrl;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory as _, FromArgMatches as _};
use file::{File, Line};
use std::any::TypeId;
use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::io;
use std::iter;
use std::path::{Path, PathBuf};

/// Where the file lies if nobody says where.
pub const DEFAULT_FILE: &str = "/etc/tabphone/tabphone.toml";

/// What stands before an option's name in the environment.
const PREFIX: &str = "TABPHONE_";
/// The options that every command with a data directory shares with the server: the group that clap makes of the struct.
const SHARED: &str = "Data";
/// The command whose options all are, and the group of them.
const SERVE: (&str, &str) = ("serve", "Serve");
/// The option that names the file.
const CONFIG: &str = "config";
/// What logs are to tell, for those who know no other name of it.
const LOG_LEVEL: (&str, &str) = ("log-level", "RUST_LOG");

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The arguments are wrong, or ask for help.
    #[error(transparent)]
    Arguments(#[from] clap::Error),
    /// The file cannot be read.
    #[error("the configuration {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of the file is wrong.
    #[error("{}, line {line}: {words}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        words: String,
    },
    /// A variable of the environment is wrong.
    #[error("{name} in the environment: {words}")]
    Variable {
        /// Which.
        name: String,
        /// What is wrong.
        words: String,
    },
    /// The file holds a secret that everybody on the machine can read.
    #[error("{} holds `{key}`, and everybody on this machine can read it: chmod o-rwx {}", path.display(), path.display())]
    Readable {
        /// The file.
        path: PathBuf,
        /// The secret.
        key: String,
    },
    /// A secret was given as an argument.
    #[error(
        "--{0} cannot be an argument with a secret in it, which everybody on this machine can read: put it into the \
         configuration file, or into {name} in the environment",
        name = variable(.0)
    )]
    Argument(String),
}

/// Where a configuration comes from.
pub struct Sources<'a> {
    /// What was typed, the program's own name first.
    pub arguments: Vec<OsString>,
    /// The value of a variable.
    pub environment: &'a dyn Fn(&str) -> Option<OsString>,
    /// The file that is read if it is there and none is named.
    pub default_file: &'a Path,
}

/// The command line with all that was said elsewhere, and the file that was read.
pub(super) fn read(sources: Sources<'_>) -> Result<(CommandLine, Option<PathBuf>), ConfigError> {
    let Sources { mut arguments, environment, default_file } = sources;
    let program = CommandLine::command();
    // What is wrong here is wrong below as well, where it is told.
    let typed = program.clone().ignore_errors(true).try_get_matches_from(&arguments)?;
    let (command, typed) = innermost(&program, &typed);
    let options = Options::new(&program);

    let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
    let named = typed.try_get_one::<PathBuf>(CONFIG).ok().flatten().cloned();
    let named = named.or_else(|| variable(&self::variable(CONFIG)).map(PathBuf::from));
    let file = File::read(named, default_file)?;
    let lines = file.as_ref().map(|file| file.lines(&options)).transpose()?.unwrap_or_default();

    let mut more = Vec::new();
    for option in options.of(command) {
        let key = key(option);
        if typed.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine) {
            let values = typed.try_get_raw(option.get_id().as_str()).ok().flatten().into_iter().flatten();
            if is_secret(option, values.filter_map(OsStr::to_str)) {
                return Err(ConfigError::Argument(key.to_owned()));
            }
            continue;
        }
        if let Some(values) = from_environment(&options, option, &variable)? {
            more.extend(words(option, &values));
        } else if let Some(Line { values, .. }) = lines.iter().find(|line| line.key == key) {
            more.extend(words(option, values));
        }
    }
    // Behind what was typed, but for words that are no options whatever they look like.
    let end = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
    arguments.splice(end..end, more);
    let command_line = CommandLine::from_arg_matches(&program.try_get_matches_from(arguments)?)?;
    Ok((command_line, file.map(File::into_path)))
}

/// What the environment says of an option; several values of one that takes several are separated by blanks.
fn from_environment(
    options: &Options,
    option: &Arg,
    variable: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<Vec<String>>, ConfigError> {
    let own = self::variable(key(option));
    let other = (key(option) == LOG_LEVEL.0).then_some(LOG_LEVEL.1);
    let names = iter::once(own.as_str()).chain(other);
    let Some((name, value)) = names.filter_map(|name| Some((name, variable(name)?))).next() else { return Ok(None) };
    let wrong = |words: String| ConfigError::Variable { name: name.to_owned(), words };
    let Ok(value) = value.into_string() else { return Err(wrong("this is no text".to_owned())) };
    let values = match kind(option) {
        Kind::List => value.split_whitespace().map(str::to_owned).collect(),
        Kind::Switch => vec![switch(&value).ok_or_else(|| wrong("say true or false".to_owned()))?.to_string()],
        Kind::Number | Kind::Text => vec![value],
    };
    options.judge(option, &values).map_err(wrong)?;
    Ok(Some(values))
}

/// All that can be said of the server.
struct Options {
    serve: Command,
}

/// Whether nobody else on the machine may read these values of an option: it is hidden, or they are addresses with a password.
fn is_secret<'a>(option: &Arg, mut values: impl Iterator<Item = &'a str>) -> bool {
    let has_password = |value: &str| value.parse::<DatabaseUrl>().is_ok_and(|url| url.has_password());
    option.is_hide_set()
        || option.get_value_parser().type_id() == TypeId::of::<DatabaseUrl>() && values.any(has_password)
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing: it is said or not.
    Switch,
    /// Any number of texts.
    List,
    /// A whole number.
    Number,
    /// A text.
    Text,
}

impl Options {
    fn new(program: &Command) -> Self {
        // The program has this command; without it there would be no options.
        Self { serve: program.find_subcommand(SERVE.0).cloned().unwrap_or_default() }
    }

    /// In the order in which `--help` shows them.
    fn all(&self) -> impl Iterator<Item = &Arg> {
        self.serve.get_arguments().filter(|option| option.get_long().is_some())
    }

    fn find(&self, key: &str) -> Option<&Arg> {
        self.all().find(|option| option.get_long() == Some(key))
    }

    /// Those that a command has: all, or only what it shares with the server.
    fn of(&self, command: &Command) -> Vec<&Arg> {
        let group = |name: &str| command.get_groups().find(|group| group.get_id().as_str() == name);
        if group(SERVE.1).is_some() {
            return self.all().collect();
        }
        let shared = group(SHARED).map(|group| group.get_args().collect::<Vec<_>>()).unwrap_or_default();
        self.all().filter(|option| shared.contains(&option.get_id())).collect()
    }

    /// Whether an option takes these values; else the words of its parser.
    fn judge(&self, option: &Arg, values: &[String]) -> Result<(), String> {
        let typed = iter::once(OsString::from("tabphone")).chain(words(option, values));
        let Err(error) = self.serve.clone().try_get_matches_from(typed) else { return Ok(()) };
        if error.kind() == ErrorKind::ValueValidation {
            return Err(error.source().map_or_else(|| error.to_string(), ToString::to_string));
        }
        // What it needs beside itself is seen when all is together.
        if error.kind() == ErrorKind::InvalidValue { Err(valid_values(&error)) } else { Ok(()) }
    }
}

fn valid_values(error: &clap::Error) -> String {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(valid)) => format!("say {}", valid.join(" or ")),
        _ => "a value is missing".to_owned(),
    }
}

/// An option's name, as it is typed and as it stands in the file.
fn key(option: &Arg) -> &str {
    option.get_long().unwrap_or_default()
}

/// An option's name in the environment.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('-', "_").to_ascii_uppercase())
}

fn kind(option: &Arg) -> Kind {
    if matches!(option.get_action(), ArgAction::SetTrue) {
        Kind::Switch
    } else if matches!(option.get_action(), ArgAction::Append) {
        Kind::List
    } else if is_number(option) {
        Kind::Number
    } else {
        Kind::Text
    }
}

fn is_number(option: &Arg) -> bool {
    let kind = option.get_value_parser().type_id();
    [TypeId::of::<u8>(), TypeId::of::<u16>(), TypeId::of::<u32>(), TypeId::of::<u64>(), TypeId::of::<usize>()]
        .into_iter()
        .any(|number| kind == number)
}

/// An option and its values, as they would be typed.
fn words(option: &Arg, values: &[String]) -> Vec<OsString> {
    let key = key(option);
    match kind(option) {
        Kind::Switch if values == ["true"] => vec![format!("--{key}").into()],
        Kind::Switch => Vec::new(),
        Kind::List | Kind::Number | Kind::Text => {
            values.iter().map(|value| format!("--{key}={value}").into()).collect()
        }
    }
}

fn switch(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The command that was typed, below all others, and what was typed of it.
fn innermost<'a>(mut command: &'a Command, mut typed: &'a ArgMatches) -> (&'a Command, &'a ArgMatches) {
    while let Some((name, below)) = typed.subcommand()
        && let Some(found) = command.find_subcommand(name)
    {
        (command, typed) = (found, below);
    }
    (command, typed)
}
