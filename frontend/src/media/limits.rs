use wasm_bindgen::JsValue;
use web_sys::RtcRtpSender;

/// How large, how often and with how many bits a picture may be sent: asked of the device, and kept by the encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Pixels.
    width: u32,
    height: u32,
    /// Pictures a second.
    rate: u32,
    /// Bits a second.
    bitrate: u32,
}

impl Limits {
    /// For the picture of a camera.
    pub(crate) const CAMERA: Self = Self { width: 1280, height: 720, rate: 30, bitrate: 1_500_000 };
    /// For the picture of a screen: text has to be read, and moves little.
    pub(crate) const SCREEN: Self = Self { width: 1920, height: 1080, rate: 15, bitrate: 2_500_000 };

    /// What is asked of a device (`MediaTrackConstraints`): what it can, but not more. `exceeds`: it may be larger if need be,
    /// as a camera that has no other size.
    pub(super) fn constraints(self, exceeds: bool) -> JsValue {
        let bound = |value: u32| object(&[(if exceeds { "ideal" } else { "max" }, value.into())]);
        object(&[
            ("width", bound(self.width)),
            ("height", bound(self.height)),
            ("frameRate", object(&[("max", self.rate.into())])),
        ])
    }

    /// Has the encoder keep to them. Browsers that cannot go on without.
    pub(super) async fn apply(self, sender: &RtcRtpSender) {
        let parameters = sender.get_parameters();
        let encodings: js_sys::Array = read(&parameters, "encodings").into();
        for encoding in encodings.iter() {
            set(&encoding, "maxBitrate", &self.bitrate.into());
            set(&encoding, "maxFramerate", &self.rate.into());
        }
        let _ = sender.set_parameters_with_parameters(&parameters).await;
    }
}

/// Has the encoder make a whole picture next: by asking for one where that can be done, else by stopping it and letting it
/// go on.
pub(super) async fn refresh(sender: &RtcRtpSender) {
    let ask = js_sys::Function::from(read(sender, "generateKeyFrame"));
    if ask.is_function()
        && let Ok(promise) = ask.call0(sender)
    {
        let _ = js_sys::Promise::from(promise).await;
        return;
    }
    for active in [false, true] {
        let parameters = sender.get_parameters();
        let encodings: js_sys::Array = read(&parameters, "encodings").into();
        for encoding in encodings.iter() {
            set(&encoding, "active", &active.into());
        }
        let _ = sender.set_parameters_with_parameters(&parameters).await;
    }
}

/// A JavaScript object with these members.
pub(super) fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = js_sys::Object::new();
    for (name, value) in members {
        set(&object, name, value);
    }
    object.into()
}

/// Sets a member of a JavaScript object.
pub(super) fn set(object: &JsValue, name: &str, value: &JsValue) {
    let _ = js_sys::Reflect::set(object, &name.into(), value);
}

fn read(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &name.into()).unwrap_or_default()
}
