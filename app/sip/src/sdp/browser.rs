//! What every description goes through on its way to the browser, and from it.

use super::{Media, SessionDescription, Unfitness};

impl SessionDescription {
    /// Reads an offer that was received and makes it one that a browser takes: `actpass`
    /// ([`offer_actpass`](Self::offer_actpass)), a direction in each section
    /// ([`move_directions_down`](Self::move_directions_down)), no SDES keys beside DTLS, rtcp-mux in each section of a
    /// bundle that has it, and no line without a value or an end. Sections that no browser knows (T.38, MSRP) are
    /// marked as over; if there is sound that is fit, so are the sections that are not, such as plain video. The
    /// answer pairs with the offer as it was received after [`mend_answer`](Self::mend_answer) to that, and
    /// [`check_fit`](Self::check_fit) of that tells what the admin may mend.
    ///
    /// # Errors
    /// No browser can take it: all reasons.
    pub fn offer_for_browser(bytes: &[u8]) -> Result<Self, Unfitness> {
        let mut offer = Self::parse(bytes)?;
        offer.reject_unfit()?;
        offer.offer_actpass();
        offer.move_directions_down();
        offer.prepare();
        Ok(offer)
    }

    /// Reads an answer that was received to `offer`, as that was sent, and makes it one that a browser takes: it
    /// [pairs](Self::mend_answer) with the offer, and has a direction in each section. What is unfit beside sound that
    /// is fit counts as refused, as in [offers](Self::offer_for_browser).
    ///
    /// # Errors
    /// No browser can take it, or nothing of it answers the offer: all reasons.
    pub fn answer_for_browser(bytes: &[u8], offer: &Self) -> Result<Self, Unfitness> {
        let mut answer = Self::parse(bytes)?;
        answer.reject_unfit()?;
        answer.move_directions_down();
        answer.prepare();
        if !answer.mend_answer(offer).is_empty() {
            answer.reject_unfit()?;
        }
        Ok(answer)
    }

    /// Makes a description of our browser ready for the wire: a direction in each section and none above, no
    /// candidates that servers stumble over ([`prune_candidates`](Self::prune_candidates)), no comfort noise (RFC 3389)
    /// beside codecs that carry sound, as many servers do not know it, and the origin of what was sent `before` in the
    /// same dialog ([`continue_from`](Self::continue_from)). The browser keeps its own: it is changed only on the wire.
    pub fn prepare_to_send(&mut self, before: Option<&Self>) {
        self.move_directions_down();
        self.prune_candidates();
        for media in &mut self.media {
            media.remove_codec("CN");
        }
        if let Some(before) = before {
            self.continue_from(before);
        }
    }

    /// Browsers are strict where the field is not: SDES keys beside DTLS, lines without a value and a last line without
    /// its end make them refuse the whole. So does a section without rtcp-mux, though its bundle may say it
    /// (RFC 9143 7.1.3).
    fn prepare(&mut self) {
        self.tail.clear();
        self.session.make_strict();
        for media in &mut self.media {
            media.section_mut().make_strict();
        }
        for index in 0..self.media.len() {
            let lacks = |media: &Media| media.is_rtp() && !media.is_rejected() && !media.has_rtcp_mux();
            if self.media.get(index).is_some_and(|media| lacks(media) && self.muxes_rtcp(media))
                && let Some(media) = self.media.get_mut(index)
            {
                media.section_mut().set_flag("rtcp-mux");
            }
        }
    }
}
