//! What is not a password: what is guessed first (ASVS 5.0 6.2.4, 6.2.11).

use super::PasswordError;
use zeroize::Zeroizing;

/// The 3,000 commonest passwords of eight characters and more, in lower case and in the order of bytes. They are the
/// first ones of the list that the project zxcvbn-ts keeps (MIT licence), which is in the order of how common they are.
const COMMONEST: &str = include_str!("commonest.txt");

/// Refuses what is among the commonest, and what is made of nothing but one of these words of the account (its
/// extension, its name, the domain), however often.
///
/// # Errors
/// [`PasswordError::Common`] and [`PasswordError::Known`].
pub(crate) fn check<'a>(password: &str, words: impl IntoIterator<Item = &'a str>) -> Result<(), PasswordError> {
    let folded = Zeroizing::new(password.to_lowercase());
    if is_common(&folded) {
        return Err(PasswordError::Common);
    }
    let letters = Zeroizing::new(letters_of(&folded));
    let made_of = |word: String| !word.is_empty() && letters.replace(&word, "").is_empty();
    if !letters.is_empty() && words.into_iter().any(|word| made_of(letters_of(&word.to_lowercase()))) {
        return Err(PasswordError::Known);
    }
    Ok(())
}

fn is_common(folded: &str) -> bool {
    COMMONEST.lines().any(|common| common == folded)
}

/// Without what words are joined with.
fn letters_of(text: &str) -> String {
    text.chars().filter(|sign| sign.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::password::SHORTEST;

    #[test]
    fn the_list_holds_the_three_thousand_commonest_that_are_long_enough() {
        let list: Vec<_> = COMMONEST.lines().collect();
        assert_eq!(list.len(), 3000);
        assert!(list.is_sorted() && list.iter().all(|word| word.len() >= SHORTEST && *word == word.to_lowercase()));
        for common in ["password", "12345678", "qwertyuiop", "Football", "PASSWORD"] {
            assert_eq!(check(common, []), Err(PasswordError::Common), "{common}");
        }
    }

    #[test]
    fn a_word_of_the_account_is_no_password_however_often() {
        let words = ["1001", "Alice Adams", "tabphone"];
        for known in ["10011001", "1001-1001", "alice adams", "AliceAdams", "Tabphone", "tabphonetabphone"] {
            assert_eq!(check(known, words), Err(PasswordError::Known), "{known}");
        }
        for own in ["1001 nights", "wonderland", "alice in wonderland", "ünïcödé words"] {
            assert_eq!(check(own, words), Ok(()), "{own}");
        }
        assert_eq!(check("--------", ["--", "1001"]), Ok(()), "what has no letter is no word");
    }
}
