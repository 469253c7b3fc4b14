//! What the server says of the line, and is told of it.

use super::{Driver, Published, REFRESH, act};
use crate::clock::{self, Moment};
use crate::holding::{Absence, Holding};
use crate::tab::{self, News as FromServer};
use crate::{behind, environment, wishes};
use app::backend::Contact;
use app::caller::Caller;
use app::lease::{FromTab, Grant, ToTab};
use app::messages::News;
use app::phone::{LineState, Registration, Seat};
use sip::{Instant, Random};

impl Driver {
    pub(super) fn news(&mut self, news: FromServer, now: Instant) {
        match news {
            FromServer::Opened => {
                self.reported.clear();
                let running = self.holding.as_ref().map(Holding::epoch);
                self.tab.send(&FromTab::Hello {
                    tab: self.name.clone(),
                    running,
                    loaded: core::mem::take(&mut self.loaded),
                });
                self.held(Holding::tell_again);
            }
            FromServer::Said(words) => self.said(words, now),
            FromServer::Lost => self.lost(),
            FromServer::Silent => {
                self.lost();
                self.held(|holding| holding.cut(now));
            }

            FromServer::Refused => {
                self.lost();
                leptos::task::spawn_local(environment::check_session());
            }
            FromServer::Replaced => {
                self.holding = None;
                self.name = tab::new_name(&mut Random::new(clock::seed()));
                self.lost();
            }
            FromServer::SessionOver => {
                self.tab.close();
                if self.leaving.session_over(now) {
                    self.held(|holding| holding.stop(now));
                }
            }
        }
    }

    /// The server cannot be heard any more.
    pub(super) fn lost(&mut self) {
        self.screen.forget_presence();
        // Who holds the line knows from the agent how it stands; who does not, knows nothing any more.
        if self.holding.is_none() {
            let stale = self.screen.state().stale();
            self.screen.show_line(LineState { registration: Registration::Unreachable, ..stale });
        }
    }

    fn said(&mut self, words: ToTab, now: Instant) {
        match words {
            ToTab::Granted(grant) => self.granted(grant, now),
            ToTab::Resumed { epoch } => match &mut self.holding {
                Some(holding) => {
                    self.published = None;
                    holding.resume(epoch, now);
                }
                None => self.tab.open(now),
            },
            ToTab::Yield => self.last_word(now),
            ToTab::Watching => {
                self.holding = None;
                self.early.clear();
                self.screen.show_seat(Seat::Watching);
            }
            ToTab::Line(state) => {
                if self.holding.is_none() {
                    self.screen.show_line(state.clone());
                }
                self.told = Some(state);
            }
            ToTab::Presence(presence) => self.screen.show_presence(presence),
            ToTab::Media(media) => {
                self.sound.limit(&media);
                self.screen.show_voicemail(&media.voicemail);
                self.opening.policy = media.clone();
                self.held(|holding| holding.change(media));
            }
            ToTab::Recorded(local_tag) => {
                self.reported.retain(|reported| *reported != local_tag);
                self.held(|holding| holding.recorded(&local_tag));
            }
            ToTab::Missed(missed) => self.screen.show_missed(missed),
            ToTab::Messages(news) => self.news_of_messages(news),
            ToTab::Send(to_send) => {
                self.to_send.clone_from(&to_send);
                self.held(|holding| holding.want_sent(to_send));
            }
            ToTab::Answer { id, status } => self.held(|holding| holding.answer_message(id, status, now)),
            ToTab::Wishes(told) => wishes::show(&told),
            ToTab::Callers(callers) => {
                self.callers(&callers);
                self.screen.show_callers(callers);
            }
            // A server that was silent for longer than the lease is heard again over the same socket: whether the
            // line is still this tab's is said in answer to a Hello.
            ToTab::Alive => {
                if self.holding.as_ref().is_some_and(Holding::is_resting) {
                    self.tab.open(now);
                }
            }
        }
    }

    /// What a call is announced and recorded by is the name, too.
    fn callers(&mut self, callers: &[Caller]) {
        let contacts = &mut self.opening.contacts;
        for Caller { number, name, .. } in callers.iter().filter(|caller| !caller.name.is_empty()) {
            let contact = Contact { extension: number.clone(), name: name.clone() };
            match contacts.iter_mut().find(|known| known.extension == *number) {
                Some(known) => *known = contact,
                None => contacts.push(contact),
            }
        }
    }

    /// What is new in the person's conversations: a message that came since is told where nobody looks at the page.
    fn news_of_messages(&mut self, news: News) {
        self.screen.show_unread(news.unread);
        behind::refresh();
        let Some(latest) = news.latest else {
            self.latest.get_or_insert(0);
            return;
        };
        let before = self.latest.replace(latest.id);
        if before.is_some_and(|before| before < latest.id) {
            self.notifier.message(&latest);
        }
    }

    fn granted(&mut self, grant: Grant, now: Instant) {
        let published = self.published.take();
        let told = self.told.take();
        let left = grant.snapshot.as_ref().map(|(snapshot, _)| snapshot);
        let own = published.as_ref().is_some_and(|published| left == Some(&published.snapshot));
        let begun = match self.holding.take() {
            // Nobody acted meanwhile.
            Some(mut holding) if own => {
                holding.resume(grant.epoch, now);
                Ok(holding)
            }
            Some(holding) => {
                let known: Vec<_> =
                    published.iter().flat_map(|published| &published.state.calls).map(|call| call.key).collect();
                let absence = Absence { known: &known, ended: told.as_ref().and_then(|told| told.ended.as_ref()) };
                holding.adopt(grant, &absence, &self.opening, &self.screen, &Moment::at(now))
            }
            None => Holding::begin(grant, &self.opening, &self.events, &self.devices, &Moment::at(now)),
        };
        match begun {
            Ok(mut holding) => {
                self.screen.show_seat(Seat::Holding);
                holding.want_sent(self.to_send.clone());
                for command in self.early.drain(..) {
                    act(&mut holding, command, &self.opening, &self.screen, now);
                }
                self.holding = Some(holding);
            }
            Err(error) => web_sys::console::error_1(&error.to_string().into()),
        }
    }

    /// Tells the server what changed. What only a clock changed is not told, but for a line that has something to lose.
    pub(super) fn publish(&mut self, now: Instant) {
        let Some(holding) = self.holding.as_mut().filter(|holding| !holding.is_resting()) else { return };
        if !self.tab.is_open() {
            return;
        }
        // What the contacts are doing, the server knows first.
        let state = LineState { presence: Vec::new(), ..self.screen.state() };
        let touched = holding.take_touched();
        let old = |published: &Published| holding.has_something_to_lose() && now.since(published.at) >= REFRESH;
        let same = self.published.as_ref().filter(|published| published.state == state && !old(published));
        if same.is_some() && !touched {
            return;
        }
        let Some(content) = holding.content() else { return };
        if same.is_some_and(|published| published.content == content) {
            return;
        }
        let Some(snapshot) = holding.snapshot(now) else { return };
        let sent = self.tell(&state, &snapshot, false);
        self.published = sent.then_some(Published { state, content, snapshot, at: now });
    }

    /// Tells the server of calls that are over: each once over one socket, until it says that it has it.
    pub(super) fn report(&mut self) {
        for words in self.holding.as_mut().map(Holding::take_words).unwrap_or_default() {
            // What is not heard is told again when the socket opens.
            self.tab.send(&words);
        }
        let Some(holding) = self.holding.as_ref().filter(|holding| !holding.is_resting()) else { return };
        for report in holding.reports() {
            if !self.reported.contains(&report.local_tag) && self.tab.send(&FromTab::Report(report.clone())) {
                self.reported.push(report.local_tag.clone());
            }
        }
    }

    /// Another tab is to have the line: says all that there is, and is silent from then on. If that tab is gone before it
    /// has the line, the server says so, and this one goes on.
    fn last_word(&mut self, now: Instant) {
        let state = LineState { presence: Vec::new(), ..self.screen.state() };
        let awake = self.holding.as_ref().filter(|holding| !holding.is_resting());
        if let Some(snapshot) = awake.and_then(|holding| holding.snapshot(now)) {
            self.tell(&state, &snapshot, true);
        }
        self.held(|holding| holding.rest(now));
    }

    fn tell(&self, state: &LineState, snapshot: &[u8], last: bool) -> bool {
        let Some(holding) = &self.holding else { return false };
        let (epoch, to_lose) = (holding.epoch(), holding.has_something_to_lose());
        self.tab.send(&FromTab::Publish { epoch, state: state.clone(), snapshot: snapshot.to_vec(), to_lose, last })
    }
}
