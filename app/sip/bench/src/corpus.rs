//! The messages. The files have plain line feeds; on the wire it is CRLF.

/// One message.
pub struct Sample {
    /// What it is.
    pub name: &'static str,
    /// As it comes from the wire.
    pub bytes: Vec<u8>,
}

macro_rules! samples {
    ($($name:literal)+) => {
        [$(Sample { name: $name, bytes: wire(include_str!(concat!("../corpus/", $name, ".sip"))) }),+]
    };
}

/// All messages, in the order of a call.
#[must_use]
pub fn samples() -> [Sample; 8] {
    samples!["register" "register-200" "invite" "180" "invite-200" "ack" "bye" "message"]
}

fn wire(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}
