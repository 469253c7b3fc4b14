//! How well a call is heard, as its page measures it. Whole numbers, so that every page draws them alike.

use crate::phone::CallKey;

/// How well calls are heard, by call.
pub type Qualities = Vec<(CallKey, Quality)>;

/// How well one call is heard here, over the last seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// What people would say of the sound, in tenths: from 10 (bad) to 45 (excellent). An estimate (ITU-T G.107).
    pub score: u8,
    /// How many of a thousand packets did not arrive here.
    pub lost: u16,
    /// How many of a thousand of ours did not arrive there, as far as the other end says so.
    pub lost_there: Option<u16>,
    /// How much the time varies that packets take, in milliseconds.
    pub jitter: u16,
    /// How long it takes there and back, in milliseconds, if it is known.
    pub round_trip: Option<u16>,
    /// What the sound is encoded with, such as `opus`; empty if it is not known.
    pub codec: String,
    /// Whether it goes through a relay (TURN).
    pub relayed: bool,
    /// The scores so far, oldest first: one for every [`Quality::STEP`] seconds.
    pub course: Vec<u8>,
}

/// What there is to say of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Nobody complains.
    Good,
    /// Some hear that it is not at its best.
    Fair,
    /// Many are annoyed.
    Poor,
    /// Hardly to be understood.
    Bad,
}

impl Quality {
    /// How many seconds there are from one measurement to the next.
    pub const STEP: u32 = 2;
    /// How many scores are kept at most.
    pub const COURSE: usize = 90;
    /// The worst and the best score.
    pub const RANGE: (u8, u8) = (10, 45);

    /// What there is to say of its score.
    #[must_use]
    pub const fn grade(&self) -> Grade {
        match self.score {
            40.. => Grade::Good,
            36..=39 => Grade::Fair,
            26..=35 => Grade::Poor,
            0..=25 => Grade::Bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_has_its_grade() {
        let grade = |score| Quality { score, ..Quality::default() }.grade();
        assert_eq!(
            [44, 40, 39, 36, 35, 26, 25, 10].map(grade),
            [Grade::Good, Grade::Good, Grade::Fair, Grade::Fair, Grade::Poor, Grade::Poor, Grade::Bad, Grade::Bad,]
        );
    }
}
