use crate::random::Random;

/// What makes a kind out of a seed that has nothing to do with what happens in it.
const KINDS: u64 = 0x6B69_6E64;

/// What there is in a world beside phones that call each other; in many worlds nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Kind {
    /// People have rules, there are groups and codes, and all of that changes.
    pub(crate) numbers: bool,
    /// There is a notifier, and a mailbox.
    pub(crate) tells: bool,
    /// Somebody hostile is connected.
    pub(crate) hostile: bool,
    /// The world is run again without who is hostile: nobody else is to notice any difference.
    pub(crate) twice: bool,
}

impl Kind {
    pub(crate) const fn of(seed: u64) -> Self {
        let mut random = Random::new(seed ^ KINDS);
        let (numbers, tells, hostile) = (random.percent(35), random.percent(35), random.percent(25));
        Self { numbers, tells, hostile, twice: hostile && random.percent(40) }
    }

    /// Who is hostile may take a call that rings, if anybody may.
    pub(crate) const fn picks_up(self) -> bool {
        !self.hostile && !self.twice
    }
}
