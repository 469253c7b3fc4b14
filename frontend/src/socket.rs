use crate::event::{Event, Events};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, CloseEvent, MessageEvent, WebSocket};

/// What a socket tells.
pub(crate) enum Heard {
    /// It is open.
    Opened,
    /// A message, text or binary.
    Message(Vec<u8>),
    /// It is closed or could not be opened, with the close code and its words (RFC 6455 7.1.5).
    Closed(u16),
}

/// A WebSocket to our own server. Dropping it closes it, and nothing is told afterwards.
pub(crate) struct Socket {
    number: u64,
    socket: WebSocket,
    _listener: Closure<dyn FnMut(web_sys::Event)>,
}

/// The browser refused to open a socket, or to send on it.
#[derive(Debug, thiserror::Error)]
#[error("the browser refused the socket")]
pub(crate) struct SocketError;

impl Socket {
    /// Begins to open `path` on the server that the page came from. What happens is told as `wrap(number, heard)`.
    pub(crate) fn open(
        path: &str,
        protocol: &str,
        number: u64,
        events: &Events,
        wrap: fn(u64, Heard) -> Event,
    ) -> Result<Self, SocketError> {
        let url = address(path).ok_or(SocketError)?;
        let socket = WebSocket::new_with_str(&url, protocol).map_err(|_| SocketError)?;
        socket.set_binary_type(BinaryType::Arraybuffer);
        let events = events.clone();
        let listener = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            if let Some(heard) = heard(&event) {
                events.tell(wrap(number, heard));
            }
        });
        let function = Some(listener.as_ref().unchecked_ref());
        socket.set_onopen(function);
        socket.set_onmessage(function);
        socket.set_onclose(function);
        Ok(Self { number, socket, _listener: listener })
    }

    /// The number it was opened with.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// Whether it is open.
    pub(crate) fn is_open(&self) -> bool {
        self.socket.ready_state() == WebSocket::OPEN
    }

    /// Sends one message: as text when it is text. What is sent before it is open or after it closed is lost.
    pub(crate) fn send(&self, message: &[u8]) -> Result<(), SocketError> {
        match core::str::from_utf8(message) {
            Ok(text) => self.socket.send_with_str(text),
            Err(_) => self.socket.send_with_u8_array(message),
        }
        .map_err(|_| SocketError)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

fn heard(event: &web_sys::Event) -> Option<Heard> {
    if let Some(message) = event.dyn_ref::<MessageEvent>() {
        let data = message.data();
        return Some(Heard::Message(match data.as_string() {
            Some(text) => text.into_bytes(),
            None => js_sys::Uint8Array::new(&data).to_vec(),
        }));
    }
    match event.dyn_ref::<CloseEvent>() {
        Some(close) => Some(Heard::Closed(close.code())),
        None => Some(Heard::Opened),
    }
}

fn address(path: &str) -> Option<String> {
    let location = web_sys::window()?.location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    Some(format!("{scheme}://{}{path}", location.host().ok()?))
}
