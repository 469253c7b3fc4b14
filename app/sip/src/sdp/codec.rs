use alloc::string::String;
use alloc::vec::Vec;

use super::Media;
use super::parameter::parameter;

/// A payload type and what it stands for (RFC 8866 6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codec<'a> {
    /// The number in RTP, 0 to 127.
    pub payload_type: u8,
    /// The encoding, which has no case; empty if nothing says it.
    pub name: &'a str,
    /// Ticks of the RTP clock a second.
    pub clock_rate: u32,
    /// Channels of sound, if they are said.
    pub channels: Option<u8>,
    /// The parameters as they are written (RFC 8866 6.15).
    pub parameters: Option<&'a str>,
}

/// Digits in RTP (RFC 4733) that a description takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// The number in RTP.
    pub payload_type: u8,
    /// Ticks of the RTP clock a second.
    pub clock_rate: u32,
    /// Whether it takes all of `0` to `9`, `*` and `#`.
    pub digits: bool,
    /// Whether a codec of the same section has this clock, as it should be (RFC 4733 2.1). Without one, browsers send
    /// with whatever there is.
    pub fits: bool,
}

/// What payload types mean by themselves (RFC 3551 6), as far as they are in use.
const STATIC: [(u8, &str, u32); 8] = [
    (0, "PCMU", 8000),
    (3, "GSM", 8000),
    (4, "G723", 8000),
    (8, "PCMA", 8000),
    (9, "G722", 8000),
    (13, "CN", 8000),
    (15, "G728", 8000),
    (18, "G729", 8000),
];

/// What carries no sound or picture of its own.
const AUXILIARY: [&str; 7] = ["telephone-event", "CN", "rtx", "red", "ulpfec", "flexfec-03", "parityfec"];

impl Codec<'_> {
    /// Whether it is called so: an encoding (`opus`), or an encoding with its clock (`telephone-event/8000`).
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        match name.split_once('/') {
            Some((name, clock)) => self.name.eq_ignore_ascii_case(name) && clock.parse() == Ok(self.clock_rate),
            None => self.name.eq_ignore_ascii_case(name),
        }
    }

    /// Whether it carries no sound or picture of its own, such as `telephone-event`, `CN`, `rtx` and `red`.
    #[must_use]
    pub fn is_auxiliary(&self) -> bool {
        AUXILIARY.iter().any(|name| self.is(name))
    }

    /// The payload type that this one accompanies: `apt` of rtx (RFC 4588 8.6), the first of red (RFC 2198 5).
    fn primary(&self) -> Option<u8> {
        let said = if self.is("rtx") {
            parameter(self.parameters?, "apt")?
        } else if self.is("red") {
            self.parameters?.split('/').next()?
        } else {
            return None;
        };
        said.trim_ascii().parse().ok()
    }
}

impl Media {
    /// The codecs, the best first; empty if it is not RTP.
    #[must_use]
    pub fn codecs(&self) -> Vec<Codec<'_>> {
        if !self.is_rtp() {
            return Vec::new();
        }
        let mappings = Mappings::of(self);
        self.formats().filter_map(payload_type).map(|number| mappings.codec(number)).collect()
    }

    /// Puts these codecs first, in this order, each with its rtx and red; the others follow in the order that they
    /// have. Names are read as by [`Codec::is`]; one that is not there does nothing.
    pub fn prefer(&mut self, names: &[&str]) {
        let codecs = self.codecs();
        let rank = |number: u8| {
            let mut next = codecs.iter().find(|codec| codec.payload_type == number);
            // rtx of red of a codec is the longest chain.
            for _ in 0..3 {
                let Some(codec) = next else { break };
                if let Some(rank) = names.iter().position(|name| codec.is(name)) {
                    return rank;
                }
                let primary = codec.primary();
                next = codecs.iter().find(|codec| Some(codec.payload_type) == primary);
            }
            names.len()
        };
        let ranked = |format: &str| payload_type(format).map_or(names.len(), rank);
        let mut formats: Vec<(usize, String)> = self.formats().map(|text| (ranked(text), text.into())).collect();
        if !codecs.is_empty() {
            formats.sort_by_key(|(rank, _)| *rank);
            let formats: Vec<String> = formats.into_iter().map(|(_, format)| format).collect();
            self.set_formats(&formats);
        }
    }

    /// Keeps these formats alone, and what is said about them; says whether there are any. Nothing is changed otherwise.
    pub fn keep_formats(&mut self, stays: &dyn Fn(&str) -> bool) -> bool {
        let formats: Vec<String> = self.formats().filter(|format| stays(format)).map(String::from).collect();
        if formats.is_empty() {
            return false;
        }
        self.set_formats(&formats);
        self.section_mut().retain_attributes(&mut |name, value| {
            !matches!(name, "rtpmap" | "fmtp" | "rtcp-fb") || value.split_ascii_whitespace().next().is_none_or(stays)
        });
        true
    }

    /// Takes away a codec, the rtx and red that accompany it, and what is said about them; says whether anything was
    /// taken away. Nothing is if no codec with sound or picture would be left. The name is read as by [`Codec::is`].
    pub fn remove_codec(&mut self, name: &str) -> bool {
        let codecs = self.codecs();
        let mut gone: Vec<u8> = codecs.iter().filter(|codec| codec.is(name)).map(|codec| codec.payload_type).collect();
        let mut known = 0;
        while known < gone.len() {
            known = gone.len();
            let left = |codec: &&Codec<'_>| !gone.contains(&codec.payload_type);
            let orphan = |codec: &&Codec<'_>| codec.primary().is_some_and(|primary| gone.contains(&primary));
            let orphans: Vec<u8> = codecs.iter().filter(left).filter(orphan).map(|codec| codec.payload_type).collect();
            gone.extend(orphans);
        }
        let mut left = codecs.iter().filter(|codec| !gone.contains(&codec.payload_type));
        if gone.is_empty() || left.all(Codec::is_auxiliary) {
            return false;
        }
        self.keep_formats(&|format| payload_type(format).is_none_or(|number| !gone.contains(&number)))
    }

    /// Where digits can go in RTP (RFC 4733). Empty means that they have to go another way, such as INFO; in an
    /// answer this is what both ends take.
    #[must_use]
    pub fn telephone_events(&self) -> Vec<TelephoneEvent> {
        let codecs = self.codecs();
        let events = codecs.iter().filter(|codec| codec.is("telephone-event"));
        let fits = |clock: u32| codecs.iter().any(|codec| !codec.is_auxiliary() && codec.clock_rate == clock);
        let event = |codec: &Codec<'_>| TelephoneEvent {
            payload_type: codec.payload_type,
            clock_rate: codec.clock_rate,
            digits: codec.parameters.is_none_or(takes_digits),
            fits: fits(codec.clock_rate),
        };
        events.map(event).collect()
    }
}

/// What the lines of a section say about payload types, the first of each.
struct Mappings<'a> {
    rtpmap: [Option<&'a str>; 128],
    fmtp: [Option<&'a str>; 128],
}

impl<'a> Mappings<'a> {
    fn of(media: &'a Media) -> Self {
        let mut mappings = Self { rtpmap: [None; 128], fmtp: [None; 128] };
        for (name, value) in media.section().lines().filter_map(super::Line::attribute) {
            let table = match name {
                "rtpmap" => &mut mappings.rtpmap,
                "fmtp" => &mut mappings.fmtp,
                _ => continue,
            };
            let Some((number, rest)) = super::media::word(value) else { continue };
            let place = payload_type(number).and_then(|number| table.get_mut(usize::from(number)));
            if let Some(place @ None) = place {
                *place = Some(rest.trim_ascii());
            }
        }
        mappings
    }

    fn codec(&self, payload_type: u8) -> Codec<'a> {
        let place = usize::from(payload_type);
        let parameters = self.fmtp.get(place).copied().flatten();
        if let Some(mapping) = self.rtpmap.get(place).copied().flatten() {
            let mut words = mapping.split('/').map(str::trim_ascii);
            let name = words.next().unwrap_or_default();
            let clock_rate = words.next().and_then(|clock| clock.parse().ok()).unwrap_or_default();
            let channels = words.next().and_then(|channels| channels.parse().ok());
            return Codec { payload_type, name, clock_rate, channels, parameters };
        }
        let known = STATIC.iter().find(|(number, ..)| *number == payload_type);
        let (name, clock_rate) = known.map_or(("", 0), |(_, name, clock)| (*name, *clock));
        Codec { payload_type, name, clock_rate, channels: None, parameters }
    }
}

/// Whether the list of events has 0 to 11 in it: `0-15`, `0-11,66,70` (RFC 4733 7.1.1).
fn takes_digits(events: &str) -> bool {
    let covers = |range: &str, event: u8| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| text.trim_ascii().parse::<u8>().ok();
        number(first).is_some_and(|first| first <= event) && number(last).is_some_and(|last| event <= last)
    };
    (0..=11).all(|event| events.split(',').any(|range| covers(range, event)))
}

/// A payload type (RFC 3551 3).
pub(super) fn payload_type(format: &str) -> Option<u8> {
    format.parse().ok().filter(|number| *number < 128)
}
