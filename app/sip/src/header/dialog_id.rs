//! Headers that name a dialog from outside of it: a Call-ID and two tags.

use core::fmt;

use super::grammar::{offset, params, whole};
use super::{CallId, header_text};
use crate::message::{Header, HeaderName, InvalidHeader, Malformed};
use crate::uri::Params;

macro_rules! dialog_ids {
    ($($(#[$doc:meta])+ $header:ident $one:ident $one_name:literal $two:ident $two_name:literal;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $header {
            call_id: CallId,
            params: Params,
        }

        impl $header {
            /// The header that names this dialog.
            ///
            /// # Errors
            /// The Call-ID or a tag has a character that would end it.
            pub fn new(call_id: &CallId, $one: &str, $two: &str) -> Result<Self, InvalidHeader> {
                if call_id.contains([';', ',']) {
                    return Err(InvalidHeader::Syntax);
                }
                let mut params = Params::new();
                params.set_received($one_name, $one)?;
                params.set_received($two_name, $two)?;
                Ok(Self { call_id: call_id.clone(), params })
            }

            /// The dialog's Call-ID.
            #[must_use]
            pub const fn call_id(&self) -> &CallId {
                &self.call_id
            }

            #[doc = concat!("The `", $one_name, "`.")]
            #[must_use]
            pub fn $one(&self) -> &str {
                self.params.value($one_name).unwrap_or_default()
            }

            #[doc = concat!("The `", $two_name, "`.")]
            #[must_use]
            pub fn $two(&self) -> &str {
                self.params.value($two_name).unwrap_or_default()
            }

            /// All parameters, with the tags.
            #[must_use]
            pub const fn params(&self) -> &Params {
                &self.params
            }
        }

        impl Header for $header {
            const NAME: HeaderName = HeaderName::$header;
            const LIST: bool = false;

            fn parse(value: &str) -> Result<Self, Malformed> {
                let (call_id, params) = read(value, [$one_name, $two_name])?;
                Ok(Self { call_id, params })
            }
        }

        impl fmt::Display for $header {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", self.call_id, self.params)
            }
        }

        header_text!($header);
    )+};
}

dialog_ids! {
    /// The dialog that this INVITE takes the place of (RFC 3891 6.1). The tags are as the one sees them who
    /// gets the INVITE: the `to-tag` is its own.
    Replaces to_tag "to-tag" from_tag "from-tag";
    /// The dialog that this INVITE wants to be joined with (RFC 3911 7.1).
    Join to_tag "to-tag" from_tag "from-tag";
    /// A dialog that the sender has with the one who gets the request, which proves that it may ask
    /// (RFC 4538 7). The `local-tag` is the sender's.
    TargetDialog local_tag "local-tag" remote_tag "remote-tag";
}

impl Replaces {
    /// Whether a dialog that is confirmed may not be replaced (RFC 3891 3).
    #[must_use]
    pub fn early_only(&self) -> bool {
        self.params.has("early-only")
    }

    /// The same for dialogs only that are early.
    #[must_use]
    pub fn with_early_only(mut self) -> Self {
        // The name is a token.
        let _ = self.params.set("early-only", None);
        self
    }
}

/// callid *(SEMI generic-param), in which each tag is there once (RFC 3891 3).
fn read(value: &str, tags: [&str; 2]) -> Result<(CallId, Params), Malformed> {
    let (call_id, rest) = value.split_at_checked(value.find(';').unwrap_or(value.len())).unwrap_or((value, ""));
    let at = |part: &str, error: Malformed| Malformed { at: offset(value, part) + error.at };
    let call_id = call_id.trim_matches([' ', '\t']);
    let parsed = CallId::parse(call_id).map_err(|error| at(call_id, error))?;
    if let Some(comma) = call_id.find(',') {
        return Err(at(call_id, Malformed { at: comma }));
    }
    let params = whole(rest, params).map_err(|error| at(rest, error))?;
    let once = |tag: &&str| params.iter().filter(|(name, _)| name.eq_ignore_ascii_case(tag)).count() == 1;
    let is_bare = |tag: &&str| params.value(tag).is_some_and(|tag| !tag.starts_with('"'));
    if !tags.iter().all(|tag| once(tag) && is_bare(tag)) {
        return Err(at(rest, Malformed { at: rest.len() }));
    }
    Ok((parsed, params))
}
