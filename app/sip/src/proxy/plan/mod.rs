mod steps;

use super::route::{Destination, Order as Turns, Route, Rules};
use super::{Party, QuestionId};
use crate::message::Status;
use crate::time::Instant;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// How often a call is diverted at most, from the number that was dialled on.
const MAX_DIVERSIONS: usize = 5;
/// How many groups may stand in each other.
const MAX_NESTED: usize = 3;
/// How many numbers one call is tried at, all in all.
const MAX_TRIES: usize = 48;

/// The numbers that a request is tried at, one after the other or at once: a tree, from the one that was dialled. It
/// says what is to be done, and [`super::response_context`] does it and tells how it ended.
///
/// | Row | A number | On | Does | Then |
/// | --- | --- | --- | --- | --- |
/// | P1 | Asked | nobody has it, or a service of the exchange, which only who dials it gets | counts as 404 | Over |
/// | P2 | Asked | a person's, `always` | on to that number | Diverted |
/// | P3 | Asked | a person's, do not disturb | on to the number of `busy`, or counts as 486 | Diverted, Over |
/// | P3 | Asked | a person's, no call waiting, and they have another call | as with do not disturb; P5 for a member | Diverted, Over |
/// | P4 | Asked | a person's | the phones ring, for the person's time, or the proxy's where that is not said | Ringing |
/// | P5 | Asked | a member's, do not disturb | left out | Over |
/// | P6 | Asked | a group's | its members are asked for, all or the first; each once, and never the caller | Group |
/// | P7 | Ringing | refused, rung out, not there; there is a number for that | on to that number | Diverted |
/// | P8 | Ringing | the same without such a number, of a member, or any other failure | – | Over |
/// | P9 | Ringing | a phone names other numbers (3xx) | they are tried beside the other phones, the preferred first | Ringing |
/// | P10 | Ringing | its time | its phones are stopped, which ends as P7 or P8 | Ringing |
/// | P11 | Group, in turn | a member is over | the next one | Group |
/// | P12 | Group | all members are over, or its time is: those who ring are stopped | on to `otherwise`, if it is no member | Diverted, Over |
/// | P13 | Diverted | there it is over | – | Over |
/// | P14 | any | the next number is on the way here already | counts as 482 | Over |
/// | P15 | any | it was diverted five times | counts as 483 | Over |
/// | P16 | any | the call was answered, cancelled, or takes too long for its caller | – | Over |
/// | P17 | Ringing | all its phones were called by another number before | counts as nothing | Over |
///
/// Do not disturb is told as 486, not as 480: it is what phones that have such a key answer, the caller hears the busy
/// tone and knows that somebody is there, and 480 means that no phone is on. A member's own diversions are not
/// followed in a group: they would take the call away from the others.
///
/// Requests that are no calls go to the phones of the person, or of all members; no rule is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Plan {
    /// Whether people's rules are followed.
    rules: bool,
    /// How long phones ring when nobody says otherwise.
    ringing: Option<Duration>,
    caller: String,
    tries: Vec<Try>,
}

/// A number that is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Try {
    parent: Option<usize>,
    user: String,
    link: Link,
    /// Whose it is, once that is known.
    party: Option<Party>,
    /// How many phones were called here.
    phones: usize,
    until: Option<Instant>,
    state: State,
    /// It is a person's.
    #[cfg_attr(feature = "serde", serde(default))]
    person: bool,
    /// They are not to be disturbed, and the call did not go on for them.
    #[cfg_attr(feature = "serde", serde(default))]
    quiet: bool,
}

/// How a number came out of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Link {
    /// The caller dialled it.
    Dialled,
    /// It is a member of that group.
    Member,
    /// The call was diverted there.
    Diverted(Diverted),
}

/// Why a call was diverted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Diverted {
    Always,
    Busy,
    Unanswered,
    Unreachable,
    /// A phone said so (3xx), after it rang or at once.
    Deflected {
        rang: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum State {
    Asked(Option<QuestionId>),
    Ringing {
        rules: Rules,
        /// Where its phones say that the person is: what is preferred first, what is equal together.
        moved: Vec<Vec<String>>,
        rang: bool,
        end: Option<End>,
    },
    Group {
        /// Who was not tried yet.
        members: Vec<String>,
        order: Turns,
        ringing: Option<Duration>,
        otherwise: Option<String>,
    },
    Diverted,
    Over,
}

/// How the phones of a number ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum End {
    /// The person refused, or talks.
    Busy,
    /// They rang, and nobody came.
    Unanswered,
    /// The time is over, and none of them ever rang.
    Unheard,
    /// There is none, or all of them are gone.
    Unreachable,
    /// Anything else, which leads nowhere.
    Failed,
}

/// A person whom a call was for.
pub(super) struct Person<'a> {
    /// By which number.
    pub(super) target: usize,
    pub(super) party: &'a Party,
    /// Not to be disturbed.
    pub(super) quiet: bool,
    /// The number that the call went on to.
    pub(super) sent_on: Option<&'a str>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Ask whose number it is.
    Ask { target: usize, user: String },
    /// Call the phones of its user.
    Ring { target: usize },
    /// Cancel those.
    Stop { target: usize },
    /// Tell the caller that the call is diverted.
    TellDiverted,
    /// This counts as a failure.
    Missed(Status),
}

/// One number on the way of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) user: String,
    /// The name of the directory.
    pub(super) name: Option<String>,
    /// Its index (RFC 7044 10.3).
    pub(super) index: String,
    /// How it came out of the one before.
    pub(super) link: Link,
}

impl Plan {
    /// A plan for what `caller` dialled. `rules`: whether people's rules are followed; `ringing`: how long phones ring
    /// when nobody says otherwise.
    pub(super) fn new(user: String, caller: String, rules: bool, ringing: Option<Duration>) -> Self {
        let first = Try::new(None, user, Link::Dialled);
        Self { rules, ringing, caller, tries: Vec::from([first]) }
    }

    /// Under which name it was asked for.
    pub(super) fn asked(&mut self, target: usize, question: QuestionId) {
        if let Some(Try { state: State::Asked(open), .. }) = self.tries.get_mut(target) {
            *open = Some(question);
        }
    }

    /// The questions that are open, and for whom.
    pub(super) fn questions(&self) -> impl Iterator<Item = (QuestionId, usize, &str)> {
        self.tries.iter().enumerate().filter_map(|(target, one)| match one.state {
            State::Asked(question) => Some((question?, target, one.user.as_str())),
            State::Ringing { .. } | State::Group { .. } | State::Diverted | State::Over => None,
        })
    }

    /// Whose number it is (P1 to P6).
    pub(super) fn located(&mut self, target: usize, route: Option<Route>, now: Instant, orders: &mut Vec<Order>) {
        if !matches!(self.tries.get(target), Some(Try { state: State::Asked(_), .. })) {
            return;
        }
        let Some(Route { party, destination }) = route else {
            orders.push(Order::Missed(Status::NOT_FOUND));
            return self.close(target, now, orders);
        };
        if let Some(one) = self.tries.get_mut(target) {
            one.party = Some(party);
            one.person = matches!(destination, Destination::User(_));
        }
        match destination {
            Destination::User(rules) => self.person(target, rules, now, orders),
            Destination::Group(group) => self.group(target, group, now, orders),
            Destination::Service | Destination::PickUp(_) => {
                orders.push(Order::Missed(Status::NOT_FOUND));
                self.close(target, now, orders);
            }
        }
    }

    /// So many phones were called.
    pub(super) fn rings(&mut self, target: usize, phones: usize) {
        if let Some(one) = self.tries.get_mut(target) {
            one.phones = phones;
        }
    }

    /// All phones of a number are over, or given up.
    pub(super) fn ended(&mut self, target: usize, how: End, now: Instant, orders: &mut Vec<Order>) {
        if let Some(Try { state: State::Ringing { end, .. }, .. }) = self.tries.get_mut(target) {
            *end = Some(how);
            self.advance(target, now, orders);
        }
    }

    /// Whether the phones of a number may name others; those of a member only where the person decided so.
    pub(super) fn follows(&self, target: usize, decided: bool) -> bool {
        let one = self.tries.get(target);
        let may = |one: &Try| matches!(one.state, State::Ringing { .. }) && (decided || one.link != Link::Member);
        self.rules && one.is_some_and(may)
    }

    /// Whether the number is one of several that are called as one.
    pub(super) fn is_member(&self, target: usize) -> bool {
        self.tries.get(target).is_some_and(|one| one.link == Link::Member)
    }

    /// A phone names other numbers (P9).
    pub(super) fn moved(&mut self, target: usize, to: Vec<Vec<String>>, now: Instant, orders: &mut Vec<Order>) {
        if let Some(Try { state: State::Ringing { moved, .. }, .. }) = self.tries.get_mut(target) {
            moved.extend(to);
            if !self.waits_below(target) {
                self.follow(target, now, orders);
            }
        }
    }

    /// A phone of that number rings.
    pub(super) fn rang(&mut self, target: usize) {
        if let Some(Try { state: State::Ringing { rang, .. }, .. }) = self.tries.get_mut(target) {
            *rang = true;
        }
    }

    /// Does what is due (P10, P12).
    pub(super) fn timeout(&mut self, now: Instant, orders: &mut Vec<Order>) {
        for target in 0..self.tries.len() {
            let Some(one) = self.tries.get_mut(target).filter(|one| one.until.is_some_and(|at| at <= now)) else {
                continue;
            };
            one.until = None;
            match &mut one.state {
                State::Asked(_) => {
                    orders.push(Order::Missed(Status::REQUEST_TIMEOUT));
                    self.close(target, now, orders);
                }
                State::Ringing { .. } => orders.push(Order::Stop { target }),
                State::Group { members, .. } => {
                    members.clear();
                    self.stop_below(target, orders);
                    self.advance(target, now, orders);
                }
                State::Diverted | State::Over => {}
            }
        }
    }

    /// When [`Self::timeout`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.tries.iter().filter_map(|one| one.until).min()
    }

    /// Nothing more is tried (P16).
    pub(super) fn finish(&mut self) {
        for one in &mut self.tries {
            one.end();
        }
    }

    /// Whether something is still tried.
    pub(super) fn is_open(&self) -> bool {
        self.tries.iter().any(Try::is_open)
    }

    /// Whose number it is.
    pub(super) fn party(&self, target: usize) -> Option<&Party> {
        self.tries.get(target)?.party.as_ref()
    }

    /// Everybody whom the call was for, so far.
    pub(super) fn people(&self) -> impl Iterator<Item = Person<'_>> {
        self.tries.iter().enumerate().filter(|(_, one)| one.person).filter_map(|(target, one)| {
            let next = |other: &&Try| other.parent == Some(target) && matches!(other.link, Link::Diverted(_));
            let sent_on = self.tries.iter().find(next).map(|next| next.user.as_str());
            Some(Person { target, party: one.party.as_ref()?, quiet: one.quiet, sent_on })
        })
    }

    /// The way of a call to a number, from the one that was dialled.
    pub(super) fn path(&self, target: usize) -> Vec<Step> {
        let Some(one) = self.tries.get(target) else {
            return Vec::new();
        };
        let mut path = one.parent.map(|parent| self.path(parent)).unwrap_or_default();
        let siblings = self.tries.iter().take(target + 1).filter(|other| other.parent == one.parent).count();
        let index = match path.last() {
            // The phones of the one before come first.
            Some(before) => {
                let phones = one.parent.and_then(|parent| self.tries.get(parent)).map_or(0, |parent| parent.phones);
                alloc::format!("{}.{}", before.index, phones + siblings)
            }
            None => "1".into(),
        };
        let name = one.party.as_ref().and_then(|party| party.name.clone());
        path.push(Step { user: one.user.clone(), name, index, link: one.link });
        path
    }
}

impl Try {
    const fn new(parent: Option<usize>, user: String, link: Link) -> Self {
        Self {
            parent,
            user,
            link,
            party: None,
            phones: 0,
            until: None,
            state: State::Asked(None),
            person: false,
            quiet: false,
        }
    }

    const fn is_open(&self) -> bool {
        match self.state {
            State::Asked(_) | State::Ringing { .. } | State::Group { .. } | State::Diverted => true,
            State::Over => false,
        }
    }

    fn end(&mut self) {
        self.until = None;
        self.state = State::Over;
    }
}
