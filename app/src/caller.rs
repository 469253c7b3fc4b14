//! Who is at the other end of a call, as the server knows it from the person's contacts and history: in whatever form the number
//! came.

use crate::backend::Contact;
use crate::directory;
use crate::phone::Party;
use serde::{Deserialize, Serialize};

/// What the server knows of a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// As it stands in the call.
    pub number: String,
    /// Whose it is; empty if nobody among the contacts has it.
    pub name: String,
    /// What there is to read while it rings, each on a line: the note, and the last calls.
    pub about: Vec<String>,
}

/// What is known of this number.
pub fn of<'a>(number: &str, callers: &'a [Caller]) -> Option<&'a Caller> {
    callers.iter().find(|caller| caller.number == number)
}

/// The name to show for a party: the contact's, else as [`directory::name`] says.
pub fn name(party: &Party, contacts: &[Contact], callers: &[Caller]) -> String {
    match of(&party.number, callers) {
        Some(caller) if !caller.name.is_empty() => caller.name.clone(),
        Some(_) | None => directory::name(party, contacts),
    }
}
