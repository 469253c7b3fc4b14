//! The laws of bodies of several parts.

use super::document::fault;
use super::memory::{Bound, bounded};
use sip::body::limits;
use sip::body::multipart::{Wanted, compose, find, parse};
use sip::header::MediaType;
use sip::message::Headers;

/// The first line says the type, the rest is the body. Each level of nesting copies the parts.
const READ: Bound = Bound { per_byte: 64, fixed: 64 * 1024 };

/// One body with its type in the first line.
pub fn multipart(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (first, body) = (&data[..end], data.get(end + 1..).unwrap_or_default());
    let Ok(first) = std::str::from_utf8(first) else { return };
    let mut headers = Headers::new();
    if headers.push_raw("Content-Type", first.trim()).is_ok() {
        match bounded("multipart::find", data.len(), READ, || find(&headers, body, &Wanted::SESSION)) {
            Ok(Some(part)) => assert!(part.body.len() <= body.len()),
            Ok(None) => {}
            Err(error) => fault(body, &error),
        }
    }
    let Ok(media_type) = first.trim().parse::<MediaType>() else { return };
    match bounded("multipart::parse", data.len(), READ, || parse(&media_type, body)) {
        Ok(parts) => {
            assert!(parts.len() <= limits::PARTS);
            assert!(parts.iter().map(|part| part.body.len()).sum::<usize>() <= body.len());
            for part in &parts {
                let _ = (part.media_type(), part.disposition(), part.content_id(), part.transfer_encoding());
            }
            let composed = compose("mixed", &parts).expect("a token");
            let again = parse(&composed.media_type, &composed.body);
            assert_eq!(again.as_ref(), Ok(&parts), "{}", composed.body.escape_ascii());
        }
        Err(error) => fault(body, &error),
    }
}
