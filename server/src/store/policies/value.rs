use crate::store::calling::LONGEST_NUMBER;
use app::media::{AutoAnswer, Digits, Recording};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The codecs that carry sound by themselves.
pub(super) const AUDIO: [&str; 4] = ["opus", "G722", "PCMU", "PCMA"];
/// All that browsers know and an administrator may order or take away.
const CODECS: [&str; 13] =
    ["opus", "G722", "PCMU", "PCMA", "red", "VP8", "VP9", "H264", "H265", "AV1", "ulpfec", "flexfec-03", "rtx"];

/// How many numbers may call and be answered without anybody.
const MOST_NUMBERS: usize = 64;

/// Which ICE servers are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ice {
    /// None: everybody is on one network.
    None,
    /// All that the server knows.
    All,
    /// All, and sound goes over a relay only.
    Relay,
}

/// Some codecs, by the names of their encodings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codecs(Vec<&'static str>);

/// Not what can be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// Not one of the ways.
    #[error("say none (everybody is on one network), all, relay (sound goes over TURN only), or default")]
    Ice,
    /// Not a switch.
    #[error("say on, off, or default")]
    Switch,
    /// Not one of the kinds.
    #[error("say auto, rtp, info, or default")]
    Digits,
    /// Neither a word nor numbers.
    #[error("say off, domain (everybody here), at most {MOST_NUMBERS} extensions with commas between them, or default")]
    AutoAnswer,
    /// Not one of the ways.
    #[error("say off, allowed, announced (the other end hears a tone), or default")]
    Recording,
    /// Not a number.
    #[error("say a number of 1 to {LONGEST_NUMBER} digits, letters, or any of * # + . _ -; none, or default")]
    Voicemail,
    /// Not a codec.
    #[error("{name:?} is no codec of browsers: say some of {all}, with commas between them, none, or default", all = CODECS.join(", "))]
    Codec {
        /// What was said.
        name: String,
    },
    /// Named more than once.
    #[error("{0} is named twice")]
    Twice(&'static str),
    /// All sound would be gone.
    #[error("a call needs a codec for sound: do not take away all of {}", AUDIO.join(", "))]
    NoSound,
    /// Not a number within its bounds.
    #[error("say {} to {}, none, or default", .0.start(), .0.end())]
    Limit(RangeInclusive<u16>),
}

impl Ice {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::All => "all",
            Self::Relay => "relay",
        }
    }
}

impl FromStr for Ice {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let all = [Self::None, Self::All, Self::Relay];
        all.into_iter().find(|ice| ice.as_str() == text).ok_or(InvalidValue::Ice)
    }
}

impl Codecs {
    /// Their names.
    #[must_use]
    pub fn names(&self) -> &[&'static str] {
        &self.0
    }

    /// Whether there is no sound without these.
    #[must_use]
    pub fn silences(&self) -> bool {
        AUDIO.iter().all(|name| self.0.contains(name))
    }
}

impl fmt::Display for Codecs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("none") } else { f.write_str(&self.0.join(", ")) }
    }
}

/// Reads names of codecs, in any case, with commas between them; `none` is none of them.
///
/// # Errors
/// [`InvalidValue::Codec`] and [`InvalidValue::Twice`].
pub fn parse_codecs(text: &str) -> Result<Codecs, InvalidValue> {
    let mut names = Vec::new();
    for word in text.split(',').map(str::trim).filter(|_| text != "none") {
        let known = CODECS.iter().find(|name| name.eq_ignore_ascii_case(word));
        let name = *known.ok_or_else(|| InvalidValue::Codec { name: word.chars().take(32).collect() })?;
        if names.contains(&name) {
            return Err(InvalidValue::Twice(name));
        }
        names.push(name);
    }
    Ok(Codecs(names))
}

/// Reads names of codecs that are to be taken away.
///
/// # Errors
/// As [`parse_codecs`], and [`InvalidValue::NoSound`].
pub fn parse_removed(text: &str) -> Result<Codecs, InvalidValue> {
    parse_codecs(text).and_then(|codecs| if codecs.silences() { Err(InvalidValue::NoSound) } else { Ok(codecs) })
}

/// Reads a limit; `none` is 0.
///
/// # Errors
/// [`InvalidValue::Limit`].
pub fn parse_limit(text: &str, within: RangeInclusive<u16>) -> Result<u16, InvalidValue> {
    if text == "none" {
        return Ok(0);
    }
    text.parse().ok().filter(|number| within.contains(number)).ok_or(InvalidValue::Limit(within))
}

/// Reads how keys are sent.
///
/// # Errors
/// [`InvalidValue::Digits`].
pub fn parse_digits(text: &str) -> Result<Digits, InvalidValue> {
    let all = [Digits::Auto, Digits::Rtp, Digits::Info];
    all.into_iter().find(|digits| digits_name(*digits) == text).ok_or(InvalidValue::Digits)
}

/// How that is written.
#[must_use]
pub const fn digits_name(digits: Digits) -> &'static str {
    match digits {
        Digits::Auto => "auto",
        Digits::Rtp => "rtp",
        Digits::Info => "info",
    }
}

/// Reads whose calls may be answered by themselves: `off`, `domain`, or numbers with commas between them.
///
/// # Errors
/// [`InvalidValue::AutoAnswer`].
pub fn parse_auto_answer(text: &str) -> Result<AutoAnswer, InvalidValue> {
    let fits = |number: &str| {
        (1..=LONGEST_NUMBER).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte))
    };
    match text {
        "off" => Ok(AutoAnswer::Nobody),
        "domain" => Ok(AutoAnswer::Domain),
        numbers => {
            let numbers: Vec<String> = numbers.split(',').map(|number| number.trim().to_owned()).collect();
            let fit = numbers.len() <= MOST_NUMBERS && numbers.iter().all(|number| fits(number));
            if fit { Ok(AutoAnswer::Numbers(numbers)) } else { Err(InvalidValue::AutoAnswer) }
        }
    }
}

/// How that is written.
#[must_use]
pub fn auto_answer_text(allowed: &AutoAnswer) -> String {
    match allowed {
        AutoAnswer::Nobody => "off".to_owned(),
        AutoAnswer::Domain => "domain".to_owned(),
        AutoAnswer::Numbers(numbers) => numbers.join(","),
    }
}

/// Reads whether calls may be recorded.
///
/// # Errors
/// [`InvalidValue::Recording`].
pub fn parse_recording(text: &str) -> Result<Recording, InvalidValue> {
    let all = [Recording::Off, Recording::Allowed, Recording::Announced];
    all.into_iter().find(|recording| recording_name(*recording) == text).ok_or(InvalidValue::Recording)
}

/// How that is written.
#[must_use]
pub const fn recording_name(recording: Recording) -> &'static str {
    match recording {
        Recording::Off => "off",
        Recording::Allowed => "allowed",
        Recording::Announced => "announced",
    }
}

/// Reads the number of the voicemail; `none` is empty.
///
/// # Errors
/// [`InvalidValue::Voicemail`].
pub fn parse_voicemail(text: &str) -> Result<String, InvalidValue> {
    let fits = (1..=LONGEST_NUMBER).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"*#+._-".contains(&byte));
    match text {
        "none" => Ok(String::new()),
        number if fits => Ok(number.to_owned()),
        _ => Err(InvalidValue::Voicemail),
    }
}

pub(super) fn joined(codecs: &Codecs) -> String {
    codecs.0.join(",")
}

/// What is stored; names that this version does not know are left out.
pub(super) fn split(names: &str) -> Codecs {
    Codecs(names.split(',').filter_map(|word| CODECS.into_iter().find(|name| *name == word)).collect())
}
