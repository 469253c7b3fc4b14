//! How well a call is heard, as its page measures it. Whole numbers, so that every page draws them alike.

use crate::phone::CallKey;
use serde::{Deserialize, Serialize};

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

/// How well one call was heard so far: sums, whose means the server takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How often it was measured.
    pub count: u32,
    /// The sum of [`Quality::score`].
    pub score: u32,
    /// The worst score.
    pub worst: u8,
    /// The sum of [`Quality::lost`].
    pub lost: u32,
    /// The sum of [`Quality::jitter`].
    pub jitter: u32,
    /// How often the round trip was known.
    pub round_trips: u32,
    /// The sum of [`Quality::round_trip`].
    pub round_trip: u32,
    /// The last [`Quality::codec`].
    pub codec: String,
}

impl Tally {
    /// Counts one measurement in. Sums of a call that lasts for weeks stay where they are.
    pub fn add(&mut self, quality: &Quality) {
        let add = |sum: &mut u32, value: u16| *sum = sum.saturating_add(value.into());
        let none = self.count == 0;
        add(&mut self.count, 1);
        add(&mut self.score, quality.score.into());
        self.worst = if none { quality.score } else { self.worst.min(quality.score) };
        add(&mut self.lost, quality.lost);
        add(&mut self.jitter, quality.jitter);
        if let Some(time) = quality.round_trip {
            add(&mut self.round_trips, 1);
            add(&mut self.round_trip, time);
        }
        self.codec.clone_from(&quality.codec);
    }
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
        Grade::of(self.score)
    }
}

impl Grade {
    /// What there is to say of this score.
    #[must_use]
    pub const fn of(score: u8) -> Self {
        match score {
            40.. => Self::Good,
            36..=39 => Self::Fair,
            26..=35 => Self::Poor,
            0..=25 => Self::Bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_keeps_sums_and_the_worst() {
        let mut tally = Tally::default();
        for (score, round_trip) in [(44, None), (20, Some(30)), (38, Some(50))] {
            tally.add(&Quality { score, lost: 10, jitter: 3, round_trip, codec: "opus".into(), ..Quality::default() });
        }
        let Tally { count, score, worst, lost, jitter, round_trips, round_trip, codec } = tally;
        assert_eq!((count, score, worst, lost, jitter), (3, 102, 20, 30, 9));
        assert_eq!((round_trips, round_trip, &*codec), (2, 80, "opus"));
    }

    #[test]
    fn a_score_has_its_grade() {
        let grade = |score| Quality { score, ..Quality::default() }.grade();
        assert_eq!(
            [44, 40, 39, 36, 35, 26, 25, 10].map(grade),
            [Grade::Good, Grade::Good, Grade::Fair, Grade::Fair, Grade::Poor, Grade::Poor, Grade::Bad, Grade::Bad,]
        );
    }
}
