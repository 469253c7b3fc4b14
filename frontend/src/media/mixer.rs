use super::inputs::Input;
use super::trial::level;
use crate::event::{Event, Events};
use sip::agent::CallId;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use web_sys::{AudioContext, MediaStream, MediaStreamTrack};

mod floor;
mod lines;
mod running;

use floor::Floor;
use lines::Lines;
use running::{Running, runs};

/// Mixes what is sent in calls (Web Audio): who is joined in a conference hears the others beside us, and who is to be told
/// something hears a tone. One call is one channel of it. A call that needs none of this is sent without it.
///
/// | State of a channel | On | Next |
/// | --- | --- | --- |
/// | Plain: the microphone itself is sent | it is joined with another one, or an announcement begins | Mixed |
/// | Mixed: the microphone goes in, and what is mixed is sent | neither is the case any more | Plain |
/// | either | its connection is closed | gone |
///
/// As long as the browser does not let the page make sound, nothing is mixed, and the microphone itself is sent: it runs at
/// the next gesture.
#[derive(Clone)]
pub(crate) struct Mixer(Rc<Console>);

/// How a call takes part in the conference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// It belongs to it.
    pub(crate) joined: bool,
    /// They are to hear the others.
    pub(crate) hears: bool,
    /// The others are to hear them.
    pub(crate) speaks: bool,
}

struct Console {
    events: Events,
    running: RefCell<Option<Running>>,
    channels: RefCell<Vec<Channel>>,
    /// Who hears whom now: the numbers of the speaker and of the hearer.
    routes: RefCell<Vec<Route>>,
    resting: Cell<bool>,
    silent: Cell<bool>,
    floor: RefCell<Floor>,
}

/// The numbers of who speaks and of who hears them.
type Route = (u64, u64);

struct Channel {
    number: u64,
    call: CallId,
    part: Part,
    /// How many announcements are under way.
    announcing: usize,
    /// What they say.
    theirs: Option<MediaStreamTrack>,
    lines: Option<Lines>,
    /// Whether what is mixed was to be sent when it was told last.
    mixed: bool,
    /// Has what is sent chosen anew.
    turn: Box<dyn Fn()>,
}

impl Mixer {
    /// Nothing is mixed. When that changes what a person is to know, [`Event::Mixed`] is told.
    pub(super) fn new(events: &Events) -> Self {
        Self(Rc::new(Console {
            events: events.clone(),
            running: RefCell::default(),
            channels: RefCell::default(),
            routes: RefCell::default(),
            resting: Cell::new(false),
            silent: Cell::new(false),
            floor: RefCell::default(),
        }))
    }

    /// A channel for the media of this call, with a number of its own. `turn`: has [`Mixer::send`] asked again.
    pub(super) fn open(&self, number: u64, call: CallId, turn: impl Fn() + 'static) {
        let (part, turn) = (Part::default(), Box::new(turn));
        let channel = Channel { number, call, part, announcing: 0, theirs: None, lines: None, mixed: false, turn };
        self.0.channels.borrow_mut().push(channel);
    }

    /// It is closed: nothing is heard from there any more.
    pub(super) fn close(&self, number: u64) {
        self.0.change(number, |channel| {
            channel.part = Part::default();
            channel.announcing = 0;
        });
        self.0.channels.borrow_mut().retain(|channel| channel.number != number);
    }

    /// How its call takes part in the conference from now on.
    pub(super) fn place(&self, number: u64, part: Part) {
        let known = self.0.channels.borrow().iter().any(|channel| channel.number == number && channel.part == part);
        if !known {
            self.0.change(number, |channel| channel.part = part);
        }
    }

    /// They send this. Chromium gives it only while an element plays it, silently or not.
    pub(super) fn receive(&self, number: u64, track: &MediaStreamTrack) {
        // Another name of the same track; its own `clone` makes another track.
        self.0.change(number, |channel| channel.theirs = Some(Clone::clone(track)));
    }

    /// What is sent in place of this microphone, which goes in; `None` if it is sent itself.
    pub(super) fn send(&self, number: u64, microphone: Option<&Input>) -> Option<MediaStream> {
        let context = self.context().filter(runs)?;
        let mut channels = self.0.channels.borrow_mut();
        let lines = channels.iter_mut().find(|channel| channel.number == number)?.lines.as_mut()?;
        Some(lines.send(&context, microphone.map(Input::track)))
    }

    /// Lets the other end of this call hear a tone of so many hertz beside us: notes that begin and end so many seconds from
    /// now. Whether the call has media that can be sent.
    pub(crate) fn announce(&self, call: CallId, hertz: f32, notes: &[(f64, f64)]) -> bool {
        let of = |channel: &&Channel| channel.call == call;
        let Some(number) = self.0.channels.borrow().iter().rev().find(of).map(|channel| channel.number) else {
            return false;
        };
        self.0.change(number, |channel| channel.announcing += 1);
        let begun = self.0.announce(number, hertz, notes).is_ok();
        if !begun {
            self.0.announced(number);
        }
        begun
    }

    /// The context in which it mixes, while it does.
    pub(crate) fn context(&self) -> Option<AudioContext> {
        self.0.running.borrow().as_ref().map(|running| running.context.clone())
    }

    /// Whether something is to be mixed, and the browser wants a gesture first.
    pub(crate) fn is_silent(&self) -> bool {
        self.0.silent.get()
    }

    /// Who of the conference spoke last.
    pub(crate) fn speaking(&self) -> Option<CallId> {
        self.0.floor.borrow().holder()
    }

    /// Lets nobody hear anybody, or goes on.
    pub(crate) fn rest(&self, resting: bool) {
        self.0.resting.set(resting);
        self.0.route();
    }
}

impl Console {
    fn change(self: &Rc<Self>, number: u64, change: impl FnOnce(&mut Channel)) {
        if let Some(channel) = self.channels.borrow_mut().iter_mut().find(|channel| channel.number == number) {
            change(channel);
        }
        self.update();
    }

    /// Makes the lines of who is mixed, and ends those of who is not.
    fn update(self: &Rc<Self>) {
        // Who goes is not heard any more before their lines are gone.
        self.route();
        let wanted = self.mixed();
        if wanted.is_empty() {
            self.running.take();
            self.floor.take();
        } else if self.running.borrow().is_none() {
            self.running.replace(Running::begin(self).ok());
        }
        let context = self.running.borrow().as_ref().map(|running| running.context.clone());
        for channel in self.channels.borrow_mut().iter_mut() {
            let context = context.as_ref().filter(|_| wanted.contains(&channel.number));
            match context {
                Some(context) => channel.wire(context),
                None => channel.lines = None,
            }
        }
        self.route();
        self.turn();
    }

    /// The numbers of the channels that are to be mixed.
    fn mixed(&self) -> Vec<u64> {
        let channels = self.channels.borrow();
        let several = channels.iter().filter(|channel| channel.part.joined).count() > 1;
        let mixed = channels.iter().filter(|channel| channel.announcing > 0 || (several && channel.part.joined));
        mixed.map(|channel| channel.number).collect()
    }

    /// Lets hear each other who is to.
    fn route(&self) {
        let (mixed, channels) = (self.mixed(), self.channels.borrow());
        let heard = |channel: &&Channel| channel.lines.is_some() && mixed.contains(&channel.number);
        let parts: Vec<(u64, Part)> = channels.iter().filter(heard).map(Channel::standing).collect();
        let wanted = if self.resting.get() { Vec::new() } else { routes(&parts) };
        let before = self.routes.replace(wanted.clone());
        let between = |(from, to): Route, connect: bool| {
            let lines = |number| channels.iter().find(|channel| channel.number == number)?.lines.as_ref();
            if let (Some(from), Some(to)) = (lines(from), lines(to)) {
                from.route(to, connect);
            }
        };
        before.iter().filter(|route| !wanted.contains(route)).for_each(|route| between(*route, false));
        // One that is there already stays one.
        wanted.iter().for_each(|route| between(*route, true));
    }

    /// Has what is sent chosen anew where it is another one now.
    fn turn(&self) {
        let running = self.running.borrow().as_ref().is_some_and(|running| runs(&running.context));
        for channel in self.channels.borrow_mut().iter_mut() {
            let mixed = running && channel.lines.is_some();
            if core::mem::replace(&mut channel.mixed, mixed) != mixed {
                (channel.turn)();
            }
        }
        if running || self.running.borrow().is_none() {
            self.be_silent(false);
        }
    }

    /// Listens who speaks.
    fn listen(&self) {
        let channels = self.channels.borrow();
        let levels: Vec<(CallId, u8)> = channels
            .iter()
            .filter(|channel| channel.part.joined)
            .filter_map(|channel| {
                let lines = channel.lines.as_ref()?;
                Some((channel.call, if channel.part.speaks { level(lines.meter()) } else { 0 }))
            })
            .collect();
        if self.floor.borrow_mut().hear(&levels) {
            self.events.tell(Event::Mixed);
        }
    }

    fn be_silent(&self, silent: bool) {
        if self.silent.replace(silent) != silent {
            self.events.tell(Event::Mixed);
        }
    }

    fn announce(self: &Rc<Self>, number: u64, hertz: f32, notes: &[(f64, f64)]) -> Result<(), JsValue> {
        let (channels, running) = (self.channels.borrow(), self.running.borrow());
        let lines = channels.iter().find(|channel| channel.number == number).and_then(|channel| channel.lines.as_ref());
        let (Some(lines), Some(Running { context, .. })) = (lines, &*running) else { return Err(JsValue::NULL) };
        let console = Rc::downgrade(self);
        let ended = Closure::once_into_js(move || {
            if let Some(console) = console.upgrade() {
                console.announced(number);
            }
        });
        lines.announce(context, hertz, notes, &ended)
    }

    /// An announcement is over.
    fn announced(self: &Rc<Self>, number: u64) {
        self.change(number, |channel| channel.announcing = channel.announcing.saturating_sub(1));
    }
}

impl Channel {
    /// Makes its lines, or has them hear what they send by now.
    fn wire(&mut self, context: &AudioContext) {
        if self.lines.is_none() {
            self.lines = Lines::begin(context).ok();
        }
        if let Some(lines) = &mut self.lines {
            lines.receive(context, self.theirs.as_ref());
        }
    }

    fn standing(&self) -> (u64, Part) {
        (self.number, self.part)
    }
}

/// Who hears whom: each of the conference all others.
fn routes(parts: &[(u64, Part)]) -> Vec<Route> {
    let speakers = parts.iter().filter(|(_, part)| part.joined && part.speaks);
    let to = |from: u64| {
        let hearers = parts.iter().filter(move |(number, part)| part.joined && part.hears && *number != from);
        hearers.map(move |(number, _)| (from, *number))
    };
    speakers.flat_map(|(from, _)| to(*from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Part = Part { joined: true, hears: true, speaks: true };

    #[test]
    fn each_of_a_conference_hears_the_others_and_never_themselves() {
        assert_eq!(routes(&[(1, ALL), (2, ALL)]), [(1, 2), (2, 1)]);
        assert_eq!(routes(&[(1, ALL), (2, ALL), (3, ALL)]), [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)]);
        assert_eq!(routes(&[(1, ALL)]), []);
    }

    #[test]
    fn who_is_not_joined_is_not_heard_and_hears_nobody() {
        let alone = Part { joined: false, ..ALL };
        assert_eq!(routes(&[(1, ALL), (2, alone), (3, ALL)]), [(1, 3), (3, 1)]);
    }

    #[test]
    fn who_put_us_on_hold_is_not_heard_by_the_others() {
        let away = Part { speaks: false, ..ALL };
        assert_eq!(routes(&[(1, ALL), (2, away), (3, ALL)]), [(1, 2), (1, 3), (3, 1), (3, 2)]);
    }

    #[test]
    fn a_conference_on_hold_is_silent() {
        let held = Part { hears: false, speaks: false, ..ALL };
        assert_eq!(routes(&[(1, held), (2, held)]), []);
    }
}
