//! How messages are saved: as they are written, the body as text when it is text.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Headers, Message, ParseErrorKind, Request, Response, parse};

#[derive(Serialize, Deserialize)]
struct Form<'a> {
    head: String,
    body: Body<'a>,
}

#[derive(Serialize, Deserialize)]
enum Body<'a> {
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
}

impl<'a> Form<'a> {
    fn new(mut head: String, headers: &Headers, body: &'a [u8]) -> Self {
        head.extend(headers.store.lines());
        let body = match core::str::from_utf8(body) {
            Ok(text) => Body::Text(text.into()),
            Err(_) => Body::Bytes(body.into()),
        };
        Self { head, body }
    }

    fn restore(self) -> Result<(Message, Vec<u8>), super::ParseError> {
        let message = parse::head_only(&self.head)?;
        let body = match self.body {
            Body::Text(text) => text.into_owned().into_bytes(),
            Body::Bytes(bytes) => bytes.into_owned(),
        };
        Ok((message, body))
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let head = alloc::format!("{} {} SIP/2.0\r\n", self.method, self.uri);
        Form::new(head, &self.headers, &self.body).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Form::deserialize(deserializer)?.restore().map_err(D::Error::custom)? {
            (Message::Request(request), body) => Ok(Self { body, ..request }),
            (Message::Response(_), _) => Err(D::Error::custom(ParseErrorKind::StartLine)),
        }
    }
}

impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (space, reason) = self.status_line_end();
        let head = alloc::format!("SIP/2.0 {}{space}{reason}\r\n", self.status);
        Form::new(head, &self.headers, &self.body).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Response {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Form::deserialize(deserializer)?.restore().map_err(D::Error::custom)? {
            (Message::Response(mut response), body) => {
                response.body = body;
                Ok(response)
            }
            (Message::Request(_), _) => Err(D::Error::custom(ParseErrorKind::StartLine)),
        }
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.store.lines().collect::<String>())
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let lines = String::deserialize(deserializer)?;
        let message = parse::head_only(&("SIP/2.0 200\r\n".to_string() + &lines)).map_err(D::Error::custom)?;
        Ok(message.headers().clone())
    }
}
