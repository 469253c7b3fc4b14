//! The picture of a connection.

use super::{Connection, is_picture};
use crate::media::limits::{self, Limits};
use crate::media::pictures::Picture;
use wasm_bindgen::JsCast;
use web_sys::{
    RtcRtpTransceiver, RtcRtpTransceiverDirection, RtcRtpTransceiverInit, RtcSdpType, RtcSessionDescriptionInit,
    RtcSignalingState,
};

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

impl Connection {
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
    pub(crate) async fn show(&self, picture: Option<&Picture>) {
        let Some(place) = self.picture() else { return };
        let (sender, track) = (place.sender(), picture.map(Picture::track));
        if sender.track().as_ref() == track || self.settled(sender.replace_track(track)).await.is_none() {
            return;
        }
        self.shown.set(picture.map(Picture::subject));
        self.limit_picture().await;
    }

    /// Has the encoder make a whole picture next.
    pub(crate) async fn refresh(&self) {
        if let Some(picture) = self.picture()
            && picture.sender().track().is_some()
        {
            self.settled(async {
                limits::refresh(&picture.sender()).await;
                Ok(())
            })
            .await;
        }
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

    /// Takes back an offer that the other end refused as a whole, if there is one; what it added is gone with it. Whether
    /// it was one of changes to what was agreed.
    pub(crate) async fn take_back(&self) -> bool {
        if self.rtc.signaling_state() != RtcSignalingState::HaveLocalOffer {
            return false;
        }
        // Who refuses all of a fresh connection says nothing of pictures.
        let known = self.applied.borrow().is_some();
        let nothing = RtcSessionDescriptionInit::new(RtcSdpType::Rollback);
        let _ = self.settled(self.rtc.set_local_description(&nothing)).await;
        if let Some(picture) = self.picture()
            && picture.mid().is_none()
        {
            picture.stop();
        }
        known
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

    pub(super) async fn limit_picture(&self) {
        let media = self.media.borrow().clone();
        if let Some(subject) = self.shown.get()
            && let Some(picture) = self.picture()
            && let Some(limited) = Limits::of(subject, &media).keep(&picture.sender())
        {
            let _ = self.settled(limited).await;
        }
    }
}
