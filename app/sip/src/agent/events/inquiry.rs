use super::super::{Agent, CallId, VerbError};
use super::{InquiryId, Subject};
use crate::Instant;
use crate::uri::Uri;

impl Agent {
    /// Asks what somebody can do: OPTIONS (RFC 3261 11). The answer is [`super::super::Event::Answered`].
    ///
    /// # Errors
    /// As many requests are under way as are allowed.
    pub fn inquire(&mut self, target: Uri, now: Instant) -> Result<InquiryId, VerbError> {
        self.check_errand(None)?;
        self.enter(now);
        let id = InquiryId(self.events.name());
        let result = self.run_errand(Subject::Inquiry(id), target, None, None);
        self.settle();
        result.map(|()| id)
    }

    /// Asks the other end of an established call, and so whether it is still there: if it does not know the call, or
    /// nothing comes, the call ends.
    ///
    /// # Errors
    /// There is no such call, it is not established, or as many requests are under way as are allowed.
    pub fn inquire_in(&mut self, call: CallId, now: Instant) -> Result<InquiryId, VerbError> {
        self.check_errand(None)?;
        self.enter(now);
        let id = InquiryId(self.events.name());
        let result = self.run_errand_in(Subject::Inquiry(id), call, None);
        self.settle();
        result.map(|()| id)
    }
}
