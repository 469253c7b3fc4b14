use super::inputs::{devices, failure};
use super::limits::{self, Limits};
use app::phone::MediaFailure;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{DisplayMediaStreamConstraints, MediaStream, MediaStreamTrack, MediaStreamTrackState};

/// A screen, a window or a tab that a person shares (Screen Capture); dropping it ends that.
pub(crate) struct Display {
    stream: MediaStream,
    track: MediaStreamTrack,
    _ended: Closure<dyn FnMut()>,
}

impl Display {
    /// Has the person choose what is shared, within these limits. `ended` is called when it ends by itself: the person ended
    /// it by the browser's own button, or the window was closed.
    ///
    /// # Errors
    /// Why the browser does not give it; [`MediaFailure::Denied`] when the person chose nothing.
    pub(super) async fn open(limits: Limits, ended: impl FnMut() + 'static) -> Result<Self, MediaFailure> {
        let constraints = DisplayMediaStreamConstraints::new();
        constraints.set_video(&limits.at_most());
        let promise = devices()?.get_display_media_with_constraints(&constraints).map_err(|error| failure(&error))?;
        let stream: MediaStream = promise.await.map_err(|error| failure(&error))?.unchecked_into();
        let Ok(track) = stream.get_video_tracks().get(0).dyn_into::<MediaStreamTrack>() else {
            return Err(MediaFailure::NoDevice);
        };
        Ok(Self::of(stream, track, ended))
    }

    /// The same for another call, without asking the person again: it ends by itself, and is blackened, without this one.
    pub(super) fn again(&self, ended: impl FnMut() + 'static) -> Option<Self> {
        // The browser's clone, which has its own state; not another name of the same track.
        let track = MediaStreamTrack::clone(&self.track);
        let stream = MediaStream::new().ok()?;
        stream.add_track(&track);
        Some(Self::of(stream, track, ended))
    }

    fn of(stream: MediaStream, track: MediaStreamTrack, ended: impl FnMut() + 'static) -> Self {
        // Letters stay sharp, if need be at fewer pictures a second.
        limits::set(&track, "contentHint", &"detail".into());
        let ended = Closure::<dyn FnMut()>::new(ended);
        track.set_onended(Some(ended.as_ref().unchecked_ref()));
        Self { stream, track, _ended: ended }
    }

    /// For an element that shows it.
    pub(super) const fn stream(&self) -> &MediaStream {
        &self.stream
    }

    /// Its picture.
    pub(super) const fn track(&self) -> &MediaStreamTrack {
        &self.track
    }

    /// Whether it is shared: not once that was ended.
    pub(super) fn is_live(&self) -> bool {
        self.track.ready_state() == MediaStreamTrackState::Live
    }

    /// Blackens it, or not.
    pub(super) fn hide(&self, hidden: bool) {
        self.track.set_enabled(!hidden);
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.track.set_onended(None);
        self.track.stop();
    }
}
