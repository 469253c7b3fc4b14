use crate::header::{CSeq, MaxForwards, Via};
use crate::message::{HeaderName, Method, Request, Response};

/// The ACK of a final response that is not a 2xx: part of the INVITE's transaction (RFC 3261 17.1.1.3).
#[must_use]
pub fn ack(invite: &Request, response: &Response) -> Request {
    let mut ack = same_hop(invite, Method::Ack);
    ack.headers.copy_from(&response.headers, &HeaderName::To);
    ack
}

/// The CANCEL of a request (RFC 3261 9.1). It may leave only after a provisional response came.
#[must_use]
pub fn cancel(request: &Request) -> Request {
    let mut cancel = same_hop(request, Method::Cancel);
    cancel.headers.copy_from(&request.headers, &HeaderName::To);
    cancel
}

/// A request that takes the way of `request` and belongs to it: same URI, top Via, Route, From, Call-ID and
/// CSeq number.
fn same_hop(request: &Request, method: Method) -> Request {
    let mut derived = Request::new(method.clone(), request.uri.clone());
    if let Ok(via) = request.headers.get::<Via>() {
        derived.headers.push(&via);
    }
    derived.headers.push(&MaxForwards(70));
    derived.headers.copy_from(&request.headers, &HeaderName::Route);
    derived.headers.copy_from(&request.headers, &HeaderName::From);
    derived.headers.copy_from(&request.headers, &HeaderName::CallId);
    if let Ok(cseq) = request.headers.get::<CSeq>() {
        derived.headers.push(&CSeq { seq: cseq.seq, method });
    }
    derived
}
