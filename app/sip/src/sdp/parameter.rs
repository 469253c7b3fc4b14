use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::codec::payload_type;
use super::{Codec, InvalidParameter, Media, limits};
use crate::message::is_token;

impl Codec<'_> {
    /// The value of a parameter of the codec, such as `useinbandfec` of opus (RFC 7587 6.1).
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        parameter(self.parameters?, name)
    }
}

impl Media {
    /// Sets a parameter of a codec (RFC 8866 6.15), such as `maxaveragebitrate` of `opus`; `None` takes it away. The
    /// codec's name is read as by [`Codec::is`]; without such a codec nothing is changed. Says whether there is one.
    ///
    /// # Errors
    /// Name or value cannot stand there.
    pub fn set_parameter(&mut self, codec: &str, name: &str, value: Option<&str>) -> Result<bool, InvalidParameter> {
        if !is_token(name) {
            return Err(InvalidParameter::Name);
        }
        if value.is_some_and(|value| !is_value(value)) {
            return Err(InvalidParameter::Value);
        }
        let codecs = self.codecs();
        let of_name = codecs.iter().filter(|found| found.is(codec));
        let changed: Vec<(u8, String)> = of_name
            .map(|codec| (codec.payload_type, with_parameter(codec.parameters.unwrap_or_default(), name, value)))
            .collect();
        if changed.iter().any(|(_, parameters)| parameters.len() + "a=fmtp:127 ".len() > limits::LINE) {
            return Err(InvalidParameter::Value);
        }
        for (number, parameters) in &changed {
            self.set_parameters(*number, parameters);
        }
        Ok(!changed.is_empty())
    }

    fn set_parameters(&mut self, number: u8, parameters: &str) {
        let section = self.section_mut();
        let about = |line: &super::Line, name: &str| {
            let (found, value) = line.attribute().unwrap_or_default();
            let first = value.split_ascii_whitespace().next();
            found == name && first.and_then(payload_type) == Some(number)
        };
        let line = ["a=fmtp:", &number.to_string(), " ", parameters];
        match (section.place(&|line| about(line, "fmtp")), section.place(&|line| about(line, "rtpmap"))) {
            (Some(_), _) if parameters.is_empty() => section.remove(&|line| about(line, "fmtp")),
            (None, _) if parameters.is_empty() => {}
            (Some(place), _) => section.replace(place, &line),
            (None, mapping) => section.insert(mapping.map_or(usize::MAX, |place| place + 1), &line),
        }
    }
}

/// The value of a parameter; empty if it is a mere name.
pub(super) fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').map(split).find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn split(parameter: &str) -> (&str, &str) {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    (name.trim_ascii(), value.trim_ascii())
}

/// The parameters with one changed in its place, added at the end, or left out.
fn with_parameter(parameters: &str, name: &str, value: Option<&str>) -> String {
    let mut value = value;
    let mut all: Vec<String> = Vec::new();
    for parameter in parameters.split(';').filter(|parameter| !parameter.trim_ascii().is_empty()) {
        if !split(parameter).0.eq_ignore_ascii_case(name) {
            all.push(parameter.into());
        } else if let Some(value) = value.take() {
            all.push([name, "=", value].concat());
        }
    }
    all.extend(value.map(|value| [name, "=", value].concat()));
    all.join(";")
}

fn is_value(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= limits::LINE
        && !value.contains(|c: char| c.is_control() || c == ';')
        && value.trim() == value
}
