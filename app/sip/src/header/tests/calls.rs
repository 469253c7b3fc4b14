//! Headers by which calls are transferred, diverted, replaced and answered.

use super::*;
use crate::uri::Params;
use std::vec::Vec;

#[test]
fn a_transfer_says_where_to_and_by_whom() {
    // RFC 3515 2.1
    assert_eq!(read::<ReferTo>("sip:alice@atlanta.example.com").method(), Method::Invite);
    assert_eq!(read::<ReferTo>("<sip:carol@cleveland.example.org;method=SUBSCRIBE>").method(), Method::Subscribe);
    let to: ReferTo =
        read("<sip:dave@denver.example.org?Replaces=12345%40192.168.118.3%3Bto-tag%3D12345%3Bfrom-tag%3D5FFE-3994>");
    let replaces = to.replaces().unwrap();
    assert_eq!(replaces.call_id().as_str(), "12345@192.168.118.3");
    assert_eq!((replaces.to_tag(), replaces.from_tag(), replaces.early_only()), ("12345", "5FFE-3994", false));
    // RFC 3892 4
    let by: ReferredBy = read("\"R\" <sip:referrer@referrer.example>;cid=\"20398823.2UWQFN309shb3@referrer.example\"");
    assert_eq!(by.cid().unwrap(), "20398823.2UWQFN309shb3@referrer.example");
    assert!(!read::<ReferSub>("False").wanted);
    assert_eq!(ReferSub::new(true).to_string(), "true");
    assert_eq!(refused::<ReferSub>(" maybe"), 1);
}

#[test]
fn an_attended_transfer_carries_the_dialog_in_its_uri() {
    let call = CallId::new("1&2=%41@[2001:db8::1]").unwrap();
    let dialog = Replaces::new(&call, "to?", "fr@m").unwrap().with_early_only();
    let uri: Uri = "sip:bob@example.com;transport=ws?Subject=a%20b".parse().unwrap();
    let to = ReferTo::with_replaces(uri, &dialog).unwrap();
    let again: ReferTo = read(&to.to_string());
    assert_eq!(again.replaces().as_ref(), Some(&dialog));
    assert_eq!(again.to_string().matches('&').count(), 1, "{again}");
    assert!(again.to_string().contains("?Subject=a%20b&Replaces=1%262%3D%2541%40[2001"), "{again}");
    assert!(ReferTo::with_replaces("tel:+1".parse().unwrap(), &dialog).is_err());
    // Malformed ones are none.
    for bad in ["<sip:a@b>", "<sip:a@b?Replaces=1>", "<sip:a@b?Replaces=%FF%FE>", "<tel:+1>", "<sip:a@b?Replaces>"] {
        assert_eq!(read::<ReferTo>(bad).replaces(), None, "{bad}");
    }
}

#[test]
fn dialogs_are_named_by_a_call_id_and_two_tags() {
    // RFC 3891 6.1, RFC 3911 7.1, RFC 4538 7
    let replaces: Replaces = read("98732@sip.example.com ;from-tag=r33th4x0r ;to-tag=ff87ff");
    assert_eq!((replaces.to_tag(), replaces.from_tag()), ("ff87ff", "r33th4x0r"));
    let replaces: Replaces = read("12adf2f34456gs5;to-tag=12345;from-tag=54321;Early-Only");
    assert!(replaces.early_only());
    let join: Join = read("12adf2f34456gs5;to-tag=12345;from-tag=54321");
    assert_eq!((join.call_id().as_str(), join.to_tag(), join.from_tag()), ("12adf2f34456gs5", "12345", "54321"));
    let target: TargetDialog = read("fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544");
    assert_eq!((target.local_tag(), target.remote_tag()), ("kkaz-", "6544"));
    assert_eq!(TargetDialog::new(target.call_id(), "kkaz-", "6544"), Ok(target));
    // The tag of an RFC 2543 element (RFC 3891 3).
    assert_eq!(read::<Replaces>("a;to-tag=1;from-tag=0").from_tag(), "0");

    assert_eq!(refused::<Replaces>("a;to-tag=1"), 10);
    assert_eq!(refused::<Replaces>(" ;to-tag=1;from-tag=2"), 0);
    assert_eq!(refused::<Replaces>("a;to-tag=1;to-tag=2;from-tag=3"), 30);
    assert_eq!(refused::<Replaces>(" a b;to-tag=1;from-tag=2"), 2);
    assert_eq!(refused::<Replaces>("a;to-tag=1;from-tag=2, b;to-tag=1;from-tag=2"), 21);
    assert_eq!(refused::<Join>("a;to-tag;from-tag=2"), 19);
    refused::<TargetDialog>("a;to-tag=1;from-tag=2");
    refused::<Replaces>("");
}

#[test]
fn diverted_calls_say_who_had_them() {
    // RFC 5806 7
    let diversion: Diversion =
        read("\"WeSellPizza.com\" <sip:+19725552222@gw1.example>;reason=time-of-day;privacy=\"off\";counter=2");
    assert_eq!((diversion.reason().unwrap().as_str(), diversion.counter()), ("time-of-day", 2));
    assert!(!diversion.is_private());
    let diversion: Diversion = read("<tel:+19725552222>;reason=\"user-busy\";privacy=full;counter=x");
    assert_eq!((diversion.reason().unwrap().as_str(), diversion.counter()), ("user-busy", 1));
    assert!(diversion.is_private());

    // RFC 7044 5.1 and B.1
    let mut headers = Headers::new();
    headers.push_raw("History-Info", "<sip:bob@biloxi.example.com>;index=1").unwrap();
    let second =
        "<sip:bob@192.0.2.4;cause=302?Reason=SIP%3Bcause%3D302%3Btext%3D%22Moved%22&Privacy=history>;index=1.1;rc=1";
    headers.push_raw("History-Info", &format!("{second}, <tel:+1>;mp=1.1;index=1.1.1")).unwrap();
    let history = headers.all::<HistoryInfo>().unwrap();
    assert_eq!(history.iter().filter_map(HistoryInfo::index).collect::<Vec<_>>(), ["1", "1.1", "1.1.1"]);
    let targets: Vec<_> = history.iter().map(HistoryInfo::target).collect();
    assert_eq!(targets, [None, Some((Target::Contact, "1")), Some((Target::Mapped, "1.1"))]);
    assert_eq!((history[0].cause(), history[0].reason(), history[0].privacy()), (None, None, None));
    assert_eq!(history[1].cause(), Some(302));
    let reason = history[1].reason().unwrap();
    assert_eq!((reason.cause, reason.text.unwrap().as_str()), (Some(302), "Moved"));
    assert!(history[1].privacy().unwrap().has("history"));
    assert_eq!(history[1].to_string(), second);
}

#[test]
fn identities_of_the_caller() {
    let id: RemotePartyId = read("\"John\" <sip:j@example.com>;party=calling;screen=yes;privacy=off");
    assert_eq!((id.party(), id.is_screened(), id.is_private()), (Some(Party::Calling), true, false));
    let id: RemotePartyId = read("<sip:j@example.com>;party=Called;privacy=uri-network");
    assert_eq!((id.party(), id.is_screened(), id.is_private()), (Some(Party::Called), false, true));
    assert_eq!(read::<RemotePartyId>("<sip:j@example.com>;party=else").party(), None);
    assert_eq!(
        again::<PPreferredIdentity>("\"Cullen Jennings\" <sip:f@cisco.com>"),
        "\"Cullen Jennings\" <sip:f@cisco.com>"
    );
    assert_eq!(again::<PAssociatedUri>("<tel:+1>;x"), "<tel:+1>;x");
    assert_eq!(again::<PCalledPartyId>("sip:user1-business@example.com"), "<sip:user1-business@example.com>");
    let mut headers = Headers::new();
    headers.push_raw("P-Asserted-Identity", "\"A, B\" <sip:a@b>, tel:+14085264000").unwrap();
    assert_eq!(headers.all::<PAssertedIdentity>().unwrap().len(), 2);
    // RFC 3323 4.2, and what is written in two fields.
    headers.push_raw("Privacy", "header; ID").unwrap();
    headers.push_raw("Privacy", "critical").unwrap();
    let privacy = headers.get::<Privacy>().unwrap();
    assert!(privacy.has("id") && privacy.has("critical") && !privacy.has("none"));
    assert_eq!(privacy.to_string(), "header;ID;critical");
    assert_eq!(refused::<Privacy>("id user"), 2);
}

/// After how many seconds a call with these fields wants to be answered.
fn asked(fields: &[(&str, &str)]) -> Option<u32> {
    let mut headers = Headers::new();
    for (name, value) in fields {
        headers.push_raw(name, value).unwrap();
    }
    answer_after(&headers)
}

#[test]
fn calls_that_want_to_be_answered_by_themselves() {
    for (name, value, after) in [
        ("Answer-Mode", "Auto", 0),
        ("Answer-Mode", "auto;require", 0),
        ("Priv-Answer-Mode", "Auto", 0),
        ("Call-Info", "<sip:example.com>;answer-after=0", 0),
        ("Call-Info", "<sip:a>;purpose=icon, <sip:b>; Answer-After = 5", 5),
        ("Call-Info", "answer-after=2", 2),
        ("Call-Info", ";answer-after=2", 2),
        ("Call-Info", "=\\;answer-after=0", 0),
        ("Call-Info", "<sip:a>;info=alert-autoanswer;delay=3", 3),
        ("Alert-Info", "info=alert-autoanswer", 0),
        ("Alert-Info", "info = Alert-AutoAnswer ;delay=0", 0),
        ("Alert-Info", "<http://www.notused.com>;info=alert-autoanswer;delay=4", 4),
        ("Alert-Info", "<>;info=\"alert-autoanswer\"", 0),
        ("Alert-Info", ";info=alert-autoanswer", 0),
        ("Alert-Info", "Auto Answer", 0),
        ("Alert-Info", "Ring Answer", 0),
        ("Alert-Info", "<Auto Answer>", 0),
        ("Alert-Info", "Intercom", 0),
        ("Alert-Info", "<sip:a>;intercom=true", 0),
        ("Alert-Info", "answer-after=0", 0),
        ("Alert-Info", "<sip:a>;answer-after=99999999999", u32::MAX),
    ] {
        assert_eq!(asked(&[(name, value)]), Some(after), "{name}: {value}");
    }
    for (name, value) in [
        ("Answer-Mode", "Manual"),
        ("Answer-Mode", "Auto Answer"),
        ("Call-Info", "<sip:answer-after=0>;purpose=info"),
        ("Alert-Info", "<http://www.example.com/sounds/moo.wav>"),
        ("Alert-Info", "<Bellcore-dr3>"),
        ("Alert-Info", "info=alert-internal;delay=0"),
        ("Alert-Info", "<sip:a>;intercom=false"),
        ("Alert-Info", "<sip:a>;answer-after=never"),
        ("Alert-Info", "<sip:a"),
    ] {
        assert_eq!(asked(&[(name, value)]), None, "{name}: {value}");
    }
    assert_eq!(asked(&[("Answer-Mode", "nonsense;;"), ("Call-Info", "<sip:a>;answer-after=1")]), Some(1));
}

#[test]
fn rings_have_names_and_places() {
    for (value, target, uri) in [
        ("<http://www.example.com/moo.wav>", Some("http://www.example.com/moo.wav"), true),
        ("http://www.example.com/?a=b;info=c", Some("http://www.example.com/?a=b"), true),
        ("<Bellcore-dr1>", Some("Bellcore-dr1"), false),
        ("Bellcore-dr1 ;a=b", Some("Bellcore-dr1"), false),
        ("info=alert-internal;x-line-id=0", None, false),
    ] {
        let info: AlertInfo = read(value);
        assert_eq!((info.target(), info.uri().is_some()), (target, uri), "{value}");
        assert_eq!(read::<AlertInfo>(&info.to_string()), info);
    }
    let mut params = Params::new();
    params.set("answer-after", Some("0")).unwrap();
    assert_eq!(CallInfo::of_params(params).to_string(), ";answer-after=0");
    assert_eq!(read::<CallInfo>("<http://a/b>;purpose=\"icon\"").purpose().unwrap(), "icon");
    assert_eq!(again::<IdentityInfo>("<https://a/b>;alg=rsa-sha1"), "<https://a/b>;alg=rsa-sha1");
    for bad in ["", "<>", "<sip:a> b", "\"a\" <sip:a>", "a <b>"] {
        refused::<AlertInfo>(bad);
    }
}
