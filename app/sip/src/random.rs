use alloc::string::String;
use core::time::Duration;

/// What all randomness of a machine is drawn from. The user takes it from a cryptographic source: tags,
/// branches and Call-IDs must not be guessable (RFC 3261 19.3).
pub type Seed = [u8; 32];

/// A deterministic generator of identifiers and jitter: SHA-256 over the seed and a counter, so that no
/// output tells the next one.
#[derive(Clone)]
pub struct Random {
    seed: Seed,
    counter: u64,
}

/// Lower-case letters and digits that are hard to confuse: 32 of them, 5 bits each.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

impl Random {
    /// A generator that draws from `seed`.
    #[must_use]
    pub const fn new(seed: Seed) -> Self {
        Self { seed, counter: 0 }
    }

    /// A token of 24 characters, 120 bits: for tags, branches, Call-IDs and cnonces.
    pub fn token(&mut self) -> String {
        self.block().iter().take(24).map(|byte| letter(*byte)).collect()
    }

    /// A number below `bound`; zero when `bound` is zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        let mut number = 0u64;
        for byte in self.block().iter().take(8) {
            number = (number << 8) | u64::from(*byte);
        }
        number.checked_rem(bound).unwrap_or(0)
    }

    /// A time between half of `middle` and one and a half of it.
    pub fn jitter(&mut self, middle: Duration) -> Duration {
        let millis = u64::try_from(middle.as_millis()).unwrap_or(u64::MAX / 2);
        Duration::from_millis(millis / 2 + self.below(millis.saturating_add(1)))
    }

    /// A new seed, for a machine made by this one.
    pub fn seed(&mut self) -> Seed {
        self.block()
    }

    fn block(&mut self) -> Seed {
        use sha2::Digest as _;
        self.counter = self.counter.wrapping_add(1);
        let mut hash = sha2::Sha256::new();
        hash.update(self.seed);
        hash.update(self.counter.to_be_bytes());
        hash.finalize().into()
    }
}

impl core::fmt::Debug for Random {
    /// Keeps the seed out of logs.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Random").finish_non_exhaustive()
    }
}

fn letter(byte: u8) -> char {
    ALPHABET.get(usize::from(byte & 31)).copied().map_or('a', char::from)
}
