//! Reads one SIP message from standard input and prints how the stack understands it, or what is wrong with it
//! and how a server would answer, with exit code 1.
//!
//! ```text
//! cargo run -p sip --example inspect < message.sip
//! ```

#![allow(clippy::print_stdout, reason = "this is what it is for")]

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use sip::header::{
    Accept, Authorization, CSeq, Contact, ContentType, From, MediaType, NameAddr, PAssertedIdentity, Path,
    ProxyAuthenticate, ProxyAuthorization, Reason, RecordRoute, Route, To, Via, Warning, WwwAuthenticate,
};
use sip::message::{Header, HeaderError, HeaderName, Headers, KeepAlive, Message, Text, is_keepalive, limits};
use sip::uri::{Params, Uri};

fn main() -> io::Result<ExitCode> {
    let mut bytes = Vec::new();
    // One byte more than is allowed is enough to be told so.
    io::stdin().take(limits::MESSAGE as u64 + 1).read_to_end(&mut bytes)?;
    let (text, code) = match inspect(&bytes) {
        Ok(text) => (text, ExitCode::SUCCESS),
        Err(text) => (text, ExitCode::FAILURE),
    };
    match io::stdout().write_all(text.as_bytes()) {
        // `inspect | head` is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(code),
    }
}

/// The typed view of a message; or what is wrong with it, after as much of the view as there is.
pub(crate) fn inspect(bytes: &[u8]) -> Result<String, String> {
    match is_keepalive(bytes) {
        Some(KeepAlive::Ping) => return Ok("a keep-alive: ping (RFC 5626 3.5.1)\n".into()),
        Some(KeepAlive::Pong) => return Ok("a keep-alive: pong (RFC 5626 3.5.1)\n".into()),
        Some(KeepAlive::Empty) | None => {}
    }
    let message = Message::parse(bytes).map_err(|error| match error.status() {
        Some(status) => format!("{status} {}: {error}\n", status.reason()),
        None => format!("dropped without an answer: {error}\n"),
    })?;
    let mut view = View::default();
    view.start_line(&message);
    view.headers(message.headers());
    view.body(&message);
    match message.validate().err().or(view.fault) {
        Some(error) => {
            let status = error.status();
            Err(format!("{}\n{status} {}: {error}\n", view.out, status.reason()))
        }
        None => Ok(view.out),
    }
}

/// What has been printed so far.
#[derive(Default)]
struct View {
    out: String,
    fault: Option<HeaderError>,
}

impl View {
    fn start_line(&mut self, message: &Message) {
        match message {
            Message::Request(request) => {
                self.line(0, "request", &request.method.to_string());
                self.uri(1, "uri", &request.uri);
            }
            Message::Response(response) => {
                self.line(0, "response", &format!("{} {}", response.status, response.reason()));
            }
        }
        self.out.push('\n');
    }

    fn headers(&mut self, headers: &Headers) {
        for (name, value) in headers.iter() {
            let Ok(known) = name.parse::<HeaderName>() else { continue };
            // Each field by itself, so that all are shown where they stand.
            let mut field = Headers::new();
            if field.push_raw(name, value).is_err() {
                self.line(0, name, value);
                continue;
            }
            self.line(0, known.as_str(), "");
            if let Err(error) = self.field(&known, &field, value) {
                self.line(1, "!", &format!("{error}: {value}"));
                self.fault.get_or_insert(error);
            }
        }
        self.out.push('\n');
    }

    fn body(&mut self, message: &Message) {
        let length = message.body().len();
        let content_type = message.headers().find::<ContentType>().ok().flatten();
        let of = content_type.filter(|_| length > 0).map(|of| format!(" of {of}")).unwrap_or_default();
        self.line(0, "body", &format!("{length} bytes{of}"));
    }

    /// One field, by its type.
    #[allow(clippy::wildcard_enum_match_arm, reason = "most headers have no type and are shown as they are")]
    fn field(&mut self, name: &HeaderName, field: &Headers, value: &str) -> Result<(), HeaderError> {
        match name {
            HeaderName::Via => self.each::<Via>(field, Self::via),
            HeaderName::From => self.each::<From>(field, |view, from| view.address(&from.0)),
            HeaderName::To => self.each::<To>(field, |view, to| view.address(&to.0)),
            HeaderName::Route => self.each::<Route>(field, |view, route| view.address(&route.0)),
            HeaderName::RecordRoute => self.each::<RecordRoute>(field, |view, route| view.address(&route.0)),
            HeaderName::Path => self.each::<Path>(field, |view, path| view.address(&path.0)),
            HeaderName::PAssertedIdentity => {
                self.each::<PAssertedIdentity>(field, |view, identity| view.address(&identity.0))
            }
            HeaderName::Contact => self.each::<Contact>(field, |view, contact| match contact {
                Contact::Star => view.line(1, "all", "*"),
                Contact::Addr(address) => view.address(address),
            }),
            HeaderName::CSeq => self.each::<CSeq>(field, |view, cseq| {
                view.line(1, "number", &cseq.seq.to_string());
                view.line(1, "method", cseq.method.as_str());
            }),
            HeaderName::ContentType => self.each::<ContentType>(field, |view, of| view.media_type(&of.0)),
            HeaderName::Accept => self.each::<Accept>(field, |view, of| view.media_type(&of.0)),
            HeaderName::WwwAuthenticate => self.each::<WwwAuthenticate>(field, |view, auth| view.challenge(&auth.0)),
            HeaderName::ProxyAuthenticate => {
                self.each::<ProxyAuthenticate>(field, |view, auth| view.challenge(&auth.0))
            }
            HeaderName::Authorization => self.each::<Authorization>(field, |view, auth| view.credentials(&auth.0)),
            HeaderName::ProxyAuthorization => {
                self.each::<ProxyAuthorization>(field, |view, auth| view.credentials(&auth.0))
            }
            HeaderName::Warning => self.each::<Warning>(field, |view, warning| {
                view.line(1, "code", &warning.code.to_string());
                view.line(1, "agent", warning.agent());
                view.line(1, "text", &warning.text);
            }),
            HeaderName::Reason => self.each::<Reason>(field, |view, reason| {
                view.line(1, "protocol", &reason.protocol);
                view.optional(1, "cause", reason.cause.map(|cause| cause.to_string()).as_deref());
                view.optional(1, "text", reason.text.as_deref());
            }),
            _ => self.plain_of(name, field).unwrap_or_else(|| {
                self.append(value);
                Ok(())
            }),
        }
    }

    /// One field whose type is shown as it is written; `None` if it has no type.
    fn plain_of(&mut self, name: &HeaderName, field: &Headers) -> Option<Result<(), HeaderError>> {
        macro_rules! plain {
            ($($header:ident)+) => {$(
                if *name == sip::header::$header::NAME {
                    return Some(self.plain::<sip::header::$header>(field));
                }
            )+};
        }
        sip::for_each_header!(plain);
        None
    }

    fn each<H: Header>(&mut self, field: &Headers, show: impl Fn(&mut Self, &H)) -> Result<(), HeaderError> {
        for (index, value) in field.all::<H>()?.iter().enumerate() {
            if index > 0 {
                self.line(0, ",", "");
            }
            show(self, value);
        }
        Ok(())
    }

    /// A header that is one line: that of its name.
    fn plain<H: Header>(&mut self, field: &Headers) -> Result<(), HeaderError> {
        let values: Vec<_> = field.all::<H>()?.iter().map(H::to_string).collect();
        self.append(&values.join(", "));
        Ok(())
    }

    fn via(&mut self, via: &Via) {
        self.line(1, "transport", via.transport.as_str());
        let port = via.port.map(|port| format!(":{port}")).unwrap_or_default();
        self.line(1, "sent-by", &format!("{}{port}", via.host));
        self.params(1, &via.params);
    }

    fn address(&mut self, address: &NameAddr) {
        self.optional(1, "display", address.display());
        self.uri(1, "uri", &address.uri);
        self.params(1, &address.params);
    }

    fn uri(&mut self, depth: usize, name: &str, uri: &Uri) {
        self.line(depth, name, &uri.to_string());
        match uri {
            Uri::Sip(uri) => {
                self.optional(depth + 1, "user", uri.user_unescaped().as_deref());
                self.line(depth + 1, "host", &uri.host.to_string());
                self.optional(depth + 1, "port", uri.port.map(|port| port.to_string()).as_deref());
                self.params(depth + 1, &uri.params);
                self.optional(depth + 1, "headers", uri.headers.as_deref());
            }
            Uri::Tel(uri) => {
                self.line(depth + 1, "number", &uri.number);
                self.params(depth + 1, &uri.params);
            }
            Uri::Other { scheme, .. } => self.line(depth + 1, "scheme", scheme),
        }
    }

    fn media_type(&mut self, of: &MediaType) {
        self.line(1, "type", &format!("{}/{}", of.kind, of.subtype));
        self.params(1, &of.params);
    }

    fn challenge(&mut self, challenge: &sip::digest::Challenge) {
        self.line(1, "realm", &challenge.realm);
        self.line(1, "algorithm", challenge.algorithm().as_str());
        self.line(1, "nonce", &challenge.nonce);
        self.optional(1, "opaque", challenge.opaque.as_deref());
        let qop: Vec<_> = challenge.qop.iter().map(sip::digest::Qop::as_str).collect();
        self.line(1, "qop", &qop.join(", "));
        self.line(1, "stale", &challenge.stale.to_string());
    }

    fn credentials(&mut self, credentials: &sip::digest::Credentials) {
        self.line(1, "username", &credentials.username);
        self.line(1, "realm", &credentials.realm);
        self.optional(1, "algorithm", credentials.algorithm.as_ref().map(sip::digest::Algorithm::as_str));
        self.line(1, "uri", &credentials.uri);
        self.line(1, "nonce", &credentials.nonce);
        self.line(1, "response", &credentials.response);
        self.optional(1, "qop", credentials.qop.as_ref().map(sip::digest::Qop::as_str));
        self.optional(1, "nc", credentials.nc.map(|nc| nc.to_string()).as_deref());
        self.optional(1, "cnonce", credentials.cnonce.as_deref());
    }

    fn params(&mut self, depth: usize, params: &Params) {
        for (name, _) in params.iter() {
            let value = params.text(name).unwrap_or_default();
            self.line(depth, &format!(";{name}"), &value);
        }
    }

    fn optional(&mut self, depth: usize, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.line(depth, name, value);
        }
    }

    fn line(&mut self, depth: usize, name: &str, value: &str) {
        let name = format!("{:depth$}{}", "", shown(name), depth = depth * 2);
        let line = format!("{name:<20} {}", shown(value));
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// Puts a value behind the name that was printed last.
    fn append(&mut self, value: &str) {
        let last = self.out.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default().to_owned();
        self.out.truncate(self.out.len() - last.len() - 1);
        self.line(0, &last, value);
    }
}

/// Text that may be printed to a terminal: what would steer it is escaped.
fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in Text::lossy(text).chars() {
        if c.is_control() {
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}
