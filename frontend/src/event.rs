use crate::media::{Kind, Told};
use crate::socket::Heard;
use app::phone::{Command, MediaFailure};
use app::sound::Device;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use sip::agent::{Answer, CallId, QuestionId};
use std::cell::Cell;
use std::rc::Rc;

/// All that can happen to the driver.
pub(crate) enum Event {
    /// A person asked for something.
    Command(Command),
    /// The tab socket with this number said something.
    Tab(u64, Heard),
    /// The SIP socket with this number said something.
    Wire(u64, Heard),
    /// The timer came.
    Deadline,
    /// The peer with this number, of this call, said something.
    Media(CallId, u64, Told),
    /// A device of this kind is gone, or another one was chosen: what is open is to be opened anew.
    Input(Kind),
    /// There is no camera for who wants to see themselves.
    Unseen(MediaFailure),
    /// This device was unplugged while it was used.
    Unplugged(Kind, String),
    /// The browser mixes joined calls from now on, or wants a gesture first; or another one of them speaks.
    Mixed,
    /// A recording stands otherwise.
    Recorded,
    /// A device of this kind was opened.
    Captured(Kind),
    /// These devices are there.
    Devices(Vec<Device>),
    /// Whether the browser lets this page make sound.
    Rings(bool),
    /// The person was asked whether calls may be shown.
    Notify,
    /// Whether the server kept what was set.
    Saved(bool),
    /// A question of the holding with this number was answered elsewhere than in a peer.
    Answered(u64, QuestionId, Box<Answer>),
    /// A probe came through: the server can be reached.
    Reached,
    /// The network or the page woke up.
    Awake,
    /// The browser says that the network is gone.
    Offline,
    /// The server was asked to end the session: whether it could be reached.
    LoggedOut(bool),
    /// The page was put away and came back as it was.
    Restored,
}

/// Where events are told: cheap to clone into every callback.
#[derive(Clone)]
pub(crate) struct Events {
    sender: UnboundedSender<Event>,
    numbers: Rc<Cell<u64>>,
}

impl Events {
    /// The two ends of the driver's channel.
    pub(crate) fn channel() -> (Self, UnboundedReceiver<Event>) {
        let (sender, receiver) = unbounded();
        (Self { sender, numbers: Rc::default() }, receiver)
    }

    /// Hands an event to the driver.
    pub(crate) fn tell(&self, event: Event) {
        let _ = self.sender.unbounded_send(event);
    }

    /// A number that nothing else in this page has: what tells an event carries it, so that what is left in the
    /// channel of something that is gone is never taken for its successor's.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_do_not_repeat_whoever_asks() {
        let (events, _receiver) = Events::channel();
        let other = events.clone();
        let numbers = [events.number(), other.number(), events.number()];
        assert_eq!(numbers, [1, 2, 3]);
    }
}
