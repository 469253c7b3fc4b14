//! Just enough of SIP to answer: the load client must cost less than what it measures.

/// The status of a response; `None` for a request.
pub(crate) fn status(message: &str) -> Option<u16> {
    message.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
}

/// The values of a header, in order; both servers write the names as the client does.
pub(crate) fn headers<'a>(message: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let head = message.split_once("\r\n\r\n").map_or(message, |(head, _)| head);
    let lines = head.split("\r\n").skip(1);
    lines.filter_map(move |line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim_start))
}

/// The first value of a header, or nothing.
pub(crate) fn header<'a>(message: &'a str, name: &'a str) -> &'a str {
    headers(message, name).next().unwrap_or_default()
}

/// The URI in a Contact.
pub(crate) fn contact_uri(message: &str) -> &str {
    let value = header(message, "Contact");
    value.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(value, |(uri, _)| uri)
}

/// The header lines that a response copies from its request (RFC 3261 8.2.6), To last and without its end.
pub(crate) fn copied(request: &str) -> String {
    let mut copy = String::with_capacity(request.len());
    for name in ["Via", "Record-Route", "From", "Call-ID", "CSeq", "To"] {
        for value in headers(request, name) {
            if !copy.is_empty() {
                copy.push_str("\r\n");
            }
            copy.push_str(name);
            copy.push_str(": ");
            copy.push_str(value);
        }
    }
    copy
}
