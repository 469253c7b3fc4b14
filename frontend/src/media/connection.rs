use super::camera::Camera;
use super::limits;
use super::microphone::Microphone;
use crate::repair::State;
use app::backend::IceServer;
use core::future::IntoFuture;
use core::pin::pin;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::channel::oneshot;
use futures::future::{Either, Shared, select};
use futures::{FutureExt as _, StreamExt as _};
use gloo_timers::future::TimeoutFuture;
use sip::agent::MediaFailure;
use sip::sdp::{CandidateKinds, Continuity, SessionDescription};
use std::cell::{Cell, RefCell};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    MediaStreamTrack, RtcConfiguration, RtcIceConnectionState, RtcIceGatheringState, RtcIceServer, RtcOfferOptions,
    RtcPeerConnection, RtcPeerConnectionState, RtcRtpSender, RtcRtpTransceiver, RtcRtpTransceiverDirection,
    RtcRtpTransceiverInit, RtcSdpType, RtcSessionDescriptionInit, RtcSignalingState, RtcTrackEvent,
};

/// The longest that a description waits for candidates, in milliseconds.
const GATHERING: u32 = 1_500;
/// How much longer it waits for the rest once it has what it needs: machines with several addresses have several
/// candidates of a kind.
const SETTLING: u32 = 50;

/// What a connection tells while it lives.
pub(crate) trait Listener: 'static {
    /// The state of the whole connection changed.
    fn state(&self, state: State);
    /// The other end sends this.
    fn track(&self, track: MediaStreamTrack);
}

/// Which way pictures flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    /// Our last description would send.
    pub(crate) wants: bool,
    /// It is agreed that we do.
    pub(crate) sends: bool,
    /// It is agreed that they do.
    pub(crate) receives: bool,
}

/// One RTCPeerConnection. Its methods must not run side by side: who uses it has one queue.
pub(crate) struct Connection {
    rtc: RtcPeerConnection,
    sender: RefCell<Option<RtcRtpSender>>,
    /// The last description of theirs.
    applied: RefCell<Option<SessionDescription>>,
    candidates: RefCell<Option<UnboundedReceiver<()>>>,
    held: Cell<bool>,
    /// Whether candidates beyond those of our own interfaces are needed.
    reflexive: bool,
    /// Dropped when it is closed, which resolves `closed`.
    closing: RefCell<Option<oneshot::Sender<()>>>,
    closed: Shared<oneshot::Receiver<()>>,
    _listeners: [Closure<dyn FnMut(JsValue)>; 3],
}

impl Connection {
    /// A fresh connection that uses these servers.
    pub(crate) fn new(servers: &[IceServer], listener: impl Listener) -> Result<Self, MediaFailure> {
        let rtc = RtcPeerConnection::new_with_configuration(&configuration(servers))
            .map_err(|_| MediaFailure::Unsupported)?;
        let listener = std::rc::Rc::new(listener);
        let (gathered, candidates) = unbounded();
        let (told, connection) = (listener.clone(), rtc.clone());
        let on_state = Closure::<dyn FnMut(JsValue)>::new(move |_| told.state(state(&connection)));
        let on_track = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            listener.track(event.unchecked_into::<RtcTrackEvent>().track());
        });
        let on_candidate = Closure::<dyn FnMut(JsValue)>::new(move |_| {
            let _ = gathered.unbounded_send(());
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
            reflexive: !servers.is_empty(),
            closing: RefCell::new(Some(closing)),
            closed: closed.shared(),
            _listeners: [on_state, on_track, on_candidate],
        })
    }

    /// Sends what the microphone hears; one that is sent already is replaced.
    pub(crate) async fn attach(&self, microphone: &Microphone) -> Result<(), MediaFailure> {
        let sender = self.sender.borrow().clone();
        match sender {
            Some(sender) => {
                if sender.track().as_ref() != Some(microphone.track()) {
                    let replaced = self.settled(sender.replace_track(Some(microphone.track()))).await;
                    replaced.ok_or(MediaFailure::Unsupported)?;
                }
            }
            None => {
                let sender = self.rtc.add_track_0(microphone.track(), microphone.stream());
                self.sender.replace(Some(sender));
            }
        }
        Ok(())
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

    /// Whether the next description sends and wants a picture. What has none yet gets a place for one if one is to be sent,
    /// unless it is an answer (`add`).
    pub(crate) fn set_picture(&self, sends: bool, receives: bool, add: bool) {
        let direction = match (sends, receives) {
            (true, true) => RtcRtpTransceiverDirection::Sendrecv,
            (true, false) => RtcRtpTransceiverDirection::Sendonly,
            (false, true) => RtcRtpTransceiverDirection::Recvonly,
            (false, false) => RtcRtpTransceiverDirection::Inactive,
        };
        match self.picture() {
            Some(picture) => picture.set_direction(direction),
            None if sends && add => {
                let init = RtcRtpTransceiverInit::new();
                init.set_direction(direction);
                self.rtc.add_transceiver_with_str_and_init("video", &init);
            }
            None => {}
        }
    }

    /// Sends this picture, or none; that changes no description.
    pub(crate) async fn show(&self, camera: Option<&Camera>) {
        let Some(picture) = self.picture() else { return };
        let (sender, track) = (picture.sender(), camera.map(Camera::track));
        if sender.track().as_ref() == track || self.settled(sender.replace_track(track)).await.is_none() {
            return;
        }
        if let Some(camera) = camera {
            self.settled(async { Ok(camera.kind().limits().apply(&sender).await) }).await;
        }
    }

    /// Has the encoder make a whole picture next.
    pub(crate) async fn refresh(&self) {
        if let Some(picture) = self.picture()
            && picture.sender().track().is_some()
        {
            self.settled(async { Ok(limits::refresh(&picture.sender()).await) }).await;
        }
    }

    /// Whether no offer is under way.
    pub(crate) fn is_settled(&self) -> bool {
        self.rtc.signaling_state() == RtcSignalingState::Stable
    }

    /// How its picture stands; `None` without one.
    pub(crate) fn flow(&self) -> Option<Flow> {
        let picture = self.picture()?;
        let wants =
            matches!(picture.direction(), RtcRtpTransceiverDirection::Sendrecv | RtcRtpTransceiverDirection::Sendonly);
        let agreed = picture.current_direction();
        Some(Flow {
            wants,
            sends: matches!(agreed, Some(RtcRtpTransceiverDirection::Sendrecv | RtcRtpTransceiverDirection::Sendonly)),
            receives: matches!(
                agreed,
                Some(RtcRtpTransceiverDirection::Sendrecv | RtcRtpTransceiverDirection::Recvonly)
            ),
        })
    }

    /// Whether they take no wish for a whole picture by RTCP (RFC 4585 6.3.1, RFC 5104 4.3.1).
    pub(crate) fn lacks_feedback(&self) -> bool {
        let asks = |value: &str| value.ends_with("nack pli") || value.ends_with("ccm fir");
        let mut pictures = false;
        let applied = self.applied.borrow();
        let live = applied.iter().flat_map(|theirs| theirs.media()).filter(|media| !media.is_rejected());
        let takes = live
            .filter(|media| media.is_video())
            .inspect(|_| pictures = true)
            .any(|media| media.attributes("rtcp-fb").any(asks));
        pictures && !takes
    }

    /// Takes back an offer that the other end refused as a whole, if there is one; what it added is gone with it.
    pub(crate) async fn take_back(&self) -> bool {
        if self.rtc.signaling_state() != RtcSignalingState::HaveLocalOffer {
            return false;
        }
        let nothing = RtcSessionDescriptionInit::new(RtcSdpType::Rollback);
        let _ = self.settled(self.rtc.set_local_description(&nothing)).await;
        if let Some(picture) = self.picture()
            && picture.mid().is_none()
        {
            picture.stop();
        }
        true
    }

    /// Makes an offer, with candidates. `restart`: another path is to be found for the same connection (RFC 8445 2.4).
    pub(crate) async fn offer(&self, restart: bool) -> Result<SessionDescription, MediaFailure> {
        let options = RtcOfferOptions::new();
        options.set_ice_restart(restart);
        let offer = self
            .settled(self.rtc.create_offer_with_rtc_offer_options(&options))
            .await
            .ok_or(MediaFailure::Unsupported)?;
        self.describe_ourselves(offer).await
    }

    /// Makes an answer to the offer that was [applied](Self::apply), with candidates. The browser answers an offer
    /// without a DTLS role; where the one that was received insists on its own, ours is the other.
    pub(crate) async fn answer(&self, received: &SessionDescription) -> Result<SessionDescription, MediaFailure> {
        let answer = self.settled(self.rtc.create_answer()).await.ok_or(MediaFailure::Description)?;
        let made: RtcSessionDescriptionInit = answer.unchecked_into();
        if let Some(Ok(mut ours)) = made.get_sdp().map(|sdp| SessionDescription::parse(sdp.as_bytes())) {
            ours.take_role(received);
            made.set_sdp(&ours.to_string());
        }
        self.describe_ourselves(made.into()).await
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

    /// Where pictures go in and out.
    fn picture(&self) -> Option<RtcRtpTransceiver> {
        let all = self.rtc.get_transceivers().into_iter().map(JsCast::unchecked_into::<RtcRtpTransceiver>);
        all.into_iter().find(|transceiver| {
            let live = matches!(
                transceiver.direction(),
                RtcRtpTransceiverDirection::Sendrecv
                    | RtcRtpTransceiverDirection::Sendonly
                    | RtcRtpTransceiverDirection::Recvonly
                    | RtcRtpTransceiverDirection::Inactive
            );
            live && is_picture(transceiver)
        })
    }

    /// How it stands.
    pub(crate) fn state(&self) -> State {
        state(&self.rtc)
    }

    /// How many packets arrived so far, of all that the other end sends (`inbound-rtp` of the WebRTC statistics).
    pub(crate) async fn arrived(&self) -> Option<u64> {
        let report: js_sys::Map = self.settled(self.rtc.get_stats()).await?.unchecked_into();
        let mut packets = 0;
        report.for_each(&mut |entry, _| {
            let read = |name: &str| js_sys::Reflect::get(&entry, &name.into()).unwrap_or_default();
            if read("type").as_string().as_deref() == Some("inbound-rtp") {
                packets += read("packetsReceived").as_f64().unwrap_or_default() as u64;
            }
        });
        Some(packets)
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

    async fn describe_ourselves(&self, description: JsValue) -> Result<SessionDescription, MediaFailure> {
        let description: RtcSessionDescriptionInit = description.unchecked_into();
        let described = self.settled(self.rtc.set_local_description(&description)).await;
        described.ok_or(MediaFailure::Unsupported)?;
        let mut candidates = self.candidates.take().ok_or(MediaFailure::Unsupported)?;
        let gathered = self.gather(&mut candidates).await;
        self.candidates.replace(Some(candidates));
        gathered
    }

    /// Waits for the candidates that this account needs: those of our own interfaces when it has no ICE servers, else
    /// one that a server told. What is not there in time is left out.
    async fn gather(&self, candidates: &mut UnboundedReceiver<()>) -> Result<SessionDescription, MediaFailure> {
        let mut patience = TimeoutFuture::new(GATHERING);
        let mut settling = false;
        loop {
            let ours = self.described()?;
            let kinds = ours.candidate_kinds();
            let complete = self.rtc.ice_gathering_state() == RtcIceGatheringState::Complete;
            // A description that restarts ICE begins without candidates, in a connection that may still say "complete".
            if complete && kinds != CandidateKinds::default() {
                return Ok(ours);
            }
            let enough =
                if self.reflexive { kinds.server_reflexive || kinds.relay } else { kinds.host || kinds.hidden_host };
            if enough && !settling {
                settling = true;
                patience = TimeoutFuture::new(SETTLING);
            }
            match select(candidates.next(), patience).await {
                Either::Left((_, rest)) => patience = rest,
                Either::Right(_) => return self.described(),
            }
        }
    }

    /// What the browser says of us by now.
    fn described(&self) -> Result<SessionDescription, MediaFailure> {
        let ours = self.rtc.local_description().ok_or(MediaFailure::Unsupported)?.sdp();
        ours.parse().map_err(|_| MediaFailure::Unsupported)
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

fn configuration(servers: &[IceServer]) -> RtcConfiguration {
    let list = js_sys::Array::new();
    for server in servers {
        let entry = RtcIceServer::new();
        let urls: js_sys::Array = server.urls.iter().map(|url| JsValue::from_str(url)).collect();
        entry.set_urls(&urls);
        if let Some(username) = &server.username {
            entry.set_username(username);
        }
        if let Some(credential) = &server.credential {
            entry.set_credential(credential);
        }
        list.push(&entry);
    }
    let configuration = RtcConfiguration::new();
    configuration.set_ice_servers(&list);
    configuration
}
