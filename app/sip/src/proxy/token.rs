use crate::random::Seed;
use crate::registrar::{Flow, hex, unhex};
use alloc::format;
use alloc::string::{String, ToString};
use sha2::{Digest as _, Sha256};

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
}

impl Ends {
    pub(super) const fn both(&self) -> [&Endpoint; 2] {
        [&self.caller, &self.callee]
    }
}

/// Makes and reads the user part of our Record-Route: both ends of the dialog, and a keyed hash, so that nobody
/// can make up a way to a phone, or use the way of one call for another.
pub(super) struct Tokens {
    key: Seed,
}

impl Tokens {
    pub(super) const fn new(key: Seed) -> Self {
        Self { key }
    }

    /// The token of a dialog with that Call-ID.
    pub(super) fn write(&self, ends: &Ends, call_id: &str) -> String {
        let text = format!(
            "{}.{}.{}.{}",
            hex(ends.caller.user.as_bytes()),
            ends.caller.device,
            hex(ends.callee.user.as_bytes()),
            ends.callee.device
        );
        let seal = self.seal("route", &of_call(&text, call_id));
        format!("{text}.{seal}")
    }

    /// The ends of the dialog; `None` when the token is not ours, or of another call.
    pub(super) fn read(&self, token: &str, call_id: &str) -> Option<Ends> {
        let (text, seal) = token.rsplit_once('.')?;
        if !same(self.seal("route", &of_call(text, call_id)).as_bytes(), seal.as_bytes()) {
            return None;
        }
        let mut parts = text.split('.');
        let mut end = || {
            let user = String::from_utf8(unhex(parts.next()?)?).ok()?;
            Some(Endpoint { user, device: parts.next()?.to_string() })
        };
        Some(Ends { caller: end()?, callee: end()? })
    }

    /// 128 bits of HMAC-SHA256 (RFC 2104) over `text`, for one purpose.
    pub(super) fn seal(&self, purpose: &str, text: &str) -> String {
        let mut inner = Sha256::new();
        inner.update(self.pad(0x36));
        for part in [purpose, "\0", text] {
            inner.update(part.as_bytes());
        }
        let mut outer = Sha256::new();
        outer.update(self.pad(0x5c));
        outer.update(inner.finalize());
        hex(outer.finalize().get(..16).unwrap_or_default())
    }

    /// The key, filled up to the hash's block of 64 bytes.
    fn pad(&self, with: u8) -> [u8; 64] {
        let mut block = [with; 64];
        for (byte, key) in block.iter_mut().zip(self.key) {
            *byte ^= key;
        }
        block
    }
}

/// What is sealed: the same ends have another token in each call.
fn of_call(text: &str, call_id: &str) -> String {
    format!("{text} {call_id}")
}

/// Compares in a time that does not tell where the difference is.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}
