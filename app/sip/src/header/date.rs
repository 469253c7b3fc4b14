use core::fmt;

use nom::Parser as _;
use nom::bytes::complete::{tag, take};
use nom::combinator::{map_opt, verify};

use super::grammar::{Parsed, whole};
use crate::message::{Header, HeaderName, Malformed};

/// When a message was first sent (RFC 3261 20.17): `Sat, 13 Nov 2010 23:29:00 GMT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    unix: u64,
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;

impl Date {
    /// The moment so many seconds after the beginning of 1970, in UTC; the year ends at 9999.
    #[must_use]
    pub const fn from_unix(seconds: u64) -> Self {
        Self { unix: if seconds < LAST { seconds } else { LAST } }
    }

    /// Seconds since the beginning of 1970, in UTC.
    #[must_use]
    pub const fn as_unix(self) -> u64 {
        self.unix
    }
}

fn date(input: &str) -> Parsed<'_, Date> {
    let (rest, weekday) = index_of(&DAYS, input)?;
    let (rest, _) = tag(", ").parse(rest)?;
    let (rest, (day, _, month, _, year, _)) =
        (digits(2), tag(" "), |input| index_of(&MONTHS, input), tag(" "), digits(4), tag(" ")).parse(rest)?;
    let (rest, (hour, _, minute, _, second, _)) =
        (digits(2), tag(":"), digits(2), tag(":"), digits(2), tag(" GMT")).parse(rest)?;
    let days = days_before(year, month) + day.saturating_sub(1);
    let next_month = if month == 11 { days_before(year + 1, 0) } else { days_before(year, month + 1) };
    // 1970 began on a Thursday.
    let fits = year >= 1970 && day >= 1 && days < next_month && (days + 3) % 7 == weekday;
    if !fits || hour > 23 || minute > 59 || second > 60 {
        return Err(nom::Err::Error(nom::error::Error::new(input, nom::error::ErrorKind::Verify)));
    }
    Ok((rest, Date::from_unix(((days * 24 + hour) * 60 + minute) * 60 + second)))
}

/// A number of so many digits.
fn digits(count: usize) -> impl FnMut(&str) -> Parsed<'_, u64> {
    move |input| {
        let all_digits = verify(take(count), |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()));
        map_opt(all_digits, |text: &str| text.parse().ok()).parse(input)
    }
}

/// Three letters, as their place in a list; they have no case.
fn index_of<'a>(names: &[&str], input: &'a str) -> Parsed<'a, u64> {
    map_opt(take(3_usize), |text: &str| {
        names.iter().position(|name| name.eq_ignore_ascii_case(text)).and_then(|index| u64::try_from(index).ok())
    })
    .parse(input)
}

/// Days from the beginning of 1970 to that of a month; January is 0.
fn days_before(year: u64, month: u64) -> u64 {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let leaps_before = |year: u64| year / 4 - year / 100 + year / 400;
    let past = year.saturating_sub(1970) * 365 + leaps_before(year.max(1970) - 1) - leaps_before(1969);
    let in_year = usize::try_from(month).ok().and_then(|month| BEFORE.get(month)).copied().unwrap_or(0);
    past + in_year + u64::from(leap && month > 1)
}

impl Header for Date {
    const NAME: HeaderName = HeaderName::Date;
    const LIST: bool = false;

    fn parse(value: &str) -> Result<Self, Malformed> {
        whole(value, date)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |names: &[&'static str], index: u64| {
            usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
        };
        let days = self.unix / 86_400;
        // The year by its average length, which may be one too many.
        let guess = 1970 + days * 400 / 146_097;
        let year = if days_before(guess, 0) > days { guess - 1 } else { guess };
        let year = if days_before(year + 1, 0) <= days { year + 1 } else { year };
        let month = (0..12).rev().find(|month| days_before(year, *month) <= days).unwrap_or(0);
        let day = days - days_before(year, month) + 1;
        let (hour, minute, second) = (self.unix / 3600 % 24, self.unix / 60 % 60, self.unix % 60);
        let (weekday, month) = (name(&DAYS, (days + 3) % 7), name(&MONTHS, month));
        write!(f, "{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }
}

super::header_text!(Date);
