use crate::hook::{Draft, Hook};
use crate::message::{Request, Response};
use alloc::boxed::Box;
use core::fmt;

/// The user's hook, if there is one. It is not saved.
#[derive(Default)]
pub(super) struct Hooked(pub(super) Option<Box<dyn Hook + Send>>);

impl Hooked {
    /// A request is about to be sent for the first time.
    pub(super) fn request(&mut self, request: &mut Request) {
        if let Some(hook) = &mut self.0 {
            hook.sending(&mut Draft::of_request(request));
        }
    }

    /// A response is about to be sent for the first time.
    pub(super) fn response(&mut self, response: &mut Response) {
        if let Some(hook) = &mut self.0 {
            hook.sending(&mut Draft::of_response(response));
        }
    }

    /// A valid request came.
    pub(super) fn request_came(&mut self, request: &mut Request) {
        if let Some(hook) = &mut self.0 {
            hook.received(&mut Draft::of_request(request));
        }
    }

    /// A response came.
    pub(super) fn response_came(&mut self, response: &mut Response) {
        if let Some(hook) = &mut self.0
            && response.validate().is_ok()
        {
            hook.received(&mut Draft::of_response(response));
        }
    }
}

impl fmt::Debug for Hooked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hooked").field(&self.0.is_some()).finish()
    }
}
