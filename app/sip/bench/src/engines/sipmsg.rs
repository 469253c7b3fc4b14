use std::fmt;

use sipmsg::{
    NomParser, SipHeader, SipHeaderTagType, SipHeaders, SipMessageType, SipRFCHeader, SipRequest, SipRequestUriScheme,
    SipResponse, SipUri,
};

use crate::{Engine, Field, Sink};

/// <https://crates.io/crates/sipmsg>. Eager, and borrows. It does not write messages.
pub struct SipMsg;

/// A message.
pub enum SipMsgMessage<'a> {
    /// It asks.
    Request(SipRequest<'a>),
    /// It answers.
    Response(SipResponse<'a>),
}

impl Engine for SipMsg {
    const NAME: &'static str = "sipmsg 0.2.3";
    type Message<'a> = SipMsgMessage<'a>;

    fn parse(bytes: &[u8]) -> Option<SipMsgMessage<'_>> {
        match sipmsg::get_sip_message_type(bytes) {
            SipMessageType::Request => SipRequest::parse(bytes).ok().map(|(_, found)| SipMsgMessage::Request(found)),
            SipMessageType::Response => SipResponse::parse(bytes).ok().map(|(_, found)| SipMsgMessage::Response(found)),
            SipMessageType::Unknown => None,
        }
    }

    fn read(message: &SipMsgMessage<'_>, sink: &mut impl Sink) -> Option<()> {
        let headers = match message {
            SipMsgMessage::Request(request) => {
                sink.take(Field::Method, &request.rl.method.as_str());
                sink.take(Field::Uri, &Shown(&request.rl.uri));
                &request.headers
            }
            SipMsgMessage::Response(response) => {
                sink.take(Field::Status, &(response.sl.status_code as u16));
                &response.headers
            }
        };
        let from = first(headers, SipRFCHeader::From)?;
        sink.take(Field::FromTag, &param(from, "tag")?);
        sink.take(Field::FromUri, &Shown(from.value.sip_uri()?));
        let to = first(headers, SipRFCHeader::To)?;
        sink.take(Field::ToUri, &Shown(to.value.sip_uri()?));
        let via = first(headers, SipRFCHeader::Via)?;
        sink.take(Field::Branch, &param(via, "branch")?);
        let cseq = first(headers, SipRFCHeader::CSeq)?.value.tags()?.get(&SipHeaderTagType::Number)?;
        let cseq: u32 = std::str::from_utf8(cseq).ok()?.parse().ok()?;
        sink.take(Field::CSeq, &cseq);
        if let Some(contact) = first(headers, SipRFCHeader::Contact) {
            sink.take(Field::Contact, &Shown(contact.value.sip_uri()?));
        }
        Some(())
    }

    fn write(_message: &SipMsgMessage<'_>) -> Option<Vec<u8>> {
        None
    }
}

fn first<'a, 'b>(headers: &'b SipHeaders<'a>, name: SipRFCHeader) -> Option<&'b SipHeader<'a>> {
    headers.get_rfc(name)?.front()
}

fn param<'a>(header: &SipHeader<'a>, name: &'a str) -> Option<&'a str> {
    *header.params()?.get(name)?
}

/// It cannot print a URI, only compare it: what is compared here is put together from its pieces.
struct Shown<'a, 'b>(&'b SipUri<'a>);

impl fmt::Display for Shown<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.0;
        f.write_str(if uri.scheme == SipRequestUriScheme::SIPS { "sips:" } else { "sip:" })?;
        if let Some(user) = uri.user_info() {
            write!(f, "{}@", user.value)?;
        }
        f.write_str(uri.hostport.host)?;
        for name in ["transport", "ob"] {
            match uri.params().and_then(|params| params.get(name)) {
                Some(Some(value)) => write!(f, ";{name}={value}")?,
                Some(None) => write!(f, ";{name}")?,
                None => {}
            }
        }
        Ok(())
    }
}
