use core::fmt;
use core::str::FromStr;

use crate::message::InvalidHeader;

/// A preference from 0 to 1 with three decimals: the `priority` of a presence contact (RFC 3863 4.1.5), the `q` of
/// a registered contact (RFC 3680 5.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Permille(u16);

impl Permille {
    /// So many thousandths; what is above 1000 is 1000.
    #[must_use]
    pub const fn new(thousandths: u16) -> Self {
        Self(if thousandths > 1000 { 1000 } else { thousandths })
    }

    /// The thousandths, 0 to 1000.
    #[must_use]
    pub const fn thousandths(self) -> u16 {
        self.0
    }
}

/// Reads `0.8`, also with a comma, as a server with a locale writes it, and with more decimals, which are cut off.
impl FromStr for Permille {
    type Err = InvalidHeader;

    fn from_str(text: &str) -> Result<Self, InvalidHeader> {
        let (whole, decimals) = text.trim().split_once(['.', ',']).unwrap_or((text.trim(), ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(decimals) {
            return Err(InvalidHeader::Syntax);
        }
        let mut thousandths = if whole.bytes().all(|byte| byte == b'0') { 0 } else { 1000 };
        for (digit, place) in decimals.bytes().zip([100, 10, 1]) {
            thousandths += u16::from(digit - b'0') * place;
        }
        Ok(Self::new(thousandths))
    }
}

impl fmt::Display for Permille {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1000.. => f.write_str("1"),
            0 => f.write_str("0"),
            thousandths => {
                let text = alloc::format!("0.{thousandths:03}");
                f.write_str(text.trim_end_matches('0'))
            }
        }
    }
}
