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
/// Not to what frames the message or says what its body is, to what routes it or makes its dialog and transaction
/// known, to what agreements rest on (RFC 3262 `RSeq` and `RAck`), and to who proves to be whom.
pub(super) fn allows(name: &HeaderName, change: Change, method: Option<&Method>) -> bool {
    use HeaderName::{
        AuthenticationInfo, Authorization, CSeq, CallId, Contact, ContentLength, ContentType, From, MaxForwards, Path,
        ProxyAuthenticate, ProxyAuthorization, ProxyRequire, RAck, RSeq, RecordRoute, Require, Route, ServiceRoute, To,
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
        Route,
        RecordRoute,
        Path,
        ServiceRoute,
        Contact,
        RSeq,
        RAck,
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
    true
}
