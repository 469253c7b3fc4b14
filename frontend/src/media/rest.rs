use futures::channel::oneshot;
use std::cell::{Cell, RefCell};

/// Whether a call's media rests, and who waits until it does not.
#[derive(Default)]
pub(super) struct Rest {
    resting: Cell<bool>,
    waiting: RefCell<Vec<oneshot::Sender<()>>>,
}

impl Rest {
    /// Begins or ends.
    pub(super) fn set(&self, resting: bool) {
        self.resting.set(resting);
        if !resting {
            // A sender that is dropped wakes its receiver.
            self.waiting.take();
        }
    }

    /// Whether it rests now.
    pub(super) const fn is_on(&self) -> bool {
        self.resting.get()
    }

    /// Waits until it does not.
    pub(super) async fn over(&self) {
        while self.resting.get() {
            let (sender, receiver) = oneshot::channel();
            self.waiting.borrow_mut().push(sender);
            let _ = receiver.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::pin::pin;
    use futures::FutureExt as _;

    #[test]
    fn who_does_not_rest_does_not_wait() {
        assert_eq!(Rest::default().over().now_or_never(), Some(()));
    }

    #[test]
    fn who_rests_waits_until_it_is_over_however_often_it_begins() {
        let rest = Rest::default();
        rest.set(true);
        let mut over = pin!(rest.over());
        assert_eq!(over.as_mut().now_or_never(), None);
        rest.set(false);
        rest.set(true);
        assert_eq!(over.as_mut().now_or_never(), None, "it rests again");
        rest.set(false);
        assert_eq!(over.as_mut().now_or_never(), Some(()));
    }
}
