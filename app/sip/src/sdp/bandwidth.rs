use alloc::string::ToString as _;

use super::section::{Line, Section};
use super::{Media, SessionDescription};

/// How a bandwidth is counted (RFC 8866 5.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bandwidth {
    /// Kilobits a second, with all headers.
    As,
    /// Bits a second, of media alone (RFC 3890 6).
    Tias,
}

impl Bandwidth {
    const fn as_str(self) -> &'static str {
        match self {
            Self::As => "AS",
            Self::Tias => "TIAS",
        }
    }

    fn value(self, line: &Line) -> Option<&str> {
        let (kind, value) = line.value().split_once(':').filter(|_| line.letter() == b'b')?;
        kind.eq_ignore_ascii_case(self.as_str()).then_some(value)
    }

    fn read(self, section: &Section) -> Option<u64> {
        section.lines().find_map(|line| self.value(line))?.trim_ascii().parse().ok()
    }
}

impl Media {
    /// The most that the section may take, in the unit of `kind`.
    #[must_use]
    pub fn bandwidth(&self, kind: Bandwidth) -> Option<u64> {
        kind.read(self.section())
    }

    /// Sets the most that the section may take, in the unit of `kind`; `None` lifts it.
    pub fn set_bandwidth(&mut self, kind: Bandwidth, most: Option<u64>) {
        let section = self.section_mut();
        section.remove(&|line| kind.value(line).is_some());
        if let Some(most) = most {
            // Only `m=`, `i=`, `c=` and other `b=` may stand before it (RFC 8866 5).
            let before = |line: &Line| !matches!(line.letter(), b'm' | b'i' | b'c' | b'b');
            let place = section.place(&before).unwrap_or(usize::MAX);
            section.insert(place, &["b=", kind.as_str(), ":", &most.to_string()]);
        }
    }
}

impl SessionDescription {
    /// The most that the whole session may take, in the unit of `kind`.
    #[must_use]
    pub fn bandwidth(&self, kind: Bandwidth) -> Option<u64> {
        kind.read(&self.session)
    }
}
