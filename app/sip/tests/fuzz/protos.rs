//! The classes of the PROTOS test suite for SIP (c07-sip): in every place of a request, what should not be there.

use super::bodies::{header, message, refusal, uri};
use super::mutate::anomalies;
use super::tried;

/// A request by its pieces: the separators belong to the pieces after them.
const INVITE: &str = "INVITE| sip:|bob|@|example.com|:|5060|;|transport|=|ws|?|a|=|b| SIP/|2|.|0|\r\n\
    Via|: |SIP|/|2.0|/|WS| |a.invalid|:|5060|;|branch|=|z9hG4bK1|;|rport|\r\n\
    Max-Forwards|: |70|\r\n\
    From|: |\"|Alice|\" <|sip:|alice|@|example.com|>;|tag|=|1|\r\n\
    To|: |<|sip:|bob|@|example.com|>|\r\n\
    Call-ID|: |a84b4c76e66710|@|a.invalid|\r\n\
    CSeq|: |314159| |INVITE|\r\n\
    Contact|: |<|sip:|alice|@|a.invalid|;|transport|=|ws|>;|expires|=|60|;|q|=|0.5|\r\n\
    Route|: |<|sip:|p.example.com|;|lr|>, <|sip:|q.example.com|;|lr|>|\r\n\
    Expires|: |180|\r\n\
    Allow|: |INVITE|, |ACK|\r\n\
    Supported|: |path|, |outbound|\r\n\
    Date|: |Sat|, |13| |Nov| |2010| |23|:|29|:|00| GMT|\r\n\
    Retry-After|: |5| (|a (b)|);|duration|=|60|\r\n\
    Warning|: |399| |a.invalid| \"|text|\"|\r\n\
    Reason|: |SIP| ;|cause|=|200|;text=\"|Call completed elsewhere|\"|\r\n\
    Authorization|: |Digest| |username|=\"|alice|\", |realm|=\"|tabphone|\", |nonce|=\"|1|\", |uri|=\"|sip:b|\", |response|=\"|0|\", |nc|=|00000001|, |qop|=|auth|\r\n\
    Content-Type|: |application|/|sdp|;|charset|=|utf-8|\r\n\
    Content-Length|: |4|\r\n|\r\n|v=0|\r|\n";

#[test]
fn every_piece_of_a_request_may_be_anything() {
    let pieces: Vec<&[u8]> = INVITE.split('|').map(str::as_bytes).collect();
    message::message(&pieces.concat());
    let anomalies = anomalies();
    // Long runs are tried by the tests of values; here a few do. In an ordinary run one of five is tried.
    let short = anomalies.iter().filter(|anomaly| anomaly.len() < 300).enumerate();
    let all = std::env::var_os("FUZZ_CASES").is_some();
    for (index, anomaly) in short {
        for place in (0..pieces.len()).filter(|place| all || (place + index) % 5 == 0) {
            let mut damaged = pieces.clone();
            damaged[place] = anomaly;
            let damaged = damaged.concat();
            tried(if place % 8 == 0 { refusal::refusal } else { message::message }, &damaged);
        }
    }
}

#[test]
fn every_line_of_a_request_may_be_missing_or_there_twice() {
    let whole = INVITE.replace('|', "");
    let lines: Vec<&str> = whole.split_inclusive("\r\n").collect();
    for one in 0..lines.len() {
        let mut missing = lines.clone();
        missing.remove(one);
        tried(message::message, missing.concat().as_bytes());
        for two in 0..=lines.len() {
            let mut twice = lines.clone();
            twice.insert(two, lines[one]);
            tried(message::message, twice.concat().as_bytes());
        }
    }
}

#[test]
fn a_value_or_uri_may_be_anything() {
    let whole = INVITE.replace('|', "");
    let values: Vec<&str> = whole.split("\r\n").filter_map(|line| Some(line.split_once(": ")?.1)).collect();
    for anomaly in anomalies() {
        for number in 0..header::TYPES.len() {
            let number = u8::try_from(number).unwrap();
            tried(header::header, &[&[number], anomaly.as_slice()].concat());
            let value = values[usize::from(number) % values.len()].as_bytes();
            for at in [0, value.len() / 3, value.len() / 2, value.len()] {
                tried(header::header, &[&[number], &value[..at], &anomaly, &value[at..]].concat());
            }
        }
        for real in ["sip:bob:secret@example.com:5060;transport=ws?a=b", "sips:[::1]:5061;lr", "tel:+1-2;ext=3"] {
            for at in 0..=real.len() {
                tried(uri::uri, &[&real.as_bytes()[..at], &anomaly, &real.as_bytes()[at..]].concat());
            }
        }
    }
}
