//! Who somebody is, for people: the company's own name for a number outweighs what a caller says of itself.

use crate::backend::Contact;
use crate::letters;
use crate::phone::Party;

/// How many colours an avatar can have; the style sheet has a class for each.
const PALETTE: u32 = 6;

/// The name to show for a party: the directory's, else the one it gave, else its number.
pub fn name(party: &Party, contacts: &[Contact]) -> String {
    let known = contacts.iter().find(|contact| contact.extension == party.number && !contact.name.is_empty());
    match known {
        Some(contact) => contact.name.clone(),
        None if !party.name.trim().is_empty() => party.name.clone(),
        None if !party.number.is_empty() => party.number.clone(),
        None => "Unknown number".to_owned(),
    }
}

/// The name to show for a contact: its extension if it has none.
pub fn contact_name(contact: &Contact) -> &str {
    if contact.name.trim().is_empty() { &contact.extension } else { &contact.name }
}

/// One or two letters that stand for a name; `#` for a number.
pub fn initials(name: &str) -> String {
    let mut words =
        name.split_whitespace().filter_map(|word| word.chars().find(|character| character.is_alphanumeric()));
    let first = words.next().filter(|character| character.is_alphabetic());
    let last = words.next_back().filter(|character| character.is_alphabetic());
    let letters: String = letters::upper(&first.into_iter().chain(last).collect::<String>()).chars().take(2).collect();
    if letters.is_empty() { "#".to_owned() } else { letters }
}

/// The colour of a name's avatar: the same for the same name, everywhere.
pub fn palette(name: &str) -> u32 {
    name.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte))) % PALETTE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(number: &str, name: &str) -> Party {
        Party { number: number.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn the_directory_outweighs_what_a_caller_says_of_itself() {
        let contacts = [Contact { extension: "1002".to_owned(), name: "Ben Okafor".to_owned() }];
        assert_eq!(name(&party("1002", "The boss"), &contacts), "Ben Okafor");
        assert_eq!(name(&party("1009", "The boss"), &contacts), "The boss");
        assert_eq!(name(&party("1009", " "), &contacts), "1009");
        assert_eq!(name(&party("", ""), &contacts), "Unknown number");
    }

    #[test]
    fn initials_are_letters_of_any_script_or_a_hash() {
        assert_eq!(initials("Ben Okafor"), "BO");
        assert_eq!(initials("dana"), "D");
        assert_eq!(initials("Ana María de la Cruz"), "AC");
        assert_eq!(initials("Ярослава Ґонта"), "ЯҐ");
        assert_eq!(initials("+49 30 123"), "#");
        assert_eq!(initials(""), "#");
    }
}
