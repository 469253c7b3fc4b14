//! The configuration file: TOML with one key for each option.

use super::{ConfigError, Kind, Options, is_secret, key, kind};
use clap::Arg;
use std::io::{self, Read as _};
use std::ops::Range;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// The longest file, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// A file as it was read.
pub(super) struct File {
    path: PathBuf,
    text: String,
    readable: bool,
}

/// What the file says of one option.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The option's name.
    pub(super) key: String,
    /// As they would be typed.
    pub(super) values: Vec<String>,
}

impl File {
    /// The file that is named, or else the other one if it is there.
    pub(super) fn read(named: Option<PathBuf>, default: &Path) -> Result<Option<Self>, ConfigError> {
        let optional = named.is_none();
        let path = named.unwrap_or_else(|| default.to_owned());
        match Self::open(&path) {
            Ok((text, readable)) => Ok(Some(Self { path, text, readable })),
            Err(error) if optional && error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ConfigError::File { path, source }),
        }
    }

    fn open(path: &Path) -> io::Result<(String, bool)> {
        let file = std::fs::File::open(path)?;
        let readable = file.metadata()?.permissions().mode() & 0o007 != 0;
        let mut text = String::new();
        if file.take(LONGEST + 1).read_to_string(&mut text)? as u64 > LONGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "this is too long for a configuration"));
        }
        Ok((text, readable))
    }

    pub(super) fn into_path(self) -> PathBuf {
        self.path
    }

    /// All that it says, each looked at by the option that it is about.
    pub(super) fn lines(&self, options: &Options) -> Result<Vec<Line>, ConfigError> {
        let table = DeTable::parse(&self.text);
        let table = table.map_err(|error| self.wrong(&error.span().unwrap_or_default(), error.message().to_owned()))?;
        let mut lines = Vec::new();
        for (name, value) in table.get_ref() {
            let wrong = |words: String| self.wrong(&name.span(), format!("`{}`: {words}", name.get_ref()));
            let Some(option) = options.find(name.get_ref()) else {
                return Err(self.wrong(&name.span(), unknown(name.get_ref(), options)));
            };
            let values = values(option, value.get_ref()).map_err(|words| wrong(words.to_owned()))?;
            if self.readable && is_secret(option, values.iter().map(String::as_str)) {
                return Err(ConfigError::Readable { path: self.path.clone(), key: key(option).to_owned() });
            }
            options.judge(option, &values).map_err(wrong)?;
            lines.push(Line { key: key(option).to_owned(), values });
        }
        Ok(lines)
    }

    fn wrong(&self, span: &Range<usize>, words: String) -> ConfigError {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        ConfigError::Line { path: self.path.clone(), line, words }
    }
}

fn unknown(name: &str, options: &Options) -> String {
    let close = options.all().map(key).find(|key| key.replace('-', "") == name.replace(['-', '_'], ""));
    let hint = close.map(|key| format!(", but a `{key}`")).unwrap_or_default();
    format!("there is no option `{name}`{hint}; `tabphone config` prints all of them")
}

/// The values of an option as they would be typed; else what they should be.
fn values(option: &Arg, value: &DeValue<'_>) -> Result<Vec<String>, &'static str> {
    let text = |value: &DeValue<'_>| if let DeValue::String(text) = value { Ok(text.to_string()) } else { Err(()) };
    match (kind(option), value) {
        (Kind::Switch, DeValue::Boolean(on)) => Ok(vec![on.to_string()]),
        (Kind::Switch, _) => Err("this is true or false, without quotation marks"),
        (Kind::List, DeValue::Array(array)) => {
            let texts: Result<_, ()> = array.iter().map(|value| text(value.get_ref())).collect();
            texts.map_err(|()| "this is a list of texts, such as [\"one\", \"another\"]")
        }
        (Kind::List, value) => {
            text(value).map(|text| vec![text]).map_err(|()| "this is a text in quotation marks, or a list of them")
        }
        (Kind::Number, DeValue::Integer(number)) if number.radix() == 10 => Ok(vec![number.as_str().replace('_', "")]),
        (Kind::Number, _) => Err("this is a whole number, without quotation marks"),
        (Kind::Text, value) => text(value).map(|text| vec![text]).map_err(|()| "this is one text in quotation marks"),
    }
}
