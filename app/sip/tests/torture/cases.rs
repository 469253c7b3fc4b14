//! The table: a row a message. What the RFC leaves open is decided here; the stack is held to it in `outcomes.rs`, the
//! running server by its own tests, which include this file.

use Does::{Answers, Drops, Forwards, Rings};
use Reads::{Invalid, Missing, Repeated, Unread, Well};
use sip::message::HeaderName as Name;
use sip::message::ParseErrorKind as Kind;

/// Who has a phone at the exchange of the table; its domain is `example.com`.
pub const USERS: [&str; 3] = ["user", "kumiko", "UserB"];
/// The other hosts in the messages that mean this exchange.
pub const ALIASES: [&str; 11] = [
    "example.net",
    "example.org",
    "east.example.com",
    "chair-dnrc.example.com",
    "services.example.com",
    "registrar.example.com",
    "ift.client.example.net",
    "host.example.net",
    "company.com",
    "[2001:db8::10]",
    "[2001:db8::192.0.2.1]",
];

/// A message, what it is read as, and what is done with it.
pub struct Case {
    pub name: &'static str,
    /// Of RFC 4475 (3.…) or RFC 5118 (4.…).
    pub section: &'static str,
    pub reads: Reads,
    /// By an exchange that is responsible for the domains of all these messages.
    pub exchange: Does,
    /// By such an exchange when it does not know the sender, who did not sign.
    pub stranger: Does,
    /// By a phone.
    pub phone: Does,
}

/// What [`sip::message::Message::parse`] and then `validate` make of the bytes.
pub enum Reads {
    /// It is well-formed, and has what every message must have.
    Well,
    /// It cannot be parsed; the offset is where this text stands.
    Unread(Kind, &'static str),
    /// It can, but this header's value is wrong where this text stands.
    Invalid(Name, &'static str),
    /// It can, but this header is not there.
    Missing(Name),
    /// It can, but this header is there more than once.
    Repeated(Name),
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// This final status goes back to the sender.
    Answers(u16),
    /// It goes on to the phone of the user it is for.
    Forwards,
    /// A phone rings, and says so: 180.
    Rings,
    /// Nothing is sent to anybody.
    Drops,
}

const fn case(
    name: &'static str,
    section: &'static str,
    reads: Reads,
    exchange: Does,
    stranger: Does,
    phone: Does,
) -> Case {
    Case { name, section, reads, exchange, stranger, phone }
}

#[rustfmt::skip]
pub static CASES: &[Case] = &[
    // RFC 4475: what is well-formed. The users of intmeth, esc01 and semiuri exist nowhere; esc02 is for the domain
    // itself; wsinv and the BYEs below are within dialogs that nobody has.
    case("wsinv",      "3.1.1.1",  Well, Answers(481), Answers(407), Answers(481)),
    case("intmeth",    "3.1.1.2",  Well, Answers(404), Answers(407), Answers(501)),
    case("esc01",      "3.1.1.3",  Well, Answers(404), Answers(407), Rings),
    case("escnull",    "3.1.1.4",  Well, Answers(200), Answers(401), Answers(405)),
    case("esc02",      "3.1.1.5",  Well, Answers(405), Answers(407), Answers(501)),
    case("lwsdisp",    "3.1.1.6",  Well, Forwards,     Answers(407), Answers(200)),
    case("longreq",    "3.1.1.7",  Well, Forwards,     Answers(407), Rings),
    case("dblreq",     "3.1.1.8",  Well, Answers(200), Answers(401), Answers(405)),
    case("semiuri",    "3.1.1.9",  Well, Answers(404), Answers(407), Answers(200)),
    case("transports", "3.1.1.10", Well, Forwards,     Answers(407), Answers(200)),
    case("mpart01",    "3.1.1.11", Well, Forwards,     Answers(407), Answers(405)),
    case("unreason",   "3.1.1.12", Well, Drops,        Drops,       Drops),
    case("noreason",   "3.1.1.13", Well, Drops,        Drops,       Drops),

    // What is not. Of lwsstart, trws, escruri and baddate the RFC lets an element refuse or be liberal: here, a start
    // line is exact, and what is not needed is not looked at.
    case("badinv01",   "3.1.2.1",  Invalid(Name::Via, ";,;,,"),                         Answers(400), Answers(400), Answers(400)),
    case("clerr",      "3.1.2.2",  Unread(Kind::Truncated, ""),                         Answers(400), Answers(400), Answers(400)),
    case("ncl",        "3.1.2.3",  Unread(Kind::ContentLength, "-999\r\n\r\n"),         Answers(400), Answers(400), Answers(400)),
    case("scalar02",   "3.1.2.4",  Invalid(Name::CSeq, "36893488147419103232"),         Answers(400), Answers(400), Answers(400)),
    case("scalarlg",   "3.1.2.5",  Invalid(Name::CSeq, "9292394834772304023312"),       Drops,        Drops,       Drops),
    case("quotbal",    "3.1.2.6",  Invalid(Name::To, "\"Mr. J. User"),                  Answers(400), Answers(400), Answers(400)),
    case("ltgtruri",   "3.1.2.7",  Unread(Kind::RequestUri, "<sip:user@example.com>"),  Answers(400), Answers(400), Answers(400)),
    case("lwsruri",    "3.1.2.8",  Unread(Kind::RequestUri, "; lr SIP/2.0"),            Answers(400), Answers(400), Answers(400)),
    case("lwsstart",   "3.1.2.9",  Unread(Kind::StartLine, " sip:user@example.com  "),  Answers(400), Answers(400), Answers(400)),
    case("trws",       "3.1.2.10", Unread(Kind::StartLine, "  \r\nVia"),                Answers(400), Answers(400), Answers(400)),
    case("escruri",    "3.1.2.11", Well,                                                Forwards,     Answers(407), Rings),
    case("baddate",    "3.1.2.12", Well,                                                Forwards,     Answers(407), Rings),
    case("regbadct",   "3.1.2.13", Well,                                                Answers(400), Answers(401), Answers(405)),
    case("badaspec",   "3.1.2.14", Invalid(Name::To, " sip:t.watson@example.org >"),    Answers(400), Answers(400), Answers(400)),
    case("baddn",      "3.1.2.15", Unread(Kind::Unterminated, ""),                      Answers(400), Answers(400), Answers(400)),
    case("badvers",    "3.1.2.16", Unread(Kind::Version, "SIP/7.0\r\nVia"),             Answers(505), Answers(505), Answers(505)),
    case("mismatch01", "3.1.2.17", Invalid(Name::CSeq, "INVITE"),                       Answers(400), Answers(400), Answers(400)),
    case("mismatch02", "3.1.2.18", Invalid(Name::CSeq, "INVITE"),                       Answers(501), Answers(501), Answers(501)),
    case("bigcode",    "3.1.2.19", Unread(Kind::StatusCode, "4294967301 better"),       Drops,        Drops,       Drops),

    // The transaction layer.
    case("badbranch",  "3.2.1",    Invalid(Name::Via, "z9hG4bK"),                       Answers(400), Answers(400), Answers(400)),

    // What is above it.
    case("insuf",      "3.3.1",    Missing(Name::From),   Answers(400), Answers(400), Answers(400)),
    case("unkscm",     "3.3.2",    Well,                  Answers(416), Answers(416), Answers(416)),
    case("novelsc",    "3.3.3",    Well,                  Answers(416), Answers(416), Answers(416)),
    case("unksm2",     "3.3.4",    Well,                  Answers(400), Answers(400), Answers(405)),
    case("bext01",     "3.3.5",    Well,                  Answers(420), Answers(420), Answers(420)),
    case("invut",      "3.3.6",    Well,                  Forwards,     Answers(407), Answers(415)),
    case("regaut01",   "3.3.7",    Well,                  Answers(200), Answers(401), Answers(405)),
    case("multi01",    "3.3.8",    Repeated(Name::From),  Answers(400), Answers(400), Answers(400)),
    case("mcl01",      "3.3.9",    Unread(Kind::ContentLength, "5\r\nContent-Type"), Answers(400), Answers(400), Answers(400)),
    case("bcast",      "3.3.10",   Well,                  Drops,        Drops,       Drops),
    case("zeromf",     "3.3.11",   Well,                  Answers(483), Answers(483), Answers(200)),
    case("cparam01",   "3.3.12",   Well,                  Answers(200), Answers(401), Answers(405)),
    case("cparam02",   "3.3.13",   Well,                  Answers(200), Answers(401), Answers(405)),
    case("regescrt",   "3.3.14",   Well,                  Answers(200), Answers(401), Answers(405)),
    case("sdp01",      "3.3.15",   Well,                  Forwards,     Answers(407), Answers(406)),
    case("inv2543",    "3.4.1",    Well,                  Forwards,     Answers(407), Rings),

    // RFC 5118. The host of port-ambiguous is nobody's.
    case("ipv6-good",                     "4.1",  Well, Answers(200), Answers(401), Answers(405)),
    case("ipv6-bad",                      "4.2",  Unread(Kind::RequestUri, ":db8::10 SIP"), Answers(400), Answers(400), Answers(400)),
    case("port-ambiguous",                "4.3",  Well, Answers(404), Answers(404), Answers(405)),
    case("port-unambiguous",              "4.4",  Well, Answers(200), Answers(401), Answers(405)),
    case("via-received-param-with-delim", "4.5",  Well, Answers(481), Answers(407), Answers(481)),
    case("via-received-param-no-delim",   "4.5",  Well, Answers(200), Answers(407), Answers(200)),
    case("ipv6-in-sdp",                   "4.6",  Well, Forwards,     Answers(407), Rings),
    case("mult-ip-in-header",             "4.7",  Well, Answers(481), Answers(407), Answers(481)),
    case("mult-ip-in-sdp",                "4.8",  Well, Forwards,     Answers(407), Rings),
    case("ipv4-mapped-ipv6",              "4.9",  Well, Forwards,     Answers(407), Rings),
    case("ipv6-bug-abnf-3-colons",        "4.10", Well, Forwards,     Answers(407), Answers(200)),
    case("ipv6-correct-abnf-2-colons",    "4.10", Well, Forwards,     Answers(407), Answers(200)),
];
