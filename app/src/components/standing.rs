//! What this tab may do with the line now: read by every button that tells the phone something.

use super::erase::memo;
use crate::phone::{LineStateStoreFields, Phone, Registration, Seat};
use leptos::prelude::*;

/// What this tab may do with the line now.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    /// Whether this tab holds the line, so that its buttons work.
    pub(crate) holds: Memo<bool>,
    /// What stands in the way of a new call; `None` when one can be made.
    pub(crate) obstacle: Memo<Option<Obstacle>>,
}

/// What stands in the way of a new call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The page has not found out yet whether it holds the line.
    NotStarted,
    /// Another tab holds the line.
    Elsewhere,
    /// The line is not ready; its own words say why.
    NotReady,
}

impl Standing {
    /// Of this phone.
    pub(crate) fn of(phone: &Phone) -> Self {
        let (line, seat) = (phone.line(), phone.seat());
        let holds = memo(move || seat.get() == Seat::Holding);
        let obstacle = memo(move || match seat.get() {
            Seat::Unknown => Some(Obstacle::NotStarted),
            Seat::Watching => Some(Obstacle::Elsewhere),
            Seat::Holding => (line.registration().get() != Registration::Ready).then_some(Obstacle::NotReady),
        });
        Self { holds, obstacle }
    }
}

impl Obstacle {
    /// Why there is no calling now.
    pub(crate) fn words(self) -> Option<&'static str> {
        match self {
            // Whether it will ever start is told by the page's line about JavaScript.
            Self::NotStarted => None,
            Self::Elsewhere => {
                Some("Calls are made where the phone is open. Use the phone here to call from this tab.")
            }
            Self::NotReady => Some("Calls can be made as soon as the line is ready."),
        }
    }
}
