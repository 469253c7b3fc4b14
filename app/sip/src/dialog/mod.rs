//! Dialogs (RFC 3261 12): what two user agents know of each other between a request that began it and the
//! one that ends it.

#[cfg(test)]
mod tests;

use crate::header::{CSeq, CallId, Contact, From, MaxForwards, NameAddr, RecordRoute, Route, To};
use crate::message::{HeaderError, HeaderName, Headers, Method, Request, Response, Status};
use crate::uri::Uri;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How many hops a request may take (RFC 3261 8.1.1.6).
pub const MAX_FORWARDS: u8 = 70;

/// One end of a dialog (RFC 3261 12).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Dialog {
    call_id: String,
    local_tag: String,
    /// Empty if the other end is from before RFC 3261 and gave none (12.1.1).
    remote_tag: String,
    local: NameAddr,
    remote: NameAddr,
    remote_target: Uri,
    route_set: Vec<NameAddr>,
    local_seq: u32,
    remote_seq: Option<u32>,
}

impl Dialog {
    /// The dialog that a response to our request makes (RFC 3261 12.1.2).
    ///
    /// # Errors
    /// When a header that is needed is missing or malformed.
    pub fn uac(request: &Request, response: &Response) -> Result<Self, HeaderError> {
        let from = request.headers.get::<From>()?;
        let to = response.headers.get::<To>()?;
        let mut route_set = record_routes(&response.headers)?;
        route_set.reverse();
        Ok(Self {
            call_id: request.headers.get::<CallId>()?.to_string(),
            local_tag: from.tag().unwrap_or_default().to_string(),
            remote_tag: to.tag().unwrap_or_default().to_string(),
            local: untagged(from.0),
            remote: untagged(to.0),
            remote_target: target(&response.headers)?,
            route_set,
            local_seq: request.headers.get::<CSeq>()?.seq,
            remote_seq: None,
        })
    }

    /// The dialog that our response to a request makes (RFC 3261 12.1.1), with the tag that we give it.
    ///
    /// # Errors
    /// When a header that is needed is missing or malformed.
    pub fn uas(request: &Request, local_tag: &str) -> Result<Self, HeaderError> {
        let from = request.headers.get::<From>()?;
        let to = request.headers.get::<To>()?;
        Ok(Self {
            call_id: request.headers.get::<CallId>()?.to_string(),
            local_tag: local_tag.to_string(),
            remote_tag: from.tag().unwrap_or_default().to_string(),
            local: untagged(to.0),
            remote_target: target_of(request, &from)?,
            remote: untagged(from.0),
            route_set: record_routes(&request.headers)?,
            local_seq: 0,
            remote_seq: Some(request.headers.get::<CSeq>()?.seq),
        })
    }

    /// A new request in this dialog (RFC 3261 12.2.1.1), without Via and Contact. Takes the next CSeq.
    #[must_use]
    pub fn request(&mut self, method: Method) -> Request {
        self.skip(1);
        self.numbered(method, self.local_seq)
    }

    /// The ACK of a 2xx to our INVITE with this CSeq number (RFC 3261 13.2.2.4), without Via.
    #[must_use]
    pub fn ack(&self, seq: u32) -> Request {
        self.numbered(Method::Ack, seq)
    }

    /// Makes the next request's CSeq jump, so that it cannot collide with one that was sent and forgotten.
    pub const fn skip(&mut self, numbers: u32) {
        // CSeq numbers stay below 2**31 (RFC 3261 8.1.1.5).
        self.local_seq = self.local_seq.saturating_add(numbers) & 0x7fff_ffff;
    }

    /// Takes over the numbers of the early dialog that this one was (RFC 3261 13.2.2.4).
    pub(crate) fn follow(&mut self, early: &Self) {
        self.local_seq = self.local_seq.max(early.local_seq);
        self.remote_seq = early.remote_seq;
    }

    /// Checks a request of the other end in this dialog, and remembers its number (RFC 3261 12.2.2).
    /// An ACK is not checked: it has the number of its INVITE.
    ///
    /// # Errors
    /// What to answer: 500 to one that is out of order, 400 to one without CSeq.
    pub fn accepts(&mut self, request: &Request) -> Result<(), Status> {
        let seq = request.headers.get::<CSeq>().map_err(|_| Status::BAD_REQUEST)?.seq;
        if request.method == Method::Ack {
            return Ok(());
        }
        if self.remote_seq.is_some_and(|last| seq <= last) {
            return Err(Status::SERVER_INTERNAL_ERROR);
        }
        self.remote_seq = Some(seq);
        Ok(())
    }

    /// Takes over the Contact of a re-INVITE or of its 2xx: the other end may have moved (RFC 3261 12.2.1.2,
    /// 12.2.2). A message without a usable one changes nothing.
    pub fn refresh(&mut self, headers: &Headers) {
        if let Ok(target) = target(headers) {
            self.remote_target = target;
        }
    }

    /// Whether a request from the other end belongs to this dialog.
    #[must_use]
    pub fn is_of_request(&self, request: &Request) -> bool {
        self.is(&request.headers, tag_of_to, tag_of_from)
    }

    /// Whether a request has this dialog's Call-ID and remote tag, whatever its To says: it may be the one that
    /// began it, by another way (RFC 3261 8.2.2.2).
    #[must_use]
    pub fn is_of_request_without_to(&self, request: &Request) -> bool {
        request.headers.get::<CallId>().is_ok_and(|call_id| call_id.to_string() == self.call_id)
            && tag_of_from(&request.headers).is_some_and(|tag| tag == self.remote_tag)
    }

    /// Whether a response to a request of ours belongs to this dialog.
    #[must_use]
    pub fn is_of_response(&self, response: &Response) -> bool {
        self.is(&response.headers, tag_of_from, tag_of_to)
    }

    /// The Call-ID.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// The way to the other end, through who stays in the dialog (RFC 3261 12.1).
    #[must_use]
    pub fn route_set(&self) -> &[NameAddr] {
        &self.route_set
    }

    /// Our tag.
    #[must_use]
    pub fn local_tag(&self) -> &str {
        &self.local_tag
    }

    /// Their tag.
    #[must_use]
    pub fn remote_tag(&self) -> &str {
        &self.remote_tag
    }

    /// Who they are, as From and To say, without tag.
    #[must_use]
    pub const fn remote(&self) -> &NameAddr {
        &self.remote
    }

    /// Who we are, as From and To say, without tag.
    #[must_use]
    pub const fn local(&self) -> &NameAddr {
        &self.local
    }

    /// Where requests to them go: their Contact.
    #[must_use]
    pub const fn remote_target(&self) -> &Uri {
        &self.remote_target
    }

    /// The number of our last request.
    #[must_use]
    pub const fn local_seq(&self) -> u32 {
        self.local_seq
    }

    fn is(
        &self,
        headers: &Headers,
        local: fn(&Headers) -> Option<String>,
        remote: fn(&Headers) -> Option<String>,
    ) -> bool {
        headers.get::<CallId>().is_ok_and(|call_id| call_id.to_string() == self.call_id)
            && local(headers).is_some_and(|tag| tag == self.local_tag)
            && remote(headers).is_some_and(|tag| tag == self.remote_tag)
    }

    fn numbered(&self, method: Method, seq: u32) -> Request {
        let (uri, routes) = self.way();
        let mut request = Request::new(method.clone(), uri);
        let headers = &mut request.headers;
        headers.push(&MaxForwards(MAX_FORWARDS));
        for route in routes {
            headers.push(&Route(route));
        }
        headers.push(&From(self.local.clone()).with_tag(&self.local_tag));
        let remote = To(self.remote.clone());
        headers.push(&if self.remote_tag.is_empty() { remote } else { remote.with_tag(&self.remote_tag) });
        if let Ok(call_id) = self.call_id.parse::<CallId>() {
            headers.push(&call_id);
        }
        headers.push(&CSeq { seq, method });
        request
    }

    /// The Request-URI and the Route headers: a first hop from before loose routing wants itself as
    /// Request-URI, and the target as the last Route (RFC 3261 12.2.1.1).
    fn way(&self) -> (Uri, Vec<NameAddr>) {
        match self.route_set.split_first() {
            Some((first, rest)) if !is_loose(&first.uri) => {
                let mut routes = rest.to_vec();
                routes.push(NameAddr::new(self.remote_target.clone()));
                (first.uri.clone(), routes)
            }
            _ => (self.remote_target.clone(), self.route_set.clone()),
        }
    }
}

fn is_loose(uri: &Uri) -> bool {
    uri.as_sip().is_some_and(|uri| uri.params.has("lr"))
}

fn record_routes(headers: &Headers) -> Result<Vec<NameAddr>, HeaderError> {
    Ok(headers.all::<RecordRoute>()?.into_iter().map(|RecordRoute(route)| route).collect())
}

fn target(headers: &Headers) -> Result<Uri, HeaderError> {
    match headers.get::<Contact>()? {
        Contact::Addr(address) => Ok(address.uri),
        Contact::Star => Err(HeaderError::Malformed { name: HeaderName::Contact, at: 0 }),
    }
}

/// Where a caller can be reached: at its Contact. Who is from before RFC 3261, and gives neither Contact nor tag, is
/// reached at its From (RFC 2543 6.13).
fn target_of(request: &Request, from: &From) -> Result<Uri, HeaderError> {
    match target(&request.headers) {
        Err(HeaderError::Missing { .. }) if from.tag().is_none() => Ok(from.0.uri.clone()),
        found => found,
    }
}

fn untagged(mut address: NameAddr) -> NameAddr {
    address.params.remove("tag");
    address
}

/// The tag of To or From; empty if it has none.
fn tag_of_from(headers: &Headers) -> Option<String> {
    headers.get::<From>().ok().map(|from| from.tag().unwrap_or_default().to_string())
}

fn tag_of_to(headers: &Headers) -> Option<String> {
    headers.get::<To>().ok().map(|to| to.tag().unwrap_or_default().to_string())
}
