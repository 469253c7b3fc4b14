//! Headers of the extensions, with the examples of their RFCs.

use super::*;
use std::vec::Vec;

#[test]
fn reliable_provisional_responses() {
    assert_eq!(read::<RSeq>("988789"), RSeq(988_789));
    assert_eq!(read::<RAck>("776656 1 INVITE"), RAck { rseq: 776_656, seq: 1, method: Method::Invite });
    for bad in ["776656 1", "1 INVITE", "-1 1 INVITE", "1 1 INVITE x"] {
        refused::<RAck>(bad);
    }
    refused::<RSeq>("");
}

#[test]
fn subscriptions() {
    let event: Event = read("presence.winfo;id=a");
    assert_eq!((event.package(), event.templates().collect::<Vec<_>>()), ("presence", ["winfo"].into()));
    assert_eq!(event.id(), Some("a"));
    assert!(event.matches(&read("presence.winfo ; ID=a;x=y")));
    for other in ["presence.winfo", "presence.winfo;id=A", "Presence.winfo;id=a", "presence;id=a"] {
        assert!(!event.matches(&read(other)), "{other}");
    }
    assert_eq!(refused::<Event>(";id=1"), 0);
    assert_eq!(refused::<Event>("presence, dialog"), 8);

    let state: SubscriptionState = read("terminated;reason=probation;retry-after=60");
    assert!(state.is_terminated());
    assert_eq!((state.reason(), state.retry_after(), state.expires()), (Some("probation"), Some(60), None));
    assert_eq!(read::<SubscriptionState>("Active;expires=3599").expires(), Some(3599));
    assert!(read::<SubscriptionState>("Active").is("active"));
    assert!(read::<AllowEvents>("presence, Dialog").has("dialog"));
}

#[test]
fn publications_are_named_by_their_server() {
    assert_eq!(again::<SipETag>("dx200xyz"), "dx200xyz");
    assert_eq!(again::<SipIfMatch>(" dx200xyz "), "dx200xyz");
    assert_ne!(read::<SipETag>("a"), read("A"));
    assert_eq!(refused::<SipETag>("\"a\""), 0);
    assert_eq!(refused::<SipIfMatch>("a, b"), 1);
}

#[test]
fn session_timers() {
    let expires: SessionExpires = read("4000;refresher=UAC");
    assert_eq!((expires.seconds, expires.refresher()), (4000, Some(Refresher::Uac)));
    assert_eq!(SessionExpires::new(1800).with_refresher(Refresher::Uas).to_string(), "1800;refresher=uas");
    assert_eq!(expires.with_refresher(Refresher::Uas).to_string(), "4000;refresher=uas");
    assert_eq!(read::<SessionExpires>("4000;refresher=both").refresher(), None);
    assert_eq!(read::<SessionExpires>("4000").refresher(), None);
    assert_eq!(read::<MinSe>("60;lr"), MinSe { params: read::<MinSe>("1;lr").params, ..MinSe::new(60) });
}

#[test]
fn preferences_of_the_caller() {
    let accept: AcceptContact = read("*;audio;require;methods=\"INVITE,BYE\"");
    assert!(accept.is_required() && !accept.is_explicit());
    assert_eq!(accept.params.text("methods").unwrap(), "INVITE,BYE");
    let mut headers = Headers::new();
    headers.push_raw("j", "*;actor=\"msg-taker\";video, *;automata").unwrap();
    assert_eq!(headers.all::<RejectContact>().unwrap().len(), 2);
    assert!(read::<RequestDisposition>("proxy, recurse, No-Fork").has("no-fork"));
    assert_eq!(refused::<AcceptContact>("sip:a@b;audio"), 0);
    assert_eq!(refused::<AcceptContact>(""), 0);
    assert_eq!(
        again::<FeatureCaps>("*;+sip.pns=\"webpush\";+g.x=\"<urn:a>\""),
        "*;+sip.pns=\"webpush\";+g.x=\"<urn:a>\""
    );
}

#[test]
fn info_packages() {
    let mut headers = Headers::new();
    headers.push_raw("Recv-Info", "foo, dtmf;x=1").unwrap();
    let understood = headers.all::<RecvInfo>().unwrap();
    assert!(understood.iter().any(|info| info.is("DTMF")));
    assert!(read::<InfoPackage>("dtmf").is("dtmf"));
    assert_eq!(refused::<InfoPackage>("a/b"), 1);
}

#[test]
fn routes_that_a_registrar_gives() {
    assert!(read::<ServiceRoute>("<sip:HSP.HOME.EXAMPLE.COM;lr>").is_loose());
    assert_eq!(read::<FlowTimer>("120"), FlowTimer(120));
}

#[test]
fn signatures_are_kept_as_they_are() {
    // RFC 8224 4
    let identity: Identity = read(
        "eyJhbGciOiJFUzI1NiJ9.eyJhdHQ-_9.q4Z+/=;info=<https://biloxi.example.org/biloxi.cer>;alg=ES256;ppt=\"shaken\"",
    );
    assert_eq!(identity.signature(), "eyJhbGciOiJFUzI1NiJ9.eyJhdHQ-_9.q4Z+/=");
    assert_eq!(identity.info().unwrap().to_string(), "https://biloxi.example.org/biloxi.cer");
    assert_eq!(identity.params().text("ppt").unwrap(), "shaken");
    assert_eq!(read::<Identity>(&identity.to_string()), identity);
    assert_eq!(read::<Identity>("\"ZYNBb+=\"").signature(), "ZYNBb+=");
    for bad in ["", ";info=<a:b>", "a b", "a;info=<>", "\"a;b\""] {
        refused::<Identity>(bad);
    }
}

#[test]
fn bodies_have_names() {
    let id: ContentId = read("<target123@atlanta.example.com>");
    assert_eq!(id.as_str(), "target123@atlanta.example.com");
    assert_eq!(ContentId::new(id.as_str()), Ok(id));
    for bad in ["a@b", "<>", "<a b>", "<a>b"] {
        refused::<ContentId>(bad);
    }
}

#[test]
fn users_say_things_to_users() {
    let data: UserToUser = read("56a390f3d2b7310023;encoding=hex;purpose=foo;content=bar");
    assert_eq!((data.data.as_str(), data.encoding(), data.purpose()), ("56a390f3d2b7310023", "hex", "foo"));
    let data: UserToUser = read("\"a, \\\"b\\\"\"");
    assert_eq!((data.data.as_str(), data.encoding(), data.purpose()), ("a, \"b\"", "hex", "isdn-uui"));
    assert_eq!(again::<UserToUser>("\"\""), "\"\"");
    refused::<UserToUser>("a b");
    let session: SessionId = read("ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2");
    assert_eq!(session.remote().unwrap(), "47755a9de7794ba387653f2099600ef2");
}

#[test]
fn contacts_say_what_phone_they_are() {
    // RFC 5626 9.1, RFC 5627 8
    let contact: Contact = read(
        "<sip:callee@192.0.2.1;ob>;pub-gruu=\"sip:callee@example.com;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"\
         ;temp-gruu=\"sip:tgruu.7hs==jd7vnzga5w7fajsc7-ajd6fabz0f8g5@example.com;gr\"\
         ;+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>\";expires=3600;reg-id=1",
    );
    assert_eq!(contact.instance().unwrap(), "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
    assert_eq!((contact.reg_id(), contact.expires(), contact.is_outbound()), (Some(1), Some(3600), true));
    let gruu = contact.pub_gruu().unwrap();
    assert!(Contact::from(NameAddr::new(gruu)).is_gruu());
    assert!(Contact::from(NameAddr::new(contact.temp_gruu().unwrap())).is_gruu());
    assert!(!contact.is_gruu());
    for (bad, reg_id) in [("<sip:a>;reg-id=0", None), ("<sip:a>;reg-id=x", None), ("<sip:a>", None), ("*", None)] {
        assert_eq!(read::<Contact>(bad).reg_id(), reg_id, "{bad}");
    }
    assert_eq!(read::<Contact>("<sip:a>;pub-gruu=\"no uri\"").pub_gruu(), None);
    assert_eq!(read::<Contact>("<tel:+1>;+sip.instance=\"bare\"").instance().unwrap(), "bare");
}

#[test]
fn contacts_say_what_they_can_and_how_they_are_woken() {
    // RFC 3840 9
    let contact: Contact =
        read("\"User\" <sip:u1@h.example.com>;audio;methods=\"INVITE,BYE\";mobility=\"fixed\";+sip.message=\"TRUE\"");
    assert_eq!(contact.feature("audio").unwrap(), "");
    assert_eq!(contact.feature("Methods").unwrap(), "INVITE,BYE");
    assert_eq!(contact.feature("video"), None);
    assert_eq!(contact.push(), None);
    // RFC 8599
    let contact: Contact = read(
        "<sip:alice@alicemobile.example.com;pn-provider=webpush;pn-param=a:b;pn-prid=https%3A%2F%2Fpush.example%2F1;pn-purr=x>",
    );
    let push = contact.push().unwrap();
    assert_eq!((push.provider, push.param), (Some("webpush"), Some("a:b")));
    assert_eq!((push.prid, push.purr), (Some("https%3A%2F%2Fpush.example%2F1"), Some("x")));
    assert_eq!(read::<Contact>("<sip:a@b;pn-provider>").push().unwrap().provider, None);
}
