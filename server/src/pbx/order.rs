//! In which order the addresses of a PBX are tried (RFC 2782).

use super::{Pbx, Target};
use crate::store::key::random;

/// All addresses of a PBX in the order in which they are tried now.
#[must_use]
pub fn in_order(pbx: &Pbx) -> Vec<&Target> {
    // Without random numbers it is the order in which they were written.
    order(pbx.targets(), |below| random::<4>().map_or(0, |bytes| u32::from_be_bytes(bytes) % below))
}

/// All of them: those of the lowest priority first, and among equals by chance and weight. `draw(n)` is a number below `n`.
///
/// | Row | Left | Next |
/// | --- | --- | --- |
/// | OR1 | several priorities | one of the lowest |
/// | OR2 | several of that one, with weights | by chance: one of weight 3 is three times as often before one of weight 1 |
/// | OR3 | only such without weight | as they were written |
fn order<'a>(targets: impl Iterator<Item = &'a Target>, mut draw: impl FnMut(u32) -> u32) -> Vec<&'a Target> {
    let mut left: Vec<&Target> = targets.collect();
    left.sort_by_key(|target| target.priority);
    let mut ordered = Vec::with_capacity(left.len());
    while let Some(first) = left.first() {
        let equals = left.iter().take_while(|target| target.priority == first.priority);
        let weights: Vec<u32> = equals.map(|target| u32::from(target.weight)).collect();
        let sum: u32 = weights.iter().sum();
        let mut lot = if sum == 0 { 0 } else { draw(sum) };
        let falls = |weight: &u32| {
            let here = lot < *weight;
            lot = lot.saturating_sub(*weight);
            here
        };
        let at = weights.iter().position(falls).unwrap_or(0);
        ordered.push(left.remove(at));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(texts: &[&str]) -> Vec<Target> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn hosts<'a>(ordered: &[&'a Target]) -> Vec<&'a str> {
        ordered.iter().map(|target| target.host.as_str()).collect()
    }

    #[test]
    fn or1_a_lower_priority_comes_first_whatever_the_weight() {
        let targets = targets(&["wss://b;priority=2;weight=100", "wss://a;priority=1"]);
        assert_eq!(hosts(&order(targets.iter(), |_| 0)), ["a", "b"]);
    }

    #[test]
    fn or2_among_equals_the_weight_is_the_chance() {
        let targets = targets(&["wss://a;weight=1", "wss://b;weight=3"]);
        let firsts: Vec<_> = (0..4).map(|lot| order(targets.iter(), |sum| lot % sum)[0].host.clone()).collect();
        assert_eq!(firsts, ["a", "b", "b", "b"]);
        assert!((0..4).all(|lot| order(targets.iter(), |sum| lot % sum).len() == 2));
    }

    #[test]
    fn or3_without_weights_they_stay_as_they_were_written() {
        let targets = targets(&["wss://a", "wss://b", "wss://c;priority=0"]);
        assert_eq!(hosts(&order(targets.iter(), |_| panic!("nothing is drawn"))), ["a", "b", "c"]);
    }
}
