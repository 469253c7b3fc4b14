//! What is kept of a contact: bounded, without what cannot be seen, and never nothing.

use super::numbers::Numbering;
use super::{Details, Kind, LONGEST_GROUP, LONGEST_NAME, LONGEST_NOTE, LONGEST_NUMBER, MOST_NUMBERS, Number, fold};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The longest name in files, in characters.
const LONGEST_UID: usize = 255;

impl Details {
    /// As they are kept; `None` when there is nothing in them.
    pub(super) fn tidy(self) -> Option<Self> {
        let Self { uid, name, company, note, numbers, groups, picture } = self;
        let mut kept: Vec<Number> = Vec::new();
        for Number { kind, number } in numbers {
            let number = plain(kind, &line(&number, LONGEST_NUMBER));
            if !number.is_empty() && kept.len() < MOST_NUMBERS && kept.iter().all(|known| known.number != number) {
                kept.push(Number { kind, number });
            }
        }
        let mut kept_groups: Vec<String> = Vec::new();
        for group in groups {
            let group = line(&group, LONGEST_GROUP);
            let known = |known: &String| fold::fold(known) == fold::fold(&group);
            if !group.is_empty() && kept_groups.len() < MOST_NUMBERS && !kept_groups.iter().any(known) {
                kept_groups.push(group);
            }
        }
        let company = line(&company, LONGEST_NAME);
        let name = [line(&name, LONGEST_NAME), company.clone()].into_iter().find(|name| !name.is_empty());
        let name = name.or_else(|| kept.first().map(|number| number.number.clone()))?;
        let uid = match line(&uid, LONGEST_UID) {
            uid if uid.is_empty() => made(),
            uid => uid,
        };
        Some(Self { uid, name, company, note: text(&note), numbers: kept, groups: kept_groups, picture })
    }

    /// The same for all that an import takes for the same: name and numbers.
    pub(super) fn likeness(&self) -> String {
        let mut numbers: Vec<String> = self.numbers.iter().map(|number| alike(&number.number)).collect();
        numbers.sort_unstable();
        let text = format!("{}\n{}", fold::fold(&self.name), numbers.join("\n"));
        let hash = Sha256::digest(text.as_bytes());
        hash.iter().take(16).fold(String::new(), |mut text, byte| {
            // Writing to a String does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// What it is found by.
    pub(super) fn words(&self) -> Vec<String> {
        let texts = [self.name.as_str(), self.company.as_str()].into_iter();
        let addresses = self.numbers.iter().map(|number| number.number.as_str()).filter(|number| number.contains('@'));
        let mut words = fold::words(texts.chain(self.groups.iter().map(String::as_str)).chain(addresses));
        for digits in self.numbers.iter().filter_map(|number| Numbering::searched(&number.number)) {
            if !words.contains(&digits) {
                words.push(digits);
            }
        }
        words
    }
}

/// A number without the scheme that its kind has anyway.
fn plain(kind: Kind, number: &str) -> String {
    let scheme = if kind == Kind::Sip { "sip:" } else { "tel:" };
    let rest = number.split_at_checked(scheme.len()).filter(|(head, _)| head.eq_ignore_ascii_case(scheme));
    rest.map_or(number, |(_, rest)| rest.trim()).to_owned()
}

/// A number without what stands between its digits.
fn alike(number: &str) -> String {
    number.to_lowercase().chars().filter(|sign| !matches!(sign, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}')).collect()
}

/// A text of one line: what would break it is a blank.
fn line(text: &str, longest: usize) -> String {
    let plain: String = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let cut: String = words.join(" ").chars().take(longest).collect();
    cut.trim_end().to_owned()
}

/// A text of several lines.
fn text(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let plain: String = lines.chars().filter(|sign| *sign == '\n' || *sign == '\t' || !sign.is_control()).collect();
    plain.trim().chars().take(LONGEST_NOTE).collect::<String>().trim_end().to_owned()
}

/// A name for files that nobody else gave: a random UUID (RFC 9562 5.4).
fn made() -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness there is the time, which does for one that nobody guesses for.
    if getrandom::fill(&mut bytes).is_err() {
        bytes = u128::from(crate::clock::now()).to_be_bytes();
    }
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | (4 << 76) | (2 << 62);
    let hex = format!("{number:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default().to_owned();
    format!("urn:uuid:{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}
