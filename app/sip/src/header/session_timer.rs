//! Session timers (RFC 4028).

use core::fmt;

use super::grammar::{params, seconds, white, whole};
use super::header_text;
use crate::message::{Header, HeaderName, Malformed};
use crate::uri::Params;

/// For how long a session is good without a refresh (RFC 4028 4).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionExpires {
    /// Seconds; what does not fit is the largest number that does.
    pub seconds: u32,
    /// `;refresher=uac`
    pub params: Params,
}

/// The shortest session interval that is accepted (RFC 4028 5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MinSe {
    /// Seconds; what does not fit is the largest number that does.
    pub seconds: u32,
    /// What else is said.
    pub params: Params,
}

/// Who refreshes a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refresher {
    /// The one who sent the request.
    Uac,
    /// The one who answers it.
    Uas,
}

impl SessionExpires {
    /// Who is to refresh; `None` if that is still open.
    #[must_use]
    pub fn refresher(&self) -> Option<Refresher> {
        let refresher = self.params.value("refresher")?;
        [Refresher::Uac, Refresher::Uas].into_iter().find(|known| refresher.eq_ignore_ascii_case(known.as_str()))
    }

    /// The same with this one to refresh.
    #[must_use]
    pub fn with_refresher(mut self, refresher: Refresher) -> Self {
        // Name and value are tokens.
        let _ = self.params.set("refresher", Some(refresher.as_str()));
        self
    }
}

impl MinSe {
    /// What holds when nothing is said, and the least that may be (RFC 4028 5).
    pub const DEFAULT: u32 = 90;
}

impl Refresher {
    /// `uac` or `uas`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uac => "uac",
            Self::Uas => "uas",
        }
    }
}

macro_rules! intervals {
    ($($header:ident)+) => {$(
        impl $header {
            /// The header of so many seconds.
            #[must_use]
            pub const fn new(seconds: u32) -> Self {
                Self { seconds, params: Params::new() }
            }
        }

        impl Header for $header {
            const NAME: HeaderName = HeaderName::$header;
            const LIST: bool = false;

            fn parse(value: &str) -> Result<Self, Malformed> {
                let (seconds, params) = read(value)?;
                Ok(Self { seconds, params })
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", self.seconds, self.params)
            }
        }

        header_text!($header);
    )+};
}

intervals!(SessionExpires MinSe);

/// delta-seconds *(SEMI generic-param)
fn read(value: &str) -> Result<(u32, Params), Malformed> {
    whole(value, |input| {
        let (rest, seconds) = seconds(input)?;
        let (rest, _) = white(rest)?;
        let (rest, params) = params(rest)?;
        Ok((rest, (seconds, params)))
    })
}
