//! What rtpengine is told: the commands of its ng protocol.

use super::tags;
use serde_json::{Value, json};
use sip::header::CallId;
use sip::message::Message;
use std::net::IpAddr;

/// What a phone without any of the offered codecs gets beside them, the usual ones first: the engine converts then. Keys are
/// events in all of them (RFC 4733).
const PHONE_CODECS: [&str; 6] = ["PCMA", "PCMU", "G722", "G729", "GSM", "opus"];
/// The same for a page: every browser has these (RFC 7874 3).
const PAGE_CODECS: [&str; 4] = ["opus", "G722", "PCMA", "PCMU"];

/// Whom a description is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// WebRTC.
    Page,
    /// RTP.
    Phone,
}

/// Who offered, and who answers if that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tags {
    offerer: String,
    answerer: Option<String>,
}

impl Tags {
    /// Of the sender of an offer, or of the receiver of an answer.
    pub(super) fn of(message: &Message, is_offer: bool) -> Option<Self> {
        let (from, to) = tags(message.headers());
        let is_request = matches!(message, Message::Request(_));
        // The sender of a request is in From, that of a response in To.
        if is_request == is_offer {
            Some(Self { offerer: from?, answerer: to })
        } else {
            Some(Self { offerer: to?, answerer: from })
        }
    }
}

/// The offer or answer that the engine is to put itself into. `natted`: where a sender behind a NAT is seen.
pub(super) fn command(
    is_offer: bool,
    call: &CallId,
    tags: &Tags,
    branch: Option<&str>,
    side: Side,
    natted: Option<IpAddr>,
    sdp: &str,
) -> Value {
    let mut ask = json!({
        "command": if is_offer { "offer" } else { "answer" },
        "call-id": call.as_str(),
        "from-tag": tags.offerer,
        "sdp": without_sources(sdp),
        "replace": ["origin"],
        "SDES": ["off"],
    });
    // Until somebody answered it is the branch that tells the ways of a call apart, and afterwards the tags.
    if let Some(answerer) = &tags.answerer {
        ask["to-tag"] = answerer.as_str().into();
    }
    if let Some(branch) = branch.filter(|_| !is_offer || tags.answerer.is_none()) {
        ask["via-branch"] = branch.into();
    }
    let (about, codecs) = match side {
        Side::Page => (webrtc(is_offer), PAGE_CODECS.as_slice()),
        Side::Phone => (rtp(is_offer), PHONE_CODECS.as_slice()),
    };
    if let (Value::Object(ask), Value::Object(about)) = (&mut ask, about) {
        ask.extend(about);
    }
    if is_offer {
        ask["codec"] = json!({ "transcode": codecs });
    }
    if let Some(address) = natted {
        let family = if address.is_ipv4() { "IP4" } else { "IP6" };
        ask["flags"] = json!(["SIP-source-address"]);
        ask["received-from"] = json!([family, address.to_string()]);
    }
    ask
}

/// A description without what it says of the sources of sound (RFC 5576): what the engine sends has others, and a browser plays
/// only what it was told of.
fn without_sources(sdp: &str) -> String {
    sdp.split_inclusive('\n').filter(|line| !line.starts_with("a=ssrc")).collect()
}

fn webrtc(is_offer: bool) -> Value {
    if is_offer {
        json!({ "transport-protocol": "UDP/TLS/RTP/SAVPF", "ICE": "force", "rtcp-mux": ["require"] })
    } else {
        // It has begun its handshake already, when ICE found a way while the phone was ringing.
        json!({ "ICE": "force", "rtcp-mux": ["require"], "DTLS": "active" })
    }
}

fn rtp(is_offer: bool) -> Value {
    if is_offer {
        json!({ "transport-protocol": "RTP/AVP", "ICE": "remove", "rtcp-mux": ["demux"], "DTLS": "off" })
    } else {
        json!({ "ICE": "remove", "rtcp-mux": ["demux"] })
    }
}

/// The call is over, now: by itself the engine keeps it for another half a minute.
pub(super) fn delete(call: &CallId) -> Value {
    json!({ "command": "delete", "call-id": call.as_str(), "delete-delay": 0 })
}
