//! What holds for the grammar of all headers (RFC 3261 7.3.1, 20, 25.1).

use super::*;
use crate::message::{Message, Token};
use crate::uri::Params;
use std::vec::Vec;

#[test]
fn names_tokens_and_parameters_have_no_case() {
    let message = b"NOTIFY sip:a SIP/2.0\r\nsUbScRiPtIoN-StAtE: ACTIVE;Expires=60\r\nO: presence;ID=a\r\nX: 90;REFRESHER=UAC\r\n\r\n";
    let message = Message::parse(message).unwrap();
    let state = message.headers().get::<SubscriptionState>().unwrap();
    assert!(state.is("active") && state.expires() == Some(60));
    assert_eq!(message.headers().get::<Event>().unwrap().id(), Some("a"));
    assert_eq!(message.headers().get::<SessionExpires>().unwrap().refresher(), Some(Refresher::Uac));
}

#[test]
fn white_space_may_stand_around_every_separator() {
    for (value, again, plain) in [
        ("\t gzip \t;\tq\t=\t0.5 ", again::<AcceptEncoding> as fn(&str) -> String, "gzip;q=0.5"),
        ("active ; expires = 60", again::<SubscriptionState>, "active;expires=60"),
        ("90 ; refresher = uac", again::<SessionExpires>, "90;refresher=uac"),
        ("<sip:a@b> ; purpose = icon", again::<CallInfo>, "<sip:a@b>;purpose=icon"),
        ("id\t; header ;user", again::<Privacy>, "id;header;user"),
        ("INVITE ,ACK\t, BYE", again::<Allow>, "INVITE, ACK, BYE"),
        ("a@b ; to-tag = 1 ; from-tag = 2", again::<Replaces>, "a@b;to-tag=1;from-tag=2"),
        ("* ; audio ; require", again::<AcceptContact>, "*;audio;require"),
        ("776656 \t 1   INVITE", again::<RAck>, "776656 1 INVITE"),
        ("sig ; info = <https://a/b> ; alg = ES256", again::<Identity>, "sig;info=<https://a/b>;alg=ES256"),
        ("\"a\" <sip:a@b> ; index = 1.1", again::<HistoryInfo>, "\"a\" <sip:a@b>;index=1.1"),
        ("application / sdp ; a = b", again::<ContentType>, "application/sdp;a=b"),
    ] {
        assert_eq!(again(value), plain, "{value}");
    }
}

#[test]
fn folds_are_gone_before_a_header_is_read() {
    let message = b"INVITE sip:a SIP/2.0\r\nReplaces: a@b\r\n ;to-tag=1\r\n\t;from-tag=2\r\nSubject: I know\r\n you're there\r\n\r\n";
    let message = Message::parse(message).unwrap();
    assert_eq!(message.headers().get::<Replaces>().unwrap().to_string(), "a@b;to-tag=1;from-tag=2");
    assert_eq!(message.headers().get::<Subject>().unwrap().to_string(), "I know you're there");
}

#[test]
fn quoted_strings_keep_delimiters_escapes_and_any_script() {
    let diversion: Diversion = read("\"Zoë \\\"ö\\\\\" <sip:z@b>;reason=\"un;known, 日本\";x=\"<a>\"");
    assert_eq!(diversion.0.display(), Some("Zoë \"ö\\"));
    assert_eq!(diversion.reason().unwrap(), "un;known, 日本");
    assert_eq!(read::<Diversion>(&diversion.to_string()), diversion);
    assert_eq!(again::<Subject>("Привет, \"мир\" (a"), "Привет, \"мир\" (a");
    assert_eq!(read::<Reason>("SIP;text=\"schön\\;\"").text.unwrap(), "schön;");
    let mut headers = Headers::new();
    headers.push_raw("Call-Info", "<sip:a,b@c>;x=\"d,<e\";y, <sip:f>").unwrap();
    let infos = headers.all::<CallInfo>().unwrap();
    assert_eq!(infos.iter().map(|info| info.target().unwrap()).collect::<Vec<_>>(), ["sip:a,b@c", "sip:f"]);
}

#[test]
fn comments_may_have_comments_in_them() {
    let retry: RetryAfter = read("5 (a (b (c)) \\( d) ; duration=60");
    assert_eq!(retry.comment.as_ref().unwrap(), &"a (b (c)) ( d");
    assert_eq!(read::<RetryAfter>(&retry.to_string()), retry);
    assert_eq!(again::<Server>("A/1 (b (c) \\)) D"), "A/1 (b (c) \\)) D");
    assert_eq!(again::<UserAgent>("A/1 (b (c)"), "A/1 (b (c)");
    refused::<RetryAfter>("5 (a (b)");
}

#[test]
fn parameters_that_nobody_knows_are_kept() {
    for (value, again) in [
        ("90;refresher=uas;new=\"a;b\";flag", again::<SessionExpires> as fn(&str) -> String),
        ("90;new", again::<MinSe>),
        ("true;new=1", again::<ReferSub>),
        ("pending;new=a", again::<SubscriptionState>),
        ("conference;id=1;new", again::<Event>),
        ("a;to-tag=1;new=a;from-tag=2", again::<Join>),
        ("Auto;require;new", again::<AnswerMode>),
        ("*;new=\"<a,b>\"", again::<FeatureCaps>),
        ("3031;encoding=hex;new", again::<UserToUser>),
        ("<sip:a@b>;new=a", again::<ReferTo>),
    ] {
        assert_eq!(again(value), value);
    }
}

#[test]
fn addresses_may_be_numbers() {
    assert_eq!(again::<Route>("<sip:[2001:db8::1]:5060;lr>"), "<sip:[2001:db8::1]:5060;lr>");
    assert_eq!(again::<Contact>("sip:a@192.0.2.1:99;q=1"), "<sip:a@192.0.2.1:99>;q=1");
    assert_eq!(again::<Warning>("399 [2001:db8::1]:5060 \"a\""), "399 [2001:db8::1]:5060 \"a\"");
    refused::<Route>("<sip:[2001:db8::1>");
    refused::<ReferTo>("<sip:[2001:db8:g::1]>");
}

#[test]
fn a_bare_uri_ends_where_the_parameters_begin() {
    // With a comma, a question mark or a semicolon, the URI must be in brackets (RFC 3261 20).
    assert_eq!(read::<ReferredBy>("sip:a@b;cid=1@b").cid().unwrap(), "1@b");
    assert_eq!(read::<ReferTo>("sip:a@b;method=BYE").method(), Method::Invite);
    assert_eq!(read::<ReferTo>("<sip:a@b;method=BYE>").method(), Method::Bye);
    assert_eq!(refused::<ReferTo>("sip:a@b?Subject=x"), 7);
    assert_eq!(refused::<ReplyTo>("sip:a@b,c"), 7);
    assert_eq!(again::<ReferTo>("http://www.ietf.org"), "<http://www.ietf.org>");
}

#[test]
fn lists_of_tokens_may_have_holes() {
    assert_eq!(again::<Supported>(" , 100rel,, ,timer,"), "100rel, timer");
    assert_eq!(again::<Supported>(""), "");
    assert_eq!(again::<Allow>(",INVITE"), "INVITE");
    assert_eq!(again::<Privacy>("id;;user,header;"), "id;user;header");
    assert_eq!(refused::<Supported>("100rel;timer"), 6);
    assert_eq!(refused::<Allow>("INVITE, \"ACK\""), 8);
}

#[test]
fn seconds_that_do_not_fit_are_the_most_that_do() {
    assert_eq!(read::<SessionExpires>("99999999999999999999").seconds, u32::MAX);
    assert_eq!(read::<MinSe>("4294967296").seconds, u32::MAX);
    assert_eq!(read::<FlowTimer>("99999999999").0, u32::MAX);
    let state: SubscriptionState = read("active;expires=99999999999;retry-after=x");
    assert_eq!((state.expires(), state.retry_after()), (Some(u32::MAX), None));
    // Where it would be another number, it is refused.
    refused::<RSeq>("4294967296");
    refused::<RAck>("1 4294967296 INVITE");
    for bad in ["", "-1", "+1", "1.5", "0x5", "1 2"] {
        refused::<SessionExpires>(bad);
        refused::<FlowTimer>(bad);
    }
}

#[test]
fn nothing_from_outside_gets_out_of_its_place() {
    assert!(Subject::new("a\r\nVia: b").is_err());
    assert!(Organization::new("a\0").is_err());
    assert!(ContentId::new("a> <b@c").is_err());
    assert!(ContentId::new("").is_err());
    assert!(Token::new("presence;id=1").is_err());
    let call = CallId::new("a@b").unwrap();
    assert!(Replaces::new(&CallId::new("a;early-only").unwrap(), "1", "2").is_err());
    for tag in ["", "1;early-only", "1,2", "1\r\n", "\"1\"", "1 2"] {
        assert!(Replaces::new(&call, tag, "2").is_err(), "{tag:?}");
        assert!(TargetDialog::new(&call, "1", tag).is_err(), "{tag:?}");
    }
    let words = UserToUser::new(Text::new("a\";b=\"c, d").unwrap());
    assert_eq!(words.to_string(), "\"a\\\";b=\\\"c, d\"");
    assert_eq!(read::<UserToUser>(&words.to_string()), words);
    let mut params = Params::new();
    assert!(params.set("answer-after", Some("0, <sip:b>")).is_err());
    let info = CallInfo::new(&"http://a/b;c=d,e".parse().unwrap());
    assert_eq!(read::<CallInfo>(&info.to_string()), info);
}

#[test]
fn what_is_read_is_saved_as_its_text() {
    let to: ReferTo = read("<sip:a@b?Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3>");
    let saved = serde_json::to_string(&to).unwrap();
    assert_eq!(saved, format!("{:?}", to.to_string()));
    assert_eq!(serde_json::from_str::<ReferTo>(&saved).unwrap(), to);
    assert!(serde_json::from_str::<Replaces>("\"a\\r\\nb;to-tag=1;from-tag=2\"").is_err());
    assert!(serde_json::from_str::<ContentId>("\"<a\\u0000b>\"").is_err());
}
