use core::fmt;

use super::NameAddr;
use super::param_values::{qvalue, seconds_of};
use crate::message::{Header, HeaderName, Malformed, Text};
use crate::uri::{Params, Uri};

/// Where someone can be reached directly (RFC 3261 20.10).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Contact {
    /// `*`: all bindings, in a REGISTER that removes them.
    Star,
    /// One address.
    Addr(NameAddr),
}

impl Contact {
    /// The address, if it is one.
    #[must_use]
    pub const fn address(&self) -> Option<&NameAddr> {
        match self {
            Self::Star => None,
            Self::Addr(address) => Some(address),
        }
    }

    /// How long the binding is to last, in seconds; `None` if that is not said, or malformed. What does not fit
    /// is the largest number that does.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        seconds_of(&self.address()?.params, "expires")
    }

    /// The preference in thousandths, 0 to 1000; `None` if that is not said, or malformed.
    #[must_use]
    pub fn q(&self) -> Option<u16> {
        qvalue(&self.address()?.params)
    }

    /// The phone that it is, whatever address it has (RFC 5626 4.1 `+sip.instance`): `urn:uuid:…`
    #[must_use]
    pub fn instance(&self) -> Option<Text> {
        let text = self.feature("+sip.instance")?;
        let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
        inner.map(Text::lossy).or(Some(text))
    }

    /// Tells the flows of one phone apart (RFC 5626 4.2); `None` if that is not said, or malformed.
    #[must_use]
    pub fn reg_id(&self) -> Option<u32> {
        self.address()?.params.value("reg-id")?.parse().ok().filter(|id| *id > 0)
    }

    /// Whether requests are to be sent over the flow that this came from (RFC 5626 4.3 `ob`).
    #[must_use]
    pub fn is_outbound(&self) -> bool {
        self.uri_params().is_some_and(|params| params.has("ob"))
    }

    /// The public GRUU that the registrar gave (RFC 5627 9).
    #[must_use]
    pub fn pub_gruu(&self) -> Option<Uri> {
        self.feature("pub-gruu")?.parse().ok()
    }

    /// The temporary GRUU that the registrar gave (RFC 5627 9).
    #[must_use]
    pub fn temp_gruu(&self) -> Option<Uri> {
        self.feature("temp-gruu")?.parse().ok()
    }

    /// Whether it is a GRUU (RFC 5627 9 `gr`): it leads to this phone from anywhere.
    #[must_use]
    pub fn is_gruu(&self) -> bool {
        self.uri_params().is_some_and(|params| params.has("gr"))
    }

    /// How the phone is woken (RFC 8599); `None` if that is not said.
    #[must_use]
    pub fn push(&self) -> Option<Push<'_>> {
        let params = self.uri_params()?;
        let provider = params.value("pn-provider");
        params.has("pn-provider").then(|| Push {
            provider,
            prid: params.value("pn-prid"),
            param: params.value("pn-param"),
            purr: params.value("pn-purr"),
        })
    }

    /// A feature tag (RFC 3840 9), or any other parameter of the contact, without quotes. One without a value is
    /// empty: that is how `;audio` says that it is true.
    #[must_use]
    pub fn feature(&self, name: &str) -> Option<Text> {
        let params = &self.address()?.params;
        params.has(name).then(|| params.text(name).unwrap_or_default())
    }

    fn uri_params(&self) -> Option<&Params> {
        self.address()?.uri.as_sip().map(|uri| &uri.params)
    }
}

/// How a phone is woken (RFC 8599), as it stands in its contact: escapes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Push<'a> {
    /// The service that wakes it: `apns`, `fcm`, `webpush`. `None` in a question which there are.
    pub provider: Option<&'a str>,
    /// Whom the service is to wake.
    pub prid: Option<&'a str>,
    /// What else the service needs to know.
    pub param: Option<&'a str>,
    /// Names the binding, for requests in its dialogs.
    pub purr: Option<&'a str>,
}

impl core::convert::From<NameAddr> for Contact {
    fn from(address: NameAddr) -> Self {
        Self::Addr(address)
    }
}

impl Header for Contact {
    const NAME: HeaderName = HeaderName::Contact;
    const LIST: bool = true;

    fn parse(value: &str) -> Result<Self, Malformed> {
        if value.trim_matches([' ', '\t']) == "*" { Ok(Self::Star) } else { NameAddr::read(value).map(Self::Addr) }
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Star => f.write_str("*"),
            Self::Addr(address) => address.fmt(f),
        }
    }
}

super::header_text!(Contact);
