use crate::message::{HeaderName, Method};

/// What is done to the fields of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// One more.
    Add,
    /// They are taken away, or replaced.
    Replace,
}

/// Whether a hook may do this to the fields of that name in a message of this method.
///
/// Which and why says the module [`super`].
pub(super) fn allows(name: &HeaderName, change: Change, method: Option<&Method>) -> bool {
    use HeaderName::{
        AuthenticationInfo, Authorization, CSeq, CallId, Contact, ContentEncoding, ContentLength, ContentType, Event,
        Expires, FlowTimer, From, Join, MaxForwards, MimeVersion, MinExpires, MinSe, Path, ProxyAuthenticate,
        ProxyAuthorization, ProxyRequire, RAck, RSeq, RecordRoute, ReferSub, ReferTo, Replaces, Require, Route,
        ServiceRoute, SessionExpires, SipETag, SipIfMatch, SubscriptionState, Supported, TargetDialog, To, Unsupported,
        Via, WwwAuthenticate,
    };
    let guarded = [
        Via,
        From,
        To,
        CallId,
        CSeq,
        MaxForwards,
        ContentLength,
        ContentType,
        ContentEncoding,
        MimeVersion,
        Route,
        RecordRoute,
        Path,
        ServiceRoute,
        Contact,
        RSeq,
        RAck,
        SessionExpires,
        MinSe,
        Event,
        SubscriptionState,
        SipETag,
        SipIfMatch,
        MinExpires,
        FlowTimer,
        Replaces,
        Join,
        TargetDialog,
        ReferTo,
        ReferSub,
        Unsupported,
        Authorization,
        ProxyAuthorization,
        WwwAuthenticate,
        ProxyAuthenticate,
        AuthenticationInfo,
    ];
    if guarded.contains(name) {
        return false;
    }
    if *name == Require || *name == ProxyRequire {
        // What is asked for stays asked for; ACK and CANCEL ask for nothing (RFC 3261 8.2.2.3, 9.1).
        return change == Change::Add && !matches!(method, Some(Method::Ack | Method::Cancel));
    }
    if *name == Supported {
        return change == Change::Add;
    }
    // What an INVITE or a MESSAGE says there is for its reader (RFC 3261 20.19); elsewhere it is how long a binding,
    // a subscription or a publication lives.
    *name != Expires || matches!(method, Some(Method::Invite | Method::Message))
}
