//! RFC 4475 3.2 to 3.4: what an element answers, and what it sends on.

use crate::corpus::{bytes, message, request};
use crate::exchange::{self, Exchange};
use crate::phone;
use sip::header::{
    Accept, Allow, CallId, Contact, Date, Expires, From, MaxForwards, RecordRoute, To, Unsupported, Via, Warning,
    WwwAuthenticate,
};
use sip::message::{HeaderError, HeaderName, Message, Method, ParseErrorKind, Request, Response, Status};
use sip::uri::Uri;

fn exchange_answers(name: &str) -> Response {
    exchange::receives(&bytes(name)).answer().unwrap_or_else(|| panic!("no answer to {name}"))
}

fn phone_answers(name: &str) -> Response {
    let mut sent = phone::receives(&bytes(name)).sent;
    assert_eq!(sent.len(), 1, "{name}");
    sent.remove(0)
}

/// The contacts of a response to REGISTER, without the time that they have left.
fn contacts(response: &Response) -> Vec<String> {
    assert_eq!(response.status, Status::OK);
    let contacts: Vec<Contact> = response.headers.all().unwrap();
    let mut addresses: Vec<_> = contacts.iter().map(|contact| contact.address().unwrap().clone()).collect();
    addresses.iter_mut().for_each(|address| assert!(address.params.remove("expires")));
    addresses.iter().map(ToString::to_string).collect()
}

/// The contacts that a REGISTER answers, and those that the next one does, which only asks.
fn bindings(name: &str) -> (Vec<String>, Vec<String>) {
    let mut exchange = exchange::receives(&bytes(name));
    let answered = contacts(&exchange.answer().unwrap());
    let mut fetch = request(name);
    fetch.headers.remove(HeaderName::Contact);
    exchange.sent.clear();
    exchange.send(&fetch.to_bytes());
    (answered, contacts(&exchange.answer().unwrap()))
}

#[test]
fn bindings_keep_what_belongs_to_the_uri_and_what_to_the_header() {
    for (name, expected) in [
        ("escnull", &["<sip:%00@host5.example.com>", "<sip:%00%00@host5.example.com>"][..]),
        ("dblreq", &["<sip:j.user@host.example.com>"]),
        ("cparam01", &["<sip:+19725552222@gw1.example.net>;unknownparam"]),
        ("cparam02", &["<sip:+19725552222@gw1.example.net;unknownparam>"]),
        ("regescrt", &["<sip:user@example.com?Route=%3Csip:sip.example.com%3E>"]),
        ("ipv6-good", &["\"Caller\" <sip:caller@[2001:db8::1]>"]),
    ] {
        let (answered, fetched) = bindings(name);
        // A user may have been registered before.
        for expected in expected {
            assert!(answered.iter().any(|contact| contact == expected), "{name}: {answered:?}");
        }
        assert_eq!(answered, fetched, "{name}");
    }
}

#[test]
fn dblreq_is_one_request() {
    let exchange = exchange::receives(&bytes("dblreq"));
    assert_eq!(exchange.sent.len(), 1);
    let call_id: CallId = exchange.answer().unwrap().headers.get().unwrap();
    assert_eq!(call_id.as_str(), "dblreq.0ha0isndaksdj99sdfafnl3lk233412");
}

#[test]
fn who_is_dialled_is_read_whole() {
    for (name, user) in [
        ("semiuri", "user;par=u@example.net"),
        ("esc01", "sips:user@example.com"),
        ("intmeth", "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"),
    ] {
        assert_eq!(exchange::receives(&bytes(name)).dialled, [user]);
    }
}

#[test]
fn extensions_that_are_not_there_are_named_by_who_was_asked_for_them() {
    let unsupported = |response: Response| response.headers.get::<Unsupported>().unwrap().to_string();
    assert_eq!(unsupported(exchange_answers("bext01")), "noProxiesSupportThis, norDoAnyProxiesSupportThis");
    assert_eq!(unsupported(phone_answers("bext01")), "nothingSupportsThis, nothingSupportsThisEither");
}

#[test]
fn who_refuses_says_what_is_understood() {
    assert_eq!(phone_answers("invut").headers.all::<Accept>().unwrap(), [Accept::SDP]);
    let warning: Warning = phone_answers("sdp01").headers.get().unwrap();
    assert_eq!(warning.code, 399);
    for name in ["intmeth", "esc02", "regaut01"] {
        let Allow(methods) = phone_answers(name).headers.get().unwrap();
        assert!(methods.contains(&Method::Invite) && !methods.contains(&Method::Register), "{name}");
    }
    let Allow(methods) = exchange_answers("esc02").headers.get().unwrap();
    assert!(methods.contains(&Method::Register), "it has not understood RE%47IST%45R as one");
}

#[test]
fn credentials_of_an_unknown_scheme_are_none() {
    let mut exchange = Exchange::challenging();
    exchange.send(&bytes("regaut01"));
    let answer = exchange.answer().unwrap();
    assert_eq!(answer.status, Status::UNAUTHORIZED);
    assert!(!answer.headers.all::<WwwAuthenticate>().unwrap().is_empty());
}

#[test]
fn schemes_come_before_credentials() {
    for name in ["unkscm", "novelsc"] {
        let mut exchange = Exchange::challenging();
        exchange.send(&bytes(name));
        assert_eq!(exchange.answer().unwrap().status, Status::UNSUPPORTED_URI_SCHEME, "{name}");
    }
}

#[test]
fn unksm2_has_uris_of_other_schemes() {
    let message = message("unksm2");
    let scheme = |uri: &Uri| uri.scheme().to_string();
    let (To(to), From(from)) = (message.headers().get().unwrap(), message.headers().get().unwrap());
    let contact: Contact = message.headers().get().unwrap();
    assert_eq!([scheme(&to.uri), scheme(&from.uri)], ["isbn", "http"]);
    assert_eq!(contact.address().unwrap().uri.to_string(), "name:John_Smith");
}

#[test]
fn an_answer_has_once_what_the_request_had_twice() {
    for answer in [exchange_answers("multi01"), phone_answers("multi01")] {
        assert_eq!(answer.validate(), Ok(()));
        assert_eq!(answer.headers.get::<CallId>().unwrap().as_str(), "multi01.98asdh@192.0.2.1");
    }
}

#[test]
fn an_answer_has_no_more_than_the_request_had() {
    for answer in [exchange_answers("insuf"), phone_answers("insuf")] {
        assert!(answer.headers.contains(HeaderName::Via) && !answer.headers.contains(HeaderName::CallId));
    }
}

#[test]
fn baddn_is_wrong_at_its_comma() {
    // The archive leaves the empty line out, which is wrong enough.
    let mut closed = bytes("baddn");
    closed.extend_from_slice(b"\r\n");
    let message = Message::parse(&closed).unwrap();
    let value = message.headers().raw(&HeaderName::From).next().unwrap();
    let at = value.find(',').unwrap();
    assert_eq!(message.validate(), Err(HeaderError::Malformed { name: HeaderName::From, at }));
    assert_eq!(exchange::receives(&closed).answer().unwrap().status, Status::BAD_REQUEST);
}

/// As ncl: what is no number at all (RFC 4475 3.1.2.3).
#[test]
fn a_length_in_words_is_none() {
    let words = String::from_utf8(bytes("ncl")).unwrap().replace("-999", "five");
    let error = Message::parse(words.as_bytes()).unwrap_err();
    assert_eq!(error.kind, ParseErrorKind::ContentLength);
    assert_eq!(&words[error.offset..error.offset + 4], "five");
}

#[test]
fn numbers_that_do_not_fit_are_the_largest_or_wrong() {
    let message = message("scalar02");
    let headers = message.headers();
    assert_eq!(headers.get::<Expires>(), Ok(Expires(u32::MAX)));
    assert_eq!(headers.get::<Contact>().unwrap().expires(), Some(u32::MAX));
    assert_eq!(headers.get::<MaxForwards>(), Err(HeaderError::Malformed { name: HeaderName::MaxForwards, at: 0 }));
}

#[test]
fn a_date_of_another_zone_is_wrong_at_the_zone_and_nobody_minds() {
    let message = message("baddate");
    let value = message.headers().raw(&HeaderName::Date).next().unwrap();
    let at = value.find(" EST").unwrap();
    assert_eq!(message.headers().get::<Date>(), Err(HeaderError::Malformed { name: HeaderName::Date, at }));
    let forwarded = exchange::receives(&bytes("baddate")).forwarded();
    assert_eq!(forwarded.headers.raw(&HeaderName::Date).next(), Some(value));
}

#[test]
fn escaped_headers_of_a_request_uri_go_nowhere() {
    let forwarded = exchange::receives(&bytes("escruri")).forwarded();
    assert_eq!(forwarded.uri.to_string(), "sip:user-phone@user.invalid;transport=ws");
    assert!(!forwarded.headers.contains(HeaderName::Route));
}

#[test]
fn what_is_not_understood_is_sent_on_as_it_is() {
    for name in ["longreq", "lwsdisp", "transports", "mpart01", "invut", "sdp01", "inv2543"] {
        let sent = request(name);
        let arrived = exchange::receives(&bytes(name)).forwarded();
        assert_eq!(arrived.body, sent.body, "{name}");
        // Ours are Via, Max-Forwards, Record-Route and who the sender is, also by name; the Route was to this exchange.
        let touched =
            ["via", "v", "max-forwards", "record-route", "route", "content-length", "l", "from", "f", "identity"];
        let who = |request: &Request| request.headers.get::<From>().map(|From(from)| (from.uri, from.params)).unwrap();
        assert_eq!(who(&arrived), who(&sent), "{name}");
        assert!(!arrived.headers.contains(HeaderName::Identity), "{name}: here it is the exchange that says who calls");
        for (header, value) in sent.headers.iter().filter(|(name, _)| !touched.contains(&&*name.to_lowercase())) {
            assert!(arrived.headers.iter().any(|field| field == (header, value)), "{name}: {header}: {value}");
        }
        let (before, after): (Vec<Via>, Vec<Via>) = (sent.headers.all().unwrap(), arrived.headers.all().unwrap());
        assert_eq!(after[1..], before, "{name}");
    }
}

#[test]
fn who_is_from_before_rfc_3261_can_call() {
    let arrived = exchange::receives(&bytes("inv2543")).forwarded();
    assert_eq!(arrived.headers.get::<MaxForwards>(), Ok(MaxForwards(69)));
    let routes: Vec<RecordRoute> = arrived.headers.all().unwrap();
    assert_eq!(routes[1].0.uri.to_string(), "sip:UserB@example.com;maddr=ss1.example.com");
    assert!(phone::receives(&bytes("inv2543")).rings);
}

#[test]
fn an_answer_takes_the_way_back_over_all_transports() {
    let sent: Vec<Via> = request("transports").headers.all().unwrap();
    let answered: Vec<Via> = phone_answers("transports").headers.all().unwrap();
    assert_eq!(answered, sent);
}
