use super::core::Core;
use super::session::{acknowledge, bye};
use crate::Instant;
use crate::dialog::Dialog;
use crate::header::CSeq;
use crate::message::{Request, Response};
use crate::transaction::{Key, T1_X64};
use alloc::string::String;
use alloc::vec::Vec;

/// How many 2xx are remembered: that of the branch that won, and those of 32 that lost.
pub(super) const MAX_STRAYS: usize = 33;

/// A 2xx was acknowledged: its repetitions get the same ACK, also when nobody wanted it and its dialog was ended, or
/// when the call was hung up meanwhile.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Stray {
    pub(super) key: Key,
    pub(super) remote_tag: String,
    pub(super) ack: Vec<u8>,
    pub(super) until: Instant,
}

/// How far the number of a BYE jumps whose dialog is forgotten: past all that was said in it meanwhile. Numbers need not be
/// contiguous (RFC 3261 12.2.2).
pub(super) const PAST: u32 = 1 << 20;

/// A 2xx that nobody wants (any more): it is acknowledged, and its dialog ended (RFC 3261 13.2.2.4).
pub(super) fn refuse_stray(core: &mut Core, key: &Key, invite: &Request, response: &Response) {
    let (Ok(mut dialog), Ok(cseq)) = (Dialog::uac(invite, response), response.headers.get::<CSeq>()) else {
        return;
    };
    dialog.skip(PAST);
    let known = |stray: &&Stray| stray.key == *key && stray.remote_tag == dialog.remote_tag();
    if let Some(stray) = core.strays.iter().find(known) {
        let ack = stray.ack.clone();
        return core.transmit(ack);
    }
    if core.strays.len() >= MAX_STRAYS {
        // Each repetition of one that is not remembered would make another BYE.
        return;
    }
    let ack = acknowledge(core, &dialog, cseq.seq);
    bye(core, &mut dialog);
    remember(core, key, &dialog, ack);
}

/// Keeps the ACK of a 2xx for as long as that may come again, whatever became of its dialog.
pub(super) fn remember(core: &mut Core, key: &Key, dialog: &Dialog, ack: Vec<u8>) {
    if core.strays.len() < MAX_STRAYS {
        let remote_tag = dialog.remote_tag().into();
        core.strays.push(Stray { key: key.clone(), remote_tag, ack, until: core.now + T1_X64 });
    }
}
