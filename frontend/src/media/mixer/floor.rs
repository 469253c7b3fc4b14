use sip::agent::CallId;

/// How loud somebody is who speaks, in per cent of the ear's scale.
const SPEAKS: u8 = 33;
/// How often somebody has to be the loudest, and nobody else, before they have the floor: a cough is no speech.
const TIMES: u8 = 3;

/// Who of a conference has the floor: who spoke last, and who spoke first as long as several speak.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Floor {
    holder: Option<CallId>,
    /// Who is the loudest now, and how often they were.
    next: Option<(CallId, u8)>,
}

impl Floor {
    /// Who has it; nobody until somebody spoke.
    pub(super) const fn holder(&self) -> Option<CallId> {
        self.holder
    }

    /// All of the conference are so loud now, in per cent. Whether another one has the floor.
    pub(super) fn hear(&mut self, levels: &[(CallId, u8)]) -> bool {
        let before = self.holder;
        let of = |call: CallId| levels.iter().find(|(known, _)| *known == call).map(|(_, level)| *level);
        self.holder = self.holder.filter(|holder| of(*holder).is_some());
        let speaks = self.holder.and_then(of).is_some_and(|level| level >= SPEAKS);
        let loudest = levels.iter().filter(|(_, level)| *level >= SPEAKS && !speaks).max_by_key(|(_, level)| *level);
        self.next = match (loudest, self.next) {
            (Some((call, _)), Some((known, times))) if known == *call => Some((known, times + 1)),
            (Some((call, _)), _) => Some((*call, 1)),
            // Between two words nobody is loud.
            (None, next) => next.filter(|_| !speaks),
        };
        if let Some((call, TIMES)) = self.next {
            (self.holder, self.next) = (Some(call), None);
        }
        self.holder != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEN: CallId = CallId(1);
    const CLARA: CallId = CallId(2);

    fn hear(floor: &mut Floor, ben: u8, clara: u8) -> bool {
        floor.hear(&[(BEN, ben), (CLARA, clara)])
    }

    #[test]
    fn who_speaks_for_a_while_has_the_floor_and_keeps_it_in_a_pause() {
        let mut floor = Floor::default();
        assert_eq!((hear(&mut floor, 60, 0), hear(&mut floor, 60, 0), floor.holder()), (false, false, None));
        assert_eq!((hear(&mut floor, 60, 0), floor.holder()), (true, Some(BEN)));
        assert_eq!((hear(&mut floor, 0, 0), floor.holder()), (false, Some(BEN)));
    }

    #[test]
    fn a_cough_takes_it_from_nobody_and_nobody_is_interrupted() {
        let mut floor = Floor { holder: Some(BEN), next: None };
        for (ben, clara) in [(0, 60), (0, 60), (50, 0), (0, 60), (0, 60), (50, 90), (50, 90), (50, 90), (50, 90)] {
            assert!(!hear(&mut floor, ben, clara));
        }
        assert_eq!(floor.holder(), Some(BEN));
        assert_eq!([60, 0, 60, 0, 60].map(|clara| hear(&mut floor, 0, clara)), [false, false, false, false, true]);
        assert_eq!(floor.holder(), Some(CLARA));
    }

    #[test]
    fn who_left_has_it_no_more() {
        let mut floor = Floor { holder: Some(BEN), next: None };
        assert!(floor.hear(&[(CLARA, 0)]));
        assert_eq!(floor.holder(), None);
    }
}
