use wasm_bindgen::{JsCast, JsValue};

/// What the browser counted of one connection so far (Identifiers for WebRTC's Statistics API), as far as it says so.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Statistics {
    /// How many packets arrived, of sound and pictures.
    pub(crate) arrived: u64,
    /// Of the sound that comes.
    pub(crate) sound: Sound,
    /// The part of our packets that did not arrive there, as the other end says.
    pub(crate) lost_there: Option<f64>,
    /// There and back, in milliseconds.
    pub(crate) round_trip: Option<f64>,
    /// Whether it goes through a relay, at either end.
    pub(crate) relayed: bool,
}

/// What was counted of the sound that comes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sound {
    /// How many packets arrived.
    pub(crate) arrived: u64,
    /// How many did not.
    pub(crate) lost: u64,
    /// How much the time varies that they take, in milliseconds.
    pub(crate) jitter: f64,
    /// What it is encoded with, in small letters.
    pub(crate) codec: String,
}

impl Statistics {
    /// Reads an `RTCStatsReport`.
    pub(crate) fn read(report: &js_sys::Map) -> Self {
        let mut statistics = Self::default();
        report.for_each(&mut |entry, _| match text(&entry, "type").as_str() {
            "inbound-rtp" => {
                let arrived = count(&entry, "packetsReceived");
                statistics.arrived += arrived;
                if text(&entry, "kind") == "audio" {
                    statistics.sound.arrived += arrived;
                    statistics.sound.lost += count(&entry, "packetsLost");
                    statistics.sound.jitter = number(&entry, "jitter").unwrap_or_default() * 1_000.0;
                    statistics.sound.codec = codec(&get(&report.get(&get(&entry, "codecId")), "mimeType"));
                }
            }
            "remote-inbound-rtp" if text(&entry, "kind") == "audio" => {
                statistics.lost_there = number(&entry, "fractionLost");
                let measured = number(&entry, "roundTripTime").map(|seconds| seconds * 1_000.0);
                statistics.round_trip = statistics.round_trip.or(measured);
            }
            "candidate-pair" if text(&entry, "state") == "succeeded" && get(&entry, "nominated").is_truthy() => {
                let measured = number(&entry, "currentRoundTripTime").map(|seconds| seconds * 1_000.0);
                statistics.round_trip = measured.or(statistics.round_trip);
                let relays = |end| text(&report.get(&get(&entry, end)), "candidateType") == "relay";
                statistics.relayed |= relays("localCandidateId") || relays("remoteCandidateId");
            }
            _ => {}
        });
        statistics
    }
}

fn get(entry: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(entry, &name.into()).unwrap_or_default()
}

fn text(entry: &JsValue, name: &str) -> String {
    get(entry, name).as_string().unwrap_or_default()
}

fn number(entry: &JsValue, name: &str) -> Option<f64> {
    get(entry, name).as_f64()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of floats saturates")]
fn count(entry: &JsValue, name: &str) -> u64 {
    number(entry, name).unwrap_or_default() as u64
}

/// `audio/opus` is `opus`.
fn codec(kind: &JsValue) -> String {
    let kind = kind.dyn_ref::<js_sys::JsString>().map(String::from).unwrap_or_default();
    kind.rsplit('/').next().unwrap_or_default().chars().take(16).collect::<String>().to_ascii_lowercase()
}
