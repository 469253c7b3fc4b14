//! Candidates after the description (RFC 8840), by the rows of the state table.

use super::flows::check;
use super::peer::{dialled, replies, response, says};
use super::{ALICE, BOB, Net, net, of_alice, sdp, talk, to_bob};
use sip::Duration;
use sip::agent::{Body, VerbError};
use sip::header::{CSeq, ContentDisposition, HeaderName, InfoPackage, RecvInfo, Supported, To, Via};
use sip::message::{Method, Response, Status};

/// So many candidates of one ICE session.
fn fragment(candidates: usize) -> String {
    let mut text =
        String::from("a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n");
    for number in 1..=candidates {
        text += &format!("a=candidate:{number} 1 udp 2130706431 192.0.2.1 {} typ host\r\n", 50_000 + number);
    }
    text
}

fn configured() -> Net {
    let mut net = net();
    for phone in [ALICE, BOB] {
        net.phone_mut(phone).configure(|config| config.trickle = true);
    }
    net
}

fn talking() -> Net {
    let mut net = configured();
    talk(&mut net);
    net
}

fn trickles(net: &Net, phone: usize) -> bool {
    net.phone(phone).agent.calls().next().unwrap().trickles
}

#[test]
fn candidates_follow() {
    check("trickle", |net| {
        for phone in [ALICE, BOB] {
            net.phone_mut(phone).configure(|config| config.trickle = true);
        }
        talk(net);
        net.trickle(BOB, &fragment(1));
        net.settle();
        net.trickle(ALICE, &fragment(2));
        net.settle();
        net.hang_up(ALICE);
        net.settle();
    });
}

#[test]
fn it_is_said_who_takes_them() {
    let net = talking();
    let invite = net.exchange.requests(&Method::Invite)[0];
    assert!(invite.headers.get::<Supported>().unwrap().has("trickle-ice"));
    assert_eq!(&*invite.headers.get::<RecvInfo>().unwrap().package, "trickle-ice");
    assert!(trickles(&net, ALICE) && trickles(&net, BOB));
    let mut net = net;
    net.trickle(ALICE, &fragment(1));
    net.settle();
    let info = net.exchange.requests(&Method::Info)[0];
    assert_eq!(&*info.headers.get::<InfoPackage>().unwrap().package, "trickle-ice");
    assert_eq!(&*info.headers.get::<ContentDisposition>().unwrap().kind, "Info-Package");
    assert_eq!(info.headers.raw(&HeaderName::ContentType).next(), Some("application/trickle-ice-sdpfrag"));
}

#[test]
fn it_is_set_while_the_phone_is_on() {
    let mut net = talking();
    let registered = net.exchange.requests(&Method::Register).len();
    net.hang_up(ALICE);
    net.settle();
    for (trickle, said) in [(false, false), (true, true)] {
        net.phone_mut(ALICE).agent.set_trickle(trickle);
        net.dial(ALICE, "bob");
        net.settle();
        let invite = *net.exchange.requests(&Method::Invite).last().unwrap();
        assert_eq!(invite.headers.get::<Supported>().unwrap().has("trickle-ice"), said);
        assert_eq!(invite.headers.contains(HeaderName::RecvInfo), said);
        net.hang_up(ALICE);
        net.settle();
    }
    assert_eq!(net.exchange.requests(&Method::Register).len(), registered, "REGISTER does not say it");
}

#[test]
fn it_is_taken_away_while_a_call_is_up() {
    let mut net = talking();
    net.phone_mut(ALICE).agent.set_trickle(false);
    let call = net.phone(ALICE).agent.calls().next().unwrap().id;
    let body = Body { content_type: String::new(), bytes: fragment(1).into_bytes() };
    let now = net.now;
    assert_eq!(net.phone_mut(ALICE).agent.trickle(call, body, now), Err(VerbError::WrongPhase));
}

#[test]
fn waiting_before_the_dialog() {
    let mut net = configured();
    for phone in [ALICE, BOB] {
        net.phone_mut(phone).says = Some(sdp("sendrecv"));
        net.start(phone);
    }
    net.dial(ALICE, "bob");
    net.trickle(ALICE, &fragment(1));
    net.trickle(ALICE, &fragment(2));
    net.settle();
    net.answer(BOB);
    net.settle();
    assert_eq!(net.phone(BOB).heard(), ["2 candidates"], "the newest stands for those before it");
    assert_eq!(net.exchange.requests(&Method::Info).len(), 1);
}

#[test]
fn waiting_until_there_is_an_early_dialog() {
    let mut net = configured();
    net.start(ALICE);
    net.start(BOB);
    net.dial(ALICE, "bob");
    net.trickle(ALICE, &fragment(1));
    net.settle();
    assert_eq!(net.phone(BOB).heard(), ["1 candidates"], "the 180 says that they take them");
    net.answer(BOB);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Info).len(), 1);
}

#[test]
fn told_early_and_somebody_else_answers() {
    let mut net = configured();
    net.start(ALICE);
    net.exchange.answer(Method::Invite, |invite| {
        let mut response = Response::to_request(invite, Status::RINGING);
        response.headers.push_raw("Contact", "<sip:one@far.invalid>").unwrap();
        response.headers.push_raw("Recv-Info", "trickle-ice").unwrap();
        response
    });
    for _ in 0..2 {
        net.exchange.refuse(Method::Info, Status::OK);
    }
    net.dial(ALICE, "far");
    net.trickle(ALICE, &fragment(1));
    net.settle();
    let early = net.exchange.requests(&Method::Info)[0].clone();
    assert_eq!(early.uri.to_string(), "sip:one@far.invalid", "the early dialog is there");
    let invite = net.exchange.requests(&Method::Invite)[0].clone();
    let mut response = Response::to_request(&invite, Status::OK);
    response.set_to_tag("two");
    response.headers.push_raw("Contact", "<sip:two@far.invalid>").unwrap();
    response.headers.push_raw("Recv-Info", "trickle-ice").unwrap();
    response.headers.push_raw("Content-Type", "application/sdp").unwrap();
    response.body = sdp("sendrecv").into();
    net.inject(ALICE, &response.to_bytes());
    net.settle();
    let infos = net.exchange.requests(&Method::Info);
    assert_eq!(infos.len(), 2);
    assert_eq!((infos[1].uri.to_string().as_str(), &infos[1].body), ("sip:two@far.invalid", &early.body));
}

#[test]
fn waiting_before_they_know_the_early_dialog() {
    let mut net = configured();
    net.start(ALICE);
    net.start(BOB);
    net.dial(ALICE, "bob");
    net.settle();
    net.trickle(BOB, &fragment(1));
    net.settle();
    assert!(net.exchange.requests(&Method::Info).is_empty());
    net.answer(BOB);
    net.settle();
    assert_eq!(net.phone(ALICE).heard(), ["1 candidates"]);
}

#[test]
fn waiting_until_our_2xx_is_acknowledged() {
    let mut net = configured();
    net.start(ALICE);
    net.start(BOB);
    net.dial(ALICE, "bob");
    net.settle();
    net.answer(BOB);
    net.trickle(BOB, &fragment(1));
    net.settle();
    // Else it may come before the 2xx, as over a connection that was cut meanwhile, and 481 ends the call.
    let ladder = net.ladder();
    let at = |what| ladder.find(what).unwrap_or_else(|| panic!("no {what}:\n{ladder}"));
    assert!(at("exchange -> bob: ACK") < at("bob -> exchange: INFO"), "{ladder}");
    assert_eq!(net.phone(ALICE).heard(), ["1 candidates"]);
}

#[test]
fn waiting_until_they_speak_in_the_early_dialog() {
    let mut net = configured();
    net.start(ALICE);
    net.start(BOB);
    net.dial(ALICE, "bob");
    net.settle();
    net.trickle(BOB, &fragment(1));
    net.settle();
    // Alice learned the dialog by the 180, and says something in it (RFC 8840 4.3).
    let mut info = net.exchange.requests(&Method::Invite)[0].clone();
    info.method = Method::Info;
    info.uri = "sip:bob-page@bob.invalid".parse().unwrap();
    info.headers.set(&CSeq::new(2, Method::Info));
    info.headers.set(&super::last_response(&net).headers.get::<To>().unwrap());
    let mut via = info.headers.get::<Via>().unwrap();
    via.params.set("branch", Some("z9hG4bKearly")).unwrap();
    info.headers.set(&via);
    info.headers.push_raw("Info-Package", "trickle-ice").unwrap();
    info.headers.remove(HeaderName::ContentType);
    info.headers.push_raw("Content-Type", "application/trickle-ice-sdpfrag").unwrap();
    info.body = fragment(2).into();
    net.inject(BOB, &info.to_bytes());
    net.settle();
    assert_eq!(net.phone(BOB).heard(), ["2 candidates"]);
    assert_eq!(net.exchange.requests(&Method::Info).len(), 1, "now they know the dialog");
}

#[test]
fn under_way_the_newest_replaces_those_that_wait() {
    let mut net = talking();
    for count in 1..=5 {
        net.trickle(ALICE, &fragment(count));
    }
    net.settle();
    assert_eq!(net.phone(BOB).heard(), ["1 candidates", "5 candidates"]);
}

#[test]
fn waiting_is_let_go_where_they_take_none() {
    let mut net = net();
    net.phone_mut(ALICE).configure(|config| config.trickle = true);
    talk(&mut net);
    assert!(!trickles(&net, ALICE));
    net.trickle(ALICE, &fragment(1));
    net.run(Duration::from_secs(60));
    assert!(net.exchange.requests(&Method::Info).is_empty());
}

#[test]
fn refused_no_more_are_sent() {
    for status in [Status::BAD_INFO_PACKAGE, Status::METHOD_NOT_ALLOWED, Status::UNSUPPORTED_MEDIA_TYPE] {
        let mut net = talking();
        net.exchange.refuse(Method::Info, status);
        net.trickle(ALICE, &fragment(1));
        net.trickle(ALICE, &fragment(2));
        net.settle();
        net.trickle(ALICE, &fragment(3));
        net.settle();
        assert_eq!(net.exchange.requests(&Method::Info).len(), 1);
        assert!(!trickles(&net, ALICE));
    }
}

#[test]
fn what_comes_is_checked() {
    let package = "Info-Package: trickle-ice\nContent-Disposition: Info-Package\n";
    let kind = "Content-Type: application/trickle-ice-sdpfrag";
    for (lines, body, status) in [
        (format!("{package}{kind}"), fragment(3), Status::OK),
        (format!("{package}{kind}"), String::new(), Status::OK),
        (format!("{package}{kind}"), "no fragment".into(), Status::BAD_REQUEST),
        (format!("{package}{kind}"), "a=x\r\n".repeat(4000), Status::REQUEST_ENTITY_TOO_LARGE),
        (format!("{package}Content-Type: text/plain"), "hello".into(), Status::UNSUPPORTED_MEDIA_TYPE),
        (package.into(), "hello".into(), Status::UNSUPPORTED_MEDIA_TYPE),
        ("Info-Package: other".into(), String::new(), Status::BAD_INFO_PACKAGE),
    ] {
        let mut net = talking();
        let info = of_alice(&net, &Method::Info, lines.trim_end(), &body);
        let response = to_bob(&mut net, &info);
        assert_eq!(response.status, status, "{lines}");
        assert_eq!(!net.phone(BOB).heard().is_empty(), status == Status::OK && !body.is_empty(), "{lines}");
        if status == Status::BAD_INFO_PACKAGE {
            assert_eq!(&*response.headers.get::<RecvInfo>().unwrap().package, "trickle-ice");
        }
    }
}

#[test]
fn what_is_no_fragment_is_not_sent() {
    let mut net = talking();
    let call = net.phone(ALICE).agent.calls().next().unwrap().id;
    let now = net.now;
    let body = |text: &str| Body { content_type: "application/trickle-ice-sdpfrag".into(), bytes: text.into() };
    let agent = &mut net.phone_mut(ALICE).agent;
    assert_eq!(agent.trickle(call, body("no fragment"), now), Err(VerbError::WrongPhase));
    let mut plain = super::talking();
    let call = plain.phone(ALICE).agent.calls().next().unwrap().id;
    let agent = &mut plain.phone_mut(ALICE).agent;
    assert_eq!(agent.trickle(call, body(&fragment(1)), now), Err(VerbError::WrongPhase), "it is not configured");
}

/// Alice's candidates are on their way to a phone that rings, and then another one, or the same, answers.
fn answered_while_told(tag: &str, prepare: fn(&mut Net)) -> Net {
    let mut net = configured();
    dialled(&mut net);
    let ringing = response(&net, 180, "desk", "Recv-Info: trickle-ice", "");
    net.say(ALICE, ringing.to_bytes());
    net.settle();
    net.trickle(ALICE, &fragment(1));
    net.settle();
    prepare(&mut net);
    let accepted = response(&net, 200, tag, "Recv-Info: trickle-ice", &sdp("sendrecv"));
    net.say(ALICE, accepted.to_bytes());
    net.settle();
    net
}

#[test]
fn told_early_without_an_answer_and_somebody_else_answers() {
    let net = answered_while_told("pocket", |_| {});
    let infos = net.exchange.requests(&Method::Info);
    assert_eq!(infos.len(), 2, "who talks to us does not wait for who does not");
    assert_eq!(infos[1].headers.get::<To>().unwrap().tag(), Some("pocket"));
}

#[test]
fn told_early_and_being_signed_when_that_phone_answers() {
    let mut net = answered_while_told("desk", |net| {
        net.phone_mut(ALICE).password = Some("secret".into());
        net.phone_mut(ALICE).holds = true;
        let info = net.exchange.requests(&Method::Info)[0].clone();
        let mut response = Response::to_request(&info, Status::UNAUTHORIZED);
        response.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
        net.say(ALICE, response.to_bytes());
        net.settle();
    });
    net.answer_held(ALICE);
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Info).len(), 2, "signed");
    replies(&mut net, &Method::Info, 200);
    net.press(ALICE, "1");
    net.settle();
    assert_eq!(net.exchange.requests(&Method::Info).len(), 3);
}

#[test]
fn told_early_and_being_signed_when_that_phone_is_out_of_it() {
    let mut net = configured();
    dialled(&mut net);
    let ringing = response(&net, 180, "desk", "Recv-Info: trickle-ice", "");
    net.say(ALICE, ringing.to_bytes());
    net.settle();
    net.trickle(ALICE, &fragment(1));
    net.settle();
    net.phone_mut(ALICE).password = Some("secret".into());
    net.phone_mut(ALICE).holds = true;
    let info = net.exchange.requests(&Method::Info)[0].clone();
    let mut challenge = Response::to_request(&info, Status::UNAUTHORIZED);
    challenge.headers.push_raw("WWW-Authenticate", "Digest realm=\"example.com\", nonce=\"n\"").unwrap();
    net.say(ALICE, challenge.to_bytes());
    net.settle();
    says(&mut net, 199, "desk", "");
    net.answer_held(ALICE);
    let ringing = response(&net, 180, "pocket", "Recv-Info: trickle-ice", "");
    net.say(ALICE, ringing.to_bytes());
    net.settle();
    let infos = net.exchange.requests(&Method::Info);
    assert_eq!(infos.len(), 2);
    assert_eq!(infos[1].headers.get::<To>().unwrap().tag(), Some("pocket"));
}
