use app::phone::RecordingFailure;
use core::time::Duration;
use sip::Instant;
use std::rc::Rc;

/// How much of a recording may wait, in bytes: some three quarters of an hour.
const MOST: usize = 16 << 20;
/// The largest piece.
const LARGEST: usize = 1 << 20;
/// How long after one in vain the next try begins: first, and at most.
const FIRST: Duration = Duration::from_millis(250);
const LAST: Duration = Duration::from_secs(2);
/// After so many tries in vain a person is told.
const UNTOLD: u32 = 3;

/// A recording on its way to the server: its pieces go there in order, and each is kept and sent again until the server has
/// it. One that was sent stays as it is, as it may have come although its answer did not.
///
/// | Row | Stage | On | Next |
/// | --- | --- | --- | --- |
/// | UP0 | Idle | the first bytes | Asked: for a name |
/// | UP1 | Asked | the name, or that the piece is there | Idle |
/// | UP2 | Idle | bytes wait | Asked: to take them as the next piece |
/// | UP3 | Asked | no answer, or that the server is in trouble | Waiting |
/// | UP4 | Waiting | its time | Asked: the same again |
/// | UP5 | Asked | no | Refused: nothing is kept or sent any more |
/// | UP6 | any | too much waits | the same, and nothing more is taken |
/// | UP7 | Idle | it has ended, and nothing waits | over |
#[derive(Debug, Default)]
pub(crate) struct Upload {
    stage: Stage,
    /// What the server calls it.
    name: Option<String>,
    /// The piece that is sent until it is there.
    piece: Option<Piece>,
    /// What follows it.
    waiting: Vec<u8>,
    /// How long the recording is with that, in milliseconds.
    until: u32,
    /// The number of the next piece.
    next: u32,
    /// How many tries were in vain.
    tries: u32,
    /// No more is taken.
    closed: Option<Closed>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Idle,
    Asked,
    Waiting {
        until: Instant,
    },
    Refused(RecordingFailure),
}

/// Why no more is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closed {
    /// It has ended.
    Ended,
    /// Too much waits.
    Full,
}

/// A piece of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Which, counted from 0.
    pub(crate) number: u32,
    /// How long the recording is with it, in milliseconds.
    pub(crate) until: u32,
    /// Some of the file.
    pub(crate) bytes: Rc<[u8]>,
}

/// What the server is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// For the name of a new recording.
    Name,
    /// To take this piece of the recording with this name.
    Take(String, Piece),
}

/// What it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The recording has this name.
    Name(String),
    /// The piece is there.
    Taken,
    /// Nothing, or that it is in trouble.
    Nothing,
    /// No.
    No(RecordingFailure),
}

impl Upload {
    /// More of the recording, which is so long with it, in milliseconds.
    pub(crate) fn push(&mut self, bytes: &[u8], until: u32) {
        if self.closed.is_some() || self.failure().is_some() {
            return;
        }
        if self.waiting.len() + bytes.len() > MOST {
            self.closed = Some(Closed::Full);
            return;
        }
        self.waiting.extend_from_slice(bytes);
        self.until = self.until.max(until);
    }

    /// Nothing follows.
    pub(crate) fn end(&mut self) {
        self.closed.get_or_insert(Closed::Ended);
    }

    /// What the server is to be asked now; told once.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Ask> {
        match self.stage {
            Stage::Idle => {}
            Stage::Waiting { until } if until <= now => {}
            Stage::Waiting { .. } | Stage::Asked | Stage::Refused(_) => return None,
        }
        if self.piece.is_none() && self.waiting.is_empty() {
            return None;
        }
        self.stage = Stage::Asked;
        let Some(name) = self.name.clone() else { return Some(Ask::Name) };
        Some(Ask::Take(name, self.piece().clone()))
    }

    /// What the server said to what it was asked last.
    pub(crate) fn said(&mut self, said: Said, now: Instant) {
        if self.stage != Stage::Asked {
            return;
        }
        self.stage = Stage::Idle;
        match said {
            Said::Name(name) => self.name = Some(name),
            Said::Taken => {
                self.piece = None;
                self.next += 1;
            }
            Said::Nothing => {
                let wait = FIRST.saturating_mul(1 << self.tries.min(8)).min(LAST);
                self.tries = self.tries.saturating_add(1);
                self.stage = Stage::Waiting { until: now + wait };
                return;
            }
            Said::No(failure) => {
                self.stage = Stage::Refused(failure);
                (self.piece, self.waiting) = (None, Vec::new());
            }
        }
        self.tries = 0;
    }

    /// When [`Upload::poll`] is due, if it is then.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Waiting { until } => Some(until),
            Stage::Idle | Stage::Asked | Stage::Refused(_) => None,
        }
    }

    /// Why it does not go on, if it does not.
    pub(crate) fn failure(&self) -> Option<RecordingFailure> {
        match (self.stage, self.closed) {
            (Stage::Refused(failure), _) => Some(failure),
            (_, Some(Closed::Full)) => Some(RecordingFailure::TooMuch),
            (Stage::Idle | Stage::Asked | Stage::Waiting { .. }, Some(Closed::Ended) | None) => None,
        }
    }

    /// Whether some of it waits here for longer than a moment.
    pub(crate) const fn is_late(&self) -> bool {
        self.tries >= UNTOLD
    }

    /// Whether there is nothing left to do.
    pub(crate) fn is_over(&self) -> bool {
        match self.stage {
            Stage::Refused(_) => true,
            Stage::Idle => self.closed.is_some() && self.piece.is_none() && self.waiting.is_empty(),
            Stage::Asked | Stage::Waiting { .. } => false,
        }
    }

    /// The piece that is to be sent: the one before until it is there, then the next one.
    fn piece(&mut self) -> &Piece {
        let (waiting, until, number) = (&mut self.waiting, self.until, self.next);
        self.piece.get_or_insert_with(|| {
            let rest = waiting.split_off(waiting.len().min(LARGEST));
            let bytes = core::mem::replace(waiting, rest).into();
            Piece { number, until, bytes }
        })
    }
}

#[cfg(test)]
mod tests;
