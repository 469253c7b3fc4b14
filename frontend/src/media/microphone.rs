use sip::agent::MediaFailure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DomException, MediaStream, MediaStreamConstraints, MediaStreamTrack, MediaStreamTrackState};

/// An open microphone; dropping it closes it.
pub(crate) struct Microphone {
    stream: MediaStream,
    track: MediaStreamTrack,
}

impl Microphone {
    /// Opens the default microphone; the browser may ask the person first.
    pub(crate) async fn open() -> Result<Self, MediaFailure> {
        let window = web_sys::window().ok_or(MediaFailure::Unsupported)?;
        if !window.is_secure_context() {
            return Err(MediaFailure::Insecure);
        }
        let devices = window.navigator().media_devices().map_err(|_| MediaFailure::Unsupported)?;
        let constraints = MediaStreamConstraints::new();
        constraints.set_audio_bool(true);
        let promise = devices.get_user_media_with_constraints(&constraints).map_err(|error| failure(&error))?;
        let stream: MediaStream = promise.await.map_err(|error| failure(&error))?.unchecked_into();
        match stream.get_audio_tracks().get(0).dyn_into::<MediaStreamTrack>() {
            Ok(track) => Ok(Self { stream, track }),
            Err(_) => Err(MediaFailure::NoDevice),
        }
    }

    /// The stream that the track is told to belong to.
    pub(crate) const fn stream(&self) -> &MediaStream {
        &self.stream
    }

    /// What it hears.
    pub(crate) const fn track(&self) -> &MediaStreamTrack {
        &self.track
    }

    /// Whether it hears anything: not once it is closed or was unplugged.
    pub(crate) fn is_live(&self) -> bool {
        self.track.ready_state() == MediaStreamTrackState::Live
    }

    /// Closes it, whoever still holds it.
    pub(crate) fn close(&self) {
        self.track.stop();
    }

    /// Lets the other end hear it or not.
    pub(crate) fn mute(&self, muted: bool) {
        self.track.set_enabled(!muted);
    }
}

impl Drop for Microphone {
    fn drop(&mut self) {
        self.close();
    }
}

/// What a refusal of `getUserMedia` or `getDisplayMedia` means (Media Capture and Streams, 10.2).
pub(super) fn failure(error: &JsValue) -> MediaFailure {
    match error.dyn_ref::<DomException>().map(DomException::name).as_deref() {
        Some("NotAllowedError" | "SecurityError") => MediaFailure::Denied,
        Some("NotFoundError" | "OverconstrainedError") => MediaFailure::NoDevice,
        Some("NotReadableError" | "AbortError" | "InvalidStateError") => MediaFailure::DeviceBusy,
        Some(_) | None => MediaFailure::Unsupported,
    }
}
