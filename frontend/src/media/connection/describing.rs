//! What a connection says of itself.

use super::Connection;
use crate::clock;
use crate::media::policy;
use futures::StreamExt as _;
use futures::channel::mpsc::UnboundedReceiver;
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use sip::agent::MediaFailure;
use sip::sdp::{CandidateKinds, SessionDescription};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{RtcIceGatheringState, RtcOfferOptions, RtcSessionDescriptionInit};

/// The longest that a description waits for candidates, in milliseconds.
const GATHERING: u32 = 1_500;
/// How much longer it waits for the rest once it has what it needs: machines with several addresses have several
/// candidates of a kind.
const SETTLING: u32 = 50;
/// The same where the rest may follow: who asks no server has all of them at once, and then nothing has to.
const SETTLING_SOON: u32 = 5;
/// How long it waits for the first one where the others may follow; and for that of another path, without which it is in
/// vain.
const FIRST: u32 = 50;
const FIRST_AGAIN: u32 = 150;

impl Connection {
    /// Makes an offer, with candidates. `restart`: another path is to be found for the same connection (RFC 8445 2.4).
    /// `trickles`: those that are found later may follow.
    pub(crate) async fn offer(&self, restart: bool, trickles: bool) -> Result<SessionDescription, MediaFailure> {
        self.limit().await;
        let options = RtcOfferOptions::new();
        options.set_ice_restart(restart);
        let offer = self
            .settled(self.rtc.create_offer_with_rtc_offer_options(&options))
            .await
            .ok_or(MediaFailure::Unsupported)?;
        self.describe_ourselves(offer, trickles).await
    }

    /// Makes an answer to the offer that was [applied](Self::apply), with candidates. The browser answers an offer
    /// without a DTLS role; where the one that was received insists on its own, ours is the other.
    pub(crate) async fn answer(
        &self,
        received: &SessionDescription,
        trickles: bool,
    ) -> Result<SessionDescription, MediaFailure> {
        self.limit().await;
        let answer = self.settled(self.rtc.create_answer()).await.ok_or(MediaFailure::Description)?;
        let made: RtcSessionDescriptionInit = answer.unchecked_into();
        if let Some(Ok(mut ours)) = made.get_sdp().map(|sdp| SessionDescription::parse(sdp.as_bytes())) {
            ours.take_role(received);
            made.set_sdp(&ours.to_string());
        }
        self.describe_ourselves(made.into(), trickles).await
    }

    /// Does what the policy says of codecs and bandwidths.
    async fn limit(&self) {
        let media = self.media.borrow().clone();
        policy::order_codecs(&self.rtc, &media);
        for limited in policy::limited(&self.rtc, &media) {
            // A browser that cannot sends what the other end lets it.
            let _ = self.settled(limited).await;
        }
        self.limit_picture().await;
    }

    async fn describe_ourselves(
        &self,
        description: JsValue,
        trickles: bool,
    ) -> Result<SessionDescription, MediaFailure> {
        let description: RtcSessionDescriptionInit = description.unchecked_into();
        let described = self.settled(self.rtc.set_local_description(&description)).await;
        described.ok_or(MediaFailure::Unsupported)?;
        let mut candidates = self.candidates.take().ok_or(MediaFailure::Unsupported)?;
        let gathered = self.gather(&mut candidates, trickles).await;
        self.candidates.replace(Some(candidates));
        gathered
    }

    /// Waits for the candidates that this account needs: those of our own interfaces when it has no ICE servers, those that
    /// a relay lends when it has one, else one that a server told; with `trickles` for the first of any kind. What is not
    /// there in time is left out. The time counts from when it began to gather, which may be long ago.
    async fn gather(
        &self,
        candidates: &mut UnboundedReceiver<()>,
        trickles: bool,
    ) -> Result<SessionDescription, MediaFailure> {
        let media = self.media.borrow().clone();
        let again = self.described.replace(true);
        let ahead = self.ahead.filter(|_| !again).map_or(0, |since| clock::now().since(since).as_millis());
        let most = match (trickles && !media.relay, again) {
            (true, false) => FIRST,
            (true, true) => FIRST_AGAIN,
            (false, _) => GATHERING,
        };
        let left = u128::from(most).saturating_sub(ahead);
        let mut patience = TimeoutFuture::new(u32::try_from(left).unwrap_or(most).max(SETTLING));
        let mut settling = false;
        loop {
            let ours = self.described()?;
            let kinds = ours.candidate_kinds();
            let complete = self.rtc.ice_gathering_state() == RtcIceGatheringState::Complete;
            let any = kinds != CandidateKinds::default();
            // A description that restarts ICE begins without candidates, in a connection that may still say "complete".
            if any && (complete || (trickles && !media.ice_servers.is_empty())) {
                return Ok(ours);
            }
            if media.relay && complete && !again {
                return Err(MediaFailure::NoRelay);
            }
            let enough = match (media.ice_servers.is_empty(), media.has_relay()) {
                (true, _) => kinds.host || kinds.hidden_host,
                (false, false) => kinds.server_reflexive,
                (false, true) => kinds.relay,
            };
            if enough && !settling {
                settling = true;
                patience = TimeoutFuture::new(if trickles { SETTLING_SOON } else { SETTLING });
            }
            match select(candidates.next(), patience).await {
                Either::Left((_, rest)) => patience = rest,
                Either::Right(_) if media.relay && !any => return Err(MediaFailure::NoRelay),
                Either::Right(_) => return self.described(),
            }
        }
    }

    /// What the browser says of us by now.
    pub(crate) fn described(&self) -> Result<SessionDescription, MediaFailure> {
        let ours = self.rtc.local_description().ok_or(MediaFailure::Unsupported)?.sdp();
        ours.parse().map_err(|_| MediaFailure::Unsupported)
    }
}
