//! The documented example of a configuration file, made of the options themselves.

use super::{Kind, Options, key, kind, variable};
use crate::admin::CommandLine;
use clap::{Arg, CommandFactory as _};
use std::fmt::Write as _;

/// How long a line of the example is at most.
const WIDTH: usize = 110;

const HEAD: &str = "\
# The configuration of Tabphone. Every option is here, each commented out with an example or its default.
#
# It is read from /etc/tabphone/tabphone.toml, or from the file that --config or TABPHONE_CONFIG names. A flag on the
# command line counts more than a variable of the environment, and that more than this file. The flag of an option is its
# name here with -- before it; its variable is written below it, and takes several values separated by blanks.
#
# `tabphone check` tests a configuration from end to end. This file is what `tabphone config` prints.
";

/// The example, with every option commented out.
pub(in crate::admin) fn example() -> String {
    let program = CommandLine::command();
    let options = Options::new(&program);
    let mut text = HEAD.to_owned();
    for option in options.all() {
        text.push('\n');
        wrap(&words(option), &mut text);
        // Writing to a String does not fail.
        let _ = writeln!(text, "# {}", variable(key(option)));
        let _ = writeln!(text, "#{} = {}", key(option), value(&options, option));
    }
    text
}

fn words(option: &Arg) -> String {
    let help = option.get_long_help().or_else(|| option.get_help()).map(ToString::to_string).unwrap_or_default();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    if help.ends_with(['.', '!', '?']) { help } else { format!("{help}.") }
}

/// What its words give as an example, or its default.
fn value(options: &Options, option: &Arg) -> String {
    let help = words(option);
    let shown: Vec<&str> = help.split('`').skip(1).step_by(2).collect();
    let takes = |text: &&&str| options.judge(option, &[(**text).to_owned()]).is_ok();
    let default = || option.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).next();
    let example = shown.iter().find(takes).map(|text| (*text).to_owned());
    match kind(option) {
        Kind::Switch => "true".to_owned(),
        Kind::Number => default().or(example).unwrap_or_default(),
        Kind::Text => quoted(&example.or_else(default).unwrap_or_default()),
        Kind::List => format!("[{}]", quoted(&example.or_else(default).unwrap_or_default())),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn wrap(words: &str, text: &mut String) {
    let mut line = "#".to_owned();
    for word in words.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line = "#".to_owned();
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}
