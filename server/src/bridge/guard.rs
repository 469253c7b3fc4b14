//! Who a phone may say it is: itself. Pure.

use sip::header::{CallId, From, NameAddr, PAssertedIdentity, PPreferredIdentity, RemotePartyId, To};
use sip::message::{Message, Method, Request, Response, Status, refusal};
use sip::uri::{Host, SipUri, Uri};
use std::collections::VecDeque;

/// How many calls are known by another name than one's own.
const MOST: usize = 128;
/// What a caller is called who is nobody (RFC 3323 4.1.1.3).
const ANONYMOUS: &str = "anonymous.invalid";

/// Looks at what a phone sends to the PBX, so that a page that was taken over by somebody can speak for nobody else.
///
/// | Row | What | Is |
/// | --- | --- | --- |
/// | GU1 | not to be read | answered with why, if it can be (RFC 3261 8.2.6) |
/// | GU2 | a response | passed on: the PBX knows what it asked |
/// | GU3 | REGISTER with From and To that are the phone's own address | passed on |
/// | GU4 | another request that begins something, From its own address, or anonymous | passed on |
/// | GU5 | a request in a dialog, From its own address | passed on |
/// | GU6 | the same, From what the PBX called the phone by when it began the dialog, or what is no address (`.invalid`) | passed on |
/// | GU7 | any of these that says with another header that it is somebody else (RFC 3325) | refused with 403 |
/// | GU8 | any other request | refused with 403; an ACK is dropped |
///
/// A PBX calls a phone by what was dialled (a group's number, another name of the same person), or by its Contact, and in
/// that dialog the phone goes on under that name (RFC 3261 12.1.1).
#[derive(Debug)]
pub(super) struct Guard {
    /// The phone's own address.
    own: SipUri,
    /// What it was called by, in these dialogs.
    called: VecDeque<(String, Uri)>,
}

/// What becomes of something that a phone sent.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It goes to the PBX: as it was read here, so that nobody can read it otherwise there. It is made plain, says its length,
    /// and nothing follows it.
    Pass(Box<Message>),
    /// It goes nowhere, and the phone is told this.
    Refuse(Box<Response>),
    /// It goes nowhere.
    Drop,
}

impl Guard {
    /// Of the phone with this address.
    pub(super) const fn new(own: SipUri) -> Self {
        Self { own, called: VecDeque::new() }
    }

    /// What becomes of what the phone sent. `tag` is for a response.
    pub(super) fn judge(&self, bytes: &[u8], tag: &str) -> Verdict {
        let refuse = |response: Option<Response>| match response {
            Some(mut response) => {
                response.set_to_tag(tag);
                Verdict::Refuse(Box::new(response))
            }
            None => Verdict::Drop,
        };
        let mut message = match Message::parse(bytes) {
            Ok(message) => message,
            Err(error) => return refuse(refusal(bytes, &error)),
        };
        if let Message::Request(request) = &message {
            if let Err(error) = request.validate() {
                return refuse(request.refusal(&error));
            }
            if !self.may_send(request) {
                tracing::warn!(method = %request.method, "a phone spoke for somebody else");
                return refuse((request.method != Method::Ack).then(|| forbidden(request)));
            }
        }
        message.headers_mut().normalize();
        Verdict::Pass(Box::new(message))
    }

    /// The PBX sent this to the phone: what it calls the phone by is noted.
    pub(super) fn hear(&mut self, request: &Request) {
        let (Ok(to), Ok(call_id)) = (request.headers.get::<To>(), request.headers.get::<CallId>()) else { return };
        if to.tag().is_some() || self.is_own(&to.0.uri) {
            return;
        }
        let call_id = call_id.to_string();
        self.called.retain(|(known, _)| *known != call_id);
        if self.called.len() >= MOST {
            self.called.pop_front();
        }
        self.called.push_back((call_id, to.0.uri));
    }

    fn may_send(&self, request: &Request) -> bool {
        let headers = &request.headers;
        let (Ok(From(from)), Ok(to)) = (headers.get::<From>(), headers.get::<To>()) else { return false };
        let is_theirs = match (&request.method, to.tag()) {
            (Method::Register, _) => self.is_own(&from.uri) && self.is_own(&to.0.uri),
            (_, None) => self.is_own(&from.uri) || is_anonymous(&from.uri),
            (_, Some(_)) => self.is_own(&from.uri) || is_no_address(&from.uri) || self.was_called(request, &from.uri),
        };
        is_theirs && self.asserts_nobody_else(request)
    }

    fn is_own(&self, uri: &Uri) -> bool {
        uri.as_sip().is_some_and(|uri| {
            uri.user_unescaped() == self.own.user_unescaped() && uri.host == self.own.host && uri.port == self.own.port
        })
    }

    fn was_called(&self, request: &Request, uri: &Uri) -> bool {
        let Ok(call_id) = request.headers.get::<CallId>() else { return false };
        let call_id = call_id.to_string();
        self.called.iter().any(|(known, name)| *known == call_id && name.equivalent(uri))
    }

    fn asserts_nobody_else(&self, request: &Request) -> bool {
        let headers = &request.headers;
        let asserted = headers.all::<PAssertedIdentity>().map(|all| all.into_iter().map(|it| it.0).collect());
        let preferred = headers.all::<PPreferredIdentity>().map(|all| all.into_iter().map(|it| it.0).collect());
        let remote = headers.all::<RemotePartyId>().map(|all| all.into_iter().map(|it| it.0).collect());
        [asserted, preferred, remote].into_iter().all(|named: Result<Vec<NameAddr>, _>| {
            // What cannot be read here may be read there.
            named.is_ok_and(|named| named.iter().all(|named| self.is_own(&named.uri)))
        })
    }
}

fn forbidden(request: &Request) -> Response {
    let mut response = Response::to_request(request, Status::FORBIDDEN);
    // What cannot stand in a reason phrase leaves the status' own.
    let _ = response.set_reason("This is not the address of this phone");
    response
}

fn is_anonymous(uri: &Uri) -> bool {
    uri.host().is_some_and(|host| matches!(host, Host::Name(name) if name.eq_ignore_ascii_case(ANONYMOUS)))
}

/// Names in `.invalid` are nobody's (RFC 6761 6.4): those of phones in browsers (RFC 7118 5).
fn is_no_address(uri: &Uri) -> bool {
    uri.host().is_some_and(|host| {
        matches!(host, Host::Name(name) if name.to_ascii_lowercase().trim_end_matches('.').ends_with(".invalid"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(SipUri::new("2001", "example.com").unwrap())
    }

    fn request(method: &str, from: &str, to: &str, more: &str) -> String {
        format!(
            "{method} sip:2002@example.com SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
             From: {from};tag=1\r\nTo: {to}\r\nCall-ID: call\r\nCSeq: 1 {method}\r\n{more}Content-Length: 0\r\n\r\n"
        )
    }

    fn status(guard: &Guard, text: &str) -> Option<u16> {
        match guard.judge(text.as_bytes(), "t") {
            Verdict::Pass(_) => None,
            Verdict::Refuse(response) => Some(response.status.code()),
            Verdict::Drop => Some(0),
        }
    }

    const OWN: &str = "\"Alice\" <sip:2001@Example.com>";
    const OTHER: &str = "<sip:2002@example.com>";

    #[test]
    fn gu1_what_cannot_be_read_is_answered_if_it_can_be() {
        assert_eq!(status(&guard(), "nonsense"), Some(0));
        let without = request("OPTIONS", OWN, OTHER, "").replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE");
        assert_eq!(status(&guard(), &without), Some(400));
    }

    #[test]
    fn gu2_responses_pass() {
        let response =
            request("OPTIONS", OTHER, OTHER, "").replace("OPTIONS sip:2002@example.com SIP/2.0", "SIP/2.0 200 OK");
        assert_eq!(status(&guard(), &response), None);
    }

    #[test]
    fn gu3_a_phone_registers_itself_and_nobody_else() {
        assert_eq!(status(&guard(), &request("REGISTER", OWN, OWN, "")), None);
        assert_eq!(status(&guard(), &request("REGISTER", OWN, OTHER, "")), Some(403), "as third party");
        assert_eq!(status(&guard(), &request("REGISTER", OTHER, OWN, "")), Some(403));
        assert_eq!(status(&guard(), &request("REGISTER", "<sip:x@a.invalid>", OWN, "")), Some(403));
    }

    #[test]
    fn gu4_who_begins_something_is_the_phone_or_nobody() {
        for from in [OWN, "<sips:20%301@example.com>", "<sip:anonymous@anonymous.invalid>"] {
            assert_eq!(status(&guard(), &request("INVITE", from, OTHER, "")), None, "{from}");
        }
        for from in [
            OTHER,
            "<sip:2001@example.net>",
            "<sip:2001@example.com:5070>",
            "<sip:example.com>",
            "<sip:2001@x.invalid>",
            "<tel:+2001>",
        ] {
            assert_eq!(status(&guard(), &request("INVITE", from, OTHER, "")), Some(403), "{from}");
        }
    }

    #[test]
    fn gu5_gu6_in_a_dialog_it_is_what_it_was_called() {
        let mut guard = guard();
        let (group, there) = ("<sip:sales@example.com>", "<sip:2002@example.com>;tag=9");
        assert_eq!(status(&guard, &request("BYE", OWN, there, "")), None);
        assert_eq!(status(&guard, &request("BYE", "<sip:u@abc.invalid;transport=ws>", there, "")), None);
        assert_eq!(status(&guard, &request("BYE", group, there, "")), Some(403));
        let Ok(Message::Request(invite)) = Message::parse(request("INVITE", OTHER, group, "").as_bytes()) else {
            panic!("a request");
        };
        guard.hear(&invite);
        assert_eq!(status(&guard, &request("BYE", group, there, "")), None);
        let another = request("BYE", group, there, "").replace("Call-ID: call", "Call-ID: another");
        assert_eq!(status(&guard, &another), Some(403), "only in that dialog");
        assert_eq!(status(&guard, &request("INVITE", group, OTHER, "")), Some(403), "and not for another");
    }

    #[test]
    fn gu7_no_other_header_says_another_name() {
        for header in ["P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID"] {
            let named = |who: &str| request("INVITE", OWN, OTHER, &format!("{header}: {who}\r\n"));
            assert_eq!(status(&guard(), &named("<sip:2001@example.com>")), None, "{header}");
            assert_eq!(status(&guard(), &named("<sip:2009@example.com>")), Some(403), "{header}");
            assert_eq!(
                status(&guard(), &named("<sip:2001@example.com>, <sip:2009@example.com>")),
                Some(403),
                "{header}"
            );
            assert_eq!(status(&guard(), &named("<tel:+4930>")), Some(403), "{header}");
        }
    }

    #[test]
    fn gu8_an_ack_is_never_answered() {
        assert_eq!(status(&guard(), &request("ACK", OTHER, "<sip:2002@example.com>;tag=9", "")), Some(0));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut guard = guard();
        for call in 0..2 * MOST {
            let text = request("INVITE", OTHER, "<sip:sales@example.com>", "")
                .replace("Call-ID: call", &format!("Call-ID: {call}"));
            let Ok(Message::Request(invite)) = Message::parse(text.as_bytes()) else { panic!("a request") };
            guard.hear(&invite);
            guard.hear(&invite);
        }
        assert_eq!(guard.called.len(), MOST);
    }
}
