//! Taking a phone's registration back when nobody has the phone any more: else the PBX would call a connection that is
//! closed, until the registration runs out. Pure.

use super::signing;
use crate::ports::PbxSecret;
use sip::header::{Contact, Expires};
use sip::message::{HeaderName, Request, Response};
use sip::transaction::Key;

/// How often it is said again, signed: the nonce may be too old once.
const TRIES: u32 = 2;

/// A REGISTER that takes back what another one did (RFC 3261 10.2.2).
///
/// | Row | On | Does | Next |
/// | --- | --- | --- | --- |
/// | FW1 | begin | REGISTER with `expires=0`, the same Contact and Call-ID, a higher number | Asked |
/// | FW2 | a challenge | the same, signed | Asked |
/// | FW3 | a challenge once more, and there was one too many, or none that can be signed | – | Done |
/// | FW4 | any other final response | – | Done |
pub(super) struct Farewell {
    request: Request,
    seq: u32,
    tries: u32,
    secret: Option<PbxSecret>,
}

/// What follows on a response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It was no answer to this.
    Wait,
    /// This is to be sent.
    Send(Vec<u8>),
    /// It is done, as far as it can be.
    Done,
}

impl Farewell {
    /// Takes back what this REGISTER did; those before had numbers up to `seq`. Nothing if there is no Contact to name.
    pub(super) fn begin(registered: &Request, seq: u32, secret: Option<PbxSecret>) -> Option<(Self, Vec<u8>)> {
        let mut request = registered.clone();
        let contact = match request.headers.get::<Contact>().ok()? {
            Contact::Addr(mut address) => {
                address.params.set("expires", Some("0")).ok()?;
                Contact::Addr(address)
            }
            Contact::Star => return None,
        };
        request.headers.remove(&HeaderName::Contact);
        signing::unsign(&mut request);
        request.headers.push(&contact);
        request.headers.set(&Expires(0));
        let mut farewell = Self { request, seq, tries: 0, secret };
        let first = farewell.again()?;
        Some((farewell, first))
    }

    /// What follows on this.
    pub(super) fn hear(&mut self, response: &Response) -> Next {
        if Key::client(response).ok() != Key::sent(&self.request).ok() || response.status.is_provisional() {
            return Next::Wait;
        }
        if !signing::asks(response) || self.tries >= TRIES {
            return Next::Done;
        }
        self.tries += 1;
        self.sign(response).map_or(Next::Done, Next::Send)
    }

    fn sign(&mut self, asked: &Response) -> Option<Vec<u8>> {
        signing::sign(&mut self.request, asked, self.secret.as_ref())?;
        self.again()
    }

    /// The next number, and a transaction of its own.
    fn again(&mut self) -> Option<Vec<u8>> {
        self.seq = self.seq.checked_add(1)?;
        signing::numbered(&mut self.request, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Ha1;
    use sip::digest::{Algorithm, Ha1s, Verifier, ha1, presented};
    use sip::header::{CSeq, Via, WwwAuthenticate};
    use sip::message::{Message, Status};

    const REGISTER: &str = "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK1\r\n\
        Max-Forwards: 70\r\nFrom: <sip:2001@example.com>;tag=1\r\nTo: <sip:2001@example.com>\r\nCall-ID: id\r\n\
        CSeq: 7 REGISTER\r\nContact: <sip:u@a.invalid;transport=ws>;reg-id=1;expires=600\r\nExpires: 600\r\n\
        Authorization: Digest username=\"2001\", realm=\"r\", nonce=\"n\", uri=\"sip:a\", response=\"00\"\r\n\
        Content-Length: 0\r\n\r\n";

    fn parsed(bytes: &[u8]) -> Request {
        match Message::parse(bytes).unwrap() {
            Message::Request(request) => request,
            Message::Response(response) => panic!("{response:?}"),
        }
    }

    fn secret() -> PbxSecret {
        let of = |algorithm| ha1(&algorithm, "2001", "r", "secret");
        let ha1 = Ha1 { md5: of(Algorithm::Md5), sha256: of(Algorithm::Sha256) };
        PbxSecret { realm: "r".to_owned(), user: "2001".to_owned(), ha1 }
    }

    fn begin(secret: Option<PbxSecret>) -> (Farewell, Request) {
        let (farewell, first) = Farewell::begin(&parsed(REGISTER.as_bytes()), 9, secret).unwrap();
        (farewell, parsed(&first))
    }

    #[test]
    fn fw1_the_same_contact_is_taken_back_with_a_higher_number() {
        let (_, first) = begin(None);
        assert!(first.validate().is_ok());
        assert_eq!(first.headers.get::<CSeq>().unwrap().seq, 10);
        let contacts = first.headers.all::<Contact>().unwrap();
        assert_eq!(contacts.len(), 1);
        assert_eq!(contacts[0].to_string(), "<sip:u@a.invalid;transport=ws>;reg-id=1;expires=0");
        assert!(!first.headers.contains(HeaderName::Authorization));
        assert_ne!(first.headers.get::<Via>().unwrap().branch(), Some("z9hG4bK1"));
    }

    #[test]
    fn fw2_fw4_a_challenge_is_answered() {
        let (mut farewell, first) = begin(Some(secret()));
        let mut verifier = Verifier::new([7; 32], "r");
        let now = sip::Instant::from_millis(1_000);
        let mut asked = Response::to_request(&first, Status::UNAUTHORIZED);
        verifier.challenges(now, false).into_iter().for_each(|it| asked.headers.push(&WwwAuthenticate(it)));
        let Next::Send(signed) = farewell.hear(&asked) else { panic!("it is signed") };
        let signed = parsed(&signed);
        assert_eq!(signed.headers.get::<CSeq>().unwrap().seq, 11);
        let credentials = presented(&signed, "r").unwrap();
        assert!(verifier.check(&credentials, &signed, &Ha1s::new("2001", "r", "secret"), now).is_ok());
        assert_eq!(farewell.hear(&asked), Next::Wait, "that was answered");
        assert_eq!(farewell.hear(&Response::to_request(&signed, Status::TRYING)), Next::Wait);
        assert_eq!(farewell.hear(&Response::to_request(&signed, Status::OK)), Next::Done);
    }

    #[test]
    fn fw3_it_is_not_said_for_ever() {
        let (mut farewell, mut request) = begin(Some(secret()));
        let mut verifier = Verifier::new([7; 32], "r");
        for again in 0..=TRIES {
            let mut asked = Response::to_request(&request, Status::UNAUTHORIZED);
            let challenges = verifier.challenges(sip::Instant::from_millis(1_000), false);
            challenges.into_iter().for_each(|it| asked.headers.push(&WwwAuthenticate(it)));
            match farewell.hear(&asked) {
                Next::Send(bytes) if again < TRIES => request = parsed(&bytes),
                next @ (Next::Wait | Next::Send(_) | Next::Done) => assert_eq!((next, again), (Next::Done, TRIES)),
            }
        }
        let (mut nobody, first) = begin(None);
        let mut asked = Response::to_request(&first, Status::UNAUTHORIZED);
        asked.headers.push(&WwwAuthenticate(verifier.challenges(sip::Instant::from_millis(1_000), false).remove(0)));
        assert_eq!(nobody.hear(&asked), Next::Done, "nothing signs");
    }
}
