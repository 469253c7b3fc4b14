use crate::clock;
use crate::event::{Event, Events};
use crate::socket::{Heard, Socket};
use app::encoding;
use app::lease::{CLOSE_LOGGED_OUT, CLOSE_REPLACED, FromTab, MAX_MESSAGE, SUBPROTOCOL, ToTab};
use line::link::{Due, Link};
use sip::{Instant, Random};
use std::cell::RefCell;

const PATH: &str = "/line";
const NAME: &str = "tabphone-tab";

/// The tab socket: the server says over it who holds the line, and this tab that it is alive. What is to be done when
/// is known by its [`Link`].
pub(crate) struct Tab {
    events: Events,
    link: Link,
    socket: Option<Socket>,
}

/// What the tab socket means for the driver.
pub(crate) enum News {
    /// It opened: Hello is to be said.
    Opened,
    /// The server said this.
    Said(ToTab),
    /// It was lost.
    Lost,
    /// It fell silent: whatever else is open to the server is as dead.
    Silent,
    /// It cannot be opened, and perhaps never will: the session may be over.
    Refused,
    /// Another page has this tab's name.
    Replaced,
    /// The session is over.
    SessionOver,
}

impl Tab {
    pub(crate) const fn new(events: Events, random: Random) -> Self {
        Self { events, link: Link::new(random), socket: None }
    }

    /// Opens the socket now, in place of what was.
    pub(crate) fn open(&mut self, now: Instant) {
        self.socket = Socket::open(PATH, SUBPROTOCOL, self.events.number(), &self.events, Event::Tab).ok();
        match &self.socket {
            Some(_) => self.link.opening(now),
            None => self.link.refused(now),
        }
    }

    /// Closes the socket for good.
    pub(crate) fn close(&mut self) {
        self.socket = None;
        self.link.shut();
    }

    /// Takes what a socket told; `None` when it is an old one, or says nothing.
    pub(crate) fn hear(&mut self, number: u64, heard: Heard, now: Instant) -> Option<News> {
        if self.socket.as_ref().is_none_or(|socket| socket.number() != number) {
            return None;
        }
        match heard {
            Heard::Opened => {
                self.link.opened(now);
                Some(News::Opened)
            }
            Heard::Message(message) => self.said(&message, now),
            Heard::Closed(code) => {
                self.socket = None;
                let suspicious = self.link.closed(now);
                Some(match code {
                    CLOSE_LOGGED_OUT => News::SessionOver,
                    CLOSE_REPLACED => News::Replaced,
                    _ if suspicious => News::Refused,
                    _ => News::Lost,
                })
            }
        }
    }

    /// Says something: whether it was sent. It is not when the socket is not open.
    pub(crate) fn send(&self, words: &FromTab) -> bool {
        let Some(socket) = self.socket.as_ref().filter(|_| self.link.is_open()) else { return false };
        let message = encoding::encode(words);
        if message.len() > MAX_MESSAGE {
            web_sys::console::warn_1(&"too much to tell the server".into());
            return false;
        }
        socket.send(&message).is_ok()
    }

    /// Whether the socket is open.
    pub(crate) const fn is_open(&self) -> bool {
        self.link.is_open()
    }

    /// Until when the server surely keeps the line for this tab, as far as it is known.
    pub(crate) fn vouched_until(&self) -> Option<Instant> {
        self.link.vouched_until()
    }

    /// Whether that time is over.
    pub(crate) fn lapsed(&self, now: Instant) -> bool {
        self.link.lapsed(now, clock::wall())
    }

    /// When [`Tab::timeout`] is due.
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.link.deadline()
    }

    /// Does what is due.
    pub(crate) fn timeout(&mut self, now: Instant) -> Option<News> {
        let due = self.link.timeout(now);
        self.perform(due, now)
    }

    /// The network may be back: does not wait any longer, and asks an open socket for a sign of life.
    pub(crate) fn hint(&mut self, now: Instant) {
        let due = self.link.hint(now);
        self.perform(due, now);
    }

    /// The network may be gone: an open socket has a short time to give a sign of life.
    pub(crate) fn probe(&mut self, now: Instant) {
        let due = self.link.probe(now);
        self.perform(due, now);
    }

    fn perform(&mut self, due: Due, now: Instant) -> Option<News> {
        match due {
            Due::Nothing => None,
            Due::Open => {
                self.open(now);
                None
            }
            Due::OpenAnew => {
                self.open(now);
                Some(News::Silent)
            }
            Due::SayAlive => {
                self.send(&FromTab::Alive);
                None
            }
        }
    }

    fn said(&mut self, message: &[u8], now: Instant) -> Option<News> {
        let Ok(words) = encoding::decode::<ToTab>(message) else {
            web_sys::console::warn_1(&"the server said something unknown".into());
            return None;
        };
        self.link.heard(&words, now, clock::wall());
        Some(News::Said(words))
    }
}

thread_local! {
    static OWN_NAME: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// This tab's name: kept over a reload.
///
/// Duplicating a tab copies its storage, and two tabs must not have one name: so the name is in the storage only
/// while the page is away, put there by [`keep_name`].
pub(crate) fn name(random: &mut Random) -> String {
    let stored = storage().and_then(|storage| {
        let name = storage.get_item(NAME).ok().flatten();
        let _ = storage.remove_item(NAME);
        name
    });
    OWN_NAME.with_borrow_mut(|own| own.get_or_insert_with(|| stored.unwrap_or_else(|| random.token())).clone())
}

/// Another name for this tab: its own turned out to be another's, too.
pub(crate) fn new_name(random: &mut Random) -> String {
    let name = random.token();
    OWN_NAME.with_borrow_mut(|own| *own = Some(name.clone()));
    name
}

/// Leaves the name for the page that comes after this one in the same tab.
pub(crate) fn keep_name() {
    OWN_NAME.with_borrow(|own| {
        if let (Some(storage), Some(name)) = (storage(), own) {
            let _ = storage.set_item(NAME, name);
        }
    });
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.session_storage().ok().flatten()
}
