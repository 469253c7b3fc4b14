use super::{Header, HeaderError, HeaderName, Headers, Method, Request, Response};
use crate::header::{CSeq, CallId, From, MaxForwards, To, Via};
use crate::uri::Params;

impl Request {
    /// As [`super::Message::validate`]; a Max-Forwards that is there must be well-formed, too, and the branch of the
    /// first Via must name a transaction, not only promise to (RFC 4475 3.2.1).
    ///
    /// # Errors
    /// Which field is missing or wrong.
    pub fn validate(&self) -> Result<(), HeaderError> {
        let (via, cseq) = common(&self.headers)?;
        if via.branch() == Some(Via::COOKIE) {
            return Err(no_transaction(&self.headers));
        }
        at_most_once(&self.headers, &HeaderName::MaxForwards)?;
        self.headers.find::<MaxForwards>()?;
        if cseq.method == self.method { Ok(()) } else { Err(method_mismatch(&self.headers, &cseq.method)) }
    }
}

impl Response {
    /// As [`super::Message::validate`].
    ///
    /// # Errors
    /// Which field is missing or wrong.
    pub fn validate(&self) -> Result<(), HeaderError> {
        common(&self.headers).map(|_| ())
    }
}

/// The first Via, and the CSeq.
fn common(headers: &Headers) -> Result<(Via, CSeq), HeaderError> {
    let vias = headers.all::<Via>()?;
    let via = vias.into_iter().next().ok_or(HeaderError::Missing { name: HeaderName::Via })?;
    once(headers, HeaderName::Via, &via.params, "branch")?;
    once(headers, HeaderName::From, &only::<From>(headers)?.0.params, "tag")?;
    once(headers, HeaderName::To, &only::<To>(headers)?.0.params, "tag")?;
    only::<CallId>(headers)?;
    Ok((via, only(headers)?))
}

/// What names a transaction or a dialog is there once (RFC 3261 7.3.1): others might read the second one.
fn once(headers: &Headers, name: HeaderName, params: &Params, param: &str) -> Result<(), HeaderError> {
    let mut found = params.iter().filter(|(other, _)| other.eq_ignore_ascii_case(param));
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => {
            let at = headers.raw(&name).next().and_then(|value| value.rfind(';')).unwrap_or(0);
            Err(HeaderError::Malformed { name, at })
        }
        (Some(_) | None, _) => Ok(()),
    }
}

fn only<H: Header>(headers: &Headers) -> Result<H, HeaderError> {
    at_most_once(headers, &H::NAME)?;
    headers.get()
}

fn at_most_once(headers: &Headers, name: &HeaderName) -> Result<(), HeaderError> {
    if headers.raw(name).count() > 1 { Err(HeaderError::Repeated { name: name.clone() }) } else { Ok(()) }
}

fn method_mismatch(headers: &Headers, method: &Method) -> HeaderError {
    let at = headers.raw(&HeaderName::CSeq).next().and_then(|value| value.rfind(method.as_str()));
    HeaderError::Malformed { name: HeaderName::CSeq, at: at.unwrap_or(0) }
}

/// All requests with such a branch would be one transaction.
fn no_transaction(headers: &Headers) -> HeaderError {
    let at = headers.raw(&HeaderName::Via).next().and_then(|value| value.find(Via::COOKIE));
    HeaderError::Malformed { name: HeaderName::Via, at: at.unwrap_or(0) }
}
