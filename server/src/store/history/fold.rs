//! How names and numbers are compared when somebody searches.

/// A text in the form in which it is searched: capital letters are as small ones, in any script.
pub(in crate::store) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// What was typed as a number, without what people put between the digits; `None` when it is no number.
pub(super) fn digits(text: &str) -> Option<String> {
    let number: String = text.chars().filter(|sign| !matches!(sign, ' ' | '-' | '/' | '(' | ')' | '.')).collect();
    let is_number = number.chars().any(|sign| sign.is_ascii_digit())
        && number.chars().all(|sign| sign.is_ascii_digit() || matches!(sign, '+' | '*' | '#'));
    is_number.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_however_they_are_written() {
        assert_eq!(digits("+49 (30) 123-45").as_deref(), Some("+493012345"));
        for no in ["", "Ben", "Ben 2", "--", "+"] {
            assert_eq!(digits(no), None, "{no}");
        }
        assert_eq!(fold("ÄRGER Ω"), "ärger ω");
    }
}
