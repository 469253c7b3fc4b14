//! What is to be known of the messages that pass, to go on when a tab changes and to leave nothing behind. Pure.

use sip::header::{CSeq, CallId, Contact, Expires};
use sip::message::{Message, Method, Request, Response};
use sip::transaction::Key;
use std::collections::VecDeque;

/// How many requests of the PBX may be waiting for an answer, to be asked again.
const MOST: usize = 32;
/// How many bytes these may have.
const BYTES: usize = 512 * 1024;

/// What passed.
///
/// | Row | On | Does |
/// | --- | --- | --- |
/// | PA1 | a request of the PBX, which is no ACK, goes to the phone | it waits for an answer |
/// | PA2 | a response of the phone | what it answers does not wait any more |
/// | PA3 | who has the phone changes | what waits goes to the next one, too: it may have died with the one before |
/// | PA4 | a REGISTER with a Contact is accepted | the phone is registered with that |
/// | PA5 | one that takes all away is accepted | the phone is not registered |
///
/// A phone that knew the request already takes it for a retransmission (RFC 3261 17.2).
#[derive(Debug, Default)]
pub(super) struct Passing {
    waiting: VecDeque<(Key, Vec<u8>)>,
    /// The last REGISTER that was sent.
    asked: Option<Request>,
    /// The last one that was accepted.
    registered: Option<Request>,
    /// The highest number of a REGISTER.
    seq: u32,
}

impl Passing {
    /// The phone sends this.
    pub(super) fn sent(&mut self, message: &Message) {
        match message {
            Message::Response(response) => {
                if let Ok(key) = Key::client(response) {
                    self.waiting.retain(|(waiting, _)| *waiting != key);
                }
            }
            Message::Request(request) if request.method == Method::Register => {
                let seq = request.headers.get::<CSeq>().map_or(0, |cseq| cseq.seq);
                self.seq = self.seq.max(seq);
                self.asked = Some(request.clone());
            }
            Message::Request(_) => {}
        }
    }

    /// The PBX sends this.
    pub(super) fn received(&mut self, message: &Message, bytes: &[u8]) {
        match message {
            Message::Request(request) if request.method != Method::Ack => {
                if let Ok(key) = Key::sent(request) {
                    self.waiting.retain(|(waiting, _)| *waiting != key);
                    self.waiting.push_back((key, bytes.to_vec()));
                    self.bound();
                }
            }
            Message::Request(_) => {}
            Message::Response(response) => self.answered(response),
        }
    }

    /// What the phone was asked and has not answered, in its order.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &[u8]> {
        self.waiting.iter().map(|(_, bytes)| bytes.as_slice())
    }

    /// The phone is registered with this, and its next REGISTER has a higher number than the second.
    pub(super) fn registered(&self) -> Option<(&Request, u32)> {
        self.registered.as_ref().map(|request| (request, self.seq))
    }

    fn answered(&mut self, response: &Response) {
        if !response.status.is_success() {
            return;
        }
        let answers = |asked: &Request| {
            let same = |one: &Request| Key::sent(one).ok() == Key::client(response).ok();
            same(asked) && asked.headers.get::<CallId>().ok() == response.headers.get::<CallId>().ok()
        };
        if let Some(asked) = self.asked.take_if(|asked| answers(asked)) {
            match removes(&asked) {
                Some(true) => self.registered = None,
                Some(false) => self.registered = Some(asked),
                // It only asked.
                None => {}
            }
        }
    }

    fn bound(&mut self) {
        let size = |waiting: &VecDeque<(Key, Vec<u8>)>| waiting.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        while self.waiting.len() > MOST || size(&self.waiting) > BYTES {
            self.waiting.pop_front();
        }
    }
}

/// Whether a REGISTER takes bindings away; nothing if it neither makes nor takes any.
fn removes(register: &Request) -> Option<bool> {
    let contacts = register.headers.all::<Contact>().ok()?;
    let all = register.headers.find::<Expires>().ok().flatten().map(|Expires(seconds)| seconds);
    let first = contacts.first()?;
    let lasts = first.expires().or(all);
    Some(matches!(first, Contact::Star) || lasts == Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sip::message::Status;

    fn parsed(text: &str) -> Message {
        Message::parse(text.as_bytes()).unwrap()
    }

    fn request(method: &str, branch: &str, more: &str) -> String {
        format!(
            "{method} sip:example.com SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
             From: <sip:2001@example.com>;tag=1\r\nTo: <sip:2001@example.com>\r\nCall-ID: call\r\n\
             CSeq: 7 {method}\r\n{more}Content-Length: 0\r\n\r\n"
        )
    }

    fn answer(request: &str, status: Status) -> Message {
        let Message::Request(request) = parsed(request) else { panic!("a request") };
        Message::Response(Response::to_request(&request, status))
    }

    fn hears(passing: &mut Passing, text: &str) {
        passing.received(&parsed(text), text.as_bytes());
    }

    #[test]
    fn pa1_pa2_pa3_what_nobody_answered_is_asked_again() {
        let mut passing = Passing::default();
        let (invite, options) = (request("INVITE", "1", ""), request("OPTIONS", "2", ""));
        hears(&mut passing, &invite);
        hears(&mut passing, &options);
        hears(&mut passing, &request("ACK", "3", ""));
        hears(&mut passing, &invite);
        assert_eq!(passing.waiting().collect::<Vec<_>>(), [options.as_bytes(), invite.as_bytes()]);
        passing.sent(&answer(&invite, Status::RINGING));
        assert_eq!(passing.waiting().collect::<Vec<_>>(), [options.as_bytes()]);
        passing.sent(&answer(&options, Status::OK));
        assert_eq!(passing.waiting().count(), 0);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut passing = Passing::default();
        for branch in 0..2 * MOST {
            hears(&mut passing, &request("MESSAGE", &format!("{branch}x"), ""));
        }
        assert_eq!(passing.waiting().count(), MOST);
    }

    #[test]
    fn pa4_pa5_the_phone_is_registered_with_what_was_accepted() {
        let mut passing = Passing::default();
        let contact = "Contact: <sip:u@a.invalid;transport=ws>;reg-id=1\r\n";
        let unsigned = request("REGISTER", "1", contact);
        passing.sent(&parsed(&unsigned));
        hears(&mut passing, std::str::from_utf8(&answer(&unsigned, Status::UNAUTHORIZED).to_bytes()).unwrap());
        assert!(passing.registered().is_none(), "it was asked who it is");
        let signed = request("REGISTER", "2", contact);
        passing.sent(&parsed(&signed));
        passing.received(&answer(&signed, Status::OK), b"");
        assert_eq!(passing.registered().map(|(_, seq)| seq), Some(7));
        let fetch = request("REGISTER", "3", "");
        passing.sent(&parsed(&fetch));
        passing.received(&answer(&fetch, Status::OK), b"");
        assert!(passing.registered().is_some(), "it only asked what is registered");
        for gone in ["Contact: *\r\nExpires: 0\r\n", "Contact: <sip:u@a.invalid>;expires=0\r\n"] {
            passing.sent(&parsed(&signed));
            passing.received(&answer(&signed, Status::OK), b"");
            let gone = request("REGISTER", "4", gone);
            passing.sent(&parsed(&gone));
            assert!(passing.registered().is_some());
            passing.received(&answer(&gone, Status::OK), b"");
            assert!(passing.registered().is_none());
        }
    }
}
