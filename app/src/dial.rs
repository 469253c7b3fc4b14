//! What a person typed or pasted, and what is dialled for it.

use crate::backend::Contact;
use crate::letters;

/// The longest text that is looked at.
const MAX_CHARS: usize = 256;

/// What a person's text stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// There is nothing to dial in it.
    Empty,
    /// It fits the names of several contacts.
    Ambiguous,
    /// Dial this: an extension, a number, or an address.
    Dial(String),
}

/// Reads a number, a contact's name or an address as people type and paste them: with spaces, dashes, brackets, a
/// `tel:` in front, or the invisible marks that come along from other programs.
pub fn target(text: &str, contacts: &[Contact]) -> Target {
    let text: String = text.chars().take(MAX_CHARS).filter(|character| !is_invisible(*character)).collect();
    let text = text.trim();
    let text = without_scheme(text, "tel:").map_or(text, str::trim);
    if text.is_empty() {
        return Target::Empty;
    }
    // What is somebody's extension as it stands is meant as it stands: hyphens and dots may be in one.
    if contacts.iter().any(|contact| contact.extension == text) {
        return Target::Dial(text.to_owned());
    }
    if let Some(number) = number(text) {
        return if number.is_empty() { Target::Empty } else { Target::Dial(number) };
    }
    if text.contains('@') || without_scheme(text, "sip:").is_some() || without_scheme(text, "sips:").is_some() {
        return Target::Dial(text.to_owned());
    }
    by_name(text, contacts).unwrap_or_else(|| Target::Dial(text.to_owned()))
}

/// The text without what people put between digits, if there is nothing else in it.
fn number(text: &str) -> Option<String> {
    let mut number = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '0'..='9' | '*' | '#' => number.push(character),
            // `(0)` after a country code and the like cannot be told from a dialled digit; a plus counts only in front.
            '+' if number.is_empty() => number.push(character),
            '-' | '.' | '/' | '(' | ')' | '[' | ']' | '\u{2010}'..='\u{2015}' => {}
            _ if character.is_whitespace() => {}
            _ => return None,
        }
    }
    if number == "+" {
        number.clear()
    }
    Some(number)
}

/// The contact with this name; else the only one whose name has words that begin like this.
fn by_name(text: &str, contacts: &[Contact]) -> Option<Target> {
    let wanted = letters::lower(text);
    let only = |fits: &dyn Fn(&Contact) -> bool| {
        let mut found = contacts.iter().filter(|contact| fits(contact));
        let first = found.next()?;
        Some(if found.next().is_some() { Target::Ambiguous } else { Target::Dial(first.extension.clone()) })
    };
    only(&|contact| contact.extension.eq_ignore_ascii_case(text))
        .or_else(|| only(&|contact| letters::lower(&contact.name) == wanted))
        .or_else(|| only(&|contact| begins_like(&letters::lower(&contact.name), &wanted)))
}

fn begins_like(name: &str, wanted: &str) -> bool {
    name.match_indices(wanted)
        .any(|(at, _)| name.get(..at).is_none_or(|before| !before.ends_with(char::is_alphanumeric)))
}

fn without_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// Control characters, zero-width characters and the marks that turn the direction of writing.
fn is_invisible(character: char) -> bool {
    (character.is_control() && !character.is_whitespace())
        || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contacts() -> Vec<Contact> {
        [("1002", "Ben Okafor"), ("1003", "Clara Ruiz"), ("1004", "Benita Lund"), ("lobby", "Front door")]
            .map(|(extension, name)| Contact { extension: extension.to_owned(), name: name.to_owned() })
            .to_vec()
    }

    fn dialled(text: &str) -> Target {
        target(text, &contacts())
    }

    fn dial(text: &str) -> Target {
        Target::Dial(text.to_owned())
    }

    #[test]
    fn numbers_are_taken_as_people_write_and_paste_them() {
        assert_eq!(dialled("1002"), dial("1002"));
        assert_eq!(dialled(" 1 0 0 2\n"), dial("1002"));
        assert_eq!(dialled("+49 (30) 123-45/67"), dial("+49301234567"));
        assert_eq!(dialled("tel:+49-30-1234567"), dial("+49301234567"));
        assert_eq!(dialled("\u{202a}+49\u{a0}30 1234567\u{202c}"), dial("+49301234567"));
        assert_eq!(dialled("*97#"), dial("*97#"));
    }

    #[test]
    fn an_extension_is_dialled_as_it_stands() {
        let contacts = ["10-02", "1002", "10.03"]
            .map(|extension| Contact { extension: extension.to_owned(), name: "Somebody".to_owned() });
        for (text, meant) in
            [("10-02", "10-02"), (" 10-02\n", "10-02"), ("1002", "1002"), ("10 02", "1002"), ("10.03", "10.03")]
        {
            assert_eq!(target(text, &contacts), dial(meant), "{text}");
        }
        assert_eq!(target("10-04", &contacts), dial("1004"));
    }

    #[test]
    fn names_find_their_extension() {
        assert_eq!(dialled("Clara Ruiz"), dial("1003"));
        assert_eq!(dialled("clara"), dial("1003"));
        assert_eq!(dialled("RUIZ"), dial("1003"));
        assert_eq!(dialled("ben okafor"), dial("1002"));
        assert_eq!(dialled("ben"), Target::Ambiguous);
        assert_eq!(dialled("benita"), dial("1004"));
        assert_eq!(dialled("Lobby"), dial("lobby"));
    }

    #[test]
    fn what_is_no_number_and_no_name_is_dialled_as_it_stands() {
        assert_eq!(dialled("sip:bob@example.com"), dial("sip:bob@example.com"));
        assert_eq!(dialled("bob@example.com"), dial("bob@example.com"));
        assert_eq!(dialled("reception"), dial("reception"));
        assert_eq!(dialled("uiz"), dial("uiz"));
    }

    #[test]
    fn nothing_is_nothing() {
        for text in ["", "   ", "-", "+", "tel:", "\u{200b}"] {
            assert_eq!(dialled(text), Target::Empty, "{text:?}");
        }
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(dialled(&"1".repeat(10_000)), dial(&"1".repeat(256)));
    }
}
