use super::Proxy;
use super::calls::{Call, Progress};
use super::token::Endpoint;

/// An answered call as it is kept over a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SavedCall {
    id: u64,
    call: Call,
}

impl Proxy {
    /// An answered call, by its number ([`super::CallState::call`]), to be kept; `None` when it is over.
    #[must_use]
    pub fn export(&self, id: u64) -> Option<SavedCall> {
        let call = self.state.calls.get(id).filter(|call| call.progress == Progress::Confirmed)?;
        Some(SavedCall { id, call: call.clone() })
    }

    /// Takes a call that was exported before a restart: says whether its phones are registered, or may be soon.
    /// Their bindings have to be known. The others tell nobody that they hung up, and their calls are over.
    pub fn import(&mut self, saved: SavedCall) -> bool {
        let SavedCall { id, call } = saved;
        let is_there = |phone: &Endpoint| self.binding(phone).is_some();
        let known = is_there(&call.caller.phone) && is_there(&call.callee.phone);
        if known {
            self.state.calls.restore(id, call);
            self.tell_calls();
        }
        known
    }
}
