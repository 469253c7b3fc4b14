//! How names are compared: without capital letters, accents and marks, in any script.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The longest word that is looked for, and how many of one contact are.
const LONGEST_WORD: usize = 40;
const MOST_WORDS: usize = 48;

/// A text as it is compared and sorted.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for sign in text.nfkd().filter(|sign| !is_combining_mark(*sign)).flat_map(char::to_lowercase) {
        // What Unicode takes for letters of their own, and people type without.
        match sign {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            // It is what becomes of a capital İ.
            '\u{307}' => {}
            sign => folded.push(sign),
        }
    }
    folded
}

/// The words of these texts, each once, as they are searched.
pub(super) fn words<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for text in texts {
        for word in fold(text).split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let word: String = word.chars().take(LONGEST_WORD).collect();
            if words.len() < MOST_WORDS && !words.contains(&word) {
                words.push(word);
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_however_they_are_typed() {
        for (written, typed) in [
            ("Müller", "muller"),
            ("Straße", "strasse"),
            ("ÅNGSTRÖM", "angstrom"),
            ("İzmir", "izmir"),
            ("Łukasz Đỗ", "lukasz do"),
            ("Ω ΑΒΓ", "ω αβγ"),
            ("ﬁle", "file"),
            ("Ｔｏｋｙｏ", "tokyo"),
        ] {
            assert_eq!(fold(written), typed, "{written}");
        }
    }

    #[test]
    fn words_are_bounded_and_come_once() {
        let words = |text: &str| super::words([text].into_iter());
        assert_eq!(words("Ana-María O'Neil, ana"), ["ana", "maria", "o", "neil"]);
        assert_eq!(words(&"x".repeat(500)), ["x".repeat(LONGEST_WORD)]);
        let many: Vec<String> = (0..500).map(|number| number.to_string()).collect();
        assert_eq!(words(&many.join(" ")).len(), MOST_WORDS);
        assert!(words("\u{0}\u{202e}--..").is_empty());
    }
}
