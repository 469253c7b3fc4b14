use super::{Job, Shared, Stranded, Told};
use crate::media::connection::Connection;
use crate::media::inputs::Input;
use crate::media::pictures::Subject;
use crate::media::policy;
use crate::repair::State;
use app::phone::{self, Voice};
use futures::StreamExt as _;
use futures::channel::mpsc::UnboundedReceiver;
use futures::future::join;
use leptos::task::spawn_local;
use sip::agent::{Answer, Body, MediaFailure, QuestionId};
use sip::sdp::{CandidateKinds, SessionDescription};
use std::rc::Rc;
use wasm_bindgen::JsCast as _;
use web_sys::RtcSdpType;

/// How much longer than a person is not told of it an answer waits for the microphone, in milliseconds: somebody waits at
/// the other end, who is heard at least.
const ANSWERING: u32 = 10_000;

/// The one queue of a call.
pub(super) struct Worker {
    pub(super) shared: Rc<Shared>,
}

impl Worker {
    /// Does the jobs, one after the other, as long as there may be more.
    pub(super) async fn run(self, mut queue: UnboundedReceiver<Job>) {
        while let Some(job) = queue.next().await {
            if self.shared.closed.get() {
                break;
            }
            match job {
                Job::Offer { question, hold, restart, before } => {
                    let made = self.offer(hold, restart, before.clone()).await;
                    if made.as_ref().is_ok_and(|ours| self.is_stranded(ours)) {
                        self.shared.pool.strand();
                        self.shared.tell(Told::Stranded(Stranded { question, hold, before }));
                    } else {
                        self.tell_answer(question, made);
                    }
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

    /// Whether the browser found no address of ours to describe, although another connection may.
    fn is_stranded(&self, ours: &SessionDescription) -> bool {
        !self.shared.pool.media().relay
            && ours.candidate_kinds() == CandidateKinds::default()
            && self.current().is_some_and(|connection| !connection.is_anew())
    }

    async fn offer(
        &self,
        hold: bool,
        restart: bool,
        before: Option<Box<SessionDescription>>,
    ) -> Result<SessionDescription, MediaFailure> {
        let promised = self.promise();
        let asked = if promised { None } else { self.microphone(None).await? };
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
        self.send(&connection, asked, promised, None).await?;
        connection.listen();
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
        // The microphone takes longest, and is asked for first.
        let promised = self.promise();
        let asking = async { if promised { Ok(None) } else { self.microphone(Some(ANSWERING)).await } };
        let (asked, connection) = join(asking, self.accept(&offer)).await;
        let connection = connection?;
        self.send(&connection, asked?, promised, Some(ANSWERING)).await?;
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
        let microphone = self.microphone(None).await?;
        if self.attach(&connection, microphone.as_deref()).await? {
            self.shared.tell(Told::Changed);
        }
        Ok(())
    }

    /// Begins to open the microphone where the browser gives it without asking anybody: whether our voice can be promised.
    fn promise(&self) -> bool {
        let shared = &self.shared;
        let open = shared.microphone.borrow().as_ref().is_some_and(|microphone| microphone.is_current());
        let begins = !open && !shared.rest.is_on() && shared.voice.get() == Voice::Sent && shared.pool.is_granted();
        if !begins || shared.opening.replace(true) {
            return false;
        }
        shared.awaited.set(true);
        shared.promised.set(true);
        spawn_local(shared.clone().open());
        let told = shared.clone();
        spawn_local(async move { told.asked(None).await });
        true
    }

    /// Has our voice sent: what was `asked` for, or what was promised, at the latest once it is there. A connection without
    /// a place for it waits.
    async fn send(
        &self,
        connection: &Connection,
        asked: Option<Rc<Input>>,
        promised: bool,
        patience: Option<u32>,
    ) -> Result<(), MediaFailure> {
        // The call may have ended since the connection was made: who chooses a screen takes their time.
        if self.shared.closed.get() {
            return Err(MediaFailure::Connectivity);
        }
        let microphone = match promised {
            true if connection.promise() => self.shared.microphone.borrow().clone(),
            true => self.microphone(patience).await?,
            false => asked,
        };
        self.attach(connection, microphone.as_deref()).await.map(drop)
    }

    /// Sends what is to be heard of us, if there is anything: what the microphone hears, and what is mixed into it. Whether
    /// they are to be told, as nothing was sent before.
    async fn attach(&self, connection: &Connection, microphone: Option<&Input>) -> Result<bool, MediaFailure> {
        let mixed = self.shared.devices.mixer().send(self.shared.number, microphone);
        match (mixed, microphone) {
            (Some(mixed), _) => match mixed.get_audio_tracks().get(0).dyn_into() {
                Ok(track) => connection.attach(&track, &mixed).await,
                Err(_) => Err(MediaFailure::Unsupported),
            },
            (None, Some(microphone)) => connection.attach(microphone.track(), microphone.stream()).await,
            (None, None) => Ok(false),
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
            shared.asked(patience).await;
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
