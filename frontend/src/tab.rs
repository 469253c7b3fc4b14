use crate::clock;
use crate::event::{Event, Events};
use crate::socket::{Heard, Socket};
use app::lease::{CLOSE_LOGGED_OUT, CLOSE_REPLACED, FromTab, GRACE_MS, MAX_MESSAGE, RENEW_MS, SUBPROTOCOL, ToTab};
use core::time::Duration;
use sip::{Instant, Random};
use std::cell::RefCell;

const PATH: &str = "/line";
const NAME: &str = "tabphone-tab";
const RENEW: Duration = Duration::from_millis(RENEW_MS as u64);
const GRACE: Duration = Duration::from_millis(GRACE_MS as u64);
/// The first pause between attempts, after one at once.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest, before it is jittered by a half.
const LONGEST_PAUSE: Duration = Duration::from_secs(6);
/// After so many attempts in vain it is asked whether the session is over: a refused socket does not tell why.
const SUSPICIOUS: u32 = 3;

/// The tab socket: the server says over it who holds the line, and this tab that it is alive.
///
/// | state | event | next |
/// | --- | --- | --- |
/// | Waiting | its time, a hint | Opening |
/// | Opening | opened | Open, Hello sent |
/// | Opening, Open | closed | Waiting |
/// | Opening, Open | nothing heard for the grace time | Opening anew |
/// | Open | time to renew | Open, Alive sent |
pub(crate) struct Tab {
    events: Events,
    random: Random,
    numbers: u64,
    attempts: u32,
    link: Link,
    vouched: Option<Vouched>,
}

enum Link {
    Waiting { until: Instant },
    Opening { socket: Socket, until: Instant },
    Open { socket: Socket, renewal: Renewal },
}

/// Alive is said one at a time: its answer is what the next one waits for.
#[derive(Clone, Copy)]
enum Renewal {
    /// Hello was said, and is answered by who holds the line.
    Greeted(Instant),
    /// Alive is to be said.
    Due(Instant),
    /// Alive was said, and is answered by Alive.
    Sent(Instant),
}

/// The last moment at which the server is known to have counted us as alive, by both clocks: the monotonic one may
/// stand still while the machine sleeps.
#[derive(Clone, Copy)]
struct Vouched {
    at: Instant,
    wall: u64,
}

/// What the tab socket means for the driver.
pub(crate) enum News {
    /// It opened: Hello is to be said.
    Opened,
    /// The server said this.
    Said(ToTab),
    /// It was lost.
    Lost,
    /// It cannot be opened, and perhaps never will: the session may be over.
    Refused,
    /// Another page has this tab's name.
    Replaced,
    /// The session is over.
    SessionOver,
}

impl Tab {
    pub(crate) const fn new(events: Events, random: Random) -> Self {
        let link = Link::Waiting { until: Instant::from_millis(0) };
        Self { events, random, numbers: 0, attempts: 0, link, vouched: None }
    }

    /// Opens the socket now, in place of what was.
    pub(crate) fn open(&mut self, now: Instant) {
        self.numbers += 1;
        self.link = match Socket::open(PATH, SUBPROTOCOL, self.numbers, &self.events, Event::Tab) {
            Ok(socket) => Link::Opening { socket, until: now + GRACE },
            Err(_) => Link::Waiting { until: now + LONGEST_PAUSE },
        };
    }

    /// Closes the socket for good.
    pub(crate) fn close(&mut self) {
        self.link = Link::Waiting { until: Instant::from_millis(u64::MAX) };
    }

    /// Takes what a socket told; `None` when it is an old one, or says nothing.
    pub(crate) fn hear(&mut self, number: u64, heard: Heard, now: Instant) -> Option<News> {
        let current = match &self.link {
            Link::Waiting { .. } => false,
            Link::Opening { socket, .. } | Link::Open { socket, .. } => socket.number() == number,
        };
        if !current {
            return None;
        }
        match heard {
            Heard::Opened => {
                self.opened(now);
                Some(News::Opened)
            }
            Heard::Message(message) => self.said(&message, now),
            Heard::Closed(code) => {
                self.pause(now);
                Some(match code {
                    CLOSE_LOGGED_OUT => News::SessionOver,
                    CLOSE_REPLACED => News::Replaced,
                    _ if self.attempts == SUSPICIOUS => News::Refused,
                    _ => News::Lost,
                })
            }
        }
    }

    /// Says something; lost when the socket is not open.
    pub(crate) fn send(&self, words: &FromTab) {
        let Link::Open { socket, .. } = &self.link else { return };
        match serde_json::to_vec(words) {
            Ok(text) if text.len() <= MAX_MESSAGE => {
                let _ = socket.send(&text);
            }
            Ok(_) | Err(_) => web_sys::console::warn_1(&"too much to tell the server".into()),
        }
    }

    /// Whether the socket is open.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.link, Link::Open { .. })
    }

    /// Until when the server surely keeps the line for this tab, as far as it is known.
    pub(crate) fn vouched_until(&self) -> Option<Instant> {
        self.vouched.map(|vouched| vouched.at + GRACE)
    }

    /// Whether that time is over, by either clock.
    pub(crate) fn lapsed(&self, now: Instant) -> bool {
        self.vouched.is_some_and(|vouched| {
            // The wall clock may be corrected while the page runs: it counts only when it says clearly so.
            now.since(vouched.at) >= GRACE || clock::wall().saturating_sub(vouched.wall) > 2 * u64::from(GRACE_MS)
        })
    }

    /// When [`Tab::timeout`] is due.
    pub(crate) fn deadline(&self) -> Instant {
        match &self.link {
            Link::Waiting { until } | Link::Opening { until, .. } => *until,
            Link::Open { renewal: Renewal::Due(at), .. } => *at,
            Link::Open { renewal: Renewal::Greeted(at) | Renewal::Sent(at), .. } => *at + GRACE,
        }
    }

    /// Does what is due; whether a socket that was open had to be given up.
    pub(crate) fn timeout(&mut self, now: Instant) -> Option<News> {
        if now < self.deadline() {
            return None;
        }
        match &mut self.link {
            Link::Open { renewal: renewal @ Renewal::Due(_), .. } => {
                *renewal = Renewal::Sent(now);
                self.send(&FromTab::Alive);
                None
            }
            Link::Waiting { .. } | Link::Opening { .. } => {
                self.open(now);
                None
            }
            Link::Open { .. } => {
                self.open(now);
                Some(News::Lost)
            }
        }
    }

    /// The network may be back: does not wait any longer, and asks an open socket for a sign of life.
    pub(crate) fn hint(&mut self, now: Instant) {
        match &mut self.link {
            Link::Waiting { .. } => self.open(now),
            Link::Open { renewal: renewal @ Renewal::Due(_), .. } => *renewal = Renewal::Due(now),
            Link::Opening { .. } | Link::Open { .. } => {}
        }
    }

    fn opened(&mut self, now: Instant) {
        let waiting = Link::Waiting { until: now };
        if let Link::Opening { socket, .. } = core::mem::replace(&mut self.link, waiting) {
            self.link = Link::Open { socket, renewal: Renewal::Greeted(now) };
        }
    }

    fn said(&mut self, message: &[u8], now: Instant) -> Option<News> {
        self.attempts = 0;
        // Read as text, as the page's opening is: a second kind of reader would be a second copy of its code.
        let words = core::str::from_utf8(message).ok().and_then(|text| serde_json::from_str::<ToTab>(text).ok());
        let Some(words) = words else {
            web_sys::console::warn_1(&"the server said something unknown".into());
            return None;
        };
        if let Link::Open { renewal, .. } = &mut self.link {
            let answered = match (*renewal, &words) {
                (Renewal::Greeted(at), ToTab::Granted(_) | ToTab::Resumed { .. } | ToTab::Watching)
                | (Renewal::Sent(at), ToTab::Alive) => Some(at),
                (Renewal::Greeted(_) | Renewal::Due(_) | Renewal::Sent(_), _) => None,
            };
            if let Some(at) = answered {
                let ago = u64::try_from(now.since(at).as_millis()).unwrap_or(0);
                self.vouched = Some(Vouched { at, wall: clock::wall().saturating_sub(ago) });
                *renewal = Renewal::Due(at + RENEW);
            }
        }
        Some(News::Said(words))
    }

    fn pause(&mut self, now: Instant) {
        let pause = match self.attempts {
            0 => Duration::ZERO,
            attempts => self.random.jitter(LONGEST_PAUSE.min(FIRST_PAUSE * 2u32.saturating_pow(attempts.min(8) - 1))),
        };
        self.attempts = self.attempts.saturating_add(1);
        self.link = Link::Waiting { until: now + pause };
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
