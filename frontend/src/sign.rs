use app::encoding;
use app::sign::ToSign;
use sip::digest::Credentials;
use wasm_bindgen::JsCast;
use web_sys::{RequestInit, Response};

/// Where the server signs.
const PATH: &str = "/sign";

/// Asks the server for the signature; `None` when it gives none, for whatever reason.
pub(crate) async fn sign(request: &ToSign) -> Option<Credentials> {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&js_sys::Uint8Array::from(&*encoding::encode(request)));
    let response: Response = web_sys::window()?.fetch_with_str_and_init(PATH, &init).await.ok()?.unchecked_into();
    if !response.ok() {
        return None;
    }
    response.text().ok()?.await.ok()?.as_string()?.parse().ok()
}
