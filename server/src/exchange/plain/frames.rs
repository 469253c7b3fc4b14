//! Messages of a stream, told apart by Content-Length (RFC 3261 18.3).

use sip::message::limits;

/// The end of the headers.
const BLANK: &[u8] = b"\r\n\r\n";

/// What came and is no whole message yet.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// Up to where no end of the headers was found.
    searched: usize,
}

/// What follows cannot be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    /// A message is larger than any may be.
    #[error("a SIP message has 64 KiB at most")]
    TooLarge,
    /// A Content-Length that is no number.
    #[error("a message says no length that can be understood")]
    Length,
}

impl Frames {
    /// More came.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message, or keep-alive (RFC 5626 3.5.1).
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        if self.bytes.starts_with(BLANK) {
            return Ok(Some(self.take(BLANK.len())));
        }
        // A pong, or a line end before a message (RFC 3261 7.5).
        while self.bytes.starts_with(b"\r\n") && self.bytes.get(2).is_some_and(|byte| *byte != b'\r') {
            self.take(2);
        }
        let from = self.searched.saturating_sub(BLANK.len() - 1);
        let found = self.bytes.get(from..).unwrap_or_default().windows(BLANK.len()).position(|bytes| bytes == BLANK);
        let Some(head) = found.map(|at| from + at + BLANK.len()) else {
            self.searched = self.bytes.len();
            return if self.bytes.len() > limits::HEADER_SECTION { Err(Broken::TooLarge) } else { Ok(None) };
        };
        let length = self.bytes.get(..head).map_or(Ok(0), content_length)?;
        let whole = head.checked_add(length).filter(|whole| *whole <= limits::MESSAGE).ok_or(Broken::TooLarge)?;
        Ok((self.bytes.len() >= whole).then(|| self.take(whole)))
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        self.searched = 0;
        self.bytes.drain(..length).collect()
    }
}

/// What a head says of its body; none when it says nothing (RFC 3261 20.14 asks for it).
fn content_length(head: &[u8]) -> Result<usize, Broken> {
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = line.split_at(colon);
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l") {
            let digits = value.get(1..).and_then(|value| std::str::from_utf8(value.trim_ascii()).ok());
            return digits.and_then(|digits| digits.parse().ok()).ok_or(Broken::Length);
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BYE: &str = "BYE sip:a SIP/2.0\r\nVia: x\r\n\r\n";
    const INVITE: &str = "INVITE sip:a SIP/2.0\r\nl : 5\r\nVia: x\r\n\r\nv=0\r\n";

    fn all(frames: &mut Frames) -> Vec<String> {
        std::iter::from_fn(|| frames.next().unwrap()).map(|bytes| String::from_utf8(bytes).unwrap()).collect()
    }

    proptest! {
        #[test]
        fn messages_are_the_same_however_they_come(cuts in proptest::collection::vec(1_usize..20, 1..60)) {
            let stream = [BYE, "\r\n\r\n", INVITE, "\r\n", BYE].concat();
            let (mut frames, mut found, mut rest) = (Frames::default(), Vec::new(), stream.as_bytes());
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*cut));
                frames.extend(now);
                found.extend(all(&mut frames));
                rest = later;
                if rest.is_empty() { break }
            }
            prop_assert_eq!(found, [BYE, "\r\n\r\n", INVITE, BYE]);
        }
    }

    #[test]
    fn what_has_no_end_is_refused() {
        let broken = |text: &str| {
            let mut frames = Frames::default();
            frames.extend(text.as_bytes());
            frames.next().unwrap_err()
        };
        assert_eq!(broken(&"a".repeat(limits::HEADER_SECTION + 1)), Broken::TooLarge);
        assert_eq!(broken("BYE sip:a SIP/2.0\r\nContent-Length: 65536\r\n\r\n"), Broken::TooLarge);
        assert_eq!(broken(&format!("BYE sip:a SIP/2.0\r\nContent-Length: {}\r\n\r\n", usize::MAX)), Broken::TooLarge);
        for length in ["-1", "", "five", "1, 2"] {
            assert_eq!(broken(&format!("BYE sip:a SIP/2.0\r\nContent-Length: {length}\r\n\r\n")), Broken::Length);
        }
    }
}
