use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Element, RtcConfiguration, RtcPeerConnection};

/// A window of its own within the page, which shows nothing, for a connection that is to know the network as it is now.
///
/// Browsers look at the machine's addresses once for a window, and then wait to be told of changes. Chromium on Linux tells
/// windows only two seconds after the last change of any address, and a window that was there before gathers nothing of use
/// until then. A new one looks for itself. Dropping it closes the connections that were made in it.
pub(super) struct Realm(Element);

impl Realm {
    /// A connection in a window of its own; `None` where the browser gives none.
    pub(super) fn connection(configuration: &RtcConfiguration) -> Option<(Self, RtcPeerConnection)> {
        let document = web_sys::window()?.document()?;
        let frame = document.create_element("iframe").ok()?;
        frame.set_attribute("hidden", "").ok()?;
        document.body()?.append_child(&frame).ok()?;
        // From here on it is taken out in any case.
        let realm = Self(frame);
        let window = js_sys::Reflect::get(&realm.0, &"contentWindow".into()).ok()?;
        let make = js_sys::Reflect::get(&window, &"RTCPeerConnection".into()).ok()?;
        let with = js_sys::Array::of1(configuration);
        let made: JsValue = js_sys::Reflect::construct(make.dyn_ref::<js_sys::Function>()?, &with).ok()?;
        // It is none of this window's class.
        Some((realm, made.unchecked_into()))
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        self.0.remove();
    }
}
