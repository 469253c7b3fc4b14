//! RFC 4475 3.1.1: what is to be read in messages that are well-formed, though they do not look it.

use crate::corpus::{bytes, message, request, response};
use sip::header::{
    Accept, CSeq, CallId, Contact, ContentLength, ContentType, Date, From, MaxForwards, Route, To, Via, ViaTransport,
};
use sip::message::{HeaderName, Message, Method};
use sip::uri::{SipUri, Uri};

fn sip(uri: &Uri) -> &SipUri {
    uri.as_sip().unwrap_or_else(|| panic!("{uri}"))
}

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

/// All Via: transport, host and branch.
fn vias(message: &Message) -> Vec<(String, String, Option<String>)> {
    let vias = message.headers().all::<Via>().unwrap();
    vias.iter().map(|v| (v.transport.to_string(), v.host.to_string(), v.branch().map(String::from))).collect()
}

fn other(message: &Message, name: &str) -> String {
    message.headers().raw(&name.parse::<HeaderName>().unwrap()).next().unwrap().into()
}

#[test]
fn wsinv_is_read_through_its_white_space() {
    let request = request("wsinv");
    assert_eq!(request.uri.to_string(), "sip:vivekg@chair-dnrc.example.com;unknownparam");
    assert_eq!(sip(&request.uri).params.get("unknownparam"), Some(None));
    let headers = &request.headers;
    let to: To = headers.get().unwrap();
    assert_eq!((to.0.uri.to_string().as_str(), to.tag()), ("sip:vivekg@chair-dnrc.example.com", Some("1918181833n")));
    let from: From = headers.get().unwrap();
    assert_eq!(from.0.display(), Some(r#"J Rosenberg \""#));
    assert_eq!((from.0.uri.to_string().as_str(), from.tag()), ("sip:jdrosen@example.com", Some("98asjd8")));
    assert_eq!(headers.get::<MaxForwards>(), Ok(MaxForwards(68)));
    assert_eq!(headers.get::<CSeq>(), Ok(CSeq::new(9, Method::Invite)));
    assert_eq!(headers.get::<ContentLength>(), Ok(ContentLength(150)));
    assert_eq!(request.body.len(), 150);
    assert_eq!(headers.get::<CallId>().unwrap().as_str(), "wsinv.ndaksdj@192.0.2.1");
    assert!(headers.get::<ContentType>().unwrap().is("application/sdp"));

    let route: Route = headers.get().unwrap();
    assert!(route.is_loose());
    assert_eq!(route.0.uri.to_string(), "sip:services.example.com;lr;unknownwith=value;unknown-no-value");
    let contact: Contact = headers.get().unwrap();
    let address = contact.address().unwrap();
    assert_eq!((address.display(), contact.q()), (Some(r#"Quoted string """#), Some(330)));
    assert_eq!(address.params.get("newparam"), Some(Some("newvalue")));
    assert_eq!(address.params.get("secondparam"), Some(None));
}

#[test]
fn wsinv_has_three_via_and_headers_that_nobody_knows() {
    let message = message("wsinv");
    let via = |transport: &str, host: &str, branch: &str| (transport.into(), host.into(), Some(branch.into()));
    let expected = [
        via("UDP", "192.0.2.2", "390skdjuw"),
        via("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        via("UDP", "192.168.255.111", "z9hG4bK30239"),
    ];
    assert_eq!(vias(&message), expected);
    assert_eq!(other(&message, "Subject"), "");
    assert_eq!(other(&message, "newfangledheader"), "newfangled value continued newfangled value");
    assert_eq!(other(&message, "UnknownHeaderWithUnusualValue"), ";;,,;;,;");
}

#[test]
fn intmeth_is_read_with_all_its_characters() {
    let request = request("intmeth");
    let method = "!interesting-Method0123456789_*+`.%indeed'~";
    assert_eq!(request.method, Method::Other(method.parse().unwrap()));
    assert_eq!(request.headers.get::<CSeq>(), Ok(CSeq::new(139_122_385, request.method.clone())));
    let uri = sip(&request.uri);
    assert_eq!(uri.user_unescaped().unwrap(), "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    assert_eq!(uri.password.as_ref().unwrap().as_str(), "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    assert_eq!(uri.host.to_string(), "example.com");
    assert!(uri.params.is_empty() && uri.headers.is_none());
    let headers = &request.headers;
    assert_eq!(headers.get::<Via>().unwrap().branch(), Some("z9hG4bK-.!%66*_+`'~"));
    assert_eq!(headers.get::<CallId>().unwrap().as_str(), r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#);
    assert_eq!(headers.get::<MaxForwards>(), Ok(MaxForwards(255)));
    let to: To = headers.get().unwrap();
    // What is shown and sent on holds no control characters that could steer what reads it.
    assert_eq!(to.0.display(), Some("BEL:\u{fffd} NUL:\u{fffd} DEL:\u{7f}"));
    let from: From = headers.get().unwrap();
    assert_eq!(from.0.display(), Some("token1~` token2'+_ token3*%!.-"));
    assert_eq!((from.0.uri.to_string().as_str(), from.tag()), ("sip:mundane@example.com", Some("_token~1'+`*%!-.")));
    assert_eq!(from.0.params.text("fromParam''~+*_!.-%").unwrap(), "работающий");
    assert_eq!(other(&request.into(), "extensionHeader-!.%*+_`'~"), "\u{feff}大停電");
}

#[test]
fn esc01_compares_without_its_escapes() {
    let request = request("esc01");
    assert_eq!(sip(&request.uri).user_unescaped().unwrap(), "sips:user@example.com");
    assert_eq!(request.uri.to_string(), "sip:sips%3Auser%40example.com@example.net", "and is kept as it is written");
    let To(to) = request.headers.get().unwrap();
    assert!(to.uri.equivalent(&uri("sip:user@example.com")));
    let From(from) = request.headers.get().unwrap();
    assert_eq!(sip(&from.uri).user_unescaped().unwrap(), "I have spaces");
    let contact: Contact = request.headers.get().unwrap();
    let contact = &contact.address().unwrap().uri;
    assert!(contact.equivalent(&uri("sip:caller@host5.example.net;lr;name=value%2541")));
    assert!(!contact.equivalent(&uri("sip:caller@host5.example.net;lr;name=valueA")), "escapes are taken off once");
}

#[test]
fn escnull_is_not_cut_at_its_nulls() {
    let request = request("escnull");
    let To(to) = request.headers.get().unwrap();
    assert_eq!(sip(&to.uri).user_unescaped().unwrap(), "null-\0-null");
    let contacts: Vec<Contact> = request.headers.all().unwrap();
    let [one, two] = contacts.as_slice() else { panic!("{contacts:?}") };
    let (one, two) = (&one.address().unwrap().uri, &two.address().unwrap().uri);
    assert_eq!(sip(one).user_unescaped().unwrap(), "\0");
    assert_eq!(sip(two).user_unescaped().unwrap(), "\0\0");
    assert!(!one.equivalent(two));
}

#[test]
fn esc02_has_no_escapes() {
    let request = request("esc02");
    assert_eq!(request.method, Method::Other("RE%47IST%45R".parse().unwrap()));
    let (To(to), From(from)) = (request.headers.get().unwrap(), request.headers.get().unwrap());
    assert_eq!((to.display(), from.display()), (Some("%Z%45"), Some("%Z%45")));
    let contacts: Vec<Contact> = request.headers.all().unwrap();
    let contacts: Vec<_> = contacts.iter().map(ToString::to_string).collect();
    assert_eq!(contacts, ["<sip:alias1@host1.example.com>", "<sip:alias3@host3.example.com>"]);
    assert_eq!(other(&request.into(), "C%6Fntact"), "<sip:alias2@host2.example.com>");
}

#[test]
fn lwsdisp_has_a_display_name() {
    let from: From = request("lwsdisp").headers.get().unwrap();
    assert_eq!((from.0.display(), from.tag()), (Some("caller"), Some("323")));
    assert_eq!(from.0.uri.to_string(), "sip:caller@example.com");
}

#[test]
fn longreq_keeps_its_long_values() {
    let message = message("longreq");
    let headers = message.headers();
    let To(to) = headers.get().unwrap();
    assert_eq!(to.display(), Some(format!("I have a user name of {} proportion", "extreme".repeat(10)).as_str()));
    let long = "long".repeat(20);
    let sip = sip(&to.uri);
    assert_eq!(sip.port, Some(6000));
    assert_eq!(sip.params.value("unknownparam1"), Some(format!("very{long}value").as_str()));
    assert_eq!(sip.params.value(&format!("longparam{}", "name".repeat(25))), Some("shortvalue"));
    assert_eq!(sip.params.get(&format!("very{}ParameterNameWithNoValue", "long".repeat(25))), Some(None));
    let from: From = headers.get().unwrap();
    assert_eq!(from.tag(), Some(format!("12{}424", "982".repeat(50)).as_str()));
    assert_eq!(from.0.params.get(&format!("unknownValueless{}", "paramname".repeat(10))), Some(None));
    let call_id: CallId = headers.get().unwrap();
    assert_eq!(call_id.as_str(), format!("longreq.one{}longcallid", "really".repeat(20)));
    let unknown = other(&message, &format!("Unknown-{}-Name", "Long".repeat(20)));
    let parameter = format!("unknown-{long}-parameter");
    assert_eq!(unknown, format!("unknown-{long}-value; {parameter}-name = {parameter}-value"));

    let vias = vias(&message);
    assert_eq!(vias.len(), 34);
    for (via, number) in vias.iter().zip((1..=33).rev()) {
        assert_eq!(*via, ("TCP".into(), format!("sip{number}.example.com"), None));
    }
    assert_eq!(vias[33].2, Some(format!("very{}branchvalue", "long".repeat(50))));
    assert_eq!(headers.all::<Via>().unwrap()[33].received(), "192.0.2.5".parse().ok());
    assert_eq!(message.body().len(), 150);
}

#[test]
fn dblreq_ends_where_it_says() {
    let request = request("dblreq");
    assert_eq!((&request.method, request.body.len()), (&Method::Register, 0));
    assert_eq!(request.headers.get::<CSeq>(), Ok(CSeq::new(8, Method::Register)));
    assert!(bytes("dblreq").len() > request.to_bytes().len() + 400);
}

#[test]
fn semiuri_has_a_semicolon_in_its_user() {
    let request = request("semiuri");
    let uri = sip(&request.uri);
    assert_eq!(uri.user_unescaped().unwrap(), "user;par=u@example.net");
    assert_eq!(uri.host.to_string(), "example.com");
    assert!(uri.params.is_empty());
    assert_eq!(request.headers.all::<Accept>().unwrap().len(), 6);
}

#[test]
fn transports_that_nobody_knows_are_kept() {
    let vias: Vec<Via> = request("transports").headers.all().unwrap();
    let transports: Vec<_> = vias.into_iter().map(|via| via.transport).collect();
    let other = |name: &str| ViaTransport::Other(name.parse().unwrap());
    assert_eq!(transports, [ViaTransport::Udp, other("SCTP"), ViaTransport::Tls, other("UNKNOWN"), ViaTransport::Tcp]);
}

#[test]
fn mpart01_has_a_body_with_nulls() {
    let request = request("mpart01");
    let file = bytes("mpart01");
    assert_eq!(request.body, file[file.len() - 553..]);
    let text: Vec<u8> = request.body.clone();
    assert!(text.starts_with(b"--7a9cbec02ceef655\r\n") && text.ends_with(b"\r\n--7a9cbec02ceef655--\r\n"));
    assert_eq!(text.iter().filter(|byte| **byte == 0).count(), 2);
    let content_type: ContentType = request.headers.get().unwrap();
    assert_eq!(content_type.0.params.value("boundary"), Some("7a9cbec02ceef655"));
    assert!(request.headers.get::<Via>().unwrap().wants_rport());
    assert_eq!(request.headers.get::<Date>().unwrap().as_unix(), 1_129_351_496);
}

#[test]
fn reasons_are_free_and_may_be_empty() {
    let unreason = response("unreason");
    assert_eq!(unreason.status.code(), 200);
    assert_eq!(unreason.reason(), "= 2**3 * 5**2 но сто девяносто девять - простое");
    let noreason = response("noreason");
    assert_eq!((noreason.status.code(), noreason.reason()), (100, ""));
}
