use super::limits::{self, Limits};
use super::microphone;
use sip::agent::MediaFailure;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    DisplayMediaStreamConstraints, MediaStream, MediaStreamConstraints, MediaStreamTrack, MediaStreamTrackState,
};

/// What a picture is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What a camera sees.
    Camera,
    /// What a screen, a window or a tab shows.
    Screen,
}

impl Kind {
    /// What may be sent of it.
    pub(crate) const fn limits(self) -> Limits {
        match self {
            Self::Camera => Limits::CAMERA,
            Self::Screen => Limits::SCREEN,
        }
    }
}

/// An open source of pictures; dropping it closes it, and its light goes out.
pub(crate) struct Camera {
    kind: Kind,
    stream: MediaStream,
    track: MediaStreamTrack,
    _ended: Closure<dyn FnMut()>,
}

impl Camera {
    /// Opens the default camera, or has the person choose what of the screen is shared. `ended` is called when it ends by
    /// itself: it was unplugged, or the person ended it by the browser's own button.
    pub(crate) async fn open(kind: Kind, ended: impl FnMut() + 'static) -> Result<Self, MediaFailure> {
        let window = web_sys::window().ok_or(MediaFailure::Unsupported)?;
        if !window.is_secure_context() {
            return Err(MediaFailure::Insecure);
        }
        let devices = window.navigator().media_devices().map_err(|_| MediaFailure::Unsupported)?;
        let failure = |error: JsValue| microphone::failure(&error);
        let promise = match kind {
            Kind::Camera => {
                let constraints = MediaStreamConstraints::new();
                constraints.set_video(&kind.limits().constraints(true));
                devices.get_user_media_with_constraints(&constraints)
            }
            Kind::Screen => {
                let constraints = DisplayMediaStreamConstraints::new();
                constraints.set_video(&kind.limits().constraints(false));
                devices.get_display_media_with_constraints(&constraints)
            }
        };
        let stream: MediaStream = promise.map_err(failure)?.await.map_err(failure)?.unchecked_into();
        let Ok(track) = stream.get_video_tracks().get(0).dyn_into::<MediaStreamTrack>() else {
            return Err(MediaFailure::NoDevice);
        };
        if kind == Kind::Screen {
            // Letters stay sharp, if need be at fewer pictures a second.
            limits::set(&track, "contentHint", &"detail".into());
        }
        let ended = Closure::<dyn FnMut()>::new(ended);
        track.set_onended(Some(ended.as_ref().unchecked_ref()));
        Ok(Self { kind, stream, track, _ended: ended })
    }

    /// What its picture is of.
    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// For an element that shows it.
    pub(crate) const fn stream(&self) -> &MediaStream {
        &self.stream
    }

    /// Its picture.
    pub(crate) const fn track(&self) -> &MediaStreamTrack {
        &self.track
    }

    /// Whether it has a picture: not once it was unplugged.
    pub(crate) fn is_live(&self) -> bool {
        self.track.ready_state() == MediaStreamTrackState::Live
    }

    /// Blackens its picture, or not.
    pub(crate) fn hide(&self, hidden: bool) {
        self.track.set_enabled(!hidden);
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.track.set_onended(None);
        self.track.stop();
    }
}
