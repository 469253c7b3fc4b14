use crate::event::{Event, Events};
use crate::holding::Holding;
use crate::leaving::{Leaving, Then};
use crate::media::{Devices, Subject};
use crate::notifier::{self, Notifier};
use crate::ring::{Ringer, Tone};
use crate::screen::Screen;
use crate::sound::Sound;
use crate::tab::{self, Tab};
use crate::{behind, clock, environment, mark};
use app::backend::Opening;
use app::directory;
use app::lease::FromTab;
use app::messages::ToSend;
use app::phone::{CallKey, Command, Line, LineState, Phase, Registration, Seat};
use app::sound::Notify;
use clock::Timer;
use futures::{StreamExt as _, stream};
use sip::agent::CallId;
use sip::{Duration, Instant, Random};

mod lease;

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
    behind::watch();
    let devices = Devices::new(&events);
    let sound = Sound::new(&events, &devices, (sound, levels), opening.media.clone(), &opening.policy);
    let mut driver = Driver::new(opening, screen, events, devices, sound);
    while let Some(event) = inbox.next().await {
        let now = clock::now();
        driver.take(event, now);
        driver.listen(now);
        // What connections are asked for is begun before anything is written down or drawn: that takes longer.
        leptos::task::tick().await;
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
    /// What the server said last that is to be sent by who has the line.
    to_send: Vec<ToSend>,
    /// The last message that was told of.
    latest: Option<i64>,
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
            to_send: Vec::new(),
            latest: None,
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
                behind::refresh();
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
    /// Lets the line say what it has to say.
    fn listen(&mut self, now: Instant) {
        if self.tab.lapsed(now) {
            self.held(|holding| holding.rest(now));
        }
        if let Some(holding) = &mut self.holding {
            holding.listen(&self.opening, &self.screen, now);
        }
    }

    fn settle(&mut self, now: Instant) {
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
