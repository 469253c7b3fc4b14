use super::core::Core;
use super::reliable::{Acknowledged, Order, rseq};
use super::transactions::{Outcome, Purpose};
use super::{Answer, Body, Branch, CallId, Event, Question, compose, description};
use crate::dialog::Dialog;
use crate::header::To;
use crate::message::{Request, Response, Status};
use crate::transaction::Key;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How many early dialogs of a call are followed; what comes from more is passed over until one of them answers.
const MAX_BRANCHES: usize = 16;
/// How many PRACKs of a call are under way at once; what comes reliably beside them waits until it comes again.
const MAX_PRACKS: usize = 32;

/// The early dialogs of a call that we began, one for each phone that it reached (RFC 3261 12.1), each with the
/// descriptions that it told.
///
/// | Row | State | On | Does | Next |
/// | --- | --- | --- | --- | --- |
/// | E1 | – | 101–198 with a new tag | – | Silent |
/// | E2 | 16 of them | 101–198 with a new tag | – | same |
/// | E3 | any | 180 | the call rings | same |
/// | E4 | Silent, Early | description, not reliably | tells it | Early |
/// | E5 | Silent, Early | description, reliably | tells it | Answered |
/// | E6 | Early, Answered | the same description | – | same; reliably: Answered |
/// | E7 | Answered | another description | tells it | Answered |
/// | E8 | any | 199 (RFC 6228) | tells its end, if it was described | – |
/// | E9 | any | BYE | 200; tells its end, if it was described | – |
/// | E10 | any | UPDATE without description | 200, takes the new target | same |
/// | E11 | Silent, Early | UPDATE with description | 491 (RFC 3311 5.2) | same |
/// | E12 | Answered, Changed | UPDATE with description | asks for the answer | same, asked |
/// | E13 | asked | answer | 200 with it | Changed |
/// | E14 | asked | no answer can be made | 488 | as before |
/// | E15 | asked | UPDATE with description | 500 with Retry-After | asked |
/// | E16 | asked | 2xx of any | 500 to the UPDATE | Established |
/// | E17 | Silent, Early, Answered | 2xx of it | tells its description, or the one before | Established |
/// | E18 | Changed | 2xx of it | tells no description: the last one was agreed upon | Established |
/// | E19 | any | 2xx of another | – | – |
///
/// Reliable responses pass through [`Acknowledged`] first.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Early {
    dialogs: Vec<EarlyDialog>,
    /// How many there were.
    count: u32,
    /// The UPDATE that waits for our answer.
    asked: Option<Asked>,
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct EarlyDialog {
    branch: Branch,
    /// Their tag; empty if they gave none.
    tag: String,
    /// `None` as long as no response had a Contact.
    dialog: Option<Dialog>,
    rings: bool,
    described: Described,
    reliable: Option<Acknowledged>,
}

/// What an early dialog told of its media.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Described {
    /// Nothing.
    Silent,
    /// This, which is not an answer yet: it did not come reliably (RFC 3261 13.2.1).
    Early(Body),
    /// Their answer.
    Answered(Body),
    /// They offered anew since, and have our answer.
    Changed { theirs: Body, ours: Body },
}

/// An UPDATE whose offer waits for our answer.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Asked {
    branch: Branch,
    key: Key,
    update: Request,
}

/// The early dialog whose 2xx came first.
#[derive(Debug)]
pub(super) struct Winner {
    pub(super) branch: Branch,
    pub(super) dialog: Option<Dialog>,
    pub(super) described: Described,
}

impl Early {
    /// Whether one of them rings.
    pub(super) fn rings(&self) -> bool {
        self.dialogs.iter().any(|early| early.rings)
    }

    /// All that began, for their requests.
    pub(super) fn dialogs(&self) -> impl Iterator<Item = &Dialog> {
        self.dialogs.iter().filter_map(|early| early.dialog.as_ref())
    }

    /// All that began, for their requests.
    pub(super) fn dialogs_mut(&mut self) -> impl Iterator<Item = &mut Dialog> {
        self.dialogs.iter_mut().filter_map(|early| early.dialog.as_mut())
    }

    /// A provisional response to this INVITE came. `skip`: how far the numbers of our requests are to jump.
    pub(super) fn heard(&mut self, core: &mut Core, call: CallId, invite: &Request, response: &Response, skip: u32) {
        let Ok(to) = response.headers.get::<To>() else { return };
        let tag = to.tag().unwrap_or_default();
        let ends = response.status == Status::EARLY_DIALOG_TERMINATED;
        if response.status == Status::TRYING || (!ends && !self.begins(tag)) {
            return;
        }
        let Some(at) = self.dialogs.iter().position(|early| early.tag == tag) else { return };
        let Some(early) = self.dialogs.get_mut(at) else { return };
        early.locate(invite, response, skip);
        let Some(reliably) = early.acknowledge(core, call, response) else { return };
        if ends {
            return self.end(core, call, at);
        }
        early.rings |= response.status == Status::RINGING;
        if let Some(body) = description::of_response(response) {
            early.describe(core, call, body, reliably);
        }
    }

    /// Makes room for an early dialog with this tag, if there is none; says whether there is one now.
    fn begins(&mut self, tag: &str) -> bool {
        if self.dialogs.iter().any(|early| early.tag == tag) {
            return true;
        }
        if self.dialogs.len() >= MAX_BRANCHES {
            return false;
        }
        let branch = self.next_branch();
        let (described, tag) = (Described::Silent, tag.to_string());
        self.dialogs.push(EarlyDialog { branch, tag, dialog: None, rings: false, described, reliable: None });
        true
    }

    const fn next_branch(&mut self) -> Branch {
        let branch = Branch(self.count);
        self.count = self.count.saturating_add(1);
        branch
    }

    fn end(&mut self, core: &mut Core, call: CallId, at: usize) {
        let early = self.dialogs.remove(at);
        if self.asked.as_ref().is_some_and(|asked| asked.branch == early.branch) {
            self.refuse_update(core, Status::REQUEST_TERMINATED);
            core.forget_descriptions(call);
        }
        if !matches!(early.described, Described::Silent) {
            core.event(Event::BranchEnded { call, branch: early.branch });
        }
    }

    /// The INVITE goes out as another one, or to somebody else: what was early is over. Those that follow have other
    /// numbers.
    pub(super) fn clear(&mut self, core: &mut Core, call: CallId) {
        while !self.dialogs.is_empty() {
            self.end(core, call, 0);
        }
    }

    /// BYE came in one of them, which does not end the others.
    pub(super) fn hung_up(&mut self, core: &mut Core, call: CallId, bye: &Request) {
        let of = |early: &EarlyDialog| early.dialog.as_ref().is_some_and(|dialog| dialog.is_of_request(bye));
        if let Some(at) = self.dialogs.iter().position(of) {
            self.end(core, call, at);
        }
    }

    /// Something came of a PRACK.
    pub(super) fn prack_outcome(&mut self, outcome: &Outcome) {
        let Ok(to) = outcome.request.headers.get::<To>() else { return };
        let tag = to.tag().unwrap_or_default();
        if let Some(early) = self.dialogs.iter_mut().find(|early| early.tag == tag)
            && let Some(reliable) = &mut early.reliable
        {
            reliable.outcome(outcome);
        }
    }

    /// UPDATE came in one of them.
    pub(super) fn updated(&mut self, core: &mut Core, call: CallId, key: &Key, update: &Request) {
        let of = |early: &&mut EarlyDialog| early.dialog.as_ref().is_some_and(|dialog| dialog.is_of_request(update));
        let Some(EarlyDialog { branch, dialog: Some(dialog), described, .. }) = self.dialogs.iter_mut().find(of) else {
            return;
        };
        let local_tag = dialog.local_tag().to_string();
        let answered = matches!(described, Described::Answered(_) | Described::Changed { .. });
        let response = match description::of_request(update) {
            None => {
                dialog.refresh(&update.headers);
                compose::response(&core.config, update, Status::OK, &local_tag)
            }
            Some(_) if self.asked.is_some() => compose::overlap(core, update, &local_tag),
            Some(_) if !answered => compose::response(&core.config, update, Status::REQUEST_PENDING, &local_tag),
            Some(offer) => match description::check(&core.config, &offer) {
                Ok(()) => {
                    dialog.refresh(&update.headers);
                    self.asked = Some(Asked { branch: *branch, key: key.clone(), update: update.clone() });
                    core.ask(Question::Answer { call, offer: Some(offer), hold: false });
                    return;
                }
                Err(unfit) => compose::unfit(&core.config, update, &local_tag, &unfit),
            },
        };
        core.respond(key, &response);
    }

    /// The answer to their UPDATE was made.
    pub(super) fn update_answered(&mut self, core: &mut Core, local_tag: &str, answer: Answer) {
        let Some(Asked { branch, key, update }) = self.asked.take() else { return };
        let mut response = match answer.description() {
            Ok(body) => {
                let mut response = compose::response(&core.config, &update, Status::OK, local_tag);
                compose::body(&mut response.headers, &mut response.body, body.clone());
                if let Some(early) = self.dialogs.iter_mut().find(|early| early.branch == branch)
                    && let Some(theirs) = description::of_request(&update)
                {
                    early.described = Described::Changed { theirs, ours: body };
                }
                response
            }
            Err(failure) => compose::no_media(&core.config, &update, local_tag, failure),
        };
        core.respond_with(&key, &mut response);
    }

    /// Refuses the UPDATE that waits for our answer, if there is one.
    pub(super) fn refuse_update(&mut self, core: &mut Core, status: Status) {
        let Some(Asked { key, update, .. }) = self.asked.take() else { return };
        let Some(tag) = self.dialogs().next().map(|dialog| dialog.local_tag().to_string()) else { return };
        core.respond(&key, &compose::response(&core.config, &update, status, &tag));
    }

    /// The early dialog with this tag was answered; the others are over.
    pub(super) fn won(mut self, core: &mut Core, tag: &str) -> Winner {
        self.refuse_update(core, Status::SERVER_INTERNAL_ERROR);
        let next = self.next_branch();
        if let Some(at) = self.dialogs.iter().position(|early| early.tag == tag) {
            let EarlyDialog { branch, dialog, described, .. } = self.dialogs.remove(at);
            return Winner { branch, dialog, described };
        }
        // Some exchanges give the 2xx a tag of their own: the only description there was is its.
        let mut described = self.dialogs.into_iter().filter(|early| !matches!(early.described, Described::Silent));
        match (described.next(), described.next()) {
            (Some(EarlyDialog { described: Described::Early(body) | Described::Answered(body), .. }), None) => {
                Winner { branch: next, dialog: None, described: Described::Early(body) }
            }
            _ => Winner { branch: next, dialog: None, described: Described::Silent },
        }
    }
}

impl EarlyDialog {
    /// Begins the dialog, if this response says where its other end is.
    fn locate(&mut self, invite: &Request, response: &Response, skip: u32) {
        if self.dialog.is_none()
            && let Ok(mut dialog) = Dialog::uac(invite, response)
        {
            dialog.skip(skip);
            self.dialog = Some(dialog);
        }
    }

    /// Acknowledges a response that came reliably; says whether it did. `None`: it came before, or out of order, and
    /// is not to be looked at.
    fn acknowledge(&mut self, core: &mut Core, call: CallId, response: &Response) -> Option<bool> {
        let (Some(rseq), Some(dialog)) = (rseq(response), &mut self.dialog) else { return Some(false) };
        // Who is not acknowledged says it again (RFC 3262 3).
        if core.transactions.count(Purpose::Prack(call)) >= MAX_PRACKS {
            return None;
        }
        match Acknowledged::order(self.reliable.as_ref(), rseq) {
            Order::Next => {
                self.reliable = Acknowledged::send(core, call, dialog, rseq, response);
                Some(true)
            }
            Order::Failed => {
                self.reliable = Acknowledged::send(core, call, dialog, rseq, response);
                None
            }
            Order::Again | Order::Early => None,
        }
    }

    /// Tells a description, if it says something new.
    fn describe(&mut self, core: &mut Core, call: CallId, body: Body, reliably: bool) {
        let answered = reliably || matches!(self.described, Described::Answered(_));
        let known = match &self.described {
            Described::Silent => false,
            Described::Early(told) | Described::Answered(told) => *told == body,
            Described::Changed { .. } => return,
        };
        if !known {
            if description::check(&core.config, &body).is_err() {
                return;
            }
            core.event(Event::Remote { call, branch: self.branch, answer: body.clone(), early: true });
        }
        self.described = if answered { Described::Answered(body) } else { Described::Early(body) };
    }
}
