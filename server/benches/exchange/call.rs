//! A call: INVITE, 100, 180, 200, ACK, BYE, 200, by two phones through the server, with its Record-Route.

use super::phone::{Gate, Phone};
use super::wire::{contact_uri, copied, header, headers, status};
use super::{DOMAIN, Failure};
use sip::message::Method;

/// What Chromium offers, without most of its codecs.
const SDP: &str = "v=0\r\no=- 3920457212890173566 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
    a=msid-semantic: WMS 5f1c8e0e\r\nm=audio 50312 UDP/TLS/RTP/SAVPF 111 0 8 126\r\nc=IN IP4 192.0.2.17\r\n\
    a=rtcp:9 IN IP4 0.0.0.0\r\n\
    a=candidate:3372281764 1 udp 2122260223 10.0.0.23 50312 typ host generation 0 network-id 1 network-cost 10\r\n\
    a=candidate:1853887674 1 udp 1677729535 192.0.2.17 50312 typ srflx raddr 10.0.0.23 rport 50312 generation 0\r\n\
    a=ice-ufrag:kR3v\r\na=ice-pwd:Zb0uYq4VxwXhN2mJ7cTqfL1s\r\na=ice-options:trickle\r\n\
    a=fingerprint:sha-256 6B:8E:1D:20:5F:73:AC:44:90:1B:E8:3C:57:D2:06:F9:61:AA:0E:7D:C5:38:92:4F:BB:13:D0:86:2C:59:E4:71\r\n\
    a=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n\
    a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:126 telephone-event/8000\r\na=ssrc:2714866583 cname:u3Xq0bPjL1m2Yd8k\r\n\
    a=ssrc:2714866583 msid:5f1c8e0e 8d20b1c7\r\n";

/// Two phones that call each other.
pub(crate) struct Pair {
    pub(crate) caller: Phone,
    pub(crate) callee: Phone,
    calls: u32,
}

impl Pair {
    pub(crate) const fn new(caller: Phone, callee: Phone) -> Self {
        Self { caller, callee, calls: 0 }
    }

    /// One call from its beginning to its end.
    pub(crate) async fn call(&mut self) -> Result<(), Failure> {
        let Self { caller, callee, calls } = self;
        *calls += 1;
        let name = format!("c{calls}");
        let uri = format!("sip:{}@{DOMAIN}", callee.user);
        let signature = caller.signature(Gate::Proxy, &Method::Invite, &uri)?;
        let invite = invite(caller, &uri, &name, &signature);
        caller.send(invite).await?;

        let ringing = request(callee, "INVITE").await?;
        callee.send(answer(callee, &ringing, "180 Ringing", "")).await?;
        callee.send(answer(callee, &ringing, "200 OK", SDP)).await?;
        let mut rang = false;
        let established = loop {
            let answer = caller.next().await?;
            match status(&answer) {
                Some(100) => {}
                Some(180) => rang = true,
                Some(200) if rang => break answer,
                _ => return Err(format!("not 180 and then 200: {answer}").into()),
            }
        };
        let ack = in_dialog(caller, "ACK", &established, &name, "")?;
        caller.send(ack).await?;
        request(callee, "ACK").await?;

        let signature = caller.signature(Gate::Proxy, &Method::Bye, contact_uri(&established))?;
        let bye = in_dialog(caller, "BYE", &established, &name, &signature)?;
        caller.send(bye).await?;
        let ending = request(callee, "BYE").await?;
        callee.send(format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", copied(&ending))).await?;
        let ended = caller.next().await?;
        caller.expect(&ended, 200)
    }
}

fn invite(caller: &mut Phone, uri: &str, name: &str, signature: &str) -> String {
    let start = caller.start("INVITE", uri, name);
    let Phone { user, host, .. } = caller;
    format!(
        "{start}To: <{uri}>\r\n\
         {signature}Contact: <sip:{user}@{host};transport=ws>\r\n\
         Content-Type: application/sdp\r\n\
         Session-Expires: 90\r\n\
         Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY\r\n\
         Supported: timer,ice,replaces,outbound\r\n\
         User-Agent: JsSIP 3.13.8\r\n\
         Content-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    )
}

fn answer(callee: &Phone, invite: &str, status: &str, body: &str) -> String {
    let Phone { user, host, .. } = callee;
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "SIP/2.0 {status}\r\n{};tag=t{host}\r\n\
         Contact: <sip:{user}@{host};transport=ws>\r\n\
         Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY\r\n\
         {kind}Content-Length: {}\r\n\r\n{body}",
        copied(invite),
        body.len()
    )
}

/// A request of the caller in the dialog that a 200 established (RFC 3261 12.2.1.1).
fn in_dialog(
    caller: &mut Phone,
    method: &str,
    established: &str,
    name: &str,
    signature: &str,
) -> Result<String, Failure> {
    let target = contact_uri(established);
    let mut request = caller.start(method, target, name);
    if method == "ACK" {
        // It has the number of its INVITE.
        let number = header(established, "CSeq").split(' ').next().ok_or("no CSeq")?;
        let at = request.rfind("CSeq").ok_or("no CSeq")?;
        request.truncate(at);
        request.push_str(&format!("CSeq: {number} ACK\r\n"));
    }
    let recorded: Vec<&str> = headers(established, "Record-Route").collect();
    for route in recorded.into_iter().rev() {
        request.push_str(&format!("Route: {route}\r\n"));
    }
    request.push_str(&format!("To: {}\r\n{signature}Content-Length: 0\r\n\r\n", header(established, "To")));
    Ok(request)
}

async fn request(phone: &mut Phone, method: &str) -> Result<String, Failure> {
    let request = phone.next().await?;
    if request.starts_with(method) { Ok(request.to_string()) } else { Err(format!("no {method}: {request}").into()) }
}
