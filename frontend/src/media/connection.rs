use super::pictures::Subject;
use super::pool::{Pool, Ready, configuration};
use super::realm::Realm;
use super::statistics::Statistics;
use super::trickling::Following;
use crate::repair::State;
use app::media::Media;
use core::future::IntoFuture;
use core::pin::pin;
use futures::FutureExt as _;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::channel::oneshot;
use futures::future::{Either, Shared, select};
use sip::Instant;
use sip::agent::{Digit, MediaFailure};
use sip::sdp::{Continuity, SessionDescription};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    MediaStream, MediaStreamTrack, RtcIceCandidateInit, RtcIceConnectionState, RtcPeerConnection,
    RtcPeerConnectionState, RtcRtpSender, RtcRtpTransceiver, RtcRtpTransceiverDirection, RtcRtpTransceiverInit,
    RtcSdpType, RtcSessionDescriptionInit, RtcSignalingState, RtcTrackEvent,
};

mod describing;
mod pictured;

pub(crate) use pictured::Flow;

/// How long a key sounds, and the pause after it, in milliseconds.
const KEY: u32 = 120;
const KEY_GAP: u32 = 70;

/// What a connection tells while it lives.
pub(crate) trait Listener: 'static {
    /// The state of the whole connection changed.
    fn state(&self, state: State);
    /// The other end sends this.
    fn track(&self, track: MediaStreamTrack);
    /// There is another candidate of ours, or the last one was there.
    fn candidates(&self);
}

/// One RTCPeerConnection. Its methods must not run side by side: who uses it has one queue.
pub(crate) struct Connection {
    rtc: RtcPeerConnection,
    sender: RefCell<Option<RtcRtpSender>>,
    /// The last description of theirs.
    applied: RefCell<Option<SessionDescription>>,
    candidates: RefCell<Option<UnboundedReceiver<()>>>,
    held: Cell<bool>,
    /// What its picture is of.
    shown: Cell<Option<Subject>>,
    /// What it was made with, or [set](Self::follow) since.
    media: RefCell<Rc<Media>>,
    /// Since when it gathers, if it did before there was a description.
    ahead: Option<Instant>,
    described: Cell<bool>,
    /// The window that it lives in, if it is not the page's.
    _realm: Option<Realm>,
    /// Whether it was made to know the network as it is now.
    anew: bool,
    /// Dropped when it is closed, which resolves `closed`.
    closing: RefCell<Option<oneshot::Sender<()>>>,
    closed: Shared<oneshot::Receiver<()>>,
    _listeners: [Closure<dyn FnMut(JsValue)>; 3],
}

impl Connection {
    /// A fresh connection: the one that was kept ready, if there is one.
    pub(crate) fn new(pool: &Pool, listener: impl Listener) -> Result<Self, MediaFailure> {
        let media = pool.media();
        let Ready { rtc, since: ahead, realm, anew } = pool.connection().ok_or(MediaFailure::Unsupported)?;
        let listener = Rc::new(listener);
        let (gathered, candidates) = unbounded();
        let (told, connection) = (listener.clone(), rtc.clone());
        let on_state = Closure::<dyn FnMut(JsValue)>::new(move |_| told.state(state(&connection)));
        let heard = listener.clone();
        let on_track = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            heard.track(event.unchecked_into::<RtcTrackEvent>().track());
        });
        let on_candidate = Closure::<dyn FnMut(JsValue)>::new(move |_| {
            let _ = gathered.unbounded_send(());
            listener.candidates();
        });
        rtc.set_onconnectionstatechange(Some(on_state.as_ref().unchecked_ref()));
        rtc.set_ontrack(Some(on_track.as_ref().unchecked_ref()));
        rtc.set_onicecandidate(Some(on_candidate.as_ref().unchecked_ref()));
        rtc.set_onicegatheringstatechange(Some(on_candidate.as_ref().unchecked_ref()));
        let (closing, closed) = oneshot::channel();
        Ok(Self {
            rtc,
            sender: RefCell::default(),
            applied: RefCell::default(),
            candidates: RefCell::new(Some(candidates)),
            held: Cell::new(false),
            shown: Cell::new(None),
            media: RefCell::new(media),
            ahead,
            described: Cell::new(false),
            _realm: realm,
            anew,
            closing: RefCell::new(Some(closing)),
            closed: closed.shared(),
            _listeners: [on_state, on_track, on_candidate],
        })
    }

    /// Sends this sound; what is sent already is replaced, without a word to the other end. Whether they are to be told, as
    /// nothing was sent before.
    pub(crate) async fn attach(&self, track: &MediaStreamTrack, of: &MediaStream) -> Result<bool, MediaFailure> {
        let sender = self.sender.borrow().clone();
        match sender {
            Some(sender) => {
                if sender.track().as_ref() != Some(track) {
                    let replaced = self.settled(sender.replace_track(Some(track))).await;
                    replaced.ok_or(MediaFailure::Unsupported)?;
                }
                Ok(false)
            }
            None => {
                let sender = self.rtc.add_track_0(track, of);
                self.sender.replace(Some(sender));
                Ok(true)
            }
        }
    }

    /// Agrees in the next description to send sound, which is [attached](Self::attach) once it is there, without a word to
    /// the other end. Whether there is a place for it.
    pub(crate) fn promise(&self) -> bool {
        if self.sender.borrow().is_some() {
            return true;
        }
        let streams = js_sys::Array::new();
        if let Ok(stream) = MediaStream::new() {
            streams.push(&stream);
        }
        let place = if self.is_fresh() {
            let init = RtcRtpTransceiverInit::new();
            init.set_direction(RtcRtpTransceiverDirection::Sendrecv);
            init.set_streams(&streams);
            Some(self.rtc.add_transceiver_with_str_and_init("audio", &init))
        } else {
            self.place()
        };
        let Some(place) = place else { return false };
        place.set_direction(RtcRtpTransceiverDirection::Sendrecv);
        let sender = place.sender();
        // web-sys does not know it. Who looks for our stream finds it.
        if let Ok(set) = js_sys::Reflect::get(&sender, &"setStreams".into())
            && let Some(set) = set.dyn_ref::<js_sys::Function>()
        {
            let _ = set.apply(&sender, &streams);
        }
        self.sender.replace(Some(sender));
        true
    }

    /// Receives sound without sending any, unless something was agreed on already.
    pub(crate) fn listen(&self) {
        if self.rtc.get_transceivers().length() == 0 {
            let init = RtcRtpTransceiverInit::new();
            init.set_direction(RtcRtpTransceiverDirection::Recvonly);
            self.rtc.add_transceiver_with_str_and_init("audio", &init);
        }
    }

    /// Whether it was never described.
    pub(crate) fn is_fresh(&self) -> bool {
        self.rtc.get_transceivers().length() == 0
    }

    /// Lays out the media sections of a session that goes on over this fresh connection: the same, in the same order (RFC
    /// 3264 8).
    pub(crate) fn lay_out(&self, before: &SessionDescription) {
        let inactive = RtcRtpTransceiverInit::new();
        inactive.set_direction(RtcRtpTransceiverDirection::Inactive);
        let mut heard = false;
        for media in before.media() {
            if media.is_video() {
                self.rtc.add_transceiver_with_str_and_init("video", &inactive);
            } else if media.is_audio() && !core::mem::replace(&mut heard, true) {
                let receiving = RtcRtpTransceiverInit::new();
                receiving.set_direction(RtcRtpTransceiverDirection::Recvonly);
                self.rtc.add_transceiver_with_str_and_init("audio", &receiving);
            } else if media.is_audio() {
                self.rtc.add_transceiver_with_str_and_init("audio", &inactive);
            }
        }
    }

    /// Puts the other end on hold in the next description, or ends that: nothing of theirs is received meanwhile.
    pub(crate) fn hold(&self, held: bool) {
        // What was never held keeps its directions.
        if !held && !self.held.get() {
            return;
        }
        self.held.set(held);
        for transceiver in self.rtc.get_transceivers() {
            let transceiver: RtcRtpTransceiver = transceiver.unchecked_into();
            if is_picture(&transceiver) {
                continue;
            }
            let direction = match (held, transceiver.direction()) {
                (true, RtcRtpTransceiverDirection::Sendrecv) => RtcRtpTransceiverDirection::Sendonly,
                (true, RtcRtpTransceiverDirection::Recvonly) => RtcRtpTransceiverDirection::Inactive,
                (false, RtcRtpTransceiverDirection::Sendonly) => RtcRtpTransceiverDirection::Sendrecv,
                (false, RtcRtpTransceiverDirection::Inactive) => RtcRtpTransceiverDirection::Recvonly,
                // As it should be; or stopped, which cannot be set.
                _ => continue,
            };
            transceiver.set_direction(direction);
        }
    }

    /// Whether no offer is under way.
    pub(crate) fn is_settled(&self) -> bool {
        self.rtc.signaling_state() == RtcSignalingState::Stable
    }

    /// From the next description on, this holds: other credentials for the relays, say.
    pub(crate) fn follow(&self, media: &Rc<Media>) {
        if !Rc::ptr_eq(&self.media.borrow(), media) {
            let changed = configuration(media, self.ahead.is_some());
            // What cannot be changed any more stays for the life of this connection.
            let _ = self.rtc.set_configuration_with_configuration(&changed);
            self.media.replace(media.clone());
        }
    }

    /// Applies their description; the same answer a second time is nothing new. An answer that was early (`Pranswer`)
    /// has to be applied again as the final one.
    pub(crate) async fn apply(&self, kind: RtcSdpType, theirs: SessionDescription) -> Result<(), MediaFailure> {
        let settled = self.rtc.signaling_state() == RtcSignalingState::Stable;
        let same = |before: &SessionDescription| theirs.is_same_as(before);
        if kind == RtcSdpType::Answer && settled && self.applied.borrow().as_ref().is_some_and(same) {
            return Ok(());
        }
        let description = RtcSessionDescriptionInit::new(kind);
        description.set_sdp(&theirs.to_string());
        let applied = self.settled(self.rtc.set_remote_description(&description)).await;
        applied.ok_or(MediaFailure::Description)?;
        self.applied.replace(Some(theirs));
        Ok(())
    }

    /// Their last description that was applied.
    pub(crate) fn applied(&self) -> Option<SessionDescription> {
        self.applied.borrow().clone()
    }

    /// Tries these candidates of theirs, too. The browser knows which it has already.
    pub(crate) async fn try_also(&self, following: Vec<Following>) {
        for Following { index, candidate } in following {
            let init = RtcIceCandidateInit::new(&candidate);
            init.set_sdp_m_line_index(Some(index));
            // One that the browser cannot use is none.
            let _ = self.settled(self.rtc.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(&init))).await;
        }
    }

    /// Their offer as this connection can go on with it: with all sections that there were. `None` if it comes from
    /// another connection than the one it had before. A page that was loaded anew has another key: the browser would
    /// accept it here, but wait for seconds until it believes that the old path is gone.
    pub(crate) fn going_on(&self, offer: &SessionDescription) -> Option<SessionDescription> {
        let mut offer = offer.clone();
        if let Some(before) = &*self.applied.borrow() {
            match offer.continuity(before) {
                Continuity::Same | Continuity::IceRestart => {}
                Continuity::NewPeer => return None,
            }
            offer.mend_reoffer(before);
        }
        Some(offer)
    }

    /// Sends a key as an event of RTP (RFC 4733), after those before it: whether that was negotiated.
    pub(crate) fn digit(&self, digit: Digit) -> bool {
        let Some(keys) = self.sender.borrow().as_ref().and_then(RtcRtpSender::dtmf) else { return false };
        // web-sys does not know it, and older Firefoxes do not have it.
        let able = js_sys::Reflect::get(&keys, &"canInsertDTMF".into()).ok().and_then(|able| able.as_bool());
        let able = able.unwrap_or_else(|| self.takes_keys());
        if able {
            // What is inserted takes the place of what was not sent yet.
            let mut waiting = keys.tone_buffer();
            waiting.push(digit.sign());
            keys.insert_dtmf_with_duration_and_inter_tone_gap(&waiting, KEY, KEY_GAP);
        }
        able
    }

    /// Whether it was made to know the network as it is now, as well as the browser can.
    pub(super) const fn is_anew(&self) -> bool {
        self.anew
    }

    /// Whether they take keys as events of RTP (RFC 4733 2.4.1).
    fn takes_keys(&self) -> bool {
        let applied = self.applied.borrow();
        let mut sound = applied.iter().flat_map(|theirs| theirs.media()).filter(|media| media.is_audio());
        sound.any(|media| !media.is_rejected() && !media.telephone_events().is_empty())
    }

    /// How it stands.
    pub(crate) fn state(&self) -> State {
        state(&self.rtc)
    }

    /// What was counted so far.
    pub(crate) async fn statistics(&self) -> Option<Statistics> {
        let report: js_sys::Map = self.settled(self.rtc.get_stats()).await?.unchecked_into();
        Some(Statistics::read(&report))
    }

    /// Ends it; nothing is told afterwards.
    pub(crate) fn close(&self) {
        self.closing.take();
        self.rtc.set_onconnectionstatechange(None);
        self.rtc.set_ontrack(None);
        self.rtc.set_onicecandidate(None);
        self.rtc.set_onicegatheringstatechange(None);
        self.rtc.close();
    }

    /// What the browser promised, if it keeps it: it settles nothing any more once a connection is closed (WebRTC 1.0
    /// 4.4.1.2), and who waits for that would wait for ever.
    async fn settled<T>(&self, promise: impl IntoFuture<Output = Result<T, JsValue>>) -> Option<T> {
        match select(pin!(promise.into_future()), self.closed.clone()).await {
            Either::Left((settled, _)) => settled.ok(),
            Either::Right(_) => None,
        }
    }

    /// Where sound comes in, and none of ours goes out yet.
    fn place(&self) -> Option<RtcRtpTransceiver> {
        let all = self.rtc.get_transceivers().into_iter().map(JsCast::unchecked_into::<RtcRtpTransceiver>);
        all.into_iter().find(|transceiver| {
            transceiver.direction() == RtcRtpTransceiverDirection::Recvonly && !is_picture(transceiver)
        })
    }
}

fn is_picture(transceiver: &RtcRtpTransceiver) -> bool {
    transceiver.receiver().track().kind() == "video"
}

fn state(rtc: &RtcPeerConnection) -> State {
    match rtc.connection_state() {
        RtcPeerConnectionState::Connected => State::Connected,
        RtcPeerConnectionState::Disconnected => State::Disconnected,
        // Another path helps where it was ICE that failed, and no path where it was DTLS.
        RtcPeerConnectionState::Failed if rtc.ice_connection_state() == RtcIceConnectionState::Failed => State::Failed,
        RtcPeerConnectionState::Failed | RtcPeerConnectionState::Closed => State::Beyond,
        RtcPeerConnectionState::New | RtcPeerConnectionState::Connecting | _ => State::Connecting,
    }
}
