//! The registration identity of a line, made once.

use crate::store::key::{KeyError, random, random_word};
use app::lease::RegistrationIdentity;
use std::fmt::Write as _;

/// A new identity that nobody can guess.
pub(super) fn new() -> Result<RegistrationIdentity, KeyError> {
    let mut bytes = random::<16>()?;
    // RFC 9562 5.4: version 4, variant 10.
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut instance = "urn:uuid:".to_owned();
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            instance.push('-');
        }
        // Writing to a String does not fail.
        let _ = write!(instance, "{byte:02x}");
    }
    Ok(RegistrationIdentity { instance, contact_user: random_word(12)?, call_id: random_word(24)? })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_instance_is_a_random_uuid() {
        let identity = super::new().unwrap();
        assert_eq!(identity.instance.len(), "urn:uuid:f81d4fae-7dec-41d0-a765-00a0c91e6bf6".len());
        assert_eq!(identity.instance.as_bytes()[23], b'4');
        assert_ne!(identity, super::new().unwrap());
    }
}
