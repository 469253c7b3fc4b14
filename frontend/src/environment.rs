use crate::event::{Event, Events};
use app::phone::Registration;
use core::future::IntoFuture as _;
use core::pin::pin;
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{
    PageTransitionEvent, RequestCredentials, RequestInit, RequestRedirect, Response, ResponseType, UrlSearchParams,
};

/// The longest that ending the session may take, in milliseconds: a server that is gone may also just not answer.
const PATIENCE: u32 = 5_000;

/// What keeps this page from being a phone, if anything does.
pub(crate) fn obstacle() -> Option<Registration> {
    let window = web_sys::window()?;
    if !window.is_secure_context() {
        return Some(Registration::Insecure);
    }
    let has = js_sys::Reflect::has(&window, &"RTCPeerConnection".into()).unwrap_or(false);
    (!has).then_some(Registration::NoWebRtc)
}

/// Whether it can ring elsewhere than where the browser plays everything (Web Audio API 1.1, 1.2.3).
pub(crate) fn can_ring_elsewhere() -> bool {
    let context = js_sys::Reflect::get(&js_sys::global(), &"AudioContext".into());
    let prototype = context.and_then(|context| js_sys::Reflect::get(&context, &"prototype".into()));
    prototype.and_then(|prototype| js_sys::Reflect::has(&prototype, &"setSinkId".into())).unwrap_or(false)
}

/// Tells what happens to the page and its network, for the life of the page.
pub(crate) fn watch(events: &Events) {
    let Some(window) = web_sys::window() else { return };
    let Some(document) = window.document() else { return };
    let events = events.clone();
    let listener = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
        if let Some(event) = meaning(&event) {
            events.tell(event);
        }
    });
    let function = listener.as_ref().unchecked_ref();
    for name in ["online", "offline", "pagehide", "pageshow"] {
        let _ = window.add_event_listener_with_callback(name, function);
    }
    let _ = document.add_event_listener_with_callback("visibilitychange", function);
    listener.forget();
}

fn meaning(event: &web_sys::Event) -> Option<Event> {
    match event.type_().as_str() {
        "online" => Some(Event::Awake),
        "offline" => Some(Event::Offline),
        "visibilitychange" => {
            let hidden = web_sys::window()?.document()?.hidden();
            (!hidden).then_some(Event::Awake)
        }
        "pagehide" => {
            // The channel is not read any more when the page goes: what cannot wait is done here.
            crate::tab::keep_name();
            None
        }
        "pageshow" => event.dyn_ref::<PageTransitionEvent>()?.persisted().then_some(Event::Restored),
        _ => None,
    }
}

/// Asks the server to end the session: whether it did. A form would leave the page for the browser's error page when
/// the server is down, with the session alive.
pub(crate) async fn end_session() -> bool {
    let Some(window) = web_sys::window() else { return false };
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_credentials(RequestCredentials::SameOrigin);
    request.set_redirect(RequestRedirect::Manual);
    // web-sys does not know it.
    let _ = js_sys::Reflect::set(&request, &"keepalive".into(), &true.into());
    let answer = pin!(window.fetch_with_str_and_init("/logout", &request).into_future());
    match select(answer, TimeoutFuture::new(PATIENCE)).await {
        // A redirect that is not followed shows no status; a proxy whose server is down shows one of its own.
        Either::Left((Ok(response), _)) => response.unchecked_into::<Response>().status() < 500,
        Either::Left((Err(_), _)) | Either::Right(_) => false,
    }
}

/// Sends a form, also while the page is left: whether the server took it.
pub(crate) async fn save(path: &str, form: &[(&'static str, String)]) -> bool {
    let (Some(window), Ok(fields)) = (web_sys::window(), UrlSearchParams::new()) else { return false };
    form.iter().for_each(|(name, value)| fields.append(name, value));
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_body(&fields);
    request.set_redirect(RequestRedirect::Manual);
    let answer = pin!(window.fetch_with_str_and_init(path, &request).into_future());
    match select(answer, TimeoutFuture::new(PATIENCE)).await {
        // What is taken leads back to the settings, and a redirect that is not followed shows no status.
        Either::Left((Ok(response), _)) => {
            response.unchecked_into::<Response>().type_() == ResponseType::Opaqueredirect
        }
        Either::Left((Err(_), _)) | Either::Right(_) => false,
    }
}

/// Goes where those go who have no session.
pub(crate) fn go_to_login() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().assign("/login");
    }
}

/// Asks for this page without following where it leads: when it leads elsewhere, the session is over.
pub(crate) async fn check_session() {
    let Some(window) = web_sys::window() else { return };
    let request = RequestInit::new();
    request.set_method("HEAD");
    request.set_redirect(RequestRedirect::Manual);
    let Ok(response) = window.fetch_with_str_and_init("/", &request).await else { return };
    if response.unchecked_into::<Response>().type_() == ResponseType::Opaqueredirect {
        reload();
    }
}

/// Loads the page anew: the session is over, and the server knows where to go.
pub(crate) fn reload() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().reload();
    }
}
