use super::realm::Realm;
use crate::clock;
use app::media::Media;
use core::time::Duration;
use leptos::task::spawn_local;
use sip::Instant;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    PermissionState, PermissionStatus, RtcConfiguration, RtcIceServer, RtcIceTransportPolicy, RtcPeerConnection,
};

/// How old a connection may become that nobody used: what was gathered for it gets stale where addresses are translated.
const STALE: Duration = Duration::from_secs(300);
/// How long a browser that does not know the network yet is taken not to: longer than any takes to be told.
const NOTICED: Duration = Duration::from_secs(10);
const POOL_SIZE: &str = "iceCandidatePoolSize";

/// Makes the connections of calls as the policy wants them, and keeps one ready while the phone is idle: its keys are made and
/// its candidates gathered when somebody calls.
///
/// | State | On | Next |
/// | --- | --- | --- |
/// | Cold | the phone is idle | Asking whether the microphone was granted: before, browsers hide addresses |
/// | Asking | it was, and the browser gathers ahead | Ready |
/// | Asking | else | Refused |
/// | Ready | a call takes it | Cold |
/// | Ready | its time, another network, another policy | Cold |
/// | any | a connection found no address | Cold; for 10 s connections get a window of their own |
/// | Refused | there was a call: the microphone may be granted by now | Cold |
pub(crate) struct Pool {
    media: RefCell<Rc<Media>>,
    state: RefCell<State>,
    /// Goes up with every state but Asking, so that an old answer is known.
    number: Cell<u32>,
    /// When it was seen last that the browser does not know the network.
    stranded: Cell<Option<Instant>>,
    /// Whether pages get the microphone, in a browser that gathers ahead: those tell their addresses by that, and not by
    /// whether it is open.
    permission: RefCell<Option<PermissionStatus>>,
}

enum State {
    Cold,
    Asking,
    Ready(Ready),
    Refused,
}

/// A connection that nobody used yet.
pub(super) struct Ready {
    pub(super) rtc: RtcPeerConnection,
    /// Since when it gathers, if it does before there is a description.
    pub(super) since: Option<Instant>,
    /// The window that it lives in, if it is not the page's.
    pub(super) realm: Option<Realm>,
    /// Whether it was made to know the network better than the page's window does: there is nothing better.
    pub(super) anew: bool,
}

impl Pool {
    /// Nothing is ready yet.
    pub(crate) fn new(media: Media) -> Rc<Self> {
        let (media, state) = (RefCell::new(Rc::new(media)), RefCell::new(State::Cold));
        Rc::new(Self { media, state, number: Cell::new(0), stranded: Cell::new(None), permission: RefCell::default() })
    }

    /// What holds for connections.
    pub(crate) fn media(&self) -> Rc<Media> {
        self.media.borrow().clone()
    }

    /// Something else holds from now on.
    pub(crate) fn change(&self, media: Media) {
        if **self.media.borrow() != media {
            self.media.replace(Rc::new(media));
            self.cool();
        }
    }

    /// The phone is idle: has a connection ready.
    pub(crate) fn warm(self: &Rc<Self>) {
        if !matches!(*self.state.borrow(), State::Cold) {
            return;
        }
        self.turn(State::Asking);
        let (pool, number) = (self.clone(), self.number.get());
        spawn_local(async move {
            let permission = permission().await;
            if pool.number.get() != number {
                return;
            }
            let granted = permission.filter(is_granted);
            let ready = if granted.is_some() { pool.gathering() } else { None };
            pool.permission.replace(granted.filter(|_| ready.is_some()));
            pool.turn(ready.map_or(State::Refused, State::Ready));
        });
    }

    /// Whether the microphone will be given without asking anybody, and nothing else depends on when.
    pub(super) fn is_granted(&self) -> bool {
        self.permission.borrow().as_ref().is_some_and(is_granted)
    }

    /// There is a call: who was refused may be granted by now.
    pub(crate) fn busy(&self) {
        if matches!(*self.state.borrow(), State::Refused) {
            self.turn(State::Cold);
        }
    }

    /// The network is another one, or not to be used any more.
    pub(crate) fn cool(&self) {
        self.turn(State::Cold);
    }

    /// When [`Pool::timeout`] is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &*self.state.borrow() {
            State::Ready(ready) => ready.since.map(|since| since + STALE),
            State::Cold | State::Asking | State::Refused => None,
        }
    }

    /// Does what is due.
    pub(crate) fn timeout(&self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.cool();
        }
    }

    /// A connection found no address of ours: the browser does not know the network yet. For a while connections are made so
    /// that they do.
    pub(super) fn strand(&self) {
        self.stranded.set(Some(clock::now()));
        self.cool();
    }

    /// A connection that nobody used: the one that is ready, if there is one. `None` where the browser makes none.
    pub(super) fn connection(&self) -> Option<Ready> {
        let mut state = self.state.borrow_mut();
        if !matches!(*state, State::Ready(_)) {
            return self.make(false);
        }
        match core::mem::replace(&mut *state, State::Cold) {
            State::Ready(ready) => Some(ready),
            State::Cold | State::Asking | State::Refused => None,
        }
    }

    fn make(&self, ahead: bool) -> Option<Ready> {
        let configuration = configuration(&self.media(), ahead);
        let since = ahead.then(clock::now);
        let anew = self.stranded.get().is_some_and(|at| clock::now().since(at) < NOTICED);
        let elsewhere = if anew { Realm::connection(&configuration) } else { None };
        let (realm, rtc) = match elsewhere {
            Some((realm, rtc)) => (Some(realm), rtc),
            None => (None, RtcPeerConnection::new_with_configuration(&configuration).ok()?),
        };
        Some(Ready { rtc, since, realm, anew })
    }

    /// A connection that gathers ahead; `None` where the browser does not.
    fn gathering(&self) -> Option<Ready> {
        let ready = self.make(true)?;
        let size = js_sys::Reflect::get(&ready.rtc.get_configuration(), &POOL_SIZE.into()).ok();
        if size.and_then(|size| size.as_f64()) == Some(1.0) {
            return Some(ready);
        }
        ready.rtc.close();
        None
    }

    fn turn(&self, state: State) {
        self.number.set(self.number.get().wrapping_add(1));
        match self.state.replace(state) {
            State::Ready(ready) => ready.rtc.close(),
            State::Cold | State::Asking | State::Refused => {}
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.turn(State::Cold);
    }
}

/// Whether pages get the microphone without asking, now and later; nothing where the browser does not tell.
async fn permission() -> Option<PermissionStatus> {
    let permissions = web_sys::window()?.navigator().permissions().ok()?;
    let wanted = js_sys::Object::new();
    let _ = js_sys::Reflect::set(&wanted, &"name".into(), &"microphone".into());
    permissions.query(&wanted).ok()?.await.ok()?.dyn_into().ok()
}

fn is_granted(permission: &PermissionStatus) -> bool {
    permission.state() == PermissionState::Granted
}

/// What a connection is made with. `ahead`: it gathers before there is a description.
pub(super) fn configuration(media: &Media, ahead: bool) -> RtcConfiguration {
    let list = js_sys::Array::new();
    for server in &media.ice_servers {
        let entry = RtcIceServer::new();
        let urls: js_sys::Array = server.urls.iter().map(|url| JsValue::from_str(url)).collect();
        entry.set_urls(&urls);
        if let Some(username) = &server.username {
            entry.set_username(username);
        }
        if let Some(credential) = &server.credential {
            entry.set_credential(credential);
        }
        list.push(&entry);
    }
    let configuration = RtcConfiguration::new();
    configuration.set_ice_servers(&list);
    if media.relay {
        configuration.set_ice_transport_policy(RtcIceTransportPolicy::Relay);
    }
    if ahead {
        let _ = js_sys::Reflect::set(&configuration, &POOL_SIZE.into(), &1.into());
    }
    configuration
}
