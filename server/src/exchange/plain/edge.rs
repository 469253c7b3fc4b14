//! What a message of the exchange is on the wire of a plain phone, and back.
//!
//! The exchange calls itself by its domain, which no phone can look up, and everything by the name of WebSocket. Towards a
//! plain phone that is the host, port and transport by which the phone reaches us; what the phone says of those is the
//! domain again. So a dialog may run between a page and a phone, and each finds the exchange where it is.
//!
//! | Row | Message | Header | Becomes |
//! | --- | --- | --- | --- |
//! | ED1 | request to the phone | Via, the first | our transport, host and port; `rport` asks for symmetric responses (RFC 3581) |
//! | ED2 | any to the phone | Record-Route, Contact, Refer-To in our domain | at our host and port, over our transport |
//! | ED3 | response to the phone | – | over datagrams goes to the port of Via if that did not ask for `rport` (RFC 3261 18.2.2) |
//! | ED4 | request of the phone | Via, the first | with `received`, and `rport` where it is asked for |
//! | ED5 | response of the phone | Via, the first | what it was before ED1 |
//! | ED6 | any of the phone | Record-Route, Route, Refer-To, Referred-By at our host and port | in our domain |
//! | ED7 | 3xx of the phone | Contact at our host and port | in our domain |
//! | ED8 | 401 and 407 to the phone | WWW-Authenticate, Proxy-Authenticate | those of the digests that phones are asked for |
//!
//! The Request-URI stays as the phone wrote it, because that is what it signed (RFC 7616 3.4.3); the machines know by which
//! host the phone came.

use super::Digests;
use sip::header::{
    Contact, NameAddr, ProxyAuthenticate, RecordRoute, ReferTo, ReferredBy, Route, Via, ViaTransport, WwwAuthenticate,
};
use sip::message::{Header, HeaderName, Headers, Message, Request, Response};
use sip::uri::{Host, SipUri, Uri};
use std::net::SocketAddr;

/// The port of Via and of addresses that name none (RFC 3261 19.1.2).
const PORT: u16 = 5060;
/// The same, over TLS.
const TLS_PORT: u16 = 5061;

/// Where a plain phone and the exchange meet.
#[derive(Clone, Debug)]
pub(in crate::exchange) struct Edge {
    /// What carries the messages.
    pub(in crate::exchange) transport: ViaTransport,
    /// By what the phone reaches us.
    pub(in crate::exchange) host: Host,
    /// At which port.
    pub(in crate::exchange) port: u16,
    /// Where the phone is, as we see it.
    pub(in crate::exchange) remote: SocketAddr,
    /// Which digests it is asked for.
    pub(in crate::exchange) digests: Digests,
}

impl Edge {
    /// What the phone sent, as the exchange is to see it.
    pub(in crate::exchange) fn received(&self, message: &mut Message, domain: &Host) {
        match message {
            Message::Request(request) => self.received_request(request, domain),
            Message::Response(response) => self.received_response(response, domain),
        }
    }

    /// The same, of a request.
    pub(in crate::exchange) fn received_request(&self, request: &mut Request, domain: &Host) {
        self.note_source(request);
        self.headers_inside(&mut request.headers, domain);
    }

    /// Whether what a request says of where its phone is, is not where it came from: a NAT is in between.
    pub(in crate::exchange) fn is_natted(&self, headers: &Headers) -> bool {
        let via = headers.get::<Via>().ok().and_then(|via| via.host.ip());
        let contact = headers.get::<Contact>().ok();
        let contact = contact.as_ref().and_then(|contact| contact.address()?.uri.host()?.ip());
        [via, contact].into_iter().flatten().any(|ip| !ip.is_unspecified() && ip != self.remote.ip())
    }

    fn received_response(&self, response: &mut Response, domain: &Host) {
        self.own_via(response, domain);
        self.headers_inside(&mut response.headers, domain);
        if (300..400).contains(&response.status.code()) {
            each(&mut response.headers, |contact| in_contact(contact, |uri| self.inside(uri, domain)));
        }
    }

    fn headers_inside(&self, headers: &mut Headers, domain: &Host) {
        let inside = |uri: &mut Uri| self.inside(uri, domain);
        each(headers, |RecordRoute(hop)| inside(&mut hop.uri));
        each(headers, |Route(hop)| inside(&mut hop.uri));
        each(headers, |ReferTo(target)| inside(&mut target.uri));
        each(headers, |ReferredBy(by)| inside(&mut by.uri));
    }

    /// What the exchange sends, as the phone is to see it; with it the port it goes to when that is not the one that the
    /// phone sends from.
    pub(in crate::exchange) fn sent(&self, message: &mut Message, domain: &Host) -> Option<u16> {
        let outside = |uri: &mut Uri| self.outside(uri, domain);
        let headers = message.headers_mut();
        each(headers, |RecordRoute(hop)| outside(&mut hop.uri));
        each(headers, |contact| in_contact(contact, outside));
        each(headers, |ReferTo(target)| outside(&mut target.uri));
        match message {
            Message::Request(request) => {
                self.name_via(request);
                None
            }
            Message::Response(response) => {
                // ED8.
                keep(&mut response.headers, |WwwAuthenticate(challenge)| self.digests.include(challenge));
                keep(&mut response.headers, |ProxyAuthenticate(challenge)| self.digests.include(challenge));
                self.asymmetric(&response.headers)
            }
        }
    }

    /// ED1.
    fn name_via(&self, request: &mut Request) {
        let Ok(mut via) = request.headers.get::<Via>() else { return };
        via.transport = self.transport.clone();
        via.host = self.host.clone();
        via.port = Some(self.port);
        // A name without a value can always be set.
        let _ = via.params.set("rport", None);
        request.headers.pop_front::<Via>();
        request.headers.push_front(&via);
    }

    /// ED3.
    fn asymmetric(&self, headers: &Headers) -> Option<u16> {
        let via = headers.get::<Via>().ok().filter(|via| self.transport == ViaTransport::Udp && !via.wants_rport())?;
        Some(via.port.unwrap_or(PORT)).filter(|port| *port != self.remote.port())
    }

    /// ED4.
    fn note_source(&self, request: &mut Request) {
        let Ok(mut via) = request.headers.get::<Via>() else { return };
        let wants_rport = via.wants_rport();
        if wants_rport {
            via.set_rport(self.remote.port());
        }
        if wants_rport || via.host.ip() != Some(self.remote.ip()) {
            via.set_received(self.remote.ip());
            request.headers.pop_front::<Via>();
            request.headers.push_front(&via);
        }
    }

    /// ED5.
    fn own_via(&self, response: &mut Response, domain: &Host) {
        let Ok(mut via) = response.headers.get::<Via>() else { return };
        if via.host == self.host {
            via.transport = ViaTransport::Ws;
            via.host = domain.clone();
            via.port = None;
            for name in ["rport", "received"] {
                via.params.remove(name);
            }
            response.headers.pop_front::<Via>();
            response.headers.push_front(&via);
        }
    }

    /// ED6, ED7.
    fn inside(&self, uri: &mut Uri, domain: &Host) {
        if let Uri::Sip(sip) = uri
            && sip.host == self.host
            && sip.port.is_none_or(|port| port == self.port)
        {
            sip.host = domain.clone();
            sip.port = None;
            sip.secure = false;
            sip.params.remove("transport");
        }
    }

    /// ED2.
    fn outside(&self, uri: &mut Uri, domain: &Host) {
        if let Uri::Sip(sip) = uri
            && sip.host == *domain
            && sip.port.is_none()
        {
            sip.host = self.host.clone();
            let usual = if self.transport == ViaTransport::Tls { TLS_PORT } else { PORT };
            sip.port = Some(self.port).filter(|port| *port != usual);
            self.name_transport(sip);
        }
    }

    fn name_transport(&self, uri: &mut SipUri) {
        let name = match self.transport {
            ViaTransport::Udp => "udp",
            ViaTransport::Tls => "tls",
            ViaTransport::Tcp | ViaTransport::Ws | ViaTransport::Wss | ViaTransport::Other(_) => "tcp",
        };
        // Such a value can always be set.
        let _ = uri.params.set("transport", Some(name));
    }
}

/// Changes every header of one name. What cannot be read stays as it is.
fn each<H: Header + PartialEq + Clone>(headers: &mut Headers, change: impl Fn(&mut H)) {
    let Ok(before) = headers.all::<H>() else { return };
    let mut after = before.clone();
    after.iter_mut().for_each(change);
    if after != before {
        headers.remove(name_of::<H>());
        after.iter().for_each(|header| headers.push(header));
    }
}

/// Leaves only some of the headers of one name, but all of them when there would be none.
fn keep<H: Header>(headers: &mut Headers, is_kept: impl Fn(&H) -> bool) {
    let Ok(before) = headers.all::<H>() else { return };
    let kept: Vec<&H> = before.iter().filter(|header| is_kept(header)).collect();
    if !kept.is_empty() && kept.len() < before.len() {
        headers.remove(name_of::<H>());
        kept.into_iter().for_each(|header| headers.push(header));
    }
}

const fn name_of<H: Header>() -> HeaderName {
    H::NAME
}

fn in_contact(contact: &mut Contact, change: impl Fn(&mut Uri)) {
    match contact {
        Contact::Star => {}
        Contact::Addr(NameAddr { uri, .. }) => change(uri),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTE: &str = "0a1b2c";

    fn edge(transport: ViaTransport) -> Edge {
        let host = "192.0.2.1".parse().unwrap();
        let remote = "198.51.100.7:40000".parse().unwrap();
        Edge { transport, host, port: 5062, remote, digests: Digests::Md5 }
    }

    fn domain() -> Host {
        "tabphone".parse().unwrap()
    }

    fn message(first: &str, headers: &str) -> Message {
        let rest = "From: <sip:1001@tabphone>;tag=1\r\nTo: <sip:1002@tabphone>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n";
        Message::parse(format!("{first}\r\n{headers}{rest}").as_bytes()).unwrap()
    }

    fn values(message: &Message, name: HeaderName) -> Vec<String> {
        message.headers().raw(&name).map(str::to_owned).collect()
    }

    #[test]
    fn ed1_and_ed2_a_phone_is_told_where_it_finds_us() {
        let headers = format!(
            "Via: SIP/2.0/WS tabphone;branch=z9hG4bKa\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKb\r\n\
             Record-Route: <sip:{ROUTE}@tabphone;lr>\r\nContact: <sip:u@x.invalid;transport=ws>\r\n"
        );
        let mut invite = message("INVITE sip:1002@198.51.100.7 SIP/2.0", &headers);
        assert_eq!(edge(ViaTransport::Udp).sent(&mut invite, &domain()), None);
        let via = values(&invite, HeaderName::Via);
        assert_eq!(via, ["SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKa;rport", "SIP/2.0/WS x.invalid;branch=z9hG4bKb"]);
        let route = values(&invite, HeaderName::RecordRoute);
        assert_eq!(route, [format!("<sip:{ROUTE}@192.0.2.1:5062;lr;transport=udp>")]);
        assert_eq!(values(&invite, HeaderName::Contact), ["<sip:u@x.invalid;transport=ws>"], "that of others stays");
    }

    #[test]
    fn ed3_who_asks_for_no_rport_gets_responses_at_the_port_of_its_via() {
        let response = |via: &str| message("SIP/2.0 100 Trying", &format!("Via: {via};branch=z9hG4bKa\r\n"));
        for (via, transport, port) in [
            ("SIP/2.0/UDP 10.0.0.9:5070;received=198.51.100.7", ViaTransport::Udp, Some(5070)),
            ("SIP/2.0/UDP 10.0.0.9;received=198.51.100.7", ViaTransport::Udp, Some(5060)),
            ("SIP/2.0/UDP 10.0.0.9:40000", ViaTransport::Udp, None),
            ("SIP/2.0/UDP 10.0.0.9:5070;rport=40000", ViaTransport::Udp, None),
            ("SIP/2.0/TCP 10.0.0.9:5070", ViaTransport::Tcp, None),
        ] {
            assert_eq!(edge(transport).sent(&mut response(via), &domain()), port, "{via}");
        }
    }

    #[test]
    fn ed4_where_a_request_came_from_is_noted() {
        for (via, noted) in [
            ("SIP/2.0/UDP 10.0.0.9:5070;rport", "SIP/2.0/UDP 10.0.0.9:5070;rport=40000;received=198.51.100.7"),
            ("SIP/2.0/UDP 10.0.0.9:5070", "SIP/2.0/UDP 10.0.0.9:5070;received=198.51.100.7"),
            ("SIP/2.0/UDP 198.51.100.7:40000", "SIP/2.0/UDP 198.51.100.7:40000"),
        ] {
            let mut invite = message("INVITE sip:1002@192.0.2.1 SIP/2.0", &format!("Via: {via}\r\n"));
            edge(ViaTransport::Udp).received(&mut invite, &domain());
            assert_eq!(values(&invite, HeaderName::Via), [noted]);
        }
    }

    #[test]
    fn ed5_and_ed6_what_a_phone_says_of_us_is_the_domain() {
        let headers = format!(
            "Via: SIP/2.0/TCP 192.0.2.1:5062;branch=z9hG4bKa;rport=5062;received=192.0.2.1\r\n\
             Via: SIP/2.0/WS x.invalid;branch=z9hG4bKb\r\n\
             Record-Route: <sip:{ROUTE}@192.0.2.1:5062;lr;transport=tcp>\r\nContact: <sip:1003@192.0.2.1>\r\n"
        );
        let mut ok = message("SIP/2.0 200 OK", &headers);
        edge(ViaTransport::Tcp).received(&mut ok, &domain());
        let via = values(&ok, HeaderName::Via);
        assert_eq!(via, ["SIP/2.0/WS tabphone;branch=z9hG4bKa", "SIP/2.0/WS x.invalid;branch=z9hG4bKb"]);
        assert_eq!(values(&ok, HeaderName::RecordRoute), [format!("<sip:{ROUTE}@tabphone;lr>")]);
        assert_eq!(values(&ok, HeaderName::Contact), ["<sip:1003@192.0.2.1>"]);
        // ED7.
        let mut moved = message("SIP/2.0 302 Moved", &headers);
        edge(ViaTransport::Tcp).received(&mut moved, &domain());
        assert_eq!(values(&moved, HeaderName::Contact), ["<sip:1003@tabphone>"]);
    }

    #[test]
    fn ed8_a_phone_is_asked_only_for_digests_that_it_may_know() {
        let challenge =
            |algorithm: &str| format!("Digest realm=\"tabphone\", nonce=\"n\", algorithm={algorithm}, qop=\"auth\"");
        let (sha, md5) = (challenge("SHA-256"), challenge("MD5"));
        for (digests, left) in
            [(Digests::Md5, [&md5].as_slice()), (Digests::Sha256, &[&sha]), (Digests::Both, &[&sha, &md5])]
        {
            for name in ["WWW-Authenticate", "Proxy-Authenticate"] {
                let headers = format!("Via: SIP/2.0/TCP a;branch=z9hG4bKa\r\n{name}: {sha}\r\n{name}: {md5}\r\n");
                let mut asked = message("SIP/2.0 401 Unauthorized", &headers);
                let edge = Edge { digests, ..edge(ViaTransport::Tcp) };
                edge.sent(&mut asked, &domain());
                assert_eq!(
                    values(&asked, name.parse().unwrap()),
                    left.iter().map(ToString::to_string).collect::<Vec<_>>()
                );
            }
        }
        // What nobody else can be asked for stays.
        let mut asked =
            message("SIP/2.0 401 Unauthorized", &format!("Via: SIP/2.0/TCP a\r\nWWW-Authenticate: {sha}\r\n"));
        edge(ViaTransport::Tcp).sent(&mut asked, &domain());
        assert_eq!(values(&asked, HeaderName::WwwAuthenticate), [sha]);
    }

    #[test]
    fn what_is_elsewhere_is_left_alone() {
        let headers = "Via: SIP/2.0/UDP 198.51.100.7:40000;branch=z9hG4bKa\r\nRoute: <sip:a@192.0.2.1:9;lr>\r\n\
                       Refer-To: <sip:1003@192.0.2.1:5062?Replaces=a>\r\n";
        let mut refer = message("INVITE sip:1002@192.0.2.1:5060 SIP/2.0", headers);
        edge(ViaTransport::Udp).received(&mut refer, &domain());
        assert_eq!(values(&refer, HeaderName::Route), ["<sip:a@192.0.2.1:9;lr>"], "another port");
        assert_eq!(values(&refer, HeaderName::ReferTo), ["<sip:1003@tabphone?Replaces=a>"]);
        let Message::Request(refer) = refer else { panic!("{refer:?}") };
        assert_eq!(refer.uri.to_string(), "sip:1002@192.0.2.1:5060");
    }
}
