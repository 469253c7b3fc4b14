use super::Server;
use crate::sorted::sorted;
use crate::{Instant, Random};
use alloc::vec::Vec;
use core::time::Duration;

/// Which server the transport leads to, and which ones follow in this round (RFC 2782, RFC 3263 4.3).
///
/// | Row | On | Does |
/// | --- | --- | --- |
/// | SV1 | a round begins | draws an order: by priority, and by chance and weight among equals |
/// | SV2 | the server cannot be opened, dies young, or does not answer REGISTER | the next one, at once |
/// | SV3 | that was the last one | a new round, after the back-off of [`super::link::Link`] |
/// | SV4 | one that was good dies | a new round at once, in which it comes last |
/// | SV5 | another than the best is open for its time | a new round at once, which begins with the best |
/// | SV6 | the same, in a call | waits for that time again |
/// | SV7 | the best could not be opened when it was returned to | the next one, and waits twice as long |
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Servers {
    order: Vec<usize>,
    at: usize,
    /// When it is time to return to the best.
    back: Option<Instant>,
    /// How often it was tried to return, since the best was open.
    returns: u32,
}

/// A return is put off up to so many doublings: one in vain costs seconds in which nobody can call.
const MAX_DOUBLINGS: u32 = 4;

impl Servers {
    /// Begins a round. `last`: the one that is open now comes last.
    pub(super) fn begin(&mut self, servers: &[Server], random: &mut Random, last: bool) {
        let dead = last.then(|| self.current());
        self.order = draw(servers, random);
        if let Some(dead) = dead
            && self.order.contains(&dead)
        {
            self.order.retain(|index| *index != dead);
            self.order.push(dead);
        }
        self.at = 0;
        self.back = None;
    }

    /// Whether the order is one of so many servers.
    pub(super) const fn fits(&self, servers: &[Server]) -> bool {
        self.order.len() == servers.len()
    }

    /// The one to open.
    pub(super) fn current(&self) -> usize {
        self.order.get(self.at).copied().unwrap_or_default()
    }

    /// Whether another one is left in this round.
    pub(super) const fn has_next(&self) -> bool {
        self.at.saturating_add(1) < self.order.len()
    }

    /// Goes to the next one; `false`: the round is over.
    pub(super) const fn advance(&mut self) -> bool {
        self.back = None;
        let next = self.has_next();
        if next {
            self.at = self.at.saturating_add(1);
        }
        next
    }

    /// Whether there is more than one.
    pub(super) const fn are_several(&self) -> bool {
        self.order.len() > 1
    }

    /// The current one is open: it is left again after a time if there are better ones.
    pub(super) fn opened(&mut self, servers: &[Server], after: Duration, now: Instant, random: &mut Random) {
        let own = servers.get(self.current()).map(|server| server.priority);
        let is_best = servers.iter().all(|server| own.is_none_or(|own| own <= server.priority));
        if is_best {
            self.back = None;
            self.returns = 0;
        } else {
            self.put_off(after, now, random);
        }
    }

    /// Begins a round because it is time to return to the best.
    pub(super) fn go_back(&mut self, servers: &[Server], random: &mut Random) {
        self.begin(servers, random, false);
        self.returns = self.returns.saturating_add(1);
    }

    /// It is no time to return now.
    pub(super) fn put_off(&mut self, after: Duration, now: Instant, random: &mut Random) {
        self.back = Some(now + random.jitter(after.saturating_mul(1 << self.returns.min(MAX_DOUBLINGS))));
    }

    /// When it is time to return to a better one.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.back
    }
}

/// All servers in the order in which they are tried (RFC 2782).
fn draw(servers: &[Server], random: &mut Random) -> Vec<usize> {
    // Those of no weight stand first: they are chosen when the lot falls on zero.
    let mut left = sorted(servers.iter().copied().enumerate().collect(), |(place, one), (other_place, other)| {
        (one.priority, one.weight > 0, place).cmp(&(other.priority, other.weight > 0, other_place))
    });
    let mut order = Vec::new();
    while let Some((_, first)) = left.first() {
        let equals = || left.iter().take_while(|(_, server)| server.priority == first.priority);
        let total: u64 = equals().map(|(_, server)| u64::from(server.weight)).sum();
        // No lot is drawn where there is no choice.
        let lot = if equals().count() > 1 { random.below(total.saturating_add(1)) } else { 0 };
        let mut sum = 0;
        let chosen = equals().position(|(_, server)| {
            sum += u64::from(server.weight);
            sum >= lot
        });
        order.push(left.remove(chosen.unwrap_or_default()).0);
    }
    order
}
