//! Globally routable user agent URIs (RFC 5627): addresses that mean one phone of a user.

use super::binding::device_of;
use super::seal::Sealer;
use crate::random::Seed;
use crate::uri::{Host, Part, SipUri, unescaped};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Write as _;

/// What the user part of a temporary GRUU begins with.
const TEMPORARY: &str = "tgruu.";
/// Users are filled up to a multiple of this, so that the length of a temporary GRUU tells little.
const BLOCK: usize = 16;
/// The longest user that has temporary GRUUs.
const LONGEST: usize = 128;
/// The longest that is looked at: a seal of 16 bytes, two numbers and a user, in hexadecimal.
const LONGEST_TOKEN: usize = 2 * (16 + 16 + LONGEST);

/// Makes GRUUs, and says whom they mean.
///
/// A public one shows user and instance-id. A temporary one shows nothing: it holds the user, the registration that
/// it was given out for and a number of its own, encrypted, and nobody can make one, or see that two mean the same phone.
/// No table of them is needed, and none that was given out is ever lost.
pub(crate) struct Gruus {
    sealer: Sealer,
    domain: String,
}

/// What a GRUU means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gruu {
    /// A phone of a user, whether it is registered or not.
    Public {
        /// Whose.
        user: String,
        /// [`super::Binding::device`].
        device: String,
    },
    /// A phone of a user, as long as it stays registered.
    Temporary {
        /// Whose.
        user: String,
        /// The registration.
        generation: u64,
    },
    /// None that was ever given out.
    Invalid,
}

/// The public GRUU of a user's phone (RFC 5627 3.1.1), as it is written: it needs no secret.
pub(crate) fn public_gruu(user: &str, domain: &str, instance: &str) -> String {
    ["sip:", &Part::escape(user), "@", domain, ";gr=", &escape(instance)].concat()
}

impl Gruus {
    /// GRUUs of a domain that stay valid as long as the secret is the same.
    pub(crate) fn new(secret: &Seed, domain: &Host) -> Self {
        Self { sealer: Sealer::new(secret, "gruu"), domain: domain.to_string() }
    }

    /// The public GRUU of a user's phone, as it is written.
    pub(crate) fn public(&self, user: &str, instance: &str) -> String {
        public_gruu(user, &self.domain, instance)
    }

    /// A temporary GRUU for a registration of a user, as it is written; `number` is to be another one each time.
    pub(crate) fn temporary(&self, user: &str, generation: u64, number: u64) -> Option<String> {
        if user.is_empty() || user.len() > LONGEST || user.contains('\0') {
            return None;
        }
        let mut plain = Vec::with_capacity(16 + user.len() + BLOCK);
        plain.extend(generation.to_be_bytes());
        plain.extend(number.to_be_bytes());
        plain.extend(user.as_bytes());
        plain.resize(16 + user.len().next_multiple_of(BLOCK), 0);
        Some(["sip:", TEMPORARY, &self.sealer.close(plain, ""), "@", &self.domain, ";gr"].concat())
    }

    /// What the GRUU means whose user part is `name`; `None` when it is none. Its host is the caller's to look at.
    pub(crate) fn read(&self, uri: &SipUri) -> Option<Gruu> {
        let value = uri.params.get("gr")?;
        let name = uri.user_unescaped().unwrap_or_default();
        let read = match value {
            Some(instance) => String::from_utf8(unescaped(instance).collect())
                .ok()
                .filter(|instance| !name.is_empty() && !instance.is_empty())
                .map(|instance| Gruu::Public { device: device_of(&instance), user: name }),
            None => name.strip_prefix(TEMPORARY).and_then(|token| self.open(token)),
        };
        Some(read.unwrap_or(Gruu::Invalid))
    }

    fn open(&self, token: &str) -> Option<Gruu> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let plain = self.sealer.open(token, "")?;
        let (generation, rest) = plain.split_first_chunk::<8>()?;
        let user = rest.get(8..)?.iter().copied().take_while(|byte| *byte != 0).collect();
        Some(Gruu::Temporary { user: String::from_utf8(user).ok()?, generation: u64::from_be_bytes(*generation) })
    }
}

/// An instance-id as the value of a URI parameter.
fn escape(instance: &str) -> String {
    let mut out = String::with_capacity(instance.len());
    for byte in instance.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()[]/:&+$".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a text never fails.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uri::Uri;
    use proptest::prelude::*;

    fn gruus(secret: u8) -> Gruus {
        Gruus::new(&[secret; 32], &"tabphone".parse().unwrap())
    }

    fn read(gruus: &Gruus, uri: &str) -> Option<Gruu> {
        gruus.read(uri.parse::<Uri>().unwrap().as_sip().unwrap())
    }

    proptest! {
        /// Whatever the names are, what was made is read, and only by who made it.
        #[test]
        fn what_is_given_out_is_known(user in "[^\0]{1,40}", instance in "\\PC{1,60}", generation: u64, number: u64) {
            let (ours, theirs) = (gruus(1), gruus(2));
            let public = ours.public(&user, &instance);
            let known = Gruu::Public { user: user.clone(), device: device_of(&instance) };
            prop_assert_eq!(read(&ours, &public), Some(known));
            let temporary = ours.temporary(&user, generation, number).unwrap();
            prop_assert_eq!(read(&ours, &temporary), Some(Gruu::Temporary { user: user.clone(), generation }));
            prop_assert_eq!(read(&theirs, &temporary), Some(Gruu::Invalid));
            let another = ours.temporary(&user, generation, number.wrapping_add(1)).unwrap();
            prop_assert_ne!(another, temporary);
        }

        /// A letter of another one makes it invalid.
        #[test]
        fn nothing_can_be_changed(at in 0..128_usize, letter in "[0-9a-f]") {
            let ours = gruus(1);
            let mut uri: SipUri = ours.temporary("1001", 7, 8).unwrap().parse().unwrap();
            let name = uri.user_unescaped().unwrap();
            let at = TEMPORARY.len() + at % (name.len() - TEMPORARY.len());
            let mut changed = name.clone();
            changed.replace_range(at..=at, &letter);
            uri.user = Some(crate::uri::Part::new(&changed).unwrap());
            prop_assert_eq!(ours.read(&uri) == Some(Gruu::Invalid), changed != name);
        }
    }

    #[test]
    fn who_looks_at_two_cannot_tell_whose_they_are() {
        let ours = gruus(1);
        let name = |user: &str, number| {
            ours.temporary(user, 7, number).unwrap().parse::<SipUri>().unwrap().user_unescaped().unwrap()
        };
        let (one, two, other) = (name("1001", 1), name("1001", 2), name("4", 3));
        assert_eq!(one.len(), other.len());
        let same = |a: &str, b: &str| a.bytes().zip(b.bytes()).skip(TEMPORARY.len()).filter(|(a, b)| a == b).count();
        assert!(same(&one, &two) < 20 && same(&one, &other) < 20, "{one} {two} {other}");
    }

    #[test]
    fn what_has_no_gr_is_no_gruu() {
        let ours = gruus(1);
        assert_eq!(ours.read(&"sip:1001@tabphone".parse().unwrap()), None);
        assert_eq!(ours.read(&"sip:1001@tabphone;gr".parse().unwrap()), Some(Gruu::Invalid));
        assert_eq!(ours.read(&"sip:tgruu.00@tabphone;gr".parse().unwrap()), Some(Gruu::Invalid));
        assert_eq!(ours.read(&"sip:tabphone;gr=urn:uuid:a".parse().unwrap()), Some(Gruu::Invalid));
    }
}
