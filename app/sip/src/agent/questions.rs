use super::transactions::Purpose;
use super::{CallId, Question, QuestionId};
use crate::digest::Challenge;
use crate::header::CSeq;
use crate::message::{Request, Response, Text};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What was asked and not answered yet.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Questions {
    open: Vec<Open>,
    last: u64,
    /// The last nonces that were asked about, and how often.
    #[cfg_attr(feature = "serde", serde(default))]
    nonces: Vec<(Text, u32)>,
}

/// How many nonces are remembered. A server that comes back to an older one says that it is stale.
const MAX_NONCES: usize = 8;

/// More questions than this are never open: one for each request that is under way, and few for each call.
const MAX_OPEN: usize = 320;

/// A question without answer.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Open {
    pub(super) id: QuestionId,
    pub(super) question: Question,
    /// What the signature is for, if it asks for one.
    pub(super) challenged: Option<Box<Challenged>>,
}

/// A request that was challenged, and waits for its signature.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Challenged {
    pub(super) purpose: Purpose,
    pub(super) request: Request,
    /// The 401 or 407, which stands if nobody signs.
    pub(super) response: Response,
    /// How many challenges were answered before this one.
    pub(super) before: u8,
}

impl Questions {
    /// Whether no more is asked than an agent can ask at once.
    pub(super) const fn is_bounded(&self) -> bool {
        self.open.len() <= MAX_OPEN && self.nonces.len() <= MAX_NONCES
    }

    /// Notes a question.
    pub(super) fn open(&mut self, question: Question, challenged: Option<Challenged>) -> QuestionId {
        self.last = self.last.wrapping_add(1);
        let id = QuestionId(self.last);
        self.open.push(Open { id, question, challenged: challenged.map(Box::new) });
        id
    }

    /// Counts one more use of the nonces of these challenges (RFC 7616 3.4): one of them is signed with.
    pub(super) fn count(&mut self, challenges: &[Challenge]) -> u32 {
        let is_of = |nonce: &Text| challenges.iter().any(|challenge| challenge.nonce == *nonce);
        let used = self.nonces.iter().filter(|(nonce, _)| is_of(nonce)).map(|(_, count)| *count).max();
        let count = used.unwrap_or_default().saturating_add(1);
        self.nonces.retain(|(nonce, _)| !is_of(nonce));
        for challenge in challenges.iter().take(MAX_NONCES) {
            if self.nonces.iter().all(|(nonce, _)| *nonce != challenge.nonce) {
                self.nonces.push((challenge.nonce.clone(), count));
            }
        }
        let spare = self.nonces.len().saturating_sub(MAX_NONCES);
        self.nonces.drain(..spare);
        count
    }

    /// Says who signs, where a snapshot of version 2 does not.
    pub(super) fn name(&mut self, signer: &str) {
        for open in &mut self.open {
            if let Question::Digest { username, .. } = &mut open.question
                && username.is_empty()
            {
                *username = signer.into();
            }
        }
    }

    /// Takes a question that is answered now; `None` if nobody waits for the answer any more.
    pub(super) fn take(&mut self, id: QuestionId) -> Option<Open> {
        let at = self.open.iter().position(|open| open.id == id)?;
        Some(self.open.remove(at))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Open> {
        self.open.iter()
    }

    /// Makes the number of a BYE jump that is being signed, past the one that it may have been sent with after it was saved.
    pub(super) fn skip(&mut self, numbers: u32) {
        let challenged = self.open.iter_mut().filter_map(|open| open.challenged.as_mut());
        for challenged in challenged.filter(|challenged| challenged.purpose == Purpose::Farewell) {
            if let Ok(CSeq { seq, method }) = challenged.request.headers.get() {
                challenged.request.headers.set(&CSeq { seq: seq.saturating_add(numbers), method });
            }
        }
    }

    /// Whether a signature is wanted for this purpose.
    pub(super) fn is_open_for(&self, purpose: Purpose) -> bool {
        self.open.iter().any(|open| open.purpose() == Some(purpose))
    }

    /// Forgets the signatures that are wanted for this purpose.
    pub(super) fn forget_purpose(&mut self, purpose: Purpose) {
        self.open.retain(|open| open.purpose() != Some(purpose));
    }

    /// Forgets the descriptions that are wanted for this call. What is being signed for it goes on.
    pub(super) fn forget_descriptions(&mut self, id: CallId) {
        self.open.retain(|open| open.question.call() != Some(id));
    }

    /// Forgets what was asked for this call.
    pub(super) fn forget(&mut self, id: CallId) {
        self.open.retain(|open| match open.question.call() {
            Some(call) => call != id,
            None => match open.purpose() {
                Some(
                    Purpose::Invite(call)
                    | Purpose::Reinvite(call)
                    | Purpose::Prack(call)
                    | Purpose::Update(call)
                    | Purpose::Info(call)
                    | Purpose::Refer(call),
                ) => call != id,
                Some(
                    Purpose::Register | Purpose::Event(_) | Purpose::Report(_) | Purpose::Farewell | Purpose::Probe,
                )
                | None => true,
            },
        });
    }

    /// Forgets the offer that is wanted for this call.
    pub(super) fn forget_offer(&mut self, id: CallId) {
        self.open.retain(|open| !matches!(open.question, Question::Offer { call, .. } if call == id));
    }

    /// Two calls change their names, in what is being signed. Descriptions are asked for by the name that stays.
    pub(super) fn swap(&mut self, one: CallId, other: CallId) {
        for challenged in self.open.iter_mut().filter_map(|open| open.challenged.as_mut()) {
            challenged.purpose = challenged.purpose.swapped(one, other);
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.open.clear();
    }
}

impl Open {
    fn purpose(&self) -> Option<Purpose> {
        self.challenged.as_ref().map(|challenged| challenged.purpose)
    }
}
