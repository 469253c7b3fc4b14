//! What is described to the other end of a call, and what it describes.

use super::Calls;
use crate::media::{Job, Peer, Stranded};
use crate::repair::Way;
use sip::Instant;
use sip::agent::{Body, Branch, CallId, QuestionId};
use sip::sdp::SessionDescription;

impl Calls {
    /// Whether the other end of this call takes candidates that follow descriptions.
    pub(crate) fn trickles(&mut self, call: CallId, taken: bool) {
        self.kept(call).trickling.take(taken);
    }

    /// Candidates followed a description of the other end, or go before it.
    pub(crate) fn candidates(&mut self, call: CallId, fragment: &Body) {
        let kept = self.kept(call);
        kept.trickling.heard(fragment);
        if let Some(peer) = &kept.peer {
            peer.ask(Job::Follow);
        }
    }

    /// Has an offer made for this question, as the repair of the media needs it. `before`: what we described last.
    pub(crate) fn offer(
        &mut self,
        call: CallId,
        question: QuestionId,
        hold: bool,
        before: Option<SessionDescription>,
        now: Instant,
    ) {
        let kept = self.kept(call);
        let way = kept.repair.offering(now);
        if way.is_some_and(Way::is_fresh) {
            kept.leave_peer();
        }
        let restart = way == Some(Way::Restart) && kept.peer.is_some();
        self.ask(call, Job::Offer { question, hold, restart, before: before.map(Box::new) });
    }

    /// The browser does not know our network yet: the same is offered over a fresh connection, which does.
    pub(crate) fn stranded(&mut self, call: CallId, Stranded { question, hold, before }: Stranded, now: Instant) {
        let kept = self.kept(call);
        kept.repair.stranded(now);
        kept.leave_peer();
        self.ask(call, Job::Offer { question, hold, restart: false, before });
    }

    /// Has an answer made to this offer for this question.
    pub(crate) fn answer(&mut self, call: CallId, question: QuestionId, offer: Body, hold: bool, now: Instant) {
        self.kept(call).repair.answering(now);
        self.ask(call, Job::Answer { question, offer, hold });
    }

    /// Gives the media of this call a job; they are made when they are first needed.
    fn ask(&mut self, call: CallId, job: Job) {
        let (resting, events, devices, pool) =
            (self.resting, self.events.clone(), self.devices.clone(), self.pool.clone());
        let kept = self.kept(call);
        let (muted, wanted) = (kept.facts.muted, kept.wanted());
        let (sent, trickling) = (kept.sent.clone(), kept.trickling.clone());
        let pictures = kept.pictures.take().unwrap_or_default();
        let peer = kept.peer.get_or_insert_with(|| {
            let peer = Peer::new(call, events.number(), events, devices, pool, muted, (sent, trickling, pictures));
            if resting {
                peer.rest();
            }
            peer.picture(wanted);
            peer
        });
        peer.ask(job);
    }

    /// Gives the media of this call their answer, which may be an early one: of several phones the first one is heard.
    /// Without any media it answers an offer of the page before this one: a new one goes out once the call is up.
    pub(crate) fn describe(&mut self, call: CallId, branch: Branch, answer: Body, early: bool) {
        let kept = self.kept(call);
        if let Some(peer) = &kept.peer {
            if early && *kept.early.get_or_insert(branch) != branch {
                return;
            }
            peer.ask(Job::Remote { answer, early });
        }
    }

    /// One of their phones is out of the call: if it was heard, it rings as before, and the next one may be heard.
    pub(crate) fn silent(&mut self, call: CallId, branch: Branch) {
        let kept = self.kept(call);
        kept.early.take_if(|heard| *heard == branch);
    }
}
