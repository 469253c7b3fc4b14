use super::connection::{Connection, Listener};
use super::display::Display;
use super::inputs::{Devices, Input, Kind};
use super::limits::Limits;
use super::mixer::Part;
use super::pictures::{Picture, Pictures, Subject};
use super::pool::Pool;
use super::rest::Rest;
use super::speaker::Speaker;
use super::statistics::Statistics;
use super::trickling::Trickling;
use crate::event::{Event, Events};
use crate::repair::State;
use app::phone::{self, Voice};
use core::pin::pin;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use leptos::task::spawn_local;
use sip::agent::{Answer, Body, CallId, Digit, MediaFailure, QuestionId};
use sip::sdp::SessionDescription;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use web_sys::MediaStreamTrack;

mod worker;

use worker::Worker;

/// How long the browser may ask for the microphone until a person is told of it, in milliseconds.
const UNTOLD: u32 = 700;

/// What was sent last in a call: it outlives the connections that described themselves so.
pub(crate) type Sent = Rc<RefCell<Option<SessionDescription>>>;

/// What a peer is asked to do; done one after the other.
pub(crate) enum Job {
    /// Make an offer for this question, which puts them on hold or not, and may restart ICE. A fresh connection goes on with
    /// what was described before.
    Offer { question: QuestionId, hold: bool, restart: bool, before: Option<Box<SessionDescription>> },
    /// Make an answer to this offer for this question, which puts them on hold or not.
    Answer { question: QuestionId, offer: Body, hold: bool },
    /// Apply their answer to our offer: an early one, which another may follow, or the final one.
    Remote { answer: Body, early: bool },
    /// Try the candidates that followed their description.
    Follow,
    /// Send what the microphone hears, which is another one, or is open again or at last.
    Speak,
    /// Send the picture that is open now, or none.
    Show,
    /// Send a whole picture.
    Refresh,
    /// Take back an offer that they refused as a whole, if there is one.
    TakeBack,
}

/// An offer that could not be made, as [`Job::Offer`] has it.
pub(crate) struct Stranded {
    pub(crate) question: QuestionId,
    pub(crate) hold: bool,
    pub(crate) before: Option<Box<SessionDescription>>,
}

/// What a peer tells.
pub(crate) enum Told {
    /// The answer to a question.
    Answer(QuestionId, Box<Answer>),
    /// What was offered for this question would reach nobody: the browser does not know our network yet. The same is to be
    /// offered over a fresh connection.
    Stranded(Stranded),
    /// What the connection says of itself. Their final answer not fitting it is [`State::Beyond`].
    State(State),
    /// Candidates of ours that were found since the last description left (RFC 8840).
    Candidates(Box<Body>),
    /// What was counted so far.
    Counted(Statistics),
    /// Whether our voice goes out.
    Voice(Voice),
    /// They are to be told that we send what we did not: a new offer is wanted.
    Changed,
    /// What is heard or said is another sound from now on.
    Sounds,
    /// Whether the browser plays nothing until somebody clicks.
    Silent(bool),
    /// Whether their picture comes, as it is agreed now.
    /// `deaf`: who sends it cannot be asked for a whole one by RTCP.
    Picture { theirs: bool, deaf: bool },
    /// Another picture of ours is open.
    Pictured,
    /// There is no picture of ours of this kind; without a failure the person ended it.
    Unpictured(Subject, Option<phone::MediaFailure>),
    /// The media cannot go on.
    Failed(MediaFailure),
}

/// The media of one call: its microphone, its peer connection and the sound of the other end. Dropping it ends all of
/// them at once, and nothing is told afterwards.
pub(crate) struct Peer {
    jobs: UnboundedSender<Job>,
    shared: Rc<Shared>,
}

/// What must be reached at once, whatever the queue is waiting for.
struct Shared {
    call: CallId,
    number: u64,
    events: Events,
    jobs: UnboundedSender<Job>,
    devices: Devices,
    sent: Sent,
    trickling: Rc<Trickling>,
    pool: Rc<Pool>,
    closed: Cell<bool>,
    muted: Cell<bool>,
    /// Whether they are on hold: they do not hear us either.
    held: Cell<bool>,
    rest: Rest,
    /// How many descriptions are still to be made.
    unanswered: Cell<usize>,
    microphone: RefCell<Option<Rc<Input>>>,
    voice: Cell<Voice>,
    /// Whether the browser is being asked for the microphone.
    opening: Cell<bool>,
    /// Whether a description waits for that.
    awaited: Rest,
    /// Whether a description agreed to send what it hears, before it was open.
    promised: Cell<bool>,
    connection: RefCell<Option<Rc<Connection>>>,
    speaker: RefCell<Option<Speaker>>,
    pictures: Rc<Pictures>,
    /// Whether another peer goes on with the pictures.
    left: Cell<bool>,
    /// Whether the person is being asked what of the screen is to be shared.
    choosing: Rest,
}

impl Peer {
    /// The media of this call; what it tells carries `number`.
    pub(crate) fn new(
        call: CallId,
        number: u64,
        events: Events,
        devices: Devices,
        pool: Rc<Pool>,
        muted: bool,
        (sent, trickling, pictures): (Sent, Rc<Trickling>, Rc<Pictures>),
    ) -> Self {
        let (jobs, queue) = unbounded();
        let shared = Rc::new(Shared {
            call,
            number,
            events,
            jobs: jobs.clone(),
            devices,
            sent,
            trickling,
            pool,
            closed: Cell::new(false),
            muted: Cell::new(muted),
            held: Cell::new(false),
            rest: Rest::default(),
            unanswered: Cell::new(0),
            microphone: RefCell::default(),
            voice: Cell::default(),
            opening: Cell::new(false),
            awaited: Rest::default(),
            promised: Cell::new(false),
            connection: RefCell::default(),
            speaker: RefCell::default(),
            pictures,
            left: Cell::new(false),
            choosing: Rest::default(),
        });
        let turned = jobs.clone();
        shared.devices.mixer().open(number, call, move || _ = turned.unbounded_send(Job::Speak));
        let weak = Rc::downgrade(&shared);
        shared.pictures.when_ended(move || {
            if let Some(shared) = weak.upgrade() {
                shared.tell(Told::Unpictured(Subject::Screen, None));
            }
        });
        let worker = Worker { shared: shared.clone() };
        spawn_local(worker.run(queue));
        Self { jobs, shared }
    }

    /// Its number.
    pub(crate) fn number(&self) -> u64 {
        self.shared.number
    }

    /// Whether it is making a description, or is about to.
    pub(crate) fn is_asked(&self) -> bool {
        self.shared.unanswered.get() > 0
    }

    /// Adds a job to the queue.
    pub(crate) fn ask(&self, job: Job) {
        match &job {
            Job::Offer { .. } | Job::Answer { .. } => self.shared.unanswered.set(self.shared.unanswered.get() + 1),
            Job::Remote { .. } | Job::Follow | Job::Speak | Job::Show | Job::Refresh | Job::TakeBack => {}
        }
        let _ = self.jobs.unbounded_send(job);
    }

    /// Has it counted what came and went so far, and tells it.
    pub(crate) fn count(&self) {
        let shared = self.shared.clone();
        spawn_local(async move {
            let connection = shared.connection.borrow().clone();
            if let Some(connection) = connection
                && let Some(statistics) = connection.statistics().await
            {
                shared.tell(Told::Counted(statistics));
            }
        });
    }

    /// Lets the other end hear us or not.
    pub(crate) fn mute(&self, muted: bool) {
        self.shared.muted.set(muted);
        self.shared.apply_mute();
    }

    /// Puts the other end on hold or ends that: as long as it lasts they do not hear us.
    pub(crate) fn hold(&self, held: bool) {
        if self.shared.held.replace(held) != held {
            self.shared.apply_mute();
            self.shared.apply_hide();
        }
    }

    /// How it takes part in the conference: who is joined hears the others through us.
    pub(crate) fn join(&self, part: Part) {
        self.shared.devices.mixer().place(self.shared.number, part);
    }

    /// What is said and what is heard in it, as far as anything is.
    pub(crate) fn sounds(&self) -> (Option<MediaStreamTrack>, Option<MediaStreamTrack>) {
        if self.shared.rest.is_on() {
            return (None, None);
        }
        let said = self.shared.microphone.borrow().as_ref().map(|microphone| Clone::clone(microphone.track()));
        (said, self.shared.speaker.borrow().as_ref().and_then(Speaker::playing))
    }

    /// Sends a picture of this from now on, or none.
    pub(crate) fn picture(&self, wanted: Option<Subject>) {
        if self.shared.pictures.want(wanted) {
            if wanted.is_none() {
                self.ask(Job::Show);
            }
            self.shared.open_picture();
        }
    }

    /// The screen that is shared in this call, if one is.
    pub(crate) fn screen(&self) -> Option<Rc<Picture>> {
        self.shared.pictures.screen()
    }

    /// Sends the screen that is shared in another call: whether it can be.
    pub(crate) fn share(&self, screen: &Picture) -> bool {
        let Picture::Screen(display) = screen else { return false };
        let Some(display) = display.again(self.shared.ended()) else { return false };
        self.shared.pictures.want(Some(Subject::Screen));
        self.shared.pictures.opened(Picture::Screen(display));
        self.ask(Job::Show);
        self.shared.tell(Told::Pictured);
        true
    }

    /// Sends a key (RFC 4733), after those before it: whether the connection is there, and that was negotiated.
    pub(crate) fn digit(&self, digit: Digit) -> bool {
        self.shared.connection.borrow().as_ref().is_some_and(|connection| connection.digit(digit))
    }

    /// Whether the pictures need another description than the one that is agreed.
    pub(crate) fn wants_offer(&self) -> bool {
        let connection = self.shared.connection.borrow();
        !self.is_asked()
            && connection.as_ref().is_some_and(|connection| {
                connection.is_settled() && self.shared.pictures.want_offer(connection.flow(), self.shared.held.get())
            })
    }

    /// Shows the pictures in the elements that the page has for them.
    pub(crate) fn show(&self) {
        self.shared.pictures.show(self.shared.call.0);
    }

    /// Closes the microphone and the sound at once, but keeps the connection: [`Peer::wake`] goes on with it.
    pub(crate) fn rest(&self) {
        self.shared.rest.set(true);
        self.shared.close_microphone();
        self.shared.pictures.rest();
        self.shared.silence(true);
    }

    /// Goes on after [`Peer::rest`].
    pub(crate) fn wake(&self) {
        self.shared.rest.set(false);
        self.shared.silence(false);
        self.shared.apply_hide();
        self.shared.open_picture();
        self.ask(Job::Speak);
    }

    /// Asks for the microphone again, or goes on without it while it is asked: it is heard once it is there.
    pub(crate) fn speak(&self, wanted: bool) {
        if !wanted {
            self.shared.awaited.set(false);
        } else if !self.shared.opening.get() {
            self.shared.say(Voice::Sent);
            self.ask(Job::Speak);
        }
    }

    /// The microphone is gone, or another one was chosen: goes on with what there is.
    pub(crate) fn renew(&self) {
        if self.shared.microphone.borrow().is_some() {
            self.ask(Job::Speak);
        }
    }

    /// The camera is gone, or another one was chosen: goes on with what there is.
    pub(crate) fn renew_picture(&self) {
        if self.shared.pictures.want_camera() {
            self.shared.open_picture();
        }
    }

    /// Ends it, but for the pictures, which another one goes on with: browsers give a screen to nobody twice.
    pub(crate) fn leave_pictures(self) -> Rc<Pictures> {
        self.shared.left.set(true);
        self.shared.pictures.clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.closed.set(true);
        self.shared.rest.set(false);
        self.shared.awaited.set(false);
        // The worker, who has its own end of the queue, stops.
        self.jobs.close_channel();
        self.shared.devices.mixer().close(self.shared.number);
        self.shared.close_microphone();
        if !self.shared.left.get() {
            self.shared.pictures.want(None);
        }
        self.shared.choosing.set(false);
        self.shared.speaker.replace(None);
        if let Some(connection) = self.shared.connection.take() {
            connection.close();
        }
    }
}

impl Shared {
    fn tell(&self, told: Told) {
        if !self.closed.get() {
            self.events.tell(Event::Media(self.call, self.number, told));
        }
    }

    fn say(&self, voice: Voice) {
        if self.voice.replace(voice) != voice {
            self.tell(Told::Voice(voice));
        }
    }

    /// Opens the microphone. It is closed at once when the call ended or came to rest meanwhile, and is sent by a job of
    /// its own when the call went on without.
    async fn open(self: Rc<Self>) {
        let opened = self.devices.open(Kind::Microphone).await;
        self.opening.set(false);
        let late = self.promised.take() || !self.awaited.is_on();
        if !self.closed.get() && !self.rest.is_on() {
            match opened {
                Ok(microphone) => {
                    microphone.mute(self.is_mute());
                    self.microphone.replace(Some(Rc::new(microphone)));
                    self.tell(Told::Sounds);
                    self.say(Voice::Sent);
                    if late {
                        let _ = self.jobs.unbounded_send(Job::Speak);
                    }
                }
                Err(failure) => {
                    // What was open before is gone, or not wanted.
                    self.close_microphone();
                    self.say(Voice::Missing(failure));
                }
            }
        }
        self.awaited.set(false);
    }

    /// Waits while the browser asks a person, who is told of it; so long (milliseconds) once they were told, or as long as
    /// it takes.
    async fn asked(&self, patience: Option<u32>) {
        let mut answered = pin!(self.awaited.over());
        let Either::Right(_) = select(&mut answered, TimeoutFuture::new(UNTOLD)).await else { return };
        self.say(Voice::Asked);
        match patience {
            Some(patience) => {
                if let Either::Right(_) = select(answered, TimeoutFuture::new(patience)).await {
                    self.awaited.set(false);
                }
            }
            None => answered.await,
        }
    }

    fn apply_mute(&self) {
        if let Some(microphone) = &*self.microphone.borrow() {
            microphone.mute(self.is_mute());
        }
    }

    fn apply_hide(&self) {
        self.pictures.hide(self.held.get() || self.rest.is_on());
    }

    /// Opens what is to be sent, if it is not open; nothing else waits for it.
    fn open_picture(self: &Rc<Self>) {
        if self.closed.get() || self.rest.is_on() {
            return;
        }
        let Some((subject, turn)) = self.pictures.begin() else { return };
        self.choosing.set(subject == Subject::Screen);
        let shared = self.clone();
        spawn_local(async move {
            let opened = match subject {
                Subject::Camera => shared.devices.open(Kind::Camera).await.map(Picture::Camera),
                Subject::Screen => {
                    let limits = Limits::of(subject, &shared.pool.media());
                    Display::open(limits, shared.ended()).await.map(Picture::Screen)
                }
            };
            if !shared.pictures.is_wanted(turn) {
                return;
            }
            match opened {
                Ok(picture) => {
                    shared.pictures.opened(picture);
                    let _ = shared.jobs.unbounded_send(Job::Show);
                    shared.tell(Told::Pictured);
                }
                // Who does not choose a screen does not want to.
                Err(phone::MediaFailure::Denied) if subject == Subject::Screen => {
                    shared.tell(Told::Unpictured(subject, None));
                }
                Err(failure) => shared.tell(Told::Unpictured(subject, Some(failure))),
            }
            shared.choosing.set(false);
        });
    }

    /// What is to be done when the sharing of a screen ends by itself.
    fn ended(&self) -> impl FnMut() + 'static + use<> {
        let pictures = Rc::downgrade(&self.pictures);
        move || {
            if let Some(pictures) = pictures.upgrade() {
                pictures.ended();
            }
        }
    }

    fn is_mute(&self) -> bool {
        self.muted.get() || self.held.get()
    }

    fn close_microphone(&self) {
        if let Some(microphone) = self.microphone.take() {
            microphone.close();
            self.tell(Told::Sounds);
        }
    }

    fn silence(&self, silent: bool) {
        if let Some(speaker) = &*self.speaker.borrow() {
            speaker.silence(silent);
        }
    }
}

impl Shared {
    /// What the last description did not have of our candidates; `None` while another one is being made, which has them.
    fn new_candidates(&self) -> Option<Body> {
        if self.closed.get() || self.unanswered.get() > 0 || !self.pool.media().trickle {
            return None;
        }
        let now = self.connection.borrow().as_ref()?.described().ok()?;
        Trickling::between(self.sent.borrow().as_ref()?, now)
    }
}

impl Listener for Weak<Shared> {
    fn candidates(&self) {
        if let Some(shared) = self.upgrade()
            && let Some(candidates) = shared.new_candidates()
        {
            shared.tell(Told::Candidates(Box::new(candidates)));
        }
    }

    fn state(&self, state: State) {
        if let Some(shared) = self.upgrade() {
            shared.tell(Told::State(state));
        }
    }

    fn track(&self, track: MediaStreamTrack) {
        let Some(shared) = self.upgrade() else { return };
        if shared.closed.get() {
            return;
        }
        if track.kind() == "video" {
            shared.pictures.receive(&track);
            return shared.pictures.show(shared.call.0);
        }
        let mut speaker = shared.speaker.borrow_mut();
        if speaker.is_none() {
            let weak = self.clone();
            *speaker = Speaker::new(shared.devices.output(), move |silent| {
                if let Some(shared) = weak.upgrade() {
                    shared.tell(Told::Silent(silent));
                }
            });
        }
        if let Some(speaker) = &*speaker {
            speaker.silence(shared.rest.is_on());
            speaker.play(&track);
        }
        shared.devices.mixer().receive(shared.number, &track);
        shared.tell(Told::Sounds);
    }
}
