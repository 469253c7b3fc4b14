//! What stands behind the phone on its page: the server writes it, and here is only asked for it again, and put in the place of
//! what was there. So a person goes from one conversation to the next, and writes, without the phone being left.

use core::future::IntoFuture as _;
use leptos::task::spawn_local;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Document, DomParser, Element, Event, FormData, HtmlElement, HtmlFormElement, HtmlTextAreaElement, KeyboardEvent,
    MouseEvent, RequestInit, Response, SupportedType, UrlSearchParams,
};

/// What stands behind the phone, as the server names it, and its parts.
const SECTION: &str = "messages";
const LINES: &str = "messages-lines";
const PROBLEM: &str = "messages-problem";
const TEXT: &str = "messages-text";
const PATH: &str = "/messages";
/// The attribute of a form whose answer is no page: the phone stays as it is.
const STAYS: &str = "data-stays";
/// With this header nothing is seen by being shown.
const UNSEEN: &str = "tabphone-unseen";
const LOST: &str = "The server cannot be reached. What you wrote is still here: try again.";

/// Takes clicks, keys and forms that are about it, for the life of the page.
pub(crate) fn watch() {
    let Some(window) = web_sys::window() else { return };
    let Some(document) = window.document() else { return };
    // A key that sends a form is heard while it is: the form's own event comes before the key's is over.
    let heard = Closure::<dyn Fn(Event)>::new(|event: Event| {
        let _ = heard(&event);
    });
    let function = heard.as_ref().unchecked_ref();
    for name in ["click", "submit", "keydown"] {
        let _ = document.add_event_listener_with_callback(name, function);
    }
    let _ = window.add_event_listener_with_callback("popstate", function);
    heard.forget();
}

/// Shows what it is now, if it is shown.
pub(crate) fn refresh() {
    if section().is_some() {
        spawn_local(async {
            let request = RequestInit::new();
            if !is_looked_at() {
                let headers = js_sys::Object::new();
                let _ = js_sys::Reflect::set(&headers, &UNSEEN.into(), &"1".into());
                request.set_headers(&headers);
            }
            let Some(here) = address() else { return };
            if let Some((_, status, text)) = fetch(&here, &request).await
                && status < 300
                && address() == Some(here)
            {
                let _ = show(&text, LINES);
            }
        });
    }
}

/// Shows what is at this address.
pub(crate) fn open(to: String) {
    go(to, RequestInit::new(), true, false);
}

/// Whether a person looks at this conversation's end.
fn is_looked_at() -> bool {
    // It grows from its end: the higher, the less.
    let at_end = section().and_then(|section| section.query_selector(".messages__scroll").ok()?);
    document().is_some_and(|document| !document.hidden()) && at_end.is_none_or(|scroll| scroll.scroll_top() > -40)
}

fn heard(event: &Event) -> Option<()> {
    match event.type_().as_str() {
        "click" => clicked(event.dyn_ref()?),
        "submit" => submitted(event),
        "keydown" => pressed(event.dyn_ref()?),
        _ => go(address()?, RequestInit::new(), false, false),
    }
}

/// A link to it, or away from it to the phone alone.
fn clicked(event: &MouseEvent) -> Option<()> {
    let plain = event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
    let link = event.target()?.dyn_into::<Element>().ok()?.closest("a").ok()??;
    let to = link.get_attribute("href")?;
    if plain && !event.default_prevented() && is_own(&to) {
        event.prevent_default();
        go(to, RequestInit::new(), true, false);
    }
    Some(())
}

/// A form of it, or one whose answer is no page.
fn submitted(event: &Event) -> Option<()> {
    let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
    let stays = form.has_attribute(STAYS);
    if event.default_prevented() || !(stays || section()?.contains(Some(&form))) {
        return None;
    }
    event.prevent_default();
    let fields = fields(&form, event)?;
    let action = form.get_attribute("action")?;
    let request = RequestInit::new();
    if stays {
        post(&request, &fields);
        spawn_local(async move {
            // Otherwise the server says in a page of its own what is wrong.
            if fetch(&action, &request).await.is_none_or(|(_, status, _)| status >= 300) {
                let _ = form.submit();
            }
        });
    } else if form.method() == "post" {
        post(&request, &fields);
        go(action, request, true, true);
    } else {
        go([&action, "?", &String::from(fields.to_string())].concat(), request, true, false);
    }
    Some(())
}

fn post(request: &RequestInit, fields: &UrlSearchParams) {
    request.set_method("POST");
    request.set_body(fields);
}

/// What a form says.
fn fields(form: &HtmlFormElement, event: &Event) -> Option<UrlSearchParams> {
    let fields = FormData::new_with_form(form).ok()?;
    // What the button says that was pressed is no part of it.
    let pressed = js_sys::Reflect::get(event, &"submitter".into()).ok()?.dyn_into::<HtmlElement>().ok();
    if let Some((name, value)) =
        pressed.and_then(|button| button.get_attribute("name").zip(button.get_attribute("value")))
    {
        fields.append_with_str(&name, &value).ok()?;
    }
    UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()
}

/// Enter sends.
fn pressed(event: &KeyboardEvent) -> Option<()> {
    let field = event.target()?.dyn_into::<HtmlTextAreaElement>().ok()?;
    // While a sign is being composed, Enter ends that.
    let sends = event.key() == "Enter" && !event.shift_key() && !event.is_composing() && field.id() == TEXT;
    if sends {
        event.prevent_default();
        field.form()?.request_submit().ok()?;
    }
    Some(())
}

/// Shows what is at this address, in place of what is shown.
fn go(to: String, request: RequestInit, new: bool, writes: bool) -> Option<()> {
    spawn_local(async move {
        match fetch(&to, &request).await {
            Some((at, status, text)) if status < 300 => {
                if show(&text, SECTION).is_none() {
                    let _ = web_sys::window().map(|window| window.location().assign(&to));
                }
                if new && address().as_ref() != Some(&at) {
                    let history = web_sys::window().and_then(|window| window.history().ok());
                    let _ = history.map(|history| history.push_state_with_url(&JsValue::NULL, "", Some(&at)));
                }
                if let Some(field) =
                    by_id(TEXT).filter(|_| writes).and_then(|field| field.dyn_into::<HtmlElement>().ok())
                {
                    let _ = field.focus();
                }
            }
            answer => {
                let words = answer.map_or_else(|| LOST.to_owned(), |(_, _, words)| words);
                match by_id(PROBLEM) {
                    Some(problem) => problem.set_text_content(Some(&words)),
                    None => drop(web_sys::window().map(|window| window.location().assign(&to))),
                }
            }
        }
    });
    Some(())
}

/// Where it led in the end, the status, and what is there.
async fn fetch(to: &str, request: &RequestInit) -> Option<(String, u16, String)> {
    let answer = web_sys::window()?.fetch_with_str_and_init(to, request).into_future().await.ok()?;
    let answer: Response = answer.unchecked_into();
    let text = answer.text().ok()?.into_future().await.ok()?.as_string()?;
    let url = web_sys::Url::new(&answer.url()).ok()?;
    Some(([url.pathname(), url.search()].concat(), answer.status(), text))
}

/// Puts this part of a document in the place of what there is of it; without one there is none any more.
fn show(text: &str, part: &str) -> Option<()> {
    let document = document()?;
    let new = DomParser::new().ok()?.parse_from_string(text, SupportedType::TextHtml).ok()?;
    // A page without the phone is another one: that of the login.
    new.query_selector(".phone").ok()??;
    let (new, old) = (new.get_element_by_id(part), document.get_element_by_id(part));
    match (old, new) {
        (Some(old), Some(new)) => old.replace_with_with_node_1(&new).ok(),
        (Some(old), None) => {
            old.remove();
            Some(())
        }
        (None, Some(new)) => document.body()?.append_child(&new).ok().map(drop),
        (None, None) => Some(()),
    }
}

/// Whether this is an address of it, or of the phone alone while it is shown.
fn is_own(to: &str) -> bool {
    let rest = to.strip_prefix(PATH);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) || (to == "/" && section().is_some())
}

fn address() -> Option<String> {
    let location = web_sys::window()?.location();
    Some([location.pathname().ok()?, location.search().ok()?].concat())
}

fn section() -> Option<Element> {
    by_id(SECTION)
}

fn by_id(id: &str) -> Option<Element> {
    document()?.get_element_by_id(id)
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}
