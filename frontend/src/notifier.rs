use crate::behind;
use crate::event::{Event, Events};
use app::messages::Latest;
use app::phone::{CallKey, Command, Sends};
use app::sound::Notify;
use leptos::task::spawn_local;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Notification, NotificationPermission, ServiceWorkerContainer, ServiceWorkerRegistration};

/// Tells of a call that rings while the page is not looked at, by a notification with buttons. Those need a service worker,
/// which is registered once the person has allowed notifications, and does nothing else.
pub(crate) struct Notifier {
    workers: Option<ServiceWorkerContainer>,
    /// The call that is shown.
    shown: Option<CallKey>,
    _heard: Option<Closure<dyn FnMut(MessageEvent)>>,
}

impl Notifier {
    /// Nothing is shown; what is pressed in a notification becomes a command.
    pub(crate) fn new(events: &Events) -> Self {
        let workers = workers();
        let heard = workers.as_ref().map(|workers| {
            let events = events.clone();
            let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
                if let Some(to) = address(&message.data()) {
                    behind::open(to);
                }
                if let Some(command) = command(&message.data()) {
                    events.tell(Event::Command(command));
                }
            });
            workers.set_onmessage(Some(heard.as_ref().unchecked_ref()));
            heard
        });
        let notifier = Self { workers, shown: None, _heard: heard };
        if allowed() == Notify::Allowed {
            notifier.register();
        }
        notifier
    }

    /// The person has allowed it now.
    pub(crate) fn register(&self) {
        let Some(workers) = &self.workers else { return };
        let registering = workers.register("/sw.js");
        spawn_local(async move {
            let _ = registering.await;
        });
    }

    /// This call rings here, or none does.
    pub(crate) fn follow(&mut self, ringing: Option<(CallKey, String)>) {
        let key = ringing.as_ref().map(|(key, _)| *key);
        if self.shown != key
            && let Some(shown) = self.shown.take()
        {
            self.say(&[shown.to_string().into()]);
        }
        let Some((key, title)) = ringing else { return };
        if self.shown.is_none() && allowed() == Notify::Allowed && is_away() {
            self.shown = Some(key);
            self.say(&[key.to_string().into(), title.into()]);
        }
    }

    /// A message came.
    pub(crate) fn message(&self, latest: &Latest) {
        if allowed() == Notify::Allowed && is_away() {
            let Latest { with, title, text, .. } = latest;
            self.say(&[with.into(), title.into(), text.into()]);
        }
    }

    fn say(&self, words: &[JsValue]) {
        let Some(Ok(ready)) = self.workers.as_ref().map(ServiceWorkerContainer::ready) else { return };
        let words: js_sys::Array = words.iter().collect();
        spawn_local(async move {
            let Ok(registration) = ready.await else { return };
            if let Some(worker) = registration.unchecked_into::<ServiceWorkerRegistration>().active() {
                let _ = worker.post_message(&words);
            }
        });
    }
}

/// Whether the person allows notifications.
pub(crate) fn allowed() -> Notify {
    let has = js_sys::Reflect::has(&js_sys::global(), &"Notification".into()).unwrap_or(false);
    if !has || workers().is_none() {
        return Notify::Unable;
    }
    match Notification::permission() {
        NotificationPermission::Granted => Notify::Allowed,
        NotificationPermission::Denied => Notify::Refused,
        NotificationPermission::Default | _ => Notify::NotAsked,
    }
}

/// Asks the person, and tells [`Event::Notify`].
pub(crate) fn ask(events: &Events) {
    let Ok(asking) = Notification::request_permission() else { return };
    let events = events.clone();
    spawn_local(async move {
        let _ = asking.await;
        events.tell(Event::Notify);
    });
}

fn workers() -> Option<ServiceWorkerContainer> {
    let navigator = web_sys::window()?.navigator();
    let has = js_sys::Reflect::has(&navigator, &"serviceWorker".into()).unwrap_or(false);
    has.then(|| navigator.service_worker())
}

/// Whether nobody looks at this page.
fn is_away() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| document.hidden() || !document.has_focus().unwrap_or(true))
}

/// The address of a conversation, if that was pressed.
fn address(said: &JsValue) -> Option<String> {
    said.dyn_ref::<js_sys::Array>()?.get(0).as_string().filter(|to| to.starts_with('/'))
}

/// What was pressed. A click beside the buttons only brings the page to the front.
fn command(said: &JsValue) -> Option<Command> {
    let said: &js_sys::Array = said.dyn_ref()?;
    let call: CallKey = said.get(0).as_string()?.parse().ok()?;
    match said.get(1).as_string()?.as_str() {
        "answer" => Some(Command::Answer(call, Sends::Voice)),
        "decline" => Some(Command::Decline(call)),
        _ => None,
    }
}
