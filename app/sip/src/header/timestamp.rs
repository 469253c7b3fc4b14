use alloc::format;
use core::fmt;

use nom::Parser as _;
use nom::bytes::complete::take_while;
use nom::character::complete::{char, digit1};
use nom::combinator::{opt, recognize};
use nom::sequence::{pair, preceded};

use super::grammar::{Parsed, white1, whole};
use super::header_text;
use crate::message::{Header, HeaderName, Malformed, Text};

/// When a request was sent, by a clock of the sender's own; a response gives it back, with how long the answer took
/// (RFC 3261 20.38). The digits are kept as they are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp {
    time: Text,
    delay: Option<Text>,
}

impl Timestamp {
    /// The header of this moment, in milliseconds.
    #[must_use]
    pub fn new(millis: u64) -> Self {
        Self { time: decimal(millis), delay: None }
    }

    /// The same in the response, with how many milliseconds passed until it was sent.
    #[must_use]
    pub fn with_delay(mut self, millis: u64) -> Self {
        self.delay = Some(decimal(millis));
        self
    }

    /// The moment in milliseconds, rounded down; what does not fit is the largest number that does.
    #[must_use]
    pub fn millis(&self) -> u64 {
        millis(&self.time)
    }

    /// How many milliseconds the answer took, rounded down; `None` if that is not said.
    #[must_use]
    pub fn delay_millis(&self) -> Option<u64> {
        self.delay.as_deref().map(millis)
    }
}

/// Seconds with a fraction, as milliseconds.
fn millis(decimal: &str) -> u64 {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let thousandths = fraction.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(u64::MAX) };
    whole.saturating_mul(1000).saturating_add(thousandths)
}

fn decimal(millis: u64) -> Text {
    Text::lossy(&format!("{}.{:03}", millis / 1000, millis % 1000))
}

/// 1*DIGIT [ "." *DIGIT ]
fn digits(input: &str) -> Parsed<'_, &str> {
    recognize(pair(digit1, opt(fraction))).parse(input)
}

/// *DIGIT [ "." *DIGIT ]
fn delay(input: &str) -> Parsed<'_, &str> {
    nom::branch::alt((digits, fraction)).parse(input)
}

fn fraction(input: &str) -> Parsed<'_, &str> {
    recognize(preceded(char('.'), take_while(|c: char| c.is_ascii_digit()))).parse(input)
}

impl Header for Timestamp {
    const NAME: HeaderName = HeaderName::Timestamp;
    const LIST: bool = false;

    fn parse(value: &str) -> Result<Self, Malformed> {
        let mut rule = pair(digits, opt(preceded(white1, delay)));
        let (time, delay) = whole(value, |input| rule.parse(input))?;
        Ok(Self { time: Text::lossy(time), delay: delay.map(Text::lossy) })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.time)?;
        match &self.delay {
            Some(delay) => write!(f, " {delay}"),
            None => Ok(()),
        }
    }
}

header_text!(Timestamp);
