//! What a message says of where its session description comes from, while it is on its way through the exchange.

use crate::exchange::plain::Edge;
use sip::header::{ContentType, Via};
use sip::message::{HeaderName, Message, Method, Token};
use std::net::IpAddr;

/// The header. Whatever a client says in it is taken out when it comes, and what we say when it leaves.
const NAME: Token = Token::literal("Tabphone-Origin");

/// Whose description it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A page's, or another WebRTC phone's.
    Page,
    /// A plain phone's that is where it says.
    Phone,
    /// A plain phone's behind a NAT: what it says of itself reaches nobody.
    Natted,
}

/// What was noted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::exchange) struct Marked {
    /// Nothing when there is no description, or nobody noted it.
    pub(super) origin: Option<Origin>,
    /// Where a phone behind a NAT is seen.
    pub(super) from: Option<IpAddr>,
    /// Of a response: the branch that it came over.
    pub(super) branch: Option<String>,
}

fn name() -> HeaderName {
    HeaderName::Other(NAME)
}

/// Notes where a description comes from that a page (`None`) or a plain phone sent, or a BYE of a plain phone.
pub(in crate::exchange) fn mark(message: &mut Message, from: Option<&Edge>) {
    if message.headers().contains(name()) {
        message.headers_mut().remove(name());
    }
    // A call that is over may be the engine's.
    let is_bye = matches!(message, Message::Request(request) if request.method == Method::Bye);
    let is_noted = is_session(message) || (is_bye && from.is_some());
    if !is_noted {
        return;
    }
    let origin = match from {
        None => "page".to_owned(),
        Some(edge) if is_elsewhere(message.body(), edge.remote.ip()) => format!("natted {}", edge.remote.ip()),
        Some(_) => "phone".to_owned(),
    };
    let branch = match message {
        Message::Request(_) => None,
        Message::Response(response) => {
            response.headers.get::<Via>().ok().and_then(|via| via.branch().map(str::to_owned))
        }
    };
    let value = [Some(origin), branch].into_iter().flatten().collect::<Vec<_>>().join(";");
    // A branch is a token, and short; where it is not, nothing is known of the answer.
    let _ = message.headers_mut().push_raw(&NAME, &value);
}

/// Takes the note out, and says what was in it.
pub(in crate::exchange) fn unmark(message: &mut Message) -> Marked {
    let Some(value) = message.headers().raw(&name()).next().map(str::to_owned) else { return Marked::default() };
    message.headers_mut().remove(name());
    let (origin, branch) =
        value.split_once(';').map_or((value.as_str(), None), |(origin, branch)| (origin, Some(branch)));
    let (word, from) = origin.split_once(' ').unwrap_or((origin, ""));
    let origin = match word {
        "page" => Some(Origin::Page),
        "phone" => Some(Origin::Phone),
        "natted" => Some(Origin::Natted),
        _ => None,
    };
    Marked { origin, from: from.parse().ok(), branch: branch.map(str::to_owned) }
}

/// Whether bytes may hold a note: most messages hold none, and are not parsed for it.
pub(in crate::exchange) fn may_be_marked(bytes: &[u8]) -> bool {
    let name = NAME;
    bytes.windows(name.len()).any(|window| window == name.as_bytes())
}

/// Whether the body is a session description.
pub(super) fn is_session(message: &Message) -> bool {
    !message.body().is_empty()
        && message.headers().get::<ContentType>().is_ok_and(|content| content.is("application/sdp"))
}

/// Whether a description names an address that is not the one it came from. `0.0.0.0` is hold (RFC 3264 8.4), and names none.
fn is_elsewhere(body: &[u8], from: IpAddr) -> bool {
    let text = String::from_utf8_lossy(body);
    let named = text.lines().filter_map(|line| {
        let mut words = line.strip_prefix("c=IN IP")?.split_whitespace();
        words.nth(1)?.split('/').next()?.parse::<IpAddr>().ok()
    });
    named.filter(|address| !address.is_unspecified()).any(|address| address != from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::plain::Digests;
    use sip::header::ViaTransport;

    fn answer(body: &str) -> Message {
        let text = format!(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/WS tabphone;branch=z9hG4bKa.b\r\nFrom: <sip:1@a>;tag=1\r\nTo: <sip:2@a>;tag=2\r\n\
             Call-ID: c\r\nCSeq: 1 INVITE\r\ntabphone-origin: page;forged\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Message::parse(text.as_bytes()).unwrap()
    }

    fn edge() -> Edge {
        let host = "192.0.2.1".parse().unwrap();
        let remote = "198.51.100.7:5060".parse().unwrap();
        Edge { transport: ViaTransport::Udp, host, port: 5060, remote, digests: Digests::Md5 }
    }

    #[test]
    fn where_a_description_comes_from_is_known_until_it_leaves() {
        let branch = Some("z9hG4bKa.b".to_owned());
        for (body, from, origin, seen) in [
            ("v=0\r\nc=IN IP4 10.0.0.1\r\n", None, Origin::Page, None),
            ("v=0\r\nc=IN IP4 198.51.100.7\r\n", Some(edge()), Origin::Phone, None),
            ("v=0\r\nc=IN IP4 0.0.0.0\r\n", Some(edge()), Origin::Phone, None),
            ("v=0\r\nc=IN IP4 10.0.0.9/127\r\n", Some(edge()), Origin::Natted, Some("198.51.100.7".parse().unwrap())),
        ] {
            let mut message = answer(body);
            mark(&mut message, from.as_ref());
            assert!(may_be_marked(&message.to_bytes()));
            let marked = unmark(&mut message);
            assert_eq!(marked, Marked { origin: Some(origin), from: seen, branch: branch.clone() }, "{body}");
            assert_eq!(unmark(&mut message), Marked::default(), "it leaves with nothing");
            assert!(!may_be_marked(&message.to_bytes()));
        }
    }

    #[test]
    fn what_is_no_description_is_not_noted() {
        let mut message = answer("");
        mark(&mut message, None);
        assert!(!message.headers().contains(name()), "and what a client says is gone");
    }
}
