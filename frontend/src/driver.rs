use crate::event::{Event, Events};
use crate::holding::{Absence, Holding};
use crate::leaving::{Leaving, Then};
use crate::media::{Devices, Subject};
use crate::notifier::{self, Notifier};
use crate::ring::{Ringer, Tone};
use crate::screen::Screen;
use crate::sound::Sound;
use crate::tab::{self, News, Tab};
use crate::{clock, environment, mark, wishes};
use app::backend::Opening;
use app::directory;
use app::lease::{FromTab, Grant, ToTab};
use app::phone::{CallKey, Command, Line, LineState, Phase, Registration, Seat};
use app::sound::Notify;
use clock::{Moment, Timer};
use futures::{StreamExt as _, stream};
use sip::agent::CallId;
use sip::{Duration, Instant, Random};

/// How many clicks are kept until it is known who holds the line.
const EARLY: usize = 8;
/// After so long what the server was told is told again while something is to lose: a snapshot must not be so old that
/// nobody goes on with it.
const REFRESH: Duration = Duration::from_secs(10);

/// Drives the line for the life of the page.
pub(crate) async fn run(line: Line, opening: Opening) {
    let (events, receiver) = Events::channel();
    let screen = Screen::new(&line);
    let Line { commands, sound, levels, .. } = line;
    let mut inbox = stream::select(commands.map(Event::Command), receiver);
    if let Some(obstacle) = environment::obstacle() {
        screen.show_registration(obstacle);
        // Nobody will tell when it changes.
        screen.forget_presence();
        // There is no phone to drive, but a person can still leave.
        while let Some(event) = inbox.next().await {
            if matches!(event, Event::Command(Command::LogOut)) {
                if environment::end_session().await {
                    return environment::go_to_login();
                }
                screen.show_registration(Registration::StillLoggedIn);
            }
        }
        return;
    }
    environment::watch(&events);
    let devices = Devices::new(&events);
    let sound = Sound::new(&events, &devices, (sound, levels), opening.media.clone(), &opening.policy);
    let mut driver = Driver::new(opening, screen, events, devices, sound);
    while let Some(event) = inbox.next().await {
        let now = clock::now();
        driver.take(event, now);
        driver.settle(now);
    }
}

/// The loop's state: every event of the page goes through [`Driver::take`], and [`Driver::settle`] follows.
struct Driver {
    opening: Opening,
    screen: Screen,
    events: Events,
    timer: Timer,
    ringer: Ringer,
    devices: Devices,
    sound: Sound,
    notifier: Notifier,
    /// What a person tries.
    tried: Ringer,
    name: String,
    /// The page was loaded just now, and has not said so yet.
    loaded: bool,
    tab: Tab,
    holding: Option<Holding>,
    /// What a person asked before it was known who holds the line.
    early: Vec<Command>,
    /// What the server was told last.
    published: Option<Published>,
    /// What the server said last of a line that is not here.
    told: Option<LineState>,
    /// The tags of the calls that were reported since the tab socket opened.
    reported: Vec<String>,
    leaving: Leaving,
}

/// What the server was told, and when.
struct Published {
    state: LineState,
    /// The snapshot, without its time.
    content: Vec<u8>,
    snapshot: Vec<u8>,
    at: Instant,
}

impl Driver {
    fn new(opening: Opening, screen: Screen, events: Events, devices: Devices, sound: Sound) -> Self {
        let now = clock::now();
        let notifier = Notifier::new(&events);
        let mut random = Random::new(clock::seed());
        let name = tab::name(&mut random);
        let mut tab = Tab::new(events.clone(), random);
        tab.open(now);
        // What the server last heard is not what this page knows: it is not registered yet.
        screen.show_registration(Registration::Connecting);
        screen.show_voicemail(&opening.policy.voicemail);
        let mut driver = Self {
            opening,
            screen,
            timer: Timer::new(events.clone()),
            devices,
            sound,
            notifier,
            tried: Ringer::default(),
            events,
            ringer: Ringer::default(),
            name,
            loaded: true,
            tab,
            holding: None,
            early: Vec::new(),
            published: None,
            told: None,
            reported: Vec::new(),
            leaving: Leaving::default(),
        };
        driver.settle(now);
        driver
    }

    fn take(&mut self, event: Event, now: Instant) {
        if self.leaving.is_silent() {
            return self.aside(&event, now);
        }
        match event {
            Event::Command(command) => self.command(command, now),
            Event::Tab(number, heard) => {
                if let Some(news) = self.tab.hear(number, heard, now) {
                    self.news(news, now);
                }
            }
            Event::Wire(number, heard) => self.held(|holding| holding.hear(number, heard, now)),
            Event::Media(call, number, told) => {
                self.held(|holding| holding.media(call, number, told, now));
                if self.holding.as_mut().is_some_and(Holding::take_doubts) {
                    self.tab.doubt(now);
                }
            }
            Event::Input(kind) => {
                self.sound.input(kind);
                self.held(|holding| holding.input(kind));
            }
            Event::Unseen(failure) => self.sound.unseen(failure),
            Event::Unplugged(kind, label) => self.sound.unplugged(kind, label),
            Event::Captured(kind) => self.sound.captured(kind),
            // It is shown after every event.
            Event::Mixed | Event::Recorded => {}
            Event::Devices(devices) => self.sound.found(devices),
            Event::Rings(rings) => self.sound.rings(rings),
            Event::Saved(saved) => self.sound.saved(saved),
            Event::Notify => {
                let allowed = notifier::allowed();
                self.sound.notifies(allowed);
                if allowed == Notify::Allowed {
                    self.notifier.register();
                }
            }
            Event::Answered(number, question, answer) => {
                self.held(|holding| holding.answered_elsewhere(number, question, *answer, now));
            }
            Event::Deadline => self.timeout(now),
            Event::Awake => {
                self.tab.hint(now);
                self.held(|holding| holding.hint(now));
            }
            Event::Reached => {
                if self.tab.reached(now) {
                    self.held(|holding| holding.reconnect(now));
                }
            }
            Event::Offline => {
                self.tab.doubt(now);
                self.held(|holding| holding.hint(now));
            }
            Event::Restored => {
                self.name = tab::name(&mut Random::new(clock::seed()));
                self.tab.open(now);
                self.held(|holding| holding.hint(now));
            }
            Event::LoggedOut(_) => {}
        }
    }

    /// What is heard by a page that is silent because it is leaving, or could not.
    fn aside(&mut self, event: &Event, now: Instant) {
        match event {
            Event::LoggedOut(reached) => {
                self.leaving.ended(*reached);
                if *reached {
                    environment::go_to_login();
                } else {
                    self.screen.show_registration(Registration::StillLoggedIn);
                }
            }
            Event::Command(Command::LogOut) => self.log_out(now),
            Event::Command(Command::Dismiss) => self.screen.show_ended(None),
            // The browser's back button brought a page back that has no session any more.
            Event::Restored => environment::reload(),
            Event::Command(
                Command::Dial(..)
                | Command::Answer(..)
                | Command::Decline(_)
                | Command::HangUp(_)
                | Command::Mute(..)
                | Command::Voice(..)
                | Command::Hold(..)
                | Command::Record(..)
                | Command::Digit(..)
                | Command::Transfer(..)
                | Command::Divert(..)
                | Command::TransferTo(..)
                | Command::Join(..)
                | Command::Split(_)
                | Command::Camera(..)
                | Command::Screen(..)
                | Command::Shown(_)
                | Command::Choose(..)
                | Command::Sound(_)
                | Command::Try(_)
                | Command::Trial(_)
                | Command::Mirror(_)
                | Command::Notify
                | Command::Noted
                | Command::UseHere,
            )
            | Event::Tab(..)
            | Event::Wire(..)
            | Event::Media(..)
            | Event::Input(_)
            | Event::Unseen(_)
            | Event::Unplugged(..)
            | Event::Captured(_)
            | Event::Mixed
            | Event::Recorded
            | Event::Devices(_)
            | Event::Rings(_)
            | Event::Saved(_)
            | Event::Notify
            | Event::Answered(..)
            | Event::Deadline
            | Event::Awake
            | Event::Reached
            | Event::Offline => {}
        }
    }

    /// After every event: what came of it is shown, heard, told to the server, and the next deadline is armed.
    fn settle(&mut self, now: Instant) {
        if self.tab.lapsed(now) {
            self.held(|holding| holding.rest(now));
        }
        self.tab.busy(self.holding.as_ref().is_some_and(Holding::has_calls));
        loop {
            if let Some(holding) = &mut self.holding {
                holding.settle(&self.opening, &self.screen, now);
            }
            self.publish(now);
            self.report();
            if !self.holding.as_mut().is_some_and(|holding| holding.flush(now)) {
                break;
            }
        }
        // Nobody's microphone is opened without their hearing that before.
        if self.sound.is_blocked() && self.holding.as_ref().is_some_and(Holding::is_announced) {
            self.held(Holding::ring_instead);
            return self.settle(now);
        }
        let longest = Duration::from_secs(u64::from(self.opening.ringing_seconds) + 10);
        self.sound.hold(self.holding.as_ref().is_some_and(|holding| !holding.is_resting()));
        // What the browser does not let sound is not begun: it rings from the beginning once it may.
        let tone = self.holding.as_ref().and_then(Holding::tone).filter(|_| !self.sound.is_blocked());
        self.ringer.sound(tone, longest, || self.sound.ringing());
        self.notifier.follow(self.ringing());
        self.leave(now);
        let lapse = self.holding.as_ref().filter(|holding| !holding.is_resting()).and(self.tab.vouched_until());
        let deadlines = [
            self.tab.deadline(),
            self.holding.as_ref().and_then(Holding::deadline),
            lapse,
            self.leaving.deadline(),
            // Only a holding shows what waits.
            self.holding.as_ref().and_then(|_| self.screen.deadline()),
        ];
        self.timer.arm(deadlines.into_iter().flatten().min(), now);
    }

    /// The call that rings here, and how that is said.
    fn ringing(&self) -> Option<(CallKey, String)> {
        self.holding
            .as_ref()
            .filter(|holding| matches!(holding.tone(), Some(Tone::Ringing | Tone::Waiting | Tone::Announced)))?;
        let state = self.screen.state();
        let call = state.calls.iter().find(|call| call.phase == Phase::RingingHere)?;
        Some((call.key, [&directory::name(&call.remote, &self.opening.contacts), " is calling"].concat()))
    }

    fn timeout(&mut self, now: Instant) {
        if let Some(news) = self.tab.timeout(now) {
            self.news(news, now);
        }
        self.held(|holding| holding.timeout(now));
    }

    fn command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Dismiss => self.screen.show_ended(None),
            Command::UseHere => {
                self.tab.send(&FromTab::Take);
            }
            Command::LogOut => self.log_out(now),
            Command::Choose(kind, id) => self.sound.choose(kind, &id),
            Command::Sound(settings) => self.sound.want(settings),
            Command::Try(kind) => self.tried.try_out(kind, &self.sound.ringing()),
            Command::Trial(on) => self.sound.try_out(on),
            Command::Mirror(on) => self.sound.mirror(on),
            Command::Notify => notifier::ask(&self.events),
            Command::Noted => self.sound.noted(),
            Command::Dial(..)
            | Command::Answer(..)
            | Command::Decline(_)
            | Command::HangUp(_)
            | Command::Mute(..)
            | Command::Voice(..)
            | Command::Hold(..)
            | Command::Record(..)
            | Command::Digit(..)
            | Command::Transfer(..)
            | Command::Divert(..)
            | Command::TransferTo(..)
            | Command::Join(..)
            | Command::Split(_)
            | Command::Camera(..)
            | Command::Screen(..)
            | Command::Shown(_) => {
                if self.screen.seat() == Seat::Unknown && self.early.len() < EARLY {
                    self.early.push(command);
                } else if let Some(holding) = &mut self.holding {
                    act(holding, command, &self.opening, &self.screen, now);
                }
            }
        }
    }

    fn news(&mut self, news: News, now: Instant) {
        match news {
            News::Opened => {
                self.reported.clear();
                let running = self.holding.as_ref().map(Holding::epoch);
                self.tab.send(&FromTab::Hello {
                    tab: self.name.clone(),
                    running,
                    loaded: core::mem::take(&mut self.loaded),
                });
            }
            News::Said(words) => self.said(words, now),
            News::Lost => self.lost(),
            News::Silent => {
                self.lost();
                self.held(|holding| holding.cut(now));
            }

            News::Refused => {
                self.lost();
                leptos::task::spawn_local(environment::check_session());
            }
            News::Replaced => {
                self.holding = None;
                self.name = tab::new_name(&mut Random::new(clock::seed()));
                self.lost();
            }
            News::SessionOver => {
                self.tab.close();
                if self.leaving.session_over(now) {
                    self.held(|holding| holding.stop(now));
                }
            }
        }
    }

    /// The server cannot be heard any more.
    fn lost(&mut self) {
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
            ToTab::Wishes(told) => wishes::show(&told),
            // A server that was silent for longer than the lease is heard again over the same socket: whether the
            // line is still this tab's is said in answer to a Hello.
            ToTab::Alive => {
                if self.holding.as_ref().is_some_and(Holding::is_resting) {
                    self.tab.open(now);
                }
            }
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
                for command in self.early.drain(..) {
                    act(&mut holding, command, &self.opening, &self.screen, now);
                }
                self.holding = Some(holding);
            }
            Err(error) => web_sys::console::error_1(&error.to_string().into()),
        }
    }

    /// Tells the server what changed. What only a clock changed is not told, but for a line that has something to lose.
    fn publish(&mut self, now: Instant) {
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
    fn report(&mut self) {
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

    fn log_out(&mut self, now: Instant) {
        if self.leaving.log_out(now) {
            self.screen.show_registration(Registration::LoggedOut);
            self.held(|holding| holding.stop(now));
        }
    }

    /// Goes on leaving, once the agent has said goodbye or its time is up.
    fn leave(&mut self, now: Instant) {
        let stopped = self.holding.as_ref().is_none_or(Holding::is_stopped);
        let Some(then) = self.leaving.follow(stopped, now) else { return };
        if let Some(holding) = &self.holding {
            self.tab.send(&FromTab::Release { epoch: holding.epoch() });
        }
        self.holding = None;
        self.tab.close();
        self.ringer.sound(None, Duration::ZERO, || self.sound.ringing());
        self.sound.try_out(false);
        self.sound.mirror(false);
        match then {
            Then::Reload => environment::reload(),
            Then::EndSession => {
                let events = self.events.clone();
                leptos::task::spawn_local(async move {
                    events.tell(Event::LoggedOut(environment::end_session().await));
                });
            }
        }
    }

    fn held(&mut self, act: impl FnOnce(&mut Holding)) {
        if let Some(holding) = &mut self.holding {
            act(holding);
        }
    }
}

/// What a person asks of the line, in the tab that holds it.
fn act(holding: &mut Holding, command: Command, opening: &Opening, screen: &Screen, now: Instant) {
    match command {
        Command::Dial(typed, sends) => {
            mark::set(mark::DIAL);
            holding.dial(&typed, sends, opening, screen, now);
        }
        Command::Answer(key, sends) => holding.answer(CallId(key), sends, now),
        Command::Decline(key) => holding.decline(CallId(key), now),
        Command::HangUp(key) => holding.hang_up(CallId(key), now),
        Command::Mute(key, muted) => holding.mute(CallId(key), muted),
        Command::Voice(key, wanted) => holding.voice(CallId(key), wanted),
        Command::Hold(key, held) => holding.hold(CallId(key), held, now),
        Command::Record(key, wanted) => holding.record(CallId(key), wanted),
        Command::Digit(key, sign) => holding.digit(CallId(key), sign, now),
        Command::Transfer(key, typed) => holding.transfer(CallId(key), &typed, &opening.domain, now),
        Command::Divert(key, typed) => holding.divert(CallId(key), &typed, &opening.domain, now),
        Command::TransferTo(one, other) => holding.transfer_to(CallId(one), CallId(other), now),
        Command::Join(one, other) => holding.join(CallId(one), CallId(other), now),
        Command::Split(key) => holding.split(CallId(key), now),
        Command::Camera(key, on) => holding.picture(CallId(key), Subject::Camera, on),
        Command::Screen(key, on) => holding.picture(CallId(key), Subject::Screen, on),
        Command::Shown(key) => holding.show_pictures(CallId(key)),
        Command::Choose(..)
        | Command::Sound(_)
        | Command::Try(_)
        | Command::Trial(_)
        | Command::Mirror(_)
        | Command::Notify
        | Command::Noted
        | Command::Dismiss
        | Command::UseHere
        | Command::LogOut => {}
    }
}
