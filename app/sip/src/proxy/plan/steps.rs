//! How a [`Plan`] goes on.

use super::{Diverted, End, Link, MAX_DIVERSIONS, MAX_NESTED, MAX_TRIES, Order, Plan, State, Try};
use crate::message::Status;
use crate::proxy::route::{Group, Order as Turns, Rules};
use crate::time::Instant;
use alloc::string::String;
use alloc::vec::Vec;

impl Plan {
    pub(super) fn person(&mut self, target: usize, rules: Rules, now: Instant, orders: &mut Vec<Order>) {
        let Some(one) = self.tries.get(target) else {
            return;
        };
        let (member, free) = (one.link == Link::Member, self.rules && one.link != Link::Member);
        if free && let Some(to) = rules.always {
            return self.divert(target, to, Diverted::Always, now, orders);
        }
        if self.rules && rules.do_not_disturb {
            return match rules.busy {
                Some(to) if free => self.divert(target, to, Diverted::Busy, now, orders),
                Some(_) | None => {
                    if let Some(one) = self.tries.get_mut(target) {
                        one.quiet = true;
                    }
                    let status = if member { Status::TEMPORARILY_UNAVAILABLE } else { Status::BUSY_HERE };
                    orders.push(Order::Missed(status));
                    self.close(target, now, orders);
                }
            };
        }
        let time = rules.ringing.filter(|_| self.rules).or(self.ringing);
        if let Some(one) = self.tries.get_mut(target) {
            if !member {
                one.until = time.map(|time| now + time);
            }
            one.state = State::Ringing { rules, moved: Vec::new(), rang: false, end: None };
            orders.push(Order::Ring { target });
        }
    }

    pub(super) fn group(&mut self, target: usize, group: Group, now: Instant, orders: &mut Vec<Order>) {
        if self.ancestors(target).filter(|one| matches!(one.state, State::Group { .. })).count() >= MAX_NESTED {
            orders.push(Order::Missed(Status::LOOP_DETECTED));
            return self.close(target, now, orders);
        }
        let Group { members, order, ringing, otherwise } = group;
        let order = if self.rules { order } else { Turns::AtOnce };
        let ringing = ringing.filter(|_| self.rules).or(self.ringing);
        if let Some(one) = self.tries.get_mut(target) {
            if order == Turns::AtOnce {
                one.until = one.until.into_iter().chain(ringing.map(|time| now + time)).min();
            }
            one.state = State::Group { members, order, ringing, otherwise };
        }
        self.advance(target, now, orders);
    }

    /// Goes on where nothing is waited for below a number.
    pub(super) fn advance(&mut self, target: usize, now: Instant, orders: &mut Vec<Order>) {
        if self.waits_below(target) {
            return;
        }
        let Some(one) = self.tries.get(target) else {
            return;
        };
        match &one.state {
            State::Ringing { moved, end, rules, .. } => match end {
                _ if !moved.is_empty() => self.follow(target, now, orders),
                Some(end) => {
                    let next = rules.clone().after(*end).filter(|_| self.rules && one.link != Link::Member);
                    self.go_on(target, next, now, orders);
                }
                None => {}
            },
            State::Group { members, otherwise, .. } => {
                if !members.is_empty() {
                    return self.call_members(target, now, orders);
                }
                let next = otherwise.clone().filter(|_| self.rules && one.link != Link::Member);
                self.go_on(target, next.map(|to| (to, Diverted::Unanswered)), now, orders);
            }
            State::Diverted => self.close(target, now, orders),
            State::Asked(_) | State::Over => {}
        }
    }

    fn go_on(&mut self, target: usize, to: Option<(String, Diverted)>, now: Instant, orders: &mut Vec<Order>) {
        match to {
            Some((to, why)) => self.divert(target, to, why, now, orders),
            None => self.close(target, now, orders),
        }
    }

    fn call_members(&mut self, target: usize, now: Instant, orders: &mut Vec<Order>) {
        loop {
            let Some(Try { state: State::Group { members, order, ringing, .. }, .. }) = self.tries.get_mut(target)
            else {
                return;
            };
            if members.is_empty() {
                break;
            }
            let (next, order, ringing) = (members.remove(0), *order, *ringing);
            let known = self.tries.iter().any(|one| one.user == next);
            if known || (self.rules && next == self.caller) || self.tries.len() >= MAX_TRIES {
                continue;
            }
            self.try_at(target, next, Link::Member, orders);
            if order == Turns::InTurn {
                if let Some(one) = self.tries.last_mut() {
                    one.until = ringing.map(|time| now + time);
                }
                return;
            }
        }
        if !self.waits_below(target) {
            orders.push(Order::Missed(Status::TEMPORARILY_UNAVAILABLE));
            self.advance(target, now, orders);
        }
    }

    /// The next of the numbers that phones named.
    pub(super) fn follow(&mut self, target: usize, now: Instant, orders: &mut Vec<Order>) {
        let Some(Try { state: State::Ringing { moved, rang, .. }, .. }) = self.tries.get_mut(target) else {
            return;
        };
        if moved.is_empty() {
            return;
        }
        let (batch, rang) = (moved.remove(0), *rang);
        for to in batch {
            match self.refused(target, &to) {
                Some(status) => orders.push(Order::Missed(status)),
                None => {
                    orders.push(Order::TellDiverted);
                    self.try_at(target, to, Link::Diverted(Diverted::Deflected { rang }), orders);
                }
            }
        }
        self.advance(target, now, orders);
    }

    fn divert(&mut self, target: usize, to: String, why: Diverted, now: Instant, orders: &mut Vec<Order>) {
        if let Some(status) = self.refused(target, &to) {
            orders.push(Order::Missed(status));
            return self.close(target, now, orders);
        }
        if let Some(one) = self.tries.get_mut(target) {
            one.until = None;
            one.state = State::Diverted;
        }
        orders.push(Order::TellDiverted);
        self.try_at(target, to, Link::Diverted(why), orders);
    }

    /// Why a call does not go on to that number (P14, P15).
    fn refused(&self, target: usize, to: &str) -> Option<Status> {
        let way = || self.tries.get(target).into_iter().chain(self.ancestors(target));
        if way().any(|one| one.user == to) {
            return Some(Status::LOOP_DETECTED);
        }
        let diversions = way().filter(|one| matches!(one.link, Link::Diverted(_))).count();
        (diversions >= MAX_DIVERSIONS || self.tries.len() >= MAX_TRIES).then_some(Status::TOO_MANY_HOPS)
    }

    fn try_at(&mut self, parent: usize, user: String, link: Link, orders: &mut Vec<Order>) {
        let target = self.tries.len();
        orders.push(Order::Ask { target, user: user.clone() });
        self.tries.push(Try::new(Some(parent), user, link));
    }

    pub(super) fn close(&mut self, target: usize, now: Instant, orders: &mut Vec<Order>) {
        let Some(one) = self.tries.get_mut(target) else {
            return;
        };
        one.end();
        if let Some(parent) = one.parent {
            self.advance(parent, now, orders);
        }
    }

    pub(super) fn stop_below(&mut self, target: usize, orders: &mut Vec<Order>) {
        for below in target + 1..self.tries.len() {
            let is_below = self.climb(below).any(|above| above == target);
            if let Some(one) = self.tries.get_mut(below).filter(|one| is_below && one.is_open()) {
                if matches!(one.state, State::Ringing { .. }) {
                    orders.push(Order::Stop { target: below });
                }
                one.end();
            }
        }
    }

    pub(super) fn waits_below(&self, target: usize) -> bool {
        self.tries.iter().any(|one| one.parent == Some(target) && one.is_open())
    }

    fn ancestors(&self, target: usize) -> impl Iterator<Item = &Try> {
        self.climb(target).filter_map(|above| self.tries.get(above))
    }

    fn climb(&self, target: usize) -> impl Iterator<Item = usize> {
        let parent = |of: usize| self.tries.get(of).and_then(|one| one.parent);
        core::iter::successors(parent(target), move |above| parent(*above))
    }
}

impl Rules {
    /// Where a call goes whose phones ended like that.
    fn after(self, end: End) -> Option<(String, Diverted)> {
        match end {
            End::Busy => Some((self.busy?, Diverted::Busy)),
            End::Unanswered => Some((self.unanswered?, Diverted::Unanswered)),
            End::Unreachable => Some((self.unreachable?, Diverted::Unreachable)),
            End::Unheard => match self.unreachable {
                Some(to) => Some((to, Diverted::Unreachable)),
                None => Some((self.unanswered?, Diverted::Unanswered)),
            },
            End::Failed => None,
        }
    }
}
