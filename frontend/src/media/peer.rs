use super::camera::{Camera, Kind};
use super::connection::{Connection, Listener};
use super::microphone::Microphone;
use super::pictures::Pictures;
use super::rest::Rest;
use super::speaker::Speaker;
use crate::event::{Event, Events};
use crate::repair::State;
use app::backend::IceServer;
use futures::StreamExt as _;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::future::join;
use leptos::task::spawn_local;
use sip::agent::{Answer, Body, CallId, MediaFailure, QuestionId};
use sip::sdp::SessionDescription;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use web_sys::{MediaStreamTrack, RtcSdpType};

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
    /// Open the microphone again after [`Peer::rest`].
    Wake,
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
    /// How many packets arrived so far.
    Arrived(u64),
    /// Whether the browser plays nothing until somebody clicks.
    Silent(bool),
    /// Whether their picture comes, as it is agreed now.
    /// `deaf`: who sends it cannot be asked for a whole one by RTCP.
    Picture { theirs: bool, deaf: bool },
    /// Another picture of ours is open.
    Pictured,
    /// There is no picture of ours of this kind; without a failure the person ended it.
    Unpictured(Kind, Option<MediaFailure>),
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
    sent: Sent,
    closed: Cell<bool>,
    muted: Cell<bool>,
    /// Whether they are on hold: they do not hear us either.
    held: Cell<bool>,
    rest: Rest,
    /// How many descriptions are still to be made.
    unanswered: Cell<usize>,
    microphone: RefCell<Option<Rc<Microphone>>>,
    connection: RefCell<Option<Rc<Connection>>>,
    speaker: RefCell<Option<Speaker>>,
    pictures: Pictures,
    /// Whether the person is being asked what of the screen is to be shared.
    choosing: Rest,
    jobs: UnboundedSender<Job>,
}

impl Peer {
    /// The media of this call; what it tells carries `number`.
    pub(crate) fn new(
        call: CallId,
        number: u64,
        events: Events,
        servers: Vec<IceServer>,
        muted: bool,
        sent: Sent,
    ) -> Self {
        let (jobs, queue) = unbounded();
        let shared = Rc::new(Shared {
            call,
            number,
            events,
            sent,
            closed: Cell::new(false),
            muted: Cell::new(muted),
            held: Cell::new(false),
            rest: Rest::default(),
            unanswered: Cell::new(0),
            microphone: RefCell::default(),
            connection: RefCell::default(),
            speaker: RefCell::default(),
            pictures: Pictures::default(),
            choosing: Rest::default(),
            jobs: jobs.clone(),
        });
        let worker = Worker { shared: shared.clone(), servers };
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
            Job::Remote { .. } | Job::Wake | Job::Show | Job::Refresh | Job::TakeBack => {}
        }
        let _ = self.jobs.unbounded_send(job);
    }

    /// Counts what arrived so far, and tells it.
    pub(crate) fn count(&self) {
        let shared = self.shared.clone();
        spawn_local(async move {
            let connection = shared.connection.borrow().clone();
            if let Some(connection) = connection
                && let Some(packets) = connection.arrived().await
            {
                shared.tell(Told::Arrived(packets));
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
    pub(crate) fn picture(&self, wanted: Option<Kind>) {
        if self.shared.pictures.want(wanted) {
            if wanted.is_none() {
                self.ask(Job::Show);
            }
            self.shared.open_picture();
        }
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
        self.ask(Job::Wake);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.closed.set(true);
        self.shared.rest.set(false);
        // The worker, who has its own end of the queue, stops.
        self.jobs.close_channel();
        self.shared.close_microphone();
        self.shared.pictures.want(None);
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
        let Some((kind, turn)) = self.pictures.begin() else { return };
        self.choosing.set(kind == Kind::Screen);
        let (shared, weak) = (self.clone(), Rc::downgrade(self));
        spawn_local(async move {
            let ended = move || {
                if let Some(shared) = weak.upgrade() {
                    // Who unplugs a camera is told; who ends the sharing by the browser's own button knows.
                    let failure = (kind == Kind::Camera).then_some(MediaFailure::NoDevice);
                    shared.tell(Told::Unpictured(kind, failure));
                }
            };
            let opened = Camera::open(kind, ended).await;
            if !shared.pictures.is_wanted(turn) {
                return;
            }
            match opened {
                Ok(camera) => {
                    shared.pictures.opened(camera);
                    let _ = shared.jobs.unbounded_send(Job::Show);
                    shared.tell(Told::Pictured);
                }
                // Who does not choose a screen does not want to.
                Err(MediaFailure::Denied) if kind == Kind::Screen => shared.tell(Told::Unpictured(kind, None)),
                Err(failure) => shared.tell(Told::Unpictured(kind, Some(failure))),
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

impl Listener for Weak<Shared> {
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
            *speaker = Speaker::new(move |silent| {
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
    servers: Vec<IceServer>,
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
                Job::Wake => {
                    if let Err(failure) = self.reattach().await {
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
        let microphone = self.microphone().await?;
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
        connection.attach(&microphone).await?;
        connection.hold(hold);
        let sends = pictures.are_sent(begins) && !hold;
        connection.set_picture(sends, !hold, true);
        pictures.note_offer(sends);
        connection.show(pictures.sent().as_deref()).await;
        connection.offer(restart).await
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
        for kind in [Kind::Camera, Kind::Screen] {
            self.shared.tell(Told::Unpictured(kind, Some(MediaFailure::Description)));
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
        let (connection, microphone) = join(self.accept(&offer), self.microphone()).await;
        let (connection, microphone) = (connection?, microphone?);
        connection.attach(&microphone).await?;
        connection.hold(hold);
        let pictures = &self.shared.pictures;
        connection.set_picture(pictures.are_sent(false) && !hold, !hold, false);
        pictures.note_offer(false);
        connection.show(pictures.sent().as_deref()).await;
        let mut answer = connection.answer(&received).await?;
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
        if !applied && !early {
            self.shared.tell(Told::State(State::Beyond));
        }
    }

    async fn reattach(&self) -> Result<(), MediaFailure> {
        let connection = self.shared.connection.borrow().clone();
        match connection {
            // Who rests again has another waking before them.
            Some(_) if self.shared.rest.is_on() => Ok(()),
            Some(connection) => connection.attach(&*self.microphone().await?).await,
            None => Ok(()),
        }
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
        Ok(fresh)
    }

    /// The microphone of this call, opened at most once; it is closed at once when the call ended or came to rest
    /// meanwhile. Who rests waits for the end of it: a short break of the network is no reason to refuse a call.
    async fn microphone(&self) -> Result<Rc<Microphone>, MediaFailure> {
        loop {
            self.shared.rest.over().await;
            let open = self.shared.microphone.borrow().clone();
            if let Some(microphone) = open.filter(|microphone| microphone.is_live()) {
                return Ok(microphone);
            }
            if self.shared.closed.get() {
                return Err(MediaFailure::Connectivity);
            }
            let microphone = Rc::new(Microphone::open().await?);
            if self.shared.closed.get() {
                return Err(MediaFailure::Connectivity);
            }
            if self.shared.rest.is_on() {
                continue;
            }
            microphone.mute(self.shared.is_mute());
            self.shared.microphone.replace(Some(microphone.clone()));
            return Ok(microphone);
        }
    }

    /// The connection of this call: another one where it broke.
    fn connection(&self) -> Result<Rc<Connection>, MediaFailure> {
        let existing = self.shared.connection.borrow().clone();
        if let Some(connection) = &existing
            && connection.state() != State::Beyond
        {
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
        Ok(Rc::new(Connection::new(&self.servers, Rc::downgrade(&self.shared))?))
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
