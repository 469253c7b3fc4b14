//! How long a recording is, written into it: browsers write WebM as something that never ends, and a player of that can
//! neither show how long it is nor be moved about in it.

/// The ids of the elements that are looked at (RFC 8794, RFC 9559).
const EBML: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const VOID: u32 = 0xEC;
const TIMESTAMP_SCALE: u32 = 0x002A_D7B1;
const DURATION: u32 = 0x4489;

/// Times are milliseconds: a million nanoseconds.
const MILLISECOND: u64 = 1_000_000;
/// An element with the duration: id, size, and eight bytes that are written later.
const ELEMENT: [u8; 11] = [0x44, 0x89, 0x88, 0, 0, 0, 0, 0, 0, 0, 0];

/// How long a recording is, and where in its file that is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Duration {
    /// The place of its first byte.
    pub(super) at: u64,
    /// How long.
    pub(super) milliseconds: i64,
}

impl Duration {
    /// As it is written: a float of eight bytes.
    pub(super) fn bytes(self) -> [u8; 8] {
        f64::from(u32::try_from(self.milliseconds).unwrap_or(u32::MAX)).to_be_bytes()
    }
}

/// The first piece with a place for the duration, and where this place is. What is not as browsers write it stays as it is.
pub(super) fn prepare(piece: Vec<u8>) -> (Vec<u8>, Option<u64>) {
    match place(&piece) {
        Some(Place::Known(at)) => (piece, u64::try_from(at).ok()),
        Some(Place::New { size, content, end }) => {
            let (Some(before), Some(within), Some(after)) =
                (piece.get(..size), piece.get(content..end), piece.get(end..))
            else {
                return (piece, None);
            };
            let length = (within.len() + ELEMENT.len()) as u64;
            let mut prepared = before.to_vec();
            // Eight bytes can say every size.
            prepared.extend((length | 1 << 56).to_be_bytes());
            prepared.extend(within);
            prepared.extend(ELEMENT);
            let at = prepared.len() - 8;
            prepared.extend(after);
            (prepared, u64::try_from(at).ok())
        }
        None => (piece, None),
    }
}

/// Where the duration belongs.
enum Place {
    /// It stands there already, in eight bytes.
    Known(usize),
    /// At the end of what is said of the segment, whose size is said there.
    New { size: usize, content: usize, end: usize },
}

fn place(bytes: &[u8]) -> Option<Place> {
    let header = element(bytes, 0).filter(|header| header.id == EBML)?;
    let segment = element(bytes, header.end?).filter(|segment| segment.id == SEGMENT && segment.end.is_none())?;
    let mut at = segment.content;
    // Nothing else may stand before it: what points to places would be wrong.
    let info = loop {
        let next = element(bytes, at)?;
        match next.id {
            INFO => break next,
            VOID => at = next.end?,
            _ => return None,
        }
    };
    let end = info.end.filter(|end| *end <= bytes.len())?;
    at = info.content;
    while at < end {
        let child = element(bytes, at)?;
        let next = child.end?;
        match child.id {
            TIMESTAMP_SCALE if number(bytes.get(child.content..next)?) != MILLISECOND => return None,
            DURATION => return (next - child.content == 8).then_some(Place::Known(child.content)),
            _ => at = next,
        }
    }
    Some(Place::New { size: info.size, content: info.content, end })
}

/// One element; `end` is `None` while it is not known.
struct Element {
    id: u32,
    size: usize,
    content: usize,
    end: Option<usize>,
}

fn element(bytes: &[u8], at: usize) -> Option<Element> {
    let first = *bytes.get(at)?;
    let length = first.leading_zeros() as usize + 1;
    let id = (length <= 4).then(|| bytes.get(at..at + length)).flatten()?;
    let size = at + length;
    let first = *bytes.get(size)?;
    let length = first.leading_zeros() as usize + 1;
    let content = size + length;
    let said = (length <= 8).then(|| bytes.get(size..content)).flatten()?;
    let most = (1_u64 << (7 * length)) - 1;
    let said = number(said) & most;
    // All ones: it goes on until nothing follows.
    let end = (said != most).then(|| usize::try_from(said).ok()?.checked_add(content)).flatten();
    if said != most && end.is_none() {
        return None;
    }
    Some(Element { id: u32::try_from(number(id)).ok()?, size, content, end })
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Chromium begins a recording.
    fn begun(info: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x1A, 0x45, 0xDF, 0xA3, 0x84, 1, 2, 3, 4];
        bytes.extend([0x18, 0x53, 0x80, 0x67, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        bytes.extend([0x15, 0x49, 0xA9, 0x66, 0x80 | u8::try_from(info.len()).unwrap()]);
        bytes.extend(info);
        bytes.extend([0x16, 0x54, 0xAE, 0x6B, 0x80]);
        bytes
    }

    const SCALE: [u8; 7] = [0x2A, 0xD7, 0xB1, 0x83, 0x0F, 0x42, 0x40];

    #[test]
    fn a_place_for_the_duration_is_made_where_there_is_none() {
        let (bytes, at) = prepare(begun(&SCALE));
        let at = usize::try_from(at.unwrap()).unwrap();
        assert_eq!(&bytes[at - 3..at + 8], &ELEMENT);
        assert_eq!(&bytes[at + 8..], &[0x16, 0x54, 0xAE, 0x6B, 0x80], "what follows is as it was");
        let Some(Place::Known(known)) = place(&bytes) else { panic!("it is not found again") };
        assert_eq!(known, at);
        assert_eq!(Duration { at: 0, milliseconds: 1_500 }.bytes(), 1_500.0_f64.to_be_bytes());
    }

    #[test]
    fn one_that_is_there_is_used() {
        let info = [&SCALE[..], &ELEMENT].concat();
        let (bytes, at) = prepare(begun(&info));
        assert_eq!(bytes, begun(&info));
        assert_eq!(usize::try_from(at.unwrap()).unwrap(), begun(&info).len() - 13);
    }

    #[test]
    fn what_is_otherwise_stays_as_it_is() {
        let whole = begun(&SCALE);
        let mut finite = whole.clone();
        finite[13..21].copy_from_slice(&[1, 0, 0, 0, 0, 0, 0, 60]);
        let mut seconds = whole.clone();
        seconds[30] = 0;
        for bytes in [b"first".to_vec(), Vec::new(), whole[..30].to_vec(), finite, seconds, vec![0; 40], vec![0xFF; 40]]
        {
            assert_eq!(prepare(bytes.clone()), (bytes, None));
        }
        for length in 0..whole.len() {
            let _ = prepare(whole[..length].to_vec());
        }
    }
}
