use super::{Media, SessionDescription};

/// Which way media flows, seen from who wrote the description (RFC 8866 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// Only out.
    SendOnly,
    /// Only in.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    const ALL: [Self; 4] = [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive];

    /// The name of the attribute.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction of these two.
    #[must_use]
    pub const fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether who wrote it sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether who wrote it wants to receive.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// What it is on hold: nothing is received any more (RFC 3264 8.4).
    #[must_use]
    pub const fn held(self) -> Self {
        Self::new(self.sends(), false)
    }

    /// What it is when nothing is sent any more.
    #[must_use]
    pub const fn silenced(self) -> Self {
        Self::new(false, self.receives())
    }

    /// What it is when the hold is over: it is received again.
    #[must_use]
    pub const fn resumed(self) -> Self {
        Self::new(self.sends(), true)
    }

    /// The same flow, seen from the other end.
    #[must_use]
    pub const fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What an answer says that would like to be `wanted`, when this was offered (RFC 3264 6.1).
    #[must_use]
    pub const fn answered_with(self, wanted: Self) -> Self {
        Self::new(wanted.sends() && self.receives(), wanted.receives() && self.sends())
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.as_str() == name)
    }
}

impl Media {
    /// The direction that the section itself says. Of several the last counts, as in browsers.
    #[must_use]
    pub fn own_direction(&self) -> Option<Direction> {
        last_direction(self.section())
    }

    /// Sets the direction, in the place of the one that is there, or at the end.
    pub fn set_direction(&mut self, direction: Direction) {
        let section = self.section_mut();
        let is_direction = |name: &str| Direction::named(name).is_some();
        match section.place(&|line| line.attribute().is_some_and(|(name, _)| is_direction(name))) {
            Some(place) => {
                section.replace(place, &["a=", direction.as_str()]);
                let mut kept = false;
                section.retain_attributes(&mut |name, _| !is_direction(name) || !core::mem::replace(&mut kept, true));
            }
            None => section.push(&["a=", direction.as_str()]),
        }
    }
}

impl SessionDescription {
    /// The direction of a media section: its own, or the session's, or `sendrecv` (RFC 8866 6.7). A hold that is said
    /// with the address 0.0.0.0 (RFC 2543 B.5, RFC 3264 8.4) is understood. `None` if there is no such section.
    #[must_use]
    pub fn direction(&self, index: usize) -> Option<Direction> {
        let media = self.media.get(index)?;
        let said = media.own_direction().or_else(|| last_direction(&self.session)).unwrap_or(Direction::SendRecv);
        Some(if self.is_held_by_address(index) { said.held() } else { said })
    }

    /// Whether a media section is held with the address 0.0.0.0, as it was done before there were directions. Together
    /// with ICE and port 9 that address says only that no candidate is known yet (RFC 8840 4.1.1).
    #[must_use]
    pub fn is_held_by_address(&self, index: usize) -> bool {
        let Some(media) = self.media.get(index) else { return false };
        let address = media.section().value(b'c').or_else(|| self.session.value(b'c')).unwrap_or_default();
        let null = matches!(address.split_ascii_whitespace().next_back(), Some("0.0.0.0" | "::"));
        let unknown = media.port() == 9 && self.transport(index).is_some_and(|transport| transport.ufrag.is_some());
        null && media.port() != 0 && !unknown
    }

    /// Gives each media section the direction that holds for it, and takes the session's away: readers disagree about
    /// which of the two counts. A hold by address becomes one by direction; the address stays.
    pub fn move_directions_down(&mut self) {
        let of_session = last_direction(&self.session);
        for index in 0..self.media.len() {
            let direction = self.direction(index);
            let held = self.is_held_by_address(index);
            if let (Some(direction), Some(media)) = (direction, self.media.get_mut(index)) {
                let said = media.own_direction();
                if (said.is_none() && of_session.is_some()) || (held && said != Some(direction)) {
                    media.set_direction(direction);
                }
            }
        }
        self.session.retain_attributes(&mut |name, _| Direction::named(name).is_none());
    }

    /// Whether who wrote it sends a picture.
    #[must_use]
    pub fn shows_picture(&self) -> bool {
        let live = |media: &Media| media.is_video() && !media.is_rejected();
        let mut sections = self.media.iter().enumerate().filter(|(_, media)| live(media));
        sections.any(|(index, _)| self.direction(index).is_some_and(Direction::sends))
    }

    /// Puts all media on hold, by direction alone: the address and the candidates stay, without which nobody could
    /// go on afterwards (RFC 3264 8.4).
    pub fn hold(&mut self) {
        self.turn(Direction::held);
    }

    /// Sends none of the media any more, by direction alone.
    pub fn silence(&mut self) {
        self.turn(Direction::silenced);
    }

    /// Ends [the hold](Self::hold) of all media.
    pub fn resume(&mut self) {
        self.turn(Direction::resumed);
    }

    fn turn(&mut self, how: fn(Direction) -> Direction) {
        self.move_directions_down();
        for media in self.media.iter_mut().filter(|media| !media.is_rejected()) {
            let before = media.own_direction().unwrap_or(Direction::SendRecv);
            if how(before) != before {
                media.set_direction(how(before));
            }
        }
    }
}

fn last_direction(section: &super::Section) -> Option<Direction> {
    section.lines().filter_map(super::Line::attribute).filter_map(|(name, _)| Direction::named(name)).next_back()
}
