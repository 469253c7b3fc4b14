//! What the policy says of codecs and bandwidths, done to a connection before it is described, and to what is sent.

use app::media::Media;
use js_sys::{Array, Function, Object, Reflect};
use sip::sdp::{Bandwidth, SessionDescription};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{RtcPeerConnection, RtcRtpTransceiver, RtcRtpTransceiverDirection};

/// Puts the codecs of every section in order, without those that are not to be used. Comfort noise (RFC 3389) is never one
/// of them: many servers do not know it, and take the silence for a call that is dead.
pub(super) fn order_codecs(rtc: &RtcPeerConnection, media: &Media) {
    for transceiver in rtc.get_transceivers() {
        let transceiver: RtcRtpTransceiver = transceiver.unchecked_into();
        let kind = transceiver.receiver().track().kind();
        if let Some(codecs) = ordered(&kind, media) {
            // A browser that cannot goes on with its own order; what it describes has no comfort noise either way.
            let _ = method(&transceiver, "setCodecPreferences").and_then(|set| set.call1(&transceiver, &codecs));
        }
    }
}

/// Limits the sound that is sent; senders whose limit has to be changed, with what they are to be changed to. Pictures have
/// [limits of their own](super::limits::Limits).
pub(super) fn limited(rtc: &RtcPeerConnection, media: &Media) -> Vec<js_sys::Promise> {
    let all = rtc.get_transceivers().into_iter().map(JsCast::unchecked_into::<RtcRtpTransceiver>);
    all.filter_map(|transceiver| limit(&transceiver, media)).collect()
}

/// Says in a description what the other end may send (RFC 8866 5.8).
pub(super) fn describe(ours: &mut SessionDescription, policy: &Media) {
    for section in ours.media_mut() {
        let kbit = most(section.kind(), policy);
        if kbit > 0 {
            section.set_bandwidth(Bandwidth::As, Some(kbit.into()));
            section.set_bandwidth(Bandwidth::Tias, Some(u64::from(kbit) * 1_000));
        }
    }
}

fn most(kind: &str, media: &Media) -> u16 {
    match kind {
        "audio" => media.audio_kbit,
        "video" => media.video_kbit,
        _ => 0,
    }
}

fn ordered(kind: &str, media: &Media) -> Option<Array> {
    if media.preferred.is_empty() && media.removed.is_empty() {
        // The browser's own order, and in an answer that of the offer (RFC 3264 6.1).
        return Some(Array::new());
    }
    let receiver = Reflect::get(&js_sys::global(), &"RTCRtpReceiver".into()).ok()?;
    let capabilities = method(&receiver, "getCapabilities").ok()?.call1(&receiver, &kind.into()).ok()?;
    let known: Array = Reflect::get(&capabilities, &"codecs".into()).ok()?.dyn_into().ok()?;
    let rank = |name: &str| media.preferred.iter().position(|one| one.eq_ignore_ascii_case(name));
    let mut codecs: Vec<(usize, JsValue)> = Vec::new();
    for codec in known {
        let mime = Reflect::get(&codec, &"mimeType".into()).ok()?.as_string()?;
        let name = mime.split_once('/').map_or(mime.as_str(), |(_, name)| name);
        let removed = name.eq_ignore_ascii_case("CN") || media.removed.iter().any(|one| one.eq_ignore_ascii_case(name));
        if !removed {
            codecs.push((rank(name).unwrap_or(usize::MAX), codec));
        }
    }
    codecs.sort_by_key(|(rank, _)| *rank);
    Some(codecs.into_iter().map(|(_, codec)| codec).collect())
}

fn limit(transceiver: &RtcRtpTransceiver, media: &Media) -> Option<js_sys::Promise> {
    // What it will send may not be there yet: it is of the kind that it receives.
    let kind = transceiver.receiver().track().kind();
    let sends =
        matches!(transceiver.direction(), RtcRtpTransceiverDirection::Sendrecv | RtcRtpTransceiverDirection::Sendonly);
    if kind == "video" || !sends {
        return None;
    }
    let sender = transceiver.sender();
    let most = most(&kind, media);
    let parameters = sender.get_parameters();
    let encodings: Array = Reflect::get(&parameters, &"encodings".into()).ok()?.dyn_into().ok()?;
    let encoding: Object = encodings.get(0).dyn_into().ok()?;
    let name = JsValue::from_str("maxBitrate");
    let wanted = f64::from(most) * 1_000.0;
    if Reflect::get(&encoding, &name).ok()?.as_f64().unwrap_or(0.0) == wanted {
        return None;
    }
    if most == 0 {
        Reflect::delete_property(&encoding, &name).ok()?;
    } else {
        Reflect::set(&encoding, &name, &wanted.into()).ok()?;
    }
    Some(sender.set_parameters_with_parameters(&parameters))
}

fn method(of: &JsValue, name: &str) -> Result<Function, JsValue> {
    Reflect::get(of, &name.into())?.dyn_into()
}
