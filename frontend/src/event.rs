use crate::media::Told;
use crate::socket::Heard;
use app::phone::Command;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use sip::agent::{Answer, CallId, QuestionId};

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
    /// A question was answered elsewhere than in a peer.
    Answered(QuestionId, Answer),
    /// The network or the page woke up.
    Awake,
    /// The page was put away and came back as it was.
    Restored,
}

/// Where events are told: cheap to clone into every callback.
#[derive(Clone)]
pub(crate) struct Events(UnboundedSender<Event>);

impl Events {
    /// The two ends of the driver's channel.
    pub(crate) fn channel() -> (Self, UnboundedReceiver<Event>) {
        let (sender, receiver) = unbounded();
        (Self(sender), receiver)
    }

    /// Hands an event to the driver.
    pub(crate) fn tell(&self, event: Event) {
        let _ = self.0.unbounded_send(event);
    }
}
