use core::fmt;
use core::hash::{Hash, Hasher};
use core::str::FromStr;

use super::{InvalidHeader, Token};

/// The names by variant, with their compact forms (RFC 3261 7.3.3 and the registry).
macro_rules! names {
    ($($variant:ident $name:literal $(= $compact:literal)?)+) => {
        /// The name of a header. Names have no case, and a compact form is the same name.
        #[derive(Clone, Debug)]
        pub enum HeaderName {
            $(
                #[doc = $name]
                $variant,
            )+
            /// Any other.
            Other(Token),
        }

        impl HeaderName {
            /// The name in full, in its usual letters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other(token) => token,
                }
            }

            /// The compact form, if the header has one.
            #[must_use]
            pub const fn compact(&self) -> Option<char> {
                let letter: &[char] = match self {
                    $(Self::$variant => &[$($compact)?],)+
                    Self::Other(_) => &[],
                };
                match letter {
                    [letter, ..] => Some(*letter),
                    [] => None,
                }
            }

            /// All names that are known.
            #[cfg(test)]
            pub(super) const KNOWN: &[Self] = &[$(Self::$variant),+];
        }
    };
}

names! {
    Accept "Accept"
    AcceptContact "Accept-Contact" = 'a'
    AcceptEncoding "Accept-Encoding"
    AcceptLanguage "Accept-Language"
    AlertInfo "Alert-Info"
    Allow "Allow"
    AllowEvents "Allow-Events" = 'u'
    AuthenticationInfo "Authentication-Info"
    Authorization "Authorization"
    CallId "Call-ID" = 'i'
    CallInfo "Call-Info"
    Contact "Contact" = 'm'
    ContentDisposition "Content-Disposition"
    ContentEncoding "Content-Encoding" = 'e'
    ContentLanguage "Content-Language"
    ContentLength "Content-Length" = 'l'
    ContentType "Content-Type" = 'c'
    CSeq "CSeq"
    Date "Date"
    ErrorInfo "Error-Info"
    Event "Event" = 'o'
    Expires "Expires"
    FlowTimer "Flow-Timer"
    From "From" = 'f'
    Identity "Identity" = 'y'
    InReplyTo "In-Reply-To"
    Join "Join"
    MaxForwards "Max-Forwards"
    MimeVersion "MIME-Version"
    MinExpires "Min-Expires"
    MinSe "Min-SE"
    Organization "Organization"
    PAssertedIdentity "P-Asserted-Identity"
    PPreferredIdentity "P-Preferred-Identity"
    Path "Path"
    Priority "Priority"
    Privacy "Privacy"
    ProxyAuthenticate "Proxy-Authenticate"
    ProxyAuthorization "Proxy-Authorization"
    ProxyRequire "Proxy-Require"
    RAck "RAck"
    Reason "Reason"
    RecordRoute "Record-Route"
    ReferredBy "Referred-By" = 'b'
    ReferTo "Refer-To" = 'r'
    RejectContact "Reject-Contact" = 'j'
    Replaces "Replaces"
    ReplyTo "Reply-To"
    RequestDisposition "Request-Disposition" = 'd'
    Require "Require"
    RetryAfter "Retry-After"
    Route "Route"
    RSeq "RSeq"
    Server "Server"
    ServiceRoute "Service-Route"
    SessionExpires "Session-Expires" = 'x'
    SipETag "SIP-ETag"
    SipIfMatch "SIP-If-Match"
    Subject "Subject" = 's'
    SubscriptionState "Subscription-State"
    Supported "Supported" = 'k'
    Timestamp "Timestamp"
    To "To" = 't'
    Unsupported "Unsupported"
    UserAgent "User-Agent"
    Via "Via" = 'v'
    Warning "Warning"
    WwwAuthenticate "WWW-Authenticate"
}

impl HeaderName {
    /// The known header of that name or compact form.
    pub(super) fn known(name: &str) -> Option<&'static Self> {
        // Letters differ from their other case in this bit; what else differs in it alone is no token.
        let alike = |(one, two): (u8, u8)| (one ^ two) & !0x20 == 0;
        match name.as_bytes() {
            [letter] => compact(letter.to_ascii_lowercase()),
            _ => of_length(name.len()).iter().find(|known| known.as_str().bytes().zip(name.bytes()).all(alike)),
        }
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(one), Self::Other(two)) => one.eq_ignore_ascii_case(two),
            (one, two) => core::mem::discriminant(one) == core::mem::discriminant(two),
        }
    }
}

impl Eq for HeaderName {}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.as_str().bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

impl FromStr for HeaderName {
    type Err = InvalidHeader;

    fn from_str(name: &str) -> Result<Self, InvalidHeader> {
        match Self::known(name) {
            Some(known) => Ok(known.clone()),
            None => Token::new(name).map(Self::Other).map_err(|_| InvalidHeader::Name),
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

super::serde_as_text!(HeaderName);

/// The names of that length: what is compared is never more than a handful.
const fn of_length(length: usize) -> &'static [HeaderName] {
    use HeaderName::*;
    match length {
        2 => const { &[To] },
        3 => const { &[Via] },
        4 => const { &[CSeq, Date, From, Join, Path, RAck, RSeq] },
        5 => const { &[Allow, Event, Route] },
        6 => const { &[Accept, MinSe, Reason, Server] },
        7 => const { &[CallId, Contact, Expires, Privacy, Require, Subject, Warning] },
        8 => const { &[Identity, Priority, ReferTo, Replaces, ReplyTo, SipETag] },
        9 => const { &[CallInfo, Supported, Timestamp] },
        10 => const { &[AlertInfo, ErrorInfo, FlowTimer, UserAgent] },
        11 => const { &[InReplyTo, MinExpires, ReferredBy, RetryAfter, Unsupported] },
        12 => const { &[AllowEvents, ContentType, MaxForwards, MimeVersion, Organization, RecordRoute, SipIfMatch] },
        13 => const { &[Authorization, ProxyRequire, ServiceRoute] },
        14 => const { &[AcceptContact, ContentLength, RejectContact] },
        15 => const { &[AcceptEncoding, AcceptLanguage, SessionExpires] },
        16 => const { &[ContentEncoding, ContentLanguage, WwwAuthenticate] },
        18 => const { &[ProxyAuthenticate, SubscriptionState] },
        19 => {
            const { &[AuthenticationInfo, ContentDisposition, PAssertedIdentity, ProxyAuthorization, RequestDisposition] }
        }
        20 => const { &[PPreferredIdentity] },
        _ => &[],
    }
}

const fn compact(letter: u8) -> Option<&'static HeaderName> {
    use HeaderName::*;
    let found: &[HeaderName] = match letter {
        b'a' => const { &[AcceptContact] },
        b'b' => const { &[ReferredBy] },
        b'c' => const { &[ContentType] },
        b'd' => const { &[RequestDisposition] },
        b'e' => const { &[ContentEncoding] },
        b'f' => const { &[From] },
        b'i' => const { &[CallId] },
        b'j' => const { &[RejectContact] },
        b'k' => const { &[Supported] },
        b'l' => const { &[ContentLength] },
        b'm' => const { &[Contact] },
        b'o' => const { &[Event] },
        b'r' => const { &[ReferTo] },
        b's' => const { &[Subject] },
        b't' => const { &[To] },
        b'u' => const { &[AllowEvents] },
        b'v' => const { &[Via] },
        b'x' => const { &[SessionExpires] },
        b'y' => const { &[Identity] },
        _ => &[],
    };
    found.first()
}
