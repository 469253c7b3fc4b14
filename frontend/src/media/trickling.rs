use sip::agent::Body;
use sip::sdp::{Fragment, SessionDescription};
use std::cell::{Cell, RefCell};

/// The candidates that follow the descriptions of one call (RFC 8840), whichever of its connections they are for.
#[derive(Default)]
pub(crate) struct Trickling {
    /// Whether they take candidates afterwards.
    taken: Cell<bool>,
    /// What came last of theirs: it has all candidates of its ICE session that followed so far (RFC 8840 4.4). It may come
    /// before the description that it follows is applied.
    theirs: RefCell<Option<Fragment>>,
}

impl Trickling {
    /// They take candidates, or do not.
    pub(crate) fn take(&self, taken: bool) {
        self.taken.set(taken);
    }

    /// Whether what we know is enough to be sent.
    pub(crate) fn is_taken(&self) -> bool {
        self.taken.get()
    }

    /// Keeps what came; what is no fragment is let go.
    pub(crate) fn heard(&self, fragment: &Body) {
        if let Ok(fragment) = Fragment::parse(&fragment.bytes) {
            self.theirs.replace(Some(fragment));
        }
    }

    /// What followed this description of theirs. What is about an earlier ICE session of the call, or about one whose
    /// description is still to come, is not among it.
    pub(crate) fn following(&self, theirs: &SessionDescription) -> Vec<Following> {
        let fragment = self.theirs.borrow();
        let Some(fragment) = fragment.as_ref().filter(|fragment| fragment.belongs_to(theirs)) else {
            return Vec::new();
        };
        let mut following = Vec::new();
        for (place, section) in fragment.media().iter().enumerate() {
            let named = section.mid().and_then(|mid| theirs.media().iter().position(|media| media.mid() == Some(mid)));
            let index = if section.mid().is_some() { named } else { Some(place) };
            let Some(index) = index.and_then(|index| u16::try_from(index).ok()) else { continue };
            let candidates = section.attributes("candidate").take(sip::sdp::limits::CANDIDATES);
            following.extend(candidates.map(|value| Following { index, candidate: format!("candidate:{value}") }));
        }
        following
    }

    /// What there is to say of our candidates since `sent` left; `now` is what the browser says of itself by now.
    pub(crate) fn between(sent: &SessionDescription, mut now: SessionDescription) -> Option<Body> {
        now.prune_candidates();
        let fragment = Fragment::between(sent, &now).filter(|fragment| fragment.belongs_to(sent))?;
        let bytes = fragment.to_string().into_bytes();
        Some(Body { content_type: Fragment::CONTENT_TYPE.into(), bytes })
    }
}

/// One candidate of theirs, as a browser takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Following {
    /// The place of its media section.
    pub(crate) index: u16,
    /// `candidate:` and the value of the attribute.
    pub(crate) candidate: String,
}

#[cfg(test)]
mod tests;
