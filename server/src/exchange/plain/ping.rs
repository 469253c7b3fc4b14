//! Asks a phone for a sign of life: an OPTIONS, whose answer takes the way through the phone's NAT and keeps it open.

use super::Edge;
use crate::clock;
use sip::header::{CSeq, CallId, From, MaxForwards, NameAddr, To, Via};
use sip::message::{Method, Request};
use sip::registrar::Flow;
use sip::uri::{Host, SipUri, Uri};

/// The OPTIONS, or an empty line (RFC 5626 3.5.1) should an address ever be none. Its answer belongs to no transaction, and
/// is dropped: that it came is what matters.
pub(super) fn ping(edge: &Edge, flow: Flow) -> Vec<u8> {
    request(edge, flow).map_or_else(|| b"\r\n\r\n".to_vec(), |request| request.to_bytes())
}

fn request(edge: &Edge, flow: Flow) -> Option<Request> {
    let address = |host: &Host, port: u16| SipUri::new("", &format!("{host}:{port}")).ok().map(Uri::Sip);
    let (phone, own) = (address(&edge.remote.ip().into(), edge.remote.port())?, address(&edge.host, edge.port)?);
    let name = format!("ping.{}.{}", flow.0, clock::now());
    let mut via =
        Via::new(edge.transport.clone(), edge.host.clone(), Some(edge.port), &format!("{}{name}", Via::COOKIE));
    via.params.set("rport", None).ok()?;
    let mut request = Request::new(Method::Options, phone.clone());
    request.headers.push(&via);
    request.headers.push(&MaxForwards(70));
    request.headers.push(&From(NameAddr::new(own)).with_tag("ping"));
    request.headers.push(&To(NameAddr::new(phone)));
    request.headers.push(&CallId::new(&name).ok()?);
    request.headers.push(&CSeq::new(1, Method::Options));
    Some(request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::plain::Digests;
    use sip::header::ViaTransport;
    use sip::message::Message;

    #[test]
    fn it_is_a_request_that_every_phone_understands() {
        for (host, remote) in [("192.0.2.1", "198.51.100.7:40000"), ("[2001:db8::1]", "[2001:db8::2]:5060")] {
            let (host, remote) = (host.parse().unwrap(), remote.parse().unwrap());
            let edge = Edge { transport: ViaTransport::Udp, host, port: 5060, remote, digests: Digests::Md5 };
            let message = Message::parse(&ping(&edge, Flow(7))).unwrap();
            message.validate().unwrap();
            assert!(matches!(message, Message::Request(request) if request.method == Method::Options));
        }
    }
}
