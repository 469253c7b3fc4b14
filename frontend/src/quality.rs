use crate::media::Statistics;
use app::quality::{Quality, Tally};
use core::time::Duration;
use sip::Instant;

/// How long it is from one measurement to the next.
const STEP: Duration = Duration::from_secs(Quality::STEP as u64);
/// What a browser adds to the way of the sound by itself, in milliseconds: encoding, and the least it plays behind.
const OWN_DELAY: f64 = 30.0;
/// How well the loss of packets is concealed (ITU-T G.113, Bpl), as browsers do it.
const CONCEALMENT: f64 = 20.0;

/// Measures how well one call is heard.
///
/// | Row | On | Does |
/// | --- | --- | --- |
/// | QU1 | the call is connected | is due at once, then every [`STEP`] |
/// | QU2 | the first count of a connection, or one that is below the one before | begins to compare with it |
/// | QU3 | a later count | the difference is the quality of the time between them |
/// | QU4 | nothing arrived, and nothing was due | no quality, and a gap in the course |
/// | QU5 | nothing arrived, although something was due | the worst there is |
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge {
    next: Option<Instant>,
    before: Option<Statistics>,
    quality: Option<Quality>,
    course: Vec<u8>,
}

impl Gauge {
    /// When [`Gauge::is_due`] is to be asked, of a call that is connected.
    pub(crate) fn deadline(&self) -> Instant {
        self.next.unwrap_or(Instant::from_millis(0))
    }

    /// Whether the connection is to be counted now; the next time is set.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.next.is_none_or(|next| next <= now);
        if due {
            self.next = Some(now + STEP);
        }
        due
    }

    /// What was counted; what came of it is added to the tally. `due`: whether sound of theirs is expected.
    pub(crate) fn count(&mut self, counted: &Statistics, due: bool, tally: &mut Tally) {
        let before = self.before.replace(counted.clone());
        let Some(before) = before.filter(|before| before.sound.arrived <= counted.sound.arrived) else { return };
        let arrived = counted.sound.arrived - before.sound.arrived;
        let missing = counted.sound.lost.saturating_sub(before.sound.lost);
        if arrived == 0 && !due {
            self.quality = None;
            return;
        }
        let (lost, score) = if arrived == 0 {
            (1.0, Quality::RANGE.0)
        } else {
            let lost = missing as f64 / (arrived + missing) as f64;
            (lost, score(lost, counted.sound.jitter, counted.round_trip.unwrap_or_default()))
        };
        if self.course.len() >= Quality::COURSE {
            self.course.remove(0);
        }
        self.course.push(score);
        let quality = Quality {
            score,
            lost: whole(lost * 1_000.0),
            lost_there: counted.lost_there.map(|lost| whole(lost * 1_000.0)),
            jitter: whole(counted.sound.jitter),
            round_trip: counted.round_trip.map(whole),
            codec: counted.sound.codec.clone(),
            relayed: counted.relayed,
            course: self.course.clone(),
        };
        tally.add(&quality);
        self.quality = Some(quality);
    }

    /// What came of it last.
    pub(crate) const fn quality(&self) -> Option<&Quality> {
        self.quality.as_ref()
    }
}

/// The estimate of ITU-T G.107 (the E-model) with its defaults, for what is known here: the part of packets that was
/// lost, and in milliseconds how their time varies and how long it takes there and back.
fn score(lost: f64, jitter: f64, round_trip: f64) -> u8 {
    // What varies is waited for; twice of it covers nearly all.
    let delay = round_trip / 2.0 + 2.0 * jitter + OWN_DELAY;
    let impaired = 0.024 * delay + if delay > 177.3 { 0.11 * (delay - 177.3) } else { 0.0 };
    let percent = lost * 100.0;
    let concealed = 95.0 * percent / (percent + CONCEALMENT);
    let rating = (93.2 - impaired - concealed).clamp(0.0, 100.0);
    let opinion = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7.0e-6;
    let (least, most) = Quality::RANGE;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped")]
    let tenths = (opinion * 10.0 + 0.5).clamp(f64::from(least), f64::from(most)) as u8;
    tenths
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
fn whole(value: f64) -> u16 {
    (value + 0.5) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Sound;

    fn counted(arrived: u64, lost: u64) -> Statistics {
        Statistics {
            sound: Sound { arrived, lost, jitter: 2.0, codec: "opus".into() },
            round_trip: Some(20.0),
            ..Statistics::default()
        }
    }

    #[test]
    fn a_call_is_measured_at_once_and_then_step_by_step_qu1() {
        let mut gauge = Gauge::default();
        let now = Instant::from_millis(500);
        assert!(gauge.deadline() <= now);
        assert!(gauge.is_due(now));
        assert!(!gauge.is_due(now + STEP / 2));
        assert_eq!(gauge.deadline(), now + STEP);
        assert!(gauge.is_due(now + STEP));
    }

    #[test]
    fn what_arrived_between_two_counts_is_judged_qu2_qu3() {
        let (mut gauge, mut tally) = (Gauge::default(), Tally::default());
        gauge.count(&counted(1_000, 900), true, &mut tally);
        assert_eq!(gauge.quality(), None, "what was before is of no interest");
        gauge.count(&counted(1_100, 900), true, &mut tally);
        let quality = gauge.quality().cloned().unwrap();
        assert_eq!((quality.score, quality.lost, quality.round_trip), (44, 0, Some(20)));
        gauge.count(&counted(1_195, 905), true, &mut tally);
        let quality = gauge.quality().cloned().unwrap();
        assert_eq!((quality.lost, quality.course.len()), (50, 2));
        assert!(quality.score < 40, "{quality:?}");
        // A fresh connection counts from the beginning.
        gauge.count(&counted(10, 0), true, &mut tally);
        assert_eq!(gauge.quality(), Some(&quality));
        assert_eq!((tally.count, tally.lost, tally.worst), (2, 50, quality.score), "each is in the tally once");
    }

    #[test]
    fn silence_is_bad_only_where_sound_is_due_qu4_qu5() {
        let (mut gauge, mut tally) = (Gauge::default(), Tally::default());
        gauge.count(&counted(10, 0), true, &mut tally);
        gauge.count(&counted(10, 0), true, &mut tally);
        assert_eq!(gauge.quality().map(|quality| (quality.score, quality.lost)), Some((10, 1_000)));
        gauge.count(&counted(10, 0), false, &mut tally);
        assert_eq!(gauge.quality(), None);
    }

    #[test]
    fn more_loss_delay_or_jitter_is_never_better() {
        let mut least = u8::MAX;
        for lost in 0..=40 {
            let now = score(f64::from(lost) / 100.0, 5.0, 50.0);
            assert!(now <= least);
            least = now;
        }
        assert!(least <= 15, "{least}");
        assert!(score(0.0, 0.0, 0.0) > score(0.0, 0.0, 800.0));
        assert!(score(0.0, 5.0, 50.0) > score(0.0, 200.0, 50.0));
    }

    #[test]
    fn the_course_is_bounded() {
        let (mut gauge, mut tally) = (Gauge::default(), Tally::default());
        for n in 0..1_000 {
            gauge.count(&counted(n * 100, 0), true, &mut tally);
        }
        assert_eq!(gauge.quality().unwrap().course.len(), Quality::COURSE);
    }
}
