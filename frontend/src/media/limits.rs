use super::pictures::Subject;
use app::media::Media;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::RtcRtpSender;

/// How large, how often and with how many bits a picture may be sent: asked of the device, and kept by the encoder. What an
/// administrator set counts instead of our own numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Lines.
    height: u32,
    /// Pictures a second.
    rate: u32,
    /// Bits a second.
    bitrate: u32,
}

impl Limits {
    /// For a picture of this. Text has to be read, and moves little.
    pub(crate) fn of(subject: Subject, media: &Media) -> Self {
        let (height, rate, kbit) = match subject {
            Subject::Camera => (720, 30, 1_500),
            Subject::Screen => (1_080, 15, 2_500),
        };
        let set = |set: u32, ours: u32| if set > 0 { set } else { ours };
        Self {
            height: set(media.video_height.into(), height),
            rate: set(media.video_rate.into(), rate),
            bitrate: set(media.video_kbit.into(), kbit) * 1_000,
        }
    }

    /// What is asked of a device, as far as it can (`MediaTrackConstraints`, ideal values).
    pub(crate) fn ideal(self) -> Vec<(&'static str, JsValue)> {
        vec![("width", self.width().into()), ("height", self.height.into()), ("frameRate", self.rate.into())]
    }

    /// What is asked of who gives any size (`MediaTrackConstraints`).
    pub(super) fn at_most(self) -> JsValue {
        let constraints = Object::new();
        for (name, value) in [("width", self.width()), ("height", self.height), ("frameRate", self.rate)] {
            let bound = Object::new();
            set(&bound, "max", &value.into());
            set(&constraints, name, &bound);
        }
        constraints.into()
    }

    /// Has the encoder keep to them, if it does not yet. Browsers that cannot go on without.
    pub(super) fn keep(self, sender: &RtcRtpSender) -> Option<Promise> {
        let lines = read(&sender.track()?.get_settings(), "height").as_f64();
        // A camera may have no smaller picture.
        let scale = lines.map_or(1.0, |lines| (lines / f64::from(self.height)).max(1.0));
        let parameters = sender.get_parameters();
        let encodings: Array = read(&parameters, "encodings").dyn_into().ok()?;
        let encoding: Object = encodings.get(0).dyn_into().ok()?;
        let mut changed = false;
        for (name, value) in
            [("maxBitrate", self.bitrate.into()), ("maxFramerate", self.rate.into()), ("scaleResolutionDownBy", scale)]
        {
            if read(&encoding, name).as_f64() != Some(value) {
                set(&encoding, name, &value.into());
                changed = true;
            }
        }
        changed.then(|| sender.set_parameters_with_parameters(&parameters))
    }

    /// Of a picture as wide as screens are.
    const fn width(self) -> u32 {
        self.height * 16 / 9
    }
}

/// Has the encoder make a whole picture next: by asking for one where that can be done, else by stopping it and letting it
/// go on.
pub(super) async fn refresh(sender: &RtcRtpSender) {
    if let Ok(ask) = read(sender, "generateKeyFrame").dyn_into::<Function>()
        && let Ok(promise) = ask.call0(sender)
    {
        let _ = Promise::from(promise).await;
        return;
    }
    for active in [false, true] {
        let parameters = sender.get_parameters();
        let Ok(encodings) = read(&parameters, "encodings").dyn_into::<Array>() else { return };
        for encoding in encodings.iter() {
            set(&encoding, "active", &active.into());
        }
        let _ = sender.set_parameters_with_parameters(&parameters).await;
    }
}

/// Sets a member of a JavaScript object.
pub(super) fn set(object: &JsValue, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &name.into(), value);
}

fn read(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_administrator_set_counts_and_else_our_own_numbers() {
        let unset = Media::default();
        let limits = |subject, media: &Media| {
            let limits = Limits::of(subject, media);
            (limits.width(), limits.height, limits.rate, limits.bitrate)
        };
        assert_eq!(limits(Subject::Camera, &unset), (1280, 720, 30, 1_500_000));
        assert_eq!(limits(Subject::Screen, &unset), (1920, 1080, 15, 2_500_000));
        let set = Media { video_height: 360, video_kbit: 500, ..unset };
        assert_eq!(limits(Subject::Camera, &set), (640, 360, 30, 500_000));
        let set = Media { video_rate: 5, ..set };
        assert_eq!(limits(Subject::Screen, &set), (640, 360, 5, 500_000));
    }
}
