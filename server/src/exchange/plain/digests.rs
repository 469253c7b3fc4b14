//! Which digests plain phones are asked for.

use clap::ValueEnum;
use sip::digest::{Algorithm, Challenge};

/// Which digests plain phones are asked for. Whichever of them a phone signs with is checked: this is about the challenge,
/// because many phones give up when it names one that they do not know, instead of passing it over (RFC 8760 2.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Digests {
    /// MD5: every phone has it.
    #[default]
    Md5,
    /// SHA-256: no other.
    Sha256,
    /// Both, the stronger one first.
    Both,
}

impl Digests {
    /// Whether a phone is asked for it.
    pub(super) fn include(self, challenge: &Challenge) -> bool {
        match self {
            Self::Md5 => challenge.algorithm() == Algorithm::Md5,
            Self::Sha256 => challenge.algorithm() == Algorithm::Sha256,
            Self::Both => true,
        }
    }
}
