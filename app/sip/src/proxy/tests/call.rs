//! A call on its way through a [`Plan`], and the response context that carries it out.

use super::brief;
use crate::message::{Response, Status};
use crate::proxy::plan::Plan;
use crate::proxy::response_context::{Action, ResponseContext};
use crate::proxy::{Destination, Group, Order, Party, Route, Rules};
use crate::time::Instant;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;
use std::format;
use std::string::{String, ToString};

pub(super) const RINGING: u64 = 45_000;

/// A call to `100` by `900`, in a directory; every number has one phone unless it is said to have more, or none.
pub(super) struct Call {
    pub(super) context: ResponseContext,
    pub(super) now: Instant,
    pub(super) directory: BTreeMap<String, Route>,
    phones: BTreeMap<String, usize>,
    /// The branches of each number, in the order they were called.
    branches: Vec<String>,
    asked: BTreeMap<usize, String>,
}

impl Call {
    pub(super) fn new() -> Self {
        Self::with(true)
    }

    pub(super) fn with(rules: bool) -> Self {
        let ringing = rules.then_some(Duration::from_millis(RINGING));
        let plan = Plan::new("100".into(), "900".into(), rules, ringing);
        let timer_c = rules.then_some(Duration::from_secs(181));
        Self {
            context: ResponseContext::planned(Some(plan), timer_c, None),
            now: Instant::from_millis(0),
            directory: BTreeMap::new(),
            phones: BTreeMap::new(),
            branches: Vec::new(),
            asked: BTreeMap::from([(0, "100".into())]),
        }
    }

    pub(super) fn rules(mut self, user: &str, rules: Rules) -> Self {
        let party = Party { user: user.into(), name: None };
        self.directory.insert(user.into(), Route { party, destination: Destination::User(rules) });
        self
    }

    pub(super) fn group(mut self, number: &str, order: Order, members: &[&str], otherwise: Option<&str>) -> Self {
        let members = members.iter().map(ToString::to_string).collect();
        let group =
            Group { members, order, ringing: Some(Duration::from_secs(20)), otherwise: otherwise.map(Into::into) };
        let party = Party { user: number.into(), name: None };
        self.directory.insert(number.into(), Route { party, destination: Destination::Group(group) });
        self
    }

    pub(super) fn phones(mut self, user: &str, phones: usize) -> Self {
        self.phones.insert(user.into(), phones);
        self
    }

    /// The call begins. What is done is told with the numbers: `100 rings`.
    pub(super) fn begin(&mut self) -> Vec<String> {
        let mut actions = Vec::new();
        let route = self.route("100");
        self.context.located(0, route, self.now, &mut actions);
        self.tell(actions)
    }

    pub(super) fn on(&mut self, user: &str, code: u16) -> Vec<String> {
        let branch = self.branches.iter().position(|number| number == user).unwrap();
        self.on_branch(branch, code)
    }

    pub(super) fn on_branch(&mut self, branch: usize, code: u16) -> Vec<String> {
        let mut actions = Vec::new();
        self.context.response(branch, Response::new(Status::new(code).unwrap()), self.now, &mut actions);
        self.tell(actions)
    }

    /// A phone names other numbers.
    pub(super) fn moves(&mut self, user: &str, to: &[&[&str]]) -> Vec<String> {
        let branch = self.branches.iter().position(|number| number == user).unwrap();
        assert!(self.context.follows(branch, false));
        let to = to.iter().map(|batch| batch.iter().map(ToString::to_string).collect()).collect();
        let mut actions = Vec::new();
        self.context.moved(branch, to, None, self.now, &mut actions);
        self.tell(actions)
    }

    /// The person at a phone sends the call elsewhere.
    pub(super) fn deflects(&mut self, branch: usize, to: &str) -> Vec<String> {
        assert!(self.context.follows(branch, true));
        let mut actions = Vec::new();
        self.context.deflected(branch, self.now, &mut actions);
        self.context.moved(branch, Vec::from([Vec::from([to.into()])]), None, self.now, &mut actions);
        self.tell(actions)
    }

    /// A phone is gone.
    pub(super) fn vanishes(&mut self, user: &str) -> Vec<String> {
        let branch = self.branches.iter().position(|number| number == user).unwrap();
        let mut actions = Vec::new();
        self.context.failed(branch, Status::TEMPORARILY_UNAVAILABLE, self.now, &mut actions);
        self.tell(actions)
    }

    pub(super) fn cancel(&mut self) -> Vec<String> {
        let mut actions = Vec::new();
        self.context.cancel(self.now, &mut actions);
        self.tell(actions)
    }

    pub(super) fn at(&mut self, millis: u64) -> Vec<String> {
        self.now = Instant::from_millis(millis);
        assert_eq!(self.context.deadline(), Some(self.now));
        let mut actions = Vec::new();
        self.context.timeout(self.now, &mut actions);
        self.tell(actions)
    }

    pub(super) fn route(&self, user: &str) -> Option<Route> {
        let plain = || Some(Party { user: user.into(), name: None }.into());
        if user == "nobody" { None } else { self.directory.get(user).cloned().or_else(plain) }
    }

    /// Does what is to be done, as the proxy would, and says what that was.
    pub(super) fn tell(&mut self, actions: Vec<Action>) -> Vec<String> {
        let mut told = Vec::new();
        for action in actions {
            let mut more = Vec::new();
            match action {
                Action::Ask { target, user } => {
                    let route = self.route(&user);
                    self.asked.insert(target, user);
                    self.context.located(target, route, self.now, &mut more);
                }
                Action::Ring { target } => {
                    let user = self.asked[&target].clone();
                    let phones = self.phones.get(&user).copied().unwrap_or(1);
                    if phones > 0 {
                        told.push(format!("{user} rings"));
                    }
                    self.branches.extend(core::iter::repeat_n(user, phones));
                    self.context.rings(target, phones, self.now, &mut more);
                }
                Action::Cancel { branch, .. } | Action::Drop { branch } => {
                    let user = &self.branches[branch];
                    let words = brief(&action);
                    told.push(words.replacen(&branch.to_string(), user, 1));
                }
                Action::Forward { .. } | Action::Reply(_) | Action::StaySilent => told.push(brief(&action)),
            }
            told.extend(self.tell(more));
        }
        told
    }
}
