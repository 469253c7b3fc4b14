//! One line's hub with the queues of its tabs: what is told in order, and what of it waits for the database.

use super::Outgoing;
use crate::tabs::hub::{Effect, Hub, SocketId};
use app::lease::ToTab;
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::mpsc;

/// The hub, and what follows from it.
pub(super) struct Desk {
    pub(super) hub: Hub,
    queues: BTreeMap<SocketId, mpsc::Sender<Outgoing>>,
    /// In order. What follows on something that is being written waits: what is told is true after a crash too.
    outbox: VecDeque<Effect>,
    writing: bool,
}

/// What the desk cannot do itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Todo {
    /// Sockets with an older epoch must close.
    Moved(u64),
    /// Write the lease down, and say so: [`Desk::written`].
    SaveNow,
    /// Write the lease down soon.
    SaveSoon,
    /// The caretaker is to go on with the lease as it is now.
    Mind { until: u64 },
}

impl Desk {
    pub(super) const fn new(hub: Hub) -> Self {
        Self { hub, queues: BTreeMap::new(), outbox: VecDeque::new(), writing: false }
    }

    /// A tab comes in, if there are fewer than `most`.
    pub(super) fn enter(&mut self, socket: SocketId, queue: mpsc::Sender<Outgoing>, most: usize) -> bool {
        let room = self.queues.len() < most;
        if room {
            self.queues.insert(socket, queue);
        }
        room
    }

    /// A tab is gone.
    pub(super) fn leave(&mut self, socket: SocketId) {
        self.queues.remove(&socket);
    }

    /// Takes what the hub wants done. A sign of life is answered at once: it says nothing that could be untrue, and a tab
    /// that gets none closes its microphone.
    pub(super) fn collect(&mut self) {
        while let Some(effect) = self.hub.poll() {
            match effect {
                Effect::Send(socket, ToTab::Alive) => self.send(socket, Outgoing::Message(ToTab::Alive)),
                Effect::Send(..)
                | Effect::Close(..)
                | Effect::Moved(_)
                | Effect::SaveNow
                | Effect::SaveSoon
                | Effect::Mind { .. } => self.outbox.push_back(effect),
            }
        }
    }

    /// Tells the tabs what they may be told, up to what is to be done elsewhere.
    pub(super) fn next(&mut self) -> Option<Todo> {
        while !self.writing {
            match self.outbox.pop_front()? {
                Effect::Send(socket, message) => self.send(socket, Outgoing::Message(message)),
                Effect::Close(socket, why) => self.send(socket, Outgoing::Close(why)),
                Effect::Moved(epoch) => return Some(Todo::Moved(epoch)),
                Effect::SaveNow => {
                    self.writing = true;
                    return Some(Todo::SaveNow);
                }
                Effect::SaveSoon => return Some(Todo::SaveSoon),
                // Its page may be back already.
                Effect::Mind { epoch, until } if self.hub.is_minded(epoch) => return Some(Todo::Mind { until }),
                Effect::Mind { .. } => {}
            }
        }
        None
    }

    /// The lease is written: what waited for it goes on.
    pub(super) const fn written(&mut self) {
        self.writing = false;
    }

    /// Whether a write is under way that something waits for.
    pub(super) const fn is_writing(&self) -> bool {
        self.writing
    }

    /// How many tabs there are.
    pub(super) fn tabs(&self) -> usize {
        self.queues.len()
    }

    /// How much waits.
    pub(super) fn backlog(&self) -> usize {
        self.outbox.len()
    }

    /// Queues a message; a tab that does not read loses its socket, and comes back when it does.
    fn send(&mut self, socket: SocketId, message: Outgoing) {
        let closing = matches!(message, Outgoing::Close(_));
        let full = self.queues.get(&socket).is_some_and(|queue| queue.try_send(message).is_err());
        if full || closing {
            self.queues.remove(&socket);
        }
    }
}
