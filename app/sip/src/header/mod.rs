//! Typed headers, one a file: the type, how it is read, and its `Display`, which is its value on the wire.

mod accept;
mod auth;
mod auto_answer;
mod call_id;
mod caller_preferences;
mod caller_signature;
mod contact;
mod content_id;
mod content_type;
mod cseq;
mod date;
mod dialog_id;
mod diversion;
mod etag;
mod free_text;
pub(crate) mod grammar;
mod history_info;
mod identity;
mod in_reply_to;
mod info;
mod media_type;
mod mime_version;
mod name_addr;
mod numbers;
mod param_values;
mod priority;
mod privacy;
mod rack;
mod reason;
mod refer;
mod reply_to;
mod retry_after;
mod route;
mod session_timer;
mod timestamp;
mod to_from;
mod token_params;
mod tokens;
mod uri_headers;
mod user_to_user;
mod via;
mod warning;

pub use accept::Accept;
pub use auth::{Authorization, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate};
pub use auto_answer::answer_after;
pub use call_id::CallId;
pub use caller_preferences::{AcceptContact, FeatureCaps, RejectContact};
pub use caller_signature::Identity;
pub use contact::{Contact, Push};
pub use content_id::ContentId;
pub use content_type::ContentType;
pub use cseq::CSeq;
pub use date::Date;
pub use dialog_id::{Join, Replaces, TargetDialog};
pub use diversion::Diversion;
pub use etag::{SipETag, SipIfMatch};
pub use free_text::{Organization, Server, Subject, UserAgent};
pub use history_info::{HistoryInfo, Target};
pub use identity::{PAssertedIdentity, PAssociatedUri, PCalledPartyId, PPreferredIdentity, Party, RemotePartyId};
pub use in_reply_to::InReplyTo;
pub use info::{AlertInfo, CallInfo, ErrorInfo, IdentityInfo};
pub use media_type::MediaType;
pub use mime_version::MimeVersion;
pub use name_addr::NameAddr;
pub use numbers::{ContentLength, Expires, FlowTimer, MaxForwards, MinExpires, RSeq};
pub use priority::Priority;
pub use privacy::Privacy;
pub use rack::RAck;
pub use reason::Reason;
pub use refer::{ReferSub, ReferTo, ReferredBy};
pub use reply_to::ReplyTo;
pub use retry_after::RetryAfter;
pub use route::{Path, RecordRoute, Route, ServiceRoute};
pub use session_timer::{MinSe, Refresher, SessionExpires};
pub use timestamp::Timestamp;
pub use to_from::{From, To};
pub use token_params::{
    AcceptEncoding, AcceptLanguage, AnswerMode, ContentDisposition, Event, InfoPackage, PrivAnswerMode, RecvInfo,
    SessionId, SubscriptionState,
};
pub use tokens::{
    Allow, AllowEvents, ContentEncoding, ContentLanguage, ProxyRequire, RequestDisposition, Require, Supported,
    Unsupported,
};
pub use user_to_user::UserToUser;
pub use via::{Via, ViaTransport};
pub use warning::Warning;

pub use crate::digest::AuthenticationInfo;
pub use crate::message::{Header, HeaderError, HeaderName, Headers, InvalidHeader, Malformed};

/// Gives a macro the names of all typed headers: for what must be done with each of them, in tests and tools.
///
/// ```
/// use sip::message::Header as _;
///
/// macro_rules! lists {
///     ($($header:ident)+) => { [$((sip::header::$header::NAME, sip::header::$header::LIST)),+] };
/// }
/// assert!(sip::for_each_header!(lists).contains(&(sip::message::HeaderName::Via, true)));
/// ```
#[macro_export]
macro_rules! for_each_header {
    ($each:ident) => {
        $each! {
            Accept AcceptContact AcceptEncoding AcceptLanguage AlertInfo Allow AllowEvents AnswerMode
            AuthenticationInfo Authorization
            CallId CallInfo Contact ContentDisposition ContentEncoding ContentId ContentLanguage ContentLength
            ContentType CSeq Date Diversion ErrorInfo Event Expires FeatureCaps FlowTimer From HistoryInfo Identity
            IdentityInfo InfoPackage InReplyTo Join MaxForwards MimeVersion MinExpires MinSe Organization
            PAssertedIdentity PAssociatedUri Path PCalledPartyId PPreferredIdentity Priority Privacy PrivAnswerMode
            ProxyAuthenticate ProxyAuthorization ProxyRequire RAck Reason RecordRoute RecvInfo ReferredBy ReferSub
            ReferTo RejectContact RemotePartyId Replaces ReplyTo RequestDisposition Require RetryAfter Route RSeq
            Server ServiceRoute SessionExpires SessionId SipETag SipIfMatch Subject SubscriptionState Supported
            TargetDialog Timestamp To Unsupported UserAgent UserToUser Via Warning WwwAuthenticate
        }
    };
}

/// Gives a header what follows from its `Header`: reading from text, and its text as serde form.
macro_rules! header_text {
    ($($header:ty),+) => {$(
        impl core::str::FromStr for $header {
            type Err = $crate::message::Malformed;

            fn from_str(value: &str) -> Result<Self, $crate::message::Malformed> {
                <Self as $crate::message::Header>::parse(value)
            }
        }

        $crate::message::serde_as_text!($header);
    )+};
}
pub(crate) use header_text;

/// Makes headers of types that hold one value, `struct To(pub NameAddr)`: what is read, and whether it is a list.
macro_rules! header_of {
    ($($header:ident $list:literal $read:expr;)+) => {$(
        impl $crate::message::Header for $header {
            const NAME: $crate::message::HeaderName = $crate::message::HeaderName::$header;
            const LIST: bool = $list;

            fn parse(value: &str) -> Result<Self, $crate::message::Malformed> {
                $read(value).map(Self)
            }
        }

        impl core::fmt::Display for $header {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::Display::fmt(&self.0, f)
            }
        }

        $crate::header::header_text!($header);
    )+};
}
pub(crate) use header_of;

#[cfg(test)]
mod tests;
