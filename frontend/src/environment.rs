use crate::event::{Event, Events};
use app::phone::Registration;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{PageTransitionEvent, RequestInit, RequestRedirect, Response, ResponseType};

/// What keeps this page from being a phone, if anything does.
pub(crate) fn obstacle() -> Option<Registration> {
    let window = web_sys::window()?;
    if !window.is_secure_context() {
        return Some(Registration::Insecure);
    }
    let has = js_sys::Reflect::has(&window, &"RTCPeerConnection".into()).unwrap_or(false);
    (!has).then_some(Registration::NoWebRtc)
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
    for name in ["online", "pagehide", "pageshow"] {
        let _ = window.add_event_listener_with_callback(name, function);
    }
    let _ = document.add_event_listener_with_callback("visibilitychange", function);
    listener.forget();
}

fn meaning(event: &web_sys::Event) -> Option<Event> {
    match event.type_().as_str() {
        "online" => Some(Event::Awake),
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

/// Sends the page's own logout form: the session ends on the server, and the page goes where it says.
pub(crate) fn leave() {
    let form = web_sys::window().and_then(|window| window.document()).and_then(|page| page.get_element_by_id("logout"));
    match form.and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok()) {
        Some(form) => {
            let _ = form.submit();
        }
        None => web_sys::console::warn_1(&"there is no way to log out on this page".into()),
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
