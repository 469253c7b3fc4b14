use serde::Serialize;
use sip::digest::{Challenge, Credentials};
use sip::message::Method;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Headers, RequestInit, Response};

/// Where the server signs.
const PATH: &str = "/sign";

/// What is to be signed: the page never has the password, so the server does it, for whoever holds the line.
#[derive(Debug, Serialize)]
pub(crate) struct ToSign {
    /// The epoch of the lease that asks.
    pub(crate) epoch: u64,
    /// All that the far end offered, in its order; the server chooses.
    pub(crate) challenges: Vec<Challenge>,
    /// How often their nonces are signed with, this time included.
    pub(crate) nc: u32,
    /// The request's method.
    pub(crate) method: Method,
    /// The digest-uri.
    pub(crate) uri: String,
    /// The request's body, for auth-int.
    pub(crate) body: Vec<u8>,
}

/// Asks the server for the signature; `None` when it gives none, for whatever reason.
pub(crate) async fn sign(request: &ToSign) -> Option<Credentials> {
    let body = serde_json::to_string(request).ok()?;
    let headers = Headers::new().ok()?;
    headers.set("content-type", "application/json").ok()?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&JsValue::from_str(&body));
    init.set_headers(&headers);
    let response: Response = web_sys::window()?.fetch_with_str_and_init(PATH, &init).await.ok()?.unchecked_into();
    if !response.ok() {
        return None;
    }
    serde_json::from_str(&response.text().ok()?.await.ok()?.as_string()?).ok()
}
