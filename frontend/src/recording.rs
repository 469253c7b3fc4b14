//! The recording of a call: what the browser records goes to the server piece by piece.

use crate::clock;
use crate::event::{Event, Events};
use crate::media::{Recorder, Tape};
use crate::upload::{Ask, Piece, Said, Upload};
use app::phone::{Recorded, RecordingFailure};
use core::future::IntoFuture as _;
use core::pin::pin;
use futures::StreamExt as _;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use leptos::task::spawn_local;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MediaStreamTrack, RequestInit, RequestRedirect, Response, UrlSearchParams};

/// Where recordings are kept.
const PATH: &str = "/recordings";
/// How long the server may take for a piece, in milliseconds.
const PATIENCE: u32 = 8_000;
/// What is smaller leaves even when the page is closed: browsers let 64 KiB outlive a page (Fetch, 4.6).
const OUTLIVES: usize = 60_000;

/// With whom a call is, as a recording of it is called.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// What to dial.
    pub(crate) number: String,
    /// Their name.
    pub(crate) name: String,
}

/// A recording that goes on. Dropping it ends it; what is recorded is sent all the same.
pub(crate) struct Recording {
    recorder: Recorder,
    state: Rc<State>,
    /// It goes on with what a page before this one recorded.
    pub(crate) anew: bool,
}

struct State {
    events: Events,
    upload: RefCell<Upload>,
    begun: Cell<bool>,
    /// The recorder gives nothing more.
    ended: Cell<bool>,
    changed: UnboundedSender<()>,
    /// Lives as long as something is to be sent.
    _saving: Rc<()>,
}

impl Recording {
    /// Begins one; whenever that is news, [`Event::Recorded`] is told. `saving` is kept as long as something is to be sent.
    ///
    /// # Errors
    /// The browser cannot record.
    pub(crate) fn begin(
        events: &Events,
        subject: Subject,
        anew: bool,
        saving: &Rc<()>,
    ) -> Result<Self, RecordingFailure> {
        let (tape, pieces) = unbounded();
        let recorder = Recorder::begin(tape)?;
        let (changed, changes) = unbounded();
        let state = Rc::new(State {
            events: events.clone(),
            upload: RefCell::default(),
            begun: Cell::new(false),
            ended: Cell::new(false),
            changed,
            _saving: saving.clone(),
        });
        spawn_local(state.clone().take(pieces));
        spawn_local(state.clone().send(subject, recorder.kind(), changes));
        Ok(Self { recorder, state, anew })
    }

    /// Records these from now on.
    pub(crate) fn hear(&self, tracks: &[MediaStreamTrack]) {
        self.recorder.hear(tracks);
    }

    /// Why it does not go on, if it does not.
    pub(crate) fn failure(&self) -> Option<RecordingFailure> {
        // One that goes on has a recorder that does.
        let ended = self.state.ended.get().then_some(RecordingFailure::Unsupported);
        self.state.upload.borrow().failure().or(ended)
    }

    /// How it stands; `announced`: the other end hears a tone.
    pub(crate) fn shown(&self, announced: bool) -> Recorded {
        let kept = self.state.upload.borrow().is_late();
        match self.state.begun.get() {
            true => Recorded::On(app::phone::Tape { anew: self.anew, kept, announced }),
            false => Recorded::Starting,
        }
    }
}

impl State {
    /// Takes the pieces of the recorder, one after the other.
    async fn take(self: Rc<Self>, mut pieces: UnboundedReceiver<Tape>) {
        while let Some(tape) = pieces.next().await {
            match tape {
                Tape::Begun => self.begun.set(true),
                Tape::Piece(blob, until) => {
                    if let Ok(bytes) = blob.array_buffer().into_future().await {
                        let bytes = js_sys::Uint8Array::new(&bytes).to_vec();
                        self.upload.borrow_mut().push(&bytes, until);
                    }
                }
                Tape::Ended => break,
            }
            let _ = self.changed.unbounded_send(());
            self.events.tell(Event::Recorded);
        }
        self.ended.set(true);
        self.upload.borrow_mut().end();
        self.events.tell(Event::Recorded);
        let _ = self.changed.unbounded_send(());
    }

    /// Sends them, until the last one is there.
    async fn send(self: Rc<Self>, subject: Subject, kind: &'static str, mut changes: UnboundedReceiver<()>) {
        while !self.upload.borrow().is_over() {
            let asked = self.upload.borrow_mut().poll(clock::now());
            let deadline = self.upload.borrow().deadline();
            match (asked, deadline) {
                (Some(ask), _) => {
                    let said = match ask {
                        Ask::Name => name(&subject, kind).await,
                        Ask::Take(name, piece) => take(&name, &piece).await,
                    };
                    self.upload.borrow_mut().said(said, clock::now());
                    self.events.tell(Event::Recorded);
                }
                (None, Some(until)) => {
                    let wait = until.as_millis().saturating_sub(clock::now().as_millis());
                    TimeoutFuture::new(u32::try_from(wait).unwrap_or(u32::MAX)).await;
                }
                (None, None) => _ = changes.next().await,
            }
        }
    }
}

/// Asks for the name of a new recording.
async fn name(subject: &Subject, kind: &str) -> Said {
    let Ok(form) = UrlSearchParams::new() else { return Said::Nothing };
    form.append("number", &subject.number);
    form.append("name", &subject.name);
    form.append("kind", kind);
    let Some(response) = fetch("POST", PATH, &form, true).await else { return Said::Nothing };
    if response.status() != 201 {
        return no(response.status());
    }
    let Ok(text) = response.text() else { return Said::Nothing };
    match text.into_future().await.ok().and_then(|text| text.as_string()) {
        Some(name) if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Said::Name(name),
        Some(_) | None => Said::Nothing,
    }
}

/// Has the server take a piece.
async fn take(name: &str, piece: &Piece) -> Said {
    let Piece { number, until, bytes } = piece;
    let path = format!("{PATH}/{name}/{number}?until={until}");
    let body = js_sys::Uint8Array::from(&**bytes);
    match fetch("PUT", &path, &body, bytes.len() < OUTLIVES).await.map(|response| response.status()) {
        Some(204) => Said::Taken,
        Some(status) => no(status),
        None => Said::Nothing,
    }
}

/// What a status other than the wanted one means.
fn no(status: u16) -> Said {
    Said::No(match status {
        // The session is over, and the page will go; or the server is in trouble, or a proxy before it is.
        0 | 401 | 408 | 425 | 429 | 500 | 502..=506 => return Said::Nothing,
        403 => RecordingFailure::NotAllowed,
        404 => RecordingFailure::Removed,
        507 => RecordingFailure::NoRoom,
        status => RecordingFailure::Refused(status),
    })
}

/// Sends a request. `outlives`: also when the page goes meanwhile.
async fn fetch(method: &str, path: &str, body: &JsValue, outlives: bool) -> Option<Response> {
    let request = RequestInit::new();
    request.set_method(method);
    request.set_body(body);
    request.set_redirect(RequestRedirect::Manual);
    if outlives {
        js_sys::Reflect::set(&request, &"keepalive".into(), &true.into()).ok()?;
    }
    let answer = pin!(web_sys::window()?.fetch_with_str_and_init(path, &request).into_future());
    match select(answer, TimeoutFuture::new(PATIENCE)).await {
        Either::Left((Ok(response), _)) => Some(response.unchecked_into()),
        Either::Left((Err(_), _)) | Either::Right(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_better_later_is_tried_again() {
        for status in [0, 401, 408, 429, 500, 502, 503, 504] {
            assert_eq!(no(status), Said::Nothing, "{status}");
        }
        assert_eq!(no(507), Said::No(RecordingFailure::NoRoom));
        assert_eq!(no(403), Said::No(RecordingFailure::NotAllowed));
        assert_eq!(no(404), Said::No(RecordingFailure::Removed));
        assert_eq!(no(409), Said::No(RecordingFailure::Refused(409)));
        assert_eq!(no(415), Said::No(RecordingFailure::Refused(415)));
    }
}
