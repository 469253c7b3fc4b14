//! Short texts that only the exchange can read and make, whoever carries them.

use crate::hex::{hex, unhex};
use crate::random::Seed;
use alloc::string::String;
use alloc::vec::Vec;
use sha2::{Digest as _, Sha256};

/// Bytes of a seal.
const SEAL: usize = 16;

/// Hides and seals with HMAC-SHA-256 alone: the seal is made over what is hidden, and what is hidden is turned by a
/// stream made of the seal (the construction of SIV). The same text is the same each time, and says nothing else.
pub(crate) struct Sealer {
    seal: Mac,
    hide: Mac,
}

impl Sealer {
    /// For one purpose: what is sealed for another is none.
    pub(crate) fn new(secret: &Seed, purpose: &str) -> Self {
        let key = |part: &[u8]| Mac::new(secret, &[purpose.as_bytes(), part].concat());
        Self { seal: key(b"seal"), hide: key(b"hide") }
    }

    /// In lower-case hexadecimal. It can be opened with the same `context` alone, which it does not hold; where there is
    /// one, `plain` has to say itself where it ends.
    pub(crate) fn close(&self, mut plain: Vec<u8>, context: &str) -> String {
        let seal = self.seal.of(&[&plain, context.as_bytes()]);
        let seal = seal.get(..SEAL).unwrap_or_default();
        self.turn(seal, &mut plain);
        let mut text = hex(seal);
        text.push_str(&hex(&plain));
        text
    }

    /// What it holds; `None` when it was not made here, or not for this.
    pub(crate) fn open(&self, text: &str, context: &str) -> Option<Vec<u8>> {
        let mut bytes = unhex(text)?;
        let (seal, plain) = bytes.split_at_mut_checked(SEAL)?;
        self.turn(seal, plain);
        let made = self.seal.of(&[plain, context.as_bytes()]);
        let differences = made.iter().zip(seal.iter()).fold(0, |sum, (one, two)| sum | (one ^ two));
        (differences == 0).then(|| bytes.split_off(SEAL))
    }

    /// Hides, or shows again.
    fn turn(&self, seal: &[u8], bytes: &mut [u8]) {
        for (index, block) in (0_u8..).zip(bytes.chunks_mut(32)) {
            let stream = self.hide.of(&[seal, &[index]]);
            for (byte, key) in block.iter_mut().zip(stream) {
                *byte ^= key;
            }
        }
    }
}

/// HMAC-SHA-256 (RFC 2104) with a key of its own for one purpose; the pads are hashed once.
pub(crate) struct Mac {
    inner: Sha256,
    outer: Sha256,
}

impl Mac {
    /// For one purpose.
    pub(crate) fn new(secret: &Seed, purpose: &[u8]) -> Self {
        let key = Sha256::new().chain_update(purpose).chain_update(secret).finalize();
        let pad = |with: u8| {
            let mut block = [with; 64];
            for (byte, key) in block.iter_mut().zip(key) {
                *byte ^= key;
            }
            Sha256::new().chain_update(block)
        };
        Self { inner: pad(0x36), outer: pad(0x5c) }
    }

    /// Of these parts, one after the other.
    pub(crate) fn of(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut inner = self.inner.clone();
        parts.iter().for_each(|part| inner.update(part));
        self.outer.clone().chain_update(inner.finalize()).finalize().into()
    }
}
