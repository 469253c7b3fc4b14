//! The messages of one user, and which is next.

use super::quota::Share;
use sip::registrar::{Flow, QuestionId};
use std::collections::{BTreeSet, VecDeque};

/// How often phones refuse a message before it steps aside for those behind it.
const STUBBORN: u32 = 3;

/// The messages of one user.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) letters: VecDeque<Letter>,
    pub(super) share: Share,
    pub(super) flows: BTreeSet<Flow>,
    pub(super) delivery: Delivery,
    /// A phone came since the attempt began.
    pub(super) came: bool,
    pub(super) attempts: u32,
}

#[derive(Debug)]
pub(super) struct Letter {
    pub(super) id: i64,
    pub(super) from: String,
    pub(super) size: usize,
    pub(super) expires: u64,
    /// Who waits for it to be written down.
    pub(super) asked: Option<QuestionId>,
    /// How often phones refused it.
    pub(super) refusals: u32,
    /// The phones that are there do not take it: it waits for another one.
    pub(super) parked: bool,
}

impl Queue {
    /// What is to be delivered next: the first that waits for no other phone; those that were refused again and again
    /// are behind the others.
    pub(super) fn next(&self) -> Option<&Letter> {
        let mut ready = self.letters.iter().filter(|letter| !letter.parked);
        ready.clone().find(|letter| !letter.is_stubborn()).or_else(|| ready.next())
    }

    /// Whether this one, just written, need not wait for the rest of those before it: they stepped aside.
    pub(super) fn overtakes(&self, id: i64) -> bool {
        let aside = self.letters.front().is_some_and(|first| first.id != id && first.is_stubborn());
        aside && self.next().is_some_and(|next| next.id == id)
    }

    /// A phone that is there does not take this one, or `all`: another may. One that came since was not asked.
    pub(super) fn park(&mut self, id: i64, all: bool) {
        let came = self.came;
        self.letters.iter_mut().filter(|letter| all || letter.id == id).for_each(|letter| letter.parked = !came);
    }

    /// An attempt with this one failed; `refused`: because of it, perhaps. How often that was, and whether it steps
    /// aside for another one now.
    pub(super) fn refused(&mut self, id: i64, refused: bool) -> (u32, bool) {
        let Some(letter) = self.letters.iter_mut().find(|letter| letter.id == id) else { return (0, false) };
        letter.refusals += u32::from(refused);
        let (refusals, stubborn) = (letter.refusals, letter.is_stubborn());
        let aside = refused && stubborn && self.next().is_some_and(|next| !next.is_stubborn());
        (refusals, aside)
    }
}

impl Letter {
    const fn is_stubborn(&self) -> bool {
        self.refusals >= STUBBORN
    }
}

/// What is being done with the first message of a user; see [`Queue::next`].
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | D1 | – | stored while no phone can be reached | writes it | Waiting |
/// | D2 | – | stored although phones can be reached: they did not take it | writes it | Resting |
/// | D3 | Waiting, Resting | a phone comes; the first is written | reads it | Reading |
/// | D4 | Resting | its time comes | reads it | Reading |
/// | D5 | Reading | it was read | sends it | Sending |
/// | D6 | Reading | it is gone, with its account | forgets it | as D11 |
/// | D7 | Reading | the storage did not answer | – | Resting |
/// | D8 | Sending | delivered, or never to be | removes it | Removing |
/// | D9 | Sending | perhaps later; a phone came meanwhile | reads it again | Reading |
/// | D10 | Sending | perhaps later | – | Resting, or Waiting without a phone |
/// | D10a | Sending | refused for the third time | the next one, if there is one that was not: reads it | Reading, or as D10 |
/// | D10b | Sending | no message for this phone | waits for another one; the next one, if this may take that | Waiting, Reading |
/// | D11 | Removing | it is removed | the next one: D3, or D1; the last one: lets messages through | Reading, Waiting, – |
/// | D12 | Waiting, Resting | the first expired | removes it, and as D11 | |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Delivery {
    /// No phone can be reached that may take it, or the first is not written yet.
    #[default]
    Waiting,
    /// The next attempt is made then.
    Resting(u64),
    Reading,
    Sending,
    Removing,
}
