//! Headers that are a token with parameters behind.

use core::fmt;

use super::grammar::{params, token, white, whole};
use super::header_text;
use super::param_values::{qvalue, seconds_of};
use crate::message::{Header, HeaderName, Malformed, Text, Token};
use crate::uri::Params;

macro_rules! token_params {
    ($($(#[$doc:meta])+ $header:ident $list:literal, $(#[$field_doc:meta])+ $field:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $header {
            $(#[$field_doc])+
            pub $field: Token,
            /// What else is said.
            pub params: Params,
        }

        impl $header {
            /// The header of this, without parameters.
            #[must_use]
            pub const fn new($field: Token) -> Self {
                Self { $field, params: Params::new() }
            }

            /// Whether it is this one; it has no case.
            #[must_use]
            pub fn is(&self, $field: &str) -> bool {
                self.$field.eq_ignore_ascii_case($field)
            }
        }

        impl Header for $header {
            const NAME: HeaderName = HeaderName::$header;
            const LIST: bool = $list;

            fn parse(value: &str) -> Result<Self, Malformed> {
                let ($field, params) = read(value)?;
                Ok(Self { $field, params })
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", self.$field, self.params)
            }
        }

        header_text!($header);
    )+};
}

token_params! {
    /// A coding of bodies that is understood (RFC 3261 20.2): one of a list.
    AcceptEncoding true,
    /// `gzip`, `identity`, or `*` for any.
    coding;

    /// A language that is wanted in reason phrases and bodies (RFC 3261 20.3): one of a list.
    AcceptLanguage true,
    /// `en-gb`, or `*` for any.
    range;

    /// What a body is for (RFC 3261 20.11).
    ContentDisposition false,
    /// `session`, `render`, `icon`, `alert`, `early-session`, …
    kind;

    /// What a SUBSCRIBE or NOTIFY is about (RFC 6665 8.2.1).
    Event false,
    /// The package, and its templates: `presence.winfo`.
    event_type;

    /// How a subscription is (RFC 6665 8.2.3).
    SubscriptionState false,
    /// `active`, `pending` or `terminated`.
    state;

    /// The package of an INFO (RFC 6086 7.2).
    InfoPackage false,
    /// `dtmf`, …
    package;

    /// A package of INFO that is understood (RFC 6086 7.3): one of a list.
    RecvInfo true,
    /// `dtmf`, …
    package;

    /// How the call is to be answered (RFC 5373 3).
    AnswerMode false,
    /// `Manual` or `Auto`.
    mode;

    /// How the call is to be answered, for who may ask for more (RFC 5373 3).
    PrivAnswerMode false,
    /// `Manual` or `Auto`.
    mode;

    /// Names a session over all the dialogs that it is made of (RFC 7989 5).
    SessionId false,
    /// Half of it: the sender's, in 32 hexadecimal digits.
    local;
}

impl AcceptEncoding {
    /// The preference in thousandths, 0 to 1000; `None` if that is not said, or malformed.
    #[must_use]
    pub fn q(&self) -> Option<u16> {
        qvalue(&self.params)
    }
}

impl AcceptLanguage {
    /// The preference in thousandths, 0 to 1000; `None` if that is not said, or malformed.
    #[must_use]
    pub fn q(&self) -> Option<u16> {
        qvalue(&self.params)
    }
}

impl ContentDisposition {
    /// Whether who does not understand the body must refuse the message; so it is, if nothing else is said.
    #[must_use]
    pub fn is_required(&self) -> bool {
        !self.params.text("handling").is_some_and(|handling| handling.eq_ignore_ascii_case("optional"))
    }
}

impl Event {
    /// The package: `presence` of `presence.winfo`.
    #[must_use]
    pub fn package(&self) -> &str {
        self.event_type.split('.').next().unwrap_or_default()
    }

    /// The templates, in order: `winfo` of `presence.winfo`.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        self.event_type.split('.').skip(1)
    }

    /// Tells subscriptions of one dialog apart. It has case.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.params.value("id")
    }

    /// Whether both are of one subscription: the same type, letter by letter, and the same `id`
    /// (RFC 6665 8.2.1).
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.event_type == other.event_type && self.id() == other.id()
    }
}

impl SubscriptionState {
    /// Whether the subscription is over.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.is("terminated")
    }

    /// Why it is over: `deactivated`, `probation`, `rejected`, `timeout`, `giveup`, `noresource`, `invariant`
    /// (RFC 6665 4.1.3).
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.params.value("reason")
    }

    /// How many more seconds it lasts.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        seconds_of(&self.params, "expires")
    }

    /// After how many seconds to subscribe again.
    #[must_use]
    pub fn retry_after(&self) -> Option<u32> {
        seconds_of(&self.params, "retry-after")
    }
}

macro_rules! answer_modes {
    ($($header:ident)+) => {$(
        impl $header {
            /// Whether the call is to be answered at once.
            #[must_use]
            pub fn is_auto(&self) -> bool {
                self.is("Auto")
            }

            /// Whether the call is to be refused, if that cannot be.
            #[must_use]
            pub fn is_required(&self) -> bool {
                self.params.has("require")
            }
        }
    )+};
}

answer_modes!(AnswerMode PrivAnswerMode);

impl SessionId {
    /// The other half: that of the one who gets the message.
    #[must_use]
    pub fn remote(&self) -> Option<Text> {
        self.params.text("remote")
    }
}

/// token *(SEMI generic-param)
fn read(value: &str) -> Result<(Token, Params), Malformed> {
    whole(value, |input| {
        let (rest, token) = token(input)?;
        let (rest, _) = white(rest)?;
        let (rest, params) = params(rest)?;
        Ok((rest, (Token::from_checked(token), params)))
    })
}
