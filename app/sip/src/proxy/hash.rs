//! A quick hash for indices, where what is found is compared afterwards.

use core::hash::{Hash, Hasher};

/// Where something stands in an index by its name. Names that somebody chose to be alike only make that one's own look-ups
/// slower, as what shares a place is looked at one by one.
pub(super) fn place_of(name: &(impl Hash + ?Sized)) -> u64 {
    let mut words = Words(0);
    name.hash(&mut words);
    words.finish()
}

/// Mixes word by word.
struct Words(u64);

/// An odd number without pattern: the golden ratio's fraction.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Words {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            self.write_u64(rest.iter().fold(1, |word, byte| (word << 8) | u64::from(*byte)));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(SPREAD);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::place_of;
    use alloc::collections::BTreeSet;
    use alloc::format;

    #[test]
    fn names_that_differ_a_little_have_places_of_their_own() {
        let names = (0..20_000_u32).map(|number| format!("z9hG4bK{number}p{number}.invalid"));
        let places: BTreeSet<u64> = names.map(|name| place_of(&*name)).collect();
        assert_eq!(places.len(), 20_000);
        assert_ne!(place_of("a"), place_of("\0a"));
        assert_eq!(place_of("a"), place_of(&alloc::string::String::from("a")));
    }
}
