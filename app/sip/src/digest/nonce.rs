use alloc::string::String;

use crate::hex::hex;
use crate::{Instant, Seed};

/// When a nonce was made, and the how manieth it is: its name in the replay table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Nonce {
    pub(super) made: Instant,
    pub(super) count: u64,
}

impl Nonce {
    /// Time and count, and 128 bits of a keyed hash over them.
    pub(super) fn print(self, secret: &Seed) -> String {
        let mut bytes = [0; 32];
        let fields = self.made.as_millis().to_be_bytes().into_iter().chain(self.count.to_be_bytes());
        for (byte, field) in bytes.iter_mut().zip(fields.chain(self.seal(secret))) {
            *byte = field;
        }
        hex(&bytes)
    }

    /// The nonce of that text, if this secret made it.
    pub(super) fn read(text: &str, secret: &Seed) -> Option<Self> {
        let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
        let nonce = Self { made: Instant::from_millis(number(text.get(..16)?)?), count: number(text.get(16..32)?)? };
        same(nonce.print(secret).as_bytes(), text.as_bytes()).then_some(nonce)
    }

    /// HMAC-SHA-256 (RFC 2104) over time and count; the secret is shorter than a block.
    fn seal(self, secret: &Seed) -> [u8; 32] {
        use sha2::Digest as _;
        let pad = |with: u8| {
            let mut block = [with; 64];
            for (byte, secret) in block.iter_mut().zip(secret) {
                *byte ^= secret;
            }
            sha2::Sha256::new().chain_update(block)
        };
        let inner = pad(0x36).chain_update(self.made.as_millis().to_be_bytes()).chain_update(self.count.to_be_bytes());
        pad(0x5c).chain_update(inner.finalize()).finalize().into()
    }
}

/// Whether both are the same, in a time that does not tell where they differ.
pub(super) fn same(one: &[u8], two: &[u8]) -> bool {
    let different = one.iter().zip(two).fold(0, |sum, (one, two)| sum | (one ^ two));
    one.len() == two.len() && different == 0
}
