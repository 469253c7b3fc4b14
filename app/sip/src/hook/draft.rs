use alloc::vec::Vec;

use super::guard::{Change, allows};
use crate::header::{CSeq, Contact, ContentType};
use crate::message::{HeaderName, Headers, InvalidHeader, Method, Request, Response, Status, Text, limits};
use crate::uri::Uri;

/// Bytes that a hook leaves free in a message: a signature is added to it later.
const FREE_BYTES: usize = 4 * 1024;
/// Fields that a hook leaves free.
const FREE_FIELDS: usize = 8;
/// Parameters of our Contact that the registration rests on.
const OWN_PARAMS: [&str; 3] = ["expires", "+sip.instance", "reg-id"];

/// A message in the hands of a [`super::Hook`]: all of it can be read, and what neither frames nor routes it can be
/// changed ([`super`] says what exactly). What is refused changes nothing.
#[derive(Debug)]
pub struct Draft<'a> {
    message: Message<'a>,
}

#[derive(Debug)]
enum Message<'a> {
    Request(&'a mut Request),
    Response(&'a mut Response),
}

/// The first line of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start<'a> {
    /// Of a request.
    Request {
        /// What it asks for.
        method: &'a Method,
        /// Of whom.
        uri: &'a Uri,
    },
    /// Of a response.
    Response {
        /// What became of the request.
        status: Status,
        /// The phrase behind it.
        reason: &'a str,
    },
}

/// A hook may not do that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The header frames the message, routes it, is what the agent keeps its state by, or proves who sent it.
    #[error("{name} is not a hook's to change")]
    Guarded {
        /// Which.
        name: HeaderName,
    },
    /// The name is no token, the value holds CR, LF or NUL, or it is no media type or no parameter.
    #[error(transparent)]
    Invalid(#[from] InvalidHeader),
    /// The message would break a limit of [`limits`], or leave no room for a signature.
    #[error("the message would be too large")]
    TooLarge,
    /// A body can be replaced or added, not taken away: the other end may wait for an offer or an answer.
    #[error("a body cannot be taken away")]
    EmptyBody,
    /// There is no single Contact with an address.
    #[error("there is no Contact to add to")]
    NoContact,
    /// The Contact has that parameter, or it is not a hook's to set.
    #[error("that parameter of the Contact is not free")]
    TakenParam,
}

impl<'a> Draft<'a> {
    /// A request that may be changed.
    #[must_use]
    pub const fn of_request(request: &'a mut Request) -> Self {
        Self { message: Message::Request(request) }
    }

    /// A response that may be changed.
    #[must_use]
    pub const fn of_response(response: &'a mut Response) -> Self {
        Self { message: Message::Response(response) }
    }

    /// The first line.
    #[must_use]
    pub fn start(&self) -> Start<'_> {
        match &self.message {
            Message::Request(request) => Start::Request { method: &request.method, uri: &request.uri },
            Message::Response(response) => Start::Response { status: response.status, reason: response.reason() },
        }
    }

    /// The method of the request, or of the request that is answered; `None` if CSeq does not say it.
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        match &self.message {
            Message::Request(request) => Some(request.method.clone()),
            Message::Response(response) => response.headers.get::<CSeq>().ok().map(|cseq| cseq.method),
        }
    }

    /// The header fields.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        match &self.message {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        }
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match &self.message {
            Message::Request(request) => &request.body,
            Message::Response(response) => &response.body,
        }
    }

    /// Adds a field at the end.
    ///
    /// # Errors
    /// It is guarded, not well-formed, or too much.
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), DraftError> {
        self.permit(name, Change::Add)?;
        self.change(|headers| headers.push_raw(name, value))
    }

    /// Makes this the only field of that name, at the end.
    ///
    /// # Errors
    /// It is guarded, not well-formed, or too much.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), DraftError> {
        let known = self.permit(name, Change::Replace)?;
        self.change(|headers| {
            headers.remove(known);
            headers.push_raw(name, value)
        })
    }

    /// Takes away all fields of that name; says whether there were any.
    ///
    /// # Errors
    /// It is guarded, or no name.
    pub fn remove(&mut self, name: &str) -> Result<bool, DraftError> {
        let known = self.permit(name, Change::Replace)?;
        let was = self.headers().contains(&known);
        self.headers_mut().remove(known);
        Ok(was)
    }

    /// Makes this the body, of this type (such as `application/sdp`) and without a Content-Encoding. Content-Disposition is a header like others.
    ///
    /// # Errors
    /// It is empty or too large, or the type is none.
    pub fn set_body(&mut self, content_type: &str, body: Vec<u8>) -> Result<(), DraftError> {
        if body.is_empty() {
            return Err(DraftError::EmptyBody);
        }
        let content_type = ContentType::new(content_type)?;
        let before = core::mem::replace(self.body_mut(), body);
        let changed = self.change(|headers| {
            headers.set(&content_type);
            // It was that of the body before.
            headers.remove(HeaderName::ContentEncoding);
            // The one that came says how long it was; the true one is written when the message is.
            headers.remove(HeaderName::ContentLength);
            Ok(())
        });
        if changed.is_err() {
            *self.body_mut() = before;
        }
        changed
    }

    /// Adds a parameter to our own Contact, such as `+sip.message` (RFC 3840): a word as it is, anything else as a
    /// quoted string.
    ///
    /// # Errors
    /// There is no Contact, it has that parameter, or the registration rests on it; or the name is no token.
    pub fn add_contact_param(&mut self, name: &str, value: Option<&str>) -> Result<(), DraftError> {
        let mut contacts = self.headers().all::<Contact>().map_err(|_| DraftError::NoContact)?;
        let (Some(Contact::Addr(mut contact)), true) = (contacts.pop(), contacts.is_empty()) else {
            return Err(DraftError::NoContact);
        };
        if contact.params.has(name) || OWN_PARAMS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            return Err(DraftError::TakenParam);
        }
        let set = match value {
            Some(text) if !crate::message::is_token(text) => contact.params.set_text(name, &Text::new(text)?),
            Some(_) | None => contact.params.set(name, value),
        };
        set.map_err(InvalidHeader::from)?;
        self.change(|headers| {
            headers.set(&Contact::Addr(contact));
            Ok(())
        })
    }

    /// The header, if this may be done to it.
    fn permit(&self, name: &str, change: Change) -> Result<HeaderName, DraftError> {
        let known: HeaderName = name.parse()?;
        if allows(&known, change, self.method().as_ref()) {
            Ok(known)
        } else {
            Err(DraftError::Guarded { name: known })
        }
    }

    /// Changes the fields, and takes it back if it is refused or too much.
    fn change(&mut self, change: impl FnOnce(&mut Headers) -> Result<(), InvalidHeader>) -> Result<(), DraftError> {
        let before = self.headers().clone();
        let changed = change(self.headers_mut()).map_err(|error| match error {
            InvalidHeader::TooLarge => DraftError::TooLarge,
            InvalidHeader::Name | InvalidHeader::Control { .. } | InvalidHeader::Syntax => DraftError::Invalid(error),
        });
        let result = changed.and_then(|()| if self.fits() { Ok(()) } else { Err(DraftError::TooLarge) });
        if result.is_err() {
            *self.headers_mut() = before;
        }
        result
    }

    fn fits(&self) -> bool {
        let whole = match &self.message {
            Message::Request(request) => request.to_bytes().len(),
            Message::Response(response) => response.to_bytes().len(),
        };
        let head = whole - self.body().len();
        whole + FREE_BYTES <= limits::MESSAGE
            && head + FREE_BYTES <= limits::HEADER_SECTION
            && self.headers().len() + FREE_FIELDS <= limits::FIELDS
            && self.headers().iter().all(|(name, value)| name.len() + value.len() + 4 <= limits::FIELD)
    }

    const fn headers_mut(&mut self) -> &mut Headers {
        match &mut self.message {
            Message::Request(request) => &mut request.headers,
            Message::Response(response) => &mut response.headers,
        }
    }

    const fn body_mut(&mut self) -> &mut Vec<u8> {
        match &mut self.message {
            Message::Request(request) => &mut request.body,
            Message::Response(response) => &mut response.body,
        }
    }
}
