use alloc::string::String;
use alloc::vec::Vec;

use super::{Media, SessionDescription};

/// What does not fit between an answer and its offer (RFC 3264 6), by the place of the media section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The offer has a section that the answer lacks.
    #[error("section {index} of the offer is missing")]
    Missing {
        /// Its place in the offer.
        index: usize,
    },
    /// The answer has a section that was not offered.
    #[error("section {index} was not offered")]
    Superfluous {
        /// Its place in the answer.
        index: usize,
    },
    /// The sections are of different kinds.
    #[error("section {index} is of another kind")]
    Kind {
        /// Their place.
        index: usize,
    },
    /// The protocols differ.
    #[error("section {index} has another protocol")]
    Protocol {
        /// Their place.
        index: usize,
    },
    /// The names differ (RFC 5888 7).
    #[error("section {index} has another mid")]
    Mid {
        /// Their place.
        index: usize,
    },
    /// A section is taken that was not on offer: its port was 0.
    #[error("section {index} is taken, but was offered with port 0")]
    NotRejected {
        /// Their place.
        index: usize,
    },
    /// The directions do not meet (RFC 3264 6.1).
    #[error("section {index} has a direction that the offer does not allow")]
    Direction {
        /// Their place.
        index: usize,
    },
    /// There is a name in the bundle that was not offered in one, or whose section is refused (RFC 9143 7.3).
    #[error("the bundle has sections in it that it may not have")]
    Bundle,
}

impl SessionDescription {
    /// Checks that this answers `offer`: the same media sections in the same order (RFC 3264 6), each with a direction
    /// that meets the offered one, and in a bundle only what may be (RFC 9143 7.3).
    ///
    /// # Errors
    /// All that does not fit.
    pub fn check_answer(&self, offer: &Self) -> Result<(), Vec<Mismatch>> {
        let mut found = Vec::new();
        for index in 0..offer.media.len().max(self.media.len()) {
            match (offer.media.get(index), self.media.get(index)) {
                (Some(offered), Some(answered)) => self.check_pair(offer, index, (offered, answered), &mut found),
                (Some(_), None) => found.push(Mismatch::Missing { index }),
                (None, Some(_)) => found.push(Mismatch::Superfluous { index }),
                (None, None) => {}
            }
        }
        let allowed = self.bundled_live(offer);
        if !self.all_bundled().all(|name| allowed.contains(&name)) {
            found.push(Mismatch::Bundle);
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    /// Makes this answer `offer`: what is missing comes in as refused, what was not offered goes with its bundle
    /// entries, what stands in another place moves. Tells what was wrong; afterwards
    /// [`check_answer`](Self::check_answer) finds nothing.
    pub fn mend_answer(&mut self, offer: &Self) -> Vec<Mismatch> {
        let Err(found) = self.check_answer(offer) else { return Vec::new() };
        let mut given: Vec<Option<Media>> = core::mem::take(&mut self.media).into_iter().map(Some).collect();
        // First by name, so that no section takes another's.
        let named: Vec<Option<Media>> = offer.media.iter().map(|offered| take(&mut given, offered, true)).collect();
        let end = self.session.end();
        for (offered, named) in offer.media.iter().zip(named) {
            let answered = named.or_else(|| take(&mut given, offered, false));
            self.media.push(answered.unwrap_or_else(|| Media::rejected(offered, end)));
        }
        for (offered, answered) in offer.media.iter().zip(&mut self.media) {
            mend_pair(offered, answered);
        }
        let kept: Vec<String> = self.bundled_live(offer).into_iter().map(String::from).collect();
        // What was not offered may have the transport of the bundle: it goes only afterwards.
        self.media.extend(given.into_iter().flatten());
        self.keep_in_bundles(&|name| kept.iter().any(|kept| kept == name));
        self.media.truncate(offer.media.len());
        self.mend_directions(offer);
        found
    }

    fn check_pair(&self, offer: &Self, index: usize, pair: (&Media, &Media), found: &mut Vec<Mismatch>) {
        let (offered, answered) = pair;
        if !offered.kind().eq_ignore_ascii_case(answered.kind()) {
            found.push(Mismatch::Kind { index });
        }
        if !offered.protocol().eq_ignore_ascii_case(answered.protocol()) {
            found.push(Mismatch::Protocol { index });
        }
        if offered.mid().zip(answered.mid()).is_some_and(|(offered, answered)| offered != answered) {
            found.push(Mismatch::Mid { index });
        }
        if answered.is_rejected() {
            return;
        }
        if offered.is_rejected() {
            found.push(Mismatch::NotRejected { index });
        }
        if let (Some(offered), Some(answered)) = (offer.direction(index), self.direction(index))
            && offered.answered_with(answered) != answered
        {
            found.push(Mismatch::Direction { index });
        }
    }

    fn mend_directions(&mut self, offer: &Self) {
        for index in 0..self.media.len() {
            let (offered, said) = (offer.direction(index), self.direction(index));
            let media = self.media.get_mut(index).filter(|media| !media.is_rejected());
            if let (Some(media), Some((offered, said))) = (media, offered.zip(said))
                && offered.answered_with(said) != said
            {
                media.set_direction(offered.answered_with(said));
            }
        }
    }

    /// The names in all bundles.
    fn all_bundled(&self) -> impl Iterator<Item = &str> {
        self.bundles().flat_map(str::split_ascii_whitespace)
    }

    /// The names that may stand in a bundle of this answer: of sections that are taken, and were offered in one.
    fn bundled_live(&self, offer: &Self) -> Vec<&str> {
        let live = self.media.iter().filter(|media| !media.is_rejected()).filter_map(Media::mid);
        live.filter(|name| offer.all_bundled().any(|offered| offered == *name)).collect()
    }
}

/// Takes the section that answers `offered`: the one of that name, or else the first of that kind.
fn take(given: &mut [Option<Media>], offered: &Media, by_name: bool) -> Option<Media> {
    let fits = |media: &Media| {
        let named = offered.mid().is_some() && media.mid() == offered.mid();
        media.kind().eq_ignore_ascii_case(offered.kind()) && (named || !by_name)
    };
    given.iter_mut().find(|media| media.as_ref().is_some_and(fits))?.take()
}

/// Mends what is wrong in a section that stands in the right place.
fn mend_pair(offered: &Media, answered: &mut Media) {
    let other_protocol = !same_protocol(offered, answered);
    let unlike = other_protocol && !(offered.is_rtp() && answered.is_rtp());
    if other_protocol {
        answered.set_protocol(offered.protocol());
    }
    if let Some(mid) = offered.mid().filter(|mid| answered.mid().is_some_and(|said| said != *mid)) {
        answered.section_mut().set_attribute("mid", mid);
    }
    if (offered.is_rejected() || unlike) && !answered.is_rejected() {
        answered.set_port(0);
        answered.set_direction(super::Direction::Inactive);
    }
}

fn same_protocol(one: &Media, other: &Media) -> bool {
    one.protocol().eq_ignore_ascii_case(other.protocol())
}
