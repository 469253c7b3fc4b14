use crate::hex::{hex, unhex};
use crate::random::Seed;
use crate::registrar::{Flow, Mac, Sealer};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// One end of a dialog: a phone of a user, whatever connection it has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Endpoint {
    /// Whose phone.
    pub(super) user: String,
    /// [`crate::registrar::Binding::device`], or the flow of a phone that is not registered.
    pub(super) device: String,
}

/// What marks a device that is only a flow; no hash of a binding begins with it.
const FLOW_MARK: char = '~';

impl Endpoint {
    /// A phone that did not register: it lasts as long as its flow.
    pub(super) fn unregistered(user: String, flow: Flow) -> Self {
        Self { user, device: format!("{FLOW_MARK}{}", flow.0) }
    }

    /// The flow of a phone that did not register.
    pub(super) fn flow(&self) -> Option<Flow> {
        self.device.strip_prefix(FLOW_MARK)?.parse().ok().map(Flow)
    }
}

/// The two ends of a dialog, as our Record-Route names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// Who sent the request that made the dialog.
    pub(super) caller: Endpoint,
    /// Who answered it.
    pub(super) callee: Endpoint,
    /// The name that the callee was called by, if it is not its own.
    pub(super) called: Option<Called>,
}

/// Stands for a name that somebody was called by, so that they may go by it: nobody can make another name for it.
pub(super) type Called = [u8; 4];

impl Ends {
    pub(super) const fn both(&self) -> [&Endpoint; 2] {
        [&self.caller, &self.callee]
    }
}

/// What a way is filled up to a multiple of, in bytes, so that its length tells little.
const BLOCK: usize = 16;
/// How a device is written: as the bytes of a hash, or as it is.
const HASH: u8 = 0;
const TEXT: u8 = 1;

/// Makes and reads the user part of our Record-Route: both ends of the dialog, hidden and sealed, so that nobody sees
/// whose it is, can make up a way to a phone, or can use the way of one call for another.
///
/// It is made of accounts and instance-ids, and of nothing that a restart or a new connection changes.
pub(super) struct Tokens {
    ways: Sealer,
    traces: Mac,
    names: Mac,
}

impl Tokens {
    pub(super) fn new(key: &Seed) -> Self {
        Self { ways: Sealer::new(key, "route"), traces: Mac::new(key, b"trace"), names: Mac::new(key, b"called") }
    }

    /// The token of a dialog with that Call-ID; the same ends have another one in each call.
    pub(super) fn write(&self, ends: &Ends, call_id: &str) -> String {
        let mut plain = Vec::with_capacity(3 * BLOCK);
        for end in ends.both() {
            put(&mut plain, end.user.as_bytes());
            match unhex(&end.device).filter(|bytes| hex(bytes) == end.device) {
                Some(hash) => {
                    plain.push(HASH);
                    put(&mut plain, &hash);
                }
                None => {
                    plain.push(TEXT);
                    put(&mut plain, end.device.as_bytes());
                }
            }
        }
        plain.push(u8::from(ends.called.is_some()));
        plain.extend(ends.called.into_iter().flatten());
        plain.resize(plain.len().next_multiple_of(BLOCK), 0);
        self.ways.close(plain, call_id)
    }

    /// The ends of the dialog; `None` when the token is not ours, or of another call.
    pub(super) fn read(&self, token: &str, call_id: &str) -> Option<Ends> {
        let plain = self.ways.open(token, call_id)?;
        let mut rest = plain.as_slice();
        let mut end = || {
            let user = String::from_utf8(take(&mut rest)?.to_vec()).ok()?;
            let (kind, device) = rest.split_first()?;
            rest = device;
            let device = take(&mut rest)?;
            let device = if *kind == HASH { hex(device) } else { String::from_utf8(device.to_vec()).ok()? };
            Some(Endpoint { user, device })
        };
        let (caller, callee) = (end()?, end()?);
        let (is_called, rest) = rest.split_first()?;
        let called = if *is_called == 0 { None } else { Some(*rest.first_chunk()?) };
        Some(Ends { caller, callee, called })
    }

    /// What stands for a name.
    pub(super) fn called(&self, name: &str) -> Called {
        let [a, b, c, d, ..] = self.names.of(&[name.as_bytes()]);
        [a, b, c, d]
    }

    /// What of a request makes its way, as 128 bits that nobody else can make.
    pub(super) fn trace(&self, text: &str) -> String {
        hex(self.traces.of(&[text.as_bytes()]).get(..16).unwrap_or_default())
    }
}

/// Adds a text and says first how long it is: in seven bits a byte, the lowest first.
fn put(plain: &mut Vec<u8>, bytes: &[u8]) {
    let mut length = bytes.len();
    while length >= 0x80 {
        plain.push(low(length) | 0x80);
        length >>= 7;
    }
    plain.push(low(length));
    plain.extend_from_slice(bytes);
}

fn low(length: usize) -> u8 {
    u8::try_from(length & 0x7f).unwrap_or_default()
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut length = 0_usize;
    for shift in [0, 7, 14, 21] {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let (bytes, after) = rest.split_at_checked(length)?;
            *rest = after;
            return Some(bytes);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn end() -> impl Strategy<Value = Endpoint> {
        let device = prop_oneof!["[0-9a-f]{16}", "~[0-9]{1,20}", "\\PC{0,40}", "[0-9A-F]{1,16}", Just("00".repeat(99))];
        ("\\PC{0,200}", device).prop_map(|(user, device)| Endpoint { user, device })
    }

    proptest! {
        /// Whatever the names are, what was made is read, in its own call, and only by who made it.
        #[test]
        fn a_way_is_read_by_who_made_it(caller in end(), callee in end(), call_id in "\\PC{0,60}", called: Option<Called>, at: usize) {
            let (ours, theirs) = (Tokens::new(&[1; 32]), Tokens::new(&[2; 32]));
            let ends = Ends { caller, callee, called };
            let token = ours.write(&ends, &call_id);
            prop_assert_eq!(ours.read(&token, &call_id), Some(ends.clone()));
            prop_assert_eq!(theirs.read(&token, &call_id), None);
            prop_assert_eq!(ours.read(&token, &format!("{call_id}.")), None);
            prop_assert_eq!(ours.write(&ends, &call_id), token.clone(), "the same each time");
            let at = at % token.len();
            let mut changed = token.clone();
            changed.replace_range(at..=at, if token.get(at..=at) == Some("0") { "1" } else { "0" });
            prop_assert_eq!(ours.read(&changed, &call_id), None);
            prop_assert_eq!(ours.read(token.get(..at).unwrap(), &call_id), None);
        }

        /// Whatever comes as one is answered.
        #[test]
        fn garbage_is_none(token in "\\PC{0,300}") {
            prop_assert_eq!(Tokens::new(&[1; 32]).read(&token, "a"), None);
        }
    }

    /// What is in front of the seal's context may not be taken for a part of it.
    #[test]
    fn a_shorter_way_is_none() {
        let ours = Tokens::new(&[1; 32]);
        let end = |user: &str| Endpoint { user: user.into(), device: "0123456789abcdef".into() };
        let token = ours.write(&Ends { caller: end("1001"), callee: end("1002"), called: None }, "call");
        for cut in (0..token.len()).step_by(2) {
            assert_eq!(ours.read(token.get(..cut).unwrap(), "call"), None);
        }
        let names = |user| ours.write(&Ends { caller: end(user), callee: end("1002"), called: None }, "call").len();
        assert_eq!(names("1"), names("1002"), "its length tells little");
    }
}
