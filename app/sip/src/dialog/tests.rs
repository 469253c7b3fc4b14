use super::*;
use crate::message::Message;
use alloc::format;
use std::vec;

fn request(text: &str) -> Request {
    match Message::parse(text.as_bytes()).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a request was expected"),
    }
}

fn invite(lines: &str) -> Request {
    request(&format!(
        "INVITE sip:bob@example.com SIP/2.0\r\n\
         Via: SIP/2.0/WSS a.invalid;branch=z9hG4bK1\r\n\
         From: \"Alice\" <sip:alice@example.com>;tag=a\r\n\
         To: <sip:bob@example.com>\r\n\
         Call-ID: call\r\n\
         CSeq: 7 INVITE\r\n\
         Contact: <sip:alice@a.invalid>\r\n\
         {lines}\r\n"
    ))
}

fn accepted(invite: &Request, routes: &[&str]) -> Response {
    let mut response = Response::to_request(invite, Status::OK);
    response.set_to_tag("b");
    response.headers.push_raw("Contact", "<sip:bob@b.invalid>").unwrap();
    for route in routes {
        response.headers.push_raw("Record-Route", route).unwrap();
    }
    response
}

fn uac(routes: &[&str]) -> Dialog {
    let invite = invite("");
    Dialog::uac(&invite, &accepted(&invite, routes)).unwrap()
}

fn uas() -> Dialog {
    Dialog::uas(&invite("Record-Route: <sip:p2;lr>, <sip:p1;lr>\r\n"), "b").unwrap()
}

fn routes(request: &Request) -> Vec<String> {
    request.headers.all::<Route>().unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn the_caller_takes_the_route_in_reverse() {
    let mut dialog = uac(&["<sip:p2;lr>, <sip:p1;lr>"]);
    let bye = dialog.request(Method::Bye);
    assert_eq!(bye.uri.to_string(), "sip:bob@b.invalid");
    assert_eq!(routes(&bye), ["<sip:p1;lr>", "<sip:p2;lr>"]);
    assert_eq!(bye.headers.get::<CSeq>().unwrap().seq, 8);
    assert_eq!(bye.headers.get::<From>().unwrap().tag(), Some("a"));
    assert_eq!(bye.headers.get::<To>().unwrap().tag(), Some("b"));
}

#[test]
fn the_called_takes_the_route_in_order() {
    let mut dialog = uas();
    let bye = dialog.request(Method::Bye);
    assert_eq!(bye.uri.to_string(), "sip:alice@a.invalid");
    assert_eq!(routes(&bye), ["<sip:p2;lr>", "<sip:p1;lr>"]);
    assert_eq!(bye.headers.get::<CSeq>().unwrap().seq, 1);
    assert_eq!(bye.headers.get::<From>().unwrap().to_string(), "<sip:bob@example.com>;tag=b");
    assert_eq!(bye.headers.get::<To>().unwrap().to_string(), "\"Alice\" <sip:alice@example.com>;tag=a");
}

#[test]
fn a_strict_router_is_the_request_uri() {
    let mut dialog = uac(&["<sip:p2;lr>", "<sip:strict>"]);
    let bye = dialog.request(Method::Bye);
    assert_eq!(bye.uri.to_string(), "sip:strict");
    assert_eq!(routes(&bye), ["<sip:p2;lr>", "<sip:bob@b.invalid>"]);
}

#[test]
fn an_ack_has_the_number_of_its_invite() {
    let mut dialog = uac(&[]);
    let _ = dialog.request(Method::Options);
    assert_eq!(dialog.ack(7).headers.get::<CSeq>().unwrap(), CSeq { seq: 7, method: Method::Ack });
    assert_eq!(dialog.local_seq(), 8);
}

#[test]
fn numbers_of_the_other_end_only_grow() {
    let mut dialog = uas();
    let mut bye = invite("");
    bye.method = Method::Bye;
    for (seq, accepted) in [
        (7, Err(Status::SERVER_INTERNAL_ERROR)),
        (6, Err(Status::SERVER_INTERNAL_ERROR)),
        (9, Ok(())),
        (9, Err(Status::SERVER_INTERNAL_ERROR)),
        (1009, Ok(())),
    ] {
        bye.headers.set(&CSeq { seq, method: Method::Bye });
        assert_eq!(dialog.accepts(&bye), accepted, "{seq}");
    }
    // The caller has seen no number of the other end yet: any will do.
    bye.headers.set(&CSeq { seq: 1, method: Method::Bye });
    assert_eq!(uac(&[]).accepts(&bye), Ok(()));
}

#[test]
fn a_new_contact_is_where_requests_go() {
    let mut dialog = uas();
    let moved =
        request("INVITE sip:bob@b.invalid SIP/2.0\r\nCSeq: 8 INVITE\r\nContact: <sip:alice@moved.invalid>\r\n\r\n");
    dialog.refresh(&moved.headers);
    assert_eq!(dialog.remote_target().to_string(), "sip:alice@moved.invalid");
    dialog.refresh(&Headers::new());
    assert_eq!(dialog.remote_target().to_string(), "sip:alice@moved.invalid");
}

#[test]
fn a_dialog_needs_a_contact() {
    let mut invite = invite("");
    invite.headers.remove(HeaderName::Contact);
    assert!(Dialog::uas(&invite, "b").is_err());
    invite.headers.push_raw("Contact", "*").unwrap();
    assert!(Dialog::uas(&invite, "b").is_err());
}

#[test]
fn only_its_own_requests_belong_to_it() {
    let dialog = uas();
    let mut bye = invite("");
    assert!(!dialog.is_of_request(&bye), "the To has no tag");
    assert!(dialog.is_of_request_without_to(&bye));
    bye.headers.set(&bye.headers.get::<To>().unwrap().with_tag("b"));
    assert!(dialog.is_of_request(&bye));
    for (name, value) in [("Call-ID", "other"), ("To", "<sip:b@b>;tag=x"), ("From", "<sip:a@a>;tag=x")] {
        let mut other = bye.clone();
        other.headers.remove(name.parse::<HeaderName>().unwrap());
        other.headers.push_raw(name, value).unwrap();
        assert!(!dialog.is_of_request(&other), "{name}");
    }
}

#[test]
fn the_two_ends_understand_each_other() {
    let mut called = uas();
    let mut caller = uac(&["<sip:p2;lr>, <sip:p1;lr>"]);
    let requests = vec![caller.request(Method::Bye), caller.request(Method::Options)];
    for request in requests {
        assert!(called.is_of_request(&request));
        assert_eq!(called.accepts(&request), Ok(()));
    }
    assert!(caller.is_of_request(&called.request(Method::Bye)));
}
