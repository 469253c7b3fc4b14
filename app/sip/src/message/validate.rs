use super::{Header, HeaderError, HeaderName, Headers, Method, Request, Response};
use crate::header::{CSeq, CallId, From, MaxForwards, To, Via};

impl Request {
    /// As [`super::Message::validate`]; a Max-Forwards that is there must be well-formed, too.
    ///
    /// # Errors
    /// Which field is missing or wrong.
    pub fn validate(&self) -> Result<(), HeaderError> {
        let cseq = common(&self.headers)?;
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

fn common(headers: &Headers) -> Result<CSeq, HeaderError> {
    if headers.all::<Via>()?.is_empty() {
        return Err(HeaderError::Missing { name: HeaderName::Via });
    }
    only::<From>(headers)?;
    only::<To>(headers)?;
    only::<CallId>(headers)?;
    only::<CSeq>(headers)
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
