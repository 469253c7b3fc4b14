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
            pub(crate) const KNOWN: &[Self] = &[$(Self::$variant),+];
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
    AnswerMode "Answer-Mode"
    AuthenticationInfo "Authentication-Info"
    Authorization "Authorization"
    CallId "Call-ID" = 'i'
    CallInfo "Call-Info"
    Contact "Contact" = 'm'
    ContentDisposition "Content-Disposition"
    ContentEncoding "Content-Encoding" = 'e'
    ContentId "Content-ID"
    ContentLanguage "Content-Language"
    ContentLength "Content-Length" = 'l'
    ContentType "Content-Type" = 'c'
    CSeq "CSeq"
    Date "Date"
    Diversion "Diversion"
    ErrorInfo "Error-Info"
    Event "Event" = 'o'
    Expires "Expires"
    FeatureCaps "Feature-Caps"
    FlowTimer "Flow-Timer"
    From "From" = 'f'
    HistoryInfo "History-Info"
    Identity "Identity" = 'y'
    IdentityInfo "Identity-Info" = 'n'
    InfoPackage "Info-Package"
    InReplyTo "In-Reply-To"
    Join "Join"
    MaxForwards "Max-Forwards"
    MimeVersion "MIME-Version"
    MinExpires "Min-Expires"
    MinSe "Min-SE"
    Organization "Organization"
    PAssertedIdentity "P-Asserted-Identity"
    PAssociatedUri "P-Associated-URI"
    PCalledPartyId "P-Called-Party-ID"
    PPreferredIdentity "P-Preferred-Identity"
    Path "Path"
    Priority "Priority"
    Privacy "Privacy"
    PrivAnswerMode "Priv-Answer-Mode"
    ProxyAuthenticate "Proxy-Authenticate"
    ProxyAuthorization "Proxy-Authorization"
    ProxyRequire "Proxy-Require"
    RAck "RAck"
    Reason "Reason"
    RecordRoute "Record-Route"
    RecvInfo "Recv-Info"
    ReferredBy "Referred-By" = 'b'
    ReferSub "Refer-Sub"
    ReferTo "Refer-To" = 'r'
    RejectContact "Reject-Contact" = 'j'
    RemotePartyId "Remote-Party-ID"
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
    SessionId "Session-ID"
    SipETag "SIP-ETag"
    SipIfMatch "SIP-If-Match"
    Subject "Subject" = 's'
    SubscriptionState "Subscription-State"
    Supported "Supported" = 'k'
    TargetDialog "Target-Dialog"
    Timestamp "Timestamp"
    To "To" = 't'
    Unsupported "Unsupported"
    UserAgent "User-Agent"
    UserToUser "User-to-User"
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
            // A known name that someone wrote as another one is still that name.
            (Self::Other(token), name) | (name, Self::Other(token)) => token.eq_ignore_ascii_case(name.as_str()),
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

/// The names of that length, the common ones first: what is compared is never more than a handful, and mostly one.
const fn of_length(length: usize) -> &'static [HeaderName] {
    use HeaderName::*;
    match length {
        2 => const { &[To] },
        3 => const { &[Via] },
        4 => const { &[From, CSeq, Date, Path, RSeq, RAck, Join] },
        5 => const { &[Route, Allow, Event] },
        6 => const { &[Accept, Server, Reason, MinSe] },
        7 => const { &[CallId, Contact, Expires, Require, Privacy, Subject, Warning] },
        8 => const { &[ReferTo, Replaces, Identity, SipETag, Priority, ReplyTo] },
        9 => const { &[Supported, Timestamp, CallInfo, Diversion, RecvInfo, ReferSub] },
        10 => const { &[UserAgent, AlertInfo, FlowTimer, SessionId, ContentId, ErrorInfo] },
        11 => const { &[RetryAfter, ReferredBy, MinExpires, Unsupported, InReplyTo, AnswerMode] },
        12 => {
            const {
                &[
                    MaxForwards,
                    ContentType,
                    RecordRoute,
                    AllowEvents,
                    SipIfMatch,
                    Organization,
                    HistoryInfo,
                    UserToUser,
                    MimeVersion,
                    InfoPackage,
                    FeatureCaps,
                ]
            }
        }
        13 => const { &[Authorization, ServiceRoute, ProxyRequire, TargetDialog, IdentityInfo] },
        14 => const { &[ContentLength, AcceptContact, RejectContact] },
        15 => const { &[SessionExpires, AcceptLanguage, AcceptEncoding, RemotePartyId] },
        16 => const { &[WwwAuthenticate, ContentEncoding, ContentLanguage, PAssociatedUri, PrivAnswerMode] },
        17 => const { &[PCalledPartyId] },
        18 => const { &[ProxyAuthenticate, SubscriptionState] },
        19 => {
            const { &[ProxyAuthorization, PAssertedIdentity, ContentDisposition, RequestDisposition, AuthenticationInfo] }
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
        b'n' => const { &[IdentityInfo] },
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
