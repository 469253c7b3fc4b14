use super::party;
use sip::proxy::{Destination, Route, Rules};
use sip::{Duration, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// How long a call rings where nobody says otherwise.
pub(super) const RINGING: Duration = Duration::from_secs(45);
/// Who dials these is not disturbed any more, or is again.
pub(crate) const QUIET: &str = "*78";
const LOUD: &str = "*79";
/// Who dials this and a name takes the call that rings there.
pub(super) const PICK_UP: &str = "*8";

/// What numbers lead to, now and before.
#[derive(Default)]
pub(crate) struct Directory {
    routes: BTreeMap<String, Route>,
    /// What numbers led to, and until when.
    past: Vec<(Instant, String, Route)>,
}

/// Where a call may come to.
#[derive(Default)]
pub(super) struct Reach {
    /// Who may ring.
    pub(super) rings: BTreeSet<String>,
    /// How long anybody of them rings at most.
    pub(super) time: Duration,
    seen: BTreeSet<(String, bool)>,
}

impl Directory {
    pub(super) fn route(&self, number: &str) -> Option<Route> {
        if let Some(route) = self.routes.get(number) {
            return Some(route.clone());
        }
        let destination = match number.strip_prefix(PICK_UP) {
            _ if number == "nobody" => return None,
            _ if number == QUIET || number == LOUD => Destination::Service,
            Some(user) => Destination::PickUp(user.into()),
            None => return Some(party(number).into()),
        };
        Some(Route { party: party(number), destination })
    }

    pub(super) fn set(&mut self, number: &str, route: Route, now: Instant) {
        let Some(before) = self.route(number) else { return };
        self.past.push((now, number.into(), before));
        self.routes.insert(number.into(), route);
    }

    /// What a person wants now.
    pub(crate) fn rules(&self, user: &str) -> Rules {
        match self.routes.get(user).map(|route| &route.destination) {
            Some(Destination::User(rules)) => rules.clone(),
            Some(Destination::Group(_) | Destination::Service | Destination::PickUp(_)) | None => Rules::default(),
        }
    }

    /// Whoever ever wanted something.
    pub(super) fn users(&self) -> Vec<String> {
        let users = self.routes.iter().filter(|(_, route)| matches!(route.destination, Destination::User(_)));
        users.map(|(user, _)| user.clone()).collect()
    }

    /// Where a call to a number may have come to since, whatever was in force meanwhile.
    pub(super) fn reach(&self, number: &str, caller: &str, since: Instant) -> Reach {
        let mut reach = Reach { time: RINGING, ..Reach::default() };
        self.follow(number, false, caller, since, &mut reach);
        reach
    }

    fn follow(&self, number: &str, member: bool, caller: &str, since: Instant, reach: &mut Reach) {
        if !reach.seen.insert((number.into(), member)) {
            return;
        }
        let before = self.past.iter().filter(|(until, name, _)| *until >= since && name == number);
        for route in before.map(|(.., route)| route.clone()).chain(self.route(number)) {
            match route.destination {
                Destination::User(Rules {
                    do_not_disturb,
                    no_call_waiting: _,
                    always,
                    busy,
                    unanswered,
                    unreachable,
                    ringing,
                }) => {
                    let on = |to: Option<String>, reach: &mut Reach| {
                        if let Some(to) = to.filter(|_| !member) {
                            self.follow(&to, false, caller, since, reach);
                        }
                    };
                    if always.is_some() && !member {
                        on(always, reach);
                    } else if do_not_disturb {
                        on(busy, reach);
                    } else {
                        reach.rings.insert(route.party.user);
                        reach.time = reach.time.max(ringing.unwrap_or_default());
                        [busy, unanswered, unreachable].into_iter().for_each(|to| on(to, reach));
                    }
                }
                Destination::Group(group) => {
                    reach.time = reach.time.max(group.ringing.unwrap_or_default());
                    for name in group.members.iter().filter(|name| *name != caller) {
                        self.follow(name, true, caller, since, reach);
                    }
                    if let Some(otherwise) = group.otherwise.filter(|_| !member) {
                        self.follow(&otherwise, false, caller, since, reach);
                    }
                }
                Destination::Service | Destination::PickUp(_) => {}
            }
        }
    }
}
