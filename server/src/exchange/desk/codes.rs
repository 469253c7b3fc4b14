//! Codes are dialled by people. A phone that is asked to dial one (RFC 3515) would change the settings of whoever
//! it belongs to.

use sip::header::ReferTo;
use sip::message::{Message, Method, Response, Status};
use sip::uri::{SipUri, Uri};

/// The refusal of a request that asks a phone to dial a code; `None` for any other message.
pub(super) fn refusal(message: &Message) -> Option<Response> {
    let Message::Request(request) = message else { return None };
    if request.method != Method::Refer {
        return None;
    }
    let ReferTo(to) = request.headers.find().ok().flatten()?;
    let is_code = match &to.uri {
        Uri::Sip(uri) => SipUri::user_unescaped(uri).is_some_and(|user| user.starts_with('*')),
        Uri::Tel(uri) => uri.number.as_str().starts_with('*'),
        Uri::Other { .. } => false,
    };
    is_code.then(|| {
        let mut response = Response::to_request(request, Status::FORBIDDEN);
        response.set_to_tag("code");
        response
    })
}
