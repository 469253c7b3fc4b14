//! The frame of a message (RFC 3261 7), read in the slow and obvious way: what the parser must agree with.

use sip::message::limits;

/// What a well-formed frame holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    pub start_line: String,
    /// Name as written, value without folds and white space around it.
    pub fields: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The bytes of it all, without what is before and after.
    pub bytes: Vec<u8>,
}

/// The frame; `None` if it is not well-formed. Start line and values are not looked into.
pub fn frame(bytes: &[u8]) -> Option<Frame> {
    if bytes.len() > limits::MESSAGE {
        return None;
    }
    let mut rest = bytes;
    while let Some(after) = rest.strip_prefix(b"\r\n") {
        rest = after;
    }
    let end = rest.windows(4).position(|four| four == b"\r\n\r\n")?;
    if end + 4 > limits::HEADER_SECTION {
        return None;
    }
    let head = std::str::from_utf8(&rest[..end]).ok()?;
    if !is_escaped(head) {
        return None;
    }
    let lines: Vec<&str> = head.split("\r\n").collect();
    if lines.iter().any(|line| line.contains(['\r', '\n'])) || lines[0].len() > limits::START_LINE {
        return None;
    }
    // A start line has no escapes.
    if lines[0].contains(|c: char| c < ' ' && c != '\t') {
        return None;
    }
    let mut unfolded: Vec<Vec<&str>> = Vec::new();
    for line in &lines[1..] {
        if line.starts_with([' ', '\t']) {
            unfolded.last_mut()?.push(line);
        } else {
            unfolded.push(vec![line]);
        }
    }
    if unfolded.len() > limits::FIELDS {
        return None;
    }
    if !unfolded.iter().all(|lines| nul_is_quoted(&lines.concat())) {
        return None;
    }
    let fields: Vec<_> = unfolded.iter().map(|lines| field(lines)).collect::<Option<_>>()?;
    let rest_of_it = &rest[end + 4..];
    let body = match length(&fields)? {
        Some(length) => rest_of_it.get(..length)?,
        None => rest_of_it,
    };
    let bytes = rest[..end + 4 + body.len()].to_vec();
    Some(Frame { start_line: lines[0].into(), fields, body: body.into(), bytes })
}

/// What Content-Length says, if it is there; `None` if it says nothing, or several things.
fn length(fields: &[(String, String)]) -> Option<Option<usize>> {
    let of_name = |name: &str| name.eq_ignore_ascii_case("Content-Length") || name.eq_ignore_ascii_case("l");
    let mut said = None;
    for (_, value) in fields.iter().filter(|(name, _)| of_name(name)) {
        if value.is_empty() || value.contains(|c: char| !c.is_ascii_digit()) {
            return None;
        }
        let digits = value.trim_start_matches('0');
        let number = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(usize::MAX) };
        if *said.get_or_insert(number) != number {
            return None;
        }
    }
    Some(said)
}

fn field(lines: &[&str]) -> Option<(String, String)> {
    let white = [' ', '\t'];
    if lines.iter().map(|line| line.len() + 2).sum::<usize>() > limits::FIELD {
        return None;
    }
    let (name, first) = lines[0].split_once(':')?;
    let name = name.trim_end_matches(white);
    if name.is_empty() || name.contains(|c: char| !c.is_ascii_alphanumeric() && !"-.!%*_+`'~".contains(c)) {
        return None;
    }
    let pieces = std::iter::once(first).chain(lines[1..].iter().copied());
    let pieces: Vec<&str> = pieces.map(|piece| piece.trim_matches(white)).filter(|piece| !piece.is_empty()).collect();
    Some((name.into(), pieces.join(" ")))
}

/// Whether a backslash that is not escaped itself stands before each control character.
fn is_escaped(text: &str) -> bool {
    let mut backslashes = 0;
    text.chars().all(|c| {
        let fine = c >= ' ' || "\t\r\n".contains(c) || backslashes % 2 == 1;
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        fine
    })
}

/// Whether each NUL is in a quoted string.
fn nul_is_quoted(line: &str) -> bool {
    let (mut quoted, mut rest) = (false, line.chars());
    while let Some(c) = rest.next() {
        match c {
            '\0' if !quoted => return false,
            '"' => quoted = !quoted,
            '\\' if quoted => {
                rest.next();
            }
            _ => {}
        }
    }
    true
}
