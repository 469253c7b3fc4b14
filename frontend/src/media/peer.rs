use super::connection::{Connection, Listener};
use super::display::Display;
use super::inputs::{Devices, Input, Kind};
use super::limits::Limits;
use super::pictures::{Picture, Pictures, Subject};
use super::policy;
use super::pool::Pool;
use super::rest::Rest;
use super::speaker::Speaker;
use super::statistics::Statistics;
use super::trickling::Trickling;
use crate::event::{Event, Events};
use crate::repair::State;
use app::phone::{self, Voice};
use core::pin::pin;
use futures::StreamExt as _;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::future::{Either, join, select};
use gloo_timers::future::TimeoutFuture;
use leptos::task::spawn_local;
use sip::agent::{Answer, Body, CallId, Digit, MediaFailure, QuestionId};
use sip::sdp::SessionDescription;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use web_sys::{MediaStreamTrack, RtcSdpType};

/// How long the browser may ask for the microphone until a person is told of it, in milliseconds.
const UNTOLD: u32 = 700;
/// How much longer an answer waits for it: somebody waits at the other end, who is heard at least.
const ANSWERING: u32 = 10_000;

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

/// What a peer tells.
pub(crate) enum Told {
    /// The answer to a question.
    Answer(QuestionId, Box<Answer>),
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
            connection: RefCell::default(),
            speaker: RefCell::default(),
            pictures,
            left: Cell::new(false),
            choosing: Rest::default(),
        });
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

    /// Sends a picture of this from now on, or none.
    pub(crate) fn picture(&self, wanted: Option<Subject>) {
        if self.shared.pictures.want(wanted) {
            if wanted.is_none() {
                self.ask(Job::Show);
            }
            self.shared.open_picture();
        }
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
        let late = !self.awaited.is_on();
        if !self.closed.get() && !self.rest.is_on() {
            match opened {
                Ok(microphone) => {
                    microphone.mute(self.is_mute());
                    self.microphone.replace(Some(Rc::new(microphone)));
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
                    let (limits, pictures) =
                        (Limits::of(subject, &shared.pool.media()), Rc::downgrade(&shared.pictures));
                    let ended = move || {
                        if let Some(pictures) = pictures.upgrade() {
                            pictures.ended();
                        }
                    };
                    Display::open(limits, ended).await.map(Picture::Screen)
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

    fn is_mute(&self) -> bool {
        self.muted.get() || self.held.get()
    }

    fn close_microphone(&self) {
        if let Some(microphone) = self.microphone.take() {
            microphone.close();
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
    }
}

/// The one queue of a call.
struct Worker {
    shared: Rc<Shared>,
}

impl Worker {
    async fn run(self, mut queue: UnboundedReceiver<Job>) {
        while let Some(job) = queue.next().await {
            if self.shared.closed.get() {
                break;
            }
            match job {
                Job::Offer { question, hold, restart, before } => {
                    self.tell_answer(question, self.offer(hold, restart, before).await);
                }
                Job::Answer { question, offer, hold } => self.tell_answer(question, self.answer(&offer, hold).await),
                Job::Remote { answer, early } => self.remote(&answer, early).await,
                Job::Follow => self.try_following().await,
                Job::Speak => {
                    if let Err(failure) = self.speak().await {
                        self.shared.tell(Told::Failed(failure));
                    }
                }
                Job::Show => self.show().await,
                Job::Refresh => {
                    if let Some(connection) = self.current() {
                        connection.refresh().await;
                    }
                }
                Job::TakeBack => self.take_back().await,
            }
        }
    }

    fn tell_answer(&self, question: QuestionId, made: Result<SessionDescription, MediaFailure>) {
        self.shared.unanswered.set(self.shared.unanswered.get().saturating_sub(1));
        let answer = match made {
            Ok(mut ours) => {
                let mut sent = self.shared.sent.borrow_mut();
                ours.prepare_to_send(sent.as_ref());
                policy::describe(&mut ours, &self.shared.pool.media());
                let bytes = ours.to_bytes();
                sent.replace(ours);
                Answer::Description(Body { content_type: SessionDescription::CONTENT_TYPE.into(), bytes })
            }
            Err(failure) => Answer::Media(failure),
        };
        self.shared.tell(Told::Answer(question, Box::new(answer)));
    }

    async fn offer(
        &self,
        hold: bool,
        restart: bool,
        before: Option<Box<SessionDescription>>,
    ) -> Result<SessionDescription, MediaFailure> {
        let microphone = self.microphone(None).await?;
        let connection = self.connection()?;
        let pictures = &self.shared.pictures;
        let begins = before.is_none();
        if begins {
            // A call that is to show a screen begins when it is chosen.
            self.shared.choosing.over().await;
        }
        if let Some(before) = before.filter(|_| connection.is_fresh()) {
            connection.lay_out(&before);
        }
        match microphone {
            Some(microphone) => _ = connection.attach(&microphone).await?,
            None => connection.listen(),
        }
        connection.hold(hold);
        let sends = pictures.are_sent(begins) && !hold;
        connection.set_picture(sends, !hold, true);
        pictures.note_offer(sends);
        connection.show(pictures.sent().as_deref()).await;
        connection.offer(restart, self.shared.trickling.is_taken()).await
    }

    /// The connection that there is.
    fn current(&self) -> Option<Rc<Connection>> {
        self.shared.connection.borrow().clone()
    }

    /// Sends the picture that is open, and shows it here.
    async fn show(&self) {
        if let Some(connection) = self.current() {
            connection.show(self.shared.pictures.sent().as_deref()).await;
        }
        self.shared.pictures.show(self.shared.call.0);
    }

    /// What was offered was refused as a whole.
    async fn take_back(&self) {
        let Some(connection) = self.current() else { return };
        let added = connection.take_back().await && connection.flow().is_none_or(|flow| !flow.sends);
        if added && self.shared.pictures.was_offered() {
            self.refused();
        }
    }

    /// They take no picture of ours.
    fn refused(&self) {
        for subject in [Subject::Camera, Subject::Screen] {
            self.shared.tell(Told::Unpictured(subject, Some(phone::MediaFailure::Description)));
        }
    }

    /// Tells what is agreed about pictures.
    fn tell_flow(&self, connection: &Connection) {
        let theirs = connection.flow().is_some_and(|flow| flow.receives);
        self.shared.tell(Told::Picture { theirs, deaf: theirs && connection.lacks_feedback() });
    }

    /// Their offer is applied while the person may still be asked for the microphone.
    async fn answer(&self, offer: &Body, hold: bool) -> Result<SessionDescription, MediaFailure> {
        let received = SessionDescription::parse(&offer.bytes).map_err(|_| MediaFailure::Description)?;
        let offer = SessionDescription::offer_for_browser(&offer.bytes).map_err(|_| MediaFailure::Description)?;
        let (connection, microphone) = join(self.accept(&offer), self.microphone(Some(ANSWERING))).await;
        let (connection, microphone) = (connection?, microphone?);
        if let Some(microphone) = microphone {
            connection.attach(&microphone).await?;
        }
        connection.hold(hold);
        let pictures = &self.shared.pictures;
        connection.set_picture(pictures.are_sent(false) && !hold, !hold, false);
        pictures.note_offer(false);
        connection.show(pictures.sent().as_deref()).await;
        let mut answer = connection.answer(&received, self.shared.trickling.is_taken()).await?;
        self.tell_flow(&connection);
        // The connection may have sections that they forgot, and has none that no browser can take.
        answer.mend_answer(&received);
        Ok(answer)
    }

    /// An early answer that does not fit is let go: the final one counts.
    async fn remote(&self, answer: &Body, early: bool) {
        let connection = self.shared.connection.borrow().clone();
        let Some(connection) = connection else { return };
        let kind = if early { RtcSdpType::Pranswer } else { RtcSdpType::Answer };
        let answer = match &*self.shared.sent.borrow() {
            Some(offer) => SessionDescription::answer_for_browser(&answer.bytes, offer).ok(),
            None => None,
        };
        let takes = answer.as_ref().is_some_and(takes_pictures);
        let applied = match answer {
            Some(answer) => connection.apply(kind, answer).await.is_ok(),
            None => false,
        };
        if applied && !early {
            self.tell_flow(&connection);
            if !takes && self.shared.pictures.are_sent(true) && self.shared.pictures.was_offered() {
                self.refused();
            }
        }
        self.try_following().await;
        if !applied && !early {
            self.shared.tell(Told::State(State::Beyond));
        }
    }

    async fn try_following(&self) {
        let connection = self.shared.connection.borrow().clone();
        let Some(connection) = connection else { return };
        if let Some(theirs) = connection.applied() {
            connection.try_also(self.shared.trickling.following(&theirs)).await;
        }
    }

    async fn speak(&self) -> Result<(), MediaFailure> {
        let connection = self.shared.connection.borrow().clone();
        // Who rests again has another waking before them.
        let Some(connection) = connection.filter(|_| !self.shared.rest.is_on()) else { return Ok(()) };
        if let Some(microphone) = self.microphone(None).await?
            && connection.attach(&microphone).await?
        {
            self.shared.tell(Told::Changed);
        }
        Ok(())
    }

    /// Applies their offer to the connection that is there; an offer that does not go on with it (that of a page which
    /// was loaded anew, say) gets a fresh one.
    async fn accept(&self, offer: &SessionDescription) -> Result<Rc<Connection>, MediaFailure> {
        let existing = self.shared.connection.borrow().clone();
        if let Some(connection) = &existing
            && connection.state() != State::Beyond
            && let Some(offer) = connection.going_on(offer)
            && connection.apply(RtcSdpType::Offer, offer).await.is_ok()
        {
            connection.follow(&self.shared.pool.media());
            self.try_following().await;
            return Ok(connection.clone());
        }
        let fresh = self.fresh_connection()?;
        if let Err(failure) = fresh.apply(RtcSdpType::Offer, offer.clone()).await {
            fresh.close();
            return Err(failure);
        }
        if let Some(connection) = existing {
            connection.close();
        }
        self.keep(&fresh)?;
        self.try_following().await;
        Ok(fresh)
    }

    /// The microphone of this call; none if the browser gives none, or not within the patience (milliseconds) or a
    /// person's: the call goes on without. Who rests waits for the end of it: a short break of the network is no reason
    /// to refuse a call.
    async fn microphone(&self, patience: Option<u32>) -> Result<Option<Rc<Input>>, MediaFailure> {
        let shared = &self.shared;
        loop {
            shared.rest.over().await;
            if shared.closed.get() {
                return Err(MediaFailure::Connectivity);
            }
            let open = shared.microphone.borrow().clone();
            if let Some(microphone) = open.filter(|microphone| microphone.is_current()) {
                return Ok(Some(microphone));
            }
            match shared.voice.get() {
                Voice::Sent | Voice::Asked => {}
                Voice::Missing(_) => return Ok(None),
            }
            if !shared.opening.replace(true) {
                shared.awaited.set(true);
                spawn_local(shared.clone().open());
            } else if !shared.awaited.is_on() {
                return Ok(None);
            }
            self.asked(patience).await;
        }
    }

    /// Waits while the browser asks a person, who is told of it.
    async fn asked(&self, patience: Option<u32>) {
        let mut answered = pin!(self.shared.awaited.over());
        let Either::Right(_) = select(&mut answered, TimeoutFuture::new(UNTOLD)).await else { return };
        self.shared.say(Voice::Asked);
        match patience {
            Some(patience) => {
                if let Either::Right(_) = select(answered, TimeoutFuture::new(patience)).await {
                    self.shared.awaited.set(false);
                }
            }
            None => answered.await,
        }
    }

    /// The connection of this call: another one where it broke.
    fn connection(&self) -> Result<Rc<Connection>, MediaFailure> {
        let existing = self.shared.connection.borrow().clone();
        if let Some(connection) = &existing
            && connection.state() != State::Beyond
        {
            connection.follow(&self.shared.pool.media());
            return Ok(connection.clone());
        }
        let connection = self.fresh_connection()?;
        self.keep(&connection)?;
        if let Some(existing) = existing {
            existing.close();
        }
        Ok(connection)
    }

    fn fresh_connection(&self) -> Result<Rc<Connection>, MediaFailure> {
        Ok(Rc::new(Connection::new(&self.shared.pool, Rc::downgrade(&self.shared))?))
    }

    /// Makes it the connection of this call, unless the call ended meanwhile.
    fn keep(&self, connection: &Rc<Connection>) -> Result<(), MediaFailure> {
        if self.shared.closed.get() {
            connection.close();
            return Err(MediaFailure::Connectivity);
        }
        self.shared.connection.replace(Some(connection.clone()));
        Ok(())
    }
}

/// Whether there is a place for pictures in this answer.
fn takes_pictures(answer: &SessionDescription) -> bool {
    answer.media().iter().any(|media| media.is_video() && !media.is_rejected())
}
