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

            /// The known header of that compact form, in small letters.
            const fn of_compact(letter: char) -> Option<&'static Self> {
                match letter {
                    $($($compact => Some(const { &Self::$variant }),)?)+
                    _ => None,
                }
            }

            /// The only known header that the name can be of; whether it is, the rest of its letters say.
            const fn candidate(name: &str) -> Option<&'static Self> {
                match key(name) {
                    $(keys::$variant => Some(const { &Self::$variant }),)+
                    _ => None,
                }
            }

            /// All names that are known.
            #[cfg(test)]
            pub(crate) const KNOWN: &[Self] = &[$(Self::$variant),+];
        }

        /// The keys of the names: were two the same, a pattern would be unreachable and the compiler would tell.
        #[allow(non_upper_case_globals, reason = "they are named as the variants")]
        mod keys {
            $(pub(super) const $variant: u32 = super::key($name);)+
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
        if let [letter] = name.as_bytes() {
            return Self::of_compact(char::from(letter.to_ascii_lowercase()));
        }
        let alike = |(one, two): (u8, u8)| one == two || one.eq_ignore_ascii_case(&two);
        Self::candidate(name).filter(|candidate| candidate.as_str().bytes().zip(name.bytes()).all(alike))
    }

    /// The name as the known one that it is, if it is one.
    pub(super) fn resolved(&self) -> &Self {
        if let Self::Other(token) = self { Self::known(token).unwrap_or(self) } else { self }
    }
}

/// What tells the known names apart: the length, the first letter and the one in the middle, without case.
const fn key(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let Some((front, back)) = bytes.split_at_checked(bytes.len() / 2) else { return 0 };
    match (front, back) {
        ([first, ..], [middle, ..]) if bytes.len() < 256 => {
            u32::from_be_bytes([0, bytes.len() as u8, *first | 0x20, *middle | 0x20])
        }
        _ => 0,
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
