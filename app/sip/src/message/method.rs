use core::fmt;
use core::str::FromStr;

use super::{InvalidHeader, Token};

/// What a request asks for. Methods have case (RFC 3261 7.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// RFC 3261 13
    Invite,
    /// RFC 3261 13.2.2.4, 17.1.1.3
    Ack,
    /// RFC 3261 15
    Bye,
    /// RFC 3261 9
    Cancel,
    /// RFC 3261 10
    Register,
    /// RFC 3261 11
    Options,
    /// RFC 6086
    Info,
    /// RFC 3311
    Update,
    /// RFC 3262
    Prack,
    /// RFC 6665
    Subscribe,
    /// RFC 6665
    Notify,
    /// RFC 3903
    Publish,
    /// RFC 3515
    Refer,
    /// RFC 3428
    Message,
    /// Any other.
    Other(Token),
}

impl Method {
    /// The method as it stands on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Invite => "INVITE",
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Register => "REGISTER",
            Self::Options => "OPTIONS",
            Self::Info => "INFO",
            Self::Update => "UPDATE",
            Self::Prack => "PRACK",
            Self::Subscribe => "SUBSCRIBE",
            Self::Notify => "NOTIFY",
            Self::Publish => "PUBLISH",
            Self::Refer => "REFER",
            Self::Message => "MESSAGE",
            Self::Other(token) => token,
        }
    }

    /// Whether its 2xx makes a dialog: INVITE, SUBSCRIBE and REFER.
    #[must_use]
    pub const fn makes_dialog(&self) -> bool {
        match self {
            Self::Invite | Self::Subscribe | Self::Refer => true,
            Self::Ack | Self::Bye | Self::Cancel | Self::Register | Self::Options | Self::Info | Self::Update => false,
            Self::Prack | Self::Notify | Self::Publish | Self::Message | Self::Other(_) => false,
        }
    }

    /// A method that the grammar has read.
    pub(crate) fn from_checked(text: &str) -> Self {
        match text {
            "INVITE" => Self::Invite,
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "REGISTER" => Self::Register,
            "OPTIONS" => Self::Options,
            "INFO" => Self::Info,
            "UPDATE" => Self::Update,
            "PRACK" => Self::Prack,
            "SUBSCRIBE" => Self::Subscribe,
            "NOTIFY" => Self::Notify,
            "PUBLISH" => Self::Publish,
            "REFER" => Self::Refer,
            "MESSAGE" => Self::Message,
            other => Self::Other(Token::from_checked(other)),
        }
    }
}

impl FromStr for Method {
    type Err = InvalidHeader;

    fn from_str(text: &str) -> Result<Self, InvalidHeader> {
        if super::is_token(text) { Ok(Self::from_checked(text)) } else { Err(InvalidHeader::Syntax) }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

super::serde_as_text!(Method);
